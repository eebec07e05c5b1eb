"""Printing against what PyTorch 2.13 printed (see data/make_printing.py)."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tensorlite import dtypes
from tensorlite.devices import device
from tensorlite.tensor import printing

CASES = json.loads((Path(__file__).parent / "data" / "printing.json").read_text())["cases"]


class Duck:
    """Just enough of a tensor: what `tensor_repr` may use."""

    def __init__(self, values: list[Any], shape: tuple[int, ...], dtype: Any, where: str = "cpu") -> None:
        self.values, self.shape, self.dtype, self.device = values, shape, dtype, device(where)
        self.requires_grad, self.grad_fn = False, None

    def detach(self) -> Duck:
        return self

    def tolist(self) -> Any:
        rows = self.values
        for n in reversed(self.shape[1:]):
            rows = [rows[i : i + n] for i in range(0, len(rows), n)]
        return rows if self.shape else rows[0]

    def __getitem__(self, slices: tuple[slice, ...]) -> Duck:
        ranges = [range(n)[s] for n, s in itertools.zip_longest(self.shape, slices, fillvalue=slice(None))]
        strides = [math.prod(self.shape[i + 1 :]) for i in range(len(self.shape))]
        picked = [
            self.values[sum(i * s for i, s in zip(index, strides, strict=True))] for index in itertools.product(*ranges)
        ]
        return Duck(picked, tuple(map(len, ranges)), self.dtype)


def values_of(case: dict[str, Any]) -> list[Any]:
    if "arange" in case:
        return [i * case["arange"] for i in range(math.prod(case["shape"]))]
    return [complex(*v) for v in case["data"]] if case["dtype"].startswith("complex") else case["data"]


@pytest.fixture(autouse=True)
def defaults() -> Iterator[None]:
    yield
    printing.set_printoptions(profile="default")
    dtypes.set_default_dtype(dtypes.float32)


def prepare(case: dict[str, Any]) -> None:
    printing.set_printoptions(**{"profile": "default", **case.get("options", {})})
    dtypes.set_default_dtype(getattr(dtypes, case.get("default", "float32")))


def test_there_are_cases() -> None:
    assert len(CASES) > 700
    assert {c["dtype"] for c in CASES} >= {"float32", "bfloat16", "complex64", "bool", "uint8"}


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['dtype']}{c['shape']}")
def test_text_is_pytorchs(case: dict[str, Any]) -> None:
    duck = Duck(values_of(case), tuple(case["shape"]), getattr(dtypes, case["dtype"]))
    duck.requires_grad = case.get("requires_grad", False)
    if "grad_fn" in case:
        duck.grad_fn = SimpleNamespace(name=lambda: case["grad_fn"])
    prepare(case)
    assert printing.tensor_repr(duck) == case["text"]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['dtype']}{c['shape']}")
def test_tensors_print_themselves(case: dict[str, Any]) -> None:
    tl = pytest.importorskip("tensorlite")
    if not callable(getattr(tl, "tensor", None)):
        pytest.skip("tensorlite.tensor() is not there yet")
    if "grad_fn" in case:
        pytest.skip("the name of the op is not known here")
    if case["dtype"] == "bfloat16":
        pytest.importorskip("ml_dtypes")
    tensor = tl.tensor(values_of(case), dtype=getattr(tl, case["dtype"])).reshape(case["shape"])
    if case.get("requires_grad"):
        tensor.requires_grad_()
    prepare(case)
    assert repr(tensor) == str(tensor) == case["text"]


def test_devices_are_named() -> None:
    assert printing.tensor_repr(Duck([1.0], (1,), dtypes.float32, "cuda:0")) == "tensor([1.], device='cuda:0')"
    expected = "tensor([1, 2], device='cuda:1', dtype=torch.int32)"
    assert printing.tensor_repr(Duck([1, 2], (2,), dtypes.int32, "cuda:1")) == expected
    expected = "tensor([], device='cuda:0', size=(0, 2), dtype=torch.int64)"
    assert printing.tensor_repr(Duck([], (0, 2), dtypes.int64, "cuda:0")) == expected
    assert printing.tensor_repr(Duck([], (3,), dtypes.float32, "meta")) == "tensor(..., device='meta', size=(3,))"


def test_an_invalid_history_is_said_so() -> None:
    class Broken(Duck):
        @property
        def grad_fn(self) -> Any:
            raise RuntimeError("no history")

        @grad_fn.setter
        def grad_fn(self, value: Any) -> None:
            pass

    assert printing.tensor_repr(Broken([1.0], (1,), dtypes.float32)) == "tensor([1.], grad_fn=<Invalid>)"


def test_set_printoptions_keeps_what_is_not_given_except_sci_mode() -> None:
    printing.set_printoptions(precision=2, edgeitems=1, sci_mode=True)
    printing.set_printoptions(linewidth=100)
    assert printing.options == printing.PrintOptions(precision=2, edgeitems=1, linewidth=100)
    printing.set_printoptions(profile="short", precision=7)
    assert printing.options == printing.PrintOptions(precision=7, edgeitems=2)
    with printing.printoptions(sci_mode=True, precision=1):
        assert printing.options.sci_mode and printing.options.precision == 1
    assert printing.options == printing.PrintOptions(precision=7, edgeitems=2)
