"""Memory formats of convolution weights, which are accepted and change nothing: arrays here are always in row-major order."""

from __future__ import annotations

from typing import Any, TypeVar

from ..module import Module

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]

M = TypeVar("M", bound=Module)


def _check(memory_format: Any) -> None:
    names = ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")
    if str(memory_format) not in {f"torch.{name}" for name in names}:
        raise TypeError(f"memory_format must be one of tensorlite's {', '.join(names)}, not {memory_format!r}")


def convert_conv2d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Return the module as it is: the memory format is a hint about speed, and there is only one here.

    Raises:
        TypeError: ``memory_format`` is none.

    >>> import tensorlite as tl
    >>> tl.nn.utils.convert_conv2d_weight_memory_format(tl.nn.Conv2d(1, 2, 3), tl.channels_last)
    Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))
    """
    _check(memory_format)
    return module


def convert_conv3d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Return the module as it is; see `convert_conv2d_weight_memory_format`.

    Raises:
        TypeError: ``memory_format`` is none.

    >>> import tensorlite as tl
    >>> tl.nn.utils.convert_conv3d_weight_memory_format(tl.nn.Conv3d(1, 2, 3), tl.contiguous_format)
    Conv3d(1, 2, kernel_size=(3, 3, 3), stride=(1, 1, 1))
    """
    _check(memory_format)
    return module
