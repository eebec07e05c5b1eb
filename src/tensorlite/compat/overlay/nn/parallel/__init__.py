"""``torch.nn.parallel``: one process, one device."""

from __future__ import annotations

from typing import Any

from .....nn import DataParallel

__all__ = ["DataParallel", "DistributedDataParallel"]


class DistributedDataParallel:
    """
    Raises:
        NotImplementedError: always.
    """

    def __init__(self, module: Any, *arguments: Any, **named: Any) -> None:
        raise NotImplementedError("DistributedDataParallel is not in tensorlite: train the module itself, in one process")
