"""Small questions that programs ask."""

from __future__ import annotations

from typing import Any

from ...backends import get_backend
from ...tensor import Tensor
from ...tensor.random import default_generator_of

__all__ = [
    "OutOfMemoryError", "TYPE_CHECKING", "default_generator", "get_device", "is_conj", "is_distributed", "is_inference", "is_neg",
    "is_same_size", "is_signed", "is_storage", "is_vulkan_available", "typename",
]  # fmt: skip

TYPE_CHECKING = False
default_generator = default_generator_of(get_backend("cpu"))


class OutOfMemoryError(RuntimeError):
    """A device has no memory left (programs name it in ``except``)."""


def typename(obj: Any, /) -> str:
    """The full name of an object's type.

    >>> import tensorlite as tl
    >>> typename(tl.ones(1)), typename(3)
    ('torch.FloatTensor', 'int')
    """
    if isinstance(obj, Tensor):
        return obj.type()
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(kind, "__module__", None) or ""
    own = __name__.partition(".")[0]
    if module == own or module.startswith(f"{own}."):
        module = "torch" + module[len(own) :]
    return kind.__qualname__ if module in ("", "builtins") else f"{module}.{kind.__qualname__}"


def is_storage(obj: Any, /) -> bool:
    """Whether it is a storage object; there are none here.

    >>> is_storage([])
    False
    """
    return type(obj).__name__ in ("TypedStorage", "UntypedStorage")


def get_device(input: Tensor) -> int:
    """The index of a tensor's device, -1 for the CPU."""
    return input.get_device()


def is_distributed(input: Tensor) -> bool:
    """False: no tensor is spread over processes."""
    return False


def is_conj(input: Tensor) -> bool:
    """``input.is_conj()``."""
    return input.is_conj()


def is_neg(input: Tensor) -> bool:
    """``input.is_neg()``."""
    return input.is_neg()


def is_inference(input: Tensor) -> bool:
    """``input.is_inference()``."""
    return input.is_inference()


def is_signed(input: Tensor) -> bool:
    """``input.is_signed()``."""
    return input.is_signed()


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape."""
    return input.shape == other.shape


def is_vulkan_available() -> bool:
    """False."""
    return False
