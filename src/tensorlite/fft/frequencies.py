"""The frequencies of a transform, and their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..dtypes import dtype as DType
from ..tensor.creation import finished
from ..tensor.ranges import arange
from ..tensor.reducing import axes_of

__all__ = ["fftfreq", "fftshift", "ifftshift", "rfftfreq"]

Tensor = Any
Dim = int | Sequence[int] | None


def _frequencies(name: str, n: int, d: float, first: int, last: int, dtype: DType | None, device: Any) -> Tensor:
    """first, ..., last - 1, each divided by n d."""
    kind = dtype or dtypes.get_default_dtype()
    if not (kind.is_floating_point or kind.is_complex):
        raise RuntimeError(f"{name} requires a floating point or complex dtype, not {kind}")
    if kind.is_complex:
        raise NotImplementedError(f'{name}: "arange" is not implemented for {kind}; take a real dtype and convert')
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    return arange(first, last, dtype=kind, device=device) * (1.0 / (n * d) if n * d else float("inf"))


def fftfreq(
    n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The frequencies of `fft` of n samples that lie d apart, in the order of its output: (n,).

    Raises:
        RuntimeError: n is negative, or the dtype is not a floating one.

    >>> import tensorlite as tl
    >>> tl.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    half = (n + 1) // 2
    return finished(ifftshift(_frequencies("fftfreq", n, d, half - n, half, dtype, device)), requires_grad, out)


def rfftfreq(
    n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The frequencies of `rfft` of n samples that lie d apart: (n // 2 + 1,).

    Raises:
        RuntimeError: n is negative, or the dtype is not a floating one.

    >>> import tensorlite as tl
    >>> tl.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    return finished(_frequencies("rfftfreq", n, d, 0, n // 2 + 1, dtype, device), requires_grad, out)


def _rolled(input: Tensor, dim: Dim, back: bool) -> Tensor:
    axes = axes_of(input, dim) if dim is not None else tuple(range(input.ndim))
    axes = (axes,) if isinstance(axes, int) else axes
    if not axes:
        return input.clone()
    return input.roll([(input.shape[a] + back) // 2 for a in axes], list(axes))


def fftshift(input: Tensor, dim: Dim = None) -> Tensor:
    """Put the zeroth frequency into the middle, along one, some or all dimensions.

    >>> import tensorlite as tl
    >>> tl.fft.fftshift(tl.tensor([0, 1, 2, -2, -1]))
    tensor([-2, -1,  0,  1,  2])
    """
    return _rolled(input, dim, False)


def ifftshift(input: Tensor, dim: Dim = None) -> Tensor:
    """Undo `fftshift`.

    >>> import tensorlite as tl
    >>> tl.fft.ifftshift(tl.tensor([-2, -1, 0, 1, 2]))
    tensor([ 0,  1,  2, -2, -1])
    """
    return _rolled(input, dim, True)
