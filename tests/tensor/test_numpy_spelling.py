"""NumPy's names of parameters, which PyTorch's functions and methods take as well as their own."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlite as tl

ROWS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("sum", {"dim": 0}, {"axis": 0}),
    ("sum", {"dim": 1, "keepdim": True}, {"axis": 1, "keepdims": True}),
    ("mean", {"dim": 0}, {"axis": 0}),
    ("std", {"dim": 0, "keepdim": True}, {"axis": 0, "keepdims": True}),
    ("max", {"dim": 0}, {"axis": 0}),
    ("sort", {"dim": 0}, {"axis": 0}),
    ("cumsum", {"dim": 0}, {"axis": 0}),
    ("softmax", {"dim": 0}, {"axis": 0}),
    ("squeeze", {"dim": 0}, {"axis": 0}),
    ("unsqueeze", {"dim": 0}, {"axis": 0}),
    ("unbind", {"dim": 0}, {"axis": 0}),
    ("exp", {}, {}),
    ("swapaxes", {"dim0": 0, "dim1": 1}, {"axis0": 0, "axis1": 1}),
    ("heaviside", {"other": tl.ones(1)}, {"values": tl.ones(1)}),
    ("mul", {"other": 2}, {"x2": 2}),
    ("mul_", {"other": 2}, {"x2": 2}),
]


@pytest.mark.parametrize("name, own, numpys", ROWS, ids=[row[0] for row in ROWS])
def test_the_same_result_under_both_names(name: str, own: dict[str, Any], numpys: dict[str, Any]) -> None:
    draw = lambda: tl.arange(6.0).reshape(2, 3)
    expected = getattr(draw(), name)(**own)
    assert str(getattr(draw(), name)(**numpys)) == str(expected)
    if hasattr(tl, name):
        assert str(getattr(tl, name)(draw(), **numpys)) == str(expected)
        assert str(getattr(tl, name)(input=draw(), **own)) == str(expected)


def test_sequences_of_tensors() -> None:
    x = tl.arange(3.0)
    assert tl.equal(tl.stack([x, x], axis=1), tl.stack([x, x], dim=1))
    assert tl.equal(tl.cat([x, x], axis=0), tl.cat([x, x], dim=0))


def test_a_parameter_is_not_given_twice() -> None:
    with pytest.raises(TypeError, match="axis"):
        tl.ones(2, 3).sum(dim=0, axis=0)
    with pytest.raises(TypeError, match="along"):
        tl.ones(2, 3).sum(along=0)
