"""``torch.multiprocessing``: Python's own. Tensors are copied between processes, not shared."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing import *  # noqa: F403  (it is that module)
from typing import Any

__all__ = [*multiprocessing.__all__, "get_all_sharing_strategies", "get_sharing_strategy", "set_sharing_strategy", "spawn"]


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepted: nothing is shared."""


def get_sharing_strategy() -> str:
    """The name of the strategy that programs expect."""
    return "file_descriptor"


def get_all_sharing_strategies() -> set[str]:
    """The strategies that may be set."""
    return {"file_descriptor", "file_system"}


def spawn(fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, **named: Any) -> None:
    """
    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("torch.multiprocessing.spawn is not in tensorlite: start a multiprocessing.Process for each rank")
