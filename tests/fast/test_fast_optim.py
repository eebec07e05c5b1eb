"""The compiled updates of optimizers give the very bits of those by NumPy."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES

import tensorlite as tl
from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy import optim as plain
from tensorlite.backends.numpy.fast import optim as kernels

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "LEAST", 0)
    monkeypatch.setattr(kernels, "BLOCK", 1000)


def arrays(dtype: str, *shape: int) -> list[Any]:
    """Parameter, gradient, and two states, of which the second is positive."""
    random = np.random.default_rng(0)
    return [*random.standard_normal((3, *shape)).astype(dtype), random.random(shape).astype(dtype)]


def check(name: str, given: list[Any], *options: Any) -> None:
    """Three steps of both; `options` may depend on the step."""
    ours, theirs = ([a.copy() for a in given] for _ in range(2))
    for step in (1.0, 2.0, 3.0):
        now = [step if option is STEP else option for option in options]
        assert getattr(kernels, name)(*ours, *now) is None
        getattr(plain, name)(*theirs, *now)
    for a, b in zip(ours, theirs, strict=True):
        assert a.tobytes() == b.tobytes()


STEP = object()
SHAPES = [(1,), (0,), (33, 70), (5, 1, 3)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("decay, decoupled", [(0.0, False), (0.1, False), (0.1, True), (0, True)])
def test_adam(dtype: str, shape: tuple[int, ...], decay: float, decoupled: bool) -> None:
    check("adam_step", arrays(dtype, *shape), None, STEP, 1e-2, 0.9, 0.99, 1e-8, decay, decoupled, False)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dampening, decay, nesterov", [(0.0, 0.0, False), (0.3, 0.1, False), (0, 0.1, True), (0.0, 0, True)])
def test_sgd_with_momentum(dtype: str, shape: tuple[int, ...], dampening: float, decay: float, nesterov: bool) -> None:
    check("sgd_step", arrays(dtype, *shape)[:3], 0.1, 0.9, dampening, decay, nesterov, False)


@pytest.mark.parametrize("dtype", DTYPES)
def test_plain_sgd(dtype: str) -> None:
    """Parameters of all kinds in one call: large, strided, of half precision."""
    kinds = [arrays(dtype, 33, 70), [a.T for a in arrays(dtype, 6, 7)], arrays("float16", 5), arrays("complex64", 5)]
    kinds = [kind[:2] for kind in kinds]
    ours, theirs = ([[a.copy("K") for a in pair] for pair in kinds] for _ in range(2))
    kernels.sgd_steps([p for p, _ in ours], [g for _, g in ours], 0.1)
    plain.sgd_steps([p for p, _ in theirs], [g for _, g in theirs], 0.1)
    for (a, _), (b, _), (before, _) in zip(ours, theirs, kinds, strict=True):
        assert a.tobytes() == b.tobytes() != before.tobytes()


def test_declines() -> None:
    p, g, m, s = arrays("float64", 9)
    adam, sgd = (1.0, 1e-2, 0.9, 0.99, 1e-8, 0.0, False), (0.1, 0.9, 0.0, 0.0, False)
    refused = [
        kernels.adam_step(p, g, m, s, s.copy(), *adam, False),
        kernels.adam_step(p, g, m, s, None, *adam, True),
        kernels.adam_step(p, np.broadcast_to(g[:1], 9), m, s, None, *adam, False),
        kernels.adam_step(*(a.astype("float16") for a in (p, g, m, s)), None, *adam, False),
        kernels.adam_step(*(a.astype("complex64") for a in (p, g, m, s)), None, *adam, False),
        kernels.sgd_step(p, g, m, *sgd, True),
        kernels.sgd_step(p, g, None, *sgd, False),
        kernels.sgd_step(*(a.astype("float16") for a in (p, g, m)), *sgd, False),
    ]
    assert all(found is NotImplemented for found in refused)


OPTIMIZERS = [tl.optim.Adam, tl.optim.AdamW, tl.optim.SGD, functools.partial(tl.optim.SGD, momentum=0.9)]


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_optimizers_use_them(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    calls = []
    real = kernels._run
    monkeypatch.setattr(kernels, "_run", lambda *a: calls.append(a) or real(*a))
    p = tl.ones(40, 30, requires_grad=True)
    (p * p).sum().backward()
    make([p], lr=0.1).step()
    assert len(calls) == 1 and bool((p < 1).all())
