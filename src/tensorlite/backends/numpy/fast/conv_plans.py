"""Plans of convolutions: how samples are laid out, where each tap finds its numbers, and which blocks there are.

All of it follows from shapes, and is kept. One to three spatial axes; with fewer than three, the first have size one.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np

from .tiles import dot_tile, product_tile

__all__ = ["Plan", "WeightPlan", "backward_plan", "forward_plan", "weight_plan"]

Array = np.ndarray
Ints = tuple[int, ...]
BLOCKS = 16
"""Into how many blocks the work is cut at most."""
WORK = 1 << 17
"""Products in a block at least: some microseconds. Handing a block to another thread takes one."""
LAYING = 16
"""How many products take as long as laying out one number."""
PARTS = 4
"""Into how many parts the outputs are cut at most, since each lays the samples out again."""
RUN = 1 << 12
"""Of how many places the products are added up at least before a gradient of the weight is stored."""
NEAR = 1 << 17
"""How many numbers a block may read several times: they should stay in the second cache."""


class Lines(NamedTuple):
    """How a few samples lie in memory: (phases, channels, samples, *plane)."""

    phases: Array
    """Where the first row and the first number of each phase lie in the padded sample, (phases, 3)."""
    layout: Array
    """Sizes of one sample in one phase (its plane), zeros before the first number of each axis, and strides: (3, 3)."""
    samples: int

    @property
    def area(self) -> int:
        return math.prod(self.layout[0].tolist())


class Parts(NamedTuple):
    """The phases of an output: which taps each needs, and where its values go."""

    offsets: Array
    """For each part, channel and tap where its numbers begin in the lines."""
    factors: Array
    """For each part, channel of a group and tap where its factor is among those of an output."""
    ends: Array
    """Where the factors of each part begin, and where the last ones end."""
    targets: Array
    """For each part where its first place is in the output, the steps between places, and how many places there are: (parts, 9)."""


class Plan(NamedTuple):
    out: Ints
    """The output's shape."""
    shapes: tuple[Ints, Ints]
    """Of the source and of the output, with three spatial axes."""
    weight: Ints
    """The weight's shape as (several, outputs of a group, factors)."""
    lines: Lines
    parts: Parts
    steps: Ints
    """From one group's factors to the next one's, and from one output's."""
    blocks: Array
    """First and last sample, first and last tile of outputs, and first and last channel of each: (blocks, 6)."""
    whole: bool
    """Whether each number of the output belongs to a part."""


class WeightPlan(NamedTuple):
    shapes: tuple[Ints, Ints]
    lines: Lines
    offsets: Array
    """For each group, and for each of its columns of the weight, where the numbers begin in the lines."""
    columns: int
    """How many those are, with some for the last tile."""
    parts: int
    """Into how many parts the samples are cut."""
    blocks: Array
    """Part, first and last sample, group, column and channel of each: (blocks, 9)."""


def _three(*geometry: Ints) -> list[Ints]:
    """Three spatial axes, with ones (zeros for padding, which comes second) in front."""
    return [(*(0 if i == 1 else 1,) * (3 - len(g)), *g) for i, g in enumerate(geometry)]


def _spatial(shape: Ints) -> Ints:
    """A shape (several, several, *size) with three spatial axes."""
    return (*shape[:2], *(1,) * (5 - len(shape)), *shape[2:])


def _edges(size: int, parts: int, unit: int = 1) -> list[tuple[int, int]]:
    """Nearly equal ranges, which begin at multiples of a unit."""
    units = -(-size // unit)
    edges = [min(size, units * i // parts * unit) for i in range(parts + 1)]
    return list(itertools.pairwise(edges))


def _number_of_blocks(products: int, laid: int) -> int:
    return max(1, min(BLOCKS, (products + LAYING * laid) // WORK))


def _blocks(samples: int, groups: int, channels: int, outputs: int, products: int, laid: int) -> Array:
    """Samples are shared out first, then tiles of outputs, each part of them with the channels that it needs."""
    rows = product_tile(4).rows
    tiles = -(-outputs // rows)
    blocks = _number_of_blocks(products, laid)
    some = min(samples, blocks)
    parts = max(1, min(blocks // some, groups * tiles // 2, PARTS))
    own = [
        (first, last, first // tiles * channels, -(-last // tiles) * channels)
        for first, last in _edges(groups * tiles, parts)]
    return np.array([(*s, *o) for s in _edges(samples, some) for o in own])


def _taps(kernel: Ints, dilation: Ints) -> list[Ints]:
    return [tuple(t * d for t, d in zip(tap, dilation, strict=True)) for tap in itertools.product(*map(range, kernel))]


def _offsets(lines: Lines, channels: int, starts: list[tuple[int, int, int]]) -> list[int]:
    """For each channel and each (phase, depth, row) where in the lines that is."""
    _, height, width = lines.layout[0].tolist()
    length = lines.samples * lines.area
    places = [(phase, (d * height + h) * width) for phase, d, h in starts]
    return [(phase * channels + c) * length + place for c in range(channels) for phase, place in places]


def _forward(
    channels: int, taps: list[Ints], places: Ints, stride: Ints, padding: Ints, samples: int
) -> tuple[Lines, list[int]]:
    """The lines of an input, and for each channel and tap where its numbers begin."""
    depth, height, _ = stride
    phases = sorted({(d % depth, h % height, w) for d, h, w in taps})
    starts = [(phases.index((d % depth, h % height, w)), d // depth, h // height) for d, h, w in taps]
    plane = (places[0] + max(d for _, d, _ in starts), places[1] + max(h for _, _, h in starts), places[2])
    lines = Lines(np.array(phases), np.array([plane, padding, stride]), samples)
    return lines, _offsets(lines, channels, starts)


@functools.lru_cache(maxsize=256)
def forward_plan(x: Ints, weight: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Plan:
    """For x (N, C, *size) and weight (O, C / groups, *kernel), of which these are the shapes."""
    shape = (x[0], weight[0], *(
        (n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(x[2:], weight[2:], stride, padding, dilation, strict=True)))
    x, out, outputs = _spatial(x), _spatial(shape), weight[0] // groups
    stride, padding, dilation = _three(stride, padding, dilation)
    taps = _taps(_spatial(weight)[2:], dilation)
    lines, offsets = _forward(x[1], taps, out[2:], stride, padding, 1)
    size = weight[1] * len(taps)
    parts = Parts(np.array(offsets), np.arange(size), np.array([0, size]), np.array([[0, 0, 0, 1, 1, 1, *out[2:]]]))
    blocks = _blocks(
        x[0], groups, weight[1], outputs, math.prod(out) * size, x[0] * x[1] * lines.area * len(lines.phases))
    rows = max(outputs, product_tile(4).rows)
    return Plan(shape, (x, out), (groups, outputs, size), lines, parts, (rows * size, size), blocks, True)


@functools.lru_cache(maxsize=256)
def backward_plan(y: Ints, weight: Ints, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Plan:
    """For the gradient of the input: y is the shape of the output's gradient.

    Input place s * u + phase - padding needs output place u - (tap - phase) / s for each tap of its phase.
    """
    y, out, channels, outputs = _spatial(y), _spatial(shape), weight[0] // groups, weight[1]
    stride, padding, dilation = _three(stride, padding, dilation)
    taps = _taps(_spatial(weight)[2:], dilation)
    low = tuple(max(t[axis] // s for t in taps) for axis, s in enumerate(stride))
    found = []
    for phase in itertools.product(*map(range, stride)):
        own = [i for i, t in enumerate(taps) if all(a % s == r for a, s, r in zip(t, stride, phase, strict=True))]
        skipped = [max(0, -((r - p) // s)) for r, p, s in zip(phase, padding, stride, strict=True)]
        first = [s * u + r - p for s, u, r, p in zip(stride, skipped, phase, padding, strict=True)]
        count = [max(0, -((f - n) // s)) for f, n, s in zip(first, out[2:], stride, strict=True)]
        starts = [tuple(m + u - t // s for m, u, t, s in zip(low, skipped, taps[i], stride, strict=True)) for i in own]
        if own and min(count) > 0:
            found.append((own, starts, [*first, *stride, *count]))
    phases = sorted({(0, 0, w) for _, starts, _ in found for _, _, w in starts}) or [(0, 0, 0)]
    plane = tuple(
        max((t[6 + axis] + (axis < 2) * max(s[axis] for s in starts) for _, starts, t in found), default=1) for axis in range(3))
    lines = Lines(np.array(phases), np.array([plane, low, (1, 1, 1)]), 1)
    offsets = [_offsets(lines, y[1], [(phases.index((0, 0, w)), d, h) for d, h, w in starts]) for _, starts, _ in found]
    rows = max(outputs, product_tile(4).rows)
    size = rows * len(taps)
    factors = [[c * size + i for c in range(channels) for i in own] for own, _, _ in found]
    parts = Parts(
        np.array(sum(offsets, []), np.int64), np.array(sum(factors, []), np.int64), np.cumsum([0, *map(len, factors)]),
        np.array([target for _, _, target in found]).reshape(-1, 9))
    blocks = _blocks(
        y[0], groups, channels, outputs, math.prod(y) * outputs * len(taps), y[0] * y[1] * lines.area * len(phases))
    return Plan(
        shape, (y, out), (weight[0], outputs, len(taps)), lines, parts, (channels * size, len(taps)), blocks,
        len(found) == math.prod(stride))


@functools.lru_cache(maxsize=256)
def weight_plan(y: Ints, x: Ints, weight: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> WeightPlan:
    """For the gradient of the weight: y is the shape of the output's gradient.

    Each block has some channels (some groups where there are several) and lays only those out. All of them read the gradient
    of all outputs again and again, so the samples are shared out too where that is much.
    """
    x, y, vectors = _spatial(x), _spatial(y), dot_tile(4).vectors
    stride, padding, dilation = _three(stride, padding, dilation)
    taps = _taps(_spatial(weight)[2:], dilation)
    places, columns = math.prod(y[2:]), weight[1] * len(taps)
    lines, found = _forward(x[1], taps, y[2:], stride, padding, min(x[0], -(-RUN // places)))
    offsets = np.array(found).reshape(groups, -1)
    offsets = np.concatenate([offsets, np.repeat(offsets[:, -1:], -columns % vectors, axis=1)], axis=1)
    many = _number_of_blocks(math.prod(y) * columns, x[0] * x[1] * lines.area * len(lines.phases))
    if groups == 1:
        unit = vectors // math.gcd(vectors, len(taps)) * len(taps)  # whole tiles of whole channels
        most = -(-columns // unit)
    else:
        most = groups
    some = max(1, min(x[0], many, max(math.prod(y) // NEAR, many // most)))
    parts = max(1, min(many // some, most))
    if groups == 1:
        own = [
            (0, 1, first, -(-last // vectors) * vectors, first // len(taps), last // len(taps))
            for first, last in _edges(columns, parts, unit)]
    else:
        own = [(*gs, 0, offsets.shape[1], gs[0] * weight[1], gs[1] * weight[1]) for gs in _edges(groups, parts)]
    blocks = np.array([(i, *s, *o) for i, s in enumerate(_edges(x[0], some)) for o in own])
    return WeightPlan((y, x), lines, offsets.reshape(-1), offsets.shape[1], some, blocks)
