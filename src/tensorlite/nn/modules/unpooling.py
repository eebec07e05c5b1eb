"""Pooling by other norms than the largest, and the way back from max pooling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from ..module import Module
from ._sizes import n_tuple

__all__ = ["LPPool1d", "LPPool2d", "LPPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]


class LPPool(Module):
    """What power-average pools share; a subclass says which ``_function`` it is."""

    _function: Callable[..., Tensor]

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """Pool ``input``."""
        return type(self)._function(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, ceil_mode={self.ceil_mode}"
        )


class LPPool1d(LPPool):
    """The p-norm of each window, ``(sum(x ** p)) ** (1 / p)``: ``(N, C, L)`` to ``(N, C, L_out)``.

    >>> import tensorlite as tl
    >>> tl.nn.LPPool1d(1, 2)(tl.ones(1, 1, 2)).item()
    2.0
    """

    _function = F.lp_pool1d


class LPPool2d(LPPool):
    """The p-norm of each window, ``(sum(x ** p)) ** (1 / p)``: ``(N, C, H, W)`` to ``(N, C, H_out, W_out)``.

    >>> import tensorlite as tl
    >>> tl.nn.LPPool2d(1, 2)(tl.ones(1, 1, 2, 2)).item()
    4.0
    """

    _function = F.lp_pool2d


class LPPool3d(LPPool):
    """The p-norm of each window, ``(sum(x ** p)) ** (1 / p)``: ``(N, C, D, H, W)`` to ``(N, C, D_out, H_out, W_out)``.

    >>> import tensorlite as tl
    >>> tl.nn.LPPool3d(1, 2)(tl.ones(1, 1, 2, 2, 2)).item()
    8.0
    """

    _function = F.lp_pool3d


class MaxUnpool(Module):
    """What unpooling layers share; a subclass says ``ndim`` and which ``_function`` it is."""

    ndim: int
    _function: Callable[..., Tensor]

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = n_tuple(kernel_size, self.ndim)
        self.stride = n_tuple(kernel_size if stride is None else stride, self.ndim)
        self.padding = n_tuple(padding, self.ndim)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Put ``input`` at ``indices``."""
        return type(self)._function(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(MaxUnpool):
    """Put maxima back where ``MaxPool1d`` found them, zeros elsewhere: ``(N, C, L_out)`` to ``(N, C, L)``.

    Raises:
        ValueError: no max pooling makes this input from ``output_size``.
        RuntimeError: ``indices`` has another shape, or a position is outside of the output.

    >>> import tensorlite as tl
    >>> maxima, where = tl.nn.MaxPool1d(2, return_indices=True)(tl.ones(1, 1, 4))
    >>> tl.nn.MaxUnpool1d(2)(maxima, where).shape
    torch.Size([1, 1, 4])
    """

    ndim = 1
    _function = F.max_unpool1d


class MaxUnpool2d(MaxUnpool):
    """Put maxima back where ``MaxPool2d`` found them, zeros elsewhere: ``(N, C, H_out, W_out)`` to ``(N, C, H, W)``.

    Raises:
        ValueError: no max pooling makes this input from ``output_size``.
        RuntimeError: ``indices`` has another shape, or a position is outside of the output.

    >>> import tensorlite as tl
    >>> maxima, where = tl.nn.MaxPool2d(2, return_indices=True)(tl.ones(1, 1, 4, 4))
    >>> tl.nn.MaxUnpool2d(2)(maxima, where).shape
    torch.Size([1, 1, 4, 4])
    """

    ndim = 2
    _function = F.max_unpool2d


class MaxUnpool3d(MaxUnpool):
    """Put maxima back where ``MaxPool3d`` found them, zeros elsewhere: ``(N, C, D_out, H_out, W_out)`` to ``(N, C, D, H, W)``.

    Raises:
        ValueError: no max pooling makes this input from ``output_size``.
        RuntimeError: ``indices`` has another shape, or a position is outside of the output.

    >>> import tensorlite as tl
    >>> maxima, where = tl.nn.MaxPool3d(2, return_indices=True)(tl.ones(1, 1, 4, 4, 4))
    >>> tl.nn.MaxUnpool3d(2)(maxima, where).shape
    torch.Size([1, 1, 4, 4, 4])
    """

    ndim = 3
    _function = F.max_unpool3d
