"""The benchmarks themselves: the command measures, compares, and says what it could not do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
UNIT = {"us": 1e-6, "ms": 1e-3, "MB": 1e6}


def compare(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FOLDER / "compare.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)


def table(done: subprocess.CompletedProcess[str]) -> dict[str, list[str]]:
    """The lines of the printed table by their first cell."""
    assert done.returncode == 0, done.stderr
    lines = [line.strip("| ").split("|") for line in done.stdout.splitlines() if line.startswith("|") and "--" not in line]
    return {line[0].strip(): [cell.strip() for cell in line[1:]] for line in lines}


def amount(cell: str) -> float:
    value, unit = cell.split()
    return float(value) * UNIT[unit]


def test_times_are_measured(tmp_path: Path) -> None:
    done = compare(
        "--cases", "20 ops, forward", "--rounds", "2", "--threads", "1", "--contenders", "tensorlite", "--device", "cpu",
        folder=tmp_path,
    )  # fmt: skip
    assert table(done)["case"] == ["tensorlite"]
    assert 1e-6 < amount(table(done)["20 ops, forward"][0]) < 0.1
    assert "agree to 0.0e+00" in done.stdout
    assert not list(tmp_path.iterdir())  # without a second contender there is nothing to draw


def test_memory_of_a_step_is_measured(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="needs Unix")
    lines = table(compare("--memory", "--cases", "MLP 16", "--threads", "1", "--contenders", "tensorlite", folder=tmp_path))
    assert 5e6 < amount(lines["(after the imports)"][0]) < 2e9
    assert 0 <= amount(lines["MLP 16-32-32-1, SGD"][0]) < 1e9


def test_peak_is_what_a_step_holds_for_a_moment() -> None:
    """In a process of its own, which has no freed memory to take again."""
    pytest.importorskip("resource", reason="needs Unix")
    program = "import json, memory; print(json.dumps(memory.measure(lambda: lambda: len(b'x' * (64 << 20)), lambda value: None)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=FOLDER, timeout=60)
    assert done.returncode == 0, done.stderr
    held = json.loads(done.stdout)
    if sys.platform == "linux":
        assert 60e6 < held["above"] < 200e6
    assert held["imported"] > 5e6


def test_imports_are_measured(tmp_path: Path) -> None:
    lines = table(compare("--import", "--rounds", "1", "--contenders", "tensorlite", folder=tmp_path))
    assert lines.keys() == {"library", "tensorlite", "numpy"}
    assert 1e-3 < amount(lines["tensorlite"][2]) < 60


def test_sizes_are_those_of_the_files(tmp_path: Path) -> None:
    import numpy as np

    lines = table(compare("--size", "--contenders", "tensorlite", folder=tmp_path))
    assert lines["tensorlite"][3] == "numpy" and lines["numpy"][3] == "none"
    alone, together = (amount(cell) for cell in lines["tensorlite"][:2])
    assert together == pytest.approx(alone + amount(lines["numpy"][0]), abs=2e5)
    files = [path for path in Path(np.__file__).parent.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert amount(lines["numpy"][0]) >= 0.95 * sum(path.stat().st_size for path in files)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--cases", "no such case"], "no such case; there are: MLP 16", id="case"),
        pytest.param(["--contenders", "caffe"], "there is no caffe; there are tensorlite, tensorlite-numpy", id="contender"),
        pytest.param(["--memory", "--size"], "not allowed with argument", id="two-things"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = compare(*arguments, folder=tmp_path)
    assert done.returncode and message in done.stderr


def load(name: str) -> ModuleType:
    """A file of the benchmarks that imports none of the others."""
    spec = spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ROWS: list[dict[str, Any]] = [
    {
        "case": "small, both ways", "group": "forward and backward",
        "seconds": {"tensorlite": 2e-6, "torch": 4e-6, "jax": 1e-3},
        "ratio": {"tensorlite": (0.5, 0.4, 0.6), "jax": (250.0, 249.0, 251.0)},
    },
    {"case": "large", "group": "forward", "seconds": {"tensorlite": 1.5, "torch": 0.5}, "ratio": {"tensorlite": (3.0, 2.9, 3.1)}},
]  # fmt: skip


def test_table_of_times() -> None:
    report = load("report")
    assert report.time_table(ROWS, ["tensorlite", "torch", "jax"]) == [
        ["case", "tensorlite", "ratio (quartiles)", "torch", "jax", "ratio (quartiles)"],
        ["small, both ways", "2 us", "0.50 (0.40 to 0.60)", "4 us", "1 ms", "250 (249 to 251)"],
        ["large", "1500 ms", "3.0 (2.9 to 3.1)", "500 ms", "", ""],
    ]


def test_table_of_memory() -> None:
    report = load("report")
    rows = [{"case": "a", "torch": {"imported": 200e6, "above": 10e6}, "tensorlite": {"imported": 20e6, "above": 5e6}}]
    assert report.memory_table(rows, ["tensorlite", "torch"], "torch") == [
        ["case", "tensorlite", "ratio", "torch"],
        ["(after the imports)", "20 MB", "0.10", "200 MB"],
        ["a", "5 MB", "0.50", "10 MB"],
    ]


def test_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    report = load("report")
    cuda = {"seconds": {}, "ratio": {"tensorlite cuda": (2.0, 1.0, 3.0)}}
    for name, rows in (("one", ROWS), ("two", [ROWS[0], {**ROWS[1], **cuda}])):
        report.draw(rows, tmp_path / f"{name}.png", "versions; machine")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    bars, labels, groups, height = report.places(ROWS)
    assert list(bars) == [(0, "tensorlite"), (0, "jax"), (1, "tensorlite")]
    assert sorted(bars.values()) == list(bars.values()) and max(bars.values()) < height
    assert [name for _, name in labels] == ["small", "large"]
    assert [name for _, name in groups] == ["forward and backward", "forward"]


def test_readme_names_options_that_exist(tmp_path: Path) -> None:
    text = compare("--help", folder=tmp_path).stdout
    said = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    for command in re.findall(r"benchmarks/compare\.py([^`\n]*)", said):
        for option in re.findall(r"--\w+", command):
            assert option in text
