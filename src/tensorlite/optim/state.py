"""Saving and loading the state of an optimizer, in PyTorch's layout."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

from ..dtypes import dtype, float32, float64, get_default_dtype
from ..tensor import Tensor
from ..tensor.creation import tensor
from ..utils.hooks import RemovableHandle

__all__ = ["StateMixin", "complete_groups", "count", "counter", "counter_dtype", "restore_counters"]


def counter_dtype() -> dtype:
    """The dtype of numbers that belong to a whole parameter, like the step: float64 only where that is the default."""
    return float64 if get_default_dtype() is float64 else float32


def counter(value: float = 0.0) -> Tensor:
    """A number of a parameter's state, on the CPU: the host needs its value at every step."""
    return tensor(value, dtype=counter_dtype(), device="cpu")


def count(state: dict[str, Any]) -> float:
    """One more step; returns its number."""
    steps = state["step"]._array
    steps += 1
    return steps.item()


LATER_OPTIONS = {
    "amsgrad": False, "capturable": False, "centered": False, "decoupled_weight_decay": False, "differentiable": False,
    "foreach": None, "fused": None, "maximize": False, "momentum": 0, "nesterov": False,
}  # fmt: skip
"""Options that a checkpoint may be older than, and what happened then."""


def complete_groups(groups: list[dict[str, Any]], defaults: dict[str, Any]) -> None:
    """Give groups from an old checkpoint the options that the optimizer has today."""
    for group in groups:
        for name in LATER_OPTIONS.keys() & defaults.keys():
            group.setdefault(name, LATER_OPTIONS[name])


def restore_counters(state: dict[Any, dict[str, Any]], names: tuple[str, ...]) -> None:
    """Make tensors of the numbers that checkpoints from before they were tensors hold."""
    for values in state.values():
        for name in names:
            if name in values and not isinstance(values[name], Tensor):
                values[name] = counter(float(values[name]))


class StateMixin:
    """The ``state_dict`` methods of :class:`Optimizer`."""

    state: defaultdict[Tensor, dict[str, Any]]
    param_groups: list[dict[str, Any]]
    _state_hooks: dict[str, OrderedDict[int, Callable[..., Any]]] | None = None

    def _add_state_hook(self, kind: str, hook: Callable[..., Any], prepend: bool) -> RemovableHandle:
        if self._state_hooks is None:
            self._state_hooks = {}
        table = self._state_hooks.setdefault(kind, OrderedDict())
        handle = RemovableHandle(table)
        table[handle.id] = hook
        if prepend:
            table.move_to_end(handle.id, last=False)
        return handle

    def _run_state_hooks(self, kind: str, state_dict: dict[str, Any] | None = None) -> dict[str, Any] | None:
        for hook in list((self._state_hooks or {}).get(kind, {}).values()):
            changed = hook(self) if state_dict is None else hook(self, state_dict)
            if changed is not None:
                state_dict = changed
        return state_dict

    def register_state_dict_pre_hook(self, hook: Callable[..., None], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before ``state_dict`` collects."""
        return self._add_state_hook("state_dict_pre", hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` after ``state_dict``; it may return another one."""
        return self._add_state_hook("state_dict_post", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before loading; it may return another state_dict."""
        return self._add_state_hook("load_state_dict_pre", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` after loading."""
        return self._add_state_hook("load_state_dict_post", hook, prepend)

    def state_dict(self) -> dict[str, Any]:
        """Return the state by parameter number, and the groups with numbers for parameters.

        >>> import tensorlite as tl
        >>> w = tl.tensor([1.0], requires_grad=True)
        >>> sorted(tl.optim.SGD([w], lr=0.1).state_dict())
        ['param_groups', 'state']
        """
        self._run_state_hooks("state_dict_pre")
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for param in group["params"]:
                numbers.setdefault(id(param), len(numbers))
            packed = {name: value for name, value in group.items() if name != "params"}
            packed["params"] = [numbers[id(param)] for param in group["params"]]
            groups.append(packed)
        state = {(numbers[id(key)] if isinstance(key, Tensor) else key): value for key, value in self.state.items()}
        state_dict = {"state": state, "param_groups": groups}
        return self._run_state_hooks("state_dict_post", state_dict) or state_dict

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a ``state_dict``; its tensors are copied to each parameter's dtype and device.

        Raises:
            ValueError: the groups do not match in number or size.

        >>> import tensorlite as tl
        >>> w = tl.tensor([1.0], requires_grad=True)
        >>> first, second = tl.optim.SGD([w], lr=0.1), tl.optim.SGD([w], lr=0.2)
        >>> second.load_state_dict(first.state_dict())
        >>> second.param_groups[0]["lr"]
        0.1
        """
        state_dict = dict(state_dict)
        state_dict = self._run_state_hooks("load_state_dict_pre", state_dict) or state_dict
        saved_groups = deepcopy(state_dict["param_groups"])
        _check_groups(self.param_groups, saved_groups)
        numbers = chain.from_iterable(group["params"] for group in saved_groups)
        pairs: Iterable[tuple[Tensor, dict[str, Any]]] = (
            (param, group) for group in self.param_groups for param in group["params"]
        )
        by_number = dict(zip(numbers, pairs, strict=True))
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for number, value in state_dict["state"].items():
            if number in by_number:
                param, group = by_number[number]
                state[param] = _adapted(value, param, group)
            else:
                state[number] = value
        for group, saved in zip(self.param_groups, saved_groups, strict=True):
            saved["params"] = group["params"]
            if "param_names" in group:
                saved.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved_groups})
        self._run_state_hooks("load_state_dict_post")

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _check_groups(groups: list[dict[str, Any]], saved_groups: list[dict[str, Any]]) -> None:
    if len(groups) != len(saved_groups):
        raise ValueError(
            f"loaded state dict has a different number of parameter groups: {len(saved_groups)}, not {len(groups)}"
        )
    for i, (group, saved) in enumerate(zip(groups, saved_groups, strict=True)):
        if len(group["params"]) != len(saved["params"]):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                f"group {i} has {len(saved['params'])} parameters instead of {len(group['params'])}"
            )


def _adapted(value: Any, param: Tensor, group: dict[str, Any], key: str | None = None) -> Any:
    """A copy of a saved value, its tensors on the device and in the dtype of the parameter."""
    if isinstance(value, Tensor):
        if key == "step":  # a counter: it stays where it is, and exact
            if group.get("capturable") or group.get("fused"):
                return value.to(device=param.device, dtype=float32, copy=True)
            return value.clone()
        dtype = param.dtype if param.is_floating_point() else value.dtype
        return value.detach().to(device=param.device, dtype=dtype, copy=True)
    if isinstance(value, dict):
        return {name: _adapted(item, param, group, name) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_adapted(item, param, group, key) for item in value)
    return value
