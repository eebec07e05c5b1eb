"""Reading and writing elements by position."""

from __future__ import annotations

from typing import Any

__all__ = ["Indexing"]

Array = Any


class Indexing:
    """Keys are tuples of ints, slices, None, Ellipsis and raw arrays; ``_`` marks the place of the next array of `indices`."""

    np: Any

    def basic_index(self, x: Array, *, key: tuple[Any, ...]) -> Array:
        """Ints, slices, None and Ellipsis only: a view."""
        return x[(*key, Ellipsis)] if Ellipsis not in key else x[key]

    def advanced_index(self, x: Array, *indices: Array, key: tuple[Any, ...]) -> Array:
        x, key = selected(x, indices, key)
        return x[filled(key, indices)]

    def index_put(self, x: Array, value: Array, *indices: Array, key: tuple[Any, ...], accumulate: bool = False) -> Array:
        """A copy of x with ``x[key] = value`` (or ``+=``, counting repeated positions)."""
        out = x.copy()
        self.index_put_(out, value, *indices, key=key, accumulate=accumulate)
        return out

    def index_put_(self, x: Array, value: Array, *indices: Array, key: tuple[Any, ...], accumulate: bool = False) -> None:
        """The same in the memory of x."""
        x, key = selected(x, indices, key)
        where = filled(key, indices)
        if accumulate:
            self.add_at(x, where, value)
        else:
            x[where] = value

    def index_spread(self, g: Array, *indices: Array, key: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
        """Zeros of `shape` with `g` added at `key`: the transpose of `advanced_index` (and, without arrays, of `basic_index`)."""
        out = self.np.zeros(shape, g.dtype)
        if indices:
            place, key = selected(out, indices, key)
            self.add_at(place, filled(key, indices), g)
        else:
            out[key] = g
        return out

    def add_piece_(self, x: Array, g: Array, *, key: tuple[Any, ...]) -> None:
        """x[key] += g."""
        x[key] += g

    def add_at(self, x: Array, where: Any, value: Array) -> None:
        """x[where] += value, counting repeated positions."""
        self.np.add.at(x, where, value)

    def take(self, x: Array, index: Array, *, axis: int) -> Array:
        return self.np.take(x, index, axis=axis)

    def take_along_axis(self, x: Array, index: Array, *, axis: int) -> Array:
        """``out[i][j] = x[i][index[i][j]]``; `index` may be smaller than x along the other axes."""
        return x[self._along(x, index, axis)]

    def scatter_add(self, x: Array, index: Array, source: Array, *, axis: int) -> Array:
        """A copy of x with source added at index along an axis."""
        out = x.copy()
        region = tuple(slice(0, n) for n in index.shape)
        self.add_at(out, self._along(x, index, axis), source[region])
        return out

    def scatter(self, x: Array, index: Array, source: Array, *, axis: int) -> Array:
        """A copy of x with source written at index along an axis."""
        out = x.copy()
        out[self._along(x, index, axis)] = source[tuple(slice(0, n) for n in index.shape)]
        return out

    def _along(self, x: Array, index: Array, axis: int) -> tuple[Array, ...]:
        axis, after = axis % index.ndim, (1,) * (index.ndim - 1)
        return tuple(index if i == axis else self.np.arange(n).reshape(n, *after[i:]) for i, n in enumerate(index.shape))

    def within(self, index: Array, n: int) -> bool:
        """Whether all positions are from 0 to n - 1."""
        return not index.size or (int(index.min()) >= 0 and int(index.max()) < n)

    def nonzero(self, x: Array) -> tuple[Array, ...]:
        return self.np.nonzero(x) if x.ndim else self.np.nonzero(x.reshape(1))

    def unique(self, x: Array, *, axis: int | None = None) -> tuple[Array, ...]:
        """Values, inverse positions, counts."""
        values, inverse, counts = self.np.unique(x, return_inverse=True, return_counts=True, axis=axis)
        return values, inverse.reshape(x.shape) if axis is None else inverse, counts


def selected(x: Array, indices: tuple[Array, ...], key: tuple[Any, ...]) -> tuple[Array, tuple[Any, ...]]:
    """Apply the ints of a key first: next to index arrays NumPy takes them for arrays, which can move dimensions."""
    if not any(type(k) is int for k in key):
        return x, key
    left = iter(indices)
    first: list[Any] = []
    for k in key:
        if isinstance(k, str):
            index = next(left)
            first += [slice(None)] * (index.ndim if index.dtype.kind == "b" else 1)
        elif k is not None:
            first.append(slice(None) if isinstance(k, slice) else k)
    return x[tuple(first)], tuple(k for k in key if type(k) is not int)


def filled(key: tuple[Any, ...], indices: tuple[Array, ...]) -> tuple[Any, ...]:
    """The key with each ``"_"`` replaced by the next index array."""
    left = iter(indices)
    return tuple(next(left) if isinstance(k, str) else k for k in key)
