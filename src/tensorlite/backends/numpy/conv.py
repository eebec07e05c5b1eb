"""Convolution as products of matrices, a few samples at a time, so that the columns stay in the cache.

Instead of writing each input value once for every tap of the kernel (im2col; Chellapilla et al., 2006), a value is written once
for every tap of the kernel's last axis. A tap of the other axis is then the same columns, read from a later row on: one product
for each of them, added up. Where that costs more than it saves (few channels), all taps are written.

These are kernels for one and two spatial axes. The rest, and half precision, is left to the bodies in `ops/conv.py`.
"""

from __future__ import annotations

import functools
import threading
from typing import Any, NamedTuple

import numpy as np

from ..base import may_decline
from .workers import in_parallel

__all__ = ["conv", "conv_input", "conv_weight"]

Array = np.ndarray
Ints = tuple[int, ...]
COLUMNS = 1 << 18
"""How many numbers of columns are kept at a time: half a megabyte in single precision."""


class _Plan(NamedTuple):
    """The sizes of one convolution in two dimensions."""

    channels: int
    kernel: Ints
    size: Ints
    places: Ints
    stride: Ints
    padding: Ints
    dilation: Ints
    shares: bool
    """Taps of the first axis share their columns, which then have a row for each padded row of the input."""

    @property
    def taps(self) -> int:
        return 1 if self.shares else self.kernel[0]

    @property
    def rows(self) -> int:
        return self.size[0] + 2 * self.padding[0] if self.shares else self.places[0]

    @property
    def depth(self) -> int:
        return self.channels * self.taps * self.kernel[1]

    def batches(self, samples: int) -> list[slice]:
        step = max(1, COLUMNS // max(1, self.depth * self.rows * self.places[1]))
        return [slice(start, min(start + step, samples)) for start in range(0, samples, step)]


class _Buffers(threading.local):
    """Memory that each thread uses for one batch after the other. It starts as zeros, and what lies in the padding stays so."""

    def __init__(self) -> None:
        self.kept: dict[str, Array] = {}

    def get(self, name: str, n: int, shape: Ints, dtype: Any) -> Array:
        found = self.kept.get(name)
        if found is None or len(found) < n:
            found = self.kept[name] = np.zeros((n, *shape), dtype)
        return found[:n]


def _plan(weight_shape: Ints, size: Ints, places: Ints, stride: Ints, padding: Ints, dilation: Ints) -> _Plan:
    outputs, channels, *kernel = weight_shape
    saved, spent = channels * kernel[1], 2 * outputs  # for each further tap: values not written, sums read and written
    shares = stride[0] == 1 and kernel[0] > 1 and saved > spent
    return _Plan(channels, tuple(kernel), size, places, stride, padding, dilation, shares)


def _inside(places: int, size: int, stride: int, start: int) -> tuple[slice, slice]:
    """The places whose tap lies inside of the input, and where it lies there; the first place's tap is at `start`."""
    first = max(0, -(start // stride))
    last = min(places, (size - 1 - start) // stride + 1)
    if last <= first:
        return slice(0, 0), slice(0, 0)
    return slice(first, last), slice(start + first * stride, start + (last - 1) * stride + 1, stride)


@functools.lru_cache(maxsize=256)
def _taps(plan: _Plan) -> list[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """For each tap that has columns: where they are among the columns, and where in the input."""
    taps: list[tuple[tuple[Any, ...], tuple[Any, ...]]] = []
    for i in range(plan.taps):
        to_rows, rows = _inside(plan.rows, plan.size[0], plan.stride[0], i * plan.dilation[0] - plan.padding[0])
        for j in range(plan.kernel[1]):
            to, source = _inside(plan.places[1], plan.size[1], plan.stride[1], j * plan.dilation[1] - plan.padding[1])
            taps.append(((slice(None), slice(None), i, j, to_rows, to), (slice(None), slice(None), rows, source)))
    return taps


def _columns(x: Array, plan: _Plan, buffers: _Buffers) -> list[Array]:
    """For each product the columns (n, depth, places) of some samples."""
    width = plan.places[1]
    columns = buffers.get("columns", len(x), (plan.channels, plan.taps, plan.kernel[1], plan.rows, width), x.dtype)
    for to, source in _taps(plan):
        columns[to] = x[source]
    flat = columns.reshape(len(x), plan.depth, plan.rows * width)
    count = plan.places[0] * width
    starts = [i * plan.dilation[0] * width for i in range(plan.kernel[0])] if plan.shares else [0]
    return [flat[:, :, start : start + count] for start in starts]


def _matrices(weight: Array, plan: _Plan) -> list[Array]:
    """For each product its matrix (outputs, depth)."""
    if not plan.shares:
        return [weight.reshape(len(weight), -1)]
    return [np.ascontiguousarray(weight[:, :, i]).reshape(len(weight), -1) for i in range(plan.kernel[0])]


def _plane(x: Array, weight_shape: Ints, *geometry: Ints) -> tuple[Any, ...]:
    """One spatial axis as two."""
    if x.ndim == 4:
        return x, weight_shape, *geometry
    stride, padding, dilation = geometry
    return x[:, :, None], (*weight_shape[:2], 1, *weight_shape[2:]), (1, *stride), (0, *padding), (1, *dilation)


def _declined(x: Array, groups: int) -> bool:
    return groups != 1 or x.ndim not in (3, 4) or x.dtype.itemsize == 2 or x.dtype.kind not in "fc"


@may_decline
def conv(
    x: Array, weight: Array, bias: Array | None = None, *, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """Cross-correlation of x (N, C, *size) with weight (O, C, *kernel), and bias (O,) added."""
    if _declined(x, groups):
        return NotImplemented
    places = _places(x.shape[2:], weight.shape[2:], stride, padding, dilation)
    out = np.empty((len(x), len(weight), *places), x.dtype)
    x, shape, *geometry = _plane(x, weight.shape, stride, padding, dilation)
    _conv(x, weight.reshape(shape), bias, out if out.ndim == 4 else out[:, :, None], *geometry)
    return out


def _conv(x: Array, weight: Array, bias: Array | None, out: Array, stride: Ints, padding: Ints, dilation: Ints) -> None:
    plan = _plan(weight.shape, x.shape[2:], out.shape[2:], stride, padding, dilation)
    matrices, buffers = _matrices(weight, plan), _Buffers()

    def work(batch: slice) -> None:
        columns = _columns(x[batch], plan, buffers)
        target = out[batch].reshape(batch.stop - batch.start, len(weight), -1)
        np.matmul(matrices[0], columns[0], out=target)
        for matrix, part in zip(matrices[1:], columns[1:], strict=True):
            rest = buffers.get("rest", len(target), target.shape[1:], out.dtype)
            np.add(target, np.matmul(matrix, part, out=rest), target)
        if bias is not None:
            np.add(target, bias[:, None], target)

    in_parallel(work, plan.batches(len(x)), products=True)


def _places(size: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Ints:
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    )


@may_decline
def conv_weight(y: Array, x: Array, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """The gradient of the weight, for y (N, O, *places) the gradient of the output."""
    if _declined(x, groups):
        return NotImplemented
    y = y if y.ndim == 4 else y[:, :, None]
    x, shape4, *geometry = _plane(x, shape, stride, padding, dilation)
    plan = _plan(shape4, x.shape[2:], y.shape[2:], *geometry)
    batches, buffers = plan.batches(len(x)), _Buffers()
    if not batches:
        return np.zeros(shape, y.dtype)
    found: dict[int, list[Array]] = {}

    def work(number: int) -> None:
        batch = batches[number]
        rows = y[batch].reshape(batch.stop - batch.start, shape4[0], -1)
        found[number] = [_summed(rows, part) for part in _columns(x[batch], plan, buffers)]

    in_parallel(work, range(len(batches)), products=True)
    sums = found[0]
    for number in range(1, len(batches)):
        for total, part in zip(sums, found[number], strict=True):
            total += part
    taps = [total.reshape(shape4[0], plan.channels, plan.taps, plan.kernel[1]) for total in sums]
    return np.concatenate(taps, axis=2).reshape(shape)


def _summed(rows: Array, columns: Array) -> Array:
    """The products of rows and columns of each sample, added up."""
    total = rows[0].dot(columns[0].T)
    for row, column in zip(rows[1:], columns[1:], strict=True):
        total += row.dot(column.T)
    return total


@may_decline
def conv_input(y: Array, weight: Array, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """The gradient of the input, for y (N, O, *places) the gradient of the output."""
    if _declined(y, groups):
        return NotImplemented
    out = np.empty(shape, y.dtype)
    y, weight_shape, *geometry = _plane(y, weight.shape, stride, padding, dilation)
    weight, plane = weight.reshape(weight_shape), out if out.ndim == 4 else out[:, :, None]
    stride, padding, dilation = geometry
    around = tuple(d * (k - 1) - p for d, k, p in zip(dilation, weight.shape[2:], padding, strict=True))
    if max(stride) == 1 and min(around) >= 0:  # the taps the other way round
        flipped = weight[:, :, ::-1, ::-1].swapaxes(0, 1)
        _conv(y, np.ascontiguousarray(flipped), None, plane, stride, around, dilation)
    else:
        _spread(y, weight, plane, stride, padding, dilation)
    return out


def _spread(y: Array, weight: Array, out: Array, stride: Ints, padding: Ints, dilation: Ints) -> None:
    """Columns as products, added up where they came from."""
    plan = _plan(weight.shape, out.shape[2:], y.shape[2:], stride, padding, dilation)._replace(shares=False)
    matrix = weight.reshape(len(weight), -1).T
    out[...] = 0

    def work(batch: slice) -> None:
        n = batch.stop - batch.start
        columns = np.matmul(matrix, y[batch].reshape(n, len(weight), -1))
        columns = columns.reshape(n, plan.channels, plan.taps, plan.kernel[1], *plan.places)
        target = out[batch]
        for source, to in _taps(plan):
            target[to] += columns[source]

    in_parallel(work, plan.batches(len(y)), products=True)
