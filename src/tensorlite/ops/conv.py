"""Convolution in any number of dimensions, and its two gradients. The three are bilinear and are each other's gradients.

Shapes: x (N, C, *spatial), weight (O, C / groups, *kernel), output (N, O, *places). `stride`, `padding` and `dilation` are tuples
with one entry a spatial axis. The bodies gather windows into columns and multiply matrices (im2col; Chellapilla et al., 2006).
"""

from __future__ import annotations

import itertools
import math
from typing import Any

from ..autograd.op import define

Array = Any
Ints = tuple[int, ...]

_GEOMETRY = "*, stride, padding, dilation, groups"


def _columns(xp: Any, x: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> tuple[Array, Ints]:
    """Columns (N, G, C/G * K, L) and the shape of the L places."""
    n = len(kernel)
    if any(padding):
        x = xp.pad_constant(x, widths=((0, 0), (0, 0), *((p, p) for p in padding)), value=0)
    windows = xp.sliding_windows(x, window=kernel, steps=stride, dilation=dilation)
    places = windows.shape[2 : 2 + n]
    axes = (0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n))
    columns = xp.permute_dims(windows, axes=axes)
    size = x.shape[1] // groups * math.prod(kernel)
    return xp.reshape(columns, shape=(x.shape[0], groups, size, math.prod(places))), places


def _conv_x(xp: Any, g: Array, weight: Array, x_shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    return xp.conv_input(g, weight, shape=x_shape, stride=stride, padding=padding, dilation=dilation, groups=groups)


def _conv_w(xp: Any, g: Array, x: Array, weight_shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    return xp.conv_weight(g, x, shape=weight_shape, stride=stride, padding=padding, dilation=dilation, groups=groups)


def _conv_b(xp: Any, g: Array) -> Array:
    return xp.sum(g, axis=(0, *range(2, g.ndim)))


@define(f"conv(x, weight, bias=None, {_GEOMETRY})", node_name="Convolution", x=_conv_x, weight=_conv_w, bias=_conv_b)
def conv(
    xp: Any, x: Array, weight: Array, bias: Array | None = None, *, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """Cross-correlation of x with weight, and bias added to its channels."""
    columns, places = _columns(xp, x, weight.shape[2:], stride, padding, dilation, groups)
    rows = xp.reshape(weight, shape=(groups, weight.shape[0] // groups, columns.shape[2]))
    out = xp.reshape(xp.matmul(rows, columns), shape=(x.shape[0], weight.shape[0], *places))
    return out if bias is None else out + xp.reshape(bias, shape=(-1, *(1,) * len(places)))


@define(
    f"conv_weight(y, x, {_GEOMETRY}, shape)",
    y=lambda xp, g, x, stride, padding, dilation, groups: xp.conv(
        x, g, stride=stride, padding=padding, dilation=dilation, groups=groups),
    x=lambda xp, g, y, x_shape, stride, padding, dilation, groups: _conv_x(xp, y, g, x_shape, stride, padding, dilation, groups),
)
def conv_weight(xp: Any, y: Array, x: Array, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """The gradient of the weight, for y the gradient of the output."""
    columns, _ = _columns(xp, x, shape[2:], stride, padding, dilation, groups)
    rows = xp.reshape(y, shape=(y.shape[0], groups, shape[0] // groups, -1))
    products = xp.matmul(rows, xp.matrix_transpose(columns))
    return xp.reshape(xp.sum(products, axis=0), shape=shape)


@define(
    f"conv_input(y, weight, {_GEOMETRY}, shape)",
    y=lambda xp, g, weight, stride, padding, dilation, groups: xp.conv(
        g, weight, stride=stride, padding=padding, dilation=dilation, groups=groups),
    weight=lambda xp, g, y, weight_shape, stride, padding, dilation, groups: _conv_w(
        xp, y, g, weight_shape, stride, padding, dilation, groups),
)
def conv_input(xp: Any, y: Array, weight: Array, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """The gradient of the input, for y the gradient of the output; this is also the transposed convolution."""
    kernel, places = weight.shape[2:], y.shape[2:]
    rows = xp.reshape(weight, shape=(groups, weight.shape[0] // groups, -1))
    columns = xp.matmul(xp.matrix_transpose(rows), xp.reshape(y, shape=(y.shape[0], groups, weight.shape[0] // groups, -1)))
    columns = xp.reshape(columns, shape=(*shape[:2], *kernel, *places))
    padded = xp.zeros((*shape[:2], *(n + 2 * p for n, p in zip(shape[2:], padding, strict=True))), dtype=y.dtype)
    for tap in itertools.product(*(range(k) for k in kernel)):
        starts = [t * d for t, d in zip(tap, dilation, strict=True)]
        ends = [a + s * (n - 1) + 1 for a, s, n in zip(starts, stride, places, strict=True)]
        key = (slice(None), slice(None), *(slice(a, b, s) for a, b, s in zip(starts, ends, stride, strict=True)))
        xp.add_(xp.basic_index(padded, key=key), xp.basic_index(columns, key=(slice(None), slice(None), *tap)))
    if not any(padding):
        return padded
    inside = [slice(p, p + n) for p, n in zip(padding, shape[2:], strict=True)]
    return xp.basic_index(padded, key=(slice(None), slice(None), *inside))
