"""Softmax, its logarithm and their gradients without temporaries; rows of the last axis in blocks that stay in the cache."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..base import may_decline
from .workers import in_parallel

__all__ = ["log_softmax", "log_softmax_back", "softmax", "softmax_back"]

Array = np.ndarray
BLOCK = 1 << 17
"""Numbers in a block."""


def _softmax(x: Array, out: Array, axis: int) -> None:
    np.subtract(x, np.maximum.reduce(x, axis, keepdims=True), out)
    np.exp(out, out)
    np.divide(out, np.add.reduce(out, axis, keepdims=True), out)


def _log_softmax(x: Array, out: Array, axis: int) -> None:
    np.subtract(x, np.maximum.reduce(x, axis, keepdims=True), out)
    total = np.add.reduce(np.exp(out), axis, keepdims=True)
    np.subtract(out, np.log(total, total), out)


def _softmax_back(g: Array, y: Array, out: Array, axis: int) -> None:
    np.multiply(g, y, out)
    np.subtract(g, np.add.reduce(out, axis, keepdims=True), out)
    np.multiply(out, y, out)


def _log_softmax_back(g: Array, y: Array, out: Array, axis: int) -> None:
    np.exp(y, out)
    np.multiply(out, np.add.reduce(g, axis, keepdims=True), out)
    np.subtract(g, out, out)


def _in_blocks(function: Callable[..., None], axis: int, *arrays: Array) -> Array:
    """Call a function with arrays of one size and dtype and a new one for the result, or with blocks of their rows."""
    x = arrays[0]
    dtype, last = x.dtype, axis in (-1, x.ndim - 1)
    if dtype.char not in "fd" or not x.size or any([a.dtype != dtype for a in arrays]):
        return NotImplemented
    out = np.empty(x.shape, dtype)
    if x.size <= BLOCK or not last or not all([a.flags.c_contiguous for a in arrays]):
        function(*arrays, out, axis)
        return out
    length = x.shape[-1]
    step = max(1, BLOCK // length)
    rows = [a.reshape(-1, length) for a in (*arrays, out)]
    in_parallel(lambda start: function(*[a[start : start + step] for a in rows], 1), range(0, len(rows[0]), step))
    return out


@may_decline
def softmax(x: Array, *, axis: int) -> Array:
    """exp(x) / sum(exp(x))."""
    return _in_blocks(_softmax, axis, x)


@may_decline
def log_softmax(x: Array, *, axis: int) -> Array:
    """log(softmax(x)), without overflow."""
    return _in_blocks(_log_softmax, axis, x)


@may_decline
def softmax_back(g: Array, out: Array, *, axis: int) -> Array:
    """The gradient of `softmax`."""
    return _in_blocks(_softmax_back, axis, g, out)


@may_decline
def log_softmax_back(g: Array, out: Array, *, axis: int) -> Array:
    """The gradient of `log_softmax`."""
    return _in_blocks(_log_softmax_back, axis, g, out)
