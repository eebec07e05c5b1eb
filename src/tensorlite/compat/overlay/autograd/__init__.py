"""``torch.autograd``: what only old programs use."""

from .variable import Variable

__all__ = ["Variable"]
