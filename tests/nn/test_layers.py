"""Layers against PyTorch: construction, printing, state and forward."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

import tensorlite as tl

CONSTRUCTORS: list[Callable[[Any], Any]] = [
    lambda nn: nn.Identity(5),
    lambda nn: nn.Linear(3, 4),
    lambda nn: nn.Linear(20, 5, bias=False),
    lambda nn: nn.Conv2d(4, 6, 3, stride=2, padding=(1, 2), dilation=2, groups=2, bias=False, padding_mode="circular"),
    lambda nn: nn.Conv2d(1, 2, (3, 5), padding="same"),
    lambda nn: nn.BatchNorm1d(3, momentum=None),
    lambda nn: nn.BatchNorm2d(3, affine=False),
    lambda nn: nn.BatchNorm2d(3, bias=False),
    lambda nn: nn.BatchNorm3d(3, track_running_stats=False),
    lambda nn: nn.MaxPool2d((2, 3), padding=1),
    lambda nn: nn.AvgPool2d(2),
    lambda nn: nn.AdaptiveAvgPool2d((1, None)),
    lambda nn: nn.Dropout(0.3, inplace=True),
    lambda nn: nn.Flatten(0, 2),
    lambda nn: nn.Unflatten(1, (2, 3)),
    lambda nn: nn.ReLU(inplace=True),
    lambda nn: nn.ReLU6(),
    lambda nn: nn.Tanh(),
    lambda nn: nn.Sigmoid(),
    lambda nn: nn.LeakyReLU(0.2, True),
    lambda nn: nn.ELU(),
    lambda nn: nn.SELU(True),
    lambda nn: nn.CELU(2.0),
    lambda nn: nn.GELU("tanh"),
    lambda nn: nn.SiLU(),
    lambda nn: nn.Mish(),
    lambda nn: nn.Softplus(),
    lambda nn: nn.Softsign(),
    lambda nn: nn.Softmax(dim=1),
    lambda nn: nn.LogSoftmax(dim=-1),
    lambda nn: nn.Softmin(dim=1),
    lambda nn: nn.Hardtanh(),
    lambda nn: nn.Hardswish(),
    lambda nn: nn.Hardsigmoid(),
    lambda nn: nn.LogSigmoid(),
    lambda nn: nn.Tanhshrink(),
    lambda nn: nn.Softshrink(),
    lambda nn: nn.Hardshrink(0.1),
    lambda nn: nn.Threshold(0.1, 20),
    lambda nn: nn.GLU(),
    lambda nn: nn.PReLU(3),
    lambda nn: nn.CrossEntropyLoss(),
    lambda nn: nn.SmoothL1Loss(beta=0.5),
    lambda nn: nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.BatchNorm1d(3), nn.ReLU()), nn.Linear(3, 1)),
    lambda nn: nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Sequential(nn.Tanh()), nn.Sequential(nn.Tanh())]),
    lambda nn: nn.ModuleDict({"left": nn.Linear(2, 1), "right": nn.ReLU()}),
    lambda nn: nn.ModuleList(),
]


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def to_torch(torch: Any, tensor: tl.Tensor) -> Any:
    return torch.from_numpy(tensor.detach().numpy().copy())


def twins(torch: Any, make: Callable[[Any], Any], seed: int = 0) -> tuple[Any, Any]:
    """The same layer here and in PyTorch, made from the same seed."""
    tl.manual_seed(seed)
    ours = make(tl.nn)
    torch.manual_seed(seed)
    return ours, make(torch.nn)


@pytest.mark.parametrize("index", range(len(CONSTRUCTORS)))
def test_construction_is_pytorch_s(torch: Any, index: int) -> None:
    ours, theirs = twins(torch, CONSTRUCTORS[index])
    assert repr(ours) == repr(theirs)
    state, expected = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(expected)
    for name, value in state.items():
        assert torch.equal(to_torch(torch, value), expected[name]), name
    assert dict(state._metadata) == dict(expected._metadata)


def test_parameter_containers_print_as_pytorch_s(torch: Any) -> None:
    for make in (
        lambda lib: lib.nn.ParameterList([lib.zeros(2), 3, lib.nn.Parameter(lib.zeros(1, 2))]),
        lambda lib: lib.nn.ParameterDict({"a": lib.zeros(2, 3), "b": 3}),
    ):
        assert repr(make(tl)) == repr(make(torch)) and list(make(tl).state_dict()) == list(make(torch).state_dict())


INPUTS = {
    "Linear": (4, 3),
    "Conv2d": (2, 4, 9, 8),
    "BatchNorm1d": (5, 3),
    "BatchNorm2d": (2, 3, 4, 5),
    "BatchNorm3d": (2, 3, 2, 3, 2),
    "MaxPool2d": (2, 3, 9, 9),
    "AvgPool2d": (2, 3, 9, 9),
    "AdaptiveAvgPool2d": (2, 3, 5, 6),
    "Flatten": (2, 3, 4, 5),
    "Unflatten": (2, 6, 2),
    "PReLU": (4, 3, 2),
    "Sequential": (5, 2),
}
SKIPPED = ("CrossEntropyLoss", "SmoothL1Loss", "ModuleList", "ModuleDict")


@pytest.mark.parametrize("index", range(len(CONSTRUCTORS)))
@pytest.mark.parametrize("training", [True, False])
def test_forward_and_backward_are_pytorch_s(torch: Any, index: int, training: bool) -> None:
    ours, theirs = twins(torch, CONSTRUCTORS[index])
    name = type(ours).__name__
    if name in SKIPPED:
        pytest.skip("not a layer of one input")
    shape = {2: (4, 20), 4: (2, 1, 9, 8)}.get(index, INPUTS.get(name, (4, 6)))
    tl.manual_seed(1)
    x = tl.randn(*shape)
    theirs_x = to_torch(torch, x).requires_grad_()
    x.requires_grad_()
    # In place on a leaf is an error: the layers get a copy.
    tl.manual_seed(2)
    y = ours.train(training)(x * 1)
    torch.manual_seed(2)
    expected = theirs.train(training)(theirs_x * 1)
    torch.testing.assert_close(to_torch(torch, y), expected.detach(), rtol=1e-5, atol=1e-6)
    y.square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(to_torch(torch, x.grad), theirs_x.grad, rtol=1e-4, atol=1e-5)
    for (parameter_name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(to_torch(torch, p.grad), q.grad, rtol=1e-4, atol=1e-4, msg=parameter_name)
    for (buffer_name, b), c in zip(ours.named_buffers(), theirs.buffers(), strict=True):
        torch.testing.assert_close(to_torch(torch, b), c, rtol=1e-5, atol=1e-6, msg=buffer_name)


LOSSES: list[tuple[str, dict[str, Any], str]] = [
    *(("L1Loss", {"reduction": r}, "real") for r in ("mean", "sum", "none")),
    *(("MSELoss", {"reduction": r}, "real") for r in ("mean", "sum", "none")),
    ("SmoothL1Loss", {"beta": 0.3}, "real"),
    ("HuberLoss", {"delta": 0.3, "reduction": "sum"}, "real"),
    ("BCELoss", {}, "probability"),
    ("BCEWithLogitsLoss", {}, "probability"),
    *(("CrossEntropyLoss", {"reduction": r}, "class") for r in ("mean", "sum", "none")),
    ("CrossEntropyLoss", {"label_smoothing": 0.1, "ignore_index": 2}, "class"),
    ("NLLLoss", {}, "class"),
    ("KLDivLoss", {"reduction": "batchmean"}, "probability"),
]


@pytest.mark.parametrize(("name", "options", "kind"), LOSSES)
def test_losses_are_pytorch_s(torch: Any, name: str, options: dict[str, Any], kind: str) -> None:
    tl.manual_seed(0)
    x = tl.randn(5, 4)
    target = {
        "real": lambda: tl.randn(5, 4),
        "probability": lambda: tl.rand(5, 4),
        "class": lambda: tl.randint(0, 4, (5,)),
    }[kind]()
    if name == "BCELoss":
        x = x.sigmoid()
    theirs_x = to_torch(torch, x).requires_grad_()
    x.requires_grad_()
    loss = getattr(tl.nn, name)(**options)(x, target)
    expected = getattr(torch.nn, name)(**options)(theirs_x, to_torch(torch, target))
    torch.testing.assert_close(to_torch(torch, loss), expected.detach(), rtol=1e-5, atol=1e-6)
    loss.sum().backward()
    expected.sum().backward()
    torch.testing.assert_close(to_torch(torch, x.grad), theirs_x.grad, rtol=1e-5, atol=1e-6)


def test_weighted_losses(torch: Any) -> None:
    weight = tl.tensor([0.1, 2.0, 0.5])
    assert list(tl.nn.CrossEntropyLoss(weight).state_dict()) == ["weight"]
    x, target = tl.randn(4, 3), tl.tensor([0, 1, 2, 1])
    expected = torch.nn.CrossEntropyLoss(to_torch(torch, weight))(to_torch(torch, x), to_torch(torch, target))
    torch.testing.assert_close(to_torch(torch, tl.nn.CrossEntropyLoss(weight)(x, target)), expected)


def test_old_reduction_arguments_warn() -> None:
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert tl.nn.MSELoss(size_average=False).reduction == "sum"


INITIALISERS: list[tuple[str, dict[str, Any]]] = [
    ("uniform_", {"a": -2.0, "b": 3.0}),
    ("normal_", {"mean": 1.0, "std": 2.0}),
    ("constant_", {"val": 0.3}),
    ("ones_", {}),
    ("zeros_", {}),
    ("eye_", {}),
    ("xavier_uniform_", {"gain": 1.5}),
    ("xavier_normal_", {}),
    ("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}),
    ("kaiming_normal_", {"a": 0.2}),
    ("trunc_normal_", {}),
    ("trunc_normal_", {"a": 1.2, "b": 5.0}),
    ("orthogonal_", {"gain": 2.0}),
    ("sparse_", {"sparsity": 0.4}),
]


@pytest.mark.parametrize(("name", "options"), INITIALISERS)
@pytest.mark.parametrize("shape", [(5, 9), (9, 4)])
def test_init_is_pytorch_s(torch: Any, name: str, options: dict[str, Any], shape: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "mean is more than 2 std|trunc_normal_: mean")
        tl.manual_seed(3)
        ours = getattr(tl.nn.init, name)(tl.empty(shape), **options)
        torch.manual_seed(3)
        expected = getattr(torch.nn.init, name)(torch.empty(shape), **options)
    torch.testing.assert_close(to_torch(torch, ours), expected, rtol=1e-5, atol=1e-6)


def test_init_errors() -> None:
    init = tl.nn.init
    for call in (
        lambda: init.eye_(tl.empty(2)),
        lambda: init.dirac_(tl.empty(2, 2)),
        lambda: init.xavier_uniform_(tl.empty(2)),
        lambda: init.kaiming_uniform_(tl.empty(2, 2), mode="fan"),
        lambda: init.calculate_gain("swish"),
        lambda: init.calculate_gain("leaky_relu", True),
        lambda: init.orthogonal_(tl.empty(2)),
        lambda: init.sparse_(tl.empty(2), 0.1),
    ):
        with pytest.raises(ValueError):
            call()
    with pytest.warns(FutureWarning, match="xavier_uniform_"):
        init.xavier_uniform(tl.empty(2, 2))


def test_layer_errors() -> None:
    nn = tl.nn
    for call in (
        lambda: nn.Conv2d(3, 4, 3, groups=2),
        lambda: nn.Conv2d(4, 3, 3, groups=2),
        lambda: nn.Conv2d(2, 2, 3, groups=0),
        lambda: nn.Conv2d(2, 2, 3, padding="full"),
        lambda: nn.Conv2d(2, 2, 3, padding="same", stride=2),
        lambda: nn.Conv2d(2, 2, 3, padding_mode="mirror"),
        lambda: nn.Dropout(1.5),
        lambda: nn.BatchNorm2d(3)(tl.zeros(2, 3)),
    ):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(RuntimeError):
        nn.Linear(3, 2)(tl.zeros(2, 4))
    with pytest.raises(TypeError):
        nn.Unflatten(1, 3.0)
    with pytest.raises(RuntimeError, match="should not be called"):
        nn.ParameterList()(1)


# Containers ---------------------------------------------------------------------------------------------------------


def test_sequential() -> None:
    nn = tl.nn
    net = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    assert len(net) == 3 and isinstance(net[-1], nn.Sigmoid) and len(net[1:]) == 2
    net[0] = nn.Identity()
    del net[1]
    assert [type(layer).__name__ for layer in net] == ["Identity", "Sigmoid"] and list(net._modules) == ["0", "1"]
    net.append(nn.ReLU()).insert(0, nn.Tanh()).extend([nn.ReLU()])
    assert [type(layer).__name__ for layer in net] == ["Tanh", "Identity", "Sigmoid", "ReLU", "ReLU"]
    assert isinstance(net.pop(-1), nn.ReLU) and len(net + net) == 8 and len(net * 2) == 8
    with pytest.raises(IndexError):
        net[9]
    from collections import OrderedDict

    named = nn.Sequential(OrderedDict(first=nn.ReLU(), second=nn.Tanh()))
    assert isinstance(named.second, nn.Tanh) and list(named[:1]._modules) == ["first"]


def test_module_list_and_dict() -> None:
    nn = tl.nn
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    layers += [nn.ReLU()]
    layers.insert(1, nn.Tanh())
    assert len(layers) == 5 and isinstance(layers[1], nn.Tanh) and len(layers[:2]) == 2
    del layers[0]
    assert list(layers._modules) == ["0", "1", "2", "3"] and len(layers + layers) == 8
    with pytest.raises(TypeError):
        layers.append(3)
    table = nn.ModuleDict([("a", nn.ReLU())])
    table["b"] = nn.Tanh()
    table.update({"c": nn.Sigmoid()})
    assert list(table) == list(table.keys()) == ["a", "b", "c"] and "b" in table and len(table) == 3
    assert isinstance(table.pop("a"), nn.ReLU) and len(list(table.items())) == 2
    with pytest.raises(ValueError):
        table.update([("a", nn.ReLU(), 1)])
    table.clear()
    assert len(table) == 0


def test_parameter_containers() -> None:
    nn = tl.nn
    values = nn.ParameterList([tl.zeros(2)])
    values.append(tl.ones(1)).extend([tl.ones(3)])
    values[0] = tl.ones(4)
    assert len(values) == 3 and values[0].requires_grad and values[-1].shape == (3,) and len(values[:2]) == 2
    assert [name for name, _ in values.named_parameters()] == ["0", "1", "2"]
    with pytest.raises(TypeError):
        values.extend(tl.zeros(2))
    table = nn.ParameterDict({"a": tl.zeros(2), "values": tl.ones(1)})
    table["b"] = 3
    assert list(table) == ["a", "values", "b"] and table["values"].item() == 1 and table.get("c", 5) == 5
    assert len(list(table.values())) == 3 and isinstance(table["a"], nn.Parameter)
    assert len(table | nn.ParameterDict({"z": tl.zeros(1)})) == 4
    assert table.popitem() == ("b", 3) and table.setdefault("c", tl.zeros(1)) is table["c"]
    table.clear()
    assert len(table) == 0 and not list(table.parameters())


# Utilities ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm_type", [2.0, 1.0, float("inf")])
def test_clip_grad_norm(torch: Any, norm_type: float) -> None:
    tl.manual_seed(0)
    ours = [tl.zeros(3, requires_grad=True), tl.zeros(2, 2, requires_grad=True), tl.zeros(1, requires_grad=True)]
    for p in ours[:2]:
        p.grad = tl.randn(*p.shape)
    theirs = [to_torch(torch, p).requires_grad_() for p in ours]
    for p, q in zip(ours[:2], theirs, strict=False):
        q.grad = to_torch(torch, p.grad)
    total = tl.nn.utils.clip_grad_norm_(ours, 0.7, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(theirs, 0.7, norm_type)
    torch.testing.assert_close(to_torch(torch, total), expected)
    for p, q in zip(ours[:2], theirs, strict=False):
        torch.testing.assert_close(to_torch(torch, p.grad), q.grad)


def test_clip_grad_of_nan() -> None:
    p = tl.zeros(2, requires_grad=True)
    p.grad = tl.tensor([1.0, float("nan")])
    with pytest.raises(RuntimeError, match="nan"):
        tl.nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    with pytest.warns(UserWarning, match="used up"):
        tl.nn.utils.clip_grad_norm_(iter([]), 1.0)


def test_vector_round_trip() -> None:
    net = tl.nn.Linear(3, 2)
    vector = tl.nn.utils.parameters_to_vector(net.parameters()).detach()
    assert vector.shape == (8,)
    tl.nn.utils.vector_to_parameters(vector * 2, net.parameters())
    assert tl.allclose(tl.nn.utils.parameters_to_vector(net.parameters()).detach(), vector * 2)
