"""Reductions in PyTorch's spelling: ``dim``, ``keepdim``, named tuples."""

from __future__ import annotations

import builtins
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase
from ..dtypes import dtype
from ..ops import indexing, pointwise, reductions
from .spelling import public, require_tensors

Tensor = Any
Dim = int | Sequence[int] | None


def one_axis(input: Tensor, dim: int) -> int:
    """A dimension counted from the front.

    Raises:
        IndexError: there is no such dimension.
    """
    n = input._array.ndim or 1
    if not -n <= dim < n:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")
    return dim % n


def axes_of(input: Tensor, dim: Dim) -> Any:
    """`dim` as an axis, a tuple of axes, or None for all."""
    if dim is None or isinstance(dim, (tuple, list)) and not dim:
        return None
    if isinstance(dim, int):
        axis = one_axis(input, dim)
        return axis if input._array.ndim else ()
    axes = tuple(one_axis(input, d) for d in dim)
    if len(set(axes)) != len(axes):
        raise RuntimeError(f"dim {next(a for a in axes if axes.count(a) > 1)} appears multiple times in the list of dims")
    return axes if input._array.ndim else ()


def _cast(input: Tensor, dtype: dtype | None) -> Tensor:
    return input if dtype is None or input.dtype is dtype else input.to(dtype)


def _floating(input: Tensor, name: str) -> Tensor:
    d = input.dtype
    if not (d.is_floating_point or d.is_complex):
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: {d}"
        )
    return input


@public()
def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The sum over all or some dimensions; integers add up in int64.

    >>> import tensorlite as tl
    >>> tl.sum(tl.ones(2, 3), dim=1)
    tensor([3., 3.])
    """
    if dtype is None:
        return reductions.sum(input, axis=axes_of(input, dim), keepdims=keepdim)
    return _cast(reductions.sum(_cast(input, dtype), axis=axes_of(input, dim), keepdims=keepdim), dtype)


@public()
def nansum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The sum of what is not nan.

    >>> import tensorlite as tl
    >>> tl.nansum(tl.tensor([1., float("nan")]))
    tensor(1.)
    """
    return sum(pointwise.where(pointwise.isnan(input), 0, input), dim, keepdim, dtype=dtype)


@public()
def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The mean over all or some dimensions.

    >>> import tensorlite as tl
    >>> tl.mean(tl.tensor([1., 3.]))
    tensor(2.)
    """
    return reductions.mean(_floating(_cast(input, dtype), "mean"), axis=axes_of(input, dim), keepdims=keepdim)


@public()
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The product over all or one dimension.

    >>> import tensorlite as tl
    >>> tl.prod(tl.tensor([2., 3.]))
    tensor(6.)
    """
    return _cast(reductions.prod(_cast(input, dtype), axis=axes_of(input, dim), keepdims=keepdim), dtype)


def _correction(unbiased: bool | None, correction: float | None) -> float:
    return (1.0 if correction is None else float(correction)) if unbiased is None else float(unbiased)


def _spread(op: Any, input: Tensor, dim: Any, unbiased: Any, correction: Any, keepdim: bool) -> Tensor:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    _floating(input, op.__name__)
    return op(input, axis=axes_of(input, dim), correction=_correction(unbiased, correction), keepdims=keepdim)


@public()
def var(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """The variance; divides by n - 1 unless told otherwise.

    >>> import tensorlite as tl
    >>> tl.var(tl.tensor([1., 3.]))
    tensor(2.)
    """
    return _spread(reductions.var, input, dim, unbiased, correction, keepdim)


@public()
def std(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """The root of the variance.

    >>> import tensorlite as tl
    >>> tl.std(tl.tensor([1., 5.]), correction=0)
    tensor(2.)
    """
    return _spread(reductions.std, input, dim, unbiased, correction, keepdim)


@public(method=False)
def var_mean(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """Variance and mean.

    >>> import tensorlite as tl
    >>> tl.var_mean(tl.tensor([1., 3.]))
    (tensor(2.), tensor(2.))
    """
    return var(input, dim, unbiased, keepdim, correction=correction), mean(
        input, dim if not isinstance(dim, bool) else None, keepdim
    )


@public(method=False)
def std_mean(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean.

    >>> import tensorlite as tl
    >>> tl.std_mean(tl.tensor([1., 5.]), correction=0)
    (tensor(2.), tensor(3.))
    """
    return std(input, dim, unbiased, keepdim, correction=correction), mean(
        input, dim if not isinstance(dim, bool) else None, keepdim
    )


_results: dict[str, Any] = {}


def pair(name: str, first: str = "values", second: str = "indices") -> Any:
    """The named tuple that PyTorch returns from the function `name`."""
    if name not in _results:
        _results[name] = type(
            name,
            (namedtuple(name, (first, second)),),
            {
                "__slots__": (),
                "__repr__": lambda self: f"torch.return_types.{name}(\n{first}={self[0]!r},\n{second}={self[1]!r})",
            },
        )
    return _results[name]


def at_positions(input: Tensor, indices: Tensor, axis: int, keepdim: bool) -> Tensor:
    values = indexing.take_along_axis(input, indices, axis=axis)
    return values if keepdim else values.squeeze(axis)


def _extreme(name: str, input: Tensor, dim: Any, keepdim: bool) -> Any:
    require_tensors(name, input)
    reduce, arg = getattr(reductions, name), getattr(reductions, "arg" + name)
    if isinstance(dim, TensorBase):
        return getattr(pointwise, f"{name}imum")(input, dim)
    if dim is None:
        _not_empty(input, name, None)
        return reduce(input)
    axis = one_axis(input, dim)
    if not input._array.ndim:
        return pair(name)(input.clone(), input.new_zeros((), dtype=dtypes.int64))
    _not_empty(input, name, axis)
    indices = arg(input, axis=axis, keepdims=True)
    return pair(name)(at_positions(input, indices, axis, keepdim), indices if keepdim else indices.squeeze(axis))


def _not_empty(input: Tensor, name: str, axis: Any) -> None:
    if axis is None and not input.numel():
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
            "'dim' argument."
        )
    axes: tuple[int, ...] = (axis,) if isinstance(axis, int) else axis or ()
    if builtins.any(not input.shape[a] for a in axes):
        raise IndexError(f"{name}(): Expected reduction dim {axes[0]} to have non-zero size.")


@public()
def max(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element; with `dim`, values and indices; with a second tensor, `maximum`.

    >>> import tensorlite as tl
    >>> tl.max(tl.tensor([1, 3, 2]))
    tensor(3)
    """
    return _extreme("max", input, dim, keepdim)


@public()
def min(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest element; with `dim`, values and indices; with a second tensor, `minimum`.

    >>> import tensorlite as tl
    >>> tl.min(tl.tensor([1, 3, 2]))
    tensor(1)
    """
    return _extreme("min", input, dim, keepdim)


@public()
def amax(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The largest elements over dimensions; equal ones share the gradient.

    >>> import tensorlite as tl
    >>> tl.amax(tl.tensor([[1, 3], [5, 2]]), 0)
    tensor([5, 3])
    """
    axis = axes_of(input, dim)
    _not_empty(input, "amax", axis)
    return reductions.max(input, axis=axis, keepdims=keepdim)


@public()
def amin(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The smallest elements over dimensions; equal ones share the gradient.

    >>> import tensorlite as tl
    >>> tl.amin(tl.tensor([[1, 3], [5, 2]]), 0)
    tensor([1, 2])
    """
    axis = axes_of(input, dim)
    _not_empty(input, "amin", axis)
    return reductions.min(input, axis=axis, keepdims=keepdim)


@public()
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """Smallest and largest element.

    >>> import tensorlite as tl
    >>> tl.aminmax(tl.tensor([1, 3]))[1]
    tensor(3)
    """
    return pair("aminmax", "min", "max")(amin(input, dim, keepdim), amax(input, dim, keepdim))


def _position(name: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if not input.numel() and dim is None:
        raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify it with 'dim'.")
    axis = None if dim is None or not input._array.ndim else one_axis(input, dim)
    _not_empty(input, name, axis)
    return getattr(reductions, name)(input.detach(), axis=axis, keepdims=keepdim)


@public()
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is (in the flattened tensor without `dim`).

    >>> import tensorlite as tl
    >>> tl.argmax(tl.tensor([1, 3, 2]))
    tensor(1)
    """
    return _position("argmax", input, dim, keepdim)


@public()
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is.

    >>> import tensorlite as tl
    >>> tl.argmin(tl.tensor([1, 3, 0]))
    tensor(2)
    """
    return _position("argmin", input, dim, keepdim)


def _truth(found: Tensor, input: Tensor) -> Tensor:
    """Bytes were PyTorch's booleans once: their truth is a byte still."""
    return pointwise.astype(found, dtype=dtypes.uint8) if input.dtype is dtypes.uint8 else found


@public()
def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether any element is true.

    >>> import tensorlite as tl
    >>> tl.any(tl.tensor([False, True]))
    tensor(True)
    """
    return _truth(reductions.any(input.detach(), axis=axes_of(input, dim), keepdims=keepdim), input)


@public()
def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether all elements are true.

    >>> import tensorlite as tl
    >>> tl.all(tl.tensor([False, True]))
    tensor(False)
    """
    return _truth(reductions.all(input.detach(), axis=axes_of(input, dim), keepdims=keepdim), input)


@public(inplace=True)
def cumsum(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """Running sums along a dimension.

    >>> import tensorlite as tl
    >>> tl.cumsum(tl.tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
    """
    return _cast(reductions.cumulative_sum(_cast(input, dtype), axis=one_axis(input, dim)), dtype)


@public(inplace=True)
def cumprod(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """Running products along a dimension.

    >>> import tensorlite as tl
    >>> tl.cumprod(tl.tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])
    """
    return _cast(reductions.cumulative_prod(_cast(input, dtype), axis=one_axis(input, dim)), dtype)


@public()
def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))) over dimensions, without overflow.

    >>> import tensorlite as tl
    >>> tl.logsumexp(tl.zeros(2), 0)
    tensor(0.6931)
    """
    if not input.dtype.is_floating_point and not input.dtype.is_complex:
        input = input.to(dtypes.get_default_dtype())
    axis = axes_of(input, dim)
    if not input.numel():
        return pointwise.log(reductions.sum(pointwise.exp(input), axis=axis, keepdims=keepdim))
    return reductions.logsumexp(input, axis=axis, keepdims=keepdim)


@public(out=False)
def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements are not zero.

    >>> import tensorlite as tl
    >>> tl.count_nonzero(tl.tensor([0, 1, 2]))
    tensor(2)
    """
    return reductions.count_nonzero(input.detach(), axis=axes_of(input, dim))
