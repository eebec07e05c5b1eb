"""Transposed convolution layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from ._sizes import n_tuple
from .conv import ConvNd

__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class ConvTransposeNd(ConvNd):
    """What transposed convolutions share; a subclass says ``ndim`` and ``_function``."""

    transposed = True
    _function: Callable[..., Tensor]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            *(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode),
            device=device,
            dtype=dtype,
        )
        self.output_padding = n_tuple(output_padding, self.ndim)

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Convolve ``input``; ``output_size`` chooses among the sizes that ``stride`` allows.

        Raises:
            ValueError: no padding of the output gives that size.
        """
        extra = self.output_padding if output_size is None else self._extra(input, output_size)
        return type(self)._function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )

    def _extra(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """The output padding that makes the output as large as asked."""
        n = self.ndim
        wanted = tuple(output_size)
        if len(wanted) not in (n, input.ndim):
            raise ValueError(
                f"{type(self).__name__}: for {input.ndim}D input, output_size must have {n} or {input.ndim} elements "
                f"(got {len(wanted)})"
            )
        rows = zip(input.shape[-n:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
        least = [(m - 1) * s - 2 * int(p) + d * (k - 1) + 1 for m, s, p, d, k in rows]
        extra = tuple(w - size for w, size in zip(wanted[-n:], least, strict=True))
        if any(not 0 <= e < s for e, s in zip(extra, self.stride, strict=True)):
            most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to {most} "
                f"(for an input of {tuple(input.shape[-n:])})"
            )
        return extra


class ConvTranspose1d(ConvTransposeNd):
    """A transposed 1-d convolution: ``(N, C_in, L)`` or ``(C_in, L)`` to ``(N, C_out, L_out)``.

    ``L_out = (L - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1``.

    Raises:
        ValueError: channels not divisible by ``groups``, or a padding mode other than ``'zeros'``.
        RuntimeError: the input has other channels than ``in_channels``.

    >>> import tensorlite as tl
    >>> tl.nn.ConvTranspose1d(2, 3, 4, stride=2)(tl.randn(1, 2, 5)).shape
    torch.Size([1, 3, 12])
    """

    ndim = 1
    _function = F.conv_transpose1d


class ConvTranspose2d(ConvTransposeNd):
    """A transposed 2-d convolution: ``(N, C_in, H, W)`` or ``(C_in, H, W)`` to ``(N, C_out, H_out, W_out)``.

    ``H_out = (H - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1``.

    Raises:
        ValueError: channels not divisible by ``groups``, or a padding mode other than ``'zeros'``.
        RuntimeError: the input has other channels than ``in_channels``.

    >>> import tensorlite as tl
    >>> layer = tl.nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1)
    >>> layer(tl.randn(1, 2, 5, 5)).shape, layer(tl.randn(1, 2, 5, 5), output_size=(10, 10)).shape
    (torch.Size([1, 3, 9, 9]), torch.Size([1, 3, 10, 10]))
    """

    ndim = 2
    _function = F.conv_transpose2d


class ConvTranspose3d(ConvTransposeNd):
    """A transposed 3-d convolution: ``(N, C_in, D, H, W)`` or ``(C_in, D, H, W)`` to ``(N, C_out, D_out, H_out, W_out)``.

    ``D_out = (D - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1``.

    Raises:
        ValueError: channels not divisible by ``groups``, or a padding mode other than ``'zeros'``.
        RuntimeError: the input has other channels than ``in_channels``.

    >>> import tensorlite as tl
    >>> tl.nn.ConvTranspose3d(2, 3, 2)(tl.randn(1, 2, 3, 3, 3)).shape
    torch.Size([1, 3, 4, 4, 4])
    """

    ndim = 3
    _function = F.conv_transpose3d
