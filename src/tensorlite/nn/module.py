"""Module: the base class of everything that has parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..tensor import Tensor
from .global_hooks import registered
from .hooks import HooksMixin, call_with_hooks
from .parameter import Buffer, Parameter
from .state_dict import StateDictMixin
from .traversal import TraversalMixin

__all__ = ["Module"]

Self = TypeVar("Self", bound="Module")


class Module(HooksMixin, StateDictMixin, TraversalMixin):
    """A layer or a whole network: parameters, buffers and submodules, and the ``forward`` that uses them.

    Assigning a ``Parameter`` or a ``Module`` to an attribute registers it.

    >>> import tensorlite as tl
    >>> class Net(tl.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.scale = tl.nn.Parameter(tl.tensor(2.0))
    ...
    ...     def forward(self, x):
    ...         return self.scale * x
    >>> net = Net()
    >>> net(tl.tensor([1.0, 2.0]))
    tensor([2., 4.], grad_fn=<MulBackward0>)
    >>> [name for name, _ in net.named_parameters()]
    ['scale']
    """

    training: bool

    def __init__(self) -> None:
        # __dict__ directly: __setattr__ looks these tables up.
        state = self.__dict__
        state["training"] = True
        state["_parameters"] = {}
        state["_buffers"] = {}
        state["_non_persistent_buffers_set"] = set()
        state["_modules"] = {}

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; for subclasses to define. Call the module itself, not ``forward``, so that hooks run."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        hooks = self._hooks
        if hooks is None:
            return self.forward(*args, **kwargs)
        return call_with_hooks(self, hooks, args, kwargs)

    # Registration -----------------------------------------------------------------------------------------------

    def _check_name(self, kind: str, name: Any, table: Mapping[str, Any]) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type(name).__name__}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in table:
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add ``param`` under ``name``; None reserves the name for a parameter that is absent.

        Raises:
            TypeError: ``param`` is not a Parameter (for instance the result of a computation).
            KeyError: the name is empty, has a dot, or is taken.
        """
        self._check_name("parameter", name, self.__dict__.get("_parameters", {}))
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_type_name(param)}' object to parameter '{name}' (nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"cannot assign the result of a computation to parameter '{name}': parameters are leaves of the graph. "
                "Compute the value inside forward() from the parameters it depends on"
            )
        self._parameters[name] = None if param is None else registered("parameter", self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is state but not trained; ``persistent=False`` keeps it out of ``state_dict``.

        >>> import tensorlite as tl
        >>> module = tl.nn.Module()
        >>> module.register_buffer("mean", tl.zeros(2))
        >>> module.mean
        tensor([0., 0.])
        """
        self._check_name("buffer", name, self.__dict__.get("_buffers", {}))
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"cannot assign '{_type_name(tensor)}' object to buffer '{name}' (Tensor or None required)")
        self._buffers[name] = registered("buffer", self, name, tensor)
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule under ``name``.

        Raises:
            TypeError: not a Module.
            KeyError: the name is empty, has a dot, or is taken.
        """
        self._check_name("module", name, self.__dict__.get("_modules", {}))
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_type_name(module)} is not a Module subclass")
        self._modules[name] = registered("module", self, name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """The same as :meth:`add_module`."""
        self.add_module(name, module)

    def __setattr__(self, name: str, value: Any) -> None:
        state = self.__dict__
        parameters = state.get("_parameters")
        if isinstance(value, Parameter):
            self._forget(name, "_parameters", "parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._forget(name, "_modules", "module")
            self.add_module(name, value)
        elif parameters is not None and name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as parameter '{name}' (nn.Parameter or None expected)"
                )
            self.register_parameter(name, None)
        elif parameters is not None and name in state["_modules"]:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as child module '{name}' (nn.Module or None expected)"
                )
            state["_modules"][name] = registered("module", self, name, None)
        elif isinstance(value, Buffer) or (parameters is not None and name in state["_buffers"]):
            self._set_buffer(name, value)
        else:
            super().__setattr__(name, value)

    def _set_buffer(self, name: str, value: Any) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"cannot assign '{_type_name(value)}' as buffer '{name}' (nn.Buffer, Tensor or None expected)"
            )
        persistent = value.persistent if isinstance(value, Buffer) else name not in self._non_persistent_buffers_set
        self._forget(name, "_buffers", "buffer")
        self.register_buffer(name, value, persistent)

    def _forget(self, name: str, keep: str, kind: str) -> None:
        """Take ``name`` out of every table but ``keep``: it is about to be registered there."""
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        self.__dict__.pop(name, None)
        for table in ("_parameters", "_buffers", "_modules"):
            if table != keep:
                self.__dict__[table].pop(name, None)
        if keep != "_buffers":
            self._non_persistent_buffers_set.discard(name)

    def __getattr__(self, name: str) -> Any:
        # Runs only when ordinary lookup has failed. Parameters first: they are what forward() reads.
        state = self.__dict__
        if "_parameters" in state:
            parameters = state["_parameters"]
            if name in parameters:
                return parameters[name]
            for table in (state["_buffers"], state["_modules"]):
                if name in table:
                    return table[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'", name=name, obj=self)

    def _weight_and_bias(self) -> tuple[Any, Any]:
        """What most layers compute with. ``self.weight`` looks in three places first, which a small input would notice."""
        own = self._parameters
        try:
            return own["weight"], own["bias"]
        except KeyError:  # somebody has put a property or a plain tensor in a parameter's place
            return self.weight, self.bias

    def __delattr__(self, name: str) -> None:
        for table in (self._parameters, self._buffers, self._modules):
            if name in table:
                del table[name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        keys = [*super().__dir__(), *self._parameters, *self._buffers, *self._modules]
        return sorted({key for key in keys if not key[0].isdigit()})

    # Mode and gradients -----------------------------------------------------------------------------------------

    def train(self: Self, mode: bool = True) -> Self:
        """Switch to training mode (dropout drops, batch norm learns its statistics); ``mode=False`` is ``eval()``.

        >>> import tensorlite as tl
        >>> tl.nn.Dropout().eval()(tl.ones(3))
        tensor([1., 1., 1.])
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self: Self) -> Self:
        """Switch to evaluation mode; the same as ``train(False)``."""
        return self.train(False)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Make every parameter require a gradient, or not (to freeze the module)."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; ``set_to_none=False`` fills them with zeros instead."""
        for parameter in self.parameters():
            if parameter.grad is None:
                continue
            if set_to_none:
                parameter.grad = None
            else:
                parameter.grad = parameter.grad.detach().zero_()

    def apply(self: Self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn`` on every submodule and then on the module itself, for instance to initialise weights.

        >>> import tensorlite as tl
        >>> net = tl.nn.Sequential(tl.nn.ReLU())
        >>> net.apply(lambda module: print(type(module).__name__)) is net
        ReLU
        Sequential
        True
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # Printing ---------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """The part between the parentheses of the module's repr; for subclasses to define."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        extra_lines = extra.split("\n") if extra else []
        child_lines = [f"({name}): {_indent(repr(module))}" for name, module in self._modules.items()]
        lines = extra_lines + child_lines
        if not lines:
            return f"{self._get_name()}()"
        if len(extra_lines) == 1 and not child_lines:
            return f"{self._get_name()}({extra_lines[0]})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


def _type_name(value: Any) -> str:
    return type(value).__name__


def _indent(text: str) -> str:
    return text.replace("\n", "\n  ")
