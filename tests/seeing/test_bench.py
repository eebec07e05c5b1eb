"""``python -m tensorlite bench``, with cases that take no time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

import tensorlite as tl
from tensorlite.cli import bench
from tensorlite.cli.main import main


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Two small cases; gives the libraries and devices that they were prepared for."""
    prepared: list[Any] = []

    def note(lib: Any, device: str) -> Any:
        prepared.append((lib.__name__, device))
        return lambda: None

    monkeypatch.setattr(bench, "ROUND", 1e-4)
    monkeypatch.setattr(bench, "CASES", {"add": bench.CASES["x + x, 8 numbers"], "nothing": note})
    threads = tl.get_num_threads()
    yield prepared
    tl.set_num_threads(threads)


def test_table(quick: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    main(["bench", "--device", "cpu", "--threads", "1", "--rounds", "2"])
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert "1 threads, median of 2 rounds" in lines[0] and lines[1].split()[:3] == ["float32", "tensorlite", "cpu"]
    assert [line.split()[0] for line in lines[3:]] == ["add", "nothing"] and lines[3].split()[-1] in ("us", "ms")
    assert quick == [("tensorlite", "cpu")] and err == ""


def test_progress(quick: list[Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    bench.main(["--device", "cpu", "--rounds", "1"])
    err = capsys.readouterr().err
    assert "0/2 tensorlite cpu: add" in err and "[########################] 2/2" in err and err.endswith("\n")


def test_beside_pytorch(quick: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    bench.main(["--device", "cpu", "--rounds", "1", "--torch"])
    assert "PyTorch cpu" in capsys.readouterr().out and quick == [("tensorlite", "cpu"), ("torch", "cpu")]


@pytest.mark.parametrize("name", bench.CASES)
def test_cases(name: str) -> None:
    """Every case runs, and a training step changes the loss and nothing else."""
    run = bench.CASES[name](tl, "cpu")
    result = run()
    assert result is None if name.startswith("training") else result.isfinite().all()


def test_measure() -> None:
    calls = []
    seconds = bench.measure(lambda: calls.append(1), lambda: None, 3)
    assert 0 < seconds < 1e-4 and len(calls) > 100


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--device", "tpu"], "choose cpu or cuda"),
        (["--rounds", "0"], "1 or more"),
        (["--threads", "0"], "1 or more"),
        (["--no-such"], "unrecognized"),
        (["--torch"], "PyTorch is not installed"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_refused(given: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SystemExit) as stopped:
        bench.main(given)
    assert stopped.value.code == 2 and message in capsys.readouterr().err
