"""Running an optimizer on other parameters than its own for a while."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from ..tensor import Tensor
from .optimizer import Group, Optimizer

__all__ = ["swap_in_optimizer_params_and_state"]


@contextmanager
def swap_in_optimizer_params_and_state(
    optimizer: Optimizer, swapin_parameters: dict[str, Tensor], swapin_optim_state: dict[str, Any]
) -> Iterator[None]:
    """Within the context the optimizer has the given parameters, state and options; after it, its own again.

    ``swapin_parameters`` are in the order of the optimizer's own; ``swapin_optim_state`` looks like ``optimizer.state_dict()``.
    Its tensors are used, not copied: what ``step`` changes in place is changed there. State that ``step`` adds is dropped.

    Raises:
        RuntimeError: the optimizer has no state yet, or the given one does not fit to it.

    >>> import tensorlite as tl
    >>> w, other = tl.ones(1, requires_grad=True), tl.ones(1, requires_grad=True)
    >>> optimizer = tl.optim.Adam([w], lr=0.5)
    >>> w.grad = other.grad = tl.ones(1)
    >>> optimizer.step()
    >>> with tl.optim.swap_in_optimizer_params_and_state(optimizer, {"w": other}, optimizer.state_dict()):
    ...     optimizer.step()
    >>> round(w.item(), 4), round(other.item(), 4)
    (0.5, 0.5)
    """
    state, groups = _checked(optimizer, swapin_optim_state)
    left = iter(swapin_parameters.values())
    new_state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
    new_groups = []
    for saved in groups:
        params = list(islice(left, len(saved["params"])))
        if len(params) < len(saved["params"]):
            raise RuntimeError("swapin_parameters are fewer than the parameters of the optimizer: give one for each, in its order")
        for param, number in zip(params, saved["params"], strict=True):
            new_state[param] = dict(state.get(number, {}))
        new_groups.append({**saved, "params": params})
    old_state, old_groups = optimizer.state, [dict(group) for group in optimizer.param_groups]
    try:
        _replace(optimizer.param_groups, new_groups)
        optimizer.state = new_state
        yield
    finally:
        _replace(optimizer.param_groups, old_groups)
        optimizer.state = old_state


def _replace(groups: list[Group], contents: list[Group]) -> None:
    """Other contents for the same dicts, which schedulers know too."""
    for group, content in zip(groups, contents, strict=True):
        group.clear()
        group.update(content)


def _checked(optimizer: Optimizer, saved: Any) -> tuple[dict[int, dict[str, Any]], list[Group]]:
    """The state and the groups of a ``state_dict`` that fits to the optimizer."""
    if not optimizer.state:
        raise RuntimeError("the optimizer has no state yet: call step() once before swapping")
    state, groups = (saved.get("state"), saved.get("param_groups")) if isinstance(saved, dict) else (None, None)
    if not isinstance(state, dict) or not isinstance(groups, list):
        raise RuntimeError("swapin_optim_state must look like optimizer.state_dict(): a dict 'state' and a list 'param_groups'")
    if len(groups) != len(optimizer.param_groups):
        raise RuntimeError(f"swapin_optim_state has {len(groups)} parameter groups, the optimizer {len(optimizer.param_groups)}")
    numbers: set[int] = set()
    for i, (group, own) in enumerate(zip(groups, optimizer.param_groups, strict=True)):
        ids = group.get("params") if isinstance(group, dict) else None
        if not isinstance(ids, list) or not all(isinstance(number, int) for number in ids):
            raise RuntimeError(f"swapin_optim_state: group {i} must be a dict whose 'params' are numbers, as in state_dict()")
        if len(ids) != len(own["params"]):
            raise RuntimeError(f"swapin_optim_state: group {i} has {len(ids)} parameters, the optimizer's {len(own['params'])}")
        if different := group.keys() ^ own.keys():
            raise RuntimeError(f"swapin_optim_state: group {i} and the optimizer's do not both have {sorted(different)}")
        numbers.update(ids)
    for number, values in state.items():
        if number not in numbers or not isinstance(values, dict):
            raise RuntimeError(f"swapin_optim_state: state {number!r} must be a dict for the number of a parameter in a group")
    return state, groups
