"""The device object: where a tensor lives, written ``cpu``, ``cuda`` or ``cuda:1``."""

from __future__ import annotations

import threading

__all__ = ["device", "get_default_device", "set_default_device"]

_known_types = {"cpu", "cuda", "meta"}


class device:
    """A device type and an optional index.

    Args:
        type: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, another device, or an index (meaning CUDA).
        index: the ordinal, when ``type`` does not carry one.

    Raises:
        RuntimeError: the string does not name a known device.

    As a context manager it is the default device of the factory functions in its block.

    >>> import tensorlite as tl
    >>> tl.device("cuda", 1)
    device(type='cuda', index=1)
    >>> with tl.device("cpu"):
    ...     tl.zeros(2).device
    device(type='cpu')
    """

    __slots__ = ("type", "index")
    type: str
    index: int | None

    def __new__(cls, type: str | int | device, index: int | None = None) -> device:
        if isinstance(type, device):
            return type
        if isinstance(type, int):
            index, type = type, "cuda"
        name, _, ordinal = type.partition(":")
        if ordinal:
            if index is not None:
                raise RuntimeError(f"type (string) must not include an index because index was passed explicitly: {type}")
            if not ordinal.isdigit() or (len(ordinal) > 1 and ordinal[0] == "0"):
                raise RuntimeError(f"Invalid device string: '{type}'")
            index = int(ordinal)
        if name not in _known_types:
            known = ", ".join(sorted(_known_types))
            raise RuntimeError(f"Expected one of {known} device type at start of device string: {type}")
        self = object.__new__(cls)
        object.__setattr__(self, "type", name)
        object.__setattr__(self, "index", index)
        return self

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"attribute '{name}' of 'device' objects is not writable")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and self.type == other.type and self.index == other.index

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple:
        return device, ((self.type,) if self.index is None else (self.type, self.index))

    def __repr__(self) -> str:
        return f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __enter__(self) -> device:
        _default.stack = (*_default.stack, self)
        return self

    def __exit__(self, *exc: object) -> None:
        _default.stack = _default.stack[:-1]


class _Default(threading.local):
    chosen: device | None = None
    stack: tuple[device, ...] = ()


_default = _Default()
_cpu = device("cpu")


def know_device_type(name: str) -> None:
    """Let ``device(name)`` be written; `register_backend` calls this."""
    _known_types.add(name)


def get_default_device() -> device:
    """The device that factory functions use when none is given.

    >>> import tensorlite as tl
    >>> tl.get_default_device()
    device(type='cpu')
    """
    if _default.stack:
        return _default.stack[-1]
    return _default.chosen or _cpu


def set_default_device(device_: device | str | int | None) -> None:
    """Set the device of factory functions that are given none; ``None`` means the CPU again.

    >>> import tensorlite as tl
    >>> tl.set_default_device("cpu")
    """
    _default.chosen = None if device_ is None else device(device_)
