"""Pointwise composites as one kernel each. They compute in float32 (float64 for float64) and round once.

Each has the name and the signature of the op whose body is its reference; CuPy compiles it for the dtypes that come.
"""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["erf", "leaky_relu", "rsqrt", "sigmoid", "silu", "softplus"]

Array = Any

WIDE = """
template <typename T> struct Wide { typedef float type; };
template <> struct Wide<double> { typedef double type; };
"""

_BODIES = {
    # name: (parameters, operation on the wide number v)
    "sigmoid": ("", "1 / (1 + exp(-v))"),
    "erf": ("", "erf(v)"),
    "silu": ("", "v / (1 + exp(-v))"),
    "rsqrt": ("", "rsqrt(v)"),
    "leaky_relu": (", float64 slope", "v > 0 ? v : v * (W)slope"),
    "softplus": (", float64 beta, float64 threshold", "v * (W)beta > (W)threshold ? v : log1p(exp(v * (W)beta)) / (W)beta"),
}


@cache
def _kernel(cupy: Any, name: str) -> Any:
    parameters, operation = _BODIES[name]
    code = f"typedef typename Wide<T>::type W; W v = static_cast<W>(x); y = static_cast<T>({operation});"
    return cupy.ElementwiseKernel(f"T x{parameters}", "T y", code, f"tensorlite_{name}", preamble=WIDE)


def sigmoid(cupy: Any, x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return _kernel(cupy, "sigmoid")(x) if x.dtype.kind != "c" else 1 / (1 + cupy.exp(-x))


def erf(cupy: Any, x: Array) -> Array:
    """The error function."""
    return _kernel(cupy, "erf")(x)


def silu(cupy: Any, x: Array) -> Array:
    """x sigmoid(x)."""
    return _kernel(cupy, "silu")(x) if x.dtype.kind != "c" else x / (1 + cupy.exp(-x))


def rsqrt(cupy: Any, x: Array) -> Array:
    """1 / sqrt(x)."""
    return _kernel(cupy, "rsqrt")(x) if x.dtype.kind != "c" else 1 / cupy.sqrt(x)


def leaky_relu(cupy: Any, x: Array, *, slope: float) -> Array:
    """x above zero, slope x below."""
    return _kernel(cupy, "leaky_relu")(x, slope)


def softplus(cupy: Any, x: Array, *, beta: float, threshold: float) -> Array:
    """log(1 + exp(beta x)) / beta, and x itself above the threshold."""
    return _kernel(cupy, "softplus")(x, beta, threshold)
