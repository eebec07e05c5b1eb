"""The Mersenne Twister in compiled code: the next words of NumPy's generator, and uniform numbers made of them where they lie.

The generator's memory is worked on in place (`Stream.memory`). Its 624 words are renewed in loops whose steps do not need one
another, and so are vectorised, unlike NumPy's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiler import Compiled, compiled, written

__all__ = ["RUN", "as_written", "fma", "paired", "pairs", "take", "uniform32", "uniform64"]

RUN = 1 << 11
"""Numbers made at a time, so that their words stay in the nearest cache."""


class _AsWritten(Compiled):
    options = {"fastmath": False, "forceinline": True}


def as_written(function: Any) -> Any:
    """`compiled`, into the caller, with each operation rounded as it is written."""
    return _AsWritten(function)


@written
def fma() -> Any:
    """fma(x, factor, addend): ``x * factor + addend`` rounded once."""
    from numba.extending import intrinsic

    @intrinsic
    def fma(typing, x, factor, addend):
        def write(context, builder, signature, args):
            return builder.fma(*args)

        return x(x, x, x), write

    return fma


# The words: Matsumoto and Nishimura 1998

SIZE = 624
UPPER, LOWER, TWIST = np.uint32(0x80000000), np.uint32(0x7FFFFFFF), np.uint32(0x9908B0DF)
MASK_7, MASK_15 = np.uint32(0x9D2C5680), np.uint32(0xEFC60000)
U1, U7, U11, U15, U18 = (np.uint32(i) for i in (1, 7, 11, 15, 18))


@as_written
def twisted(a, b):
    """What is mixed into a word from two neighbours."""
    y = np.uint32((a & UPPER) | (b & LOWER))
    return np.uint32(np.uint32(y >> U1) ^ np.uint32(TWIST & np.uint32(-np.int32(y & U1))))


@compiled
def renew(key):
    """Make the next 624 words of the state, in ranges in which no word depends on another new one."""
    for i in range(227):
        key[i] = key[i + 397] ^ twisted(key[i], key[i + 1])
    for i in range(227, 454):
        key[i] = key[i - 227] ^ twisted(key[i], key[i + 1])
    for i in range(454, 623):
        key[i] = key[i - 227] ^ twisted(key[i], key[i + 1])
    key[623] = key[396] ^ twisted(key[623], key[0])


@as_written
def tempered(y):
    """A word of the state as it goes out."""
    y = np.uint32(y ^ np.uint32(y >> U11))
    y = np.uint32(y ^ np.uint32(np.uint32(y << U7) & MASK_7))
    y = np.uint32(y ^ np.uint32(np.uint32(y << U15) & MASK_15))
    return np.uint32(y ^ np.uint32(y >> U18))


@compiled
def take(state, out):
    """The next words; the last of `state` is the position among the others."""
    key, position, done = state[:SIZE], np.int64(state[SIZE]), 0
    while done < out.size:
        if position >= SIZE:
            renew(key)
            position = np.int64(0)
        count = min(out.size - done, SIZE - position)
        some, raw = out[done : done + count], key[position : position + count]
        for i in range(count):
            some[i] = tempered(raw[i])
        done += count
        position += count
    state[SIZE] = position


# Uniform numbers: words become numbers where they lie

MASK_24, SCALE_24 = np.uint32(2**24 - 1), np.float32(2.0**-24)
MASK_53, SCALE_53, U32 = np.uint64(2**53 - 1), 2.0**-53, np.uint64(32)
LOWER_HALF = np.uint64(2**32 - 1)


@as_written
def paired(x):
    """Two words in memory as one number, of which the first is the upper half."""
    return np.uint64((x << U32) | (x >> U32))


@compiled
def pairs(state, out):
    for first in range(0, out.size, RUN):
        part = out[first : first + RUN]
        take(state, part.view(np.uint32))
        for i in range(part.size):
            part[i] = paired(part[i])


@as_written
def unit32(state, out):
    raw = out.view(np.uint32)
    take(state, raw)
    for i in range(out.size):
        out[i] = np.float32(np.int32(raw[i] & MASK_24)) * SCALE_24


@as_written
def unit64(state, out):
    raw = out.view(np.uint64)
    take(state, out.view(np.uint32))
    for i in range(out.size):
        out[i] = np.float64(np.int64(paired(raw[i]) & MASK_53)) * SCALE_53


@as_written
def stretched(part, start, stop):
    """Numbers of [0, 1) to [start, stop); rounding may reach the end, which is not part of the range."""
    for i in range(part.size):
        x = fma(part[i], stop - start, start)
        part[i] = start if x == stop else x


@compiled
def uniform32(state, out, start, stop, standard):
    for first in range(0, out.size, RUN):
        part = out[first : first + RUN]
        unit32(state, part)
        if not standard:
            stretched(part, start, stop)


@compiled
def uniform64(state, out, start, stop, standard):
    for first in range(0, out.size, RUN):
        part = out[first : first + RUN]
        unit64(state, part)
        if not standard:
            stretched(part, start, stop)
