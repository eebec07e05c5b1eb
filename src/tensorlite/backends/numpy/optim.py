"""The optimizers' updates on raw arrays, in place and with few temporaries.

Large arrays are worked through in blocks that stay in the cache; half precision is computed in float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["adam_step", "sgd_step", "sgd_steps"]

Array = np.ndarray
BLOCK = 65536


def sgd_steps(params: list[Array], grads: list[Array], lr: float) -> None:
    """``param -= lr * grad`` for many parameters."""
    dtype, step = None, np.empty(())
    for param, grad in zip(params, grads, strict=True):
        if param.size > BLOCK or param.itemsize == 2:
            sgd_step(param, grad, None, lr, 0.0, 0.0, 0.0, False, False)
            continue
        if param.dtype is not dtype:  # an array costs a tiny product half of what a Python number does
            dtype = param.dtype
            step = np.array(lr, dtype)
        # By position: a keyword argument costs a tiny update a twentieth of its time.
        np.subtract(param, np.multiply(grad, step), param)


def sgd_step(
    param: Array,
    grad: Array,
    buffer: Array | None,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """Move ``param`` by one step of SGD; ``buffer`` is the momentum, or None."""
    if param.size <= BLOCK and param.itemsize > 2:
        _sgd((param, grad, buffer), lr, momentum, dampening, weight_decay, nesterov, maximize)
        return
    for arrays in _blocks(param, grad, buffer):
        _sgd(arrays, lr, momentum, dampening, weight_decay, nesterov, maximize)


def _sgd(
    arrays: tuple[Any, ...],
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    param, grad, buffer = arrays
    if maximize:
        grad = -grad
    if weight_decay != 0:
        grad = grad + weight_decay * param
    if buffer is not None:
        buffer *= momentum
        buffer += grad if dampening == 0 else grad * (1 - dampening)
        grad = grad + momentum * buffer if nesterov else buffer
    param -= grad * lr


def adam_step(
    param: Array,
    grad: Array,
    mean: Array,
    square: Array,
    largest: Array | None,
    step: float,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled: bool,
    maximize: bool,
) -> None:
    """Move ``param`` by step number ``step`` of Adam; ``largest`` is the amsgrad maximum, or None."""
    arrays: tuple[Any, ...] = (param, grad, mean, square, largest)
    options = (step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize)
    if param.dtype.kind == "c":  # real and imaginary parts are values of their own
        for part in ("real", "imag"):
            top = None if largest is None else getattr(largest, part)
            p, g, m, s = (getattr(array, part) for array in (param, grad, mean, square))
            adam_step(p, g, m, s, top, *options)
        return
    if not param.ndim:  # NumPy's results without dimensions are no arrays, and cannot be written into
        arrays = tuple(None if array is None else array.reshape(1) for array in arrays)
    if param.size <= BLOCK and param.itemsize > 2:
        _adam(arrays, *options)
        return
    for block in _blocks(*arrays):
        _adam(block, *options)


def _adam(
    arrays: tuple[Any, ...],
    step: float,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled: bool,
    maximize: bool,
) -> None:
    param, grad, mean, square, largest = arrays
    if maximize:
        grad = -grad
    if weight_decay != 0:
        if decoupled:
            param *= 1 - lr * weight_decay
        else:
            grad = grad + weight_decay * param
    t = grad - mean
    t *= 1 - beta1
    mean += t
    np.multiply(grad, 1 - beta2, t)
    t *= grad
    square *= beta2
    square += t
    if largest is not None:
        np.maximum(largest, square, out=largest)
    np.sqrt(square if largest is None else largest, t)
    t /= (1 - beta2**step) ** 0.5
    t += eps
    move = mean * (lr / (1 - beta1**step))
    move /= t
    param -= move


def _blocks(*arrays: Array | None) -> Iterator[tuple[Any, ...]]:
    """The arrays cut into blocks (one block, where they are not contiguous), half precision as float32."""
    param = arrays[0]
    assert param is not None
    half = param.itemsize <= 2
    where: list[Any] = [...]
    if all(array is None or array.flags.c_contiguous for array in arrays):
        arrays = tuple(None if array is None else array.reshape(-1) for array in arrays)
        where = [slice(start, start + BLOCK) for start in range(0, param.size, BLOCK)]
    for part in where:
        block = tuple(None if array is None else array[part] for array in arrays)
        if not half:
            yield block
            continue
        wide = tuple(None if array is None else array.astype(np.float32) for array in block)
        yield wide
        for i, array in enumerate(block):
            if array is not None and i != 1:  # the gradient is read only
                array[...] = wide[i]
