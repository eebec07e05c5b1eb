"""Some of the cases in JAX: functions that are compiled as a whole.

Parameters and data are those of `cases.py`, drawn by tensorlite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from cases import Case, Step, cnn_and_data, cnn_and_one_image, digest, mlp_and_data, numbers, tiny_mlp_and_data
from jax import lax

import tensorlite as tl

Tree = Any
"""Dictionaries, lists and tuples of arrays."""


def cross_entropy(scores: Any, targets: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(scores), targets[:, None], axis=1).mean()


def dense(p: dict[str, Any], name: str, x: Any) -> Any:
    return x @ p[f"{name}.weight"] + p[f"{name}.bias"]


def perceptron(activation: Callable[[Any], Any]) -> Callable[[Tree, Any], Any]:
    return lambda p, x: dense(p, "4", activation(dense(p, "2", activation(dense(p, "0", x)))))


def sgd(p: Tree, grads: Tree, state: Tree, lr: float = 0.01) -> tuple[Tree, Tree]:
    return jax.tree.map(lambda w, g: w - lr * g, p, grads), state


def momentum(p: Tree, grads: Tree, state: Tree, lr: float = 0.01, keep: float = 0.9) -> tuple[Tree, Tree]:
    state = jax.tree.map(lambda b, g: keep * b + g, state, grads)
    return jax.tree.map(lambda w, b: w - lr * b, p, state), state


def adam(p: Tree, grads: Tree, state: Tree, lr: float = 1e-3, b1: float = 0.9, b2: float = 0.999) -> tuple[Tree, Tree]:
    """Kingma and Ba (2015), algorithm 1."""
    mean, square, t = state
    t = t + 1
    mean = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, mean, grads)
    square = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, square, grads)
    p = jax.tree.map(lambda w, m, v: w - lr * (m / (1 - b1**t)) / (jnp.sqrt(v / (1 - b2**t)) + 1e-8), p, mean, square)
    return p, (mean, square, t)


def convolve(p: dict[str, Any], name: str, x: Any) -> Any:
    """Images with their channels last, which XLA likes best on the CPU."""
    y = lax.conv_general_dilated(x, p[f"{name}.weight"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return y + p[f"{name}.bias"]


def normalize(p: dict[str, Any], name: str, x: Any, mean: Any, variance: Any) -> Any:
    return (x - mean) * (lax.rsqrt(variance + 1e-5) * p[f"{name}.weight"]) + p[f"{name}.bias"]


def small_cnn(p: dict[str, Any], buffers: dict[str, Any], x: Any, trains: bool) -> tuple[Any, dict[str, Any]]:
    """The scores, and the new running means and variances."""
    new = {}
    for n in (0, 4, 8):
        x, bn = convolve(p, str(n), x), str(n + 1)
        mean, variance = buffers[f"{bn}.running_mean"], buffers[f"{bn}.running_var"]
        if trains:
            count = x.shape[0] * x.shape[1] * x.shape[2]
            here, spread = x.mean((0, 1, 2)), x.var((0, 1, 2))
            new[f"{bn}.running_mean"] = 0.9 * mean + 0.1 * here
            new[f"{bn}.running_var"] = 0.9 * variance + 0.1 * spread * (count / (count - 1))
            mean, variance = here, spread
        x = jax.nn.relu(normalize(p, bn, x, mean, variance))
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return dense(p, "13", x.transpose(0, 3, 1, 2).reshape(x.shape[0], -1)), new


def arrays(values: dict[str, Any]) -> dict[str, Any]:
    """Weights turned the way JAX multiplies: (in, out), and (height, width, in, out)."""
    turned = {2: (1, 0), 4: (2, 3, 1, 0)}
    return {name: jnp.asarray(v.transpose(turned[v.ndim]) if v.ndim in turned else v) for name, v in values.items()}


def train(loss_of: Callable[..., Any], update: Callable[..., Any], p: Tree, state: Tree, buffers: Tree, x: Any, y: Any) -> Step:
    """`loss_of(p, buffers, x, y)` gives the loss and the new buffers, `update(p, grads, state)` the new parameters and state."""

    def compiled(everything: Tree, x: Any, y: Any) -> tuple[Any, Tree]:
        p, state, buffers = everything
        (loss, buffers), grads = jax.value_and_grad(loss_of, has_aux=True)(p, buffers, x, y)
        return loss, (*update(p, grads, state), buffers)

    one = jax.jit(compiled, donate_argnums=0)
    everything = jax.tree.map(jnp.array, (p, state, buffers))

    def step() -> Any:
        nonlocal everything
        loss, everything = one(everything, x, y)
        return loss

    return step


def tiny_mlp() -> Step:
    values, x, y = numbers(tl, tiny_mlp_and_data)
    net = perceptron(jnp.tanh)
    return train(lambda p, b, x, y: (((net(p, x) - y) ** 2).mean(), b), sgd, arrays(values), (), {}, jnp.asarray(x), jnp.asarray(y))


def mlp() -> Step:
    values, x, y = numbers(tl, mlp_and_data)
    net, p = perceptron(jax.nn.relu), arrays(values)
    zeros = jax.tree.map(jnp.zeros_like, p)
    state = (zeros, zeros, jnp.float32(0))
    return train(lambda p, b, x, y: (cross_entropy(net(p, x), y), b), adam, p, state, {}, jnp.asarray(x), jnp.asarray(y))


def parameters_and_buffers(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    values = arrays({name: v for name, v in values.items() if not name.endswith("num_batches_tracked")})
    running = {name: v for name, v in values.items() if "running" in name}
    return {name: v for name, v in values.items() if name not in running}, running


def cnn() -> Step:
    values, x, y = numbers(tl, cnn_and_data)
    p, buffers = parameters_and_buffers(values)

    def loss_of(p: Tree, buffers: Tree, x: Any, y: Any) -> tuple[Any, Tree]:
        scores, buffers = small_cnn(p, buffers, x, trains=True)
        return cross_entropy(scores, y), buffers

    images = jnp.asarray(x.transpose(0, 2, 3, 1))
    return train(loss_of, momentum, p, jax.tree.map(jnp.zeros_like, p), buffers, images, jnp.asarray(y))


def inference() -> Step:
    values, x, _ = numbers(tl, cnn_and_one_image)
    p, buffers = parameters_and_buffers(values)
    images = jnp.asarray(x.transpose(0, 2, 3, 1))
    net = jax.jit(lambda p, buffers, x: small_cnn(p, buffers, x, trains=False)[0])
    return lambda: net(p, buffers, images)


STEPS: dict[str, Callable[[], Step]] = {
    "MLP 16-32-32-1, SGD": tiny_mlp,
    "MLP 784-512-512-10, Adam": mlp,
    "CNN 3-16-32-64, SGD": cnn,
    "CNN inference, one image": inference,
}


class Framework:
    """What `worker.py` asks for."""

    version = jax.__version__
    cuda = ""
    names = list(STEPS)

    def drawn(self) -> float:
        tl.manual_seed(0)
        return digest(tl.rand(100))

    def build(self, case: Case, options: dict[str, Any]) -> Step:
        return STEPS[case.name]()

    def digest(self, value: Any) -> float:
        return float(np.abs(value).sum())

    def wait(self, value: Any) -> None:
        jax.block_until_ready(value)
