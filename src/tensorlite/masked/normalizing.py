"""Scans and normalisations of the elements where a mask is true."""

from __future__ import annotations

import math

from ..dtypes import dtype as DType
from ..tensor import Tensor
from ..tensor.spelling import functions as tl
from .reductions import axes, kept, norm


def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """Running sums of what counts.

    >>> import tensorlite as tl
    >>> tl.masked.cumsum(tl.tensor([1., 2., 3.]), 0, mask=tl.tensor([True, False, True]))
    tensor([1., 1., 4.])
    """
    d = dtype or input.dtype
    return kept(input, mask, 0).cumsum(axes(dim, input.ndim)[0], dtype=d).to(d)


def cumprod(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """Running products of what counts.

    >>> import tensorlite as tl
    >>> tl.masked.cumprod(tl.tensor([1., 2., 3.]), 0, mask=tl.tensor([True, False, True]))
    tensor([1., 1., 3.])
    """
    d = dtype or input.dtype
    return kept(input, mask, 1).cumprod(axes(dim, input.ndim)[0], dtype=d).to(d)


def softmax(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """exp(x) / sum(exp(x)) of what counts, 0 elsewhere.

    >>> import tensorlite as tl
    >>> tl.masked.softmax(tl.tensor([1., 2., 1.]), 0, mask=tl.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])
    """
    return kept(input, mask, -math.inf).softmax(axes(dim, input.ndim)[0], dtype=dtype or input.dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The logarithm of `softmax` of what counts, -inf elsewhere.

    >>> import tensorlite as tl
    >>> tl.masked.log_softmax(tl.tensor([1., 2., 1.]), 0, mask=tl.tensor([True, False, True]))
    tensor([-0.6931,    -inf, -0.6931])
    """
    return kept(input, mask, -math.inf).log_softmax(axes(dim, input.ndim)[0], dtype=dtype or input.dtype)


def softmin(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """`softmax` of -x of what counts, 0 elsewhere.

    >>> import tensorlite as tl
    >>> tl.masked.softmin(tl.tensor([1., 2., 1.]), 0, mask=tl.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])
    """
    return (-kept(input, mask, math.inf)).softmax(axes(dim, input.ndim)[0], dtype=dtype or input.dtype)


def normalize(
    input: Tensor, ord: float, dim: int, *, eps: float = 1e-12, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """What counts divided by its norm, 0 elsewhere.

    >>> import tensorlite as tl
    >>> tl.masked.normalize(tl.tensor([3., 2., 4.]), 2.0, 0, mask=tl.tensor([True, False, True]))
    tensor([0.6000, 0.0000, 0.8000])
    """
    size = norm(input, ord, dim, keepdim=True, dtype=dtype or input.dtype, mask=mask)
    return kept(input, mask, 0) / tl["maximum"](size, tl["full"]((), eps, dtype=size.dtype, device=size.device))


def logaddexp(
    input: Tensor, other: Tensor, *, dtype: DType | None = None, input_mask: Tensor | None = None, other_mask: Tensor | None = None
) -> Tensor:
    """log(exp(x) + exp(y)), where of each only what counts is added.

    >>> import tensorlite as tl
    >>> tl.masked.logaddexp(tl.tensor([1.]), tl.tensor([5.]), other_mask=tl.tensor([False]))
    tensor([1.])
    """
    x, y = kept(input, input_mask, -math.inf), kept(other, other_mask, -math.inf)
    return tl["logaddexp"](x, y).to(dtype or input.dtype)
