"""Sizes of spatial layers: a number means the same in every dimension."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["Size2d", "n_tuple"]

Size2d = int | tuple[int, int]


def n_tuple(value: Any, n: int) -> tuple[Any, ...]:
    """Return ``value`` as a tuple, a single number repeated ``n`` times."""
    return tuple(value) if isinstance(value, Iterable) else (value,) * n
