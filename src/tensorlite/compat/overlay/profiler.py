"""``torch.profiler``: marks of a program's parts, which nothing reads; for measurements there is Python's cProfile."""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import Any

__all__ = ["profile", "record_function"]


class record_function(ContextDecorator):
    """A named block. Nothing is recorded."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


def profile(*arguments: Any, **named: Any) -> Any:
    """
    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("torch.profiler.profile is not in tensorlite: python -m cProfile -m tensorlite script.py")
