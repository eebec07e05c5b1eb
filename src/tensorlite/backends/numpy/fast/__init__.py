"""The fast tier of the CPU: kernels compiled by numba (extra `fast`), under the names of the kernels and bodies they stand for.

Each is a plain function that looks at its inputs, returns NotImplemented for those that it leaves to the kernel or body below
it (half precision, complex numbers, sizes at which a call costs more than it saves), and hands blocks of the work to compiled
functions. Without numba, or with ``TENSORLITE_FAST=0``, none of this is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from .compiler import available, cache_folder

__all__ = ["FAMILIES", "available", "cache_folder", "examples", "kernel"]

FAMILIES = {
    **dict.fromkeys(("conv", "conv_input", "conv_weight"), "conv"),
    "linear_back": "matmul",
    **dict.fromkeys(("normalize", "normalize_back", "normalize_with_moments", "standardize"), "norm"),
    **dict.fromkeys(("max_pool_back", "max_pool_values"), "pool"),
    **dict.fromkeys(("log_softmax", "log_softmax_back", "softmax", "softmax_back"), "softmax"),
    **dict.fromkeys(("cross_entropy", "cross_entropy_back"), "losses"),
    "take_back": "embedding",
    **dict.fromkeys(("attention", "attention_back"), "attention"),
    **dict.fromkeys(("elu", "gelu", "gelu_tanh", "leaky_relu", "silu"), "pointwise"),
    **dict.fromkeys(("elu_back", "gelu_back", "gelu_tanh_back", "leaky_relu_back", "silu_back"), "pointwise"),
    **dict.fromkeys(("softplus_back", "log_sigmoid_back"), "pointwise"),
    **dict.fromkeys(("gru", "gru_back", "lstm", "lstm_back", "rnn", "rnn_back"), "recurrent"),
    **dict.fromkeys(("adam_step", "sgd_step", "sgd_steps"), "optim"),
}
"""Kernels and the module of this package that has them, imported when first used."""

LARGE = ("erf", "relu", "relu_back", "sigmoid", "sigmoid_back", "tanh_back")
"""Functions that the backend itself has; `pointwise` has them for large arrays."""
LEAST = 1 << 14
"""How many numbers a large array has."""
SERIAL = 1 << 18
"""How many products of numbers OpenBLAS computes at most without calling its threads."""
PRODUCTS = ("linear", "matmul")
"""Products that the backend itself has; `matmul` has them for large matrices."""


def kernel(name: str) -> Callable[..., Any] | None:
    """The compiled kernel called `name`, if there is one and numba is installed."""
    module = FAMILIES.get(name)
    return getattr(import_module(f"{__name__}.{module}"), name) if module and available() else None


def examples(dtype: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Calls that compile all kernels for float32 or float64, with the names of their families."""
    for module in dict.fromkeys(("team", *FAMILIES.values())):
        for call in import_module(f"{__name__}.{module}").examples(dtype):
            yield module, call


def product(name: str, small: Callable[..., Any]) -> Callable[..., Any]:
    """`small`, a product of matrices, with the kernel of that name for large ones."""

    def matmul(x: Any, y: Any) -> Any:
        return small(x, y) if not y.ndim or x.size * y.shape[-1] < SERIAL else either(x, y)

    def linear(x: Any, weight: Any, bias: Any = None) -> Any:
        return small(x, weight, bias) if x.size * len(weight) < SERIAL else either(x, weight, bias)

    def either(*arrays: Any) -> Any:
        result = getattr(import_module(f"{__name__}.matmul"), name)(small, *arrays)
        return small(*arrays) if result is NotImplemented else result

    made = linear if name == "linear" else matmul
    made.__doc__ = small.__doc__
    return made


def large(name: str, small: Callable[..., Any]) -> Callable[..., Any]:
    """`small`, a function of one array or of two, with the kernel of that name for large arrays."""

    def one(x: Any) -> Any:
        return small(x) if x.size < LEAST else either(x)

    def two(g: Any, x: Any) -> Any:
        return small(g, x) if x.size < LEAST else either(g, x)

    def either(*arrays: Any) -> Any:
        result = import_module(f"{__name__}.pointwise").kernel(name)(*arrays)
        return small(*arrays) if result is NotImplemented else result

    made = two if name.endswith("_back") else one
    made.__name__, made.__doc__ = name, small.__doc__
    return made
