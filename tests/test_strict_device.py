"""Whole programs on the strict device: what it refuses, explicit moves, and a training step with every common part."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import tensorlite as tl
from strict_backend import StrictArray
from tensorlite.backends import get_backend

nn = tl.nn


@pytest.mark.parametrize(
    "misuse",
    [
        lambda x: x + np.float64(1), lambda x: np.float64(1) * x, lambda x: x + np.ones(3), lambda x: np.ones(3) + x,
        np.asarray, np.sum, lambda x: np.add(x, x), memoryview, lambda x: x[np.array([0])], lambda x: x[np.int64(0)],
        lambda x: x[[0]],
        lambda x: get_backend("strict").add(x, np.ones(3)), lambda x: get_backend("cpu").add(np.ones(3), x),
        lambda x: x.__setitem__(0, np.ones(1)), lambda x: get_backend("strict").asarray(np.ones(3)),
    ],
)  # fmt: skip
def test_strict_arrays_refuse_numpy(misuse: Any) -> None:
    with pytest.raises((TypeError, IndexError)):
        misuse(get_backend("strict").from_numpy(np.ones(3)))


def test_reductions_and_items_stay_on_the_device() -> None:
    xp = get_backend("strict")
    x = xp.from_numpy(np.arange(3.0))
    for found in (xp.sum(x), x[0], x[1] + 1, xp.max(x), xp.argmax(x)):
        assert type(found) is StrictArray and found.shape == ()
    first = x[0]
    xp.write(first, xp.from_numpy(np.array(7.0)))
    assert x.tolist() == [7.0, 1.0, 2.0]


def test_moves_are_explicit_and_differentiable() -> None:
    x = tl.tensor([1.0, 2.0], requires_grad=True)
    y = x.to("strict")
    assert y.device == tl.device("strict") and type(y._array) is StrictArray
    (y * y).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2.0, 4.0]
    with pytest.raises(RuntimeError, match="found at least two devices"):
        x + y
    with pytest.raises(TypeError, match="strict device type tensor to numpy"):
        y.detach().numpy()


def test_tensors_print_pickle_and_copy() -> None:
    x = tl.tensor([[1.0, 2.5]], device="strict")
    assert repr(x) == "tensor([[1.0000, 2.5000]], device='strict')"
    assert tl.equal(pickle.loads(pickle.dumps(x)), x)
    assert tl.equal(copy.deepcopy(x), x)


def build(kind: str) -> Any:
    if kind == "mlp":
        return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.GELU(), nn.Linear(16, 3)), (5, 8)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5),
        nn.Linear(16, 3),
    ), (5, 1, 4, 4)


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW"])
def test_training_equals_the_cpu(kind: str, optimizer: str) -> None:
    def losses(device: str) -> list[float]:
        tl.manual_seed(0)
        model, shape = build(kind)
        data, target = tl.randn(*shape), tl.tensor([0, 2, 1, 1, 0])
        model, data, target = model.to(device), data.to(device), target.to(device)
        options = {"momentum": 0.9} if optimizer == "SGD" else {}
        step = getattr(tl.optim, optimizer)(model.parameters(), lr=0.05, **options)
        tl.manual_seed(1)
        found = []
        for _ in range(4):
            step.zero_grad()
            loss = nn.functional.cross_entropy(model(data), target)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            step.step()
            found.append(loss.item())
        return found

    assert losses("strict") == pytest.approx(losses("cpu"), rel=1e-5)  # bodies there, kernels here


def normalised_and_pruned(device: str) -> list[float]:
    """Losses of a model with everything of nn.utils in it. What draws is made on the CPU: the devices draw other numbers."""
    tl.manual_seed(0)
    utils, prune = nn.utils, nn.utils.prune
    net = nn.Sequential(*(nn.Linear(4, 4) for _ in range(8)), nn.Linear(4, 6), nn.Linear(6, 4))
    plain = nn.Linear(4, 4)
    utils.spectral_norm(net[0])
    utils.parametrizations.spectral_norm(net[1])
    utils.parametrizations.orthogonal(net[8])
    net, plain = net.to(device), plain.to(device)
    utils.parametrizations.weight_norm(net[2])
    utils.parametrizations.orthogonal(net[3], orthogonal_map="cayley")
    prune.l1_unstructured(net[4], "weight", 0.3)
    prune.ln_structured(net[5], "weight", 1, 2, 0)
    prune.random_structured(net[5], "weight", 1, 1)
    prune.global_unstructured([(net[6], "weight"), (net[7], "weight")], prune.L1Unstructured, amount=5)
    x = tl.linspace(-1, 1, 12).view(3, 4).to(device)
    optimizer, found = tl.optim.SGD(net.parameters(), lr=0.1), []
    for _ in range(3):
        optimizer.zero_grad()
        loss = (net(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    prune.remove(net[4], "weight")
    found += tl.func.functional_call(net[7], {"bias": tl.zeros(4, device=device)}, x).cpu().flatten().tolist()
    fused = utils.fuse_linear_bn_eval(plain.eval(), nn.BatchNorm1d(4).to(device).eval())
    return found + fused(x).cpu().flatten().tolist()


def test_nn_utils_equal_the_cpu() -> None:
    assert normalised_and_pruned("strict") == pytest.approx(normalised_and_pruned("cpu"), rel=1e-4, abs=1e-5)
