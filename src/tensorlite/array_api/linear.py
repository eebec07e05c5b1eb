"""Products of vectors and matrices, which the standard has in the namespace itself and in `linalg`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ops import reductions
from ..tensor.reducing import one_axis
from ..tensor.spelling import functions
from .data_types import Tensor, together
from .manipulation import broadcast_arrays

__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """Matrix products; 1-d tensors are vectors, more than two dimensions are batches."""
    return functions["matmul"](*together("matmul", x1, x2))


def matrix_transpose(x: Tensor, /) -> Tensor:
    """The last two dimensions exchanged.

    Raises:
        ValueError: there are fewer than two.
    """
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose(): expected two dimensions or more, not {x.ndim}")
    return x.mT


def tensordot(x1: Tensor, x2: Tensor, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Tensor:
    """The sum of products over the last `axes` dimensions of `x1` and the first of `x2`, or over pairs of dimensions.

    Raises:
        ValueError: the paired dimensions differ in size.

    >>> from tensorlite import array_api as xp
    >>> xp.tensordot(xp.ones((2, 3)), xp.ones((3, 4)), axes=1).shape
    torch.Size([2, 4])
    """
    left: Any = tuple(range(x1.ndim - axes, x1.ndim)) if isinstance(axes, int) else tuple(axes[0])
    right: Any = tuple(range(axes)) if isinstance(axes, int) else tuple(axes[1])
    if [x1.shape[a] for a in left] != [x2.shape[a] for a in right]:
        raise ValueError(f"tensordot(): dimensions {left} of {list(x1.shape)} and {right} of {list(x2.shape)} differ in size")
    return functions["tensordot"](*together("tensordot", x1, x2), (left, right))


def along(name: str, x1: Tensor, x2: Tensor, axis: int) -> tuple[Tensor, ...]:
    """Two tensors of vectors in one dtype and in the shape that they have together.

    Raises:
        ValueError: the vectors differ in size, or `axis` is counted from the front and the numbers of dimensions differ.
    """
    if axis >= 0 and x1.ndim != x2.ndim:
        raise ValueError(f"{name}(): count axis {axis} from the end: {list(x1.shape)} and {list(x2.shape)} differ in dimensions")
    if x1.shape[one_axis(x1, axis)] != x2.shape[one_axis(x2, axis)]:
        raise ValueError(f"{name}(): {list(x1.shape)} and {list(x2.shape)} differ in size along axis {axis}")
    return broadcast_arrays(*together(name, x1, x2))


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """Dot products along a dimension, with the first factor conjugated; the other dimensions broadcast.

    Raises:
        ValueError: the dimension has two sizes.

    >>> from tensorlite import array_api as xp
    >>> xp.vecdot(xp.asarray([1j, 2.0]), xp.asarray([1j, 1.0]))
    tensor(3.+0.j)
    """
    x1, x2 = along("vecdot", x1, x2, axis)
    product = (x1.conj() if x1.dtype.is_complex else x1) * x2
    return reductions.sum(product, axis=one_axis(product, axis), keepdims=False).to(product.dtype)
