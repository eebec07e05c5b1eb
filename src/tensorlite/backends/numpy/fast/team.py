"""Compiled functions whose blocks are shared out among threads that wait awake.

To wake a sleeping thread takes tens of microseconds, and Python's lock as much again: too long for kernels that take a hundred.
So a thread that has worked keeps looking for the next work for a while (`PATIENCE`), in compiled code, without that lock. What it
finds is the address of a function and of its arguments; all threads take the numbers of blocks from counters in memory.

Each thread begins with a range of the blocks of its own, so that kernels called one after the other find in its cache what the last
one left there, and then helps the others. The calling thread never waits for one that has not begun: it takes the blocks itself.

A call goes down like this: `Shared.__call__` -> `run` -> `_take` -> the function, and on the other threads `_serve` -> `_take`.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import workers
from .compiler import Compiled, compiled
from .words import add, address, invoke, load, pause, place, store

__all__ = ["Shared", "examples", "shared", "shared_products"]

LINE = 16
"""Words from one place that threads write to the next: two lines of the cache, since some processors fetch these in pairs."""
JOB, INSIDE, AWAKE, BUSY, DISMISSED, JOINED, FAILED, FUNCTION, ARGUMENTS, COUNT, THREADS, RANGES = (i * LINE for i in range(12))
"""The number of the job, odd while it can be joined. How many threads work on it. How many look for one. Whether a thread has the
team. Whether the others are wanted elsewhere. How many have joined. Whether a block failed. The function, its arguments, the number
of blocks and of threads. The next block of each thread's range."""
MOST = 64
"""Threads at most."""
PATIENCE = 1e-3
"""Seconds for which a thread looks for work before it sleeps."""


# What the threads do


@compiled
def _take(words, me):
    """Compute the blocks of one's own range that are left, and then those of the others; whether any failed."""
    function, arguments, count, threads = words[FUNCTION], words[ARGUMENTS], words[COUNT], words[THREADS]
    failed = 0
    for step in range(threads):
        own = (me + step) % threads
        end = count * (own + 1) // threads
        while True:
            block = add(words, RANGES + own * LINE, 1)
            if block >= end:
                break
            failed |= invoke(function, arguments, block)
    return failed


@compiled
def _serve(words, patience):
    """Work on jobs until none has come for a while."""
    waited = done = 0
    while waited < patience and load(words, DISMISSED) == 0:
        job = load(words, JOB)
        if job == done or job % 2 == 0:
            waited += 1
            pause()
            continue
        add(words, INSIDE, 1)
        if load(words, JOB) == job:  # else it has ended, and its arguments are gone
            me = add(words, JOINED, 1) + 1
            if me < words[THREADS] and _take(words, me):
                store(words, FAILED, 1)
        add(words, INSIDE, -1)
        waited, done = 0, job
    add(words, AWAKE, -1)


@compiled
def run(words, threads, count, function, arguments):
    """Whether a block of the job failed."""
    failed = 0
    if threads < 2 or count < 2 or add(words, BUSY, 1) > 0:
        if threads >= 2 and count >= 2:
            add(words, BUSY, -1)
        for block in range(count):
            failed |= invoke(function, arguments, block)
        return failed
    words[FUNCTION], words[ARGUMENTS], words[COUNT], words[THREADS] = function, arguments, count, threads
    words[JOINED] = words[FAILED] = 0
    for own in range(threads):
        words[RANGES + own * LINE] = count * own // threads
    job = words[JOB]
    store(words, JOB, job + 1)
    failed = _take(words, 0)
    store(words, JOB, job + 2)
    while load(words, INSIDE):
        pause()
    failed |= words[FAILED]
    add(words, BUSY, -1)
    return failed


@compiled
def _wait(times):
    for _ in range(times):
        pause()


# The threads themselves are those of the pool in `workers.py`


class _Team:
    """The words that the threads share."""

    def __init__(self) -> None:
        self.words = np.zeros(RANGES + MOST * LINE, np.int64)
        self.awake = self.words.data[AWAKE : AWAKE + 1]  # quicker to read than an element of an array
        self.dismissed = self.words.data[DISMISSED : DISMISSED + 1]
        workers.before_tasks(self.dismiss)

    def dismiss(self) -> None:
        """Let the threads look for other tasks."""
        self.dismissed[0] = 1

    def wake(self, threads: int) -> None:
        """Have so many threads, the calling one among them, look for work."""
        if self.dismissed[0]:
            self.dismissed[0] = 0
        if self.awake[0] < threads - 1:
            missing = threads - 1 - _more(self.words, threads - 1)
            workers.submit(functools.partial(_serve, self.words, _patience()), missing)


@compiled
def _more(words, threads):
    """Count so many threads as awake, and return how many were before."""
    before = load(words, AWAKE)
    add(words, AWAKE, max(0, threads - before))
    return min(before, threads)


@functools.cache
def _team() -> _Team:
    return _Team()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_team.cache_clear)  # threads do not survive a fork


@functools.cache
def _patience() -> int:
    """For how many pauses a thread waits."""
    times = 1 << 12
    _wait(1)
    seconds = []
    for _ in range(5):
        begin = time.perf_counter()
        _wait(times)
        seconds.append(time.perf_counter() - begin)
    return int(times * PATIENCE / min(seconds))


class Shared:
    """A compiled function of (block, blocks, *arguments), called with the blocks and the other arguments."""

    options = Compiled.options

    def __init__(self, function: Callable[..., None]) -> None:
        self.kernel = Compiled(function, self.options)
        functools.update_wrapper(self, function)

    def __call__(self, blocks: Any, *arguments: Any) -> None:
        """Run all blocks.

        Raises:
            MemoryError: a block found no memory for what it keeps meanwhile.
        """
        team, threads = _team(), 1
        if len(blocks) > 1:
            threads = min(workers.get_num_threads(), len(blocks), MOST)
            team.wake(threads)
        if self.start(team.words, threads, blocks, *arguments):
            raise MemoryError(f"there is not enough memory for {self.kernel.function.__name__}")

    @functools.cached_property
    def start(self) -> Any:
        """numba's function that gives the blocks to the threads. It wants its arguments one by one."""
        function = self.kernel.function
        names = ", ".join(f"a{i}" for i in range(function.__code__.co_argcount - 1))
        scope = {"run": run, "address": address, "place": place, "kernel": self.kernel, "__name__": __name__}
        text = f"""def start(words, threads, {names}):
            arguments = ({names},)
            return run(words, threads, len(a0), address(kernel, arguments), place(arguments))"""
        exec(text, scope)
        made = scope["start"]
        made.__code__ = made.__code__.replace(co_filename=__file__)
        made.__qualname__ = f"{function.__module__}.{function.__qualname__}.start"  # what is kept on disk is found by it
        return Compiled(made).dispatcher


class _SharedProducts(Shared):
    """One with products of matrices."""

    def __call__(self, blocks: Any, *arguments: Any) -> None:
        with workers.products_alone():
            super().__call__(blocks, *arguments)


def shared_products(function: Callable[..., None]) -> Shared:
    """`shared`, for a function that has BLAS multiply matrices: each product uses one thread."""
    return _SharedProducts(function)


def shared(function: Callable[..., None]) -> Shared:
    """Compile a function of (block, blocks, *arguments); calling it with (blocks, *arguments) runs all blocks, on all threads."""
    return Shared(function)


def examples(dtype: Any) -> list[Callable[[], object]]:
    """Calls that compile what the threads do, which is the same for all dtypes."""
    return [_patience, lambda: _serve(np.zeros(RANGES, np.int64), 0), lambda: _more(np.zeros(RANGES, np.int64), 0)]
