"""Reductions of the elements where a mask is true."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .. import dtypes
from ..dtypes import dtype as DType
from ..tensor import Tensor
from ..tensor.spelling import functions as tl

Dims = int | Sequence[int] | None

_SMALL = frozenset([dtypes.bool, dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32])


def kept(input: Tensor, mask: Tensor | None, other: float) -> Tensor:
    """The input with `other` in place of what does not count.

    Raises:
        RuntimeError: the mask is not of booleans, or does not broadcast to the input's shape.
    """
    if mask is None:
        return input
    return tl["where"](checked_mask(input, mask), input, tl["full"]((), other, dtype=input.dtype, device=input.device))


def checked_mask(input: Tensor, mask: Tensor) -> Tensor:
    """The mask in the shape of the input."""
    if mask.dtype is not dtypes.bool:
        raise RuntimeError(f"masked functions expect a mask of booleans, but got {mask.dtype}; convert it with .bool()")
    if mask.ndim > input.ndim:
        raise IndexError("_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)")
    return mask.expand(*input.shape)


def axes(dim: Dims, ndim: int) -> tuple[int, ...]:
    """The dimensions to reduce, counted from the front: all of them for None and ().

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: one is named twice.
    """
    if dim is None or dim == ():
        return tuple(range(ndim))
    n = max(ndim, 1)
    found: list[int] = []
    for d in (dim,) if isinstance(dim, int) else dim:
        if not -n <= d < n:
            raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {d})")
        if d % n in found:
            raise RuntimeError(f"dim={d % n} appears multiple times in the list of dims")
        found.append(d % n)
    return tuple(sorted(found))


def _lowest(d: DType) -> float:
    return -math.inf if d.is_floating_point else 0 if d is dtypes.bool else dtypes.iinfo(d).min


def _highest(d: DType) -> float:
    return math.inf if d.is_floating_point else 1 if d is dtypes.bool else dtypes.iinfo(d).max


def _total_dtype(input: Tensor, dtype: DType | None) -> DType:
    return dtype or (dtypes.int64 if input.dtype in _SMALL else input.dtype)


def sum(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The sum of what counts.

    >>> import tensorlite as tl
    >>> tl.masked.sum(tl.tensor([1., 2.]), mask=tl.tensor([True, False]))
    tensor(1.)
    """
    return kept(input, mask, 0).sum(axes(dim, input.ndim), keepdim, dtype=_total_dtype(input, dtype))


def prod(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The product of what counts.

    >>> import tensorlite as tl
    >>> tl.masked.prod(tl.tensor([3., 2.]), mask=tl.tensor([True, False]))
    tensor(3.)
    """
    out = kept(input, mask, 1).to(_total_dtype(input, dtype))
    for d in reversed(axes(dim, input.ndim)):
        out = out.prod(d, keepdim)
    return out


def amax(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The largest of what counts.

    >>> import tensorlite as tl
    >>> tl.masked.amax(tl.tensor([1., 2.]), mask=tl.tensor([True, False]))
    tensor(1.)
    """
    return kept(input, mask, _lowest(input.dtype)).amax(axes(dim, input.ndim), keepdim).to(dtype or input.dtype)


def amin(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The smallest of what counts.

    >>> import tensorlite as tl
    >>> tl.masked.amin(tl.tensor([1., 2.]), mask=tl.tensor([False, True]))
    tensor(2.)
    """
    return kept(input, mask, _highest(input.dtype)).amin(axes(dim, input.ndim), keepdim).to(dtype or input.dtype)


def argmax(
    input: Tensor, dim: int | None = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """Where the largest of what counts is, in the input's dtype unless told otherwise.

    >>> import tensorlite as tl
    >>> tl.masked.argmax(tl.tensor([1, 2]), mask=tl.tensor([True, False]))
    tensor(0)
    """
    return kept(input, mask, _lowest(input.dtype)).argmax(dim, keepdim).to(dtype or input.dtype)


def argmin(
    input: Tensor, dim: int | None = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """Where the smallest of what counts is, in the input's dtype unless told otherwise.

    >>> import tensorlite as tl
    >>> tl.masked.argmin(tl.tensor([1, 2]), mask=tl.tensor([False, True]))
    tensor(1)
    """
    return kept(input, mask, _highest(input.dtype)).argmin(dim, keepdim).to(dtype or input.dtype)


def _count(input: Tensor, dim: Dims, keepdim: bool, mask: Tensor | None) -> Tensor:
    counted = tl["ones"](input.shape, dtype=dtypes.int64, device=input.device) if mask is None else checked_mask(input, mask)
    return counted.sum(axes(dim, input.ndim), keepdim)


def mean(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The mean of what counts.

    Raises:
        ValueError: the dtype is neither floating nor complex.

    >>> import tensorlite as tl
    >>> tl.masked.mean(tl.tensor([1., 2.]), mask=tl.tensor([True, False]))
    tensor(1.)
    """
    d = dtype or input.dtype
    if not (d.is_floating_point or d.is_complex):
        raise ValueError(f"mean(): Could not infer output dtype. It must be either a floating point or complex dtype. Got: {d}")
    return sum(input, dim, keepdim=keepdim, dtype=d, mask=mask) / _count(input, dim, keepdim, mask)


def median(
    input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The median of what counts, the lower of two.

    Raises:
        ValueError: nothing counts somewhere, and the dtype has no nan.

    >>> import tensorlite as tl
    >>> tl.masked.median(tl.tensor([1., 2., 9.]), mask=tl.tensor([True, False, True]))
    tensor(1.)
    """
    (axis,) = axes(dim, input.ndim) or (0,)
    exact = input.dtype.is_floating_point
    out = kept(input if exact else input.float(), mask, math.nan).nanmedian(axis, keepdim).values
    if exact:
        return out
    if bool(out.isnan().any()):
        raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
    return out.to(dtype or input.dtype)


def norm(
    input: Tensor, ord: float | None = 2.0, dim: Dims = None, *, keepdim: bool = False, dtype: DType | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The norm of what counts.

    >>> import tensorlite as tl
    >>> tl.masked.norm(tl.tensor([3., 2., 4.]), mask=tl.tensor([True, False, True]))
    tensor(5.)
    """
    from ..linalg import vector_norm

    order = 2.0 if ord is None else ord
    x = kept(input, mask, math.inf if order < 0 else 0)
    return vector_norm(x, order, axes(dim, input.ndim), keepdim, dtype=dtype or input.dtype)


def logsumexp(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """log(sum(exp(x))) of what counts.

    >>> import tensorlite as tl
    >>> tl.masked.logsumexp(tl.tensor([1., 2.]), mask=tl.tensor([True, False]))
    tensor(1.)
    """
    x = kept(input, mask, _lowest(input.dtype) if not input.dtype.is_complex else -math.inf)
    return x.logsumexp(axes(dim, input.ndim), keepdim).to(dtype or input.dtype)


def _spread(
    input: Tensor, dim: Dims, unbiased: bool | None, correction: float | None, keepdim: bool, dtype: DType | None,
    mask: Tensor | None,
) -> Tensor:
    """The sum of squared deviations divided by how many count, less the correction."""
    less = (1.0 if unbiased is None else float(unbiased)) if correction is None else float(correction)
    floating = input.dtype.is_floating_point or input.dtype.is_complex
    d = dtype or (input.dtype if floating else dtypes.float32)
    compute = d if d.is_floating_point or d.is_complex else dtypes.float32
    deviation = input - sum(input, dim, keepdim=True, dtype=d, mask=mask) / _count(input, dim, True, mask)
    total = sum(deviation * deviation.conj(), dim, keepdim=keepdim, dtype=compute, mask=mask)
    count = _count(input, dim, keepdim, mask)
    if less:
        count = (count.to(compute.to_real() if compute.is_complex else compute) - less).clamp(min=0)
    return (total / count).to(d)


def var(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, *, correction: float | None = None, keepdim: bool = False,
    dtype: DType | None = None, mask: Tensor | None = None,
) -> Tensor:
    """The variance of what counts; divides by one less than their number unless told otherwise.

    >>> import tensorlite as tl
    >>> tl.masked.var(tl.tensor([1., 9., 3.]), mask=tl.tensor([True, False, True]))
    tensor(2.)
    """
    return _spread(input, dim, unbiased, correction, keepdim, dtype, mask)


def std(
    input: Tensor, dim: Dims = None, unbiased: bool | None = None, *, correction: float | None = None, keepdim: bool = False,
    dtype: DType | None = None, mask: Tensor | None = None,
) -> Tensor:
    """The root of the variance of what counts.

    >>> import tensorlite as tl
    >>> tl.masked.std(tl.tensor([1., 9., 3.]), unbiased=False, mask=tl.tensor([True, False, True]))
    tensor(1.)
    """
    return _spread(input, dim, unbiased, correction, keepdim, dtype, mask).sqrt()


