"""Compiled random numbers are those that NumPy makes of the same stream, bit for bit, and leave the stream at the same place."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

import tensorlite as tl
from tensorlite.backends.numpy import fast, mt19937
from tensorlite.backends.numpy.fast import random as compiled
from tensorlite.backends.numpy.random import CPUGenerator

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")

Call = Callable[[CPUGenerator, int], Any]


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mt19937, "_compiled", compiled)
    monkeypatch.setattr(compiled, "MANY", 0)
    monkeypatch.setattr(compiled, "BLOCK", 1 << 12)


CALLS: dict[str, Call] = {
    "raw32": lambda g, n: g.raw32(n),
    "raw64": lambda g, n: g.raw64(n),
    "uniform32": lambda g, n: g.uniform((n,), np.float32),
    "uniform64": lambda g, n: g.uniform((n,), np.float64),
    "uniform16": lambda g, n: g.uniform((n,), np.float16),
    "uniform_complex": lambda g, n: g.uniform((n,), np.complex64),
    "range32": lambda g, n: g.uniform((n,), np.float32, -0.1, 0.3),
    "range64": lambda g, n: g.uniform((n,), np.float64, -3.7, 0.3),
    "far32": lambda g, n: g.uniform((n,), np.float32, 1e10, 1e10 + 1e5),  # rounding reaches the end
    "normal32": lambda g, n: g.normal((n,), np.float32),
    "scaled32": lambda g, n: g.normal((n,), np.float32, 1.5, 0.3),
    "normal64": lambda g, n: g.normal((n,), np.float64, 0.1, 2.0),
    "normal16": lambda g, n: g.normal((n,), np.float16),
    "normal_complex": lambda g, n: g.normal((n,), np.complex64),
    "bernoulli32": lambda g, n: g.bernoulli(0.3, (n,), np.float32),
    "bernoulli64": lambda g, n: g.bernoulli(1.0, (n,), np.float64),
    "bernoulli_bool": lambda g, n: g.bernoulli(0.7, (n,), bool),
    "bernoulli_int": lambda g, n: g.bernoulli(0.7, (n,), np.int64),
    "bernoulli_each": lambda g, n: g.bernoulli(np.linspace(0, 1, n, dtype=np.float32), (n,), np.float32),
    "digits": lambda g, n: g.randint(0, 10, (n,)),
    "most": lambda g, n: g.randint(-5, 2**28 - 6, (n,)),
    "one": lambda g, n: g.randint(3, 4, (n,)),
    "low": lambda g, n: g.randint(-(2**63), 7 - 2**63, (n,)),
    "wide": lambda g, n: g.randint(-(2**40), 2**40, (n,)),
    "bytes": lambda g, n: g.randint(0, 256, (n,), np.uint8),
    "random": lambda g, n: g.random((n,), np.int64),
    "randperm": lambda g, n: g.randperm(n),
    "randperm32": lambda g, n: g.randperm(n, np.int32),
    "exponential": lambda g, n: g.exponential((n,), np.float32),
    "geometric": lambda g, n: g.geometric((n,), np.int64, 0.3),
}
SIZES = (1, 5, 15, 16, 17, 31, 623, 624, 625, 1000, 1247, 5000)
BEFORE = (0, 1, 311, 622, 623, 624, 625, 1000)


def by_numpy(monkeypatch: pytest.MonkeyPatch, g: CPUGenerator, call: Call, n: int) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(CPUGenerator, "filled", lambda *_: False)
        return call(g, n)


def check(monkeypatch: pytest.MonkeyPatch, call: Call, n: int, before: int) -> None:
    ours, theirs = CPUGenerator(n + before), CPUGenerator(n + before)
    assert by_numpy(monkeypatch, ours, CPUGenerator.raw32, before).size == before
    theirs.rewind(ours.mark())
    found, expected = call(ours, n), by_numpy(monkeypatch, theirs, call, n)
    assert found.dtype == expected.dtype and found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()
    assert np.array_equal(ours.get_state(), theirs.get_state())


@pytest.mark.parametrize("name", CALLS)
def test_sizes_and_positions(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in SIZES:
        for before in BEFORE:
            check(monkeypatch, CALLS[name], n, before)
    check(monkeypatch, CALLS[name], 100_003, 77)


@pytest.mark.parametrize("name", [name for name in CALLS if name != "bernoulli_each"])
def test_none(name: str) -> None:
    """No numbers are none, and nothing is drawn."""
    g = CPUGenerator(1)
    assert CALLS[name](g, 0).shape == (0,)
    assert np.array_equal(g.get_state(), CPUGenerator(1).get_state())


FILLED: list[tuple[str, str, tuple[Any, ...]]] = [
    ("words", "uint32", ()),
    ("words", "uint64", ()),
    *[("uniform", dtype, (-1.0, 1.0)) for dtype in ("float32", "float64")],
    ("normal", "float32", (0.0, 1.0, False)),
    *[("bernoulli", dtype, (np.uint64(2**52),)) for dtype in ("bool", "float32", "float64")],
    ("integers", "int64", (0, 10)),
    ("permutation", "int64", ()),
]
LEFT: list[tuple[str, str, tuple[Any, ...]]] = [
    *[("uniform", dtype, (-1.0, 1.0)) for dtype in ("float16", "int64")],
    *[("uniform", "float64", given) for given in ((0.0, 1e300), (0.0, 1e-300), (2.0, 2.0))],
    ("normal", "float64", (0.0, 1.0, False)),
    ("bernoulli", "int64", (np.uint64(2**52),)),
    ("integers", "uint8", (0, 10)),
]


@pytest.mark.parametrize("name, dtype, given", [*FILLED, *LEFT])
def test_what_is_compiled(name: str, dtype: str, given: tuple[Any, ...]) -> None:
    g = CPUGenerator(0)
    assert g.filled(name, np.empty(100, dtype), *given) == ((name, dtype, given) in FILLED)
    assert np.array_equal(g.get_state(), CPUGenerator(0).get_state()) == ((name, dtype, given) in LEFT)


def test_few_numbers_wait_until_many_were_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MANY", 100)
    monkeypatch.setattr(compiled, "_begun", set())
    g = CPUGenerator(0)
    few, many = np.empty(99, np.float32), np.empty(100, np.float32)
    assert [g.filled("uniform", out, 0.0, 1.0) for out in (few, many, few, few.astype("f8"))] == [False, True, True, False]


def test_threads_share_a_stream() -> None:
    """No word is given out twice, and none is lost."""
    g, parts = CPUGenerator(3), []

    def draw() -> None:
        for _ in range(200):
            parts.append(g.raw32(1001))

    threads = [threading.Thread(target=draw) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.array_equal(np.sort(np.concatenate(parts)), np.sort(CPUGenerator(3).raw32(600 * 1001)))


def test_threads_change_no_number() -> None:
    before, found = tl.get_num_threads(), []
    try:
        for threads in (1, 3):
            tl.set_num_threads(threads)
            found.append(CPUGenerator(0).normal((100_003,), np.float32).tobytes())
    finally:
        tl.set_num_threads(before)
    assert found[0] == found[1]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g)), CPUGenerator.clone])
def test_copies_go_their_own_way(copied: Callable[[CPUGenerator], CPUGenerator]) -> None:
    g = CPUGenerator(5)
    g.normal((5,), np.float32)
    g.raw32(10)
    other = copied(g)
    for method in (g.raw32, g.unit64):
        expected = method(1000)
        assert np.array_equal(getattr(other, method.__name__)(1000), expected)
    assert np.array_equal(g.get_state(), other.get_state())
    other.raw32(1000)
    assert not np.array_equal(g.raw32(5), other.raw32(5))


def test_memory_of_another_kind_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where NumPy's memory is not as expected, NumPy draws."""
    g = CPUGenerator(2)
    monkeypatch.setattr(CPUGenerator, "memory", lambda _: np.empty(0, np.uint32))
    assert not g.filled("words", np.empty(10, np.uint32))
    assert np.array_equal(g.raw32(10), CPUGenerator(2).raw32(10))


TORCH: list[tuple[str, Callable[[Any, int], Any]]] = [
    ("rand", lambda m, n: m.rand(n)),
    ("rand64", lambda m, n: m.rand(n, dtype=m.float64)),
    ("randn", lambda m, n: m.randn(n)),
    ("randn16", lambda m, n: m.randn(n, dtype=m.float16)),
    ("normal_", lambda m, n: m.empty(n).normal_(0.3, 1.7)),
    ("uniform_", lambda m, n: m.empty(n).uniform_(-0.1, 0.3)),
    ("bernoulli_", lambda m, n: m.empty(n).bernoulli_(0.3)),
    ("dropout", lambda m, n: m.nn.functional.dropout(m.ones(n), 0.1)),
    ("randint", lambda m, n: m.randint(-7, 100, (n,))),
    ("randperm", lambda m, n: m.randperm(n)),
]


@pytest.fixture
def torch() -> Iterator[Any]:
    torch = pytest.importorskip("torch")
    before = torch.get_rng_state()
    yield torch
    torch.set_rng_state(before)


@pytest.mark.parametrize("name, call", TORCH, ids=[name for name, _ in TORCH])
def test_as_pytorch(name: str, call: Callable[[Any, int], Any], torch: Any) -> None:
    before = tl.get_rng_state()
    try:
        for n in (*SIZES, 100_003):
            for m in (tl, torch):
                m.manual_seed(n)
                m.rand(n % 700)
            assert call(tl, n).numpy().tobytes() == call(torch, n).numpy().tobytes(), n
            assert tl.get_rng_state().numpy()[:5024].tobytes() == torch.get_rng_state().numpy()[:5024].tobytes()
    finally:
        tl.set_rng_state(before)


def test_few_numbers_do_not_import_numba() -> None:
    program = """
import sys, tensorlite as tl
tl.rand(1000), tl.randn(1000), tl.randperm(1000), tl.randint(9, (1000,)), tl.nn.Dropout()(tl.ones(1000))
before = "numba" in sys.modules
tl.randperm(100_000)
print(before, "numba" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, env={**os.environ})
    assert done.stdout.strip() == "False True", done.stderr
