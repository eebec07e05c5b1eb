"""Random numbers of the CPU's generator in one pass: the same words of the same stream as in `random.py` become the same numbers.

Each operation on floats is rounded as it is written in `box_muller.py`, but for products fused into sums: here these are the
processor's own, as in PyTorch. `box_muller.py` rounds such a sum twice, which gives another one about once in 2**29.

Each function that the generator calls fills an array, or returns False for what it leaves to NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..box_muller import COS, FOUR_OVER_PI, LN2_HIGH, LN2_LOW, LOG, PI_4, SIN, SQRT_HALF_BITS
from ..mt19937 import MANY, Stream
from . import twister
from .compiler import compiled
from .inputs import spans
from .optim import rounded
from .twister import LOWER_HALF, MASK_24, MASK_53, RUN, SCALE_24, U32, as_written, fma, paired, take

__all__ = ["bernoulli", "examples", "integers", "normal", "permutation", "uniform", "words"]

Array = np.ndarray
BLOCK = 1 << 14
"""Normal numbers in a block that one thread makes; a multiple of 16."""

# Normal numbers: see `box_muller.py`, of which these are the lines for one number

LOG32, SIN32, COS32, PI_4_32 = (tuple(np.float32(c) for c in given) for given in (LOG, SIN, COS, PI_4))
HALF, ONE, TWO, TURN, OCTANTS = (np.float32(c) for c in (0.5, 1, 2, 2 * math.pi, FOUR_OVER_PI))
ROOT, I1, I2, I4, I23, I29 = (np.int32(i) for i in (SQRT_HALF_BITS, 1, 2, 4, 23, 29))


@as_written
def log(x):
    """Natural logarithm of a positive normal number."""
    bits = np.float32(x).view(np.int32)
    exponent = np.int32(np.int32(bits - ROOT) >> I23)
    x = np.int32(bits - np.int32(exponent << I23)).view(np.float32) - ONE
    e = np.float32(exponent)
    z = x * x
    a, b, c, d, f, g, h, i, j = LOG32
    y = fma(fma(fma(fma(a, x, b), x, c), x, d), x, f)
    y = fma(fma(fma(fma(y, x, g), x, h), x, i), x, j)
    return ((fma(y * x, z, e * LN2_LOW) - z * HALF) + x) + e * LN2_HIGH


@as_written
def sin_cos(x):
    """Sine and cosine of a number from 0 to 2 pi."""
    octant = np.int32(np.int32(np.int32(x * OCTANTS) + I1) & np.int32(~I1))
    y = np.float32(octant)
    x = fma(y, -PI_4_32[2], (x - y * PI_4_32[0]) - y * PI_4_32[1])
    z = x * x
    a, b, c = COS32
    cos = fma(fma(fma(a, z, b), z, c) * z, z, z * -HALF) + ONE
    a, b, c = SIN32
    sin = fma(fma(fma(a, z, b), z, c) * z, x, x)
    sin, cos = np.float32(sin).view(np.int32), np.float32(cos).view(np.int32)
    swap = np.int32(np.int32(sin ^ cos) & -np.int32(np.int32(octant >> I1) & I1))
    sin = np.int32(np.int32(sin ^ swap) ^ np.int32(np.int32(octant & I4) << I29))
    cos = np.int32(np.int32(cos ^ swap) ^ np.int32(np.int32(np.int32(octant + I2) & I4) << I29))
    return sin.view(np.float32), cos.view(np.float32)


@as_written
def box_muller(out, mean, std):
    """Words to normal numbers in their place: of each 16, the first 8 give the radii and the last 8 the angles."""
    raw = out.view(np.uint32)
    for first in range(0, out.size, 16):
        for i in range(first, first + 8):
            u, v = np.float32(np.int32(raw[i] & MASK_24)) * SCALE_24, np.float32(np.int32(raw[i + 8] & MASK_24)) * SCALE_24
            radius = np.sqrt(log(ONE - u) * -TWO)
            sin, cos = sin_cos(v * TURN)
            out[i], out[i + 8] = radius * cos, radius * sin
    if std != ONE:
        for i in range(out.size):
            out[i] = fma(out[i], std, mean)
    else:
        for i in range(out.size):
            out[i] += mean  # even when it is 0, because that makes -0 a 0


@compiled
def _draw_normal(state, out, last):
    take(state, out.view(np.uint32))
    take(state, last.view(np.uint32))


@rounded
def _normal(block, blocks, out, last, mean, std):
    box_muller(out[blocks[block, 0] : blocks[block, 1]], mean, std)
    if last.size and block == len(blocks) - 1:  # PyTorch makes the last 16 anew where they are not a whole
        box_muller(last, mean, std)
        out[out.size - 16 :] = last


# Integers: from words that are kept apart


@compiled
def _bernoulli(state, out, bound):
    """Whether the numerator of a uniform number over 2**53 is below the bound."""
    raw = np.empty(RUN, np.uint64)
    for first in range(0, out.size, RUN):
        part = out[first : first + RUN]
        take(state, raw[: part.size].view(np.uint32))
        for i in range(part.size):
            part[i] = (paired(raw[i]) & MASK_53) < bound


@compiled
def _integers(state, out, low, count, inverse):
    """Words modulo `count`: what word / count has behind its point, as a fraction of 2**64, times count (Lemire et al. 2019)."""
    raw = np.empty(RUN, np.uint32)
    for first in range(0, out.size, RUN):
        part = out[first : first + RUN]
        take(state, raw[: part.size])
        for i in range(part.size):
            rest = np.uint64(raw[i] * inverse)
            high, bottom = np.uint64(rest >> U32), np.uint64(rest & LOWER_HALF)
            part[i] = low + np.int64(np.uint64(high * count + np.uint64((bottom * count) >> U32)) >> U32)


@as_written
def remainder(a, b):
    """Of integers below 2**32: their quotient in double precision has the right whole part."""
    return np.int64(a) - np.int64(np.float64(a) / np.float64(b)) * b


@compiled
def _permutation(state, out, items):
    """Place i changes with one of those from i on, for each i."""
    n = out.size
    raw, offsets = np.empty(RUN, np.uint32), np.empty(RUN, np.int64)
    for i in range(n):
        items[i] = i
    for first in range(0, n - 1, RUN):
        count = min(RUN, n - 1 - first)
        take(state, raw[:count])
        for i in range(count):
            offsets[i] = remainder(raw[i], n - first - i)
        for i in range(count):
            here, there = first + i, first + i + offsets[i]
            out[here] = items[there]
            items[there] = items[here]
    out[n - 1] = items[n - 1]


# What the generator calls: each fills `out`, one dimension in one piece, or returns False


_begun: set[tuple[str, str]] = set()


def _ready(name: str, stream: Stream, out: Array) -> bool:
    """Whether to call a function: for many numbers, and for fewer once it has been compiled for their dtype."""
    if (name, out.dtype.char) not in _begun:
        if out.size < MANY:
            return False
        _begun.add((name, out.dtype.char))
    return stream.memory().size > 0


def words(stream: Stream, out: Array) -> bool:
    """The next words (uint32), or pairs of them (uint64)."""
    if not _ready("words", stream, out):
        return False
    with stream.lock:
        (take if out.itemsize == 4 else twister.pairs)(stream.memory(), out)
    return True


def uniform(stream: Stream, out: Array, low: float, high: float) -> bool:
    """Numbers of [low, high)."""
    dtype, size = out.dtype, abs(high - low)
    if dtype.char not in "fd" or (dtype.char == "d" and not 1e-200 < size < 1e290) or not _ready("uniform", stream, out):
        return False
    with stream.lock:
        make = twister.uniform32 if dtype.char == "f" else twister.uniform64
        make(stream.memory(), out, dtype.type(low), dtype.type(high), (low, high) == (0.0, 1.0))
    return True


def normal(stream: Stream, out: Array, mean: float, std: float, skips: bool) -> bool:
    """16 or more normal numbers; `skips`: no numbers are drawn for those of the end that are made anew."""
    if out.dtype != np.float32 or not _ready("normal", stream, out):
        return False
    whole = out.size - out.size % 16
    last = np.empty(16 if whole < out.size else 0, np.float32)
    with stream.lock:
        _draw_normal(stream.memory(), out[:whole] if skips else out, last)
    _normal(spans(whole // 16, 16, BLOCK) * 16, out, last, np.float32(mean), np.float32(std))
    return True


def bernoulli(stream: Stream, out: Array, bound: np.uint64) -> bool:
    """Ones with the probability ``bound / 2**53``."""
    if out.dtype.char not in "?fd" or not _ready("bernoulli", stream, out):
        return False
    with stream.lock:
        _bernoulli(stream.memory(), out, bound)
    return True


def integers(stream: Stream, out: Array, low: int, count: int) -> bool:
    """Integers of [low, low + count), `count` of up to 32 bits."""
    if out.dtype != np.int64 or not _ready("integers", stream, out):
        return False
    inverse = np.uint64(((2**64 - 1) // count + 1) % 2**64)  # of count, rounded up
    with stream.lock:
        _integers(stream.memory(), out, np.int64(low), np.uint64(count), inverse)
    return True


def permutation(stream: Stream, out: Array) -> bool:
    """The numbers below the size of `out`, which is 2 or more, in random order."""
    if not 1 < out.size < 2**31 or not _ready("permutation", stream, out):
        return False
    with stream.lock:
        _permutation(stream.memory(), out, np.empty(out.size, np.uint32))
    return True


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    stream, out = Stream(0), np.empty(MANY + 1, dtype)
    whole = [np.empty(MANY, kind) for kind in (np.uint32, np.uint64, np.int64)]
    return [
        lambda: uniform(stream, out, 0.0, 1.0),
        lambda: normal(stream, out, 0.0, 1.0, False),
        lambda: [bernoulli(stream, some, np.uint64(2**52)) for some in (out, out.astype(bool))],
        lambda: [words(stream, some) for some in whole[:2]],
        lambda: [integers(stream, whole[2], 0, 10), permutation(stream, whole[2])],
    ]
