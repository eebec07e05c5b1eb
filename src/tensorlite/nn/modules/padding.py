"""Padding layers. ``padding`` is one number, or two for each dimension, the last dimension first."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from ..module import Module
from ._sizes import n_tuple

__all__ = [
    *("CircularPad1d", "CircularPad2d", "CircularPad3d"),
    *("ConstantPad1d", "ConstantPad2d", "ConstantPad3d"),
    *("ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d"),
    *("ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d"),
    *("ZeroPad1d", "ZeroPad2d", "ZeroPad3d"),
]


class Pad(Module):
    """What padding layers share; a subclass says ``ndim`` and ``mode``."""

    ndim: int
    mode: str

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = n_tuple(padding, 2 * self.ndim)

    def forward(self, input: Tensor) -> Tensor:
        """Pad ``input``."""
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        """The padding."""
        return f"{self.padding}"


class ConstantPad(Pad):
    """Padding with one value."""

    mode = "constant"

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Pad ``input``."""
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"padding={self.padding}, value={self.value}"


class ZeroPad(ConstantPad):
    """Padding with zeros."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """The padding."""
        return f"{self.padding}"


class ReflectionPad(Pad):
    """Padding with what the edge mirrors."""

    mode = "reflect"


class ReplicationPad(Pad):
    """Padding with the edge itself."""

    mode = "replicate"


class CircularPad(Pad):
    """Padding with the other end."""

    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """Pad ``input``."""
        if input.ndim not in (self.ndim + 1, self.ndim + 2):
            raise ValueError(f"expected {self.ndim + 1}D or {self.ndim + 2}D input (got {input.ndim}D input)")
        return super().forward(input)


class CircularPad1d(CircularPad):
    """Continue with the other end: ``(N, C, W)`` or ``(C, W)``.

    Raises:
        ValueError: other dimensions.
        RuntimeError: the padding is longer than the input.

    >>> import tensorlite as tl
    >>> tl.nn.CircularPad1d(2)(tl.tensor([[1.0, 2.0, 3.0]]))
    tensor([[2., 3., 1., 2., 3., 1., 2.]])
    """

    ndim = 1


class CircularPad2d(CircularPad):
    """Continue with the other end: ``(N, C, H, W)`` or ``(C, H, W)``.

    Raises:
        ValueError: other dimensions.
        RuntimeError: the padding is longer than the input.

    >>> import tensorlite as tl
    >>> tl.nn.CircularPad2d(2)(tl.ones(1, 1, 3, 3)).shape
    torch.Size([1, 1, 7, 7])
    """

    ndim = 2


class CircularPad3d(CircularPad):
    """Continue with the other end: ``(N, C, D, H, W)`` or ``(C, D, H, W)``.

    Raises:
        ValueError: other dimensions.
        RuntimeError: the padding is longer than the input.

    >>> import tensorlite as tl
    >>> tl.nn.CircularPad3d(2)(tl.ones(1, 1, 3, 3, 3)).shape
    torch.Size([1, 1, 7, 7, 7])
    """

    ndim = 3


class ConstantPad1d(ConstantPad):
    """Surround with ``value``: ``(N, C, W)`` or ``(C, W)``.

    >>> import tensorlite as tl
    >>> tl.nn.ConstantPad1d(2, 7.0)(tl.tensor([[1.0, 2.0, 3.0]]))
    tensor([[7., 7., 1., 2., 3., 7., 7.]])
    """

    ndim = 1


class ConstantPad2d(ConstantPad):
    """Surround with ``value``: ``(N, C, H, W)`` or ``(C, H, W)``.

    >>> import tensorlite as tl
    >>> tl.nn.ConstantPad2d(2, 7.0)(tl.ones(1, 1, 3, 3)).shape
    torch.Size([1, 1, 7, 7])
    """

    ndim = 2


class ConstantPad3d(ConstantPad):
    """Surround with ``value``: ``(N, C, D, H, W)`` or ``(C, D, H, W)``.

    >>> import tensorlite as tl
    >>> tl.nn.ConstantPad3d(2, 7.0)(tl.ones(1, 1, 3, 3, 3)).shape
    torch.Size([1, 1, 7, 7, 7])
    """

    ndim = 3


class ReflectionPad1d(ReflectionPad):
    """Continue as mirrored at the edges: ``(N, C, W)`` or ``(C, W)``.

    Raises:
        RuntimeError: the padding is as long as the input.
        NotImplementedError: other dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.ReflectionPad1d(2)(tl.tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 2., 1., 2., 3., 2., 1.]])
    """

    ndim = 1


class ReflectionPad2d(ReflectionPad):
    """Continue as mirrored at the edges: ``(N, C, H, W)`` or ``(C, H, W)``.

    Raises:
        RuntimeError: the padding is as long as the input.
        NotImplementedError: other dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.ReflectionPad2d(2)(tl.ones(1, 1, 3, 3)).shape
    torch.Size([1, 1, 7, 7])
    """

    ndim = 2


class ReflectionPad3d(ReflectionPad):
    """Continue as mirrored at the edges: ``(N, C, D, H, W)`` or ``(C, D, H, W)``.

    Raises:
        RuntimeError: the padding is as long as the input.
        NotImplementedError: other dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.ReflectionPad3d(2)(tl.ones(1, 1, 3, 3, 3)).shape
    torch.Size([1, 1, 7, 7, 7])
    """

    ndim = 3


class ReplicationPad1d(ReplicationPad):
    """Continue with the outermost elements: ``(N, C, W)`` or ``(C, W)``.

    Raises:
        NotImplementedError: other dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.ReplicationPad1d(2)(tl.tensor([[1.0, 2.0, 3.0]]))
    tensor([[1., 1., 1., 2., 3., 3., 3.]])
    """

    ndim = 1


class ReplicationPad2d(ReplicationPad):
    """Continue with the outermost elements: ``(N, C, H, W)`` or ``(C, H, W)``.

    Raises:
        NotImplementedError: other dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.ReplicationPad2d(2)(tl.ones(1, 1, 3, 3)).shape
    torch.Size([1, 1, 7, 7])
    """

    ndim = 2


class ReplicationPad3d(ReplicationPad):
    """Continue with the outermost elements: ``(N, C, D, H, W)`` or ``(C, D, H, W)``.

    Raises:
        NotImplementedError: other dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.ReplicationPad3d(2)(tl.ones(1, 1, 3, 3, 3)).shape
    torch.Size([1, 1, 7, 7, 7])
    """

    ndim = 3


class ZeroPad1d(ZeroPad):
    """Surround with zeros: ``(N, C, W)`` or ``(C, W)``.

    >>> import tensorlite as tl
    >>> tl.nn.ZeroPad1d(2)(tl.tensor([[1.0, 2.0, 3.0]]))
    tensor([[0., 0., 1., 2., 3., 0., 0.]])
    """

    ndim = 1


class ZeroPad2d(ZeroPad):
    """Surround with zeros: ``(N, C, H, W)`` or ``(C, H, W)``.

    >>> import tensorlite as tl
    >>> tl.nn.ZeroPad2d(2)(tl.ones(1, 1, 3, 3)).shape
    torch.Size([1, 1, 7, 7])
    """

    ndim = 2


class ZeroPad3d(ZeroPad):
    """Surround with zeros: ``(N, C, D, H, W)`` or ``(C, D, H, W)``.

    >>> import tensorlite as tl
    >>> tl.nn.ZeroPad3d(2)(tl.ones(1, 1, 3, 3, 3)).shape
    torch.Size([1, 1, 7, 7, 7])
    """

    ndim = 3
