"""Saving and loading: checkpoints in PyTorch's zip format, read without running code from the file."""

from .checkpoint import load, save

__all__ = ["load", "save"]
