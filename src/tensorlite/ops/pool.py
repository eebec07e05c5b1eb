"""Pooling over the last axes. Windows are gathered as views; `padding` holds (before, after) for each axis."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.op import composite, define

Array = Any
Ints = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def _pool_back(xp: Any, g_values: Array, indices: Array, x_shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Array:
    n = len(kernel)
    lead, size = x_shape[:-n], math.prod(x_shape[-n:])
    flat = (*lead, math.prod(indices.shape[-n:]))
    into = xp.zeros((*lead, size), dtype=g_values.dtype)
    # Windows that do not overlap write each element once; writing is cheaper than adding.
    apart = all(s > d * (k - 1) for s, d, k in zip(stride, dilation, kernel, strict=True))
    place = xp.scatter if apart else xp.scatter_add
    spread = place(into, xp.reshape(indices, shape=flat), xp.reshape(g_values, shape=flat), axis=len(lead))
    return xp.reshape(spread, shape=x_shape)


@define("max_pool(x, *, kernel, stride, padding, dilation) -> values, indices", node_name="MaxPool", x=_pool_back)
def max_pool(xp: Any, x: Array, *, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> tuple[Array, Array]:
    """The largest element of each window, and its position in the flattened unpadded plane."""
    n = len(kernel)
    shape = x.shape
    if any(a or b for a, b in padding):
        lowest = -math.inf if x.dtype in xp.inexacts else xp.lowest(x.dtype)
        x = xp.pad_constant(x, widths=(*((0, 0),) * (x.ndim - n), *padding), value=lowest)
    windows = xp.sliding_windows(x, window=kernel, steps=stride, dilation=dilation)
    places = windows.shape[-2 * n : -n]
    windows = xp.reshape(windows, shape=(*windows.shape[:-n], math.prod(kernel)))
    tap = xp.argmax(windows, axis=windows.ndim - 1, keepdims=True)
    values = xp.reshape(xp.take_along_axis(windows, tap, axis=windows.ndim - 1), shape=windows.shape[:-1])
    tap = xp.reshape(tap, shape=windows.shape[:-1])
    position = xp.zeros(places, dtype=tap.dtype)
    for i in range(n):
        step = math.prod(kernel[i + 1 :])
        offset = xp.arange(0, places[i], dtype=tap.dtype) * stride[i] - padding[i][0]
        offset = xp.reshape(offset, shape=(*(1,) * i, places[i], *(1,) * (n - i - 1)))
        within = xp.floor_divide(tap, xp.full((), step, dtype=tap.dtype))
        tap = tap - within * step
        position = (position + (offset + within * dilation[i])) * (shape[-n + i + 1] if i < n - 1 else 1)
    return values, position


@composite
def max_pool_back(xp: Any, g: Array, x: Array, *, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Array:
    """The gradient of `max_pool_values`, which goes to the largest elements; where they are is found again."""
    _, indices = xp.max_pool(x, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
    return _pool_back(xp, g, indices, x.shape, kernel, stride, dilation)


@define("max_pool_values(x, *, kernel, stride, padding, dilation)", node_name="MaxPool", x=max_pool_back)
def max_pool_values(xp: Any, x: Array, *, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Array:
    """The largest element of each window."""
    return xp.max_pool(x, kernel=kernel, stride=stride, padding=padding, dilation=dilation)[0]


@define(
    "window_sum(x, *, kernel, stride, padding)", node_name="AvgPool",
    x=lambda xp, g, x_shape, kernel, stride, padding: xp.window_spread(
        g, shape=x_shape, kernel=kernel, stride=stride, padding=padding),
)
def window_sum(xp: Any, x: Array, *, kernel: Ints, stride: Ints, padding: Pads) -> Array:
    """The sum of each window, zeros outside."""
    n = len(kernel)
    if any(a or b for a, b in padding):
        x = xp.pad_constant(x, widths=(*((0, 0),) * (x.ndim - n), *padding), value=0)
    windows = xp.sliding_windows(x, window=kernel, steps=stride, dilation=(1,) * n)
    return xp.sum(windows, axis=tuple(range(windows.ndim - n, windows.ndim)))


@define(
    "window_spread(y, *, shape, kernel, stride, padding)", node_name="AvgPool",
    y=lambda xp, g, kernel, stride, padding: xp.window_sum(g, kernel=kernel, stride=stride, padding=padding),
)
def window_spread(xp: Any, y: Array, *, shape: Ints, kernel: Ints, stride: Ints, padding: Pads) -> Array:
    """Each window's value added to all of its elements: the transpose of `window_sum`."""
    n = len(kernel)
    lead = shape[:-n]
    padded = (*lead, *(size + a + b for size, (a, b) in zip(shape[-n:], padding, strict=True)))
    windows = xp.broadcast_to(xp.reshape(y, shape=(*y.shape, *(1,) * n)), shape=(*y.shape, *kernel))
    out = xp.overlap_add(windows, shape=padded, window=kernel, steps=stride, dilation=(1,) * n)
    key = (Ellipsis, *(slice(a, a + size) for size, (a, _) in zip(shape[-n:], padding, strict=True)))
    return xp.basic_index(out, key=key)
