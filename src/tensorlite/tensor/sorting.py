"""Sorting and order statistics."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..ops import indexing, pointwise, reductions
from .reducing import any as has_nan
from .reducing import argmax, at_positions, one_axis, pair
from .spelling import public

Tensor = Any


@public()
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The positions that sort a dimension; stable, nan last.

    >>> import tensorlite as tl
    >>> tl.argsort(tl.tensor([3, 1, 2]))
    tensor([1, 2, 0])
    """
    return reductions.argsort(input.detach(), axis=one_axis(input, dim), descending=descending)


@public()
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None) -> Any:
    """Sorted values and their positions.

    >>> import tensorlite as tl
    >>> tl.sort(tl.tensor([3, 1, 2])).values
    tensor([1, 2, 3])
    """
    indices = argsort(input, dim, descending)
    if not input._array.ndim:
        return pair("sort")(input.clone(), indices)
    return pair("sort")(indexing.take_along_axis(input, indices, axis=one_axis(input, dim)), indices)


@public()
def msort(input: Tensor) -> Tensor:
    """Sorted along the first dimension.

    >>> import tensorlite as tl
    >>> tl.msort(tl.tensor([3, 1]))
    tensor([1, 3])
    """
    return sort(input, 0).values


@public()
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest (or smallest) elements along a dimension, and their positions.

    Raises:
        RuntimeError: the dimension has fewer than k elements.

    >>> import tensorlite as tl
    >>> tl.topk(tl.tensor([1, 3, 2]), 2).values
    tensor([3, 2])
    """
    if not input._array.ndim:
        return pair("topk")(input.clone(), input.new_zeros((), dtype=dtypes.int64))
    axis = one_axis(input, dim)
    if not 0 <= k <= input.shape[axis]:
        raise RuntimeError("selected index k out of range")
    indices = reductions.argtop(input.detach(), k=k, axis=axis, largest=largest)
    return pair("topk")(indexing.take_along_axis(input, indices, axis=axis), indices)


@public()
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element along a dimension (counted from 1), and its position.

    >>> import tensorlite as tl
    >>> tl.kthvalue(tl.tensor([3., 1., 2.]), 2).values
    tensor(2.)
    """
    axis = one_axis(input, dim)
    if not 1 <= k <= (input.shape[axis] if input._array.ndim else 1):
        raise RuntimeError("kthvalue(): selected number k out of range for dimension " + str(dim))
    if not input._array.ndim:
        return pair("kthvalue")(input.clone(), input.new_zeros((), dtype=dtypes.int64))
    indices = argsort(input, axis).narrow(axis, k - 1, 1)
    return pair("kthvalue")(at_positions(input, indices, axis, keepdim), indices if keepdim else indices.squeeze(axis))


@public()
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element, the lower of two; nan if there is any.

    >>> import tensorlite as tl
    >>> tl.median(tl.tensor([3., 1., 2., 4.]))
    tensor(2.)
    """
    if dim is None:
        return median(input.reshape(-1), 0).values if input.numel() else input.new_full((), math.nan)
    axis = one_axis(input, dim)
    n = input.shape[axis] if input._array.ndim else 1
    result = kthvalue(input, (n + 1) // 2, axis, True)
    if input.dtype.is_floating_point and input._array.ndim:
        nans = pointwise.isnan(input)
        first = argmax(nans.to(dtypes.int8), axis, True)
        indices = pointwise.where(has_nan(nans, axis, True), first, result.indices)
        result = pair("median")(indexing.take_along_axis(input, indices, axis=axis), indices)
    values, indices = result
    if keepdim or not input._array.ndim:
        return pair("median")(values, indices)
    return pair("median")(values.squeeze(axis), indices.squeeze(axis))
