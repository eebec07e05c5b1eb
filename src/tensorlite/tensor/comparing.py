"""Comparing whole tensors."""

from __future__ import annotations

import math
from typing import Any

from ..ops import pointwise
from .reducing import all as every
from .spelling import public, require_tensors

Tensor = Any


@public(out=False)
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether ``|input - other| <= atol + rtol * |other|`` everywhere.

    >>> import tensorlite as tl
    >>> tl.allclose(tl.tensor([1.]), tl.tensor([1.000001]))
    True
    """
    return bool(every(isclose(input, other, rtol, atol, equal_nan)))


@public(out=False)
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Where ``|input - other| <= atol + rtol * |other|``.

    >>> import tensorlite as tl
    >>> tl.isclose(tl.tensor([1., 2.]), tl.tensor([1., 3.]))
    tensor([ True, False])
    """
    require_tensors("isclose", input, other)
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if tolerance < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {tolerance}")
    if input.dtype is not other.dtype:
        raise RuntimeError(f"{input.dtype} did not match {other.dtype}; convert one of them")
    x, y = input.detach(), other.detach()
    close = x == y
    if x.dtype.is_floating_point or x.dtype.is_complex:
        if equal_nan:
            close = close | (pointwise.isnan(x) & pointwise.isnan(y))
        near = pointwise.abs(x - y) <= atol + rtol * pointwise.abs(y)
        return close | (near & pointwise.isfinite(y))
    if (rtol or atol) and x.dtype.name != "bool":
        close = close | (pointwise.abs(x - y) <= atol + rtol * pointwise.abs(y))
    return close


@public(out=False)
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements.

    >>> import tensorlite as tl
    >>> tl.equal(tl.tensor([1]), tl.tensor([1]))
    True
    """
    return input.shape == other.shape and bool(every(input.detach() == other.detach()))


def _infinite(input: Tensor, value: float, name: str) -> Tensor:
    if input.dtype.is_complex:
        raise RuntimeError(f"{name} does not support complex inputs.")
    return input == value


@public()
def isposinf(input: Tensor) -> Tensor:
    """Where elements are positive infinity.

    >>> import tensorlite as tl
    >>> tl.isposinf(tl.tensor([float("inf"), 1.0]))
    tensor([ True, False])
    """
    return _infinite(input, math.inf, "isposinf")


@public()
def isneginf(input: Tensor) -> Tensor:
    """Where elements are negative infinity.

    >>> import tensorlite as tl
    >>> tl.isneginf(tl.tensor([float("-inf"), 1.0]))
    tensor([ True, False])
    """
    return _infinite(input, -math.inf, "isneginf")
