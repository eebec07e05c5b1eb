"""Linear maps and one-hot rows."""

from __future__ import annotations

import math

from ... import dtypes
from ...ops import linalg
from ...tensor import Tensor
from ...tensor.ranges import arange
from ...tensor.spelling import write_out

__all__ = ["linear", "one_hot"]


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None, *, out: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias``: (*, in) and (out, in) to (*, out).

    Raises:
        RuntimeError: sizes, dtypes or devices do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.functional.linear(tl.ones(1, 2), tl.ones(3, 2))
    tensor([[2., 2., 2.]])
    """
    if out is not None:
        return write_out(out, linear(input, weight, bias), "linear")
    if input._array.ndim > 1 and weight._array.ndim == 2:
        try:
            return linalg.linear(input, weight, bias)
        except RuntimeError:
            _check_sizes(input, weight)
            raise
    if weight._array.ndim == 2 and input._array.ndim == 1:
        return linear(input.reshape(1, -1), weight, bias).reshape(-1)
    _check_sizes(input, weight)
    return input @ weight if bias is None else input @ weight + bias


def _check_sizes(input: Tensor, weight: Tensor) -> None:
    x, w = input._array.shape, weight._array.shape
    if not x or not 1 <= len(w) <= 2:
        raise RuntimeError(f"linear(): expected weight (out, in) and input (*, in), got {list(w)} and {list(x)}")
    if x[-1] != w[-1]:
        rows = math.prod(x[:-1])
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({rows}x{x[-1]} and {w[-1]}x{w[0]})")


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Integers (*) to rows with a single one (*, num_classes).

    >>> import tensorlite as tl
    >>> tl.nn.functional.one_hot(tl.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    if tensor.dtype is not dtypes.int64:
        raise RuntimeError("one_hot is only applicable to index tensor.")
    if not tensor.numel():
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return tensor.new_zeros(*tensor.shape, num_classes)
    if num_classes == -1:
        num_classes = int(tensor.max()) + 1
    if not tensor._xp.within(tensor._array, num_classes):
        wrong = "non-negative" if int(tensor.min()) < 0 else "smaller than num_classes"
        raise RuntimeError(f"Class values must be {wrong}.")
    classes = arange(num_classes, device=tensor.device)
    return (tensor.unsqueeze(-1) == classes).to(dtypes.int64)
