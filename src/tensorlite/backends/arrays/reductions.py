"""Reductions, scans and sorting. Half precision accumulates in float32; integers in int64."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["Reductions"]

Array = Any
Axis = int | tuple[int, ...] | None


class Reductions:
    """`axis` is None, an int or a tuple of ints, already normalised."""

    np: Any
    halves: Any
    float32: Any
    astype: Any

    def _accumulate(self, reduce: Any, x: Array, axis: Axis, keepdims: bool) -> Array:
        kind = x.dtype.kind
        if kind in "fc" and x.dtype not in self.halves:
            return reduce(x, axis=axis, keepdims=keepdims)
        if x.dtype in self.halves:
            return reduce(self.astype(x, self.float32), axis=axis, keepdims=keepdims).astype(x.dtype)
        return reduce(x, axis=axis, keepdims=keepdims, dtype="int64")

    def sum(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        if x.dtype is self.float32:
            # Each argument that is given costs time.
            return self.np.add.reduce(x, axis, None, None, True) if keepdims else self.np.add.reduce(x, axis)
        return self._accumulate(self.np.add.reduce, x, axis, keepdims)

    def prod(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        return self._accumulate(self.np.multiply.reduce, x, axis, keepdims)

    def mean(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        wide = self.astype(x, self.float32) if x.dtype in self.halves else x
        total = self.sum(wide, axis=axis, keepdims=keepdims)
        if axis is None:
            count = x.size
        else:
            count = math.prod([x.shape[a] for a in ((axis,) if isinstance(axis, int) else axis)])
        mean = total / count if count else total / total.dtype.type(0)
        return mean if wide is x else mean.astype(x.dtype)

    def sum_to(self, g: Array, *, shape: tuple[int, ...]) -> Array:
        """Sum over the axes along which `shape` was broadcast to the shape of `g`."""
        extra = g.ndim - len(shape)
        axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1)
        if axes:
            g = self.sum(g, axis=axes, keepdims=True)
        return g.reshape(shape)

    def max(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        return self.np.max(x, axis=axis, keepdims=keepdims)

    def min(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        return self.np.min(x, axis=axis, keepdims=keepdims)

    def any(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        return self.np.any(x, axis=axis, keepdims=keepdims)

    def all(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        return self.np.all(x, axis=axis, keepdims=keepdims)

    def argmax(self, x: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
        return self.np.argmax(self._comparable(x), axis=axis, keepdims=keepdims)

    def argmin(self, x: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
        return self.np.argmin(self._comparable(x), axis=axis, keepdims=keepdims)

    def _comparable(self, x: Array) -> Array:
        return x.astype(self.float32) if x.dtype.kind == "V" else x

    def cumulative_sum(self, x: Array, *, axis: int) -> Array:
        return self._scan(self.np.cumsum, x, axis)

    def cumulative_prod(self, x: Array, *, axis: int) -> Array:
        return self._scan(self.np.cumprod, x, axis)

    def _scan(self, scan: Any, x: Array, axis: int) -> Array:
        if not x.ndim:
            return x.copy() if x.dtype.kind in "fcV" else x.astype("int64")
        if x.dtype in self.halves:
            return scan(self.astype(x, self.float32), axis=axis).astype(x.dtype)
        return scan(x, axis=axis) if x.dtype.kind in "fc" else scan(x, axis=axis, dtype="int64")

    def argsort(self, x: Array, *, axis: int = -1, descending: bool = False) -> Array:
        """Stable; NaN counts as the largest value."""
        if not x.ndim:
            return self.np.zeros((), "int64")
        x = self._comparable(x)
        if not descending:
            return self.np.argsort(x, axis=axis, kind="stable")
        backwards = self.np.argsort(self.np.flip(x, axis), axis=axis, kind="stable")
        return x.shape[axis] - 1 - self.np.flip(backwards, axis)

    def argtop(self, x: Array, *, k: int, axis: int, largest: bool) -> Array:
        """Where the k largest (or smallest) lie, in this order; nan is the largest."""
        n = x.shape[axis]
        if 8 * k > n or not k:
            return self.np.take(self.argsort(x, axis=axis, descending=largest), self.np.arange(k), axis)
        x = self._comparable(x)
        found = self.np.argpartition(x, n - k if largest else k - 1, axis)
        found = self.np.take(found, self.np.arange(n - k, n) if largest else self.np.arange(k), axis)
        order = self.argsort(self.np.take_along_axis(x, found, axis), axis=axis, descending=largest)
        return self.np.take_along_axis(found, order, axis)

    def searchsorted(self, x: Array, values: Array, *, side: str = "left") -> Array:
        return self.np.searchsorted(x, values, side=side)

    def count_nonzero(self, x: Array, *, axis: Axis = None) -> Array:
        return self.np.asarray(self.np.count_nonzero(x, axis=axis)).astype("int64")

    def hash_tensor(self, x: Array, *, axis: tuple[int, ...], keepdims: bool = False) -> Array:
        """The exclusive or of the bits of all numbers along axes, each taken as one of eight bytes."""
        bits = x.astype("uint64") if x.dtype.kind in "biu" else x.astype("float64").view("uint64")
        kept = [n for i, n in enumerate(x.shape) if i not in axis]
        order = [i for i in range(x.ndim) if i not in axis] + list(axis)
        last = bits.transpose(order).reshape(*kept, math.prod(x.shape[i] for i in axis))
        while (n := last.shape[-1]) > 1:  # in halves; CuPy has no such reduction
            half = last[..., : n // 2] ^ last[..., n // 2 : n // 2 * 2]
            if n % 2:
                half[..., 0] ^= last[..., -1]
            last = half
        return last.reshape([1 if i in axis else n for i, n in enumerate(x.shape)] if keepdims else kept)

    def bincount(self, x: Array, *, minlength: int = 0) -> Array:
        return self.np.bincount(x, minlength=minlength)
