"""`CupyBackend`: what is different on CuPy from the functions that it shares with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from ...devices import device
from ..arrays import ArrayBackend
from ..arrays.pointwise import UFUNCS
from ..arrays.scipy_table import SPECIAL
from .decompositions import CupyDecompositions
from .indexing import CupyIndexing
from .linalg import CupyLinalg
from .reductions import CupyReductions
from .transfer import Transfer

__all__ = ["CupyBackend"]

Array = Any

_KERNELS = {
    "sigmoid": "elementwise", "erf": "elementwise", "silu": "elementwise", "rsqrt": "elementwise",
    "leaky_relu": "elementwise", "softplus": "elementwise",
    "softmax": "rowwise", "log_softmax": "rowwise", "sgd_step": "optim", "adam_step": "optim",
    **dict.fromkeys(SPECIAL, "special"),
}
"""Fused functions and the module of this package that has them, imported when first used."""


class CupyBackend(Transfer, CupyReductions, CupyIndexing, CupyLinalg, CupyDecompositions, ArrayBackend):
    """One CUDA device. Every call runs on it, whatever the current device is, and on CuPy's current stream."""

    def __init__(self, module: Any, index: int, *, several: bool) -> None:
        self.index = index
        self._runtime = module.cuda.runtime
        super().__init__(module, device("cuda", index))
        self._guarded = several
        for name in _KERNELS:
            if hasattr(type(self), name):  # written over NumPy's functions; here it is one kernel
                setattr(self, name, self.kernel(name))
            self.promise(name)
        if several:
            self._run_here()

    def kernel(self, name: str) -> Callable[..., Any] | None:
        module = _KERNELS.get(name)
        if module is None:
            return None
        found = getattr(import_module(f"{__package__}.{module}"), name)

        @wraps(found)
        def call(*args: Any, **static: Any) -> Any:
            return found(self.np, *args, **static)

        return self._here(call) if self._guarded else call

    # The current device

    def make_current(self) -> None:
        """Let operators of raw arrays run on this device. Functions of the backend do not need it."""
        if self._runtime.getDevice() != self.index:
            self._runtime.setDevice(self.index)

    def _here(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function` with this device as the current one."""
        current, index, switch = self._runtime.getDevice, self.index, self.np.cuda.Device

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if current() == index:
                return function(*args, **kwargs)
            with switch(index):
                return function(*args, **kwargs)

        return call

    def _run_here(self) -> None:
        """Guard all functions; on a machine with one device this is not needed, and costs nothing."""
        names = {n for n in dir(type(self)) if not n.startswith("_") and callable(getattr(type(self), n))} | set(UFUNCS)
        for name in names - {"kernel", "find", "promise", "make_current", "on_new_dtype"}:
            setattr(self, name, self._here(getattr(self, name)))

    def _body(self, body: Callable[..., Any]) -> Callable[..., Any]:
        run = super()._body(body)
        return self._here(run) if self._guarded else run

    # What NumPy and CuPy do differently

    def is_writable(self, x: Array) -> bool:
        """CuPy lets broadcast arrays be written; here they may not."""
        return 0 not in x.strides or all(s or n <= 1 for n, s in zip(x.shape, x.strides, strict=True))

    def arange(self, start: Any, stop: Any, step: Any = 1, *, dtype: Any) -> Array:
        raw = self.native[dtype]
        if raw is not None and raw.kind == "V":  # there is no such kernel for bfloat16
            return self.np.arange(start, stop, step, dtype=self.float32).astype(raw)
        return self.np.arange(start, stop, step, dtype=raw)

    def _strided_view(self, x: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        # cupy.lib.stride_tricks.as_strided forgets the base, and with it that the memory is shared.
        view = x.view()
        view._set_shape_and_strides(shape, strides, True, True)
        return view

    def _no_zero_division(self, x: Array, y: Array) -> None:
        """As PyTorch on CUDA: the result is undefined. A look at the data would wait for the device."""

    def pow(self, x: Array, y: Array) -> Array:
        return self._integer_pow(x, y) if x.dtype.kind == "i" else self.np.power(x, y)

    def sign(self, x: Array) -> Array:
        if x.dtype.kind in "iu":
            return self.np.sign(x)
        if x.dtype.kind == "b":
            return x.copy()
        return self.np.where(x == x, self.np.sign(x), x.dtype.type(0))

    def _rounded(name: str) -> Any:  # type: ignore[misc]
        def function(self: Any, x: Array) -> Array:
            if x.dtype.kind in "biu":
                return x.copy()
            return getattr(self.np, name)(x).astype(x.dtype, copy=False)  # bfloat16 comes back as float32

        function.__name__ = name
        return function

    floor, ceil, trunc, rint = _rounded("floor"), _rounded("ceil"), _rounded("trunc"), _rounded("rint")
    del _rounded

    def _logical(name: str) -> Any:  # type: ignore[misc]
        def function(self: Any, *xs: Array) -> Array:
            # CuPy has no logical functions of complex numbers and of bfloat16.
            return getattr(self.np, name)(*[x if x.dtype.kind in "biuf" else x != 0 for x in xs])

        function.__name__ = name
        return function

    logical_not, logical_and = _logical("logical_not"), _logical("logical_and")
    logical_or, logical_xor = _logical("logical_or"), _logical("logical_xor")
    del _logical

    def _wide(name: str) -> Any:  # type: ignore[misc]
        def function(self: Any, *xs: Array) -> Array:
            if xs[0].dtype.kind != "V":
                return getattr(self.np, name)(*xs)
            return getattr(self.np, name)(*[x.astype(self.float32) if hasattr(x, "dtype") else x for x in xs]).astype(xs[0].dtype)

        function.__name__ = name
        return function

    deg2rad, rad2deg, floor_divide_float = _wide("deg2rad"), _wide("rad2deg"), _wide("floor_divide")
    del _wide

    def floor_divide(self, x: Array, y: Array) -> Array:
        return self.floor_divide_float(x, y)

    def subtract(self, x: Array, y: Array) -> Array:
        """NumPy refuses truth values; CuPy would give their exclusive or."""
        if x.dtype.kind == "b":
            raise TypeError("subtract: not for bool")
        return self.np.subtract(x, y)

    def add_(self, x: Array, y: Array) -> None:
        if y.dtype != x.dtype:
            y = self.astype(y, x.dtype)
        self.np.add(x, y, out=x)
