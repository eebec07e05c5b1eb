"""Running extremes and sums; folding values into positions."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.op import define, op

Array = Any
_REDUCE: dict[str, str] = {"multiply": "prod", "maximum": "amax", "minimum": "amin"}
_BY = {reduce: by for by, reduce in _REDUCE.items()}

running_argmax = op("running_argmax(x, *, axis)")
running_argmin = op("running_argmin(x, *, axis)")


def _from_the_end(xp: Any, x: Array, axis: int) -> Array:
    return xp.flip(xp.logcumsumexp(xp.flip(x, axis=(axis,)), axis=axis), axis=(axis,))


def _logcumsumexp(xp: Any, g: Array, x: Array, out: Array, axis: int) -> Array:
    """The sum over i >= j of g_i exp(x_j - out_i), taken among logarithms so that nothing overflows."""
    if g.dtype in xp.complexes:
        top = xp.max(xp.real(x), axis=axis, keepdims=True)
        summed = xp.flip(xp.cumulative_sum(xp.flip(g * xp.exp(top - out), axis=(axis,)), axis=axis), axis=(axis,))
        return summed * xp.exp(x - top)
    nothing = out == -math.inf  # no element so far counts for anything
    above = xp.where(nothing | (g <= 0), -math.inf, xp.log(xp.abs(g)) - out)
    below = xp.where(nothing | (g >= 0), -math.inf, xp.log(xp.abs(g)) - out)
    return xp.exp(_from_the_end(xp, above, axis) + x) - xp.exp(_from_the_end(xp, below, axis) + x)


logcumsumexp = op("logcumsumexp(x, *, axis)", x=_logcumsumexp)


def _places(xp: Any, like: Array, value: int) -> Array:
    return (xp.ones if value else xp.zeros)(like.shape, dtype=like.dtype)


def _hits(xp: Any, x: Array, index: Array, source: Array, out: Array, axis: int, include_self: bool) -> tuple[Array, Array, Array]:
    """Where x and the source attain the extreme, and how many attain each."""
    at_x = xp.astype(x == out, dtype=out.dtype)
    if not include_self:
        at_x = xp.scatter(at_x, index, _places(xp, source, 0), axis=axis)
    at_source = xp.astype(source == xp.take_along_axis(out, index, axis=axis), dtype=out.dtype)
    return at_x, at_source, xp.scatter_add(at_x, index, at_source, axis=axis)


def _counts(xp: Any, x: Array, index: Array, source: Array, axis: int, include_self: bool) -> Array:
    """How many numbers each mean is of, 1 at least."""
    ones = _places(xp, x, 1)
    base = ones if include_self else xp.scatter(ones, index, _places(xp, source, 0), axis=axis)
    return xp.scatter_add(base, index, _places(xp, source, 1), axis=axis)


def _fold_back(
    xp: Any, g: Array, x: Array, index: Array, source: Array, out: Array, axis: int, reduce: str, include_self: bool
) -> Array:
    if reduce == "prod":
        g = g * xp.scatter_fold(_places(xp, x, 1), index, source, axis=axis, by="multiply")
    elif reduce == "mean":
        g = g / _counts(xp, x, index, source, axis, include_self)
    elif reduce != "sum":
        hit, _, total = _hits(xp, x, index, source, out, axis, include_self)
        g = g * (hit / xp.where(total == 0, 1, total))
    return g if include_self else xp.scatter(g, index, _places(xp, source, 0), axis=axis)


def _fold_back_source(
    xp: Any, g: Array, x: Array, index: Array, source: Array, out: Array, axis: int, reduce: str, include_self: bool
) -> Array:
    if reduce == "prod":
        return _fold_back_factors(xp, g, x, index, source, out, axis, include_self)
    if reduce == "mean":
        g = g / _counts(xp, x, index, source, axis, include_self)
    elif reduce != "sum":
        _, hit, total = _hits(xp, x, index, source, out, axis, include_self)
        return hit * xp.take_along_axis(g / xp.where(total == 0, 1, total), index, axis=axis)
    return xp.take_along_axis(g, index, axis=axis)


def _fold_back_factors(
    xp: Any, g: Array, x: Array, index: Array, source: Array, out: Array, axis: int, include_self: bool
) -> Array:
    """For each factor the product of the others: the result divided by it, or, of the only zero, the result without it."""
    zero = source == 0
    zeros = xp.astype(zero, dtype=g.dtype)
    count = xp.take_along_axis(xp.scatter_add(_places(xp, x, 0), index, zeros, axis=axis), index, axis=axis)
    only = zero & (count == 1)
    others = xp.where(only, 1, source)
    product = xp.scatter_reduce(x, index, others, axis=axis, reduce="prod", include_self=include_self)
    whole = xp.take_along_axis(g * out, index, axis=axis) / xp.where(zero, 1, source)
    return xp.where(only, xp.take_along_axis(g * product, index, axis=axis), whole)


scatter_fold = op(
    "scatter_fold(x, index, source, *, axis, by)",
    x=lambda xp, g, x, index, source, out, axis, by: _fold_back(xp, g, x, index, source, out, axis, _REDUCE[by], True),
    source=lambda xp, g, x, index, source, out, axis, by: _fold_back_source(xp, g, x, index, source, out, axis, _REDUCE[by], True),
)

@define("scatter_reduce(x, index, source, *, axis, reduce, include_self)", x=_fold_back, source=_fold_back_source)
def scatter_reduce(xp: Any, x: Array, index: Array, source: Array, *, axis: int, reduce: str, include_self: bool) -> Array:
    """x with the source's elements combined at index: their sum, prod, mean, amax or amin, with or without what x has there."""
    if reduce in ("sum", "mean"):
        base = x if include_self else xp.scatter(x, index, _places(xp, source, 0), axis=axis)
        total = xp.scatter_add(base, index, source, axis=axis)
        if reduce == "sum":
            return total
        count = _counts(xp, x, index, source, axis, include_self)
        return total / count if x.dtype in xp.inexacts else xp.floor_divide(total, count)
    if not include_self:  # an extreme may begin with any of the source's elements, a product with one
        x = xp.scatter(x, index, _places(xp, source, 1) if reduce == "prod" else source, axis=axis)
    return xp.scatter_fold(x, index, source, axis=axis, by=_BY[reduce])
