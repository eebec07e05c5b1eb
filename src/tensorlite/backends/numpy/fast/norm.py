"""Normalisation and its gradients, with the numbers of a mean read from the cache when they are needed again.

What is normalised together is a row of memory (layer norm; group and instance norm, where pieces of a row are scaled each by a
number of their own), a channel (batch norm of images), or a column (batch norm of vectors).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...base import may_decline
from . import norm_loops as loops
from .inputs import dense, floating, spans

__all__ = ["examples", "normalize", "normalize_back", "normalize_with_moments", "standardize"]

Array = np.ndarray
Ints = tuple[int, ...]
LEAST = 1 << 9
"""Arrays of fewer numbers are not worth importing numba for."""
BLOCK = 1 << 16
"""Numbers in a block."""
COLUMNS = 64
"""Columns that are normalised together: a few lines of the cache in each row."""


FORWARD: dict[str, Callable[..., None]] = {
    "rows": loops.rows, "pieces": loops.pieces, "channels": loops.channels, "columns": loops.columns,
}  # fmt: skip
BACK: dict[str, Callable[..., None]] = {
    "rows": loops.rows_back, "pieces": loops.pieces_back, "channels": loops.channels_back, "columns": loops.columns_back,
}  # fmt: skip


class _Plan(NamedTuple):
    kind: str
    """What is normalised together: "rows", rows in "pieces", "channels" or "columns"."""
    view: Ints
    """The shape in which x shows them."""
    affine: Ints
    """The shape of the weight."""
    found: Ints
    """The shape of the means."""
    blocks: Array
    """Ranges of rows, channels or columns."""


@functools.lru_cache(maxsize=1024)
def _plan(size: Ints, axes: Ints, shape: Ints, block: int) -> _Plan | None:
    """For an x of a size, normalised over axes, with a weight that is read in `shape`; None where it is none of these."""
    first = len(size) - len(axes)
    found = tuple(n for i, n in enumerate(size) if i not in axes)
    if axes == tuple(range(first, len(size))) and first:
        rows, length = math.prod(size[:first]), math.prod(size[first:])
        if shape == size[first:]:
            return _Plan("rows", (rows, length), (length,), found, spans(rows, length, block))
        if first == 2 and shape[:2] == (1, size[1]) and shape[2] in (1, size[2]) and math.prod(shape[3:]) == 1:
            view = (rows, shape[2], length // shape[2])
            return _Plan("pieces", view, shape[1:3], found, spans(rows, length, block))
    elif axes == (0, *range(2, len(size))) and shape == (1, size[1], *(1,) * (len(size) - 2)):
        samples, channels, length = *size[:2], math.prod(size[2:])
        if length == 1:
            blocks = spans(channels, samples, max(block // 2, COLUMNS * samples))
            return _Plan("columns", (samples, channels), (channels,), found, blocks)
        return _Plan("channels", (samples, channels, length), (channels,), found, spans(channels, samples * length, block // 2))
    return None


def _affine(plan: _Plan, given: Array | None, missing: Any, dtype: Any) -> Array:
    """The weight or the bias as the compiled functions read it."""
    return missing(plan.affine, dtype) if given is None else dense(given).reshape(plan.affine)


@may_decline
def normalize(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, axes: Ints, shape: Ints, eps: float
) -> Array:
    """(x - mean) / sqrt(var + eps) * weight + bias, over `axes`; weight and bias are read in `shape`."""
    found = normalize_with_moments(x, weight, bias, axes=axes, shape=shape, eps=eps)
    return found if found is NotImplemented else found[0]


@may_decline
def normalize_with_moments(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, axes: Ints, shape: Ints, eps: float
) -> tuple[Array, Array, Array]:
    """The same, and mean and variance of what was normalised together."""
    plan = _plan(x.shape, axes, shape, BLOCK) if x.size >= LEAST and floating(x, weight, bias) else None
    if plan is None:
        return NotImplemented
    dtype = x.dtype
    out, mean, var = np.empty(x.shape, dtype), np.empty(plan.found, dtype), np.empty(plan.found, dtype)
    a, b, epsilon = dense(x).reshape(plan.view), out.reshape(plan.view), dtype.type(eps)
    w, s = _affine(plan, weight, np.ones, dtype), _affine(plan, bias, np.zeros, dtype)
    means, variances = mean.reshape(-1), var.reshape(-1)
    FORWARD[plan.kind](plan.blocks, a, w, s, epsilon, b, means, variances)
    return out, mean, var


@may_decline
def normalize_back(
    g: Array, x: Array, weight: Array | None, *, axes: Ints, shape: Ints, eps: float, needs: tuple[bool, ...]
) -> tuple[Any, ...]:
    """The gradients of x, weight and bias."""
    plan = _plan(x.shape, axes, shape, BLOCK) if x.size >= LEAST and needs[0] and floating(g, x, weight) else None
    if plan is None:
        return NotImplemented
    view, blocks = plan.view, plan.blocks
    grad_x, epsilon = np.empty(x.shape, x.dtype), x.dtype.type(eps)
    slope, a, b = dense(g).reshape(view), dense(x).reshape(view), grad_x.reshape(view)
    w = _affine(plan, weight, np.ones, x.dtype)
    own = plan.kind in ("rows", "pieces")  # each block has sums of its own; else each has channels of its own
    sums = np.zeros((len(blocks) if own else 1, 2, *w.shape), x.dtype)
    BACK[plan.kind](blocks, slope, a, w, epsilon, b, sums)
    grad_weight, grad_bias = np.add.reduce(sums, 0) if len(sums) > 1 else sums[0]
    to = shape if weight is None else weight.shape
    return grad_x, grad_weight.reshape(to) if needs[1] else None, grad_bias.reshape(to) if needs[2] else None


@may_decline
def standardize(
    x: Array, mean: Array, var: Array, weight: Array | None = None, bias: Array | None = None, *, shape: Ints, eps: float
) -> Array:
    """(x - mean) / sqrt(var + eps) * weight + bias, for a given mean and variance of each channel."""
    rows, dtype = x.shape[0] * x.shape[1], x.dtype
    if x.size < max(LEAST, 4 * rows) or not floating(x, mean, var, weight, bias):
        return NotImplemented
    mean, var, epsilon, out = dense(mean).reshape(-1), dense(var).reshape(-1), dtype.type(eps), np.empty(x.shape, dtype)
    weight = np.ones(mean.size, dtype) if weight is None else dense(weight).reshape(-1)
    bias = np.zeros(mean.size, dtype) if bias is None else dense(bias).reshape(-1)
    a, b = dense(x).reshape(rows, -1), out.reshape(rows, -1)
    loops.standardize(spans(rows, a.shape[1], BLOCK), a, mean, var, weight, bias, epsilon, b)
    return out


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    x, w = np.ones((32, 16, 4, 16), dtype), np.ones(16, dtype)
    channels = (1, 16, 1, 1)
    cases = [(x, (3,), (16,)), (x, (2, 3), channels), (x, (0, 2, 3), channels), (x[:, :, 0, 0].copy(), (0,), channels[:2])]
    calls: list[Callable[[], object]] = [lambda: standardize(x, w, w, w, w, shape=channels, eps=1.0)]
    for a, axes, shape in cases:
        options: dict[str, Any] = {"axes": axes, "shape": shape, "eps": 1.0}
        calls.append(functools.partial(normalize, a, w, w, **options))
        calls.append(functools.partial(normalize_back, a, a, w, needs=(True, True, True), **options))
    return calls
