"""Libraries that have to be told about tensors are told when they are imported, whichever comes first: they or tensorlite."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__: list[str] = []

TOLD_BY = {"einops": "tensorlite.compat.einops"}
"""A library, and the module of ours that tells it; it is imported once the library has been."""


class _Watcher:
    """Stands before Python's own finders, and lets them find; to the modules of the table it adds a last step."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """What the other finders say about a module of the table; None for all others."""
        if name not in TOLD_BY:
            return None
        found = (finder.find_spec(name, path, target) for finder in list(sys.meta_path) if finder is not self)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                _tell(name)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _tell(library: str) -> None:
    try:
        import_module(TOLD_BY[library])
    except (ImportError, AttributeError) as error:  # a version that is made in another way: it must go on working without us
        warnings.warn(f"{library} will not accept tensors of tensorlite: {error}", stacklevel=2)


for _library in TOLD_BY:
    if _library in sys.modules:
        _tell(_library)
sys.meta_path.insert(0, _Watcher())
