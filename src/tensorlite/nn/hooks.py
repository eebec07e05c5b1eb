"""Hooks of modules: functions that run before or after ``forward``, or when gradients pass a module's boundary."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..autograd.function import Function
from ..autograd.modes import is_grad_enabled
from ..tensor import Tensor
from ..utils.hooks import RemovableHandle

if TYPE_CHECKING:
    from .module import Module

__all__ = ["HookTables", "HooksMixin", "call_with_hooks"]


class ForwardHook(NamedTuple):
    call: Callable[..., Any]
    with_kwargs: bool
    always_call: bool


class HookTables:
    """All hooks of one module. A module without hooks has none, and so ``Module.__call__`` looks at one attribute."""

    def __init__(self) -> None:
        self.forward_pre: OrderedDict[int, ForwardHook] = OrderedDict()
        self.forward: OrderedDict[int, ForwardHook] = OrderedDict()
        self.backward_pre: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self.backward: OrderedDict[int, Callable[..., Any]] = OrderedDict()

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def after(self, others: HookTables) -> HookTables:
        """All of `others`, and then these."""
        out = HookTables()
        for name, table in vars(out).items():
            table.update(getattr(others, name))
            table.update(getattr(self, name))
        return out


class HooksMixin:
    """The ``register_*_hook`` methods of :class:`Module`."""

    # The module's own tables; in the class, those of all modules (global_hooks.py), which are None while there are none.
    _hooks: HookTables | None = None

    def _hook_tables(self) -> HookTables:
        return self.__dict__.setdefault("_hooks", HookTables())

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before ``forward``; what it returns (unless None) replaces ``args``.

        ``with_kwargs=True`` calls ``hook(module, args, kwargs)``, which returns None or ``(args, kwargs)``.

        >>> import tensorlite as tl
        >>> layer = tl.nn.Identity()
        >>> handle = layer.register_forward_pre_hook(lambda module, args: args[0] * 2)
        >>> layer(tl.tensor(3))
        tensor(6)
        """
        return _add(self._hook_tables().forward_pre, ForwardHook(hook, with_kwargs, False), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after ``forward``; what it returns (unless None) is the output.

        ``with_kwargs=True`` calls ``hook(module, args, kwargs, output)``; ``always_call=True`` calls it even if
        ``forward`` raised, the output being None.

        >>> import tensorlite as tl
        >>> layer = tl.nn.Identity()
        >>> handle = layer.register_forward_hook(lambda module, args, output: print(tuple(output.shape)))
        >>> layer(tl.zeros(2, 3)).sum()
        (2, 3)
        tensor(0.)
        """
        return _add(self._hook_tables().forward, ForwardHook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are known; it may return new ones.

        >>> import tensorlite as tl
        >>> layer = tl.nn.Identity()
        >>> handle = layer.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 10,))
        >>> x = tl.ones(2, requires_grad=True)
        >>> layer(x).sum().backward()
        >>> x.grad
        tensor([10., 10.])
        """
        return _add(self._hook_tables().backward_pre, hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the inputs' gradients are known; it may replace them.

        >>> import tensorlite as tl
        >>> layer = tl.nn.ReLU()
        >>> handle = layer.register_full_backward_hook(lambda module, gi, go: print(gi, go))
        >>> layer(tl.tensor([-1.0, 1.0], requires_grad=True)).sum().backward()
        (tensor([0., 1.]),) (tensor([1., 1.]),)
        """
        return _add(self._hook_tables().backward, hook, prepend)

    register_backward_hook = register_full_backward_hook


def _add(table: OrderedDict[int, Any], hook: Any, prepend: bool) -> RemovableHandle:
    handle = RemovableHandle(table)
    table[handle.id] = hook
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


def call_with_hooks(module: Module, hooks: HookTables, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``module.forward(*args, **kwargs)`` with everything in ``hooks`` around it."""
    everywhere = HooksMixin._hooks
    if everywhere is not None and hooks is not everywhere:
        hooks = hooks.after(everywhere)
    called: set[int] = set()
    try:
        args, kwargs = _run_pre_hooks(module, hooks, args, kwargs)
        boundary = _Boundary(module, hooks, len(args)) if hooks.backward or hooks.backward_pre else None
        if boundary is not None:
            args = boundary.guard_inputs(args)
        result = module.forward(*args, **kwargs)
        for key, hook in list(hooks.forward.items()):
            called.add(key)
            changed = _call_forward_hook(module, hook, args, kwargs, result)
            if changed is not None:
                result = changed
        return result if boundary is None else boundary.guard_outputs(result)
    except Exception:
        for key, hook in list(hooks.forward.items()):
            if hook.always_call and key not in called:
                _call_quietly(module, hook, args, kwargs)
        raise


def _run_pre_hooks(
    module: Module, hooks: HookTables, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    for hook in list(hooks.forward_pre.values()):
        if not hook.with_kwargs:
            changed = hook.call(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
            continue
        changed = hook.call(module, args, kwargs)
        if changed is None:
            continue
        if not (isinstance(changed, tuple) and len(changed) == 2):
            raise RuntimeError(
                f"a forward pre-hook with kwargs must return None or a tuple (new_args, new_kwargs), but got {changed}"
            )
        args, kwargs = changed
    return args, kwargs


def _call_forward_hook(
    module: Module, hook: ForwardHook, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> Any:
    return hook.call(module, args, kwargs, result) if hook.with_kwargs else hook.call(module, args, result)


def _call_quietly(module: Module, hook: ForwardHook, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    # The error of forward is what the caller must see; an error of the hook must not hide it.
    try:
        _call_forward_hook(module, hook, args, kwargs, None)
    except Exception as error:
        warnings.warn(f"a forward hook with always_call=True raised and was ignored: {error!r}", stacklevel=4)


class _Gate(Function):
    """The identity, whose backward shows all gradients to a function at once and passes on what that returns."""

    @staticmethod
    def forward(ctx: Any, on_grad: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.on_grad = on_grad
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        return (None, *ctx.on_grad(grads))


class _Boundary:
    """One call of a module with backward hooks: a gate around its inputs and one around its outputs.

    The gates are nodes of their own, so that the gradients seen are those of this call and not those of other uses of
    the same tensors.
    """

    def __init__(self, module: Module, hooks: HookTables, n_inputs: int) -> None:
        self.module = module
        self.pre_hooks = list(hooks.backward_pre.values())
        self.hooks = list(hooks.backward.values())
        self.n_inputs = n_inputs
        self.n_outputs = 0
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self.grad_outputs: tuple[Tensor | None, ...] | None = None

    def guard_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        guarded, self.inputs = _guard(args, self._on_grad_input)
        return guarded

    def guard_outputs(self, result: Any) -> Any:
        single = not isinstance(result, tuple)
        outputs = (result,) if single else result
        self.n_outputs = len(outputs)
        guarded, self.outputs = _guard(outputs, self._on_grad_output)
        if single:
            return guarded[0]
        return type(result)(*guarded) if hasattr(result, "_fields") else guarded

    def _on_grad_output(self, grads: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
        full = _scatter(grads, self.outputs, self.n_outputs)
        for hook in self.pre_hooks:
            full = _replaced(hook(self.module, full), full, "full backward pre-hook")
        self.grad_outputs = full
        if not self.inputs:  # no gradient will come out of the inputs: this is the last that is heard of this call
            for hook in self.hooks:
                changed = hook(self.module, (None,) * self.n_inputs, full)
                if changed is not None and any(grad is not None for grad in _as_tuple(changed)):
                    raise RuntimeError("a backward hook returned gradients for a module whose inputs require none")
        return tuple(full[i] for i in self.outputs)

    def _on_grad_input(self, grads: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
        full = _scatter(grads, self.inputs, self.n_inputs)
        if self.grad_outputs is not None:
            for hook in self.hooks:
                full = _replaced(hook(self.module, full, self.grad_outputs), full, "full backward hook")
        return tuple(full[i] for i in self.inputs)


def _guard(values: tuple[Any, ...], on_grad: Callable[..., Any]) -> tuple[tuple[Any, ...], list[int]]:
    where = [i for i, value in enumerate(values) if isinstance(value, Tensor) and value.requires_grad]
    if not where or not is_grad_enabled():
        return values, []
    guarded = list(values)
    for i, tensor in zip(where, _Gate.apply(on_grad, *(values[i] for i in where)), strict=True):
        guarded[i] = tensor
    return tuple(guarded), where


def _scatter(grads: tuple[Tensor, ...], where: list[int], n: int) -> tuple[Tensor | None, ...]:
    full: list[Tensor | None] = [None] * n
    for i, grad in zip(where, grads, strict=True):
        full[i] = grad
    return tuple(full)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _replaced(changed: Any, grads: tuple[Tensor | None, ...], what: str) -> tuple[Tensor | None, ...]:
    if changed is None:
        return grads
    changed = _as_tuple(changed)
    if len(changed) != len(grads):
        raise RuntimeError(f"a {what} returned {len(changed)} gradients where {len(grads)} are expected")
    return changed
