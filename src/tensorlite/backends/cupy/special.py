"""Special functions from `cupyx.scipy.special`, in float64 inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..arrays.scipy_table import BINARY, TERNARY, UNARY, in_double

__all__ = ["airy_ai", "betaincc", "lgamma", "polygamma"]

Array = Any


def _function(theirs: str) -> Callable[..., Array]:
    from cupyx.scipy import special

    found = getattr(special, theirs, None)
    if found is None:
        raise NotImplementedError(f"CuPy has no special function '{theirs}': compute it on the CPU, x.cpu()")
    return found


def _unary(theirs: str) -> Callable[[Any, Array], Array]:
    return lambda cupy, x: in_double(_function(theirs), x)


def _binary(theirs: str) -> Callable[[Any, Array, Array], Array]:
    return lambda cupy, x, y: in_double(_function(theirs), x, y)


def _ternary(theirs: str) -> Callable[[Any, Array, Array, Array], Array]:
    return lambda cupy, x, a, b: in_double(_function(theirs), a, b, x)


globals().update({name: _unary(theirs) for name, theirs in UNARY.items()})
globals().update({name: _binary(theirs) for name, theirs in BINARY.items()})
globals().update({name: _ternary(theirs) for name, theirs in TERNARY.items()})


def lgamma(cupy: Any, x: Array) -> Array:
    """The logarithm of |gamma|; infinite at both ends."""
    return in_double(lambda wide: cupy.where(cupy.isinf(wide), cupy.inf, _function("gammaln")(wide)), x)


def polygamma(cupy: Any, x: Array, *, order: int) -> Array:
    """The derivative of that order of digamma."""
    return in_double(lambda wide: _function("polygamma")(order, wide), x)


def airy_ai(cupy: Any, x: Array) -> Array:
    """Airy's Ai."""
    return in_double(lambda wide: _function("airy")(cupy.minimum(wide, 1e3))[0], x)


def betaincc(cupy: Any, x: Array, a: Array, b: Array) -> Array:
    """One minus `betainc`, which CuPy has no function of its own for."""
    return in_double(lambda a, b, x: _function("betainc")(b, a, 1 - x), a, b, x)
