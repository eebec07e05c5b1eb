"""The CPU's kernels against the bodies of the ops that they stand for, over geometries and sizes that take each of their ways."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tensorlite as tl
from tensorlite.backends import base
from tensorlite.backends.numpy import attention as attention_kernels
from tensorlite.backends.numpy import conv as conv_kernels
from tensorlite.backends.numpy import gelu as gelu_kernels
from tensorlite.backends.numpy import norm as norm_kernels
from tensorlite.backends.numpy import workers
from tensorlite.backends.registry import get_backend

CPU = get_backend("cpu")


def body(name: str) -> Any:
    return CPU._body(base._bodies[name])


def draw(*shape: int, dtype: str = "float64") -> Any:
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def same(ours: Any, reference: Any) -> None:
    ours, reference = (x if isinstance(x, tuple) else (x,) for x in (ours, reference))
    for a, b in zip(ours, reference, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            assert a.shape == b.shape and a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


# channels, outputs, size, kernel, stride, padding, dilation
CONVOLUTIONS = [
    (2, 3, (7, 6), (3, 2), (1, 1), (0, 0), (1, 1)),
    (8, 2, (7, 6), (3, 3), (1, 1), (1, 1), (1, 1)),  # many channels: taps share columns
    (8, 2, (9, 8), (3, 2), (1, 2), (2, 1), (2, 3)),
    (2, 3, (9, 8), (3, 3), (2, 3), (1, 2), (2, 1)),
    (3, 2, (5, 5), (5, 5), (1, 1), (0, 0), (1, 1)),
    (3, 2, (4, 4), (1, 1), (1, 1), (0, 0), (1, 1)),
    (3, 2, (4, 4), (1, 1), (2, 2), (1, 1), (1, 1)),  # more padding than the kernel has taps
    (2, 2, (3, 3), (3, 3), (4, 4), (3, 3), (1, 1)),  # windows that lie in the padding alone
    (3, 4, (9,), (3,), (2,), (1,), (2,)),
    (8, 2, (9,), (4,), (1,), (3,), (1,)),
]


@pytest.mark.parametrize("columns", [1, 1 << 17])
@pytest.mark.parametrize("channels, outputs, size, kernel, stride, padding, dilation", CONVOLUTIONS)
def test_conv(
    monkeypatch: pytest.MonkeyPatch, columns: int, channels: int, outputs: int, size: Any, kernel: Any, stride: Any, padding: Any,
    dilation: Any,
) -> None:
    monkeypatch.setattr(conv_kernels, "COLUMNS", columns)
    geometry = {"stride": stride, "padding": padding, "dilation": dilation, "groups": 1}
    x, weight = draw(5, channels, *size), draw(outputs, channels, *kernel)
    y = body("conv")(x, weight, **geometry)
    same(conv_kernels.conv(x, weight, **geometry), y)
    bias = weight[:, 0].reshape(len(weight), -1)[:, 0]
    same(conv_kernels.conv(x, weight, bias, **geometry), body("conv")(x, weight, bias, **geometry))
    g = draw(*y.shape)
    same(conv_kernels.conv_weight(g, x, shape=weight.shape, **geometry), body("conv_weight")(g, x, shape=weight.shape, **geometry))
    same(conv_kernels.conv_input(g, weight, shape=x.shape, **geometry), body("conv_input")(g, weight, shape=x.shape, **geometry))


def test_conv_without_samples() -> None:
    geometry = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    x, weight = draw(0, 2, 4, 4), draw(3, 2, 3, 3)
    assert conv_kernels.conv(x, weight, **geometry).shape == (0, 3, 4, 4)
    assert not conv_kernels.conv_weight(draw(0, 3, 4, 4), x, shape=weight.shape, **geometry).any()


NORMS = {
    "rows": ((6, 5), (1,), (5,)),
    "rows of two axes": ((6, 2, 5), (1, 2), (2, 5)),
    "channels": ((4, 3, 5), (0, 2), (1, 3, 1)),
    "channels of images": ((4, 3, 2, 5), (0, 2, 3), (1, 3, 1, 1)),
}


@pytest.mark.parametrize("block", [7, 1 << 15])
@pytest.mark.parametrize("affine", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("case", NORMS)
def test_normalize(monkeypatch: pytest.MonkeyPatch, block: int, affine: tuple[bool, bool], case: str) -> None:
    monkeypatch.setattr(norm_kernels, "BLOCK", block)
    size, axes, shape = NORMS[case]
    count = tuple(n for n in shape if n > 1)
    x = draw(*size) + 3
    weight, bias = (draw(*count) if wanted else None for wanted in affine)
    options = {"axes": axes, "shape": shape, "eps": 1e-3}
    found = norm_kernels.normalize(x, weight, bias, **options)
    assert found is not NotImplemented
    same(found, body("normalize")(x, weight, bias, **options))
    g = draw(*size)
    for needs in itertools.product((True, False), (affine[0],), (affine[1] and affine[0],)):
        back = norm_kernels.normalize_back(g, x, weight, needs=needs, **options)
        same(back, body("normalize_back")(g, x, weight, needs=needs, **options))


@pytest.mark.parametrize("values", [[[1.0, 1.0], [1.0, 1.0]], [[0.0, np.nan], [np.nan, 1.0]], [[-np.inf] * 2] * 2])
def test_max_pool_of_special_values(values: Any) -> None:
    """The first of equal elements is taken, and nan is the largest."""
    options = {"kernel": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    x = np.array(values)
    found, reference = CPU.max_pool(x, **options), body("max_pool")(x, **options)
    np.testing.assert_array_equal(found[0], reference[0])
    np.testing.assert_array_equal(found[1], reference[1])


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_numbers_as_arrays(dtype: str) -> None:
    """A number beside a tensor is the number in the tensor's dtype, with its sign, whatever was kept of others like it."""
    x = tl.tensor([1.5, -2.0], dtype=getattr(tl, dtype))
    for _ in range(2):
        for number in (0.0, -0.0, 0, 1, 1.0, -1, 0.1, 3, tl.inf, tl.nan, 70000, 1e39):
            expected = (x._array * x._array.dtype.type(number), x._array.dtype.type(number) - x._array)
            for found, value in zip((x * number, number - x), expected, strict=True):
                assert found.dtype is x.dtype
                np.testing.assert_array_equal(found.numpy(), value)
                np.testing.assert_array_equal(np.signbit(found.numpy()), np.signbit(value))
    w = x.clone().requires_grad_()
    (w * 3 + 1).sum().backward()
    assert w.grad.tolist() == [3, 3]


def test_numbers_are_not_kept_for_ever() -> None:
    x = tl.ones(2)
    for i in range(5000):
        x * (i + 0.5)
    assert len(CPU._numbers) <= 4096 and (x * 4999.5).tolist() == [4999.5, 4999.5]
    with pytest.raises(OverflowError):
        x * 10**400


@pytest.mark.parametrize("size", [(), (1,), (7,), (513,)])
def test_relu_of_small_and_large(size: tuple[int, ...]) -> None:
    """nan keeps its gradient, and what is cut off has none, however large."""
    x = tl.linspace(-1, 1, math.prod(size) or 1).reshape(size)
    if size:
        x[-1], x[0] = tl.nan, -tl.inf
    x.requires_grad_()
    x.relu().backward(tl.full(size, tl.inf))
    expected = [tl.inf if v.isnan() or v > 0 else 0 for v in x.detach().flatten()]
    assert x.grad.flatten().tolist() == expected


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_where_with_zero(dtype: str) -> None:
    """Nothing of what is not chosen is left, not even nan or a sign."""
    x = tl.tensor([1, -2, 3, 4], dtype=getattr(tl, dtype))
    if dtype != "int64":
        x[1], x[3] = -tl.inf, tl.nan
    condition = tl.tensor([True, False, True, False])
    kept, dropped = tl.where(condition, x, 0), tl.where(condition, 0, x)
    assert kept.dtype == dropped.dtype == x.dtype
    assert kept.tolist() == [1, 0, 3, 0]
    assert dropped[:3].tolist() == [0, -tl.inf if dtype != "int64" else -2, 0]


@pytest.mark.parametrize("size", [0, 1, 17, (1 << 14) + 3])
def test_erf_and_gelu(size: int) -> None:
    """Within the last place of single precision; in GELU within a few."""
    x = np.linspace(-7, 7, size, dtype="float32")
    if size > 8:
        x[:5] = 0, np.inf, -np.inf, np.nan, -0.0
    erf = np.array([math.erf(v) for v in x], "float32")
    np.testing.assert_allclose(CPU.erf(x), erf, rtol=2e-7)
    x, g = np.nan_to_num(x, posinf=3, neginf=-3), draw(size, dtype="float32")
    wide = [a.astype("float64") for a in (g, x)]
    np.testing.assert_allclose(gelu_kernels.gelu(x), body("gelu")(wide[1]), rtol=1e-5, atol=2e-6)
    np.testing.assert_allclose(gelu_kernels.gelu_back(g, x), body("gelu_back")(*wide), rtol=1e-5, atol=3e-6)


@pytest.mark.parametrize("scores", [1, 1 << 16])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("queries, keys", [(5, 5), (3, 6), (6, 3), (1, 1)])
def test_attention(monkeypatch: pytest.MonkeyPatch, scores: int, causal: bool, queries: int, keys: int) -> None:
    monkeypatch.setattr(attention_kernels, "SCORES", scores)
    x, y = draw(2, 3, queries, 4), draw(2, 3, keys, 4) + 1
    value, g = draw(2, 3, keys, 7), draw(2, 3, queries, 7)
    options = {"scale": 0.3, "causal": causal}
    same(attention_kernels.attention(x, y, value, **options), body("attention")(x, y, value, **options))
    for needs in itertools.product((True, False), repeat=3):
        back = attention_kernels.attention_back(g, x, y, value, None, None, needs=(*needs, False, False), **options)
        same(back, body("attention_back")(g, x, y, value, None, None, needs=(*needs, False, False), **options))


@pytest.fixture
def threads() -> Iterator[None]:
    before = tl.get_num_threads()
    yield
    tl.set_num_threads(before)


def step() -> list[Any]:
    """Outputs and gradients of kernels that share their work, large enough for several blocks."""
    tl.manual_seed(0)
    layers = (tl.nn.Conv2d(3, 8, 3, padding=1), tl.nn.BatchNorm2d(8), tl.nn.GELU(), tl.nn.Conv2d(8, 4, 3, 2), tl.nn.LayerNorm(31))
    net = tl.nn.Sequential(*layers)
    out = net(tl.randn(16, 3, 64, 64))
    q = tl.randn(8, 4, 64, 16, requires_grad=True)
    attended = tl.nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True)
    (out.square().sum() + attended.square().sum()).backward()
    return [x.detach().numpy().tobytes() for x in (out, attended, q.grad, *(p.grad for p in net.parameters()))]


def test_results_do_not_depend_on_the_number_of_threads(threads: None) -> None:
    results = []
    for number in (1, 2, 5):
        tl.set_num_threads(number)
        assert tl.get_num_threads() == number
        results.append(step())
    assert results[0] == results[1] == results[2]


def test_errors_of_threads_reach_the_caller(threads: None) -> None:
    tl.set_num_threads(3)
    done = []

    def work(block: int) -> None:
        if block == 7:
            raise ValueError("block 7")
        done.append(block)

    with pytest.raises(ValueError, match="block 7"):
        workers.in_parallel(work, range(50))
    workers.in_parallel(done.append, range(100, 150))
    assert set(range(100, 150)) <= set(done)


def test_nested_work_is_done_in_place(threads: None) -> None:
    tl.set_num_threads(4)
    found: list[tuple[int, int]] = []
    workers.in_parallel(lambda i: workers.in_parallel(lambda j: found.append((i, j)), range(5)), range(5), products=True)
    assert sorted(found) == list(itertools.product(range(5), repeat=2))


@pytest.mark.parametrize("threads_wanted, error", [(0, RuntimeError), (-1, RuntimeError), (1.5, TypeError), ("2", TypeError)])
def test_set_num_threads_refuses(threads_wanted: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        tl.set_num_threads(threads_wanted)
    with pytest.raises(error):
        tl.set_num_interop_threads(threads_wanted)


FORK = """
import os, warnings
import tensorlite as tl
warnings.simplefilter("ignore")  # Python warns of a fork with threads
tl.set_num_threads(2)
x = tl.randn(200, 4096)
before = tl.nn.functional.gelu(x)
child = os.fork()
if not child:
    os._exit(0 if tl.equal(tl.nn.functional.gelu(x), before) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["0"]


PROGRAM = """
from tensorlite.backends.numpy.allocator import keep_memory, release
print(keep_memory())
release()
"""


@pytest.mark.parametrize("value, expected", [("1", "True"), ("0", "False")])
def test_keep_memory_can_be_turned_off(value: str, expected: str) -> None:
    if value == "1" and not (sys.platform == "linux" and "glibc" in (os.confstr("CS_GNU_LIBC_VERSION") or "")):
        pytest.skip("the setting is glibc's")
    environment = {**os.environ, "TENSORLITE_KEEP_MEMORY": value}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [expected]


@pytest.mark.parametrize("text, cores", [("max 100000", 8), ("150000 100000", 2), ("20000 100000", 1), ("nonsense", 8), (None, 8)])
def test_threads_in_a_container(text: str | None, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than its quota of processor time allows."""
    for name in ("TENSORLITE_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(8), raising=False)
    file = tmp_path / "cpu.max"
    if text is not None:
        file.write_text(text)
    monkeypatch.setattr(workers, "QUOTA", str(file))
    assert workers._default_threads() == cores


@pytest.mark.parametrize("shape", [(300, 257), (70, 33, 31), (4, 5, 60, 70), (70000,)])
def test_transposes_are_copied_by_columns(shape: tuple[int, ...]) -> None:
    x = draw(*shape)
    for axes in itertools.permutations(range(len(shape))):
        turned = x.transpose(axes)
        for given in (turned, turned[::-1], turned[..., 1:]):
            out = CPU.ascontiguous(given)
            assert out.flags.c_contiguous and not np.shares_memory(out, x)
            np.testing.assert_array_equal(out, given)


@pytest.mark.parametrize("dtype", ["int64", "int32"])
def test_positions_within(dtype: str) -> None:
    for index, n, expected in ([0, 4], 5, True), ([0, 5], 5, False), ([-1, 3], 5, False), ([], 0, True), ([2**31 - 1], 2**31, True):
        assert CPU.within(np.array(index, dtype), n) is expected
    assert CPU.within(np.array(3, dtype), 4) and not CPU.within(np.array([[1, 7], [2, 3]], dtype)[:, 1], 7)
