"""Normalisation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...autograd import no_grad
from ...ops import norm as ops
from ...tensor import Tensor
from ...tensor.spelling import write_out

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "normalize"]


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of (N, C, *) over batch and space (Ioffe and Szegedy, 2015), or with running statistics.

    In training the running statistics move by `momentum` towards the batch's.

    Raises:
        ValueError: training needs more than one value per channel, and a positive `eps`.
        RuntimeError: statistics are missing, or sizes do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.functional.batch_norm(tl.tensor([[1.], [3.]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    if not (eps > 0 if training else eps >= 0):
        raise ValueError(f"batch_norm eps must be {'positive during training' if training else 'non-negative'}, but got {eps}")
    if input.shape == (0,):
        return input.clone()
    if input.ndim < 2:
        raise RuntimeError(f"batch_norm: expected an input (N, C, ...), got {list(input.shape)}")
    channels = input.shape[1]
    shape = (1, channels, *(1,) * (input.ndim - 2))
    for name, t in (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)):
        if t is not None and t.numel() != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {t.numel()}")
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when training=False")
        return _with_statistics(input, running_mean, running_var, weight, bias, shape, eps)
    axes = (0, *range(2, input.ndim))
    count = math.prod(input.shape[a] for a in axes)
    if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
    if count and running_mean is not None and running_var is not None:
        _follow(input.detach(), running_mean, running_var, axes, count, momentum)
    return _normalized(input, weight, bias, axes, shape, eps)


def _normalized(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, axes: tuple[int, ...], shape: tuple[int, ...], eps: float
) -> Tensor:
    """Half precision is normalised in float32."""
    d = input.dtype
    if d.itemsize == 2:
        wide = [None if t is None else t.float() for t in (input, weight, bias)]
        return ops.normalize(*wide, axes=axes, shape=shape, eps=eps).to(d)
    return ops.normalize(input, weight, bias, axes=axes, shape=shape, eps=eps)


def _with_statistics(
    input: Tensor, mean: Tensor, var: Tensor, weight: Any, bias: Any, shape: tuple[int, ...], eps: float
) -> Tensor:
    scale = (var + eps).rsqrt()
    if weight is not None:
        scale = scale * weight
    shift = -mean * scale if bias is None else bias - mean * scale
    return (input * scale.reshape(shape) + shift.reshape(shape)).to(input.dtype)


def _follow(input: Tensor, running_mean: Tensor, running_var: Tensor, axes: tuple[int, ...], count: int, momentum: float) -> None:
    with no_grad():
        mean = input.mean(axes)
        var = input.var(axes, correction=1)
        running_mean.mul_(1 - momentum).add_(mean.to(running_mean.dtype) * momentum)
        running_var.mul_(1 - momentum).add_(var.to(running_var.dtype) * momentum)


def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalise over the last dimensions (Ba et al., 2016).

    >>> import tensorlite as tl
    >>> tl.nn.functional.layer_norm(tl.tensor([1., 3.]), (2,))
    tensor([-1.0000,  1.0000])
    """
    wanted = tuple(normalized_shape)
    n = len(wanted)
    if not n or tuple(input.shape[-n:]) != wanted:
        raise RuntimeError(
            f"Given normalized_shape={list(wanted)}, expected input with shape [*, {', '.join(map(str, wanted))}], but got "
            "input of "
            f"size{list(input.shape)}"
        )
    for name, t in (("weight", weight), ("bias", bias)):
        if t is not None and tuple(t.shape) != wanted:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {list(t.shape)} and {list(wanted)}"
            )
    return _normalized(input, weight, bias, tuple(range(input.ndim - n, input.ndim)), wanted, eps)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalise groups of channels of (N, C, *) (Wu and He, 2018).

    >>> import tensorlite as tl
    >>> tl.nn.functional.group_norm(tl.tensor([[1., 3.]]), 1)
    tensor([[-1.0000,  1.0000]])
    """
    if input.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    n, channels = input.shape[:2]
    if num_groups <= 0 or channels % num_groups:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape {list(input.shape)} "
            f"and num_groups={num_groups}"
        )
    grouped = input.reshape(n, num_groups, channels // num_groups * math.prod(input.shape[2:]))
    out = _normalized(grouped, None, None, (2,), (1, num_groups, 1), eps).reshape(input.shape)
    shape = (1, channels, *(1,) * (input.ndim - 2))
    if weight is not None:
        out = out * weight.reshape(shape)
    return out if bias is None else out + bias.reshape(shape)


def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None,
    bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of each sample of (N, C, *).

    >>> import tensorlite as tl
    >>> tl.nn.functional.instance_norm(tl.tensor([[[1., 3.]]]))
    tensor([[[-1.0000,  1.0000]]])
    """
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    if input.ndim < 3 or math.prod(input.shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    axes = tuple(range(2, input.ndim))
    if running_mean is not None and running_var is not None:
        with no_grad():
            x = input.detach()
            running_mean.mul_(1 - momentum).add_(x.mean(axes).mean(0) * momentum)
            running_var.mul_(1 - momentum).add_(x.var(axes, correction=1).mean(0) * momentum)
    shape = (1, input.shape[1], *(1,) * (input.ndim - 2))
    return _normalized(input, weight, bias, axes, shape, eps)


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """Divide by the p-norm along a dimension.

    >>> import tensorlite as tl
    >>> tl.nn.functional.normalize(tl.tensor([[3., 4.]]))
    tensor([[0.6000, 0.8000]])
    """
    result = input / input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    return result if out is None else write_out(out, result, "normalize")
