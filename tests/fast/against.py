"""Comparing a compiled kernel with the body of its op, and with itself on another number of threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlite as tl
from tensorlite.backends import base
from tensorlite.backends.arrays import ArrayBackend
from tensorlite.devices import device

__all__ = ["DTYPES", "PLAIN", "declines", "same", "same_on_threads"]

DTYPES = ("float32", "float64")
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}
REFUSED = ("float16", "int64", "complex64")


class _Plain(ArrayBackend):
    """The CPU without kernels: only bodies of ops, and of those also inside bodies."""

    def __init__(self) -> None:
        super().__init__(np, device("cpu"))

    def _running(self, ufunc: Any, x: Any, axis: int) -> Any:
        return ufunc.accumulate(x, axis)


PLAIN = _Plain()


def same(kernel: Callable[..., Any], /, *arrays: Any, scale: float = 1, **options: Any) -> Any:
    """Assert that a kernel gives what the body of its op gives; scale is for sums of many numbers."""
    found, expected = kernel(*arrays, **options), PLAIN._body(base._bodies[kernel.__name__])(*arrays, **options)
    assert found is not NotImplemented
    found, expected = (x if isinstance(x, tuple) else (x,) for x in (found, expected))
    for a, b in zip(found, expected, strict=True):
        assert (a is None) == (b is None)
        if b is None:
            continue
        assert a.shape == b.shape and a.dtype == b.dtype
        if b.dtype.kind != "f":
            np.testing.assert_array_equal(a, b)
            continue
        size = np.abs(b[np.isfinite(b)]).max(initial=1) if b.ndim else 1
        tolerance = TOLERANCE[b.dtype.name] * scale
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * size)
    return found


def same_on_threads(kernel: Callable[..., Any], /, *arrays: Any, **options: Any) -> None:
    """Assert that one thread and three give the same bits."""
    before, results = tl.get_num_threads(), []
    try:
        for number in (1, 3):
            tl.set_num_threads(number)
            found = kernel(*arrays, **options)
            results.append([None if x is None else x.tobytes() for x in (found if isinstance(found, tuple) else (found,))])
    finally:
        tl.set_num_threads(before)
    assert results[0] == results[1]


def declines(kernel: Callable[..., Any], make: Callable[[str], tuple[Any, ...]], /, **options: Any) -> None:
    """Assert that a kernel leaves other dtypes to the body; `make` gives the arrays of a dtype."""
    for dtype in REFUSED:
        if kernel(*make(dtype), **options) is not NotImplemented:
            pytest.fail(f"{kernel.__name__} took {dtype}")
