"""Weight normalisation, spectral normalisation and orthogonal weights, by hooks and by parametrizations, against PyTorch."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import pytest
from both import check_both, check_fails, trained

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")

LAYERS = {
    "linear": (lambda nn: nn.Linear(4, 3), (2, 4)),
    "conv": (lambda nn: nn.Conv2d(2, 3, 2), (2, 2, 4, 4)),
    "transposed": (lambda nn: nn.ConvTranspose1d(2, 3, 2), (2, 2, 4)),
}


def old(lib: Any, kind: str, module: Any, *args: Any, **kwargs: Any) -> Any:
    """By a hook, without its warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(lib.nn.utils, kind)(module, *args, **kwargs)


def new(lib: Any, kind: str, module: Any, *args: Any, **kwargs: Any) -> Any:
    return getattr(lib.nn.utils.parametrizations, kind)(module, *args, **kwargs)


CASES = [
    *(("weight_norm", {"dim": dim}) for dim in (0, 1, -2, None)),
    ("spectral_norm", {}), ("spectral_norm", {"n_power_iterations": 3}), ("spectral_norm", {"dim": 1}),
]


@pytest.mark.parametrize("way", [old, new])
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(("kind", "options"), CASES, ids=str)
def test_training(way: Any, layer: str, kind: str, options: dict[str, Any]) -> None:
    make, shape = LAYERS[layer]

    def scene(lib: Any) -> Any:
        made = way(lib, kind, make(lib.nn), **options)
        names = [name for name, _ in made.named_parameters()]
        return names, made.weight.detach(), trained(lib, made, lib.randn(*shape)), dict(made.state_dict()._metadata)

    check_both(torch, scene)


@pytest.mark.parametrize("orthogonal_map", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("trivialized", [True, False])
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
def test_orthogonal(orthogonal_map: str | None, trivialized: bool, shape: tuple[int, int]) -> None:
    def scene(lib: Any) -> Any:
        made = lib.nn.Linear(*shape)
        new(lib, "orthogonal", made, orthogonal_map=orthogonal_map, use_trivialization=trivialized)
        start = made.weight.detach()
        return start, trained(lib, made, lib.randn(2, shape[0]))

    check_both(torch, scene)


def test_orthogonal_assignment() -> None:
    def scene(lib: Any) -> Any:
        made = new(lib, "orthogonal", lib.nn.Linear(3, 3))
        wanted = lib.linalg.qr(lib.randn(3, 3)).Q
        made.weight = wanted
        kept = made.weight.detach().clone()
        made.weight = lib.randn(3, 3)  # made orthogonal
        return wanted, kept, made.weight, list(made.state_dict())

    check_both(torch, scene)


@pytest.mark.parametrize("kind", ["weight_norm", "spectral_norm"])
def test_removal_by_hook(kind: str) -> None:
    def scene(lib: Any) -> Any:
        made = old(lib, kind, lib.nn.Linear(4, 3)).eval()
        x = lib.randn(2, 4)
        before = made(x)
        again = getattr(lib.nn.utils, f"remove_{kind}")(made)
        return before, again(x), list(again.state_dict()), dict(again.state_dict()._metadata), type(again.weight).__name__

    check_both(torch, scene)
    made = old(tl, kind, tl.nn.Linear(4, 3))
    getattr(tl.nn.utils, f"remove_{kind}")(made)
    old(tl, kind, made)  # and it can be normalised again


def test_new_weight_norm_loads_old_states() -> None:
    def scene(lib: Any) -> Any:
        saved = old(lib, "weight_norm", lib.nn.Linear(4, 3)).state_dict()
        made = new(lib, "weight_norm", lib.nn.Linear(4, 3))
        return repr(made.load_state_dict(saved)), made.weight

    check_both(torch, scene)


@pytest.mark.parametrize("way", [old, new])
@pytest.mark.parametrize("kind", ["weight_norm", "spectral_norm"])
def test_states_are_exchanged(way: Any, kind: str) -> None:
    ours, theirs = (way(lib, kind, lib.nn.Linear(4, 3)).eval() for lib in (tl, torch))
    theirs.load_state_dict({k: torch.tensor(v.tolist()) for k, v in ours.state_dict().items()})
    x = [[1.0, 2.0, 3.0, 4.0]]
    expected = theirs(torch.tensor(x)).tolist()[0]
    assert ours(tl.tensor(x)).tolist()[0] == pytest.approx(expected, rel=1e-5)
    other = way(tl, kind, tl.nn.Linear(4, 3)).eval()
    other.load_state_dict({k: tl.tensor(v.tolist()) for k, v in theirs.state_dict().items()})
    assert other(tl.tensor(x)).tolist()[0] == pytest.approx(expected, rel=1e-5)


def test_vector_and_frozen() -> None:
    def scene(lib: Any) -> Any:
        made = new(lib, "spectral_norm", lib.nn.Linear(4, 3), name="bias")
        frozen = old(lib, "spectral_norm", lib.nn.Linear(4, 3).requires_grad_(False))
        return made.bias, list(made.state_dict()), frozen(lib.ones(1, 4)), frozen.weight

    check_both(torch, scene)


def test_copies() -> None:
    def scene(lib: Any) -> Any:
        norms = [new(lib, kind, lib.nn.Linear(4, 3)) for kind in ("weight_norm", "spectral_norm", "orthogonal")]
        fresh = old(lib, "spectral_norm", lib.nn.Linear(4, 3))
        twins = [copy.deepcopy(made).eval() for made in (*norms, fresh)]
        read = pickle.loads(pickle.dumps(old(lib, "weight_norm", lib.nn.Linear(4, 3))))
        return [twin(lib.ones(1, 4)) for twin in (*twins, read)], [list(twin.state_dict()) for twin in (*twins, read)]

    check_both(torch, scene)


def test_lstm() -> None:
    def scene(lib: Any) -> Any:
        made = old(lib, "weight_norm", lib.nn.LSTM(3, 2), name="weight_hh_l0")
        y, _ = made(lib.randn(4, 1, 3))
        y.sum().backward()
        return y, made.weight_hh_l0_g.grad, made.weight_hh_l0_v.grad

    check_both(torch, scene)


def called(lib: Any, kind: str, *args: Any, **kwargs: Any) -> Any:
    return old(lib, kind, lib.nn.Linear(2, 2), *args, **kwargs)


FAULTS = {
    "twice weight_norm": lambda lib: old(lib, "weight_norm", called(lib, "weight_norm")),
    "twice spectral_norm": lambda lib: old(lib, "spectral_norm", called(lib, "spectral_norm")),
    "no weight_norm to remove": lambda lib: called(lib, "remove_weight_norm"),
    "no spectral_norm to remove": lambda lib: called(lib, "remove_spectral_norm"),
    "no iterations": lambda lib: called(lib, "spectral_norm", n_power_iterations=0),
    "no iterations, new": lambda lib: new(lib, "spectral_norm", lib.nn.Linear(2, 2), n_power_iterations=0),
    "no such parameter": lambda lib: called(lib, "weight_norm", "height"),
    "no such parameter, spectral": lambda lib: called(lib, "spectral_norm", "height"),
    "no such parameter, new": lambda lib: new(lib, "spectral_norm", lib.nn.Linear(2, 2), "height"),
    "an absent parameter": lambda lib: old(lib, "spectral_norm", lib.nn.Linear(2, 2, bias=False), "bias"),
    "no such dimension": lambda lib: new(lib, "spectral_norm", lib.nn.Linear(2, 2), dim=3),
    "lazy": lambda lib: old(lib, "weight_norm", lib.nn.LazyLinear(2)),
    "an orthogonal vector": lambda lib: new(lib, "orthogonal", lib.nn.Linear(2, 2), "bias"),
    "an unknown map": lambda lib: new(lib, "orthogonal", lib.nn.Linear(2, 2), orthogonal_map="polar"),
    "no inverse": lambda lib: setattr(
        new(lib, "orthogonal", lib.nn.Linear(2, 2), use_trivialization=False), "weight", lib.eye(2)
    ),
    "another shape": lambda lib: setattr(new(lib, "orthogonal", lib.nn.Linear(2, 2)), "weight", lib.eye(3)),
    "a copy of a result": lambda lib: copy.deepcopy(called(lib, "weight_norm")),
}


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize("scene", FAULTS.values(), ids=FAULTS)
def test_errors(scene: Any) -> None:
    check_fails(torch, scene)


def test_weight_norm_is_deprecated() -> None:
    with pytest.warns(FutureWarning, match="parametrizations.weight_norm"):
        tl.nn.utils.weight_norm(tl.nn.Linear(1, 1))
