"""The optimizers' updates in one pass over memory, with the very roundings of the NumPy functions that they replace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import optim as plain
from .inputs import floating, spans
from .team import Shared

__all__ = ["adam_step", "examples", "sgd_step", "sgd_steps"]

Array = np.ndarray
LEAST = 1 << 12
"""Smaller parameters are left to NumPy; with momentum those of up to twice, and without of up to four times as many numbers."""
BLOCK = 1 << 16
"""Numbers in a block."""


class _Rounded(Shared):
    options = {"fastmath": False}


def rounded(function: Any) -> Any:
    """`shared`, with each operation rounded as it is written."""
    return _Rounded(function)


@rounded
def _sgd_plain(block, blocks, param, grad, lr):
    first, last = blocks[block, 0], blocks[block, 1]
    param, grad = param[first:last], grad[first:last]
    for i in range(param.size):
        param[i] -= grad[i] * lr


@rounded
def _sgd(block, blocks, param, grad, buffer, lr, momentum, rest, decay, decays, damped, nesterov):
    first, last = blocks[block, 0], blocks[block, 1]
    param, grad, buffer = param[first:last], grad[first:last], buffer[first:last]
    for i in range(param.size):
        g = grad[i]
        if decays:
            g += decay * param[i]
        b = buffer[i] * momentum + (g * rest if damped else g)
        buffer[i] = b
        param[i] -= (g + momentum * b if nesterov else b) * lr


@rounded
def _adam(block, blocks, param, grad, mean, square, rate1, beta2, rate2, root, eps, move, decay, shrink, coupled, decoupled):
    first, last = blocks[block, 0], blocks[block, 1]
    param, grad, mean, square = param[first:last], grad[first:last], mean[first:last], square[first:last]
    for i in range(param.size):
        p, g = param[i], grad[i]
        if decoupled:
            p *= shrink
        if coupled:
            g += decay * p
        m = mean[i] + (g - mean[i]) * rate1
        s = square[i] * beta2 + g * rate2 * g
        mean[i], square[i] = m, s
        param[i] = p - m * move / (np.sqrt(s) / root + eps)


def _suits(least: int, *arrays: Array) -> bool:
    return arrays[0].size >= least and floating(*arrays) and all(a.flags.carray for a in arrays)


def _run(step: Any, arrays: tuple[Any, ...], *options: Any) -> None:
    """Call `step` with blocks of the arrays; options that are numbers get their dtype."""
    dtype = arrays[0].dtype
    given = [o if isinstance(o, bool) else dtype.type(o) for o in options]
    step(spans(arrays[0].size, 1, BLOCK), *[a.reshape(-1) for a in arrays], *given)


def sgd_steps(params: list[Array], grads: list[Array], lr: float) -> None:
    """``param -= lr * grad`` for many parameters."""
    small: tuple[list[Array], list[Array]] = [], []
    for param, grad in zip(params, grads, strict=True):
        if param.size >= 4 * LEAST and _suits(4 * LEAST, param, grad):
            _run(_sgd_plain, (param, grad), lr)
        else:
            small[0].append(param)
            small[1].append(grad)
    plain.sgd_steps(*small, lr)


def sgd_step(
    param: Array, grad: Array, buffer: Array | None, lr: float, momentum: float, dampening: float, weight_decay: float,
    nesterov: bool, maximize: bool,
) -> Any:
    """Move ``param`` by one step of SGD with momentum; `buffer` is the momentum."""
    if maximize or buffer is None or not _suits(2 * LEAST, param, grad, buffer):
        return NotImplemented
    _run(
        _sgd, (param, grad, buffer), lr, momentum, 1 - dampening, weight_decay, bool(weight_decay), bool(dampening), bool(nesterov)
    )
    return None


def adam_step(
    param: Array, grad: Array, mean: Array, square: Array, largest: Array | None, step: float, lr: float, beta1: float,
    beta2: float, eps: float, weight_decay: float, decoupled: bool, maximize: bool,
) -> Any:
    """Move ``param`` by step number ``step`` of Adam."""
    if maximize or largest is not None or not _suits(LEAST, param, grad, mean, square):
        return NotImplemented
    _run(
        _adam, (param, grad, mean, square), 1 - beta1, beta2, 1 - beta2, (1 - beta2**step) ** 0.5, eps, lr / (1 - beta1**step),
        weight_decay, 1 - lr * weight_decay, bool(weight_decay and not decoupled), bool(weight_decay and decoupled),
    )  # fmt: skip
    return None


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile everything here for a dtype."""

    p, g, m, s = (np.ones(4 * LEAST, dtype) for _ in range(4))
    return [
        lambda: sgd_steps([p], [g], 0.1),
        lambda: sgd_step(p, g, m, 0.1, 0.9, 0.0, 0.0, False, False),
        lambda: adam_step(p, g, m, s, None, 1.0, 0.1, 0.9, 0.99, 1e-8, 0.0, False, False),
    ]
