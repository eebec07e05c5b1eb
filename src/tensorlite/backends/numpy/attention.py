"""Attention a few heads at a time, so that their scores stay in the cache and are never all there at once.

For queries, keys and values of the same leading dimensions (batch and heads), without a mask or dropout; the rest is left to the
bodies in `ops/attention.py`.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..base import may_decline
from .workers import in_parallel

__all__ = ["attention", "attention_back"]

Array = np.ndarray
SCORES = 1 << 17
"""How many scores are kept at a time: a quarter of a megabyte in single precision."""


def _suits(query: Array, key: Array, value: Array, *others: Array | None) -> bool:
    lead = query.shape[:-2]
    return (
        query.dtype.char in "fd" and key.shape[:-2] == lead == value.shape[:-2] and all(a is None for a in others)
        and query.size > 0 and key.size > 0
    )


@functools.lru_cache(maxsize=8)
def _future(queries: int, keys: int, dtype: Any) -> Array:
    """-inf where a key comes after the query, and zeros: to be added to the scores."""
    hidden = np.triu(np.full((queries, keys), -np.inf, dtype), 1)
    hidden.flags.writeable = False
    return hidden


def _heads(x: Array) -> Array:
    return x.reshape(-1, *x.shape[-2:])


def _blocks(heads: int, scores: int) -> list[slice]:
    step = max(1, SCORES // scores)
    return [slice(start, start + step) for start in range(0, heads, step)]


def _weights(query: Array, key: Array, scale: Array, causal: bool) -> Array:
    """softmax(scale query key^T)."""
    weights = np.matmul(query * scale, key.swapaxes(1, 2))
    if causal:
        weights += _future(weights.shape[1], weights.shape[2], weights.dtype)
    weights -= weights.max(axis=2, keepdims=True)
    np.exp(weights, weights)
    weights /= np.add.reduce(weights, 2, keepdims=True)
    return weights


@may_decline
def attention(
    query: Array, key: Array, value: Array, mask: Array | None = None, kept: Array | None = None, *, scale: float, causal: bool
) -> Array:
    """softmax(scale query key^T) value (Vaswani et al., 2017)."""
    if not _suits(query, key, value, mask, kept):
        return NotImplemented
    out = np.empty((*query.shape[:-1], value.shape[-1]), query.dtype)
    factor = np.array(scale, query.dtype)
    q, k, v, target = _heads(query), _heads(key), _heads(value), _heads(out)

    def work(block: slice) -> None:
        np.matmul(_weights(q[block], k[block], factor, causal), v[block], target[block])

    in_parallel(work, _blocks(len(q), q.shape[1] * k.shape[1]), products=True)
    return out


@may_decline
def attention_back(
    g: Array, query: Array, key: Array, value: Array, mask: Array | None, kept: Array | None, *, scale: float, causal: bool,
    needs: tuple[bool, ...],
) -> tuple[Any, ...]:
    """The gradients of query, key and value; the weights are computed again (Dao et al., 2022)."""
    if not _suits(query, key, value, mask, kept):
        return NotImplemented
    outs = [np.empty(x.shape, x.dtype) if needed else None for x, needed in zip((query, key, value), needs, strict=False)]
    to_q, to_k, to_v = (None if x is None else _heads(x) for x in outs)
    factor = np.array(scale, query.dtype)
    g, q, k, v = _heads(g), _heads(query), _heads(key), _heads(value)

    def work(block: slice) -> None:
        weights = _weights(q[block], k[block], factor, causal)
        if to_v is not None:
            np.matmul(weights.swapaxes(1, 2), g[block], to_v[block])
        if to_q is None and to_k is None:
            return
        scores = np.matmul(g[block], v[block].swapaxes(1, 2))
        scores -= np.einsum("ijk,ijk->ij", scores, weights)[:, :, None]
        scores *= weights
        scores *= factor
        if to_q is not None:
            np.matmul(scores, k[block], to_q[block])
        if to_k is not None:
            np.matmul(scores.swapaxes(1, 2), q[block], to_k[block])

    in_parallel(work, _blocks(len(q), q.shape[1] * k.shape[1]), products=True)
    return *outs, None, None
