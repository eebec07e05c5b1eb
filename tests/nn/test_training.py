"""Training follows PyTorch: same seeds, same batches, same losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tensorlite as tl

torch = pytest.importorskip("torch", reason="the oracle of these tests is PyTorch: pip install 'tensorlite[conformance]'")


def mlp(m: Any) -> Any:
    nn = m.nn
    return nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))


def cnn(m: Any) -> Any:
    nn = m.nn
    features = [nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
    return nn.Sequential(*features, nn.Flatten(), nn.Linear(32, 1))


def tagger(m: Any) -> Any:
    class Tagger(m.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = m.nn.LSTM(6, 8, num_layers=2, batch_first=True, dropout=0.2, bidirectional=True)
            self.head = m.nn.Linear(16, 1)

        def forward(self, x: Any) -> Any:
            return self.head(self.layers(x)[0].mean(1))

    return Tagger()


CASES: dict[str, tuple[Callable[[Any], Any], tuple[int, ...], Callable[[Any, Any], Any]]] = {
    "MLP, SGD": (mlp, (8, 16), lambda m, p: m.optim.SGD(p, lr=0.01)),
    "MLP, SGD with momentum": (mlp, (8, 16), lambda m, p: m.optim.SGD(p, lr=0.01, momentum=0.9, weight_decay=1e-3)),
    "MLP, Adam": (mlp, (8, 16), lambda m, p: m.optim.Adam(p, lr=1e-3)),
    "LSTM, Adam": (tagger, (4, 5, 6), lambda m, p: m.optim.Adam(p, lr=1e-3)),
    "CNN, AdamW": (cnn, (4, 1, 4, 4), lambda m, p: m.optim.AdamW(p, lr=1e-3)),
}


def losses(m: Any, name: str, steps: int) -> list[float]:
    make, shape, optimizer_of = CASES[name]
    m.manual_seed(0)
    model = make(m)
    optimizer = optimizer_of(m, model.parameters())
    found = []
    for _ in range(steps):
        x, y = m.randn(*shape), m.randn(shape[0], 1)
        loss = m.nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_hundred_steps_have_pytorchs_losses(name: str) -> None:
    assert losses(tl, name, 100) == pytest.approx(losses(torch, name, 100), rel=1e-4)
