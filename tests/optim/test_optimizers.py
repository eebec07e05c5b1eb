"""Optimizers against PyTorch, step by step, and their state."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import tensorlite as tl
from tensorlite.optim.adam import adam
from tensorlite.optim.sgd import sgd

CONFIGURATIONS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "maximize": True, "foreach": True}),
    ("Adam", {"lr": 0.01}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True}),
    ("Adam", {"lr": 0.01, "maximize": True, "betas": (0.8, 0.9), "eps": 1e-6, "fused": True}),
    ("AdamW", {"lr": 0.01}),
    ("AdamW", {"lr": 0.01, "amsgrad": True, "weight_decay": 0.3}),
]


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def to_torch(torch: Any, tensor: tl.Tensor) -> Any:
    return torch.from_numpy(tensor.detach().numpy().copy())


def leaves(dtype: Any = tl.float32) -> list[tl.Tensor]:
    """A small parameter, and one that is worked through in blocks."""
    tl.manual_seed(0)
    return [tl.randn(3, 4).to(dtype).requires_grad_(), tl.randn(70_001).to(dtype).requires_grad_()]


@pytest.mark.parametrize(("name", "options"), CONFIGURATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_are_pytorch_s(torch: Any, name: str, options: dict[str, Any], dtype: str) -> None:
    ours = leaves(getattr(tl, dtype))
    theirs = [to_torch(torch, p).requires_grad_() for p in ours]
    optimizer = getattr(tl.optim, name)(ours, **options)
    expected = getattr(torch.optim, name)(theirs, **options)
    assert repr(optimizer) == repr(expected)
    for _ in range(4):
        for p, q in zip(ours, theirs, strict=True):
            p.grad = tl.randn(*p.shape).to(p.dtype)
            q.grad = to_torch(torch, p.grad)
        optimizer.step()
        expected.step()
    tolerance = {"rtol": 1e-5, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-11, "atol": 1e-12}
    for p, q in zip(ours, theirs, strict=True):
        torch.testing.assert_close(to_torch(torch, p), q.detach(), **tolerance)
    state, expected_state = optimizer.state_dict(), expected.state_dict()
    assert state["param_groups"] == expected_state["param_groups"]
    assert {k: list(v) for k, v in state["state"].items()} == {k: list(v) for k, v in expected_state["state"].items()}


@pytest.mark.parametrize(("name", "options"), CONFIGURATIONS)
def test_kernel_agrees_with_the_formula_on_tensors(name: str, options: dict[str, Any]) -> None:
    fast, plain = leaves(tl.float64), leaves(tl.float64)
    optimizer = getattr(tl.optim, name)(fast, **options)
    differentiable = {**options, "differentiable": True, "fused": None}
    reference = getattr(tl.optim, name)(plain, **differentiable)
    for _ in range(3):
        for p, q in zip(fast, plain, strict=True):
            p.grad = tl.randn(*p.shape).double()
            q.grad = p.grad.clone()
        optimizer.step()
        for q in plain:
            q.requires_grad_(False)
        reference.step()
        for q in plain:
            q.requires_grad_()
    for p, q in zip(fast, plain, strict=True):
        assert tl.allclose(p.detach(), q.detach(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["SGD", "AdamW"])
@pytest.mark.parametrize("dtype", [tl.float16, tl.bfloat16])
def test_half_precision_is_rounded_once(name: str, dtype: Any) -> None:
    half = leaves(dtype)
    exact = [p.detach().float().requires_grad_() for p in half]
    grads = [tl.randn(*p.shape).to(dtype) for p in half]
    for parameters in (half, exact):
        optimizer = getattr(tl.optim, name)(parameters, lr=0.1)
        for p, grad in zip(parameters, grads, strict=True):
            p.grad = grad.to(p.dtype)
        optimizer.step()
    for p, q in zip(half, exact, strict=True):
        assert p.dtype == dtype
        assert tl.allclose(p.detach().float(), q.detach().to(dtype).float(), rtol=1e-2, atol=1e-3)


def test_tensor_learning_rate() -> None:
    ours, numbers = leaves(), leaves()
    for parameters, lr in ((ours, tl.tensor(0.5)), (numbers, 0.5)):
        optimizer = tl.optim.Adam(parameters, lr=lr)
        for p in parameters:
            p.grad = tl.ones(*p.shape)
        optimizer.step()
    assert all((p == q).all() for p, q in zip(ours, numbers, strict=True))


def test_differentiable_learning_rate() -> None:
    lr = tl.tensor(0.1, requires_grad=True)
    w = tl.tensor([1.0, 2.0])
    w.grad = tl.ones(2)
    tl.optim.SGD([w], lr=lr, differentiable=True).step()
    w.sum().backward()
    assert lr.grad.item() == -2


def test_steps_count_as_in_place_changes() -> None:
    w = tl.ones(2, requires_grad=True)
    loss = (w * w).sum()
    w.grad = tl.ones(2)
    tl.optim.SGD([w], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_parameters_without_gradient_stay() -> None:
    used, unused = tl.ones(1, requires_grad=True), tl.ones(1, requires_grad=True)
    optimizer = tl.optim.Adam([used, unused], lr=0.1, weight_decay=1.0)
    used.grad = tl.ones(1)
    optimizer.step()
    assert unused.item() == 1 and len(optimizer.state) == 1
    optimizer.zero_grad()
    assert used.grad is None
    used.grad = tl.ones(1)
    optimizer.zero_grad(set_to_none=False)
    assert used.grad.item() == 0


# State --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "options"), CONFIGURATIONS)
def test_state_goes_both_ways(torch: Any, name: str, options: dict[str, Any]) -> None:
    """Half of the steps here and half in PyTorch give what all of them give."""
    ours = leaves()[:1]
    theirs = [to_torch(torch, p).requires_grad_() for p in ours]
    here = getattr(tl.optim, name)(ours, **options)
    there = getattr(torch.optim, name)(theirs, **options)
    grads = [tl.randn(3, 4) for _ in range(6)]
    for grad in grads[:3]:
        ours[0].grad = grad
        here.step()
    with tl.no_grad():
        theirs[0].data.copy_(to_torch(torch, ours[0]))
    there.load_state_dict(_convert(here.state_dict(), tl.Tensor, lambda t: to_torch(torch, t)))
    for grad in grads[3:]:
        ours[0].grad, theirs[0].grad = grad, to_torch(torch, grad)
        here.step()
        there.step()
    torch.testing.assert_close(to_torch(torch, ours[0]), theirs[0].detach(), rtol=1e-5, atol=1e-6)
    fresh = getattr(tl.optim, name)(ours, **options)
    fresh.load_state_dict(_convert(there.state_dict(), torch.Tensor, lambda t: tl.from_numpy(t.numpy())))
    assert fresh.state_dict()["param_groups"] == here.state_dict()["param_groups"]


def _convert(value: Any, kind: type, change: Any) -> Any:
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, dict):
        return {key: _convert(item, kind, change) for key, item in value.items()}
    return [_convert(item, kind, change) for item in value] if isinstance(value, list) else value


def test_loaded_state_is_a_copy_in_the_parameter_s_dtype() -> None:
    single, double = leaves()[:1], leaves(tl.float64)[:1]
    source, target = tl.optim.Adam(single), tl.optim.Adam(double)
    single[0].grad = tl.ones(3, 4)
    source.step()
    target.load_state_dict(source.state_dict())
    state = target.state[double[0]]
    assert state["exp_avg"].dtype == tl.float64 and state["step"].dtype == tl.float32
    state["step"].add_(1)
    assert source.state[single[0]]["step"].item() == 1


def test_pickle_and_deepcopy() -> None:
    w = tl.ones(2, requires_grad=True)
    w.grad = tl.ones(2)
    optimizer = tl.optim.SGD([w], lr=0.1, momentum=0.9)
    optimizer.step()
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        (param,) = twin.param_groups[0]["params"]
        assert param is not w and (twin.state[param]["momentum_buffer"] == 1).all()
        twin.step()


def test_load_errors_leave_the_optimizer_as_it_was() -> None:
    optimizer = tl.optim.SGD(leaves(), lr=0.1)
    with pytest.raises(ValueError, match="number of parameter groups"):
        optimizer.load_state_dict({"param_groups": [], "state": {}})
    with pytest.raises(ValueError, match="size of optimizer's group"):
        optimizer.load_state_dict({"param_groups": [{"params": [0]}], "state": {}})
    assert optimizer.param_groups[0]["lr"] == 0.1


# Groups and hooks ---------------------------------------------------------------------------------------------------


def test_groups() -> None:
    first, second = leaves()
    optimizer = tl.optim.SGD([{"params": [first]}, {"params": second, "lr": 1.0}], lr=0.5)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 1.0]
    first.grad, second.grad = tl.ones(*first.shape), tl.ones(*second.shape)
    before = second[0].item()
    optimizer.step()
    assert abs(second[0].item() - before + 1.0) < 1e-6
    named = tl.optim.SGD(tl.nn.Linear(2, 1).named_parameters(), lr=0.1)
    assert named.param_groups[0]["param_names"] == ["weight", "bias"]


def test_errors() -> None:
    w = tl.zeros(2, requires_grad=True)
    sgd = tl.optim.SGD
    for error, call in (
        (ValueError, lambda: sgd([], 0.1)),
        (TypeError, lambda: sgd(w, 0.1)),
        (ValueError, lambda: sgd([w], -1)),
        (ValueError, lambda: sgd([w * 2], 0.1)),
        (TypeError, lambda: sgd([3], 0.1)),
        (TypeError, lambda: sgd([{"params": {w}}], 0.1)),
        (ValueError, lambda: sgd([{"params": [w]}, {"params": [w]}], 0.1)),
        (ValueError, lambda: sgd([w], 0.1, nesterov=True)),
        (ValueError, lambda: sgd([w], 0.1, momentum=-1)),
        (ValueError, lambda: sgd([w], 0.1, weight_decay=-1)),
        (KeyError, lambda: sgd([{"x": [w]}], 0.1)),
        (ValueError, lambda: sgd([("a", w), w], 0.1)),
        (RuntimeError, lambda: sgd([w], 0.1, fused=True, differentiable=True)),
        (RuntimeError, lambda: sgd([w], 0.1, fused=True, foreach=True)),
        (TypeError, lambda: sgd([w], 0.1).add_param_group([w])),
        (ValueError, lambda: tl.optim.Adam([w], eps=-1)),
        (ValueError, lambda: tl.optim.Adam([w], betas=(1.0, 0.2))),
        (ValueError, lambda: tl.optim.Adam([w], lr=tl.tensor([1.0, 2.0]))),
    ):
        with pytest.raises(error):
            call()
    with pytest.warns(UserWarning, match="duplicate"):
        sgd([w, w], 0.1)
    w.grad = tl.ones(2)
    with pytest.raises(NotImplementedError):
        tl.optim.Optimizer([w], {}).step()


def test_closure_runs_with_gradients() -> None:
    w = tl.ones(1, requires_grad=True)
    optimizer = tl.optim.SGD([w], lr=0.25)

    def closure() -> tl.Tensor:
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with tl.no_grad():
        assert optimizer.step(closure).item() == 1
    assert w.item() == 0.5


def test_step_hooks() -> None:
    w = tl.ones(1, requires_grad=True)
    optimizer = tl.optim.SGD([w], lr=0.1)
    calls: list[str] = []
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: calls.append("pre"))
    handle = optimizer.register_step_post_hook(lambda opt, args, kwargs: calls.append("post"))
    optimizer.step()
    handle.remove()
    optimizer.step()
    assert calls == ["pre", "post", "pre"]


def test_an_optimizer_with_a_step_of_its_own() -> None:
    class Plain(tl.optim.Optimizer):
        def __init__(self, params: Any) -> None:
            super().__init__(params, {"lr": 0.1})

        @tl.no_grad()
        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(p.grad, alpha=-group["lr"])

    w = tl.ones(1, requires_grad=True)
    w.grad = tl.ones(1)
    optimizer = Plain([w])
    scheduler = tl.optim.lr_scheduler.StepLR(optimizer, 1)
    optimizer.step()
    scheduler.step()
    assert abs(w.item() - 0.9) < 1e-6 and optimizer.param_groups[0]["lr"] == pytest.approx(0.01)


def test_formulas_are_usable_on_their_own() -> None:
    p, g = tl.ones(2), tl.ones(2)
    sgd(p, g, None, 0.5, 0.0, 0.0, 0.0, False, False)
    assert p.tolist() == [0.5, 0.5]
    adam(p, g, tl.zeros(2), tl.zeros(2), None, 1, 0.1, 0.9, 0.999, 0.0, 0.0, False, False)
    assert tl.allclose(p, tl.tensor([0.4, 0.4]))
