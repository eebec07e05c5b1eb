"""The CPU: NumPy arrays."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from math import copysign, prod
from typing import Any

import numpy as np

from ...devices import device
from ..arrays import ArrayBackend
from ..arrays.scipy_table import SPECIAL
from ..base import may_decline
from . import fast
from .allocator import keep_memory, release
from .matmul import shared_out
from .workers import get_num_threads, set_num_threads

__all__ = ["NumpyBackend", "create"]

# PyTorch computes inf and nan silently. Only tensorlite's own modules are silenced: a user's NumPy code still warns.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tensorlite\.")

_KERNELS = {
    **dict.fromkeys(("sgd_step", "sgd_steps", "adam_step"), "optim"),
    "linear_back": "linear",
    **dict.fromkeys(("conv", "conv_input", "conv_weight"), "conv"),
    **dict.fromkeys(("normalize", "normalize_back", "normalize_with_moments", "standardize"), "norm"),
    **dict.fromkeys(("max_pool", "max_pool_back", "max_pool_values", "window_spread", "window_sum"), "pool"),
    **dict.fromkeys(("log_softmax", "log_softmax_back", "softmax", "softmax_back"), "softmax"),
    "take_back": "embedding",
    **dict.fromkeys(("gelu", "gelu_back"), "gelu"),
    **dict.fromkeys(("attention", "attention_back"), "attention"),
    **dict.fromkeys(SPECIAL, "special"),
}
"""Fused functions and the module of this package that has them, imported when first used."""


MANY = 1 << 12
"""How many positions are worth a compiled function."""
SMALL = 1 << 9
"""Up to how many numbers the time is that of calls."""
LARGE, COLUMNS = 1 << 16, 16
"""From how many numbers on a transpose is copied by columns, and how many of them at a time."""


class NumpyBackend(ArrayBackend):
    """The CPU. `from_numpy` and `to_numpy` share memory."""

    def __init__(self) -> None:
        super().__init__(np, device("cpu"))
        self._numbers: dict[tuple[float, Any], Any] = {}
        self._zeros = {(dtype, sign): _constant(sign * 0.0, dtype) for dtype in self.floats for sign in (1.0, -1.0)}
        keep_memory()
        if fast.available():
            for name in fast.LARGE:
                setattr(self, name, fast.large(name, getattr(self, name)))
            for name in fast.DIRECT:
                if getattr(type(self), name, None) is getattr(ArrayBackend, name, None):  # a subclass may have its own
                    setattr(self, name, fast.direct(name, getattr(self, name)))
        for name in (*_KERNELS, *fast.FAMILIES):
            self.promise(name)
        self.matmul = shared_out("matmul", super().matmul)  # type: ignore[method-assign]
        self.linear = shared_out("linear", super().linear)  # type: ignore[method-assign]

    def kernel(self, name: str) -> Callable[..., Any] | None:
        module = _KERNELS.get(name)
        plain = getattr(import_module(f"{__name__}.{module}"), name) if module else None
        compiled = fast.kernel(name)
        return plain if compiled is None else _first(compiled, plain)

    def i0(self, x: Any) -> Any:
        with np.errstate(all="ignore"):  # NumPy's own function warns of overflow
            return super().i0(x)

    def number(self, value: float, dtype: Any) -> Any:
        """As an array of no dimension, which is kept for the next time: a ufunc would convert a number at each call."""
        found = self._numbers.get((value, dtype)) if value else None  # 0.0 and -0.0 are the same key
        return self._new_number(value, dtype) if found is None else found

    def _new_number(self, value: float, dtype: Any) -> Any:
        if not value:
            return self._zeros[dtype, copysign(1, value)]
        try:
            made = _constant(value, dtype)
        except OverflowError:  # an int that no double holds: for NumPy to refuse
            return value
        if len(self._numbers) >= MANY:
            self._numbers.clear()
        self._numbers[value, dtype] = made
        return made

    def broadcast_to(self, x: Any, *, shape: tuple[int, ...]) -> Any:
        """A read-only view. For a single number the view is made directly, at a fifth of `np.broadcast_to`'s cost."""
        if x.ndim:
            return np.broadcast_to(x, shape)
        view = np.ndarray(shape, x.dtype, x if type(x) is np.ndarray else np.asarray(x), 0, (0,) * len(shape))
        view.flags.writeable = False
        return view

    def spread(self, g: Any, *, shape: tuple[int, ...]) -> Any:
        """Small arrays are filled, which costs less than a view."""
        if prod(shape) > MANY:
            return self.broadcast_to(g, shape=shape)
        filled = np.empty(shape, g.dtype)
        filled[...] = g
        return filled

    def erf(self, x: Any) -> Any:
        """In double precision inside."""
        if x.dtype.char != "f":
            return super().erf(x)
        from .gelu import erf

        return erf(x)

    # The rules of the three commonest activations, as they stand in `ops`, without a frame around them.

    def relu_back(self, g: Any, out: Any) -> Any:
        """g where the result was positive or nan. In small arrays the others are overwritten."""
        if g.size > SMALL or not g.ndim or g.dtype not in self.floats:
            return self.where(out <= 0, 0, g)
        zero = self.number(0.0, g.dtype)
        kept = g.copy()
        np.putmask(kept, out <= zero, zero)
        return kept

    def relu(self, x: Any) -> Any:
        """The larger one of x and 0."""
        return np.maximum(x, self.number(0, x.dtype)) if x.dtype in self.floats else super().relu(x)

    def sigmoid_back(self, g: Any, out: Any) -> Any:
        """g out (1 - out)."""
        slope = g * out
        return slope - slope * out

    def tanh_back(self, g: Any, out: Any) -> Any:
        """g (1 - out^2)."""
        product = g * out
        product *= out
        return g - product

    def where(self, mask: Any, x: Any, y: Any) -> Any:
        """Where one side is the number 0, by a product of integers; np.where takes ten times as long to guess the branches."""
        if type(y) in (int, float) and y == 0:
            return _kept(mask, x) if _maskable(mask, x) else np.where(mask, x, y)
        if type(x) in (int, float) and x == 0 and _maskable(mask, y):
            return _kept(np.logical_not(mask), y)
        return np.where(mask, x, y)

    def within(self, index: Any, n: int) -> bool:
        """In one pass: what is negative is a large number without its sign."""
        if index.dtype.char != "l":
            return super().within(index, n)
        return not index.size or bool(np.maximum.reduce(index.view(np.uint64), None) < n)

    def take_along_axis(self, x: Any, index: Any, *, axis: int) -> Any:
        """Large ones by the fast tier."""
        if index.size >= MANY and fast.available():
            from .fast.scatter import take_along_axis

            result = take_along_axis(x, index, axis=axis)
            if result is not NotImplemented:
                return result
        return super().take_along_axis(x, index, axis=axis)

    def scatter_add(self, x: Any, index: Any, source: Any, *, axis: int) -> Any:
        """Large ones by the fast tier."""
        if index.size >= MANY and fast.available():
            from .fast.scatter import scatter_add

            result = scatter_add(x, index, source, axis=axis)
            if result is not NotImplemented:
                return result
        return super().scatter_add(x, index, source, axis=axis)

    def astype(self, x: Any, dtype: Any) -> Any:
        """Large arrays of half precision by the fast tier."""
        raw = self.native[dtype]
        if x.size >= LARGE and (raw in self.halves or x.dtype in self.halves) and fast.available():
            from .fast.halves import convert

            result = convert(x, raw)
            if result is not NotImplemented:
                return result
        return super().astype(x, dtype)

    def ascontiguous(self, x: Any) -> Any:
        """Where memory does not run along the last axis, a few columns at a time, whose lines the cache holds."""
        if x.size < LARGE or x.strides[-1] == x.itemsize or x.itemsize not in x.strides:
            return x.copy(order="C")
        out = np.empty(x.shape, x.dtype)
        for start in range(0, x.shape[-1], COLUMNS):
            columns = (..., slice(start, start + COLUMNS))
            out[columns] = x[columns]
        return out

    def _running(self, ufunc: Any, x: Any, axis: int) -> Any:
        return ufunc.accumulate(x, axis)

    def _fold_at(self, ufunc: Any, x: Any, where: Any, source: Any) -> None:
        ufunc.at(x, where, source)

    def to_numpy(self, x: Any) -> Any:
        return x

    def from_numpy(self, x: Any) -> Any:
        return x

    def generator(self) -> Any:
        """A new random generator."""
        from .random import CPUGenerator

        return CPUGenerator()

    def address(self, x: Any) -> int:
        """Where the first element lies in memory."""
        return x.__array_interface__["data"][0]

    def synchronize(self) -> None:
        """Wait for the device; the CPU never runs ahead."""

    def get_num_threads(self) -> int:
        """How many threads kernels and products use."""
        return get_num_threads()

    def set_num_threads(self, threads: int) -> None:
        """Let kernels and products use so many threads."""
        set_num_threads(threads)

    def blas(self) -> str:
        """Name and version of the library of the matrix products."""
        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{found.get('name')} {found.get('version')}"

    def empty_cache(self) -> None:
        """Give the memory that is kept for the next arrays back to the system."""
        release()


def _constant(value: float, dtype: Any) -> np.ndarray:
    made = np.array(value, dtype)
    made.flags.writeable = False
    return made


def create(index: int | None) -> NumpyBackend:
    """The backend of ``device("cpu")``."""
    if index:
        raise RuntimeError(f"there is one CPU device; device('cpu:{index}') does not exist")
    return NumpyBackend()


def _first(kernel: Callable[..., Any], other: Callable[..., Any] | None) -> Callable[..., Any]:
    """A kernel, and another one for the inputs that it declines."""
    if other is None:
        return kernel

    def run(*arrays: Any, **static: Any) -> Any:
        result = kernel(*arrays, **static)
        return other(*arrays, **static) if result is NotImplemented else result

    run.__name__, run.__doc__ = kernel.__name__, kernel.__doc__
    run.__wrapped__ = kernel  # type: ignore[attr-defined]  # whose parameters are to be seen
    return may_decline(run) if hasattr(other, "declines") else run


def _maskable(mask: Any, x: Any) -> bool:
    return (
        type(x) is type(mask) is np.ndarray and x.dtype.char in "fd" and mask.dtype.char == "?"
        and x.shape == mask.shape and x.flags.c_contiguous
    )


def _kept(mask: np.ndarray, x: np.ndarray) -> np.ndarray:
    """x where the mask is true, and zeros; the bits of a float are kept or cleared as those of an integer."""
    bits = np.int32 if x.dtype.char == "f" else np.int64
    return np.multiply(x.view(bits), mask.view(np.int8)).view(x.dtype)
