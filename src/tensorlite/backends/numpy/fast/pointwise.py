"""Functions of one number at a time, and their gradients: each is written once, below, and a loop around it is made for each dtype.

In single precision the numbers in a function's text are single too; otherwise numba would compute in double precision.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from ...base import may_decline
from . import ARITHMETIC
from .functions import erf, exp, expm1, inlined, normal, sigmoid, tanh
from .inputs import dense, floating, spans
from .team import shared

__all__ = ["add_to", "arithmetic", "examples", "kernel"]

Array = np.ndarray
LEAST = 1 << 12
"""Arrays of fewer numbers are left to NumPy."""
BLOCK = 1 << 14
"""Numbers in a block."""


def _relu(x):
    return 0.0 if x < 0.0 else x


def _relu_back(g, out):
    return 0.0 if out <= 0.0 else g


def _sigmoid_back(g, out):
    slope = g * out
    return slope - slope * out


def _tanh_back(g, out):
    return g - g * out * out


def _gelu(x):
    return x * normal(x)


def _gelu_back(g, x):
    return g * (normal(x) + x * (exp(x * x * -0.5) * 0.3989422804014327))


def _gelu_tanh(x):
    return x * (tanh((x + x * x * x * 0.044715) * 0.7978845608028654) * 0.5 + 0.5)


def _gelu_tanh_back(g, x):
    t = tanh((x + x * x * x * 0.044715) * 0.7978845608028654)
    return g * ((t * 0.5 + 0.5) + x * (0.5 - t * t * 0.5) * (x * x * 0.10703222440890037 + 0.7978845608028654))


def _silu(x):
    return x * sigmoid(x)


def _silu_back(g, x):
    s = sigmoid(x)
    return g * (s * (1.0 + x * (1.0 - s)))


def _leaky_relu(x, slope):
    return x if x > 0.0 else x * slope


def _leaky_relu_back(g, x, slope):
    return g if x > 0.0 else g * slope


def _elu(x, alpha, scale, input_scale):
    below = expm1(x * input_scale) * (alpha * scale)
    return x * scale if x > 0.0 else below


def _elu_back(g, x, alpha, scale, input_scale):
    below = exp(x * input_scale) * (alpha * scale * input_scale)
    return g * (scale if x > 0.0 else below)


SERIES = tuple(2 / k for k in range(31, 1, -2))


def _log_of_more(x):
    """log(1 + x) for x from 0 to 1, by the series of twice the inverse of tanh, at x / (2 + x)."""
    y = x / (x + 2.0)
    z = y * y
    p = z * 0.0
    for c in SERIES:
        p = (p + c) * z
    return (y + y) + y * p


def _softplus(x, beta, threshold):
    inside = x * beta
    soft = ((inside if inside > 0.0 else 0.0) + _log_of_more(exp(-abs(inside)))) / beta
    return x if inside > threshold else soft


def _log_sigmoid(x):
    return (x if x < 0.0 else 0.0) - _log_of_more(exp(-abs(x)))


def _softplus_back(g, x, beta, threshold):
    inside = x * beta
    slope = g * sigmoid(inside)
    return g if inside > threshold else slope


def _log_sigmoid_back(g, x):
    return g * sigmoid(-x)


def _add(x, y):
    return x + y


def _subtract(x, y):
    return x - y


def _multiply(x, y):
    return x * y


def _divide(x, y):
    return x / y


ONE = {
    "relu": _relu, "sigmoid": sigmoid, "erf": erf, "gelu": _gelu, "gelu_tanh": _gelu_tanh, "silu": _silu,
    "leaky_relu": _leaky_relu, "elu": _elu, "softplus": _softplus, "log_sigmoid": _log_sigmoid,
}  # fmt: skip
TWO = {
    "relu_back": _relu_back, "sigmoid_back": _sigmoid_back, "tanh_back": _tanh_back, "gelu_back": _gelu_back,
    "gelu_tanh_back": _gelu_tanh_back, "silu_back": _silu_back, "leaky_relu_back": _leaky_relu_back, "elu_back": _elu_back,
    "softplus_back": _softplus_back, "log_sigmoid_back": _log_sigmoid_back,
    "add": _add, "subtract": _subtract, "multiply": _multiply, "divide": _divide,
}  # fmt: skip
STATIC = {
    "leaky_relu": ("slope",), "leaky_relu_back": ("slope",), "elu": ("alpha", "scale", "input_scale"),
    "elu_back": ("alpha", "scale", "input_scale"), "softplus": ("beta", "threshold"),
    "softplus_back": ("beta", "threshold"),
}  # fmt: skip


scalar: Any = None
"""The name of the function in the loops; `_loop` puts one in its place."""


def _over_one(block, blocks, x, out, numbers):
    first, last = blocks[block, 0], blocks[block, 1]
    x, out = x[first:last], out[first:last]
    for i in range(x.size):  # from 0: an index that might be negative keeps the loop from being vectorised
        out[i] = scalar(x[i], *numbers)


def _over_two(block, blocks, g, x, out, numbers):
    first, last = blocks[block, 0], blocks[block, 1]
    g, x, out = g[first:last], x[first:last], out[first:last]
    for i in range(x.size):
        out[i] = scalar(g[i], x[i], *numbers)


def _in(dtype: Any, value: Any) -> Any:
    """A number, a tuple, or a function with its numbers and with the functions here that it calls, in a dtype; or what it was."""
    if isinstance(value, float):
        return dtype.type(value)
    if isinstance(value, tuple):
        return tuple([_in(dtype, v) for v in value])
    if not isinstance(value, FunctionType):
        return value
    code, scope = value.__code__, value.__globals__
    used = {name: _in(dtype, scope[name]) for name in code.co_names if name in scope}
    return inlined(FunctionType(code.replace(co_consts=_in(dtype, code.co_consts)), {**scope, **used}))


@functools.cache
def _loop(name: str, dtype: Any, number: bool = False) -> Any:
    """The loop over arrays of a dtype, with a function's numbers in that dtype; or over one array and with a number beside it."""
    function = ONE[name] if name in ONE else TWO[name]
    loop = _over_one if number or name in ONE else _over_two
    made = FunctionType(loop.__code__, {**loop.__globals__, "scalar": _in(dtype, function)})
    made.__qualname__ = f"{name}_{'number_' * number}{dtype.name}"  # what is kept on disk is found by this name
    return shared(made)


@functools.cache
def kernel(name: str) -> Callable[..., Any]:
    """The kernel for an op, which declines what is small or not of one shape and dtype."""
    static = STATIC.get(name, ())

    def run(*arrays: Array, **given: Any) -> Array:
        first = arrays[-1]
        if first.size < LEAST or not floating(*arrays) or any(a.shape != first.shape for a in arrays):
            return NotImplemented
        dtype, out = first.dtype, np.empty(first.shape, first.dtype)
        loop, numbers = _loop(name, dtype), tuple([dtype.type(given[n]) for n in static])
        flat = [dense(a).reshape(-1) for a in (*arrays, out)]
        loop(spans(first.size, 1, BLOCK), *flat, numbers)
        return out

    run.__name__ = name
    return may_decline(run)


def arithmetic(name: str, x: Array, y: Any) -> Array:
    """An operation on x and an array of its shape, or a number."""
    if not floating(x) or not x.flags.carray:
        return NotImplemented
    if type(y) is Array and y.ndim:
        return kernel(name)(x, y) if y.flags.carray else NotImplemented
    if type(y) not in (int, float) and (type(y) is not Array or y.dtype != x.dtype):
        return NotImplemented
    out = np.empty(x.shape, x.dtype)
    _loop(name, x.dtype, True)(spans(x.size, 1, BLOCK), x.reshape(-1), out.reshape(-1), (x.dtype.type(y),))
    return out


@shared
def _add_to(block, blocks, x, y):
    first, last = blocks[block, 0], blocks[block, 1]
    x, y = x[first:last], y[first:last]
    for i in range(x.size):
        x[i] += y[i]


def add_to(x: Array, y: Array) -> bool:
    """x += y; whether that was done."""
    if type(y) is not Array or x.shape != y.shape or not floating(x, y):
        return False
    if not (x.flags.carray and y.flags.carray) or np.may_share_memory(x, y):
        return False
    _add_to(spans(x.size, 1, BLOCK), x.reshape(-1), y.reshape(-1))
    return True


def __getattr__(name: str) -> Callable[..., Any]:
    if name in ONE or name in TWO:
        return kernel(name)
    raise AttributeError(name)


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""
    x = np.ones(LEAST, dtype)

    def call(name: str) -> object:
        return kernel(name)(*[x] * (1 if name in ONE else 2), **dict.fromkeys(STATIC.get(name, ()), 1.0))

    numbers = [functools.partial(_loop(name, x.dtype, True), spans(8, 1, 8), x, x, (x[0],)) for name in ARITHMETIC]
    return [*(functools.partial(call, name) for name in (*ONE, *TWO)), *numbers, lambda: _add_to(spans(8, 1, 8), x, x)]
