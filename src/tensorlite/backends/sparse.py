"""`SparseArray`: a raw array of which only some positions are stored, in PyTorch's COO layout."""

from __future__ import annotations

import math
from typing import Any, NoReturn

from ..dtypes import int64

__all__ = ["SparseArray"]

Array = Any

_DENSE_ONLY = "this function needs a dense array, and was given one in the layout torch.sparse_coo; call .to_dense() first"


class SparseArray:
    """Values at positions: everything else is zero, and what is stored for one position twice counts as the sum.

    A table's gradient is one of these where only few rows have been looked up. It is never changed: arithmetic makes new ones.
    Nothing converts it silently: NumPy, CuPy and functions of backends refuse it.

    Attributes:
        xp: the backend of its arrays.
        indices: positions along the first dimensions, int64 (sparse_dim, nnz).
        values: what is there (nnz, *dense).
        shape: the shape of the whole.
        coalesced: whether positions are sorted and none occurs twice.
    """

    __slots__ = ("xp", "indices", "values", "shape", "coalesced")
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, xp: Any, indices: Array, values: Array, shape: tuple[int, ...], coalesced: bool = False) -> None:
        self.xp, self.indices, self.values, self.shape, self.coalesced = xp, indices, values, shape, coalesced

    @classmethod
    def empty(cls, xp: Any, shape: tuple[int, ...], sparse_dim: int, dtype: Any) -> SparseArray:
        """Nothing but zeros."""
        indices = xp.zeros((sparse_dim, 0), dtype=int64)
        return cls(xp, indices, xp.zeros((0, *shape[sparse_dim:]), dtype=dtype), shape, True)

    dtype = property(lambda self: self.values.dtype)
    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))
    nnz = property(lambda self: self.values.shape[0])
    sparse_dim = property(lambda self: self.indices.shape[0])

    def __array__(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError(_DENSE_ONLY)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # asking is how libraries find out what they were given
            raise AttributeError(name)
        raise NotImplementedError(_DENSE_ONLY)

    def __repr__(self) -> str:
        return f"SparseArray(shape={self.shape}, nnz={self.nnz}, dtype={self.dtype})"

    def with_values(self, values: Array) -> SparseArray:
        """Other values at the same positions."""
        return SparseArray(self.xp, self.indices, values, self.shape, self.coalesced)

    def copy(self, order: str | None = None) -> SparseArray:
        """The same with arrays of its own; `order` is for those who take it for a dense array."""
        xp = self.xp
        return SparseArray(xp, xp.copy(self.indices), xp.copy(self.values), self.shape, self.coalesced)

    # Arithmetic: what a backward pass does with gradients

    def __neg__(self) -> SparseArray:
        return self.with_values(-self.values)

    def __mul__(self, other: Any) -> SparseArray:
        if not isinstance(other, (int, float, complex)) and (type(other) is not self.xp.array_type or other.ndim):
            raise NotImplementedError(_DENSE_ONLY)
        return self.with_values(self.values * other)

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Any:
        """Of two sparse arrays a sparse one, with a dense array a dense one."""
        if type(other) is not SparseArray:
            if type(other) is not self.xp.array_type:
                raise NotImplementedError(_DENSE_ONLY)
            total = self.xp.copy(other)
            self.add_into(total)
            return total
        both = SparseArray(
            self.xp, self.xp.concat(self.indices, other.indices, axis=1),
            self.xp.concat(self.values, other.values, axis=0), self.shape,
        )  # fmt: skip
        # Sums that go on for many steps must not take more memory than a dense array would.
        crowded = both.nnz > math.prod(self.shape[: self.sparse_dim])
        return both.coalesce() if crowded or self.coalesced and other.coalesced else both

    __radd__ = __add__

    # Positions

    def rows(self) -> list[Array]:
        """The positions along each sparse dimension: together they index a dense array."""
        return [self.indices[i] for i in range(self.sparse_dim)]

    def coalesce(self) -> SparseArray:
        """The same with sorted positions, each of them once. Values in half precision are added in float32."""
        if self.coalesced:
            return self
        xp, sizes = self.xp, self.shape[: self.sparse_dim]
        if self.nnz < 2:
            return SparseArray(xp, self.indices, self.values, self.shape, True)
        if not sizes:
            total = xp.sum(self._wide(), axis=0, keepdims=True)
            return SparseArray(xp, self.indices[:, :1], xp.astype(total, self.dtype), self.shape, True)
        place = self.indices[0]
        for i in range(1, len(sizes)):
            place = place * sizes[i] + self.indices[i]
        places, number, _ = xp.unique(place)
        wide = self._wide()
        total = xp.zeros((places.shape[0], *wide.shape[1:]), dtype=wide.dtype)
        xp.index_put_(total, wide, number, key=("_",), accumulate=True)
        indices: list[Array] = []
        for size in reversed(sizes):
            indices.insert(0, places % size)
            places = places // size
        return SparseArray(xp, xp.stack(*indices, axis=0), xp.astype(total, self.dtype), self.shape, True)

    def _wide(self) -> Array:
        return self.xp.astype(self.values, self.xp.float32) if self.dtype in self.xp.halves else self.values

    # To and from dense arrays

    def to_dense(self) -> Array:
        """A new dense array."""
        total = self.xp.zeros(self.shape, dtype=self.dtype)
        self.add_into(total)
        return total

    def taken_from(self, dense: Array) -> Array:
        """A copy of what a dense array of this shape has at these positions (nnz, *dense)."""
        if not self.sparse_dim:
            return self.xp.copy(self.xp.broadcast_to(dense, shape=(self.nnz, *dense.shape)))
        return self.xp.advanced_index(dense, *self.rows(), key=("_",) * self.sparse_dim)

    def add_into(self, dense: Array) -> None:
        """``dense += self``, in the memory of `dense`."""
        xp = self.xp
        if not self.sparse_dim:
            xp.add_(dense, xp.astype(xp.sum(self._wide(), axis=0), dense.dtype))
            return
        key = ("_",) * self.sparse_dim
        if self.dtype not in xp.halves:
            xp.index_put_(dense, self.values, *self.rows(), key=key, accumulate=True)
            return
        once = self.coalesce()  # each position is rounded once
        xp.index_put_(dense, once.taken_from(dense) + once.values, *once.rows(), key=key)
