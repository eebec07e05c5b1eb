"""Fourier transforms. They are linear, and a gradient goes back through the transform of the other direction.

`scale` is "none", "ortho" or "n": the factor 1, 1 / sqrt(n) or 1 / n, the same in both directions.
"""

from __future__ import annotations

from typing import Any

from ..autograd.op import op

Array = Any
Axes = tuple[int, ...]


def _to_real(xp: Any, g: Array, x_shape: tuple[int, ...], axes: Axes, scale: str) -> Array:
    """The frequencies that were not computed had no part in the result."""
    last = axes[-1]
    widths = tuple((0, x_shape[i] - n if i == last else 0) for i, n in enumerate(g.shape))
    return xp.real(xp.fft_c2c(xp.pad_constant(g, widths=widths, value=0), axes=axes, scale=scale, forward=False))


def _to_complex(xp: Any, g: Array, x_shape: tuple[int, ...], axes: Axes, scale: str, size: int) -> Array:
    """All but the zeroth (and for even sizes the last) frequency stood for two."""
    kept = x_shape[axes[-1]]
    y = xp.fft_r2c(g, axes=axes, scale=scale)
    second = xp.pad_constant(xp.ones((size - kept,), dtype=y.dtype), widths=((1, 2 * kept - 1 - size),), value=0)
    shape = tuple(n if i == axes[-1] else 1 for i, n in enumerate(x_shape))
    return y * (xp.reshape(second, shape=shape) + 1)


fft_c2c = op(
    "fft_c2c(x, *, axes, scale, forward)", holomorphic=False, node_name="FftC2C",
    x=lambda xp, g, axes, scale, forward: xp.fft_c2c(g, axes=axes, scale=scale, forward=not forward),
)
fft_r2c = op("fft_r2c(x, *, axes, scale)", holomorphic=False, node_name="FftR2C", x=_to_real)
fft_c2r = op("fft_c2r(x, *, axes, scale, size)", holomorphic=False, node_name="FftC2R", x=_to_complex)
