"""Conversions of half precision, against NumPy's and ml_dtypes', bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

import tensorlite as tl
from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import halves

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")
CPU: Any = tl.zeros(1)._xp
KINDS = ["float16", "bfloat16"]


def dtype_of(name: str) -> Any:
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
    return tl.zeros(1)._xp.native[getattr(tl, name)]


def same(found: Any, expected: Any) -> None:
    """The same bits, but for those of nan beyond its being one."""
    assert found.dtype == expected.dtype and found.shape == expected.shape
    bits = np.uint16 if found.dtype.itemsize == 2 else np.uint32
    nan = np.isnan(expected.astype(np.float32))
    np.testing.assert_array_equal(np.isnan(found.astype(np.float32)), nan)
    np.testing.assert_array_equal(found.view(bits)[~nan], expected.view(bits)[~nan])


@pytest.mark.parametrize("name", KINDS)
def test_all_halves(name: str) -> None:
    dtype = dtype_of(name)
    every = np.arange(1 << 16, dtype=np.uint16).view(dtype)
    same(halves.convert(every, np.dtype(np.float32)), every.astype(np.float32))


@pytest.mark.parametrize("name", KINDS)
def test_rounding(name: str) -> None:
    """Every half, what lies in the middle of two, and what lies next to that; and random bits."""
    dtype = dtype_of(name)
    every = np.arange(1 << 16, dtype=np.uint16).view(dtype).astype(np.float32)
    with np.errstate(all="ignore"):
        middle = (every[:-1].astype(np.float64) + every[1:]) / 2
        middle = middle.astype(np.float32)
        random = np.random.default_rng(0).integers(0, 1 << 32, 1 << 20, dtype=np.uint32).view(np.float32)
        for x in (every, middle, np.nextafter(middle, np.float32(9e9)), np.nextafter(middle, np.float32(-9e9)), random):
            same(halves.convert(x, dtype), x.astype(dtype))


def test_what_it_leaves_to_numpy() -> None:
    x = np.ones(4, np.float32)
    others = [(x.astype(np.float64), np.float16), (x.astype(np.int16), np.float32)]
    for given, dtype in [(x, np.float64), (x, np.int16), (x, np.float32), *others]:
        assert halves.convert(given, np.dtype(dtype)) is NotImplemented


@pytest.mark.parametrize("name", KINDS)
def test_through_tensors(name: str) -> None:
    dtype_of(name)
    x = tl.randn(300, 400)
    for given in (x, x.t(), x[::2, 1:]):
        half = given.to(getattr(tl, name))
        assert half.shape == given.shape and tl.allclose(half.float(), given, rtol=1e-2, atol=1e-2)
        assert (half.float().to(half.dtype) == half).all()


def finite(name: str) -> np.ndarray:
    every = np.arange(1 << 16, dtype=np.uint16).view(dtype_of(name))
    return every[np.isfinite(every.astype(np.float32))]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("function", fast.ARITHMETIC)
def test_arithmetic(name: str, function: str) -> None:
    """Large arrays get what small ones get, bit by bit, also beside a number and an array of another shape."""
    run, every = getattr(CPU, function), finite(name)
    for other in (every[::-1].copy(), every[:1], np.asarray(every[77]), 3.0, 2):
        pieces = [slice(i, i + 1000) for i in range(0, every.size, 1000)]
        expected = np.concatenate([run(every[p], other[p] if np.size(other) > 1 else other) for p in pieces])
        same(run(every, other), expected)
    with pytest.raises(ValueError, match="broadcast"):
        run(every, every[:-1])


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("function", ["relu", "sigmoid", "erf"])
def test_activations(name: str, function: str) -> None:
    """Computed in single precision and rounded once; relu is exact, and nan stays."""
    x, run = finite(name), getattr(CPU, function)
    found = run(x)
    assert found.dtype == x.dtype
    exact = run(x.astype(np.float64))
    np.testing.assert_allclose(found.astype(np.float64), exact, rtol=2**-8 if name == "bfloat16" else 2**-10, atol=1e-7)
    x[3] = np.nan
    assert np.isnan(run(x)[3])


@pytest.mark.parametrize("name", KINDS)
def test_sums_and_extremes(name: str) -> None:
    x = np.linspace(-1, 1, 1 << 16).astype(dtype_of(name)).reshape(4, -1)
    for axis in (None, 0, 1):
        for function in ("sum", "max", "min"):
            found = getattr(CPU, function)(x, axis=axis)
            assert found.dtype == x.dtype
            exact = getattr(np, function)(x.astype(np.float64), axis=axis)
            np.testing.assert_allclose(found.astype(np.float64), exact, rtol=1e-2, atol=1e-4 if axis == 0 else 2e-2)
