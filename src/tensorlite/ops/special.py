"""Special functions (Abramowitz and Stegun, 1964; https://dlmf.nist.gov) of real numbers."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.op import define, op

Array = Any
_SQRT_PI, _SQRT_2PI = math.sqrt(math.pi), math.sqrt(2 * math.pi)


def _no_derivative(name: str) -> Any:
    """A rule for a derivative that nobody has written down."""

    def rule(g: Array) -> Array:
        raise NotImplementedError(f"the derivative for '{name}' is not implemented; detach() that argument")

    return rule


# Gamma functions

lgamma = op("lgamma(x)", promotes="float", x=lambda xp, g, x: g * xp.digamma(x))
digamma = op("digamma(x)", promotes="float", x=lambda xp, g, x: g * xp.polygamma(x, order=1))
polygamma = op("polygamma(x, *, order)", promotes="float", x=lambda xp, g, x, order: g * xp.polygamma(x, order=order + 1))


def _igamma_y(xp: Any, g: Array, x: Array, y: Array) -> Array:
    return g * xp.exp((x - 1) * xp.log(y) - y - xp.lgamma(x))


igamma = op("igamma(x, y)", promotes="float", x=_no_derivative("igamma: input"), y=_igamma_y)
igammac = op(
    "igammac(x, y)", promotes="float", x=_no_derivative("igammac: input"),
    y=lambda xp, g, x, y: _igamma_y(xp, xp.negative(g), x, y),
)
zeta = op(
    "zeta(x, y)", promotes="float", node_name="SpecialZeta", x=_no_derivative("zeta"),
    y=lambda xp, g, x, y: xp.negative(g) * x * xp.zeta(x + 1, y),
)

# The normal distribution and the error function

erfc = op("erfc(x)", promotes="float", x=lambda xp, g, x: g * xp.exp(xp.negative(x * x)) * (-2 / _SQRT_PI))
erfcx = op("erfcx(x)", promotes="float", node_name="SpecialErfcx", x=lambda g, x, out: g * (x * out * 2 - 2 / _SQRT_PI))
erfinv = op("erfinv(x)", promotes="float", x=lambda xp, g, out: g * xp.exp(out * out) * (_SQRT_PI / 2))
ndtr = op("ndtr(x)", promotes="float", node_name="SpecialNdtr", x=lambda xp, g, x: g * xp.exp(x * x * -0.5) * (1 / _SQRT_2PI))
ndtri = op("ndtri(x)", promotes="float", node_name="SpecialNdtri", x=lambda xp, g, out: g * xp.exp(out * out * 0.5) * _SQRT_2PI)
log_ndtr = op(
    "log_ndtr(x)", promotes="float", node_name="SpecialLogNdtr",
    x=lambda xp, g, x: g / xp.erfcx(x * -math.sqrt(0.5)) * math.sqrt(2 / math.pi),
)

# Bessel functions. PyTorch has derivatives of i0, i0e, i1 and i1e alone.


def _i1(xp: Any, g: Array, x: Array, out: Array) -> Array:
    zero = x == 0
    return g * xp.where(zero, 0.5, xp.i0(x) - out / xp.where(zero, 1, x))


def _i1e(xp: Any, g: Array, x: Array, out: Array) -> Array:
    zero = x == 0
    return g * xp.where(zero, 0.5, xp.i0e(x) - out * (xp.sign(x) + xp.reciprocal(xp.where(zero, 1, x))))


i0 = op("i0(x)", promotes="float", x=lambda xp, g, x: g * xp.i1(x))
i0e = op("i0e(x)", promotes="float", node_name="SpecialI0E", x=lambda xp, g, x, out: g * (xp.i1e(x) - xp.sign(x) * out))
i1 = op("i1(x)", promotes="float", node_name="SpecialI1", x=_i1)
i1e = op("i1e(x)", promotes="float", node_name="SpecialI1E", x=_i1e)
j0 = op("j0(x)", promotes="float", node_name="SpecialBesselJ0", x=_no_derivative("special_bessel_j0"))
j1 = op("j1(x)", promotes="float", node_name="SpecialBesselJ1", x=_no_derivative("special_bessel_j1"))
y0 = op("y0(x)", promotes="float", node_name="SpecialBesselY0", x=_no_derivative("special_bessel_y0"))
y1 = op("y1(x)", promotes="float", node_name="SpecialBesselY1", x=_no_derivative("special_bessel_y1"))
k0 = op("k0(x)", promotes="float", node_name="SpecialModifiedBesselK0", x=_no_derivative("special_modified_bessel_k0"))
k1 = op("k1(x)", promotes="float", node_name="SpecialModifiedBesselK1", x=_no_derivative("special_modified_bessel_k1"))
k0e = op(
    "k0e(x)", promotes="float", node_name="SpecialScaledModifiedBesselK0",
    x=_no_derivative("special_scaled_modified_bessel_k0"),
)
k1e = op(
    "k1e(x)", promotes="float", node_name="SpecialScaledModifiedBesselK1",
    x=_no_derivative("special_scaled_modified_bessel_k1"),
)


@define("modified_i0(x)", promotes="float", node_name="SpecialModifiedBesselI0", x=_no_derivative("special_modified_bessel_i0"))
def modified_i0(xp: Any, x: Array) -> Array:
    """`i0` under the name that has no derivative."""
    return xp.i0(x)


@define("modified_i1(x)", promotes="float", node_name="SpecialModifiedBesselI1", x=_no_derivative("special_modified_bessel_i1"))
def modified_i1(xp: Any, x: Array) -> Array:
    """`i1` under the name that has no derivative."""
    return xp.i1(x)


airy_ai = op("airy_ai(x)", promotes="float", node_name="SpecialAiryAi", x=_no_derivative("special_airy_ai"))

# Functions that need no library


def _sinc(xp: Any, g: Array, x: Array) -> Array:
    zero = x == 0
    safe = xp.where(zero, 1, x)
    angle = safe * math.pi
    return g * xp.where(zero, 0, (xp.cos(angle) * angle - xp.sin(angle)) / (angle * safe))


@define("sinc(x)", promotes="float", x=_sinc)
def sinc(xp: Any, x: Array) -> Array:
    """sin(pi x) / (pi x), and 1 at zero."""
    zero = x == 0
    angle = xp.where(zero, 1, x) * math.pi
    return xp.where(zero, 1, xp.sin(angle) / angle)


@define(
    "spherical_bessel_j0(x)", promotes="float", node_name="SpecialSphericalBesselJ0",
    x=_no_derivative("special_spherical_bessel_j0"),
)  # fmt: skip
def spherical_bessel_j0(xp: Any, x: Array) -> Array:
    """sin(x) / x, with its limits at zero and at infinity."""
    zero = x == 0
    return xp.where(xp.isinf(x), 0, xp.where(zero, 1, xp.sin(x) / xp.where(zero, 1, x)))


@define("entr(x)", promotes="float", node_name="SpecialEntr", x=lambda xp, g, x: xp.negative(g) * (xp.log(x) + 1))
def entr(xp: Any, x: Array) -> Array:
    """-x log(x); 0 at zero, and -inf below."""
    below = xp.where(xp.isnan(x), x, -math.inf)
    return xp.where(x > 0, xp.negative(x * xp.log(x)), xp.where(x == 0, 0, below))


def _xlog1py_x(xp: Any, g: Array, x: Array, y: Array) -> Array:
    return g * xp.where((x == 0) & (y <= -1), 0, xp.log1p(y))


@define("xlog1py(x, y)", promotes="float", node_name="SpecialXlog1Py", x=_xlog1py_x, y=lambda g, x, y: g * x / (y + 1))
def xlog1py(xp: Any, x: Array, y: Array) -> Array:
    """x log(1 + y), and 0 where x is zero."""
    return xp.where(xp.isnan(y), y, xp.where(x == 0, 0, x * xp.log1p(y)))
