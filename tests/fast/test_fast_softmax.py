"""The compiled softmax, its logarithm and their gradients against the bodies of the ops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES, PLAIN, declines, same, same_on_threads

from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import softmax as kernels

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")

SIZES = [(1, 1), (5, 1), (1, 7), (3, 65), (2, 3, 33), (17,), (40, 1001)]
# Where the special numbers are: the first and the last place.
ENDS = [(0.0, 0.0), (np.nan, 1.0), (1.0, -np.nan), (np.inf, -np.inf), (-np.inf, 200.0), (-np.inf, -np.inf), (1e30, -1e30)]


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "LEAST", 1)


def draw(size: Any, dtype: str, ends: Any = ()) -> Any:
    x = (np.random.default_rng(0).standard_normal(size) * 8).astype(dtype)
    for place, value in zip((0, -1), ends, strict=False):
        x.reshape(-1)[place] = value
    return x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("block", [7, 1 << 15])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_values_and_gradients(monkeypatch: pytest.MonkeyPatch, name: str, block: int, dtype: str) -> None:
    monkeypatch.setattr(kernels, "BLOCK", block)
    forward, back = getattr(kernels, name), getattr(kernels, f"{name}_back")
    for size in SIZES:
        for ends in ENDS:
            x = draw(size, dtype, ends)
            same(forward, x, axis=x.ndim - 1)
            out = getattr(PLAIN, name)(x, axis=x.ndim - 1)
            same(back, np.random.default_rng(1).standard_normal(size).astype(dtype), out, axis=-1)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_strides_and_threads(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(kernels, "BLOCK", 7)
    forward, back = getattr(kernels, name), getattr(kernels, f"{name}_back")
    x = draw((6, 11), "float32")
    g = np.broadcast_to(x[:, :1], x.shape)
    same(forward, np.asfortranarray(x), axis=1)
    same(back, g, np.asfortranarray(x), axis=1)
    same_on_threads(forward, x, axis=1)
    same_on_threads(back, g, x, axis=1)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_large_logits(name: str) -> None:
    """What all logits have in common does not cost digits."""
    x = draw((64, 1000), "float32") + np.float32(1e4)
    wide = getattr(PLAIN, name)(x.astype("float64"), axis=1)
    np.testing.assert_allclose(getattr(kernels, name)(x, axis=1), wide, rtol=2e-6, atol=2e-6)


def test_what_is_left_to_the_body() -> None:
    declines(kernels.softmax, lambda dtype: (np.ones((3, 4), dtype),), axis=1)
    declines(kernels.softmax_back, lambda dtype: (np.ones((3, 4), dtype),) * 2, axis=1)
    assert kernels.log_softmax(np.ones((0, 4)), axis=1) is NotImplemented
    assert kernels.softmax(np.ones((3, 4)), axis=0) is NotImplemented
