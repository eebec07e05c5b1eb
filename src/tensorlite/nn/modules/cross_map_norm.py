"""Normalisation over neighbouring channels, as Lua Torch computed it."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from ..module import Module

__all__ = ["CrossMapLRN2d"]


class CrossMapLRN2d(Module):
    """Divide by a power of the mean square of neighbouring channels: ``(N, C, H, W)`` to the same shape.

    ``x / (k + alpha / size * sum(x ** 2)) ** beta`` (Krizhevsky et al., 2012). PyTorch's running sum is reproduced: the window
    reaches ``(size - 1) // 2`` channels to both sides, and it never loses the first channel again. The gradient is the
    derivative of that (PyTorch's is the derivative of the plain windows); use :class:`LocalResponseNorm` for the formula.

    Raises:
        ValueError: the input does not have 4 dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.CrossMapLRN2d(3)(tl.randn(2, 5, 4, 4)).shape
    torch.Size([2, 5, 4, 4])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """Normalise ``input``."""
        if input.ndim != 4:
            raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.ndim}D instead.")
        reach = (self.size - 1) // 2
        square = input * input
        total = F.pad(square, [0, 0, 0, 0, reach, reach]).unfold(1, 2 * reach + 1, 1).sum(-1)
        late = input.shape[1] - reach - 1
        if late > 0:
            total = total + F.pad(square[:, :1].expand(-1, late, -1, -1), [0, 0, 0, 0, reach + 1, 0])
        return input / (total * (self.alpha / self.size) + self.k) ** self.beta

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
