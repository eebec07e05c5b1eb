"""What a function may do while a transform runs it: random draws, writes into shared memory, blocks without gradients.

Forward derivatives are computed from the graph, and `vmap` runs its function once for each example. Where that would give other
numbers than PyTorch's, these guards draw as PyTorch does, or refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..autograd.modes import modes

__all__ = ["Draws", "Writes", "as_forward_mode", "check_randomness", "guarded"]


def check_randomness(randomness: str) -> None:
    """Refuse anything but the three ways of drawing.

    Raises:
        RuntimeError: it is another word.
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")


class Draws:
    """The random draws of a `vmap`.

    PyTorch draws for all examples at once, call by call. So the first example's call draws for all of them (``different``) and
    the others take their parts, or all examples get the same numbers (``same``). Numbers that depend on a tensor of
    probabilities, rates or weights are drawn example by example.
    """

    def __init__(self, randomness: str, size: int) -> None:
        self.randomness, self.size, self.parent = randomness, size, modes.draws
        self.calls: list[tuple[Any, Any]] = []
        self.example = self.position = 0

    def start(self, example: int) -> None:
        """The draws that follow are those of this example."""
        self.example, self.position = example, 0

    def __call__(self, source: Any) -> Any:
        """A source of random numbers that draws so."""
        if self.randomness == "error":
            raise RuntimeError(
                "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' "
                "randomness flags on vmap or perform the randomness operation out of vmap"
            )
        return _Source(self, source if self.parent is None else self.parent(source))

    def draw(self, source: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """This example's numbers of one call."""
        arrays = [a for a in (*args, *kwargs.values()) if _is_array(a)]
        if arrays and self.randomness == "different":
            return getattr(source, name)(*args, **kwargs)
        what = (name, tuple(repr(a) if _is_array(a) else a for a in args), kwargs)
        if self.position == len(self.calls) and self.example == 0:
            self.calls.append((what, self._for_all(source, name, args, kwargs)))
        if self.position >= len(self.calls) or self.calls[self.position][0] != what:
            raise RuntimeError(
                f"vmap: example {self.example} calls {name} where the examples before it did not, or with other arguments; with "
                f"randomness='{self.randomness}' all examples must draw alike"
            )
        drawn = self.calls[self.position][1]
        self.position += 1
        return drawn.copy() if self.randomness == "same" else drawn[self.example]

    def _for_all(self, source: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        function = getattr(source, name)
        if self.randomness == "same":
            return function(*args, **kwargs)
        if name == "randperm":
            return [function(*args, **kwargs) for _ in range(self.size)]
        place = _SHAPE_AT.get(name)
        if place is None:
            raise NotImplementedError(f"vmap: {name} cannot be drawn for all examples at once; draw outside and pass it in")
        return function(*args[:place], (self.size, *args[place]), *args[place + 1 :], **kwargs)


_SHAPE_AT = {
    "uniform": 0, "normal": 0, "random": 0, "exponential": 0, "cauchy": 0, "log_normal": 0, "geometric": 0, "bernoulli": 1,
    "randint": 2,
}  # fmt: skip
"""Where the methods of a source have the shape."""


def _is_array(x: Any) -> bool:
    return hasattr(x, "shape") and not hasattr(x, "kind")  # dtypes have both


class _Source:
    def __init__(self, draws: Draws, source: Any) -> None:
        self._draws, self._source = draws, source

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self._draws.draw(self._source, name, args, kwargs)


class Writes:
    """Watches for memory that two examples of a `vmap` write into, which for all at once would give other numbers."""

    def __init__(self, mapped: list[Any]) -> None:
        self.parent = modes.writes
        self.example = 0
        self.mapped = {id(t._version) for t in mapped}
        """Each example has its own part of these."""
        self.seen: dict[int, tuple[int, Any]] = {}

    def __call__(self, tensor: Any) -> None:
        """Called before a tensor is written into.

        Raises:
            RuntimeError: an earlier example has written there, too.
        """
        version = tensor._version
        if id(version) not in self.mapped:
            example, _ = self.seen.setdefault(id(version), (self.example, version))
            if example != self.example:
                raise RuntimeError(
                    "vmap: in-place operation on a tensor that is shared by all examples is not possible: it has no part for each "
                    "of them. Use the out-of-place form, or pass the tensor expanded along the mapped dimension."
                )
        if self.parent is not None:
            self.parent(tensor)


@contextmanager
def guarded(**values: Any) -> Iterator[None]:
    """Set attributes of this thread's modes for a block."""
    before = {name: getattr(modes, name) for name in values}
    for name, value in values.items():
        setattr(modes, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(modes, name, value)


def as_forward_mode(name: str, randomness: str | None = None) -> Any:
    """A block in which a function runs whose forward derivative is wanted: `no_grad` is refused, because the graph would miss what
    forward mode sees."""
    values: dict[str, Any] = {"forward": name}
    if randomness is not None:
        values["draws"] = Draws(randomness, 1)
    return guarded(**values)
