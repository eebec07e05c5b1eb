"""Batch norm, as it is in evaluation, folded into the layer before it."""

from __future__ import annotations

import copy
from typing import TypeVar

from ...tensor import Tensor, zeros_like
from ..module import Module
from ..modules.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from ..modules.conv import ConvNd
from ..modules.linear import Linear
from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

Conv = TypeVar("Conv", bound=ConvNd)
Dense = TypeVar("Dense", bound=Linear)
BatchNorm = BatchNorm1d | BatchNorm2d | BatchNorm3d


def _statistics(layer: Module, bn: BatchNorm) -> tuple[Tensor, Tensor]:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("the batch norm has no running statistics (track_running_stats=False): it cannot be fused")
    return bn.running_mean, bn.running_var


def fuse_conv_bn_eval(conv: Conv, bn: BatchNorm, transpose: bool = False) -> Conv:
    """A convolution that computes what ``conv`` and then ``bn`` compute in evaluation mode.

    ``transpose=True`` for a transposed convolution, whose weight has the output channels second. The two are left as they are.

    Raises:
        AssertionError: one of them is in training mode, or ``bn`` has no running statistics.

    >>> import tensorlite as tl
    >>> conv, bn = tl.nn.Conv2d(1, 4, 3).eval(), tl.nn.BatchNorm2d(4).eval()
    >>> x = tl.randn(2, 1, 8, 8)
    >>> tl.allclose(tl.nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
    True
    """
    mean, var = _statistics(conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, mean, var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a convolution with a batch norm of mean ``bn_rm`` and variance ``bn_rv`` (C) folded in.

    >>> import tensorlite as tl
    >>> w, b = tl.nn.utils.fuse_conv_bn_weights(tl.ones(1, 1, 1), None, tl.ones(1), tl.ones(1) * 4, 0.0, None, None)
    >>> w.item(), b.item()
    (0.5, -0.5)
    """
    bias = zeros_like(bn_rm) if conv_b is None else conv_b
    scale = (bn_rv + bn_eps).rsqrt()
    if bn_w is not None:
        scale = bn_w * scale
    shift = 0 if bn_b is None else bn_b
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    weight = (conv_w * scale.reshape(shape)).to(conv_w.dtype)
    fused_bias = ((bias - bn_rm) * scale + shift).to(conv_w.dtype if conv_b is None else conv_b.dtype)
    return (
        Parameter(weight, conv_w.requires_grad),
        Parameter(fused_bias, bias.requires_grad),
    )


def fuse_linear_bn_eval(linear: Dense, bn: BatchNorm) -> Dense:
    """A linear layer that computes what ``linear`` and then ``bn`` compute in evaluation mode. The two are left as they are.

    Raises:
        AssertionError: one of them is in training mode, ``bn`` has no running statistics, or the sizes do not fit.

    >>> import tensorlite as tl
    >>> linear, bn = tl.nn.Linear(3, 4).eval(), tl.nn.BatchNorm1d(4).eval()
    >>> x = tl.randn(5, 3)
    >>> tl.allclose(tl.nn.utils.fuse_linear_bn_eval(linear, bn)(x), bn(linear(x)), atol=1e-6)
    True
    """
    mean, var = _statistics(linear, bn)
    if bn.num_features not in (1, linear.out_features):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(fused.weight, fused.bias, mean, var, bn.eps, bn.weight, bn.bias)
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Weight (out, in) and bias (out) of a linear layer with a batch norm of mean ``bn_rm`` and variance ``bn_rv`` folded in.

    >>> import tensorlite as tl
    >>> one = tl.ones(1)
    >>> w, b = tl.nn.utils.fuse_linear_bn_weights(tl.ones(1, 2), None, one, one * 4, 0.0, one, one)
    >>> w.tolist(), b.item()
    ([[0.5, 0.5]], 0.5)
    """
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
