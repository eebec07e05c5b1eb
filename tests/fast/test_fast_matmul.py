"""Large products of matrices, against NumPy's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES, TOLERANCE, declines, same_on_threads

import tensorlite as tl
from tensorlite.backends.numpy import fast, linear
from tensorlite.backends.numpy.fast import blas, matmul

pytestmark = [
    pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off"),
    pytest.mark.skipif(not blas.available(), reason="NumPy's library of products is another one"),
]
SIZES = [(1024, 1, 1024), (1, 2048, 512), (130, 65, 129), (2048, 16, 512), (257, 512, 130), (64, 1100, 3000)]
"""Rows, sums and columns: without pieces, with pieces of rows, of columns, and of both."""
ALL = (True, True, True)


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = tl.get_num_threads()
    tl.set_num_threads(2)
    yield
    tl.set_num_threads(before)


def random(*shape: int, dtype: str) -> Any:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(dtype)


def laid(x: Any, order: str) -> Any:
    """The same matrices in another order of memory, or with others between."""
    if order == "columns":
        return np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2)
    whole = np.zeros((*x.shape[:-2], 2 * x.shape[-2], 2 * x.shape[-1]), x.dtype)
    part = {"rows": x, "cut": whole[..., : x.shape[-2], : x.shape[-1]], "apart": whole[..., ::2, ::2]}[order]
    part[...] = x
    return part


def close(a: Any, b: Any, depth: int) -> None:
    assert a.shape == b.shape and a.dtype == b.dtype
    np.testing.assert_allclose(a, b, rtol=TOLERANCE[a.dtype.name], atol=TOLERANCE[a.dtype.name] * depth**0.5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_matmul(size: tuple[int, int, int], dtype: str) -> None:
    rows, depth, columns = size
    x, y = random(rows, depth, dtype=dtype), random(depth, columns, dtype=dtype)
    for a, b in [("rows", "rows"), ("columns", "rows"), ("rows", "columns"), ("cut", "cut"), ("apart", "columns")]:
        close(matmul.matmul(np.matmul, laid(x, a), laid(y, b)), x @ y, depth)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lead", [(40,), (3, 5), (1,), (2, 1, 4)])
def test_stacks(lead: tuple[int, ...], dtype: str) -> None:
    x, y = random(*lead, 300, 64, dtype=dtype), random(*lead, 64, 90, dtype=dtype)
    for a, b in [("rows", "rows"), ("rows", "columns"), ("columns", "cut")]:
        close(matmul.matmul(np.matmul, laid(x, a), laid(y, b)), x @ y, 64)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lead", [(500,), (20, 30), (2, 3, 128)])
def test_linear(lead: tuple[int, ...], dtype: str) -> None:
    x, weight, g = random(*lead, 96, dtype=dtype), random(130, 96, dtype=dtype), random(*lead, 130, dtype=dtype)
    for bias in (None, weight[:, 0].copy(), weight[:, 0]):
        expected = x @ weight.T if bias is None else x @ weight.T + bias
        close(matmul.linear(np.matmul, x, weight, bias), expected, 96)
    for needs in (ALL, (True, False, False), (False, True, False), (False, False, True)):
        found = matmul.linear_back(g, x, weight, needs=needs)
        for a, b in zip(found, linear.gradients(g, x, weight, needs=needs), strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                close(a, b, x.size // 96)


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [(1024, 128, 130), (1300, 70, 300), (2000, 500, 130), (4096, 65, 9), (1030, 3000, 20)])
def test_many_rows(sizes: tuple[int, int, int], dtype: str, small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In tiles that BLAS multiplies without copying, and as wholes."""
    matmul._tile.cache_clear()
    monkeypatch.setattr(matmul, "_copies_nothing", lambda: small)
    rows, features, outputs = sizes
    x, weight, g = (random(*shape, dtype=dtype) for shape in ((rows, features), (outputs, features), (rows, outputs)))
    close(matmul.linear(np.matmul, x, weight, weight[:, 0]), x @ weight.T + weight[:, 0], features)
    found = matmul.linear_back(g, x, weight, needs=ALL)
    for a, b in zip(found, linear.gradients(g, x, weight, needs=ALL), strict=True):
        close(a, b, rows)
    same_on_threads(matmul.linear_back, g, x, weight, needs=ALL)
    matmul._tile.cache_clear()


def test_what_is_not_finite_stays_where_it_belongs() -> None:
    x, y = random(300, 200, dtype="float32"), random(200, 300, dtype="float32")
    x[7, 3], y[5, 11] = np.nan, np.inf
    out = matmul.matmul(np.matmul, x, y)
    np.testing.assert_array_equal(np.isfinite(out), np.isfinite(x @ y))
    assert np.isnan(out[7]).all() and not np.isfinite(out[:, 11]).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_change_no_bits(dtype: str) -> None:
    x, weight = random(700, 400, dtype=dtype), random(300, 400, dtype=dtype)
    g = random(700, 300, dtype=dtype)
    same_on_threads(matmul.linear_back, g, x, weight, needs=ALL)
    same_on_threads(lambda a, b: matmul.matmul(np.matmul, a, b), x, weight.T)


def test_what_it_leaves_to_numpy() -> None:
    x = random(300, 300, dtype="float32")
    for other in (x.astype("float64"), x[0], x[None], x[:200]):
        assert matmul.matmul(np.matmul, x, other) is NotImplemented
    assert matmul.linear(np.matmul, x, x, x[0, :7]) is NotImplemented
    declines(lambda x, y: matmul.matmul(np.matmul, x, y), lambda dtype: (x.astype(dtype),) * 2)


def test_small_ones_are_numpys() -> None:
    """Through `tl`, with every number of products around the limits."""
    for n in (60, 64, 66, 100, 102, 110):
        x = tl.rand(n, n)
        expected = np.matmul(x.numpy(), x.numpy())
        np.testing.assert_allclose((x @ x).numpy(), expected, rtol=1e-5)
        np.testing.assert_allclose(tl.nn.functional.linear(x, x.mT.contiguous()).numpy(), expected, rtol=1e-5)
