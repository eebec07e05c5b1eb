"""All optimizers at once: groups and schedules against PyTorch, the strict device, half precision, gradients through steps."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tensorlite as tl
from tensorlite.autograd import gradcheck

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1, "amsgrad": True}),
    ("AdamW", {"lr": 0.05, "maximize": True}),
    ("Adadelta", {"lr": 0.5, "weight_decay": 0.1}),
    ("Adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-4, "maximize": True, "foreach": True}),
    ("Adafactor", {"lr": 0.05, "weight_decay": 0.1}),
    ("Adafactor", {"lr": 0.05, "beta2_decay": -0.6, "eps": (1e-3, 1e-2), "d": 1.5, "maximize": True}),
    ("Adagrad", {"lr": 0.05, "weight_decay": 0.1, "lr_decay": 0.1}),
    ("Adagrad", {"lr": 0.05, "initial_accumulator_value": 0.3, "eps": 1e-3, "maximize": True, "fused": True}),
    ("Adamax", {"lr": 0.05, "weight_decay": 0.1}),
    ("Adamax", {"lr": 0.05, "betas": (0.7, 0.8), "eps": 1e-3, "maximize": True}),
    ("ASGD", {"lr": 0.05, "weight_decay": 0.1, "t0": 5}),
    ("ASGD", {"lr": 0.05, "lambd": 0.1, "alpha": 0.5, "maximize": True}),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1}),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True, "momentum_decay": 0.1, "maximize": True}),
    ("RAdam", {"lr": 0.05, "weight_decay": 0.1}),
    ("RAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True, "betas": (0.8, 0.7), "maximize": True}),
    ("RMSprop", {"lr": 0.05, "weight_decay": 0.1, "momentum": 0.9, "centered": True}),
    ("RMSprop", {"lr": 0.05, "alpha": 0.8, "eps": 1e-3, "maximize": True}),
    ("Rprop", {"lr": 0.05}),
    ("Rprop", {"lr": 0.05, "etas": (0.3, 1.7), "step_sizes": (0.01, 0.1), "maximize": True}),
    ("Muon", {"lr": 0.05}),
    ("Muon", {"lr": 0.05, "nesterov": False, "adjust_lr_fn": "match_rms_adamw", "ns_steps": 3}),
]
"""Name and options; options that the default has too are in the conformance table."""

POINTWISE = [case for case in CASES if case[0] not in ("Adafactor", "Muon")]

Schedule = Callable[[Any, Any], Any]

SCHEDULES: dict[str, Schedule] = {
    "none": lambda s, o: None,
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 7),
    "warm-up": lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.1, 1.0, 5), s.ExponentialLR(o, 0.9)], [6]),
}


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def to_torch(torch: Any, tensor: tl.Tensor) -> Any:
    return torch.from_numpy(tensor.detach().cpu().numpy().copy())


def shapes(name: str) -> list[tuple[int, ...]]:
    if name == "Muon":
        return [(3, 4), (5, 2), (4, 3)]
    return [(3, 4), (2, 3, 2), (), (5,), (4, 3)]


def draw(name: str, dtype: Any = tl.float64) -> list[tl.Tensor]:
    return [tl.randn(*shape).to(dtype) for shape in shapes(name)]


def leaves(values: list[Any]) -> list[Any]:
    """Parameters, of which the last is not contiguous."""
    return [value.detach().requires_grad_() for value in [*values[:-1], values[-1].T]]


def give(params: list[Any], grads: list[Any]) -> None:
    for p, grad in zip(params, [*grads[:-1], grads[-1].T], strict=True):
        p.grad = grad


def make(lib: Any, name: str, options: dict[str, Any], params: list[Any]) -> Any:
    """Two groups, of which the second has a rate of its own."""
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": options["lr"] / 2}]
    return getattr(lib.optim, name)(groups, **options)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(("name", "options"), CASES)
def test_groups_and_schedules(torch: Any, name: str, options: dict[str, Any], schedule: str) -> None:
    tl.manual_seed(0)
    values = draw(name)
    ours, theirs = leaves([v.clone() for v in values]), leaves([to_torch(torch, v) for v in values])
    optimizer, expected = make(tl, name, options, ours), make(torch, name, options, theirs)
    schedulers = [SCHEDULES[schedule](lib.optim.lr_scheduler, o) for lib, o in ((tl, optimizer), (torch, expected))]
    for _ in range(20):
        grads = draw(name)
        give(ours, grads)
        give(theirs, [to_torch(torch, grad) for grad in grads])
        optimizer.step()
        expected.step()
        for scheduler in filter(None, schedulers):
            scheduler.step()
        for p, q in zip(ours, theirs, strict=True):
            torch.testing.assert_close(to_torch(torch, p), q.detach(), rtol=1e-5, atol=1e-5)
    assert repr(optimizer) == repr(expected)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_half_precision(torch: Any, name: str, options: dict[str, Any], dtype: str) -> None:
    """A few steps; where the two round differently, they differ by little more than that."""
    tl.manual_seed(0)
    values = draw(name, tl.float32)
    ours = leaves([v.to(getattr(tl, dtype)) for v in values])
    theirs = leaves([to_torch(torch, v).to(getattr(torch, dtype)) for v in values])
    optimizer, expected = make(tl, name, options, ours), make(torch, name, options, theirs)
    for _ in range(3):
        grads = [grad + grad.sign() for grad in draw(name, tl.float32)]  # their squares are no zeros in float16
        give(ours, [grad.to(getattr(tl, dtype)) for grad in grads])
        give(theirs, [to_torch(torch, grad).to(getattr(torch, dtype)) for grad in grads])
        optimizer.step()
        expected.step()
    for p, q in zip(ours, theirs, strict=True):
        assert str(p.dtype) == str(q.dtype)
        torch.testing.assert_close(to_torch(torch, p.float()), q.detach().float(), rtol=0.02, atol=0.02)


def run_steps(name: str, options: dict[str, Any], device: str, steps: int = 5, dtype: Any = tl.float64) -> list[tl.Tensor]:
    """The parameters after steps that are the same on every device."""
    tl.manual_seed(0)
    params = leaves([value.to(device) for value in draw(name, dtype)])
    optimizer = make(tl, name, options, params)
    for _ in range(steps):
        give(params, [grad.to(device) for grad in draw(name, dtype)])
        optimizer.step()
    return [p.detach().cpu() for p in params]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_strict_device(name: str, options: dict[str, Any]) -> None:
    for p, q in zip(run_steps(name, options, "strict"), run_steps(name, options, "cpu"), strict=True):
        assert tl.allclose(p, q, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "options"), POINTWISE)
def test_strict_device_complex(name: str, options: dict[str, Any]) -> None:
    found, expected = (run_steps(name, options, device, dtype=tl.complex128) for device in ("strict", "cpu"))
    for p, q in zip(found, expected, strict=True):
        assert p.is_complex() and tl.allclose(p, q, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_tensor_rate_is_a_number(name: str, options: dict[str, Any]) -> None:
    results = []
    for lr in (0.5, tl.tensor(0.5), tl.tensor([0.5])):
        tl.manual_seed(0)
        params = leaves(draw(name))
        optimizer = getattr(tl.optim, name)(params, **{**options, "lr": lr})
        for _ in range(3):
            give(params, draw(name))
            optimizer.step()
        results.append([p.detach() for p in params])
    for number, zero_dim, one_dim in zip(*results, strict=True):
        assert tl.equal(number, zero_dim) and tl.equal(number, one_dim)


# Gradients through steps --------------------------------------------------------------------------------------------


def through_two_steps(name: str, options: dict[str, Any], dtype: Any, lr: Any = None) -> Callable[..., tl.Tensor]:
    """A function of the parameter and two gradients, from the state after a step that is the same every time."""
    options = {key: value for key, value in options.items() if key not in ("foreach", "fused")}
    if lr is not None:
        options["lr"] = lr
    tl.manual_seed(1)
    before = tl.randn(3).to(dtype).requires_grad_()
    first = getattr(tl.optim, name)([before], **{**options, "lr": 0.05})
    before.grad = tl.randn(3).to(dtype)
    first.step()
    state = first.state[before]

    def function(param: tl.Tensor, *grads: tl.Tensor) -> tl.Tensor:
        param = param.clone()
        optimizer = getattr(tl.optim, name)([param], **options, differentiable=True)
        optimizer.state[param] = {key: value.clone() for key, value in state.items()}
        for grad in grads:
            param.grad = grad
            optimizer.step()
        return param

    function.state = state  # type: ignore[attr-defined]
    return function


@pytest.mark.parametrize("dtype", [tl.float64, tl.complex128])
@pytest.mark.parametrize(("name", "options"), POINTWISE)
def test_gradcheck(name: str, options: dict[str, Any], dtype: Any) -> None:
    function = through_two_steps(name, options, dtype)
    inputs = [tl.randn(3).to(dtype).requires_grad_() for _ in range(3)]
    if dtype.is_complex:
        inputs = [(x.detach() + 1j * tl.randn(3).to(dtype)).requires_grad_() for x in inputs]
    assert gradcheck(function, inputs)


@pytest.mark.parametrize(("name", "options"), [case for case in POINTWISE if case[0] not in ("ASGD", "Rprop")])
def test_gradcheck_of_the_rate(name: str, options: dict[str, Any]) -> None:
    """ASGD and Rprop take the rate into their state as a number, in PyTorch too."""
    tl.manual_seed(2)
    param, *grads = (tl.randn(3).double() for _ in range(3))

    def of_rate(lr: tl.Tensor) -> tl.Tensor:
        return through_two_steps(name, options, tl.float64, lr)(param, *grads)

    assert gradcheck(of_rate, tl.tensor(0.05, dtype=tl.float64, requires_grad=True))


@pytest.mark.parametrize(("name", "options"), POINTWISE)
def test_differentiable_steps_record_in_no_grad_mode_too(name: str, options: dict[str, Any]) -> None:
    function = through_two_steps(name, options, tl.float64)
    param, *grads = (tl.randn(3).double().requires_grad_() for _ in range(3))
    expected = tl.autograd.grad(function(param, *grads).sum(), param)[0]
    optimizer_step = getattr(tl.optim, name).step
    clone = param.clone()

    class Unrecorded(getattr(tl.optim, name)):  # type: ignore[misc]
        @tl.no_grad()
        def step(self, closure: Any = None) -> Any:
            return optimizer_step(self, closure)

    options = {key: value for key, value in options.items() if key not in ("foreach", "fused")}
    optimizer = Unrecorded([clone], **options, differentiable=True)
    optimizer.state[clone] = {key: value.clone() for key, value in function.state.items()}  # type: ignore[attr-defined]
    for grad in grads:
        clone.grad = grad
        optimizer.step()
    assert tl.allclose(tl.autograd.grad(clone.sum(), param)[0], expected)


def test_state_is_differentiable_too() -> None:
    """As in PyTorch's own tests: the state requires a gradient, and is followed."""
    state = {"step": tl.tensor(10.0), "mu_product": 0.5, "exp_avg": tl.randn(3).double(), "exp_avg_sq": tl.rand(3).double()}
    mu, mean, square = (tl.as_tensor(state[key], dtype=tl.float64).requires_grad_() for key in list(state)[1:])

    def function(mu: tl.Tensor, mean: tl.Tensor, square: tl.Tensor) -> tuple[tl.Tensor, ...]:
        param = tl.ones(3, dtype=tl.float64).requires_grad_().clone()
        param.grad = tl.ones(3, dtype=tl.float64)
        optimizer = tl.optim.NAdam([param], differentiable=True)
        optimizer.state[param] = {"step": state["step"].clone(), "mu_product": mu, "exp_avg": mean, "exp_avg_sq": square}
        optimizer.step()
        return param, optimizer.state[param]["mu_product"]

    assert gradcheck(function, (mu, mean, square))


# State --------------------------------------------------------------------------------------------------------------


def trained(name: str, options: dict[str, Any]) -> tuple[Any, list[tl.Tensor]]:
    tl.manual_seed(0)
    params = leaves(draw(name))
    optimizer = make(tl, name, options, params)
    for _ in range(3):
        give(params, draw(name))
        optimizer.step()
    return optimizer, params


@pytest.mark.parametrize(("name", "options"), CASES)
def test_copies_and_pickles_go_on_alike(name: str, options: dict[str, Any]) -> None:
    optimizer, params = trained(name, options)
    grads = draw(name)
    twins = [copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))]
    give(params, grads)
    optimizer.step()
    for twin in twins:
        others = [p for group in twin.param_groups for p in group["params"]]
        give(others, grads)
        twin.step()
        assert all(tl.equal(p, q) for p, q in zip(params, others, strict=True))


@pytest.mark.parametrize(("name", "options"), [case for case in CASES if case[0] not in ("SGD", "Muon")])
def test_old_checkpoints(name: str, options: dict[str, Any]) -> None:
    """Steps that are plain numbers, and groups without the options that came later."""
    optimizer, params = trained(name, options)
    saved = optimizer.state_dict()
    for values in saved["state"].values():
        for key in values.keys() & {"step", "mu_product"}:
            values[key] = values[key].item()
    for group in saved["param_groups"]:
        for key in ("foreach", "maximize", "differentiable", "capturable", "fused"):
            group.pop(key, None)
    again = make(tl, name, options, params)
    again.load_state_dict(saved)
    assert all(isinstance(values["step"], tl.Tensor) for values in again.state.values())
    assert all(group.keys() == {"params", *optimizer.defaults} for group in again.param_groups)
    give(params, draw(name))
    again.step()


def test_loading_keeps_hooks_and_runs_those_of_state_dicts() -> None:
    optimizer, params = trained("RMSprop", {"lr": 0.1})
    calls: list[str] = []
    optimizer.register_step_pre_hook(lambda *_: calls.append("step"))
    optimizer.register_state_dict_pre_hook(lambda *_: calls.append("before saving"))
    optimizer.register_state_dict_post_hook(lambda o, saved: {**saved, "note": 1})
    optimizer.register_load_state_dict_pre_hook(lambda o, saved: calls.append(f"before loading {saved['note']}"))
    optimizer.register_load_state_dict_post_hook(lambda o: calls.append("after loading"))
    optimizer.load_state_dict(optimizer.state_dict())
    give(params, draw("RMSprop"))
    optimizer.step()
    assert calls == ["before saving", "before loading 1", "after loading", "step"]


def test_adagrad_makes_its_state_at_once_and_for_later_groups() -> None:
    first, second = tl.ones(2, requires_grad=True), tl.ones(2, requires_grad=True)
    optimizer = tl.optim.Adagrad([first], initial_accumulator_value=0.5)
    assert optimizer.state[first]["sum"].tolist() == [0.5, 0.5]
    optimizer.add_param_group({"params": second, "lr": 1.0})
    second.grad = tl.ones(2)
    optimizer.step()
    assert optimizer.state[second]["sum"].tolist() == [1.5, 1.5]


def test_asgd_averages() -> None:
    """After step t0 + 1, ``ax`` is the mean of the parameters since."""
    w = tl.zeros(1, dtype=tl.float64, requires_grad=True)
    optimizer = tl.optim.ASGD([w], lr=0.1, lambd=0.0, t0=2)
    seen = []
    for step in range(8):
        w.grad = tl.tensor([float(step)], dtype=tl.float64)
        optimizer.step()
        seen.append(w.item())
    assert optimizer.state[w]["ax"].item() == pytest.approx(sum(seen[3:]) / 5, rel=1e-5)


# Errors -------------------------------------------------------------------------------------------------------------


def wrong() -> Iterator[tuple[type[Exception], str, dict[str, Any]]]:
    for name in ("Adadelta", "Adagrad", "Adamax", "NAdam", "RAdam", "RMSprop"):
        yield from ((ValueError, name, {key: -1.0}) for key in ("lr", "eps", "weight_decay"))
    for name in ("Adamax", "NAdam", "RAdam", "SparseAdam"):
        yield from ((ValueError, name, {"betas": betas}) for betas in ((1.0, 0.5), (0.5, -0.1)))
    yield from ((ValueError, "Adafactor", {key: -1.0}) for key in ("lr", "weight_decay", "d"))
    yield from ((ValueError, "Adafactor", {"eps": eps}) for eps in ((-1.0, 0.1), (None, -0.1)))
    yield ValueError, "Adafactor", {"beta2_decay": 0.1}
    yield from ((ValueError, "Muon", {key: -1.0}) for key in ("lr", "weight_decay", "momentum"))
    yield ValueError, "Muon", {"adjust_lr_fn": "best"}
    yield from ((ValueError, "Rprop", options) for options in ({"etas": (1.0, 1.5)}, {"etas": (0.5, 0.9)}, {"lr": -1.0}))
    yield from ((ValueError, "SparseAdam", options) for options in ({"lr": 0.0}, {"eps": 0.0}))
    yield from ((ValueError, "ASGD", {key: -1.0}) for key in ("lr", "weight_decay"))
    yield from ((ValueError, "RMSprop", {key: -1.0}) for key in ("alpha", "momentum"))
    yield from ((ValueError, "Adadelta", {"rho": rho}) for rho in (-0.1, 1.1))
    yield from ((ValueError, "Adagrad", {key: -1.0}) for key in ("lr_decay", "initial_accumulator_value"))
    yield ValueError, "NAdam", {"momentum_decay": -1.0}
    yield RuntimeError, "Adagrad", {"fused": True, "foreach": True}
    yield RuntimeError, "Adagrad", {"fused": True, "differentiable": True}
    yield ValueError, "Adam", {"betas": (0.9, tl.tensor(0.99))}
    yield ValueError, "Adam", {"lr": tl.tensor(0.1), "foreach": True}
    yield ValueError, "Adam", {"betas": (tl.tensor([0.9, 0.8]), tl.tensor(0.99))}
    yield ValueError, "LBFGS", {"lr": -1.0}
    for name in ("Adafactor", "Muon", "SparseAdam", "LBFGS", "ASGD"):
        yield ValueError, name, {"lr": tl.tensor([0.1, 0.1])}


@pytest.mark.parametrize(("error", "name", "options"), list(wrong()))
def test_wrong_options(error: type[Exception], name: str, options: dict[str, Any]) -> None:
    with pytest.raises(error):
        getattr(tl.optim, name)([tl.ones(2, 2, requires_grad=True)], **options)


def test_wrong_parameters() -> None:
    with pytest.raises(ValueError, match="only supports 2D"):
        tl.optim.Muon([tl.ones(2, requires_grad=True)])
    number = tl.ones(2, 2, dtype=tl.complex64, requires_grad=True)
    with pytest.raises(ValueError, match="complex"):
        tl.optim.SparseAdam([number])
    number.grad = tl.ones(2, 2, dtype=tl.complex64)
    for cls in (tl.optim.Adafactor, tl.optim.Muon):
        with pytest.raises(RuntimeError, match="complex"):
            cls([number]).step()
    matrix = tl.ones(2, 2, requires_grad=True)
    matrix.grad = tl.ones(2, 2)
    for options in ({"ns_steps": 100}, {"ns_coefficients": (1.0, 2.0)}):
        with pytest.raises(ValueError):
            tl.optim.Muon([matrix], **options).step()
    with pytest.raises(RuntimeError, match="dense gradients"):
        tl.optim.SparseAdam([matrix]).step()


# Other parameters for a while ----------------------------------------------------------------------------------------


def test_swapped_in() -> None:
    w, other = tl.ones(2, requires_grad=True), tl.zeros(2, requires_grad=True)
    w.grad = other.grad = tl.ones(2)
    optimizer = tl.optim.SGD([w], lr=0.5, momentum=0.5)
    saved = copy.deepcopy(optimizer.state_dict())
    swap = tl.optim.swap_in_optimizer_params_and_state
    with pytest.raises(RuntimeError, match="no state"), swap(optimizer, {"w": other}, saved):
        pass
    optimizer.step()
    saved = copy.deepcopy(optimizer.state_dict())
    saved["param_groups"][0]["lr"] = 2.0
    buffer = optimizer.state[w]["momentum_buffer"].clone()
    with pytest.raises(KeyError), swap(optimizer, {"w": other}, saved):
        optimizer.step()
        assert optimizer.param_groups[0]["params"] == [other]
        raise KeyError("the optimizer is itself again after an error, too")
    assert other.tolist() == [-3.0, -3.0] and w.tolist() == [0.5, 0.5]
    assert saved["state"][0]["momentum_buffer"].tolist() == [1.5, 1.5]
    assert tl.equal(optimizer.state[w]["momentum_buffer"], buffer) and optimizer.param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize(
    "damage",
    [
        lambda saved: saved.pop("state"), lambda saved: saved["param_groups"].append({}),
        lambda saved: saved["param_groups"][0].pop("lr"), lambda saved: saved["param_groups"][0]["params"].append(1),
        lambda saved: saved["state"].update({7: {}}), lambda saved: saved["state"].update({0: 3}),
        lambda saved: saved["param_groups"].__setitem__(0, 3), lambda saved: saved["param_groups"][0].update(params=["w"]),
    ],
)  # fmt: skip
def test_swapping_refuses_what_does_not_fit(damage: Any) -> None:
    optimizer, params = trained("Adam", {"lr": 0.1})
    swap = tl.optim.swap_in_optimizer_params_and_state
    own = {str(i): p for i, p in enumerate(params)}
    saved = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(RuntimeError, match="fewer"), swap(optimizer, {"w": params[0]}, saved):
        pass
    with swap(optimizer, own, saved):
        pass
    damage(saved)
    with pytest.raises(RuntimeError), swap(optimizer, own, saved):
        pass
