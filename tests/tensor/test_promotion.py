"""Result dtypes of real additions for every pair of dtypes and operand class, from the committed table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl

TABLE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "promotion.json").read_text())["default"]["float32"]
NUMBERS = {"bool": True, "int": 1, "float": 1.0, "complex": 1j}
UNSUPPORTED = "complex32"


def operand(kind: str, name: str) -> Any:
    if kind == "number":
        return NUMBERS[name]
    return tl.ones(() if kind == "zero" else (2,), dtype=getattr(tl, name))


def cases() -> list[tuple[str, str, str, str | None]]:
    return [
        (classes, a, b, expected)
        for classes, rows in TABLE.items() if classes != "number_number"
        for a, row in rows.items() for b, expected in row.items()
        if UNSUPPORTED not in (a, b, expected)
    ]


@pytest.mark.parametrize("classes", [c for c in TABLE if c != "number_number"])
def test_additions_have_pytorchs_dtype(classes: str) -> None:
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes: pip install 'tensorlite[bf16]'")
    checked = 0
    for kinds, a, b, expected in cases():
        if kinds != classes:
            continue
        first, second = (operand(kind, name) for kind, name in zip(kinds.split("_"), (a, b), strict=True))
        if expected is None:
            with pytest.raises(RuntimeError):
                first + second
        else:
            assert str((first + second).dtype) == f"torch.{expected}", (a, b)
            assert str((second + first).dtype) == f"torch.{expected}", (b, a)
            assert str(tl.result_type(first, second)) == f"torch.{expected}"
            assert (first + second).tolist() == (second + first).tolist()
        checked += 1
    assert checked > 50


def test_gradients_keep_the_dtype_of_their_input() -> None:
    for a in (tl.float16, tl.float32, tl.float64, tl.complex64):
        for b in (tl.float32, tl.float64, tl.complex128):
            if a is tl.float16 and b.is_complex:  # complex32 does not exist here
                continue
            x, y = tl.ones(2, dtype=a, requires_grad=True), tl.ones((), dtype=b, requires_grad=True)
            (x * y + x).abs().sum().backward()
            assert x.grad.dtype is a and y.grad.dtype is b


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_half_precision_accumulates_in_float32(name: str) -> None:
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes: pip install 'tensorlite[bf16]'")
    dtype = getattr(tl, name)
    x = tl.ones(5000, dtype=dtype)
    assert x.sum().item() == tl.tensor(5000.0).to(dtype).item()
    assert x.mean().item() == 1.0
    assert (x.reshape(1, -1) @ x.reshape(-1, 1)).item() == tl.tensor(5000.0).to(dtype).item()
    assert x.cumsum(0)[-1].item() == tl.tensor(5000.0).to(dtype).item()


@pytest.mark.parametrize("other", [1, 2.0, tl.tensor([1]), tl.tensor(2.0)], ids=str)
def test_no_difference_with_truth_values(other: Any) -> None:
    """Not even where the other operand's dtype would hold it: PyTorch takes it for the wish to invert a mask."""
    mask = tl.tensor([True, False])
    for difference in (lambda: mask - other, lambda: other - mask, lambda: tl.sub(mask, other), lambda: tl.rsub(mask, other)):
        with pytest.raises(RuntimeError, match="with a bool tensor is not supported"):
            difference()
    with pytest.raises(RuntimeError, match="with two bool tensors"):
        mask - mask


def test_numbers_beside_operands_of_other_dtypes() -> None:
    """A number is found before it is known that another operand needs promotion."""
    x = tl.tensor([-1.0, 0.5, 3.0])
    for low, high in ((0.0, tl.tensor([1, 1, 1])), (tl.tensor(0), 1.0), (0, 1), (False, 1.0)):
        assert tl.ops.pointwise.clip(x, low, high).tolist() == [0, 0.5, 1]
    assert tl.where(x > 0, x, 1).tolist() == tl.where(x > 0, x, tl.tensor(1)).tolist() == [1, 0.5, 3]
