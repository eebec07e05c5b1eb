"""Every case on every library and device, by pytest-benchmark. Not part of the tests; run it with

    python -m pytest benchmarks --benchmark-columns=median,iqr,rounds

and choose with ``-k "tensorlite and matmul"``, ``-m "not cuda"`` and the like. `compare.py` measures the libraries
against each other, in turns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cases import CASES, Case

CONTENDERS = [
    pytest.param(library, device, id=f"{library}-{device}", marks=[pytest.mark.cuda] if device == "cuda" else [])
    for library in ("tensorlite", "torch")
    for device in ("cpu", "cuda")
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(("library", "device"), CONTENDERS)
def test_speed(benchmark: Any, case: Case, library: str, device: str) -> None:
    m = pytest.importorskip(library)
    if device == "cuda" and not m.cuda.is_available():
        pytest.skip("no CUDA device")
    benchmark.group = case.name
    benchmark(finished(m, device, case.build(m, device)))


def finished(m: Any, device: str, step: Callable[[], Any]) -> Callable[[], Any]:
    """A GPU works on while Python goes on, so a step is over when the device has come to rest."""
    if device == "cpu":
        return step

    def step_and_wait() -> None:
        step()
        m.cuda.synchronize()

    return step_and_wait
