"""What NumPy and CuPy have in common, written once over the NumPy API (``self.np``)."""

from .backend import ArrayBackend

__all__ = ["ArrayBackend"]
