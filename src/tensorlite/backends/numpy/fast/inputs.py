"""What compiled functions are given: arrays as they lie in memory, and ranges of the work."""

from __future__ import annotations

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


def spans(count: int, size: int, block: int) -> list[tuple[int, int]]:
    """`count` things of `size` numbers each as ranges of about `block` numbers, which depend on these sizes alone."""
    if count * size <= block:
        return [(0, count)] if count else []
    step = max(1, block // max(size, 1), -(-count // MOST))
    return [(start, min(start + step, count)) for start in range(0, count, step)]
