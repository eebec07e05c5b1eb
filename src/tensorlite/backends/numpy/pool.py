"""Pooling tap by tap: one tap of all windows at a time is compared or added; no window is ever copied."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import may_decline
from .workers import in_parallel

__all__ = ["max_pool", "max_pool_back", "max_pool_values", "window_spread", "window_sum"]

Array = np.ndarray
Ints = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]
TAPS = 32
"""Windows of more taps are left to copies."""
BLOCK = 1 << 17
"""Numbers in a block."""


def _suits(x: Array, kernel: Ints) -> bool:
    return x.dtype.char in "fd" and math.prod(kernel) <= TAPS


def _places(size: Ints, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Ints:
    """How many windows there are along each axis."""
    axes = zip(size, kernel, stride, padding, dilation, strict=True)
    return tuple((m + sum(p) - d * (k - 1) - 1) // s + 1 for m, k, s, p, d in axes)


def _span(tap: int, size: int, places: int, stride: int, before: int, dilation: int) -> tuple[slice, slice]:
    """Along one axis, the windows whose tap is no padding, and the elements that it meets."""
    shift = tap * dilation - before
    first = max(0, -(shift // stride))
    count = max(0, min(places, (size - 1 - shift) // stride + 1) - first)
    start = max(0, first * stride + shift)
    return slice(first, first + count), slice(start, start + stride * (count - 1) + 1 if count else start, stride)


@functools.lru_cache(maxsize=256)
def _taps(size: Ints, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> list[tuple[Ints, Any, Any]]:
    """Each tap, the windows where it is no padding, and their elements."""
    places = _places(size, kernel, stride, padding, dilation)
    axes = list(zip(size, places, stride, padding, dilation, strict=True))
    taps = []
    for tap in itertools.product(*(range(k) for k in kernel)):
        spans = [_span(t, m, n, s, p[0], d) for t, (m, n, s, p, d) in zip(tap, axes, strict=True)]
        taps.append((tap, (..., *(windows for windows, _ in spans)), (..., *(elements for _, elements in spans))))
    return taps


def _in_planes(work: Callable[..., None], n: int, *arrays: Array) -> None:
    """Call `work` with blocks of the planes, the last n axes; the first array's size says how many planes a block has."""
    planes = [a.reshape(-1, *a.shape[a.ndim - n :]) for a in arrays]
    count = len(planes[0])
    step = max(1, BLOCK * count // max(planes[0].size, 1))
    in_parallel(lambda start: work(*[a[start : start + step] for a in planes]), range(0, count, step))


@may_decline
def max_pool_values(x: Array, *, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Array:
    """The largest element of each window over the last axes."""
    if not _suits(x, kernel):
        return NotImplemented
    n = len(kernel)
    geometry = (x.shape[-n:], kernel, stride, padding, dilation)
    values = np.empty((*x.shape[:-n], *_places(*geometry)), x.dtype)
    taps = _taps(*geometry)
    padded = any(before or after for before, after in padding)

    def work(x: Array, values: Array) -> None:
        values[...] = -np.inf if padded else x[taps[0][2]]  # without padding, the first tap meets every window
        for _, windows, elements in taps if padded else taps[1:]:
            part = values[windows]
            np.maximum(part, x[elements], out=part)

    _in_planes(work, n, x, values)
    return values


@may_decline
def max_pool(x: Array, *, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> tuple[Array, Array]:
    """The same, and its position in the flattened unpadded plane."""
    n = len(kernel)
    size = x.shape[-n:]
    if not _suits(x, kernel) or any(a or b for a, b in padding):
        return NotImplemented
    places = _places(size, kernel, stride, padding, dilation)
    rows = [math.prod(size[axis + 1 :]) for axis in range(n)]
    values = np.full((*x.shape[:-n], *places), -np.inf, x.dtype)
    offsets = np.zeros(values.shape, np.int64)
    for tap, _, elements in _taps(size, kernel, stride, padding, dilation):
        candidate = x[elements]
        larger = candidate > values
        offset = sum(t * d * row for t, d, row in zip(tap, dilation, rows, strict=True))
        np.maximum(values, candidate, out=values)
        # offset * larger, where it is larger: both are positive and offsets grow from tap to tap.
        np.maximum(offsets, larger * np.int64(offset), out=offsets)
    if np.isnan(values).any():  # nan is the largest, and comparisons do not find it
        return NotImplemented
    for axis in range(n):
        first = np.arange(places[axis]) * (stride[axis] * rows[axis])
        offsets += first.reshape(-1, *(1,) * (n - axis - 1))
    return values, offsets


@may_decline
def max_pool_back(g: Array, x: Array, *, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Array:
    """The gradient of `max_pool_values`: each window's goes to the first of its largest elements."""
    geometry: Any = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    values = max_pool_values(x, **geometry)
    if values is NotImplemented or np.isnan(values).any():
        return NotImplemented
    out = np.zeros(x.shape, g.dtype)
    bits = np.ascontiguousarray(g).view(np.int32 if g.dtype.char == "f" else np.int64)
    taps = _taps(x.shape[-len(kernel) :], **geometry)

    def work(x: Array, values: Array, bits: Array, out: Array) -> None:
        todo = np.ones(values.shape, np.bool_)
        for _, windows, elements in taps:
            left = todo[windows]
            found = np.equal(x[elements], values[windows])
            found &= left
            left ^= found
            # Bits are kept or cleared: an infinite gradient times False would be nan.
            out[elements] += np.multiply(bits[windows], found.view(np.int8)).view(g.dtype)

    _in_planes(work, len(kernel), x, values, bits, out)
    return out


@may_decline
def window_sum(x: Array, *, kernel: Ints, stride: Ints, padding: Pads) -> Array:
    """The sum of each window, zeros outside."""
    if not _suits(x, kernel):
        return NotImplemented
    n = len(kernel)
    geometry = (x.shape[-n:], kernel, stride, padding, (1,) * n)
    out = np.zeros((*x.shape[:-n], *_places(*geometry)), x.dtype)
    taps = _taps(*geometry)

    def work(x: Array, out: Array) -> None:
        for _, windows, elements in taps:
            out[windows] += x[elements]

    _in_planes(work, n, x, out)
    return out


@may_decline
def window_spread(y: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pads) -> Array:
    """Each window's value added to all of its elements: the transpose of `window_sum`."""
    if not _suits(y, kernel):
        return NotImplemented
    n = len(kernel)
    out = np.zeros(shape, y.dtype)
    taps = _taps(shape[-n:], kernel, stride, padding, (1,) * n)

    def work(y: Array, out: Array) -> None:
        for _, windows, elements in taps:
            out[elements] += y[windows]

    _in_planes(work, n, y, out)
    return out
