"""Rows for the recurrent functions."""

from __future__ import annotations

from typing import Any

from rows import FLOATS, Input, Row, real, row

__all__ = ["ROWS"]

_GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def _weights(gates: int, layers: int, directions: int, hidden: int = 2) -> list[Input]:
    """Weights for an input with 3 features."""
    found = []
    for layer in range(layers):
        width = 3 if layer == 0 else hidden * directions
        for _ in range(directions):
            found += [real(gates * hidden, width), real(gates * hidden, hidden), real(gates * hidden), real(gates * hidden)]
    return found


def _call(name: str, layers: int, bidirectional: bool, sizes: tuple[int, ...] | None) -> Any:
    states = 2 if name == "lstm" else 1

    def call(m: Any, x: Any, *rest: Any) -> Any:
        hx = rest[:2] if states == 2 else rest[0]
        options = (list(rest[states:]), True, layers, 0.0, False, bidirectional)
        if sizes is None:
            return getattr(m, name)(x, hx, *options, True)
        return getattr(m, name)(x, m.tensor(sizes), hx, *options)

    return call


def _networks(name: str) -> list[Row]:
    gates, states = _GATES[name], 2 if name == "lstm" else 1
    deep = _weights(gates, 2, 2)
    return [
        # Many weights, and layers are only put one on the other: second derivatives are those of the packed row.
        row(name, real(2, 3, 3), *[real(4, 2, 2)] * states, *deep, call=_call(name, 2, True, None), dtypes=FLOATS, rtol=4.0,
            gradgrad=False),
        row(f"{name}[packed]", real(6, 3), *[real(1, 3, 2)] * states, *_weights(gates, 1, 1), dtypes=("float32", "float64"),
            call=_call(name, 1, False, (3, 2, 1)), rtol=4.0),
    ]  # fmt: skip


def _cells(name: str) -> list[Row]:
    rows = _GATES[name] * 2
    tensors = [real(4, 3), *[real(4, 2)] * (2 if name == "lstm" else 1), real(rows, 3), real(rows, 2), real(rows), real(rows)]

    def call(m: Any, x: Any, *rest: Any) -> Any:
        return getattr(m, f"{name}_cell")(x, *((rest[:2], *rest[2:]) if name == "lstm" else rest))

    return [row(f"{name}_cell", *tensors, call=call, dtypes=FLOATS, rtol=4.0)]


ROWS = [r for name in _GATES for r in (*_networks(name), *_cells(name))]
