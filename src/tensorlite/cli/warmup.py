"""``python -m tensorlite warmup``: compiles the kernels of the fast tier ahead of their first use."""

from __future__ import annotations

import argparse
import shutil
import sys
import time

from ..backends.numpy import fast

__all__ = ["warmup"]

DTYPES = ("float32", "float64")


def warmup(arguments: list[str]) -> None:
    """Compile every kernel into the cache on disk.

    Raises:
        SystemExit: 1 if numba is missing, turned off, or the cache cannot be written; 2 if the arguments cannot be understood.
    """
    parser = argparse.ArgumentParser(prog="python -m tensorlite warmup", description="Compile the fast tier's kernels.")
    parser.add_argument("--dtype", choices=DTYPES, action="append", help="only for this one; default: both")
    parser.add_argument("--clean", action="store_true", help="also remove what other versions of tensorlite have compiled")
    options = parser.parse_args(arguments)
    if not fast.available():
        raise SystemExit('numba is not installed, or TENSORLITE_FAST=0 turns it off: pip install "tensorlite[fast]"')
    folder = fast.cache_folder()
    if folder is None:
        raise SystemExit("there is no folder for compiled code that can be written to; name one in TENSORLITE_CACHE")
    if options.clean:
        for other in folder.parent.glob("compiled-*"):
            if other != folder:
                shutil.rmtree(other)
    calls = [(f"{family} {dtype}", call) for dtype in options.dtype or DTYPES for family, call in fast.examples(dtype)]
    begun = time.perf_counter()
    for number, (name, call) in enumerate(calls):
        _progress(number, len(calls), name)
        call()
    _progress(len(calls), len(calls), "")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{len(calls)} kernels in {time.perf_counter() - begun:.0f} s; {size / 1e6:.1f} MB in {folder}")


def _progress(done: int, number: int, name: str) -> None:
    """A bar that is written over, for people who wait."""
    if sys.stderr.isatty():
        bar = "#" * (30 * done // number)
        print(f"\r[{bar:30}] {done}/{number} {name:30}", end="\n" if done == number else "", file=sys.stderr, flush=True)
