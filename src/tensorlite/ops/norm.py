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


@define(
    "normalize(x, weight=None, bias=None, *, axes, shape, eps)", node_name="NativeNorm",
    joint=lambda xp, g, x, weight, axes, shape, eps, needs: xp.normalize_back(
        g, x, weight, axes=axes, shape=shape, eps=eps, needs=needs),
)
def normalize(
    xp: Any, x: Array, weight: Array | None = None, bias: Array | None = None, *, axes: Ints, shape: Ints, eps: float
) -> Array:
    """(x - mean) / sqrt(var + eps) * weight + bias, over `axes`; weight and bias are read in `shape`.

    Batch norm (Ioffe and Szegedy, 2015) normalises over batch and space, layer norm (Ba et al., 2016) over features.
    """
    unit, _ = _normalized(xp, x, axes, eps)
    if weight is not None:
        unit = unit * xp.reshape(weight, shape=shape)
    return unit if bias is None else unit + xp.reshape(bias, shape=shape)
