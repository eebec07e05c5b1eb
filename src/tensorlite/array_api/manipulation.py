"""Shapes: joining, repeating, turning and reshaping."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase
from ..tensor.reducing import one_axis
from ..tensor.spelling import functions
from .data_types import Tensor, shape_of, together

__all__ = [
    "broadcast_arrays", "broadcast_shapes", "broadcast_to", "concat", "expand_dims", "flip", "moveaxis", "permute_dims", "repeat",
    "reshape", "roll", "squeeze", "stack", "tile", "unstack",
]  # fmt: skip

Axis = int | tuple[int, ...] | None


def broadcast_arrays(*arrays: Tensor) -> tuple[Tensor, ...]:
    """All tensors in the shape that they have together."""
    shape = broadcast_shapes(*(tuple(x.shape) for x in arrays))
    return tuple(broadcast_to(x, shape) for x in arrays)


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that tensors of these shapes have together.

    Raises:
        ValueError: they do not fit together.

    >>> from tensorlite import array_api as xp
    >>> xp.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    try:
        return tuple(functions["broadcast_shapes"](*shapes))
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def broadcast_to(x: Tensor, /, shape: tuple[int, ...]) -> Tensor:
    """The tensor in a larger shape; sizes of 1 are repeated.

    Raises:
        ValueError: the shapes do not fit.
    """
    shape = shape_of(shape)
    if broadcast_shapes(tuple(x.shape), shape) != shape:
        raise ValueError(f"broadcast_to(): {list(x.shape)} does not broadcast to {list(shape)}")
    return x.expand(shape)


def concat(arrays: Sequence[Tensor], /, *, axis: int | None = 0) -> Tensor:
    """Tensors one after the other along a dimension, or all elements in a row for None.

    >>> from tensorlite import array_api as xp
    >>> xp.concat([xp.asarray([[1]]), xp.asarray([[2.5]])], axis=None)
    tensor([1.0000, 2.5000])
    """
    parts = together("concat", *arrays)
    if axis is None:
        parts, axis = [x.reshape(-1) for x in parts], 0
    ranks = {x.ndim for x in parts}
    if len(ranks) > 1 or 0 in ranks:
        raise ValueError(f"concat(): tensors must have the same number of dimensions, one or more; got {sorted(ranks)}")
    return functions["cat"](parts, axis)


def stack(arrays: Sequence[Tensor], /, *, axis: int = 0) -> Tensor:
    """Tensors of one shape along a new dimension."""
    return functions["stack"](together("stack", *arrays), axis)


def unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension."""
    return tuple(functions["unbind"](x, axis))


def expand_dims(x: Tensor, /, axis: Any) -> Tensor:
    """New dimensions of size 1 at one or several places of the result.

    Raises:
        IndexError: there is no such place.
        ValueError: a place is named twice.

    >>> from tensorlite import array_api as xp
    >>> xp.expand_dims(xp.zeros(3), (0, -1)).shape
    torch.Size([1, 3, 1])
    """
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    n = x.ndim + len(axes)
    if not builtins.all(-n <= a < n for a in axes):
        raise IndexError(f"expand_dims(): axis {axis} is out of range for a result with {n} dimensions")
    places = sorted(a % n for a in axes)
    if len(set(places)) < len(places):
        raise ValueError(f"expand_dims(): repeated axis in {axis}")
    for a in places:
        x = x.unsqueeze(a)
    return x


def squeeze(x: Tensor, /, axis: Any) -> Tensor:
    """Without some dimensions of size 1.

    Raises:
        ValueError: one of them has another size.
    """
    axes = tuple(one_axis(x, a) for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    if builtins.any(x.shape[a] != 1 for a in axes):
        raise ValueError(f"squeeze(): dimensions {axes} of {list(x.shape)} are not all of size 1")
    return functions["squeeze"](x, axes)


def flip(x: Tensor, /, *, axis: Axis = None) -> Tensor:
    """The elements in reverse order along one, some or all dimensions."""
    return functions["flip"](x, tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,))


def moveaxis(x: Tensor, source: Any, destination: Any, /) -> Tensor:
    """Some dimensions at other places, the others in their order."""
    return functions["movedim"](x, source, destination)


def permute_dims(x: Tensor, /, axes: tuple[int, ...]) -> Tensor:
    """The dimensions in another order."""
    return functions["permute"](x, tuple(axes))


def repeat(x: Tensor, repeats: Any, /, *, axis: int | None = None) -> Tensor:
    """Every element (of a dimension, or of the flattened tensor) several times.

    >>> from tensorlite import array_api as xp
    >>> xp.repeat(xp.asarray([1, 2]), xp.asarray([1, 3]))
    tensor([1, 2, 2, 2])
    """
    if isinstance(repeats, TensorBase):
        n = x.numel() if axis is None else x.shape[one_axis(x, axis)]
        repeats = broadcast_to(repeats.to(dtypes.int64), (n,))
    return functions["repeat_interleave"](x, repeats, axis)


def reshape(x: Tensor, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Tensor:
    """The same elements in another shape, one size of which may be -1.

    Raises:
        ValueError: the number of elements differs, or a copy is necessary and `copy` is False.
    """
    try:
        made = functions["reshape"](x, tuple(shape)) if copy is not False else x.view(tuple(shape))
    except RuntimeError as error:
        raise ValueError(str(error)) from None
    return made.clone() if copy else made


def roll(x: Tensor, /, shift: Any, *, axis: Axis = None) -> Tensor:
    """Elements moved along one, some or all dimensions; what leaves at the end comes back in front."""
    if axis is not None and not isinstance(axis, tuple):
        axis = (axis,)
    if axis is not None and not isinstance(shift, tuple):
        shift = (shift,) * len(axis)
    return functions["roll"](x, shift, axis)


def tile(x: Tensor, repetitions: tuple[int, ...], /) -> Tensor:
    """The whole tensor several times along each dimension."""
    return functions["tile"](x, tuple(repetitions))
