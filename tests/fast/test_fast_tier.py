"""The fast tier as a whole: when it is used, what it costs where it is not, its cache, and processes that fork."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba")

import tensorlite as tl
from tensorlite.backends.numpy import fast

on = pytest.mark.skipif(not fast.available(), reason="the fast tier is turned off")

CONVOLVE = """
import sys, tensorlite as tl
x, weight = tl.ones(2, 3, 8, 8), tl.ones(4, 3, 3, 3)
print(float(tl.nn.functional.conv2d(x, weight).sum()), "numba" in sys.modules)
"""


def output(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_is_small_does_not_import_numba() -> None:
    program = """
import sys, tensorlite as tl
net = tl.nn.Sequential(tl.nn.Linear(4, 4), tl.nn.Tanh(), tl.nn.LayerNorm(4), tl.nn.Softmax(1))
net(tl.ones(2, 4)).sum().backward()
tl.optim.Adam(net.parameters()).step()
print("numba" in sys.modules)
"""
    assert output(program) == "False"


def test_turned_off() -> None:
    assert output(CONVOLVE, TENSORLITE_FAST="0") == f"{2 * 4 * 36 * 27:.1f} False"


@on
def test_the_cache(tmp_path: Path) -> None:
    """Compiled code lies in one folder below the one that was named, and is found again."""
    answer = f"{2 * 4 * 36 * 27:.1f} True"
    assert output(CONVOLVE, TENSORLITE_CACHE=str(tmp_path)) == answer
    (folder,) = tmp_path.iterdir()
    files = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert any(name.endswith(".nbc") for name in files)
    assert output(CONVOLVE, TENSORLITE_CACHE=str(tmp_path)) == answer
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == files


@on
def test_without_a_cache(tmp_path: Path) -> None:
    """Where nothing can be written, kernels are compiled in every process."""
    file = tmp_path / "file"
    file.write_text("no folder")
    assert output(CONVOLVE, TENSORLITE_CACHE=str(file)) == f"{2 * 4 * 36 * 27:.1f} True"


def _in_child(answers: Any) -> None:
    answers.put(float(tl.nn.functional.conv2d(tl.ones(16, 3, 8, 8), tl.ones(4, 3, 3, 3)).sum()))


@on
@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    context = multiprocessing.get_context("fork")
    here = context.SimpleQueue()
    _in_child(here)  # the parent has threads now
    child = context.Process(target=_in_child, args=(here,))
    child.start()
    child.join(60)
    assert child.exitcode == 0 and here.get() == here.get()


@on
def test_every_family_has_examples() -> None:
    """What `tensorlite warmup` compiles."""
    families = {family for family, _ in fast.examples("float32")}
    assert families == {*fast.OTHERS, *fast.FAMILIES.values()}
    for _, call in fast.examples("float32"):
        call()
