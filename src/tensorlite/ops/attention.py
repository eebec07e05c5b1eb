"""Attention as one op. Its rule recomputes the weights from the inputs, so that second derivatives see all of them."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..autograd.op import composite, define

Array = Any


def _opened(xp: Any, mask: Array | None) -> tuple[Array | None, Array | None]:
    """The mask with 0 in the rows that let nothing through, and which these are: what comes of them is put to 0 afterwards.

    The softmax of such a row would be nan, and so would its derivative.
    """
    if mask is None or 0 in mask.shape:
        return mask, None
    closed = xp.max(mask, axis=mask.ndim - 1, keepdims=True) == -math.inf
    return xp.where(closed, 0, mask), closed


def _weights(xp: Any, query: Array, key: Array, mask: Array | None, scale: float, causal: bool) -> Array:
    """softmax(scale query key^T + mask)."""
    scores = xp.matmul(query * scale, xp.matrix_transpose(key))
    if mask is not None:
        scores = scores + mask
    if causal:
        past = xp.tril(xp.ones(scores.shape[-2:], dtype=scores.dtype)) > 0
        scores = xp.where(past, scores, -math.inf)
    return xp.softmax(scores, axis=scores.ndim - 1)


@composite
def attention_back(
    xp: Any, g: Array, query: Array, key: Array, value: Array, mask: Array | None, kept: Array | None, *, scale: float,
    causal: bool, needs: tuple[bool, ...],
) -> tuple[Array | None, ...]:
    """The gradients of query, key, value and mask; there is none for `kept`."""
    if g.dtype in xp.halves:
        g, query, key, value = (xp.astype(x, dtype=dtypes.float32) for x in (g, query, key, value))
        mask, kept = (None if x is None else xp.astype(x, dtype=dtypes.float32) for x in (mask, kept))
    mask, closed = _opened(xp, mask)
    if closed is not None:
        g = xp.where(closed, 0, g)
    weights = _weights(xp, query, key, mask, scale, causal)
    grad_query = grad_key = grad_value = grad_scores = None
    if needs[2]:
        grad_value = xp.matmul(xp.matrix_transpose(weights if kept is None else weights * kept), g)
    if needs[0] or needs[1] or needs[3]:
        grad_weights = xp.matmul(g, xp.matrix_transpose(value))
        if kept is not None:
            grad_weights = grad_weights * kept
        along = weights.ndim - 1
        grad_scores = weights * (grad_weights - xp.sum(grad_weights * weights, axis=along, keepdims=True))
    if needs[0]:
        grad_query = xp.matmul(grad_scores, key) * scale
    if needs[1]:
        grad_key = xp.matmul(xp.matrix_transpose(grad_scores), query) * scale
    return grad_query, grad_key, grad_value, grad_scores if needs[3] else None, None


@define(
    "attention(query, key, value, mask=None, kept=None, *, scale, causal)", node_name="ScaledDotProductAttention",
    joint=attention_back,
)
def attention(
    xp: Any, query: Array, key: Array, value: Array, mask: Array | None = None, kept: Array | None = None, *, scale: float,
    causal: bool,
) -> Array:
    """softmax(scale query key^T + mask) value (Vaswani et al., 2017); `kept` multiplies the weights, which is dropout.

    `causal` hides the keys after each query's own position. The mask is added; it and the leading dimensions broadcast.
    """
    mask, closed = _opened(xp, mask)
    weights = _weights(xp, query, key, mask, scale, causal)
    out = xp.matmul(weights if kept is None else weights * kept, value)
    return out if closed is None else xp.where(closed, 0, out)
