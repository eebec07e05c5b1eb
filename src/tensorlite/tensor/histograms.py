"""Histograms of one and of several variables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase
from ..ops import pointwise
from .gathering import searchsorted
from .ranges import linspace
from .reducing import pair
from .spelling import public

Tensor = Any


def _ends(name: str, input: Tensor, low: Any, high: Any) -> tuple[Any, Any]:
    """The range of a histogram: that of the data where low and high are the same."""
    if low == high and input.numel():
        low, high = input.min().item(), input.max().item()
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{name}: range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError(f"{name}: max must be larger than min, but got min={low} and max={high}")
    return (low - 1, high + 1) if low == high else (low, high)


@public()
def histc(input: Tensor, bins: int = 100, min: Any = 0, max: Any = 0) -> Tensor:
    """How many elements lie in each of `bins` equal intervals from min to max (of the data, where these are equal).

    >>> import tensorlite as tl
    >>> tl.histc(tl.tensor([1., 2., 1.]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    if bins <= 0:
        raise RuntimeError(f"torch.histc(): bins must be > 0, but got {bins}")
    if not input.dtype.is_floating_point:
        raise RuntimeError(f'"histogram_cpu" not implemented for {input.dtype}; convert with .float()')
    x = input.detach().reshape(-1)
    low, high = _ends("torch.histc()", x, min, max)
    inside = x[(x >= low) & (x <= high)]
    place = ((inside - low) * bins / (high - low)).to(dtypes.int64).clamp(max=bins - 1)
    return place.bincount(minlength=bins).to(input.dtype)


def _edges(input: Tensor, bins: Any, ends: Sequence[float] | None) -> list[Tensor]:
    """The edges of the bins of each column of (n, variables)."""
    out = []
    for i in range(input.shape[1]):
        count = bins[i] if isinstance(bins, (tuple, list)) else bins
        if isinstance(count, TensorBase):
            out.append(count)
            continue
        column = input[:, i]
        low, high = ends[2 * i : 2 * i + 2] if ends is not None else (0.0, 1.0)
        if ends is None and input.shape[0]:
            low, high = column.min().item(), column.max().item()
        if not (math.isfinite(low) and math.isfinite(high)):
            raise RuntimeError(f"histogramdd(): dimension {i}'s range [{low}, {high}] is not finite")
        if low > high:
            raise RuntimeError(f"histogramdd(): min should not exceed max, but got min {low} max {high} for dimension {i}")
        if low == high:
            low, high = low - 0.5, high + 0.5
        out.append(linspace(low, high, count + 1, dtype=input.dtype, device=input.device))
    return out


def _checked(input: Tensor, bins: Any, ends: Any, weight: Any) -> None:
    width = input.shape[-1]
    if isinstance(bins, (tuple, list)) and len(bins) != width:
        raise RuntimeError(
            f"histogramdd(): expected {width} bin counts or tensors of edges, one for each variable, but got {len(bins)}"
        )
    for edges in bins if isinstance(bins, (tuple, list)) else [bins]:
        if isinstance(edges, TensorBase):
            if edges.dtype is not input.dtype:
                raise RuntimeError("histogramdd(): bins and input tensors should have the same dtype")
            if edges._array.ndim != 1:
                raise RuntimeError(f"histogramdd(): bins tensor should have one dimension, but got {edges._array.ndim}")
            if not edges.numel():
                raise RuntimeError("histogramdd(): bins tensor should have at least 1 element")
        elif edges <= 0:
            raise RuntimeError(f"histogramdd(): bins must be > 0, but got {edges}")
    if ends is not None and len(ends) != 2 * width:
        raise RuntimeError(f"histogramdd(): for {width} variables range should have {2 * width} elements, got {len(ends)}")
    if weight is not None:
        if weight.dtype is not input.dtype:
            raise RuntimeError("histogramdd(): if weight tensor is provided, input tensor and weight should have the same dtype")
        if tuple(weight.shape) != tuple(input.shape[:-1]):
            raise RuntimeError(
                f"histogramdd(): weight should have the shape of the input without its last dimension, {list(input.shape[:-1])}, "
                f"but got {list(weight.shape)}"
            )


def _counted(input: Tensor, bins: Any, ends: Any, weight: Any, density: bool) -> tuple[Tensor, list[Tensor]]:
    if not input.dtype.is_floating_point:
        raise RuntimeError(f'"histogramdd" not implemented for {input.dtype}; convert with .float()')
    _checked(input, bins, ends, weight)
    x = input.detach().reshape(math.prod(input.shape[:-1]), input.shape[-1])
    edges = _edges(x, bins, ends)
    sizes = [max(e.shape[0] - 1, 0) for e in edges]
    hist = x.new_zeros(math.prod(sizes))
    place: Any = 0
    inside = x.new_ones(x.shape[0], dtype=dtypes.bool)
    for i, (edge, size) in enumerate(zip(edges, sizes, strict=True)):
        column = x[:, i].contiguous()
        found = searchsorted(edge, column, right=True) - 1
        found = pointwise.where(column == edge[-1], size - 1, found)  # the last bin includes its end
        inside = inside & (column >= edge[0]) & (column <= edge[-1])
        place = place * size + found
    if hist.numel():
        amounts = x.new_ones(x.shape[0]) if weight is None else weight.detach().reshape(-1)
        hist = hist.index_add(0, place[inside], amounts[inside])
    hist = hist.reshape(sizes)
    if density:
        hist = hist / hist.sum()
        for i, edge in enumerate(edges):
            hist = hist / edge.diff().reshape((-1,) + (1,) * (len(edges) - 1 - i))
    return hist, edges


@public(method=True)
def histogram(
    input: Tensor, bins: Any = 100, *, range: Sequence[float] | None = None, weight: Tensor | None = None, density: bool = False
) -> Any:
    """How much (of `weight`) lies in each bin, and the edges of the bins; the last bin includes its upper end.

    `bins` is a number of equal bins, or the edges. With `density`, the integral is one.

    >>> import tensorlite as tl
    >>> tl.histogram(tl.tensor([1., 2., 1.]), bins=4, range=(0., 3.)).hist
    tensor([0., 2., 1., 0.])
    """
    if isinstance(bins, TensorBase) and range is not None:
        raise TypeError("histogram() received an invalid combination of arguments: edges of bins and a range")
    flat = input.reshape(-1, 1) if input.numel() else input.reshape(0, 1)
    if weight is not None:
        if weight.shape != input.shape:
            raise RuntimeError(f"histogram(): weight should have the shape {list(input.shape)}, but got {list(weight.shape)}")
        weight = weight.reshape(-1)
    hist, edges = _counted(flat, [bins], range, weight, density)
    return pair("histogram", "hist", "bin_edges")(hist, edges[0])


@public(method=False, out=False)
def histogramdd(
    input: Tensor, bins: Any, range: Sequence[float] | None = None, weight: Tensor | None = None, density: bool = False
) -> Any:
    """The histogram of points (..., variables): how much lies in each box, and the edges of the boxes along each variable.

    >>> import tensorlite as tl
    >>> tl.histogramdd(tl.tensor([[0., 1.], [1., 0.]]), bins=2).hist
    tensor([[0., 1.],
            [1., 0.]])
    """
    if input._array.ndim < 2:
        raise RuntimeError("histogramdd(): input tensor should have at least 2 dimensions")
    hist, edges = _counted(input, bins, range, weight, density)
    return pair("histogramdd", "hist", "bin_edges")(hist, tuple(edges))
