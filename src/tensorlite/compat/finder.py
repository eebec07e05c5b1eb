"""`as_torch`: the import finder that makes ``import torch`` mean tensorlite."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from .facade import Facade, is_facade, layers_of, missing

__all__ = ["as_torch", "is_torch"]

COMPILED = frozenset(["torchvision", "torchaudio", "torchtext"])
"""Packages that are extensions of PyTorch's compiled code: with tensorlite under its name they could only fail later."""


class _Finder:
    """Finds ``torch`` and ``torch.*``, and makes them."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The description of one of our modules; None for every other package.

        Raises:
            ModuleNotFoundError: PyTorch may have such a module, but tensorlite has not.
        """
        root, _, inner = name.partition(".")
        if root in COMPILED:
            raise ModuleNotFoundError(f"{root} needs PyTorch's compiled code, which tensorlite does not have")
        if root != "torch":
            return None
        layers = layers_of(inner)
        if layers is None:
            # Without a name in it the error passes through `from torch.x import y`, with what it says.
            raise ModuleNotFoundError(missing(name))
        return ModuleSpec(name, self, origin="tensorlite", is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The facade of a module."""
        return Facade(spec.name, layers_of(spec.name.partition(".")[2]) or [])

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to do: a facade looks names up when they are used."""


class _Installation:
    """Undoes `as_torch`, once: by `undo`, or at the end of a ``with`` block."""

    def __init__(self) -> None:
        self._done = False

    def undo(self) -> None:
        """Let ``import torch`` mean PyTorch again, unless another `as_torch` still holds."""
        if self._done:
            return
        self._done = True
        _installed.remove(self)
        if _installed:
            return
        sys.meta_path.remove(_finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == "torch" and is_facade(name)]:
            del sys.modules[name]

    def __enter__(self) -> ModuleType:
        return sys.modules["torch"]

    def __exit__(self, *exc: object) -> None:
        self.undo()


_finder = _Finder()
_installed: list[_Installation] = []


def as_torch() -> _Installation:
    """Let ``import torch`` and everything below it mean tensorlite, from now on in this process.

    An installed PyTorch is neither needed nor touched. Processes that are started by ``fork`` inherit it; a program that starts
    its processes by ``spawn`` calls it at its own top.

    Returns:
        a handle whose ``undo()`` takes it back; also a context manager, whose value is the module ``torch``.

    Raises:
        RuntimeError: PyTorch itself has been imported already: two libraries cannot have one name.

    >>> import tensorlite as tl
    >>> with tl.compat.as_torch() as torch:  # doctest: +SKIP
    ...     from torch.nn import functional as F
    ...     F.relu is tl.nn.functional.relu, torch.float32 is tl.float32
    (True, True)
    """
    if "torch" in sys.modules and not is_facade("torch"):
        raise RuntimeError(
            "as_torch(): PyTorch itself has been imported in this process already; call as_torch() before the first `import "
            "torch`, or run the program with `python -m tensorlite`"
        )
    installation = _Installation()
    if not _installed:
        sys.meta_path.insert(0, _finder)
    _installed.append(installation)
    import_module("torch")
    return installation


def is_torch() -> bool:
    """Whether ``import torch`` means tensorlite at the moment.

    >>> is_torch()
    False
    """
    return bool(_installed)
