"""Products of matrices."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["Linalg"]

Array = Any


def _rows(x: Array) -> Array:
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


class Linalg:
    """Half precision multiplies in float32; integers as they are."""

    np: Any
    halves: Any
    float32: Any
    astype: Any
    add: Any

    def matmul(self, x: Array, y: Array) -> Array:
        if x.dtype in self.halves:
            return self.astype(self.matmul(self.astype(x, self.float32), self.astype(y, self.float32)), x.dtype)
        return x.dot(y) if x.ndim == 2 == y.ndim else self.np.matmul(x, y)  # dot costs less than matmul to call

    def einsum(self, *xs: Array, equation: str) -> Array:
        dtype = xs[0].dtype
        if dtype in self.halves:
            wide = [self.astype(x, self.float32) for x in xs]
            return self.astype(self.np.einsum(equation, *wide, optimize=True), dtype)
        return self.np.einsum(equation, *xs, optimize=len(xs) > 1)

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """x @ weight.T + bias."""
        if x.dtype in self.halves:
            out = self.matmul(x, weight.swapaxes(-1, -2))
            return out if bias is None else self.add(out, bias)
        if x.ndim < 2 or weight.ndim < 2:
            out = self.np.matmul(x, weight.T)
            return out if bias is None else out + bias
        out = (x if x.ndim == 2 else _rows(x)).dot(weight.T)  # one large product is quicker than many small ones
        if bias is not None:
            self.np.add(out, bias, out)
        return out if x.ndim == 2 else out.reshape(*x.shape[:-1], len(weight))
