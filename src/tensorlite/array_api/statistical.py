"""Reductions and scans: statistics, `all`, `any` and `diff`."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..dtypes import dtype as DType
from ..ops import reductions
from ..tensor.reducing import one_axis
from ..tensor.spelling import functions
from .data_types import Tensor, is_integer, lasting, together
from .manipulation import Axis

__all__ = [
    "all", "any", "cumulative_prod", "cumulative_sum", "diff", "max", "mean", "min", "prod", "std", "sum", "var",
]  # fmt: skip


def axes_of(x: Tensor, axis: Axis) -> Any:
    """`axis` counted from the front; no dimension at all for an empty tuple.

    Raises:
        IndexError: there is no such dimension.
        ValueError: one is named twice.
    """
    if axis is None:
        return None
    axes = tuple(one_axis(x, a) for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    if len(set(axes)) < len(axes):
        raise ValueError(f"repeated axis in {axis}")
    return axes if x.ndim else ()


def _accumulated(x: Tensor, dtype: DType | None) -> Tensor:
    """In the dtype in which sums and products are taken: integers in the widest of their kind, unless one is given."""
    if dtype is None:
        whole = x.dtype is dtypes.bool or is_integer(x.dtype)
        dtype = x.dtype if not whole else dtypes.uint64 if is_unsigned(x.dtype) else dtypes.int64
    return x.to(dtype)


def is_unsigned(dtype: DType) -> bool:
    """Whether it is an integer dtype without negative numbers."""
    return is_integer(dtype) and not dtype.is_signed


def sum(x: Tensor, /, *, axis: Axis = None, dtype: DType | None = None, keepdims: bool = False) -> Tensor:
    """The sum over all or some dimensions; integers add up in int64 or uint64.

    >>> from tensorlite import array_api as xp
    >>> xp.sum(xp.ones((2, 3)), axis=1)
    tensor([3., 3.])
    """
    wide = _accumulated(x, dtype)
    return reductions.sum(wide, axis=axes_of(x, axis), keepdims=keepdims).to(wide.dtype)


def prod(x: Tensor, /, *, axis: Axis = None, dtype: DType | None = None, keepdims: bool = False) -> Tensor:
    """The product over all or some dimensions; integers multiply in int64 or uint64."""
    wide = _accumulated(x, dtype)
    axes = tuple(range(x.ndim)) if axis is None else axes_of(x, axis)
    out = wide
    for a in axes:  # one by one: the gradient of a product is written for one dimension
        out = reductions.prod(out, axis=a, keepdims=True)
    out = (out.clone() if out is x else lasting(out)).to(wide.dtype)
    return out if keepdims else out.reshape([n for i, n in enumerate(x.shape) if i not in axes])


def max(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest element; equal ones share the gradient."""
    return lasting(reductions.max(x, axis=axes_of(x, axis), keepdims=keepdims))


def min(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element; equal ones share the gradient."""
    return lasting(reductions.min(x, axis=axes_of(x, axis), keepdims=keepdims))


def _floating(name: str, x: Tensor) -> Tensor:
    if not (x.dtype.is_floating_point or x.dtype.is_complex):
        raise TypeError(f"{name}(): expected a floating dtype, not {x.dtype}; convert with astype")
    return x


def mean(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean over all or some dimensions.

    Raises:
        TypeError: the dtype is not a floating one.
    """
    return reductions.mean(_floating("mean", x), axis=axes_of(x, axis), keepdims=keepdims)


def var(x: Tensor, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The variance, divided by the number of elements less `correction`.

    Raises:
        TypeError: the dtype is not a floating one.

    >>> from tensorlite import array_api as xp
    >>> xp.var(xp.asarray([1.0, 3.0])), xp.var(xp.asarray([1.0, 3.0]), correction=1)
    (tensor(1.), tensor(2.))
    """
    return reductions.var(_floating("var", x), axis=axes_of(x, axis), correction=float(correction), keepdims=keepdims)


def std(x: Tensor, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The root of the variance.

    Raises:
        TypeError: the dtype is not a floating one.
    """
    return lasting(reductions.std(_floating("std", x), axis=axes_of(x, axis), correction=float(correction), keepdims=keepdims))


def all(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether no element is zero."""
    return reductions.all(x.to(dtypes.bool), axis=axes_of(x, axis), keepdims=keepdims)


def any(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether an element is not zero."""
    return reductions.any(x.to(dtypes.bool), axis=axes_of(x, axis), keepdims=keepdims)


def _scan(name: str, first: int, x: Tensor, axis: int | None, dtype: DType | None, include_initial: bool) -> Tensor:
    """A running sum or product along a dimension, with what it begins with in front on request."""
    if axis is None and x.ndim != 1 or not x.ndim:
        raise ValueError(f"cumulative_{name}(): axis must be given for a tensor with {x.ndim} dimensions, which may not be 0")
    wide, place = _accumulated(x, dtype), one_axis(x, axis or 0)
    out = functions[f"cum{name}"](wide, place, dtype=wide.dtype)
    if not include_initial:
        return lasting(out)
    return functions["cat"]([out.new_full([1 if i == place else n for i, n in enumerate(x.shape)], first), out], place)


def cumulative_sum(
    x: Tensor, /, *, axis: int | None = None, dtype: DType | None = None, include_initial: bool = False
) -> Tensor:
    """Running sums along a dimension, behind a 0 if `include_initial`.

    >>> from tensorlite import array_api as xp
    >>> xp.cumulative_sum(xp.asarray([1, 2]), include_initial=True)
    tensor([0, 1, 3])
    """
    return _scan("sum", 0, x, axis, dtype, include_initial)


def cumulative_prod(
    x: Tensor, /, *, axis: int | None = None, dtype: DType | None = None, include_initial: bool = False
) -> Tensor:
    """Running products along a dimension, behind a 1 if `include_initial`."""
    return _scan("prod", 1, x, axis, dtype, include_initial)


def diff(
    x: Tensor, /, *, axis: int = -1, n: int = 1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """Differences of neighbours along a dimension, taken n times.

    >>> from tensorlite import array_api as xp
    >>> xp.diff(xp.asarray([1, 3, 2]), append=xp.asarray([5]))
    tensor([ 2, -1,  3])
    """
    given = [v for v in (prepend, x, append) if v is not None]
    parts = iter(together("diff", *given))
    prepend, x, append = (None if v is None else next(parts) for v in (prepend, x, append))
    return functions["diff"](x, n, axis, prepend, append)
