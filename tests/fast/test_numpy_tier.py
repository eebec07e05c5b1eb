"""Kernels of NumPy alone against the bodies of the ops, in blocks and as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from against import DTYPES, PLAIN, declines, same, same_on_threads
from windows import GEOMETRIES, draw, options_of

from tensorlite.backends.numpy import embedding, norm, pool, softmax

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning:tensorlite")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("block", [7, 1 << 15])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(monkeypatch: pytest.MonkeyPatch, name: str, block: int, dtype: str) -> None:
    monkeypatch.setattr(softmax, "BLOCK", block)
    forward, back = getattr(softmax, name), getattr(softmax, f"{name}_back")
    for size in [(1, 1), (5, 1), (3, 65), (2, 3, 33), (17,)]:
        for ends in [(0.0, 0.0), (np.nan, 1.0), (np.inf, -np.inf), (-np.inf, -np.inf)]:
            x = (np.random.default_rng(0).standard_normal(size) * 8).astype(dtype)
            x.reshape(-1)[0], x.reshape(-1)[-1] = ends
            for axis in range(x.ndim):
                same(forward, x, axis=axis)
                out = getattr(PLAIN, name)(x, axis=axis)
                same(back, x, out, axis=axis)
                same(back, np.asfortranarray(x), np.broadcast_to(out, out.shape), axis=axis)
                same_on_threads(forward, x, axis=axis)
    declines(forward, lambda dtype: (np.ones((3, 4), dtype),), axis=1)
    assert forward(np.ones((0, 4)), axis=1) is NotImplemented


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("block", [20, 1 << 17])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_max_pool(monkeypatch: pytest.MonkeyPatch, geometry: Any, block: int, special: bool, dtype: str) -> None:
    """Where there is nan, which element is the largest is left to the body."""
    monkeypatch.setattr(pool, "BLOCK", block)
    options = options_of(geometry)
    x = draw(len(geometry[0]), dtype, special)
    same(pool.max_pool_values, x, **options)
    same(pool.max_pool_values, np.asfortranarray(x), **options)
    same_on_threads(pool.max_pool_values, x, **options)
    g = np.random.default_rng(1).standard_normal(PLAIN.max_pool_values(x, **options).shape).astype(dtype)
    g.reshape(-1)[0] = np.inf
    if special:
        assert pool.max_pool_back(g, x, **options) is NotImplemented
        return
    same(pool.max_pool_back, g, x, **options)
    same(pool.max_pool_back, np.asfortranarray(g), np.asfortranarray(x), **options)
    same_on_threads(pool.max_pool_back, g, x, **options)
    if any(sum(p) for p in geometry[2]):
        assert pool.max_pool(x, **options) is NotImplemented
    else:
        same(pool.max_pool, x, **options)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("geometry", [g for g in GEOMETRIES if set(g[3]) == {1}])
def test_window_sums(monkeypatch: pytest.MonkeyPatch, geometry: Any, dtype: str) -> None:
    monkeypatch.setattr(pool, "BLOCK", 20)
    options = options_of(geometry)
    del options["dilation"]
    x = draw(len(geometry[0]), dtype)
    (total,) = same(pool.window_sum, x, **options)
    same(pool.window_spread, total, shape=x.shape, **options)
    same_on_threads(pool.window_sum, x, **options)
    same_on_threads(pool.window_spread, total, shape=x.shape, **options)
    declines(pool.window_sum, lambda dtype: (x.astype(dtype),), **options)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, places", [((5, 3), (7,)), ((5, 2, 3), (2, 4)), ((5,), (4,)), ((5, 3), ()), ((40, 20), (300,))])
def test_take_back(shape: Any, places: Any, dtype: str) -> None:
    random = np.random.default_rng(0)
    index = np.asarray(random.integers(-shape[0], shape[0], places))
    g = random.standard_normal(places + shape[1:]).astype(dtype)
    same(embedding.take_back, g, index, axis=0, shape=shape)
    same(embedding.take_back, np.asfortranarray(g), index.astype("int32"), axis=0, shape=shape)
    declines(embedding.take_back, lambda dtype: (g.astype(dtype), index), axis=0, shape=shape)
    assert embedding.take_back(g, index, axis=1, shape=shape) is NotImplemented


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("affine", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("size", [(4, 3), (1, 3, 4), (5, 3, 2, 7)])
def test_statistics_of_channels(size: Any, affine: tuple[bool, bool], dtype: str) -> None:
    x, mean, var, *others = (np.random.default_rng(i).uniform(0.5, 2, s).astype(dtype) for i, s in enumerate((size, 3, 3, 3, 3)))
    weight, bias = (a if wanted else None for a, wanted in zip(others, affine, strict=True))
    options = {"shape": (1, 3, *(1,) * (len(size) - 2)), "eps": 1e-5}
    for a in (x, np.asfortranarray(x)):
        same(norm.standardize, a, mean, var, weight, bias, **options)
        same(norm.normalize_with_moments, a, weight, bias, axes=(0, *range(2, len(size))), **options)
    declines(norm.standardize, lambda dtype: [a.astype(dtype) for a in (x, mean, var)], **options)
    assert norm.normalize_with_moments(x, weight, bias, axes=(len(size) - 1,), shape=size[-1:], eps=1.0) is NotImplemented
