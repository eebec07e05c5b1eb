"""Lazy layers against PyTorch: before the first input, at it, and after it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from cases_lazy import FAULTS, LAZY
from twins import Case, check_error, close, given, made

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")

ROWS = pytest.mark.parametrize("row", LAZY, ids=range(len(LAZY)))


def after_one_call(lib: Any, row: Case) -> tuple[Any, Any]:
    layer, inputs = made(lib, row), given(lib, row)
    lib.manual_seed(2)
    return layer, layer(*inputs)


@ROWS
def test_before_the_first_input(row: Case) -> None:
    ours, theirs = made(tl, row), made(torch, row)
    assert repr(ours) == repr(theirs)
    assert repr(ours.state_dict()) == repr(theirs.state_dict())
    assert ours.has_uninitialized_params() == theirs.has_uninitialized_params()


@pytest.mark.filterwarnings("ignore:input's size")  # instance norms that use no features say so
@ROWS
def test_the_first_call_draws_pytorch_s_parameters(row: Case) -> None:
    (ours, y), (theirs, expected) = after_one_call(tl, row), after_one_call(torch, row)
    assert type(ours).__name__ == type(theirs).__name__
    if theirs.state_dict():
        assert repr(ours) == repr(theirs)
    close(torch, y, expected, "output")
    state = ours.state_dict()
    assert list(state) == list(theirs.state_dict())
    for name, value in theirs.state_dict().items():
        close(torch, state[name], value, name)
    y.sum().backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in ours.parameters())


@pytest.mark.parametrize("row", FAULTS, ids=range(len(FAULTS)))
def test_errors(row: Any) -> None:
    check_error(torch, row)


def test_cast_before_the_first_input() -> None:
    net = tl.nn.Sequential(tl.nn.LazyLinear(3), tl.nn.LazyBatchNorm1d()).double()
    assert net[0].weight.dtype == tl.float64 and net[1].running_mean.dtype == tl.float64
    assert net(tl.randn(4, 2, dtype=tl.float64)).dtype == tl.float64
    assert type(net[0]) is tl.nn.Linear and type(net[0].weight) is tl.nn.Parameter
    assert type(net[1].running_mean) is tl.Tensor


def test_move_before_the_first_input() -> None:
    layer = tl.nn.LazyLinear(3).to("strict")
    assert layer.weight.device.type == "strict"
    assert layer(tl.ones(2, 4).to("strict")).device.type == "strict"


def test_freeze_before_the_first_input() -> None:
    layer = tl.nn.LazyLinear(3).requires_grad_(False)
    assert not layer(tl.ones(1, 2)).requires_grad and not layer.weight.requires_grad


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_are_lazy_and_independent(again: Any) -> None:
    layer = tl.nn.LazyConv2d(4, 3).double()
    twin = again(layer)
    assert twin(tl.ones(1, 2, 5, 5, dtype=tl.float64)).shape == (1, 4, 3, 3)
    assert layer.has_uninitialized_params() and type(layer) is tl.nn.LazyConv2d


@pytest.mark.parametrize("source", ["LazyLinear", "Linear"])
def test_loading_into_a_lazy_layer(source: str) -> None:
    ours = tl.nn.LazyLinear(3)
    state = (tl.nn.LazyLinear(3) if source == "LazyLinear" else tl.nn.Linear(2, 3)).state_dict()
    assert repr(ours.load_state_dict(state)) == "<All keys matched successfully>"
    assert ours.has_uninitialized_params() == (source == "LazyLinear")
    assert ours(tl.ones(1, 2)).shape == (1, 3) and type(ours) is tl.nn.Linear
    if source == "Linear":
        assert tl.equal(ours.weight, state["weight"])


def test_input_that_contradicts_a_loaded_state() -> None:
    layer = tl.nn.LazyLinear(3)
    layer.load_state_dict(tl.nn.Linear(2, 3).state_dict())
    with pytest.raises(AssertionError, match="in_features"):
        layer(tl.ones(1, 4))


def test_a_lazy_module_of_ones_own() -> None:
    class Scale(tl.nn.modules.lazy.LazyModuleMixin, tl.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = tl.nn.UninitializedParameter()
            self.calls = 0

        def initialize_parameters(self, x: tl.Tensor) -> None:
            self.calls += 1
            if self.has_uninitialized_params():
                self.weight.materialize(x.shape[-1:])
                tl.nn.init.ones_(self.weight)

        def forward(self, x: tl.Tensor) -> tl.Tensor:
            return x * self.weight

    layer = Scale()
    seen: list[int] = []
    layer.register_forward_hook(lambda module, args, output: seen.append(1))
    for _ in range(3):
        assert layer(tl.ones(2, 3)).tolist() == [[1.0] * 3] * 2
    assert layer.calls == 1 and len(seen) == 3
