"""Losses that are one op: one node instead of four, which is what small networks feel."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.op import define

Array = Any


def _squared_back(xp: Any, g: Array, x: Array, y: Array, needs: list[bool]) -> tuple[Array | None, Array | None]:
    grad = (x - y) * (g * (2 / math.prod(x.shape)))
    return (grad if needs[0] else None), (xp.negative(grad) if needs[1] else None)


@define("mean_squared_error(x, y)", node_name="MseLoss", joint=_squared_back)
def mean_squared_error(xp: Any, x: Array, y: Array) -> Array:
    """The mean of (x - y)^2, for inputs of one shape."""
    difference = x - y
    return xp.mean(difference * difference)
