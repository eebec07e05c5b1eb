"""Rearrangements of channels and pixels, and of images into columns of patches."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from ..module import Module

__all__ = ["ChannelShuffle", "Fold", "PixelShuffle", "PixelUnshuffle", "Unfold"]


class PixelShuffle(Module):
    """Turn channels into pixels (Shi et al., 2016): ``(*, C r ** 2, H, W)`` to ``(*, C, H r, W r)``.

    Raises:
        RuntimeError: channels not divisible by ``r ** 2``.

    >>> import tensorlite as tl
    >>> tl.nn.PixelShuffle(3)(tl.randn(1, 9, 4, 4)).shape
    torch.Size([1, 1, 12, 12])
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Rearrange ``input``."""
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Turn pixels into channels, the inverse of ``PixelShuffle``: ``(*, C, H r, W r)`` to ``(*, C r ** 2, H, W)``.

    Raises:
        RuntimeError: a height or width not divisible by ``r``.

    >>> import tensorlite as tl
    >>> tl.nn.PixelUnshuffle(3)(tl.randn(1, 1, 12, 12)).shape
    torch.Size([1, 9, 4, 4])
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Rearrange ``input``."""
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Mix the channels of groups (Zhang et al., 2018): ``(N, C, *)`` to the same shape.

    Raises:
        RuntimeError: channels that do not fall into groups.

    >>> import tensorlite as tl
    >>> tl.nn.ChannelShuffle(2)(tl.arange(4).view(1, 4, 1)).flatten()
    tensor([0, 2, 1, 3])
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """Rearrange ``input``."""
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        """The number of groups."""
        return f"groups={self.groups}"


class Unfold(Module):
    """All blocks of an image as columns: ``(N, C, H, W)`` to ``(N, C * prod(kernel_size), L)``.

    Raises:
        RuntimeError: the blocks do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.Unfold(kernel_size=(2, 3))(tl.randn(2, 5, 3, 4)).shape
    torch.Size([2, 30, 4])
    """

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """Cut ``input`` into blocks."""
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Add columns of blocks up into an image: ``(N, C * prod(kernel_size), L)`` to ``(N, C, *output_size)``.

    Raises:
        RuntimeError: the blocks are not those of an image of ``output_size``.

    >>> import tensorlite as tl
    >>> tl.nn.Fold(output_size=(4, 5), kernel_size=(2, 2))(tl.randn(1, 12, 12)).shape
    torch.Size([1, 3, 4, 5])
    """

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """Add the blocks of ``input`` up."""
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
