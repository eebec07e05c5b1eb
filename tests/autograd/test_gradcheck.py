"""What gradcheck takes, refuses and finds."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlite as tl
from tensorlite.autograd import gradcheck, gradgradcheck


def point() -> Any:
    return tl.tensor([0.3, -0.7], dtype=tl.float64, requires_grad=True)


def test_accepted() -> None:
    assert gradcheck(tl.sin, point(), fast_mode=True, nondet_tol=1e-3, check_undefined_grad=False, check_batched_grad=True)
    assert gradgradcheck(tl.sin, point(), fast_mode=True, gen_non_contig_grad_outputs=True)


@pytest.mark.parametrize(
    "options", [{"check_forward_ad": True}, {"check_batched_forward_grad": True}, {"check_backward_ad": False}]
)
def test_forward_derivatives_are_not_checked(options: dict[str, bool]) -> None:
    with pytest.raises(NotImplementedError, match="backward alone"):
        gradcheck(tl.sin, point(), **options)


def test_second_forward_derivatives_are_not_checked() -> None:
    with pytest.raises(NotImplementedError, match="backward alone"):
        gradgradcheck(tl.sin, point(), check_fwd_over_rev=True)


def test_a_mistake_in_an_option() -> None:
    with pytest.raises(TypeError, match="rtoll"):
        gradcheck(tl.sin, point(), rtoll=1)
