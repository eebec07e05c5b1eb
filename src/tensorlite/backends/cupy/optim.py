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


def _parts(*arrays: Array | None) -> list[tuple[Any, ...]]:
    """Real and imaginary parts are values of their own."""
    if arrays[0].dtype.kind != "c":  # type: ignore[union-attr]
        return [arrays]
    return [tuple(None if a is None else getattr(a, part) for a in arrays) for part in ("real", "imag")]


def sgd_step(
    cupy: Any, param: Array, grad: Array, buffer: Array | None, lr: float, momentum: float, dampening: float, weight_decay: float,
    nesterov: bool, maximize: bool,
) -> None:
    """Move ``param`` by one step of SGD; ``buffer`` is the momentum, or None."""
    numbers = (lr, momentum, dampening, weight_decay, nesterov, maximize)
    for p, g, b in _parts(param, grad, buffer):
        if b is None:
            _sgd(cupy, False)(g, *numbers, p)
        else:
            _sgd(cupy, True)(g, *numbers, p, b)


def adam_step(
    cupy: Any, param: Array, grad: Array, mean: Array, square: Array, largest: Array | None, step: float, lr: float, beta1: float,
    beta2: float, eps: float, weight_decay: float, decoupled: bool, maximize: bool,
) -> None:
    """Move ``param`` by step number ``step`` of Adam; ``largest`` is the amsgrad maximum, or None."""
    numbers = (lr, lr / (1 - beta1**step), (1 - beta2**step) ** 0.5, beta1, beta2, eps, weight_decay, decoupled, maximize)
    for p, g, m, s, top in _parts(param, grad, mean, square, largest):
        if top is None:
            _adam(cupy, False)(g, *numbers, p, m, s)
        else:
            _adam(cupy, True)(g, *numbers, p, m, s, top)
