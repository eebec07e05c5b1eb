"""Every operator of PyTorch's table computes, differentiates and fails as PyTorch's."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch is the oracle")
pytest.importorskip("expecttest", reason="PyTorch's tables need it to be imported")

import operators  # noqa: E402
from known import OPERATORS  # noqa: E402

SAMPLES = 4
"""How many samples of an entry run here, of its main dtype; `report.py` runs more."""
NOT_TRIED = "not tried"


@pytest.mark.parametrize("name", operators.NAMES)
def test_operator(name: str) -> None:
    known = OPERATORS.get(name, {})
    found = {c: reason for c, reason in operators.misses(name, SAMPLES).items() if reason and reason != NOT_TRIED}
    assert {c: reason for c, reason in found.items() if c not in known} == {}
    assert set(known) == set(found), "a known miss holds by now: take it out of known.py"
    if known:
        pytest.xfail("; ".join(known.values()))


def test_known_misses_are_of_entries_that_exist() -> None:
    assert set(OPERATORS) <= set(operators.NAMES)
    assert {column for columns in OPERATORS.values() for column in columns} <= set(operators.COLUMNS)


def test_a_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind: the checks can fail."""
    tl, tan = operators.tl, operators.tl.tan
    monkeypatch.setattr(tl, "tan", lambda x, **options: tan(x, **options) + 1)
    assert operators.misses("tan", 2)["forward"]
    monkeypatch.setattr(tl, "tan", lambda x, **options: tan(x.detach(), **options) + x.detach() * 0)
    found = operators.misses("tan", 2)
    assert not found["forward"] and found["gradients"]
    monkeypatch.setattr(tl, "tan", lambda x, out=None: tan(x))
    assert operators.misses("tan", 2)["out="]
    monkeypatch.setattr(tl, "tan", tan)
    monkeypatch.setattr(tl.Tensor, "tan", lambda x: -tan(x))
    assert operators.misses("tan", 2)["method"]
    monkeypatch.setattr(tl.Tensor, "tan_", tan)
    assert operators.misses("tan", 2)["in place"]
    monkeypatch.setattr(tl, "flipud", lambda x: x)
    assert operators.misses("flipud", 2)["errors"]


def test_a_missing_operator_is_a_miss_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(operators.tl, "tan")
    found = operators.misses("tan", 2)
    assert set(found) == set(operators.COLUMNS) and "there is no tan" in found["forward"]
    assert {reason for column, reason in found.items() if column != "forward"} == {NOT_TRIED}
