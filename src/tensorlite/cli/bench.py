"""``python -m tensorlite bench``: how long some ops and training steps take on this machine."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from .. import __version__, cuda, get_num_threads

__all__ = ["CASES", "main", "measure"]

ROUND = 0.03
"""The least time of one round, in seconds."""

Case = Callable[[Any, str], Callable[[], Any]]


def _op(function: Callable[[Any, Any], Any], *shape: int) -> Case:
    """One op on a tensor of random numbers."""

    def prepare(lib: Any, device: str) -> Callable[[], Any]:
        x = lib.rand(*shape, device=device)
        return lambda: function(lib, x)

    return prepare


def _convolution(lib: Any, device: str) -> Callable[[], Any]:
    x, weight = lib.rand(8, 32, 28, 28, device=device), lib.rand(32, 32, 3, 3, device=device)
    return lambda: lib.nn.functional.conv2d(x, weight, padding=1)


def _training(model: Callable[[Any], Any], shape: tuple[int, ...], optimizer: Callable[[Any, Any], Any]) -> Case:
    """A step of a classifier with 10 classes: forward, backward, update."""

    def prepare(lib: Any, device: str) -> Callable[[], Any]:
        lib.manual_seed(0)
        network = model(lib.nn).to(device)
        update = optimizer(lib.optim, network.parameters())
        x, y = lib.rand(*shape, device=device), lib.randint(10, shape[:1], device=device)

        def step() -> None:
            loss = lib.nn.functional.cross_entropy(network(x), y)
            update.zero_grad()
            loss.backward()
            update.step()

        return step

    return prepare


def _mlp(nn: Any) -> Any:
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def _cnn(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 10),
    )  # fmt: skip


def _lstm(nn: Any) -> Any:
    class LastStep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.out = nn.LSTM(16, 64, batch_first=True), nn.Linear(64, 10)

        def forward(self, x: Any) -> Any:
            return self.out(self.lstm(x)[0][:, -1])

    return LastStep()


CASES: dict[str, Case] = {
    "x + x, 8 numbers": _op(lambda lib, x: x + x, 8),
    "x + x, a million": _op(lambda lib, x: x + x, 1000, 1000),
    "exp, a million": _op(lambda lib, x: x.exp(), 1000, 1000),
    "softmax, 1000 x 1000": _op(lambda lib, x: x.softmax(-1), 1000, 1000),
    "matrix product, 512 x 512": _op(lambda lib, x: x @ x, 512, 512),
    "convolution 3 x 3, 8 x 32 x 28 x 28": _convolution,
    "training step, MLP 784-128-10, batch 64, SGD": _training(_mlp, (64, 784), lambda optim, p: optim.SGD(p, lr=0.01)),
    "training step, CNN 16-32, 28 x 28, batch 32, Adam": _training(_cnn, (32, 1, 28, 28), lambda optim, p: optim.Adam(p)),
    "training step, LSTM 64, 32 steps, batch 32, Adam": _training(_lstm, (32, 32, 16), lambda optim, p: optim.Adam(p)),
}


def measure(run: Callable[[], Any], finish: Callable[[], Any], rounds: int) -> float:
    """Seconds of one call: the median over `rounds`, each of as many calls as fill `ROUND` seconds."""

    def seconds(calls: int) -> float:
        start = time.perf_counter()
        for _ in range(calls):
            run()
        finish()
        return time.perf_counter() - start

    seconds(1)  # compiles, reserves memory
    calls = 1
    while (took := seconds(calls)) < ROUND / 2:
        calls = max(2 * calls, int(calls * ROUND / max(took, 1e-9)))
    return statistics.median(seconds(calls) for _ in range(rounds)) / calls


def _columns(devices: list[str], with_torch: bool) -> dict[str, tuple[Any, str, Callable[[], Any]]]:
    """Headings, each with its library, device, and what waits for the device."""
    libraries = {"tensorlite": import_module(__package__.partition(".")[0])}
    if with_torch:
        try:
            libraries["PyTorch"] = import_module("torch")
        except ImportError as error:
            raise ImportError("--torch: PyTorch is not installed; leave the option out, or pip install torch") from error
    return {
        f"{name} {device}": (lib, device, lib.cuda.synchronize if device.startswith("cuda") else lambda: None)
        for device in devices for name, lib in libraries.items()
        if not device.startswith("cuda") or lib.cuda.is_available()
    }  # fmt: skip


def _progress(done: int, total: int, what: str) -> None:
    """A bar on the terminal; nothing where errors go into a file."""
    if sys.stderr.isatty():
        filled = 24 * done // total
        end = "\n" if done == total else ""
        print(f"\r[{'#' * filled}{'.' * (24 - filled)}] {done}/{total} {what:<60.60}", end=end, file=sys.stderr, flush=True)


def _text(seconds: float) -> str:
    """
    >>> _text(2.5e-6), _text(0.0123), _text(1.5)
    ('2.5 us', '12.3 ms', '1.50 s')
    """
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} us"


def main(arguments: list[str]) -> None:
    """Measure and print the table.

    Raises:
        SystemExit: with 2 if the arguments cannot be understood, a device is not there, or PyTorch is wanted and missing.
    """
    parser = argparse.ArgumentParser("python -m tensorlite bench", description="The speed of some ops and training steps.")
    parser.add_argument("--device", action="append", help="cpu, cuda, cuda:1 ... (may be repeated; all there are if missing)")
    parser.add_argument("--threads", type=int, help="threads of the CPU")
    parser.add_argument("--rounds", type=int, default=5, help="the median of so many rounds is shown (5)")
    parser.add_argument("--torch", action="store_true", help="PyTorch beside it, if it is installed")
    chosen = parser.parse_args(arguments)
    if chosen.rounds < 1 or chosen.threads is not None and chosen.threads < 1:
        parser.error("--rounds and --threads must be 1 or more")
    devices = chosen.device or (["cpu", "cuda"] if cuda.is_available() else ["cpu"])
    for device in devices:
        if device.partition(":")[0] not in ("cpu", "cuda"):
            parser.error(f"--device {device}: choose cpu or cuda")
        if device.startswith("cuda") and not cuda.is_available():
            parser.error(f"--device {device}: there is no CUDA here; python -m tensorlite info says what is missing")
    try:
        columns = _columns(devices, chosen.torch)
    except ImportError as error:
        parser.error(str(error))
    if chosen.threads is not None:
        for lib in {id(lib): lib for lib, _, _ in columns.values()}.values():
            lib.set_num_threads(chosen.threads)
    _print_table(columns, chosen.rounds)


def _print_table(columns: dict[str, tuple[Any, str, Callable[[], Any]]], rounds: int) -> None:
    rows, done = [], 0
    for name, prepare in CASES.items():
        cells = [name]
        for heading, (lib, device, finish) in columns.items():
            _progress(done, len(CASES) * len(columns), f"{heading}: {name}")
            cells.append(_text(measure(prepare(lib, device), finish, rounds)))
            done += 1
        rows.append(cells)
    _progress(done, done, "")
    head = ["float32", *columns]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    print(f"tensorlite {__version__}, {get_num_threads()} threads, median of {rounds} rounds")
    for row in [head, ["-" * w for w in widths], *rows]:
        print("  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]))
