"""Every learning-rate schedule of PyTorch gives PyTorch's rates."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import schedulers  # noqa: E402


@pytest.mark.parametrize("column", schedulers.COLUMNS)
@pytest.mark.parametrize("name", schedulers.NAMES)
def test_scheduler(name: str, column: str) -> None:
    assert schedulers.misses(name, column) == ""


def test_every_schedule_has_cases() -> None:
    assert set(schedulers.CASES) == set(schedulers.NAMES)
