"""Normalisation. The rules recompute mean and variance from x: as constants they would be wrong at second order."""

from __future__ import annotations

from typing import Any

from ..autograd.op import composite, define

Array = Any
Ints = tuple[int, ...]


def _normalized(xp: Any, x: Array, axes: Ints, eps: float) -> tuple[Array, Array]:
    """x with mean 0 and variance 1 over `axes`, and 1 / sqrt(variance + eps)."""
    centred = x - xp.mean(x, axis=axes, keepdims=True)
    scale = xp.rsqrt(xp.mean(centred * centred, axis=axes, keepdims=True) + eps)
    return centred * scale, scale


@composite
def normalize_back(
    xp: Any, g: Array, x: Array, weight: Array | None, *, axes: Ints, shape: Ints, eps: float, needs: tuple[bool, ...]
) -> tuple[Any, ...]:
    """The gradients of x, weight and bias."""
    unit, scale = _normalized(xp, x, axes, eps)
    grad_x = grad_weight = None
    if needs[0]:
        h = g if weight is None else g * xp.reshape(weight, shape=shape)
        grad_x = scale * (h - xp.mean(h, axis=axes, keepdims=True) - unit * xp.mean(h * unit, axis=axes, keepdims=True))
    if needs[1]:
        grad_weight = xp.reshape(xp.sum_to(g * unit, shape=shape), shape=weight.shape)  # type: ignore[union-attr]
    grad_bias = xp.sum_to(g, shape=shape) if needs[2] else None
    if grad_bias is not None and weight is not None:
        grad_bias = xp.reshape(grad_bias, shape=weight.shape)
    return grad_x, grad_weight, grad_bias


def _normalize_rule(
    xp: Any, g: Array, x: Array, weight: Array | None, axes: Ints, shape: Ints, eps: float, needs: tuple[bool, ...]
) -> tuple[Any, ...]:
    return xp.normalize_back(g, x, weight, axes=axes, shape=shape, eps=eps, needs=needs)


@define("normalize(x, weight=None, bias=None, *, axes, shape, eps)", node_name="NativeNorm", joint=_normalize_rule)
def normalize(
    xp: Any, x: Array, weight: Array | None = None, bias: Array | None = None, *, axes: Ints, shape: Ints, eps: float
) -> Array:
    """(x - mean) / sqrt(var + eps) * weight + bias, over `axes`; weight and bias are read in `shape`.

    There is no bias without a weight.
    Batch norm (Ioffe and Szegedy, 2015) normalises over batch and space, layer norm (Ba et al., 2016) over features.
    """
    unit, _ = _normalized(xp, x, axes, eps)
    if weight is not None:
        unit = unit * xp.reshape(weight, shape=shape)
    return unit if bias is None else unit + xp.reshape(bias, shape=shape)


@define(
    "normalize_with_moments(x, weight=None, bias=None, *, axes, shape, eps) -> values, mean, var", node_name="NativeNorm",
    joint=lambda xp, g_values, x, weight, axes, shape, eps, needs: _normalize_rule(
        xp, g_values, x, weight, axes, shape, eps, needs),
)
def normalize_with_moments(
    xp: Any, x: Array, weight: Array | None = None, bias: Array | None = None, *, axes: Ints, shape: Ints, eps: float
) -> tuple[Array, Array, Array]:
    """`normalize`, with the mean and the variance over `axes`, which have no gradient: running statistics are made of them."""
    mean = xp.mean(x, axis=axes)
    var = xp.var(x, axis=axes, correction=0.0)
    return xp.normalize(x, weight, bias, axes=axes, shape=shape, eps=eps), mean, var


@composite
def standardize_back(
    xp: Any, g: Array, x: Array, mean: Array, var: Array, weight: Array | None, *, shape: Ints, eps: float,
    needs: tuple[bool, ...],
) -> tuple[Any, ...]:
    """The gradients of x, mean, var, weight and bias."""
    inverse = xp.rsqrt(var + eps)
    scale = inverse if weight is None else inverse * weight
    total = xp.reshape(xp.sum_to(g, shape=shape), shape=mean.shape) if needs[1] or needs[4] else None
    along = None
    if needs[2] or needs[3]:
        centred = x - xp.reshape(mean, shape=shape)
        along = xp.reshape(xp.sum_to(g * centred, shape=shape), shape=mean.shape) * inverse
    return (
        g * xp.reshape(scale, shape=shape) if needs[0] else None,
        xp.negative(total * scale) if needs[1] else None,
        along * inverse * scale * -0.5 if needs[2] else None,
        along if needs[3] else None,
        total if needs[4] else None,
    )


@define("standardize(x, mean, var, weight=None, bias=None, *, shape, eps)", node_name="NativeNorm", joint=standardize_back)
def standardize(
    xp: Any, x: Array, mean: Array, var: Array, weight: Array | None = None, bias: Array | None = None, *, shape: Ints,
    eps: float,
) -> Array:
    """(x - mean) / sqrt(var + eps) * weight + bias, for a given mean and variance, which are read in `shape` as the others."""
    scale = xp.rsqrt(var + eps)
    if weight is not None:
        scale = scale * weight
    shift = xp.negative(mean * scale) if bias is None else bias - mean * scale
    return x * xp.reshape(scale, shape=shape) + xp.reshape(shift, shape=shape)
