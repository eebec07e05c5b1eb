"""Optimizer: parameter groups, state, and the walk over parameters that every optimizer shares."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ..autograd.modes import enable_grad
from ..tensor import Tensor
from ..utils.hooks import RemovableHandle
from .state import StateMixin, complete_groups, restore_counters

__all__ = ["Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]

Group = dict[str, Any]
State = dict[str, Any]

_global_pre_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
_global_post_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()


def _add(table: OrderedDict[int, Any], hook: Callable[..., Any]) -> RemovableHandle:
    handle = RemovableHandle(table)
    table[handle.id] = hook
    return handle


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` before every step of every optimizer."""
    return _add(_global_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after every step of every optimizer."""
    return _add(_global_post_hooks, hook)


class Optimizer(StateMixin):
    """The base of all optimizers: one is an ``update`` of one parameter, and an ``init_state`` if it keeps any.

    ``params`` are tensors, ``(name, tensor)`` pairs, or dicts with ``"params"`` and options of their own.

    Raises:
        TypeError: ``params`` is a single tensor, or holds something that is not a tensor.
        ValueError: no parameters, a tensor that is the result of a computation, a parameter in two groups.

    >>> import tensorlite as tl
    >>> class SignSGD(tl.optim.Optimizer):
    ...     def __init__(self, params, lr=0.1):
    ...         super().__init__(params, {"lr": lr})
    ...
    ...     @tl.no_grad()
    ...     def update(self, param, grad, state, options):
    ...         param.sub_(grad.sign() * options["lr"])
    >>> w = tl.tensor([1.0, -1.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> SignSGD([w]).step()
    >>> w
    tensor([ 0.9000, -0.9000], requires_grad=True)
    """

    _counters: tuple[str, ...] = ()
    """Names of numbers in a parameter's state that are tensors, which they were not always."""

    takes_sparse: bool = False
    """Whether ``update`` can work with gradients in the layout torch.sparse_coo; they are refused otherwise."""
    _instead_for_sparse: str = ""

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {params.type()}: put it in a list, [param]"
            )
        self.defaults = defaults
        self.state: defaultdict[Tensor, State] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self._init_hooks()
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def _init_hooks(self) -> None:
        self._pre_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self._post_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self._opt_called = False
        self._has_scheduler = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.step)  # type: ignore[method-assign]

    # What an optimizer's author writes ----------------------------------------------------------------------------

    def init_state(self, param: Tensor, options: Any) -> State | None:
        """Make the state of one parameter, before its first update; None if the optimizer keeps none."""
        return None

    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> None:
        """Change one parameter in place. ``options`` is what ``prepare`` made of its group."""
        raise NotImplementedError(f"{type(self).__name__} must define update(param, grad, state, options), or step()")

    def prepare(self, group: Group) -> Any:
        """Turn a group into what ``update`` needs of it; runs once for each group and step."""
        return group

    # The step -----------------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; ``closure`` computes the loss again, which is returned.

        >>> import tensorlite as tl
        >>> w = tl.tensor([1.0], requires_grad=True)
        >>> optimizer = tl.optim.SGD([w], lr=0.1)
        >>> (2 * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.8000], requires_grad=True)
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.step_group(group["params"], self.prepare(group))
        return loss

    def step_group(self, params: list[Tensor], options: Any) -> None:
        """Update the parameters of one group that have a gradient."""
        known, update = self.state, self.update
        for param in params:
            grad = param.grad
            if grad is None:
                continue
            if grad.is_sparse and not self.takes_sparse:
                raise RuntimeError(f"{type(self).__name__} does not support sparse gradients{self._instead_for_sparse}")
            state = known.get(param)
            if not state:
                state = self.init_state(param, options)
                if state is not None:
                    known[param] = state
            update(param, grad, state, options)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients; ``set_to_none=False`` fills them with zeros instead.

        >>> import tensorlite as tl
        >>> w = tl.tensor([1.0], requires_grad=True)
        >>> w.sum().backward()
        >>> tl.optim.SGD([w], lr=0.1).zero_grad()
        >>> w.grad is None
        True
        """
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param.grad = None
                elif param.grad is not None:
                    param.grad = param.grad.detach().zero_()

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return new ``(args, kwargs)``."""
        return _add(self._pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return _add(self._post_hooks, hook)

    # Groups -------------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters with options of their own, for instance when layers are unfrozen.

        Raises:
            TypeError: not a dict, a set of parameters (it has no order), or something that is not a tensor.
            ValueError: the result of a computation, a parameter of another group, names for only some.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        group = dict(param_group)
        _split_names(group)
        for param in group["params"]:
            if not isinstance(param, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}")
            if not (self.defaults.get("differentiable") or param.is_leaf or param.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        missing = [name for name in self._required() if name not in group]
        if missing:
            raise ValueError(f"parameter group didn't specify a value of required optimization parameter {missing[0]}")
        for name, default in self.defaults.items():
            group.setdefault(name, default)
        self._check_distinct(group)
        self.param_groups.append(group)

    def _required(self) -> list[str]:
        return [name for name, default in self.defaults.items() if default is required]

    def _check_distinct(self, group: Group) -> None:
        params = set(map(id, group["params"]))
        if len(params) != len(group["params"]):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters: each is updated as often as it occurs",
                stacklevel=4,
            )
        if not params.isdisjoint(id(p) for other in self.param_groups for p in other["params"]):
            raise ValueError("some parameters appear in more than one parameter group")
        if any(("param_names" in other) != ("param_names" in group) for other in self.param_groups):
            raise ValueError("all optimizer param groups should be with/without names")

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            options = "".join(f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params")
            text += f"\nParameter Group {i}\n{options}"
        return text + ")"

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_pre_hooks" not in self.__dict__:  # a copy or an unpickled optimizer; load_state_dict keeps the hooks
            self._init_hooks()
        complete_groups(self.param_groups, self.defaults)
        restore_counters(self.state, self._counters)


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


def _split_names(group: Group) -> None:
    """Make a group's ``params`` a list of tensors, their names (if given) going to ``param_names``."""
    params = group["params"]
    if isinstance(params, set):
        raise TypeError("optimizer parameters need an order, which a set does not have: use a list")
    params = [params] if isinstance(params, Tensor) else list(params)
    named = [isinstance(param, tuple) for param in params]
    if any(named):
        if not all(named):
            raise ValueError("all optimizer params should be with/without names. Some param names are missing")
        group["param_names"] = [name for name, _ in params]
        params = [param for _, param in params]
    group["params"] = params


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """``step`` with the optimizer's hooks around it, and a note (for schedulers) that it has been called."""

    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        self._opt_called = True
        if not (self._pre_hooks or self._post_hooks or _global_pre_hooks or _global_post_hooks):
            return step(self, *args, **kwargs)
        for hook in (*_global_pre_hooks.values(), *self._pre_hooks.values()):
            changed = hook(self, args, kwargs)
            if changed is None:
                continue
            if not (isinstance(changed, tuple) and len(changed) == 2):
                raise RuntimeError(f"a step pre-hook must return None or (new_args, new_kwargs), but got {changed}")
            args, kwargs = changed
        result = step(self, *args, **kwargs)
        for hook in (*self._post_hooks.values(), *_global_post_hooks.values()):
            hook(self, args, kwargs)
        return result

    return hooked


Optimizer.step = _with_hooks(Optimizer.step)  # type: ignore[method-assign]
