"""Cross-entropy of rows of logits and classes: the softmax is never in memory, but for the gradient itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...base import may_decline
from .functions import exp_or_zero, highest
from .inputs import dense, floating, spans
from .softmax import less
from .team import shared

__all__ = ["cross_entropy", "cross_entropy_back", "examples"]

Array = np.ndarray
LEAST = 1 << 8
"""Arrays of fewer numbers are not worth importing numba for."""
BLOCK = 1 << 16
"""Numbers in a block."""


@shared
def _losses(block, blocks, x, target, ignored, hard, soft, out):
    """Minus the logarithm of the softmax: `hard` times that at a row's class, and `soft` times the sum; 0 for the class `ignored`.

    That the two add up to one is better not known here: of a * (1 - s) + b * s a compiler makes a + s * (b - a).
    """
    for i in range(blocks[block, 0], blocks[block, 1]):
        out[i] = 0
        if target[i] == ignored:
            continue
        row = x[i]
        most, total = highest(row), x.dtype.type(0)
        for j in range(row.size):
            total += exp_or_zero(row[j] - most)
        shift = np.log(total)
        loss = -less(row[target[i]], most, shift)
        if soft:
            total = x.dtype.type(0)
            for j in range(row.size):
                total += less(row[j], most, shift)
            loss = loss * hard - total * soft
        out[i] = loss


@shared
def _losses_back(block, blocks, g, x, target, hard, soft, out):
    """The gradient of each row's loss times a number of g."""
    one = x.dtype.type(1)
    for i in range(blocks[block, 0], blocks[block, 1]):
        row, to, slope = x[i], out[i], g[i]
        most, total = highest(row), x.dtype.type(0)
        for j in range(row.size):
            e = exp_or_zero(row[j] - most)
            to[j] = e
            total += e
        scale = one / total
        for j in range(row.size):
            to[j] = (to[j] * scale - soft) * slope
        to[target[i]] -= hard * slope


def _suits(x: Array, target: Array, weight: Array | None, axis: int) -> bool:
    return (
        x.ndim == 2 and weight is None and x.size >= LEAST and axis in (1, -1) and x.dtype.char in "fd" and target.dtype == np.int64
    )


def _counted(target: Array, ignore_index: int | None) -> float:
    """How many targets there are to count; nan for none."""
    return (target.size if ignore_index is None else int(np.count_nonzero(target != ignore_index))) or math.nan


@may_decline
def cross_entropy(
    x: Array, target: Array, weight: Array | None = None, *, axis: int, ignore_index: int | None, smoothing: float, reduction: str
) -> Array:
    """Minus the logarithm of the softmax at the target classes, of rows without weights."""
    if not _suits(x, target, weight, axis):
        return NotImplemented
    ignored = -1 if ignore_index is None else ignore_index
    x, target, kind = dense(x), dense(target), x.dtype.type
    out = np.empty(len(x), x.dtype)
    hard, soft = kind(1 - smoothing), kind(smoothing / x.shape[1])
    _losses(spans(*x.shape, BLOCK), x, target, ignored, hard, soft, out)
    if reduction == "none":
        return out
    total = np.add.reduce(out)
    return total if reduction == "sum" else total / kind(_counted(target, ignore_index))


@may_decline
def cross_entropy_back(
    g: Array, x: Array, target: Array, weight: Array | None, *, axis: int, ignore_index: int | None, smoothing: float,
    reduction: str,
) -> Array:
    """The gradient of x."""
    if not _suits(x, target, weight, axis) or not floating(x, g):
        return NotImplemented
    x, target, kind = dense(x), dense(target), x.dtype.type
    if reduction == "mean":
        g = g / kind(_counted(target, ignore_index))
    slope = np.empty(len(x), x.dtype)
    slope[...] = g
    if ignore_index is not None:
        ignored = target == ignore_index
        slope[ignored] = 0
        target = np.where(ignored, 0, target)
    out = np.empty(x.shape, x.dtype)
    hard, soft = kind(1 - smoothing), kind(smoothing / x.shape[1])
    _losses_back(spans(*x.shape, BLOCK), slope, x, target, hard, soft, out)
    return out


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    x, target = np.ones((64, 16), dtype), np.zeros(64, np.int64)
    options: dict[str, Any] = {"axis": 1, "ignore_index": None, "smoothing": 0.0, "reduction": "mean"}
    return [
        lambda: cross_entropy(x, target, **options),
        lambda: cross_entropy_back(np.ones((), dtype), x, target, None, **options),
    ]
