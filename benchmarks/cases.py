"""What is measured. Each case is written once, over a module `m` that is tensorlite or PyTorch.

A case makes its tensors (by the same seed, so that both libraries compute with the same numbers) and returns a `step`:
a function without arguments that does the work once and returns a tensor, by which the libraries are compared.
Libraries that are programmed in another way have files of their own (`jax_cases.py`, `tinygrad_cases.py`), which take the
networks' initial numbers and the data from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["CASES", "Case", "Step", "cnn_and_data", "cnn_and_one_image", "digest", "mlp_and_data", "numbers", "tiny_mlp_and_data"]

Step = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """One row of the table of measurements."""

    name: str
    make: Callable[..., Step]
    group: str
    trains: bool = False
    """Each step changes the weights, so that the values of many steps in a row are worth comparing. `make` then takes options
    of the optimizer as keywords."""

    def __str__(self) -> str:
        return self.name

    def build(self, m: Any, device: str, **options: Any) -> Step:
        """The step, with PyTorch's seed and its numbers: drawn on the CPU, then moved."""
        m.manual_seed(0)
        return self.make(m, device, **options)


def digest(value: Any) -> float:
    """One number that says what came out."""
    return float(value.detach().abs().sum())


def numbers(m: Any, parts: Callable[[Any], tuple[Any, Any, Any]]) -> tuple[dict[str, Any], Any, Any]:
    """What a case begins with, as NumPy arrays: parameters and buffers by name, inputs, targets."""
    m.manual_seed(0)
    net, inputs, targets = parts(m)
    return {name: tensor.numpy() for name, tensor in net.state_dict().items()}, inputs.numpy(), targets.numpy()


def training(m: Any, device: str, net: Any, optimizer: Any, inputs: Any, targets: Any, loss_function: Any) -> Step:
    """The classic step: zero_grad, forward, loss, backward, step."""
    net = net.to(device)
    inputs, targets = inputs.to(device), targets.to(device)
    optimizer = optimizer(net.parameters())

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_function(net(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss

    return step


def tiny_mlp_and_data(m: Any) -> tuple[Any, Any, Any]:
    nn = m.nn
    net = nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
    return net, m.randn(8, 16), m.randn(8, 1)


def tiny_mlp(m: Any, device: str, **options: Any) -> Step:
    net, x, y = tiny_mlp_and_data(m)
    return training(m, device, net, lambda p: m.optim.SGD(p, lr=0.01, **options), x, y, m.nn.MSELoss())


def mlp_and_data(m: Any) -> tuple[Any, Any, Any]:
    nn = m.nn
    net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    return net, m.rand(128, 784), m.randint(10, (128,))


def mlp(m: Any, device: str, **options: Any) -> Step:
    net, x, y = mlp_and_data(m)
    return training(m, device, net, lambda p: m.optim.Adam(p, lr=1e-3, **options), x, y, m.nn.CrossEntropyLoss())


def small_cnn(m: Any) -> Any:
    nn = m.nn
    layers: list[Any] = []
    for channels_in, channels in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(channels_in, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4 * 4, 10))


def cnn_and_data(m: Any) -> tuple[Any, Any, Any]:
    return small_cnn(m), m.rand(32, 3, 32, 32), m.randint(10, (32,))


def cnn(m: Any, device: str, **options: Any) -> Step:
    net, x, y = cnn_and_data(m)
    return training(m, device, net, lambda p: m.optim.SGD(p, lr=0.01, momentum=0.9, **options), x, y, m.nn.CrossEntropyLoss())


def resnet(m: Any, device: str, **options: Any) -> Step:
    """ResNet-20 for 32x32 images (He et al., 2015): three stages of three blocks of two convolutions."""
    nn = m.nn

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, before: int, channels: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(before, channels, 3, stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(channels)
            self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(channels)
            self.short = nn.Sequential()
            if stride > 1:
                self.short = nn.Sequential(nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

        def forward(self, x: Any) -> Any:
            y = nn.functional.relu(self.bn1(self.conv1(x)))
            return nn.functional.relu(self.bn2(self.conv2(y)) + self.short(x))

    layers: list[Any] = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    before = 16
    for channels in (16, 32, 64):
        for number in range(3):
            layers.append(Block(before, channels, 2 if channels > 16 and not number else 1))
            before = channels
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    x, y = m.rand(32, 3, 32, 32), m.randint(10, (32,))
    return training(m, device, net, lambda p: m.optim.SGD(p, lr=0.01, momentum=0.9, **options), x, y, nn.CrossEntropyLoss())


def lstm(m: Any, device: str, **options: Any) -> Step:
    """A sequence of 64 steps of 64 numbers, a hidden state of 128, and a class from the last state."""
    nn = m.nn

    class Classifier(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(64, 128, batch_first=True)
            self.head = nn.Linear(128, 10)

        def forward(self, x: Any) -> Any:
            return self.head(self.lstm(x)[0][:, -1])

    x, y = m.randn(32, 64, 64), m.randint(10, (32,))
    return training(m, device, Classifier(), lambda p: m.optim.Adam(p, lr=1e-3, **options), x, y, nn.CrossEntropyLoss())


def gpt(m: Any, device: str, **options: Any) -> Step:
    """Four blocks of causal attention (4 heads) and a perceptron (Radford et al., 2018), for 65 characters."""
    nn = m.nn
    width, heads, steps, characters = 128, 4, 128, 65

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Any) -> Any:
            n, t, _ = x.shape
            q, k, v = (part.view(n, t, heads, -1).transpose(1, 2) for part in self.qkv(self.ln1(x)).split(width, dim=2))
            y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(n, t, width))
            return x + self.mlp(self.ln2(x))

    class GPT(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(characters, width), nn.Embedding(steps, width)
            self.blocks = nn.Sequential(*(Block() for _ in range(4)))
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, characters, bias=False)
            self.register_buffer("order", m.arange(steps))

        def forward(self, tokens: Any) -> Any:
            x = self.tokens(tokens) + self.places(self.order)
            return self.head(self.norm(self.blocks(x))).reshape(-1, characters)

    x, y = m.randint(characters, (16, steps)), m.randint(characters, (16 * steps,))
    return training(m, device, GPT(), lambda p: m.optim.AdamW(p, lr=1e-3, **options), x, y, nn.CrossEntropyLoss())


def cnn_and_one_image(m: Any) -> tuple[Any, Any, Any]:
    return small_cnn(m), m.rand(1, 3, 32, 32), m.empty(0)


def inference(m: Any, device: str) -> Step:
    """The small convolutional network, one image at a time, without a graph."""
    net, x, _ = cnn_and_one_image(m)
    net, x = net.eval().to(device), x.to(device)

    def step() -> Any:
        with m.no_grad():
            return net(x)

    return step


def chain(m: Any, device: str, backward: bool) -> Step:
    """20 ops, one after the other, on tensors of 8 elements: what a single op costs when there is nothing to compute."""
    x = m.randn(8).to(device).requires_grad_(backward)
    y = m.randn(8).to(device)

    def step() -> Any:
        z = x
        for _ in range(5):
            z = (z * y + x).tanh() - y
        if not backward:
            return z
        x.grad = None
        z.sum().backward()
        return x.grad

    return step


def op(function: Callable[..., Any], *shapes: tuple[int, ...], backward: bool = False) -> Callable[[Any, str], Step]:
    """One call of `function(m, *tensors)`; with `backward`, also the gradients of all of them for a random cotangent."""

    def make(m: Any, device: str) -> Step:
        tensors = [m.randn(*shape).to(device).requires_grad_(backward) for shape in shapes]
        if not backward:
            return lambda: function(m, *tensors)
        cotangent = m.randn(*function(m, *tensors).shape).to(device)

        def step() -> Any:
            for tensor in tensors:
                tensor.grad = None
            function(m, *tensors).backward(cotangent)
            return tensors[0].grad

        return step

    return make


def _add(m: Any, x: Any, y: Any) -> Any:
    return x + y


def _sum(m: Any, x: Any) -> Any:
    return x.sum(dim=1)


def _matmul(m: Any, x: Any, y: Any) -> Any:
    return x @ y


def _softmax(m: Any, x: Any) -> Any:
    return x.softmax(dim=-1)


def _layer_norm(m: Any, x: Any, weight: Any, bias: Any) -> Any:
    return m.nn.functional.layer_norm(x, weight.shape, weight, bias)


def _conv2d(m: Any, x: Any, weight: Any, bias: Any) -> Any:
    return m.nn.functional.conv2d(x, weight, bias, padding=1)


OPS: list[tuple[str, Callable[..., Any], list[tuple[int, ...]]]] = [
    ("add 32", _add, [(32,), (32,)]),
    ("add 1M", _add, [(1024, 1024), (1024, 1024)]),
    ("sum 32x32", _sum, [(32, 32)]),
    ("sum 1024x1024", _sum, [(1024, 1024)]),
    ("matmul 32", _matmul, [(32, 32), (32, 32)]),
    ("matmul 512", _matmul, [(512, 512), (512, 512)]),
    ("softmax 8x10", _softmax, [(8, 10)]),
    ("softmax 1024x1024", _softmax, [(1024, 1024)]),
    ("layer_norm 8x64", _layer_norm, [(8, 64), (64,), (64,)]),
    ("layer_norm 2048x512", _layer_norm, [(2048, 512), (512,), (512,)]),
    ("conv2d 8x3x16x16 to 8", _conv2d, [(8, 3, 16, 16), (8, 3, 3, 3), (8,)]),
    ("conv2d 16x32x32x32 to 32", _conv2d, [(16, 32, 32, 32), (32, 32, 3, 3), (32,)]),
]

STEP, INFERENCE, TINY, FORWARD, BOTH = "training step", "inference", "tiny tensors", "forward", "forward and backward"

CASES: list[Case] = [
    Case("MLP 16-32-32-1, SGD", tiny_mlp, STEP, trains=True),
    Case("MLP 784-512-512-10, Adam", mlp, STEP, trains=True),
    Case("CNN 3-16-32-64, SGD", cnn, STEP, trains=True),
    Case("ResNet-20, SGD", resnet, STEP, trains=True),
    Case("LSTM 64-128, 64 steps, Adam", lstm, STEP, trains=True),
    Case("GPT 4x128, 128 steps, AdamW", gpt, STEP, trains=True),
    Case("CNN inference, one image", inference, INFERENCE),
    Case("20 ops, forward", lambda m, device: chain(m, device, False), TINY),
    Case("20 ops, both ways", lambda m, device: chain(m, device, True), TINY),
    *(Case(name, op(function, *shapes), FORWARD) for name, function, shapes in OPS),
    *(Case(f"{name}, both ways", op(function, *shapes, backward=True), BOTH) for name, function, shapes in OPS),
]
