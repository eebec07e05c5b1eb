"""`nn.utils.parametrize` against PyTorch: names, printing, values, gradients, assignment, copies and errors."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from both import check_both, check_fails, trained

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")


def parts(lib: Any) -> Any:
    """Parametrizations of every kind, as classes of a namespace."""
    Module = lib.nn.Module

    class Parts:
        class Symmetric(Module):
            def forward(self, x):
                return x.triu() + x.triu(1).T

        class Twice(Module):
            def forward(self, x):
                return 2 * x

            def right_inverse(self, x):
                return x / 2

        class Shifted(Module):
            def __init__(self):
                super().__init__()
                self.shift = lib.nn.Parameter(lib.ones(1))

            def forward(self, x):
                return x + self.shift

            def right_inverse(self, x):
                return x - self.shift

        class OneWay(Module):
            def forward(self, x):
                return x * x

        class Unwilling(Module):
            def forward(self, x):
                return x * x

            def right_inverse(self, x):
                raise NotImplementedError

        class Sum(Module):
            def forward(self, a, b):
                return a + 2 * b

            def right_inverse(self, x):
                return x / 2, x / 4

        class Double(Module):
            def forward(self, x):
                return x.double()

        class Row(Module):
            def forward(self, x):
                return x[:1]

        class Number(Module):
            def forward(self, x):
                return 3

        class InverseDouble(Module):
            def forward(self, x):
                return x

            def right_inverse(self, x):
                return x.double()

        class InverseNumber(Module):
            def forward(self, x):
                return x

            def right_inverse(self, x):
                return 3

        class InverseNumbers(Module):
            def forward(self, x, y):
                return x

            def right_inverse(self, x):
                return 3, 4

    return Parts


def layer(lib: Any, *names: str, tensor: str = "weight", unsafe: bool = False) -> Any:
    made = lib.nn.Linear(3, 3)
    for name in names:
        lib.nn.utils.parametrize.register_parametrization(made, tensor, getattr(parts(lib), name)(), unsafe=unsafe)
    return made


CHAINS = [
    ("Symmetric",), ("Twice",), ("Sum",), ("Shifted",), ("Unwilling",), ("Twice", "Symmetric"), ("Twice", "Shifted"),
    ("Sum", "Twice", "Twice"), ("OneWay", "Twice"),
]


@pytest.mark.parametrize("names", CHAINS, ids="-".join)
def test_training_and_state(names: tuple[str, ...]) -> None:
    def scene(lib: Any) -> Any:
        made = layer(lib, *names)
        return [[name for name, _ in made.named_parameters()], trained(lib, made, lib.randn(4, 3)), type(made).__name__]

    check_both(torch, scene)


@pytest.mark.parametrize("names", [("Twice",), ("Sum",), ("Twice", "Shifted"), ("Sum", "Twice")], ids="-".join)
def test_assignment(names: tuple[str, ...]) -> None:
    def scene(lib: Any) -> Any:
        made = layer(lib, *names)
        originals = {id(p) for p in made.parameters()}
        made.weight = value = lib.randn(3, 3)
        assert {id(p) for p in made.parameters()} == originals  # what an optimizer knows
        return made.weight, value, dict(made.state_dict())

    check_both(torch, scene)


@pytest.mark.parametrize("leave", [True, False])
@pytest.mark.parametrize("names", CHAINS, ids="-".join)
def test_removal(names: tuple[str, ...], leave: bool) -> None:
    def scene(lib: Any) -> Any:
        made = layer(lib, *names)
        back = lib.nn.utils.parametrize.remove_parametrizations(made, "weight", leave)
        assert back is made
        return repr(made), type(made) is lib.nn.Linear, made.weight, [n for n, _ in made.named_parameters()]

    check_both(torch, scene)


def test_the_parameter_object_survives() -> None:
    made = tl.nn.Linear(3, 3)
    weight, value = made.weight, made.weight.detach().clone()
    tl.nn.utils.parametrize.register_parametrization(made, "weight", parts(tl).Twice())
    assert made.parametrizations.weight.original is weight
    tl.nn.utils.parametrize.remove_parametrizations(made, "weight")
    assert made.weight is weight and tl.equal(weight, value)


def test_two_tensors_and_a_buffer() -> None:
    def scene(lib: Any) -> Any:
        P, p = lib.nn.utils.parametrize, parts(lib)
        made = lib.nn.BatchNorm1d(3)
        for name in ("weight", "running_var", "bias"):
            P.register_parametrization(made, name, p.Twice())
        seen = [repr(made), list(made.state_dict()), P.is_parametrized(made), P.is_parametrized(made, "bias")]
        y = made.eval()(lib.randn(4, 3))
        P.remove_parametrizations(made, "running_var")
        seen += [list(made.state_dict()), P.is_parametrized(made, "running_var"), P.is_parametrized(made, "weight")]
        return seen, y, P.type_before_parametrizations(made).__name__

    check_both(torch, scene)


def test_states_are_exchanged() -> None:
    ours, theirs = layer(tl, "Sum", "Twice"), layer(torch, "Sum", "Twice")
    theirs.load_state_dict({k: torch.tensor(v.tolist()) for k, v in ours.state_dict().items()})
    assert theirs.weight.tolist() == ours.weight.tolist()
    back = layer(tl, "Sum", "Twice")
    back.load_state_dict({k: tl.tensor(v.tolist()) for k, v in theirs.state_dict().items()})
    assert back.weight.tolist() == ours.weight.tolist()


def test_modes_and_recurrent_layers() -> None:
    def scene(lib: Any) -> Any:
        made = lib.nn.GRU(2, 3)
        part = parts(lib).Shifted()
        lib.nn.utils.parametrize.register_parametrization(made.eval(), "weight_hh_l0", part)
        y, _ = made(lib.randn(4, 1, 2))
        y.sum().backward()
        return y, part.training, part.shift.grad, made.train().parametrizations.training

    check_both(torch, scene)


def test_cached() -> None:
    calls = []

    class Counted(tl.nn.Module):
        def forward(self, x):
            calls.append(1)
            return x * 2

    P = tl.nn.utils.parametrize
    made = P.register_parametrization(tl.nn.Linear(2, 2), "weight", Counted())
    calls.clear()
    with P.cached():
        first = made.weight
        with P.cached():
            assert made.weight is first
        assert made.weight is first and len(calls) == 1
    assert made.weight is not first and len(calls) == 2
    with P.cached():
        assert made.weight is not first


def test_deepcopy_has_a_class_of_its_own() -> None:
    P = tl.nn.utils.parametrize
    made = layer(tl, "Twice")
    twin = copy.deepcopy(made)
    assert repr(twin) == repr(made) and tl.equal(twin.weight, made.weight)
    assert twin.parametrizations.weight.original is not made.parametrizations.weight.original
    P.remove_parametrizations(twin, "weight")
    assert P.is_parametrized(made) and not P.is_parametrized(twin)
    assert made(tl.ones(1, 3)).tolist() == twin(tl.ones(1, 3)).tolist()


def test_transfer() -> None:
    def scene(lib: Any) -> Any:
        P = lib.nn.utils.parametrize
        first, second = layer(lib, "Sum", "Twice"), lib.nn.Linear(3, 3)
        P.register_parametrization(first, "bias", parts(lib).Twice())
        P.transfer_parametrizations_and_params(first, second)
        shared = second.parametrizations.weight.original1 is first.parametrizations.weight.original1
        third = P.transfer_parametrizations_and_params(first, lib.nn.Linear(3, 3), "bias")
        return repr(second), shared, second.weight, third.bias, list(third.state_dict())

    check_both(torch, scene)


BAD = ["Double", "Row", "Number", "InverseDouble", "InverseNumber", "InverseNumbers"]


@pytest.mark.parametrize("name", BAD)
def test_unfit_parametrizations(name: str) -> None:
    check_fails(torch, lambda lib: layer(lib, name))
    made = tl.nn.Linear(3, 3)
    before = made.weight.detach().clone()
    with pytest.raises((ValueError, TypeError)):
        tl.nn.utils.parametrize.register_parametrization(made, "weight", getattr(parts(tl), name)())
    assert type(made) is tl.nn.Linear and tl.equal(made.weight, before)  # as if nothing had been tried


@pytest.mark.parametrize("name", ["Double", "Row", "Number", "InverseDouble", "InverseNumber", "Sum"])
def test_unfit_second_parametrizations(name: str) -> None:
    check_fails(torch, lambda lib: layer(lib, "Twice", name))


@pytest.mark.parametrize("name", ["Double", "Row"])
def test_unsafe(name: str) -> None:
    check_both(torch, lambda lib: layer(lib, name, unsafe=True).weight)
    check_both(torch, lambda lib: layer(lib, "Twice", name, unsafe=True).weight)


FAULTS = {
    "no such tensor": lambda lib: layer(lib, "Twice", tensor="height"),
    "no parametrization": lambda lib: lib.nn.utils.parametrize.ParametrizationList([], lib.ones(2)),
    "no inverse": lambda lib: setattr(layer(lib, "OneWay"), "weight", lib.ones(3, 3)),
    "an inverse that refuses": lambda lib: setattr(layer(lib, "Unwilling"), "weight", lib.ones(3, 3)),
    "a parameter is assigned": lambda lib: setattr(layer(lib, "Twice"), "weight", lib.nn.Parameter(lib.ones(3, 3))),
    "another dtype is assigned": lambda lib: setattr(layer(lib, "Twice"), "weight", lib.ones(3, 3, dtype=lib.float64)),
    "nothing to remove": lambda lib: lib.nn.utils.parametrize.remove_parametrizations(lib.nn.Linear(1, 1), "weight"),
    "pickling": lambda lib: pickle.dumps(layer(lib, "Twice")),
}


@pytest.mark.parametrize("scene", FAULTS.values(), ids=FAULTS)
def test_errors(scene: Any) -> None:
    check_fails(torch, scene)
