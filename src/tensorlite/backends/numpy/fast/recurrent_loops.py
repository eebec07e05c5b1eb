"""What the compiled recurrent layers do for a few sequences: in each step products by BLAS and one pass over the gates.

The rows of one step stay in the cache, so what else they are needed for happens there as well: the input's part of the sums before
the gates, and backwards the input's gradient and, whenever about DEPTH rows are together, those of the weights. What is not wanted,
or comes before or after all steps, is given as an array without elements.

Loops over the rows of one step are short because numba compares the places of all arrays of a loop before it lets the processor
work on several numbers at a time. `a` to `b` are the packed rows of one step and one block: of those of the block's sequences,
`first` to `end`, that have this step.
"""

from __future__ import annotations

import numpy as np

from .blas import add_product
from .compiler import compiled
from .functions import sigmoid, tanh
from .team import shared_products

__all__ = ["COLUMNS", "DEPTH", "SHARE", "gru", "gru_back", "lstm", "lstm_back", "rnn", "rnn_back"]

SHARE = 8
"""Sequences of a block, if weights are small."""
DEPTH, COLUMNS = 32, 64
"""Weights receive their gradients from so many rows at once, and so many rows of weights at once: the processor's cache holds them,
and BLAS copies nothing."""


# What the layers have in common


@compiled
def _put(to, x):
    """to[:] = x, which numba would not vectorise."""
    for j in range(to.size):
        to[j] = x[j]


@compiled
def _add_input(sums, x, w_ih, bias):
    """Set sums to the input's part, unless there is no bias: then they have it."""
    if bias.size:
        one = bias.dtype.type(1)
        for i in range(sums.shape[0]):
            _put(sums[i], bias)
        add_product(sums, x, w_ih, one, one)


@compiled
def _by_input(by_x, sums, w_ih):
    """The input's gradient."""
    if by_x.size:
        one, zero = sums.dtype.type(1), sums.dtype.type(0)
        add_product(by_x, sums, w_ih, one, zero)


@compiled
def _kept(whole, w, x):
    """Memory for the sums, inputs and states of DEPTH rows, unless the gradients of weights come later."""
    depth = 0 if whole.size else DEPTH
    gates, size = w.shape
    return np.empty((depth, gates), x.dtype), np.empty((depth, x.shape[1]), x.dtype), np.empty((depth, size), x.dtype)


@compiled
def _keep(full, xs, hs, x, h):
    """Put rows behind `full` others; how many there are then."""
    if hs.size == 0:
        return 0
    for i in range(x.shape[0]):
        _put(xs[full + i], x[i])
        _put(hs[full + i], h[i])
    return full + x.shape[0]


@compiled
def _clear(block, by):
    by_w_ih, by_w_hh, by_b_ih, by_b_hh = by
    by_w_ih[block], by_w_hh[block], by_b_ih[block], by_b_hh[block] = 0, 0, 0, 0


@compiled
def _by_weights(block, to_input, to_state, x, h, by):
    """Add what rows give to the gradients of weights and biases, of which each block has its own."""
    by_w_ih, by_w_hh, by_b_ih, by_b_hh = by
    _by_matrix(by_w_ih[block], to_input, x)
    _by_matrix(by_w_hh[block], to_state, h)
    _by_bias(by_b_ih[block], to_input)
    _by_bias(by_b_hh[block], to_state)


@compiled
def _by_matrix(by_w, sums, x):
    one = sums.dtype.type(1)
    for i in range(0, by_w.shape[0], COLUMNS):
        add_product(by_w[i : i + COLUMNS], sums[:, i : i + COLUMNS].T, x, one, one)


@compiled
def _by_bias(by_b, sums):
    for i in range(sums.shape[0]):
        row = sums[i]
        for j in range(by_b.size):
            by_b[j] += row[j]


# The simple layer


@compiled
def _rnn_pass(relu, state, sums, hidden, past):
    zero = state.dtype.type(0)
    for i in range(state.shape[0]):
        h, total = state[i], sums[i]
        _put(past[i], h)
        for j in range(h.size):
            s = total[j]
            h[j] = (zero if s < zero else s) if relu else tanh(s)
        _put(total, h)
        _put(hidden[i], h)


@shared_products
def rnn(block, shares, steps, w_hh, x, w_ih, bias, relu, state, sums, hidden, past):
    first, end = shares[block]
    one = state.dtype.type(1)
    for t in range(steps.shape[0]):
        a, last = steps[t, 0] + first, min(end, steps[t, 1])
        if last > first:
            h, b = state[first:last], a + last - first
            _add_input(sums[a:b], x[a:b], w_ih, bias)
            add_product(sums[a:b], h, w_hh, one, one)
            _rnn_pass(relu, h, sums[a:b], hidden[a:b], past[a:b])


@compiled
def _rnn_pass_back(relu, by_h, g, hidden, sums):
    one, zero = by_h.dtype.type(1), by_h.dtype.type(0)
    for i in range(by_h.shape[0]):
        slope, total, out, to = g[i], by_h[i], hidden[i], sums[i]
        for j in range(out.size):
            y = out[j]
            to[j] = (slope[j] + total[j]) * ((one if y > zero else zero) if relu else one - y * y)


@shared_products
def rnn_back(block, shares, steps, w_hh, w_ih, x, past, by_x, by, whole, relu, by_h, g, hidden):
    first, end = shares[block]
    one, zero = by_h.dtype.type(1), by_h.dtype.type(0)
    (kept, xs, hs), full = _kept(whole, w_hh, x), 0
    _clear(block, by)
    for t in range(steps.shape[0] - 1, -1, -1):
        a, last = steps[t, 0] + first, min(end, steps[t, 1])
        if last > first:
            total, b = by_h[first:last], a + last - first
            sums = whole[a:b] if whole.size else kept[full : full + b - a]
            _rnn_pass_back(relu, total, g[a:b], hidden[a:b], sums)
            add_product(total, sums, w_hh, one, zero)
            _by_input(by_x[a:b], sums, w_ih)
            full = _keep(full, xs, hs, x[a:b], past[a:b])
        if full > DEPTH - SHARE or (t == 0 and full):
            _by_weights(block, kept[:full], kept[:full], xs[:full], hs[:full], by)
            full = 0


# Long short-term memory


@compiled
def _lstm_pass(state, cell, gates, hidden, cells, past_h, past_c):
    size = cell.shape[1]
    for i in range(cell.shape[0]):
        gate, c = gates[i], cell[i]
        _put(past_h[i], state[i])
        _put(past_c[i], c)
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
        _put(cells[i], c)
        h = hidden[i]
        for j in range(h.size):
            h[j] = out[j] * tanh(c[j])
        _put(state[i], h)


@shared_products
def lstm(block, shares, steps, w_hh, x, w_ih, bias, state, cell, gates, hidden, cells, past_h, past_c):
    first, end = shares[block]
    one = state.dtype.type(1)
    for t in range(steps.shape[0]):
        a, last = steps[t, 0] + first, min(end, steps[t, 1])
        if last > first:
            h, b = state[first:last], a + last - first
            _add_input(gates[a:b], x[a:b], w_ih, bias)
            add_product(gates[a:b], h, w_hh, one, one)
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
def lstm_back(block, shares, steps, w_hh, w_ih, x, past, by_x, by, whole, by_h, by_c, g, gates, cells, past_c):
    first, end = shares[block]
    one, zero = by_h.dtype.type(1), by_h.dtype.type(0)
    (kept, xs, hs), full = _kept(whole, w_hh, x), 0
    _clear(block, by)
    for t in range(steps.shape[0] - 1, -1, -1):
        a, last = steps[t, 0] + first, min(end, steps[t, 1])
        if last > first:
            total, b = by_h[first:last], a + last - first
            sums = whole[a:b] if whole.size else kept[full : full + b - a]
            _lstm_pass_back(total, by_c[first:last], g[a:b], gates[a:b], cells[a:b], past_c[a:b], sums)
            add_product(total, sums, w_hh, one, zero)
            _by_input(by_x[a:b], sums, w_ih)
            full = _keep(full, xs, hs, x[a:b], past[a:b])
        if full > DEPTH - SHARE or (t == 0 and full):
            _by_weights(block, kept[:full], kept[:full], xs[:full], hs[:full], by)
            full = 0


# The gated recurrent unit


@compiled
def _gru_pass(product, state, given, gates, hidden, past):
    size = state.shape[1]
    for i in range(state.shape[0]):
        h, gate = state[i], gates[i]
        _put(past[i], h)
        a, b, to = product[i][: 2 * size], given[i][: 2 * size], gate[: 2 * size]
        for j in range(to.size):
            to[j] = sigmoid(a[j] + b[j])
        own, b, reset, new = gate[3 * size :], given[i][2 * size :], gate[:size], gate[2 * size : 3 * size]
        _put(own, product[i][2 * size :])
        for j in range(new.size):
            new[j] = tanh(b[j] + reset[j] * own[j])
        update = gate[size : 2 * size]
        for j in range(h.size):
            h[j] = new[j] + update[j] * (h[j] - new[j])
        _put(hidden[i], h)


@shared_products
def gru(block, shares, steps, w_hh, x, w_ih, bias, b_hh, memory, state, given, gates, hidden, past):
    first, end = shares[block]
    for t in range(steps.shape[0]):
        a, last = steps[t, 0] + first, min(end, steps[t, 1])
        if last > first:
            h, product, b = state[first:last], memory[first:last], a + last - first
            from_input = given[first:last] if bias.size else given[a:b]
            _add_input(from_input, x[a:b], w_ih, bias)
            _add_input(product, h, w_hh, b_hh)
            _gru_pass(product, h, from_input, gates[a:b], hidden[a:b], past[a:b])


@compiled
def _gru_pass_back(by_h, g, gates, past, to_input, to_state):
    size, one = by_h.shape[1], by_h.dtype.type(1)
    for i in range(by_h.shape[0]):
        gate, to, total, slope, before = gates[i], to_state[i], by_h[i], g[i], past[i]
        reset, update, new, own = gate[:size], gate[size : 2 * size], gate[2 * size : 3 * size], gate[3 * size :]
        to_reset, to_update, to_new = to[:size], to[size : 2 * size], to[2 * size :]
        plain = to_input[i][2 * size :]
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
        _put(to_input[i][: 2 * size], to[: 2 * size])


@shared_products
def gru_back(block, shares, steps, w_hh, w_ih, x, past, by_x, by, whole_input, whole, by_h, g, gates):
    first, end = shares[block]
    one = by_h.dtype.type(1)
    (kept, xs, hs), full = _kept(whole, w_hh, x), 0
    kept_input = np.empty_like(kept)
    _clear(block, by)
    for t in range(steps.shape[0] - 1, -1, -1):
        a, last = steps[t, 0] + first, min(end, steps[t, 1])
        if last > first:
            total, b = by_h[first:last], a + last - first
            sums = whole[a:b] if whole.size else kept[full : full + b - a]
            to_input = whole_input[a:b] if whole.size else kept_input[full : full + b - a]
            _gru_pass_back(total, g[a:b], gates[a:b], past[a:b], to_input, sums)
            add_product(total, sums, w_hh, one, one)
            _by_input(by_x[a:b], to_input, w_ih)
            full = _keep(full, xs, hs, x[a:b], past[a:b])
        if full > DEPTH - SHARE or (t == 0 and full):
            _by_weights(block, kept_input[:full], kept[:full], xs[:full], hs[:full], by)
            full = 0
