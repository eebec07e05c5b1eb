"""Recurrent layers: one op for one direction of one layer and a whole sequence, with its backward through time by hand.

Sequences of any lengths lie packed: `x` (rows, features) has the rows of the first step, then those of the second, and so on;
`sizes` says how many sequences each step has and never grows. Sequences of one length are the case of equal sizes. A state
(batch, hidden) keeps the rows of sequences that have ended, or, in reverse, not yet begun, so both directions are one loop.

The input is projected for all steps at once, and weights receive their gradients from all steps at once. What the rules need is
returned beside the results. Where a rule runs on Tensors, for a second derivative, these values would be constants: there the
steps are run again. The rules are ops of their own, which a backend may replace together with the layers.
"""

from __future__ import annotations

from typing import Any

from ..autograd.op import composite, define

Array = Any
Sizes = tuple[int, ...]
Needs = list[bool]


def _spans(sizes: Sizes, reverse: bool) -> list[tuple[int, int]]:
    """The rows of each step, in the order in which steps are run."""
    spans, start = [], 0
    for n in sizes:
        spans.append((start, start + n))
        start += n
    return spans[::-1] if reverse else spans


def _rows(xp: Any, x: Array, start: int, stop: int) -> Array:
    return xp.basic_index(x, key=(slice(start, stop),))


def _columns(xp: Any, x: Array, size: int) -> list[Array]:
    """Blocks of `size` columns."""
    return [xp.basic_index(x, key=(slice(None), slice(i, i + size))) for i in range(0, x.shape[1], size)]


def _first(xp: Any, state: Array, n: int) -> Array:
    return state if state.shape[0] == n else _rows(xp, state, 0, n)


def _replaced(xp: Any, state: Array, rows: Array) -> Array:
    """`state` with other first rows."""
    n = rows.shape[0]
    return rows if state.shape[0] == n else xp.concat(rows, _rows(xp, state, n, state.shape[0]), axis=0)


def _in_time(xp: Any, parts: list[Array], reverse: bool) -> Array:
    """The rows of all steps, from those in the order of running."""
    return xp.concat(*(parts[::-1] if reverse else parts), axis=0)


def _again(xp: Any) -> bool:
    """Whether this namespace works on Tensors: saved values would be constants there."""
    return xp.tensors is None


def _shared_gradients(
    xp: Any, to_input: Array, to_state: Array, x: Array, past: Array, w_ih: Array, needs: Needs
) -> tuple[Array | None, ...]:
    """Gradients of x, w_ih, w_hh, b_ih, b_hh (`needs` in this order) from those of the two sums before the activations."""
    return (
        xp.matmul(to_input, w_ih) if needs[0] else None,
        xp.matmul(xp.matrix_transpose(to_input), x) if needs[1] else None,
        xp.matmul(xp.matrix_transpose(to_state), past) if needs[2] else None,
        xp.sum(to_input, axis=0) if needs[3] else None,
        xp.sum(to_state, axis=0) if needs[4] else None,
    )


def _total(b_ih: Array | None, b_hh: Array | None) -> Array | None:
    if b_ih is None or b_hh is None:
        return b_hh if b_ih is None else b_ih
    return b_ih + b_hh


# The simple layer (Elman, 1990): h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or with relu.


def _rnn_steps(
    xp: Any, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None, relu: bool, sizes: Sizes,
    reverse: bool,
) -> tuple[Array, ...]:
    given = xp.linear(x, w_ih, _total(b_ih, b_hh))
    hidden, past = [], []
    for start, stop in _spans(sizes, reverse):
        before = _first(xp, h, stop - start)
        total = _rows(xp, given, start, stop) + xp.linear(before, w_hh)
        after = xp.relu(total) if relu else xp.tanh(total)
        hidden.append(after)
        past.append(before)
        h = _replaced(xp, h, after)
    # y and `kept` have their own memory: whoever changes the output in place does not disturb the gradient.
    return _in_time(xp, hidden, reverse), h, _in_time(xp, hidden, reverse), _in_time(xp, past, reverse)


@composite
def rnn_back(
    xp: Any, g_y: Array, g_h_n: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None,
    kept: Array, past: Array, *, relu: bool, sizes: Sizes, reverse: bool, needs: Needs,
) -> tuple[Any, ...]:
    """The gradients of x, h and the weights."""
    if _again(xp):
        _, _, kept, past = _rnn_steps(xp, x, h, w_ih, w_hh, b_ih, b_hh, relu, sizes, reverse)
    slope = xp.astype(kept > 0, dtype=kept.dtype) if relu else 1 - kept * kept
    parts = []
    for start, stop in reversed(_spans(sizes, reverse)):
        step = (_rows(xp, g_y, start, stop) + _first(xp, g_h_n, stop - start)) * _rows(xp, slope, start, stop)
        parts.append(step)
        g_h_n = _replaced(xp, g_h_n, xp.matmul(step, w_hh))
    sums = _in_time(xp, parts, not reverse)
    shared = _shared_gradients(xp, sums, sums, x, past, w_ih, [needs[0], *needs[2:]])
    return shared[0], g_h_n, *shared[1:]


@define(
    "rnn(x, h, w_ih, w_hh, b_ih=None, b_hh=None, *, relu, sizes, reverse) -> y, h_n, kept, past", node_name="Rnn",
    joint=rnn_back,
)
def rnn(
    xp: Any, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None, *, relu: bool,
    sizes: Sizes, reverse: bool,
) -> tuple[Array, ...]:
    """All hidden states and the last one."""
    return _rnn_steps(xp, x, h, w_ih, w_hh, b_ih, b_hh, relu, sizes, reverse)


# Long short-term memory (Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000; projection: Sak et al., 2014).
# c' = f c + i g, h' = o tanh(c'), with a projection W_hr h'; the gates lie in the order i, f, g, o.


def _lstm_steps(
    xp: Any, x: Array, h: Array, c: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None, w_hr: Array | None,
    sizes: Sizes, reverse: bool,
) -> tuple[Array, ...]:
    given = xp.linear(x, w_ih, _total(b_ih, b_hh))
    size = c.shape[1]
    hidden, gates, cells, past_h, past_c = [], [], [], [], []  # type: ignore[var-annotated]
    for start, stop in _spans(sizes, reverse):
        before, cell = _first(xp, h, stop - start), _first(xp, c, stop - start)
        total = _rows(xp, given, start, stop) + xp.linear(before, w_hh)
        in_out = xp.sigmoid(total)
        g = xp.tanh(_columns(xp, total, size)[2])
        i, f, _, o = _columns(xp, in_out, size)
        after_c = f * cell + i * g
        after = o * xp.tanh(after_c)
        if w_hr is not None:
            after = xp.linear(after, w_hr)
        for parts, part in (
            (hidden, after), (gates, xp.concat(i, f, g, o, axis=1)), (cells, after_c), (past_h, before), (past_c, cell)
        ):  # fmt: skip
            parts.append(part)
        h, c = _replaced(xp, h, after), _replaced(xp, c, after_c)
    kept = [_in_time(xp, parts, reverse) for parts in (gates, cells, past_h, past_c)]
    return _in_time(xp, hidden, reverse), h, c, *kept


def _lstm_slopes(xp: Any, gates: Array, cells: Array, past_c: Array) -> tuple[Array, ...]:
    """Derivatives by the sums before the gates: of the cell by i, f, g (rows, 3, hidden), of the output by o and by the cell."""
    rows, size = cells.shape
    i, f, g, o = _columns(xp, gates, size)
    t = xp.tanh(cells)
    to_gates = xp.concat(g * i * (1 - i), past_c * f * (1 - f), i * (1 - g * g), axis=1)
    return xp.reshape(to_gates, shape=(rows, 3, size)), t * o * (1 - o), o * (1 - t * t), f, o * t


@composite
def lstm_back(
    xp: Any, g_y: Array, g_h_n: Array, g_c_n: Array, x: Array, h: Array, c: Array, w_ih: Array, w_hh: Array, b_ih: Array | None,
    b_hh: Array | None, w_hr: Array | None, gates: Array, cells: Array, past_h: Array, past_c: Array, *, sizes: Sizes,
    reverse: bool, needs: Needs,
) -> tuple[Any, ...]:
    """The gradients of x, h, c and the weights."""
    if _again(xp):
        _, _, _, gates, cells, past_h, past_c = _lstm_steps(
            xp, x, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, sizes, reverse)
    size = c.shape[1]
    to_gates, to_o, to_cell, forget, unprojected = _lstm_slopes(xp, gates, cells, past_c)
    parts, outer = [], []
    for start, stop in reversed(_spans(sizes, reverse)):
        n = stop - start
        by_h = _rows(xp, g_y, start, stop) + _first(xp, g_h_n, n)
        outer.append(by_h)
        if w_hr is not None:
            by_h = xp.matmul(by_h, w_hr)
        by_c = _first(xp, g_c_n, n) + by_h * _rows(xp, to_cell, start, stop)
        by_gates = xp.expand_dims(by_c, axis=1) * _rows(xp, to_gates, start, stop)
        by_o = by_h * _rows(xp, to_o, start, stop)
        step = xp.concat(xp.reshape(by_gates, shape=(n, 3 * size)), by_o, axis=1)
        parts.append(step)
        g_h_n = _replaced(xp, g_h_n, xp.matmul(step, w_hh))
        g_c_n = _replaced(xp, g_c_n, by_c * _rows(xp, forget, start, stop))
    sums = _in_time(xp, parts, not reverse)
    shared = _shared_gradients(xp, sums, sums, x, past_h, w_ih, [needs[0], *needs[3:7]])
    by_w_hr = xp.matmul(xp.matrix_transpose(_in_time(xp, outer, not reverse)), unprojected) if needs[7] else None
    return shared[0], g_h_n, g_c_n, *shared[1:], by_w_hr


@define(
    "lstm(x, h, c, w_ih, w_hh, b_ih=None, b_hh=None, w_hr=None, *, sizes, reverse) "
    "-> y, h_n, c_n, gates, cells, past_h, past_c",
    node_name="Lstm",
    joint=lstm_back,
)
def lstm(
    xp: Any, x: Array, h: Array, c: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None,
    w_hr: Array | None = None, *, sizes: Sizes, reverse: bool,
) -> tuple[Array, ...]:
    """All hidden states, the last one and the last cell."""
    return _lstm_steps(xp, x, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, sizes, reverse)


# The gated recurrent unit (Cho et al., 2014): h' = (1 - z) n + z h, n = tanh(W_in x + b_in + r (W_hn h + b_hn)); the gates lie
# in the order r, z, n.


def _gru_steps(
    xp: Any, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None, sizes: Sizes, reverse: bool
) -> tuple[Array, ...]:
    given = xp.linear(x, w_ih, b_ih)
    size = h.shape[1]
    hidden, gates, past = [], [], []
    for start, stop in _spans(sizes, reverse):
        before = _first(xp, h, stop - start)
        input_r, input_z, input_n = _columns(xp, _rows(xp, given, start, stop), size)
        state_r, state_z, state_n = _columns(xp, xp.linear(before, w_hh, b_hh), size)
        r, z = xp.sigmoid(input_r + state_r), xp.sigmoid(input_z + state_z)
        n = xp.tanh(input_n + r * state_n)
        after = n + z * (before - n)
        hidden.append(after)
        gates.append(xp.concat(r, z, n, state_n, axis=1))
        past.append(before)
        h = _replaced(xp, h, after)
    return _in_time(xp, hidden, reverse), h, _in_time(xp, gates, reverse), _in_time(xp, past, reverse)


@composite
def gru_back(
    xp: Any, g_y: Array, g_h_n: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None,
    gates: Array, past: Array, *, sizes: Sizes, reverse: bool, needs: Needs,
) -> tuple[Any, ...]:
    """The gradients of x, h and the weights."""
    if _again(xp):
        _, _, gates, past = _gru_steps(xp, x, h, w_ih, w_hh, b_ih, b_hh, sizes, reverse)
    rows, size = past.shape
    r, z, n, state_n = _columns(xp, gates, size)
    to_n = (1 - z) * (1 - n * n)
    to_r, to_z = to_n * state_n * r * (1 - r), (past - n) * z * (1 - z)
    to_sums = xp.reshape(xp.concat(to_r, to_z, to_n * r, axis=1), shape=(rows, 3, size))
    parts, outer = [], []
    for start, stop in reversed(_spans(sizes, reverse)):
        by_h = _rows(xp, g_y, start, stop) + _first(xp, g_h_n, stop - start)
        step = xp.expand_dims(by_h, axis=1) * _rows(xp, to_sums, start, stop)
        step = xp.reshape(step, shape=(stop - start, 3 * size))
        outer.append(by_h)
        parts.append(step)
        g_h_n = _replaced(xp, g_h_n, by_h * _rows(xp, z, start, stop) + xp.matmul(step, w_hh))
    sums = _in_time(xp, parts, not reverse)
    by_r, by_z, _ = _columns(xp, sums, size)
    by_input = xp.concat(by_r, by_z, _in_time(xp, outer, not reverse) * to_n, axis=1)
    shared = _shared_gradients(xp, by_input, sums, x, past, w_ih, [needs[0], *needs[2:]])
    return shared[0], g_h_n, *shared[1:]


@define(
    "gru(x, h, w_ih, w_hh, b_ih=None, b_hh=None, *, sizes, reverse) -> y, h_n, gates, past", node_name="Gru",
    joint=gru_back,
)
def gru(
    xp: Any, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None, *, sizes: Sizes,
    reverse: bool,
) -> tuple[Array, ...]:
    """All hidden states and the last one."""
    return _gru_steps(xp, x, h, w_ih, w_hh, b_ih, b_hh, sizes, reverse)


# Packing. The two are each other's gradients.


def _runs(sizes: Sizes) -> list[tuple[int, int, int]]:
    """Neighbouring steps of one size: first step, end, size."""
    runs: list[tuple[int, int, int]] = []
    for t, n in enumerate(sizes):
        if runs and runs[-1][2] == n:
            runs[-1] = (runs[-1][0], t + 1, n)
        else:
            runs.append((t, t + 1, n))
    return runs


@define(
    "pack_steps(x, *, sizes)", node_name="PackPaddedSequence",
    x=lambda xp, g, x_shape, sizes: xp.unpack_steps(g, sizes=sizes, shape=tuple(x_shape[:2]), value=0.0),
)
def pack_steps(xp: Any, x: Array, *, sizes: Sizes) -> Array:
    """(steps, batch, *) to (rows, *): of each step the first `size` rows."""
    rest = x.shape[2:]
    blocks = [(xp.basic_index(x, key=(slice(a, b), slice(0, n))), (b - a) * n) for a, b, n in _runs(sizes)]
    return xp.concat(*(xp.reshape(block, shape=(rows, *rest)) for block, rows in blocks), axis=0)


@define("unpack_steps(x, *, sizes, shape, value)", x=lambda xp, g, sizes: xp.pack_steps(g, sizes=sizes))
def unpack_steps(xp: Any, x: Array, *, sizes: Sizes, shape: tuple[int, int], value: float) -> Array:
    """(rows, *) to (steps, batch, *), with `value` where a sequence has ended; `shape` is (steps, batch)."""
    rest = x.shape[1:]
    out = xp.full((*shape, *rest), value, dtype=x.dtype)
    start = 0
    for first, end, n in _runs(sizes):
        stop = start + (end - first) * n
        block = xp.reshape(_rows(xp, x, start, stop), shape=(end - first, n, *rest))
        xp.write(xp.basic_index(out, key=(slice(first, end), slice(0, n))), block)
        start = stop
    return out
