"""PyTorch's indexing: keys of ints, slices, None, Ellipsis, masks, integer tensors and lists, in any mixture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase, bump, wrap
from ..autograd.modes import modes
from ..ops import indexing as ops
from ..ops import pointwise
from .inplace import check_inplace, write
from .reducing import one_axis
from .spelling import methods, public

Tensor = Any
_FULL = slice(None)


def getitem(input: Tensor, key: Any) -> Tensor:
    """``input[key]``: a view for ints, slices, None and Ellipsis, else a copy."""
    kind = type(key)
    if kind is int:
        _check_int(input, key, 0)
        return ops.basic_index(input, key=(key,))
    spec, indices = _parse(input, key if kind is tuple else (key,))
    if indices:
        return ops.advanced_index(input, *indices, key=spec)
    return ops.basic_index(input, key=spec)


def setitem(input: Tensor, key: Any, value: Any) -> None:
    """``input[key] = value``, in place; the value is broadcast and converted."""
    spec, indices = _parse(input, key if isinstance(key, tuple) else (key,))
    if not isinstance(value, TensorBase):
        value = _value(input, value)
    if not indices:
        target = ops.basic_index(input, key=spec)
        value = _fitted(value, target)
        write(target if target._view is not None else input, value, copied=True)
        return
    value = value.to(dtype=input.dtype, device=input.device)
    if not (modes.grad and (input._node is not None or value._node is not None)):
        check_inplace(input)
        _index_put(input, value, indices, spec, accumulate=False)
        return
    write(input, _checked_put(input, value, indices, spec, False))


def _index_put(input: Tensor, value: Tensor, indices: list[Tensor], spec: tuple[Any, ...], accumulate: bool) -> None:
    bump(input)
    try:
        raw = [i._array for i in indices]
        input._xp.index_put_(input._array, _squeezed(value._array), *raw, key=spec, accumulate=accumulate)
    except (ValueError, IndexError) as error:
        raise _explained(error) from None


def _checked_put(input: Tensor, value: Tensor, indices: list[Tensor], spec: tuple[Any, ...], accumulate: bool) -> Tensor:
    try:
        return ops.index_put(input, value, *indices, key=spec, accumulate=accumulate)
    except (ValueError, IndexError) as error:
        raise _explained(error) from None


def _explained(error: Exception) -> Exception:
    if isinstance(error, IndexError):
        return IndexError(str(error))
    return RuntimeError(f"shape mismatch: value tensor cannot be broadcast to indexing result: {error}")


def _squeezed(value: Any) -> Any:
    """Leading dimensions of size 1 do not count when a value is broadcast."""
    while value.ndim and value.shape[0] == 1:
        value = value[0]
    return value


def _value(input: Tensor, value: Any) -> Tensor:
    xp = input._xp
    if isinstance(value, (bool, int, float, complex)):
        if isinstance(value, complex) and not input.dtype.is_complex:
            raise RuntimeError("value cannot be converted to type without overflow: complex to " + str(input.dtype))
        return wrap(xp.astype(xp.full((), value, dtype=None), input.dtype), xp)
    return wrap(xp.array(value, dtype=input.dtype), xp)


def _fitted(value: Tensor, target: Tensor) -> Tensor:
    """The value in the dtype, device and shape of the place it goes to."""
    value = value.to(dtype=target.dtype, device=target.device)
    shape, wanted = value._array.shape, target._array.shape
    if shape == wanted:
        return value
    while len(shape) > len(wanted) and shape[0] == 1:
        value, shape = value.squeeze(0), shape[1:]
    try:
        return value.expand(*wanted) if wanted else value.reshape(())
    except RuntimeError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value._array.shape)} cannot be broadcast to indexing result of shape "
            f"{list(wanted)}"
        ) from None


def _parse(input: Tensor, key: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[Tensor]]:
    """The key with "_" for each index tensor, and the index tensors."""
    used = sum(_consumed(k) for k in key)
    ndim = input._array.ndim
    if used > ndim:
        raise IndexError(f"too many indices for tensor of dimension {ndim}")
    spec: list[Any] = []
    indices: list[Tensor] = []
    axis = 0
    for k in key:
        if k is Ellipsis:
            axis += ndim - used
            spec.append(k)
        elif k is None or isinstance(k, bool):
            spec.append(None if k is None else _add(indices, wrap(input._xp.asarray(k, dtype=dtypes.bool), input._xp)))
        elif isinstance(k, slice):
            spec.append(_slice(k))
            axis += 1
        elif isinstance(k, int) or not isinstance(k, TensorBase) and hasattr(k, "__index__"):
            k = k.__index__()
            _check_int(input, k, axis)
            spec.append(k)
            axis += 1
        else:
            index = _index_tensor(input, k)
            if not index._array.ndim and index.dtype is not dtypes.bool:
                k = int(index.item())
                _check_int(input, k, axis)
                spec.append(k)
            else:
                _check_mask(input, index, axis)
                spec.append(_add(indices, index))
            axis += index._array.ndim if index.dtype is dtypes.bool else 1
    return tuple(spec), indices


def _add(indices: list[Tensor], index: Tensor) -> str:
    indices.append(index)
    return "_"


def _consumed(k: Any) -> int:
    """How many dimensions one part of a key uses."""
    if k is None or k is Ellipsis or isinstance(k, bool):
        return 0
    if isinstance(k, TensorBase) and k._xp.dtype_of[k._array.dtype] in (dtypes.bool, dtypes.uint8):
        return k._array.ndim
    if getattr(getattr(k, "dtype", None), "kind", "") == "b":
        return k.ndim
    if isinstance(k, (list, tuple)) and k:
        depth, first = 1, k[0]
        while isinstance(first, (list, tuple)) and first:
            depth, first = depth + 1, first[0]
        return depth if isinstance(first, bool) else 1
    return 1


def _slice(k: slice) -> slice:
    if k.step is not None and int(k.step) <= 0:
        raise ValueError("step must be greater than zero")
    parts = (k.start, k.stop, k.step)
    if all(p is None or type(p) is int for p in parts):
        return k
    return slice(*(None if p is None else int(p) for p in parts))


def _check_int(input: Tensor, index: int, axis: int) -> None:
    ndim = input._array.ndim
    if not ndim:
        raise IndexError("invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert a 0-dim tensor to a number")
    n = input._array.shape[axis]
    if not -n <= index < n:
        raise IndexError(f"index {index} is out of bounds for dimension {axis} with size {n}")


def _index_tensor(input: Tensor, k: Any) -> Tensor:
    if not isinstance(k, TensorBase):
        if not isinstance(k, (list, tuple, range)) and not hasattr(k, "shape"):
            raise TypeError(
                f"only integers, slices (`:`), ellipsis (`...`), None and long or bool Variables are valid indices (got {type(k).__name__})"
            )
        if isinstance(k, (list, tuple)):
            k = [x.item() if isinstance(x, TensorBase) else x for x in k]
        k = wrap(input._xp.array(k) if len(k) else input._xp.zeros((0,), dtype=dtypes.int64), input._xp)
    d = k._xp.dtype_of[k._array.dtype]
    if d is dtypes.uint8:
        k = k.bool()
    elif d not in (dtypes.bool, dtypes.int64, dtypes.int32, dtypes.int16, dtypes.int8):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    return k if k._xp is input._xp else k.to(input.device)


def _check_mask(input: Tensor, index: Tensor, axis: int) -> None:
    if index.dtype is not dtypes.bool:
        return
    shape = input._array.shape
    for i, n in enumerate(index._array.shape):
        if axis + i >= len(shape) or shape[axis + i] != n:
            raise IndexError(
                f"The shape of the mask {list(index._array.shape)} at index {i} does not match the shape of the indexed tensor "
                f"{list(shape)} at index {axis + i}"
            )


# Functions


def _index(input: Tensor, index: Tensor, name: str) -> Tensor:
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(f"{name}(): Expected dtype int64 or int32 for index, but got {index.dtype}")
    return index


def _check_range(index: Tensor, n: int, axis: int) -> None:
    low, high = index._xp.item(index._array.min()), index._xp.item(index._array.max())
    if low < 0 or high >= n:
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
    if places.numel():
        n = lifted.shape[axis]
        if int(places.min()) < 0 or int(places.max()) >= n:
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
    x, places = _lifted(input, _index(input, index, "gather"))
    _check_scatter("gather", x, places, axis, None)
    out = ops.take_along_axis(x, places, axis=axis)
    return out if input._array.ndim or index._array.ndim else out.reshape(())


def _check_scatter(name: str, x: Tensor, index: Tensor, axis: int, source: Tensor | None) -> None:
    if x._array.ndim != index._array.ndim:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for i, (n, m) in enumerate(zip(x.shape, index.shape, strict=True)):
        if i != axis and m > n or source is not None and m > source.shape[i]:
            raise RuntimeError(
                f"Size does not match at dimension {i} expected index {list(index.shape)} to be no larger than self {list(x.shape)} "
                f"apart from dimension {axis}"
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
    if reduce == "add":
        return _scattered("scatter", ops.scatter_add, input, dim, index, src)
    if reduce is not None:
        raise RuntimeError(f"scatter(): reduce={reduce!r} is not supported; use reduce='add' or none")
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
    return _put_along(input, dim, index, source if alpha == 1 else source * alpha, True)


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
    return _checked_put(x, source, [places], key, accumulate).reshape(input.shape)


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
    spec, tensors = _parse(input, tuple(_FULL if i is None else i for i in indices))
    return _checked_put(input, values, tensors, spec, accumulate)


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
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    from .shaping import broadcast_shapes

    axis = one_axis(input, dim)
    rest = broadcast_shapes([1 if i == axis else n for i, n in enumerate(input.shape)],
                            [1 if i == axis else n for i, n in enumerate(indices.shape)])
    spread = [list(rest), list(rest)]
    spread[0][axis], spread[1][axis] = input.shape[axis], indices.shape[axis]
    return gather(input.expand(*spread[0]), axis, indices.expand(*spread[1]))


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
        value = value.to(input.dtype)
    else:
        if isinstance(value, complex) and not input.dtype.is_complex:
            raise RuntimeError("value cannot be converted to type without overflow")
        value = wrap(input._xp.full((), value, dtype=input.dtype), input._xp)
    return pointwise.where(mask, value, input)


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
    mask = mask.expand(*input.shape).contiguous()
    n = int(mask.sum())
    if source.numel() < n:
        raise RuntimeError("masked_scatter: expected the source to have at least as many elements as the mask has true ones")
    return _checked_put(input, source.reshape(-1)[:n], [mask], ("_",), False)


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
def unique(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None) -> Any:
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
    if input._array.ndim != 1 or input.numel() and int(input.min()) < 0:
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return wrap(input._xp.bincount(input._array, minlength=minlength), input._xp)
    n = max(int(input.max()) + 1 if input.numel() else 0, minlength)
    return weights.new_zeros(n).index_add(0, input.long(), weights)


@public()
def searchsorted(sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None) -> Tensor:
    """Where elements belong in a sorted 1-d tensor.

    >>> import tensorlite as tl
    >>> tl.searchsorted(tl.tensor([1, 3, 5]), tl.tensor([3]))
    tensor([1])
    """
    if sorted_sequence._array.ndim != 1:
        raise RuntimeError("searchsorted(): only a 1-d sorted sequence is supported; loop over the rows")
    xp = sorted_sequence._xp
    values = input if isinstance(input, TensorBase) else wrap(xp.asarray(input), xp)
    found = xp.searchsorted(sorted_sequence._array, values._array, side="right" if right or side == "right" else "left")
    return wrap(xp.astype(xp.asarray(found), dtypes.int32 if out_int32 else dtypes.int64), xp)


methods["__getitem__"] = getitem
methods["__setitem__"] = setitem
