"""``torch.utils.tensorboard``: the writer of the package tensorboardX."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["SummaryWriter"]  # noqa: F822  (made by __getattr__)


def __getattr__(name: str) -> Any:
    if name != "SummaryWriter":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    try:
        return import_module("tensorboardX").SummaryWriter
    except ModuleNotFoundError as error:
        # Without a name in it: it passes through `from torch.utils.tensorboard import SummaryWriter` as it is.
        raise ModuleNotFoundError("SummaryWriter needs the package tensorboardX: pip install tensorboardX") from error
