"""Two of the cases in tinygrad, with TinyJit. Parameters and data are those of `cases.py`, drawn by tensorlite."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from cases import Case, Step, digest, mlp_and_data, numbers, tiny_mlp_and_data
from tinygrad import Device, Tensor, TinyJit
from tinygrad.nn.optim import SGD, Adam

import tensorlite as tl


def train(parts: Any, activation: Callable[[Tensor], Tensor], optimizer: Any, loss_of: Callable[[Tensor, Tensor], Tensor]) -> Step:
    values, x, y = numbers(tl, parts)
    p = {name: Tensor(value).realize() for name, value in values.items()}
    inputs, targets = Tensor(x).realize(), Tensor(y).realize()
    opt = optimizer(list(p.values()))

    def layer(name: str, x: Tensor) -> Tensor:
        return x.linear(p[f"{name}.weight"].transpose(), p[f"{name}.bias"])

    @TinyJit
    def step() -> Tensor:
        opt.zero_grad()
        loss = loss_of(layer("4", activation(layer("2", activation(layer("0", inputs))))), targets)
        loss.backward()
        return loss.realize(*opt.schedule_step())

    return step


def tiny_mlp() -> Step:
    return train(tiny_mlp_and_data, Tensor.tanh, lambda p: SGD(p, lr=0.01), lambda z, y: ((z - y) ** 2).mean())


def mlp() -> Step:
    return train(mlp_and_data, Tensor.relu, lambda p: Adam(p, lr=1e-3), Tensor.sparse_categorical_crossentropy)


STEPS: dict[str, Callable[[], Step]] = {"MLP 16-32-32-1, SGD": tiny_mlp, "MLP 784-512-512-10, Adam": mlp}


class Framework:
    """What `worker.py` asks for."""

    version = version("tinygrad")
    cuda = ""
    names = list(STEPS)

    def drawn(self) -> float:
        tl.manual_seed(0)
        return digest(tl.rand(100))

    def build(self, case: Case, options: dict[str, Any]) -> Step:
        return STEPS[case.name]()

    def digest(self, value: Any) -> float:
        return abs(float(value.item()))

    def wait(self, value: Any) -> None:
        Device[Device.DEFAULT].synchronize()
