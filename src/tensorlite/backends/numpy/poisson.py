"""Poisson numbers, which take a varying count of uniform ones each and so are made one after the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .mt19937 import Stream
from .one_by_one import one_by_one

__all__ = ["poisson"]


def poisson(stream: Stream, rates: NDArray[Any]) -> NDArray[Any]:
    """One Poisson number per rate, as ``torch.poisson``.

    Raises:
        RuntimeError: a rate is negative.

    >>> poisson(Stream(0), np.array([3.0, 20.0, 0.0], np.float32)).tolist()
    [6.0, 18.0, 0.0]
    """
    if (rates < 0).any():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    with one_by_one(stream) as numbers:
        draw = numbers.draw
        found = [_large(rate, draw) if rate >= 10 else _small(rate, draw) if rate else 0 for rate in rates.reshape(-1).tolist()]
    return np.array(found, np.float64).reshape(rates.shape).astype(rates.dtype)


def _small(rate: float, draw: Callable[[], float]) -> int:
    """How many uniform numbers can be multiplied before the product falls to exp(-rate) (Knuth)."""
    end, count, product = math.exp(-rate), 0, draw()
    while product > end:
        product *= draw()
        count += 1
    return count


def _large(rate: float, draw: Callable[[], float]) -> int:
    """Transformed rejection with squeeze, for rates from 10 on (Hoermann 1993, algorithm PTRS)."""
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    bound = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = draw() - 0.5
        v = draw()
        us = 0.5 - abs(u)
        if us == 0.0:
            continue
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= bound:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        if math.log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b) <= k * log_rate - rate - math.lgamma(
            k + 1
        ):
            return k
