"""Convolution layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...tensor import Tensor
from ...tensor.creation import empty
from .. import functional as F
from .. import init
from ..module import Module
from ..parameter import Parameter
from ._sizes import Size2d, n_tuple

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class ConvNd(Module):
    """What convolutions of one, two and three dimensions share; a subclass says ``ndim`` and the function."""

    ndim: int
    _function: Callable[..., Tensor]
    transposed = False
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_channels(in_channels, out_channels, groups)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = n_tuple(kernel_size, self.ndim)
        self.stride = n_tuple(stride, self.ndim)
        self.padding = padding if isinstance(padding, str) else n_tuple(padding, self.ndim)
        self.dilation = n_tuple(dilation, self.ndim)
        self.groups = groups
        self.output_padding: tuple[int, ...] = (0,) * self.ndim
        self.padding_mode = padding_mode
        self._check_padding()
        # F.pad counts from the last dimension, two numbers for each.
        self._pad = tuple(n for pair in reversed(self._pairs_of_padding()) for n in pair)
        self.weight = Parameter(empty(self._weight_shape(), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def _check_padding(self) -> None:
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {self.padding!r}, should be one of ['same', 'valid']")
            if self.padding == "same" and any(stride != 1 for stride in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {PADDING_MODES}, but got padding_mode='{self.padding_mode}'")

    def _pairs_of_padding(self) -> list[tuple[int, int]]:
        """How much to pad before and after, dimension by dimension."""
        if self.padding == "valid":
            return [(0, 0)] * self.ndim
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return [(total // 2, total - total // 2) for total in totals]
        return [(int(p), int(p)) for p in self.padding]

    def reset_parameters(self) -> None:
        """Draw weight and bias uniformly from ``+-1 / sqrt(fan_in)``."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            if fan_in != 0:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """With another weight or bias, for layers that derive theirs."""
        if self.padding_mode == "zeros":
            return self._function(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)
        padded = F.pad(input, self._pad, mode=self.padding_mode)
        return self._function(padded, weight, bias, self.stride, (0,) * self.ndim, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        """Convolve ``input``."""
        return self._conv_forward(input, *self._weight_and_bias())

    def extra_repr(self) -> str:
        """The arguments that differ from their defaults."""
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != (0,) * self.ndim:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * self.ndim:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * self.ndim:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


def _check_channels(in_channels: int, out_channels: int, groups: int) -> None:
    if groups <= 0:
        raise ValueError("groups must be a positive integer")
    if in_channels % groups != 0:
        raise ValueError("in_channels must be divisible by groups")
    if out_channels % groups != 0:
        raise ValueError("out_channels must be divisible by groups")


class Conv2d(ConvNd):
    """A 2-d convolution: ``(N, C_in, H, W)`` or ``(C_in, H, W)`` to ``(N, C_out, H_out, W_out)``.

    ``padding`` is a number, a pair, ``'valid'`` or ``'same'`` (stride 1 only); ``padding_mode`` is ``'zeros'``,
    ``'reflect'``, ``'replicate'`` or ``'circular'``.

    Raises:
        ValueError: channels not divisible by ``groups``, an unknown padding.
        RuntimeError: the input has other channels than ``in_channels``.

    >>> import tensorlite as tl
    >>> layer = tl.nn.Conv2d(1, 8, kernel_size=3, padding=1)
    >>> layer(tl.randn(2, 1, 8, 8)).shape
    torch.Size([2, 8, 8, 8])
    """

    ndim = 2
    _function = staticmethod(F.conv2d)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size2d,
        stride: Size2d = 1,
        padding: str | Size2d = 0,
        dilation: Size2d = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            *(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode),
            device=device,
            dtype=dtype,
        )


class Conv1d(ConvNd):
    """A 1-d convolution: ``(N, C_in, L)`` or ``(C_in, L)`` to ``(N, C_out, L_out)``.

    ``padding`` and ``padding_mode`` as for :class:`Conv2d`.

    Raises:
        ValueError: channels not divisible by ``groups``, an unknown padding.
        RuntimeError: the input has other channels than ``in_channels``.

    >>> import tensorlite as tl
    >>> tl.nn.Conv1d(2, 8, kernel_size=3, padding=1)(tl.randn(1, 2, 4)).shape
    torch.Size([1, 8, 4])
    """

    ndim = 1
    _function = staticmethod(F.conv1d)


class Conv3d(ConvNd):
    """A 3-d convolution: ``(N, C_in, D, H, W)`` or ``(C_in, D, H, W)`` to ``(N, C_out, D_out, H_out, W_out)``.

    ``padding`` and ``padding_mode`` as for :class:`Conv2d`.

    Raises:
        ValueError: channels not divisible by ``groups``, an unknown padding.
        RuntimeError: the input has other channels than ``in_channels``.

    >>> import tensorlite as tl
    >>> tl.nn.Conv3d(2, 8, kernel_size=3, padding=1)(tl.randn(1, 2, 4, 4, 4)).shape
    torch.Size([1, 8, 4, 4, 4])
    """

    ndim = 3
    _function = staticmethod(F.conv3d)
