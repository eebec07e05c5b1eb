"""The fast tier of the CPU: kernels compiled by numba (extra `fast`), under the names of the kernels and bodies they stand for.

Each is a plain function that looks at its inputs, returns NotImplemented for those that it leaves to the kernel or body below
it (half precision, complex numbers, sizes at which a call costs more than it saves), and hands blocks of the work to compiled
functions. Without numba, or with ``TENSORLITE_FAST=0``, none of this is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np

from ..workers import get_num_threads
from .compiler import available, cache_folder

__all__ = ["FAMILIES", "available", "cache_folder", "examples", "kernel"]

FAMILIES = {
    **dict.fromkeys(("conv", "conv_input", "conv_weight"), "conv"),
    **dict.fromkeys(("normalize", "normalize_back", "normalize_with_moments", "standardize"), "norm"),
    **dict.fromkeys(("max_pool_back", "max_pool_values"), "pool"),
    **dict.fromkeys(("log_softmax", "log_softmax_back", "softmax", "softmax_back"), "softmax"),
    **dict.fromkeys(("cross_entropy", "cross_entropy_back"), "losses"),
    "take_back": "embedding",
    **dict.fromkeys(("attention", "attention_back"), "attention"),
    **dict.fromkeys(("elu", "gelu", "gelu_tanh", "leaky_relu", "silu"), "pointwise"),
    **dict.fromkeys(("elu_back", "gelu_back", "gelu_tanh_back", "leaky_relu_back", "silu_back"), "pointwise"),
    **dict.fromkeys(("softplus", "softplus_back", "log_sigmoid", "log_sigmoid_back"), "pointwise"),
    **dict.fromkeys(("gru", "gru_back", "lstm", "lstm_back", "rnn", "rnn_back"), "recurrent"),
    **dict.fromkeys(("adam_step", "sgd_step", "sgd_steps"), "optim"),
}
"""Kernels and the module of this package that has them, imported when first used."""

OTHERS = ("team", "matmul", "reductions", "halves", "scatter", "random")
"""Modules with compiled functions that stand for no kernel."""
LARGE = ("erf", "relu", "relu_back", "sigmoid", "sigmoid_back", "tanh_back")
"""Functions that the backend itself has; `pointwise` has them for large arrays."""
LEAST = 1 << 14
"""How many numbers a large array has."""
MANY = 1 << 15
"""How many numbers an array has that is worth a reduction's kernel."""
SHARED = 1 << 17
"""How many numbers arrays have whose sums and products gain from several threads."""
ARITHMETIC = ("add", "subtract", "multiply", "divide")
"""Operations that `pointwise` shares out."""
REDUCTIONS: dict[str, Any] = {"sum": np.add, "max": np.maximum, "min": np.minimum}
"""Reductions, which `reductions` has for large arrays, and NumPy's functions."""
DIRECT = (*ARITHMETIC, "add_", *REDUCTIONS)
"""Functions of which every nanosecond counts: for small arrays they call NumPy themselves."""


def kernel(name: str) -> Callable[..., Any] | None:
    """The compiled kernel called `name`, if there is one and numba is installed."""
    module = FAMILIES.get(name)
    return getattr(import_module(f"{__name__}.{module}"), name) if module and available() else None


def examples(dtype: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Calls that compile all kernels for float32 or float64, with the names of their families."""
    for module in (*OTHERS, *dict.fromkeys(FAMILIES.values())):
        for call in import_module(f"{__name__}.{module}").examples(dtype):
            yield module, call


def large(name: str, small: Callable[..., Any]) -> Callable[..., Any]:
    """`small`, a function of one array or of two, with the kernel of that name for large arrays."""

    def one(x: Any) -> Any:
        return small(x) if x.size < LEAST else either(x)

    def two(g: Any, x: Any) -> Any:
        return small(g, x) if x.size < LEAST else either(g, x)

    def either(*arrays: Any) -> Any:
        halves = arrays[0].dtype.itemsize == 2
        result = _by_single(made, *arrays) if halves else import_module(f"{__name__}.pointwise").kernel(name)(*arrays)
        return small(*arrays) if result is NotImplemented else result

    made = two if name.endswith("_back") else one
    made.__name__, made.__doc__ = name, small.__doc__
    return made


def _by_single(function: Callable[..., Any], *arrays: Any, **static: Any) -> Any:
    return import_module(f"{__name__}.halves").by_single(function, *arrays, **static)


def direct(name: str, small: Callable[..., Any]) -> Callable[..., Any]:
    """The function of that name for arrays of all sizes; `small` is for what is unusual."""
    return add_ if name == "add_" else (_arithmetic if name in ARITHMETIC else _reduction)(name, small)


def _arithmetic(name: str, small: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's function; for large arrays shared out, where one thread gains nothing, and of half precision by way of float32."""
    function = getattr(np, name)

    def run(x: Any, y: Any) -> Any:
        return function(x, y) if x.size < LEAST else large(x, y)

    def large(x: Any, y: Any) -> Any:
        result = NotImplemented
        if x.dtype.itemsize == 2:
            result = _by_single(run, x, y)
        elif x.size >= SHARED and get_num_threads() > 1:
            result = import_module(f"{__name__}.pointwise").arithmetic(name, x, y)
        return function(x, y) if result is NotImplemented else result

    run.__name__, run.__doc__ = name, small.__doc__
    return run


def add_(x: Any, y: Any) -> None:
    """x += y, in the memory of x."""
    if x.size < SHARED or get_num_threads() < 2 or not import_module(f"{__name__}.pointwise").add_to(x, y):
        x += y


def _reduction(name: str, small: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's reduction, with the kernel of that name for large arrays. `small` is for other dtypes."""
    reduce, float32, float64 = REDUCTIONS[name].reduce, np.dtype(np.float32), np.dtype(np.float64)

    def run(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        if x.size >= MANY:
            halves, over = x.dtype.itemsize == 2, getattr(import_module(f"{__name__}.reductions"), f"{name}_over")
            result = _by_single(run, x, axis=axis, keepdims=keepdims) if halves else over(x, axis, keepdims)
            if result is not NotImplemented:
                return result
        if x.dtype is float32 or x.dtype is float64:
            return reduce(x, axis, None, None, True) if keepdims else reduce(x, axis)
        return small(x, axis=axis, keepdims=keepdims)

    run.__name__, run.__doc__ = name, small.__doc__
    return run
