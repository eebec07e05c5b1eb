"""`nn.utils.prune` against PyTorch: the same elements from the same seed, names, errors."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from both import check_both, check_fails, trained

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
pytest.importorskip("torch.nn.utils.prune")  # not imported by PyTorch itself

METHODS = {
    "identity": lambda p, m: p.identity(m, "weight"),
    "random, a number": lambda p, m: p.random_unstructured(m, "weight", amount=4),
    "random, a share": lambda p, m: p.random_unstructured(m, "weight", amount=0.3),
    "random, none": lambda p, m: p.random_unstructured(m, "weight", amount=0),
    "random, all": lambda p, m: p.random_unstructured(m, "weight", amount=1.0),
    "smallest": lambda p, m: p.l1_unstructured(m, "weight", amount=0.5),
    "random slices": lambda p, m: p.random_structured(m, "weight", amount=2, dim=0),
    "random slices at the end": lambda p, m: p.random_structured(m, "weight", amount=0.5, dim=-1),
    "smallest slices": lambda p, m: p.ln_structured(m, "weight", amount=1, n=2, dim=1),
    "smallest slices, 1-norm": lambda p, m: p.ln_structured(m, "weight", amount=0.5, n=1, dim=0),
    "smallest slices, infinite norm": lambda p, m: p.ln_structured(m, "weight", amount=1, n=float("inf"), dim=-1),
    "smallest slices, least element": lambda p, m: p.ln_structured(m, "weight", amount=1, n=float("-inf"), dim=0),
}
LAYERS = {"linear": (lambda nn: nn.Linear(5, 4), (2, 5)), "conv": (lambda nn: nn.Conv2d(3, 4, 2), (2, 3, 4, 4))}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("method", METHODS)
def test_pruning(layer: str, method: str) -> None:
    make, shape = LAYERS[layer]

    def scene(lib: Any) -> Any:
        made = make(lib.nn)
        back = METHODS[method](lib.nn.utils.prune, made)
        names = [name for name, _ in made.named_parameters()]
        return back is made, names, made.weight, made.weight_mask, trained(lib, made, lib.randn(*shape)), lib.rand(2)

    check_both(torch, scene)


# Not by the least element of a slice: it is zero in every slice of which something is pruned, and then all are alike.
@pytest.mark.parametrize("second", [method for method in METHODS if "least" not in method])
@pytest.mark.parametrize("first", METHODS)
def test_pruning_again(first: str, second: str) -> None:
    def scene(lib: Any) -> Any:
        prune, made = lib.nn.utils.prune, lib.nn.Linear(5, 4)
        METHODS[first](prune, made)
        METHODS[second](prune, made)
        METHODS[first](prune, made)
        mask = made.weight_mask
        y = made(lib.ones(2, 5))
        prune.remove(made, "weight")
        return mask, y, made.weight, list(made.state_dict()), prune.is_pruned(made)

    check_both(torch, scene)


@pytest.mark.parametrize("method", ["L1Unstructured", "RandomUnstructured"])
@pytest.mark.parametrize("amount", [7, 0.4])
def test_global(method: str, amount: float) -> None:
    def scene(lib: Any) -> Any:
        prune = lib.nn.utils.prune
        net = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.ReLU(), lib.nn.Linear(4, 2))
        prune.l1_unstructured(net[0], "weight", amount=2)
        pairs = [(net[0], "weight"), (net[2], "weight"), (net[2], "bias")]
        prune.global_unstructured(pairs, pruning_method=getattr(prune, method), amount=amount)
        return dict(net.state_dict()), net(lib.ones(1, 3)), prune.is_pruned(net)

    check_both(torch, scene)


def test_importance() -> None:
    def scene(lib: Any) -> Any:
        prune, a, b = lib.nn.utils.prune, lib.nn.Linear(3, 4), lib.nn.Linear(3, 4)
        prune.l1_unstructured(a, "weight", amount=3, importance_scores=lib.randn(4, 3))
        prune.ln_structured(a, "weight", amount=1, n=1, dim=0, importance_scores=lib.randn(4, 3))
        scores = {(b, "weight"): lib.randn(4, 3)}
        prune.global_unstructured([(a, "bias"), (b, "weight")], prune.L1Unstructured, importance_scores=scores, amount=5)
        return a.weight, a.bias, b.weight

    check_both(torch, scene)


def test_tensors_without_a_module() -> None:
    def scene(lib: Any) -> Any:
        prune, t = lib.nn.utils.prune, lib.randn(4, 3)
        mask = lib.ones(4, 3)
        mask[0] = 0
        return (
            prune.L1Unstructured(4).prune(t), prune.RandomUnstructured(0.5).prune(t, default_mask=mask),
            prune.LnStructured(1, 2, 0).prune(t, importance_scores=-t), prune.CustomFromMask(mask).prune(t),
        )

    check_both(torch, scene)


def test_containers_and_methods_of_ones_own() -> None:
    def scene(lib: Any) -> Any:
        prune = lib.nn.utils.prune

        class EverySecond(prune.BasePruningMethod):
            PRUNING_TYPE = "unstructured"

            def compute_mask(self, t, default_mask):
                mask = default_mask.clone()
                mask.view(-1)[::2] = 0
                return mask

        made = lib.nn.Linear(5, 4)
        first = EverySecond.apply(made, "weight")
        container = EverySecond.apply(made, "weight")
        names = [type(container).__name__, *(type(m).__name__ for m in container)]
        return type(first).__name__, names, len(container), container[0] is first, made.weight

    check_both(torch, scene)


def test_pickling() -> None:
    def scene(lib: Any) -> Any:
        made = lib.nn.utils.prune.random_unstructured(lib.nn.Linear(3, 2), "weight", amount=2)
        read = pickle.loads(pickle.dumps(made))
        return read(lib.ones(1, 3)), list(read.state_dict()), lib.nn.utils.prune.is_pruned(read)

    check_both(torch, scene)


def test_states_are_exchanged() -> None:
    ours, theirs = (lib.nn.utils.prune.random_unstructured(lib.nn.Linear(3, 2), "weight", amount=2) for lib in (tl, torch))
    theirs.load_state_dict({k: torch.tensor(v.tolist()) for k, v in ours.state_dict().items()})
    expected = theirs(torch.ones(1, 3)).tolist()[0]
    assert ours(tl.ones(1, 3)).tolist()[0] == pytest.approx(expected, rel=1e-5)
    back = tl.nn.utils.prune.identity(tl.nn.Linear(3, 2), "weight")
    back.load_state_dict({k: tl.tensor(v.tolist()) for k, v in theirs.state_dict().items()})
    assert back(tl.ones(1, 3)).tolist()[0] == pytest.approx(expected, rel=1e-5)


def test_a_failure_changes_nothing() -> None:
    made = tl.nn.Linear(3, 2)
    with pytest.raises(ValueError):
        tl.nn.utils.prune.random_unstructured(made, "weight", amount=7)
    assert list(made.state_dict()) == ["weight", "bias"] and not tl.nn.utils.prune.is_pruned(made)


def linear(lib: Any) -> Any:
    return lib.nn.Linear(3, 2)


FAULTS = {
    "a share above one": lambda lib: lib.nn.utils.prune.random_unstructured(linear(lib), "weight", amount=1.5),
    "a negative number": lambda lib: lib.nn.utils.prune.random_unstructured(linear(lib), "weight", amount=-1),
    "too many": lambda lib: lib.nn.utils.prune.l1_unstructured(linear(lib), "weight", amount=7),
    "too many slices": lambda lib: lib.nn.utils.prune.random_structured(linear(lib), "weight", amount=7, dim=0),
    "no number": lambda lib: lib.nn.utils.prune.random_unstructured(linear(lib), "weight", amount="a"),
    "no such parameter": lambda lib: lib.nn.utils.prune.random_unstructured(linear(lib), "height", amount=1),
    "slices of a vector": lambda lib: lib.nn.utils.prune.random_structured(linear(lib), "bias", amount=1, dim=0),
    "no such dimension": lambda lib: lib.nn.utils.prune.ln_structured(linear(lib), "weight", amount=1, n=2, dim=2),
    "another mask": lambda lib: lib.nn.utils.prune.custom_from_mask(linear(lib), "weight", lib.ones(2, 2)),
    "other scores": lambda lib: lib.nn.utils.prune.l1_unstructured(linear(lib), "weight", 1, importance_scores=lib.ones(2)),
    "nothing to remove": lambda lib: lib.nn.utils.prune.remove(linear(lib), "weight"),
    "no list": lambda lib: lib.nn.utils.prune.global_unstructured(3, lib.nn.utils.prune.L1Unstructured, amount=1),
    "no dict": lambda lib: lib.nn.utils.prune.global_unstructured(
        [(linear(lib), "weight")], lib.nn.utils.prune.L1Unstructured, importance_scores=3, amount=1
    ),
    "global slices": lambda lib: lib.nn.utils.prune.global_unstructured(
        [(linear(lib), "weight")], lib.nn.utils.prune.LnStructured, amount=1, n=2
    ),
    "the base class": lambda lib: lib.nn.utils.prune.BasePruningMethod(),
}


@pytest.mark.parametrize("scene", FAULTS.values(), ids=FAULTS)
def test_errors(scene: Any) -> None:
    check_fails(torch, scene)
