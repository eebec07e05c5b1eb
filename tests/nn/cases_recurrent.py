"""Recurrent layers and cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twins import Case


def case(make: Callable[[Any], Any], *shapes: tuple[int, ...], random: bool = False) -> Case:
    """A layer called with random tensors: the input, and perhaps a state."""
    return Case(make, lambda lib: tuple(lib.randn(*shape) for shape in shapes), ("random",) if random else ())


def pair(make: Callable[[Any], Any], *shapes: tuple[int, ...]) -> Case:
    """An LSTM with its two states given, in float32 only."""
    return Case(make, lambda lib: (lib.randn(*shapes[0]), tuple(lib.randn(*shape) for shape in shapes[1:])), ("random",))


CASES = [
    case(lambda nn: nn.RNN(3, 4), (5, 2, 3)),
    case(lambda nn: nn.RNN(3, 4, 2, "relu", batch_first=True), (2, 5, 3)),
    case(lambda nn: nn.RNN(3, 2, 2, bidirectional=True, bias=False), (4, 2, 3), (4, 2, 2)),
    case(lambda nn: nn.RNN(3, 4), (5, 3), (1, 4)),
    case(lambda nn: nn.RNN(3, 4, 3, dropout=0.5, bidirectional=True), (5, 2, 3), random=True),
    case(lambda nn: nn.GRU(3, 4), (5, 2, 3)),
    case(lambda nn: nn.GRU(3, 2, 2, batch_first=True, bidirectional=True), (2, 4, 3), (4, 2, 2)),
    case(lambda nn: nn.GRU(3, 4, bias=False), (1, 3)),
    case(lambda nn: nn.GRU(3, 4, num_layers=3, dropout=0.3), (5, 2, 3), (3, 2, 4), random=True),
    case(lambda nn: nn.GRU(3, 4), (5, 0, 3)),
    case(lambda nn: nn.LSTM(3, 4), (5, 2, 3)),
    case(lambda nn: nn.LSTM(3, 2, 2, bias=False, batch_first=True, bidirectional=True), (2, 4, 3)),
    case(lambda nn: nn.LSTM(3, 4, proj_size=2), (4, 2, 3)),
    case(lambda nn: nn.LSTM(3, 3, 2, proj_size=2, bias=False, bidirectional=True), (3, 2, 3)),
    case(lambda nn: nn.LSTM(3, 4, 3, dropout=1.0), (5, 2, 3), random=True),
    pair(lambda nn: nn.LSTM(3, 4, 2, proj_size=2, bidirectional=True, dropout=0.2), (5, 2, 3), (4, 2, 2), (4, 2, 4)),
    pair(lambda nn: nn.LSTM(3, 4, batch_first=True), (5, 3), (1, 4), (1, 4)),
    case(lambda nn: nn.RNNCell(3, 4), (2, 3), (2, 4)),
    case(lambda nn: nn.RNNCell(3, 4, bias=False, nonlinearity="relu"), (3,)),
    case(lambda nn: nn.GRUCell(3, 4), (2, 3), (2, 4)),
    case(lambda nn: nn.GRUCell(3, 4, False), (3,), (4,)),
    case(lambda nn: nn.LSTMCell(3, 4), (2, 3)),
    pair(lambda nn: nn.LSTMCell(3, 4, bias=False), (2, 3), (2, 4), (2, 4)),
    pair(lambda nn: nn.LSTMCell(3, 4), (3,), (4,), (4,)),
]


def _layer_faults(name: str) -> list[Callable[[Any], Any]]:
    def layer(lib: Any, *args: Any, **options: Any) -> Any:
        return getattr(lib.nn, name)(*(args or (3, 4)), **options)

    def state(lib: Any, *shape: int) -> Any:
        return (lib.zeros(*shape), lib.zeros(*shape)) if name == "LSTM" else lib.zeros(*shape)

    return [
        lambda lib: layer(lib, dropout=1.5),
        lambda lib: layer(lib, dropout=True),
        lambda lib: layer(lib, 3.0, 4),
        lambda lib: layer(lib, 3, 4.0),
        lambda lib: layer(lib, 0, 4),
        lambda lib: layer(lib, 3, 0),
        lambda lib: layer(lib, 3, 4, 0),
        lambda lib: layer(lib, bias=1),
        lambda lib: layer(lib, batch_first=1),
        lambda lib: layer(lib, proj_size=4),
        lambda lib: layer(lib, proj_size=-1),
        lambda lib: layer(lib)(lib.zeros(3)),
        lambda lib: layer(lib)(lib.zeros(2, 2, 5)),
        lambda lib: layer(lib)(lib.zeros(2, 5)),
        lambda lib: layer(lib)(lib.zeros(0, 2, 3)),
        lambda lib: layer(lib)(lib.zeros(2, 2, 3, dtype=lib.float64)),
        lambda lib: layer(lib)(lib.zeros(2, 2, 3), state(lib, 1, 3, 4)),
        lambda lib: layer(lib)(lib.zeros(2, 2, 3), state(lib, 2, 2, 4)),
        lambda lib: layer(lib)(lib.zeros(2, 2, 3), state(lib, 2, 4)),
        lambda lib: layer(lib)(lib.zeros(2, 3), state(lib, 1, 1, 4)),
        lambda lib: layer(lib)(lib.zeros(2, 3), state(lib, 1, 5)),
    ]


def _cell_faults(name: str) -> list[Callable[[Any], Any]]:
    def cell(lib: Any, *args: Any) -> Any:
        return getattr(lib.nn, name)(*(args or (3, 4)))

    def state(lib: Any, *shape: int) -> Any:
        return (lib.zeros(*shape), lib.zeros(*shape)) if name == "LSTMCell" else lib.zeros(*shape)

    return [
        lambda lib: cell(lib, 3.0, 4),
        lambda lib: cell(lib)(lib.zeros(2, 2, 3)),
        lambda lib: cell(lib)(lib.zeros(())),
        lambda lib: cell(lib)(lib.zeros(2, 4)),
        lambda lib: cell(lib)(lib.zeros(2, 3, dtype=lib.float64)),
        lambda lib: cell(lib)(lib.zeros(2, 3), state(lib, 3, 4)),
        lambda lib: cell(lib)(lib.zeros(2, 3), state(lib, 2, 5)),
        lambda lib: cell(lib)(lib.zeros(2, 3), state(lib, 4)),
        lambda lib: cell(lib)(lib.zeros(2, 3), state(lib, 1, 2, 4)),
        lambda lib: cell(lib)(lib.zeros(3), state(lib, 1, 4)),
    ]


FAULTS: list[Callable[[Any], Any]] = [
    *(fault for name in ("RNN", "GRU", "LSTM") for fault in _layer_faults(name)),
    *(fault for name in ("RNNCell", "GRUCell", "LSTMCell") for fault in _cell_faults(name)),
    lambda lib: lib.nn.RNN(3, 4, nonlinearity="sin"),
    lambda lib: lib.nn.RNNCell(3, 4, nonlinearity="sin")(lib.zeros(2, 3)),
    lambda lib: lib.nn.RNNBase("XNN", 3, 4),
    lambda lib: lib.nn.RNNBase("LSTM", 3, 4)(lib.zeros(2, 3)),
    lambda lib: lib.lstm_cell(lib.zeros(2, 3), lib.zeros(2, 4), lib.zeros(16, 3), lib.zeros(16, 4)),
    lambda lib: lib.gru_cell(lib.zeros(3), lib.zeros(4), lib.zeros(12, 3), lib.zeros(12, 4)),
    lambda lib: lib.lstm(
        lib.zeros(2, 2, 3), (lib.zeros(1, 2, 4),), [lib.zeros(16, 3), lib.zeros(16, 4)], False, 1, 0.0, False, False, False),
    lambda lib: lib.gru(
        lib.zeros(2, 2, 3), lib.zeros(1, 2, 4), [lib.zeros(12, 3)], False, 1, 0.0, False, False, False),
]  # fmt: skip
