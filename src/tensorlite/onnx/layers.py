"""Products, convolutions, pools, norms and recurrent layers as ONNX nodes."""

from __future__ import annotations

from math import prod
from typing import Any

from ..backends.base import _bodies
from .graph import Graph, Value, exporter, merged
from .shaping import reshaped

Ints = tuple[int, ...]


@exporter("matmul")
def _matmul(graph: Graph, x: Value, y: Value) -> str:
    return graph.node("MatMul", x, y)


@exporter("linear")
def _linear(graph: Graph, x: Value, weight: Value, bias: Value | None = None) -> str:
    if x.ndim == 2:
        return graph.node("Gemm", x, weight, bias, transB=1)
    product = graph.node("MatMul", x, graph.node("Transpose", weight, perm=[1, 0]))
    return product if bias is None else graph.node("Add", product, bias)


@exporter("einsum")
def _einsum(graph: Graph, *xs: Value, equation: str) -> str:
    return graph.node("Einsum", *xs, equation=equation)


@exporter("conv")
def _conv(
    graph: Graph, x: Value, weight: Value, bias: Value | None = None, *, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> str:
    given = [x, weight] if bias is None else [x, weight, bias]
    return graph.node(
        "Conv", *given, strides=list(stride), pads=[*padding, *padding], dilations=list(dilation), group=groups)


@exporter("conv_input")
def _conv_input(
    graph: Graph, y: Value, weight: Value, stride: Ints, padding: Ints, dilation: Ints, groups: int, shape: Any
) -> str:
    kernel = weight.shape[2:]
    geometry = list(zip(stride, padding, dilation, kernel, strict=True))
    extra = []  # what the output has beyond the smallest one, in each trace
    for t, array in enumerate(y.arrays):
        sizes = [n if isinstance(n, int) else n.values[t] for n in shape[2:]]
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, (s, p, d, k) in zip(array.shape[2:], geometry, strict=True)]
        extra.append(tuple(size - n for size, n in zip(sizes, least, strict=True)))
    return graph.node(
        "ConvTranspose", y, weight, strides=list(stride), pads=[*padding, *padding], dilations=list(dilation), group=groups,
        output_padding=list(merged(extra)))


# Pools


def _pooled(graph: Graph, kind: str, x: Value, kernel: Ints, stride: Ints, padding: tuple[Ints, ...], **attributes: Any) -> str:
    """A pool; an input without a batch (C, ...) gets one for the time being."""
    befores, afters = zip(*padding, strict=True)
    geometry = {"kernel_shape": list(kernel), "strides": list(stride), "pads": [*befores, *afters], **attributes}
    if x.ndim == len(kernel) + 2:
        return graph.node(kind, x, **geometry)
    if x.ndim != len(kernel) + 1:
        raise NotImplementedError("onnx.export: a pool needs an input with channels: (N, C, ...) or (C, ...)")
    return graph.node("Squeeze", graph.node(kind, graph.node("Unsqueeze", x, [0]), **geometry), [0])


@exporter("max_pool_values")
def _max_pool_values(graph: Graph, x: Value, kernel: Ints, stride: Ints, padding: Any, dilation: Ints) -> str:
    return _pooled(graph, "MaxPool", x, kernel, stride, padding, dilations=list(dilation))


@exporter("max_pool")
def _max_pool(graph: Graph, x: Value, **geometry: Any) -> str:
    raise NotImplementedError("onnx.export: a max pool with return_indices=True cannot be exported")


@exporter("window_sum")
def _window_sum(graph: Graph, x: Value, kernel: Ints, stride: Ints, padding: Any) -> str:
    mean = _pooled(graph, "AveragePool", x, kernel, stride, padding, count_include_pad=1)
    return graph.node("Mul", mean, graph.number(float(prod(kernel)), x))


# Norms


@exporter("normalize")
def _normalize(
    graph: Graph, x: Value, weight: Value | None = None, bias: Value | None = None, *, axes: Ints, shape: Ints, eps: float
) -> Any:
    if weight is not None and list(axes) == list(range(axes[0], x.ndim)) and weight.shape == x.shape[axes[0] :]:
        return graph.node("LayerNormalization", x, weight, bias, axis=axes[0], epsilon=eps)
    return _bodies["normalize"](graph, x, weight, bias, axes=axes, shape=shape, eps=eps).name


# Recurrent layers: the rows of all steps lie one after the other, and each step must have as many.


def _steps(graph: Graph, x: Value, sizes: Any) -> str:
    steps, batch = sizes
    return reshaped(graph, x, (steps, batch, x.shape[1]))


def _gates(graph: Graph, weight: Value | None, count: int, order: Ints) -> Any:
    """The blocks of a weight or a bias in ONNX's order, with an axis of directions in front."""
    if weight is None or count == 1:
        return weight if weight is None else graph.node("Unsqueeze", weight, [0])
    parts = graph.node("Split", weight, outputs=count, axis=0, num_outputs=count)
    return graph.node("Unsqueeze", graph.node("Concat", *(parts[i] for i in order), axis=0), [0])


def _recurrent(
    graph: Graph, kind: str, x: Value, states: tuple[Value, ...], weights: tuple[Value | None, ...], order: Ints, sizes: Any,
    reverse: bool, **attributes: Any,
) -> tuple[str, ...]:
    w_ih, w_hh, *biases = [_gates(graph, w, len(order), order) for w in weights]
    if (biases[0] is None) != (biases[1] is None):
        raise NotImplementedError(f"onnx.export: {kind} with one bias of two cannot be exported")
    bias = None if biases[0] is None else graph.node("Concat", *biases, axis=1)
    begin = [graph.node("Unsqueeze", state, [0]) for state in states]
    hidden = states[0].shape[1]
    outputs = graph.node(
        kind, _steps(graph, x, sizes), w_ih, w_hh, bias, None, *begin, outputs=1 + len(states), hidden_size=hidden,
        direction="reverse" if reverse else "forward", **attributes)
    rows = graph.node("Reshape", outputs[0], [-1, hidden])  # (steps, 1, batch, hidden)
    return rows, *(graph.node("Squeeze", end, [0]) for end in outputs[1:])


@exporter("rnn")
def _rnn(graph: Graph, x: Value, h: Value, *weights: Any, relu: bool, sizes: Any, reverse: bool) -> tuple[str, ...]:
    activation = "Relu" if relu else "Tanh"
    four = (*weights, None, None)[:4]
    return _recurrent(graph, "RNN", x, (h,), four, (0,), sizes, reverse, activations=[activation])


@exporter("lstm")
def _lstm(graph: Graph, x: Value, h: Value, c: Value, *weights: Any, sizes: Any, reverse: bool) -> tuple[str, ...]:
    if len(weights) == 5 and weights[4] is not None:
        raise NotImplementedError("onnx.export: LSTM with a projection cannot be exported")
    four = (*weights, None, None)[:4]
    return _recurrent(graph, "LSTM", x, (h, c), four, (0, 3, 1, 2), sizes, reverse)  # input, output, forget, cell


@exporter("gru")
def _gru(graph: Graph, x: Value, h: Value, *weights: Any, sizes: Any, reverse: bool) -> tuple[str, ...]:
    four = (*weights, None, None)[:4]
    return _recurrent(graph, "GRU", x, (h,), four, (1, 0, 2), sizes, reverse, linear_before_reset=1)  # update, reset, new
