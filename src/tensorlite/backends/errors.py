"""What goes wrong in the numbers rather than in the call."""

from __future__ import annotations

__all__ = ["LinAlgError"]


class LinAlgError(RuntimeError):
    """A matrix does not have what a function needs: an inverse, a Cholesky factor, a converging iteration."""
