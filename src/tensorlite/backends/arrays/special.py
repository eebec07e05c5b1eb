"""The error function, which NumPy lacks and GELU needs.

Two Chebyshev fits (Trefethen, Approximation Theory and Approximation Practice, 2013), made once from Python's `math.erf` and
`math.erfc`: erf(x) / x in x^2 below 1, and exp(x^2) erfc(x) above. The error is a few units of float64's last place.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from .scipy_table import in_double

__all__ = ["Special"]

Array = Any
_FAR = 6.0  # erfc(6) is below float64's resolution of 1


def _chebyshev(f: Callable[[float], float], low: float, high: float, n: int) -> list[float]:
    """Chebyshev coefficients of f on [low, high], by interpolation in n points."""
    nodes = [math.cos(math.pi * (k + 0.5) / n) for k in range(n)]
    values = [f((low + high + x * (high - low)) / 2) for x in nodes]
    sums = [math.fsum(v * math.cos(math.pi * j * (k + 0.5) / n) for k, v in enumerate(values)) for j in range(n)]
    return [s * (1 if j == 0 else 2) / n for j, s in enumerate(sums)]


@functools.cache
def _fits() -> tuple[list[float], list[float]]:
    near = _chebyshev(lambda u: math.erf(math.sqrt(u)) / math.sqrt(u), 0.0, 1.0, 14)
    # In 1 / (x + 2) the scaled complement is nearly a polynomial.
    far = _chebyshev(lambda t: math.exp((1 / t - 2) ** 2) * math.erfc(1 / t - 2), 1 / (_FAR + 2), 1 / 3, 24)
    return near, far


class Special:
    """Functions beyond NumPy's."""

    np: Any

    def _clenshaw(self, coefficients: list[float], x: Array) -> Array:
        b1 = b2 = self.np.zeros_like(x)
        for c in reversed(coefficients[1:]):
            b1, b2 = 2 * x * b1 - b2 + c, b1
        return x * b1 - b2 + coefficients[0]

    def i0(self, x: Array) -> Array:
        """The modified Bessel function of order 0, in float64 inside."""
        return in_double(self.np.i0, x)

    def erf(self, x: Array) -> Array:
        """2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, in float64 inside."""
        if x.dtype.kind == "c":
            raise TypeError("there is no error function of complex numbers here")
        np, wide = self.np, x.astype("float64")
        near, far = _fits()
        size = np.abs(wide)
        inner = np.minimum(size, 1.0)
        outer = np.clip(size, 1.0, _FAR)
        small = wide * self._clenshaw(near, 2 * inner * inner - 1)
        low, high = 1 / (_FAR + 2), 1 / 3
        t = (2 / (outer + 2) - (low + high)) / (high - low)
        tail = np.exp(-outer * outer) * self._clenshaw(far, t)
        large = np.copysign(1 - np.where(size > _FAR, 0.0, tail), wide)
        return np.where(size < 1, small, np.where(np.isnan(wide), wide, large)).astype(x.dtype)
