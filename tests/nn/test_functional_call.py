"""`func.functional_call` and `func.stack_module_state` against PyTorch."""

from __future__ import annotations

from typing import Any

import cases_attention
import cases_conv
import cases_image
import cases_lookup
import cases_norm
import cases_rare
import cases_recurrent
import pytest
from both import check_both, check_fails
from twins import Case, first, given, made

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")


def tied(lib: Any) -> Any:
    class Tied(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = lib.nn.Linear(2, 2), lib.nn.Linear(2, 2)
            self.b.weight = self.a.weight

        def forward(self, x, scale=1):
            return self.b(self.a(x)) * scale

    return Tied()


def test_gradients_flow_to_what_is_given() -> None:
    def scene(lib: Any) -> Any:
        net = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.Tanh(), lib.nn.Linear(4, 1))
        own = {name: p.detach().clone() for name, p in net.named_parameters()}
        given = {name: lib.randn(*p.shape).requires_grad_() for name, p in net.named_parameters()}
        y = lib.func.functional_call(net, given, (lib.randn(2, 3),))
        y.sum().backward()
        untouched = all(p.grad is None and lib.equal(p, own[name]) for name, p in net.named_parameters())
        return y, [p.grad for p in given.values()], untouched

    check_both(torch, scene)


def test_buffers_are_given_and_written_back() -> None:
    def scene(lib: Any) -> Any:
        net = lib.nn.BatchNorm1d(3)
        state = {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
        y = lib.func.functional_call(net, state, lib.randn(5, 3))
        return y, state, dict(net.state_dict())

    check_both(torch, scene)


def test_some_tensors_and_several_dicts() -> None:
    def scene(lib: Any) -> Any:
        net, x = lib.nn.Linear(2, 2), lib.randn(1, 2)
        call = lib.func.functional_call
        return (
            call(net, {"bias": lib.zeros(2)}, x), call(net, ({"bias": lib.zeros(2)}, {"weight": lib.ones(2, 2)}), x),
            call(net, {}, x), call(net, {"bias": lib.zeros(2)}, None, {"input": x}), net(x),
        )

    check_both(torch, scene)


@pytest.mark.parametrize("tie", [True, False])
def test_tied_weights(tie: bool) -> None:
    def scene(lib: Any) -> Any:
        net = tied(lib)
        given = {"a.weight": lib.ones(2, 2, requires_grad=True)}
        y = lib.func.functional_call(net, given, lib.ones(1, 2), {"scale": 3}, tie_weights=tie)
        y.sum().backward()
        return y, given["a.weight"].grad, net.b.weight is net.a.weight

    check_both(torch, scene)


def test_parametrized_and_recurrent_modules() -> None:
    def scene(lib: Any) -> Any:
        net = lib.nn.utils.parametrizations.weight_norm(lib.nn.Linear(2, 2))
        y = lib.func.functional_call(net, {"parametrizations.weight.original0": lib.ones(2, 1)}, lib.ones(1, 2))
        return y, net.weight

    check_both(torch, scene)
    net = tl.nn.utils.parametrizations.weight_norm(tl.nn.Linear(2, 2))
    with pytest.raises(RuntimeError, match="parametrizations.weight.original"):  # PyTorch loses the gradient
        tl.func.functional_call(net, {"weight": tl.ones(2, 2)}, tl.ones(1, 2))
    gru = tl.nn.GRU(2, 3)
    given = {name: tl.zeros_like(p) for name, p in gru.named_parameters()}
    assert not tl.func.functional_call(gru, given, tl.randn(4, 1, 2))[0].any()
    assert gru(tl.randn(4, 1, 2))[0].all()


def test_the_module_is_restored_after_an_error() -> None:
    net = tl.nn.Linear(2, 2)
    weight = net.weight
    with pytest.raises(RuntimeError):
        tl.func.functional_call(net, {"weight": tl.ones(2, 5)}, tl.ones(1, 2))
    assert net.weight is weight


def test_the_older_name() -> None:
    def scene(lib: Any) -> Any:
        return lib.nn.utils.stateless.functional_call(lib.nn.Linear(2, 1), {"bias": lib.zeros(1)}, lib.ones(1, 2))

    check_both(torch, scene)
    with pytest.warns(FutureWarning, match="func.functional_call"):
        tl.nn.utils.stateless.functional_call(tl.nn.ReLU(), {}, tl.ones(1))


def test_ensembles() -> None:
    def scene(lib: Any) -> Any:
        models = [lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3)) for _ in range(3)]
        params, buffers = lib.func.stack_module_state(models)
        leaves = all(p.is_leaf for p in params.values())
        models[0].requires_grad_(False), models[1].requires_grad_(False), models[2].requires_grad_(False)
        return params, buffers, leaves, lib.func.stack_module_state(models)

    check_both(torch, scene)


def call(lib: Any, given: Any, *args: Any, **kwargs: Any) -> Any:
    return lib.func.functional_call(lib.nn.Linear(2, 2), given, *args, **kwargs)


FAULTS = {
    "missing": lambda lib: call(lib, {"weight": lib.ones(2, 2)}, lib.ones(1, 2), strict=True),
    "unexpected": lambda lib: call(lib, {"height": lib.ones(2, 2)}, lib.ones(1, 2), strict=True),
    "twice": lambda lib: call(lib, ({"bias": lib.ones(2)}, {"bias": lib.ones(2)}), lib.ones(1, 2)),
    "no dict": lambda lib: call(lib, 3, lib.ones(1, 2)),
    "a list of something": lambda lib: call(lib, [3], lib.ones(1, 2)),
    "no submodule": lambda lib: call(lib, {"a.weight": lib.ones(2)}, lib.ones(1, 2)),
    "no tensor": lambda lib: call(lib, {"weight": 3}, lib.ones(1, 2)),
    "two values for one": lambda lib: lib.func.functional_call(
        tied(lib), {"a.weight": lib.ones(2, 2), "b.weight": lib.zeros(2, 2)}, lib.ones(1, 2)
    ),
    "no models": lambda lib: lib.func.stack_module_state([]),
    "two modes": lambda lib: lib.func.stack_module_state([lib.nn.Linear(1, 1), lib.nn.Linear(1, 1).eval()]),
    "two classes": lambda lib: lib.func.stack_module_state([lib.nn.Linear(1, 1), lib.nn.ReLU()]),
    "one is frozen": lambda lib: lib.func.stack_module_state(
        [lib.nn.Linear(1, 1), lib.nn.Linear(1, 1).requires_grad_(False)]
    ),
}


@pytest.mark.parametrize("scene", FAULTS.values(), ids=FAULTS)
def test_errors(scene: Any) -> None:
    check_fails(torch, scene)


TABLES = [cases_attention, cases_conv, cases_image, cases_lookup, cases_norm, cases_rare, cases_recurrent]
WITH_PARAMETERS = {
    f"{table.__name__.removeprefix('cases_')}-{i}": case
    for table in TABLES for i, case in enumerate(table.CASES) if list(made(tl, case).parameters())
}


def computed(case: Case, change: Any) -> tuple[Any, Any]:
    """Output and gradients of a layer whose parameters have been multiplied by 1.5 in some way."""
    layer = made(tl, case)
    call, parameters = change(layer)
    inputs = given(tl, case)
    tl.manual_seed(5)
    y = first(call(*inputs))
    if y.requires_grad:
        (y * y).sum().backward()
    return y.detach(), [dense(p.grad) for p in parameters]


def dense(grad: Any) -> Any:
    return grad.to_dense() if grad is not None and grad.is_sparse else grad


def by_value(layer: Any) -> Any:
    for p in layer.parameters():
        p.data = p.data * 1.5
    return layer, list(layer.parameters())


def by_call(layer: Any) -> Any:
    values = {name: (p.detach() * 1.5).requires_grad_(p.requires_grad) for name, p in layer.named_parameters()}
    return lambda *inputs: tl.func.functional_call(layer, values, inputs), list(values.values())


class Larger(tl.nn.Module):
    def forward(self, x):
        return x * 1.5


def by_parametrization(layer: Any) -> Any:
    names = [name for name, _ in layer.named_parameters()]
    for name in names:
        path, _, own = name.rpartition(".")
        tl.nn.utils.parametrize.register_parametrization(layer.get_submodule(path), own, Larger())
    originals = [f"{path}.parametrizations.{own}.original".strip(".") for path, _, own in (n.rpartition(".") for n in names)]
    return layer, [layer.get_parameter(name) for name in originals]


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("case", WITH_PARAMETERS.values(), ids=WITH_PARAMETERS)
def test_every_layer_uses_what_it_is_given(case: Case) -> None:
    """Parameters set, passed and computed are the same to a layer."""
    y, grads = computed(case, by_value)
    for change, factor in ((by_call, 1.0), (by_parametrization, 1.5)):
        other, other_grads = computed(case, change)
        assert tl.allclose(other, y, rtol=1e-5, atol=1e-6, equal_nan=True), change
        for ours, theirs in zip(other_grads, grads, strict=True):
            assert (ours is None) == (theirs is None)
            assert ours is None or tl.allclose(ours, theirs * factor, rtol=1e-4, atol=1e-4), change
