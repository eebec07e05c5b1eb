"""Special functions that are methods too; the others are in `tensorlite.special`."""

from __future__ import annotations

import math
from typing import Any

from ..ops import activations, pointwise, reductions
from ..ops import special as ops
from .ranges import arange
from .spelling import public, require_tensors

__all__ = ["i0"]

Tensor = Any
i0 = ops.i0

_UNARY = {
    "digamma": (ops.digamma, "The derivative of the logarithm of the gamma function"),
    "erf": (activations.erf, "The error function"),
    "erfc": (ops.erfc, "One minus the error function, accurate where that is small"),
    "erfinv": (ops.erfinv, "The inverse of the error function"),
    "i0": (ops.i0, "The modified Bessel function of order 0"),
    "lgamma": (ops.lgamma, "The logarithm of the absolute value of the gamma function"),
    "sinc": (ops.sinc, "``sin(pi x) / (pi x)``, and 1 at zero,"),
}
for _name, (_op, _doc) in _UNARY.items():
    _op.__doc__ = f"{_doc} of every element; shape (*) to (*), integers to the default dtype."
    public(name=_name, inplace=True)(_op)


@public(inplace=True)
def igamma(input: Tensor, other: Tensor) -> Tensor:
    """The regularised lower incomplete gamma function P(input, other); shapes broadcast. Only `other` has a derivative.

    Raises:
        TypeError: an argument is a number.
        NotImplementedError: (in the backward) `input` requires grad.

    >>> import tensorlite as tl
    >>> tl.igamma(tl.tensor([1.]), tl.tensor([0.]))
    tensor([0.])
    """
    require_tensors("igamma", input, other)
    return ops.igamma(input, other)


@public(inplace=True)
def igammac(input: Tensor, other: Tensor) -> Tensor:
    """The regularised upper incomplete gamma function Q(input, other) = 1 - P(input, other); see `igamma`.

    >>> import tensorlite as tl
    >>> tl.igammac(tl.tensor([1.]), tl.tensor([0.]))
    tensor([1.])
    """
    require_tensors("igammac", input, other)
    return ops.igammac(input, other)


@public(method=False)
def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of `digamma`.

    Raises:
        RuntimeError: n is negative.

    >>> import tensorlite as tl
    >>> tl.polygamma(1, tl.tensor([1.]))
    tensor([1.6449])
    """
    if n < 0:
        raise RuntimeError(f"polygamma(n, x) does not support negative n; got {n}")
    return ops.polygamma(input, order=n) if n else ops.digamma(input)


public(function=False, name="polygamma", inplace=True)(lambda self, n: polygamma(n, self))


@public(inplace=True)
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p: a sum of p values of `lgamma`.

    Raises:
        RuntimeError: p is less than 1.

    >>> import tensorlite as tl
    >>> tl.mvlgamma(tl.tensor([2.]), 1)
    tensor([0.])
    """
    if p < 1:
        raise RuntimeError(f"p has to be greater than or equal to 1; got {p}")
    if not input.dtype.is_floating_point:
        input = pointwise.multiply(input, 1.0)
    halves = arange(0, p, dtype=input.dtype, device=input.device) * -0.5
    total = reductions.sum(ops.lgamma(input.unsqueeze(-1) + halves), axis=input.ndim)
    return total + p * (p - 1) / 4 * math.log(math.pi)
