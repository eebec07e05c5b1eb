"""SciPy and scikit-learn compute on tensors through the array API namespace, and gradients flow through what is nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from dispatched import TABLE

import tensorlite as tl
from tensorlite import array_api as xp

OLDEST = {"scipy": (1, 17), "sklearn": (1, 9)}
"""Older versions dispatch fewer functions."""


@cache
def report(library: str) -> dict[str, str | None]:
    """What `dispatched.py` says, in a process of its own: SciPy reads SCIPY_ARRAY_API when it is imported."""
    found = pytest.importorskip(library)
    if tuple(int(n) for n in found.__version__.split(".")[:2]) < OLDEST[library]:
        pytest.skip(f"{library} {found.__version__} dispatches fewer functions")
    program = [sys.executable, "-W", "error", str(Path(__file__).with_name("dispatched.py")), library]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", TABLE)
def test_dispatches(name: str) -> None:
    problem = report(name.partition(".")[0])[name]
    assert problem is None, problem


def test_array_api_compat_finds_the_namespace() -> None:
    compat = pytest.importorskip("array_api_compat")
    x = tl.ones(2, 3)
    assert compat.array_namespace(x) is xp and compat.is_array_api_obj(x)
    assert compat.size(x) == 6 and compat.device(x) == x.device
    assert compat.to_device(x, "strict").device.type == "strict"
    with pytest.raises(TypeError, match="Multiple namespaces"):
        compat.array_namespace(x, x.numpy())
