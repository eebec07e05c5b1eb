"""The tensor itself against array-api-strict's array: attributes, operators and indexing, where PyTorch and the standard agree."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import tensorlite as tl

strict = pytest.importorskip("array_api_strict")

NOT_HERE = {"__buffer__", "__imatmul__"}
"""`x @= y` is ``x = x @ y``, as for PyTorch's tensors; their memory is exchanged by DLPack."""

BINARY = "add sub mul truediv floordiv mod pow and_ or_ xor lshift rshift eq ne lt le gt ge".split()
INPLACE = "iadd isub imul itruediv ifloordiv imod ipow iand ior ixor ilshift irshift".split()
DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128".split()
KEYS: list[Any] = [
    (0, ...), (-1, ...), (1, 2), ..., (..., 0), (slice(1, None), ...), (slice(None, None, 2), 1), (slice(0, 0), 1),
    (None, slice(None), None, slice(1, 3)), (..., None), (slice(-2, None), slice(None, -1)),
    np.array([[True, False, True, True], [False] * 4, [True] * 4]), np.array(True), (np.array([2, 0]), 1),
    (np.array([2, 0, 2]), np.array([1, 1, 0])), (np.array([[0, 1], [2, 1]]), np.array([[3, 3], [0, 1]])),
]  # fmt: skip


def of(namespace: Any, value: Any) -> Any:
    """An array of the library that is tried."""
    return tl.asarray(value) if namespace is tl else strict.asarray(value)


def same(ours: Any, theirs: Any) -> None:
    theirs = np.from_dlpack(theirs)
    assert ours.numpy().dtype == theirs.dtype and tuple(ours.shape) == theirs.shape
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-6)


def test_has_every_attribute_of_the_standard() -> None:
    wanted = {n for n in dir(strict.ones(1)) if n.startswith("__") or not n.startswith("_")}
    assert wanted - set(dir(tl.ones(1))) == NOT_HERE


@pytest.mark.parametrize("name", BINARY + INPLACE)
@pytest.mark.parametrize("swapped", [False, True])
def test_operators(name: str, swapped: bool) -> None:
    function, tried = getattr(operator, name), 0
    for dtype in DTYPES:
        x, y = (np.array(v).astype(dtype) for v in ([[1, 2, 3], [4, 5, 6]], [3, 1, 2]))
        number = {"b": True, "i": 2, "u": 2, "f": 1.5, "c": 1.5}[x.dtype.kind]
        for other in ("array", number):
            if swapped and (other == "array" or name in INPLACE):
                continue

            def run(namespace: Any, x: Any = x, y: Any = y, other: Any = other) -> Any:
                left, right = of(namespace, x.copy()), of(namespace, y) if other == "array" else other
                return function(right, left) if swapped else function(left, right)

            try:
                expected = run(strict)
            except TypeError:  # the standard does not have the operator for this dtype
                continue
            same(run(tl), expected)
            tried += 1
    assert tried or swapped


@pytest.mark.parametrize("name", ["neg", "pos", "abs", "invert"])
def test_signs(name: str) -> None:
    for dtype in {"invert": DTYPES[:9]}.get(name, DTYPES[1:5] + DTYPES[9:]):
        x = np.array([0, 1, 3]).astype(dtype)
        same(getattr(operator, name)(tl.asarray(x)), getattr(operator, name)(strict.asarray(x)))


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_indexing(key: Any) -> None:
    x = np.arange(12.0).reshape(3, 4)
    ours, theirs = (
        tuple(of(namespace, k) if isinstance(k, np.ndarray) else k for k in key) if isinstance(key, tuple)
        else of(namespace, key) if isinstance(key, np.ndarray) else key
        for namespace in (tl, strict)
    )  # fmt: skip
    same(tl.asarray(x)[ours], strict.asarray(x)[theirs])
    if not isinstance(key, tuple) or not any(k is None or isinstance(k, np.ndarray) for k in key):  # which the standard leaves out
        written, expected = tl.asarray(x.copy()), strict.asarray(x.copy())
        written[ours] = -1.0
        expected[theirs] = -1.0
        same(written, expected)


@pytest.mark.parametrize("convert", [bool, int, float, complex, operator.index])
def test_conversion_to_python(convert: Any) -> None:
    assert convert(tl.tensor(3)) == convert(strict.asarray(3)) and type(convert(tl.tensor(3))) is type(convert(strict.asarray(3)))
