"""Products of matrices; inputs have two dimensions or more."""

from __future__ import annotations

from typing import Any

from ..autograd.op import composite, op

Array = Any

matmul = op(
    "matmul(x, y)", node_name="Mm",
    x=lambda xp, g, y: xp.matmul(g, xp.matrix_transpose(y)), y=lambda xp, g, x: xp.matmul(xp.matrix_transpose(x), g),
)


def _rows(xp: Any, x: Array) -> Array:
    """All leading dimensions joined."""
    return x if x.ndim == 2 else xp.reshape(x, shape=(-1, x.shape[-1]))


@composite
def linear_back(
    xp: Any, g: Array, x: Array | None, weight: Array | None, *, needs: tuple[bool, ...]
) -> tuple[Array | None, ...]:
    """The gradients of x, weight and bias. x and weight serve each other's, and are None where that is not needed."""
    grad_x = xp.matmul(g, weight) if needs[0] else None
    rows = _rows(xp, g)
    grad_weight = xp.matmul(rows.T, _rows(xp, x)) if needs[1] else None
    return grad_x, grad_weight, xp.sum(rows, axis=0) if needs[2] else None


linear = op("linear(x, weight, bias=None)", node_name="Addmm", serves={"x": "weight", "weight": "x"}, joint=linear_back)


def _einsum(xp: Any, g: Array, xs: tuple[Array, ...], equation: str) -> list[Array]:
    """Each operand's gradient is the einsum of the output's gradient with the other operands."""
    terms, out = equation.split("->")
    subscripts = terms.split(",")
    gradients = []
    for i, mine in enumerate(subscripts):
        others = [s for j, s in enumerate(subscripts) if j != i]
        arrays = [x for j, x in enumerate(xs) if j != i]
        gradients.append(xp.einsum(g, *arrays, equation=f"{','.join([out, *others])}->{mine}"))
    return gradients


einsum = op("einsum(*xs, equation)", xs=_einsum)
"""Explicit equations only, in which no operand repeats a letter or has one that appears nowhere else."""
