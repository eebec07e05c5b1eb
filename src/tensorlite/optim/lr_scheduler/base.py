"""LRScheduler: the base of all learning-rate schedules."""

from __future__ import annotations

import warnings
from typing import Any

from ...tensor import Tensor
from ..optimizer import Optimizer

__all__ = ["LRScheduler", "check_optimizer", "copy_lr", "per_group", "set_lr", "warn_of_epoch"]

LR = Any  # a float, or a tensor of one element


def check_optimizer(optimizer: Any) -> None:
    """TypeError unless it is an Optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def copy_lr(value: LR) -> LR:
    """The value; a tensor is copied, because groups change theirs in place."""
    return value.clone() if isinstance(value, Tensor) else value


def set_lr(group: dict[str, Any], value: LR, name: str = "lr") -> None:
    """Set an option of a group; a tensor keeps its identity and is filled."""
    if isinstance(group[name], Tensor):
        group[name].fill_(float(value))
    else:
        group[name] = value


def per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """``value`` for every group: one for all, or a list as long as there are groups (ValueError otherwise)."""
    n = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [copy_lr(value) for _ in range(n)]
    if len(value) != n:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups: it has {len(value)} for {n} groups"
        )
    return [copy_lr(item) for item in value]


def warn_of_epoch() -> None:
    """UserWarning that a step to a given epoch is deprecated."""
    warnings.warn("scheduler.step(epoch) is deprecated: call scheduler.step()", UserWarning, stacklevel=3)


class LRScheduler:
    """Changes the learning rate of every group when ``step()`` is called, after ``optimizer.step()``.

    A subclass defines ``get_lr``, or ``next_lr`` for schedules that multiply the present rate.

    >>> import tensorlite as tl
    >>> class Halve(tl.optim.lr_scheduler.LRScheduler):
    ...     def next_lr(self, lr, base_lr):
    ...         return lr if self.last_epoch == 0 else lr / 2
    >>> optimizer = tl.optim.SGD([tl.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = Halve(optimizer)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    # Objects that state_dict leaves out.
    _not_saved: tuple[str, ...] = ("optimizer",)
    # True during the step that the constructor makes: schedules that multiply leave the rate alone then.
    _is_initial = False
    # True during every step: get_lr computes the next rate, and is not how to ask for the present one.
    _get_lr_called_within_step = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        if not optimizer._has_scheduler:  # steps before there was a schedule do not count
            optimizer._has_scheduler, optimizer._opt_called = True, False
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copy_lr(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                    f"last_epoch={last_epoch}: load the optimizer's state_dict first, or start with last_epoch=-1"
                )
        self.base_lrs = [copy_lr(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def next_lr(self, lr: LR, base_lr: LR) -> LR:
        """The rate at ``last_epoch``, from the rate before it."""
        raise NotImplementedError(f"{type(self).__name__} must define next_lr(lr, base_lr) or get_lr()")

    def _check_within_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "get_lr() computes the next learning rate: call get_last_lr() to ask for the present one", UserWarning, stacklevel=3
            )

    def get_lr(self) -> list[LR]:
        """The rate of every group at ``last_epoch``; use ``get_last_lr`` to ask what it is."""
        self._check_within_step()
        groups = self.optimizer.param_groups
        return [self.next_lr(group["lr"], base) for group, base in zip(groups, self.base_lrs, strict=True)]

    def get_last_lr(self) -> list[LR]:
        """The rate of every group after the last step."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch (or batch, as you call it), or to ``epoch``."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(
                "lr_scheduler.step() was called before optimizer.step(), which skips the first value of the schedule: "
                "call optimizer.step() first",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is not None:
            warn_of_epoch()
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._get_lr_called_within_step = True
        try:
            rates = self.get_lr() if epoch is None else self._get_closed_form_lr()
        finally:
            self._get_lr_called_within_step = False
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_lr(group, rate)
        self._remember_lr()

    def _get_closed_form_lr(self) -> list[LR]:
        """The rates at ``last_epoch`` from the initial ones, where the schedule has such a formula."""
        closed_form = getattr(self, "closed_form", None)
        return self.get_lr() if closed_form is None else [closed_form(base) for base in self.base_lrs]

    def _remember_lr(self) -> None:
        self._last_lr = [copy_lr(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name not in self._not_saved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned. Load the optimizer's state too: it holds the present rates."""
        self.__dict__.update(state_dict)
