"""Samples of categorical distributions that have gradients."""

from __future__ import annotations

import warnings

from ...tensor import Tensor
from .activation import softmax

__all__ = ["gumbel_softmax"]


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Draw from the Gumbel-softmax distribution (Jang et al., 2017; Maddison et al., 2017): (*, C) to the same.

    The smaller the temperature `tau`, the nearer samples are to one-hot. With `hard` they are one-hot, and have the gradient of
    the soft sample.

    Raises:
        RuntimeError: the logits are not floating.

    >>> import tensorlite as tl
    >>> tl.nn.functional.gumbel_softmax(tl.zeros(3), hard=True).sum()
    tensor(1.)
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", UserWarning, stacklevel=2)
    if not logits.dtype.is_floating_point:
        raise RuntimeError(f"gumbel_softmax() needs floating logits, not {logits.dtype}; convert them")
    drawn = -logits.detach().new_empty(logits.shape).exponential_().log()
    soft = softmax((logits + drawn) / tau, dim)
    if not hard:
        return soft
    largest = soft.detach().argmax(dim, keepdim=True)
    one_hot = soft.detach().new_zeros(soft.shape).scatter(dim, largest, 1.0)
    return one_hot - soft.detach() + soft
