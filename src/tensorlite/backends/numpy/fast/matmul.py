"""Large products of matrices, cut into blocks for the team; OpenBLAS computes each in one thread (see `../matmul.py`).

OpenBLAS copies large matrices before it multiplies them. On processors for which it has kernels that do not, a block is multiplied
in tiles small enough for those (`benchmarks/ceilings.py` prints the speed of both).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...base import may_decline
from .. import linear as plain
from ..matmul import SERIAL, alone, cut
from ..workers import blas_library
from .blas import available, gemm
from .inputs import dense, floating, spans
from .team import shared, shared_products

__all__ = ["examples", "linear", "linear_back", "matmul", "product", "sum_of_rows", "turned"]

Array = np.ndarray
BLOCK = 1 << 20
"""Products of numbers in a block at least, some ten microseconds' work. With fewer a product is NumPy's, in one thread."""
MOST = 10**6
"""OpenBLAS multiplies matrices without copying them first if their three sizes have at most this product; on some processors."""
HIGH, WIDE = 64, 128
"""Rows and columns at most that are multiplied so at a time."""
SUMS = 1 << 16
"""Numbers of a gradient of weights at most of which each block has one of its own."""


@functools.cache
def _copies_nothing() -> bool:
    """Whether OpenBLAS has products of small matrices for this processor."""
    import ctypes

    name = getattr(blas_library(), "scipy_openblas_get_corename64_", None)
    if name is None:
        return False
    name.restype = ctypes.c_char_p
    return name() in (b"SkylakeX", b"Cooperlake", b"SapphireRapids")


@functools.lru_cache(maxsize=1024)
def _tile(rows: int, columns: int, depth: int) -> tuple[int, int] | None:
    """Rows and columns that are multiplied at a time, if that is quicker than copying."""
    if rows < 4 * HIGH or not _copies_nothing():
        return None
    for wide in (WIDE, WIDE // 2):
        wide = min(wide, columns)
        high = min(HIGH, MOST // max(1, wide * depth)) // 4 * 4
        if high >= 8:
            return high, wide
    return None


@shared_products
def _multiply(block, blocks, high, wide, one, size, depth, a, next_a, across_a, step_a, b, next_b, across_b, step_b, c, bias):
    """c[i] = a[i] b[i] + bias, for the matrices, rows and columns of a block; a and b are given by their addresses."""
    first, last, top, bottom, left, right = blocks[block]
    down_a, along_b = (1 if across_a else step_a), (step_b if across_b else 1)
    for i in range(first, last):
        out = c[i]
        for start in range(left, right, wide):
            for begin in range(top, bottom, high):
                gemm(
                    111 + across_a, 111 + across_b, min(high, bottom - begin), min(wide, right - start), depth, one,
                    a + i * next_a + begin * size * down_a, step_a, b + i * next_b + start * size * along_b, step_b, one - one,
                    c.ctypes.data + (i * out.size + begin * out.shape[1] + start) * size, max(1, out.shape[1]))
        if bias.size:
            shift = bias[left:right]
            for row in range(top, bottom):
                to = out[row, left:right]
                for j in range(to.size):
                    to[j] += shift[j]


@shared_products
def _add_outer(block, blocks, one, size, g, step_g, x, step_x, depth, wide, sums):
    """sums[block] = g^T x, for the rows of a block; g and x are given by their addresses."""
    top, bottom = blocks[block, 0], blocks[block, 1]
    out = sums[block]
    for start in range(top, bottom, depth):
        for left in range(0, out.shape[1], wide):
            gemm(
                112, 111, out.shape[0], min(wide, out.shape[1] - left), min(depth, bottom - start), one,
                g + start * step_g * size, step_g, x + (start * step_x + left) * size, step_x,
                one - one if start == top else one, out.ctypes.data + left * size, out.shape[1])


@shared
def _turn(block, blocks, x, out):
    """The transpose, a block of its rows."""
    for i in range(blocks[block, 0], blocks[block, 1]):
        row = out[i]
        for j in range(row.size):
            row[j] = x[j, i]


@shared
def _add_rows(block, blocks, x, out):
    """The sums of a block's columns."""
    first, last = blocks[block, 0], blocks[block, 1]
    total = np.zeros(last - first, np.float64)
    part = np.empty(last - first, x.dtype)
    for start in range(0, len(x), 64):
        part[:] = 0
        for i in range(start, min(start + 64, len(x))):
            row = x[i, first:last]
            for j in range(row.size):
                part[j] += row[j]
        for j in range(part.size):
            total[j] += part[j]
    out[first:last] = total


def _by_address(x: Array) -> tuple[Array, int, int]:
    """A stack of matrices (n, rows, columns) as BLAS reads it: whether it lies column by column, and how far these are apart."""
    size = x.itemsize
    for across in (0, 1):
        far, near = x.strides[1 + across], x.strides[2 - across]
        if (near == size or x.shape[2 - across] == 1) and far % size == 0 and far >= size * x.shape[2 - across]:
            return x, across, far // size
    x = np.ascontiguousarray(x)
    return x, 0, max(1, x.shape[2])


def turned(x: Array) -> Array:
    """The transpose of a matrix, in memory of its own."""
    out = np.empty(x.shape[::-1], x.dtype)
    _turn(spans(*out.shape, 1 << 13), dense(x), out)
    return out


def _product(x: Array, y: Array, bias: Array | None = None) -> Array:
    """x y for stacks of matrices."""
    (a, across_a, step_a), (b, across_b, step_b) = _by_address(x), _by_address(y)
    out = np.empty((len(x), x.shape[1], y.shape[2]), x.dtype)
    tile = _tile(x.shape[1], y.shape[2], x.shape[2])
    if across_a or (across_b and (len(x) > 1 or y.size > SUMS or x.shape[1] < 16 * HIGH)):
        tile = None
    elif across_b and tile is not None:
        b, across_b, step_b = turned(y[0].T)[None], 0, y.shape[2]
    _multiply(
        cut(*out.shape, x.shape[2], BLOCK), *(tile or out.shape[1:]), x.dtype.type(1), x.itemsize, x.shape[2],
        a.ctypes.data, a.strides[0], across_a, step_a, b.ctypes.data, b.strides[0], across_b, step_b, out,
        np.empty(0, x.dtype) if bias is None else bias)
    return out


def product(x: Array, y: Array, bias: Array | None = None) -> Array:
    """x y + bias, for two matrices of a floating dtype."""
    return _product(x[None], y[None], bias)[0]


def _product_of_rows(g: Array, x: Array) -> Array:
    """g^T x, for two matrices with one row for each sample: the gradient of weights."""
    size = g.shape[1] * x.shape[1]
    depth = min(32, MOST // max(1, g.shape[1] * min(WIDE // 2, x.shape[1])))
    if len(g) < 16 * HIGH or size > SUMS or depth < 8 or not _copies_nothing():
        return product(g.T, x)
    (a, _, step_a), (b, _, step_b) = _by_address(dense(g)[None]), _by_address(dense(x)[None])
    blocks = spans(len(g), 1, max(4 * HIGH, -(-len(g) // 8)))
    sums = np.empty((len(blocks), g.shape[1], x.shape[1]), g.dtype)
    _add_outer(blocks, g.dtype.type(1), g.itemsize, a.ctypes.data, step_a, b.ctypes.data, step_b, depth, WIDE // 2, sums)
    return np.add.reduce(sums, 0)


def sum_of_rows(x: Array) -> Array:
    """The sum over the first axis of a matrix."""
    out = np.empty(x.shape[1], x.dtype)
    _add_rows(spans(*x.shape[::-1], 1 << 17), dense(x), out)
    return out


def matmul(small: Callable[..., Any], x: Array, y: Array) -> Array:
    """x y for matrices, or stacks of equally many; `small` has the products that are not worth sharing out."""
    if x.ndim != y.ndim or x.ndim < 2 or not floating(x, y) or not available():
        return NotImplemented
    if x.size * y.shape[-1] < BLOCK:
        return alone(small, x, y)
    lead = x.shape[:-2]
    if x.shape[-1] != y.shape[-2] or lead != y.shape[:-2]:
        return NotImplemented
    if len(lead) == 1:
        return _product(x, y)
    batch = math.prod(lead)
    out = _product(x.reshape(batch, *x.shape[-2:]), y.reshape(batch, *y.shape[-2:]))
    return out.reshape(lead + out.shape[1:])


def linear(small: Callable[..., Any], x: Array, weight: Array, bias: Array | None = None) -> Array:
    """x weight^T + bias, for x (*, in) and weight (out, in)."""
    if x.ndim < 2 or weight.ndim != 2 or not floating(x, weight, bias) or not available():
        return NotImplemented
    if x.size * len(weight) < BLOCK:
        return alone(small, x, weight, bias)
    if x.shape[-1] != weight.shape[1] or (bias is not None and bias.shape != (len(weight),)):
        return NotImplemented
    rows = x.reshape(1, -1, x.shape[-1])
    return _product(rows, weight.T[None], None if bias is None else dense(bias)).reshape(*x.shape[:-1], len(weight))


@may_decline
def linear_back(
    g: Array, x: Array | None, weight: Array | None, *, needs: tuple[bool, ...]
) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of x, weight and bias, for g of shape (*, out) and x of shape (*, in)."""
    features = x.shape[-1] if x is not None else weight.shape[-1] if weight is not None else 0
    work = g.size * features
    if work < SERIAL or g.ndim < 2 or not floating(g, x, weight) or not available():
        return NotImplemented
    if work < BLOCK:
        return alone(plain.gradients, g, x, weight, needs=needs)
    grad_x = grad_weight = grad_bias = None
    rows = g.reshape(1, -1, g.shape[-1])
    if needs[0]:
        grad_x = _product(rows, weight[None]).reshape(*g.shape[:-1], features)  # type: ignore[index]
    if needs[1]:
        grad_weight = _product_of_rows(rows[0], x.reshape(-1, features))  # type: ignore[union-attr]
    if needs[2]:
        grad_bias = sum_of_rows(rows[0])
    return grad_x, grad_weight, grad_bias


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    x, weight = np.ones((256, 64), dtype), np.ones((64, 64), dtype)
    return [lambda: linear(np.matmul, x, weight, weight[0]), lambda: linear_back(x, x, weight, needs=(True, True, True))]
