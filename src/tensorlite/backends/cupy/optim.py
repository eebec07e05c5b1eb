"""The optimizers' updates, one kernel each, in place. Half precision is computed in float32."""

from __future__ import annotations

from functools import cache
from typing import Any

from .elementwise import WIDE

__all__ = ["adam_step", "sgd_step"]

Array = Any

_SGD = """
typedef typename Wide<T>::type W;
W p = static_cast<W>(param), g = static_cast<W>(grad);
if (maximize) g = -g;
g += (W)weight_decay * p;
"""
_SGD_MOMENTUM = """
W b = static_cast<W>(buffer) * (W)momentum + g * (W)(1 - dampening);
buffer = static_cast<T>(b);
g = nesterov ? g + (W)momentum * b : b;
"""
_SGD_MOVE = "param = static_cast<T>(p - (W)lr * g);"

_ADAM = """
typedef typename Wide<T>::type W;
W p = static_cast<W>(param), g = static_cast<W>(grad);
if (maximize) g = -g;
if (decoupled) p *= (W)(1 - lr * weight_decay); else g += (W)weight_decay * p;
W m = static_cast<W>(mean), s = static_cast<W>(square);
m += (g - m) * (W)(1 - beta1);
s = s * (W)beta2 + g * g * (W)(1 - beta2);
mean = static_cast<T>(m);
square = static_cast<T>(s);
"""
_ADAM_LARGEST = "W top = static_cast<W>(largest); s = s > top ? s : top; largest = static_cast<T>(s);"
_ADAM_MOVE = "param = static_cast<T>(p - m * (W)step_size / (sqrt(s) / (W)root + (W)eps));"


@cache
def _sgd(cupy: Any, with_momentum: bool) -> Any:
    parameters = "T grad, float64 lr, float64 momentum, float64 dampening, float64 weight_decay, bool nesterov, bool maximize"
    code = _SGD + (_SGD_MOMENTUM if with_momentum else "") + _SGD_MOVE
    return cupy.ElementwiseKernel(
        parameters, "T param, T buffer" if with_momentum else "T param", code, "tensorlite_sgd_step", preamble=WIDE, no_return=True
    )


@cache
def _adam(cupy: Any, with_largest: bool) -> Any:
    parameters = (
        "T grad, float64 lr, float64 step_size, float64 root, float64 beta1, float64 beta2, float64 eps, float64 weight_decay, "
        "bool decoupled, bool maximize"
    )
    code = _ADAM + (_ADAM_LARGEST if with_largest else "") + _ADAM_MOVE
    outputs = "T param, T mean, T square" + (", T largest" if with_largest else "")
    return cupy.ElementwiseKernel(parameters, outputs, code, "tensorlite_adam_step", preamble=WIDE, no_return=True)


def _reals(*arrays: Array | None) -> list[Array | None]:
    """Real and imaginary parts are values of their own."""
    return [a if a is None or a.dtype.kind != "c" else a.view("float32" if a.dtype.itemsize == 8 else "float64") for a in arrays]


def sgd_step(
    cupy: Any, param: Array, grad: Array, buffer: Array | None, lr: float, momentum: float, dampening: float, weight_decay: float,
    nesterov: bool, maximize: bool,
) -> None:
    """Move ``param`` by one step of SGD; ``buffer`` is the momentum, or None."""
    param, grad, buffer = _reals(param, grad, buffer)
    numbers = (lr, momentum, dampening, weight_decay, nesterov, maximize)
    if buffer is None:
        _sgd(cupy, False)(grad, *numbers, param)
    else:
        _sgd(cupy, True)(grad, *numbers, param, buffer)


def adam_step(
    cupy: Any, param: Array, grad: Array, mean: Array, square: Array, largest: Array | None, step: float, lr: float, beta1: float,
    beta2: float, eps: float, weight_decay: float, decoupled: bool, maximize: bool,
) -> None:
    """Move ``param`` by step number ``step`` of Adam; ``largest`` is the amsgrad maximum, or None."""
    param, grad, mean, square, largest = _reals(param, grad, mean, square, largest)
    numbers = (lr, lr / (1 - beta1**step), (1 - beta2**step) ** 0.5, beta1, beta2, eps, weight_decay, decoupled, maximize)
    if largest is None:
        _adam(cupy, False)(grad, *numbers, param, mean, square)
    else:
        _adam(cupy, True)(grad, *numbers, param, mean, square, largest)
