"""`Tensor` and PyTorch's spelling of everything that can be done with one."""

from typing import TYPE_CHECKING, Any

from . import spelling
from .random import Generator
from .size import Size
from .sparse_tensor import SparseTensor as SparseTensor
from .tensor import Tensor

if TYPE_CHECKING:  # for type checkers: what the next line brings
    from .creation import tensor as tensor

    def __getattr__(name: str) -> Any: ...


globals().update(spelling.functions)

__all__ = ["Generator", "Size", "Tensor", *spelling.functions]  # noqa: PLE0604
