"""The Python array API standard, version 2025.12, on tensors: what ``x.__array_namespace__()`` gives.

The functions are tensorlite's own under the standard's names and argument names. They work on every device, record the graph,
and promote by the standard's table. What belongs to a tensor itself (operators, indexing, methods) stays PyTorch's.

>>> import tensorlite as tl
>>> x = tl.tensor([3.0, 4.0], requires_grad=True)
>>> xp = x.__array_namespace__()
>>> xp.linalg.vector_norm(x, keepdims=True).backward()
>>> x.grad
tensor([0.6000, 0.8000])
"""

from __future__ import annotations

from math import e, inf, nan, pi

from ..dtypes import bool, complex64, complex128, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64
from . import creation, data_types, elementwise, fft, linalg, linear, manipulation, searching, statistical
from .creation import *  # noqa: F403
from .data_types import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .info import __array_namespace_info__
from .linear import *  # noqa: F403
from .manipulation import *  # noqa: F403
from .searching import *  # noqa: F403
from .statistical import *  # noqa: F403

__array_api_version__ = "2025.12"
newaxis = None

__all__ = [
    "__array_api_version__", "__array_namespace_info__", "bool", "complex128", "complex64", "e", "fft", "float32", "float64",
    "inf", "int16", "int32", "int64", "int8", "linalg", "nan", "newaxis", "pi", "uint16", "uint32", "uint64", "uint8",
]  # fmt: skip
for _family in (creation, data_types, elementwise, linear, manipulation, searching, statistical):
    __all__ += _family.__all__
