"""Windows: numbers that fade in and out, to be multiplied with a piece of a signal (Harris, 1978)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..dtypes import dtype as DType
from ..ops import pointwise
from .creation import _public, finished, ones
from .ranges import arange
from .special import i0

__all__ = ["cosine_sum", "kaiser", "places", "triangle"]

Tensor = Any


def places(n: int, symmetric: bool, device: Any) -> tuple[Tensor, int]:
    """0, ..., n - 1 in float64, and the distance from the first to the last, which of a periodic window is not there."""
    return arange(n, dtype=dtypes.float64, device=device), n - 1 if symmetric else n


def cosine_sum(n: int, weights: Sequence[float], symmetric: bool, device: Any) -> Tensor:
    """The sum of ``(-1)^i weights[i] cos(2 pi i k / span)``, for k below n > 1."""
    k, span = places(n, symmetric, device)
    total = k * 0 + weights[0]
    for i, weight in enumerate(weights[1:], 1):
        total = total + pointwise.cos(k * (2 * math.pi * i / span)) * (weight * (-1) ** i)
    return total


def triangle(n: int, symmetric: bool, device: Any) -> Tensor:
    """Up to 1 in the middle and down again, in straight lines."""
    k, span = places(n, symmetric, device)
    return 1 - pointwise.abs(k * (2 / span) - 1)


def kaiser(n: int, beta: float, symmetric: bool, device: Any) -> Tensor:
    """I0(beta sqrt(1 - (2 k / span - 1)^2)) / I0(beta)."""
    k, span = places(n, symmetric, device)
    x = k * (2 / span) - 1
    top = i0(ones((), dtype=dtypes.float64, device=device) * beta)
    return i0(pointwise.sqrt((1 - x * x).clamp(min=0)) * beta) / top


def _made(name: str, n: int, values: Any, dtype: DType | None, layout: Any, device: Any, requires_grad: bool) -> Tensor:
    """The window in its dtype, `values()` if there is more than one number."""
    kind = dtype or dtypes.get_default_dtype()
    if layout is not None and str(layout) != "torch.strided":
        raise RuntimeError(f"{name} is not implemented for layout {layout}")
    if kind.is_complex:
        raise NotImplementedError(f"{name} is not implemented for {kind}; take a real dtype and convert")
    if not kind.is_floating_point:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {kind}")
    if n < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={n}")
    window = values().to(kind) if n > 1 else ones(n, dtype=kind, device=device)
    return finished(window, requires_grad)


@_public
def hann_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """``(1 - cos(2 pi k / n)) / 2``; n is `window_length` for a periodic window, one less for a symmetric one: (window_length,).

    Raises:
        RuntimeError: the length is negative, or the dtype no floating one.

    >>> import tensorlite as tl
    >>> tl.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _made(
        "hann_window", window_length, lambda: cosine_sum(window_length, (0.5, 0.5), not periodic, device), dtype, layout, device,
        requires_grad,
    )  # fmt: skip


@_public
def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: DType | None = None,
    layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """``alpha - beta cos(2 pi k / n)``; see `hann_window`.

    >>> import tensorlite as tl
    >>> tl.hamming_window(3, periodic=False)
    tensor([0.0800, 1.0000, 0.0800])
    """
    return _made(
        "hamming_window", window_length, lambda: cosine_sum(window_length, (alpha, beta), not periodic, device), dtype, layout,
        device, requires_grad,
    )  # fmt: skip


@_public
def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """``0.42 - 0.5 cos(2 pi k / n) + 0.08 cos(4 pi k / n)``; see `hann_window`.

    >>> import tensorlite as tl
    >>> tl.blackman_window(4)[1:]
    tensor([0.3400, 1.0000, 0.3400])
    """
    return _made(
        "blackman_window", window_length, lambda: cosine_sum(window_length, (0.42, 0.5, 0.08), not periodic, device), dtype,
        layout, device, requires_grad,
    )  # fmt: skip


@_public
def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A triangle from 0 to 1 and back; see `hann_window`.

    >>> import tensorlite as tl
    >>> tl.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _made(
        "bartlett_window", window_length, lambda: triangle(window_length, not periodic, device), dtype, layout, device,
        requires_grad,
    )  # fmt: skip


@_public
def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: DType | None = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A window of Bessel functions, nearly the one with the most energy in its main lobe (Kaiser and Schafer, 1980).

    >>> import tensorlite as tl
    >>> tl.kaiser_window(3, periodic=False, beta=2.0)
    tensor([0.4387, 1.0000, 0.4387])
    """
    return _made(
        "kaiser_window", window_length, lambda: kaiser(window_length, beta, not periodic, device), dtype, layout, device,
        requires_grad,
    )  # fmt: skip
