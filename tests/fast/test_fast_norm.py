"""The compiled normalisations against the bodies of the ops."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES, PLAIN, declines, same, same_on_threads

from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import norm as kernels

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")

# size, axes, shape of the weight as it is read
CASES: dict[str, tuple[Any, Any, Any]] = {
    "rows": ((6, 35), (1,), (35,)),
    "rows of one number": ((6, 1), (1,), (1,)),
    "rows of two axes": ((6, 2, 5), (1, 2), (2, 5)),
    "channels": ((4, 3, 5), (0, 2), (1, 3, 1)),
    "channels of images": ((4, 3, 2, 17), (0, 2, 3), (1, 3, 1, 1)),
    "channels of one sample": ((1, 3, 2, 5), (0, 2, 3), (1, 3, 1, 1)),
    "columns": ((9, 131), (0,), (1, 131)),
    "columns with an axis": ((9, 5, 1), (0, 2), (1, 5, 1)),
    "each channel of each sample": ((4, 3, 2, 5), (2, 3), (1, 3, 1, 1)),
    "groups of channels": ((4, 3, 2, 5, 4), (2, 3, 4), (1, 3, 2, 1, 1)),
    "groups of numbers": ((4, 3, 5), (2,), (1, 3, 5)),
}


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "LEAST", 1)


def arrays(case: str, affine: tuple[bool, bool], dtype: str) -> tuple[list[Any], dict[str, Any]]:
    size, axes, shape = CASES[case]
    draw = np.random.default_rng(0).standard_normal
    flat = shape if case.startswith("rows") else (int(np.prod(shape)),)
    weight, bias = (draw(flat).astype(dtype) if wanted else None for wanted in affine)
    return [draw(size).astype(dtype) + 3, weight, bias], {"axes": axes, "shape": shape, "eps": 1e-3}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("block", [7, 1 << 16])
@pytest.mark.parametrize("affine", [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize("case", CASES)
def test_normalize(monkeypatch: pytest.MonkeyPatch, block: int, affine: tuple[bool, bool], case: str, dtype: str) -> None:
    monkeypatch.setattr(kernels, "BLOCK", block)
    (x, weight, bias), options = arrays(case, affine, dtype)
    same(kernels.normalize, x, weight, bias, **options)
    same(kernels.normalize_with_moments, x, weight, bias, **options)
    g = np.random.default_rng(1).standard_normal(x.shape).astype(dtype)
    for needs in itertools.product((True,), {False, affine[0]}, {False, affine[1]}):
        same(kernels.normalize_back, g, x, weight, needs=needs, scale=4, **options)
    assert kernels.normalize_back(g, x, weight, needs=(False, True, True), **options) is NotImplemented


@pytest.mark.parametrize("case", CASES)
def test_strides_and_threads(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """Inputs that are not contiguous, read-only or repeated; the number of threads changes no bit."""
    monkeypatch.setattr(kernels, "BLOCK", 7)
    (x, weight, bias), options = arrays(case, (True, True), "float64")
    g = np.broadcast_to(x[..., :1], x.shape)
    strided = np.asfortranarray(x)
    same(kernels.normalize, strided, weight, bias, **options)
    same(kernels.normalize_back, g, strided, weight, needs=(True, True, True), **options)
    same_on_threads(kernels.normalize_with_moments, x, weight, bias, **options)
    same_on_threads(kernels.normalize_back, g, x, weight, needs=(True, True, True), **options)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("case", CASES)
def test_nan_and_infinity(case: str, value: float) -> None:
    """What is normalised together with nan or infinity is nan; the rest is not."""
    (x, weight, bias), options = arrays(case, (True, True), "float32")
    x.reshape(-1)[-1] = value
    same(kernels.normalize, x, weight, bias, **options)
    same(kernels.normalize_back, np.ones_like(x), x, weight, needs=(True, False, False), **options)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("affine", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("size", [(1, 3, 4), (5, 3, 2, 7)])
def test_standardize(monkeypatch: pytest.MonkeyPatch, size: Any, affine: tuple[bool, bool], dtype: str) -> None:
    monkeypatch.setattr(kernels, "BLOCK", 16)
    x, mean, var, *others = (np.random.default_rng(i).uniform(0.5, 2, s).astype(dtype) for i, s in enumerate((size, 3, 3, 3, 3)))
    options = {"shape": (1, 3, *(1,) * (len(size) - 2)), "eps": 1e-5}
    weight, bias = (a if wanted else None for a, wanted in zip(others, affine, strict=True))
    same(kernels.standardize, x, mean, var, weight, bias, **options)
    same(kernels.standardize, np.asfortranarray(x), mean, var, weight, bias, **options)
    same_on_threads(kernels.standardize, x, mean, var, weight, bias, **options)
    x[0, 1, 0], x[0, 2, 0] = np.nan, np.inf
    same(kernels.standardize, x, mean, var, weight, bias, **options)


def test_what_is_left_to_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"axes": (1,), "shape": (4,), "eps": 1e-3}
    declines(kernels.normalize, lambda dtype: (np.ones((3, 4), dtype), None, None), **options)
    assert kernels.normalize(np.ones((0, 4)), None, None, **options) is NotImplemented
    x = np.ones((3, 4))
    assert kernels.normalize(x, np.ones(4, "float32"), None, **options) is NotImplemented
    assert kernels.normalize(x, None, None, axes=(0, 1), shape=(3, 4), eps=1e-3) is NotImplemented
    monkeypatch.setattr(kernels, "LEAST", 13)
    assert kernels.normalize(x, None, None, **options) is NotImplemented


def test_large_mean() -> None:
    """Of numbers that are far from zero the mean is known to a few units of its last place, which is 1e-3."""
    x = (np.random.default_rng(0).standard_normal((64, 1000)) + 1e4).astype("float32")
    options = {"axes": (1,), "shape": (1000,), "eps": 1e-5}
    wide = PLAIN.normalize(x.astype("float64"), None, None, **options)
    np.testing.assert_allclose(kernels.normalize(x, None, None, **options), wide, atol=5e-3)
