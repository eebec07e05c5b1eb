"""Losses that are one op: one node instead of four, which is what small networks feel."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..autograd.op import composite, define

Array = Any


def _squared_back(xp: Any, g: Array, x: Array, y: Array, needs: list[bool]) -> tuple[Array | None, Array | None]:
    grad = (x - y) * (g * (2 / math.prod(x.shape)))
    return (grad if needs[0] else None), (xp.negative(grad) if needs[1] else None)


@define("mean_squared_error(x, y)", node_name="MseLoss", joint=_squared_back)
def mean_squared_error(xp: Any, x: Array, y: Array) -> Array:
    """The mean of (x - y)^2, for inputs of one shape."""
    difference = x - y
    return xp.mean(difference * difference)


@composite
def binary_cross_entropy_back(xp: Any, g: Array, x: Array, target: Array) -> Array:
    """The gradient of x; at 0 and 1 it is large, and not infinite."""
    return g * (x - target) / xp.maximum(x * (1 - x), 1e-12)


@define(
    "binary_cross_entropy(x, target)", promotes="common",
    x=binary_cross_entropy_back,
    target=lambda xp, g, x: g * (xp.log1p(xp.negative(x)) - xp.log(x)),
)
def binary_cross_entropy(xp: Any, x: Array, target: Array) -> Array:
    """-(target log(x) + (1 - target) log(1 - x)), element by element, with logs of at least -100."""
    return (target - 1) * xp.maximum(xp.log1p(xp.negative(x)), -100) - target * xp.maximum(xp.log(x), -100)


def _own(xp: Any, x: Array, target: Array, axis: int) -> Array:
    """Each place's element of the class it belongs to."""
    if x.ndim == 2:  # the rows' numbers and their classes: a third of the time of the general case for small inputs
        rows = xp.arange(0, x.shape[0], dtype=target.dtype)
        return xp.advanced_index(x, rows, target, key=("_", "_"))
    index = xp.expand_dims(target, axis=axis)
    return xp.reshape(xp.take_along_axis(x, index, axis=axis), shape=target.shape)


def _less_own(xp: Any, x: Array, target: Array, value: Array, axis: int) -> Array:
    """x, with a value subtracted from each place's element of its own class."""
    value = xp.negative(value)
    if x.ndim == 2:
        rows = xp.arange(0, x.shape[0], dtype=target.dtype)
        return xp.index_put(x, value, rows, target, key=("_", "_"), accumulate=True)
    index = xp.expand_dims(target, axis=axis)
    return xp.scatter_add(x, index, xp.expand_dims(value, axis=axis), axis=axis)


def _per_class(xp: Any, weight: Array, ndim: int, axis: int) -> Array:
    return xp.reshape(weight, shape=(-1, *(1,) * (ndim - axis - 1)))


def _counted(xp: Any, target: Array, ignore_index: int | None) -> tuple[Array, Array | None]:
    """Targets that are all classes, and which of them count (None: all)."""
    if ignore_index is None:
        return target, None
    counts = target != ignore_index
    return xp.where(counts, target, 0), counts


def _total(xp: Any, target: Array, counts: Array | None, share: Array | None, dtype: Any) -> Any:
    """What a mean is divided by: the number of targets, or the sum of their weights."""
    if share is not None:
        return xp.sum(share if counts is None else xp.where(counts, share, 0))
    if counts is not None:
        return xp.sum(xp.astype(counts, dtype=dtype))
    return math.prod(target.shape) or math.nan


@composite
def cross_entropy_back(
    xp: Any, g: Array, x: Array, target: Array, weight: Array | None, *, axis: int, ignore_index: int | None, smoothing: float,
    reduction: str,
) -> Array:
    """The gradient of x."""
    if g.dtype in xp.halves:
        g, x = xp.astype(g, dtype=dtypes.float32), xp.astype(x, dtype=dtypes.float32)
        weight = None if weight is None else xp.astype(weight, dtype=dtypes.float32)
    target, counts = _counted(xp, target, ignore_index)
    share = None if weight is None else xp.take(weight, target, axis=0)
    if reduction == "mean":
        g = g / _total(xp, target, counts, share, x.dtype)
    g = xp.broadcast_to(g, shape=target.shape) if counts is None else xp.where(counts, g, 0)
    hard = g * (1 - smoothing) if smoothing else g
    hard = hard if share is None else hard * share
    probabilities = xp.softmax(x, axis=axis)
    if not smoothing:
        return _less_own(xp, probabilities * xp.expand_dims(hard, axis=axis), target, hard, axis)
    classes = x.shape[axis]
    soft = xp.expand_dims(g * (smoothing / classes), axis=axis)
    of_class = soft if weight is None else soft * _per_class(xp, weight, x.ndim, axis)
    total = xp.expand_dims(hard, axis=axis) + soft * (classes if weight is None else xp.sum(weight))
    return _less_own(xp, probabilities * total - of_class, target, hard, axis)


@define(
    "cross_entropy(x, target, weight=None, *, axis, ignore_index, smoothing, reduction)", node_name="NllLoss",
    x=cross_entropy_back,
)
def cross_entropy(
    xp: Any, x: Array, target: Array, weight: Array | None = None, *, axis: int, ignore_index: int | None, smoothing: float,
    reduction: str,
) -> Array:
    """Minus the logarithm of the softmax at the target classes, which are int64 and all in range or `ignore_index`.

    An `ignore_index` of None says that no target is to be ignored. Smoothing (Szegedy et al., 2015) mixes the target with
    equal probabilities of all classes. The weights of the classes are constants.
    """
    logs = xp.log_softmax(x, axis=axis)
    target, counts = _counted(xp, target, ignore_index)
    share = None if weight is None else xp.take(weight, target, axis=0)
    loss = xp.negative(_own(xp, logs, target, axis))
    if share is not None:
        loss = loss * share
    if smoothing:
        scaled = logs if weight is None else logs * _per_class(xp, weight, x.ndim, axis)
        loss = loss * (1 - smoothing) - xp.sum(scaled, axis=axis) * (smoothing / x.shape[axis])
    if counts is not None:
        loss = xp.where(counts, loss, 0)
    if reduction == "none":
        return loss
    if reduction == "sum":
        return xp.sum(loss)
    return xp.sum(loss) / _total(xp, target, counts, share, x.dtype)


def _mixed(xp: Any, target: Array, weight: Array | None, smoothing: float, axis: int) -> Array:
    """The probabilities after smoothing, times the weights of their classes."""
    if smoothing:
        target = target * (1 - smoothing) + smoothing / target.shape[axis]
    return target if weight is None else target * _per_class(xp, weight, target.ndim, axis)


def _soft_cross_entropy_back(
    xp: Any, g: Array, x: Array, target: Array, weight: Array | None, axis: int, smoothing: float, reduction: str, needs: list[bool]
) -> tuple[Array | None, ...]:
    if g.dtype in xp.halves:
        g, x, target = (xp.astype(a, dtype=dtypes.float32) for a in (g, x, target))
        weight = None if weight is None else xp.astype(weight, dtype=dtypes.float32)
    if reduction == "mean":
        g = g / (math.prod(x.shape) // (x.shape[axis] or 1) or math.nan)
    elif reduction == "none":
        g = xp.expand_dims(g, axis=axis)
    grad_x = grad_target = grad_weight = None
    if needs[0]:
        a = _mixed(xp, target, weight, smoothing, axis) * g
        grad_x = xp.softmax(x, axis=axis) * xp.sum(a, axis=axis, keepdims=True) - a
    if needs[1] or needs[2]:
        logs = xp.log_softmax(x, axis=axis) * xp.negative(g)
        if needs[1]:
            grad_target = logs * (1 - smoothing)
            if weight is not None:
                grad_target = grad_target * _per_class(xp, weight, x.ndim, axis)
        if needs[2]:
            terms = _mixed(xp, target, None, smoothing, axis) * logs
            grad_weight = xp.sum(terms, axis=tuple(i for i in range(x.ndim) if i != axis))
    return grad_x, grad_target, grad_weight


@define(
    "soft_cross_entropy(x, target, weight=None, *, axis, smoothing, reduction)", node_name="SoftCrossEntropy",
    joint=_soft_cross_entropy_back,
)
def soft_cross_entropy(
    xp: Any, x: Array, target: Array, weight: Array | None = None, *, axis: int, smoothing: float, reduction: str
) -> Array:
    """Minus the logarithm of the softmax, weighted by the target probabilities; "mean" is over the places."""
    loss = xp.negative(xp.sum(xp.log_softmax(x, axis=axis) * _mixed(xp, target, weight, smoothing, axis), axis=axis))
    if reduction == "none":
        return loss
    total = xp.sum(loss)
    return total / (math.prod(loss.shape) or math.nan) if reduction == "mean" else total
