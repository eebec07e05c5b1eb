"""Recurrent networks as functions: `lstm`, `gru`, `rnn_tanh`, `rnn_relu`, and one step of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autograd.base import TensorBase
from ..ops import recurrent as ops
from .joining import cat, stack
from .spelling import public

__all__ = ["gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell"]

Tensor = Any
GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}
"""How many blocks of rows a layer's weights have."""


def _direction(
    kind: str, x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor | None], sizes: tuple[int, ...], reverse: bool
) -> tuple[Tensor, ...]:
    """One direction of one layer: all outputs and the last states. Half precision is computed in float32."""
    dtype = x.dtype
    half = dtype.itemsize == 2 and dtype.is_floating_point
    if half:
        for t in (*states, *weights):
            if t is not None and t.dtype is not dtype:
                raise RuntimeError(f"{kind}: expected all tensors to be {dtype} as the input is, but got {t.dtype}")
        x, states, weights = x.float(), [s.float() for s in states], [None if w is None else w.float() for w in weights]
    if kind == "lstm":
        out = ops.lstm(x, *states, *weights, sizes=sizes, reverse=reverse)[:3]
    elif kind == "gru":
        out = ops.gru(x, *states, *weights, sizes=sizes, reverse=reverse)[:2]
    else:
        out = ops.rnn(x, *states, *weights, relu=kind == "rnn_relu", sizes=sizes, reverse=reverse)[:2]
    return tuple(t.to(dtype) for t in out) if half else out


def _check_numbers(kind: str, x: Tensor) -> None:
    if not x.is_floating_point():
        raise NotImplementedError(f"{kind} is not implemented for {x.dtype}: the input must be a floating point tensor")


def _require(kind: str, name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(tensor.shape) != shape:
        raise RuntimeError(f"{kind}: expected {name} of size {list(shape)}, but got {list(tensor.shape)}")


def _groups(
    kind: str, params: Sequence[Tensor], states: Sequence[Tensor], has_biases: bool, count: int
) -> list[list[Tensor | None]]:
    """The weights of each direction of each layer, in the order of the op: w_ih, w_hh, b_ih, b_hh, w_hr."""
    projected = kind == "lstm" and states[0].shape[-1] != states[1].shape[-1]
    each = 2 + 2 * has_biases + projected
    if len(params) != count * each:
        raise RuntimeError(f"{kind}: expected {count} groups of {each} weights, but got {len(params)} weights")
    groups = []
    for i in range(0, len(params), each):
        own = list(params[i : i + each])
        groups.append(own if has_biases or not projected else [*own[:2], None, None, *own[2:]])
    return groups


def _check_sizes(
    kind: str, x: Tensor, batch: int, states: Sequence[Tensor], groups: list[list[Tensor | None]], directions: int
) -> None:
    """Every size is compared: a wrong one may otherwise broadcast."""
    hidden, out = states[-1].shape[-1], states[0].shape[-1]
    for name, state, size in zip(("hx", "cx"), states, (out, hidden), strict=False):
        _require(kind, name, state, (len(groups), batch, size))
    width = x.shape[-1]
    for number, group in enumerate(groups):
        rows = GATES[kind] * hidden
        shapes = [(rows, width), (rows, out), (rows,), (rows,), (out, hidden)]
        for name, weight, shape in zip(("w_ih", "w_hh", "b_ih", "b_hh", "w_hr"), group, shapes, strict=False):
            if weight is not None:
                _require(kind, f"{name} of layer {number // directions}", weight, shape)
        if number % directions == directions - 1:
            width = out * directions


def _dropped(x: Tensor, p: float) -> Tensor:
    """`x` with a part of its elements 0 and the others scaled up."""
    mask = x.detach().new_empty(x.shape)
    return x * (mask.zero_() if p == 1 else mask.bernoulli_(1 - p).div_(1 - p))


def _layers(
    kind: str, x: Tensor, sizes: tuple[int, ...], states: Sequence[Tensor], params: Sequence[Tensor], has_biases: bool,
    num_layers: int, dropout: float, train: bool, bidirectional: bool,
) -> tuple[Tensor, ...]:
    """All layers, one on top of the other: packed rows and states to packed rows and states."""
    _check_numbers(kind, x)
    directions = 2 if bidirectional else 1
    groups = _groups(kind, params, states, has_biases, num_layers * directions)
    _check_sizes(kind, x, sizes[0], states, groups, directions)
    ends = []
    for layer in range(num_layers):
        outputs = []
        for number in range(layer * directions, (layer + 1) * directions):
            y, *end = _direction(
                kind, x, [s[number] for s in states], groups[number], sizes, reverse=number % directions == 1)
            outputs.append(y)
            ends.append(end)
        x = outputs[0] if directions == 1 else cat(outputs, 1)
        if dropout and train and layer < num_layers - 1 and x.numel():
            x = _dropped(x, dropout)
    return x, *(stack(parts) for parts in zip(*ends, strict=True))


def _padded(
    kind: str, input: Tensor, hx: Any, params: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float, train: bool,
    bidirectional: bool, batch_first: bool,
) -> tuple[Tensor, ...]:
    if input.ndim != 3:
        raise RuntimeError(f"{kind}: expected an input with 3 dimensions, but got {input.ndim}")
    x = input.transpose(0, 1) if batch_first else input
    steps, batch, width = x.shape
    if not steps:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    states = _states(kind, hx)
    y, *ends = _layers(
        kind, x.reshape(steps * batch, width), (batch,) * steps, states, params, has_biases, num_layers, dropout, train,
        bidirectional,
    )
    y = y.reshape(steps, batch, y.shape[1])
    return y.transpose(0, 1) if batch_first else y, *ends


def _packed(
    kind: str, data: Tensor, batch_sizes: Tensor, hx: Any, params: Sequence[Tensor], has_biases: bool, num_layers: int,
    dropout: float, train: bool, bidirectional: bool,
) -> tuple[Tensor, ...]:
    if data.ndim != 2:
        raise RuntimeError(f"{kind}: expected packed data with 2 dimensions, but got {data.ndim}")
    sizes = tuple(batch_sizes.tolist())
    if not sizes or sum(sizes) != data.shape[0] or any(a < b for a, b in zip(sizes, sizes[1:], strict=False)) or sizes[-1] < 0:
        raise RuntimeError(
            f"{kind}: batch_sizes must not increase and must add up to the {data.shape[0]} rows of the data, but they are "
            f"{list(sizes)}. Use pack_padded_sequence or pack_sequence to make them."
        )
    return _layers(
        kind, data, sizes, _states(kind, hx), params, has_biases, num_layers, dropout, train, bidirectional)


def _states(kind: str, hx: Any) -> list[Tensor]:
    if kind != "lstm":
        states = [hx]
    elif isinstance(hx, (tuple, list)):
        if len(hx) != 2:
            raise RuntimeError("lstm expects two hidden states")
        states = list(hx)
    else:
        raise TypeError(f"lstm(): argument 'hx' must be a tuple of Tensors, not {type(hx).__name__}")
    for state in states:
        if not isinstance(state, TensorBase):
            raise TypeError(f"{kind}(): argument 'hx' must be a Tensor, not {type(state).__name__}")
        if state.ndim != 3:
            raise RuntimeError(f"{kind}: expected a state (layers * directions, batch, hidden), but got {list(state.shape)}")
    return states


def _called(kind: str, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[Tensor, ...]:
    """Padded or packed: packed calls have `batch_sizes` in second place, and so their weights in fourth."""
    packed = "batch_sizes" in options or len(args) > 3 and isinstance(args[3], (tuple, list))
    return (_packed if packed else _padded)(kind, *args, **options)


@public(method=False, out=False)
def lstm(*args: Any, **options: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Long short-term memory (Hochreiter and Schmidhuber, 1997): (steps, batch, in) to (steps, batch, out), and last states.

    Either ``lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)`` or, for packed
    sequences, ``lstm(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)``. `hx` is a pair of
    states (layers * directions, batch, hidden); `params` has w_ih, w_hh, b_ih, b_hh of each direction of each layer. If the
    two states differ in their last size, each output is projected to that of the first by a further weight, w_hr.

    Raises:
        RuntimeError: sizes do not fit, or there is no step.

    >>> import tensorlite as tl
    >>> states = tl.zeros(1, 1, 1), tl.ones(1, 1, 1)
    >>> tl.lstm(tl.zeros(2, 1, 1), states, [tl.ones(4, 1), tl.ones(4, 1)], False, 1, 0.0, False, False, False)[0]
    tensor([[[0.2311]],
    <BLANKLINE>
            [[0.2144]]])
    """
    y, h, c = _called("lstm", args, options)
    return y, h, c


@public(method=False, out=False)
def gru(*args: Any, **options: Any) -> tuple[Tensor, Tensor]:
    """Gated recurrent units (Cho et al., 2014): (steps, batch, in) to (steps, batch, hidden), and the last state.

    Either ``gru(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)`` or, for packed
    sequences, ``gru(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)``. `hx` is a state
    (layers * directions, batch, hidden); `params` has w_ih, w_hh, b_ih, b_hh of each direction of each layer.

    Raises:
        RuntimeError: sizes do not fit, or there is no step.

    >>> import tensorlite as tl
    >>> weights = [tl.ones(3, 1), tl.ones(3, 1)]
    >>> tl.gru(tl.zeros(2, 1, 1), tl.ones(1, 1, 1), weights, False, 1, 0.0, False, False, False)[1]
    tensor([[[0.8020]]])
    """
    y, h = _called("gru", args, options)
    return y, h


@public(method=False, out=False)
def rnn_tanh(*args: Any, **options: Any) -> tuple[Tensor, Tensor]:
    """A simple recurrent network (Elman, 1990) with tanh: (steps, batch, in) to (steps, batch, hidden), and the last state.

    Arguments are those of `gru`.

    Raises:
        RuntimeError: sizes do not fit, or there is no step.

    >>> import tensorlite as tl
    >>> weights = [tl.ones(1, 1), tl.ones(1, 1)]
    >>> tl.rnn_tanh(tl.zeros(2, 1, 1), tl.ones(1, 1, 1), weights, False, 1, 0.0, False, False, False)[1]
    tensor([[[0.6420]]])
    """
    y, h = _called("rnn_tanh", args, options)
    return y, h


@public(method=False, out=False)
def rnn_relu(*args: Any, **options: Any) -> tuple[Tensor, Tensor]:
    """A simple recurrent network (Elman, 1990) with relu: (steps, batch, in) to (steps, batch, hidden), and the last state.

    Arguments are those of `gru`.

    Raises:
        RuntimeError: sizes do not fit, or there is no step.

    >>> import tensorlite as tl
    >>> weights = [tl.ones(1, 1), tl.ones(1, 1)]
    >>> tl.rnn_relu(tl.zeros(2, 1, 1), tl.ones(1, 1, 1), weights, False, 1, 0.0, False, False, False)[1]
    tensor([[[1.]]])
    """
    y, h = _called("rnn_relu", args, options)
    return y, h


def _cell(
    kind: str, input: Tensor, states: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None
) -> tuple[Tensor, ...]:
    """One step is a sequence of length one."""
    _check_numbers(kind, input)
    for name, x in (("input", input), *((f"hidden{i}", s) for i, s in enumerate(states))):
        if x.ndim != 2:
            raise IndexError(f"{kind}_cell: expected {name} with 2 dimensions (batch, features), but got {x.ndim}")
    batch, width = input.shape
    rows, hidden = w_hh.shape
    if width != w_ih.shape[1]:
        raise RuntimeError(f"input has inconsistent input_size: got {width} expected {w_ih.shape[1]}")
    for i, state in enumerate(states):
        if state.shape[0] != batch:
            raise RuntimeError(f"Input batch size {batch} doesn't match hidden{i} batch size {state.shape[0]}")
        if state.shape[1] != hidden:
            raise RuntimeError(f"hidden{i} has inconsistent hidden_size: got {state.shape[1]}, expected {hidden}")
    _require(kind, "w_hh", w_hh, (GATES[kind] * hidden, hidden))
    _require(kind, "w_ih", w_ih, (rows, width))
    for name, bias in (("b_ih", b_ih), ("b_hh", b_hh)):
        if bias is not None:
            _require(kind, name, bias, (rows,))
    return _direction(kind, input, states, [w_ih, w_hh, b_ih, b_hh], (batch,), False)[1:]


@public(method=False, out=False)
def lstm_cell(
    input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """One step of `lstm`: (batch, in) and two states (batch, hidden) to two states.

    Raises:
        RuntimeError: sizes do not fit.

    >>> import tensorlite as tl
    >>> h, c = tl.lstm_cell(tl.zeros(1, 1), (tl.zeros(1, 1), tl.ones(1, 1)), tl.ones(4, 1), tl.ones(4, 1))
    >>> c
    tensor([[0.5000]])
    """
    if not isinstance(hx, (tuple, list)):
        raise TypeError(f"lstm_cell(): argument 'hx' (position 2) must be tuple of Tensors, not {type(hx).__name__}")
    if len(hx) != 2:
        raise RuntimeError("lstm_cell expects two hidden states")
    h, c = _cell("lstm", input, hx, w_ih, w_hh, b_ih, b_hh)
    return h, c


@public(method=False, out=False)
def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of `gru`: (batch, in) and a state (batch, hidden) to a state.

    Raises:
        RuntimeError: sizes do not fit.

    >>> import tensorlite as tl
    >>> tl.gru_cell(tl.zeros(1, 1), tl.ones(1, 1), tl.ones(3, 1), tl.ones(3, 1))
    tensor([[0.8988]])
    """
    return _cell("gru", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


@public(method=False, out=False)
def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of `rnn_tanh`: (batch, in) and a state (batch, hidden) to a state.

    Raises:
        RuntimeError: sizes do not fit.

    >>> import tensorlite as tl
    >>> tl.rnn_tanh_cell(tl.zeros(1, 1), tl.ones(1, 1), tl.ones(1, 1), tl.ones(1, 1))
    tensor([[0.7616]])
    """
    return _cell("rnn_tanh", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


@public(method=False, out=False)
def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of `rnn_relu`: (batch, in) and a state (batch, hidden) to a state.

    Raises:
        RuntimeError: sizes do not fit.

    >>> import tensorlite as tl
    >>> tl.rnn_relu_cell(tl.zeros(1, 1), tl.ones(1, 1), tl.ones(1, 1), tl.ones(1, 1))
    tensor([[1.]])
    """
    return _cell("rnn_relu", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]
