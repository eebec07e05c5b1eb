"""What is known not to hold, by table: ``{entry: {column: reason}}``. A test fails when one of these begins to hold."""

from __future__ import annotations

__all__ = ["MODULES"]

Misses = dict[str, dict[str, str]]

MODULES: Misses = {}
