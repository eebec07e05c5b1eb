"""Resizing of signals, images and volumes, one axis after the other."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ... import dtypes
from ...ops import indexing
from ...tensor import Tensor, arange
from .pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

MODES = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
"""The modes that are for one number of dimensions only."""
FLAT_MODES = ("nearest", "area", "nearest-exact")
CUBIC = -0.75
"""The free parameter of cubic convolution (Keys, 1981), as PyTorch chooses it."""
CUBIC_SMOOTH = -0.5
"""The same with antialiasing."""


def interpolate(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Tensor:
    """Resize (N, C, *) to a size, or by a factor, over 1 to 3 dimensions.

    `mode` is "nearest", "nearest-exact", "area", or "linear" (1 dimension), "bilinear", "bicubic" (2) and "trilinear" (3).
    With `align_corners` the centres of the outermost elements stay in place, else the outer edges do.
    `recompute_scale_factor` takes the factor from the rounded size. With `antialias` ("bilinear" and "bicubic") the kernel is
    as wide as the step when the result is smaller, so that every element counts.

    Raises:
        ValueError: not one of `size` and `scale_factor`, or an argument that the mode does not have.
        NotImplementedError: the mode is for other dimensions.
        RuntimeError: a size is not positive.

    >>> import tensorlite as tl
    >>> tl.nn.functional.interpolate(tl.tensor([[[0., 4.]]]), scale_factor=2, mode="linear")
    tensor([[[0., 1., 3., 4.]]])
    """
    _check_mode(input, mode, align_corners, antialias)
    sizes, factors = _geometry(input, size, scale_factor, recompute_scale_factor, mode)
    if input.numel() and any(n <= 0 for n in sizes) or not all(input.shape[1:]):
        raise RuntimeError(f"Input and output sizes should be greater than 0, but got {list(input.shape)} and {list(sizes)}")
    n = len(sizes)
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[n - 1](input, sizes)
    if not mode.startswith("nearest") and not input.dtype.is_floating_point:
        raise NotImplementedError(f"interpolate(): mode '{mode}' is not implemented for {input.dtype}; convert to a floating dtype")
    x = input.float() if input.dtype.itemsize == 2 else input
    for i, (out, factor) in enumerate(zip(sizes, factors, strict=True)):
        if antialias:
            x = _smoothed(x, i + 2, out, factor, mode == "bicubic", bool(align_corners))
        else:
            x = _axis(x, i + 2, out, factor, mode, bool(align_corners))
    return x.to(input.dtype)


def _check_mode(input: Tensor, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if antialias and (mode not in ("bilinear", "bicubic") or input.ndim != 4):
        raise ValueError("Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input")
    if mode in FLAT_MODES:
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
            )
    elif mode not in MODES and input.ndim in (3, 4, 5) or input.ndim not in (3, 4, 5):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the modes: "
            f"{' | '.join((*FLAT_MODES, *MODES))} (got {mode})"
        )
    elif MODES[mode] != input.ndim:
        raise NotImplementedError(f"Got {input.ndim}D input, but {mode} mode needs {MODES[mode]}D input")
    if input.ndim not in (3, 4, 5):
        raise NotImplementedError(f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D)")


def _geometry(
    input: Tensor, size: Any, scale_factor: Any, recompute: bool | None, mode: str
) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """The output sizes, and the factors that positions are computed with (None: from the sizes)."""
    n = input.ndim - 2
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    given = size if size is not None else scale_factor
    values = tuple(given) if isinstance(given, (tuple, list)) else (given,) * n
    if len(values) != n:
        raise ValueError(
            f"Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of "
            f"{list(input.shape[2:])} and {values}. Please provide one value or {n}."
        )
    if size is not None:
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return tuple(int(v) for v in values), (None,) * n
    sizes = tuple(math.floor(m * float(f)) for m, f in zip(input.shape[2:], values, strict=True))
    return sizes, (None,) * n if recompute or mode == "area" else tuple(float(f) for f in values)


def _axis(x: Tensor, axis: int, out: int, factor: float | None, mode: str, align: bool) -> Tensor:
    """Resize one axis."""
    n = x.shape[axis]
    if n == out and (factor in (None, 1.0) or mode.endswith("linear")):
        return x
    dtype = dtypes.float64 if x.dtype is dtypes.float64 and not mode.startswith("nearest") else dtypes.float32
    places = arange(out, dtype=dtype, device=x.device)
    if align and not mode.startswith("nearest"):
        step = (n - 1) / (out - 1) if out > 1 else 0.0
        source = places * step
    else:
        step = 1.0 / factor if factor is not None else n / out
        source = places * step if mode == "nearest" else (places + 0.5) * step
    if mode.startswith("nearest"):
        return indexing.take(x, source.floor().long().clamp(0, n - 1), axis=axis)
    if not align:
        source = source - 0.5
    if mode == "bicubic":
        return _cubic(x, axis, n, source)
    source = source.clamp_min(0)
    low = source.floor().long().clamp_max(n - 1)
    weight = _along(source - low.to(dtype), x, axis)
    high = (low + 1).clamp_max(n - 1)
    return indexing.take(x, low, axis=axis) * (1 - weight) + indexing.take(x, high, axis=axis) * weight


def _near(d: Any, a: float) -> Any:
    """The kernel of cubic convolution up to a distance of 1."""
    return ((a + 2) * d - (a + 3)) * d * d + 1


def _far(d: Any, a: float) -> Any:
    """The kernel of cubic convolution at a distance between 1 and 2."""
    return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a


def cubic_weights(t: Tensor) -> tuple[Tensor, ...]:
    """How much the four neighbours count of a place that is t after the second."""
    return _far(t + 1, CUBIC), _near(t, CUBIC), _near(1 - t, CUBIC), _far(2 - t, CUBIC)


def _smoothed(x: Tensor, axis: int, out: int, factor: float | None, cubic: bool, align: bool) -> Tensor:
    """Resize one axis with a kernel that is never narrower than the step."""
    n = x.shape[axis]
    if align:
        step = (n - 1) / (out - 1) if out > 1 else 0.0
    else:
        step = 1.0 / factor if factor is not None else n / out
    wide = max(step, 1.0)
    reach = 2 * wide if cubic else wide
    starts, rows = [], []
    for i in range(out):
        centre = step * (i + 0.5)
        first, last = max(int(centre - reach + 0.5), 0), min(int(centre + reach + 0.5), n)
        row = [_kernel(abs(j + 0.5 - centre) / wide, cubic) for j in range(first, last)]
        total = sum(row) or 1.0
        starts.append(first)
        rows.append([w / total for w in row])
    resized = x.new_zeros(())
    for k in range(max(len(row) for row in rows)):
        index = x.new_tensor([min(first + k, n - 1) for first in starts], dtype=dtypes.int64)
        weight = x.new_tensor([row[k] if k < len(row) else 0.0 for row in rows])
        resized = resized + indexing.take(x, index, axis=axis) * _along(weight, x, axis)
    return resized


def _kernel(d: float, cubic: bool) -> float:
    """The weight at a distance: a triangle, or a cubic with the parameter that image libraries take for smoothing."""
    if not cubic:
        return max(1 - d, 0.0)
    return _near(d, CUBIC_SMOOTH) if d < 1 else _far(d, CUBIC_SMOOTH) if d < 2 else 0.0


def _along(weight: Tensor, x: Tensor, axis: int) -> Tensor:
    return weight.to(x.dtype).reshape(-1, *(1,) * (x.ndim - axis - 1))


def _cubic(x: Tensor, axis: int, n: int, source: Tensor) -> Tensor:
    """Cubic convolution: four neighbours, those beyond the border being the border itself."""
    low = source.floor()
    weights = cubic_weights(source - low)
    taps = [indexing.take(x, (low.long() + i - 1).clamp(0, n - 1), axis=axis) for i in range(4)]
    terms = [tap * _along(w, x, axis) for tap, w in zip(taps, weights, strict=True)]
    return terms[0] + terms[1] + terms[2] + terms[3]


def _deprecated(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", UserWarning, stacklevel=3
    )


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """`interpolate` under its old name: (N, C, *) to (N, C, *'); it warns.

    >>> import warnings
    >>> import tensorlite as tl
    >>> with warnings.catch_warnings(action="ignore"):
    ...     tl.nn.functional.upsample(tl.tensor([[[0., 4.]]]), scale_factor=2)
    tensor([[[0., 0., 4., 4.]]])
    """
    _deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """``interpolate(mode="nearest")`` under its old name: (N, C, *) to (N, C, *'); it warns.

    >>> import warnings
    >>> import tensorlite as tl
    >>> with warnings.catch_warnings(action="ignore"):
    ...     tl.nn.functional.upsample_nearest(tl.tensor([[[0., 4.]]]), 4)
    tensor([[[0., 0., 4., 4.]]])
    """
    _deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """``interpolate(mode="bilinear", align_corners=True)`` under its old name: (N, C, H, W) to (N, C, H', W'); it warns.

    >>> import warnings
    >>> import tensorlite as tl
    >>> with warnings.catch_warnings(action="ignore"):
    ...     tl.nn.functional.upsample_bilinear(tl.tensor([[[[0., 4.]]]]), (1, 3))
    tensor([[[[0., 2., 4.]]]])
    """
    _deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, "bilinear", True)
