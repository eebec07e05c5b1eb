"""The CPU's threads: kernels hand them blocks of their work, which NumPy computes without Python's lock.

There is one pool in the process, and NumPy's matrix products (OpenBLAS) have threads of their own. Two pools on the same cores
wait for each other, so while blocks are computed in parallel each product keeps to one thread; and where the library of the
products cannot be told to, kernels that contain products do their blocks one after the other, and the products use the threads.

Blocks do not depend on the number of threads, and sums over blocks are taken in their order: one thread and two give the same
numbers. A forked process (a DataLoader's worker) starts with threads of its own when it first needs any.
"""

from __future__ import annotations

import functools
import glob
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np

__all__ = ["blas_library", "get_num_threads", "in_parallel", "set_num_threads"]

Block = TypeVar("Block")
Task = Callable[[], None]


class _Pool:
    """Daemon threads that wait for tasks; they are started when first needed."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue[Task] = SimpleQueue()
        self.threads = 0
        self.inside = threading.local()
        self.lock = threading.Lock()
        self.products = 0
        """How many calls keep the library of the products at one thread; before the first it had `products_before`."""
        self.products_before = 1

    def grow(self, threads: int) -> None:
        with self.lock:
            while self.threads < threads:
                self.threads += 1
                threading.Thread(target=self._work, name=f"tensorlite-{self.threads}", daemon=True).start()

    def _work(self) -> None:
        self.inside.yes = True
        while True:
            self.tasks.get()()


_pool = _Pool()
_wanted: int | None = None


def _start_again() -> None:
    global _pool
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_again)  # threads do not survive a fork


def _default_threads() -> int:
    for name in ("TENSORLITE_NUM_THREADS", "OMP_NUM_THREADS"):
        value = os.environ.get(name, "").partition(",")[0]
        if value.isdecimal() and int(value):
            return int(value)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def get_num_threads() -> int:
    """How many threads the CPU's kernels use: `set_num_threads`, TENSORLITE_NUM_THREADS, OMP_NUM_THREADS, or all cores."""
    global _wanted
    if _wanted is None:
        _wanted = _default_threads()
    return _wanted


def set_num_threads(threads: int) -> None:
    """Let kernels and products use so many threads."""
    global _wanted
    _wanted = threads
    blas = _blas()
    if blas is not None:
        blas.set(threads)


class _Blas:
    """The library of the products, as far as it can be told how many threads to use."""

    def __init__(self, library: Any) -> None:
        self.functions = library
        self.set = library.scipy_openblas_set_num_threads64_
        self.get = library.scipy_openblas_get_num_threads64_


@functools.cache
def _blas() -> _Blas | None:
    """The OpenBLAS that comes with NumPy's wheels; None for another one."""
    import ctypes

    folder = os.path.dirname(np.__file__)
    for pattern in ("../numpy.libs/libscipy_openblas64_*", ".dylibs/libscipy_openblas64_*", "../numpy.libs/*openblas*.dll"):
        for path in glob.glob(os.path.join(folder, pattern)):
            try:
                return _Blas(ctypes.CDLL(path))
            except (OSError, AttributeError):  # not loadable, or without these functions
                continue
    return None


def blas_library() -> Any:
    """The library of the products with its functions, if it is one that can be told how many threads to use."""
    blas = _blas()
    return None if blas is None else blas.functions


@contextmanager
def _products_alone(blas: _Blas) -> Iterator[None]:
    """Products use one thread; the last of several such calls at a time gives them theirs back."""
    with _pool.lock:
        _pool.products += 1
        if _pool.products == 1:
            _pool.products_before = blas.get()
            blas.set(1)
    try:
        yield
    finally:
        with _pool.lock:
            _pool.products -= 1
            if not _pool.products:
                blas.set(_pool.products_before)


def in_parallel(work: Callable[[Block], None], blocks: Sequence[Block], products: bool = False) -> None:
    """Call `work` for each block, on all threads; `products` says that it multiplies matrices.

    Blocks should take some tens of microseconds or more: to wake a thread takes about ten. What `work` raises is raised here.
    """
    threads = min(get_num_threads(), len(blocks))
    if threads > 1 and not getattr(_pool.inside, "yes", False):
        blas = _blas() if products else None
        if blas is not None:
            with _products_alone(blas):
                _share(work, blocks, threads)
            return
        if not products:
            _share(work, blocks, threads)
            return
    for block in blocks:
        work(block)


def _share(work: Callable[[Block], None], blocks: Sequence[Block], threads: int) -> None:
    """Each thread takes the next block that is left; the calling thread is one of them."""
    todo = iter(blocks)  # taking the next item of an iterator over a sequence is atomic
    failures: list[BaseException] = []
    finished: SimpleQueue[None] = SimpleQueue()

    def take() -> None:
        try:
            for block in todo:
                if failures:
                    return
                work(block)
        except BaseException as error:  # raised again below, in the thread that asked
            failures.append(error)

    def helper() -> None:
        take()
        finished.put(None)

    _pool.grow(threads - 1)
    for _ in range(threads - 1):
        _pool.tasks.put(helper)
    take()
    for _ in range(threads - 1):
        finished.get()
    if failures:
        raise failures[0]
