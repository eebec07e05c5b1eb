"""Convolution in tiles of registers.

A sample is laid out once for every tap of the kernel's last axis, padded and in the order of the output's places (so that the
stride of the last axis is gone); where the other axes have a stride, their rows are taken apart into phases. Then all that a tap
needs lies in one line: the value of output place p takes the numbers at p + offset, with one offset for each channel and tap. For
the gradient of the input it is the output that has phases. Factors are read from the weight as it is, at offsets too.

`conv_plans.py` computes the offsets.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...base import may_decline
from .compiler import compiled
from .conv_plans import Plan, backward_plan, forward_plan, weight_plan
from .team import shared
from .tiles import dot_tile, dots, line, line_of_seconds, product_tile, products

__all__ = ["conv", "conv_input", "conv_weight"]

Array = np.ndarray
Ints = tuple[int, ...]


@compiled
def _lay(x, lines, first, last, phases, layout, length):
    """Some channels of the samples x (n, channels, depth, height, width) as lines (phases * channels * length), zeros around.

    A row may write zeros beyond its end, where the next one comes.
    """
    samples, channels, depth, height, width = x.shape
    depths, heights, widths = layout[0]
    step_d, step_h, step = layout[2]
    numbers = x.reshape(-1)
    for phase in range(len(phases)):
        front, top, shift = phases[phase, 0] - layout[1, 0], phases[phase, 1] - layout[1, 1], phases[phase, 2] - layout[1, 2]
        begin, end = max(0, -(shift // step)), min(widths, -((shift - width) // step))
        for c in range(first, last):
            to = (phase * channels + c) * length
            for n in range(samples):
                for u in range(depths):
                    d = u * step_d + front
                    start = (((n * channels + c) * depth + d) * height + top) * width + shift
                    for v in range(heights):
                        own = end if 0 <= d < depth and 0 <= v * step_h + top < height else 0
                        if step == 1:
                            line(numbers, start, begin, own, lines, to, widths)
                        elif step == 2:
                            line_of_seconds(numbers, start, begin, own, lines, to, widths)
                        else:
                            for w in range(widths):
                                lines[to + w] = numbers[start + w * step] if begin <= w < own else 0
                        start += step_h * width
                        to += widths


@compiled
def _correlate(
    lines, start, weight, bias, offsets, factors, first, last, group_step, step, places, out, out_start, out_step, outputs, rows,
    width, buffer
):
    """out[o, p] for tiles `first` to `last` of the outputs of all groups, and for all places."""
    size, tiles, held = factors.size, (outputs + rows - 1) // rows, max(outputs, rows)
    for p in range(0, places, width):
        for tile in range(first, last):
            group, own = tile // tiles, tile % tiles * rows
            o = min(own, held - rows)  # the last tile computes some rows again
            k, w, b = group * size, group * group_step + o * step, group * held + o
            to = out_start + (group * outputs + o) * out_step + p
            if o == own and o + rows <= outputs and p + width <= places:
                products(lines, start + p, offsets, k, weight, w, step, factors, size, bias, b, out, to, out_step)
            else:
                products(lines, start + p, offsets, k, weight, w, step, factors, size, bias, b, buffer, 0, width)
                for r in range(own - o, min(rows, outputs - o)):
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
    block, blocks, x, weight, bias, out, phases, layout, offsets, factors, ends, targets, group_step, step, groups, rows, width
):
    """All parts of out (n, outputs, depth, height, width), for a block's samples and tiles of outputs."""
    begin, end, first, last, first_channel, last_channel = blocks[block]
    depths, heights, widths = layout[0]
    length, all_outputs = depths * heights * widths, out.shape[1]
    outputs = all_outputs // groups
    tiles = (outputs + rows - 1) // rows
    first_output = first // tiles * outputs + first % tiles * rows
    last_output = last // tiles * outputs + last % tiles * rows
    lines = np.empty(len(phases) * x.shape[1] * length + width + 64, x.dtype)
    lines = lines[-lines.ctypes.data % 64 // x.itemsize :]
    buffer = np.empty(rows * width, x.dtype)
    values = np.empty(all_outputs * heights * widths, x.dtype)
    flat = out.reshape(-1)
    for n in range(begin, end):
        _lay(x[n : n + 1], lines, first_channel, last_channel, phases, layout, length)
        for part in range(len(targets)):
            own, target = factors[ends[part] : ends[part + 1]], targets[part]
            numbers = offsets[ends[part] * groups : ends[part + 1] * groups]
            places = target[7] * widths
            whole = target[8] == widths == out.shape[4] and target[7] == out.shape[3]
            for u in range(target[6]):
                start = u * heights * widths
                if whole:
                    at = (n * all_outputs * out.shape[2] + target[0] + u * target[3]) * places
                    _correlate(
                        lines, start, weight, bias, numbers, own, first, last, group_step, step, places, flat, at,
                        out.shape[2] * places, outputs, rows, width, buffer)
                else:
                    _correlate(
                        lines, start, weight, bias, numbers, own, first, last, group_step, step, places, values, 0, places, outputs,
                        rows, width, buffer)
                    found = values[: all_outputs * places].reshape(all_outputs, 1, target[7], widths)
                    _scatter(found[first_output:last_output], out[n, first_output:last_output, u * target[3] :], target)


@compiled
def _few_dots(y, y_starts, y_step, x, x_starts, offsets, runs, places, rows, taps, out, out_step):
    """`dots` for fewer rows than a tile has."""
    for r in range(rows):
        for t in range(taps):
            total = out[r * out_step + t]
            for i in range(runs):
                ys, xs = y[y_starts[i] + r * y_step :], x[x_starts[i] + offsets[t] :]
                for p in range(places):
                    total += ys[p] * xs[p]
            out[r * out_step + t] = total


@shared
def _correlate_weight(block, blocks, x, y, sums, phases, layout, chunk, offsets, groups, lanes, rows, taps):
    """sums[part, o, k] = sum over the part's samples and places of y[o, p] * x[offsets[group of o, k] + p].

    There is a multiple of `taps` many k.
    """
    part, begin, end, first_group, last_group, first_column, last_column, first_channel, last_channel = blocks[block]
    outputs, columns, depth, places = sums.shape[1] // groups, sums.shape[2], y.shape[2], y.shape[3] * y.shape[4]
    step = depth * places
    depths, heights, widths = layout[0]
    area = depths * heights * widths
    lines = np.empty(len(phases) * x.shape[1] * area * chunk + lanes + 64, x.dtype)
    lines = lines[-lines.ctypes.data % 64 // x.itemsize :]
    numbers, out = y.reshape(-1), sums.reshape(-1)
    tile = np.empty(rows * taps, x.dtype)
    y_starts, x_starts = np.empty(chunk * depth, np.int64), np.empty(chunk * depth, np.int64)
    sums[part, first_group * outputs : last_group * outputs, first_column:last_column] = 0
    for n in range(begin, end, chunk):
        samples = min(chunk, end - n)
        _lay(x[n : n + samples], lines, first_channel, last_channel, phases, layout, area * chunk)
        runs = samples * depth
        for i in range(runs):
            y_starts[i] = ((n + i // depth) * y.shape[1] * depth + i % depth) * places
            x_starts[i] = i // depth * area + i % depth * heights * widths
        for group in range(first_group, last_group):
            for k in range(first_column, last_column, taps):
                column = group * columns + k
                for o in range(0, outputs, rows):
                    start, to = (group * outputs + o) * step, (part * y.shape[1] + group * outputs + o) * columns + k
                    if o + rows <= outputs:
                        dots(numbers, start, y_starts, step, lines, x_starts, offsets, column, runs, places, out, to, columns)
                    elif outputs > rows:  # the last rows, some of which another tile has
                        again, tile[:] = o + rows - outputs, 0
                        dots(
                            numbers, start - again * step, y_starts, step, lines, x_starts, offsets, column, runs, places, tile, 0,
                            taps)
                        for r in range(rows - again):
                            for t in range(taps):
                                out[to + r * columns + t] += tile[(again + r) * taps + t]
                    else:
                        _few_dots(
                            numbers[start:], y_starts, step, lines, x_starts, offsets[column:], runs, places, outputs, taps,
                            out[to:], columns)


def _declined(*arrays: Any) -> bool:
    dtypes = {a.dtype for a in arrays if a is not None}
    return (
        not 3 <= arrays[0].ndim <= 5 or len(dtypes) > 1 or arrays[0].dtype.char not in "fd"
        or not all(a is None or a.size for a in arrays)
    )


def _dense(x: Array, shape: Ints) -> Array:
    return np.ascontiguousarray(x).reshape(shape)


def _with_rows(weight: Array, rows: int) -> Array:
    """weight (several, outputs, several) with zeros for outputs that a tile lacks."""
    if weight.shape[1] >= rows:
        return weight
    out = np.zeros((len(weight), rows, weight.shape[2]), weight.dtype)
    out[:, : weight.shape[1]] = weight
    return out


def _run(plan: Plan, source: Array, weight: Array, bias: Array | None, groups: int, out: Array) -> None:
    """Correlate the source with the weight into out (N, outputs, *size)."""
    tile, lines, parts = product_tile(source.itemsize), plan.lines, plan.parts
    outputs = plan.weight[1]
    bias = np.zeros(groups * max(outputs, tile.rows), source.dtype) if bias is None else (
        _with_rows(_dense(bias, (groups, outputs, 1)), tile.rows).reshape(-1))
    _correlate_all(
        plan.blocks, _dense(source, plan.shapes[0]), _with_rows(_dense(weight, plan.weight), tile.rows).reshape(-1), bias,
        out.reshape(plan.shapes[1]), lines.phases, lines.layout, parts.offsets, parts.factors, parts.ends, parts.targets,
        *plan.steps, groups, tile.rows, tile.width)


@may_decline
def conv(
    x: Array, weight: Array, bias: Array | None = None, *, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """Cross-correlation of x (N, C, *size) with weight (O, C, *kernel), and bias (O,) added."""
    if _declined(x, weight, bias):
        return NotImplemented
    plan = forward_plan(x.shape, weight.shape, stride, padding, dilation, groups)
    out = np.empty(plan.out, x.dtype)
    _run(plan, x, weight, bias, groups, out)
    return out


@may_decline
def conv_input(y: Array, weight: Array, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """The gradient of the input, for y (N, O, *places) the gradient of the output."""
    if _declined(y, weight):
        return NotImplemented
    plan = backward_plan(y.shape, weight.shape, shape, stride, padding, dilation, groups)
    out = np.empty(shape, y.dtype)
    if not plan.whole:
        out[...] = 0
    _run(plan, y, weight, None, groups, out)
    return out


@may_decline
def conv_weight(y: Array, x: Array, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Array:
    """The gradient of the weight, for y (N, O, *places) the gradient of the output."""
    if _declined(y, x):
        return NotImplemented
    plan, tile = weight_plan(y.shape, x.shape, shape, stride, padding, dilation, groups), dot_tile(x.itemsize)
    lines, columns = plan.lines, math.prod(shape[1:])
    sums = np.empty((plan.parts, shape[0], plan.columns), x.dtype)
    _correlate_weight(
        plan.blocks, _dense(x, plan.shapes[1]), _dense(y, plan.shapes[0]), sums, lines.phases, lines.layout, lines.samples,
        plan.offsets, groups, tile.lanes, tile.rows, tile.vectors)
    total = sums[0] if plan.parts == 1 else np.add.reduce(sums, 0)
    return total[:, :columns].reshape(shape)


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
