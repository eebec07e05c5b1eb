"""Resizing layers."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from ..module import Module

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Module):
    """Resize ``(N, C, *)`` to ``size`` or by ``scale_factor``; the modes are those of ``functional.interpolate``.

    Raises:
        ValueError: not one of ``size`` and ``scale_factor``, or an argument that the mode does not have.
        NotImplementedError: the mode is for other dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.Upsample(scale_factor=2, mode="nearest")(tl.tensor([[[1.0, 2.0]]]))
    tensor([[[1., 1., 2., 2.]]])
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        self.scale_factor: Any
        if isinstance(scale_factor, tuple):
            self.scale_factor = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Resize ``input``."""
        return F.interpolate(
            *(input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor)
        )

    def extra_repr(self) -> str:
        """Size or factor, and the mode."""
        what = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{what}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Resize images ``(N, C, H, W)`` by repeating the nearest pixel.

    Raises:
        ValueError: not one of ``size`` and ``scale_factor``.

    >>> import tensorlite as tl
    >>> tl.nn.UpsamplingNearest2d(scale_factor=2)(tl.ones(1, 1, 2, 3)).shape
    torch.Size([1, 1, 4, 6])
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Resize images ``(N, C, H, W)`` bilinearly, with aligned corners.

    Raises:
        ValueError: not one of ``size`` and ``scale_factor``.

    >>> import tensorlite as tl
    >>> tl.nn.UpsamplingBilinear2d(size=(1, 3))(tl.tensor([[[[0.0, 2.0]]]]))
    tensor([[[[0., 1., 2.]]]])
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
