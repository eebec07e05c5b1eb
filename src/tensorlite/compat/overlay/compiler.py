"""``torch.compile`` and ``torch.compiler``: a function is its own compiled form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["allow_in_graph", "compile", "cudagraph_mark_step_begin", "disable", "is_compiling", "is_dynamo_compiling", "reset"]


def compile(
    model: Callable[..., Any] | None = None, *, fullgraph: bool = False, dynamic: bool | None = None, backend: Any = None,
    mode: str | None = None, options: dict[str, Any] | None = None, disable: bool = False, **others: Any,
) -> Any:
    """The function or module itself: nothing is compiled, results are the same. Also a decorator, with and without arguments.

    >>> @compile(mode="max-autotune")
    ... def double(x):
    ...     return 2 * x
    >>> compile(double) is double
    True
    """
    if model is None:
        return lambda function: function
    if not callable(model):
        raise RuntimeError(f"torch.compile expects a function or a module, but got {type(model).__name__}")
    return model


def disable(fn: Any = None, recursive: bool = True, **others: Any) -> Any:
    """The function itself; also a decorator."""
    return (lambda function: function) if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """The function itself."""
    return fn


def is_compiling() -> bool:
    """False."""
    return False


is_dynamo_compiling = is_compiling


def reset() -> None:
    """Nothing is kept that could be forgotten."""


cudagraph_mark_step_begin = reset
