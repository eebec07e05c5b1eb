"""The functions that a checkpoint may call, and nothing else."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..devices import device
from ..dtypes import dtype as DType
from ..nn.parameter import Parameter
from ..tensor import Size, Tensor
from .memory import strided_view

__all__ = ["FUNCTIONS", "Function", "LoadedStorage", "StorageKind", "check_data", "checked_key"]

MAX_KEY_PARTS = 1000


class Function(NamedTuple):
    """A function that may be called."""

    run: Callable[..., Any]


class TensorClass(NamedTuple):
    """The class that a tensor with attributes is of."""

    kind: type[Tensor]


class StorageKind(NamedTuple):
    """The class of a storage; None where the dtype comes later."""

    dtype: DType | None


class LoadedStorage:
    """The memory of one record, and where it is to go. ``typed`` gives it as a vector of a dtype."""

    def __init__(self, typed: Callable[[DType], Tensor], dtype: DType | None) -> None:
        self._typed = typed
        self._dtype = dtype
        self._flat: dict[DType, Tensor] = {}

    def flat(self, dtype: DType | None = None) -> Tensor:
        """The vector; the same one each time, so that views of it share memory."""
        dtype = self._dtype if dtype is None else dtype
        if dtype is None:
            raise ValueError("a storage without a dtype")
        if dtype not in self._flat:
            self._flat[dtype] = self._typed(dtype)
        return self._flat[dtype]


def check_data(value: Any) -> None:
    """Refuse what has a meaning only inside a tensor, and is no data by itself.

    Raises:
        ValueError: a storage, a function or a class was found.
    """
    seen, waiting = set(), [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, LoadedStorage):
            raise ValueError("it holds a storage by itself: save a tensor instead")
        if isinstance(value, (Function, TensorClass, StorageKind)):
            raise ValueError("it holds a function or a class by itself, which is not data")
        if isinstance(value, (list, tuple, dict, set, frozenset, slice, Tensor)) and id(value) not in seen:
            seen.add(id(value))
            waiting.extend(_parts(value))


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, slice):
        return value.start, value.stop, value.step
    attributes = getattr(value, "__dict__", {}).values()
    if isinstance(value, Tensor):
        return attributes
    return (*value, *value.values(), *attributes) if isinstance(value, dict) else value


def checked_key(key: Any) -> Any:
    """The key of a dict or the item of a set, if hashing it is quick.

    Raises:
        ValueError: tuples so deep, or so often the same tuple inside another, that hashing would not end.
    """
    if not isinstance(key, tuple):
        return key
    waiting, parts = [key], 0
    while waiting:
        part = waiting.pop()
        parts += 1
        if isinstance(part, tuple):
            parts += len(part)
            waiting.extend(part)
        if parts > MAX_KEY_PARTS:
            raise ValueError(f"a key of more than {MAX_KEY_PARTS} parts")
    return key


def _tensor(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any = False,
    backward_hooks: Any = None,
    metadata: Any = None,
    dtype: DType | None = None,
) -> Tensor:
    if not isinstance(storage, LoadedStorage):
        raise ValueError("a tensor without a storage")
    if metadata:
        for bit in ("conj", "neg"):
            if metadata.get(bit):
                raise ValueError(f"a tensor with the {bit} bit set: save tensor.resolve_{bit}() instead")
        if metadata.keys() - {"conj", "neg"}:
            raise ValueError("a tensor with a property that is not known")
    tensor = strided_view(storage.flat(dtype), offset, size, stride)
    return tensor.detach().requires_grad_() if requires_grad is True else tensor.detach()


def _untyped_tensor(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    backward_hooks: Any,
    dtype: Any,
    metadata: Any = None,
) -> Tensor:
    if not isinstance(dtype, DType):
        raise ValueError("a tensor without a dtype")
    return _tensor(storage, offset, size, stride, requires_grad, backward_hooks, metadata, dtype)


def _parameter(data: Any = None, requires_grad: Any = True, backward_hooks: Any = None) -> Parameter:
    if not isinstance(data, Tensor):
        raise ValueError("a parameter without data")
    return Parameter(data.detach(), requires_grad is True)


def _parameter_with_state(data: Any, requires_grad: Any, backward_hooks: Any, state: Any) -> Parameter:
    return _with_attributes(_parameter(data, requires_grad, backward_hooks), state)


def _tensor_with_state(rebuild: Any, kind: Any, args: Any, state: Any) -> Tensor:
    if not isinstance(rebuild, Function) or not isinstance(kind, TensorClass) and rebuild.run is not _parameter:
        raise ValueError("a tensor of an unknown class")
    tensor = rebuild.run(*args)
    if not isinstance(tensor, Tensor):
        raise ValueError("attributes of something that is no tensor")
    return _with_attributes(tensor, state)


def _with_attributes(tensor: Any, state: Any) -> Any:
    """Give a tensor back what someone hung on it, but nothing that would hide what a tensor has.

    Raises:
        ValueError: the name of an attribute means something already.
    """
    if isinstance(state, tuple) and len(state) == 2 and not state[1]:
        state = state[0]  # (of __dict__, of __slots__)
    if state is not None and not isinstance(state, dict):
        raise ValueError("attributes that are no dict")
    for name, value in (state or {}).items():
        if type(name) is not str or not name.isidentifier():
            raise ValueError("an attribute of a tensor that is no name")
        if name.startswith("__") or hasattr(type(tensor), name):
            raise ValueError(f"an attribute {name!r:.80} of a tensor, which would hide one that tensors have")
        setattr(tensor, name, value)
    return tensor


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    if type(text) is not str or type(encoding) is not str:
        raise ValueError("bytes that are not made of text")
    if encoding not in ("latin1", "latin-1", "utf-8"):
        raise ValueError(f"the encoding {encoding!r:.80} is not allowed")
    return text.encode(encoding)


def _bytearray(value: Any = b"", encoding: Any = "latin-1") -> bytearray:
    if isinstance(value, str):
        return bytearray(_encode(value, encoding))
    if not isinstance(value, (bytes, bytearray)):  # a number would be a size
        raise ValueError("a bytearray of something else than bytes")
    return bytearray(value)


def _device(kind: Any, index: Any = None) -> device:
    if not isinstance(kind, str) or not (index is None or type(index) is int):
        raise ValueError("a device without a name")
    return device(kind) if index is None else device(kind, index)


def _ordered_dict(pairs: Any = ()) -> OrderedDict[Any, Any]:
    return OrderedDict((checked_key(key), value) for key, value in pairs)


def _counter(counts: Any = None) -> Counter[Any]:
    if not isinstance(counts, (dict, type(None))):
        raise ValueError("a Counter of something else than a dict")
    return Counter(counts)


def _set(items: Any = ()) -> set[Any]:
    return {checked_key(item) for item in items}


def _frozenset(items: Any = ()) -> frozenset[Any]:
    return frozenset(_set(items))


def _complex(real: Any, imag: Any) -> complex:
    if not isinstance(real, (int, float)) or not isinstance(imag, (int, float)):
        raise ValueError("a complex number of something else than two numbers")
    return complex(real, imag)


def _size(sizes: Any = ()) -> Size:
    if not all(type(n) is int for n in sizes):
        raise ValueError("a size of something else than ints")
    return Size(sizes)


_BUILTINS: dict[str, Callable[..., Any]] = {
    "set": _set, "frozenset": _frozenset, "bytearray": _bytearray, "complex": _complex, "slice": slice,
}  # fmt: skip

FUNCTIONS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): Function(_ordered_dict),
    ("collections", "Counter"): Function(_counter),
    ("_codecs", "encode"): Function(_encode),
    **{(module, name): Function(run) for module in ("builtins", "__builtin__") for name, run in _BUILTINS.items()},
    ("torch", "Size"): Function(_size),
    ("torch", "device"): Function(_device),
    ("torch", "Tensor"): TensorClass(Tensor),
    ("torch.storage", "UntypedStorage"): StorageKind(None),
    ("torch._tensor", "_rebuild_from_type_v2"): Function(_tensor_with_state),
    ("torch._utils", "_rebuild_tensor"): Function(_tensor),
    ("torch._utils", "_rebuild_tensor_v2"): Function(_tensor),
    ("torch._utils", "_rebuild_tensor_v3"): Function(_untyped_tensor),
    ("torch._utils", "_rebuild_parameter"): Function(_parameter),
    ("torch._utils", "_rebuild_parameter_with_state"): Function(_parameter_with_state),
    ("torch.nn.parameter", "Parameter"): Function(_parameter),
}
