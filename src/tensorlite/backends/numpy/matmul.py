"""Large products of matrices, cut into blocks that OpenBLAS computes in one thread each.

OpenBLAS's own threads wait awake for milliseconds after each product, and take a core from the kernels that come next. Here the
threads are ours. How a product is cut depends on its size alone, so that the number of threads changes no bits.

Without compiled functions it takes long to wake our threads. So only stacks of rows are shared out here, between whose products
there are other kernels of ours: attention and norms. Single large matrices are left to OpenBLAS, which has its own threads ready
in a loop over steps. `fast/matmul.py` has compiled functions of the same names, for all.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from . import fast
from .workers import blas_library, in_parallel, products_alone

__all__ = ["SERIAL", "alone", "cut", "linear", "matmul", "product", "shared_out"]

Array = np.ndarray
SERIAL = 1 << 18
"""How many products of numbers OpenBLAS computes at most without calling its threads."""
LEAST = 1 << 20
"""With fewer products of numbers, some ten microseconds' work, one thread does not gain from OpenBLAS's others."""
BLOCK = 1 << 22
"""Products of numbers in a block at least, some fifty microseconds' work. With fewer a product is done in one thread."""
SIDE = 64
"""Rows or columns of a block at least."""


def shared_out(name: str, small: Callable[..., Any]) -> Callable[..., Any]:
    """`small`, the product of matrices that is called so, with the one of this name here, or in the fast tier, for large ones."""

    def matmul(x: Any, y: Any) -> Any:
        return small(x, y) if not y.ndim or x.size * y.shape[-1] < SERIAL else either(x, y)

    def linear(x: Any, weight: Any, bias: Any = None) -> Any:
        return small(x, weight, bias) if x.size * len(weight) < SERIAL else either(x, weight, bias)

    def either(*arrays: Any) -> Any:
        result = _found(name)(small, *arrays)
        return small(*arrays) if result is NotImplemented else result

    made = linear if name == "linear" else matmul
    made.__doc__ = small.__doc__
    return made


@functools.cache
def _found(name: str) -> Callable[..., Any]:
    return getattr(import_module(".fast.matmul" if fast.available() else ".matmul", __package__), name)


def alone(function: Callable[..., Any], *arrays: Any, **static: Any) -> Any:
    """Call a function of NumPy's without OpenBLAS's threads."""
    with products_alone():
        return function(*arrays, **static)


@functools.lru_cache(maxsize=1024)
def cut(batch: int, rows: int, columns: int, depth: int, block: int) -> Array:
    """Ranges of matrices, rows and columns, (blocks, 6), for blocks of so many products of numbers at least."""
    work = batch * rows * columns * depth
    parts = max(1, min(work // block, 2 if work < 1 << 25 else 4 if work < 1 << 28 else 8 if work < 1 << 30 else 16))
    stacks = min(parts, batch)
    down, across = _grid(parts // stacks, rows, columns)
    matrices, tops, lefts = _ranges(batch, stacks, 1), _ranges(rows, down, 16), _ranges(columns, across, 16)
    return np.array([(*m, *r, *c) for m in matrices for r in tops for c in lefts], np.int64)


def _grid(parts: int, rows: int, columns: int) -> tuple[int, int]:
    """Into how many parts rows and columns are cut: BLAS copies the rows for each part of the columns, and the other way round."""
    cuts = [(n, parts // n) for n in (1 << k for k in range(parts.bit_length()))]
    cuts = [(down, across) for down, across in cuts if across and rows >= down * SIDE and columns >= across * SIDE]
    return min(cuts, key=lambda cut: rows * cut[1] + columns * cut[0], default=(1, 1))


def _ranges(size: int, parts: int, multiple: int) -> list[tuple[int, int]]:
    """`size` things in so many parts."""
    step = -(-size // parts // multiple) * multiple
    return [(start, min(start + step, size)) for start in range(0, size, step)]


def product(x: Array, y: Array) -> Array:
    """x y for stacks of matrices (n, rows, columns) of one dtype."""
    out = np.empty((len(x), x.shape[1], y.shape[2]), x.dtype)

    def work(block: list[int]) -> None:
        first, last, top, bottom, left, right = block
        for i in range(first, last):
            np.matmul(x[i, top:bottom], y[i, :, left:right], out[i, top:bottom, left:right])

    in_parallel(work, cut(*out.shape, x.shape[2], BLOCK).tolist(), products=True)
    return out


def _suits(x: Array, y: Array, *others: Array | None) -> bool:
    return x.dtype.char in "fd" and all(a is None or a.dtype == x.dtype for a in (y, *others)) and blas_library() is not None


def matmul(small: Callable[..., Any], x: Array, y: Array) -> Array:
    """x y for stacks of equally many matrices; `small` has the products that are not worth sharing out."""
    work = x.size * y.shape[-1]
    if not _suits(x, y) or (x.ndim < 3 and work >= LEAST):
        return NotImplemented
    if work < 2 * BLOCK:
        return alone(small, x, y)
    if x.shape[:-2] != y.shape[:-2] or x.shape[-1] != y.shape[-2]:
        return NotImplemented
    lead, batch = x.shape[:-2], math.prod(x.shape[:-2])
    out = product(x.reshape(batch, *x.shape[-2:]), y.reshape(batch, *y.shape[-2:]))
    return out.reshape(lead + out.shape[1:])


def linear(small: Callable[..., Any], x: Array, weight: Array, bias: Array | None = None) -> Array:
    """x weight^T + bias, for x (*, rows, in) and weight (out, in)."""
    work = x.size * len(weight)
    if not _suits(x, weight, bias) or (x.ndim < 3 and work >= LEAST):
        return NotImplemented
    if work < 2 * BLOCK:
        return alone(small, x, weight, bias)
    if weight.ndim != 2 or x.shape[-1] != weight.shape[1]:
        return NotImplemented
    out = product(x.reshape(1, -1, x.shape[-1]), weight.T[None]).reshape(*x.shape[:-1], len(weight))
    return out if bias is None else np.add(out, bias, out)
