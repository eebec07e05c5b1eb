"""``torch.autograd.Variable``: since 2018 the same as a tensor."""

from __future__ import annotations

from typing import Any

from ....tensor import Tensor

__all__ = ["Variable"]


class _VariableType(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableType):
    """``Variable(x)`` is a tensor in the memory of `x` that may require gradients; every tensor is an instance.

    >>> import tensorlite as tl
    >>> Variable(tl.ones(1), requires_grad=True).requires_grad
    True
    """

    def __new__(cls, data: Tensor, requires_grad: bool = False, volatile: bool = False) -> Any:
        return data.detach().requires_grad_(requires_grad)
