"""Reductions on CuPy, whose ufuncs do not reduce."""

from __future__ import annotations

from typing import Any

__all__ = ["CupyReductions"]

Array = Any
Axis = int | tuple[int, ...] | None


class CupyReductions:
    """bfloat16 goes by way of float32, where CuPy has no reduction of its own."""

    np: Any
    float32: Any
    _accumulate: Any

    def sum(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        return self._accumulate(self.np.sum, x, axis, keepdims)

    def prod(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        return self._accumulate(self.np.prod, x, axis, keepdims)

    def max(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        return self._exact(self.np.max, x, axis, keepdims)

    def min(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        return self._exact(self.np.min, x, axis, keepdims)

    def _exact(self, reduce: Any, x: Array, axis: Axis, keepdims: bool) -> Array:
        if x.dtype.kind != "V":
            return reduce(x, axis=axis, keepdims=keepdims)
        return reduce(x.astype(self.float32), axis=axis, keepdims=keepdims).astype(x.dtype)

    def any(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        return self.np.any(self._bools(x), axis=axis, keepdims=keepdims)

    def all(self, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
        return self.np.all(self._bools(x), axis=axis, keepdims=keepdims)

    def count_nonzero(self, x: Array, *, axis: Axis = None) -> Array:
        return self.np.sum(self._bools(x), axis=axis, dtype="int64")

    def _bools(self, x: Array) -> Array:
        return x if x.dtype.kind == "b" else x != 0

    def bincount(self, x: Array, *, minlength: int = 0) -> Array:
        if not x.size:
            return self.np.zeros(minlength, "int64")
        return self.np.bincount(x, minlength=minlength).astype("int64", copy=False)

    def searchsorted(self, x: Array, values: Array, *, side: str = "left") -> Array:
        return self.np.searchsorted(x, self.np.asarray(values), side=side)
