"""The compiled sums and largest and smallest numbers against NumPy's."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES, REFUSED, same_on_threads

import tensorlite as tl
from tensorlite.backends import get_backend
from tensorlite.backends.numpy import NumpyBackend, fast
from tensorlite.backends.numpy.fast import reductions as kernels

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")

SUMS = [
    ((1,), None), ((1003,), None), ((1003,), 0), ((1003,), (0,)), ((30, 41), None), ((30, 41), 0), ((30, 41), 1),
    ((30, 41), (0, 1)), ((2, 703), 1), ((703, 2), 0), ((5, 30, 7), 1), ((5, 30, 7), (0, 1)), ((5, 30, 7), (1, 2)),
    ((5, 30, 7), (0, 2)), ((5, 30, 7), (2, 0)), ((3, 4, 5, 6), (0, 2, 3)), ((3, 4, 25, 6), (0, 2)), ((20, 1, 30, 1), (1, 2)),
    ((20, 30, 1), 1), ((20, 30, 1), 2), ((1, 40, 3), (0, 1)),
]  # fmt: skip
EXTREMES = [
    ((1,), None), ((83,), 0), ((3, 14), None), ((30, 41), 1), ((703, 2), 1), ((5, 30, 7), 2), ((5, 14, 7), (1, 2)),
    ((20, 30, 1), 1),
]  # fmt: skip


@pytest.fixture(autouse=True)
def several_pieces(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of small arrays, too."""
    for name, size in (("BLOCK", 100), ("ROWS", 13)):
        monkeypatch.setattr(kernels, name, size)
    kernels._plan.cache_clear()
    yield
    kernels._plan.cache_clear()


def numbers(*shape: int, dtype: str = "float64", scale: float = 3.0) -> Any:
    return (np.random.default_rng(0).standard_normal(shape) * scale).astype(dtype)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "axis"), SUMS)
def test_sums(shape: tuple[int, ...], axis: Any, dtype: str, keepdims: bool) -> None:
    x = numbers(*shape, dtype=dtype)
    found, expected = kernels.sum_over(x, axis, keepdims), x.astype("f8").sum(axis, keepdims=keepdims)
    assert found.dtype == dtype and found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "axis"), EXTREMES)
def test_extremes(shape: tuple[int, ...], axis: Any, dtype: str, keepdims: bool) -> None:
    for x in (numbers(*shape, dtype=dtype), -np.abs(numbers(*shape, dtype=dtype)), np.abs(numbers(*shape, dtype=dtype))):
        for kernel, numpy in ((kernels.max_over, np.max), (kernels.min_over, np.min)):
            found, expected = kernel(x, axis, keepdims), numpy(x, axis=axis, keepdims=keepdims)
            assert found.dtype == dtype and found.shape == expected.shape
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "axis"), [((1 << 17,), None), ((400, 300), 1), ((300, 400), 0)])
def test_sums_are_as_accurate_as_numpys(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], axis: Any, dtype: str) -> None:
    """The root of the mean squared error of many sums."""
    monkeypatch.setattr(kernels, "BLOCK", 1 << 14)
    ours, numpys = [], []
    for seed in range(20 if axis is None else 1):
        x = (np.random.default_rng(seed).standard_normal(shape) + 0.1).astype(dtype)
        rows = x.reshape(1, -1) if axis is None else x if axis else x.T
        exact = np.array([math.fsum(row) for row in rows.astype("f8").tolist()])
        ours.append(kernels.sum_over(x, axis, False) - exact)
        numpys.append(x.sum(axis) - exact)
    assert np.linalg.norm(np.concatenate(ours, axis=None)) <= 1.2 * np.linalg.norm(np.concatenate(numpys, axis=None))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("special", [[np.nan], [-np.nan], [np.inf], [-np.inf], [np.inf, np.nan], [np.inf, -np.inf], [-0.0], [1e38]])
def test_nan_infinity_and_zero(special: list[float], dtype: str) -> None:
    top = np.finfo(dtype).max
    with np.errstate(all="ignore"):
        for fill in (0.0, -0.0, 1.0, np.inf, top):
            x = np.full((40, 30), fill, dtype)
            x[3, : len(special)] = x[7, -len(special) :] = np.array(special, dtype)
            for axis in (None, 0, 1):
                np.testing.assert_array_equal(kernels.sum_over(x, axis, False), x.sum(axis))
            np.testing.assert_array_equal(kernels.max_over(x, 1, False), x.max(1))
            np.testing.assert_array_equal(kernels.min_over(x, 1, False), x.min(1))


@pytest.mark.parametrize("axis", [None, 0, 1, 2, (0, 2), (0, 1), (1, 2)])
def test_threads(axis: Any) -> None:
    x = numbers(20, 31, 7, dtype="float32")
    same_on_threads(lambda: kernels.sum_over(x, axis, False))
    if axis == 2:
        same_on_threads(lambda: kernels.max_over(x, axis, False))


@pytest.mark.parametrize("kernel", [kernels.sum_over, kernels.max_over, kernels.min_over])
def test_declines(kernel: Any) -> None:
    """Other dtypes, no axes, empty arrays and those that do not lie in a row or must not be written to."""
    x = numbers(30, 40)
    for dtype in REFUSED:
        assert kernel(x.astype(dtype), 1, False) is NotImplemented
    assert kernel(x, (), False) is NotImplemented and kernel(x.T, 1, False) is NotImplemented
    assert kernel(np.broadcast_to(x, (3, 30, 40)), 1, False) is NotImplemented
    assert kernel(np.ones((0, 4)), 0, False) is NotImplemented
    assert kernel(x[:12], 0, False) is NotImplemented
    assert kernel is kernels.sum_over or kernel(x.reshape(3, 400), 1, False) is NotImplemented


@pytest.mark.parametrize("name", fast.REDUCTIONS)
def test_the_backend_uses_them(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Large arrays reach the kernel; small ones, and other dtypes, what was there before."""
    calls = []
    real = getattr(kernels, f"{name}_over")
    monkeypatch.setattr(kernels, f"{name}_over", lambda *a: calls.append(name) or real(*a))
    function = getattr(get_backend("cpu"), name)
    for rows, dtype in itertools.product((9, fast.MANY), "fdei"):
        x = (np.arange(rows * 4).reshape(rows, 4) % 7 == 3).astype(dtype)
        for axis, keepdims in ((None, False), (1, True), (0, False), ((0, 1), True)):
            calls.clear()
            expected = getattr(np, name)(x.astype("d"), axis=axis, keepdims=keepdims).astype(dtype)
            np.testing.assert_array_equal(function(x, axis=axis, keepdims=keepdims), expected)
            assert bool(calls) == (rows == fast.MANY)
    assert function(np.zeros((0, 3), "f"), axis=1).shape == (0,)


def test_a_subclass_keeps_its_own() -> None:
    class Mine(NumpyBackend):
        def sum(self, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
            return "mine"

        def add(self, x: Any, y: Any) -> Any:
            return "mine"

    assert Mine().sum(np.ones(3, "f")) == Mine().add(np.ones(3), 1) == "mine"
    assert Mine().max(np.ones(fast.MANY, "f"), axis=0) == 1


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "std"])
@pytest.mark.parametrize("dim", [(), (0,), (1,), (0, 1)])
def test_gradients_of_large_tensors(name: str, dim: tuple[int, ...]) -> None:
    """A step along the gradient changes the result by the step times the squares of the gradient."""
    x = tl.tensor(numbers(300, 200), requires_grad=True)
    function = getattr(x.detach(), name)
    (g,) = tl.autograd.grad(getattr(x, name)(dim).sum(), x)
    step = 1e-7
    found = (getattr(x.detach() + g * step, name)(dim) - function(dim)).sum() / step
    assert tl.allclose(found, (g * g).sum(), rtol=1e-3)
