"""docs/conformance.md lists the entries that there are, and the misses that are known."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
pytest.importorskip("expecttest", reason="PyTorch's tables need it to be imported")

import report  # noqa: E402
from known import MODULES  # noqa: E402

RENEW = "run python tests/conformance/report.py"


@pytest.mark.parametrize("name", report.TABLES)
def test_the_report_has_every_entry(name: str) -> None:
    table = import_module(name)
    columns, rows = report.parsed(report.PATH.read_text())[table.TITLE]
    assert columns == tuple(table.COLUMNS), RENEW
    assert list(rows) == list(table.NAMES), RENEW


def test_the_report_has_the_known_misses() -> None:
    _, rows = report.parsed(report.PATH.read_text())["Modules"]
    found = {name: set(misses) for name, misses in rows.items() if misses}
    assert found == {name: set(misses) for name, misses in MODULES.items()}, RENEW


def test_the_report_says_how_it_was_made() -> None:
    text = report.PATH.read_text()
    assert "python tests/conformance/report.py" in text and f"PyTorch {torch.__version__.partition('+')[0]} " in text


def test_what_is_written_can_be_read() -> None:
    def rows() -> Any:
        yield "one", {"a": ""}
        yield "two", {"a": "", "b": "not | quite\nright"}

    table: Any = SimpleNamespace(TITLE="Things", COLUMNS=("a", "b"), NAMES=("one", "two"), rows=rows)
    text = report.written(table)
    assert "1 of 2 entries" in text
    assert report.parsed("intro\n\n" + text) == {"Things": (("a", "b"), {"one": {}, "two": {"b": "not / quite right"}})}
