"""The functions that a checkpoint may call, and nothing else."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from ..devices import device
from ..dtypes import dtype as DType
from ..nn.parameter import Parameter
from ..tensor import Size, Tensor
from .memory import strided_view

__all__ = ["FUNCTIONS", "Function", "LoadedStorage", "StorageKind"]


class Function(NamedTuple):
    """A function that may be called."""

    run: Callable[..., Any]


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


def _tensor(
    storage: Any,
    offset: int,
    size: Any,
    stride: Any,
    requires_grad: bool = False,
    backward_hooks: Any = None,
    metadata: Any = None,
    dtype: DType | None = None,
) -> Tensor:
    if not isinstance(storage, LoadedStorage):
        raise ValueError("a tensor without a storage")
    if metadata:
        bits = [name for name, on in metadata.items() if on]
        if bits:
            raise ValueError(f"a tensor with the {' and '.join(bits)} bit set: save tensor.resolve_conj() instead")
    tensor = strided_view(storage.flat(dtype), int(offset), tuple(size), tuple(stride))
    return tensor.detach().requires_grad_() if requires_grad else tensor.detach()


def _untyped_tensor(
    storage: Any,
    offset: int,
    size: Any,
    stride: Any,
    requires_grad: bool,
    backward_hooks: Any,
    dtype: Any,
    metadata: Any = None,
) -> Tensor:
    if not isinstance(dtype, DType):
        raise ValueError("a tensor without a dtype")
    return _tensor(storage, offset, size, stride, requires_grad, backward_hooks, metadata, dtype)


def _parameter(data: Any = None, requires_grad: bool = True, backward_hooks: Any = None) -> Parameter:
    if not isinstance(data, Tensor):
        raise ValueError("a parameter without data")
    return Parameter(data.detach(), requires_grad)


def _parameter_with_state(data: Any, requires_grad: bool, backward_hooks: Any, state: Any) -> Parameter:
    # The attributes that someone hung on the parameter are not restored: they could have any name.
    return _parameter(data, requires_grad, backward_hooks)


def _encode(text: str, encoding: str = "latin1") -> bytes:
    if encoding not in ("latin1", "latin-1", "utf-8"):
        raise ValueError(f"the encoding {encoding} is not allowed")
    return text.encode(encoding)


def _bytearray(value: Any = b"", encoding: str = "latin-1") -> bytearray:
    return bytearray(_encode(value, encoding) if isinstance(value, str) else bytes(value))


def _device(kind: str, index: int | None = None) -> device:
    return device(kind) if index is None else device(kind, index)


_BUILTINS: dict[str, Callable[..., Any]] = {"set": set, "bytearray": _bytearray, "complex": complex}

FUNCTIONS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): Function(OrderedDict),
    ("collections", "Counter"): Function(Counter),
    ("_codecs", "encode"): Function(_encode),
    **{(module, name): Function(run) for module in ("builtins", "__builtin__") for name, run in _BUILTINS.items()},
    ("torch", "Size"): Function(lambda sizes=(): Size(sizes)),
    ("torch", "device"): Function(_device),
    ("torch.storage", "UntypedStorage"): StorageKind(None),
    ("torch._utils", "_rebuild_tensor"): Function(_tensor),
    ("torch._utils", "_rebuild_tensor_v2"): Function(_tensor),
    ("torch._utils", "_rebuild_tensor_v3"): Function(_untyped_tensor),
    ("torch._utils", "_rebuild_parameter"): Function(_parameter),
    ("torch._utils", "_rebuild_parameter_with_state"): Function(_parameter_with_state),
    ("torch.nn.parameter", "Parameter"): Function(_parameter),
}
