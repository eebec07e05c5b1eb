"""`standardize` is differentiable in its statistics too, which no function of PyTorch shows."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlite as tl
from tensorlite.autograd import gradcheck, gradgradcheck
from tensorlite.ops.norm import standardize


@pytest.mark.parametrize("device", ["cpu", "strict"])
@pytest.mark.parametrize("affine", [(True, True), (True, False), (False, True), (False, False)])
def test_gradients(affine: tuple[bool, bool], device: str) -> None:
    tl.manual_seed(0)
    given = [tl.rand(*size, dtype=tl.float64) + 0.5 for size in ((2, 3, 4), (3,), (3,), *((3,) for wanted in affine if wanted))]
    inputs = [t.to(device).requires_grad_() for t in given]

    def call(x: Any, mean: Any, var: Any, *others: Any) -> Any:
        left = iter(others)
        weight, bias = (next(left) if wanted else None for wanted in affine)
        return standardize(x, mean, var, weight, bias, shape=(1, 3, 1), eps=1e-3)

    assert gradcheck(call, inputs)
    assert gradgradcheck(call, inputs)
