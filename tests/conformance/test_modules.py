"""Every module of PyTorch's table is made, printed, called and differentiated as PyTorch's."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch is the oracle")
pytest.importorskip("expecttest", reason="PyTorch's tables need it to be imported")

import modules  # noqa: E402
from known import MODULES  # noqa: E402


@pytest.mark.parametrize("name", modules.NAMES)
@pytest.mark.parametrize("group", modules.GROUPS)
def test_module(name: str, group: str) -> None:
    known = {column: reason for column, reason in MODULES.get(name, {}).items() if column in modules.GROUPS[group]}
    found = {column: reason for column, reason in modules.misses(name, group).items() if reason}
    assert {c: r for c, r in found.items() if c not in known} == {}
    assert set(known) == set(found), "a known miss holds by now: take it out of known.py"
    if known:
        pytest.xfail("; ".join(known.values()))


def test_known_misses_are_of_entries_that_exist() -> None:
    assert set(MODULES) <= set(modules.NAMES)
    assert {column for columns in MODULES.values() for column in columns} <= set(modules.COLUMNS)


def test_a_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind: the checks can fail."""
    linear = modules.tl.nn.Linear

    class Broken(linear):  # type: ignore[misc, valid-type]
        def forward(self, input: modules.tl.Tensor) -> modules.tl.Tensor:
            return super().forward(input).detach() + super().forward(input) * 0

        def reset_parameters(self) -> None:
            super().reset_parameters()
            self.weight.data = self.weight.data + 1

        def extra_repr(self) -> str:
            return "broken"

    monkeypatch.setattr(modules.tl.nn, "Linear", Broken)
    assert {c for c, reason in modules.misses("nn.Linear", "construction").items() if reason} == {"initial values", "repr"}
    assert {c for c, reason in modules.misses("nn.Linear", "values").items() if reason} == {"gradients"}
    assert modules.misses("nn.Linear", "second order")["second order"]


def test_a_missing_module_is_a_miss_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(modules.tl.nn, "GroupNorm")
    for group, columns in modules.GROUPS.items():
        found = modules.misses("nn.GroupNorm", group)
        assert set(found) == set(columns) and "there is no nn.GroupNorm" in found[columns[0]] and all(found.values())
