"""``torch.jit``: a function or module is its own scripted and traced form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...nn import Module

__all__ = [
    "Final", "ScriptModule", "export", "freeze", "ignore", "is_scripting", "is_tracing", "load", "optimize_for_inference", "save",
    "script", "script_method", "trace", "trace_module", "unused",
]  # fmt: skip

ScriptModule = Module
Final = Any


def script(obj: Any, *arguments: Any, **named: Any) -> Any:
    """The function, module or class itself: nothing is compiled, results are the same.

    >>> script(abs) is abs
    True
    """
    return obj


def trace(func: Callable[..., Any], example_inputs: Any = None, *arguments: Any, **named: Any) -> Any:
    """The function or module itself. Unlike a traced one, it follows its own `if` and `for` at each call."""
    return func


def trace_module(mod: Module, inputs: Any, *arguments: Any, **named: Any) -> Module:
    """The module itself."""
    return mod


def freeze(mod: Module, *arguments: Any, **named: Any) -> Module:
    """The module itself."""
    return mod


optimize_for_inference = freeze


def export(fn: Any) -> Any:
    """The function itself."""
    return fn


script_method = export


def ignore(drop: Any = False, **named: Any) -> Any:
    """The function itself; also a decorator with arguments."""
    return drop if callable(drop) else export


unused = export


def is_scripting() -> bool:
    """False."""
    return False


is_tracing = is_scripting


def save(m: Any, f: Any, **named: Any) -> None:
    """
    Raises:
        NotImplementedError: always; there is no scripted program to write.
    """
    raise NotImplementedError("torch.jit.save is not in tensorlite: save model.state_dict() with torch.save")


def load(f: Any, *arguments: Any, **named: Any) -> Any:
    """
    Raises:
        NotImplementedError: always; a scripted program cannot be run.
    """
    raise NotImplementedError("torch.jit.load is not in tensorlite: make the model and load its state_dict with torch.load")
