"""Pointwise ops and reductions as ONNX nodes. What is missing here, and has a body, is expanded into these."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import bool as boolean
from ..dtypes import int64
from .graph import TABLE, Graph, Value, exporter

Axis = Any

UNARY = {
    "negative": "Neg", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "reciprocal": "Reciprocal", "abs": "Abs", "floor": "Floor",
    "ceil": "Ceil", "rint": "Round", "sign": "Sign", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin", "acos": "Acos",
    "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "asinh": "Asinh", "acosh": "Acosh", "atanh": "Atanh", "tanh": "Tanh",
    "sigmoid": "Sigmoid", "relu": "Relu", "erf": "Erf", "isnan": "IsNaN", "isinf": "IsInf", "positive": "Identity",
    "copy": "Identity", "ascontiguous": "Identity",
}  # fmt: skip
BINARY = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "maximum": "Max", "minimum": "Min",
    "equal": "Equal", "less": "Less", "less_equal": "LessOrEqual", "greater": "Greater", "greater_equal": "GreaterOrEqual",
}  # fmt: skip
LOGICAL = {"and": "And", "or": "Or", "xor": "Xor"}


def _unary(kind: str) -> Any:
    return lambda graph, x: graph.node(kind, x)


def _binary(kind: str) -> Any:
    def write(graph: Graph, x: Any, y: Any) -> str:
        like = x if isinstance(x, Value) else y
        return graph.node(kind, graph.number(x, like), graph.number(y, like))

    return write


def _is_bool(x: Any) -> bool:
    return x.dtype.kind == "b"


def _logical(kind: str) -> Any:
    """``logical_and`` and ``bitwise_and`` are the same for bools."""

    def write(graph: Graph, x: Any, y: Any) -> str:
        like = x if isinstance(x, Value) else y
        return graph.node(kind if _is_bool(like) else f"Bitwise{kind}", graph.number(x, like), graph.number(y, like))

    return write


def _truth(graph: Graph, x: Value) -> str:
    return x.name if _is_bool(x) else graph.node("Cast", x, to=graph.type_of(boolean))


TABLE.update({name: _unary(kind) for name, kind in UNARY.items()})
TABLE.update({name: _binary(kind) for name, kind in BINARY.items()})
TABLE.update({f"bitwise_{name}": _logical(kind) for name, kind in LOGICAL.items()})
TABLE.update({
    f"logical_{name}": lambda graph, x, y, kind=kind: graph.node(kind, _truth(graph, x), _truth(graph, y))
    for name, kind in LOGICAL.items()
})  # fmt: skip


@exporter("pow")
def _pow(graph: Graph, x: Any, y: Any) -> str:
    like = x if isinstance(x, Value) else y
    if like.dtype.kind != "f":
        raise NotImplementedError("onnx.export: powers of integers cannot be exported, because runtimes round them; use floats")
    return graph.node("Pow", graph.number(x, like), graph.number(y, like))


@exporter("not_equal")
def _not_equal(graph: Graph, x: Any, y: Any) -> str:
    return graph.node("Not", TABLE["equal"](graph, x, y))


@exporter("logical_not")
def _logical_not(graph: Graph, x: Value) -> str:
    return graph.node("Not", _truth(graph, x))


@exporter("bitwise_invert")
def _invert(graph: Graph, x: Value) -> str:
    return graph.node("Not" if _is_bool(x) else "BitwiseNot", x)


@exporter("isfinite")
def _isfinite(graph: Graph, x: Value) -> str:
    return graph.node("Not", graph.node("Or", graph.node("IsNaN", x), graph.node("IsInf", x)))


@exporter("square")
def _square(graph: Graph, x: Value) -> str:
    return graph.node("Mul", x, x)


def _after(kind: str, then: str, number: float) -> Any:
    return lambda graph, x: graph.node(then, graph.node(kind, x), graph.number(number, x))


TABLE.update(expm1=_after("Exp", "Sub", 1.0), log2=_after("Log", "Div", math.log(2)), log10=_after("Log", "Div", math.log(10)))


@exporter("log1p")
def _log1p(graph: Graph, x: Value) -> str:
    return graph.node("Log", graph.node("Add", x, graph.number(1.0, x)))


@exporter("exp2")
def _exp2(graph: Graph, x: Value) -> str:
    return graph.node("Pow", graph.number(2.0, x), x)


@exporter("trunc")
def _trunc(graph: Graph, x: Value) -> str:
    return graph.node("Mul", graph.node("Sign", x), graph.node("Floor", graph.node("Abs", x)))


@exporter("round")
def _round(graph: Graph, x: Value, decimals: int = 0) -> str:
    if decimals == 0:
        return graph.node("Round", x)
    scale = graph.number(10.0**decimals, x)
    return graph.node("Div", graph.node("Round", graph.node("Mul", x, scale)), scale)


@exporter("remainder")
def _remainder(graph: Graph, x: Any, y: Any) -> str:
    like = x if isinstance(x, Value) else y
    x, y = graph.number(x, like), graph.number(y, like)
    if like.dtype.kind != "f":
        return graph.node("Mod", x, y)
    return graph.node("Sub", x, graph.node("Mul", graph.node("Floor", graph.node("Div", x, y)), y))


@exporter("floor_divide")
def _floor_divide(graph: Graph, x: Any, y: Any) -> str:
    like = x if isinstance(x, Value) else y
    x, y = graph.number(x, like), graph.number(y, like)
    if like.dtype.kind != "f":  # ONNX rounds integers towards zero
        return graph.node("Div", graph.node("Sub", x, graph.node("Mod", x, y)), y)
    return graph.node("Floor", graph.node("Div", x, y))


@exporter("clip")
def _clip(graph: Graph, x: Value, low: Any, high: Any) -> str:
    return graph.node("Min", graph.node("Max", x, graph.number(low, x)), graph.number(high, x))


@exporter("where")
def _where(graph: Graph, mask: Value, x: Any, y: Any) -> str:
    like = x if isinstance(x, Value) else y if isinstance(y, Value) else None
    if like is None:
        raise NotImplementedError("onnx.export: where of two numbers cannot be exported; make one of them a tensor")
    return graph.node("Where", mask, graph.number(x, like), graph.number(y, like))


@exporter("astype")
def _astype(graph: Graph, x: Value, dtype: Any) -> str:
    return graph.node("Cast", x, to=graph.type_of(dtype))


@exporter("leaky_relu")
def _leaky_relu(graph: Graph, x: Value, slope: float) -> str:
    return graph.node("LeakyRelu", x, alpha=slope)


@exporter("elu")
def _elu(graph: Graph, x: Value, alpha: float, scale: float, input_scale: float) -> str:
    zero = graph.number(0.0, x)
    below = graph.node("Exp", graph.node("Mul", graph.node("Min", x, zero), graph.number(input_scale, x)))
    below = graph.node("Mul", graph.node("Sub", below, graph.number(1.0, x)), graph.number(alpha * scale, x))
    return graph.node("Where", graph.node("Greater", x, zero), graph.node("Mul", x, graph.number(scale, x)), below)


# Reductions


def _wide(graph: Graph, x: Value) -> Any:
    """Sums and products of bools and integers are int64."""
    return graph.node("Cast", x, to=graph.type_of(int64)) if x.dtype.kind in "biu" and x.dtype.itemsize < 8 else x


def _reduction(kind: str) -> Any:
    def write(graph: Graph, x: Value, axis: Axis = None, keepdims: bool = False) -> str:
        axes = None if axis is None else [axis] if isinstance(axis, int) else list(axis)
        source: Any = x
        if kind in ("ReduceSum", "ReduceProd"):
            source = _wide(graph, x)
        if axes == []:
            return graph.node("Identity", source)
        return graph.node(kind, source, axes, keepdims=int(keepdims))

    return write


TABLE.update({name: _reduction(f"Reduce{name.title()}") for name in ("sum", "mean", "max", "min", "prod")})


def _reduced_truth(kind: str) -> Any:
    def write(graph: Graph, x: Value, axis: Axis = None, keepdims: bool = False) -> str:
        axes = None if axis is None else [axis] if isinstance(axis, int) else list(axis)
        numbers = graph.node("Cast", _truth(graph, x), to=graph.type_of(int64))
        return graph.node("Cast", graph.node(kind, numbers, axes, keepdims=int(keepdims)), to=graph.type_of(boolean))

    return write


TABLE.update(any=_reduced_truth("ReduceMax"), all=_reduced_truth("ReduceMin"))


def _extreme(kind: str) -> Any:
    def write(graph: Graph, x: Value, axis: int | None = None, keepdims: bool = False) -> str:
        if axis is None:
            flat = graph.node("Reshape", x, [-1])
            found = graph.node(kind, flat, axis=0, keepdims=0)
            return graph.node("Reshape", found, [1] * x.ndim) if keepdims else found
        return graph.node(kind, x, axis=axis, keepdims=int(keepdims))

    return write


TABLE.update(argmax=_extreme("ArgMax"), argmin=_extreme("ArgMin"))


@exporter("softmax")
def _softmax(graph: Graph, x: Value, axis: int) -> str:
    return graph.node("Softmax", x, axis=axis)


@exporter("log_softmax")
def _log_softmax(graph: Graph, x: Value, axis: int) -> str:
    return graph.node("LogSoftmax", x, axis=axis)


@exporter("cumulative_sum")
def _cumulative_sum(graph: Graph, x: Value, axis: int) -> str:
    if not x.ndim:
        return graph.node("Identity", _wide(graph, x))
    return graph.node("CumSum", _wide(graph, x), graph.number(axis, graph.constant([graph.backend.asarray(0)] * graph.traces)))
