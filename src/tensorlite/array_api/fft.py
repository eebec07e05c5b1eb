"""The `fft` extension: discrete Fourier transforms in the standard's spelling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import fft as tl
from ..dtypes import dtype as DType
from .data_types import Device, Tensor

__all__ = [
    "fft", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn", "rfft", "rfftfreq",
    "rfftn",
]  # fmt: skip


def _one(transform: Callable[..., Any]) -> Callable[..., Any]:
    """A transform along one dimension."""

    def function(x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
        return transform(x, n, axis, norm)

    function.__name__ = function.__qualname__ = transform.__name__
    function.__doc__ = f"`{transform.__name__}` along one dimension, cut or filled up to n samples."
    return function


def _many(transform: Callable[..., Any]) -> Callable[..., Any]:
    """A transform along several dimensions."""

    def function(
        x: Tensor, /, *, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str = "backward"
    ) -> Tensor:
        return transform(x, s, axes, norm)

    function.__name__ = function.__qualname__ = transform.__name__
    function.__doc__ = f"`{transform.__name__}` along all or some dimensions, cut or filled up to the sizes s."
    return function


fft = _one(tl.fft)
hfft = _one(tl.hfft)
ifft = _one(tl.ifft)
ihfft = _one(tl.ihfft)
irfft = _one(tl.irfft)
rfft = _one(tl.rfft)
fftn = _many(tl.fftn)
ifftn = _many(tl.ifftn)
irfftn = _many(tl.irfftn)
rfftn = _many(tl.rfftn)


def fftshift(x: Tensor, /, *, axes: int | Sequence[int] | None = None) -> Tensor:
    """Put the zeroth frequency into the middle."""
    return tl.fftshift(x, axes)


def ifftshift(x: Tensor, /, *, axes: int | Sequence[int] | None = None) -> Tensor:
    """Undo `fftshift`."""
    return tl.ifftshift(x, axes)


def fftfreq(n: int, /, *, d: float = 1.0, dtype: DType | None = None, device: Device = None) -> Tensor:
    """The frequencies of `fft` of n samples that lie d apart."""
    return tl.fftfreq(n, d, dtype=dtype, device=device)


def rfftfreq(n: int, /, *, d: float = 1.0, dtype: DType | None = None, device: Device = None) -> Tensor:
    """The frequencies of `rfft` of n samples that lie d apart."""
    return tl.rfftfreq(n, d, dtype=dtype, device=device)
