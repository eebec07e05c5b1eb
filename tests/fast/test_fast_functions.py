"""Compiled functions of one number against double precision, over all sizes of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES

from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import functions
from tensorlite.backends.numpy.fast.compiler import compiled

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")


def sigmoid(x: Any) -> Any:
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def erf(x: Any) -> Any:
    return np.array([math.erf(v) for v in x.astype("float64")], "longdouble")


REFERENCE: dict[str, tuple[Callable[[Any], Any], float]] = {
    "exp": (np.exp, 1.5), "expm1": (np.expm1, 2.5), "tanh": (np.tanh, 3), "sigmoid": (sigmoid, 2.5), "erf": (erf, 4.5),
}  # fmt: skip
"""The function, and by how many units of the last place a result may differ."""


def numbers(dtype: str) -> Any:
    parts = [np.linspace(-end, end, 20001) for end in (1, 10, 110, 760)]
    small = np.logspace(-320, 2, 20001)
    return np.unique(np.concatenate([*parts, small, -small, [0.0, np.inf, -np.inf]])).astype(dtype)


def over(name: str, x: Any) -> Any:
    """The function of each number, in a compiled loop."""
    made = compiled(_LOOPS[name])
    out = np.empty_like(x)
    made(x, out)
    return out


def _loop(name: str) -> Any:
    scope = {name: getattr(functions, name), "__name__": __name__}
    exec(f"def {name}_loop(x, out):\n    for i in range(x.size):\n        out[i] = {name}(x[i])\n", scope)
    return scope[f"{name}_loop"]


_LOOPS = {name: _loop(name) for name in (*REFERENCE, "exp_or_zero", "normal")}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", REFERENCE)
def test_last_places(name: str, dtype: str) -> None:
    x = numbers(dtype)
    function, units = REFERENCE[name]
    with np.errstate(all="ignore"):
        exact = function(x.astype("longdouble"))
        expected = exact.astype(dtype)
    found = over(name, x)
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[~finite], expected[~finite])
    error = np.abs(found[finite].astype("longdouble") - exact[finite]) / np.spacing(np.abs(expected[finite]))
    assert error.max() <= units


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", _LOOPS)
def test_nan_and_signs(name: str, dtype: str) -> None:
    x = np.array([np.nan, -0.0, 0.0], dtype)
    found = over(name, x)
    assert np.isnan(found[0])
    if name in ("tanh", "erf"):
        assert np.signbit(found[1:]).tolist() == [True, False]


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_or_zero(dtype: str) -> None:
    x = np.concatenate([np.linspace(-120, 80, 4001), np.linspace(-800, 0, 4001), [-np.inf]]).astype(dtype)
    found, expected = over("exp_or_zero", x), np.exp(x.astype("float64"))
    least = np.finfo(dtype).tiny
    np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(dtype).eps, atol=4 * least)
    assert found[-1] == 0 and not ((found > 0) & (found < least)).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_normal(dtype: str) -> None:
    x = np.linspace(-12, 12, 4001).astype(dtype)
    expected = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x.astype("float64")])
    np.testing.assert_allclose(over("normal", x), expected, atol=2e-7 if dtype == "float32" else 1e-15)


ROWS = [
    [3.0, -1.0, 2.0], [-3.0, -1.0, -2.0], [-0.0], [np.inf, 1.0], [-np.inf, -np.inf], [1.0, np.nan, np.inf],
    list(np.sin(np.arange(100.0))),
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("row", ROWS)
def test_highest(row: list[float], dtype: str) -> None:
    x = np.array(row, dtype)
    np.testing.assert_array_equal(functions.highest(x), x.max())
