"""Losses where their formulas divide by zero: the numbers are PyTorch's."""

from __future__ import annotations

import tensorlite as tl
from tensorlite.nn import functional as F


def test_binary_cross_entropy_of_certain_probabilities() -> None:
    x = tl.tensor([0.0, 1.0, 0.0, 1.0, 0.5], requires_grad=True)
    target = tl.tensor([0.0, 1.0, 1.0, 0.0, 0.25])
    loss = F.binary_cross_entropy(x, target, reduction="none")
    assert loss[:4].tolist() == [0.0, 0.0, 100.0, 100.0]
    loss.sum().backward()
    assert tl.allclose(x.grad, tl.tensor([0.0, 0.0, -1e12, 1e12, 1.0]))
