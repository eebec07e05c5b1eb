"""Programs run as Python itself runs them, with tensorlite as their ``torch``."""

from __future__ import annotations

import builtins
import io
import os
import pkgutil
import runpy
import sys
import zipfile
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType, TracebackType
from typing import Any

from ..compat import as_torch

__all__ = ["run_code", "run_module", "run_script"]


def run_script(path: str, arguments: list[str]) -> None:
    """Run a file as ``python path arguments...`` would (also a folder or an archive with a ``__main__.py``).

    Raises:
        SystemExit: as the program says; 2 if the file cannot be opened.
    """
    full = os.path.abspath(path)
    if os.path.isdir(path) or zipfile.is_zipfile(path):
        _run_container([path, *arguments], full)
        return
    try:
        with io.open_code(full) as file:
            source = file.read()
    except OSError as error:
        print(f"{sys.executable}: can't open file {full!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
        raise SystemExit(2) from None
    _prepare([path, *arguments], os.path.dirname(os.path.realpath(path)))
    main = _new_main(__file__=full, __cached__=None, __loader__=SourceFileLoader("__main__", full))
    _execute(compile(source, full, "exec", dont_inherit=True), main)


def _run_container(argv: list[str], path: str) -> None:
    """Run the ``__main__.py`` of a folder or an archive."""
    _prepare(argv, path)
    importer: Any = pkgutil.get_importer(path)
    spec = importer.find_spec("__main__")
    if spec is None:
        print(f"{sys.executable}: can't find '__main__' module in {path!r}", file=sys.stderr)
        raise SystemExit(1)
    main = _new_main(__file__=spec.origin, __cached__=None, __loader__=spec.loader, __spec__=spec, __package__="")
    _execute(spec.loader.get_code("__main__"), main)


def run_code(code: str, arguments: list[str]) -> None:
    """Run a text as ``python -c code arguments...`` would."""
    _prepare(["-c", *arguments], "")
    _execute(compile(code, "<string>", "exec", dont_inherit=True), _new_main())


def run_module(name: str, arguments: list[str]) -> None:
    """Run a module as ``python -m name arguments...`` would.

    Raises:
        SystemExit: as the program says; 1 if there is no such module.
    """
    _prepare(["-m", *arguments], os.getcwd())
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    except ImportError as error:
        if error.__traceback__ is None or _program(error.__traceback__) is not None:
            raise
        print(f"{sys.executable}: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def _prepare(argv: list[str], first_path: str) -> None:
    """What Python sets before a program starts."""
    sys.argv[:] = argv
    if not sys.flags.safe_path:
        sys.path[0] = first_path
    as_torch()
    before = sys.excepthook

    def without_us(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        begun = _program(traceback)
        before(kind, error.with_traceback(begun), begun)  # Python prints the one that the exception has

    sys.excepthook = without_us


def _program(traceback: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that begins in the program; None if it never got there."""
    while traceback is not None and _is_ours(traceback):
        traceback = traceback.tb_next
    return traceback


def _is_ours(traceback: TracebackType) -> bool:
    code = traceback.tb_frame.f_code
    here = os.path.dirname(os.path.abspath(__file__))
    return (
        os.path.dirname(os.path.abspath(code.co_filename)) == here
        or traceback.tb_frame.f_globals.get("__package__") == __package__.partition(".")[0]
        and os.path.basename(code.co_filename) == "__main__.py"
        or code.co_filename == "<frozen runpy>"
        or os.path.basename(code.co_filename) == "runpy.py"
    )


def _new_main(**names: Any) -> ModuleType:
    main = ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __annotations__={}, **names)
    sys.modules["__main__"] = main
    return main


def _execute(code: CodeType, main: ModuleType) -> None:
    exec(code, main.__dict__)
