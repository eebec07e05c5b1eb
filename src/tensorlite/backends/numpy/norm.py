"""Normalisation and its gradients, in as few passes over memory as NumPy's functions allow.

Rows (layer norm) are worked through in blocks that stay in the cache. Groups that are spread over memory (batch norm) are taken
as a whole, as (before, groups, after).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base import may_decline
from .workers import in_parallel

__all__ = ["normalize", "normalize_back", "normalize_with_moments", "standardize"]

Array = np.ndarray
Ints = tuple[int, ...]
BLOCK = 1 << 17
"""Numbers in a block: with fewer, the threads wait for Python's lock between calls; with more, they leave the cache."""


def _rows(x: Array, axes: Ints) -> tuple[int, int] | None:
    """How many rows of how many numbers are normalised, if they are the last axes."""
    first = x.ndim - len(axes)
    if axes != tuple(range(first, x.ndim)) or not x.flags.c_contiguous or not x.size:
        return None
    length = 1
    for n in x.shape[first:]:
        length *= n
    return x.size // length, length


def _groups(x: Array, axes: Ints, shape: Ints) -> Array | None:
    """x as (before, channels, after), if all but the second axis are normalised."""
    if axes != (0, *range(2, x.ndim)) or not x.size or shape != (1, x.shape[1], *(1,) * (x.ndim - 2)):
        return None
    return x.reshape(*x.shape[:2], -1)


def _suits(*arrays: Array | None) -> bool:
    return all(a is None or a.dtype.char in "fd" for a in arrays)


def _blocks(rows: int, length: int) -> list[slice]:
    step = max(1, BLOCK // length)
    return [slice(start, start + step) for start in range(0, rows, step)]


def _centred(x: Array, eps: float, out: Array | None = None) -> tuple[Array, Array]:
    """Rows without their mean, and 1 / sqrt(variance + eps) of each."""
    length = x.shape[1]
    centred = np.subtract(x, np.add.reduce(x, 1, keepdims=True) / length, out)
    scale = np.einsum("ij,ij->i", centred, centred)
    scale /= length
    scale += eps
    np.sqrt(scale, scale)
    return centred, np.reciprocal(scale, scale)[:, None]


def _centred_groups(x: Array, eps: float) -> tuple[Array, Array, Array, Array]:
    """The same for the groups of (before, groups, after), and their means and variances."""
    count = x.shape[0] * x.shape[2]
    mean = np.add.reduce(x, (0, 2)) / count
    centred = x - mean[:, None]
    var = np.einsum("ijk,ijk->j", centred, centred)
    var /= count
    scale = np.sqrt(var + eps)
    return centred, np.reciprocal(scale, scale)[:, None], mean, var


@may_decline
def normalize(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, axes: Ints, shape: Ints, eps: float
) -> Array:
    """(x - mean) / sqrt(var + eps) * weight + bias, over `axes`; weight and bias are read in `shape`."""
    if not _suits(x, weight, bias):
        return NotImplemented
    rows = _rows(x, axes)
    if rows is not None and shape == x.shape[-len(axes) :]:
        return _normalize_rows(x, rows, weight, bias, eps)
    found = normalize_with_moments(x, weight, bias, axes=axes, shape=shape, eps=eps)
    return found if found is NotImplemented else found[0]


@may_decline
def normalize_with_moments(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, axes: Ints, shape: Ints, eps: float
) -> tuple[Array, Array, Array]:
    """The same for channels, with their means and variances."""
    groups = _groups(x, axes, shape) if _suits(x, weight, bias) else None
    if groups is None:
        return NotImplemented
    out, scale, mean, var = _centred_groups(groups, eps)
    if weight is not None:
        scale *= weight.reshape(-1, 1)
    out *= scale
    if bias is not None:
        out += bias.reshape(-1, 1)
    return out.reshape(x.shape), mean, var


@may_decline
def standardize(
    x: Array, mean: Array, var: Array, weight: Array | None = None, bias: Array | None = None, *, shape: Ints, eps: float
) -> Array:
    """(x - mean) / sqrt(var + eps) * weight + bias, for a given mean and variance of each channel."""
    if not _suits(x, mean, var, weight, bias):
        return NotImplemented
    scale = np.sqrt(var + eps)
    np.reciprocal(scale, scale)
    if weight is not None:
        scale *= weight
    shift = mean * scale
    shift = np.negative(shift, shift) if bias is None else np.subtract(bias, shift, shift)
    out = x * scale.reshape(shape)
    out += shift.reshape(shape)
    return out


def _normalize_rows(x: Array, rows: tuple[int, int], weight: Array | None, bias: Array | None, eps: float) -> Array:
    out = np.empty(x.shape, x.dtype)
    source, target = x.reshape(rows), out.reshape(rows)
    weight = None if weight is None else weight.reshape(-1)
    bias = None if bias is None else bias.reshape(-1)

    def work(block: slice) -> None:
        part, scale = _centred(source[block], eps, target[block])
        part *= scale
        if weight is not None:
            part *= weight
        if bias is not None:
            part += bias

    in_parallel(work, _blocks(*rows))
    return out


@may_decline
def normalize_back(
    g: Array, x: Array, weight: Array | None, *, axes: Ints, shape: Ints, eps: float, needs: tuple[bool, ...]
) -> tuple[Any, ...]:
    """The gradients of x, weight and bias."""
    if not _suits(g, x, weight):
        return NotImplemented
    rows = _rows(x, axes)
    if rows is not None and shape == x.shape[-len(axes) :]:
        return _rows_back(g, x, rows, weight, shape, eps, needs)
    groups = _groups(x, axes, shape)
    if groups is None:
        return NotImplemented
    return _groups_back(g.reshape(groups.shape), groups, x.shape, weight, eps, needs)


def _rows_back(
    g: Array, x: Array, rows: tuple[int, int], weight: Array | None, shape: Ints, eps: float, needs: tuple[bool, ...]
) -> tuple[Any, ...]:
    length, size = rows[1], x.shape
    g, x = g.reshape(rows), x.reshape(rows)
    flat = None if weight is None else weight.reshape(-1)
    grad_x = np.empty(rows, x.dtype) if needs[0] else None
    blocks = _blocks(*rows)
    sums: list[tuple[Any, ...]] = [()] * len(blocks)

    def work(number: int) -> None:
        block = blocks[number]
        part = g[block]
        unit, scale = _centred(x[block], eps)
        unit *= scale
        sums[number] = (
            np.einsum("ij,ij->j", part, unit) if needs[1] else None,
            np.add.reduce(part, 0) if needs[2] else None,
        )
        if grad_x is not None:
            h = part if flat is None else part * flat
            unit *= (np.einsum("ij,ij->i", h, unit) / length)[:, None]
            target = np.subtract(h, unit, grad_x[block])
            target -= np.add.reduce(h, 1, keepdims=True) / length
            target *= scale

    in_parallel(work, range(len(blocks)))
    grad_weight, grad_bias = (None if parts[0] is None else sum(parts[1:], parts[0]) for parts in zip(*sums, strict=True))
    return tuple(
        None if grad is None else grad.reshape(to)
        for grad, to in zip((grad_x, grad_weight, grad_bias), (size, shape, shape), strict=True)
    )


def _groups_back(
    g: Array, x: Array, original: Ints, weight: Array | None, eps: float, needs: tuple[bool, ...]
) -> tuple[Any, ...]:
    count = x.shape[0] * x.shape[2]
    centred, scale, _, _ = _centred_groups(x, eps)
    along = np.einsum("ijk,ijk->j", g, centred)
    total = np.add.reduce(g, (0, 2))
    grad_x = None
    if needs[0]:
        centred *= (along / -count)[:, None] * (scale * scale)
        centred += g
        centred -= (total / count)[:, None]
        centred *= scale if weight is None else scale * weight.reshape(-1, 1)
        grad_x = centred.reshape(original)
    if weight is None:
        return grad_x, None, total if needs[2] else None
    grad_weight = (along * scale[:, 0]).reshape(weight.shape) if needs[1] else None
    return grad_x, grad_weight, total.reshape(weight.shape) if needs[2] else None
