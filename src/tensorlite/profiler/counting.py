"""How many multiplications an op needs, with the additions that go with them: the formulas by op."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

__all__ = ["PRODUCTS", "multiply_adds"]

Shape = tuple[int, ...]


def _matmul(x: Shape, y: Shape, out: Shape) -> int:
    return math.prod(out) * x[-1]


def _recurrent(states: int) -> Callable[..., int]:
    """Each row of the packed sequence meets every weight once; before the weights stand `states` initial states."""

    def count(x: Shape, *rest: Any) -> int:
        weights = [w for w in rest[states:-1] if w is not None and len(w) == 2]
        return x[0] * sum(math.prod(w) for w in weights)

    return count


def _attention(query: Shape, key: Shape, *rest: Any) -> int:
    """The scores (L, S) from E features, and as many weights for each feature of the value."""
    out = rest[-1]
    return math.prod(out[:-1]) * key[-2] * (query[-1] + out[-1])


_FORMULAS: dict[str, Callable[..., int]] = {
    "matmul": _matmul,
    "linear": lambda x, weight, *rest: math.prod(rest[-1]) * x[-1],
    "conv": lambda x, weight, *rest: math.prod(rest[-1]) * math.prod(weight[1:]),
    "conv_input": lambda y, weight, out: math.prod(y) * math.prod(weight[1:]),  # the transposed convolution
    "conv_weight": lambda y, x, out: math.prod(y) * math.prod(out[1:]),
    "rnn": _recurrent(1),
    "lstm": _recurrent(2),
    "gru": _recurrent(1),
    "attention": _attention,
}
"""From the shapes of the inputs (None for one that is missing) and of the first output. An op that is not here counts as 0."""

PRODUCTS = frozenset([*_FORMULAS, "einsum"])
"""The ops that are counted."""


def multiply_adds(name: str, args: tuple[Any, ...], static: dict[str, Any], result: Any) -> int:
    """The multiply-adds of one call of an op.

    Counted are matrix products, convolutions, recurrent layers, attention and einsum: what costs most in a network. Pointwise
    ops, reductions and norms count as 0.
    """
    out = result[0] if isinstance(result, tuple) else result
    if out is None:
        return 0
    if name == "einsum":
        return _einsum(static["equation"], args)
    formula = _FORMULAS.get(name)
    if formula is None:
        return 0
    return formula(*(None if a is None else tuple(a.shape) for a in args), tuple(out.shape))


def _einsum(equation: str, args: tuple[Any, ...]) -> int:
    """One product for each choice of a value for every letter."""
    terms = equation.partition("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, x in zip(terms, args, strict=True):
        sizes.update(zip(term, x.shape, strict=True))
    return math.prod(sizes.values())
