"""A linear layer and the cross entropy of what it gives."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ...dtypes import int64
from ...tensor import Tensor
from .linear import linear
from .loss import cross_entropy

__all__ = ["linear_cross_entropy"]


def linear_cross_entropy(
    input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None, weight: Tensor | None = None,
    reduction: str = "mean", ignore_index: int | None = None, label_smoothing: float = 0.0, options: Any = None,
) -> Tensor:
    """The cross entropy of ``input @ linear_weight.T + linear_bias``: (N, F) or (F,), with a weight (C, F) or (C, *, F).

    The target holds class numbers (N, *) or probabilities (N, C, *). `options` (a `LinearCrossEntropyOptions`) are checked and
    have no effect on the numbers: the logits are made in one piece.

    Raises:
        RuntimeError: shapes do not fit, or `ignore_index` is given with probabilities.
        IndexError: a class number outside of [0, C) that is not `ignore_index`.

    >>> import tensorlite as tl
    >>> tl.nn.functional.linear_cross_entropy(tl.ones(1, 3), tl.zeros(2, 3), tl.tensor([1]))
    tensor(0.6931)
    """
    _check_shapes(input, linear_weight, linear_bias)
    classes, *rest = linear_weight.shape[:-1]
    shape = (*input.shape[:-1], classes, *rest)
    if tuple(target.shape) == shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    if options is not None:
        _check_options(options, input, classes, rest, target, reduction, label_smoothing)
    features = linear_weight.shape[-1]
    bias = None if linear_bias is None else linear_bias.reshape(classes * math.prod(rest))
    logits = linear(input, linear_weight.reshape(classes * math.prod(rest), features), bias).reshape(shape)
    return cross_entropy(
        logits, target, weight=weight, reduction=reduction, ignore_index=-100 if ignore_index is None else ignore_index,
        label_smoothing=label_smoothing,
    )  # fmt: skip


def _check_shapes(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    if input.ndim not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.ndim}")
    if weight.ndim < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {weight.ndim}")
    if input.shape[-1] != weight.shape[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), "
            f"got {input.shape[-1]} and {weight.shape[-1]}, respectively"
        )
    if bias is not None and bias.shape != weight.shape[:-1]:
        raise RuntimeError(f"expected linear_bias shape {tuple(weight.shape[:-1])}, got {tuple(bias.shape)}")
    if weight.ndim > 2 and input.ndim == 1:
        raise RuntimeError(
            f"linear_weight of shape {tuple(weight.shape)} gives a loss of {weight.ndim - 2} dimensions, which needs a batched "
            f"input (N, {input.shape[0]}), but got {tuple(input.shape)}"
        )


def _check_options(
    options: Any, input: Tensor, classes: int, rest: list[int], target: Tensor, reduction: str, label_smoothing: float
) -> None:
    if rest or reduction not in ("mean", "sum", "none") or label_smoothing != 0.0 or target.dtype != int64:
        warnings.warn(
            "linear_cross_entropy: options have no effect unless reduction is 'mean', 'sum' or 'none', label_smoothing is 0 and "
            f"target holds class numbers of one dimension; got {reduction=}, {label_smoothing=} and a target of "
            f"{target.dtype} with {len(rest)} further dimensions",
            UserWarning,
            stacklevel=3,
        )
    else:
        options.rows_per_chunk(input.shape[0] if input.ndim == 2 else 1, input.shape[-1], classes)
