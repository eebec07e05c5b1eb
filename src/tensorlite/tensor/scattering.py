"""Folding values into positions, and copies of tensors with a part of them replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..ops import scans as ops
from .gathering import _FULL, _check_range, _index, _lifted, _scattered
from .indexing import checked_put
from .joining import slice_of
from .reducing import one_axis
from .spelling import public

Tensor = Any

_FOLDS = ("sum", "prod", "mean", "amax", "amin")


@public(inplace=True)
def scatter_reduce(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
    """A copy in which ``src[i][j]`` is combined with what is at ``[index[i][j]][j]`` (for dim 0).

    `reduce` is ``sum``, ``prod``, ``mean``, ``amax`` or ``amin``; without `include_self`, of the source's elements alone.

    >>> import tensorlite as tl
    >>> tl.scatter_reduce(tl.ones(2), 0, tl.tensor([1, 1]), tl.tensor([2., 3.]), "prod")
    tensor([1., 6.])
    """
    if reduce not in _FOLDS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")

    def fold(x: Tensor, places: Tensor, source: Tensor, *, axis: int) -> Tensor:
        return ops.scatter_reduce(x, places, source, axis=axis, reduce=reduce, include_self=include_self)

    return _scattered("scatter", fold, input, dim, index, src)


@public(inplace=True)
def index_reduce(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
    """A copy in which slices of `source` are combined with those at the positions `index` of a dimension.

    `reduce` is ``prod``, ``mean``, ``amax`` or ``amin``.

    >>> import tensorlite as tl
    >>> tl.index_reduce(tl.ones(2), 0, tl.tensor([1, 1]), tl.tensor([2., 3.]), "mean")
    tensor([1., 2.])
    """
    if reduce not in _FOLDS[1:]:
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    axis = one_axis(input, dim)
    if index._array.ndim > 1:
        raise IndexError("index_reduce(): Index is supposed to be a vector")
    if source.dtype is not input.dtype:
        raise RuntimeError(f"index_reduce(): self ({input.dtype}) and source ({source.dtype}) must have the same dtype")
    x, places, source = _lifted(input, _index(input, index, "index_reduce"), source)
    if places.shape[0] != source.shape[axis]:
        raise RuntimeError(
            f"index_reduce(): Number of indices ({places.shape[0]}) should be equal to source.size(dim) ({source.shape[axis]})"
        )
    if not places.numel() or not source.numel():
        return input.clone()
    _check_range(places, x.shape[axis], axis)
    spread = places.reshape((-1,) + (1,) * (x._array.ndim - 1 - axis)).expand(*source.shape)
    return ops.scatter_reduce(x, spread, source, axis=axis, reduce=reduce, include_self=include_self).reshape(input.shape)


@public(inplace=True, function=True)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with ``flat(out)[index] = source`` (or ``+=``, counting repeated positions).

    >>> import tensorlite as tl
    >>> tl.put(tl.zeros(2, 2), tl.tensor([3]), tl.ones(1))
    tensor([[0., 0.],
            [0., 1.]])
    """
    if index.dtype is not dtypes.int64:
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {index.dtype}")
    if source.dtype is not input.dtype:
        raise RuntimeError(f"put_(): self ({input.dtype}) and source ({source.dtype}) must have the same dtype")
    if source.numel() != index.numel():
        raise RuntimeError(
            f"put_(): Expected source and index to have the same number of elements, but got {source.numel()} and {index.numel()}"
        )
    if not index.numel():
        return input.clone()
    if not input.numel():
        raise IndexError("put_(): the tensor has no elements to put values at")
    n = input.numel()
    if int(index.min()) < -n or int(index.max()) >= n:
        raise IndexError(f"put_(): index is out of bounds for a tensor of {n} elements")
    flat = checked_put(input.reshape(-1), source.reshape(-1), [index.reshape(-1)], ("_",), accumulate)
    return flat.reshape(input.shape)


def _replaced(input: Tensor, src: Tensor, cut: Any, name: str) -> Tensor:
    out = input.clone()
    place = cut(out)
    if tuple(place.shape) != tuple(src.shape):
        raise RuntimeError(f"{name}: expected src to have a size equal to the slice of self. src size = {list(src.shape)}, "
                           f"slice size = {list(place.shape)}")
    place.copy_(src)
    return out


@public()
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with one slice of a dimension replaced.

    >>> import tensorlite as tl
    >>> tl.select_scatter(tl.zeros(2, 2), tl.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    return _replaced(input, src, lambda x: x.select(dim, index), "select_scatter")


@public()
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy with a range of a dimension replaced.

    >>> import tensorlite as tl
    >>> tl.slice_scatter(tl.zeros(3), tl.ones(2), start=1)
    tensor([0., 1., 1.])
    """
    axis = one_axis(input, dim)
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    return _replaced(input, src, lambda x: x[(*(_FULL,) * axis, slice(start, end, step))], "slice_scatter")


@public()
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy with a diagonal replaced.

    >>> import tensorlite as tl
    >>> tl.diagonal_scatter(tl.zeros(2, 2), tl.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    return _replaced(input, src, lambda x: x.diagonal(offset, dim1, dim2), "diagonal_scatter")


@public()
def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy with the elements replaced that a view with these sizes and strides shows.

    >>> import tensorlite as tl
    >>> tl.as_strided_scatter(tl.zeros(4), tl.ones(2), (2,), (2,))
    tensor([1., 0., 1., 0.])
    """
    return _replaced(input, src, lambda x: x.as_strided(size, stride, storage_offset), "as_strided_scatter")


@public(out=True)
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The first `size` rows of `nonzero`, or its rows and then rows of `fill_value`: (size, ndim).

    >>> import tensorlite as tl
    >>> tl.nonzero_static(tl.tensor([0, 5]), size=2)
    tensor([[ 1],
            [-1]])
    """
    if size < 0:
        raise RuntimeError(f"nonzero_static: 'size' must be an non-negative integer, but got {size}")
    found = input.nonzero()
    out = found.new_full((size, input._array.ndim), fill_value)
    n = min(size, found.shape[0])
    if n and input._array.ndim:
        slice_of(out, 0, 0, n).copy_(slice_of(found, 0, 0, n))
    return out


@public(method=False, out=False)
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Positions in a flattened tensor of a shape as coordinates, one tensor for each dimension.

    >>> import tensorlite as tl
    >>> tl.unravel_index(tl.tensor([3, 4]), (2, 3))
    (tensor([1, 1]), tensor([0, 1]))
    """
    if indices.dtype.is_floating_point or indices.dtype.is_complex or indices.dtype is dtypes.bool:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    if not isinstance(shape, (int, tuple, list)):
        raise TypeError(f"expected 'shape' to be int or sequence of ints, but got {type(shape)}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    for n in sizes:
        if not isinstance(n, int):
            raise TypeError(f"expected 'shape' sequence to only contain ints, but got {type(n)}")
        if n < 0:
            raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    out = []
    rest = indices.detach()
    for n in reversed(sizes):
        out.append((rest % max(n, 1)).to(dtypes.int64))
        rest = rest.div(max(n, 1), rounding_mode="floor")
    return tuple(reversed(out))


