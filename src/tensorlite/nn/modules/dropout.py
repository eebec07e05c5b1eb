"""Dropout."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from ..module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """In training, set each value to zero with probability ``p`` and divide the others by ``1 - p``; any shape.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    >>> import tensorlite as tl
    >>> layer = tl.nn.Dropout(0.2)
    >>> sorted(set(layer(tl.ones(1000)).tolist()))
    [0.0, 1.25]
    >>> layer
    Dropout(p=0.2, inplace=False)
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Drop values of ``input``."""
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"p={self.p}, inplace={self.inplace}"
