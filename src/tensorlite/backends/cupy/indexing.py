"""Writing and adding at positions on CuPy."""

from __future__ import annotations

from typing import Any

__all__ = ["CupyIndexing"]

Array = Any

_ATOMIC = frozenset(["int32", "uint32", "uint64", "float32", "float64", "complex64", "complex128"])
"""The dtypes that CuPy's scatter_add takes."""


class CupyIndexing:
    """CuPy writes an array of values through integer indices, and only numbers through a mask."""

    np: Any
    float32: Any
    native: Any

    def index_put_(self, x: Array, value: Array, *indices: Array, key: tuple[Any, ...], accumulate: bool = False) -> None:
        from ..arrays.indexing import filled, selected

        x, key = selected(x, indices, key)
        where = _integer_key(filled(key, indices)) if value.size != 1 or accumulate else filled(key, indices)
        if value.dtype != x.dtype:
            value = value.astype(x.dtype)
        if accumulate:
            self.add_at(x, where, value)
        else:
            x[where] = value

    def add_at(self, x: Array, where: Any, value: Array) -> None:
        """x[where] += value, counting repeated positions, with atomic additions in a dtype that has them."""
        where = _integer_key(where if isinstance(where, tuple) else (where,))
        if x.dtype.name in _ATOMIC:
            self._atomic_add(x, where, value)
        elif x.dtype.name == "int64":  # the same bits in two's complement
            self._atomic_add(x.view("uint64"), where, value.astype("int64", copy=False).view("uint64"))
        else:
            wide = self.float32 if x.dtype.kind in "fV" else "int32"
            total = x.astype(wide)
            self._atomic_add(total, where, value.astype(wide))
            x[...] = total.astype(x.dtype)

    def _atomic_add(self, x: Array, where: Any, value: Array) -> None:
        x.scatter_add(where, value)


def _integer_key(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """The key with every mask as the positions of its true elements."""
    out: list[Any] = []
    for k in key:
        is_mask = getattr(getattr(k, "dtype", None), "kind", "") == "b"
        out += k.nonzero() if is_mask and k.ndim else [k]
    return tuple(out)
