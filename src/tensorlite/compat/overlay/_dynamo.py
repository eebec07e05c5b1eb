"""``torch._dynamo``: settings of a compiler that is not there; any of them may be set."""

from __future__ import annotations

from types import SimpleNamespace

from .compiler import allow_in_graph, disable, reset

__all__ = ["allow_in_graph", "config", "disable", "reset"]

config = SimpleNamespace(suppress_errors=False, cache_size_limit=8, verbose=False)
