"""Products of matrices in compiled functions."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES

from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import blas

pytestmark = [
    pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off"),
    pytest.mark.skipif(not blas.available(), reason="NumPy's library of products is another one"),
]


def laid(rows: int, columns: int, order: str, dtype: str) -> Any:
    """A matrix of that order in memory, or cut out of a larger one."""
    whole = np.random.default_rng(rows).standard_normal((rows + 3, columns + 2)).astype(dtype)
    part = whole[1 : rows + 1, 2:]
    turned = np.asfortranarray(whole)[1 : rows + 1, 2:]
    return {"cut": part, "rows": part.copy("C"), "columns": part.copy("F"), "turned": turned}[order]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(3, 4, 5), (1, 1, 1), (7, 1, 2), (1, 7, 3), (5, 3, 1), (2, 0, 3)])
def test_add_product(size: tuple[int, int, int], dtype: str) -> None:
    m, k, n = size
    number = np.dtype(dtype).type
    for a_order, b_order, c_order in itertools.product(("rows", "columns", "cut", "turned"), ("rows", "columns"), ("rows", "cut")):
        a, b, c = laid(m, k, a_order, dtype), laid(k, n, b_order, dtype), laid(m, n, c_order, dtype)
        expected = 2 * (a @ b) - c
        blas.add_product(c, a, b, number(2), number(-1))
        np.testing.assert_allclose(c, expected, rtol=1e-5, atol=1e-5)
