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
import math
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np

__all__ = ["before_tasks", "blas_library", "get_num_threads", "in_parallel", "products_alone", "set_num_threads", "submit"]

Block = TypeVar("Block")
Task = Callable[[], None]
QUOTA = "/sys/fs/cgroup/cpu.max"
"""Where Linux says how much of its cores a container may use: threads beyond that would only wait for each other."""


class _Pool:
    """Daemon threads that wait for tasks; they are started when first needed."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue[Task] = SimpleQueue()
        self.call: Task | None = None
        """Calls back threads that wait for work of another kind."""
        self.threads = 0
        self.inside = threading.local()
        self.lock = threading.Lock()

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
    products_alone.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_again)  # threads do not survive a fork


def _default_threads() -> int:
    for name in ("TENSORLITE_NUM_THREADS", "OMP_NUM_THREADS"):
        value = os.environ.get(name, "").partition(",")[0]
        if value.isdecimal() and int(value):
            return int(value)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, _quota(QUOTA))))


def _quota(file: str) -> float:
    """How many cores a container may use, as Linux writes it: microseconds of work in so many of time, or "max"."""
    try:
        with open(file) as opened:
            work, _, period = opened.read().strip().partition(" ")
        return int(work) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # no such file, or no limit
        return math.inf


def get_num_threads() -> int:
    """How many threads the CPU's kernels use: `set_num_threads`, TENSORLITE_NUM_THREADS, OMP_NUM_THREADS, or all cores there are
    for this process."""
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


class _ProductsAlone:
    """While it is entered, products use one thread; the last of several to leave at a time gives them theirs back."""

    def __init__(self, blas: _Blas) -> None:
        self.blas, self.lock = blas, threading.Lock()
        self.inside = self.before = 0

    def __enter__(self) -> None:
        with self.lock:
            self.inside += 1
            if self.inside == 1:
                self.before = self.blas.get()
                self.blas.set(1)

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                self.blas.set(self.before)


@functools.cache
def products_alone() -> AbstractContextManager[None]:
    """While it is entered, each product uses one thread, if the library of the products can be told to."""
    blas = _blas()
    return nullcontext() if blas is None else _ProductsAlone(blas)


def submit(task: Task, times: int) -> None:
    """Have so many threads of the pool call `task`."""
    _pool.grow(times)
    for _ in range(times):
        _pool.tasks.put(task)


def before_tasks(call: Task) -> None:
    """Have `call` called before tasks are given to threads: some may still be in a task that waits for work."""
    _pool.call = call


def in_parallel(work: Callable[[Block], None], blocks: Sequence[Block], products: bool = False) -> None:
    """Call `work` for each block, on all threads; `products` says that it multiplies matrices.

    Blocks should take some tens of microseconds or more: to wake a thread takes about ten. What `work` raises is raised here.
    """
    threads = min(get_num_threads(), len(blocks))
    if threads > 1 and not getattr(_pool.inside, "yes", False):
        if not products:
            _share(work, blocks, threads)
            return
        if _blas() is not None:
            with products_alone():
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

    if _pool.call is not None:
        _pool.call()
    submit(helper, threads - 1)
    take()
    for _ in range(threads - 1):
        finished.get()
    if failures:
        raise failures[0]
