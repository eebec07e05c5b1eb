"""Quantiles, modes, histograms, and which elements occur where."""

from __future__ import annotations

import itertools
import math
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase, wrap
from ..ops import indexing, pointwise
from .gathering import searchsorted
from .joining import cat, meshgrid, stack
from .ranges import linspace
from .reducing import all as every
from .reducing import any as some
from .reducing import at_positions, one_axis, pair
from .sorting import argsort, sort
from .spelling import public

Tensor = Any

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _checked_quantile(name: str, input: Tensor, q: Any, interpolation: str) -> Tensor:
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype, but got {input.dtype}")
    if not input.numel() and input._array.ndim < 1:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if not isinstance(q, TensorBase):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q}")
        q = wrap(input._xp.full((), q, dtype=input.dtype), input._xp)
    if q._array.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if q.dtype is not input.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if q._xp is not input._xp:
        raise RuntimeError(f"{name}() q tensor must be on the same device as the input tensor")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(f"{name}() interpolation must be one of {', '.join(_INTERPOLATIONS)}, but got {interpolation}")
    if q.numel() and not bool(every((q.detach() >= 0) & (q.detach() <= 1))):
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    return q


def _ranks(q: Tensor, ordered: Tensor, ignore_nan: bool) -> Tensor:
    """Where the quantiles lie in the sorted last dimension: (..., number of q)."""
    last = ordered.shape[-1] - 1
    missing = pointwise.isnan(ordered.detach())
    if ignore_nan:
        count = (missing.shape[-1] - missing.sum(-1, keepdim=True)).to(q.dtype)
        ranks = q * pointwise.maximum(count - 1, 0)
    else:
        ranks = pointwise.where(some(missing, -1, True), last, (q * last).expand(*ordered.shape[:-1], q.shape[0]))
    return ranks.expand(*ordered.shape[:-1], q.shape[0])


def _quantile(name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str) -> Tensor:
    q = _checked_quantile(name, input, q, interpolation)
    axis = None if dim is None else one_axis(input, dim)
    if dim is not None and input._array.ndim and not input.shape[axis] or not input.numel():
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    flat = input.reshape(-1) if axis is None or not input._array.ndim else input.movedim(axis, -1)
    ordered = sort(flat, -1).values
    ranks = _ranks(q.reshape(-1), ordered, name == "nanquantile")
    if interpolation == "lower":
        ranks = pointwise.floor(ranks)
    elif interpolation == "higher":
        ranks = pointwise.ceil(ranks)
    elif interpolation == "nearest":
        ranks = pointwise.rint(ranks)
    below = ranks.detach().to(dtypes.int64)
    found = indexing.take_along_axis(ordered, below, axis=ordered._array.ndim - 1)
    if interpolation in ("linear", "midpoint"):
        above = pointwise.ceil(ranks.detach()).to(dtypes.int64)
        weight = ranks - below if interpolation == "linear" else pointwise.where(above == below, 0.0, 0.5).to(input.dtype)
        upper = indexing.take_along_axis(ordered, above, axis=ordered._array.ndim - 1)
        found = found.lerp(upper, weight)
    if keepdim and input._array.ndim:
        found = found.reshape((1,) * input._array.ndim + (-1,)) if axis is None else found.unsqueeze(axis)
    return found.movedim(-1, 0) if q._array.ndim else found.squeeze(-1)


@public()
def quantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear") -> Tensor:
    """The values below which a share q of a dimension (or of everything) lies; several q come first in the shape.

    Raises:
        RuntimeError: the dtype is not float32 or float64, q lies outside [0, 1], or there are no elements.

    >>> import tensorlite as tl
    >>> tl.quantile(tl.tensor([1., 2., 4.]), 0.75)
    tensor(3.)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


@public()
def nanquantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear") -> Tensor:
    """`quantile` of what is not nan.

    >>> import tensorlite as tl
    >>> tl.nanquantile(tl.tensor([1., float("nan"), 3.]), 0.5)
    tensor(2.)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


@public()
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element of what is not nan, the lower of two.

    >>> import tensorlite as tl
    >>> tl.nanmedian(tl.tensor([3., float("nan"), 1., 2.]))
    tensor(2.)
    """
    if input.dtype is dtypes.bool or input.dtype.is_complex:
        raise RuntimeError(f'"median" not implemented for {input.dtype}; convert the tensor with .to(dtype)')
    if dim is None:
        return nanmedian(input.reshape(-1), 0).values if input.numel() else input.new_full((), math.nan)
    axis = one_axis(input, dim)
    if not input._array.ndim:
        return pair("nanmedian")(input.clone(), input.new_zeros((), dtype=dtypes.int64))
    if not input.shape[axis]:
        raise IndexError(f"median(): Expected reduction dim {axis} to have non-zero size.")
    order = argsort(input, axis)
    count = pointwise.logical_not(pointwise.isnan(input.detach())).sum(axis, keepdim=True)
    middle = pointwise.floor_divide(pointwise.maximum(count - 1, 0), 2)
    indices = indexing.take_along_axis(order, middle, axis=axis)
    return pair("nanmedian")(at_positions(input, indices, axis, keepdim), indices if keepdim else indices.squeeze(axis))


@public()
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The element that occurs most often along a dimension (the smallest of several), and its last position.

    >>> import tensorlite as tl
    >>> tl.mode(tl.tensor([3, 1, 3, 2]))
    torch.return_types.mode(
    values=tensor(3),
    indices=tensor(2))
    """
    if input.dtype.is_complex:
        raise RuntimeError(f'"mode" not implemented for {input.dtype}; complex numbers have no order')
    axis = one_axis(input, dim)
    if not input._array.ndim:
        return pair("mode")(input.clone(), input.new_zeros((), dtype=dtypes.int64))
    if not input.shape[axis]:
        raise IndexError(f"mode(): Expected reduction dim {axis} to have non-zero size.")
    ordered, order = sort(input.detach(), axis)
    n = input.shape[axis]
    places = linspace(0, n - 1, n, dtype=dtypes.int64, device=input.device).reshape((-1,) + (1,) * (input._array.ndim - axis - 1))
    changed = (ordered.narrow(axis, 1, n - 1) != ordered.narrow(axis, 0, n - 1)).to(dtypes.int64)
    starts = (cat([changed.new_zeros(ordered.narrow(axis, 0, 1).shape), changed], axis) * places).cummax(axis).values
    lengths = places - starts  # how many equal elements came before this one
    longest = (lengths == lengths.amax(axis, keepdim=True)).to(dtypes.int8).argmax(axis, keepdim=True)
    indices = indexing.take_along_axis(order, longest, axis=axis)
    return pair("mode")(at_positions(input, indices, axis, keepdim), indices if keepdim else indices.squeeze(axis))


@public(out=False)
def unique_consecutive(input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None) -> Any:
    """Without repetitions of the element (or slice) just before; on request where each one went, and how often it was repeated.

    >>> import tensorlite as tl
    >>> tl.unique_consecutive(tl.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    x = input.detach()
    x = x.reshape(-1) if dim is None else x.movedim(one_axis(input, dim), 0) if x._array.ndim else x.reshape(1)
    n = x.shape[0]
    if dim is not None and not n and input.numel() == 0 and math.prod(x.shape[1:]) == 0 and x._array.ndim > 1:
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected by `dim`, so unique cannot be applied")
    differs = x[1:] != x[:-1]
    if x._array.ndim > 1:
        differs = some(differs.reshape(differs.shape[0], math.prod(x.shape[1:])), 1)
    first = cat([differs.new_ones(min(n, 1), dtype=dtypes.bool), differs])
    values = x[first]
    values = values if dim is None else values.movedim(0, one_axis(input, dim))
    number = first.cumsum(0) - 1
    starts = first.nonzero().reshape(-1)
    counts = cat([starts[1:], starts.new_full((min(n, 1),), n)]) - starts
    inverse = number.reshape(input.shape) if dim is None else number
    out = [values] + [inverse] * return_inverse + [counts] * return_counts
    return out[0] if len(out) == 1 else tuple(out)


@public(method=False)
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Which elements are among the test elements; one of the two may be a number.

    >>> import tensorlite as tl
    >>> tl.isin(tl.tensor([1, 2, 3]), tl.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    given = next((x for x in (elements, test_elements) if isinstance(x, TensorBase)), None)
    if given is None:
        raise TypeError("isin(): at least one of elements and test_elements must be a Tensor")
    for x in (elements, test_elements):
        if isinstance(x, TensorBase) and (x.dtype.is_complex or x.dtype is dtypes.bool):
            raise RuntimeError(f"Unsupported input type encountered for isin(): {x.dtype}")
    if not isinstance(elements, TensorBase):
        elements = wrap(given._xp.asarray(elements), given._xp)
    if not isinstance(test_elements, TensorBase):
        found = elements == test_elements
    elif not test_elements.numel():
        found = elements.new_zeros(elements.shape, dtype=dtypes.bool)
    else:
        found = _among(elements.detach(), test_elements.detach().reshape(-1))
    return pointwise.logical_not(found) if invert else found


def _among(elements: Tensor, tests: Tensor) -> Tensor:
    kind = dtypes.promote_types(elements.dtype, tests.dtype)
    ordered = sort(tests.to(kind)).values
    wanted = elements.to(kind)
    place = pointwise.minimum(searchsorted(ordered, wanted), ordered.shape[0] - 1)
    return ordered[place] == wanted


@public(out=False)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways to choose r of the elements, in their order: (number of ways, r).

    >>> import tensorlite as tl
    >>> tl.combinations(tl.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input._array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return input.new_empty(0)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    flat = list(itertools.chain.from_iterable(choose(range(input.shape[0]), r)))
    xp = input._xp
    return indexing.take(input, wrap(xp.array(flat, dtype=dtypes.int64), xp), axis=0).reshape(-1, r)


@public(method=False, out=False)
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each 1-d tensor: (number of combinations, number of tensors).

    >>> import tensorlite as tl
    >>> tl.cartesian_prod(tl.tensor([1, 2]), tl.tensor([3]))
    tensor([[1, 3],
            [2, 3]])
    """
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for x in tensors:
        if x._array.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(x.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([x.reshape(-1) for x in meshgrid(*tensors, indexing="ij")], 1)


