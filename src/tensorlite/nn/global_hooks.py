"""Hooks that run for every module there is: at its calls, and when something is registered in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..utils.hooks import RemovableHandle
from .hooks import ForwardHook, HooksMixin, HookTables

if TYPE_CHECKING:
    from .module import Module

__all__ = [
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
    "registered",
]

_CALLS = HookTables()
_REGISTRATIONS: dict[str, OrderedDict[int, Callable[..., Any]]] = {
    "buffer": OrderedDict(),
    "module": OrderedDict(),
    "parameter": OrderedDict(),
}


class _CallHandle(RemovableHandle):
    """The handle of a hook on calls; modules look for such hooks only while there are any."""

    def remove(self) -> None:
        super().remove()
        _announce()


def _announce() -> None:
    # As the class's attribute it is what every module without hooks of its own finds, and None is what it costs nothing to find.
    HooksMixin._hooks = _CALLS if _CALLS else None


def _add(table: OrderedDict[int, Any], hook: Any) -> RemovableHandle:
    handle = _CallHandle(table)
    table[handle.id] = hook
    _announce()
    return handle


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before the ``forward`` of every module; what it returns (unless None) replaces ``args``.

    >>> import tensorlite as tl
    >>> from tensorlite.nn.modules.module import register_module_forward_pre_hook
    >>> with register_module_forward_pre_hook(lambda module, args: print(type(module).__name__)):
    ...     tl.nn.Sequential(tl.nn.ReLU())(tl.ones(1))
    Sequential
    ReLU
    tensor([1.])
    """
    return _add(_CALLS.forward_pre, ForwardHook(hook, False, False))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after the ``forward`` of every module; what it returns (unless None) is the output.

    ``with_kwargs`` and ``always_call`` are those of ``Module.register_forward_hook``, whose hooks run after these.

    >>> import tensorlite as tl
    >>> from tensorlite.nn.modules.module import register_module_forward_hook
    >>> with register_module_forward_hook(lambda module, args, output: output + 1):
    ...     tl.nn.ReLU()(tl.ones(1))
    tensor([2.])
    """
    return _add(_CALLS.forward, ForwardHook(hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before the backward of every module; it may return new gradients.

    >>> import tensorlite as tl
    >>> from tensorlite.nn.modules.module import register_module_full_backward_pre_hook
    >>> with register_module_full_backward_pre_hook(lambda module, grad_output: print(grad_output)):
    ...     tl.nn.ReLU()(tl.ones(1, requires_grad=True)).sum().backward()
    (tensor([1.]),)
    """
    return _add(_CALLS.backward_pre, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` after the backward of every module; it may replace ``grad_input``.

    >>> import tensorlite as tl
    >>> from tensorlite.nn.modules.module import register_module_full_backward_hook
    >>> x = tl.ones(1, requires_grad=True)
    >>> with register_module_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 5,)):
    ...     tl.nn.ReLU()(x).sum().backward()
    >>> x.grad
    tensor([5.])
    """
    return _add(_CALLS.backward, hook)


register_module_backward_hook = register_module_full_backward_hook


def _add_registration(kind: str, hook: Callable[..., Any]) -> RemovableHandle:
    handle = RemovableHandle(_REGISTRATIONS[kind])
    _REGISTRATIONS[kind][handle.id] = hook
    return handle


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` when any module registers a buffer; what it returns (unless None) is registered.

    >>> import tensorlite as tl
    >>> from tensorlite.nn.modules.module import register_module_buffer_registration_hook
    >>> with register_module_buffer_registration_hook(lambda module, name, buffer: print(name)):
    ...     layer = tl.nn.BatchNorm1d(2, affine=False)
    running_mean
    running_var
    num_batches_tracked
    """
    return _add_registration("buffer", hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, submodule)`` when any module registers another; what it returns (unless None) is registered.

    >>> import tensorlite as tl
    >>> from tensorlite.nn.modules.module import register_module_module_registration_hook
    >>> with register_module_module_registration_hook(lambda module, name, child: tl.nn.Tanh()):
    ...     print(tl.nn.Sequential(tl.nn.ReLU()))
    Sequential(
      (0): Tanh()
    )
    """
    return _add_registration("module", hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, parameter)`` when any module registers a parameter; what it returns (unless None) is registered.

    >>> import tensorlite as tl
    >>> from tensorlite.nn.modules.module import register_module_parameter_registration_hook
    >>> with register_module_parameter_registration_hook(lambda module, name, parameter: print(name)):
    ...     layer = tl.nn.Linear(2, 3)
    weight
    bias
    """
    return _add_registration("parameter", hook)


def registered(kind: str, module: Module, name: str, value: Any) -> Any:
    """What is registered in place of ``value``: itself, unless a hook says otherwise."""
    for hook in tuple(_REGISTRATIONS[kind].values()):
        changed = hook(module, name, value)
        if changed is not None:
            value = changed
    return value
