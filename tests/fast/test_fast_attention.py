"""The compiled attention against the bodies of the ops."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES, PLAIN, declines, same_on_threads

from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import attention as kernels

pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")

# leading sizes, queries, keys
SIZES = [((2, 3), 5, 5), ((2, 3), 70, 131), ((3,), 130, 64), ((), 7, 1), ((2, 1, 2), 1, 9)]
NEEDS = (True, True, True, False, False)


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "LEAST", 1)


def arrays(lead: tuple[int, ...], queries: int, keys: int, dtype: str = "float64") -> list[Any]:
    """Gradient, query, key and value."""
    draw = np.random.default_rng(0).standard_normal
    return [draw((*lead, *size)).astype(dtype) for size in ((queries, 7), (queries, 4), (keys, 4), (keys, 7))]


def check(given: list[Any], mask: Any = None, kept: Any = None, scale: float = 0.3, causal: bool = False) -> None:
    g, *inputs = given
    options = {"scale": scale, "causal": causal}
    tolerance = {"float32": 2e-5, "float64": 1e-12}[str(g.dtype)]
    found = [kernels.attention(*inputs, mask, kept, **options)]
    expected = [PLAIN.attention(*inputs, mask, kept, **options)]
    found += kernels.attention_back(g, *inputs, mask, kept, needs=NEEDS, **options)[:3]
    expected += PLAIN.attention_back(g, *inputs, mask, kept, needs=NEEDS, **options)[:3]
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * 10)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("lead, queries, keys", SIZES)
def test_attention(lead: tuple[int, ...], queries: int, keys: int, causal: bool, dtype: str) -> None:
    check(arrays(lead, queries, keys, dtype), causal=causal)


@pytest.mark.parametrize("scores, queries", [(1, 16), (1 << 16, 64), (1 << 16, 128)])
@pytest.mark.parametrize("lead, queries_, keys", SIZES)
def test_tiles(
    monkeypatch: pytest.MonkeyPatch, scores: int, queries: int, lead: tuple[int, ...], queries_: int, keys: int
) -> None:
    monkeypatch.setattr(kernels, "SCORES", scores)
    monkeypatch.setattr(kernels, "QUERIES", queries)
    check(arrays(lead, queries_, keys), causal=True)


@pytest.mark.parametrize("scale", [0.0, -0.5, 1.0])
def test_scale(scale: float) -> None:
    check(arrays((2, 3), 5, 6), scale=scale)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("lead, queries, keys", SIZES)
def test_mask_and_dropout(lead: tuple[int, ...], queries: int, keys: int, causal: bool) -> None:
    """Masks broadcast; a row that lets nothing through gives zeros."""
    random = np.random.default_rng(1)
    mask = np.where(random.random((queries, keys)) < 0.3, -np.inf, random.standard_normal((queries, keys)))
    mask[:, 0] = 0
    kept = (random.random((*lead, queries, keys)) < 0.8) * 1.25
    given = arrays(lead, queries, keys)
    for one, other in ((mask, None), (None, kept), (mask, kept)):
        check(given, one, other, causal=causal)
    mask[queries // 2] = -np.inf
    check(given, mask, kept, causal=causal)


def test_heads_of_one_layer() -> None:
    """Heads cut out of the features of one layer; the results lie in the same order."""
    steps = np.random.default_rng(0).standard_normal((2, 9, 4, 3, 5))
    g, q, k, v = (steps[:, :, i].swapaxes(1, 2) for i in range(4))
    check([g, q, k, v], causal=True)
    assert kernels.attention(q, k, v, scale=1.0, causal=True).swapaxes(1, 2).flags.c_contiguous


@pytest.mark.parametrize("needs", list(itertools.product((True, False), repeat=3)))
def test_needs(needs: tuple[bool, ...]) -> None:
    g, *inputs = arrays((2, 3), 5, 6)
    options = {"scale": 0.3, "causal": True, "needs": (*needs, False, False)}
    found, expected = (f(g, *inputs, None, None, **options) for f in (kernels.attention_back, PLAIN.attention_back))
    for needed, a, b in zip((*needs, False, False), found, expected, strict=True):
        assert (a is not None) == (b is not None) == needed
        if needed:
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity(value: float) -> None:
    g, q, k, v = arrays((2,), 5, 6)
    k[0, 2, 1] = value
    with np.errstate(all="ignore"):
        check([g, q, k, v])
        v[1, 3, 0] = value
        check([g, q, k, v])


@pytest.mark.parametrize("causal", [False, True])
def test_threads(causal: bool) -> None:
    g, *inputs = arrays((4, 3), 70, 70)
    same_on_threads(kernels.attention, *inputs, scale=0.3, causal=causal)
    same_on_threads(kernels.attention_back, g, *inputs, None, None, scale=0.3, causal=causal, needs=NEEDS)


def test_declines(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"scale": 0.3, "causal": False}
    declines(kernels.attention, lambda dtype: tuple(a.astype(dtype) for a in arrays((2,), 5, 6)[1:]), **options)
    g, q, k, v = arrays((2, 3), 5, 6)
    assert kernels.attention(q, k[:, :1], v, **options) is NotImplemented  # heads that broadcast
    assert kernels.attention(q, k[:, :, :0], v[:, :, :0], **options) is NotImplemented
    assert kernels.attention(q[:0], k[:0], v[:0], **options) is NotImplemented
    mask = np.zeros((5, 6))
    needs = (True, True, True, True, False)
    assert kernels.attention_back(g, q, k, v, mask, None, needs=needs, **options) is NotImplemented
    monkeypatch.setattr(kernels, "LEAST", 10**6)
    assert kernels.attention(q, k, v, **options) is NotImplemented
