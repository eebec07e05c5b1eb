"""The compiled pointwise functions and their gradients against the bodies of the ops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES, PLAIN, declines, same_on_threads

import tensorlite as tl
from tensorlite.backends import get_backend
from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import pointwise as kernels

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")

NAMES = (*kernels.ONE, *kernels.TWO)
OPTIONS = {"slope": 0.3, "alpha": 1.5, "scale": 1.1, "input_scale": 0.7, "beta": 2.0, "threshold": 3.0}


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "LEAST", 1)
    monkeypatch.setattr(kernels, "BLOCK", 100)


def arrays(name: str, dtype: str, *shape: int) -> tuple[Any, ...]:
    x, g = np.random.default_rng(0).standard_normal((2, *shape)).astype(dtype) * 3
    return (x,) if name in kernels.ONE else (g, x)


def options(name: str) -> dict[str, float]:
    return {key: OPTIONS[key] for key in kernels.STATIC.get(name, ())}


def check(name: str, *given: Any) -> None:
    """A kernel against the body of its op, or the function of a backend without kernels."""
    found, expected = kernels.kernel(name)(*given, **options(name)), getattr(PLAIN, name)(*given, **options(name))
    assert found.dtype == expected.dtype and found.shape == expected.shape
    tolerance = 2e-5 if found.dtype == "float32" else 1e-14
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1,), (7, 31), (3, 1, 100)])
@pytest.mark.parametrize("name", NAMES)
def test_against_the_body(name: str, shape: tuple[int, ...], dtype: str) -> None:
    check(name, *arrays(name, dtype, *shape))


@pytest.mark.parametrize("name", NAMES)
def test_nan_infinity_and_zero(name: str) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1e30, -1e30])
    with np.errstate(all="ignore"):
        check(name, *([x] if name in kernels.ONE else [np.ones(6), x]))
        check(name, *([x] if name in kernels.ONE else [x, np.ones(6)]))


@pytest.mark.parametrize("name", NAMES)
def test_strides_and_threads(name: str) -> None:
    given = arrays(name, "float64", 40, 30)
    check(name, *[np.asfortranarray(a) for a in given])
    check(name, *[np.broadcast_to(a[:1], a.shape) for a in given])
    same_on_threads(kernels.kernel(name), *given, **options(name))


@pytest.mark.parametrize("name", NAMES)
def test_declines(name: str) -> None:
    declines(kernels.kernel(name), lambda dtype: tuple(a.astype(dtype) for a in arrays(name, "float64", 9)), **options(name))
    if name in kernels.TWO:
        assert kernels.kernel(name)(np.ones((1, 5)), np.ones((3, 5)), **options(name)) is NotImplemented


SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -1e-40, 3.0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", fast.ARITHMETIC)
def test_arithmetic_has_the_bits_of_numpy(name: str, dtype: str) -> None:
    x, y = (a.reshape(8, 8).astype(dtype) for a in np.meshgrid(SPECIAL, SPECIAL))
    zero, one = np.array(0.0, dtype), np.array(-1.7, dtype)
    with np.errstate(all="ignore"):
        for other in (y, zero, one, 2, 0.1, -0.0, float("inf"), float("nan")):
            found, expected = kernels.arithmetic(name, x, other), getattr(np, name)(x, other)
            assert found.dtype == expected.dtype
            known = ~np.isnan(expected)
            assert np.isnan(found[~known]).all() and found[known].tobytes() == expected[known].tobytes()
        same_on_threads(lambda: kernels.arithmetic(name, x, y))


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.ones((4, 3), "f"), np.ones(3, "f")),
        (np.ones((4, 3), "f"), np.ones((4, 3))),
        (np.ones((4, 3), "f"), np.float64(2)),
        (np.ones((4, 3), "f"), np.array(2.0)),
        (np.ones((4, 3), "f"), 2j),
        (np.ones((4, 3), "f"), np.ones((3, 4), "f").T),
        (np.ones((3, 4), "f").T, np.ones((4, 3), "f")),
        (np.ones((4, 3), int), 2),
        (np.ones((4, 3), "e"), 2.0),
    ],
)
def test_arithmetic_declines(x: Any, y: Any) -> None:
    assert kernels.arithmetic("add", x, y) is NotImplemented
    if isinstance(y, np.ndarray):
        assert not kernels.add_to(x, y)


@pytest.mark.parametrize("dtype", DTYPES)
def test_adding_in_place(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    """The backend's `add_` with the kernel, and where x and y share memory, which is left to NumPy."""
    monkeypatch.setattr(fast, "SHARED", 1)
    monkeypatch.setattr(fast, "get_num_threads", lambda: 2)
    xp, base = get_backend("cpu"), np.arange(1000, dtype=dtype)
    x, y = base.copy(), base.copy() * 0.25
    assert kernels.add_to(x, y) and not kernels.add_to(x, x[:]) and not kernels.add_to(x[:-1], x[1:])
    xp.add_(x, y)
    np.testing.assert_array_equal(x, base * 1.5)
    xp.add_(x, x)
    np.testing.assert_array_equal(x, base * 3)
    xp.add_(x[1:], x[:-1])
    np.testing.assert_array_equal(x[1:], base[1:] * 3 + base[:-1] * 3)


@pytest.mark.parametrize("name", fast.ARITHMETIC)
def test_the_backend_shares_arithmetic_out(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Large arrays reach the kernel where there are threads; what is wrong is said as before."""
    calls = []
    real = kernels.arithmetic
    monkeypatch.setattr(kernels, "arithmetic", lambda *a: calls.append(a[0]) or real(*a))
    function, plain = getattr(get_backend("cpu"), name), getattr(PLAIN, name)
    large = fast.SHARED
    for size, dtype, threads, used in ((9, "f", 2, 0), (large, "f", 1, 0), (large, "f", 2, 1), (large, "e", 2, 1)):
        monkeypatch.setattr(fast, "get_num_threads", lambda threads=threads: threads)
        calls.clear()
        x = np.linspace(1, 2, size).astype(dtype)
        np.testing.assert_array_equal(function(x, x[::-1].copy()), plain(x, x[::-1].copy()))
        assert calls == [name] * used
        with pytest.raises(ValueError, match="broadcast"):
            function(x, x[:-1])
    for size in (3, fast.SHARED):
        if name == "subtract":
            with pytest.raises(RuntimeError, match="two bool tensors"):
                tl.ones(size, dtype=tl.bool) - tl.ones(size, dtype=tl.bool)


@pytest.mark.parametrize("name", fast.LARGE)
def test_the_backend_uses_them(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Large arrays reach the kernel; small ones, and other dtypes, what was there before."""
    calls = []
    real = kernels.kernel(name)
    monkeypatch.setattr(kernels, "kernel", lambda wanted: lambda *a: calls.append(wanted) or real(*a))
    function = getattr(get_backend("cpu"), name)
    for size, dtype, used in ((9, "float32", 0), (fast.LEAST, "float32", 1), (fast.LEAST, "float16", 1)):
        calls.clear()
        given = [np.full(size, 0.5, dtype)] * (2 if name in kernels.TWO else 1)
        found = function(*given)
        assert found.dtype == dtype and len(calls) == used
        np.testing.assert_allclose(found[0], float(getattr(PLAIN, name)(*[a[:1].astype("d") for a in given])[0]), rtol=2e-3)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "silu", "gelu", "elu", "leaky_relu", "softplus", "logsigmoid", "mish"])
def test_gradients_of_large_tensors(name: str) -> None:
    function = getattr(tl.nn.functional, name)
    x = tl.linspace(-4, 4, fast.LEAST, dtype=tl.float64, requires_grad=True)
    step = 1e-6
    expected = (function(x.detach() + step) - function(x.detach() - step)) / (2 * step)
    (found,) = tl.autograd.grad(function(x).sum(), x)
    assert tl.allclose(found, expected, rtol=1e-5, atol=1e-6)
