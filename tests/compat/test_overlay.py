"""What only programs written for PyTorch need, compared with PyTorch."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import pytest

import tensorlite as tl
from tensorlite.backends.numpy import NumpyBackend
from tensorlite.compat import overlay
from tensorlite.compat.overlay import amp, compiler, jit, testing
from tensorlite.compat.overlay.utils import checkpoint as ours


def both() -> list[tuple[Any, Any, Any]]:
    """Library, its ``torch.amp``, its ``torch.utils.checkpoint``: tensorlite's, and PyTorch's."""
    torch = pytest.importorskip("torch")
    return [(tl, amp, ours), (torch, torch.amp, import_module("torch.utils.checkpoint"))]


def close(x: Any, y: Any) -> None:
    assert x == pytest.approx(y, rel=1e-4, abs=1e-6)


def flat(x: Any) -> list[float]:
    return x.detach().flatten().tolist()


# Checkpoints


def checkpointed(lib: Any, module: Any, reentrant: bool | None) -> list[Any]:
    """A block with dropout and a captured tensor, and what its backward leaves behind; None for no checkpoint."""
    lib.manual_seed(0)
    layer, drop = lib.nn.Linear(4, 4), lib.nn.Dropout(0.5)
    x = lib.randn(3, 4, requires_grad=True)
    hidden, calls = x * 2, []
    hidden.register_hook(lambda g: calls.append("hidden"))
    layer.weight.register_hook(lambda g: calls.append("weight"))

    def block(a: Any) -> Any:
        return drop(layer(a)).tanh() * (hidden if not reentrant else 1.0), a.sum()

    y, s = block(hidden) if reentrant is None else module.checkpoint(block, hidden, use_reentrant=reentrant)
    ((y**2).sum() + s).backward()
    return [*flat(x.grad), *flat(layer.weight.grad), *flat(lib.rand(3)), *sorted(calls)]


@pytest.mark.parametrize("reentrant", [False, True, None])
def test_checkpoint(reentrant: bool | None) -> None:
    """Gradients, hooks (each called once) and random numbers are PyTorch's."""
    got, wanted = (checkpointed(lib, module, reentrant) for lib, _, module in both())
    close([v for v in got if not isinstance(v, str)], [v for v in wanted if not isinstance(v, str)])
    assert [v for v in got if isinstance(v, str)] == [v for v in wanted if isinstance(v, str)]


def test_checkpoint_equals_none() -> None:
    close(checkpointed(tl, ours, False)[:-2], checkpointed(tl, ours, None)[:-2])


def test_checkpoint_runs_again_in_backward() -> None:
    runs = []

    def square(x: Any) -> Any:
        runs.append(tl.is_grad_enabled())
        return {"y": x * x, "n": 3}

    x = tl.tensor([3.0], requires_grad=True)
    out = ours.checkpoint(square, x, use_reentrant=False)
    assert out["n"] == 3 and len(runs) == 1
    out["y"].backward(retain_graph=True)
    assert len(runs) == 2
    out["y"].backward()
    assert len(runs) == 3 and x.grad.item() == 12.0
    with tl.no_grad():
        assert not ours.checkpoint(square, x, use_reentrant=False)["y"].requires_grad


def test_checkpoint_second_derivative() -> None:
    """The gradient of a gradient goes through the second run."""
    x = tl.tensor([0.5, -1.0], dtype=tl.float64, requires_grad=True)
    weight = tl.tensor([2.0, 3.0], dtype=tl.float64, requires_grad=True)

    def penalty(through: Any) -> list[float]:
        (g,) = tl.autograd.grad(through(lambda a: (a * weight).tanh() * a, x).sum(), x, create_graph=True)
        return [v for t in tl.autograd.grad((g**2).sum(), (x, weight)) for v in flat(t)]

    close(penalty(lambda f, a: ours.checkpoint(f, a, use_reentrant=False)), penalty(lambda f, a: f(a)))


def test_checkpoint_gradcheck() -> None:
    x = tl.tensor([[0.3, -0.7], [1.1, 0.2]], dtype=tl.float64, requires_grad=True)
    run = lambda a: ours.checkpoint(lambda b: (b @ b).sin() + b.exp(), a, use_reentrant=False)
    assert tl.autograd.gradcheck(run, x) and tl.autograd.gradgradcheck(run, x)


def test_checkpoint_faults() -> None:
    """What would give wrong gradients raises."""
    x = tl.tensor([1.0, 2.0], requires_grad=True)
    h = x * 1
    y = ours.checkpoint(lambda a: a * a, h, use_reentrant=False)
    h.mul_(3)
    with pytest.raises(RuntimeError, match="inplace"):
        y.sum().backward()
    sizes = iter([1, 2])
    y = ours.checkpoint(lambda a: a[: next(sizes)] * 2, x, use_reentrant=False)
    with pytest.raises(ours.CheckpointError, match="other results"):
        y.sum().backward()
    with pytest.warns(UserWarning, match="None of the inputs"):
        assert not ours.checkpoint(lambda a: a * x, tl.ones(2), use_reentrant=True).requires_grad
    with pytest.warns(UserWarning, match="use_reentrant"):
        ours.checkpoint(lambda a: a * a, x)
    with pytest.raises(ValueError, match="Unexpected keyword"):
        ours.checkpoint(lambda a: a, x, use_reentrant=True, other=1)


@pytest.mark.parametrize("segments", [1, 2, 3])
def test_checkpoint_sequential(segments: int) -> None:
    def run(lib: Any, module: Any) -> list[float]:
        lib.manual_seed(1)
        net = lib.nn.Sequential(*[lib.nn.Linear(3, 3), lib.nn.Tanh()] * 2, lib.nn.Linear(3, 1))
        x = lib.randn(2, 3, requires_grad=True)
        module.checkpoint_sequential(net, segments, x, use_reentrant=False).sum().backward()
        return [*flat(x.grad), *flat(net[0].weight.grad)]

    close(*(run(lib, module) for lib, _, module in both()))


# Mixed precision


def test_grad_scaler() -> None:
    """Scales, skipped steps and counters are PyTorch's over a training with an infinite gradient in it."""

    def run(lib: Any, module: Any) -> list[Any]:
        w = lib.tensor([1.0, 2.0], requires_grad=True)
        optimizer = lib.optim.SGD([w], lr=0.1)
        scaler = module.GradScaler("cpu", init_scale=8.0, growth_interval=2)
        seen = []
        for factor in (1.0, 2.0, float("inf"), 3.0, 1.0, 0.5):
            optimizer.zero_grad()
            scaler.scale((w * factor).sum()).backward()
            if factor == 2.0:
                scaler.unscale_(optimizer)
            scaler.step(optimizer)
            scaler.update()
            seen += [scaler.get_scale(), *flat(w), *scaler.state_dict().values()]
        return seen

    got, wanted = (run(lib, module) for lib, module, _ in both())
    close(got, wanted)


def test_grad_scaler_faults() -> None:
    for lib, module, _ in both():
        w = lib.ones(1, requires_grad=True)
        optimizer, scaler = lib.optim.SGD([w], lr=0.1), module.GradScaler("cpu")
        with pytest.raises(AssertionError):
            scaler.update()
        scaler.scale(w.sum()).backward()
        scaler.unscale_(optimizer)
        with pytest.raises(RuntimeError, match="already been called"):
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        with pytest.raises(RuntimeError, match="already been called"):
            scaler.step(optimizer)
        with pytest.raises(RuntimeError, match="empty"):
            scaler.load_state_dict({})
        other = module.GradScaler("cpu", enabled=False)
        assert other.state_dict() == {} and other.get_scale() == 1.0 and other.scale(w) is w


def test_autocast() -> None:
    """It is remembered, nested and as a decorator, and changes no dtype."""
    x = tl.ones(2, 2)
    with amp.autocast("cpu", dtype=tl.float16):
        assert amp.is_autocast_enabled("cpu") and amp.get_autocast_dtype("cpu") is tl.float16
        with amp.autocast("cpu", enabled=False):
            assert not amp.is_autocast_enabled("cpu")
        assert amp.is_autocast_enabled("cpu") and (x @ x).dtype is tl.float32
    assert not amp.is_autocast_enabled("cpu") and amp.get_autocast_dtype("cpu") is tl.bfloat16
    assert amp.autocast("cpu")(lambda: amp.is_autocast_enabled("cpu"))()
    with pytest.raises(RuntimeError, match="unsupported"):
        amp.autocast("toaster")
    if not tl.cuda.is_available():
        with pytest.warns(UserWarning, match="Disabling"):
            assert not amp.autocast("cuda")._enabled
        with pytest.warns(UserWarning, match="Disabling"):
            assert not amp.GradScaler().is_enabled()


# Compilers, old constructors, comparisons, settings


def test_compile_and_jit_are_identities() -> None:
    model = tl.nn.Linear(1, 1)
    assert compiler.compile(model) is model and compiler.compile()(model) is model
    assert jit.script(model) is model and jit.trace(model, tl.ones(1)) is model and not jit.is_scripting()
    with pytest.raises(RuntimeError):
        compiler.compile(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", "FloatTensor DoubleTensor LongTensor ByteTensor BoolTensor HalfTensor IntTensor".split())
def test_legacy_tensors(name: str) -> None:
    torch = pytest.importorskip("torch")
    got, wanted = getattr(overlay, name), getattr(torch, name)
    assert repr(got) == repr(wanted)
    assert repr(got([0, 1, 1])) == repr(wanted([0, 1, 1]))
    assert got(2, 3).shape == (2, 3) and got().shape == (0,)
    assert isinstance(got([1]), got) and not isinstance(tl.ones(1, dtype=tl.int8), got)
    assert got([1]).type() == wanted([1]).type() == f"torch.{name}"
    assert overlay.typename(got([1])) == torch.typename(wanted([1]))
    assert tl.ones(2).type(got).dtype is got.dtype


def test_assert_close() -> None:
    torch = pytest.importorskip("torch")
    cases = [
        ([1.0, 2.0], [1.0, 2.0 + 1e-6]), ([1.0, 2.0], [1.0, 2.1]), ([1.0], [float("nan")]), ([1, 2], [1, 2]), ([1, 2], [1, 3]),
        ([[1.0]], [1.0]), ([1], [1.0]), ([True], [False]), ([1 + 1j], [1 + 1j]),
    ]  # fmt: skip
    for a, b in cases:
        outcomes = []
        for lib, check in ((tl, testing.assert_close), (torch, torch.testing.assert_close)):
            try:
                check(lib.tensor(a), lib.tensor(b))
                check({"x": [lib.tensor(a), 1.0]}, {"x": [lib.tensor(b), 1.0]})
                outcomes.append(True)
            except AssertionError:
                outcomes.append(False)
        assert outcomes[0] == outcomes[1], (a, b)
    with pytest.raises(AssertionError, match="mine"):
        testing.assert_close(1.0, 2.0, msg="mine")
    with pytest.raises(ValueError):
        testing.assert_close(1.0, 1.0, rtol=0.1)


def test_functions_outside_of_functional() -> None:
    """The same arguments in the same order as PyTorch's."""
    torch = pytest.importorskip("torch")
    results = []
    for lib, ns in ((tl, overlay), (torch, torch)):
        lib.manual_seed(0)
        x, w = lib.randn(2, 4, 5), lib.randn(4, 4, 3)
        four, five = lib.rand(4), lib.rand(5)
        made = [
            ns.conv1d(x, w), ns.max_pool1d(x, 2), ns.layer_norm(x, (5,), five, five), ns.group_norm(x, 2, four, four),
            ns.batch_norm(x, four, four, None, None, True, 0.1, 1e-5, False), ns.embedding(x[0], lib.tensor([1, 3])),
            ns.dropout(x, 0.5, True), ns.cosine_similarity(x, x + 1, 1), ns.selu(x), ns.pairwise_distance(x, x + 1),
        ]
        results.append([v for t in made for v in flat(t)])
    close(*results)


def test_settings() -> None:
    overlay.set_float32_matmul_precision("medium")
    assert overlay.get_float32_matmul_precision() == "medium"
    overlay.set_float32_matmul_precision("highest")
    with pytest.raises(ValueError):
        overlay.set_float32_matmul_precision("low")
    overlay.use_deterministic_algorithms(True, warn_only=True)
    assert overlay.are_deterministic_algorithms_enabled() and overlay.get_deterministic_debug_mode() == 1
    overlay.use_deterministic_algorithms(False)
    overlay.set_default_tensor_type("torch.DoubleTensor")
    assert tl.get_default_dtype() is tl.float64
    overlay.set_default_tensor_type(overlay.FloatTensor)  # type: ignore[attr-defined]
    assert tl.get_default_dtype() is tl.float32
    with pytest.raises(TypeError):
        overlay.set_default_tensor_type("torch.LongTensor")


@pytest.mark.parametrize(("replicas", "shuffle", "drop"), [(2, True, False), (3, True, True), (4, False, False)])
def test_distributed_sampler(replicas: int, shuffle: bool, drop: bool) -> None:
    torch = pytest.importorskip("torch")
    from tensorlite.compat.overlay.utils.data import DistributedSampler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for rank in range(replicas):
            pair = [
                kind(range(10), num_replicas=replicas, rank=rank, shuffle=shuffle, seed=5, drop_last=drop)
                for kind in (DistributedSampler, torch.utils.data.DistributedSampler)
            ]
            for sampler in pair:
                sampler.set_epoch(2)
            assert list(pair[0]) == list(pair[1]) and len(pair[0]) == len(pair[1])


class _Twin(NumpyBackend):
    """The CPU under another name, with a generator of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.device = tl.device("twin")

    def from_numpy(self, x: Any) -> Any:
        return x.copy()

    def to_numpy(self, x: Any) -> Any:
        return x.copy()


def test_checkpoint_on_another_device() -> None:
    """The random numbers of the device that the arguments are on are drawn again, too."""
    tl.register_backend("twin", lambda index: _Twin())
    x = tl.ones(64, requires_grad=True)
    moved = x.to("twin")
    y = ours.checkpoint(lambda a: tl.nn.functional.dropout(a, 0.5, True), moved, use_reentrant=False)
    y.sum().backward()
    assert flat(x.grad) == flat(y.cpu())
