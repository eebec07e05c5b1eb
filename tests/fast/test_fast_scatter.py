"""Reading and adding along an axis by position, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import same_on_threads

import tensorlite as tl
from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import scatter

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")
DTYPES = ["float32", "float64", "int64"]
SHAPES = [((5000,), 0, 7), ((3, 900), 1, 2000), ((2000, 5), 0, 900), ((40, 300), 0, 200), ((2, 7, 3, 200), 1, 9)]
SHAPES += [((9, 1, 700), -2, 2)]
"""The shape of x, the axis, and how many positions there are along it."""


def made(shape: tuple[int, ...], axis: int, count: int, dtype: str) -> tuple[Any, Any, Any]:
    draw = np.random.default_rng(0)
    where = list(shape)
    where[axis] = count
    index = draw.integers(0, shape[axis], where)
    return draw.standard_normal(shape).__mul__(9).astype(dtype), index, draw.standard_normal(where).__mul__(9).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axis, count", SHAPES)
def test_against_numpy(shape: tuple[int, ...], axis: int, count: int, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scatter, "LEAST", 1)
    x, index, source = made(shape, axis, count, dtype)
    np.testing.assert_array_equal(scatter.take_along_axis(x, index, axis=axis), np.take_along_axis(x, index, axis))
    expected, grid = x.copy(), list(np.indices(index.shape))
    grid[axis] = index
    np.add.at(expected, tuple(grid), source)
    before = x.copy()
    np.testing.assert_array_equal(scatter.scatter_add(x, index, source, axis=axis), expected)
    np.testing.assert_array_equal(x, before)
    turned = np.asfortranarray(source)
    np.testing.assert_array_equal(scatter.scatter_add(x, index, turned, axis=axis), expected)
    same_on_threads(scatter.scatter_add, x, index, source, axis=axis)
    same_on_threads(scatter.take_along_axis, x, index, axis=axis)


def test_what_it_leaves_to_numpy() -> None:
    x, index, source = made((80, 90), 1, 90, "float32")
    for other in (x.astype(np.float16), x.astype(np.complex64), x.astype(np.int32)):
        assert scatter.take_along_axis(other, index, axis=1) is NotImplemented
    assert scatter.take_along_axis(x, index[:, :40], axis=0) is NotImplemented  # smaller than x along the other axis
    assert scatter.take_along_axis(x, index.astype(np.int32), axis=1) is NotImplemented
    assert scatter.scatter_add(x, index, source.astype(np.float64), axis=1) is NotImplemented


def test_through_tensors() -> None:
    """A position that is outside raises, and the gradients come back."""
    x = tl.randn(100, 80, dtype=tl.float64, requires_grad=True)
    index = tl.randint(80, (100, 60))
    weight = tl.randn(100, 60, dtype=tl.float64)
    (x.gather(1, index) * weight).sum().backward()
    expected = np.zeros((100, 80))
    np.add.at(expected, (np.arange(100)[:, None], index.numpy()), weight.numpy())
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-12)
    index[3, 4] = 80
    with pytest.raises(RuntimeError, match="out of bounds"):
        x.gather(1, index)
