"""The Tensor class. Its methods come from the function modules beside this file (see `spelling.py`); here are storage, autograd,
conversion and the Python protocols."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterator
from typing import Any

from .. import dtypes
from ..autograd.base import (
    Accumulator,
    Node,
    RemovableHandle,
    TensorBase,
    add_hook,
    current_node,
    hooks_of,
    raw,
    register_tensor_type,
    wrap,
)
from ..autograd.functions import backward
from ..autograd.modes import INFERENCE, modes
from ..backends import get_backend
from ..devices import device as Device
from ..dtypes import dtype as DType
from ..ops import pointwise, shaping
from . import complex, creation, families, joining, reducing  # noqa: F401  (importing them registers methods)
from .conversion import Conversion
from .inplace import write
from .operators import Declared, operators
from .size import Size
from .sparse import Layout
from .spelling import methods

__all__ = ["Tensor"]


class Tensor(Declared, Conversion, Layout, TensorBase):
    """An n-dimensional array on a device that remembers how it was made.

    Make one with `tensor`, `zeros`, `randn` and the like.

    >>> import tensorlite as tl
    >>> x = tl.tensor([1., 2.], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    __slots__ = ()
    __array_priority__ = 1000
    __hash__ = object.__hash__

    def __new__(cls, *args: Any, **kwargs: Any) -> Tensor:
        if len(args) == 1 and not kwargs and not isinstance(args[0], int):
            made = creation.tensor(args[0], dtype=None if isinstance(args[0], TensorBase) else dtypes.get_default_dtype())
        else:
            made = creation.empty(*args, **kwargs) if args else creation.empty(0, **kwargs)
        return made if cls is Tensor else cls._make_subclass(cls, made)

    @staticmethod
    def _make_subclass(cls: type, data: Tensor, require_grad: bool = False) -> Any:
        """`data`'s memory as a leaf of a subclass."""
        self: Any = object.__new__(cls)
        self._array, self._xp, self._version, self._view, self._node = data._array, data._xp, data._version, None, None
        if require_grad:
            self.requires_grad_(True)
        return self

    # What it is

    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        return Size(self._array.shape)

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._xp.dtype_of[self._array.dtype]

    @property
    def device(self) -> Device:
        """Where the elements are."""
        return self._xp.device

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    @property
    def is_cuda(self) -> bool:
        """Whether it is on a CUDA device."""
        return self._xp.device.type == "cuda"

    is_quantized = is_mkldnn = is_meta = is_nested = False
    itemsize = property(lambda self: self.dtype.itemsize)
    nbytes = property(lambda self: self.numel() * self.dtype.itemsize)
    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        return self.shape if dim is None else self.shape[reducing.one_axis(self, dim)]

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    nelement = numel

    def element_size(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """Elements from one position to the next along each dimension."""
        strides = self._xp.strides(self._array)
        return strides if dim is None else strides[reducing.one_axis(self, dim)]

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements lie in row-major order without gaps."""
        return self._xp.is_contiguous(self._array)

    def is_floating_point(self) -> bool:
        """Whether the dtype is a real floating-point one."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the dtype has negative numbers."""
        return self.dtype.is_signed

    def is_inference(self) -> bool:
        """Whether it was made in inference mode."""
        return self._version is INFERENCE

    def is_conj(self) -> bool:
        """Always False: conjugates are computed at once."""
        return False

    is_neg = is_conj

    def get_device(self) -> int:
        """The device's index, -1 for the CPU."""
        return -1 if self._xp.device.index is None else self._xp.device.index

    # The graph

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are computed for it."""
        return (self._node if self._view is None else current_node(self)) is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Start (or stop) recording what is done with this leaf; returns it.

        Raises:
            RuntimeError: it is no leaf, or of a dtype without gradients.
        """
        if requires_grad == self.requires_grad:
            return self
        if requires_grad:
            if self._array.dtype not in self._xp.inexacts:
                raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
            if self.is_inference() and not modes.inference:
                raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
            accumulator = Accumulator(self)
            accumulator.grad = self.__dict__.pop("_stored_grad", None)
            self._node = accumulator
        else:
            if type(self._node) is not Accumulator:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
                    "subgraph "
                    "that doesn't require differentiation use var_no_grad = var.detach()."
                )
            if self._node.grad is not None:
                self.__dict__["_stored_grad"] = self._node.grad
            self._node = None
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user and not by a recorded op."""
        return type(self._node if self._view is None else current_node(self)) is not Node

    @property
    def grad_fn(self) -> Node | None:
        """The node that made it, or None for leaves."""
        node = self._node if self._view is None else current_node(self)
        return node if type(node) is Node else None

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient, or None."""
        node = self._node
        return node.grad if type(node) is Accumulator else self.__dict__.get("_stored_grad")

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, TensorBase):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}")
            if raw(value).shape != self._array.shape:
                raise RuntimeError(f"assigned grad has data of a different size: {list(value.shape)} for {list(self.shape)}")
            if raw(value).dtype != self._array.dtype:
                raise RuntimeError(f"assigned grad has data of a different type: {value.dtype} for {self.dtype}")
            if value._xp is not self._xp:
                raise RuntimeError(f"assigned grad has data located on a different device: {value.device} for {self.device}")
        if type(self._node) is Accumulator:
            self._node.grad = value
        else:
            self.__dict__["_stored_grad"] = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    @property
    def data(self) -> Tensor:
        """The same memory outside the graph."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        self._array, self._xp = value._array, value._xp
        if type(self._node) is Accumulator:
            self._node.follow(self)

    @property
    def _base(self) -> Tensor | None:
        return None if self._view is None else self._view.base  # type: ignore[return-value]

    def _is_view(self) -> bool:
        return self._view is not None

    @property
    def output_nr(self) -> int:
        """Which output of its node it is."""
        return 0

    def detach(self) -> Tensor:
        """The same memory (and version) outside the graph."""
        out = wrap(self._array, self._xp)
        out._version = self._version
        return out

    def detach_(self) -> Tensor:
        """Take this tensor out of its graph; returns it."""
        if self._view is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self._node = None
        return self

    def clone(self, *, memory_format: Any = None) -> Tensor:
        """A copy that is part of the graph."""
        return pointwise.copy(self)

    def backward(
        self, gradient: Tensor | None = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the gradient of this scalar (or, with `gradient`, of any tensor) to the ``grad`` of all leaves that it depends on.

        Raises:
            RuntimeError: it is no scalar and no `gradient` is given, nothing requires grad, or the graph was freed.
        """
        backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def retain_grad(self) -> None:
        """Keep the gradient of this inner tensor too, as ``grad``."""
        node = self._node if self._view is None else current_node(self)
        if node is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if type(node) is Node and not self.retains_grad:
            from weakref import ref

            tensor = ref(self)

            def keep(gradient: Any) -> None:
                target = tensor()
                if target is not None:
                    before = target.__dict__.get("_stored_grad")
                    target.__dict__["_stored_grad"] = gradient if before is None else before + gradient

            self.__dict__["_retain_handle"] = add_hook(hooks_of(node).capture, keep)

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on this inner tensor."""
        return "_retain_handle" in self.__dict__

    def register_hook(self, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call ``hook(gradient)`` when the gradient of this tensor is known; what it returns replaces the gradient."""
        node = self._node if self._view is None else current_node(self)
        if node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return add_hook(hooks_of(node).tensor, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call ``hook(tensor)`` after a gradient was added to this leaf."""
        if type(self._node) is not Accumulator:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return add_hook(hooks_of(self._node).accumulated, hook)

    # In place

    def copy_(self, src: Any, non_blocking: bool = False) -> Tensor:
        """Copy the elements of another tensor (any dtype, any device, broadcast) into this one; returns it."""
        if not isinstance(src, TensorBase):
            src = creation.tensor(src, device=self.device)
        value = src.to(device=self.device, dtype=self.dtype)
        if value._array.shape != self._array.shape:
            value = value.expand(self.shape)
        return write(self, value, copied=True)

    def fill_(self, value: Any) -> Tensor:
        """Set every element to a number; returns the tensor."""
        if isinstance(value, TensorBase):
            if value._array.ndim:
                raise RuntimeError(
                    f"fill_ only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
                )
            return self.copy_(value.to(device=self.device, dtype=self.dtype))
        xp = self._xp
        return write(self, wrap(xp.broadcast_to(xp.full((), value, dtype=self.dtype), shape=self._array.shape), xp), copied=True)

    def zero_(self) -> Tensor:
        """Set every element to zero; returns the tensor."""
        return self.fill_(0)

    def resize_(self, *sizes: Any, memory_format: Any = None) -> Tensor:
        """Change the shape; new elements, if any, are whatever lies in memory."""
        shape = creation._sizes(sizes)
        n, old = math.prod(shape), self._xp.ascontiguous(self._array).reshape(-1)
        fresh = self._xp.zeros((n,), dtype=self._array.dtype)
        kept = min(n, self._array.size)
        fresh[:kept] = old[:kept]
        self._array = fresh.reshape(shape)
        return self

    def set_(self, source: Tensor) -> Tensor:
        """Take over the memory of another tensor."""
        self._array, self._version = source._array, source._version
        return self

    # Python's protocols

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(joining.unbind(self, 0))

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __bool__(self) -> bool:
        if self._array.size != 1:
            count = "no values" if not self._array.size else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {count} is ambiguous")
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __complex__(self) -> builtins.complex:
        return builtins.complex(self.item())

    def __index__(self) -> int:
        if self._array.size != 1 or self.dtype.is_floating_point or self.dtype.is_complex:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return self.item().__format__(spec) if not self._array.ndim and (spec or type(self) is Tensor) else str(self)

    def __repr__(self, *, tensor_contents: str | None = None) -> str:
        from .printing import tensor_repr

        return tensor_repr(self)

    def __dir__(self) -> list[str]:
        return sorted(set(object.__dir__(self)) | set(methods))

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment."
            )
        if id(self) in memo:
            return memo[id(self)]
        copy = type(self)._make_subclass(type(self), wrap(self._xp.copy(self._array), self._xp), self.requires_grad)
        if self.grad is not None:
            copy.grad = self.grad.detach().clone()
        memo[id(self)] = copy
        return copy

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        xp = self._xp  # the graph stays behind: what is read again is a leaf
        state = (type(self), xp.to_bytes(self._array), self.dtype, tuple(self._array.shape), str(self.device), self.requires_grad)
        return _rebuild, state

    @property
    def T(self) -> Tensor:
        """All dimensions reversed."""
        return shaping.permute_dims(self, axes=tuple(range(self._array.ndim))[::-1])

    @property
    def mT(self) -> Tensor:
        """The last two dimensions exchanged."""
        return self.transpose(-2, -1)

    @property
    def H(self) -> Tensor:
        """The conjugate transpose of a matrix."""
        return self.t().conj()

    @property
    def mH(self) -> Tensor:
        """The last two dimensions exchanged and conjugated."""
        return self.mT.conj()

    @property
    def real(self) -> Tensor:
        """The real part."""
        return complex.real(self)

    @real.setter
    def real(self, value: Any) -> None:
        complex.real(self).copy_(value)

    @property
    def imag(self) -> Tensor:
        """The imaginary part."""
        return complex.imag(self)

    @imag.setter
    def imag(self, value: Any) -> None:
        complex.imag(self).copy_(value)


def _rebuild(cls: type, data: bytes, dtype: DType, shape: tuple[int, ...], device: str, requires_grad: bool) -> Any:
    cpu = get_backend("cpu")
    made = wrap(cpu.from_bytes(data, dtype, shape), cpu).to(device)
    return cls._make_subclass(cls, made, requires_grad)  # type: ignore[attr-defined]


def _complete() -> None:
    """Give the class the methods of the function modules and the operators."""
    for name, method in {**methods, **operators()}.items():
        if name not in vars(Tensor):
            setattr(Tensor, name, method)
    register_tensor_type(Tensor)


_complete()
