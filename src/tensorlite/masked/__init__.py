"""Functions of the elements where a mask is true; the others count for nothing.

A mask is a tensor of booleans that broadcasts to the input's shape; without one, every element counts. Where no element of a
reduction counts, the result is that of an empty reduction: 0 for `sum`, 1 for `prod`, -inf for `amax`, nan for `mean`.

>>> import tensorlite as tl
>>> tl.masked.mean(tl.tensor([1., 5., 3.]), mask=tl.tensor([True, False, True]))
tensor(2.)
"""

from .normalizing import cumprod, cumsum, log_softmax, logaddexp, normalize, softmax, softmin
from .reductions import amax, amin, argmax, argmin, logsumexp, mean, median, norm, prod, std, sum, var

__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median", "norm",
    "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
]
