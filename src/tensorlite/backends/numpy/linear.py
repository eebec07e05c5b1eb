"""The gradients of a linear map, with as few calls as there are products."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from . import fast
from .matmul import LEAST, SERIAL, shared_out

__all__ = ["gradients", "linear_back"]

Array = np.ndarray
ROWS = 256
"""Up to here a product with ones adds up rows at a third of the cost of a reduction."""


_products = shared_out("matmul", np.matmul)


def _product(x: Array, y: Any) -> Array:
    return _products(x[None], y[None])[0]


@functools.cache
def _ones(n: int, dtype: Any) -> Array:
    return np.ones(n, dtype)


def linear_back(
    g: Array, x: Array | None, weight: Array | None, *, needs: tuple[bool, ...]
) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of x, weight and bias, for g of shape (*, out) and x of shape (*, in)."""
    other = x if weight is None else weight
    if other is not None and g.size * other.shape[-1] >= SERIAL and fast.available():
        from .fast import matmul

        result = matmul.linear_back(g, x, weight, needs=needs)
        if result is not NotImplemented:
            return result
    return gradients(g, x, weight, needs=needs)


def gradients(
    g: Array, x: Array | None, weight: Array | None, *, needs: tuple[bool, ...]
) -> tuple[Array | None, Array | None, Array | None]:
    """The same, by NumPy's products."""
    dtype = g.dtype
    if dtype.itemsize == 2:
        wide = gradients(*[a if a is None else a.astype(np.float32) for a in (g, x, weight)], needs=needs)  # type: ignore[arg-type]
        return tuple([a if a is None else a.astype(dtype) for a in wide])  # type: ignore[return-value]
    needs_x, needs_weight, needs_bias = needs
    other = x if weight is None else weight
    work = 0 if other is None else g.size * other.shape[-1]
    large = work >= SERIAL and (g.ndim > 2 or work < LEAST)
    grad_x = grad_weight = grad_bias = None
    shape = g.shape
    if g.ndim != 2:  # one large product is quicker than many small ones
        g = g.reshape(-1, shape[-1])
    if needs_x:
        grad_x = _product(g, weight) if large else g.dot(weight)  # type: ignore[arg-type]
        if len(shape) != 2:
            grad_x = grad_x.reshape(*shape[:-1], grad_x.shape[-1])
    if needs_weight:
        rows = x if x.ndim == 2 else x.reshape(-1, x.shape[-1])  # type: ignore[union-attr]
        grad_weight = _product(g.T, rows) if large else g.T.dot(rows)  # type: ignore[arg-type]
    if needs_bias:
        grad_bias = _ones(len(g), dtype).dot(g) if len(g) <= ROWS else np.add.reduce(g, 0)
    return grad_x, grad_weight, grad_bias
