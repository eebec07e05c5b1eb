"""Fractional max pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from ..module import Module
from ._sizes import n_tuple

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]


class FractionalMaxPool(Module):
    """What fractional max pools share; a subclass says ``ndim`` and which ``_function`` it is."""

    ndim: int
    _function: Callable[..., Any]
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = n_tuple(kernel_size, self.ndim)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else n_tuple(output_size, self.ndim)
        self.output_ratio = None if output_ratio is None else n_tuple(output_ratio, self.ndim)
        if output_size is None and output_ratio is None:
            raise ValueError(f"{type(self).__name__} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        """Pool ``input``."""
        return type(self)._function(
            *(input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices),
            _random_samples=self._random_samples,
        )


class FractionalMaxPool2d(FractionalMaxPool):
    """The maxima of windows at random steps (Graham, 2014): ``(N, C, H, W)`` or ``(C, H, W)`` to ``(N, C, H_out, W_out)``.

    The output's size is ``output_size``, or the part ``output_ratio`` of the input's.

    Raises:
        ValueError: neither or both of size and ratio, or a ratio outside of (0, 1).
        RuntimeError: the windows do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.FractionalMaxPool2d(3, output_size=(13, 12))(tl.randn(2, 4, 50, 32)).shape
    torch.Size([2, 4, 13, 12])
    """

    ndim = 2
    _function = F.fractional_max_pool2d


class FractionalMaxPool3d(FractionalMaxPool):
    """The maxima of windows at random steps (Graham, 2014): ``(N, C, T, H, W)`` or ``(C, T, H, W)`` to ``(N, C, *)``.

    The output's size is ``output_size``, or the part ``output_ratio`` of the input's.

    Raises:
        ValueError: neither or both of size and ratio, or a ratio outside of (0, 1).
        RuntimeError: the windows do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.FractionalMaxPool3d(3, output_ratio=0.5)(tl.randn(2, 4, 10, 8, 6)).shape
    torch.Size([2, 4, 5, 4, 3])
    """

    ndim = 3
    _function = F.fractional_max_pool3d
