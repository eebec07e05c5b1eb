"""Schedules made of functions, and of other schedules."""

from __future__ import annotations

import types
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LR, LRScheduler, set_lr
from .plateau import ReduceLROnPlateau

__all__ = ["ChainedScheduler", "LambdaLR", "MultiplicativeLR", "SequentialLR"]

Factor = Callable[[int], float]


class _ByFunction(LRScheduler):
    """A schedule by a function of the epoch, one for all groups or one for each."""

    _not_saved = ("optimizer", "lr_lambdas")

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | list[Factor], last_epoch: int = -1) -> None:
        n = len(optimizer.param_groups)
        factors = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * n
        if len(factors) != n:
            raise ValueError(f"Expected {n} lr_lambdas, but got {len(factors)}")
        for factor in factors:
            if not callable(factor):
                raise TypeError(f"lr_lambda should be a function, but got {type(factor).__name__}")
        self.lr_lambdas = factors
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and the functions; of callable objects, their attributes."""
        saved = [None if isinstance(f, types.FunctionType) else dict(vars(f)) for f in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": saved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "lr_lambdas"})
        for factor, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if saved is not None:
                vars(factor).update(saved)


class LambdaLR(_ByFunction):
    """The initial rate times ``lr_lambda(epoch)``.

    Raises:
        ValueError: a list of functions that is not as long as there are groups.

    >>> import tensorlite as tl
    >>> optimizer = tl.optim.SGD([tl.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = tl.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[LR]:
        """The rates at ``last_epoch``."""
        self._check_within_step()
        return [base * factor(self.last_epoch) for factor, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(_ByFunction):
    """Multiply the rate by ``lr_lambda(epoch)`` at every epoch.

    Raises:
        ValueError: a list of functions that is not as long as there are groups.
    """

    def get_lr(self) -> list[LR]:
        """The rates at ``last_epoch``."""
        self._check_within_step()
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self._is_initial:
            return rates
        return [rate * factor(self.last_epoch) for factor, rate in zip(self.lr_lambdas, rates, strict=True)]


class _OfSchedulers(LRScheduler):
    """A schedule made of others."""

    _not_saved = ("optimizer", "_schedulers")
    _schedulers: Sequence[LRScheduler]

    def _check(self, optimizer: Optimizer | None, schedulers: Sequence[LRScheduler]) -> Optimizer:
        name = type(self).__name__
        if len(schedulers) < 1:
            raise ValueError(f"{name} expects at least one scheduler, but got none")
        optimizer = optimizer or schedulers[0].optimizer
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"{name}: scheduler {i} has no attribute `optimizer`")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(f"{name}: scheduler {i} is a ReduceLROnPlateau, whose step() needs a metric")
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"{name}: scheduler {i} belongs to another optimizer")
        return optimizer

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, with the state of every scheduler."""
        return {**super().state_dict(), "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_schedulers"})
        for scheduler, saved in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(saved)


class SequentialLR(_OfSchedulers):
    """One schedule after another; ``milestones`` says at which epochs the next begins.

    Raises:
        ValueError: not one milestone fewer than schedules, or schedules of several optimizers.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        self.optimizer = self._check(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR expects one milestone fewer than schedulers, but got {len(milestones)} milestones for "
                f"{len(schedulers)} schedulers"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        # The constructors of the schedulers have all set the rate: undo that, and let only the first begin.
        for group in optimizer.param_groups:
            set_lr(group, group["initial_lr"])
        self.recursive_undo()
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def recursive_undo(self, sched: LRScheduler | None = None) -> None:
        """Take every schedule back by one epoch."""
        scheduler = self if sched is None else sched
        if isinstance(scheduler, _OfSchedulers):
            for inner in scheduler._schedulers:
                self.recursive_undo(inner)
        else:
            scheduler.last_epoch -= 1

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch of the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_OfSchedulers):
    """Several schedules at once, each acting on the rate that the one before left.

    Raises:
        ValueError: no schedules, or schedules of several optimizers.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self.optimizer = self._check(optimizer, schedulers)
        self._schedulers = schedulers
        self._remember_lr()

    def step(self, epoch: int | None = None) -> None:
        """Step every schedule."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._remember_lr()
