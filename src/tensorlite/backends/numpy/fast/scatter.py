"""Reading and adding up along an axis by position: `gather` and `scatter_add` of large arrays.

Arrays are read as (outer, n, inner), with the axis in the middle. Threads take outer or inner ranges, so that what is added to one
place is added in order.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .inputs import dense
from .team import shared

__all__ = ["examples", "scatter_add", "take_along_axis"]

Array = np.ndarray
Ints = tuple[int, ...]
LEAST = 1 << 12
"""Indices of fewer positions are left to NumPy."""
BLOCK = 1 << 15
"""Positions in a block."""


@shared
def _take(block, blocks, x, index, out):
    first, last, left, right = blocks[block]
    for o in range(first, last):
        table, places, to = x[o], index[o], out[o]
        for k in range(places.shape[0]):
            for i in range(left, right):
                to[k, i] = table[places[k, i], i]


@shared
def _add(block, blocks, source, index, out):
    first, last, left, right = blocks[block]
    for o in range(first, last):
        table, places, numbers = out[o], index[o], source[o]
        for k in range(places.shape[0]):
            for i in range(left, right):
                table[places[k, i], i] += numbers[k, i]


@functools.lru_cache(maxsize=1024)
def _blocks(outer: int, size: int, inner: int) -> Array:
    """Ranges of the outer axes and of the inner ones, (blocks, 4)."""
    step = max(1, BLOCK // max(1, size * inner))
    if outer > 1 or inner < 16:
        return np.array([(o, min(o + step, outer), 0, inner) for o in range(0, outer, step)], np.int64)
    step = max(16, BLOCK // max(1, size))
    return np.array([(0, outer, i, min(i + step, inner)) for i in range(0, inner, step)], np.int64)


def _three(x: Array, axis: int) -> Array:
    return dense(x).reshape(math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :]))


def _suits(x: Array, index: Array, axis: int) -> bool:
    """Whether the index is as large as x along all other axes."""
    lead, rest = slice(0, axis), slice(axis + 1, None)
    return (
        index.size >= LEAST and x.dtype.char in "fdl" and index.dtype.char == "l" and x.size > 0
        and index.shape[lead] == x.shape[lead] and index.shape[rest] == x.shape[rest]
    )


def take_along_axis(x: Array, index: Array, *, axis: int) -> Array:
    """``out[i][j] = x[i][index[i][j]]``."""
    axis %= x.ndim
    if not _suits(x, index, axis):
        return NotImplemented
    out, places = np.empty(index.shape, x.dtype), _three(index, axis)
    _take(_blocks(*places.shape), _three(x, axis), places, _three(out, axis))
    return out


def scatter_add(x: Array, index: Array, source: Array, *, axis: int) -> Array:
    """A copy of x with source added at index along an axis."""
    axis %= x.ndim
    if not _suits(x, index, axis) or source.dtype != x.dtype or source.shape != index.shape:
        return NotImplemented
    out, places = x.copy("C"), _three(index, axis)
    _add(_blocks(*places.shape), _three(source, axis), places, _three(out, axis))
    return out


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    x, index = np.ones((64, 64), dtype), np.zeros((64, 64), np.int64)
    return [lambda: take_along_axis(x, index, axis=1), lambda: scatter_add(x, index, x, axis=1)]
