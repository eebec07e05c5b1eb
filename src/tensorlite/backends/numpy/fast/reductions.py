"""Sums, largest and smallest numbers of large arrays.

An array is read as (outer, n, inner), where n goes: the last of the axes, together with those just before it. A long n is cut into
pieces. What is left is small, and NumPy does the rest. Sums of some hundred numbers are taken in the dtype of the array, all others
in double precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from .compiler import compiled
from .functions import inlined
from .inputs import spans
from .team import shared

__all__ = ["examples", "max_over", "min_over", "sum_over"]

Array = np.ndarray
Axis = int | tuple[int, ...] | None
BLOCK = 1 << 14
"""Numbers in a block, and in a piece of a long row."""
FEW = 1 << 7
"""Numbers that are added in the dtype of the array."""
ROWS = 1 << 7
"""Rows in a piece, at least, where rows are added up; NumPy adds fewer as quickly."""
WIDE = 1 << 14
"""Longer rows are added up by NumPy: their sums would not stay in the cache."""
LONG = 1 << 12
"""Of longer rows NumPy finds the largest number as quickly."""


class _Plan(NamedTuple):
    """How an array of some shape is reduced."""

    view: tuple[int, int, int]
    """(outer, n, inner)."""
    length: int
    """Of a piece."""
    parts: tuple[int, ...]
    """The shape of what is left."""
    rest: tuple[int, ...]
    """Axes of `parts` that NumPy reduces."""
    shape: tuple[int, ...]
    """Of the result."""
    tasks: Array


@lru_cache(maxsize=1024)
def _plan(shape: tuple[int, ...], axis: Axis, keepdims: bool) -> _Plan | None:
    axes = list(range(len(shape))) if axis is None else [axis] if isinstance(axis, int) else sorted(axis)
    if not axes:
        return None
    begin = end = axes[-1] + 1
    while begin - 1 in axes:
        begin -= 1
    outer, n, inner = math.prod(shape[:begin]), math.prod(shape[begin:end]), math.prod(shape[end:])
    length = BLOCK if inner == 1 else max(BLOCK // inner, ROWS)
    pieces = -(-n // length)
    return _Plan(
        view=(outer, n, inner),
        length=length,
        parts=(*shape[:begin], pieces, *shape[end:]),
        rest=(*axes[: begin - end], begin),
        shape=tuple([1 if i in axes else size for i, size in enumerate(shape) if keepdims or i not in axes]),
        tasks=spans(outer * pieces, min(length, n) * inner, BLOCK),
    )


def _plan_for(x: Array, axis: Axis, keepdims: bool) -> _Plan | None:
    return _plan(x.shape, axis, keepdims) if x.size and x.dtype.char in "fd" and x.flags.carray else None


@inlined
def _added(total, rest, x):
    """total + x, and the sum of what rounding has taken away so far (Knuth, 1969)."""
    new = total + x
    part = new - total
    return new, rest + ((total - (new - part)) + (x - part))


@compiled
def _sum(row):
    total = rest = 0.0
    for first in range(0, row.size, FEW):
        numbers = row[first : first + FEW]
        few = row.dtype.type(0)
        for i in range(numbers.size):
            few += numbers[i]
        total, rest = _added(total, rest, float(few))
    return total + rest if rest == rest else total  # after an infinity the rest is nan


@shared
def _sum_rows(block, blocks, x, length, parts):
    for task in range(blocks[block, 0], blocks[block, 1]):
        i, piece = divmod(task, parts.shape[1])
        parts[i, piece] = _sum(x[i, piece * length : (piece + 1) * length])


@shared
def _sum_columns(block, blocks, x, length, parts):
    for task in range(blocks[block, 0], blocks[block, 1]):
        i, piece = divmod(task, parts.shape[1])
        rows, to = x[i, piece * length : (piece + 1) * length], parts[i, piece]
        to[:] = 0
        eights = rows.shape[0] // 8
        for k in range(eights):
            few = rows[k * 8 : k * 8 + 8]
            a, b, c, d, e, f, g, h = few[0], few[1], few[2], few[3], few[4], few[5], few[6], few[7]
            for j in range(to.size):
                to[j] += ((a[j] + b[j]) + (c[j] + d[j])) + ((e[j] + f[j]) + (g[j] + h[j]))
        for k in range(eights * 8, rows.shape[0]):
            a = rows[k]
            for j in range(to.size):
                to[j] += a[j]


def sum_over(x: Array, axis: Axis, keepdims: bool) -> Array:
    """The sum over axes."""
    plan = _plan_for(x, axis, keepdims)
    if plan is None:
        return NotImplemented
    outer, n, inner = plan.view
    if inner > 1 and (n < ROWS or inner > WIDE):
        return NotImplemented
    parts = np.empty(plan.parts)
    if inner == 1:
        _sum_rows(plan.tasks, x.reshape(outer, n), plan.length, parts.reshape(outer, -1))
    else:
        _sum_columns(plan.tasks, x.reshape(plan.view), plan.length, parts.reshape(outer, -1, inner))
    if parts.size > 1 and (len(plan.rest) > 1 or parts.shape[plan.rest[-1]] > 1):
        parts = np.add.reduce(parts, plan.rest)
    return parts.astype(x.dtype).reshape(plan.shape)


@shared
def _max_rows(block, blocks, bits, below, flip, infinity, out):
    """Floats are read as integers, since their comparisons are not vectorised, because of nan. Integers have the same order when
    the bits below a sign are turned over; those above infinity are nan. With all signs flipped, it is the smallest number."""
    kind = bits.dtype.type
    for i in range(blocks[block, 0], blocks[block, 1]):
        row = bits[i]
        top, size = kind(~below), kind(0)
        for j in range(row.size):
            x = kind(row[j] ^ flip)
            size = max(size, kind(x & below))
            top = max(top, kind(x ^ below) if x < 0 else x)
        top = kind(top ^ below) if top < 0 else top
        out[i] = size if size > infinity else kind(top ^ flip)


BITS: dict[str, Any] = {"f": (np.int32, np.int32(0x7FFFFFFF)), "d": (np.int64, np.int64(0x7FFFFFFFFFFFFFFF))}
"""The integers for a float's bits, and those of all bits but the sign."""


def _extreme(x: Array, axis: Axis, keepdims: bool, least: bool) -> Array:
    plan = _plan_for(x, axis, keepdims)
    if plan is None or plan.view[2] > 1 or plan.view[1] > min(LONG, plan.length) or len(plan.rest) > 1:
        return NotImplemented  # also where a row would be cut into pieces
    kind, below = BITS[x.dtype.char]
    out = np.empty(plan.shape, kind)
    flip, infinity = ~below if least else kind(0), x.dtype.type(np.inf).view(kind)
    _max_rows(plan.tasks, x.reshape(plan.view[:2]).view(kind), below, flip, infinity, out.reshape(-1))
    return out.view(x.dtype)


def max_over(x: Array, axis: Axis, keepdims: bool) -> Array:
    """The largest numbers along the last axes; nan where there is one."""
    return _extreme(x, axis, keepdims, least=False)


def min_over(x: Array, axis: Axis, keepdims: bool) -> Array:
    """The smallest numbers along the last axes; nan where there is one."""
    return _extreme(x, axis, keepdims, least=True)


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    x = np.ones((ROWS, ROWS), dtype)
    return [partial(sum_over, x, 0, False), *(partial(f, x, 1, False) for f in (sum_over, max_over, min_over))]
