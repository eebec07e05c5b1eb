"""Losses of margins, and likelihoods of counts and of Gaussians."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...autograd import no_grad
from ...ops import pointwise
from ...tensor import Tensor, arange
from .activation import logsigmoid
from .loss import legacy_reduction, pairwise_distance, reduced

__all__ = [
    "gaussian_nll_loss", "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss", "poisson_nll_loss",
    "triplet_margin_with_distance_loss",
]


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average: bool | None = None,
    eps: float = 1e-8, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:
    """Minus the log-likelihood of counts under Poisson's distribution, up to a constant: any shape.

    ``exp(x) - target x``, or ``x - target log(x + eps)`` for rates x themselves; `full` adds Stirling's approximation of
    ``log(target!)`` for targets above 1.

    Raises:
        ValueError: an unknown `reduction`.

    >>> import tensorlite as tl
    >>> tl.nn.functional.poisson_nll_loss(tl.tensor([0.]), tl.tensor([3.]))
    tensor(1.)
    """
    chosen = legacy_reduction(size_average, reduce, reduction)
    loss = pointwise.exp(input) - target * input if log_input else input - target * pointwise.log(input + eps)
    if full:
        several = target > 1
        safe = target.where(several, target.new_ones(()))
        stirling = safe * safe.log() - safe + (safe * (2 * math.pi)).log() * 0.5
        loss = loss + stirling.where(several, stirling.new_zeros(()))
    return reduced(loss, chosen)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """Minus the log-likelihood of targets under Gaussians of mean `input` and variance `var` (Nix and Weigend, 1994).

    ``(log(var) + (x - target) ** 2 / var) / 2``, with variances of at least `eps`; `full` adds ``log(2 pi) / 2``.
    `var` has the shape of `input`, or lacks the last dimension, or has size 1 there.

    Raises:
        ValueError: a negative variance, a `var` of another shape, or an unknown `reduction`.

    >>> import tensorlite as tl
    >>> tl.nn.functional.gaussian_nll_loss(tl.tensor([0.]), tl.tensor([2.]), tl.tensor([1.]))
    tensor(2.)
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    variance = var.clone() if isinstance(var, Tensor) else input.detach().new_full(input.shape, var)
    if input.shape[:-1] == variance.shape and variance.shape != input.shape:
        variance = variance.unsqueeze(-1)
    if variance.ndim != input.ndim or any(v not in (1, n) for v, n in zip(variance.shape, input.shape, strict=True)):
        raise ValueError("var is of incorrect size")
    if bool((variance.detach() < 0).any()):
        raise ValueError("var has negative entry/entries")
    with no_grad():  # as in PyTorch, eps bounds the value and leaves the gradient alone
        variance.clamp_min_(eps)
    loss = (variance.log() + (input - target) ** 2 / variance) * 0.5
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of binary cross-entropies of logits: two (*, C) to (*).

    Raises:
        ValueError: an unknown `reduction`.

    >>> import tensorlite as tl
    >>> tl.nn.functional.multilabel_soft_margin_loss(tl.zeros(1, 2), tl.ones(1, 2))
    tensor(0.6931)
    """
    chosen = legacy_reduction(size_average, reduce, reduction)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return reduced(loss.sum(-1) / input.shape[-1], chosen)


def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
    size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:
    """How far other classes come within a margin of the right one: (N, C) and class numbers (N), or (C) and ().

    ``sum(max(0, margin - x[target] + x[i]) ** p for i != target) / C``, times ``weight[target]``.

    Raises:
        ValueError: p is not 1 or 2.
        RuntimeError: shapes do not fit, or a class is outside.

    >>> import tensorlite as tl
    >>> tl.nn.functional.multi_margin_loss(tl.tensor([[0.1, 0.2, 0.4, 0.8]]), tl.tensor([3]))
    tensor(0.3250)
    """
    chosen = legacy_reduction(size_average, reduce, reduction)
    if chosen not in ("none", "mean", "sum"):
        raise ValueError(f"{chosen} is not a valid value for reduction")
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    x = input if input.ndim == 2 else input.reshape(1, -1)
    labels = target.reshape(-1)
    if input.ndim > 2 or labels.numel() != x.shape[0] or target.ndim > 1:
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    classes = x.shape[1]
    if weight is not None and weight.numel() != classes:
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight.shape)}")
    if labels.numel() and (int(labels.min()) < 0 or int(labels.max()) >= classes):
        raise RuntimeError("target out of range")
    place = labels.unsqueeze(1)
    short = (x - x.gather(1, place) + margin).clamp_min(0)
    short = short * short if p == 2 else short
    if weight is not None:
        short = short * weight[labels].unsqueeze(1)
    others = arange(classes, device=x.device) != place
    loss = short.where(others, short.new_zeros(())).sum(1) / classes
    return reduced(loss if target.ndim else loss.reshape(()), chosen)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """How far other classes come within a margin of 1 of the right ones: two (N, C) or (C); -1 ends the list of the right ones.

    ``sum(max(0, 1 - x[target[j]] + x[i]) for j for i not in target) / C``.

    Raises:
        RuntimeError: shapes differ, or a class is outside.

    >>> import tensorlite as tl
    >>> tl.nn.functional.multilabel_margin_loss(tl.tensor([[0.1, 0.2, 0.4, 0.8]]), tl.tensor([[3, 0, -1, 1]]))
    tensor(0.8500)
    """
    chosen = legacy_reduction(size_average, reduce, reduction)
    if chosen not in ("none", "mean", "sum"):
        raise ValueError(f"{chosen} is not a valid value for reduction")
    if not input.ndim and not target.ndim:
        return multilabel_margin_loss(input.reshape(1), target.reshape(1), reduction=chosen)
    if input.shape != target.shape or input.ndim not in (1, 2):
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    classes = input.shape[-1]
    if target.numel() and (int(target.min()) < -1 or int(target.max()) >= classes):
        raise RuntimeError("target is out of range")
    listed = (target == -1).long().cumsum(-1) == 0
    labels = target.where(listed, target.new_zeros(()))
    right = listed.long().new_zeros(listed.shape).scatter_add(-1, labels, listed.long()) > 0
    short = (input.unsqueeze(-2) - input.gather(-1, labels).unsqueeze(-1) + 1).clamp_min(0)
    counted = listed.unsqueeze(-1) & ~right.unsqueeze(-2)
    return reduced(short.where(counted, short.new_zeros(())).sum((-2, -1)) / classes, chosen)


def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function: Callable[[Tensor, Tensor], Any] | None = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin) for any distance; `swap` as in `triplet_margin_loss`.

    Raises:
        ValueError: the margin is not positive, or an unknown `reduction`.
        RuntimeError: the inputs have different numbers of dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.functional.triplet_margin_with_distance_loss(tl.zeros(1, 2), tl.zeros(1, 2), tl.zeros(1, 2))
    tensor(1.)
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor "
            f"{anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = pointwise.minimum(far, distance(positive, negative))
    return reduced((near - far + margin).clamp_min(0), reduction)
