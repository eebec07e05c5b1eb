"""The example programs: they run, on PyTorch too, and survive a kill."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tensorlite as tl

EXAMPLES = Path(__file__).parents[2] / "examples"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(tl.__file__).parents[1]), "MPLBACKEND": "Agg"}
needs_demo = [pytest.importorskip(name) for name in ("sklearn", "matplotlib", "tqdm")]


def command(name: str | Path, *arguments: object) -> list[str]:
    return [sys.executable, str(EXAMPLES / name), *map(str, arguments)]


def run(name: str | Path, *arguments: object, cwd: Path) -> str:
    """The output of an example that must succeed."""
    result = subprocess.run(command(name, *arguments), cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def on_pytorch(name: str, folder: Path) -> Path:
    """A copy of an example with its one import line changed."""
    source = (EXAMPLES / name).read_text()
    assert source.count("import tensorlite as torch\n") == 1
    path = folder / f"{Path(name).stem}_on_pytorch.py"
    path.write_text(source.replace("import tensorlite as torch\n", "import torch\n"))
    return path


def accuracy(output: str) -> float:
    """The number in the last line."""
    return float(re.search(r"([\d.]+) %$", output.strip().splitlines()[-1]).group(1))


def weights(path: Path) -> list[tuple]:
    checkpoint = tl.load(path)
    state = [*checkpoint["model"].values()]
    for values in checkpoint["optimizer"]["state"].values():
        state += values.values()
    return [tuple(tensor.flatten().tolist()) for tensor in (*state, checkpoint["random_state"]["cpu"])]


def test_digits(tmp_path: Path) -> None:
    output = run("digits.py", "--epochs", 4, "--output", "picture.png", cwd=tmp_path)
    assert accuracy(output) >= 97.5 and output.count("epoch") == 4
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    again = run("digits.py", "--epochs", 4, cwd=tmp_path)  # nothing is left to do
    assert accuracy(again) == accuracy(output) and "resuming" in again
    other = subprocess.run(
        command("digits.py", "--seed", 1), cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert other.returncode != 0 and "--seed 0" in other.stderr


def test_digits_resumes_bit_for_bit_after_a_kill(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    run("digits.py", "--epochs", 3, cwd=whole)
    kills = 0
    for delay in (0.1, 0.45):  # after the first line of each run: in the middle of an epoch
        with subprocess.Popen(
            command("digits.py", "--epochs", 3),
            cwd=killed,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay)
            process.kill()
        kills += process.returncode == -9
    output = run("digits.py", "--epochs", 3, cwd=killed)
    assert kills > 0 and "resuming" in output
    assert weights(killed / "digits.pt") == weights(whole / "digits.pt")
    assert tl.load(killed / "digits.pt")["history"] == tl.load(whole / "digits.pt")["history"]


def test_digits_starts_with_pytorch_s_numbers(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    ours = run("digits.py", "--epochs", 1, cwd=tmp_path)
    theirs = run(on_pytorch("digits.py", tmp_path), "--epochs", 1, "--checkpoint", "theirs.pt", cwd=tmp_path)
    ours_loss, theirs_loss = (float(re.search(r"training loss ([\d.]+)", text).group(1)) for text in (ours, theirs))
    assert ours_loss == pytest.approx(theirs_loss, rel=0.02)
    # And PyTorch goes on from our checkpoint.
    output = run(tmp_path / "digits_on_pytorch.py", "--epochs", 2, "--checkpoint", "digits.pt", cwd=tmp_path)
    assert "resuming" in output


def test_linear_regression(tmp_path: Path) -> None:
    output = run("linear_regression.py", cwd=tmp_path)
    lines = {line.split(":")[0].strip(): line.split(":")[1] for line in output.splitlines() if ": y =" in line}
    assert lines["optimizer"] == lines["by hand"]
    slope, intercept = map(float, re.findall(r"\d+\.\d+", lines["optimizer"]))
    assert abs(slope - 0.7) < 0.02 and abs(intercept - 0.3) < 0.02


def test_linear_regression_prints_what_pytorch_prints(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    assert run("linear_regression.py", cwd=tmp_path) == run(on_pytorch("linear_regression.py", tmp_path), cwd=tmp_path)
