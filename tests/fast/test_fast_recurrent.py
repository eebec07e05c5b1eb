"""The compiled recurrent layers against the bodies of the ops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from against import DTYPES, PLAIN, same_on_threads

from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import recurrent as kernels

pytestmark = [
    pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off"),
    pytest.mark.skipif(not kernels.available(), reason="NumPy's library of products is another one"),
]

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
LAYERS = [("rnn", {"relu": False}), ("rnn", {"relu": True}), ("lstm", {}), ("gru", {})]
SIZES = [(3,) * 4, (40,) * 3, (17,) * 12, (35, 35, 20, 20, 3, 1), (9,) * 7 + (5,) * 11 + (2,) * 9, (1, 1)]


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "LEAST", 1)


class Layer:
    """Inputs and gradients of a layer of 7 hidden units."""

    def __init__(
        self, name: str, sizes: tuple[int, ...], bias: tuple[bool, bool] = (True, True), dtype: str = "float64", features: int = 5
    ) -> None:
        random = np.random.default_rng(0)
        gates, batch, rows, self.states = GATES[name], max(sizes), sum(sizes), 2 if name == "lstm" else 1

        def draw(*shape: int) -> Any:
            return random.standard_normal(shape).astype(dtype)

        states = [draw(batch, 7) for _ in range(self.states)]
        biases = [draw(gates * 7) if wanted else None for wanted in bias]
        projection = [None] if name == "lstm" else []
        weights = draw(gates * 7, features) * 0.5, draw(gates * 7, 7) * 0.5
        self.inputs = (draw(rows, features), *states, *weights, *biases, *projection)
        self.gradients = (draw(rows, 7), *[draw(batch, 7) for _ in range(self.states)])
        self.needs = [x is not None for x in self.inputs]


def compare(found: Any, expected: Any, dtype: str = "float64") -> None:
    tolerance = {"float32": 1e-4, "float64": 1e-11}[dtype]
    for a, b in zip(found, expected, strict=True):
        assert (a is None) == (b is None)
        if b is not None:
            assert a.shape == b.shape and a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def check(name: str, layer: Layer, dtype: str = "float64", **options: Any) -> None:
    found = getattr(kernels, name)(*layer.inputs, **options)
    expected = getattr(PLAIN, name)(*layer.inputs, **options)
    compare(found, expected, dtype)
    given = (*layer.gradients, *layer.inputs, *expected[1 + layer.states :])
    some = [[need and i % 2 == odd for i, need in enumerate(layer.needs)] for odd in (0, 1)]
    for needs in (layer.needs, *some, [False] * len(layer.needs)):
        found = getattr(kernels, f"{name}_back")(*given, needs=needs, **options)
        compare(found, getattr(PLAIN, f"{name}_back")(*given, needs=needs, **options), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("name, options", LAYERS)
def test_layers(name: str, options: dict[str, Any], sizes: tuple[int, ...], reverse: bool, dtype: str) -> None:
    check(name, Layer(name, sizes, dtype=dtype), dtype, sizes=sizes, reverse=reverse, **options)


@pytest.mark.parametrize("bias", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("name, options", LAYERS)
def test_biases(name: str, options: dict[str, Any], bias: tuple[bool, bool]) -> None:
    check(name, Layer(name, (3, 2), bias), sizes=(3, 2), reverse=False, **options)


@pytest.mark.parametrize("name, options", LAYERS)
def test_no_features(name: str, options: dict[str, Any]) -> None:
    check(name, Layer(name, (3,) * 9, features=0), sizes=(3,) * 9, reverse=False, **options)


@pytest.mark.parametrize("sizes", [(40, 40, 9), (17,) * 12])
@pytest.mark.parametrize("name, options", LAYERS)
def test_threads_and_large_weights(
    monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, Any], sizes: tuple[int, ...]
) -> None:
    """None, those of the input or all weights are large: the gradients, and the product with the input, are parts of the steps or
    come after them and before them."""
    layer = Layer(name, sizes, features=9)
    for small in (kernels.SMALL, 8 * 7 * 7 * GATES[name], 0):
        monkeypatch.setattr(kernels, "SMALL", small)
        check(name, layer, sizes=sizes, reverse=True, **options)
        check(name, layer, sizes=sizes, reverse=False, **options)
        forward, back = getattr(kernels, name), getattr(kernels, f"{name}_back")
        same_on_threads(forward, *layer.inputs, sizes=sizes, reverse=False, **options)
        kept = forward(*layer.inputs, sizes=sizes, reverse=False, **options)[1 + layer.states :]
        given = (*layer.gradients, *layer.inputs, *kept)
        same_on_threads(back, *given, needs=layer.needs, sizes=sizes, reverse=False, **options)


@pytest.mark.parametrize("name, options", LAYERS)
def test_strides_and_nan(name: str, options: dict[str, Any]) -> None:
    """Arrays in another order, gradients that are repeated, and nan in one sequence, which the others do not see."""
    sizes = (3, 3)
    layer = Layer(name, sizes)
    x, *rest = layer.inputs
    x[1, 2] = np.nan
    layer.inputs = (x, *[None if a is None else np.asfortranarray(a) for a in rest])
    layer.gradients = tuple(np.broadcast_to(g[:1], g.shape) for g in layer.gradients)
    check(name, layer, sizes=sizes, reverse=False, **options)
    assert np.isfinite(getattr(kernels, name)(*layer.inputs, sizes=sizes, reverse=False, **options)[0]).sum() == 4 * 7


@pytest.mark.parametrize("name, options", LAYERS)
def test_inputs_keep_their_values(name: str, options: dict[str, Any]) -> None:
    layer = Layer(name, (3, 2))
    given = (*layer.inputs, *layer.gradients)
    before = [None if a is None else a.copy() for a in given]
    check(name, layer, sizes=(3, 2), reverse=False, **options)
    compare(given, before)


@pytest.mark.parametrize("name, options", LAYERS)
def test_declines(name: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Layer(name, (3, 2))
    options = {"sizes": (3, 2), "reverse": False, **options}
    for dtype in ("float16", "complex64"):
        given = [None if a is None else a.astype(dtype) for a in layer.inputs]
        assert getattr(kernels, name)(*given, **options) is NotImplemented
    if name == "lstm":
        assert kernels.lstm(*layer.inputs[:-1], np.ones((7, 7)), **options) is NotImplemented
    monkeypatch.setattr(kernels, "LEAST", 10**6)
    assert getattr(kernels, name)(*layer.inputs, **options) is NotImplemented
