"""Walking over a module's tree, and moving or casting everything in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..autograd.modes import no_grad
from ..devices import device as Device
from ..dtypes import bfloat16, float16, float32, float64
from ..dtypes import dtype as DType
from ..tensor import Tensor
from ..tensor.creation import empty_like
from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

__all__ = ["TraversalMixin"]

Self = TypeVar("Self", bound="TraversalMixin")
T = TypeVar("T")


class TraversalMixin:
    """The ``named_*``, ``get_*``, ``to`` and cast methods of :class:`Module`."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]

    def _named_members(
        self,
        get_members: Callable[[Module], Iterable[tuple[str, Any]]],
        prefix: str,
        recurse: bool,
        remove_duplicate: bool,
    ) -> Iterator[tuple[str, Any]]:
        this = cast("Module", self)
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, this)]
        seen: set[int] = set()
        for module_prefix, module in modules:
            for name, member in get_members(module):
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield f"{module_prefix}.{name}" if module_prefix else name, member

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Iterate over the parameters; ``recurse=False`` leaves those of submodules out."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Iterate over ``(dotted name, parameter)``; a shared parameter comes once unless ``remove_duplicate=False``.

        >>> import tensorlite as tl
        >>> [name for name, _ in tl.nn.Linear(2, 1).named_parameters()]
        ['weight', 'bias']
        """
        return self._named_members(lambda module: module._parameters.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Iterate over the buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Iterate over ``(dotted name, buffer)``."""
        return self._named_members(lambda module: module._buffers.items(), prefix, recurse, remove_duplicate)

    def children(self) -> Iterator[Module]:
        """Iterate over the direct submodules, each once."""
        for _, module in self.named_children():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Iterate over ``(name, direct submodule)``."""
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def modules(self) -> Iterator[Module]:
        """Iterate over the module and everything below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Iterate over ``(dotted name, module)``, beginning with the module itself under the name ``prefix``.

        >>> import tensorlite as tl
        >>> [name for name, _ in tl.nn.Sequential(tl.nn.ReLU()).named_modules()]
        ['', '0']
        """
        memo = set() if memo is None else memo
        this = cast("Module", self)
        if this in memo:
            return
        if remove_duplicate:
            memo.add(this)
        yield prefix, this
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    # Lookup by name ---------------------------------------------------------------------------------------------

    def get_submodule(self, target: str) -> Module:
        """Return the submodule with the dotted name ``target``; AttributeError if there is none.

        >>> import tensorlite as tl
        >>> tl.nn.Sequential(tl.nn.Sequential(tl.nn.ReLU())).get_submodule("0.0")
        ReLU()
        """
        module = cast("Module", self)
        for name in target.split(".") if target else []:
            child = getattr(module, name, None)
            if child is None:
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            if not isinstance(child, TraversalMixin):
                raise AttributeError(f"`{name}` is not an nn.Module")
            module = cast("Module", child)
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put ``module`` at the dotted name ``target``; ``strict=True`` demands that something was there."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if not isinstance(module, TraversalMixin):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        if (strict or hasattr(parent, name)) and not isinstance(getattr(parent, name), TraversalMixin):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def _get_member(self, target: str, table: str, kind: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if name not in getattr(module, table):
            raise AttributeError(f"`{name}` is not {kind}")
        return getattr(module, name)

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter with the dotted name ``target``; AttributeError if there is none."""
        return cast(Parameter, self._get_member(target, "_parameters", "an nn.Parameter"))

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer with the dotted name ``target``; AttributeError if there is none."""
        return cast(Tensor, self._get_member(target, "_buffers", "a buffer"))

    # Moving and casting -----------------------------------------------------------------------------------------

    def _apply(self: Self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the data of every parameter, gradient and buffer by ``fn`` of it; the Parameter objects stay."""
        if recurse:
            for child in self.children():
                child._apply(fn)
        for parameter in self._parameters.values():
            if parameter is None:
                continue
            with no_grad():
                grad = parameter.grad
                moved = fn(parameter.detach())
                moved_grad = None if grad is None else fn(grad.detach()).requires_grad_(grad.requires_grad)
            # A gradient must have its parameter's dtype and device, so it is taken off while they change.
            parameter.grad = None
            parameter.data = moved
            parameter.grad = moved_grad
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self: Self, *args: Any, **kwargs: Any) -> Self:
        """Move and cast parameters and buffers in place: ``to(device)``, ``to(dtype)``, ``to(tensor)``.

        Device and dtype can be given together. Only floating point and complex tensors change dtype.

        Raises:
            TypeError: the dtype is not floating point or complex.

        >>> import tensorlite as tl
        >>> tl.nn.Linear(2, 1).to(tl.float64).weight.dtype
        torch.float64
        """
        device, dtype, non_blocking = _parse_to(*args, **kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )

        def convert(tensor: Tensor) -> Tensor:
            castable = tensor.is_floating_point() or tensor.is_complex()
            target = dtype if dtype is not None and castable else tensor.dtype
            return tensor.to(tensor.device if device is None else device, target, non_blocking)

        return self._apply(convert)

    def to_empty(self: Self, *, device: Any, recurse: bool = True) -> Self:
        """Move to ``device`` without copying values."""
        return self._apply(lambda tensor: empty_like(tensor, device=device), recurse=recurse)

    def cpu(self: Self) -> Self:
        """Move everything to the CPU."""
        return self._apply(lambda tensor: tensor.cpu())

    def cuda(self: Self, device: Any = None) -> Self:
        """Move everything to a CUDA device."""
        return self._apply(lambda tensor: tensor.cuda(device))

    def type(self: Self, dst_type: Any) -> Self:
        """Cast everything, integer buffers included, to ``dst_type``."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def _cast(self: Self, dtype: DType) -> Self:
        return self._apply(lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor)

    def float(self: Self) -> Self:
        """Cast floating point parameters and buffers to float32."""
        return self._cast(float32)

    def double(self: Self) -> Self:
        """Cast floating point parameters and buffers to float64."""
        return self._cast(float64)

    def half(self: Self) -> Self:
        """Cast floating point parameters and buffers to float16."""
        return self._cast(float16)

    def bfloat16(self: Self) -> Self:
        """Cast floating point parameters and buffers to bfloat16."""
        return self._cast(bfloat16)


def _parse_to(
    *args: Any,
    device: Any = None,
    dtype: DType | None = None,
    non_blocking: bool = False,
    memory_format: Any = None,
    tensor: Tensor | None = None,
) -> tuple[Any, DType | None, bool]:
    """The arguments of ``Module.to`` as ``(device, dtype, non_blocking)``."""
    for argument in args:
        if isinstance(argument, Tensor):
            tensor = argument
        elif isinstance(argument, DType):
            dtype = argument
        elif isinstance(argument, bool):
            non_blocking = argument
        elif isinstance(argument, (str, int, Device)):
            device = argument
        elif argument is not None:
            raise TypeError(
                f"to() received {argument!r}: expected a device, a dtype, a tensor, or a bool (non_blocking)"
            )
    if tensor is not None:
        device, dtype = tensor.device, tensor.dtype
    return (Device(device) if isinstance(device, (str, int)) else device), dtype, non_blocking
