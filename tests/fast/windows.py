"""Windows for tests of pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["GEOMETRIES", "draw", "options_of"]

# kernel, stride, padding, dilation
GEOMETRIES: list[tuple[Any, Any, Any, Any]] = [
    ((2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1)),
    ((2, 2), (2, 2), ((0, 1), (0, 1)), (1, 1)),
    ((3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1)),
    ((3, 2), (1, 3), ((1, 0), (0, 1)), (2, 1)),
    ((3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    ((1, 1), (2, 2), ((0, 0), (0, 0)), (1, 1)),
    ((3,), (2,), ((1, 1),), (1,)),
    ((2,), (1,), ((0, 0),), (3,)),
    ((2, 2, 2), (2, 1, 1), ((0, 0), (1, 1), (0, 0)), (1, 1, 1)),
]


def options_of(geometry: Any) -> dict[str, Any]:
    """The arguments of a kernel."""
    return dict(zip(("kernel", "stride", "padding", "dilation"), geometry, strict=True))


def draw(n: int, dtype: str, special: bool = False) -> Any:
    """Small integers, so that many are equal."""
    random = np.random.default_rng(0)
    x = random.integers(-4, 4, (2, 3, *(7, 9, 8)[-n:])).astype(dtype)
    if special:
        x[random.random(x.shape) < 0.1] = np.nan
        x[random.random(x.shape) < 0.05] = np.inf
    return x
