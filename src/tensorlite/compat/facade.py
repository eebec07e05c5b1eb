"""The modules called ``torch``: each looks names up in its overlay, then in tensorlite's module of the same path."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
import sys
from importlib import import_module
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

__all__ = ["Facade", "layers_of", "missing"]

OWN = __name__.partition(".")[0]
OVERLAY = f"{__package__}.overlay"

NOT_SHARED = frozenset(["autograd.op", "backends", "cli", "compat", "devices", "dtypes", "io", "ops", "tensor"])
"""Rooms of tensorlite whose names mean something else, or nothing, in PyTorch."""

NAMED_ONLY = frozenset([
    "ao", "export", "fx", "hub", "library", "mtia", "nested", "overrides", "package", "quantization", "sparse",
])
"""Modules of PyTorch of which there is nothing here. Programs import them at their top and then use them rarely, so the import
succeeds and every use raises."""


def missing(name: str) -> str:
    """The message about a name that PyTorch has and tensorlite has not.

    >>> missing("torch.sparse.mm")  # doctest: +ELLIPSIS
    'torch.sparse.mm is not in tensorlite yet; ask for it ...'
    """
    return f"{name} is not in tensorlite yet; ask for it {_where_to_ask()}"


def _where_to_ask() -> str:
    try:
        urls = importlib.metadata.metadata(OWN).get_all("Project-URL") or []
    except importlib.metadata.PackageNotFoundError:
        urls = []
    pages = dict(url.split(", ", 1) for url in urls)
    for label in ("Issues", "Bug Tracker", "Repository", "Homepage"):
        if label in pages:
            return f"at {pages[label]}"
    return "where you got tensorlite"


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is a file, or not there
        return False


def layers_of(path: str) -> list[ModuleType] | None:
    """The modules that answer for ``torch.<path>`` ("" for ``torch`` itself), the first first; None if there is no such module."""
    root = path.partition(".")[0]
    if root in NAMED_ONLY and not _exists(f"{OWN}.{root}"):
        return [] if path == root else None
    names = [f"{OVERLAY}.{path}" if path else OVERLAY]
    if root not in NOT_SHARED and path not in NOT_SHARED:
        names.append(f"{OWN}.{path}" if path else OWN)
    found = [import_module(name) for name in names if _exists(name)]
    return found or None


class Facade(ModuleType):
    """``torch`` or one of its modules.

    Raises:
        AttributeError: neither the overlay nor tensorlite has the name; the message says so with the full name.
    """

    def __init__(self, name: str, layers: list[ModuleType]) -> None:
        super().__init__(name, layers[-1].__doc__ if layers else None)
        self.__dict__["_layers"] = layers
        self.__dict__["__path__"] = []  # every module may have submodules, and `from torch.x import y` asks the finder for y

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        if name == "__all__":
            return [each for each in dir(self) if not isinstance(getattr(self, each), ModuleType)]
        if name.startswith("__") and name != "__version__":
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        for layer in own["_layers"]:
            if not self._shows(layer, name):
                continue
            value = getattr(layer, name, own)
            if value is own:
                continue
            if isinstance(value, ModuleType):
                break  # as a module of torch it is a facade too; what a file has imported is none of torch
            if isinstance(value, (FunctionType, BuiltinFunctionType, type)):
                own[name] = value  # the next time it is found at once
            return value
        full = f"{self.__name__}.{name}"
        try:
            return import_module(full)
        except ModuleNotFoundError as error:
            if error.name is not None:  # something else is not installed
                raise
        raise AttributeError(missing(full)) from None

    def _shows(self, layer: ModuleType, name: str) -> bool:
        """Whether a layer's name is seen: an overlay's if it is public, tensorlite's if it is no detail of its own."""
        if layer.__name__.startswith(OVERLAY):
            return name in layer.__all__
        if layer.__name__ != OWN:
            return True
        return not (name.startswith("_") or name in NOT_SHARED and isinstance(getattr(layer, name, None), ModuleType))

    def __setattr__(self, name: str, value: Any) -> None:
        """A changed function or flag is changed for tensorlite too; submodules and new names are ours alone."""
        super().__setattr__(name, value)
        if name.startswith("__") or isinstance(value, ModuleType):
            return
        for layer in self.__dict__["_layers"]:
            if self._shows(layer, name) and hasattr(layer, name):
                setattr(layer, name, value)
                if not isinstance(value, (FunctionType, BuiltinFunctionType, type)):
                    del self.__dict__[name]  # a flag: the layer may change it
                return

    def __dir__(self) -> list[str]:
        names = {name for name in self.__dict__ if not name.startswith("_")}
        for layer in self.__dict__["_layers"]:
            names.update(name for name in dir(layer) if not name.startswith("_") and self._shows(layer, name))
        return sorted(name for name in names if _is_ours(getattr(self, name, math)))

    def __repr__(self) -> str:
        return f"<module '{self.__name__}' (tensorlite)>"


def _is_ours(value: Any) -> bool:
    """Whether a module defines it, and has not only imported it for its own use."""
    where = getattr(value, "__module__", None) or getattr(value, "__name__", None)
    return not isinstance(where, str) or where.partition(".")[0] in (OWN, "torch", "builtins")


def is_facade(name: str) -> bool:
    """Whether a module that has been imported is one of ours."""
    return isinstance(sys.modules.get(name), Facade)
