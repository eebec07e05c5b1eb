"""Pointwise activations with a gradient of their own; each body is the reference of any fused kernel."""

from __future__ import annotations

from typing import Any

from ..autograd.op import composite, define, op

Array = Any


@composite
def sigmoid_back(xp: Any, g: Array, out: Array) -> Array:
    """The gradient of `sigmoid`."""
    slope = g * out
    return slope - slope * out


@composite
def relu_back(xp: Any, g: Array, out: Array) -> Array:
    """The gradient of `relu`; nan keeps its own."""
    return xp.where(out <= 0, 0, g)


sigmoid = op("sigmoid(x)", promotes="float", x=sigmoid_back)
relu = op("relu(x)", x=relu_back)


@composite
def softplus_back(xp: Any, g: Array, x: Array, *, beta: float, threshold: float) -> Array:
    """The gradient of `softplus`."""
    return xp.where(x * beta > threshold, g, g * xp.sigmoid(x * beta))


@define("softplus(x, *, beta, threshold)", x=softplus_back)
def softplus(xp: Any, x: Array, *, beta: float, threshold: float) -> Array:
    """log(1 + exp(beta x)) / beta, and x itself above the threshold."""
    return xp.where(x * beta > threshold, x, xp.log1p(xp.exp(x * beta)) / beta)


@composite
def silu_back(xp: Any, g: Array, x: Array) -> Array:
    """The gradient of `silu`."""
    s = xp.sigmoid(x)
    return g * (s * (1 + x * (1 - s)))


@define("silu(x)", x=silu_back)
def silu(xp: Any, x: Array) -> Array:
    """x sigmoid(x)."""
    return x * xp.sigmoid(x)


@define(
    "hardtanh(x, *, low, high)",
    x=lambda xp, g, x, low, high: xp.where((x <= low) | (x >= high), 0, g),  # on the bounds too, unlike that of `clip`
)
def hardtanh(xp: Any, x: Array, *, low: float, high: float) -> Array:
    """x between two bounds."""
    return xp.clip(x, low, high)


@define(
    "hardswish(x)",
    x=lambda xp, g, x: xp.where(x > 3, g, 0) + xp.where((x >= -3) & (x <= 3), g * (x / 3 + 0.5), 0),
)
def hardswish(xp: Any, x: Array) -> Array:
    """x times a line from 0 at -3 to 1 at 3 (Howard et al., 2019)."""
    return x * xp.clip(x + 3, 0, 6) / 6


@composite
def leaky_relu_back(xp: Any, g: Array, x: Array, *, slope: float) -> Array:
    """The gradient of `leaky_relu`."""
    return xp.where(x > 0, g, g * slope)


@define("leaky_relu(x, *, slope)", x=leaky_relu_back)
def leaky_relu(xp: Any, x: Array, *, slope: float) -> Array:
    """x above zero, slope x below."""
    return xp.where(x > 0, x, x * slope)


@composite
def elu_back(xp: Any, g: Array, x: Array, *, alpha: float, scale: float, input_scale: float) -> Array:
    """The gradient of `elu`."""
    return g * xp.where(x > 0, scale, xp.exp(x * input_scale) * (alpha * scale * input_scale))


@define("elu(x, *, alpha, scale, input_scale)", x=elu_back)
def elu(xp: Any, x: Array, *, alpha: float, scale: float, input_scale: float) -> Array:
    """scale x above zero, scale alpha (exp(input_scale x) - 1) below."""
    return xp.where(x > 0, x * scale, xp.expm1(x * input_scale) * (alpha * scale))


@composite
def log_sigmoid_back(xp: Any, g: Array, x: Array) -> Array:
    """The gradient of `log_sigmoid`."""
    return g * xp.sigmoid(xp.negative(x))


@define("log_sigmoid(x)", x=log_sigmoid_back)
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


@define("gelu(x)", x=gelu_back)
def gelu(xp: Any, x: Array) -> Array:
    """x times the normal distribution function (Hendrycks and Gimpel, 2016)."""
    return x * ((xp.erf(x * _SQRT_HALF) + 1) * 0.5)


@composite
def gelu_tanh_back(xp: Any, g: Array, x: Array) -> Array:
    """The gradient of `gelu_tanh`."""
    t = xp.tanh((x + x * x * x * 0.044715) * _SQRT_2_OVER_PI)
    inner = (1 + x * x * 0.134145) * _SQRT_2_OVER_PI
    return g * ((t + 1) * 0.5 + x * 0.5 * (1 - t * t) * inner)


@define("gelu_tanh(x)", node_name="Gelu", x=gelu_tanh_back)
def gelu_tanh(xp: Any, x: Array) -> Array:
    """GELU with the normal distribution function approximated by tanh."""
    return x * 0.5 * (xp.tanh((x + x * x * x * 0.044715) * _SQRT_2_OVER_PI) + 1)
