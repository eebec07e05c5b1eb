"""Pointwise functions: mostly ufuncs taken as they are; here are the ones whose results PyTorch defines differently."""

from __future__ import annotations

from typing import Any

__all__ = ["UFUNCS", "Pointwise"]

Array = Any

UFUNCS = {
    "abs": "absolute", "positive": "positive", "negative": "negative", "exp": "exp", "exp2": "exp2", "expm1": "expm1", "log": "log",
    "log2": "log2", "log10": "log10", "log1p": "log1p", "sqrt": "sqrt", "square": "square", "reciprocal": "reciprocal",
    "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "sinh": "sinh",
    "cosh": "cosh", "tanh": "tanh", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
    "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite", "logical_not": "logical_not",
    "bitwise_invert": "invert", "signbit": "signbit", "deg2rad": "deg2rad", "rad2deg": "rad2deg",
    "add": "add", "subtract": "subtract", "multiply": "multiply", "divide": "divide",
    "remainder": "remainder", "fmod": "fmod", "pow": "power", "maximum": "maximum", "minimum": "minimum", "fmax": "fmax",
    "fmin": "fmin", "atan2": "arctan2", "hypot": "hypot", "logaddexp": "logaddexp", "logaddexp2": "logaddexp2",
    "copysign": "copysign", "nextafter": "nextafter", "equal": "equal",
    "not_equal": "not_equal", "less": "less", "less_equal": "less_equal", "greater": "greater",
    "greater_equal": "greater_equal", "logical_and": "logical_and", "logical_or": "logical_or", "logical_xor": "logical_xor",
    "bitwise_and": "bitwise_and", "bitwise_or": "bitwise_or", "bitwise_xor": "bitwise_xor",
    "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift", "gcd": "gcd", "lcm": "lcm", "where": "where",
    "floor_divide_float": "floor_divide", "ldexp": "ldexp", "frexp": "frexp",
}


_POWERS: dict[float, Any] = {
    3: lambda np, x: x * x * x, -1: lambda np, x: 1 / x, -2: lambda np, x: 1 / (x * x), 0.5: lambda np, x: np.sqrt(x),
    -0.5: lambda np, x: 1 / np.sqrt(x),
}
"""Powers that are products and roots, at a hundredth of the cost; PyTorch computes them so, too."""


class Pointwise:
    """Pointwise functions that need more than a ufunc."""

    np: Any

    def conj(self, x: Array) -> Array:
        return self.np.conjugate(x) if x.dtype.kind == "c" else x

    def real(self, x: Array) -> Array:
        return x.real

    def imag(self, x: Array) -> Array:
        return x.imag

    def angle(self, x: Array) -> Array:
        if x.dtype.kind == "c":
            return self.np.angle(x)
        angles = self.np.where(x < 0, x.dtype.type(3.141592653589793), x.dtype.type(0))
        return self.np.where(self.np.isnan(x), x, angles)

    def complex(self, real: Array, imag: Array) -> Array:
        out = self.np.empty(self.np.broadcast_shapes(real.shape, imag.shape), self.np.result_type(real.dtype, "complex64"))
        out.real, out.imag = real, imag
        return out

    def view_as_real(self, x: Array) -> Array:
        real = x.real
        return self._strided_view(real, (*x.shape, 2), (*real.strides, real.itemsize))  # type: ignore[attr-defined]

    def view_as_complex(self, x: Array) -> Array:
        return x.view(self.np.result_type(x.dtype, "complex64"))[..., 0]

    def _rounding(name: str) -> Any:  # type: ignore[misc]
        def function(self: Any, x: Array) -> Array:
            return getattr(self.np, name)(x) if x.dtype.kind not in "biu" else x.copy()

        function.__name__ = name
        return function

    floor, ceil, trunc, rint = _rounding("floor"), _rounding("ceil"), _rounding("trunc"), _rounding("rint")
    del _rounding

    def sign(self, x: Array) -> Array:
        """-1, 0 or 1; 0 for nan."""
        if x.dtype.kind in "biu":
            return self.np.sign(x) if x.dtype.kind != "b" else x.copy()
        return self.np.where(x == x, self.np.sign(x), 0)

    def heaviside(self, x: Array, y: Array) -> Array:
        return self.np.where(x == 0, y, (x > 0).astype(x.dtype))

    def round(self, x: Array, *, decimals: int = 0) -> Array:
        return self.rint(x) if decimals == 0 else self.np.round(x, decimals)

    def floor_divide(self, x: Array, y: Array) -> Array:
        """As PyTorch: integer division by zero raises."""
        self._no_zero_division(x, y)
        return self.np.floor_divide(x, y)

    def trunc_divide(self, x: Array, y: Array) -> Array:
        self._no_zero_division(x, y)
        if x.dtype.kind in "iu":
            quotient = self.np.floor_divide(x, y)
            return quotient + ((self.np.remainder(x, y) != 0) & ((x < 0) ^ (y < 0))).astype(x.dtype)
        return self.np.trunc(self.np.divide(x, y))

    def remainder(self, x: Array, y: Array) -> Array:
        self._no_zero_division(x, y)
        return self.np.remainder(x, y)

    def fmod(self, x: Array, y: Array) -> Array:
        self._no_zero_division(x, y)
        return self.np.fmod(x, y)

    def _no_zero_division(self, x: Array, y: Array) -> None:
        if getattr(x, "dtype", None) is not None and x.dtype.kind in "iu" and self.np.any(y == 0):
            raise RuntimeError("ZeroDivisionError: integer division by zero")

    def pow(self, x: Array, y: Array) -> Array:
        if type(y) in (int, float) and y in _POWERS and x.dtype.kind == "f" and x.dtype.itemsize > 2:
            return _POWERS[y](self.np, x)
        return self._integer_pow(x, y) if x.dtype.kind == "i" and self.np.any(y < 0) else self.np.power(x, y)

    def _integer_pow(self, x: Array, y: Array) -> Array:
        """With negative exponents: of all integers but 1 and -1 the inverse is cut to zero."""
        inverse = self.np.where(x == -1, 1 - 2 * (y % 2), x == 1)
        return self.np.where(y < 0, inverse, self.np.power(x, self.np.maximum(y, 0))).astype(x.dtype)

    def logaddexp(self, x: Array, y: Array) -> Array:
        if x.dtype.kind != "c":
            return self.np.logaddexp(x, y)
        swap = y.real > x.real
        high, low = self.np.where(swap, y, x), self.np.where(swap, x, y)
        return self.np.where(self.np.isinf(high), high, high + self.np.log1p(self.np.exp(low - high)))

    def clip(self, x: Array, low: Array, high: Array) -> Array:
        out = self.np.maximum(x, low)
        return self.np.minimum(out, high, out=out if out.ndim and type(high) in (int, float) else None)

    def sigmoid(self, x: Array) -> Array:
        """1 / (1 + exp(-x)), in one buffer."""
        out = self.np.negative(x)
        if not out.ndim:
            return 1 / (1 + self.np.exp(out))
        self.np.exp(out, out=out)
        out += 1
        return self.np.reciprocal(out, out=out)

    def relu(self, x: Array) -> Array:
        return self.np.maximum(x, 0)

    def any_nan(self, x: Array) -> bool:
        return x.dtype in self.inexacts and bool(self.np.isnan(x).any())  # type: ignore[attr-defined]

    def add_(self, x: Array, y: Array) -> None:
        """x += y, in the memory of x."""
        x += y
