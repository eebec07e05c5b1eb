"""Questions about tensors and dtypes."""

from __future__ import annotations

from typing import Any

from ..autograd.base import TensorBase
from ..autograd.promote import result_type_of
from ..dtypes import can_cast, promote_types
from ..dtypes import dtype as DType

__all__ = [
    "can_cast",
    "is_complex",
    "is_floating_point",
    "is_nonzero",
    "is_tensor",
    "numel",
    "promote_types",
    "result_type",
]


def is_tensor(obj: Any) -> bool:
    """Whether it is a tensor.

    >>> import tensorlite as tl
    >>> tl.is_tensor(tl.zeros(1))
    True
    """
    return isinstance(obj, TensorBase)


def is_floating_point(input: Any) -> bool:
    """Whether the dtype of a tensor is a real floating-point one.

    >>> import tensorlite as tl
    >>> tl.is_floating_point(tl.zeros(1))
    True
    """
    return input.dtype.is_floating_point


def is_complex(input: Any) -> bool:
    """Whether the dtype of a tensor is complex.

    >>> import tensorlite as tl
    >>> tl.is_complex(tl.zeros(1))
    False
    """
    return input.dtype.is_complex


def is_nonzero(input: Any) -> bool:
    """Whether the single element is not zero.

    >>> import tensorlite as tl
    >>> tl.is_nonzero(tl.ones(1))
    True
    """
    return bool(input)


def numel(input: Any) -> int:
    """The number of elements.

    >>> import tensorlite as tl
    >>> tl.numel(tl.zeros(2, 3))
    6
    """
    return input.numel()


def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype of an arithmetic result of two tensors or numbers.

    >>> import tensorlite as tl
    >>> tl.result_type(tl.tensor([1]), 1.0)
    torch.float32
    """
    return result_type_of("result_type", [tensor1, tensor2])
