"""What compiled functions are given: arrays as they lie in memory, and ranges of the work."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

__all__ = ["dense", "floating", "spans"]

MOST = 64
"""Blocks of one call at most: what is summed over blocks needs memory for each."""


def floating(x: Any, *others: Any) -> bool:
    """Whether all have one dtype, float32 or float64; None is left out."""
    dtype = x.dtype
    if dtype.char not in "fd":
        return False
    for a in others:  # noqa: SIM110 - a generator takes three times as long
        if a is not None and a.dtype != dtype:
            return False
    return True


def dense(x: np.ndarray) -> np.ndarray:
    """The array, or a copy if its elements do not lie one after the other or must not be written to: numba compiles a function
    again for those."""
    return x if x.flags.carray else x.copy("C")


@functools.lru_cache(maxsize=1024)
def spans(count: int, size: int, block: int) -> np.ndarray:
    """`count` things of `size` numbers each as ranges (n, 2) of about `block` numbers, which depend on these sizes alone."""
    step = count if count * size <= block else max(1, block // max(size, 1), -(-count // MOST))
    starts = np.arange(0, count, max(step, 1))
    return np.stack([starts, np.minimum(starts + step, count)], 1)
