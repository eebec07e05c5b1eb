"""The gradient of looking up rows: each thread adds up the rows of a range of the table, in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...base import may_decline
from .inputs import dense, floating, spans
from .team import shared

__all__ = ["examples", "take_back"]

Array = np.ndarray
Ints = tuple[int, ...]
LEAST = 1 << 10
"""Arrays of fewer numbers are not worth importing numba for."""
BLOCK = 1 << 16
"""Numbers in a block."""
RANGES = 16
"""Ranges of the table at most: for each of them all positions are read."""


@shared
def _add(block, blocks, g, index, out):
    """The rows of g that belong to a block of the table's rows."""
    first, last = blocks[block, 0], blocks[block, 1]
    out[first:last] = 0
    for i in range(index.size):
        place = index[i]
        if place < 0:
            place += out.shape[0]
        if first <= place < last:
            row, to = g[i], out[place]
            for j in range(row.size):
                to[j] += row[j]


@may_decline
def take_back(g: Array, index: Array, *, axis: int, shape: Ints) -> Array:
    """Zeros of `shape`, with the rows of g added at `index` along the first axis."""
    if axis or g.size < LEAST or not floating(g):
        return NotImplemented
    out = np.empty(shape, g.dtype)
    table, places = out.reshape(shape[0], -1), dense(index.astype(np.int64, copy=False)).reshape(-1)
    rows = dense(g).reshape(places.size, -1)
    ranges = spans(shape[0], 1, -(-shape[0] // max(1, min(RANGES, (g.size + out.size) // BLOCK))))
    _add(ranges, rows, places, table)
    return out


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    return [lambda: take_back(np.ones((64, 16), dtype), np.zeros(64, np.int64), axis=0, shape=(4, 16))]
