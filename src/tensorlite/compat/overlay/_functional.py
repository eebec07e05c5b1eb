"""Functions that PyTorch also has outside of ``nn.functional``, some of them with their arguments in another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...nn import functional as F
from ...tensor import Tensor

__all__ = ["FROM_FUNCTIONAL", "batch_norm", "dropout", "embedding", "group_norm", "layer_norm"]

FROM_FUNCTIONAL: dict[str, Callable[..., Any]] = {
    name: getattr(F, name)
    for name in (
        "adaptive_avg_pool1d avg_pool1d bilinear celu celu_ channel_shuffle conv1d conv2d conv3d conv_transpose1d conv_transpose2d "
        "conv_transpose3d cosine_similarity hardshrink max_pool1d max_pool2d max_pool3d pairwise_distance pdist pixel_shuffle "
        "pixel_unshuffle prelu rms_norm selu selu_ threshold threshold_"
    ).split()
    if hasattr(F, name)
}
"""The same function under both names."""


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """``nn.functional.dropout``, with all arguments given.

    >>> import tensorlite as tl
    >>> dropout(tl.ones(2), 0.5, False)
    tensor([1., 1.])
    """
    return F.dropout(input, p, train)


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """``nn.functional.embedding``, with the table first.

    >>> import tensorlite as tl
    >>> embedding(tl.eye(2), tl.tensor([1]))
    tensor([[0., 1.]])
    """
    known = None if padding_idx < 0 else padding_idx
    return F.embedding(indices, weight, known, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)


def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """``nn.functional.layer_norm``; `cudnn_enable` chooses among PyTorch's kernels and changes nothing."""
    return F.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """``nn.functional.group_norm``; `cudnn_enabled` chooses among PyTorch's kernels and changes nothing."""
    return F.group_norm(input, num_groups, weight, bias, eps)


def batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
    training: bool, momentum: float, eps: float, cudnn_enabled: bool,
) -> Tensor:
    """``nn.functional.batch_norm``, with the arguments in the order of ``torch.batch_norm``."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
