"""Indexing, searching, sets and sorting. What is picked out of a tensor receives gradients; positions have none."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import dtypes
from ..ops import reductions
from ..tensor.reducing import one_axis
from ..tensor.spelling import functions
from .data_types import Tensor, together
from .manipulation import Axis
from .statistical import axes_of

__all__ = [
    "argmax", "argmin", "argsort", "count_nonzero", "isin", "nonzero", "searchsorted", "sort", "take", "take_along_axis",
    "unique_all", "unique_counts", "unique_inverse", "unique_values", "where",
]  # fmt: skip


class UniqueAll(NamedTuple):
    """What `unique_all` gives."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """What `unique_counts` gives."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """What `unique_inverse` gives."""

    values: Tensor
    inverse_indices: Tensor


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None) -> Tensor:
    """Slices of a dimension at integer positions, negative ones from the end; `axis` may be left out for a 1-d tensor.

    Raises:
        ValueError: there are several dimensions and no `axis`.

    >>> from tensorlite import array_api as xp
    >>> xp.take(xp.asarray([[1, 2, 3]]), xp.asarray([2, 0]), axis=1)
    tensor([[3, 1]])
    """
    if axis is None and x.ndim != 1:
        raise ValueError(f"take(): axis must be given for a tensor with {x.ndim} dimensions")
    before = (slice(None),) * one_axis(x, axis or 0)
    return x[(*before, indices.to(dtypes.int64))]


def take_along_axis(x: Tensor, indices: Tensor, /, *, axis: int = -1) -> Tensor:
    """Elements at positions of their own along a dimension, as `argsort` gives them; the other dimensions broadcast.

    >>> from tensorlite import array_api as xp
    >>> xp.take_along_axis(xp.asarray([[3, 4]]), xp.asarray([[1]]))
    tensor([[4]])
    """
    return functions["take_along_dim"](x, indices.to(dtypes.int64), axis)


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The first position of the largest element along a dimension, or in the flattened tensor."""
    return _extreme_position("argmax", x, axis, keepdims)


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The first position of the smallest element along a dimension, or in the flattened tensor."""
    return _extreme_position("argmin", x, axis, keepdims)


def _extreme_position(name: str, x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    found = functions[name](x, axis, axis is not None and keepdims)
    return found.reshape((1,) * x.ndim) if axis is None and keepdims else found


def count_nonzero(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The number of elements that are not zero."""
    return reductions.sum((x != 0).to(dtypes.int64), axis=axes_of(x, axis), keepdims=keepdims)


def nonzero(x: Tensor, /) -> tuple[Tensor, ...]:
    """The positions of the elements that are not zero, one tensor for each dimension.

    Raises:
        ValueError: there are no dimensions.
    """
    if not x.ndim:
        raise ValueError("nonzero(): a 0-d tensor has no positions")
    return tuple(functions["nonzero"](x, as_tuple=True))


def searchsorted(x1: Tensor, x2: Any, /, *, side: str = "left", sorter: Tensor | None = None) -> Tensor:
    """Where elements belong in a sorted 1-d tensor, before ("left") or behind ("right") its equal elements.

    >>> from tensorlite import array_api as xp
    >>> xp.searchsorted(xp.asarray([1, 3, 3]), 3, side="right")
    tensor(3)
    """
    if side not in ("left", "right"):
        raise ValueError(f'searchsorted(): side must be "left" or "right", not {side!r}')
    x1, x2 = together("searchsorted", x1, x2)
    sorter = None if sorter is None else sorter.to(dtypes.int64)
    return functions["searchsorted"](x1, x2, side=side, sorter=sorter)


def where(condition: Tensor, x1: Any, x2: Any, /) -> Tensor:
    """`x1` where the condition is true, `x2` elsewhere; either may be a number.

    Raises:
        TypeError: the condition is not of dtype bool.

    >>> from tensorlite import array_api as xp
    >>> xp.where(xp.asarray([True, False]), xp.asarray([1, 2]), 0)
    tensor([1, 0])
    """
    if condition.dtype is not dtypes.bool:
        raise TypeError(f"where(): the condition must be bool, not {condition.dtype}; compare it with 0")
    return functions["where"](condition, *together("where", x1, x2, like=condition))


def isin(x1: Any, x2: Any, /, *, invert: bool = False) -> Tensor:
    """Which elements of `x1` are in `x2` (or are not, for `invert`); one of the two may be a number."""
    x1, x2 = together("isin", x1, x2)
    if x1.dtype.is_complex or x1.dtype is dtypes.bool:
        found = (x1.unsqueeze(-1) == x2.reshape(-1)).any(-1)
        return ~found if invert else found
    return functions["isin"](x1, x2.reshape(-1), invert=invert)


def sort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """Sorted along a dimension."""
    return functions["sort"](x, axis, descending).values


def argsort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The positions that sort a dimension; equal elements keep their order."""
    return functions["argsort"](x, axis, descending)


def unique_all(x: Tensor, /) -> UniqueAll:
    """The distinct elements in order, where each occurs first, where each element went, and how often each occurs.

    Every nan is distinct.

    >>> from tensorlite import array_api as xp
    >>> xp.unique_all(xp.asarray([2, 1, 2]))[:3]
    (tensor([1, 2]), tensor([1, 0]), tensor([1, 0, 1]))
    """
    flat = x.reshape(-1)
    order = functions["argsort"](flat, 0)
    ordered = flat[order]
    new = functions["ones_like"](ordered, dtype=dtypes.bool)
    new[1:] = ordered[1:] != ordered[:-1]
    starts = nonzero(new)[0]
    ends = functions["cat"]([starts, starts.new_full((1,), flat.shape[0])])
    inverse = functions["empty_like"](order)
    inverse[order] = functions["cumsum"](new.to(dtypes.int64), 0) - 1
    return UniqueAll(ordered[starts], order[starts], inverse.reshape(x.shape), ends[1:] - starts)


def unique_counts(x: Tensor, /) -> UniqueCounts:
    """The distinct elements in order, and how often each occurs."""
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Tensor, /) -> UniqueInverse:
    """The distinct elements in order, and which of them each element is."""
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Tensor, /) -> Tensor:
    """The distinct elements in order."""
    return unique_all(x).values
