"""Making, copying and converting arrays."""

from __future__ import annotations

from typing import Any

__all__ = ["Creation"]

Array = Any


class Creation:
    """Arrays from nothing, from Python and from bytes, and back. `dtype` may be ours or raw."""

    np: Any
    native: Any
    array_type: Any
    to_numpy: Any

    def asarray(self, data: Any, *, dtype: Any = None) -> Array:
        return self.np.asarray(data) if dtype is None else self.np.asarray(data, dtype=self.native[dtype])

    def array(self, data: Any, *, dtype: Any = None) -> Array:
        """A new array from nested Python numbers."""
        return self.np.array(data, dtype=self.native[dtype])

    def empty(self, shape: tuple[int, ...], *, dtype: Any) -> Array:
        return self.np.empty(shape, dtype=self.native[dtype])

    def zeros(self, shape: tuple[int, ...], *, dtype: Any) -> Array:
        return self.np.zeros(shape, dtype=self.native[dtype])

    def ones(self, shape: tuple[int, ...], *, dtype: Any) -> Array:
        if not shape:  # every backward pass starts with one
            return self.np.array(1, self.native[dtype])
        return self.np.ones(shape, dtype=self.native[dtype])

    def full(self, shape: tuple[int, ...], value: Any, *, dtype: Any) -> Array:
        raw = self.native[dtype]
        if isinstance(value, int) and raw is not None and raw.kind in "iu":
            value = _wrapped(value, raw)
        if raw is None:
            return self.np.full(shape, value)
        out = self.np.empty(shape, raw)
        out.fill(value)  # np.full would warn of overflow in NumPy's name
        return out

    def lowest(self, dtype: Any) -> int:
        """The smallest integer of a dtype."""
        return 0 if dtype.kind in "ub" else -(1 << (dtype.itemsize * 8 - 1))

    def zeros_like(self, x: Array) -> Array:
        return self.np.zeros(x.shape, x.dtype)

    def ones_like(self, x: Array) -> Array:
        return self.np.ones(x.shape, x.dtype)

    def arange(self, start: Any, stop: Any, step: Any = 1, *, dtype: Any) -> Array:
        return self.np.arange(start, stop, step, dtype=self.native[dtype])

    def eye(self, n: int, m: int, *, dtype: Any) -> Array:
        return self.np.eye(n, m, dtype=self.native[dtype])

    def astype(self, x: Array, dtype: Any) -> Array:
        """Convert (a complex number to a real one drops the imaginary part; a float to an integer truncates)."""
        raw = self.native[dtype]
        if x.dtype.kind == "c" and raw.kind not in "cb":
            x = x.real
        return x.astype(raw)

    def copy(self, x: Array) -> Array:
        """A copy that keeps the order of axes in memory."""
        return x.copy(order="K") if getattr(x, "ndim", 0) else self.asarray(x).copy()

    def ascontiguous(self, x: Array) -> Array:
        return x.copy(order="C")

    def is_contiguous(self, x: Array) -> bool:
        return bool(x.flags.c_contiguous)

    def is_writable(self, x: Array) -> bool:
        return bool(getattr(x.flags, "writeable", True))

    def owns(self, x: Array) -> bool:
        """Whether nobody else looks at this memory: it is no view."""
        return type(x) is self.array_type and x.base is None

    def strides(self, x: Array) -> tuple[int, ...]:
        """Strides in elements."""
        return tuple(s // x.itemsize for s in x.strides) if x.itemsize else (0,) * x.ndim

    def write(self, x: Array, value: Array) -> None:
        """x[...] = value, in the memory of x."""
        if x.dtype.kind not in "cb" and getattr(value, "dtype", x.dtype).kind == "c":
            value = value.real
        x[...] = value

    def item(self, x: Array) -> Any:
        return x.item() if x.dtype.kind != "V" else float(x.reshape(()))

    def tolist(self, x: Array) -> Any:
        return x.tolist() if x.dtype.kind != "V" else x.astype("float32").tolist()

    def bool(self, x: Array) -> bool:
        return bool(x)

    def to_bytes(self, x: Array) -> bytes:
        """The elements in row-major order, little-endian."""
        return self.to_numpy(x).tobytes()

    def from_bytes(self, buffer: Any, dtype: Any, shape: tuple[int, ...]) -> Array:
        """A new, writable array from row-major little-endian elements."""
        import math

        return self.from_numpy_bytes(buffer, self.native[dtype], math.prod(shape)).reshape(shape)

    def from_buffer(self, buffer: Any, dtype: Any, count: int, offset: int) -> Array:
        """Elements that lie in a Python buffer; in its memory, where that is this device's."""
        return self.np.frombuffer(buffer, self.native[dtype], count, offset)

    def from_dlpack(self, x: Any) -> Array:
        """Another library's array on this device, in the same memory."""
        return self.np.from_dlpack(x)

    def from_numpy_bytes(self, buffer: Any, raw: Any, count: int) -> Array:
        return self.np.array(self.np.frombuffer(buffer, dtype=raw, count=count))


def _wrapped(value: int, raw: Any) -> int:
    """An integer as it looks in that many bits, which is how PyTorch stores numbers that do not fit."""
    bits = raw.itemsize * 8
    value &= (1 << bits) - 1
    return value - (1 << bits) if raw.kind == "i" and value >> (bits - 1) else value
