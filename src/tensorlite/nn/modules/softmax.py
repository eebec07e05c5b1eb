"""Softmax and its relatives, along a dimension."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from ..module import Module

__all__ = ["LogSoftmax", "Softmax", "Softmax2d", "Softmin"]


class _AlongDim(Module):
    """An activation along one dimension."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        """The dimension."""
        return f"dim={self.dim}"


class Softmax(_AlongDim):
    """``exp(x)`` divided by its sum along ``dim``.

    >>> import tensorlite as tl
    >>> tl.nn.Softmax(dim=0)(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([0.0420, 0.1142, 0.8438])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.softmax(input, self.dim)


class LogSoftmax(_AlongDim):
    """The logarithm of the softmax along ``dim``.

    >>> import tensorlite as tl
    >>> tl.nn.LogSoftmax(dim=0)(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([-3.1698, -2.1698, -0.1698])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.log_softmax(input, self.dim)


class Softmin(_AlongDim):
    """The softmax of ``-x`` along ``dim``.

    >>> import tensorlite as tl
    >>> tl.nn.Softmin(dim=0)(tl.tensor([-1.0, 0.0, 2.0]))
    tensor([0.7054, 0.2595, 0.0351])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        return F.softmin(input, self.dim)


class Softmax2d(Module):
    """The softmax over the channels at each place: ``(N, C, H, W)`` or ``(C, H, W)`` to the same shape.

    Raises:
        ValueError: not 3 or 4 dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.Softmax2d()(tl.zeros(1, 2, 1, 1)).flatten()
    tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function to ``input``."""
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)
