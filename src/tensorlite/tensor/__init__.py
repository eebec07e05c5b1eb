"""`Tensor` and PyTorch's spelling of everything that can be done with one."""

from . import spelling
from .random import Generator
from .size import Size
from .tensor import Tensor

globals().update(spelling.functions)

__all__ = ["Generator", "Size", "Tensor", *spelling.functions]  # noqa: PLE0604
