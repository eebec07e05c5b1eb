"""Sampling of images and volumes at any places (Jaderberg et al., 2015)."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence

from ...tensor import Tensor, linspace, stack
from .interpolation import cubic_weights

__all__ = ["affine_grid", "grid_sample"]


def _aligned(align_corners: bool | None, name: str) -> bool:
    if align_corners is None:
        warnings.warn(
            f"Default {name} behavior has changed to align_corners=False since 1.3.0. Please specify align_corners=True if the "
            "old behavior is desired.", UserWarning, stacklevel=3,
        )
    return bool(align_corners)


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The places that affine maps send an image's to: (N, 2, 3) and (N, C, H, W) to (N, H, W, 2), or the same in 3-d.

    -1 and 1 are the centres of the outermost pixels with `align_corners`, else the outer edges.

    Raises:
        ValueError: `theta` has the wrong shape or dtype.
        NotImplementedError: `size` is of an image in neither 2-d nor 3-d.

    >>> import tensorlite as tl
    >>> tl.nn.functional.affine_grid(tl.eye(2, 3).unsqueeze(0), (1, 1, 1, 2), align_corners=True)
    tensor([[[[-1.,  0.],
              [ 1.,  0.]]]])
    """
    align = _aligned(align_corners, "affine_grid")
    if not theta.dtype.is_floating_point:
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    n = len(size) - 2
    if n not in (2, 3):
        raise NotImplementedError(f"affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms. Got size {size}")
    if tuple(theta.shape[1:]) != (n, n + 1) or theta.ndim != 3:
        raise ValueError(f"Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for size {size}. Got {theta.shape}.")
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    axes = []
    for i, m in enumerate(size[2:]):
        places = linspace(-1, 1, m, dtype=theta.dtype, device=theta.device) if m > 1 else theta.detach().new_zeros(m)
        axes.append((places if align else places * ((m - 1) / m)).reshape(-1, *(1,) * (n - 1 - i)).expand(*size[2:]))
    base = stack([*reversed(axes), axes[0].new_ones(axes[0].shape)], n).reshape(-1, n + 1)
    return (base @ theta.transpose(1, 2)).reshape(size[0], *size[2:], n)


def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """Read images at places between -1 and 1, the last dimension first: (N, C, H, W) and (N, H', W', 2) to (N, C, H', W').

    `mode` is "bilinear" (trilinear in 3-d), "nearest" or, in 2-d, "bicubic"; `padding_mode` says what is outside: "zeros",
    "border", "reflection".

    Raises:
        ValueError: an unknown mode or padding.
        RuntimeError: the shapes of input and grid do not go together, or the mode is "bicubic" in 3-d.

    >>> import tensorlite as tl
    >>> image, middle = tl.tensor([[[[1., 3.]]]]), tl.zeros(1, 1, 1, 2)
    >>> tl.nn.functional.grid_sample(image, middle, align_corners=False)
    tensor([[[[2.]]]])
    """
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    align = _aligned(align_corners, "grid_sample")
    n = input.ndim - 2
    if n not in (2, 3) or grid.ndim != n + 2 or grid.shape[0] != input.shape[0] or grid.shape[-1] != n:
        raise RuntimeError(
            "grid_sample(): expected a 4D or 5D input, and a grid of the same batch size and dimensions whose last size is that "
            f"number less 2, but got {list(input.shape)} and {list(grid.shape)}"
        )
    sizes = tuple(input.shape[2:])
    places = [_pixels(grid[..., n - 1 - i], m, align) for i, m in enumerate(sizes)]
    if mode == "bicubic":
        return _bicubic(input, places, sizes, grid, padding_mode, align)
    places = [_inside(p, m, padding_mode, align) for p, m in zip(places, sizes, strict=True)]
    if mode == "nearest":
        return _read(input, [p.detach().round() for p in places], sizes, grid)
    lows = [p.detach().floor() for p in places]
    total = input.new_zeros(())
    for corner in itertools.product((0, 1), repeat=n):
        parts = [p - low if c else 1 - (p - low) for c, p, low in zip(corner, places, lows, strict=True)]
        value = _read(input, [low + c for low, c in zip(lows, corner, strict=True)], sizes, grid)
        total = total + value * math.prod(parts[1:], start=parts[0]).unsqueeze(1)
    return total


def _bicubic(
    input: Tensor, places: list[Tensor], sizes: tuple[int, ...], grid: Tensor, padding: str, align: bool
) -> Tensor:
    """Cubic convolution of the sixteen pixels around each place (Keys, 1981)."""
    if len(sizes) != 2:
        raise RuntimeError("grid_sample(): bicubic interpolation only supports 4D input; use mode='bilinear'")
    lows = [p.detach().floor() for p in places]
    rows, columns = (cubic_weights(p - low) for p, low in zip(places, lows, strict=True))
    near = [[_inside(low + k, m, padding, align) for k in range(-1, 3)] for low, m in zip(lows, sizes, strict=True)]
    total = input.new_zeros(())
    for y, row in zip(near[0], rows, strict=True):
        for x, column in zip(near[1], columns, strict=True):
            total = total + _read(input, [y, x], sizes, grid) * (row * column).unsqueeze(1)
    return total


def _pixels(x: Tensor, n: int, align: bool) -> Tensor:
    """Positions between -1 and 1 in pixels."""
    return (x + 1) * ((n - 1) / 2) if align else ((x + 1) * n - 1) / 2


def _inside(x: Tensor, n: int, padding: str, align: bool) -> Tensor:
    """Positions in pixels, brought inside as the padding says."""
    if padding == "reflection":
        low, span = (0.0, float(n - 1)) if align else (-0.5, float(n))
        x = (x - low).abs() if span else x * 0
        if span:
            past = x.fmod(span)
            x = past.where((x.detach() / span).floor() % 2 == 0, span - past) + low
    return x if padding == "zeros" else x.clamp(0, n - 1)


def _read(input: Tensor, places: list[Tensor], sizes: tuple[int, ...], grid: Tensor) -> Tensor:
    """The pixels at whole positions, 0 outside: (N, C, *grid)."""
    lead = tuple(input.shape[:2])
    flat, inside = None, None
    for p, m in zip(places, sizes, strict=True):
        here = (p >= 0) & (p <= m - 1)
        index = p.clamp(0, m - 1).long()
        flat = index if flat is None else flat * m + index
        inside = here if inside is None else inside & here
    assert flat is not None and inside is not None
    index = flat.reshape(lead[0], 1, -1).expand(*lead, -1)
    values = input.flatten(2).gather(2, index).reshape(*lead, *grid.shape[1:-1])
    return values.where(inside.unsqueeze(1), values.new_zeros(()))
