"""The example programs with one name replaced: PyTorch draws the same weights, batches and masks, and learns the same."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
needs_demo = [pytest.importorskip(name) for name in ("sklearn", "matplotlib", "tqdm")]

EXAMPLES = Path(__file__).parents[2] / "examples"
STEPS = 200


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Layers as small as these are slower with more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def program(name: str, lib: Any) -> dict[str, Any]:
    """What an example defines when it imports `lib` as torch."""
    source = (EXAMPLES / name).read_text()
    line = "import tensorlite as torch\n"
    assert source.count(line) == 1 and "tensorlite" not in source.split('"""', 2)[2].replace(line, "")
    namespace = {"__name__": f"{Path(name).stem}_on_{lib.__name__}"}
    code = source.replace(line, f"import {lib.__name__} as torch\n")
    exec(compile(code, f"{name} on {lib.__name__}", "exec"), namespace)
    return namespace


@contextmanager
def watching(lib: Any, see: Callable[[str, tuple[Any, ...], Any], None]) -> Iterator[None]:
    """Call `see` with class, inputs and output at each call of a layer."""
    hooks = import_module(f"{lib.__name__}.nn.modules.module")
    with hooks.register_module_forward_hook(lambda module, args, out: see(type(module).__name__, args, out)):
        yield


def learn_digits(lib: Any, double: bool = False, steps: int = STEPS) -> dict[str, Any]:
    """What the digits example draws and how its loss goes."""
    example = program("digits.py", lib)
    lib.manual_seed(0)
    loader, held_out = example["make_loaders"]()
    model = example["DigitNet"]()
    start = [p.tolist() for p in model.parameters()]
    if double:
        model.register_forward_pre_hook(lambda module, args: args[0].double())
    model = model.double() if double else model
    optimizer = lib.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True)
    scheduler = lib.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    losses: list[float] = []
    labels: list[list[int]] = []
    masks: list[list[bool]] = []

    def see(kind: str, args: tuple[Any, ...], out: Any) -> None:
        if kind == "CrossEntropyLoss":
            losses.append(out.item())
            labels.append(args[1].tolist())
        elif kind == "Dropout" and len(masks) < 3:
            masks.append((out != 0).flatten().tolist())

    with watching(lib, see), redirect_stderr(io.StringIO()):  # where the progress bar goes
        while len(losses) < steps:
            example["train_epoch"](model, loader, optimizer, lib.device("cpu"), "")
            scheduler.step()
    state = lib.get_rng_state().tolist()
    accuracy = example["evaluate"](model, held_out, lib.device("cpu"))["accuracy"] if not double else None
    return {"start": start, "losses": losses[:steps], "labels": labels, "masks": masks, "state": state, "accuracy": accuracy}


def farthest(a: dict[str, Any], b: dict[str, Any]) -> float:
    return max(abs(x - y) for x, y in zip(a["losses"], b["losses"], strict=True))


def test_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = learn_digits(tl), learn_digits(torch)
    for what in ("start", "labels", "masks", "state"):
        assert ours[what] == theirs[what], what
    distance = farthest(ours, theirs)
    if distance > 1e-3:  # Rounding may grow in training. Is it more than PyTorch's own, when it sums in another order?
        monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
        assert distance < 2 * farthest(learn_digits(torch), theirs)
    assert ours["losses"][-1] < 0.1 and abs(ours["accuracy"] - theirs["accuracy"]) < 1


def test_digits_without_rounding() -> None:
    """In float64 nothing but rounding is left, and it does not grow to be seen."""
    ours, theirs = learn_digits(tl, double=True, steps=100), learn_digits(torch, double=True, steps=100)
    assert farthest(ours, theirs) < 1e-9


def fit_line(lib: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    """What the linear regression prints, and all its losses with four digits."""
    example = program("linear_regression.py", lib)
    monkeypatch.setattr(sys, "argv", ["linear_regression.py", "--epochs", "1000"])
    losses: list[str] = []
    printed = io.StringIO()
    with watching(lib, lambda kind, args, out: losses.append(f"{out.item():.4g}") if kind == "L1Loss" else None), \
            redirect_stdout(printed):
        example["main"]()
    return printed.getvalue(), losses


def test_linear_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    (printed, losses), (expected, expected_losses) = (fit_line(lib, monkeypatch) for lib in (tl, torch))
    assert len(losses) == 2000  # training and held out, 1000 epochs
    assert losses == expected_losses
    assert printed == expected
