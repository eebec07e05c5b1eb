"""Reading and writing by position. Keys mark the places of index tensors with "_" (see `backends/arrays/indexing.py`)."""

from __future__ import annotations

from typing import Any

from ..autograd.op import composite, op
from ..backends import piece

Array = Any


def _piece(xp: Any, g: Array, x_shape: tuple[int, ...], key: tuple[Any, ...]) -> Any:
    return piece.Piece(xp, g, key, x_shape) if xp.tensors is not None else xp.index_spread(g, key=key, shape=x_shape)


basic_index = op("basic_index(x, *, key)", view=True, node_name="Slice", x=_piece)
advanced_index = op(
    "advanced_index(x, *indices, key)", node_name="Index",
    x=lambda xp, g, indices, key, x_shape: xp.index_spread(g, *indices, key=key, shape=x_shape),
)


def _read(xp: Any, g: Array, indices: tuple[Array, ...], key: tuple[Any, ...]) -> Array:
    return xp.advanced_index(g, *indices, key=key) if indices else xp.basic_index(g, key=key)


index_spread = op("index_spread(x, *indices, key, shape)", x=_read)


def _kept(xp: Any, g: Array, value_shape: tuple[int, ...], indices: Any, key: Any, accumulate: bool) -> Array:
    if accumulate:
        return g
    return xp.index_put(g, xp.zeros(value_shape, dtype=g.dtype), *indices, key=key)


index_put = op("index_put(x, value, *indices, key, accumulate=False)", x=_kept, value=_read)

take_along_axis = op(
    "take_along_axis(x, index, *, axis)", node_name="Gather",
    x=lambda xp, g, index, x_shape, axis: xp.scatter_add(xp.zeros(x_shape, dtype=g.dtype), index, g, axis=axis),
)
scatter_add = op(
    "scatter_add(x, index, source, *, axis)", x=lambda g: g,
    source=lambda xp, g, index, axis: xp.take_along_axis(g, index, axis=axis),
)
scatter = op(
    "scatter(x, index, source, *, axis)",
    x=lambda xp, g, index, axis: xp.scatter(g, index, xp.zeros(index.shape, dtype=g.dtype), axis=axis),
    source=lambda xp, g, index, axis: xp.take_along_axis(g, index, axis=axis),
)


@composite
def take_back(xp: Any, g: Array, index: Array, *, axis: int, shape: tuple[int, ...]) -> Array:
    """The gradient of `take`."""
    return xp.index_spread(g, index, key=(*(slice(None),) * axis, "_"), shape=shape)


take = op(
    "take(x, index, *, axis)", node_name="IndexSelect",
    x=lambda xp, g, index, x_shape, axis: xp.take_back(g, index, axis=axis, shape=x_shape),
)
