"""Recurrent layers: each step is one product by BLAS and one pass over the gates, and a compiled function runs all of them.

As in `ops/recurrent.py`, whose functions these replace: rows lie packed, step after step, and a state keeps the rows of sequences
that have ended or not yet begun. The input is projected for all steps at once, into the memory where the gates will be; weights
receive their gradients from all steps at once. Threads take a few sequences each.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...base import may_decline
from .blas import add_product, available
from .compiler import compiled
from .functions import sigmoid, tanh
from .inputs import dense, floating
from .matmul import product, sum_of_rows
from .team import shared_products

__all__ = ["examples", "gru", "gru_back", "lstm", "lstm_back", "rnn", "rnn_back"]

Array = np.ndarray
Sizes = tuple[int, ...]
LEAST = 1 << 13
"""Layers with fewer numbers in all hidden states are left to the bodies."""
SMALL = 10**6
"""OpenBLAS multiplies matrices without copying them if their three sizes have at most this product."""


# Loops over the rows of one step are short because numba compares the places of all arrays of a loop before it lets the processor
# work on several numbers at a time. `start` is a step's first packed row; sequences `first` to `end` belong to this thread.


@compiled
def _rnn_pass(relu, state, sums, past):
    zero = state.dtype.type(0)
    for i in range(state.shape[0]):
        h, total = state[i], sums[i]
        past[i][:] = h
        for j in range(h.size):
            s = total[j]
            h[j] = (zero if s < zero else s) if relu else tanh(s)
        total[:] = h


@shared_products
def _rnn(block, shares, steps, weights, relu, state, sums, past):
    first, end = shares[block]
    one = state.dtype.type(1)
    for t in range(steps.shape[0]):
        start, last = steps[t, 0], min(end, steps[t, 1])
        if last > first:
            rows, h = sums[start + first : start + last], state[first:last]
            add_product(rows, h, weights, one, one)
            _rnn_pass(relu, h, rows, past[start + first : start + last])


@compiled
def _rnn_pass_back(relu, by_h, g, hidden, sums):
    one, zero = by_h.dtype.type(1), by_h.dtype.type(0)
    for i in range(by_h.shape[0]):
        slope, total, out, to = g[i], by_h[i], hidden[i], sums[i]
        for j in range(out.size):
            y = out[j]
            to[j] = (slope[j] + total[j]) * ((one if y > zero else zero) if relu else one - y * y)


@shared_products
def _rnn_back(block, shares, steps, w_hh, relu, by_h, g, hidden, sums):
    first, end = shares[block]
    one, zero = by_h.dtype.type(1), by_h.dtype.type(0)
    for t in range(steps.shape[0] - 1, -1, -1):
        a, last = steps[t, 0] + first, min(end, steps[t, 1])
        if last > first:
            total, b = by_h[first:last], a + last - first
            _rnn_pass_back(relu, total, g[a:b], hidden[a:b], sums[a:b])
            add_product(total, sums[a:b], w_hh, one, zero)


@compiled
def _lstm_pass(state, cell, gates, hidden, cells, past_h, past_c):
    size = cell.shape[1]
    for i in range(cell.shape[0]):
        gate, c = gates[i], cell[i]
        past_h[i][:] = state[i]
        past_c[i][:] = c
        in_forget, new, out = gate[: 2 * size], gate[2 * size : 3 * size], gate[3 * size :]
        for j in range(in_forget.size):
            in_forget[j] = sigmoid(in_forget[j])
        for j in range(new.size):
            new[j] = tanh(new[j])
        for j in range(out.size):
            out[j] = sigmoid(out[j])
        into, forget = gate[:size], gate[size : 2 * size]
        for j in range(c.size):
            c[j] = forget[j] * c[j] + into[j] * new[j]
        cells[i][:] = c
        h = hidden[i]
        for j in range(h.size):
            h[j] = out[j] * tanh(c[j])
        state[i][:] = h


@shared_products
def _lstm(block, shares, steps, weights, state, cell, gates, hidden, cells, past_h, past_c):
    first, end = shares[block]
    one = state.dtype.type(1)
    for t in range(steps.shape[0]):
        a, last = steps[t, 0] + first, min(end, steps[t, 1])
        if last > first:
            h, b = state[first:last], a + last - first
            add_product(gates[a:b], h, weights, one, one)
            _lstm_pass(h, cell[first:last], gates[a:b], hidden[a:b], cells[a:b], past_h[a:b], past_c[a:b])


@compiled
def _lstm_pass_back(by_h, by_c, g, gates, cells, past_c, sums):
    size, one = by_c.shape[1], by_c.dtype.type(1)
    for n in range(by_h.shape[0]):
        gate, to, total, carried, slope, c, before = gates[n], sums[n], by_h[n], by_c[n], g[n], cells[n], past_c[n]
        for j in range(total.size):
            total[j] += slope[j]
        out, to_out = gate[3 * size :], to[3 * size :]
        for j in range(c.size):
            t, o = tanh(c[j]), out[j]
            to_out[j] = total[j] * t * (o - o * o)
            carried[j] += total[j] * o * (one - t * t)
        into, new, to_in, to_new = gate[:size], gate[2 * size : 3 * size], to[:size], to[2 * size : 3 * size]
        for j in range(carried.size):
            i, d = into[j], new[j]
            to_in[j] = carried[j] * d * (i - i * i)
            to_new[j] = carried[j] * i * (one - d * d)
        forget, to_forget = gate[size : 2 * size], to[size : 2 * size]
        for j in range(carried.size):
            f = forget[j]
            to_forget[j] = carried[j] * before[j] * (f - f * f)
            carried[j] *= f


@shared_products
def _lstm_back(block, shares, steps, w_hh, by_h, by_c, g, gates, cells, past_c, sums):
    first, end = shares[block]
    one, zero = by_h.dtype.type(1), by_h.dtype.type(0)
    for t in range(steps.shape[0] - 1, -1, -1):
        a, last = steps[t, 0] + first, min(end, steps[t, 1])
        if last > first:
            total, b = by_h[first:last], a + last - first
            _lstm_pass_back(total, by_c[first:last], g[a:b], gates[a:b], cells[a:b], past_c[a:b], sums[a:b])
            add_product(total, sums[a:b], w_hh, one, zero)


@compiled
def _gru_pass(product, state, given, gates, hidden, past):
    size = state.shape[1]
    for i in range(state.shape[0]):
        h, gate = state[i], gates[i]
        past[i][:] = h
        a, b, to = product[i][: 2 * size], given[i][: 2 * size], gate[: 2 * size]
        for j in range(to.size):
            to[j] = sigmoid(a[j] + b[j])
        own, b, reset, new = gate[3 * size :], given[i][2 * size :], gate[:size], gate[2 * size : 3 * size]
        own[:] = product[i][2 * size :]
        for j in range(new.size):
            new[j] = tanh(b[j] + reset[j] * own[j])
        update = gate[size : 2 * size]
        for j in range(h.size):
            h[j] = new[j] + update[j] * (h[j] - new[j])
        hidden[i][:] = h


@shared_products
def _gru(block, shares, steps, weights, bias, memory, state, given, gates, hidden, past):
    first, end = shares[block]
    one = state.dtype.type(1)
    for t in range(steps.shape[0]):
        a, last = steps[t, 0] + first, min(end, steps[t, 1])
        if last > first:
            h, product, b = state[first:last], memory[first:last], a + last - first
            for i in range(product.shape[0]):
                product[i][:] = bias
            add_product(product, h, weights, one, one)
            _gru_pass(product, h, given[a:b], gates[a:b], hidden[a:b], past[a:b])


@compiled
def _gru_pass_back(by_h, g, gates, past, sums, by_new):
    size, one = by_h.shape[1], by_h.dtype.type(1)
    for i in range(by_h.shape[0]):
        gate, to, total, slope, before, plain = gates[i], sums[i], by_h[i], g[i], past[i], by_new[i]
        reset, update, new, own = gate[:size], gate[size : 2 * size], gate[2 * size : 3 * size], gate[3 * size :]
        to_reset, to_update, to_new = to[:size], to[size : 2 * size], to[2 * size :]
        for j in range(total.size):
            total[j] += slope[j]
        for j in range(total.size):
            z, n = update[j], new[j]
            plain[j] = total[j] * (one - z) * (one - n * n)
            to_update[j] = total[j] * (before[j] - n) * (z - z * z)
        for j in range(total.size):
            r = reset[j]
            to_reset[j] = plain[j] * own[j] * (r - r * r)
            to_new[j] = plain[j] * r
        for j in range(total.size):
            total[j] *= update[j]


@shared_products
def _gru_back(block, shares, steps, w_hh, by_h, g, gates, past, sums, by_new):
    first, end = shares[block]
    one = by_h.dtype.type(1)
    for t in range(steps.shape[0] - 1, -1, -1):
        a, last = steps[t, 0] + first, min(end, steps[t, 1])
        if last > first:
            total, b = by_h[first:last], a + last - first
            _gru_pass_back(total, g[a:b], gates[a:b], past[a:b], sums[a:b], by_new[a:b])
            add_product(total, sums[a:b], w_hh, one, one)


def _run(steps: Any, weights: Array, sizes: Sizes, reverse: bool, *arrays: Any) -> None:
    """Call the compiled function `steps` for a few sequences at a time: its arguments are which of them, the first row and the
    number of rows of each step, in the order in which they are run, and what is given here."""
    starts = np.cumsum((0, *sizes[:-1]))
    table = np.stack([starts, np.array(sizes)], 1).astype(np.int64)
    table = np.ascontiguousarray(table[::-1]) if reverse else table
    batch = max(sizes)
    share = 8 if 8 * weights.size <= SMALL else max(16, -(-batch // 4))
    shares = [(start, min(start + share, batch)) for start in range(0, batch, share)]
    steps(np.array(shares, np.int64), table, weights, *arrays)


def _suits(x: Array, *arrays: Array | None) -> bool:
    return floating(x, *arrays) and len(x) * arrays[0].shape[1] >= LEAST and available()  # type: ignore[union-attr]


def _given(x: Array, w_ih: Array, *biases: Array | None) -> Array:
    """The input's part of the sums before the gates, with the biases, for all steps."""
    given = [bias for bias in biases if bias is not None]
    return product(x, w_ih.T, sum(given[1:], given[0]) if given else None)


def _turned(weights: Array) -> Array:
    """The transpose, in memory of its own: as second factor it is read along its rows."""
    return np.ascontiguousarray(weights.T)


def _copies(*arrays: Array) -> list[Array]:
    """Memory of their own, in which states are moved on."""
    return [a.copy("C") for a in arrays]


def _shared_gradients(
    to_input: Array, to_state: Array, x: Array, past: Array, w_ih: Array, needs: list[bool]
) -> tuple[Array | None, ...]:
    """Gradients of x, w_ih, w_hh, b_ih and b_hh (`needs` in this order) from those of the sums before the activations."""
    factors = ((to_input, w_ih), (to_input.T, x), (to_state.T, past))
    outs = [product(a, b) if needed else None for (a, b), needed in zip(factors, needs, strict=False)]
    return *outs, *(sum_of_rows(g) if needed else None for g, needed in zip((to_input, to_state), needs[3:], strict=True))


@may_decline
def rnn(
    x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None, *, relu: bool,
    sizes: Sizes, reverse: bool,
) -> tuple[Array, ...]:
    """All hidden states and the last one, and what the gradient needs."""
    if not _suits(x, h, w_ih, w_hh, b_ih, b_hh):
        return NotImplemented
    hidden, (h,) = _given(x, w_ih, b_ih, b_hh), _copies(h)
    past = np.empty_like(hidden)
    _run(_rnn, _turned(w_hh), sizes, reverse, relu, h, hidden, past)
    return hidden.copy(), h, hidden, past


@may_decline
def rnn_back(
    g_y: Array, g_h_n: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None, kept: Array,
    past: Array, *, relu: bool, sizes: Sizes, reverse: bool, needs: list[bool],
) -> tuple[Any, ...]:
    """The gradients of x, h and the weights."""
    if not _suits(x, h, g_y, g_h_n, w_ih, w_hh):
        return NotImplemented
    (by_h,), g, sums = _copies(g_h_n), dense(g_y), np.empty_like(kept)
    _run(_rnn_back, dense(w_hh), sizes, reverse, relu, by_h, g, dense(kept), sums)
    shared = _shared_gradients(sums, sums, x, past, w_ih, [needs[0], *needs[2:6]])
    return shared[0], by_h, *shared[1:]


@may_decline
def lstm(
    x: Array, h: Array, c: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None,
    w_hr: Array | None = None, *, sizes: Sizes, reverse: bool,
) -> tuple[Array, ...]:
    """All hidden states, the last one and the last cell, and what the gradient needs."""
    if w_hr is not None or not _suits(x, h, c, w_ih, w_hh, b_ih, b_hh):
        return NotImplemented
    gates, (h, c) = _given(x, w_ih, b_ih, b_hh), _copies(h, c)
    hidden, cells, past_h, past_c = (np.empty((len(x), h.shape[1]), x.dtype) for _ in range(4))
    _run(_lstm, _turned(w_hh), sizes, reverse, h, c, gates, hidden, cells, past_h, past_c)
    return hidden, h, c, gates, cells, past_h, past_c


@may_decline
def lstm_back(
    g_y: Array, g_h_n: Array, g_c_n: Array, x: Array, h: Array, c: Array, w_ih: Array, w_hh: Array, b_ih: Array | None,
    b_hh: Array | None, w_hr: Array | None, gates: Array, cells: Array, past_h: Array, past_c: Array, *, sizes: Sizes,
    reverse: bool, needs: list[bool],
) -> tuple[Any, ...]:
    """The gradients of x, h, c and the weights."""
    if w_hr is not None or not _suits(x, h, c, g_y, g_h_n, g_c_n, w_ih, w_hh):
        return NotImplemented
    by_h, by_c = _copies(g_h_n, g_c_n)
    gates, cells, past_c, g = (dense(a) for a in (gates, cells, past_c, g_y))
    sums = np.empty_like(gates)
    _run(_lstm_back, dense(w_hh), sizes, reverse, by_h, by_c, g, gates, cells, past_c, sums)
    shared = _shared_gradients(sums, sums, x, past_h, w_ih, [needs[0], *needs[3:7]])
    return shared[0], by_h, by_c, *shared[1:], None


@may_decline
def gru(
    x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None, *, sizes: Sizes,
    reverse: bool,
) -> tuple[Array, ...]:
    """All hidden states and the last one, and what the gradient needs."""
    if not _suits(x, h, w_ih, w_hh, b_ih, b_hh):
        return NotImplemented
    given, (h,) = _given(x, w_ih, b_ih), _copies(h)
    bias = np.zeros(len(w_hh), x.dtype) if b_hh is None else dense(b_hh)
    gates = np.empty((len(x), 4 * h.shape[1]), x.dtype)
    hidden, past = (np.empty((len(x), h.shape[1]), x.dtype) for _ in range(2))
    memory = np.empty((len(h), 3 * h.shape[1]), x.dtype)
    _run(_gru, _turned(w_hh), sizes, reverse, bias, memory, h, given, gates, hidden, past)
    return hidden, h, gates, past


@may_decline
def gru_back(
    g_y: Array, g_h_n: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None, gates: Array,
    past: Array, *, sizes: Sizes, reverse: bool, needs: list[bool],
) -> tuple[Any, ...]:
    """The gradients of x, h and the weights."""
    if not _suits(x, h, g_y, g_h_n, w_ih, w_hh):
        return NotImplemented
    (by_h,), g, gates, past = _copies(g_h_n), dense(g_y), dense(gates), dense(past)
    size = h.shape[1]
    sums, by_new = np.empty((len(x), 3 * size), x.dtype), np.empty((len(x), size), x.dtype)
    _run(_gru_back, dense(w_hh), sizes, reverse, by_h, g, gates, past, sums, by_new)
    by_input = np.concatenate([sums[:, : 2 * size], by_new], 1)
    shared = _shared_gradients(by_input, sums, x, past, w_ih, [needs[0], *needs[2:6]])
    return shared[0], by_h, *shared[1:]


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    size, x, state = 64, np.ones((128, 8), dtype), np.ones((16, 64), dtype)
    layers: Any = (("rnn", 1, 1, {"relu": False}), ("lstm", 4, 2, {}), ("gru", 3, 1, {}))

    def call(name: str, gates: int, states: int, more: dict[str, Any]) -> object:
        options: dict[str, Any] = {"sizes": (16,) * 8, "reverse": False, **more}
        weights = (np.ones((gates * size, 8), dtype), np.ones((gates * size, size), dtype), None, None)
        given = (x, *[state] * states, *weights, *[None] * (states == 2))
        out = globals()[name](*given, **options)
        gradients, needs = (out[0], *[state] * states), [True] * 5 + [False] * 3
        return globals()[f"{name}_back"](*gradients, *given, *out[1 + states :], needs=needs, **options)

    return [functools.partial(call, *layer) for layer in layers]
