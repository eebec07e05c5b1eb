"""The compiled convolutions against the bodies of the ops, over geometries that take each of their ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

import tensorlite as tl
from tensorlite.backends import base
from tensorlite.backends.numpy import fast
from tensorlite.backends.numpy.fast import conv as kernels
from tensorlite.backends.numpy.fast import conv_plans as plans
from tensorlite.backends.registry import get_backend

CPU = get_backend("cpu")
pytestmark = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")

# groups, channels, outputs, size, kernel, stride, padding, dilation
GEOMETRIES = [
    (1, 2, 3, (7, 6), (3, 2), (1, 1), (0, 0), (1, 1)),
    (1, 8, 20, (7, 6), (3, 3), (1, 1), (1, 1), (1, 1)),
    (1, 5, 4, (16, 32), (3, 3), (1, 1), (1, 1), (1, 1)),  # whole tiles
    (1, 8, 2, (9, 8), (3, 2), (1, 2), (2, 1), (2, 3)),
    (1, 2, 3, (9, 8), (3, 3), (2, 3), (1, 2), (2, 1)),
    (1, 3, 2, (5, 5), (5, 5), (1, 1), (0, 0), (1, 1)),  # one place
    (1, 3, 2, (4, 4), (1, 1), (2, 2), (1, 1), (1, 1)),  # more padding than the kernel has taps
    (1, 2, 2, (3, 3), (3, 3), (4, 4), (3, 3), (1, 1)),  # windows that lie in the padding alone
    (1, 4, 5, (9, 9), (1, 1), (2, 2), (0, 0), (1, 1)),  # inputs that no window reaches
    (1, 3, 4, (9,), (3,), (2,), (1,), (2,)),
    (1, 8, 2, (9,), (4,), (1,), (3,), (1,)),
    (1, 3, 9, (5, 6, 7), (3, 2, 3), (2, 1, 2), (1, 1, 0), (1, 2, 1)),
    (2, 4, 6, (7, 6), (3, 3), (1, 1), (1, 1), (1, 1)),
    (2, 8, 20, (5, 5), (2, 2), (1, 1), (0, 0), (1, 1)),
    (4, 4, 4, (9, 8), (3, 3), (2, 2), (1, 1), (1, 1)),
    (4, 4, 8, (6, 6, 6), (3, 3, 3), (1, 2, 1), (1, 1, 1), (1, 1, 2)),
    (1, 13, 22, (9, 18), (3, 3), (2, 2), (2, 1), (1, 2)),  # the last tile of outputs is not whole
    (2, 26, 18, (9, 17), (3, 3), (1, 3), (1, 1), (2, 1)),
    (3, 6, 9, (12, 20), (1, 1), (1, 1), (0, 0), (1, 1)),  # groups with fewer outputs than a tile
]
TOLERANCE = {"float32": 2e-5, "float64": 1e-13}


def body(name: str) -> Any:
    return CPU._body(base._bodies[name])


def near(ours: Any, reference: Any, tolerance: float) -> None:
    assert ours.shape == reference.shape and ours.dtype == reference.dtype
    np.testing.assert_allclose(ours, reference, rtol=tolerance, atol=tolerance * max(1.0, abs(reference).max(initial=0)))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("samples", [1, 5, 19])
@pytest.mark.parametrize("groups, channels, outputs, size, kernel, stride, padding, dilation", GEOMETRIES)
def test_the_three_convolutions(
    groups: int, channels: int, outputs: int, size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, samples: int,
    dtype: str,
) -> None:
    draw = np.random.default_rng(0).standard_normal
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    x, weight = draw((samples, channels, *size)).astype(dtype), draw((outputs, channels // groups, *kernel)).astype(dtype)
    y = body("conv")(x, weight, **options)
    near(kernels.conv(x, weight, **options), y, TOLERANCE[dtype])
    g = draw(y.shape).astype(dtype)
    for name, first, second, shape in (("conv_input", g, weight, x.shape), ("conv_weight", g, x, weight.shape)):
        expected = body(name)(first, second, shape=shape, **options)
        near(getattr(kernels, name)(first, second, shape=shape, **options), expected, TOLERANCE[dtype])


@pytest.mark.parametrize("samples", [1, 19])
@pytest.mark.parametrize("geometry", [GEOMETRIES[1], *GEOMETRIES[-4:]])
def test_many_blocks(monkeypatch: pytest.MonkeyPatch, geometry: Any, samples: int) -> None:
    """As many parts of the samples, of the outputs and of the weight's columns as there may be, and one sample at a time."""
    for limit in ("WORK", "RUN", "NEAR"):
        monkeypatch.setattr(plans, limit, 1)
    made = (plans.forward_plan, plans.backward_plan, plans.weight_plan)
    for plan in made:
        plan.cache_clear()
    test_the_three_convolutions(*geometry, samples=samples, dtype="float64")
    assert samples > 1 or len(plans.forward_plan((1, 8, 7, 6), (20, 8, 3, 3), (1, 1), (1, 1), (1, 1), 1).blocks) > 1
    for plan in made:
        plan.cache_clear()


OPTIONS = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}


@pytest.mark.parametrize("groups, outputs", [(1, 3), (1, 9), (4, 8)])
def test_bias(groups: int, outputs: int) -> None:
    draw = np.random.default_rng(0).standard_normal
    x, weight, bias = draw((3, 8, 6, 5)), draw((outputs, 8 // groups, 3, 3)), draw(2 * outputs)[::2]
    options = {**OPTIONS, "groups": groups}
    near(kernels.conv(x, weight, bias, **options), body("conv")(x, weight, bias, **options), 1e-13)
    assert kernels.conv(x, weight, bias.astype("f"), **options) is NotImplemented


def test_views() -> None:
    draw = np.random.default_rng(0).standard_normal
    x, weight = draw((6, 7, 2, 5)).transpose(3, 2, 0, 1), draw((3, 3, 2, 8)).transpose(3, 2, 0, 1)[::2]
    y = body("conv")(x, weight, **OPTIONS)
    near(kernels.conv(x, weight, **OPTIONS), y, 1e-13)
    g = np.broadcast_to(np.float64(1), y.shape)
    near(kernels.conv_weight(g, x, shape=weight.shape, **OPTIONS), body("conv_weight")(g, x, shape=weight.shape, **OPTIONS), 1e-13)
    near(kernels.conv_input(g, weight, shape=x.shape, **OPTIONS), body("conv_input")(g, weight, shape=x.shape, **OPTIONS), 1e-13)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_stay_in_their_windows(value: float) -> None:
    draw = np.random.default_rng(0).standard_normal
    x, weight = draw((3, 2, 6, 6)), draw((5, 2, 3, 3))
    x[1, 0, 2, 3] = value
    y = body("conv")(x, weight, **OPTIONS)
    np.testing.assert_allclose(kernels.conv(x, weight, **OPTIONS), y, rtol=1e-12, atol=1e-12)
    g = np.ones(y.shape)
    g[1, 4, 0, 0] = value
    for name, second, shape in (("conv_input", weight, x.shape), ("conv_weight", x, weight.shape)):
        expected = body(name)(g, second, shape=shape, **OPTIONS)
        np.testing.assert_allclose(getattr(kernels, name)(g, second, shape=shape, **OPTIONS), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("samples, outputs", [(19, 6), (1, 26), (2, 64)])
def test_threads_do_not_change_the_numbers(samples: int, outputs: int) -> None:
    draw = np.random.default_rng(0).standard_normal
    x, weight = draw((samples, 24, 19, 19)).astype("f"), draw((outputs, 24, 3, 3)).astype("f")
    found, before = [], tl.get_num_threads()
    for threads in (1, 2, 3):
        tl.set_num_threads(threads)
        y = kernels.conv(x, weight, **OPTIONS)
        g_x = kernels.conv_input(y, weight, shape=x.shape, **OPTIONS)
        found.append((y, g_x, kernels.conv_weight(y, x, shape=weight.shape, **OPTIONS)))
    tl.set_num_threads(before)
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


@pytest.mark.parametrize(
    "x, weight",
    [
        (np.zeros((2, 3, 4, 4), "e"), np.zeros((2, 3, 3, 3), "e")),
        (np.zeros((2, 3, 4, 4), "F"), np.zeros((2, 3, 3, 3), "F")),
        (np.zeros((2, 3, 4, 4), "q"), np.zeros((2, 3, 3, 3), "q")),
        (np.zeros((0, 3, 4, 4), "f"), np.zeros((2, 3, 3, 3), "f")),
        (np.zeros((2, 3, 4, 4), "f"), np.zeros((0, 3, 3, 3), "f")),
    ],
)
def test_what_is_declined(x: Any, weight: Any) -> None:
    assert kernels.conv(x, weight, **OPTIONS) is NotImplemented
    y = np.zeros((len(x), len(weight), 4, 4), x.dtype)
    assert kernels.conv_weight(y, x, shape=weight.shape, **OPTIONS) is NotImplemented
    assert kernels.conv_input(y, weight, shape=x.shape, **OPTIONS) is NotImplemented
