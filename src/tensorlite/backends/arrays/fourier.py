"""Fourier transforms, of single and of double precision."""

from __future__ import annotations

from typing import Any

__all__ = ["Fourier"]

Array = Any

_FORWARD = {"none": "backward", "ortho": "ortho", "n": "forward"}
_INVERSE = {"none": "forward", "ortho": "ortho", "n": "backward"}
"""The library's `norm` for a scale: 1, 1 / sqrt(n) or 1 / n, whatever the direction."""


class Fourier:
    """Over several axes at once; lengths are those of the arrays."""

    np: Any

    def fft_c2c(self, x: Array, *, axes: tuple[int, ...], scale: str, forward: bool) -> Array:
        """Complex to complex."""
        if forward:
            return self.np.fft.fftn(x, axes=axes, norm=_FORWARD[scale])
        return self.np.fft.ifftn(x, axes=axes, norm=_INVERSE[scale])

    def fft_r2c(self, x: Array, *, axes: tuple[int, ...], scale: str) -> Array:
        """Real to complex: n // 2 + 1 frequencies on the last of the axes."""
        return self.np.fft.rfftn(x, axes=axes, norm=_FORWARD[scale])

    def fft_c2r(self, x: Array, *, axes: tuple[int, ...], scale: str, size: int) -> Array:
        """Complex to real, the inverse; `size` numbers on the last of the axes."""
        sizes = [*(x.shape[a] for a in axes[:-1]), size]
        return self.np.fft.irfftn(x, s=sizes, axes=axes, norm=_INVERSE[scale])
