"""Repeating, reversing and turning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autograd.base import TensorBase, wrap
from ..dtypes import int64
from ..ops import indexing
from ..ops import shaping as ops
from .reducing import one_axis
from .shaping import _shape_args, named_shape, transpose
from .spelling import public

Tensor = Any


@public(function=False, out=False)
def repeat(input: Tensor, *repeats: Any, **named: Any) -> Tensor:
    """Copies side by side along each dimension.

    >>> import tensorlite as tl
    >>> tl.tensor([1, 2]).repeat(2)
    tensor([1, 2, 1, 2])
    """
    if named:
        repeats = named_shape("repeat", "repeats", repeats, named)
    counts = _shape_args(repeats)
    if len(counts) < input._array.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    return ops.tile(input, repetitions=counts)


@public(out=False)
def tile(input: Tensor, *dims: Any, **named: Any) -> Tensor:
    """`repeat`, with missing leading counts taken as 1.

    >>> import tensorlite as tl
    >>> tl.tile(tl.tensor([1, 2]), (2,))
    tensor([1, 2, 1, 2])
    """
    if named:
        dims = named_shape("tile", "dims", dims, named)
    counts = _shape_args(dims)
    return ops.tile(input, repetitions=(1,) * (input._array.ndim - len(counts)) + counts)


@public()
def repeat_interleave(input: Tensor, repeats: Any, dim: int | None = None, *, output_size: int | None = None) -> Tensor:
    """Every element (or slice) several times in a row.

    >>> import tensorlite as tl
    >>> tl.repeat_interleave(tl.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    if dim is None:
        input, dim = input.reshape(-1), 0
    axis = one_axis(input, dim)
    n = input.shape[axis]
    counts = repeats.expand(n).tolist() if isinstance(repeats, TensorBase) else [repeats] * n
    if any(c < 0 for c in counts):
        raise RuntimeError("repeats can not be negative")
    index = [i for i, c in enumerate(counts) for _ in range(c)]
    xp = input._xp
    return indexing.take(input, wrap(xp.array(index, dtype=int64), xp), axis=axis)


@public(out=False)
def flip(input: Tensor, *dims: Any, **named: Any) -> Tensor:
    """Reversed along dimensions (a copy).

    >>> import tensorlite as tl
    >>> tl.flip(tl.tensor([1, 2]), (0,))
    tensor([2, 1])
    """
    if named:
        dims = named_shape("flip", "dims", dims, named)
    axes = tuple(one_axis(input, d) for d in _shape_args(dims))
    if len(set(axes)) != len(axes):
        raise RuntimeError(f"dim {axes[0]} appears multiple times in the list of dims")
    return ops.flip(input, axis=axes) if input._array.ndim else input.clone()


@public(out=False)
def fliplr(input: Tensor) -> Tensor:
    """Reversed from left to right, along dimension 1 (a copy).

    >>> import tensorlite as tl
    >>> tl.fliplr(tl.tensor([[1, 2]]))
    tensor([[2, 1]])
    """
    if input._array.ndim < 2:
        raise RuntimeError(f"Input must be >= 2-d, but got {input._array.ndim} dimensions")
    return flip(input, 1)


@public(out=False)
def flipud(input: Tensor) -> Tensor:
    """Reversed from top to bottom, along dimension 0 (a copy).

    >>> import tensorlite as tl
    >>> tl.flipud(tl.tensor([1, 2]))
    tensor([2, 1])
    """
    if input._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d, but got a 0-d tensor")
    return flip(input, 0)


@public(out=False)
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Elements moved round along dimensions (through the flattened tensor without `dims`).

    >>> import tensorlite as tl
    >>> tl.roll(tl.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])
    """
    if not isinstance(shifts, int) and not len(shifts):
        raise RuntimeError("`shifts` required")
    if dims is None or dims == ():
        if not isinstance(shifts, int) and len(shifts) > 1:
            raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:0")
        return ops.roll(input.reshape(-1), shift=shifts if isinstance(shifts, int) else shifts[0], axis=0).reshape(input.shape)
    shifts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    if not input._array.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    axes = tuple(one_axis(input, d) for d in ((dims,) if isinstance(dims, int) else dims))
    if len(shifts) != len(axes):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(axes)}")
    return ops.roll(input, shift=shifts, axis=axes)


@public(out=False)
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by k times 90 degrees in the plane of two dimensions.

    >>> import tensorlite as tl
    >>> tl.rot90(tl.tensor([[1, 2]]))
    tensor([[2],
            [1]])
    """
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if input._array.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {input._array.ndim}")
    n = input._array.ndim
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == n:
        raise RuntimeError("expected rotation dims to be different, but got dim0 = " + f"{dims[0]} and dim1 = {dims[1]}")
    if any(not -n <= d < n for d in dims):
        raise RuntimeError(f"Rotation dims out of range, got dims = {list(dims)}")
    a, b = (one_axis(input, d) for d in dims)
    k %= 4
    if k == 0:
        return input.clone()
    if k == 2:
        return flip(input, a, b)
    turned = transpose(input, a, b)
    return flip(turned, a) if k == 1 else flip(turned, b)
