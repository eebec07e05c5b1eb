"""Max pooling and its gradient, compiled, against the bodies of the ops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES, PLAIN, declines, same, same_on_threads
from windows import GEOMETRIES, draw, options_of

from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import pool as kernels

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "LEAST", 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("block", [20, 1 << 15])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_max_pool(monkeypatch: pytest.MonkeyPatch, geometry: Any, block: int, special: bool, dtype: str) -> None:
    """Forward only squares of two by two are compiled; no kernel is for three axes."""
    monkeypatch.setattr(kernels, "BLOCK", block)
    options, n = options_of(geometry), len(geometry[0])
    x = draw(n, dtype, special)
    g = np.random.default_rng(1).standard_normal(PLAIN.max_pool_values(x, **options).shape).astype(dtype)
    cases: list[tuple[Any, Any, bool]] = [
        (kernels.max_pool_values, (x,), geometry == GEOMETRIES[0]), (kernels.max_pool_back, (g, x), n < 3),
    ]
    for kernel, arrays, compiled in cases:
        if not compiled:
            assert kernel(*arrays, **options) is NotImplemented
            continue
        same(kernel, *arrays, **options)
        same(kernel, *map(np.asfortranarray, arrays), **options)
        same_on_threads(kernel, *arrays, **options)


@pytest.mark.parametrize("size", [(1, 1, 2, 2), (3, 2, 2), (2, 5, 3), (1, 2, 67, 70)])
def test_squares(size: Any) -> None:
    """What is left over at the lower and the right end belongs to no square."""
    options = options_of(GEOMETRIES[0])
    x = np.random.default_rng(0).standard_normal(size)
    (values,) = same(kernels.max_pool_values, x, **options)
    same(kernels.max_pool_back, values, x, **options)


def test_what_is_left_to_the_body() -> None:
    options, x = options_of(GEOMETRIES[0]), draw(2, "float32")
    declines(kernels.max_pool_values, lambda dtype: (x.astype(dtype),), **options)
    declines(kernels.max_pool_back, lambda dtype: (np.ones((2, 3, 4, 4), dtype), x.astype(dtype)), **options)
    assert kernels.max_pool_values(x[:0], **options) is NotImplemented


def test_an_infinite_gradient_stays_where_it_is() -> None:
    x, g = draw(2, "float32"), np.full((2, 3, 4, 4), np.inf, "float32")
    same(kernels.max_pool_back, g, x, **options_of(GEOMETRIES[0]))


def test_a_window_of_minus_infinity() -> None:
    """Its gradient goes to its first element, and never into the padding."""
    options = options_of(((2, 2), (2, 2), ((1, 1), (1, 1)), (1, 1)))
    found = kernels.max_pool_back(np.ones((1, 1, 2, 2)), np.full((1, 1, 2, 2), -np.inf), **options)
    assert found.tolist() == [[[[1, 1], [1, 1]]]]
