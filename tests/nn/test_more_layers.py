"""The layers of the `cases_*` tables against PyTorch: construction, printing, state, values, gradients and errors."""

from __future__ import annotations

from typing import Any

import cases_conv
import cases_dropout
import cases_image
import cases_lookup
import cases_loss
import cases_norm
import cases_pool
import cases_rare
import cases_recurrent
import pytest
from twins import Case, check_construction, check_differences, check_error, check_values

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")  # PyTorch's remark on its own speed

TABLES = [cases_norm, cases_conv, cases_pool, cases_lookup, cases_image, cases_dropout, cases_loss, cases_recurrent, cases_rare]


def each(what: str) -> Any:
    rows = [(f"{t.__name__.removeprefix('cases_')}-{i}", row) for t in TABLES for i, row in enumerate(getattr(t, what))]
    return pytest.mark.parametrize("row", [row for _, row in rows], ids=[name for name, _ in rows])


@each("CASES")
def test_construction(row: Case) -> None:
    check_construction(torch, row)


@pytest.mark.parametrize("training", [True, False])
@each("CASES")
def test_values(row: Case, training: bool) -> None:
    check_values(torch, row, training)


@each("CASES")
def test_gradients_are_finite_differences(row: Case) -> None:
    if not row.options:
        check_differences(row)


@each("FAULTS")
def test_errors(row: Any) -> None:
    check_error(torch, row)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_rms_norm_of_half_precision(dtype: str) -> None:
    x = tl.tensor([300.0, -0.1, 3.0, 1000.0])
    ours = tl.nn.functional.rms_norm(x.to(getattr(tl, dtype)), (4,)).float()
    theirs = torch.nn.functional.rms_norm(torch.tensor(x.tolist()).to(getattr(torch, dtype)), (4,)).float()
    assert ours.tolist() == theirs.tolist()


def test_instance_norm_warns_of_other_channels() -> None:
    with pytest.warns(UserWarning, match="num_features"):
        assert tl.nn.InstanceNorm1d(3)(tl.randn(2, 4, 5)).shape == (2, 4, 5)
