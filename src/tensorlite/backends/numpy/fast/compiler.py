"""Compiling kernels with numba, when they are first called, into a cache on disk.

A compiled function runs in one thread and lets go of Python's lock; `workers.in_parallel` gives its blocks to the threads. So there
is one pool of threads in the process, a forked process has none that could be missing, and nothing depends on OpenMP.

Importing numba takes a quarter of a second, compiling a function up to two: neither happens before a kernel is called with inputs
large enough to gain from it. The cache is kept in a folder named after the text of this package, since numba itself looks only at
the file of the function that is called, not at those that it calls.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["available", "cache_folder", "compiled", "written"]

if TYPE_CHECKING:
    from pathlib import Path

F = TypeVar("F", bound=Callable[..., Any])


@functools.cache
def available() -> bool:
    """Whether numba is installed, and not turned off by ``TENSORLITE_FAST=0``."""
    from importlib.util import find_spec

    return os.environ.get("TENSORLITE_FAST", "1") not in ("0", "no", "off") and find_spec("numba") is not None


@functools.cache
def _version() -> str:
    """What the text of this package is called; read when its first kernel is defined, since a file may be replaced later."""
    import hashlib
    from pathlib import Path

    text = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        text.update(file.read_bytes())
    return text.hexdigest()[:16]


@functools.cache
def cache_folder() -> Path | None:
    """Where compiled code is kept: below ``TENSORLITE_CACHE``, or the user's folder for caches; None if nothing can be written."""
    import tempfile
    from pathlib import Path

    given = os.environ.get("TENSORLITE_CACHE")
    root = Path(given) if given else _users_cache() / "tensorlite"
    folder = root / f"compiled-{sys.implementation.cache_tag}-{_version()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return None


def _users_cache() -> Path:
    from pathlib import Path

    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))


_making = threading.RLock()


class Compiled:
    """A function that is compiled when it is first called."""

    options: dict[str, Any] = {"fastmath": {"reassoc", "contract", "arcp", "nsz", "afn"}}

    def __init__(self, function: Any, options: dict[str, Any] | None = None) -> None:
        _version()
        self.function = function
        self.options = self.options if options is None else options
        self.made: Any = None
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any) -> Any:
        return self.dispatcher(*args)

    @property
    def dispatcher(self) -> Any:
        """numba's function, made once; other compiled functions that this one calls are put in their place."""
        if self.made is None:
            with _making:
                self.made = self.made or self._make()
        return self.made

    def _make(self) -> Any:
        import numba

        f = self.function
        scope = {name: f.__globals__[name] for name in _names(f) & f.__globals__.keys()}
        scope = {name: v.dispatcher if isinstance(v, Compiled | Written) else v for name, v in scope.items()}
        scope["__name__"] = f.__globals__["__name__"]
        made = FunctionType(f.__code__, scope, f.__name__, f.__defaults__, f.__closure__)
        made.__module__, made.__qualname__ = f.__module__, f.__qualname__
        dispatcher = numba.njit(nogil=True, error_model="numpy", **self.options)(made)
        _keep(dispatcher)
        return dispatcher


class Written:
    """A function for compiled functions alone, that `make` returns when one is compiled: numba's intrinsics."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make
        self.__doc__ = make.__doc__

    @functools.cached_property
    def dispatcher(self) -> Any:
        return self.make()


def _names(function: FunctionType) -> set[str]:
    """The global names of a function and of those inside of it."""
    names: set[str] = set()
    todo = [function.__code__]
    while todo:
        code = todo.pop()
        names.update(code.co_names)
        todo.extend(c for c in code.co_consts if hasattr(c, "co_names"))
    return names


def _keep(dispatcher: Any) -> None:
    """Let numba keep the code of a function in our folder."""
    if cache_folder() is None:
        return
    from numba.core.caching import CompileResultCacheImpl, FunctionCache

    class Code(CompileResultCacheImpl):
        _locator_classes: Any = [_Place]

    class Cache(FunctionCache):
        _impl_class = Code

    dispatcher._cache = Cache(dispatcher.py_func)


class _Place:
    """What numba asks about the place of a function's code. The folder's name is the version of all sources."""

    def __init__(self, function: FunctionType) -> None:
        self.line = function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, function: FunctionType, file: str) -> _Place:
        return cls(function)

    def get_cache_path(self) -> str:
        return str(cache_folder())

    def ensure_cache_path(self) -> None:
        os.makedirs(self.get_cache_path(), exist_ok=True)

    def get_source_stamp(self) -> str:
        return ""

    def get_disambiguator(self) -> str:
        return str(self.line)


def compiled(function: F) -> F:
    """Compile a function, with all that it calls, when it is first called. Its arguments are positional."""
    return Compiled(function)  # type: ignore[return-value]


def written(make: Callable[[], Any]) -> Any:
    """Make a function of numba's when a compiled function that calls it is compiled."""
    return Written(make)
