"""Attention in tiles of scores that stay in the cache: a product by BLAS, a pass over the scores, and another product.

A tile has the scores of some queries. Where attention is causal, it ends at the last of
these queries' own keys, so that nearly half of the work is left out. The gradients compute the weights again (Dao et al., 2022).

The common case runs in one compiled function for each head. With a mask or dropout, NumPy works on the tiles between products.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...base import may_decline
from ..workers import in_parallel
from .blas import add_product, available
from .compiler import compiled
from .functions import exp_or_zero, highest
from .inputs import floating
from .team import shared_products

__all__ = ["attention", "attention_back", "examples"]

Array = np.ndarray
LEAST = 1 << 12
"""Calls with fewer scores are left to NumPy."""
QUERIES = 64
SCORES = 1 << 16
"""How many scores a tile has at most, if it has several heads."""


@compiled
def _softmax(scores, scale, past):
    """Softmax of scaled rows, in place. Row i has `past` + i keys; those after them get zero, and so does a row without any."""
    for i in range(scores.shape[0]):
        count, whole = min(past + i, scores.shape[1]), scores[i]
        row, rest = whole[:count], whole[count:]
        top = highest(row) * scale
        total = scores.dtype.type(0)
        for j in range(row.size):
            p = exp_or_zero(row[j] * scale - top)
            row[j] = p
            total += p
        factor = scores.dtype.type(1) / total
        for j in range(row.size):
            row[j] *= factor
        for j in range(rest.size):
            rest[j] = scores.dtype.type(0)


@compiled
def _softmax_back(slopes, weights, scale, past):
    """The gradient of the products of queries and keys from that of the weights, in its place."""
    zero = weights.dtype.type(0)
    for i in range(weights.shape[0]):
        count, whole, slope = min(past + i, weights.shape[1]), weights[i], slopes[i]
        row, slope, rest = whole[:count], slope[:count], slope[count:]
        along = zero
        for j in range(row.size):
            along += row[j] * slope[j]
        for j in range(row.size):
            slope[j] = row[j] * (slope[j] - along) * scale
        for j in range(rest.size):
            rest[j] = zero


@compiled
def _turn(matrix, to):
    """The transpose: as second factor of a product with few columns it saves a third of the time."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            to[j, i] = matrix[i, j]


@shared_products
def _forward(block, blocks, q, k, v, scale, causal, size, out):
    """All tiles of one head."""
    one, zero = q.dtype.type(1), q.dtype.type(0)
    n, head = blocks[block]
    q, k, v, out, queries, keys = q[n, head], k[n, head], v[n, head], out[n, head], q.shape[2], k.shape[2]
    turned, memory = np.empty((k.shape[1], keys), q.dtype), np.empty(min(size, queries) * keys, q.dtype)
    _turn(k, turned)
    for start in range(0, queries, size):
        stop = min(start + size, queries)
        seen = min(stop, keys) if causal else keys
        scores = memory[: (stop - start) * seen].reshape(stop - start, seen)
        add_product(scores, q[start:stop], turned[:, :seen], one, zero)
        _softmax(scores, scale, start + 1 if causal else keys)
        add_product(out[start:stop], scores, v[:seen], one, zero)


@shared_products
def _backward(block, blocks, g, q, k, v, scale, causal, size, grad_q, grad_k, grad_v):
    """The gradients by all tiles of one head. The last queries come first: no other has the keys after theirs."""
    one, zero = q.dtype.type(1), q.dtype.type(0)
    n, head = blocks[block]
    g, q, k, v, queries, keys = g[n, head], q[n, head], k[n, head], v[n, head], q.shape[2], k.shape[2]
    grad_q, grad_k, grad_v = grad_q[n, head], grad_k[n, head], grad_v[n, head]
    turned_k, turned_v = np.empty((k.shape[1], keys), q.dtype), np.empty((v.shape[1], keys), q.dtype)
    memory, more = np.empty(min(size, queries) * keys, q.dtype), np.empty(min(size, queries) * keys, q.dtype)
    _turn(k, turned_k)
    _turn(v, turned_v)
    if causal and keys > queries:
        grad_k[queries:] = zero
        grad_v[queries:] = zero
    last = (queries - 1) // size * size
    for start in range(last, -1, -size):
        stop = min(start + size, queries)
        seen = min(stop, keys) if causal else keys
        weights = memory[: (stop - start) * seen].reshape(stop - start, seen)
        slopes = more[: (stop - start) * seen].reshape(stop - start, seen)
        query, slope, past = q[start:stop], g[start:stop], start + 1 if causal else keys
        kept = zero if start == last else one
        add_product(weights, query, turned_k[:, :seen], one, zero)
        _softmax(weights, scale, past)
        add_product(grad_v[:seen], weights.T, slope, one, kept)
        add_product(slopes, slope, turned_v[:, :seen], one, zero)
        _softmax_back(slopes, weights, scale, past)
        add_product(grad_q[start:stop], slopes, k[:seen], one, zero)
        add_product(grad_k[:seen], slopes.T, query, one, kept)


@compiled
def _softmax_of_heads(scores, scale, past):
    for head in range(scores.shape[0]):
        _softmax(scores[head], scale, past)


@compiled
def _softmax_back_of_heads(slopes, weights, scale, past):
    for head in range(weights.shape[0]):
        _softmax_back(slopes[head], weights[head], scale, past)


@compiled
def _turn_heads(x, out):
    for head in range(x.shape[0]):
        _turn(x[head], out[head])


def _turned(x: Array) -> Array:
    """The transpose of each matrix."""
    out = np.empty((x.shape[0], x.shape[2], x.shape[1]), x.dtype)
    _turn_heads(x, out)
    return out


def _four(x: Array) -> Array:
    """As (samples, heads, steps, features)."""
    return x.reshape(-1, *x.shape[-3:]) if x.ndim > 3 else x[(None,) * (4 - x.ndim)]


def _like(x: Array, features: int) -> Array:
    """Memory for an array like x, in the order in which x lies: heads are often cut out of the features of one layer."""
    *lead, heads, steps = x.shape[:-1] if x.ndim > 2 else (1, *x.shape[:-1])
    if x.ndim > 2 and x.strides[-3] < x.strides[-2]:
        return np.empty((*lead, steps, heads, features), x.dtype).swapaxes(-2, -3)
    return np.empty((*x.shape[:-1], features), x.dtype)


def _by_rows(x: Array) -> bool:
    """Whether the features of a step lie one after the other, and steps apart from each other, as BLAS wants them."""
    return x.strides[3] == x.itemsize and x.strides[2] >= x.shape[3] * x.itemsize and x.strides[2] % x.itemsize == 0


class _Tiles:
    """The inputs cut into tiles, and their weights."""

    def __init__(
        self, query: Array, key: Array, value: Array, mask: Array | None, kept: Array | None, scale: float, causal: bool
    ) -> None:
        self.q, self.k, self.v = _four(query), _four(key), _four(value)
        shape = (*query.shape[:-1], key.shape[-2])
        self.mask, self.kept = (None if x is None else _four(np.broadcast_to(x, shape)) for x in (mask, kept))
        self.closed = None
        """Rows in which the mask lets nothing through: their weights are put to zero."""
        if mask is not None:
            closed = mask.max(axis=-1, keepdims=True) == -np.inf
            self.closed = _four(np.broadcast_to(closed, (*shape[:-1], 1))) if closed.any() else None
        self.scale, self.causal, self.dtype = query.dtype.type(scale), causal, query.dtype
        self.after = mask is None and scale > 0
        """Whether scores are scaled only in the softmax."""
        self.plain = self.after and kept is None and available() and all(_by_rows(x) for x in (self.q, self.k, self.v))
        """Whether compiled functions can do all of it."""
        self.queries, self.keys = shape[-2:]
        samples, heads = self.q.shape[:2]
        self.heads = max(1, min(heads, SCORES // (min(QUERIES, self.queries) * self.keys)))
        self.blocks = [(n, slice(h, h + self.heads)) for n in range(samples) for h in range(0, heads, self.heads)]

    def spans(self) -> list[tuple[slice, slice]]:
        """The queries and keys of each tile, the last queries first: they may have all keys."""
        starts = range(0, self.queries, QUERIES)
        return [
            (slice(start, start + QUERIES), slice(0, min(start + QUERIES, self.keys) if self.causal else self.keys))
            for start in reversed(starts)
        ]

    def empty(self) -> Array:
        return np.empty(self.heads * min(QUERIES, self.queries) * self.keys, self.dtype)

    def softmax(self, scores: Array, block: tuple[int, slice], queries: slice, keys: slice) -> None:
        """The weights of a tile, in place of its scores."""
        if not self.after:
            scores *= self.scale
        if self.mask is not None:
            scores += self.mask[block][:, queries, keys]
        _softmax_of_heads(scores, self.scale if self.after else self.dtype.type(1), self.past(queries))
        if self.closed is not None:
            np.copyto(scores, 0, where=self.closed[block][:, queries])

    def past(self, queries: slice) -> int:
        """How many keys the first of these queries has; each one after it has one more."""
        return queries.start + 1 if self.causal else self.keys

    def dropped(self, x: Array, block: tuple[int, slice], queries: slice, keys: slice) -> Array:
        return x if self.kept is None else x * self.kept[block][:, queries, keys]


@functools.lru_cache(maxsize=256)
def _each_head(samples: int, heads: int) -> Array:
    """Numbers of samples and heads, (samples * heads, 2)."""
    return np.array([(n, head) for n in range(samples) for head in range(heads)], np.int64)


def _product(x: Array, y: Array, memory: Array) -> Array:
    """x y for each head, in some memory."""
    shape = (x.shape[0], x.shape[1], y.shape[2])
    return np.matmul(x, y, memory[: math.prod(shape)].reshape(shape))


def _suits(query: Array, key: Array, value: Array, *others: Array | None) -> bool:
    lead = query.shape[:-2]
    return (
        floating(query, key, value, *others) and key.shape[:-2] == lead == value.shape[:-2] and query.ndim > 1
        and math.prod(query.shape[:-1]) * key.shape[-2] >= LEAST and query.size > 0 and value.size > 0
    )


@may_decline
def attention(
    query: Array, key: Array, value: Array, mask: Array | None = None, kept: Array | None = None, *, scale: float, causal: bool
) -> Array:
    """softmax(scale query key^T + mask) value (Vaswani et al., 2017)."""
    if not _suits(query, key, value, mask, kept):
        return NotImplemented
    tiles = _Tiles(query, key, value, mask, kept, scale, causal)
    out = _like(query, value.shape[-1])
    target = _four(out)
    if tiles.plain:
        _forward(_each_head(*target.shape[:2]), tiles.q, tiles.k, tiles.v, tiles.scale, causal, QUERIES, target)
        return out

    def work(block: tuple[int, slice]) -> None:
        q, k, v, to, memory = tiles.q[block], _turned(tiles.k[block]), tiles.v[block], target[block], tiles.empty()
        for queries, keys in tiles.spans():
            weights = _product(q[:, queries], k[:, :, keys], memory)
            tiles.softmax(weights, block, queries, keys)
            np.matmul(tiles.dropped(weights, block, queries, keys), v[:, keys], to[:, queries])

    in_parallel(work, tiles.blocks, products=True)
    return out


@may_decline
def attention_back(
    g: Array, query: Array, key: Array, value: Array, mask: Array | None, kept: Array | None, *, scale: float, causal: bool,
    needs: tuple[bool, ...],
) -> tuple[Any, ...]:
    """The gradients of query, key and value."""
    if not _suits(query, key, value, mask, kept) or not floating(g, query) or needs[3]:
        return NotImplemented
    tiles = _Tiles(query, key, value, mask, kept, scale, causal)
    outs = [_like(x, x.shape[-1]) if needed else None for x, needed in zip((query, key, value), needs, strict=False)]
    to_q, to_k, to_v = (None if x is None else _four(x) for x in outs)
    g = _four(g)
    if tiles.plain and all(needs[:3]) and _by_rows(g):
        inputs = (g, tiles.q, tiles.k, tiles.v)
        _backward(_each_head(*g.shape[:2]), *inputs, tiles.scale, causal, QUERIES, to_q, to_k, to_v)
        return *outs, None, None

    def work(block: tuple[int, slice]) -> None:
        slope, q, k, memory, more = g[block], tiles.q[block], tiles.k[block], tiles.empty(), tiles.empty()
        turned = _turned(k)
        v = _turned(tiles.v[block]) if needs[0] or needs[1] else None
        for queries, keys in tiles.spans():
            first = queries.stop >= tiles.queries
            weights = _product(q[:, queries], turned[:, :, keys], memory)
            tiles.softmax(weights, block, queries, keys)
            if to_v is not None:
                _gather(tiles.dropped(weights, block, queries, keys), slope[:, queries], to_v[block], first)
            if v is None:
                continue
            slopes = tiles.dropped(_product(slope[:, queries], v[:, :, keys], more), block, queries, keys)
            _softmax_back_of_heads(slopes, weights, tiles.scale, tiles.past(queries))
            if to_q is not None:
                np.matmul(slopes, k[:, keys], to_q[block][:, queries])
            if to_k is not None:
                _gather(slopes, q[:, queries], to_k[block], first)

    in_parallel(work, tiles.blocks, products=True)
    return *outs, None, None


def _gather(x: Array, y: Array, total: Array, first: bool) -> None:
    """Add x^T y for each head to the first steps of a total. The last queries begin it; no query has the keys after theirs."""
    steps = x.shape[2]
    if not first:
        total[:, :steps] += np.matmul(x.swapaxes(1, 2), y)
        return
    np.matmul(x.swapaxes(1, 2), y, total[:, :steps])
    total[:, steps:] = 0


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    x, options = np.ones((1, 1, 64, 64), dtype), {"scale": 1.0, "causal": True}
    apart = np.ones((1, 64, 2, 64), dtype).swapaxes(1, 2)
    needs = (True, True, True, False, False)
    return [
        *[lambda q=q: attention(q, q, q, **options) for q in (x, apart)],
        *[lambda q=q: attention_back(q, q, q, q, None, None, needs=needs, **options) for q in (x, apart)],
        lambda: attention_back(x, x, x, x, np.zeros_like(x), None, needs=needs, **options),
    ]
