"""Everything that knows NumPy or CuPy; nothing above this package imports either."""

from .base import Backend
from .registry import current_backend, get_backend, register_backend

__all__ = ["Backend", "current_backend", "get_backend", "register_backend"]
