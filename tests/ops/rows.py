"""What a row of the table is, and the makers of its inputs."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

__all__ = ["Input", "Row", "apart", "constant", "index", "mask", "pos", "real", "row", "unit"]

Module = Any
FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
COMPLEX = ("complex64", "complex128")
ALL = (*FLOATS, *INTEGERS, "bool", *COMPLEX)


@dataclass(frozen=True)
class Input:
    """One tensor: its shape and the domain of its values."""

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    kind: str = "real"
    """``real``, ``constant`` (no gradient), ``apart`` (no two values near each other), ``index`` (int64), ``mask`` (bool)."""

    @property
    def differentiable(self) -> bool:
        return self.kind in ("real", "apart")

    def make(self, rng: np.random.Generator, dtype: str) -> np.ndarray[Any, Any]:
        """Values of a dtype; bfloat16 comes as float32, to be converted by the library that is asked."""
        if self.kind == "mask":
            return rng.random(self.shape) < 0.5
        if self.kind == "index":
            return rng.integers(int(self.low), int(self.high), self.shape)
        if dtype == "bool":
            return rng.random(self.shape) < 0.5
        if dtype in INTEGERS:
            return self._integers(rng, dtype)
        values = self._reals(rng)
        if dtype in COMPLEX:
            values = values + 1j * rng.permutation(self._reals(rng).reshape(-1)).reshape(self.shape)
        return np.asarray(values).astype("float32" if dtype == "bfloat16" else dtype)

    def _reals(self, rng: np.random.Generator) -> np.ndarray[Any, Any]:
        if self.kind == "apart":
            n = int(np.prod(self.shape))
            steps = (np.arange(n) + 0.5) / max(n, 1) * (self.high - self.low) + self.low
            return rng.permutation(steps).reshape(self.shape)
        return rng.uniform(self.low, self.high, self.shape)

    def _integers(self, rng: np.random.Generator, dtype: str) -> np.ndarray[Any, Any]:
        low = int(np.ceil(self.low * 3)) if self.low <= 0 else max(1, int(self.low))
        if dtype == "uint8":
            low = max(low, 0)
        return rng.integers(low, max(int(self.high * 3), low + 1) + 1, self.shape).astype(dtype)


def real(*shape: int, low: float = -2.0, high: float = 2.0) -> Input:
    """Any number between two bounds."""
    return Input(shape, low, high)


def pos(*shape: int, low: float = 0.3, high: float = 3.0) -> Input:
    """Positive numbers."""
    return Input(shape, low, high)


def unit(*shape: int) -> Input:
    """Numbers well inside (-1, 1)."""
    return Input(shape, -0.9, 0.9)


def constant(*shape: int) -> Input:
    """Positive numbers without gradients."""
    return Input(shape, 0.3, 3.0, "constant")


def apart(*shape: int, low: float = -2.1, high: float = 2.0) -> Input:
    """Distinct numbers, for functions with kinks where numbers meet."""
    return Input(shape, low, high, "apart")


def index(n: int, *shape: int) -> Input:
    """Positions below n."""
    return Input(shape, 0, n, "index")


def mask(*shape: int) -> Input:
    """Booleans."""
    return Input(shape, kind="mask")


@dataclass(frozen=True)
class Row:
    """One way to call one function. ``call(m, *tensors)`` runs with torch as `m` and with tensorlite as `m`."""

    name: str
    """The function, with what is special about this call in brackets: ``sum[dim]``."""
    inputs: tuple[Input, ...]
    call: Callable[..., Any]
    plain: bool = True
    """The call is ``m.name(*tensors)``, so that the method, in-place and ``out=`` forms can be derived."""
    pointwise: bool = False
    grad: bool = True
    gradgrad: bool = True
    complex_grad: bool = True
    dtypes: tuple[str, ...] = ALL
    rtol: float = 1.0
    """Multiplies the tolerances of the comparison with torch."""
    special: bool = True
    """Pointwise: compare nan, infinities and zeros, too."""
    tags: frozenset[str] = field(default_factory=frozenset)

    @property
    def function(self) -> str:
        return self.name.partition("[")[0]

    def arrays(self, dtype: str) -> list[np.ndarray[Any, Any]]:
        """The inputs; the same at every call."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        return [i.make(rng, dtype) for i in self.inputs]

    def reshaped(self, shape: tuple[int, ...]) -> Row:
        """The same row with all inputs of one shape."""
        return replace(self, inputs=tuple(replace(i, shape=shape) for i in self.inputs))

    def __str__(self) -> str:
        return self.name


def row(name: str, *inputs: Input, call: Callable[..., Any] | None = None, **options: Any) -> Row:
    """A row; without `call`, ``m.name(*tensors)``."""
    function = name.partition("[")[0]
    plain = call is None
    if call is None:

        def call(m: Module, *tensors: Any) -> Any:
            return getattr(m, function)(*tensors)

    return Row(name, inputs, call, plain, **options)
