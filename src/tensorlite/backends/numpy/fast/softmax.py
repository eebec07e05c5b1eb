"""Softmax and its logarithm over the last axis, and their gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ...base import may_decline
from .functions import Inlined, exp_or_zero, highest
from .inputs import dense, floating, spans
from .team import shared

__all__ = ["examples", "less", "log_softmax", "log_softmax_back", "softmax", "softmax_back"]

Array = np.ndarray
LEAST = 1 << 9
"""Arrays of fewer numbers are not worth importing numba for."""
BLOCK = 1 << 16
"""Numbers in a block."""


@Inlined
def less(x, most, shift):
    """x - most - shift in this order: the sum of the two would lose the digits of a small shift."""
    return (x - most) - shift


@shared
def _softmax(block, blocks, x, out):
    for i in range(blocks[block, 0], blocks[block, 1]):
        row, to = x[i], out[i]
        most, total = highest(row), x.dtype.type(0)
        for j in range(row.size):
            e = exp_or_zero(row[j] - most)
            to[j] = e
            total += e
        scale = x.dtype.type(1) / total
        for j in range(row.size):
            to[j] *= scale


@shared
def _log_softmax(block, blocks, x, out):
    for i in range(blocks[block, 0], blocks[block, 1]):
        row, to = x[i], out[i]
        most, total = highest(row), x.dtype.type(0)
        for j in range(row.size):
            total += exp_or_zero(row[j] - most)
        shift = np.log(total)
        for j in range(row.size):
            to[j] = less(row[j], most, shift)


@shared
def _softmax_back(block, blocks, g, y, out):
    for i in range(blocks[block, 0], blocks[block, 1]):
        slope, row, to = g[i], y[i], out[i]
        along = y.dtype.type(0)
        for j in range(row.size):
            along += slope[j] * row[j]
        for j in range(row.size):
            to[j] = row[j] * (slope[j] - along)


@shared
def _log_softmax_back(block, blocks, g, y, out):
    for i in range(blocks[block, 0], blocks[block, 1]):
        slope, row, to = g[i], y[i], out[i]
        total = y.dtype.type(0)
        for j in range(row.size):
            total += slope[j]
        for j in range(row.size):
            to[j] = slope[j] - exp_or_zero(row[j]) * total


def _by_rows(function: Callable[..., Any], *arrays: Array) -> Array:
    """Call a compiled function with blocks of rows of the arrays and of a new one for the result."""
    x = arrays[0]
    out = np.empty(x.shape, x.dtype)
    rows = [a.reshape(-1, x.shape[-1]) for a in (*arrays, out)]
    function(spans(*rows[0].shape, BLOCK), *rows)
    return out


def _suits(axis: int, x: Array, *others: Array) -> bool:
    return x.size >= LEAST and axis in (-1, x.ndim - 1) and floating(x, *others)


@may_decline
def softmax(x: Array, *, axis: int) -> Array:
    """exp(x) / sum(exp(x)), over the last axis."""
    return _by_rows(_softmax, dense(x)) if _suits(axis, x) else NotImplemented


@may_decline
def log_softmax(x: Array, *, axis: int) -> Array:
    """log(softmax(x)), over the last axis."""
    return _by_rows(_log_softmax, dense(x)) if _suits(axis, x) else NotImplemented


@may_decline
def softmax_back(g: Array, out: Array, *, axis: int) -> Array:
    """The gradient of `softmax`."""
    return _by_rows(_softmax_back, dense(g), dense(out)) if _suits(axis, out, g) else NotImplemented


@may_decline
def log_softmax_back(g: Array, out: Array, *, axis: int) -> Array:
    """The gradient of `log_softmax`."""
    return _by_rows(_log_softmax_back, dense(g), dense(out)) if _suits(axis, out, g) else NotImplemented


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    x = np.ones((32, 32), dtype)
    backs = (softmax_back, log_softmax_back)
    return [*(partial(f, x, axis=1) for f in (softmax, log_softmax)), *(partial(f, x, x, axis=1) for f in backs)]
