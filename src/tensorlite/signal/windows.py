"""Windows as `scipy.signal` names them (Harris, 1978): ``(M,)`` numbers, symmetric unless told otherwise.

With ``sym=False`` a window is periodic: the first M numbers of the symmetric one of length M + 1. All raise ValueError for a
negative length, another dtype than float32 or float64, or another layout than strided.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable
from typing import Any

from .. import dtypes
from ..dtypes import dtype as DType
from ..ops import pointwise
from ..tensor import windows
from ..tensor.creation import finished, ones

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann", "kaiser",
    "nuttall",
]

Tensor = Any


def _window(values: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """What all windows have: checks, the window of one number, dtype, device and `requires_grad`.

    ``values(M, sym, device, **own)`` gives the numbers in float64, where M > 1; it also checks its own arguments.
    """
    name = values.__name__

    @functools.wraps(values)
    def window(
        M: int, *, sym: bool = True, dtype: DType | None = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, **own: Any,
    ) -> Tensor:  # fmt: skip
        kind = dtype or dtypes.get_default_dtype()
        if M < 0:
            raise ValueError(f"{name} requires non-negative window length, got M={M}")
        if layout is not None and str(layout) != "torch.strided":
            raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
        if kind not in (dtypes.float32, dtypes.float64):
            raise ValueError(f"{name} expects float32 or float64 dtypes, got: {kind}")
        made = values(max(M, 2), sym, device, **own)
        return finished(made.to(kind) if M > 1 else ones(M, dtype=kind, device=device), requires_grad)

    common = inspect.signature(window, follow_wrapped=False)
    first, *rest = [p for p in common.parameters.values() if p.kind is not p.VAR_KEYWORD]
    own_names = [p for p in inspect.signature(values).parameters.values() if p.kind is p.KEYWORD_ONLY]
    window.__signature__ = common.replace(parameters=[first, *own_names, *rest])  # type: ignore[attr-defined]
    return window


@_window
def general_cosine(M: int, sym: bool, device: Any, *, a: Iterable[float]) -> Tensor:
    """A sum of cosines: ``a[0] - a[1] cos(2 pi k / n) + a[2] cos(4 pi k / n) - ...``.

    Raises:
        TypeError: `a` is no list or tuple.
        ValueError: it is empty.

    >>> import tensorlite as tl
    >>> tl.signal.windows.general_cosine(3, a=[0.5, 0.5])
    tensor([0., 1., 0.])
    """
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    weights = tuple(a)
    if not weights:
        raise ValueError("Coefficients cannot be empty")
    return windows.cosine_sum(M, weights, sym, device)


@_window
def general_hamming(M: int, sym: bool, device: Any, *, alpha: float = 0.54) -> Tensor:
    """``alpha - (1 - alpha) cos(2 pi k / n)``.

    >>> import tensorlite as tl
    >>> tl.signal.windows.general_hamming(3, alpha=0.6)
    tensor([0.2000, 1.0000, 0.2000])
    """
    return windows.cosine_sum(M, (alpha, 1 - alpha), sym, device)


@_window
def hamming(M: int, sym: bool, device: Any) -> Tensor:
    """The general Hamming window with alpha = 0.54.

    >>> import tensorlite as tl
    >>> tl.signal.windows.hamming(3)
    tensor([0.0800, 1.0000, 0.0800])
    """
    return windows.cosine_sum(M, (0.54, 0.46), sym, device)


@_window
def hann(M: int, sym: bool, device: Any) -> Tensor:
    """The general Hamming window with alpha = 0.5.

    >>> import tensorlite as tl
    >>> tl.signal.windows.hann(4, sym=False)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return windows.cosine_sum(M, (0.5, 0.5), sym, device)


@_window
def nuttall(M: int, sym: bool, device: Any) -> Tensor:
    """A sum of four cosines with small side lobes (Nuttall, 1981).

    >>> import tensorlite as tl
    >>> tl.signal.windows.nuttall(3)
    tensor([3.6280e-04, 1.0000e+00, 3.6280e-04])
    """
    return windows.cosine_sum(M, (0.3635819, 0.4891775, 0.1365995, 0.0106411), sym, device)


@_window
def blackman(M: int, sym: bool, device: Any) -> Tensor:
    """``0.42 - 0.5 cos(2 pi k / n) + 0.08 cos(4 pi k / n)``.

    >>> import tensorlite as tl
    >>> tl.signal.windows.blackman(4, sym=False)[1:]
    tensor([0.3400, 1.0000, 0.3400])
    """
    return windows.cosine_sum(M, (0.42, 0.5, 0.08), sym, device)


@_window
def bartlett(M: int, sym: bool, device: Any) -> Tensor:
    """A triangle from 0 to 1 and back.

    >>> import tensorlite as tl
    >>> tl.signal.windows.bartlett(5)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    return windows.triangle(M, sym, device)


@_window
def cosine(M: int, sym: bool, device: Any) -> Tensor:
    """Half a wave of the sine.

    >>> import tensorlite as tl
    >>> tl.signal.windows.cosine(3)
    tensor([0.5000, 1.0000, 0.5000])
    """
    k, span = windows.places(M, sym, device)
    return pointwise.sin((k + 0.5) * (math.pi / (span + 1)))


@_window
def exponential(M: int, sym: bool, device: Any, *, center: float | None = None, tau: float = 1.0) -> Tensor:
    """``exp(-|k - center| / tau)``; the centre is in the middle unless given, which only a periodic window takes.

    Raises:
        ValueError: tau is not positive, or a centre is given for a symmetric window.

    >>> import tensorlite as tl
    >>> tl.signal.windows.exponential(3)
    tensor([0.3679, 1.0000, 0.3679])
    """
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    k, span = windows.places(M, sym, device)
    return pointwise.exp(pointwise.abs(k - (span / 2 if center is None else center)) * (-1 / tau))


@_window
def gaussian(M: int, sym: bool, device: Any, *, std: float = 1.0) -> Tensor:
    """``exp(-((k - middle) / std)^2 / 2)``.

    Raises:
        ValueError: the deviation is not positive.

    >>> import tensorlite as tl
    >>> tl.signal.windows.gaussian(3)
    tensor([0.6065, 1.0000, 0.6065])
    """
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    k, span = windows.places(M, sym, device)
    x = (k - span / 2) / std
    return pointwise.exp(x * x * -0.5)


@_window
def kaiser(M: int, sym: bool, device: Any, *, beta: float = 12.0) -> Tensor:
    """Nearly the window with the most energy in its main lobe (Kaiser and Schafer, 1980).

    Raises:
        ValueError: beta is negative.

    >>> import tensorlite as tl
    >>> tl.signal.windows.kaiser(3, beta=2.0)
    tensor([0.4387, 1.0000, 0.4387])
    """
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    return windows.kaiser(M, beta, sym, device)
