"""PyTorch's native forms: normalisations that also return their statistics, padding, and grid samplers with numbers for modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...tensor import Tensor
from ...tensor.spelling import with_out
from .grid import grid_sample
from .norm import batch_norm, group_norm, layer_norm
from .padding import pad as padded

__all__ = ["constant_pad_nd", "grid_sampler_2d", "grid_sampler_3d", "native_batch_norm", "native_group_norm", "native_layer_norm"]

Three = tuple[Tensor, Tensor, Tensor]


def _into(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes ``out=``."""
    return with_out(function, function.__name__)


def _statistics(x: Tensor, axes: tuple[int, ...], eps: float, keepdim: bool) -> tuple[Tensor, Tensor]:
    """Means and reciprocals of standard deviations."""
    wide = x.float() if x.dtype.itemsize == 2 else x
    var = wide.var(axes, correction=0, keepdim=keepdim)
    return wide.mean(axes, keepdim=keepdim).to(x.dtype), (var + eps).rsqrt().to(x.dtype)


@_into
def native_layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> Three:
    """`layer_norm`, the means and the reciprocals of the standard deviations.

    >>> import tensorlite as tl
    >>> tl.native_layer_norm(tl.tensor([1., 3.]), (2,), None, None, 0.)
    (tensor([-1.,  1.]), tensor([2.]), tensor([1.]))
    """
    n = len(tuple(normalized_shape))
    out = layer_norm(input, normalized_shape, weight, bias, eps)
    return out, *_statistics(input.detach(), tuple(range(input.ndim - n, input.ndim)), eps, True)


@_into
def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int, eps: float
) -> Three:
    """`group_norm` of N samples with C channels of HxW elements, the means and the reciprocals of the standard deviations.

    >>> import tensorlite as tl
    >>> tl.native_group_norm(tl.tensor([[1., 3.]]), None, None, 1, 2, 1, 1, 0.)
    (tensor([[-1.,  1.]]), tensor([[2.]]), tensor([[1.]]))
    """
    if N * C * HxW != input.numel():
        raise RuntimeError(f"native_group_norm(): {N} x {C} x {HxW} elements were expected, but the input has {input.numel()}")
    shape = input.shape
    out = group_norm(input.reshape(N, C, HxW), group, weight, bias, eps).reshape(shape)
    return out, *_statistics(input.reshape(N, group, C // group * HxW), (2,), eps, False)


@_into
def native_batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
    training: bool, momentum: float, eps: float,
) -> Three:
    """`batch_norm`, and in training the batch's means and reciprocals of standard deviations (else two empty tensors).

    >>> import tensorlite as tl
    >>> tl.native_batch_norm(tl.tensor([[1.], [3.]]), None, None, None, None, True, 0.1, 1e-12)[1]
    tensor([2.])
    """
    axes = (0, *range(2, input.ndim))
    out = batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return out, input.new_zeros(0), input.new_zeros(0)
    return out, *_statistics(input.detach(), axes, eps, False)


@_into
def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """The last dimensions padded with a number, the last first: ``pad = (left, right, top, bottom, ...)``.

    >>> import tensorlite as tl
    >>> tl.constant_pad_nd(tl.tensor([1, 2]), (1, 0), 7)
    tensor([7, 1, 2])
    """
    return padded(input, pad, "constant", value)


_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def _sampled(n: int, input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    if input.ndim != n + 2:
        raise RuntimeError(f"grid_sampler_{n}d(): expected {n + 2}D input, but got input with sizes {list(input.shape)}")
    return grid_sample(input, grid, _MODES[interpolation_mode], _PADDINGS[padding_mode], bool(align_corners))


@_into
def grid_sampler_2d(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """`grid_sample` of images; modes are bilinear, nearest, bicubic, paddings zeros, border, reflection, counted from 0.

    >>> import tensorlite as tl
    >>> tl.grid_sampler_2d(tl.tensor([[[[1., 3.]]]]), tl.zeros(1, 1, 1, 2), 0, 0, False)
    tensor([[[[2.]]]])
    """
    return _sampled(2, input, grid, interpolation_mode, padding_mode, align_corners)


@_into
def grid_sampler_3d(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """`grid_sample` of volumes; modes are trilinear and nearest, paddings zeros, border, reflection, counted from 0.

    >>> import tensorlite as tl
    >>> tl.grid_sampler_3d(tl.tensor([[[[[1., 3.]]]]]), tl.zeros(1, 1, 1, 1, 3), 0, 0, False)
    tensor([[[[[2.]]]]])
    """
    return _sampled(3, input, grid, interpolation_mode, padding_mode, align_corners)
