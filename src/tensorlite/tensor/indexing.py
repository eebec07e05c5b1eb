"""PyTorch's indexing: keys of ints, slices, None, Ellipsis, masks, integer tensors and lists, in any mixture."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase, bump, wrap
from ..autograd.modes import modes
from ..ops import indexing as ops
from .inplace import check_inplace, write
from .spelling import methods

Tensor = Any
_FULL = slice(None)


def getitem(input: Tensor, key: Any) -> Tensor:
    """``input[key]``: a view for ints, slices, None and Ellipsis, else a copy."""
    kind = type(key)
    if kind is int:
        _check_int(input, key, 0)
        return ops.basic_index(input, key=(key,))
    spec, indices = parsed_key(input, key if kind is tuple else (key,))
    if indices:
        return ops.advanced_index(input, *indices, key=spec)
    return ops.basic_index(input, key=spec)


def setitem(input: Tensor, key: Any, value: Any) -> None:
    """``input[key] = value``, in place; the value is broadcast and converted."""
    spec, indices = parsed_key(input, key if isinstance(key, tuple) else (key,))
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
    write(input, checked_put(input, value, indices, spec, False))


def _index_put(input: Tensor, value: Tensor, indices: list[Tensor], spec: tuple[Any, ...], accumulate: bool) -> None:
    bump(input)
    try:
        raw = [i._array for i in indices]
        input._xp.index_put_(input._array, _squeezed(value._array), *raw, key=spec, accumulate=accumulate)
    except (ValueError, IndexError) as error:
        raise _explained(error) from None


def checked_put(input: Tensor, value: Tensor, indices: list[Tensor], spec: tuple[Any, ...], accumulate: bool) -> Tensor:
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


def parsed_key(input: Tensor, key: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[Tensor]]:
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
                "only integers, slices (`:`), ellipsis (`...`), None and long or bool Variables are valid indices (got "
                f"{type(k).__name__})"
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


methods["__getitem__"] = getitem
methods["__setitem__"] = setitem
