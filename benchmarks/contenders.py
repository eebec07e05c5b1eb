"""Who takes part: a library in one of its settings, on a device, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cases import Case

__all__ = ["DEFAULT", "KINDS", "REFERENCE", "Contender", "Kind", "choose", "start"]

THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "TENSORLITE_NUM_THREADS",
    "NPROC", "PJRT_NPROC", "NUM_CPU_THREADS",
)  # fmt: skip
"""The variables by which libraries are told how many threads to use; JAX reads the two with NPROC, tinygrad the last."""
REFERENCE = "torch"
"""Whose times the others are divided by."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A library in one of its settings."""

    name: str
    package: str
    environment: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    """What every optimizer is given besides; a kind with options is measured only where something is trained."""
    devices: tuple[str, ...] = ("cpu",)
    needs: str = ""
    """A package without which this kind is the same as another one, or nothing."""
    trial: str = ""
    """A program that fails where the library is installed and does not work."""

    def missing(self, device: str) -> str:
        """Why it cannot take part, or nothing."""
        if device not in self.devices:
            return f"{self.name} is not measured on {device}"
        for package in (self.package, self.needs):
            if package and find_spec(package) is None:
                return f"{self.name} needs {package}, which is not installed"
        trial = self.trial if device == "cpu" else f"import {self.package} as m; assert m.cuda.is_available(), 'no CUDA device'"
        if not trial:
            return ""
        # In another process, so that this one stays small.
        done = subprocess.run([sys.executable, "-c", trial], capture_output=True, text=True, env={**os.environ, **self.environment})
        return f"{self.name} does not work here: {(done.stderr.strip().splitlines() or ['?'])[-1]}" if done.returncode else ""


BOTH = ("cpu", "cuda")
_GUEST = {"TENSORLITE_KEEP_MEMORY": "0"}  # tensorlite only draws the numbers there, and must not change how memory is managed

KINDS = {
    kind.name: kind
    for kind in (
        Kind("tensorlite", "tensorlite", {"TENSORLITE_FAST": "1"}, devices=BOTH),
        Kind("tensorlite numpy", "tensorlite", {"TENSORLITE_FAST": "0"}, needs="numba"),
        Kind("torch", "torch", devices=BOTH),
        Kind("torch fused", "torch", options={"fused": True}, devices=BOTH),
        Kind("jax", "jax", {**_GUEST, "JAX_PLATFORMS": "cpu"}),
        Kind(
            "tinygrad",
            "tinygrad",
            {**_GUEST, "DEV": "CPU", "TRAINING": "1", "PARALLEL": "0"},  # compile in the process itself
            trial="import os; os.environ['CACHELEVEL'] = '0'; from tinygrad import Tensor; (Tensor([1.0]) + 1).realize()",
        ),
    )
}
DEFAULT = ("tensorlite", "tensorlite numpy", "torch")


def choose(wanted: list[str] | None, everything: bool, device: str) -> list[Kind]:
    """The kinds to measure on a device: those that were asked for, or those that are there.

    Raises:
        SystemExit: one that was asked for by name cannot take part on the CPU.
    """
    names = wanted or (list(KINDS) if everything else list(DEFAULT))
    kinds = []
    for name in names:
        why = KINDS[name].missing(device)
        if why and wanted and device == "cpu":
            raise SystemExit(why)
        if why and everything and device == "cpu":
            print(f"left out: {why}", file=sys.stderr)
        if not why:
            kinds.append(KINDS[name])
    return kinds


def start(kind: Kind, device: str, threads: int, memory_of: str = "") -> subprocess.Popen[str]:
    """The process of a kind, which reads requests and answers them (see `worker.py`)."""
    environment = {**os.environ, **dict.fromkeys(THREADS, str(threads)), **kind.environment}
    order = {"package": kind.package, "device": device, "threads": threads, "options": kind.options, "memory_of": memory_of}
    command = [sys.executable, str(Path(__file__).parent / "worker.py"), json.dumps(order)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


class Contender:
    """A kind on a device, whose process stays and is asked to compute."""

    def __init__(self, kind: Kind, device: str, threads: int) -> None:
        self.kind, self.device = kind, device
        self.name = kind.name if device == "cpu" else f"{kind.name} {device}"
        self.process = start(kind, device, threads)
        about = self.answer()
        self.version, self.cuda, self.cases = about["version"], about["cuda"], about["cases"]
        self.number = 1

    def takes(self, case: Case) -> bool:
        """Whether the case is written for this library, and differs for this kind."""
        return case.name in self.cases and (case.trains or not self.kind.options)

    def ask(self, do: str, case: Case) -> Row:
        assert self.process.stdin is not None
        print(json.dumps({"do": do, "case": case.name, "number": self.number}), file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> Row:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} has stopped; what it said is above")
        answer: Row = json.loads(line)
        return answer

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
