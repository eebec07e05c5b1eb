"""`autocast`: remembered, so that programs can ask; it changes no dtype."""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable
from typing import Any

from ... import cuda, dtypes

__all__ = [
    "autocast", "custom_bwd", "custom_fwd", "get_autocast_dtype", "is_autocast_available", "is_autocast_cache_enabled",
    "is_autocast_enabled", "set_autocast_enabled",
]  # fmt: skip

_LOWER = {"cpu": dtypes.bfloat16, "cuda": dtypes.float16}


class _State(threading.local):
    """Per thread: which devices are in an autocast block, and with which dtype."""

    def __init__(self) -> None:
        self.enabled: dict[str, bool] = {}
        self.dtype: dict[str, Any] = {}


_state = _State()


class autocast:
    """A block (or, as a decorator, a function) in which PyTorch computes products and convolutions in half precision.

    Here they are computed in the dtypes that their inputs have. A program that wants half precision converts: ``model.half()``,
    ``x.to(torch.bfloat16)``.

    Raises:
        RuntimeError: an unknown device type.

    >>> import tensorlite as tl
    >>> with autocast("cpu"):
    ...     print(is_autocast_enabled("cpu"), (tl.ones(2, 2) @ tl.ones(2, 2)).dtype)
    True torch.float32
    """

    def __init__(self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        if device_type not in _LOWER:
            raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}'")
        self.device = device_type
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        self._enabled = enabled
        if enabled and device_type == "cuda" and not cuda.is_available():
            warnings.warn("CUDA is not available. Disabling autocast.", stacklevel=2)
            self._enabled = False
        self._before: list[tuple[bool, Any]] = []

    def __enter__(self) -> autocast:
        self._before.append((is_autocast_enabled(self.device), get_autocast_dtype(self.device)))
        _state.enabled[self.device], _state.dtype[self.device] = self._enabled, self.fast_dtype
        return self

    def __exit__(self, *exc: object) -> None:
        _state.enabled[self.device], _state.dtype[self.device] = self._before.pop()

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(func)
        def within(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)

        return within


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether the thread is in an `autocast` block for a device."""
    return _state.enabled.get(device_type, False)


def set_autocast_enabled(device_type: Any, enabled: bool | None = None) -> None:
    """Enter or leave such a block for good."""
    device, value = ("cuda", device_type) if enabled is None else (device_type, enabled)
    _state.enabled[device] = bool(value)


def get_autocast_dtype(device_type: str) -> Any:
    """The dtype that the block asked for."""
    return _state.dtype.get(device_type, _LOWER[device_type])


def is_autocast_cache_enabled() -> bool:
    """True, as PyTorch's default."""
    return True


def is_autocast_available(device_type: str) -> bool:
    """Whether `autocast` knows a device type."""
    return device_type in _LOWER


def custom_fwd(fwd: Any = None, *, device_type: str = "cuda", cast_inputs: Any = None) -> Any:
    """For the forward of an ``autograd.Function``: it is called as it is, since no block changes dtypes.

    Raises:
        NotImplementedError: `cast_inputs` is given.
    """
    if cast_inputs is not None:
        raise NotImplementedError("custom_fwd(cast_inputs=...) is not in tensorlite: convert the inputs in the forward")
    return (lambda function: function) if fwd is None else fwd


def custom_bwd(bwd: Any = None, *, device_type: str = "cuda") -> Any:
    """For the backward of an ``autograd.Function``: it is called as it is."""
    return (lambda function: function) if bwd is None else bwd
