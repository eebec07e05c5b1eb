"""Shapes and views."""

from __future__ import annotations

import itertools
import math
from typing import Any

__all__ = ["Shaping"]

Array = Any


class Shaping:
    """Whatever can be a view is a view."""

    np: Any

    def reshape(self, x: Array, *, shape: tuple[int, ...]) -> Array:
        return x.reshape(shape)

    def permute_dims(self, x: Array, *, axes: tuple[int, ...]) -> Array:
        return x.transpose(axes)

    def matrix_transpose(self, x: Array) -> Array:
        return x.swapaxes(-1, -2)

    def broadcast_to(self, x: Array, *, shape: tuple[int, ...]) -> Array:
        return self.np.broadcast_to(x, shape)

    def expand_dims(self, x: Array, *, axis: int) -> Array:
        return x[(slice(None),) * (axis % (x.ndim + 1)) + (None,)]

    def squeeze(self, x: Array, *, axis: tuple[int, ...]) -> Array:
        return x.squeeze(axis)

    def flip(self, x: Array, *, axis: tuple[int, ...]) -> Array:
        return self.np.flip(x, axis).copy()

    def roll(self, x: Array, *, shift: Any, axis: Any) -> Array:
        return self.np.roll(x, shift, axis)

    def concat(self, *xs: Array, axis: int) -> Array:
        return self.np.concatenate(xs, axis=axis)

    def stack(self, *xs: Array, axis: int) -> Array:
        shape = xs[0].shape
        wide = (*shape[:axis], 1, *shape[axis:])
        return self.np.concatenate([x.reshape(wide) for x in xs], axis)

    def tile(self, x: Array, *, repetitions: tuple[int, ...]) -> Array:
        return self.np.tile(x, repetitions)

    def pad_constant(self, x: Array, *, widths: tuple[tuple[int, int], ...], value: Any) -> Array:
        """Pad each axis by (before, after) elements."""
        out = self.np.full(tuple(n + a + b for n, (a, b) in zip(x.shape, widths, strict=True)), value, dtype=x.dtype)
        out[tuple(slice(a, a + n) for n, (a, _) in zip(x.shape, widths, strict=True))] = x
        return out

    def tril(self, x: Array, *, k: int = 0) -> Array:
        return self.np.tril(x, k)

    def triu(self, x: Array, *, k: int = 0) -> Array:
        return self.np.triu(x, k)

    def diagonal(self, x: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
        view = self.np.diagonal(x, offset, axis1, axis2)
        if not getattr(view.flags, "writeable", True) and self.is_writable(x):  # type: ignore[attr-defined]
            view.flags.writeable = True
        return view

    def root(self, x: Array) -> Array:
        """The array that owns the memory of x."""
        kind = type(x)
        while True:
            base = x.base
            if not isinstance(base, kind):  # as_strided puts a holder between
                base = getattr(base, "base", None)
            if not isinstance(base, kind):
                return x
            x = base

    def nbytes(self, x: Array) -> int:
        """The size in bytes."""
        return x.nbytes

    def as_strided(self, x: Array, *, shape: tuple[int, ...], strides: tuple[int, ...], offset: int | None = None) -> Array:
        """A view with any strides (in elements), starting `offset` elements into the memory that `x` is part of."""
        if offset is not None:
            root = self.root(x)
            x = root.ravel(order="K").view(x.dtype)[offset:]
        steps = tuple(s * x.itemsize for s in strides)
        return self._strided_view(x, shape, steps)

    def _strided_view(self, x: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        return self.np.lib.stride_tricks.as_strided(x, shape, strides)

    def sliding_windows(self, x: Array, *, window: tuple[int, ...], steps: tuple[int, ...], dilation: tuple[int, ...]) -> Array:
        """All windows over the last axes: (..., *places, *window), as a view. `steps` are the strides of the window."""
        n = len(window)
        spans = [d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True)]
        places = tuple((size - span) // s + 1 for size, span, s in zip(x.shape[-n:], spans, steps, strict=True))
        tail = x.strides[-n:]
        strides = (*x.strides[:-n], *(a * s for a, s in zip(tail, steps, strict=True)),
                   *(a * d for a, d in zip(tail, dilation, strict=True)))
        return self._strided_view(x, (*x.shape[:-n], *places, *window), strides)

    def shares_memory(self, view: Array, x: Array) -> bool:
        """Whether `view`, made by a view op from `x`, looks at the memory of `x`."""
        if view is x or view.base is not None and (view.base is x or view.base is x.base):
            return True
        return view.base is not None and bool(self.np.may_share_memory(view, x))  # as_strided hides the base

    def overlap_add(
        self, x: Array, *, shape: tuple[int, ...], window: tuple[int, ...], steps: tuple[int, ...], dilation: tuple[int, ...]
    ) -> Array:
        """The transpose of `sliding_windows`: windows (..., *places, *window) added up into `shape`."""
        out = self.np.zeros(shape, x.dtype)
        n = len(window)
        places = x.shape[-2 * n : -n]
        for tap in itertools.product(*(range(k) for k in window)):
            spans = zip(tap, dilation, steps, places, strict=True)
            key = (..., *(slice(t * d, t * d + s * (m - 1) + 1, s) for t, d, s, m in spans))
            part = out[key]  # a view, so that it is not written back a second time
            part += x[(..., *tap)]
        return out

    def diagonal_spread(self, x: Array, *, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Array:
        """Zeros with x on a diagonal."""
        out = self.np.zeros(shape, x.dtype)
        self.diagonal(out, offset=offset, axis1=axis1, axis2=axis2)[...] = x
        return out

    def as_strided_spread(
        self, x: Array, *, shape: tuple[int, ...], view_shape: tuple[int, ...], strides: tuple[int, ...], offset: int
    ) -> Array:
        """The transpose of `as_strided` of a contiguous array of `shape`."""
        position = self.np.arange(math.prod(shape)).reshape(shape)
        position = self.as_strided(position, shape=view_shape, strides=strides, offset=offset)
        out = self.np.zeros(shape, x.dtype)
        self.add_at(out.reshape(-1), position, x)  # type: ignore[attr-defined]
        return out

    def view_mask(self, *, shape: tuple[int, ...], view: Any) -> Array:
        """True where `view` (see `autograd.base.View`) cuts elements out of an array of `shape`."""
        mask = self.np.zeros(math.prod(shape), bool)
        mask[self._positions(shape, view)[0]] = True
        return mask.reshape(shape)

    def view_read(self, x: Array, *, view: Any) -> Array:
        """What `view` cuts out of x."""
        positions, pairs = self._positions(x.shape, view)
        found = self._values(x, view)[positions]
        return self.view_as_complex(found) if pairs else found  # type: ignore[attr-defined]

    def view_write(self, x: Array, value: Array, *, view: Any) -> Array:
        """A copy of x with `value` in the place that `view` cuts out; of a complex value for parts, its real part."""
        out = x.copy(order="C")
        positions, pairs = self._positions(x.shape, view)
        if pairs:
            value = self.view_as_real(value + self.np.zeros((), "complex64"))  # type: ignore[attr-defined]
        elif view.takes_parts:
            value = value.real
        self._values(out, view)[positions] = value
        return out

    def _values(self, x: Array, view: Any) -> Array:
        """All values in a row; a complex number is two of them where `view` takes parts of it."""
        if not view.takes_parts:
            return x.reshape(-1)
        flat = self.np.ascontiguousarray(x).reshape(-1)
        return flat.view(flat.real.dtype)

    def _positions(self, shape: tuple[int, ...], view: Any) -> tuple[Array, bool]:
        """Where in that row the values are that `view` cuts out, and whether there are two for each (in a last dimension)."""
        numbers = self.np.arange(math.prod(shape)).reshape(shape)
        if view.takes_parts:
            numbers = 2 * numbers + (2 * numbers + 1) * 1j
        elif view.joins_parts:
            numbers = numbers.astype("float64")
        found = view.replay_raw(self, numbers)
        if found.dtype.kind == "c":
            return self.np.stack([found.real, found.imag], axis=-1).astype(int), True
        return found.astype(int, copy=False), False
