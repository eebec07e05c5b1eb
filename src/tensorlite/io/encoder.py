"""From objects to ``data.pkl``: only what can be read back, by us and by ``torch.load(weights_only=True)``.

The pickle is written here and not by the ``pickle`` module, because it names functions of PyTorch, which need not be
installed, and because what cannot be read back must be refused when it is saved, not when it is needed.
"""

from __future__ import annotations

import pickle as op
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from ..devices import device
from ..dtypes import dtype
from ..nn.parameter import Parameter
from ..tensor import Size, Tensor
from .layout import STORAGE_OF_DTYPE
from .memory import Storage, storage_of

__all__ = ["Encoder"]


class Encoder:
    """Writes one object as a pickle of protocol 2; ``storages`` collects the memory that its tensors refer to.

    With ``legacy``, references to storages are those of PyTorch's format before 1.6.

    Raises:
        pickle.PicklingError: an object of a class that a checkpoint cannot hold, or one that is nested too deeply.
    """

    def __init__(self, legacy: bool = False) -> None:
        self._legacy = legacy
        self._out = bytearray()
        # By id, or by name for globals. The objects are kept, so that no id is used twice.
        self._memo: dict[Any, int] = {}
        self._kept: list[Any] = []
        self.storages: dict[Any, tuple[int, Storage]] = {}

    def encode(self, obj: Any) -> bytes:
        """Return the pickle of ``obj``."""
        self._out += op.PROTO + b"\x02"
        try:
            self._write(obj)
        except RecursionError:
            raise op.PicklingError("cannot save an object that is nested so deeply, or a tuple that contains itself") from None
        self._out += op.STOP
        return bytes(self._out)

    def _write(self, obj: Any) -> None:
        write = _WRITERS.get(type(obj))
        if write is None:
            write = next((w for kind, w in _BY_BASE if isinstance(obj, kind)), None)
        if write is None:
            raise op.PicklingError(_refusal(obj))
        if not self._recall(id(obj)):
            write(self, obj)

    def _recall(self, key: Any) -> bool:
        """Write a reference, if this has been written before."""
        number = self._memo.get(key)
        if number is None:
            return False
        self._out += op.BINGET + bytes([number]) if number < 256 else op.LONG_BINGET + struct.pack("<I", number)
        return True

    def _memoize(self, key: Any, obj: Any = None) -> None:
        number = self._memo[key] = len(self._memo)
        self._kept.append(obj)
        self._out += op.BINPUT + bytes([number]) if number < 256 else op.LONG_BINPUT + struct.pack("<I", number)

    def _global(self, module: str, name: str) -> None:
        if not self._recall((module, name)):
            self._out += op.GLOBAL + f"{module}\n{name}\n".encode()
            self._memoize((module, name))

    def _call(self, module: str, name: str, args: Iterable[Any]) -> None:
        """Write that an object is what a function returns."""
        self._global(module, name)
        self._items(args)
        self._out += op.REDUCE

    def _items(self, items: Iterable[Any]) -> None:
        self._out += op.MARK
        for item in items:
            self._write(item)
        self._out += op.TUPLE

    # One method for each type -------------------------------------------------------------------------------------

    def _none(self, _: None) -> None:
        self._out += op.NONE

    def _bool(self, value: bool) -> None:
        self._out += op.NEWTRUE if value else op.NEWFALSE

    def _int(self, value: int) -> None:
        if 0 <= value < 1 << 8:
            self._out += op.BININT1 + bytes([value])
        elif -(1 << 31) <= value < 1 << 31:
            self._out += op.BININT + struct.pack("<i", value)
        else:
            data = op.encode_long(value)
            if len(data) > 255:
                raise op.PicklingError(f"cannot save an int of {len(data)} bytes: save it as a string")
            self._out += op.LONG1 + bytes([len(data)]) + data

    def _float(self, value: float) -> None:
        self._out += op.BINFLOAT + struct.pack(">d", value)

    def _str(self, value: str) -> None:
        data = value.encode("utf-8", "surrogatepass")
        self._out += op.BINUNICODE + struct.pack("<I", len(data)) + data
        self._memoize(id(value), value)

    def _bytes(self, value: bytes) -> None:
        # Protocol 2 has no bytes; this is how everyone writes them.
        self._call("_codecs", "encode", (value.decode("latin1"), "latin1"))
        self._memoize(id(value), value)

    def _tuple(self, value: tuple[Any, ...]) -> None:
        self._items(value)
        self._memoize(id(value), value)

    def _list(self, value: list[Any]) -> None:
        self._out += op.EMPTY_LIST
        self._memoize(id(value), value)
        self._out += op.MARK
        for item in value:
            self._write(item)
        self._out += op.APPENDS

    def _dict(self, value: dict[Any, Any]) -> None:
        self._out += op.EMPTY_DICT
        self._memoize(id(value), value)
        self._pairs(value)

    def _pairs(self, value: dict[Any, Any]) -> None:
        self._out += op.MARK
        for key, item in value.items():
            self._write(key)
            self._write(item)
        self._out += op.SETITEMS

    def _ordered_dict(self, value: OrderedDict[Any, Any]) -> None:
        self._call("collections", "OrderedDict", ())
        self._memoize(id(value), value)
        self._pairs(value)
        if vars(value):  # a state_dict's _metadata
            self._write(vars(value))
            self._out += op.BUILD

    def _counter(self, value: Counter[Any]) -> None:
        self._call("collections", "Counter", (dict(value),))
        self._memoize(id(value), value)

    def _set(self, value: set[Any]) -> None:
        self._call("__builtin__", "set", (list(value),))
        self._memoize(id(value), value)

    def _bytearray(self, value: bytearray) -> None:
        self._call("__builtin__", "bytearray", (bytes(value),))
        self._memoize(id(value), value)

    def _complex(self, value: complex) -> None:
        self._call("__builtin__", "complex", (value.real, value.imag))

    def _size(self, value: Size) -> None:
        self._call("torch", "Size", (tuple(value),))

    def _device(self, value: device) -> None:
        self._call("torch", "device", (value.type,) if value.index is None else (value.type, value.index))

    def _dtype(self, value: dtype) -> None:
        self._global(*str(value).split("."))

    def _parameter(self, value: Parameter) -> None:
        data = value.detach()
        self._kept.append(data)
        self._call("torch._utils", "_rebuild_parameter", (data, value.requires_grad, OrderedDict()))
        self._memoize(id(value), value)

    def _tensor(self, value: Tensor) -> None:
        storage, offset, stride = storage_of(value)
        self._kept.append(storage)
        args: tuple[Any, ...] = (storage, offset, tuple(value.shape), stride, value.requires_grad, OrderedDict())
        if storage.dtype in STORAGE_OF_DTYPE:
            self._call("torch._utils", "_rebuild_tensor_v2", args)
        else:
            self._call("torch._utils", "_rebuild_tensor_v3", (*args, storage.dtype))
        self._memoize(id(value), value)

    def _storage(self, value: Storage) -> None:
        if self._legacy and value.dtype not in STORAGE_OF_DTYPE:
            raise op.PicklingError(f"PyTorch's old format has no {value.dtype}: leave out _use_new_zipfile_serialization=False")
        number, storage = self.storages.setdefault(value.key, (len(self.storages), value))
        self._out += op.MARK
        self._write("storage")
        if value.dtype in STORAGE_OF_DTYPE:
            self._global("torch", STORAGE_OF_DTYPE[value.dtype])
        else:
            self._global("torch.storage", "UntypedStorage")
        self._write(str(number))
        self._write(storage.location)
        self._int(value.numel if value.dtype in STORAGE_OF_DTYPE else value.nbytes)
        self._out += (op.NONE if self._legacy else b"") + op.TUPLE + op.BINPERSID


_WRITERS: dict[type, Callable[[Encoder, Any], None]] = {
    type(None): Encoder._none,
    bool: Encoder._bool,
    int: Encoder._int,
    float: Encoder._float,
    str: Encoder._str,
    bytes: Encoder._bytes,
    tuple: Encoder._tuple,
    list: Encoder._list,
    dict: Encoder._dict,
    OrderedDict: Encoder._ordered_dict,
    Counter: Encoder._counter,
    set: Encoder._set,
    bytearray: Encoder._bytearray,
    complex: Encoder._complex,
    Size: Encoder._size,
    Storage: Encoder._storage,
}
# Our own types may have subclasses, which are saved as what they are made of.
_BY_BASE: tuple[tuple[type, Callable[[Encoder, Any], None]], ...] = (
    (Parameter, Encoder._parameter),
    (Tensor, Encoder._tensor),
    (device, Encoder._device),
    (dtype, Encoder._dtype),
)


def _refusal(obj: Any) -> str:
    kind = type(obj)
    hint = "save its numbers, strings, lists, dicts and tensors instead"
    if hasattr(obj, "state_dict") and not isinstance(obj, type):
        hint = "save its state_dict() instead"
    elif isinstance(obj, dict):
        hint = "save dict(...) of it instead"
    elif isinstance(obj, frozenset):
        hint = "save set(...) of it instead"
    elif kind.__module__ == "numpy":
        hint = "save a tensor, or a plain number from .item(), instead"
    return (
        f"cannot save an object of type {kind.__module__}.{kind.__qualname__}: a checkpoint holds data and no classes; "
        f"{hint}"
    )
