"""Programs written for PyTorch run unchanged, and print the numbers that they print with PyTorch."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HAS_TORCH = importlib.util.find_spec("torch") is not None and hasattr(os, "fork")

FALLING = [
    "char_gpt", "sort_gpt", "resnet --epochs 4", "vae",
    "word_lm --model LSTM --nlayers 1 --epochs 5 --dropout 0", "word_lm --model GRU --tied --nlayers 1 --dropout 0 --epochs 4",
    "word_lm --model RNN_TANH", "word_lm --model Transformer --lr 2", "time_sequence", "vit", "neural_ode", "pinn", "siamese",
    "realnvp", "memory_saver",
]
"""Programs, with their arguments, whose loss falls."""

OTHER = ["dcgan", "reinforce", "actor_critic"]
"""Two losses that work against each other, and rewards."""

PROGRAMS = FALLING + OTHER
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
LOSS = re.compile(r"[Ll]oss(?:_[DG])?\s*[:=]?\s*([-+]?\d+\.\d+)")


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What PyTorch prints for each program."""
    folder = tmp_path_factory.mktemp("reference")
    command = [sys.executable, str(HERE / "reference.py"), str(folder), *PROGRAMS]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment())
    assert done.returncode == 0, done.stderr
    return {program: (folder / f"{i}.txt").read_text() for i, program in enumerate(PROGRAMS)}


def _run(program: str, folder: Path) -> str:
    name, *arguments = program.split()
    command = [sys.executable, "-m", "tensorlite", str(HERE / f"{name}.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=_environment())
    assert done.returncode == 0, done.stderr
    return done.stdout


def _check_same(printed: str, wanted: str) -> None:
    """The words are equal, and the numbers nearly; the last printed digit may be rounded otherwise."""
    assert NUMBER.sub("#", printed) == NUMBER.sub("#", wanted)
    for ours, theirs in zip(printed.splitlines(), wanted.splitlines(), strict=True):
        for x, y in zip(NUMBER.findall(ours), NUMBER.findall(theirs), strict=True):
            digits = len(y.partition(".")[2]) if "e" not in y else 8
            assert math.isclose(float(x), float(y), rel_tol=1e-3, abs_tol=1.1 * 10.0**-digits if digits else 0.0), (ours, theirs)


@pytest.mark.parametrize("program", PROGRAMS)
def test_program(program: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The program runs; its loss falls; it prints what it prints with PyTorch, where that is installed."""
    printed = _run(program, tmp_path)
    losses = [float(x) for x in LOSS.findall(printed)]
    assert len(losses) >= 2 and all(math.isfinite(x) for x in losses), printed
    if program in FALLING:
        assert losses[-1] < 0.95 * losses[0], printed
    if HAS_TORCH:
        _check_same(printed, request.getfixturevalue("expected")[program])
