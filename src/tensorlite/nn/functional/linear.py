"""Linear maps and look-ups."""

from __future__ import annotations

import math

from ... import dtypes
from ...ops import indexing, linalg
from ...tensor import Tensor

__all__ = ["embedding", "linear", "one_hot"]


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias``: (*, in) and (out, in) to (*, out).

    Raises:
        RuntimeError: sizes, dtypes or devices do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.functional.linear(tl.ones(1, 2), tl.ones(3, 2))
    tensor([[2., 2., 2.]])
    """
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


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:
    """The rows of `weight` (n, d) at the positions `input` (*): (*, d). The row `padding_idx` gets no gradient.

    Raises:
        IndexError: a position is outside.

    >>> import tensorlite as tl
    >>> tl.nn.functional.embedding(tl.tensor([1]), tl.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.]])
    """
    if input.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; got "
            f"{input.dtype}"
        )
    if max_norm is not None or scale_grad_by_freq or sparse:
        raise NotImplementedError("embedding(): max_norm, scale_grad_by_freq and sparse are not supported yet")
    n = weight._array.shape[0]
    if input.numel() and (int(input.min()) < 0 or int(input.max()) >= n):
        raise IndexError("index out of range in self")
    if padding_idx is not None:
        padding_idx %= n
        row = weight.detach()[padding_idx]
        keep = (input == padding_idx).unsqueeze(-1)
        return row.where(keep, indexing.take(weight, input, axis=0))
    return indexing.take(weight, input, axis=0)


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
    if int(tensor.min()) < 0:
        raise RuntimeError("Class values must be non-negative.")
    top = int(tensor.max()) + 1
    if num_classes == -1:
        num_classes = top
    elif num_classes < top:
        raise RuntimeError("Class values must be smaller than num_classes.")
    zeros = tensor.new_zeros(*tensor.shape, num_classes)
    return zeros.scatter(-1, tensor.unsqueeze(-1), 1)
