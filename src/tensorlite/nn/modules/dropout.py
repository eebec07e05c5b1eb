"""Dropout."""

from __future__ import annotations

from collections.abc import Callable

from ...tensor import Tensor
from .. import functional as F
from ..module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class DropoutNd(Module):
    """What dropouts share; a subclass says which ``_function`` it is."""

    _function: Callable[..., Tensor]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Drop values of ``input``."""
        return type(self)._function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(DropoutNd):
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

    _function = F.dropout


class Dropout1d(DropoutNd):
    """In training, set whole channels of ``(N, C, L)`` or ``(C, L)`` to zero and scale the others.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    >>> import tensorlite as tl
    >>> tl.nn.Dropout1d(0.2)(tl.randn(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    _function = F.dropout1d


class Dropout2d(DropoutNd):
    """In training, set whole channels of ``(N, C, H, W)`` to zero and scale the others.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    >>> import tensorlite as tl
    >>> tl.nn.Dropout2d(0.2)(tl.randn(2, 3, 4, 4)).shape
    torch.Size([2, 3, 4, 4])
    """

    _function = F.dropout2d


class Dropout3d(DropoutNd):
    """In training, set whole channels of ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to zero and scale the others.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    >>> import tensorlite as tl
    >>> tl.nn.Dropout3d(0.2)(tl.randn(2, 3, 4, 4, 4)).shape
    torch.Size([2, 3, 4, 4, 4])
    """

    _function = F.dropout3d


class AlphaDropout(DropoutNd):
    """Dropout for SELU networks, which keeps mean and variance (Klambauer et al., 2017); any shape.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    >>> import tensorlite as tl
    >>> tl.nn.AlphaDropout(0.2)(tl.randn(5)).shape
    torch.Size([5])
    """

    _function = F.alpha_dropout


class FeatureAlphaDropout(DropoutNd):
    """``AlphaDropout`` of whole channels of ``(N, C, *)``.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    >>> import tensorlite as tl
    >>> tl.nn.FeatureAlphaDropout(0.2)(tl.randn(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    _function = F.feature_alpha_dropout
