"""Max pooling: squares of four, and the gradient over one or two axes, for which the maxima are found again line by line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...base import may_decline
from .compiler import compiled
from .inputs import dense, floating, spans
from .team import shared

__all__ = ["examples", "max_pool_back", "max_pool_values"]

Array = np.ndarray
Ints = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]
LEAST = 1 << 9
"""Arrays of fewer numbers are not worth importing numba for."""
BLOCK = 1 << 16
"""Numbers in a block."""
TWO_BY_TWO = ((2, 2), (2, 2), (1, 1), ((0, 0), (0, 0)))
"""Kernel, stride, dilation and padding of squares of four that meet no others."""


@compiled
def _span(tap, size, places, stride, shift):
    """The first window whose tap is no padding, how many there are, and the element that the first meets."""
    first = max(0, -(shift // stride))
    count = max(0, min(places, (size - 1 - shift) // stride + 1) - first)
    return first, count, first * stride + shift


@compiled
def _compare(source, step, tap, best, where):
    """Keep what is larger, and the number of its tap: the first of equal ones, and nan is the largest."""
    for j in range(best.size):
        v, b, w = source[j * step], best[j], where[j]
        larger = (v > b) | (w < 0) | ((v != v) & (b == b))
        best[j] = v if larger else b
        where[j] = tap if larger else w


@compiled
def _best(plane, y, geometry, best, where):
    """The maxima of line y, and the taps that have them."""
    height, width, steep, wide, above, left, down, right = geometry
    for j in range(best.size):
        best[j] = -np.inf
        where[j] = -1
    for a in range(height):
        row = y * steep + a * down - above
        if row < 0 or row >= plane.shape[0]:
            continue
        for b in range(width):
            first, count, start = _span(b, plane.shape[1], best.size, wide, b * right - left)
            source, tap = plane[row][start:], np.int32(a * width + b)
            to, at = best[first : first + count], where[first : first + count]
            if wide == 1:
                _compare(source, 1, tap, to, at)
            elif wide == 2:
                _compare(source, 2, tap, to, at)
            else:
                _compare(source, wide, tap, to, at)


@shared
def _maxima_back(block, blocks, g, x, geometry, out):
    """Each number of g added where the maximum of its window is."""
    height, width, steep, wide, above, left, down, right = geometry
    best, where = np.empty(g.shape[2], x.dtype), np.empty(g.shape[2], np.int32)
    offsets = np.empty(height * width, np.int64)
    for tap in range(offsets.size):
        offsets[tap] = tap // width * down * x.shape[2] + tap % width * right
    for p in range(blocks[block, 0], blocks[block, 1]):
        plane = out[p].reshape(-1)
        plane[:] = 0
        for y in range(g.shape[1]):
            _best(x[p], y, geometry, best, where)
            slope, corner = g[p, y], (y * steep - above) * x.shape[2] - left
            for j in range(slope.size):
                if where[j] >= 0:
                    plane[corner + j * wide + offsets[where[j]]] += slope[j]


@compiled
def _larger(a, b):
    """nan is the largest."""
    return b if (b > a) | (b != b) else a


@shared
def _squares(block, blocks, x, out):
    """The maxima of squares of four."""
    for p in range(blocks[block, 0], blocks[block, 1]):
        for y in range(out.shape[1]):
            one, two, to = x[p, 2 * y], x[p, 2 * y + 1], out[p, y]
            for j in range(to.size):
                to[j] = _larger(_larger(one[2 * j], one[2 * j + 1]), _larger(two[2 * j], two[2 * j + 1]))


@shared
def _squares_back(block, blocks, g, x, out):
    """In loops that write to one line each: these are vectorised."""
    zero, which = x.dtype.type(0), np.empty(g.shape[2], np.int32)
    for p in range(blocks[block, 0], blocks[block, 1]):
        for y in range(g.shape[1]):
            one, two, slope, up, down = x[p, 2 * y], x[p, 2 * y + 1], g[p, y], out[p, 2 * y], out[p, 2 * y + 1]
            for j in range(which.size):
                a, b, c, d = one[2 * j], one[2 * j + 1], two[2 * j], two[2 * j + 1]
                right, under = (b > a) | ((b != b) & (a == a)), (d > c) | ((d != d) & (c == c))
                top, bottom = b if right else a, d if under else c
                above, below = np.int32(1) if right else np.int32(0), np.int32(3) if under else np.int32(2)
                which[j] = below if (bottom > top) | ((bottom != bottom) & (top == top)) else above
            for j in range(which.size):
                up[2 * j] = slope[j] if which[j] == 0 else zero
                up[2 * j + 1] = slope[j] if which[j] == 1 else zero
            for j in range(which.size):
                down[2 * j] = slope[j] if which[j] == 2 else zero
                down[2 * j + 1] = slope[j] if which[j] == 3 else zero
            for j in range(2 * which.size, up.size):
                up[j] = down[j] = zero
        out[p, 2 * g.shape[1] :] = 0


def _flat(kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Ints:
    """Kernel, stride, padding before and dilation of two axes; one axis gets one of size one before it."""
    pads = tuple(before for before, _ in padding)
    if len(kernel) == 1:
        return (1, *kernel, 1, *stride, 0, *pads, 1, *dilation)
    return (*kernel, *stride, *pads, *dilation)


def _planes(x: Array, n: int) -> Array:
    """x as (planes, height, width)."""
    return x.reshape(-1, x.shape[-2] if n > 1 else 1, x.shape[-1])


def _suits(n: int, x: Array, *others: Array) -> bool:
    return n <= 2 and x.size >= LEAST and floating(x, *others)


def _blocks(planes: Array) -> Array:
    return spans(len(planes), planes.shape[1] * planes.shape[2], BLOCK)


@may_decline
def max_pool_values(x: Array, *, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Array:
    """The largest element of each window over the last axes; nan is the largest. Only for squares."""
    if (kernel, stride, dilation, padding) != TWO_BY_TWO or not _suits(2, x):
        return NotImplemented
    out = np.empty((*x.shape[:-2], x.shape[-2] // 2, x.shape[-1] // 2), x.dtype)
    a, b = _planes(dense(x), 2), _planes(out, 2)
    _squares(_blocks(a), a, b)
    return out


@may_decline
def max_pool_back(g: Array, x: Array, *, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Array:
    """The gradient of `max_pool_values`."""
    n = len(kernel)
    if not _suits(n, x, g):
        return NotImplemented
    out = np.empty(x.shape, x.dtype)
    slope, a, b = _planes(dense(g), n), _planes(dense(x), n), _planes(out, n)
    if (kernel, stride, dilation, padding) == TWO_BY_TWO:
        _squares_back(_blocks(a), slope, a, b)
    else:
        _maxima_back(_blocks(a), slope, a, _flat(kernel, stride, padding, dilation), b)
    return out


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    x, more = np.ones((4, 16, 16), dtype), {"padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    return [
        lambda: max_pool_values(x, kernel=(2, 2), stride=(2, 2), **more),
        lambda: max_pool_back(x[:, :8, :8], x, kernel=(2, 2), stride=(2, 2), **more),
        lambda: max_pool_back(x, x, kernel=(1, 1), stride=(1, 1), **more),
    ]
