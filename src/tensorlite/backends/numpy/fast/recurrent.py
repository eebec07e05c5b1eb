"""Recurrent layers: each step is two products by BLAS and one pass over the gates, and a compiled function runs all of them.

As in `ops/recurrent.py`, whose functions these replace: rows lie packed, step after step, and a state keeps the rows of sequences
that have ended or not yet begun. Threads take a few sequences each (`recurrent_loops.py`). Small weights stay in a core's cache, so
the product with the input and the gradients of input and weights are part of the steps; those of large weights are computed for all
steps at once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...base import may_decline
from . import recurrent_loops as loops
from .blas import available
from .inputs import dense, floating
from .matmul import product, sum_of_rows, turned
from .recurrent_loops import COLUMNS, DEPTH, SHARE

__all__ = ["examples", "gru", "gru_back", "lstm", "lstm_back", "rnn", "rnn_back"]

Array = np.ndarray
Sizes = tuple[int, ...]
LEAST = 1 << 13
"""Layers with fewer numbers in all hidden states are left to the bodies."""
SMALL = 10**6
"""OpenBLAS multiplies matrices without copying them if their three sizes have at most this product."""


def _run(steps: Any, w_hh: Array, sizes: Sizes, reverse: bool, *arrays: Any) -> None:
    """Call the compiled function `steps` for a few sequences at a time: its arguments are which of them, the first row and the
    number of rows of each step, in the order in which they are run, and what is given here."""
    steps(_shares(max(sizes), _small(w_hh)), _table(sizes, reverse), w_hh, *arrays)


@functools.lru_cache(maxsize=64)
def _shares(batch: int, small: bool) -> Array:
    """The sequences of each block."""
    share = max(16, -(-batch // 4)) if not small else SHARE if batch > 2 * SHARE else SHARE // 2
    return np.array([(start, min(start + share, batch)) for start in range(0, batch, share)], np.int64)


@functools.lru_cache(maxsize=64)
def _table(sizes: Sizes, reverse: bool) -> Array:
    """The first row and the number of rows of each step."""
    table = np.stack([np.cumsum((0, *sizes[:-1])), np.array(sizes)], 1).astype(np.int64)
    return np.ascontiguousarray(table[::-1]) if reverse else table


def _small(*weights: Array) -> bool:
    """Whether the products of the rows of a few sequences with weights copy no weights."""
    return SHARE * max(w.size for w in weights) <= SMALL


def _suits(x: Array, *arrays: Array | None) -> bool:
    return floating(x, *arrays) and len(x) * arrays[0].shape[1] >= LEAST and available()  # type: ignore[union-attr]


def _copies(*arrays: Array) -> list[Array]:
    """Memory of their own, in which states are moved on."""
    return [a.copy("C") for a in arrays]


def _bias(size: int, dtype: Any, *biases: Array | None) -> Array:
    return sum((bias for bias in biases if bias is not None), np.zeros(size, dtype))


def _given(rows: int, x: Array, w_ih: Array, w_hh: Array, *biases: Array | None) -> tuple[Array, ...]:
    """The sums before the gates, the input, its weights and a bias: the sums are memory for so many rows, or those of all rows with
    the input's part in them; then the bias has no elements."""
    bias = _bias(len(w_ih), x.dtype, *biases)
    if _small(w_ih, w_hh):
        return np.empty((rows, len(w_ih)), x.dtype), dense(x), turned(w_ih), bias
    return product(x, w_ih.T, bias), dense(x), dense(w_ih), bias[:0]


def _back(
    steps: Any, sums: int, x: Array, past: Array, w_ih: Array, w_hh: Array, needs: list[bool], sizes: Sizes, reverse: bool,
    *arrays: Any,
) -> list[Array | None]:
    """Run the steps backwards; the gradients of x, w_ih, w_hh, b_ih and b_hh (`needs` in this order). `sums` is how many gradients
    of sums before the gates a layer has: one, or one by the input's part and one by the state's."""
    blocks, (gates, size), features = len(_shares(max(sizes), _small(w_hh))), w_hh.shape, x.shape[1]
    small = _small(w_ih, w_hh)
    # Each block has gradients of weights of its own: together they are to need no more memory than the sums of all steps.
    together = small and DEPTH * COLUMNS * max(features, size) <= SMALL and blocks * (features + size) <= len(x)
    by_x = np.empty((len(x) if needs[0] and small else 0, features), x.dtype)
    by = tuple(
        np.empty((blocks, gates if together and needed else 0, *rest), x.dtype)
        for needed, rest in zip(needs[1:], ((features,), (size,), (), ()), strict=True)
    )
    whole = [np.empty((0 if together else len(x), gates), x.dtype) for _ in range(sums)]
    _run(steps, dense(w_hh), sizes, reverse, dense(w_ih), dense(x), dense(past), by_x, by, *whole, *arrays)
    if together:
        totals = (sum_of_rows(part.reshape(blocks, part[0].size)).reshape(part.shape[1:]) for part in by)
        return [out if needed else None for out, needed in zip((by_x, *totals), needs, strict=True)]
    to_input, to_state = whole[0], whole[-1]
    return [
        None if not needs[0] else by_x if len(by_x) else product(to_input, w_ih),
        product(to_input.T, x) if needs[1] else None,
        product(to_state.T, past) if needs[2] else None,
        sum_of_rows(to_input) if needs[3] else None,
        sum_of_rows(to_state) if needs[4] else None,
    ]


@may_decline
def rnn(
    x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None, *, relu: bool,
    sizes: Sizes, reverse: bool,
) -> tuple[Array, ...]:
    """All hidden states and the last one, and what the gradient needs."""
    if not _suits(x, h, w_ih, w_hh, b_ih, b_hh):
        return NotImplemented
    (kept, *given), (h,) = _given(len(x), x, w_ih, w_hh, b_ih, b_hh), _copies(h)
    hidden, past = (np.empty_like(kept) for _ in range(2))
    _run(loops.rnn, turned(w_hh), sizes, reverse, *given, relu, h, kept, hidden, past)
    return hidden, h, kept, past


@may_decline
def rnn_back(
    g_y: Array, g_h_n: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None, kept: Array,
    past: Array, *, relu: bool, sizes: Sizes, reverse: bool, needs: list[bool],
) -> tuple[Any, ...]:
    """The gradients of x, h and the weights."""
    if not _suits(x, h, g_y, g_h_n, w_ih, w_hh):
        return NotImplemented
    (by_h,), needs = _copies(g_h_n), [needs[0], *needs[2:6]]
    by_x, *by = _back(loops.rnn_back, 1, x, past, w_ih, w_hh, needs, sizes, reverse, relu, by_h, dense(g_y), dense(kept))
    return by_x, by_h, *by


@may_decline
def lstm(
    x: Array, h: Array, c: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None,
    w_hr: Array | None = None, *, sizes: Sizes, reverse: bool,
) -> tuple[Array, ...]:
    """All hidden states, the last one and the last cell, and what the gradient needs."""
    if w_hr is not None or not _suits(x, h, c, w_ih, w_hh, b_ih, b_hh):
        return NotImplemented
    (gates, *given), (h, c) = _given(len(x), x, w_ih, w_hh, b_ih, b_hh), _copies(h, c)
    hidden, cells, past_h, past_c = (np.empty((len(x), h.shape[1]), x.dtype) for _ in range(4))
    _run(loops.lstm, turned(w_hh), sizes, reverse, *given, h, c, gates, hidden, cells, past_h, past_c)
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
    arrays = [dense(a) for a in (g_y, gates, cells, past_c)]
    needs = [needs[0], *needs[3:7]]
    by_x, *by = _back(loops.lstm_back, 1, x, past_h, w_ih, w_hh, needs, sizes, reverse, by_h, by_c, *arrays)
    return by_x, by_h, by_c, *by, None


@may_decline
def gru(
    x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None, *, sizes: Sizes,
    reverse: bool,
) -> tuple[Array, ...]:
    """All hidden states and the last one, and what the gradient needs."""
    if not _suits(x, h, w_ih, w_hh, b_ih, b_hh):
        return NotImplemented
    (sums, *given), (h,), bias = _given(len(h), x, w_ih, w_hh, b_ih), _copies(h), _bias(len(w_hh), x.dtype, b_hh)
    gates = np.empty((len(x), 4 * h.shape[1]), x.dtype)
    hidden, past = (np.empty((len(x), h.shape[1]), x.dtype) for _ in range(2))
    memory = np.empty((len(h), 3 * h.shape[1]), x.dtype)
    _run(loops.gru, turned(w_hh), sizes, reverse, *given, bias, memory, h, sums, gates, hidden, past)
    return hidden, h, gates, past


@may_decline
def gru_back(
    g_y: Array, g_h_n: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None, b_hh: Array | None, gates: Array,
    past: Array, *, sizes: Sizes, reverse: bool, needs: list[bool],
) -> tuple[Any, ...]:
    """The gradients of x, h and the weights."""
    if not _suits(x, h, g_y, g_h_n, w_ih, w_hh):
        return NotImplemented
    (by_h,), needs = _copies(g_h_n), [needs[0], *needs[2:6]]
    by_x, *by = _back(loops.gru_back, 2, x, past, w_ih, w_hh, needs, sizes, reverse, by_h, dense(g_y), dense(gates))
    return by_x, by_h, *by


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
