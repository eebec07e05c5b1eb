"""`ExponentialFamily` under PyTorch's path."""

from .distribution import ExponentialFamily

__all__ = ["ExponentialFamily"]
