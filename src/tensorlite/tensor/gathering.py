"""Gathering, scattering, masks and searches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase, wrap
from ..ops import indexing as ops
from ..ops import pointwise
from ..ops import scans as folds
from .indexing import checked_put, getitem, parsed_key
from .reducing import one_axis
from .spelling import public

Tensor = Any
_FULL = slice(None)


def _index(input: Tensor, index: Tensor, name: str) -> Tensor:
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(f"{name}(): Expected dtype int64 or int32 for index, but got {index.dtype}")
    return index


def _source_of(name: str, x: Tensor, places: Tensor, axis: int, source: Tensor) -> None:
    """Refuse slices that do not fit the positions they go to."""
    if places.shape[0] != source.shape[axis] if source._array.ndim else places.numel() != 1:
        raise IndexError(f"{name}(): Number of indices ({places.shape[0]}) should be equal to source.size({axis})")
    kept = [[n for i, n in enumerate(t.shape) if i != axis] for t in (x, source)]
    if kept[0] != kept[1]:
        raise RuntimeError(
            f"{name}(): source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(x.shape)} source.shape = {list(source.shape)}"
        )


def _check_range(index: Tensor, n: int, axis: int) -> None:
    xp = index._xp
    if not xp.within(index._array, n):
        low, high = xp.item(xp.min(index._array)), xp.item(xp.max(index._array))
        raise RuntimeError(f"index {low if low < 0 else high} is out of bounds for dimension {axis} with size {n}")


def _lifted(input: Tensor, *others: Tensor) -> list[Tensor]:
    """0-d tensors as 1-d ones."""
    return [x if x._array.ndim else x.reshape(1) for x in (input, *others)]


@public()
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of a dimension at the given positions.

    >>> import tensorlite as tl
    >>> tl.index_select(tl.tensor([5, 6, 7]), 0, tl.tensor([2, 0]))
    tensor([7, 5])
    """
    if index._array.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    axis = one_axis(input, dim)
    lifted, places = _lifted(input, _index(input, index, "index_select"))
    if not places._xp.within(places._array, lifted._array.shape[axis]):
        raise IndexError("index out of range in self")
    out = ops.take(lifted, places, axis=axis)
    return out if input._array.ndim else out.reshape(())


@public()
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """``out[i][j] = input[index[i][j]][j]`` (for dim 0).

    >>> import tensorlite as tl
    >>> tl.gather(tl.tensor([[1, 2], [3, 4]]), 1, tl.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    axis = one_axis(input, dim)
    x, places = _lifted(input, _positions(index))
    if places.numel():
        _check_scatter("gather", x, places, axis, None)
    elif places._array.ndim != x._array.ndim:
        return input.new_empty(places.shape)
    out = ops.take_along_axis(x, places, axis=axis)
    return out if input._array.ndim or index._array.ndim else out.reshape(())


def _positions(index: Tensor) -> Tensor:
    """The index of `gather`; one without elements may have any integer dtype."""
    if index.dtype in (dtypes.int64, dtypes.int32):
        return index
    if index.numel() or index.dtype.is_floating_point or index.dtype.is_complex or index.dtype is dtypes.bool:
        raise RuntimeError(f"gather(): Expected dtype int32/int64 for index, but got {index.dtype}; convert it with .long()")
    return index.to(dtypes.int64)


def _check_scatter(name: str, x: Tensor, index: Tensor, axis: int, source: Tensor | None) -> None:
    if x._array.ndim != index._array.ndim:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for i, (n, m) in enumerate(zip(x.shape, index.shape, strict=True)):
        if i != axis and m > n or source is not None and m > source.shape[i]:
            raise RuntimeError(
                f"Size does not match at dimension {i} expected index {list(index.shape)} to be no larger than self "
                f"{list(x.shape)} apart from dimension {axis}"
            )
    if index.numel():
        _check_range(index, x.shape[axis], axis)


def _scattered(name: str, op: Any, input: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    axis = one_axis(input, dim)
    x, places = _lifted(input, _index(input, index, name))
    if not places.numel():
        return input.clone()
    if not isinstance(src, TensorBase):
        source = wrap(x._xp.full(places._array.shape, src, dtype=x.dtype), x._xp)
    else:
        (source,) = _lifted(src)
        if source.dtype is not x.dtype:
            raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    _check_scatter(name, x, places, axis, source)
    if source._array.shape != places._array.shape:
        source = source[tuple(slice(0, n) for n in places._array.shape)]
    return op(x, places, source, axis=axis).reshape(input.shape)


@public(inplace=True)
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Tensor:
    """A copy with ``out[index[i][j]][j] = src[i][j]`` (for dim 0).

    >>> import tensorlite as tl
    >>> tl.scatter(tl.zeros(3), 0, tl.tensor([1]), 5.)
    tensor([0., 5., 0.])
    """
    src = value if src is None else src
    if reduce is not None and reduce not in ("add", "multiply"):
        raise RuntimeError(f"reduce argument must be either add or multiply, got {reduce}")
    if reduce == "add":
        return _scattered("scatter", ops.scatter_add, input, dim, index, src)
    if reduce == "multiply":
        return _scattered("scatter", partial(folds.scatter_fold, by="multiply"), input, dim, index, src)
    return _scattered("scatter", ops.scatter, input, dim, index, src)


@public(inplace=True)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy with ``out[index[i][j]][j] += src[i][j]`` (for dim 0).

    >>> import tensorlite as tl
    >>> tl.scatter_add(tl.zeros(2), 0, tl.tensor([1, 1]), tl.ones(2))
    tensor([0., 2.])
    """
    return _scattered("scatter_add", ops.scatter_add, input, dim, index, src)


@public(inplace=True)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """A copy with slices of `source` added at the positions `index` of a dimension.

    >>> import tensorlite as tl
    >>> tl.index_add(tl.zeros(2), 0, tl.tensor([1, 1]), tl.ones(2))
    tensor([0., 2.])
    """
    axis = one_axis(input, dim)
    if index._array.ndim <= 1 and source._array.ndim:
        x, places = _lifted(input, index)
        _source_of("index_add", x, places, axis, source)
    return _put_along(input, dim, index, source if alpha == 1 else (source * alpha).to(source.dtype), True)


@public(inplace=True)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy with slices of `source` written at the positions `index` of a dimension.

    >>> import tensorlite as tl
    >>> tl.index_copy(tl.zeros(2), 0, tl.tensor([1]), tl.ones(1))
    tensor([0., 1.])
    """
    return _put_along(input, dim, index, source, False)


@public(inplace=True)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy with a number written at the positions `index` of a dimension.

    >>> import tensorlite as tl
    >>> tl.index_fill(tl.zeros(2), 0, tl.tensor([1]), 3)
    tensor([0., 3.])
    """
    if not isinstance(value, TensorBase):
        value = wrap(input._xp.full((), value, dtype=input.dtype), input._xp)
    return _put_along(input, dim, index, value.to(input.dtype), False)


def _put_along(input: Tensor, dim: int, index: Tensor, source: Tensor, accumulate: bool) -> Tensor:
    axis = one_axis(input, dim)
    if index._array.ndim > 1:
        raise IndexError("Index is supposed to be a vector")
    if source.dtype is not input.dtype:
        raise RuntimeError(f"self ({input.dtype}) and source ({source.dtype}) must have the same dtype")
    x, places = _lifted(input, _index(input, index, "index_add"))
    if places.numel():
        _check_range(places, x.shape[axis], axis)
    key = (*(_FULL,) * axis, "_")
    return checked_put(x, source, [places], key, accumulate).reshape(input.shape)


@public(inplace=True)
def index_put(input: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with ``out[indices] = values`` (or ``+=``, counting repeated positions).

    >>> import tensorlite as tl
    >>> tl.index_put(tl.zeros(2), (tl.tensor([1]),), tl.tensor(4.))
    tensor([0., 4.])
    """
    if values.dtype is not input.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype} for the destination and {values.dtype} "
            "for the source."
        )
    spec, tensors = parsed_key(input, tuple(_FULL if i is None else i for i in indices))
    return checked_put(input, values, tensors, spec, accumulate)


@public()
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements of the flattened tensor.

    >>> import tensorlite as tl
    >>> tl.take(tl.tensor([[1, 2], [3, 4]]), tl.tensor([3]))
    tensor([4])
    """
    return getitem(input.reshape(-1), index) if index._array.ndim else getitem(input.reshape(-1), index.reshape(1)).reshape(())


@public()
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` with broadcasting; through the flattened tensor without `dim`.

    >>> import tensorlite as tl
    >>> tl.take_along_dim(tl.tensor([[3, 4]]), tl.tensor([[1]]), 1)
    tensor([[4]])
    """
    if indices.dtype is not dtypes.int64:
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype}; use .long()")
    if dim is None:
        return gather(input.reshape(-1), 0, _from_the_front(indices.reshape(-1), input.numel()))
    if input._array.ndim != indices._array.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{input._array.ndim} dimensions for input, and {indices._array.ndim} dimensions for indices"
        )
    from .shaping import broadcast_shapes

    axis = one_axis(input, dim)
    rest = broadcast_shapes(
        [1 if i == axis else n for i, n in enumerate(input.shape)], [1 if i == axis else n for i, n in enumerate(indices.shape)]
    )
    spread = [list(rest), list(rest)]
    spread[0][axis], spread[1][axis] = input.shape[axis], indices.shape[axis]
    return gather(input.expand(*spread[0]), axis, _from_the_front(indices, input.shape[axis]).expand(*spread[1]))


def _from_the_front(indices: Tensor, n: int) -> Tensor:
    return pointwise.where(indices < 0, indices + n, indices)


@public(inplace=True)
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy with a number where the mask is true.

    >>> import tensorlite as tl
    >>> tl.masked_fill(tl.zeros(2), tl.tensor([True, False]), 1)
    tensor([1., 0.])
    """
    if mask.dtype is not dtypes.bool:
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype}")
    if isinstance(value, TensorBase):
        if value._array.ndim:
            raise RuntimeError(
                f"masked_fill only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} dimension(s)."
            )
        if value.dtype.is_complex and not input.dtype.is_complex:
            raise RuntimeError(f"value cannot be converted to type {input.dtype} without overflow")
        value = value.to(input.dtype)
    else:
        if isinstance(value, complex) and not input.dtype.is_complex or not _fits(value, input.dtype):
            raise RuntimeError(f"value cannot be converted to type {input.dtype} without overflow")
        value = wrap(input._xp.full((), value, dtype=input.dtype), input._xp)
    return pointwise.where(mask, value, input)


def _fits(value: Any, dtype: Any) -> bool:
    """Whether an integer dtype can hold this number."""
    if dtype.is_floating_point or dtype.is_complex or dtype is dtypes.bool or isinstance(value, complex):
        return True
    info = dtypes.iinfo(dtype)
    return info.min <= value <= info.max


@public()
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask is true, in one dimension.

    >>> import tensorlite as tl
    >>> tl.masked_select(tl.tensor([1, 2]), tl.tensor([False, True]))
    tensor([2])
    """
    if mask.dtype is not dtypes.bool:
        raise RuntimeError(f"masked_select: expected BoolTensor for mask, but got {mask.dtype}")
    from .shaping import broadcast_tensors

    x, mask = broadcast_tensors(input, mask)
    if not x._array.ndim:
        x, mask = x.reshape(1), mask.reshape(1)
    return getitem(x, mask.contiguous())


@public(inplace=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy in which the elements where the mask is true are taken from `source`, in order.

    >>> import tensorlite as tl
    >>> tl.masked_scatter(tl.zeros(3), tl.tensor([True, False, True]), tl.tensor([1., 2.]))
    tensor([1., 0., 2.])
    """
    if source.dtype is not input.dtype:
        raise RuntimeError(f"masked_scatter_: expected self and source to have same dtypes, got {input.dtype} and {source.dtype}")
    if mask.dtype is not dtypes.bool:
        raise RuntimeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype}")
    from .shaping import broadcast_tensors

    input, mask = broadcast_tensors(input, mask)
    mask = mask.contiguous()
    n = int(mask.sum())
    if source.numel() < n:
        raise RuntimeError("masked_scatter: expected the source to have at least as many elements as the mask has true ones")
    return checked_put(input, source.reshape(-1)[:n], [mask], ("_",), False)


@public()
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The positions of the elements that are not zero: (n, ndim), or a tuple of index tensors.

    >>> import tensorlite as tl
    >>> tl.nonzero(tl.tensor([0, 5]))
    tensor([[1]])
    """
    xp = input._xp
    found = [wrap(xp.astype(a, dtypes.int64), xp) for a in xp.nonzero(input._array)]
    if as_tuple:
        return tuple(found)
    if not input._array.ndim:
        return wrap(xp.zeros((int(bool(input)), 0), dtype=dtypes.int64), xp)
    from ..ops import shaping

    return shaping.stack(*found, axis=1)


public(name="argwhere", out=False)(lambda input: nonzero(input))


@public(out=False)
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The distinct elements in order; on request where each element went, and how often each occurs.

    >>> import tensorlite as tl
    >>> tl.unique(tl.tensor([2, 1, 2]))
    tensor([1, 2])
    """
    xp = input._xp
    found = [wrap(a, xp) for a in xp.unique(input._array, axis=None if dim is None else one_axis(input, dim))]
    out = [found[0]] + [found[1]] * return_inverse + [found[2]] * return_counts
    return out[0] if len(out) == 1 else tuple(out)


@public(out=False)
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each non-negative integer occurs.

    >>> import tensorlite as tl
    >>> tl.bincount(tl.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if input._array.ndim != 1 or input.numel() and int(input.min()) < 0:
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return wrap(input._xp.bincount(input._array, minlength=minlength), input._xp)
    if weights.shape != input.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    weights = weights.detach() if weights.dtype is dtypes.float32 else weights.detach().to(dtypes.float64)
    n = max(int(input.max()) + 1 if input.numel() else 0, minlength)
    return weights.new_zeros(n).index_add(0, input.long(), weights)


@public()
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where elements belong in a sorted tensor: (n) for any values, or (..., n) for the values (..., m) of each row.

    `sorter` are positions that sort the sequence, if it is not sorted itself.

    >>> import tensorlite as tl
    >>> tl.searchsorted(tl.tensor([1, 3, 5]), tl.tensor([3]))
    tensor([1])
    """
    sequence, xp = sorted_sequence.detach(), sorted_sequence._xp
    values = input.detach() if isinstance(input, TensorBase) else wrap(xp.asarray(input), xp)
    _check_search(sequence, values, isinstance(input, TensorBase), right, side, sorter)
    right = right or side == "right"
    if sequence._array.ndim > 1:
        found = _halved(sequence, values, right, sorter)
    else:
        if sorter is not None:
            sequence = ops.take(sequence, sorter, axis=0)
        if values.dtype is not sequence.dtype:
            kind = dtypes.promote_types(values.dtype, sequence.dtype)
            values, sequence = values.to(kind), sequence.to(kind)
        found = wrap(xp.asarray(xp.searchsorted(sequence._array, values._array, side="right" if right else "left")), xp)
    return found.to(dtypes.int32 if out_int32 else dtypes.int64)


def _check_search(sequence: Tensor, values: Tensor, given: bool, right: bool, side: str | None, sorter: Tensor | None) -> None:
    name = "torch.searchsorted()"
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(f"{name}: side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(f"{name}: side and right can't be set to opposites, got side of {side} while right was True")
    if given and values.dtype is not sequence.dtype:
        raise RuntimeError(
            f"{name}: boundary tensor and input value tensor should have same dtype, but got boundary tensor dtype "
            f"{sequence.dtype} and input value tensor dtype {values.dtype}"
        )
    if not sequence._array.ndim:
        raise RuntimeError(f"{name}: boundaries tensor should have positive dimension, but got 0 dimension")
    if sequence._array.ndim > 1 and (
        values._array.ndim != sequence._array.ndim or tuple(values.shape[:-1]) != tuple(sequence.shape[:-1])
    ):
        raise RuntimeError(
            f"{name}: boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value "
            f"tensor must match, but we got boundaries tensor {list(sequence.shape)} and input value tensor {list(values.shape)}"
        )
    if sorter is not None:
        if tuple(sorter.shape) != tuple(sequence.shape):
            raise RuntimeError(
                f"{name}: boundary and sorter must have the same size, but got boundary tensor {list(sequence.shape)} and got "
                f"sorter tensor {list(sorter.shape)}"
            )
        if sorter.dtype is not dtypes.int64:
            raise RuntimeError(f"{name}: sorter must be a tensor of long dtype but got dtype {sorter.dtype}")
        if sorter.numel() and (int(sorter.min()) < 0 or int(sorter.max()) >= sequence.shape[-1]):
            raise RuntimeError(f"{name}: sorter index out of range")


def _halved(sequence: Tensor, values: Tensor, right: bool, sorter: Tensor | None) -> Tensor:
    """The search in rows (..., n) for values (..., m): all at once, in steps that halve what is left of the rows."""
    n = sequence.shape[-1]
    low = values.new_zeros(values.shape, dtype=dtypes.int64)
    high = low + n
    for _ in range(n.bit_length()):
        middle = pointwise.floor_divide(low + high, 2)
        place = pointwise.minimum(middle, n - 1)
        found = gather(sequence, -1, place if sorter is None else gather(sorter, -1, place))
        after = (found > values) if right else (found >= values)
        unfinished = low < high
        low = pointwise.where(unfinished & ~after, middle + 1, low)
        high = pointwise.where(unfinished & after, middle, high)
    return low


@public()
def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """Which interval between sorted boundaries each element falls into.

    >>> import tensorlite as tl
    >>> tl.bucketize(tl.tensor([2, 9]), tl.tensor([1, 3, 5]))
    tensor([1, 3])
    """
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
