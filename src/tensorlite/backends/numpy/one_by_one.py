"""Uniform and normal numbers one after the other, for samplers that take a varying count of them for each number they make."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from .mt19937 import Stream

__all__ = ["OneByOne", "one_by_one"]

BLOCK = 4096


class OneByOne:
    """A generator's float64 numbers as Python numbers; see `one_by_one`."""

    def __init__(self, stream: Stream) -> None:
        self.used = 0
        self.waiting = stream._next_normal
        self.draw = self._uniforms(stream).__next__

    def _uniforms(self, stream: Stream) -> Iterator[float]:
        while True:
            for u in stream.unit64(BLOCK).tolist():
                self.used += 1
                yield u

    def normal(self) -> float:
        """A standard normal number: they are made in pairs, and the second waits for the next call."""
        if self.waiting is not None:
            z, self.waiting = self.waiting, None
            return z
        angle, radius = 2.0 * math.pi * self.draw(), math.sqrt(-2.0 * math.log1p(-self.draw()))
        self.waiting = radius * math.sin(angle)
        return radius * math.cos(angle)


@contextmanager
def one_by_one(stream: Stream) -> Iterator[OneByOne]:
    """Numbers of the stream, which ends up just behind those that were taken.

    >>> stream = Stream(0)
    >>> with one_by_one(stream) as numbers:
    ...     a = numbers.draw(), numbers.draw()
    >>> a == tuple(Stream(0).unit64(2).tolist()), stream.raw32(1).item() == Stream(0).raw32(5).tolist()[-1]
    (True, True)
    """
    before, numbers = stream.mark(), OneByOne(stream)
    try:
        yield numbers
    finally:
        # Whole blocks were taken: go back, and take what was used.
        stream.rewind(before)
        stream.raw64(numbers.used)
        stream._next_normal = numbers.waiting
