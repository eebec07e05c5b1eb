"""Joining tensors and taking them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase
from ..ops import indexing, pointwise
from ..ops import shaping as ops
from .reducing import one_axis
from .spelling import public

Tensor = Any


def _common(tensors: Sequence[Tensor], name: str) -> list[Tensor]:
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}")
    if not tensors:
        raise (ValueError if name == "cat" else RuntimeError)(f"{name}(): expected a non-empty list of Tensors")
    for x in tensors:
        if not isinstance(x, TensorBase):
            raise TypeError(f"expected Tensor as element in argument 0, but got {type(x).__name__}")
    first = tensors[0]._array.dtype
    if all([x._array.dtype is first for x in tensors]) or len({x.dtype for x in tensors}) == 1:
        return list(tensors)
    dimensioned = tuple(x.dtype for x in tensors if x._array.ndim)
    wanted = dtypes.result_dtype(dimensioned, tuple(x.dtype for x in tensors if not x._array.ndim))
    return [x if x.dtype is wanted else pointwise.astype(x, dtype=wanted) for x in tensors]


@public("concat", "concatenate", method=False)
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors one after another along a dimension.

    Raises:
        RuntimeError: shapes differ elsewhere, or the list is empty.

    >>> import tensorlite as tl
    >>> tl.cat([tl.tensor([1]), tl.tensor([2, 3])])
    tensor([1, 2, 3])
    """
    given = _common(tensors, "cat")
    first = given[0]._array.shape
    if len(first) > 1 and all([x._array.shape == first for x in given]):
        return ops.concat(*given, axis=one_axis(given[0], dim))
    if any(not x._array.ndim for x in given):
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    parts = [x for x in given if x._array.shape != (0,)] or given[:1]
    axis = one_axis(parts[0], dim)
    shape = parts[0]._array.shape
    for i, x in enumerate(parts):
        other = x._array.shape
        if len(other) != len(shape):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(shape)} and {len(other)}")
        for d, (a, b) in enumerate(zip(shape, other, strict=True)):
            if d != axis and a != b:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {axis}. Expected size {a} but got size {b} for tensor number "
                    f"{i} in the list."
                )
    return ops.concat(*parts, axis=axis)


@public(method=False)
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape along a new dimension.

    >>> import tensorlite as tl
    >>> tl.stack([tl.tensor([1, 2]), tl.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    given = _common(tensors, "stack")
    shape = given[0]._array.shape
    for i, x in enumerate(given):
        if x._array.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and {list(x._array.shape)} at "
                f"entry {i}"
            )
    n = len(shape) + 1
    if not -n <= dim < n:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")
    return ops.stack(*given, axis=dim % n)


def _at_least(n: int, x: Tensor) -> Tensor:
    if n == 3 and x.ndim == 2:
        return x.unsqueeze(-1)
    if n == 3 and x.ndim == 1:
        return x.reshape(1, -1, 1)
    return x if x.ndim >= n else x.reshape((1,) * (n - x.ndim) + tuple(x.shape))


def _atleast(n: int) -> Any:
    def function(*tensors: Any) -> Any:
        given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
        out = tuple(_at_least(n, x) for x in given)
        return out[0] if len(tensors) == 1 and isinstance(tensors[0], TensorBase) else out

    function.__name__ = f"atleast_{n}d"
    function.__doc__ = f"Tensors with {n} dimensions at least."
    return function


atleast_1d, atleast_2d, atleast_3d = _atleast(1), _atleast(2), _atleast(3)
for _function in (atleast_1d, atleast_2d, atleast_3d):
    public(method=False, out=False)(_function)


def _some(tensors: Sequence[Tensor], name: str) -> Sequence[Tensor]:
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tensors


@public(method=False)
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Side by side: along dimension 1 (0 for 1-d tensors).

    >>> import tensorlite as tl
    >>> tl.hstack([tl.tensor([1]), tl.tensor([2])])
    tensor([1, 2])
    """
    parts = [atleast_1d(x) for x in _some(tensors, "hstack")]
    return cat(parts, 0 if parts and parts[0].ndim == 1 else 1)


@public("row_stack", method=False)
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """On top of each other: along dimension 0.

    >>> import tensorlite as tl
    >>> tl.vstack([tl.tensor([1]), tl.tensor([2])])
    tensor([[1],
            [2]])
    """
    return cat([atleast_2d(x) for x in _some(tensors, "vstack")], 0)


@public(method=False)
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Behind each other: along dimension 2.

    >>> import tensorlite as tl
    >>> tl.dstack([tl.tensor([1]), tl.tensor([2])]).shape
    torch.Size([1, 1, 2])
    """
    return cat([atleast_3d(x) for x in _some(tensors, "dstack")], 2)


@public(method=False)
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """1-d tensors as columns.

    >>> import tensorlite as tl
    >>> tl.column_stack([tl.tensor([1, 2]), tl.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """
    return cat([x.reshape(-1, 1) if x.ndim < 2 else x for x in _some(tensors, "column_stack")], 1)


def slice_of(input: Tensor, axis: int, start: int, stop: int, fault: str | None = None) -> Tensor:
    """A range along an axis, as a view."""
    view = indexing.basic_index(input, key=(*(slice(None),) * axis, slice(start, stop)))
    if fault is not None and view._view is not None and view._view.fault is None:
        view._view.fault = fault
    return view


@public(out=False)
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """`length` elements of a dimension from `start` on, a view.

    >>> import tensorlite as tl
    >>> tl.narrow(tl.arange(5), 0, 1, 2)
    tensor([1, 2])
    """
    if not input._array.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, TensorBase) and (start._array.ndim or start.dtype.is_floating_point or start.dtype.is_complex
                                          or start.dtype is dtypes.bool):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    axis, start = one_axis(input, dim), int(start)
    size = input.shape[axis]
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    start += size if start < 0 else 0
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return slice_of(input, axis, start, start + length)


@public(out=False)
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """One slice of a dimension, without that dimension; a view.

    >>> import tensorlite as tl
    >>> tl.select(tl.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    if not input._array.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis = one_axis(input, dim)
    n = input.shape[axis]
    if not -n <= index < n:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {axis}")
    return indexing.basic_index(input, key=(*(slice(None),) * axis, index % n))


@public(out=False)
def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of a size, or of the sizes given, along a dimension; views.

    >>> import tensorlite as tl
    >>> tl.split(tl.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    axis = one_axis(tensor, dim)
    n = tensor.shape[axis]
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        if size < 0 or size == 0 and n:
            raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
        sizes = [min(size, n - i) for i in range(0, n, size)] if n else [0]
    else:
        sizes = list(split_size_or_sections)
        if sum(sizes) != n:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {axis}), "
                f"but got split_sizes={sizes}"
            )
    pieces, start = [], 0
    for size in sizes:
        pieces.append(slice_of(tensor, axis, start, start + size, "SplitBackward0"))
        start += size
    return tuple(pieces)


@public(name="split_with_sizes", out=False)
def _split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    return split(input, list(split_sizes), dim)


@public(out=False)
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most this many pieces of equal size (the last may be smaller); views.

    >>> import tensorlite as tl
    >>> tl.chunk(tl.arange(4), 2)
    (tensor([0, 1]), tensor([2, 3]))
    """
    if chunks <= 0:
        raise RuntimeError("chunk expects `chunks` to be greater than 0, got: " + str(chunks))
    n = input.shape[one_axis(input, dim)]
    return split(input, -(-n // chunks), dim) if n else tuple(slice_of(input, one_axis(input, dim), 0, 0) for _ in range(chunks))


@public(out=False)
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of nearly equal size, or between the indices given; views.

    >>> import tensorlite as tl
    >>> tl.tensor_split(tl.arange(3), 2)
    (tensor([0, 1]), tensor([2]))
    """
    axis = one_axis(input, dim)
    n = input.shape[axis]
    if isinstance(indices_or_sections, TensorBase):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        k = indices_or_sections
        if k <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {k}")
        edges = [0]
        for i in range(k):
            edges.append(edges[-1] + n // k + (i < n % k))
        return tuple(slice_of(input, axis, a, b, "TensorSplitBackward0") for a, b in zip(edges, edges[1:], strict=False))
    edges = [0, *indices_or_sections, n]
    return tuple(input[(slice(None),) * axis + (slice(a, b),)] for a, b in zip(edges, edges[1:], strict=False))


@public(out=False)
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All slices of a dimension; views.

    >>> import tensorlite as tl
    >>> tl.unbind(tl.tensor([1, 2]))
    (tensor(1), tensor(2))
    """
    if not input._array.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    axis = one_axis(input, dim)
    views = [indexing.basic_index(input, key=(*(slice(None),) * axis, i)) for i in range(input.shape[axis])]
    for v in views:
        if v._view is not None and v._view.fault is None:
            v._view.fault = "UnbindBackward0"
    return tuple(views)


@public(method=False, out=False)
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid.

    >>> import tensorlite as tl
    >>> tl.meshgrid(tl.arange(2), tl.arange(2), indexing="ij")[0]
    tensor([[0, 0],
            [1, 1]])
    """
    given = list(tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors)
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swap = indexing == "xy" and len(given) >= 2
    if swap:
        given[0], given[1] = given[1], given[0]
    shape = [x.numel() for x in given]
    grids = [x.reshape([-1 if i == j else 1 for j in range(len(given))]).expand(shape) for i, x in enumerate(given)]
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)
