"""Convolution in tiles of registers.

A sample is laid out once for every tap of the kernel's last axis, padded and in the order of the output's places (so that the
stride of the last axis is gone); where the other axes have a stride, their rows are taken apart into phases. Then all that a tap
needs lies in one line: the value of output place p takes the numbers at p + offset, with one offset for each channel and tap. For
the gradient of the input it is the output that has phases.

One to three spatial axes; with fewer than three, the first have size one.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...base import may_decline
from .compiler import compiled
from .team import shared
from .tiles import dot_tile, dots, product_tile, products

__all__ = ["conv", "conv_input", "conv_weight"]

Array = np.ndarray
Ints = tuple[int, ...]
LINES = 1 << 17
"""How many numbers are laid out at a time, unless a single sample has more: half a megabyte in single precision."""
BLOCKS = 8
"""In how many blocks the samples are shared among the threads."""


BLOCK = 1 << 14
"""How many numbers are laid out in a block at least; for fewer it is not worth to wake a thread."""


class _Lines(NamedTuple):
    """How the samples of a chunk lie in memory: (phases, channels, length)."""

    low: Ints
    """Zeros before the first number of each axis."""
    stride: Ints
    phases: Array
    """Where the first row and the first number of each phase lie in the padded sample, (phases, 3)."""
    plane: Ints
    """Sizes of one sample in one phase."""
    samples: int
    """Most samples in a chunk."""
    length: int


class _Parts(NamedTuple):
    """The phases of an output: which taps each needs, and where its values go."""

    taps: list[Array]
    """For each part the numbers of its taps."""
    offsets: Array
    """For each part, channel and tap, one after the other."""
    ends: Array
    """Where the offsets of each part begin, and where the last ones end."""
    targets: Array
    """For each part where its first place is in the output, the steps between places, and how many places there are: (parts, 9)."""


class _Plan(NamedTuple):
    lines: _Lines
    parts: _Parts
    blocks: Array
    """Samples that are done together, (blocks, 2)."""


def _lines(
    samples: int, channels: int, low: Ints, stride: Ints, phases: Sequence[Ints], plane: Ints
) -> tuple[_Lines, Array]:
    area = math.prod(plane)
    blocks = max(1, min(samples, BLOCKS, samples * area * channels * len(phases) // BLOCK))
    edges = np.arange(blocks + 1) * samples // blocks
    most = max(1, min(-(-samples // blocks), LINES // (area * channels * len(phases))))
    lines = _Lines(low, stride, np.array(phases), plane, most, most * area)
    return lines, np.stack([edges[:-1], edges[1:]], 1)


def _taps(kernel: Ints, dilation: Ints) -> list[Ints]:
    return [tuple(t * d for t, d in zip(tap, dilation, strict=True)) for tap in itertools.product(*map(range, kernel))]


def _offsets(lines: _Lines, channels: int, starts: list[tuple[int, int, int]]) -> list[int]:
    """For each channel and each (phase, depth, row) where in the lines that is."""
    _, height, width = lines.plane
    places = [(phase, (d * height + h) * width) for phase, d, h in starts]
    return [(phase * channels + c) * lines.length + place for c in range(channels) for phase, place in places]


@functools.lru_cache(maxsize=256)
def _forward_plan(
    samples: int, channels: int, kernel: Ints, places: Ints, stride: Ints, padding: Ints, dilation: Ints
) -> _Plan:
    taps = _taps(kernel, dilation)
    depth, height, _ = stride
    phases = sorted({(d % depth, h % height, w) for d, h, w in taps})
    starts = [(phases.index((d % depth, h % height, w)), d // depth, h // height) for d, h, w in taps]
    plane = (places[0] + max(d for _, d, _ in starts), places[1] + max(h for _, _, h in starts), places[2])
    lines, blocks = _lines(samples, channels, padding, stride, phases, plane)
    offsets = _offsets(lines, channels, starts)
    targets = np.array([[0, 0, 0, 1, 1, 1, *places]])
    return _Plan(lines, _Parts([np.arange(len(taps))], np.array(offsets), np.array([0, len(offsets)]), targets), blocks)


@functools.lru_cache(maxsize=256)
def _backward_plan(
    samples: int, channels: int, size: Ints, kernel: Ints, places: Ints, stride: Ints, padding: Ints, dilation: Ints
) -> _Plan:
    """For the gradient of the input: `channels` and `places` are those of the output, `size` is the input's.

    Input place s * u + phase - padding needs output place u - (tap - phase) / s for each tap of its phase.
    """
    taps = _taps(kernel, dilation)
    low = tuple(max(t[axis] // s for t in taps) for axis, s in enumerate(stride))
    found = []
    for phase in itertools.product(*map(range, stride)):
        own = [i for i, t in enumerate(taps) if all(a % s == r for a, s, r in zip(t, stride, phase, strict=True))]
        skipped = [max(0, -((r - p) // s)) for r, p, s in zip(phase, padding, stride, strict=True)]
        first = [s * u + r - p for s, u, r, p in zip(stride, skipped, phase, padding, strict=True)]
        count = [max(0, -((f - n) // s)) for f, n, s in zip(first, size, stride, strict=True)]
        starts = [tuple(m + u - t // s for m, u, t, s in zip(low, skipped, taps[i], stride, strict=True)) for i in own]
        if own and min(count) > 0:
            found.append((own, starts, [*first, *stride, *count]))
    phases = sorted({(0, 0, w) for _, starts, _ in found for _, _, w in starts}) or [(0, 0, 0)]
    plane = tuple(
        max((t[6 + axis] + (axis < 2) * max(s[axis] for s in starts) for _, starts, t in found), default=1) for axis in range(3))
    lines, blocks = _lines(samples, channels, low, (1, 1, 1), phases, plane)
    offsets = [_offsets(lines, channels, [(phases.index((0, 0, w)), d, h) for d, h, w in starts]) for _, starts, _ in found]
    ends = np.cumsum([0, *map(len, offsets)])
    targets = np.array([target for _, _, target in found]).reshape(-1, 9)
    return _Plan(lines, _Parts([np.array(own) for own, _, _ in found], np.array(sum(offsets, [])), ends, targets), blocks)


@compiled
def _lay(x, lines, low, stride, phases, plane, length):
    """The samples x (n, channels, depth, height, width) as lines (phases * channels * length), with zeros around."""
    samples, channels, depth, height, width = x.shape
    size, step = plane[1] * plane[2], stride[2]
    for phase in range(len(phases)):
        shift = phases[phase, 2] - low[2]
        begin = min(plane[2], max(0, -(shift // step)))
        end = max(begin, min(plane[2], -((shift - width) // step)))
        top = phases[phase, 1] - low[1]
        first = min(plane[1], max(0, -(top // stride[1])))
        last = max(first, min(plane[1], -((top - height) // stride[1]))) if end > begin else first
        for c in range(channels):
            line = lines[(phase * channels + c) * length : (phase * channels + c + 1) * length]
            for i in range(samples * plane[0]):
                d = i % plane[0] * stride[0] + phases[phase, 0] - low[0]
                page = line[i * size : (i + 1) * size]
                if 0 <= d < depth and last > first:
                    page[: first * plane[2]] = 0
                    page[last * plane[2] :] = 0
                    source = x[i // plane[0], c, d]
                    if step == 1 and stride[1] == 1 and width == plane[2]:
                        _shift(source, page, first, last, top, shift)
                    else:
                        _pick(source, page, plane[2], first, last, top, stride[1], begin, end, shift, step)
                    for v in range(first, last):
                        row = page[v * plane[2] : (v + 1) * plane[2]]
                        for w in range(begin):
                            row[w] = 0
                        for w in range(end, row.size):
                            row[w] = 0
                else:
                    page[:] = 0


@compiled
def _shift(source, page, first, last, top, shift):
    """All rows of a page at once; what comes from a neighbouring row is overwritten with zeros later."""
    width = source.shape[1]
    numbers = source.reshape(-1)[(first + top) * width : (last + top) * width]
    to = page[first * width : last * width]
    if shift < 0:
        to = to[-shift:]
    else:
        numbers = numbers[shift:]
    for i in range(min(to.size, numbers.size)):
        to[i] = numbers[i]


@compiled
def _pick(source, page, width, first, last, top, step_rows, begin, end, shift, step):
    """Row by row."""
    for v in range(first, last):
        row, to = source[v * step_rows + top, begin * step + shift :], page[v * width + begin : v * width + end]
        if step == 1:
            for w in range(to.size):
                to[w] = row[w]
        elif step == 2:  # a constant is compiled to shuffles
            for w in range(to.size):
                to[w] = row[w * 2]
        else:
            for w in range(to.size):
                to[w] = row[w * step]


@compiled
def _correlate(lines, start, weight, weight_start, offsets, groups, places, out, out_start, out_step, outputs, rows, width, buffer):
    """out[o, p] for all outputs of all groups and all places; weight is (groups, blocks of outputs, offsets, rows)."""
    size, padded = offsets.size // groups, (outputs + rows - 1) // rows * rows
    for p in range(0, places, width):
        for group in range(groups):
            own = offsets[group * size : (group + 1) * size]
            for o in range(0, outputs, rows):
                w = weight_start + (group * padded + o) * size
                to = out_start + (group * outputs + o) * out_step + p
                if p + width <= places and o + rows <= outputs:
                    products(lines, start + p, own, size, weight, w, out, to, out_step)
                else:
                    products(lines, start + p, own, size, weight, w, buffer, 0, width)
                    for r in range(min(rows, outputs - o)):
                        part, source = out[to + r * out_step : to + r * out_step + min(width, places - p)], buffer[r * width :]
                        for i in range(part.size):
                            part[i] = source[i]


@compiled
def _scatter(values, out, target):
    """Put values (outputs, depth, height, width) where they belong in the output of one sample."""
    for o in range(len(values)):
        for u in range(values.shape[1]):
            for v in range(values.shape[2]):
                source, to = values[o, u, v], out[o, target[0] + u * target[3], target[1] + v * target[4], target[2] :]
                for w in range(target[8]):
                    to[w * target[5]] = source[w]


@shared
def _correlate_all(
    block, blocks, x, out, low, stride, phases, plane, chunk, length, offsets, ends, targets, weight, groups, rows, width
):
    """All parts of out (n, outputs, depth, height, width), for a chunk of a block's samples after the other."""
    x, out = x[blocks[block, 0] : blocks[block, 1]], out[blocks[block, 0] : blocks[block, 1]]
    outputs, area = out.shape[1], plane[0] * plane[1] * plane[2]
    lines = np.empty(len(phases) * x.shape[1] * length + width, x.dtype)
    buffer = np.empty(rows * width, x.dtype)
    values = np.empty(outputs * area, x.dtype)
    flat = out.reshape(-1)
    own_outputs = outputs // groups
    padded = (own_outputs + rows - 1) // rows * rows
    for begin in range(0, len(x), chunk):
        samples = x[begin : begin + chunk]
        _lay(samples, lines, low, stride, phases, plane, length)
        for part in range(len(targets)):
            own, target = offsets[ends[part] : ends[part + 1]], targets[part]
            places = target[7] * plane[2]
            whole = target[8] == plane[2] == out.shape[4] and target[7] == out.shape[3]
            for n in range(len(samples)):
                for u in range(target[6]):
                    start = n * area + u * plane[1] * plane[2]
                    if whole:
                        at = ((begin + n) * outputs * out.shape[2] + target[0] + u * target[3]) * places
                        step = out.shape[2] * places
                        _correlate(
                            lines, start, weight, ends[part] * padded, own, groups, places, flat, at, step, own_outputs, rows,
                            width, buffer)
                    else:
                        _correlate(
                            lines, start, weight, ends[part] * padded, own, groups, places, values, 0, places, own_outputs, rows,
                            width, buffer)
                        block = values[: outputs * places].reshape(outputs, 1, target[7], plane[2])
                        _scatter(block, out[begin + n, :, u * target[3] :], target)


@shared
def _correlate_weight(block, blocks, x, y, sums, low, stride, phases, plane, chunk, length, offsets, lanes, rows, taps):
    """sums[block, o, k] = sum over a block's samples and places of y[o, p] * x[offsets[group of o, k] + p].

    There is a multiple of `taps` many k.
    """
    x, y, out = x[blocks[block, 0] : blocks[block, 1]], y[blocks[block, 0] : blocks[block, 1]], sums[block]
    outputs, depth, places = y.shape[1] // len(offsets), y.shape[2], y.shape[3] * y.shape[4]
    area = plane[0] * plane[1] * plane[2]
    lines = np.empty(len(phases) * x.shape[1] * length, x.dtype)
    flat = y.reshape(-1)
    tile = np.zeros(rows * taps, x.dtype)
    y_starts, x_starts = np.empty(chunk * depth, np.int64), np.empty(chunk * depth, np.int64)
    vectors = places // lanes if outputs >= rows else 0
    out[:] = 0
    for begin in range(0, len(x), chunk):
        samples = x[begin : begin + chunk]
        _lay(samples, lines, low, stride, phases, plane, length)
        runs = len(samples) * depth
        for i in range(runs):
            y_starts[i] = ((begin + i // depth) * y.shape[1] * depth + i % depth) * places
            x_starts[i] = i // depth * area + i % depth * plane[1] * plane[2]
        for group in range(len(offsets)):
            for tile_start in range(0, outputs, rows):
                o = max(0, min(tile_start, outputs - rows))  # the last tile may do some rows again
                numbers = flat[(group * outputs + o) * depth * places :]
                for k in range(0, offsets.shape[1], taps):
                    if vectors:
                        dots(numbers, y_starts, depth * places, lines, x_starts, offsets[group], k, runs, vectors, tile)
                    for r in range(tile_start - o, min(rows, outputs)):
                        for t in range(taps):
                            total = tile[r * taps + t]
                            for i in range(runs if vectors * lanes < places else 0):
                                ys = numbers[y_starts[i] + r * depth * places :]
                                xs = lines[x_starts[i] + offsets[group, k + t] :]
                                for p in range(vectors * lanes, places):
                                    total += ys[p] * xs[p]
                            out[group * outputs + o + r, k + t] += total


@compiled
def _pack(weight, swap, groups, taps, packed, start, rows):
    """weight (outputs, channels, taps) as (groups, blocks of outputs, channels * taps, rows), with zeros for missing rows."""
    outputs = weight.shape[1] if swap else len(weight) // groups
    channels = len(weight) // groups if swap else weight.shape[1]
    size = channels * taps.size
    for group in range(groups):
        for block in range(0, outputs, rows):
            first = start + (group * ((outputs + rows - 1) // rows * rows) + block) * size
            for r in range(rows):
                for c in range(channels):
                    own = packed[first + c * taps.size * rows + r :]
                    if block + r < outputs:
                        row = weight[group * channels + c, block + r] if swap else weight[group * outputs + block + r, c]
                        for t in range(taps.size):
                            own[t * rows] = row[taps[t]]
                    else:
                        for t in range(taps.size):
                            own[t * rows] = 0


def _three(*geometry: Ints) -> list[Ints]:
    """Three spatial axes, with ones (zeros for padding, which comes second) in front."""
    return [(*(0 if i == 1 else 1,) * (3 - len(g)), *g) for i, g in enumerate(geometry)]


def _declined(*arrays: Array) -> bool:
    return (
        not 3 <= arrays[0].ndim <= 5 or any(a.dtype.char not in "fd" for a in arrays)
        or arrays[0].dtype != arrays[1].dtype or not all(a.size for a in arrays)
    )


def _spatial(x: Array) -> Array:
    """x (N, C, *size) with three spatial axes, contiguous."""
    return np.ascontiguousarray(x).reshape(*x.shape[:2], *(1,) * (5 - x.ndim), *x.shape[2:])


def _run(plan: _Plan, source: Array, weight: Array, swap: bool, groups: int, out: Array) -> None:
    """Correlate the source with weight (outputs, channels, taps), or with its axes swapped, into out (N, outputs, *size)."""
    tile, (lines, parts, blocks) = product_tile(source.itemsize), plan
    padded = -(-out.shape[1] // groups // tile.rows) * tile.rows
    packed = np.empty(parts.ends[-1] * padded, weight.dtype)
    for taps, start in zip(parts.taps, parts.ends, strict=False):
        _pack(weight, swap, groups, taps, packed, start * padded, tile.rows)

    _correlate_all(
        blocks, source, out, lines.low, lines.stride, lines.phases, lines.plane, lines.samples, lines.length, parts.offsets,
        parts.ends, parts.targets, packed, groups, tile.rows, tile.width)


@may_decline
def conv(
    x: Array, weight: Array, bias: Array | None = None, *, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """Cross-correlation of x (N, C, *size) with weight (O, C, *kernel), and bias (O,) added."""
    if _declined(x, weight):
        return NotImplemented
    places = tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    )
    out = np.empty((len(x), len(weight), *places), x.dtype)
    target, kernel = _spatial(out), _spatial(weight)
    plan = _forward_plan(
        len(x), x.shape[1], kernel.shape[2:], target.shape[2:], *_three(stride, padding, dilation))
    _run(plan, _spatial(x), kernel.reshape(*weight.shape[:2], -1), False, groups, target)
    if bias is not None:
        out += bias.reshape(-1, *(1,) * len(places))
    return out


@may_decline
def conv_input(y: Array, weight: Array, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """The gradient of the input, for y (N, O, *places) the gradient of the output."""
    if _declined(y, weight):
        return NotImplemented
    out = np.empty(shape, y.dtype)
    source, target, kernel = _spatial(y), _spatial(out), _spatial(weight)
    plan = _backward_plan(
        len(y), y.shape[1], target.shape[2:], kernel.shape[2:], source.shape[2:], *_three(stride, padding, dilation))
    if len(plan.parts.taps) < math.prod(stride):  # there are phases that no tap reaches
        out[...] = 0
    if plan.parts.taps:
        _run(plan, source, kernel.reshape(*weight.shape[:2], -1), True, groups, target)
    return out


@may_decline
def conv_weight(y: Array, x: Array, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """The gradient of the weight, for y (N, O, *places) the gradient of the output."""
    if _declined(y, x):
        return NotImplemented
    tile, source, rest = dot_tile(x.itemsize), _spatial(x), _spatial(y)
    kernel = (*(1,) * (5 - x.ndim), *shape[2:])
    lines, parts, blocks = _forward_plan(len(x), x.shape[1], kernel, rest.shape[2:], *_three(stride, padding, dilation))
    offsets = parts.offsets.reshape(groups, -1)
    columns = offsets.shape[1]
    offsets = np.concatenate([offsets, np.repeat(offsets[:, -1:], -columns % tile.vectors, axis=1)], axis=1)
    sums = np.empty((len(blocks), shape[0], offsets.shape[1]), x.dtype)

    _correlate_weight(
        blocks, source, rest, sums, lines.low, lines.stride, lines.phases, lines.plane, lines.samples, lines.length, offsets,
        tile.lanes, tile.rows, tile.vectors)
    return np.add.reduce(sums[:, :, :columns], 0).reshape(shape)


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile all of this for a dtype."""
    x, weight = np.ones((2, 2, 4, 4), dtype), np.ones((2, 2, 3, 3), dtype)
    options: dict[str, Any] = {"stride": (2, 2), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    y = np.ones((2, 2, 2, 2), dtype)
    return [
        lambda: conv(x, weight, **options),
        lambda: conv_input(y, weight, shape=x.shape, **options),
        lambda: conv_weight(y, x, shape=weight.shape, **options),
    ]
