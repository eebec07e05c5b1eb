"""The compiled cross-entropy against the body of the op."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES, PLAIN, declines, same, same_on_threads

from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import losses as kernels

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "LEAST", 1)


def arrays(size: Any, dtype: str, special: float = 0) -> tuple[Any, Any]:
    draw = np.random.default_rng(0)
    x, target = (draw.standard_normal(size) * 8).astype(dtype), draw.integers(0, size[1], size[0])
    x[-1, -1] += special
    return x, target


def check(x: Any, target: Any, **options: Any) -> None:
    """Value and gradient."""
    options = {"axis": 1, **options}
    same(kernels.cross_entropy, x, target, **options)
    shape = target.shape if options["reduction"] == "none" else ()
    g = np.asarray(np.random.default_rng(1).standard_normal(shape), x.dtype)
    same(kernels.cross_entropy_back, g, x, target, None, **options)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("ignore_index", [None, 0, -100])
@pytest.mark.parametrize("block", [7, 1 << 15])
def test_cross_entropy(
    monkeypatch: pytest.MonkeyPatch, block: int, ignore_index: int | None, smoothing: float, reduction: str, dtype: str
) -> None:
    monkeypatch.setattr(kernels, "BLOCK", block)
    options: dict[str, Any] = {"ignore_index": ignore_index, "smoothing": smoothing, "reduction": reduction}
    for size in [(1, 1), (4, 1), (1, 10), (9, 65)]:
        for special in (0, np.nan, np.inf, -np.inf):
            x, target = arrays(size, dtype, special)
            if ignore_index == -100:
                target[::2] = -100
            check(x, target, **options)


def test_strides_and_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "BLOCK", 7)
    x, target = arrays((9, 12), "float32")
    options: dict[str, Any] = {"ignore_index": None, "smoothing": 0.1, "reduction": "mean"}
    check(np.asfortranarray(x), np.repeat(target, 2)[::2], **options)
    same_on_threads(kernels.cross_entropy, x, target, axis=1, **options)
    same_on_threads(kernels.cross_entropy_back, np.array(0.5, "float32"), x, target, None, axis=1, **options)


@pytest.mark.parametrize("smoothing", [0.0, 0.3, 1.0])
def test_large_logits(smoothing: float) -> None:
    """What all logits have in common does not cost digits."""
    x, target = arrays((64, 1000), "float32")
    x += np.float32(1e4)
    options: dict[str, Any] = {"axis": 1, "ignore_index": None, "smoothing": smoothing, "reduction": "none"}
    wide = PLAIN.cross_entropy(x.astype("float64"), target, None, **options)
    np.testing.assert_allclose(kernels.cross_entropy(x, target, **options), wide, rtol=2e-6, atol=2e-6)


def test_all_ignored() -> None:
    """Their mean is nan."""
    x, target = arrays((3, 4), "float64")
    target[:] = 7
    for reduction in ("none", "sum", "mean"):
        check(x, target, ignore_index=7, smoothing=0.0, reduction=reduction)


def test_what_is_left_to_the_body() -> None:
    x, target = arrays((3, 4), "float64")
    options: dict[str, Any] = {"axis": 1, "ignore_index": None, "smoothing": 0.0, "reduction": "mean"}
    declines(kernels.cross_entropy, lambda dtype: (x.astype(dtype), target), **options)
    assert kernels.cross_entropy(x, target, np.ones(4), **options) is NotImplemented
    assert kernels.cross_entropy(x[0], target[0], **{**options, "axis": 0}) is NotImplemented
    assert kernels.cross_entropy(x[:, :, None], target[:, None], **options) is NotImplemented
    assert np.isfinite(PLAIN.cross_entropy(x, target, None, **options))
