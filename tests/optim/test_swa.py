"""Averages of models against PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tensorlite as tl

Make = Callable[[Any, Any, Any], Any]

AVERAGES: dict[str, Make] = {
    "equal": lambda lib, swa, model: swa.AveragedModel(model),
    "equal, one by one": lambda lib, swa, model: swa.AveragedModel(model, avg_fn=swa.get_swa_avg_fn()),
    "equal, as lists": lambda lib, swa, model: swa.AveragedModel(model, multi_avg_fn=swa.get_swa_multi_avg_fn()),
    "moving, one by one": lambda lib, swa, model: swa.AveragedModel(model, avg_fn=swa.get_ema_avg_fn(0.7)),
    "moving, as lists": lambda lib, swa, model: swa.AveragedModel(model, multi_avg_fn=swa.get_ema_multi_avg_fn(0.7)),
    "with buffers": lambda lib, swa, model: swa.AveragedModel(
        model, avg_fn=swa.get_swa_avg_fn(), use_buffers=True, device="cpu"
    ),
    "moving with buffers": lambda lib, swa, model: swa.AveragedModel(
        model, multi_avg_fn=swa.get_ema_multi_avg_fn(0.7), use_buffers=True
    ),
    "a function": lambda lib, swa, model: swa.AveragedModel(model, avg_fn=lambda average, new, n: lib.maximum(average, new) / n),
}


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def make_model(lib: Any) -> Any:
    lib.manual_seed(0)
    return lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4), lib.nn.Linear(4, 2))


def averaged(lib: Any, make: Make) -> Any:
    """The average of a model over a few steps of training."""
    model = make_model(lib)
    average = make(lib, lib.optim.swa_utils, model)
    optimizer = lib.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(5):
        optimizer.zero_grad()
        (model(lib.randn(6, 3)) ** 2).mean().backward()
        optimizer.step()
        average.update_parameters(model)
    return average


def as_lists(state: Any) -> dict[str, Any]:
    return {name: value.tolist() for name, value in state.items()}


@pytest.mark.parametrize("kind", AVERAGES)
def test_averages_are_pytorch_s(torch: Any, kind: str) -> None:
    ours, theirs = (averaged(lib, AVERAGES[kind]) for lib in (tl, torch))
    state, expected = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(expected) and state["n_averaged"].item() == 5
    for name, value in expected.items():
        assert str(state[name].dtype) == str(value.dtype)
        found = torch.tensor(state[name].tolist(), dtype=value.dtype)
        torch.testing.assert_close(found, value, rtol=1e-5, atol=1e-6)
    x = torch.ones(2, 3)
    torch.testing.assert_close(torch.tensor(ours(tl.ones(2, 3)).tolist()), theirs(x).detach(), rtol=1e-4, atol=1e-5)
    again = AVERAGES[kind](tl, tl.optim.swa_utils, make_model(tl))
    again.load_state_dict(state)
    assert as_lists(again.state_dict()) == as_lists(state)


def test_the_average_is_a_copy() -> None:
    model = make_model(tl)
    average = tl.optim.swa_utils.AveragedModel(model)
    before = model[0].weight.tolist()
    average.update_parameters(model)
    with tl.no_grad():
        model[0].weight.add_(1)
    assert average.module[0].weight.tolist() == before
    average.update_parameters(model)
    middle = (tl.tensor(before) + model[0].weight.detach()) / 2
    assert tl.allclose(average.module[0].weight.detach(), middle)
    assert all(p.requires_grad for p in average.parameters())


@pytest.mark.parametrize("batches", [lambda lib, x: x, lambda lib, x: [(part, 3) for part in x]])
def test_update_bn(torch: Any, batches: Any) -> None:
    results = []
    for lib in (tl, torch):
        model = make_model(lib).eval()
        model[1].momentum = 0.3
        lib.manual_seed(1)
        lib.optim.swa_utils.update_bn(batches(lib, [lib.randn(6, 3) for _ in range(4)]), model, device="cpu")
        assert model[1].momentum == 0.3 and not model.training
        results.append(model[1].state_dict())
    ours, theirs = results
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        torch.testing.assert_close(torch.tensor(ours[name].tolist(), dtype=value.dtype), value, rtol=1e-5, atol=1e-6)


def test_update_bn_leaves_models_without_batch_norm_alone() -> None:
    calls: list[Any] = []
    model = tl.nn.Linear(1, 1)
    model.register_forward_pre_hook(lambda module, args: calls.append(args))
    tl.optim.swa_utils.update_bn([tl.ones(1, 1)], model)
    assert not calls


def test_integers_are_averaged_as_in_pytorch(torch: Any) -> None:
    """Moving averages are truncated; equal ones of lists are refused."""
    for name, number in (("get_ema_multi_avg_fn", 1), ("get_swa_multi_avg_fn", 1), ("get_swa_avg_fn", 1)):
        results = []
        for lib in (tl, torch):
            average, new = lib.tensor([1, 2, 3]), lib.tensor([5, 7, 10])
            update = getattr(lib.optim.swa_utils, name)()
            try:
                found = update([average], [new], lib.tensor(number)) if "multi" in name else update(average, new, number)
            except RuntimeError:
                results.append("RuntimeError")
            else:
                results.append([average.tolist(), None if found is None else found.tolist()])
        assert results[0] == results[1], name


def test_the_average_follows_its_device() -> None:
    model = tl.nn.Linear(2, 1)
    average = tl.optim.swa_utils.AveragedModel(model, device="strict")
    for _ in range(3):
        average.update_parameters(model)
    assert average.module.weight.device.type == average.n_averaged.device.type == "strict"
    assert tl.allclose(average.module.weight.detach().cpu(), model.weight.detach())


def test_errors() -> None:
    swa, model = tl.optim.swa_utils, tl.nn.Linear(1, 1)
    with pytest.raises(AssertionError):
        swa.AveragedModel(model, avg_fn=swa.get_swa_avg_fn(), multi_avg_fn=swa.get_swa_multi_avg_fn())
    for make in (swa.get_ema_avg_fn, swa.get_ema_multi_avg_fn):
        for decay in (-0.1, 1.1):
            with pytest.raises(ValueError, match="decay"):
                make(decay)
    optimizer = tl.optim.SGD(model.parameters())
    for args in ((0.1, -1), (0.1, 1.5), (0.1, 1, "up"), ([0.1, 0.2],)):
        with pytest.raises(ValueError):
            swa.SWALR(optimizer, *args)
    with pytest.raises(TypeError):
        swa.SWALR(3, 0.1)
