"""Reductions and scans. `axis` is None, an int or a tuple of ints, already normalised to be non-negative."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.op import composite, define, op

Array = Any
Axis = int | tuple[int, ...] | None


def _kept(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The shape that a reduction has with keepdims."""
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _count(shape: tuple[int, ...], axis: Axis) -> int:
    return math.prod(n for n, k in zip(shape, _kept(shape, axis), strict=True) if k != n)


def _spread(xp: Any, g: Array, x_shape: tuple[int, ...], axis: Axis) -> Array:
    """Give every element its reduction's gradient."""
    if g.shape == ():
        return xp.spread(g, shape=x_shape)
    return xp.broadcast_to(xp.reshape(g, shape=_kept(x_shape, axis)), shape=x_shape)


@composite
def spread(xp: Any, g: Array, *, shape: tuple[int, ...]) -> Array:
    """One number in every place."""
    return xp.broadcast_to(g, shape=shape)


sum = op("sum(x, *, axis=None, keepdims=False)", x=_spread)
mean = op(
    "mean(x, *, axis=None, keepdims=False)",
    x=lambda xp, g, x_shape, axis: _spread(xp, g / (_count(x_shape, axis) or 1), x_shape, axis),
)


def _extreme(xp: Any, g: Array, x: Array, out: Array, axis: Axis) -> Array:
    """Share the gradient evenly among the elements that attain the extreme."""
    kept = _kept(x.shape, axis)
    hit = x == xp.reshape(out, shape=kept)
    share = xp.astype(hit, dtype=g.dtype)
    return xp.reshape(g, shape=kept) * (share / xp.sum(share, axis=axis, keepdims=True))


max = op("max(x, *, axis=None, keepdims=False)", x=_extreme)
min = op("min(x, *, axis=None, keepdims=False)", x=_extreme)
any = op("any(x, *, axis=None, keepdims=False)")
all = op("all(x, *, axis=None, keepdims=False)")
argmax = op("argmax(x, *, axis=None, keepdims=False)")
argmin = op("argmin(x, *, axis=None, keepdims=False)")
argsort = op("argsort(x, *, axis=-1, descending=False)")
argtop = op("argtop(x, *, k, axis, largest)")
count_nonzero = op("count_nonzero(x, *, axis=None)")
hash_tensor = op("hash_tensor(x, *, axis, keepdims=False)")
sum_to = op("sum_to(x, *, shape)", node_name="Sum", x=lambda xp, g, x_shape: xp.broadcast_to(g, shape=x_shape))


def _without_own(xp: Any, x: Array) -> Array:
    """For each element of the last axis, a row in which that element is 1: (..., n) -> (..., n, n)."""
    n = x.shape[-1]
    own = xp.eye(n, n, dtype=x.dtype) > 0
    return xp.where(own, 1, xp.broadcast_to(xp.expand_dims(x, axis=x.ndim - 1), shape=(*x.shape[:-1], n, n)))


def _prod(xp: Any, g: Array, x: Array, out: Array, axis: int | None) -> Array:
    if not x.ndim:
        return g
    kept = _kept(x.shape, axis)
    g = xp.reshape(g, shape=kept)
    if not xp.bool(xp.any(x == 0)):
        return g * (xp.reshape(out, shape=kept) / x)
    rows = xp.reshape(x, shape=(-1,)) if axis is None else _last(xp, x, axis)
    others = xp.prod(_without_own(xp, rows), axis=rows.ndim)
    return g * (xp.reshape(others, shape=x.shape) if axis is None else _last(xp, others, axis))


def _last(xp: Any, x: Array, axis: int) -> Array:
    """Swap an axis with the last one."""
    axes = list(range(x.ndim))
    axes[axis], axes[-1] = axes[-1], axes[axis]
    return xp.permute_dims(x, axes=tuple(axes))


prod = op("prod(x, *, axis=None, keepdims=False)", x=_prod)


def _reverse_cumsum(xp: Any, g: Array, axis: int) -> Array:
    return xp.flip(xp.cumulative_sum(xp.flip(g, axis=(axis,)), axis=axis), axis=(axis,)) if g.ndim else g


cumulative_sum = op("cumulative_sum(x, *, axis)", node_name="Cumsum", x=_reverse_cumsum)


def _cumprod(xp: Any, g: Array, x: Array, out: Array, axis: int) -> Array:
    if not x.ndim or x.shape[axis] == 1:
        return g
    if not xp.bool(xp.any(x == 0)):
        return _reverse_cumsum(xp, g * out, axis) / x
    rows = _without_own(xp, _last(xp, x, axis))
    n = x.shape[axis]
    later = xp.triu(xp.ones((n, n), dtype=x.dtype), k=0)
    products = xp.cumulative_prod(rows, axis=rows.ndim - 1) * later
    shared = xp.sum(xp.expand_dims(_last(xp, g, axis), axis=g.ndim - 1) * products, axis=rows.ndim - 1)
    return _last(xp, shared, axis)


cumulative_prod = op("cumulative_prod(x, *, axis)", node_name="Cumprod", x=_cumprod)


@composite
def var(xp: Any, x: Array, *, axis: Axis = None, correction: float = 1.0, keepdims: bool = False) -> Array:
    """The mean squared deviation, with ``n - correction`` in place of n."""
    deviation = x - xp.mean(x, axis=axis, keepdims=True)
    count = _count(x.shape, axis) - correction
    size = xp.real(deviation * xp.conj(deviation)) if x.dtype in xp.complexes else deviation * deviation
    total = xp.sum(size, axis=axis, keepdims=keepdims)
    return total / count if count > 0 else total * math.inf if count else total / (total * 0)


def _std(xp: Any, g: Array, x: Array, out: Array, axis: Axis, correction: float) -> Array:
    kept = _kept(x.shape, axis)
    out, g = xp.reshape(out, shape=kept), xp.reshape(g, shape=kept)
    scale = xp.where(out == 0, 0, g / out) / (_count(x.shape, axis) - correction or math.nan)
    return scale * (x - xp.mean(x, axis=axis, keepdims=True))


@define("std(x, *, axis=None, correction=1.0, keepdims=False)", holomorphic=False, x=_std)
def std(xp: Any, x: Array, *, axis: Axis = None, correction: float = 1.0, keepdims: bool = False) -> Array:
    """The root of the variance; its gradient at zero deviation is zero."""
    return xp.sqrt(xp.var(x, axis=axis, correction=correction, keepdims=keepdims))


def _logsumexp(xp: Any, g: Array, x: Array, out: Array, axis: Axis) -> Array:
    kept = _kept(x.shape, axis)
    out = xp.reshape(out, shape=kept)
    return xp.reshape(g, shape=kept) * xp.exp(x - xp.where(xp.isfinite(out), out, 0))


@define("logsumexp(x, *, axis, keepdims=False)", x=_logsumexp)
def logsumexp(xp: Any, x: Array, *, axis: Axis, keepdims: bool = False) -> Array:
    """log(sum(exp(x))), shifted by the largest element so that nothing overflows."""
    top = xp.max(xp.real(x) if x.dtype in xp.complexes else x, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0)
    total = xp.log(xp.sum(xp.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else xp.reshape(total, shape=_dropped(x.shape, axis))


def _dropped(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def _norm(xp: Any, g: Array, x: Array, out: Array, p: float, axis: Axis) -> Array:
    kept = _kept(x.shape, axis)
    out, g = xp.reshape(out, shape=kept), xp.reshape(g, shape=kept)
    if p == 0:
        return x * 0
    if p == 1:
        return g * xp.sgn(x)
    if p == 2:
        return x * xp.where(out == 0, 0, g / xp.where(out == 0, 1, out))
    size = xp.abs(x)
    if math.isinf(p):
        hit = xp.astype(size == out, dtype=g.dtype)
        return xp.sgn(x) * (g * hit / xp.sum(hit, axis=axis, keepdims=True))
    ratio = xp.where((out == 0) | (size == 0), 0, size / xp.where(out == 0, 1, out))
    power = xp.where(ratio == 0, 0, xp.pow(xp.where(ratio == 0, 1, ratio), p - 1))
    return xp.sgn(x) * (g * power)


@define("vector_norm(x, *, p=2.0, axis=None, keepdims=False)", holomorphic=False, node_name="LinalgVectorNorm", x=_norm)
def vector_norm(xp: Any, x: Array, *, p: float = 2.0, axis: Axis = None, keepdims: bool = False) -> Array:
    """(sum |x|^p)^(1/p), with the limits for p = 0, inf and -inf."""
    size = xp.abs(x)
    if p == 2:
        return xp.sqrt(xp.sum(size * size, axis=axis, keepdims=keepdims))
    if p == 1:
        return xp.sum(size, axis=axis, keepdims=keepdims)
    if p == 0:
        return xp.sum(xp.astype(size != 0, dtype=size.dtype), axis=axis, keepdims=keepdims)
    if math.isinf(p):
        return (xp.max if p > 0 else xp.min)(size, axis=axis, keepdims=keepdims)
    return xp.pow(xp.sum(xp.pow(size, p), axis=axis, keepdims=keepdims), 1 / p)


@composite
def softmax_back(xp: Any, g: Array, out: Array, *, axis: int) -> Array:
    """The gradient of `softmax`."""
    return out * (g - xp.sum(g * out, axis=axis, keepdims=True))


@define("softmax(x, *, axis)", x=softmax_back)
def softmax(xp: Any, x: Array, *, axis: int) -> Array:
    """exp(x) / sum(exp(x))."""
    if 0 in x.shape:
        return x * 1
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)


@composite
def log_softmax_back(xp: Any, g: Array, out: Array, *, axis: int) -> Array:
    """The gradient of `log_softmax`."""
    return g - xp.exp(out) * xp.sum(g, axis=axis, keepdims=True)


@define("log_softmax(x, *, axis)", x=log_softmax_back)
def log_softmax(xp: Any, x: Array, *, axis: int) -> Array:
    """log(softmax(x)), without overflow."""
    if 0 in x.shape:
        return x * 1
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))
