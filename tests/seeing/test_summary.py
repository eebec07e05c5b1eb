"""`summary`: numbers that can be checked by hand, and a model that is left as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tensorlite as tl
from tensorlite import nn
from tensorlite.nn import functional as F
from tensorlite.seeing import ModelSummary, summary


def rows(found: ModelSummary) -> dict[str, Any]:
    return {f"{row.name}:{row.kind}": row for row in found.layers}


class Functional(nn.Module):
    """Weights that it uses itself."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(tl.ones(5, 4))
        self.inner = nn.Linear(5, 2)

    def forward(self, x: Any) -> Any:
        return self.inner(F.linear(x, self.weight).relu()) + 1


def test_by_hand() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 4 * 4, 10))
    found = summary(model, tl.ones(2, 3, 8, 8))
    by = rows(found)
    assert by["0:Conv2d"].output_shapes == [[2, 8, 8, 8]] and by["0:Conv2d"].parameters == 8 * 3 * 9 + 8
    assert by["0:Conv2d"].multiply_adds == 2 * 8 * 64 * 27 and by["4:Linear"].multiply_adds == 2 * 128 * 10
    assert by["1:ReLU"].output_bytes == 2 * 8 * 64 * 4 and by["3:Flatten"].output_shapes == [[2, 128]]
    assert found.total_params == found.trainable_params == sum(p.numel() for p in model.parameters())
    assert found.total_param_bytes == 4 * found.total_params and found.total_input_bytes == 2 * 3 * 64 * 4
    assert found.total_mult_adds == 2 * 8 * 64 * 27 + 2 * 128 * 10


def test_functional_code_counts_to_its_module() -> None:
    by = rows(summary(Functional(), tl.ones(3, 4)))
    assert by[":Functional"].multiply_adds == 3 * 4 * 5 and by[":Functional"].parameters == 20
    assert by["inner:Linear"].multiply_adds == 3 * 5 * 2


def test_a_module_that_a_forward_makes_counts_to_its_maker() -> None:
    class Maker(nn.Module):
        def forward(self, x: Any) -> Any:
            return nn.Linear(4, 3)(x)

    found = summary(nn.Sequential(Maker()), tl.ones(2, 4))
    assert found.total_mult_adds == 24 and found.layers[1].multiply_adds == 24 and found.total_params == 0


def test_shared_layers_count_once() -> None:
    layer = nn.Linear(4, 4, bias=False)
    model = nn.Sequential(layer, nn.Tanh(), layer)
    found = summary(model, tl.ones(2, 4))
    assert found.total_params == 16 and found.total_mult_adds == 2 * (2 * 4 * 4)
    text = str(found)
    assert text.count("(shared)") == 1 and text.count("(called 2 times)") == 2


def test_tied_weights_count_once() -> None:
    model = nn.Sequential(nn.Linear(4, 3, bias=False), nn.Linear(4, 3))
    model[1].weight = model[0].weight
    assert summary(model).total_params == 12 + 3


def test_frozen_parameters() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    model[0].requires_grad_(False)
    found = summary(model)
    assert (found.total_params, found.trainable_params) == (23, 8)
    assert "23 (8 trainable, 15 frozen)" in str(found)


class Nested(nn.Module):
    def forward(self, x: Any, pair: Any, *, scale: Any = 1) -> Any:
        return {"sum": x + pair[0], "rest": [x * scale, (pair[1],)], "none": None}


def test_several_inputs_and_nested_outputs() -> None:
    found = summary(Nested(), tl.ones(2, 3), (tl.ones(3), tl.ones(1)), scale=tl.ones(1))
    assert found.layers[0].output_shapes == [[2, 3], [2, 3], [1]]
    assert found.total_input_bytes == 4 * (6 + 3 + 1 + 1)


MODELS: list[tuple[str, Callable[[], nn.Module], tuple[Any, ...], list[list[int]]]] = [
    ("lstm", lambda: nn.LSTM(4, 6, 2), (tl.ones(5, 3, 4),), [[5, 3, 6], [2, 3, 6], [2, 3, 6]]),
    ("attention", lambda: nn.MultiheadAttention(8, 2, batch_first=True), (tl.ones(2, 5, 8),) * 3, [[2, 5, 8], [2, 5, 5]]),
    ("transformer", lambda: nn.Transformer(8, 2, 1, 1, 16, batch_first=True), (tl.ones(2, 5, 8), tl.ones(2, 4, 8)), [[2, 4, 8]]),
    ("embedding", lambda: nn.Embedding(7, 3), (tl.tensor([[1, 2]]),), [[1, 2, 3]]),
]


@pytest.mark.parametrize(("name", "make", "inputs", "shapes"), MODELS, ids=[m[0] for m in MODELS])
def test_models(name: str, make: Callable[[], nn.Module], inputs: tuple[Any, ...], shapes: list[list[int]]) -> None:
    model = make()
    found = summary(model, *inputs, depth=None)
    assert found.layers[0].output_shapes == shapes
    assert found.total_params == sum(p.numel() for p in model.parameters())
    assert (found.total_mult_adds > 0) == (name != "embedding")
    assert all(len(line) < 140 for line in str(found).splitlines())


def test_depth_keeps_the_totals() -> None:
    model = nn.Transformer(8, 2, 2, 2, 16, batch_first=True)
    inputs = tl.ones(2, 5, 8), tl.ones(2, 4, 8)
    deep, flat, middle = (summary(model, *inputs, depth=d) for d in (None, 0, 2))
    assert len(flat.layers) == 1 < len(middle.layers) < len(deep.layers)
    for total in ("total_params", "trainable_params", "total_mult_adds", "total_output_bytes", "total_param_bytes"):
        assert getattr(flat, total) == getattr(middle, total) == getattr(deep, total)


@pytest.mark.parametrize(
    ("given", "named"),
    [(((2, 4),), {}), ((), {"input_size": (2, 4)}), ((), {"input_size": [(2, 4)]}), ((tl.ones(2, 4),), {})],
    ids=["positional", "input_size", "list of sizes", "tensor"],
)
def test_ways_to_give_the_input(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    assert str(summary(nn.Linear(4, 3), *given, **named)) == str(tl.summary(nn.Linear(4, 3), tl.ones(2, 4)))


def test_dtypes_of_made_up_inputs() -> None:
    assert summary(nn.Embedding(3, 2), input_size=(4,), dtypes=[tl.int64]).layers[0].output_shapes == [[4, 2]]
    assert summary(nn.Linear(3, 2).double(), input_size=(4, 3), dtypes=[tl.float64]).total_input_bytes == 96
    assert summary(nn.Linear(3, 2).to("strict"), (4, 3)).layers[0].output_shapes == [[4, 2]]


@pytest.mark.parametrize("mode", ["train", "eval", "same"])
def test_everything_is_as_it_was(mode: str) -> None:
    """Modes, buffers, random numbers, hooks, gradients; also when the model raises."""
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))
    model[2].eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    modes = [m.training for m in model.modules()]
    buffers = list(model.buffers())
    code = nn.Module.__call__.__code__
    tl.manual_seed(3)
    summary(model, tl.ones(5, 4), mode=mode)
    with pytest.raises(RuntimeError):
        summary(model, tl.ones(5, 3), mode=mode)
    drawn = tl.rand(2)
    assert tl.equal(drawn, tl.rand(2, generator=tl.Generator().manual_seed(3)))
    assert [m.training for m in model.modules()] == modes and nn.Module.__call__.__code__ is code
    assert all(tl.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(a is b for a, b in zip(buffers, model.buffers(), strict=True))
    assert all(p.grad is None for p in model.parameters()) and all(m._hooks is None for m in model.modules())
    assert tl.is_grad_enabled()


def test_a_layer_that_is_not_called_says_so() -> None:
    class Unused(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused, self.many = nn.Linear(2, 2), nn.Linear(2, 2), nn.ModuleList([nn.ReLU()])

        def forward(self, x: Any) -> Any:
            return self.many[0](self.used(x))

    lines = str(summary(Unused(), tl.ones(1, 2))).splitlines()
    assert [line.split()[1] for line in lines if "not called" in line] == ["unused:"]


def test_lazy_layers() -> None:
    model = nn.Sequential(nn.LazyLinear(3))
    assert summary(model).total_params == 0
    assert summary(model, tl.ones(2, 5)).total_params == 18


def test_without_inputs_nothing_runs() -> None:
    found = summary(nn.Sequential(nn.Linear(2, 2)))
    assert not found.ran and "Output shape" not in str(found) and found.total_params == 6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: summary(nn.ReLU(), tl.ones(1), input_size=(1,)), "either inputs or input_size"),
        (lambda: summary(nn.ReLU(), tl.ones(1), mode="fast"), "mode is"),
        (lambda: summary(nn.ReLU(), input_size=[(1,), (2,)], dtypes=[tl.int64]), "2 input sizes and 1 dtypes"),
    ],
    ids=["both", "mode", "dtypes"],
)
def test_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
