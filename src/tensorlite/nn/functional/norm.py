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
    size = input._array.shape
    if size == (0,):
        return input.clone()
    if len(size) < 2:
        raise RuntimeError(f"batch_norm: expected an input (N, C, ...), got {list(size)}")
    channels = size[1]
    shape = (1, channels, *(1,) * (len(size) - 2))
    for name, t in (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)):
        if t is not None and t._array.size != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {t.numel()}")
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when training=False")
        return _with_statistics(input, running_mean, running_var, weight, bias, shape, eps)
    axes = (0, *range(2, len(size)))
    count = math.prod(size[a] for a in axes)
    if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {size}")
    if not count or running_mean is None or running_var is None:
        return _normalized(input, weight, bias, axes, shape, eps)
    return _followed(input, running_mean, running_var, weight, bias, axes, shape, momentum, eps)


def _wide(*tensors: Tensor | None) -> list[Tensor | None]:
    """Half precision is normalised in float32."""
    return [t.float() if t is not None and t.dtype.itemsize == 2 else t for t in tensors]


def _inputs(input: Tensor, weight: Tensor | None, bias: Tensor | None) -> list[Tensor | None]:
    """As `ops.normalize` takes them: not half precision, and no bias without a weight."""
    if weight is None and bias is not None:
        weight = bias.detach().new_ones(bias.shape)
    return _wide(input, weight, bias) if input.dtype.itemsize == 2 else [input, weight, bias]


def _normalized(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, axes: tuple[int, ...], shape: tuple[int, ...], eps: float
) -> Tensor:
    out = ops.normalize(*_inputs(input, weight, bias), axes=axes, shape=shape, eps=eps)
    return out.to(input.dtype) if input.dtype.itemsize == 2 else out


def _with_statistics(
    input: Tensor, mean: Tensor, var: Tensor, weight: Any, bias: Any, shape: tuple[int, ...], eps: float
) -> Tensor:
    """With the running statistics."""
    d = input.dtype
    if d.itemsize == 2:
        return ops.standardize(*_wide(input, mean, var, weight, bias), shape=shape, eps=eps).to(d)
    return ops.standardize(input, mean, var, weight, bias, shape=shape, eps=eps)


def _followed(
    input: Tensor, running_mean: Tensor, running_var: Tensor, weight: Any, bias: Any, axes: tuple[int, ...],
    shape: tuple[int, ...], momentum: float, eps: float,
) -> Tensor:
    """Normalise, and move the running statistics towards those of the input."""
    out, mean, var = ops.normalize_with_moments(*_inputs(input, weight, bias), axes=axes, shape=shape, eps=eps)
    count = math.prod(input.shape[a] for a in axes)
    with no_grad():
        if mean.ndim > 1:  # statistics of each sample
            mean, var = mean.mean(0), var.mean(0)
        unbiased = count / (count - 1)
        running_mean.copy_(running_mean * (1 - momentum) + mean.to(running_mean.dtype) * momentum)
        running_var.copy_(running_var * (1 - momentum) + var.to(running_var.dtype) * (momentum * unbiased))
    return out.to(input.dtype) if input.dtype.itemsize == 2 else out


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
    each = channels // num_groups
    grouped = input.reshape(n, num_groups, each, *input.shape[2:])
    axes, shape = tuple(range(2, grouped.ndim)), (1, num_groups, each, *(1,) * (input.ndim - 2))
    return _normalized(grouped, weight, bias, axes, shape, eps).reshape(input.shape)


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
    shape = (1, input.shape[1], *(1,) * (input.ndim - 2))
    if running_mean is None or running_var is None:
        return _normalized(input, weight, bias, axes, shape, eps)
    return _followed(input, running_mean, running_var, weight, bias, axes, shape, momentum, eps)


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """Divide by the p-norm along a dimension.

    >>> import tensorlite as tl
    >>> tl.nn.functional.normalize(tl.tensor([[3., 4.]]))
    tensor([[0.6000, 0.8000]])
    """
    result = input / input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    return result if out is None else write_out(out, result, "normalize")
