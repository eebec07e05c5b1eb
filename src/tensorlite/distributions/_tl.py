"""The functions of tensors by name, for this room."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ..tensor.spelling import functions

__all__ = ["tl"]

tl: Any = SimpleNamespace(**functions)
