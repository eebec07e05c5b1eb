"""`Piece`: the gradient of a tensor of which only a piece was read."""

from __future__ import annotations

from typing import Any

__all__ = ["Piece"]

Array = Any


class Piece:
    """Numbers at a key of an array that is zero elsewhere.

    A loop over the steps of a sequence reads one piece after the other. Were the gradient of each an array as large as the whole,
    adding them up would take time by the square of the steps; the engine adds pieces to one array instead.

    Attributes:
        xp: the backend.
        values: what is there.
        key: where: numbers, slices, None and Ellipsis.
        whole: the shape of the whole.
    """

    __slots__ = ("xp", "values", "key", "whole")
    shape = dtype = None
    """Unlike those of any array, so that nobody takes it for one."""

    def __init__(self, xp: Any, values: Array, key: tuple[Any, ...], whole: tuple[int, ...]) -> None:
        self.xp, self.values, self.key, self.whole = xp, values, key, whole

    def spread(self) -> Array:
        """The whole, a new array."""
        return self.xp.index_spread(self.values, key=self.key, shape=self.whole)

    def add_to(self, whole: Array) -> None:
        """Add it to an array that holds the whole."""
        self.xp.add_piece_(whole, self.values, key=self.key)
