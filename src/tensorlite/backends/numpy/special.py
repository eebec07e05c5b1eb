"""Special functions from SciPy, in float64 inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.decompositions import scipy_module
from ..arrays.scipy_table import BINARY, TERNARY, UNARY, in_double

__all__ = ["airy_ai", "lgamma", "polygamma"]

Array = Any
_scipy = scipy_module("scipy.special", "this special function")


def _unary(theirs: str) -> Callable[[Array], Array]:
    function = getattr(_scipy, theirs)
    return lambda x: in_double(function, x)


def _binary(theirs: str) -> Callable[[Array, Array], Array]:
    function = getattr(_scipy, theirs)
    return lambda x, y: in_double(function, x, y)


def _ternary(theirs: str) -> Callable[[Array, Array, Array], Array]:
    function = getattr(_scipy, theirs)
    return lambda x, a, b: in_double(function, a, b, x)


globals().update({name: _unary(theirs) for name, theirs in UNARY.items()})
globals().update({name: _binary(theirs) for name, theirs in BINARY.items()})
globals().update({name: _ternary(theirs) for name, theirs in TERNARY.items()})


def lgamma(x: Array) -> Array:
    """The logarithm of |gamma|; infinite at both ends."""
    return in_double(lambda wide: np.where(np.isinf(wide), np.inf, _scipy.gammaln(wide)), x)


def polygamma(x: Array, *, order: int) -> Array:
    """The derivative of that order of digamma."""
    return in_double(lambda wide: _scipy.polygamma(order, wide), x)


def airy_ai(x: Array) -> Array:
    """Airy's Ai, which is zero long before its argument is too large for SciPy."""
    return in_double(lambda wide: _scipy.airy(np.minimum(wide, 1e3))[0], x)
