"""Pooling layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from ..module import Module
from ._sizes import n_tuple

__all__ = [
    *("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"),
    *("AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d"),
    *("AvgPool1d", "AvgPool2d", "AvgPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d"),
]


class MaxPool(Module):
    """What max pools share; a subclass says which ``_function`` it is."""

    _function: Callable[..., Any]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        """Pool ``input``; with ``return_indices``, also say where each value was."""
        return type(self)._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(MaxPool):
    """The maximum of each window: ``(N, C, L)`` to ``(N, C, L_out)``. The stride is the window by default.

    Raises:
        RuntimeError: the padding is more than half of the window.

    >>> import tensorlite as tl
    >>> tl.nn.MaxPool1d(2)(tl.arange(4.0).view(1, 1, 4))
    tensor([[[1., 3.]]])
    """

    _function = F.max_pool1d


class MaxPool2d(MaxPool):
    """The maximum of each window: ``(N, C, H, W)`` to ``(N, C, H_out, W_out)``. The stride is the window by default.

    Raises:
        RuntimeError: the padding is more than half of the window.

    >>> import tensorlite as tl
    >>> tl.nn.MaxPool2d(2)(tl.arange(16.0).view(1, 1, 4, 4))
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """

    _function = F.max_pool2d


class MaxPool3d(MaxPool):
    """The maximum of each window: ``(N, C, D, H, W)`` to ``(N, C, D_out, H_out, W_out)``. The stride is the window by default.

    Raises:
        RuntimeError: the padding is more than half of the window.

    >>> import tensorlite as tl
    >>> tl.nn.MaxPool3d(2)(tl.arange(8.0).view(1, 1, 2, 2, 2)).item()
    7.0
    """

    _function = F.max_pool3d


class AvgPool(Module):
    """What average pools of two and three dimensions share; a subclass says which ``_function`` it is."""

    _function: Callable[..., Tensor]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """Pool ``input``."""
        return type(self)._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(AvgPool):
    """The mean of each window: ``(N, C, L)`` to ``(N, C, L_out)``. The stride is the window by default.

    Raises:
        RuntimeError: the padding is more than half of the window.

    >>> import tensorlite as tl
    >>> tl.nn.AvgPool1d(2)(tl.arange(4.0).view(1, 1, 4))
    tensor([[[0.5000, 2.5000]]])
    """

    _function = F.avg_pool1d

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        steps = kernel_size if stride is None else stride
        super().__init__(
            *(n_tuple(kernel_size, 1), n_tuple(steps, 1), n_tuple(padding, 1), ceil_mode, count_include_pad)
        )


class AvgPool2d(AvgPool):
    """The mean of each window: ``(N, C, H, W)`` to ``(N, C, H_out, W_out)``. The stride is the window by default.

    Raises:
        RuntimeError: the padding is more than half of the window.

    >>> import tensorlite as tl
    >>> tl.nn.AvgPool2d(2)(tl.arange(16.0).view(1, 1, 4, 4))
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """

    _function = F.avg_pool2d


class AvgPool3d(AvgPool):
    """The mean of each window: ``(N, C, D, H, W)`` to ``(N, C, D_out, H_out, W_out)``. The stride is the window by default.

    Raises:
        RuntimeError: the padding is more than half of the window.

    >>> import tensorlite as tl
    >>> tl.nn.AvgPool3d(2)(tl.arange(8.0).view(1, 1, 2, 2, 2)).item()
    3.5
    """

    _function = F.avg_pool3d


class AdaptiveAvgPool(Module):
    """What adaptive average pools share; a subclass says which ``_function`` it is."""

    _function: Callable[..., Tensor]

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """Pool ``input``."""
        return type(self)._function(input, self.output_size)

    def extra_repr(self) -> str:
        """The output size."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool(Module):
    """What adaptive max pools share; a subclass says which ``_function`` it is."""

    _function: Callable[..., Any]

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        """Pool ``input``; with ``return_indices``, also say where each value was."""
        return type(self)._function(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        """The output size."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(AdaptiveAvgPool):
    """Means over as many windows as ``output_size`` says (None keeps a size): ``(N, C, L)`` to ``(N, C, *size)``.

    Raises:
        RuntimeError: the input has too few or too many dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.AdaptiveAvgPool1d(2)(tl.ones(2, 3, 7)).shape
    torch.Size([2, 3, 2])
    """

    _function = F.adaptive_avg_pool1d


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    """Means over as many windows as ``output_size`` says (None keeps a size): ``(N, C, H, W)`` to ``(N, C, *size)``.

    Raises:
        RuntimeError: the input has too few or too many dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.AdaptiveAvgPool2d(2)(tl.ones(2, 3, 5, 7)).shape
    torch.Size([2, 3, 2, 2])
    """

    _function = F.adaptive_avg_pool2d


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    """Means over as many windows as ``output_size`` says (None keeps a size): ``(N, C, D, H, W)`` to ``(N, C, *size)``.

    Raises:
        RuntimeError: the input has too few or too many dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.AdaptiveAvgPool3d(2)(tl.ones(2, 3, 4, 5, 7)).shape
    torch.Size([2, 3, 2, 2, 2])
    """

    _function = F.adaptive_avg_pool3d


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """Maxima over as many windows as ``output_size`` says (None keeps a size): ``(N, C, L)`` to ``(N, C, *size)``.

    Raises:
        RuntimeError: the input has too few or too many dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.AdaptiveMaxPool1d(2)(tl.ones(2, 3, 7)).shape
    torch.Size([2, 3, 2])
    """

    _function = F.adaptive_max_pool1d


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """Maxima over as many windows as ``output_size`` says (None keeps a size): ``(N, C, H, W)`` to ``(N, C, *size)``.

    Raises:
        RuntimeError: the input has too few or too many dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.AdaptiveMaxPool2d(2)(tl.ones(2, 3, 5, 7)).shape
    torch.Size([2, 3, 2, 2])
    """

    _function = F.adaptive_max_pool2d


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """Maxima over as many windows as ``output_size`` says (None keeps a size): ``(N, C, D, H, W)`` to ``(N, C, *size)``.

    Raises:
        RuntimeError: the input has too few or too many dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.AdaptiveMaxPool3d(2)(tl.ones(2, 3, 4, 5, 7)).shape
    torch.Size([2, 3, 2, 2, 2])
    """

    _function = F.adaptive_max_pool3d
