"""CUDA: what is said where it is missing, and what its own kernels compute where it is not."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlite as tl
from tensorlite.backends import get_backend
from tensorlite.backends.base import _bodies

without_cuda = pytest.mark.skipif(tl.cuda.is_available(), reason="there is a CUDA device")
needs_cuda = pytest.mark.skipif(not tl.cuda.is_available(), reason="needs CuPy and a CUDA device")


@without_cuda
@pytest.mark.parametrize(
    "call",
    [
        lambda: tl.zeros(2, device="cuda"), lambda: tl.ones(2).cuda(), lambda: tl.ones(2).to("cuda:1"), tl.cuda.synchronize,
        tl.cuda.current_device, tl.cuda.Stream, tl.cuda.Event, tl.cuda.current_stream, tl.cuda.get_device_name,
        tl.cuda.memory_allocated, lambda: tl.cuda.set_device(0), lambda: tl.Generator("cuda"),
    ],
)  # fmt: skip
def test_missing_cuda_is_named(call: Any) -> None:
    with pytest.raises(RuntimeError, match=r"tensorlite\[cuda12\]|driver|no CUDA device"):
        call()


@without_cuda
def test_programs_for_both_run_without_cuda() -> None:
    assert not tl.cuda.is_available()
    assert tl.cuda.device_count() == 0
    tl.cuda.manual_seed(1)
    tl.cuda.manual_seed_all(1)
    tl.cuda.empty_cache()


def test_missing_cupy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from tensorlite.backends.cupy import load

    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(RuntimeError, match=r'pip install "tensorlite\[cuda12\]" \(or "tensorlite\[cuda13\]"'):
        load()


def test_generator_state() -> None:
    """The state of a CUDA generator is its seed and its offset, in host memory; no device is needed to handle it."""
    from tensorlite.backends.cupy.random import CUDAGenerator

    generator = CUDAGenerator(None, 0)
    generator.manual_seed(2**63 + 5)
    generator._offset = 7
    other = generator.clone()
    assert (other.initial_seed(), other._offset) == (2**63 + 5, 7)
    with pytest.raises(RuntimeError, match="wrong size"):
        other.set_state(generator.get_state()[:8])


ACTIVATIONS: dict[str, dict[str, Any]] = {
    "silu": {}, "leaky_relu": {"slope": 0.1}, "softplus": {"beta": 2.0, "threshold": 3.0},
    "softmax": {"axis": 1}, "log_softmax": {"axis": 0},
}  # fmt: skip


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_kernel_equals_its_body(name: str, dtype: str) -> None:
    xp = get_backend("cuda")
    x = tl.randn(5, 300, generator=tl.Generator().manual_seed(0)).to(getattr(tl, dtype)).cuda()
    expected = _bodies[name](xp, xp.astype(x._array, "float64"), **ACTIVATIONS[name])
    found = getattr(xp, name)(x._array, **ACTIVATIONS[name])
    assert str(found.dtype) == dtype
    error = abs(xp.to_numpy(found).astype("float64") - xp.to_numpy(expected)).max()
    assert error < {"float16": 2e-2, "float32": 1e-5, "float64": 1e-12}[dtype]


@pytest.mark.cuda
@needs_cuda
def test_half_precision_products() -> None:
    xp = get_backend("cuda")
    for shapes in (((3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((3, 0), (0, 5))):
        x, y = (tl.randn(*s) for s in shapes)
        for dtype in (tl.float16, tl.bfloat16):
            for a, b in ((x, y), (x.mT.contiguous().mT, y.mT.contiguous().mT)):
                found = tl.matmul(a.to(dtype).cuda(), b.to(dtype).cuda()).cpu().float()
                assert tl.allclose(found, a @ b, rtol=5e-2, atol=5e-2)
    xp.synchronize()


@pytest.mark.cuda
@needs_cuda
def test_generator() -> None:
    generator = tl.Generator("cuda").manual_seed(3)
    x = tl.rand(100_000, generator=generator, device="cuda")
    assert 0 <= float(x.min()) and float(x.max()) < 1 and abs(float(x.mean()) - 0.5) < 0.01
    z = tl.randn(100_000, generator=generator, device="cuda")
    assert abs(float(z.mean())) < 0.02 and abs(float(z.std()) - 1) < 0.02
    state = generator.get_state()
    first = tl.randperm(1000, generator=generator, device="cuda")
    generator.set_state(state)
    assert tl.equal(first, tl.randperm(1000, generator=generator, device="cuda"))
    assert tl.equal(first.sort().values.cpu(), tl.arange(1000))


@pytest.mark.cuda
@needs_cuda
def test_streams_and_events() -> None:
    stream, start, end = tl.cuda.Stream(), tl.cuda.Event(enable_timing=True), tl.cuda.Event(enable_timing=True)
    with tl.cuda.stream(stream):
        start.record()
        x = tl.ones(1000, 1000, device="cuda") @ tl.ones(1000, 1000, device="cuda")
        end.record()
    stream.synchronize()
    assert stream.query() and start.elapsed_time(end) >= 0
    tl.cuda.current_stream().wait_stream(stream)
    assert float(x[0, 0]) == 1000
    assert tl.cuda.memory_allocated() > 0
