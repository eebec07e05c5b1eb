"""Forward pre-hooks that are objects: finding them again in a module, and taking them away."""

from __future__ import annotations

from typing import Any

from ..hooks import HookTables
from ..module import Module

__all__ = ["add", "find", "take"]


def _table(module: Module) -> dict[int, Any]:
    tables: HookTables | None = module.__dict__.get("_hooks")  # not the class's, which are the hooks of all modules
    return {} if tables is None else tables.forward_pre


def find(module: Module, kind: type) -> list[Any]:
    """The pre-hooks of the module that are of a class."""
    return [hook.call for hook in _table(module).values() if isinstance(hook.call, kind)]


def add(module: Module, hook: Any) -> None:
    """Call ``hook(module, args)`` before each forward of the module."""
    module.register_forward_pre_hook(hook)


def take(module: Module, found: Any) -> None:
    """Remove a hook that `find` has found."""
    table = _table(module)
    for key in [key for key, hook in table.items() if hook.call is found]:
        del table[key]
