"""Orthogonal polynomials by their recurrences (https://dlmf.nist.gov/18.9)."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.op import define
from .special import _no_derivative

Array = Any
_HERMITE_LIMIT = {8: 512, 4: 128}
"""By the bytes of a number: of higher degree PyTorch gives nan."""

_FAMILIES: dict[str, tuple[Any, Any]] = {
    "chebyshev_t": (lambda x: x, lambda x, k, p, q: x * p * 2 - q),
    "chebyshev_u": (lambda x: x * 2, lambda x, k, p, q: x * p * 2 - q),
    "chebyshev_v": (lambda x: x * 2 - 1, lambda x, k, p, q: x * p * 2 - q),
    "chebyshev_w": (lambda x: x * 2 + 1, lambda x, k, p, q: x * p * 2 - q),
    "hermite_h": (lambda x: x * 2, lambda x, k, p, q: (x * p - q * k) * 2),
    "hermite_he": (lambda x: x, lambda x, k, p, q: x * p - q * k),
    "laguerre_l": (lambda x: 1 - x, lambda x, k, p, q: ((2 * k + 1 - x) * p - q * k) / (k + 1)),
    "legendre_p": (lambda x: x, lambda x, k, p, q: (x * p * (2 * k + 1) - q * k) / (k + 1)),
}
"""The polynomial of degree 1, and that of degree k + 1 from those of degrees k and k - 1."""

_NONE = _no_derivative("special polynomials")


@define("orthogonal_polynomial(x, degree, *, family, shifted=False)", promotes="float", x=_NONE, degree=_NONE)
def orthogonal_polynomial(xp: Any, x: Array, degree: Array, *, family: str, shifted: bool = False) -> Array:
    """The polynomial of a degree, which is cut to an integer, at x or at 2 x - 1; 0 where the degree is negative."""
    first, following = _FAMILIES[family]
    if shifted:
        x = x * 2 - 1
    if isinstance(degree, (int, float)):
        highest = degree = int(degree)
    else:
        degree = xp.trunc(xp.where(xp.isnan(degree), -1, degree))
        highest = int(xp.item(xp.max(degree))) if math.prod(degree.shape) else 0
    one = xp.ones(x.shape, dtype=x.dtype)  # also where x is not finite
    out = xp.where(degree == 0, one, one - one)
    limit = _HERMITE_LIMIT[x.dtype.itemsize] if family.startswith("hermite") else highest
    before, current = one, first(x)
    for k in range(1, min(highest, limit) + 1):
        out = xp.where(degree == k, current, out)
        before, current = current, following(x, k, current, before)
    return out if highest <= limit else xp.where(degree > limit, math.nan, out)
