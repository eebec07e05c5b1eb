"""Pointwise activations with a gradient of their own; each body is the reference of any fused kernel."""

from __future__ import annotations

from typing import Any

from ..autograd.op import composite, define, op

Array = Any


def _sigmoid(g: Array, out: Array) -> Array:
    slope = g * out
    return slope - slope * out


sigmoid = op("sigmoid(x)", promotes="float", x=_sigmoid)
relu = op("relu(x)", x=lambda xp, g, out: xp.where(out <= 0, 0, g))  # nan keeps its gradient


@define("softplus(x, *, beta, threshold)", x=lambda xp, g, x, beta, threshold: xp.where(
    x * beta > threshold, g, g * xp.sigmoid(x * beta)))
def softplus(xp: Any, x: Array, *, beta: float, threshold: float) -> Array:
    """log(1 + exp(beta x)) / beta, and x itself above the threshold."""
    return xp.where(x * beta > threshold, x, xp.log1p(xp.exp(x * beta)) / beta)


def _silu(xp: Any, g: Array, x: Array) -> Array:
    s = xp.sigmoid(x)
    return g * (s * (1 + x * (1 - s)))


@define("silu(x)", x=_silu)
def silu(xp: Any, x: Array) -> Array:
    """x sigmoid(x)."""
    return x * xp.sigmoid(x)


@define("leaky_relu(x, *, slope)", x=lambda xp, g, x, slope: xp.where(x > 0, g, g * slope))
def leaky_relu(xp: Any, x: Array, *, slope: float) -> Array:
    """x above zero, slope x below."""
    return xp.where(x > 0, x, x * slope)


@define("elu(x, *, alpha, scale, input_scale)", x=lambda xp, g, x, alpha, scale, input_scale: g * xp.where(
    x > 0, scale, xp.exp(x * input_scale) * (alpha * scale * input_scale)))
def elu(xp: Any, x: Array, *, alpha: float, scale: float, input_scale: float) -> Array:
    """scale x above zero, scale alpha (exp(input_scale x) - 1) below."""
    return xp.where(x > 0, x * scale, xp.expm1(x * input_scale) * (alpha * scale))


@define("log_sigmoid(x)", x=lambda xp, g, x: g * xp.sigmoid(xp.negative(x)))
def log_sigmoid(xp: Any, x: Array) -> Array:
    """log(sigmoid(x)), without overflow."""
    return xp.minimum(x, 0) - xp.log1p(xp.exp(xp.negative(xp.abs(x))))


_SQRT_HALF, _INV_SQRT_2PI, _SQRT_2_OVER_PI = 0.7071067811865476, 0.3989422804014327, 0.7978845608028654

erf = op("erf(x)", promotes="float", x=lambda xp, g, x: g * xp.exp(xp.negative(x * x)) * 1.1283791670955126)


@composite
def gelu_back(xp: Any, g: Array, x: Array) -> Array:
    """The gradient of `gelu`."""
    density = xp.exp(x * x * -0.5) * _INV_SQRT_2PI
    return g * ((xp.erf(x * _SQRT_HALF) + 1) * 0.5 + x * density)


@define("gelu(x)", x=lambda xp, g, x: xp.gelu_back(g, x))
def gelu(xp: Any, x: Array) -> Array:
    """x times the normal distribution function (Hendrycks and Gimpel, 2016)."""
    return x * ((xp.erf(x * _SQRT_HALF) + 1) * 0.5)


def _gelu_tanh(xp: Any, g: Array, x: Array) -> Array:
    t = xp.tanh((x + x * x * x * 0.044715) * _SQRT_2_OVER_PI)
    inner = (1 + x * x * 0.134145) * _SQRT_2_OVER_PI
    return g * ((t + 1) * 0.5 + x * 0.5 * (1 - t * t) * inner)


@define("gelu_tanh(x)", node_name="Gelu", x=_gelu_tanh)
def gelu_tanh(xp: Any, x: Array) -> Array:
    """GELU with the normal distribution function approximated by tanh."""
    return x * 0.5 * (xp.tanh((x + x * x * x * 0.044715) * _SQRT_2_OVER_PI) + 1)
