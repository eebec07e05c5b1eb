"""Random numbers with gradients with respect to what they are drawn from: implicit reparameterisation (Figurnov et al., 2018).

A number x with distribution function F(x; a) moves with a so that F stays the same: dx/da = -(dF/da) / (dF/dx).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..autograd.op import define, op
from .special import _no_derivative

Array = Any

# The central difference of order 8: it costs eight function values, and its error is near the rounding error of F itself.
_WEIGHTS = ((1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))
_STEP = 0.02

betainc = op("betainc(x, a, b)", x=_no_derivative("betainc"))
betaincc = op("betaincc(x, a, b)", x=_no_derivative("betaincc"))


def _slope(xp: Any, function: Callable[[Array], Array], a: Array, scale: Array) -> Array:
    """The derivative of log(function) at a; `scale` is over how much it changes."""
    step = scale * _STEP
    total: Any = 0
    for k, weight in _WEIGHTS:
        total = total + (xp.log(function(a + step * k)) - xp.log(function(a - step * k))) * weight
    return total / step


def _moved(xp: Any, lower: Any, upper: Any, a: Array, scale: Array, log_density: Array) -> Array:
    """-(dF/da) / density, by way of the smaller of F and 1 - F, which is the more exact one."""
    low, high = lower(a), upper(a)
    below = low < high
    side = xp.where(below, low, high)
    slope = xp.where(below, _slope(xp, lower, a, scale), xp.negative(_slope(xp, upper, a, scale)))
    return xp.negative(slope) * xp.exp(xp.log(side) - log_density)


@define("standard_gamma_grad(x, y)", x=_no_derivative("_standard_gamma_grad"), y=_no_derivative("_standard_gamma_grad"))
def standard_gamma_grad(xp: Any, x: Array, y: Array) -> Array:
    """How gamma numbers y of rate 1 move with their concentrations x."""
    wide = xp.native[dtypes.float64]
    a, t = xp.astype(x, wide), xp.astype(y, wide)
    scale = xp.minimum(a, xp.sqrt(a))
    log_density = (a - 1) * xp.log(t) - t - xp.lgamma(a)
    return xp.astype(_moved(xp, lambda c: xp.igamma(c, t), lambda c: xp.igammac(c, t), a, scale, log_density), y.dtype)


@define("dirichlet_grad(x, a, total)", x=_no_derivative("_dirichlet_grad"), a=_no_derivative("_dirichlet_grad"))
def dirichlet_grad(xp: Any, x: Array, a: Array, total: Array) -> Array:
    """How each coordinate x of a Dirichlet number moves with its own concentration a, over 1 - x; the others shrink."""
    wide = xp.native[dtypes.float64]
    t, c, rest = xp.astype(x, wide), xp.astype(a, wide), xp.astype(total - a, wide)
    scale = xp.minimum(c, xp.sqrt(c * (c + rest) / rest))
    log_beta = xp.lgamma(c) + xp.lgamma(rest) - xp.lgamma(c + rest)
    log_density = (c - 1) * xp.log(t) + rest * xp.log1p(xp.negative(t)) - log_beta  # that of Beta(c, rest), times 1 - x
    found = _moved(xp, lambda v: xp.betainc(t, v, rest), lambda v: xp.betaincc(t, v, rest), c, scale, log_density)
    return xp.astype(found, x.dtype)


@define("standard_gamma(x, *, source)", x=lambda xp, g, x, out: g * xp.standard_gamma_grad(x, out))
def standard_gamma(xp: Any, x: Array, *, source: Any) -> Array:
    """Gamma numbers of rate 1, from a generator of the backend."""
    return source.standard_gamma(x)


def _dirichlet_rule(xp: Any, g: Array, x: Array, out: Array) -> Array:
    last = (out.ndim - 1,)
    total = xp.broadcast_to(xp.sum(x, axis=last, keepdims=True), shape=tuple(x.shape))
    return xp.dirichlet_grad(out, x, total) * (g - xp.sum(g * out, axis=last, keepdims=True))


@define("dirichlet(x, *, source)", x=_dirichlet_rule)
def dirichlet(xp: Any, x: Array, *, source: Any) -> Array:
    """Dirichlet numbers, from a generator of the backend."""
    return source.dirichlet(x)
