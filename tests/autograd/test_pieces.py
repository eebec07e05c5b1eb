"""Gradients of pieces of a tensor: the engine adds them to one array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlite as tl
from tensorlite.backends.piece import Piece

USES: dict[str, Callable[[Any], Any]] = {
    "pieces alone": lambda x: x[0].sum() + (x[1] * x[2]).sum() + (x[0, 1] ** 2),
    "the whole first": lambda x: (x.exp().sum() * x[1]).sum() + x[:, 2].sum(),
    "the whole between": lambda x: x[0].sum() + (x * x).sum() + x[1, 1:].prod(),
    "the whole last": lambda x: (x[2] * x[0]).sum() + (x * x).exp().sum(),
    "a piece of a piece": lambda x: x[1:][0][2] * x[1][2] + x[1:].sum(),
    "with new axes": lambda x: (x[None, ..., 1] * x[:, None, 2]).sum() + x[..., 0].sum(),
    "with steps": lambda x: (x[::2, ::2] * x[::2, 1::2]).sum(),
    "empty": lambda x: x[3:].sum() + x[0].sum(),
    "indices too": lambda x: x[tl.tensor([0, 0, 2])].sum() * x[0].sum(),
}


@pytest.mark.parametrize("leaf", [True, False])
@pytest.mark.parametrize("name", USES)
def test_sums_of_pieces(name: str, leaf: bool) -> None:
    """As leaf or not, twice into one grad, and by the graph of the backward."""
    tl.manual_seed(0)
    given = tl.randn(3, 4, dtype=tl.float64, requires_grad=True)

    def loss() -> Any:
        return USES[name](given if leaf else given * 1)

    assert tl.autograd.gradcheck(lambda x: USES[name](x if leaf else x * 1), (given,))
    (expected,) = tl.autograd.grad(loss(), given, create_graph=True)
    for times in (1, 2):
        loss().backward()
        np.testing.assert_allclose(given.grad.numpy(), times * expected.detach().numpy(), rtol=1e-12)
    assert tl.allclose(tl.autograd.grad(loss(), given)[0], expected)


def test_a_gradient_that_is_shared_is_not_changed() -> None:
    """The sum of x and y hands one array to both; pieces of x must not be added to y's."""
    x, y = tl.ones(3, requires_grad=True), tl.ones(3, requires_grad=True)
    a, b = x * 1, y * 1
    piece = a[1] * 5
    (a + b).sum().backward(retain_graph=True)
    ((a + b).sum() + piece).backward()
    assert x.grad.tolist() == [2, 7, 2] and y.grad.tolist() == [2, 2, 2]


def test_hooks_see_the_whole() -> None:
    x = tl.ones(3, requires_grad=True)
    y = x * 2
    part = y[1:]
    seen: list[Any] = []
    part.grad_fn.register_hook(lambda inputs, outputs: seen.append(inputs[0].tolist()))
    y.register_hook(lambda g: seen.append(g.tolist()))
    (part.sum() + y[0]).backward()
    assert seen == [[0, 1, 1], [1, 1, 1]] and x.grad.tolist() == [2, 2, 2]


def test_beside_a_sparse_gradient() -> None:
    table = tl.nn.Embedding(4, 2, sparse=True)
    weight = table.weight
    (table(tl.tensor([1, 1])).sum() + (weight[0] * 3).sum() + weight[2, 1]).backward()
    assert weight.grad.to_dense().tolist() == [[3, 3], [2, 2], [0, 1], [0, 0]]


@pytest.mark.parametrize("dtype", [tl.float16, tl.complex64])
def test_other_dtypes(dtype: Any) -> None:
    x = tl.ones(3, dtype=dtype, requires_grad=True)
    (x[0] * 2 + x[1:].sum() + x[0]).abs().backward()
    assert x.grad.tolist() == [3, 1, 1]


def test_a_piece_is_no_array() -> None:
    """Nothing takes it for one by its shape or dtype."""
    assert Piece.shape is Piece.dtype is None
    with pytest.raises(TypeError):
        np.add(Piece(None, np.ones(1), (0,), (2,)), 1)
