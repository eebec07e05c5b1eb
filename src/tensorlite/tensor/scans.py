"""Running extremes, differences, gradients and integrals along a dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase
from ..ops import indexing, pointwise
from ..ops import scans as ops
from .joining import cat, narrow
from .reducing import axes_of, cumsum, one_axis, pair
from .reducing import sum as total
from .spelling import public

Tensor = Any


def _running(name: str, input: Tensor, dim: int) -> Any:
    if input.dtype.is_complex:
        raise RuntimeError(f'"{name}" not implemented for {input.dtype}; complex numbers have no order')
    axis = one_axis(input, dim)
    if not input._array.ndim:
        return pair(name)(input.clone(), input.new_zeros((), dtype=dtypes.int64))
    if not input.numel():
        return pair(name)(input.clone(), input.new_zeros(input.shape, dtype=dtypes.int64))
    find = ops.running_argmax if name == "cummax" else ops.running_argmin
    indices = find(input.detach(), axis=axis)
    return pair(name)(indexing.take_along_axis(input, indices, axis=axis), indices)


@public()
def cummax(input: Tensor, dim: int) -> Any:
    """The largest element so far along a dimension, and where it is (the last of equal ones).

    >>> import tensorlite as tl
    >>> tl.cummax(tl.tensor([1, 3, 2]), 0).values
    tensor([1, 3, 3])
    """
    return _running("cummax", input, dim)


@public()
def cummin(input: Tensor, dim: int) -> Any:
    """The smallest element so far along a dimension, and where it is (the last of equal ones).

    >>> import tensorlite as tl
    >>> tl.cummin(tl.tensor([2, 3, 1]), 0).values
    tensor([2, 2, 1])
    """
    return _running("cummin", input, dim)


@public()
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """Logarithms of the running sums of exponentials, without overflow.

    >>> import tensorlite as tl
    >>> tl.logcumsumexp(tl.zeros(2), 0)
    tensor([0.0000, 0.6931])
    """
    if not (input.dtype.is_floating_point or input.dtype.is_complex):
        raise NotImplementedError(f'"logcumsumexp_out_cpu" not implemented for {input.dtype}; convert with .float()')
    axis = one_axis(input, dim)
    if not input._array.ndim or not input.numel():
        return input.clone()
    return ops.logcumsumexp(input, axis=axis)


@public()
def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
    """Differences of neighbours along a dimension, taken n times; of booleans, whether they differ.

    >>> import tensorlite as tl
    >>> tl.diff(tl.tensor([1, 3, 2]))
    tensor([ 2, -1])
    """
    if not input._array.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    axis = one_axis(input, dim)
    for extra in (prepend, append):
        if extra is not None and extra._array.ndim != input._array.ndim:
            raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return input.clone()
    x = _joined(input, axis, prepend, append)
    for _ in range(min(n, x.shape[axis])):
        size = x.shape[axis] - 1
        later, earlier = narrow(x, axis, 1, size), narrow(x, axis, 0, size)
        x = pointwise.logical_xor(later, earlier) if x.dtype is dtypes.bool else later - earlier
    return x


def _joined(input: Tensor, axis: int, prepend: Tensor | None, append: Tensor | None) -> Tensor:
    parts = [x for x in (prepend, input, append) if x is not None]
    return cat(parts, axis) if len(parts) > 1 else input


@public(method=False, out=False)
def gradient(input: Tensor, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """Estimated derivatives along dimensions, from second-order differences (at the ends of first or second order).

    `spacing` is one distance, one for each dimension, or a tensor of coordinates for each dimension.

    >>> import tensorlite as tl
    >>> tl.gradient(tl.tensor([1., 4., 9.]))
    (tensor([3., 4., 5.]),)
    """
    axes = _gradient_axes(input, dim)
    given = list(spacing) if isinstance(spacing, (tuple, list)) else None
    if isinstance(spacing, TensorBase):
        given = [spacing]
    if given is None:
        given = [1 if spacing is None else spacing] * len(axes)
    if len(given) != len(axes):
        raise RuntimeError(
            f"torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to 'self.dim()' or 'dim': "
            f"{len(axes)} dimensions, but got {len(given)}"
        )
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    for axis, space in zip(axes, given, strict=True):
        if input.shape[axis] <= edge_order:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
        if isinstance(space, TensorBase) and (space._array.ndim != 1 or space.shape[0] != input.shape[axis]):
            raise RuntimeError(
                f"torch.gradient expected each element of spacing to have one dimension of the size of dimension {axis}, "
                f"{input.shape[axis]}, but got {list(space.shape)}"
            )
    if input.dtype in (dtypes.uint8, dtypes.bool):
        raise RuntimeError(f"torch.gradient does not support {input.dtype} input.")
    return tuple(_slopes(input, axis, space, edge_order) for axis, space in zip(axes, given, strict=True))


def _gradient_axes(input: Tensor, dim: Any) -> list[int]:
    if dim is None:
        return list(range(input._array.ndim))
    axes = [one_axis(input, d) for d in ([dim] if isinstance(dim, int) else dim)]
    if len(set(axes)) != len(axes):
        raise RuntimeError(f"dim {next(a for a in axes if axes.count(a) > 1)} appears multiple times in the list of dims")
    return axes


def _slopes(input: Tensor, axis: int, space: Any, edge_order: int) -> Tensor:
    n = input.shape[axis]
    rise = diff(input, dim=axis)
    if isinstance(space, TensorBase):
        width = diff(space).reshape((-1,) + (1,) * (input._array.ndim - axis - 1))
        slope = rise / width
        left, right = narrow(width, 0, 0, n - 2), narrow(width, 0, 1, n - 2)
        # The derivative at the middle of the parabola through three points.
        inner = (narrow(slope, axis, 0, n - 2) * right + narrow(slope, axis, 1, n - 2) * left) / (left + right)
        # The slopes lie at the middles between points: the line through the last two of them, half a distance further.
        first, last = (narrow(left, 0, 0, 1), narrow(right, 0, 0, 1)), (narrow(right, 0, n - 3, 1), narrow(left, 0, n - 3, 1))
        bends = [near / (near + far) for near, far in (first, last)] if edge_order == 2 else []
    else:
        slope = rise / space
        inner = (narrow(input, axis, 2, n - 2) - narrow(input, axis, 0, n - 2)) / (2 * space)
        bends = [0.5, 0.5]
    start, end = narrow(slope, axis, 0, 1), narrow(slope, axis, n - 2, 1)
    if edge_order == 2:
        start = start + (start - narrow(slope, axis, 1, 1)) * bends[0]
        end = end + (end - narrow(slope, axis, n - 3, 1)) * bends[1]
    return cat([start, inner, end], axis)


def _widths(y: Tensor, x: Tensor | None, dx: Any, axis: int, name: str) -> Any:
    if x is None:
        return dx
    if x._array.ndim == 0:
        raise RuntimeError(f"{name}(): The x argument cannot be a scalar. Use dx for one distance.")
    if x._array.ndim == 1:
        if x.shape[0] != y.shape[axis]:
            raise RuntimeError(f"{name}(): There must be one `x` value for each sample point")
        x = x.reshape((-1,) + (1,) * (y._array.ndim - axis - 1))
        return diff(x, dim=0)
    lifted = x.reshape((1,) * (y._array.ndim - x._array.ndim) + tuple(x.shape)) if x._array.ndim < y._array.ndim else x
    return diff(lifted, dim=axis - y._array.ndim)


def _areas(name: str, y: Tensor, x: Any, dx: Any, dim: int) -> tuple[Tensor, int]:
    """The areas of the trapezoids between neighbours, twice as large, and the axis."""
    if isinstance(dx, bool) or dx is not None and isinstance(dx, complex):
        raise RuntimeError(f"{name}(): Currently, we only support dx as a real number.")
    axis = one_axis(y, dim)
    n = max(y.shape[axis] - 1, 0)
    widths = _widths(y, x, 1 if dx is None else dx, axis, name)
    back = axis - y._array.ndim
    return (narrow(y, axis, 0, n) + narrow(y, axis, min(1, y.shape[axis]), n)) * widths, back


@public("trapz", method=False, out=False)
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral along a dimension by the trapezoidal rule, over points `x` or distances `dx`.

    >>> import tensorlite as tl
    >>> tl.trapezoid(tl.tensor([1., 2., 3.]))
    tensor(4.)
    """
    axis = one_axis(y, dim)
    if not y.shape[axis]:
        return y.new_zeros([n for i, n in enumerate(y.shape) if i != axis])
    areas, back = _areas("trapezoid", y, x, dx, dim)
    return total(areas, back) / 2


@public(method=False, out=False)
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """Running integrals along a dimension by the trapezoidal rule.

    >>> import tensorlite as tl
    >>> tl.cumulative_trapezoid(tl.tensor([1., 2., 3.]))
    tensor([1.5000, 4.0000])
    """
    areas, back = _areas("cumulative_trapezoid", y, x, dx, dim)
    return cumsum(areas, back) / 2


@public(out=True)
def nanmean(input: Tensor, dim: int | Sequence[int] | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean of what is not nan.

    >>> import tensorlite as tl
    >>> tl.nanmean(tl.tensor([1., float("nan"), 3.]))
    tensor(2.)
    """
    if not (input.dtype.is_floating_point or input.dtype.is_complex):
        raise RuntimeError(f"nanmean(): expected input to have floating point or complex dtype but got {input.dtype}")
    axes_of(input, dim)
    x = input if dtype is None else input.to(dtype)
    missing = pointwise.isnan(x)
    count = total(pointwise.logical_not(missing), dim, keepdim)
    return total(pointwise.where(missing, 0, x), dim, keepdim) / count
