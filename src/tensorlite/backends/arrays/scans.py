"""Running extremes and sums, and folding values into positions."""

from __future__ import annotations

from typing import Any

__all__ = ["Scans"]

Array = Any


class Scans:
    """`axis` is normalised, and arrays have at least one dimension."""

    np: Any
    halves: Any
    float32: Any
    _comparable: Any
    _along: Any

    def running_argmax(self, x: Array, *, axis: int) -> Array:
        """Where the largest element so far is: the last of equal ones, and of NaN if there are any."""
        return self._running_place(self.np.maximum, self._comparable(x), axis)

    def running_argmin(self, x: Array, *, axis: int) -> Array:
        """Where the smallest element so far is."""
        return self._running_place(self.np.minimum, self._comparable(x), axis)

    def _running_place(self, ufunc: Any, x: Array, axis: int) -> Array:
        reached = x == self._running(ufunc, x, axis)
        if x.dtype.kind in "fV":
            reached |= x != x
        places = self.np.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
        return self._running(self.np.maximum, self.np.where(reached, places, 0), axis)

    def logcumsumexp(self, x: Array, *, axis: int) -> Array:
        """log(cumsum(exp(x))) without overflow."""
        if x.dtype in self.halves:
            return self.logcumsumexp(x.astype(self.float32), axis=axis).astype(x.dtype)
        return self._running_complex(x, axis) if x.dtype.kind == "c" else self._running(self.np.logaddexp, x, axis)

    def _running_complex(self, x: Array, axis: int) -> Array:
        """One after another, as PyTorch does: other orders can give other numbers of turns in the imaginary part."""
        out = x.copy()
        front = (slice(None),) * axis
        for i in range(1, x.shape[axis]):
            out[(*front, i)] = _log_add_exp(self.np, out[(*front, i - 1)], x[(*front, i)])
        return out

    def _running(self, ufunc: Any, x: Array, axis: int) -> Array:
        """Combine each element with all before it, by doubling distances."""
        out = x.copy()
        front = (slice(None),) * axis
        distance = 1
        while distance < x.shape[axis]:
            later, earlier = out[(*front, slice(distance, None))], out[(*front, slice(None, -distance))]
            later[...] = ufunc(later, earlier)
            distance *= 2
        return out

    def scatter_fold(self, x: Array, index: Array, source: Array, *, axis: int, by: str) -> Array:
        """A copy of x with ``x = by(x, source)`` at index along an axis; `by` is ``multiply``, ``maximum`` or ``minimum``."""
        out = x.copy()
        if index.size:
            self._fold_at(getattr(self.np, by), out, self._along(x, index, axis), source[tuple(slice(0, n) for n in index.shape)])
        return out

    def _fold_at(self, ufunc: Any, x: Array, where: tuple[Array, ...], source: Array) -> None:
        """In rounds: in each of them every position receives one value at most."""
        places = self.np.broadcast_to(self._raveled(where, x.shape), source.shape).reshape(-1)
        order = self.np.argsort(places, kind="stable")
        ordered = places[order]
        first = self.np.searchsorted(ordered, ordered)
        turn = self.np.empty_like(order)
        turn[order] = self.np.arange(order.size) - first
        flat, values = x.reshape(-1), source.reshape(-1)
        for i in range(int(turn.max()) + 1):
            now = turn == i
            flat[places[now]] = ufunc(flat[places[now]], values[now])
        x[...] = flat.reshape(x.shape)

    def _raveled(self, where: tuple[Array, ...], shape: tuple[int, ...]) -> Array:
        total: Any = 0
        for index, n in zip(where, shape, strict=True):
            total = total * n + index
        return total


def _log_add_exp(np: Any, x: Array, y: Array) -> Array:
    """log(exp(x) + exp(y)) of complex numbers."""
    larger = x.real >= y.real
    high, low = np.where(larger, x, y), np.where(larger, y, x)
    nothing = np.isneginf(high.real)  # two zeros: their difference has no logarithm
    sum_ = high + np.log1p(np.exp(low - np.where(nothing, 0, high)))
    return np.where(nothing, low, sum_)
