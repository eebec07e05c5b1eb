"""Every optimizer of PyTorch's table makes PyTorch's steps."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest", reason="PyTorch's tables need it to be imported")

import optimizers  # noqa: E402


@pytest.mark.parametrize("column", optimizers.COLUMNS)
@pytest.mark.parametrize("name", optimizers.NAMES)
def test_optimizer(name: str, column: str) -> None:
    assert optimizers.misses(name, column) == optimizers.EXPECTED.get(name, {}).get(column, "")
