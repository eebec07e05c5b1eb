"""Losses."""

from __future__ import annotations

import warnings

from ... import dtypes
from ...autograd import no_grad
from ...ops import indexing, losses, pointwise
from ...tensor import Tensor, broadcast_tensors
from ...tensor.metadata import result_type
from .activation import logsigmoid

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss", "cosine_similarity", "cross_entropy",
    "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss", "margin_ranking_loss", "mse_loss", "nll_loss",
    "pairwise_distance", "smooth_l1_loss", "soft_margin_loss", "triplet_margin_loss",
]


def legacy_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The `reduction` that the two old arguments mean."""
    if size_average is None and reduce is None:
        return reduction
    size_average, reduce = size_average in (None, True), reduce in (None, True)
    chosen = "mean" if size_average and reduce else "sum" if reduce else "none"
    message = f"size_average and reduce args will be deprecated, please use reduction='{chosen}' instead."
    warnings.warn(message, UserWarning, stacklevel=3)
    return chosen


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """Apply "none", "mean" or "sum".

    Raises:
        ValueError: the name is another.
    """
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    if reduction == "none":
        return loss
    raise ValueError(f"{reduction} is not a valid value for reduction")


def _same_size(name: str, input: Tensor, target: Tensor) -> None:
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will likely lead to "
            "incorrect results due to broadcasting. Please ensure they have the same size.", UserWarning, stacklevel=4,
        )


def _same_ndim(name: str, *tensors: Tensor) -> None:
    if len({t.ndim for t in tensors}) > 1:
        shapes = ", ".join(str(list(t.shape)) for t in tensors)
        raise RuntimeError(f"{name}: all inputs should have the same number of dimensions, but their sizes are {shapes}")


def mse_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
             weight: Tensor | None = None) -> Tensor:
    """The squared difference.

    >>> import tensorlite as tl
    >>> tl.nn.functional.mse_loss(tl.tensor([1., 2.]), tl.tensor([1., 4.]))
    tensor(2.)
    """
    if reduction == "mean" and weight is None and size_average is None and reduce is None:
        x, y = input._array, target._array
        if x.shape == y.shape and x.dtype is y.dtype and x.dtype in input._xp.reals and x.size:
            return losses.mean_squared_error(input, target)
    _same_size("mse_loss", input, target)
    return _weighted(pointwise.square(input - target), weight, legacy_reduction(size_average, reduce, reduction))


def _weighted(loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    if weight is None:
        return reduced(loss, reduction)
    loss = loss * weight
    return loss.sum() / weight.expand_as(loss).sum() if reduction == "mean" else reduced(loss, reduction)


def l1_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
            weight: Tensor | None = None) -> Tensor:
    """The absolute difference.

    >>> import tensorlite as tl
    >>> tl.nn.functional.l1_loss(tl.tensor([1., 2.]), tl.tensor([1., 4.]))
    tensor(1.)
    """
    _same_size("l1_loss", input, target)
    return _weighted((input - target).abs(), weight, legacy_reduction(size_average, reduce, reduction))


def smooth_l1_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
                   reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Quadratic below beta, linear above (Girshick, 2015).

    >>> import tensorlite as tl
    >>> tl.nn.functional.smooth_l1_loss(tl.tensor([0., 0.]), tl.tensor([1., 3.]))
    tensor(1.5000)
    """
    _same_size("smooth_l1_loss", input, target)
    chosen = legacy_reduction(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return reduced((input - target).abs(), chosen)
    d = (input - target).abs()
    below = d.clamp(max=beta)
    return reduced(below * below * (0.5 / beta) + (d - below), chosen)


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None) -> Tensor:
    """Quadratic below delta, linear above (Huber, 1964).

    >>> import tensorlite as tl
    >>> tl.nn.functional.huber_loss(tl.tensor([0.]), tl.tensor([3.]))
    tensor(2.5000)
    """
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    _same_size("huber_loss", input, target)
    d = (input - target).abs()
    below = d.clamp(max=delta)
    return _weighted(below * (d - below * 0.5), weight, reduction)


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None, ignore_index: int = -100,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability of the target class: (N, C, *) and (N, *).

    Raises:
        ValueError: batch sizes differ.
        IndexError: a class is outside.

    >>> import tensorlite as tl
    >>> tl.nn.functional.nll_loss(tl.tensor([[-1., -2.]]), tl.tensor([1]))
    tensor(2.)
    """
    chosen = legacy_reduction(size_average, reduce, reduction)
    axis = 0 if input.ndim == 1 else 1
    target, ignored_index = _classes(input, target, weight, axis, ignore_index)
    safe, kept = target, None
    if ignored_index is not None:
        kept = target != ignored_index
        safe = pointwise.where(kept, target, 0)
    loss = -indexing.take_along_axis(input, safe.unsqueeze(axis), axis=axis).squeeze(axis)
    scale: Tensor | None = None
    if weight is not None:
        scale = indexing.take(weight, safe, axis=0)
        loss = loss * scale
    if kept is not None:
        loss = pointwise.where(kept, loss, 0)
        scale = kept if scale is None else pointwise.where(kept, scale, 0)
    if chosen == "mean" and scale is not None:
        return loss.sum() / scale.sum()
    return reduced(loss, chosen)


def _classes(input: Tensor, target: Tensor, weight: Tensor | None, axis: int, ignore_index: int) -> tuple[Tensor, int | None]:
    """Targets as int64, and the index to ignore if it occurs among them."""
    if weight is not None and weight.dtype != input.dtype:
        raise RuntimeError(f"expected a weight of the input's dtype {input.dtype} but found {weight.dtype}")
    if input.ndim < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {input.ndim})")
    if input.ndim == 1:
        if target.ndim and target.numel() != 1:
            raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {target.numel()}")
        target = target.reshape(())
    elif not target.ndim or input.shape[0] != target.shape[0]:
        count = target.shape[0] if target.ndim else 0
        raise ValueError(f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({count}).")
    elif tuple(target.shape[1:]) != tuple(input.shape[2:]):
        wanted = [input.shape[0], *input.shape[2:]]
        raise RuntimeError(f"Expected target size {wanted}, got {list(target.shape)}: one class for each place of the input")
    if target.dtype is not dtypes.int64:
        if target.dtype is not dtypes.uint8:
            raise RuntimeError(f"expected target dtype to be Long or Byte, but got {target.dtype}: class labels are integers")
        target = target.long()
    count = input.shape[axis]
    if weight is not None:
        _check_class_weight(input, weight, count)
    return target, _checked_range(target, count, ignore_index)


def _check_class_weight(input: Tensor, weight: Tensor, classes: int) -> None:
    if weight.ndim != 1 or weight.numel() != classes:
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of shape: "
            f"{list(weight.shape)}"
        )
    if weight.dtype is not input.dtype:
        raise RuntimeError(f"expected scalar type {input.dtype} but found {weight.dtype}: convert the weight with .to(dtype)")
    if weight.requires_grad:
        raise RuntimeError("losses of classes are not differentiable with respect to 'weight': pass weight.detach()")


def _checked_range(target: Tensor, classes: int, ignore_index: int) -> int | None:
    """`ignore_index` if it may occur among the targets; the others must be classes."""
    xp, labels = target._xp, target._array
    if not labels.size:
        return None
    if xp.within(labels, classes):
        return ignore_index if 0 <= ignore_index < classes else None
    kept = target[target != ignore_index]
    if not xp.within(kept._array, classes):
        low, high = int(kept.min()), int(kept.max())
        raise IndexError(f"Target {low if low < 0 else high} is out of bounds.")
    return ignore_index


def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None, ignore_index: int = -100,
    reduce: bool | None = None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Tensor:
    """The cross-entropy of logits (N, C, *) and classes (N, *) or class probabilities (N, C, *).

    Raises:
        RuntimeError: labels are of the wrong dtype or shape.
        IndexError: a class is outside.

    >>> import tensorlite as tl
    >>> tl.nn.functional.cross_entropy(tl.zeros(1, 2), tl.tensor([0]))
    tensor(0.6931)
    """
    chosen = legacy_reduction(size_average, reduce, reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if chosen not in ("mean", "sum", "none"):
        raise ValueError(f"{chosen} is not a valid value for reduction")
    if not input.dtype.is_floating_point:
        raise NotImplementedError(f"cross_entropy() is not implemented for {input.dtype}; convert to a floating dtype")
    axis = 0 if input.ndim == 1 else 1
    if target.shape == input.shape:
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target: leave it at its default")
        return _soft_cross_entropy(input, target, weight, chosen, label_smoothing, axis)
    target, ignored = _classes(input, target, weight, axis, ignore_index)
    return losses.cross_entropy(
        input, target, weight, axis=axis, ignore_index=ignored, smoothing=label_smoothing, reduction=chosen
    )


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float, axis: int
) -> Tensor:
    if not target.dtype.is_floating_point:
        raise RuntimeError(f"Expected floating point type for target with class probabilities, got {target.dtype}")
    if not input.ndim:
        raise IndexError("Dimension specified as 1 but tensor has no dimensions")
    common = result_type(input, target)
    if weight is not None:
        if weight.ndim != 1 or weight.numel() != input.shape[axis]:
            raise RuntimeError(
                f"cross_entropy: weight tensor should be defined either for all {input.shape[axis]} classes or no classes but got "
                f"weight tensor of shape: {list(weight.shape)}"
            )
        common = dtypes.promote_types(common, weight.dtype)
        weight = weight.to(common)
    return losses.soft_cross_entropy(
        input.to(common), target.to(common), weight, axis=axis, smoothing=smoothing, reduction=reduction
    )


def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
                         reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """The cross-entropy of probabilities and targets, logs bounded below by -100.

    Raises:
        ValueError: shapes differ.
        RuntimeError: an input is outside [0, 1].

    >>> import tensorlite as tl
    >>> tl.nn.functional.binary_cross_entropy(tl.tensor([0.5]), tl.tensor([1.]))
    tensor(0.6931)
    """
    chosen = legacy_reduction(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. Please "
            "ensure "
            "they have the same size."
        )
    x = input.detach()
    if not bool(((x >= 0) & (x <= 1)).all()):
        raise RuntimeError("all elements of input should be between 0 and 1")
    loss = losses.binary_cross_entropy(input, target)
    return reduced(loss if weight is None else loss * weight, chosen)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of sigmoid(input), without overflow.

    >>> import tensorlite as tl
    >>> tl.nn.functional.binary_cross_entropy_with_logits(tl.tensor([0.]), tl.tensor([1.]))
    tensor(0.6931)
    """
    chosen = legacy_reduction(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    log = logsigmoid(input)
    if pos_weight is None:
        loss = (1 - target) * input - log
    else:
        loss = (1 - target) * input - ((pos_weight - 1) * target + 1) * log
    return reduced(loss if weight is None else loss * weight, chosen)


def kl_div(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
           log_target: bool = False) -> Tensor:
    """target (log target - input), for log-probabilities `input`.

    >>> import tensorlite as tl
    >>> tl.nn.functional.kl_div(tl.tensor([[0.]]), tl.tensor([[1.]]), reduction="sum")
    tensor(0.)
    """
    chosen = legacy_reduction(size_average, reduce, reduction)
    loss = pointwise.exp(target) * (target - input) if log_target else pointwise.xlogy(target, target) - target * input
    if chosen == "batchmean":
        return loss.sum() / input.shape[0] if input.ndim else loss
    return reduced(loss, chosen)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, size_average: bool | None = None,
                         reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """x for targets 1, max(0, margin - x) for targets -1.

    >>> import tensorlite as tl
    >>> tl.nn.functional.hinge_embedding_loss(tl.tensor([0.5, 0.5]), tl.tensor([1., -1.]))
    tensor(0.5000)
    """
    chosen = legacy_reduction(size_average, reduce, reduction)
    loss = pointwise.where(target == 1, 0, (margin - input).clamp_min(0)) + pointwise.where(target == -1, 0, input)
    return reduced(loss, chosen)


def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
                        reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """max(0, -target (input1 - input2) + margin).

    >>> import tensorlite as tl
    >>> tl.nn.functional.margin_ranking_loss(tl.tensor([1.]), tl.tensor([2.]), tl.tensor([1.]))
    tensor(1.)
    """
    _same_ndim("margin_ranking_loss", input1, input2, target)
    return reduced((-target * (input1 - input2) + margin).clamp_min(0), legacy_reduction(size_average, reduce, reduction))


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """log(1 + exp(-target x)).

    >>> import tensorlite as tl
    >>> tl.nn.functional.soft_margin_loss(tl.tensor([0.]), tl.tensor([1.]))
    tensor(0.6931)
    """
    return reduced(pointwise.log1p(pointwise.exp(-target * input)), legacy_reduction(size_average, reduce, reduction))


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle along a dimension.

    >>> import tensorlite as tl
    >>> tl.nn.functional.cosine_similarity(tl.tensor([[1., 0.]]), tl.tensor([[2., 0.]]))
    tensor([1.])
    """
    x1, x2 = broadcast_tensors(x1, x2)
    n1, n2 = x1.norm(2, dim, keepdim=True).clone(), x2.norm(2, dim, keepdim=True).clone()
    with no_grad():  # as in PyTorch, eps bounds the value and leaves the gradient alone
        n1.clamp_min_(eps)
        n2.clamp_min_(eps)
    return ((x1 / n1) * (x2 / n2)).sum(dim)


def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
                          reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """1 - cos for targets 1, max(0, cos - margin) for targets -1.

    >>> import tensorlite as tl
    >>> tl.nn.functional.cosine_embedding_loss(tl.tensor([[1., 0.]]), tl.tensor([[1., 0.]]), tl.tensor([1.]))
    tensor(0.)
    """
    if target.ndim + 1 != input1.ndim or input1.ndim != input2.ndim or target.ndim > 1:
        raise RuntimeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )
    sizes = [(x * x).sum(-1) + 1e-12 for x in (input1, input2)]
    cosine = (input1 * input2).sum(-1) / (sizes[0] * sizes[1]).sqrt()
    loss = pointwise.where(target == 1, 1 - cosine, pointwise.where(target == -1, (cosine - margin).clamp_min(0), 0))
    return reduced(loss, legacy_reduction(size_average, reduce, reduction))


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps over the last dimension.

    >>> import tensorlite as tl
    >>> tl.nn.functional.pairwise_distance(tl.tensor([[3., 4.]]), tl.zeros(1, 2))
    tensor([5.0000])
    """
    return (x1 - x2 + eps).norm(p, -1, keepdim)


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin).

    >>> import tensorlite as tl
    >>> tl.nn.functional.triplet_margin_loss(tl.zeros(1, 2), tl.zeros(1, 2), tl.zeros(1, 2))
    tensor(1.)
    """
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _same_ndim("triplet_margin_loss", anchor, positive, negative)
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = pointwise.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced((near - far + margin).clamp_min(0), legacy_reduction(size_average, reduce, reduction))


