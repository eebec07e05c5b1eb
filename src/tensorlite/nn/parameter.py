"""Parameter and Buffer: tensors that a module registers when they are assigned to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..devices import device as Device
from ..dtypes import dtype as DType
from ..tensor import Tensor
from ..tensor.creation import empty

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "UninitializedTensorMixin", "is_lazy"]


class Parameter(Tensor):
    """A tensor that a module trains: assigned as an attribute, it appears in ``module.parameters()``.

    ``data`` may have any shape and is not copied; the parameter shares its memory.

    Raises:
        RuntimeError: ``requires_grad=True`` for a dtype that has no gradients.

    >>> import tensorlite as tl
    >>> tl.nn.Parameter(tl.tensor([1.0, 2.0]))
    Parameter containing:
    tensor([1., 2.], requires_grad=True)
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        if data is None:
            data = empty(0)
        return Tensor._make_subclass(cls, data.detach(), requires_grad)

    # The work is done in __new__; Tensor's own __init__ would not know these arguments.
    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        known = memo.get(id(self))
        if known is None:
            known = memo[id(self)] = type(self)(self.detach().clone(), self.requires_grad)
        return known

    def __repr__(self, *, tensor_contents: str | None = None) -> str:  # type: ignore[override]
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _rebuild_parameter, (type(self), self.detach(), self.requires_grad)


def _rebuild_parameter(cls: type[Parameter], data: Tensor, requires_grad: bool) -> Parameter:
    return cls(data, requires_grad)


class Buffer(Tensor):
    """A tensor that belongs to a module without being trained, such as a running mean.

    ``persistent=False`` keeps it out of the module's ``state_dict``.

    >>> import tensorlite as tl
    >>> module = tl.nn.Module()
    >>> module.mean = tl.nn.Buffer(tl.zeros(3))
    >>> list(module.state_dict())
    ['mean']
    """

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        if data is None:
            data = empty(0)
        buffer = Tensor._make_subclass(cls, data.detach(), data.requires_grad)
        buffer.persistent = persistent
        return buffer

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Buffer:
        known = memo.get(id(self))
        if known is None:
            known = memo[id(self)] = type(self)(self.detach().clone(), persistent=self.persistent)
        return known

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _rebuild_buffer, (type(self), self.detach(), self.persistent)


def _rebuild_buffer(cls: type[Buffer], data: Tensor, persistent: bool) -> Buffer:
    return cls(data, persistent=persistent)


class UninitializedTensorMixin:
    """A tensor that has a dtype and a device and no shape yet. Whatever needs its values raises ValueError."""

    cls_to_become: type[Tensor]

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """Meanwhile the tensor is an ordinary one without elements."""
        cls = type(self)
        self.__class__ = self.cls_to_become  # type: ignore[assignment]
        try:
            yield self
        finally:
            self.__class__ = cls

    @property
    def _array(self) -> Any:
        # Every op reads its inputs' arrays, so this one place keeps all of them off.
        raise ValueError(
            f"Attempted to use an uninitialized {type(self).__name__}. It belongs to a lazy module: call the module with a "
            "batch of data first, which gives its parameters their shapes"
        )

    @property
    def shape(self) -> Any:
        """There is none yet: RuntimeError."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. Call the lazy module with a batch of data first; "
            "if this is load_state_dict: a state without values can only be loaded into a lazy module"
        )

    @property
    def dtype(self) -> DType:
        """The dtype it will have."""
        with self._opened() as tensor:
            return tensor.dtype

    @property
    def data(self) -> Any:
        """Itself: there is nothing to detach from."""
        return self

    @data.setter
    def data(self, value: Any) -> None:
        with self._opened() as tensor:
            if isinstance(value, UninitializedTensorMixin):
                with value._opened() as other:
                    tensor.data = other
            else:
                tensor.data = value[:0].detach().reshape(0)

    def materialize(self, shape: Sequence[int], device: Any = None, dtype: DType | None = None) -> None:
        """Become an ordinary parameter or buffer of this shape; its values are not set."""
        with self._opened() as tensor:
            made = empty(tuple(shape), device=tensor.device if device is None else device, dtype=dtype or tensor.dtype)
        self.__class__ = self.cls_to_become  # type: ignore[assignment]
        self.data = made

    def detach(self) -> Any:
        """Itself, so that it can be moved and saved as others are."""
        return self

    def is_floating_point(self) -> bool:
        """Whether its dtype is one."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether its dtype is one."""
        return self.dtype.is_complex

    def share_memory_(self) -> Any:
        """There is no memory yet: RuntimeError."""
        raise RuntimeError("Can't share memory on an uninitialized parameter or buffer. Call the lazy module with data first")

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Whether it will be trained."""
        with self._opened() as tensor:
            tensor.requires_grad_(requires_grad)
        return self

    def _options(self) -> tuple[bool, Device, DType]:
        with self._opened() as tensor:
            return tensor.requires_grad, tensor.device, tensor.dtype

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(*self._options())  # type: ignore[call-arg]
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        requires_grad, device, dtype = self._options()
        return _rebuild_uninitialized, (type(self), requires_grad, str(device), dtype)

    def __repr__(self, *, tensor_contents: str | None = None) -> str:
        return f"<{type(self).__name__}>"


def _moving(name: str) -> Any:
    def method(self: UninitializedTensorMixin, *args: Any, **kwargs: Any) -> Any:
        with self._opened() as tensor:
            wanted = getattr(tensor.detach(), name)(*args, **kwargs)
            requires_grad = tensor.requires_grad
        return type(self)(requires_grad, wanted.device, wanted.dtype)  # type: ignore[call-arg]

    method.__name__ = name
    method.__doc__ = f"``Tensor.{name}`` for a tensor that has no values yet."
    return method


for _name in ("to", "cpu", "cuda", "type", "float", "double", "half", "bfloat16", "char", "short", "int", "long"):
    setattr(UninitializedTensorMixin, _name, _moving(_name))


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc]
    """A parameter whose shape is not known before the first batch of data; see ``nn.LazyLinear``.

    ``materialize(shape)`` makes it a :class:`Parameter`. Its ``.to``, ``.cuda`` and casts work before that.

    Raises:
        ValueError: it is used before.
        RuntimeError: its shape is asked for before.

    >>> import tensorlite as tl
    >>> weight = tl.nn.UninitializedParameter()
    >>> weight
    <UninitializedParameter>
    >>> weight.materialize((2, 3))
    >>> type(weight).__name__, weight.shape
    ('Parameter', torch.Size([2, 3]))
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: DType | None = None) -> UninitializedParameter:
        made: Any = Parameter(empty(0, device=device, dtype=dtype), requires_grad)
        made.__class__ = cls
        return made

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: DType | None = None) -> None:
        pass


class UninitializedBuffer(UninitializedTensorMixin, Buffer):  # type: ignore[misc]
    """A buffer whose shape is not known before the first batch of data; see ``nn.LazyBatchNorm1d``.

    Raises:
        ValueError: it is used before ``materialize(shape)``.
        RuntimeError: its shape is asked for before.

    >>> import tensorlite as tl
    >>> mean = tl.nn.UninitializedBuffer()
    >>> mean.materialize((2,))
    >>> mean.shape
    torch.Size([2])
    """

    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: DType | None = None, persistent: bool = True
    ) -> UninitializedBuffer:
        made: Any = Buffer(empty(0, device=device, dtype=dtype).requires_grad_(requires_grad), persistent=persistent)
        made.__class__ = cls
        return made

    def __init__(
        self, requires_grad: bool = False, device: Any = None, dtype: DType | None = None, persistent: bool = True
    ) -> None:
        pass


def _rebuild_uninitialized(cls: Any, requires_grad: bool, device: str, dtype: DType) -> Any:
    return cls(requires_grad, device, dtype)


def is_lazy(param: Any) -> bool:
    """Whether ``param`` is a parameter or buffer that has no shape yet.

    >>> import tensorlite as tl
    >>> tl.nn.parameter.is_lazy(tl.nn.UninitializedParameter()), tl.nn.parameter.is_lazy(tl.nn.Parameter())
    (True, False)
    """
    return isinstance(param, UninitializedTensorMixin)
