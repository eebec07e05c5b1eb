"""The threads that share out the blocks of compiled functions."""

from __future__ import annotations

import functools
import multiprocessing
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

import tensorlite as tl
from tensorlite.backends.numpy import fast, workers
from tensorlite.backends.numpy.fast import team

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")


@team.shared
def count(block, blocks, done):
    """How often each block is computed; some take long."""
    total = 0
    for i in range(blocks[block, 0]):
        total += i % 7
    done[block] += 1 + (total < 0)


@team.shared
def fail(block, blocks):
    if blocks[block, 0] == 3:
        raise ValueError("three")


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = tl.get_num_threads()
    yield
    tl.set_num_threads(before)


def some_blocks(n: int) -> np.ndarray:
    return np.stack([np.arange(n) % 3 * 2000, np.arange(n)], 1)


def run(n: int) -> bool:
    """Whether each of n blocks is computed once."""
    done = np.zeros(n, np.int64)
    count(some_blocks(n), done)
    return bool((done == 1).all())


@pytest.mark.parametrize("number", [1, 2, 3, 5, 100])
def test_each_block_once(number: int) -> None:
    tl.set_num_threads(number)
    for _ in range(50):
        assert all(run(n) for n in (0, 1, 2, 3, 7, 64))


def test_fewer_threads_than_before() -> None:
    for number in (5, 2, 1, 4):
        tl.set_num_threads(number)
        assert all(run(n) for n in (2, 9, 30))


def test_a_block_that_fails() -> None:
    for number in (1, 3):
        tl.set_num_threads(number)
        with pytest.raises(MemoryError, match="fail"):
            fail(some_blocks(8) // 2000 * 3 // 2)
        fail(np.zeros((8, 2), np.int64))


def test_several_callers_at_a_time() -> None:
    """One has the team, the others compute alone."""
    tl.set_num_threads(2)
    good: list[bool] = []
    callers = [threading.Thread(target=lambda: good.extend(run(20) for _ in range(100))) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert good == [True] * 400


def _note(good: np.ndarray, n: int) -> None:
    good[n] = run(n)


def test_between_other_tasks() -> None:
    """The same threads compute blocks of NumPy's kernels, and compiled functions called from these."""
    tl.set_num_threads(3)
    for _ in range(20):
        assert run(6)
        good = np.zeros(5, bool)
        workers.in_parallel(functools.partial(_note, good), [1, 2, 3, 4])
        assert good[1:].all()


def test_threads_fall_asleep_and_wake() -> None:
    tl.set_num_threads(3)
    for _ in range(3):
        assert run(10)
        awake = team._team().awake
        end = time.monotonic() + 30
        while awake[0] and time.monotonic() < end:
            time.sleep(0.01)
        assert awake[0] == 0


def _in_child(answers: Any) -> None:
    answers.put(run(12))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_a_team_of_its_own() -> None:
    tl.set_num_threads(3)
    assert run(12)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=_in_child, args=(answers,))
    child.start()
    assert answers.get()
    child.join()
    assert child.exitcode == 0 and run(12)


@pytest.mark.skipif(workers.blas_library() is None, reason="NumPy's library of products is another one")
def test_products_get_their_threads_back() -> None:
    tl.set_num_threads(2)
    blas = workers._blas()
    assert blas is not None
    with workers.products_alone():
        assert blas.get() == 1
        with workers.products_alone():
            pass
        assert blas.get() == 1
    assert blas.get() == 2
