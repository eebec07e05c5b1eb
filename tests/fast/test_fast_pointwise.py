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


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "silu", "gelu", "elu", "leaky_relu", "softplus", "logsigmoid"])
def test_gradients_of_large_tensors(name: str) -> None:
    function = getattr(tl.nn.functional, name)
    x = tl.linspace(-4, 4, fast.LEAST, dtype=tl.float64, requires_grad=True)
    step = 1e-6
    expected = (function(x.detach() + step) - function(x.detach() - step)) / (2 * step)
    (found,) = tl.autograd.grad(function(x).sum(), x)
    assert tl.allclose(found, expected, rtol=1e-5, atol=1e-6)
