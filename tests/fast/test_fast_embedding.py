"""The gradient of looking up rows, compiled, against the body of the op."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES, declines, same, same_on_threads

from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import embedding as kernels

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "LEAST", 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("block", [4, 1 << 15])
@pytest.mark.parametrize("shape, places", [
    ((5, 3), (7,)), ((5, 3), (2, 4)), ((5, 2, 3), (7,)), ((5,), (4,)), ((40, 20), (300,)), ((5, 3), ()), ((1, 1), (3,)),
])  # fmt: skip
def test_take_back(monkeypatch: pytest.MonkeyPatch, shape: Any, places: Any, block: int, dtype: str) -> None:
    """Places may be negative, of another dtype, and occur often."""
    monkeypatch.setattr(kernels, "BLOCK", block)
    draw = np.random.default_rng(0)
    index, g = np.asarray(draw.integers(-shape[0], shape[0], places)), draw.standard_normal(places + shape[1:]).astype(dtype)
    options = {"axis": 0, "shape": shape}
    same(kernels.take_back, g, index, **options)
    same(kernels.take_back, g, index.astype(np.int32), **options)
    same(kernels.take_back, np.asfortranarray(g), np.asfortranarray(index), **options)
    same_on_threads(kernels.take_back, g, index, **options)
    g.reshape(-1)[0] = np.nan
    same(kernels.take_back, g, index, **options)


def test_what_is_left_to_the_body() -> None:
    index = np.zeros(2, np.int64)
    declines(kernels.take_back, lambda dtype: (np.ones((2, 3), dtype), index), axis=0, shape=(4, 3))
    assert kernels.take_back(np.ones((2, 3)), index, axis=1, shape=(2, 4)) is NotImplemented
    assert kernels.take_back(np.ones((0, 3)), index[:0], axis=0, shape=(4, 3)) is NotImplemented
