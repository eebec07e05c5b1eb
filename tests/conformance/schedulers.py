"""PyTorch's learning-rate schedules, name by name: the same rates (and momenta) in both libraries."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch
from bridge import quiet, to_ours, to_torch

import tensorlite as tl

__all__ = ["COLUMNS", "NAMES", "TITLE", "misses", "rows"]

TITLE = "Learning-rate schedules"

NAMES: tuple[str, ...] = (*torch.optim.lr_scheduler.__all__, "SWALR")

STEPS = 50

Make = Callable[[Any, Any], Any]


class Growing:
    """A factor that is an object, whose attributes a state_dict holds."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, epoch: float) -> float:
        return 1 + self.rate * math.sin(epoch)


def _halving(s: Any, o: Any) -> Any:
    """A schedule that a user wrote, the way PyTorch's documentation asks for."""

    class Halving(s.LRScheduler):  # type: ignore[misc]
        def get_lr(self) -> list[Any]:
            return [group["lr"] * (1 if self.last_epoch % 4 else 0.5) for group in self.optimizer.param_groups]

    return Halving(o)


CASES: dict[str, list[Make]] = {
    "LambdaLR": [
        lambda s, o: s.LambdaLR(o, lambda epoch: 0.9**epoch),
        lambda s, o: s.LambdaLR(o, [Growing(0.5), lambda epoch: epoch + 1]),
    ],
    "MultiplicativeLR": [
        lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.95),
        lambda s, o: s.MultiplicativeLR(o, [Growing(0.1), Growing(0.2)]),
    ],
    "StepLR": [lambda s, o: s.StepLR(o, 4, 0.5), lambda s, o: s.StepLR(o, 7)],
    "MultiStepLR": [lambda s, o: s.MultiStepLR(o, [2, 5, 5, 9], 0.3), lambda s, o: s.MultiStepLR(o, [30, 10])],
    "ConstantLR": [lambda s, o: s.ConstantLR(o), lambda s, o: s.ConstantLR(o, 0.2, 14)],
    "LinearLR": [lambda s, o: s.LinearLR(o), lambda s, o: s.LinearLR(o, 0.2, 0.9, 16)],
    "ExponentialLR": [lambda s, o: s.ExponentialLR(o, 0.9)],
    "PolynomialLR": [lambda s, o: s.PolynomialLR(o), lambda s, o: s.PolynomialLR(o, 17, 2.0)],
    "CosineAnnealingLR": [lambda s, o: s.CosineAnnealingLR(o, 5, 0.01), lambda s, o: s.CosineAnnealingLR(o, 60)],
    "CosineAnnealingWarmRestarts": [
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.001),
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 7),
    ],
    "SequentialLR": [
        lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.1, 1.0, 4), s.CosineAnnealingLR(o, 10)], [4]),
        lambda s, o: s.SequentialLR(o, [s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9), s.StepLR(o, 3)], [5, 20]),
        lambda s, o: s.SequentialLR(o, [s.SequentialLR(o, [s.LinearLR(o), s.ExponentialLR(o, 0.9)], [7]), s.StepLR(o, 3)], [20]),
    ],
    "ChainedScheduler": [
        lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.9)], o),
        lambda s, o: s.ChainedScheduler([s.CosineAnnealingLR(o, 9), s.LinearLR(o), s.MultiStepLR(o, [3, 8])]),
    ],
    "ReduceLROnPlateau": [
        lambda s, o: s.ReduceLROnPlateau(o, patience=2),
        lambda s, o: s.ReduceLROnPlateau(o, "max", 0.5, 1, 0.1, "abs", 2, [0.01, 0.02]),
    ],
    "CyclicLR": [
        lambda s, o: s.CyclicLR(o, 0.01, [0.5, 0.3], 4),
        lambda s, o: s.CyclicLR(o, [0.01, 0.02], 0.5, 3, 8, "triangular2"),
        lambda s, o: s.CyclicLR(o, 0.01, 0.5, 5, None, "exp_range", 0.95, cycle_momentum=False),
        lambda s, o: s.CyclicLR(o, 0.01, 0.5, 5, scale_fn=Growing(0.5), scale_mode="iterations", base_momentum=[0.7, 0.75]),
        lambda s, o: s.CyclicLR(o, 0.01, 0.5, 5, scale_fn=lambda x: 1 / x, mode="whatever"),
    ],
    "OneCycleLR": [
        lambda s, o: s.OneCycleLR(o, [0.5, 0.2], total_steps=60),
        lambda s, o: s.OneCycleLR(o, 0.5, epochs=11, steps_per_epoch=5, three_phase=True, anneal_strategy="linear"),
        lambda s, o: s.OneCycleLR(o, 0.5, total_steps=51, cycle_momentum=False, div_factor=3.0, final_div_factor=7.0),
    ],
    "LRScheduler": [_halving],
    "SWALR": [
        lambda s, o: _swa(s)(o, 0.3),
        lambda s, o: _swa(s)(o, [0.3, 0.01], 20, "linear"),
        lambda s, o: _swa(s)(o, 0.3, 0),
    ],
}
"""How each is made: of the room of schedulers (``s``) of either library and an optimizer with two groups."""

ERRORS: dict[str, list[Make]] = {
    "LambdaLR": [lambda s, o: s.LambdaLR(o, [abs])],
    "MultiplicativeLR": [lambda s, o: s.MultiplicativeLR(o, [abs]), lambda s, o: s.MultiplicativeLR(o, 0.5)],
    "ConstantLR": [lambda s, o: s.ConstantLR(o, 2.0), lambda s, o: s.ConstantLR(o, -1.0)],
    "LinearLR": [lambda s, o: s.LinearLR(o, 0.0), lambda s, o: s.LinearLR(o, 0.5, 1.5)],
    "CosineAnnealingWarmRestarts": [
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 0),
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 1, "1"),
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 2).step(-1),
    ],
    "SequentialLR": [
        lambda s, o: s.SequentialLR(o, [s.ExponentialLR(o, 0.9)], [3]),
        lambda s, o: s.SequentialLR(o, [], []),
        lambda s, o: s.SequentialLR(o, [s.ReduceLROnPlateau(o), s.ExponentialLR(o, 0.9)], [3]),
        lambda s, o: s.SequentialLR(o, [object(), s.ExponentialLR(o, 0.9)], [3]),
        lambda s, o: s.SequentialLR(o, [s.StepLR(copy.deepcopy(o), 3), s.ExponentialLR(o, 0.9)], [3]),
    ],
    "ChainedScheduler": [
        lambda s, o: s.ChainedScheduler([]),
        lambda s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)]),
        lambda s, o: s.ChainedScheduler([object()], o),
        lambda s, o: s.ChainedScheduler([s.StepLR(copy.deepcopy(o), 3), s.ExponentialLR(o, 0.9)]),
    ],
    "ReduceLROnPlateau": [
        lambda s, o: s.ReduceLROnPlateau(o, factor=1.0),
        lambda s, o: s.ReduceLROnPlateau(o, mode="up"),
        lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="up"),
        lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0.1]),
        lambda s, o: s.ReduceLROnPlateau(3),
    ],
    "CyclicLR": [
        lambda s, o: s.CyclicLR(o, [0.1], 0.2),
        lambda s, o: s.CyclicLR(o, 0.1, 0.2, mode="up"),
        lambda s, o: s.CyclicLR(_rprop(s), 0.1, 0.2),
        lambda s, o: s.CyclicLR(3, 0.1, 0.2),
    ],
    "OneCycleLR": [
        lambda s, o: s.OneCycleLR(o, 0.1),
        lambda s, o: s.OneCycleLR(o, 0.1, total_steps=0),
        lambda s, o: s.OneCycleLR(o, 0.1, epochs=0, steps_per_epoch=3),
        lambda s, o: s.OneCycleLR(o, 0.1, total_steps=3, pct_start=1.5),
        lambda s, o: s.OneCycleLR(o, 0.1, total_steps=3, anneal_strategy="up"),
        lambda s, o: s.OneCycleLR(_rprop(s), 0.1, total_steps=3),
        lambda s, o: _steps(s.OneCycleLR(o, 0.1, total_steps=3), 4),
    ],
    "LRScheduler": [lambda s, o: s.LRScheduler(o), lambda s, o: _halving(s, 3)],
    "SWALR": [
        lambda s, o: _swa(s)(o, 0.1, anneal_strategy="up"),
        lambda s, o: _swa(s)(o, 0.1, -1),
        lambda s, o: _swa(s)(o, [0.1]),
    ],
}
"""What PyTorch refuses."""


def _library(s: Any) -> Any:
    return tl if s is tl.optim.lr_scheduler else torch


def _swa(s: Any) -> Any:
    if isinstance(s, _From):
        return lambda *args: _swa(s.s)(*args, last_epoch=s.last_epoch)
    return _library(s).optim.swa_utils.SWALR


def _rprop(s: Any) -> Any:
    """An optimizer that has no momentum."""
    lib = _library(s)
    return lib.optim.Rprop([lib.zeros(1, requires_grad=True)])


def _optimizer(lib: Any, kind: str = "SGD", tensor_lr: bool = False) -> Any:
    rates = (lib.tensor(0.1, dtype=lib.float64), lib.tensor(0.05, dtype=lib.float64)) if tensor_lr else (0.1, 0.05)
    groups = [{"params": [lib.zeros(1, requires_grad=True)], "lr": rate} for rate in rates]
    return lib.optim.SGD(groups, momentum=0.5) if kind == "SGD" else lib.optim.Adam(groups)


def _pair(make: Make, kind: str = "SGD", tensor_lr: bool = False) -> list[tuple[Any, Any]]:
    """The optimizer and the scheduler, here and in PyTorch."""
    made = []
    with quiet():  # one schedule within another makes both libraries warn of a step that nobody made
        for lib in (tl, torch):
            optimizer = _optimizer(lib, kind, tensor_lr)
            made.append((optimizer, make(lib.optim.lr_scheduler, optimizer)))
    return made


def _steps(scheduler: Any, n: int) -> None:
    for _ in range(n):
        scheduler.step()


def _advance(name: str, optimizer: Any, scheduler: Any, step: int) -> None:
    optimizer.step()
    if name == "ReduceLROnPlateau":
        scheduler.step(math.sin(step) + step % 7)
    else:
        scheduler.step()


def _now(optimizer: Any, scheduler: Any) -> list[float]:
    """All rates and momenta."""
    groups = [[group["lr"], group.get("momentum", 0), *group.get("betas", ())] for group in optimizer.param_groups]
    return [float(value) for value in [*scheduler.get_last_lr(), *groups[0], *groups[1]]]


def _check_equal(pairs: list[tuple[Any, Any]], what: str) -> None:
    ours, theirs = (_now(*pair) for pair in pairs)
    assert all(math.isclose(x, y, rel_tol=1e-12, abs_tol=1e-15) for x, y in zip(ours, theirs, strict=True)), (
        f"{what}: {ours} instead of {theirs}"
    )


def _check_values(name: str, kind: str = "SGD", tensor_lr: bool = False) -> None:
    for i, make in enumerate(CASES[name]):
        pairs = _pair(make, kind, tensor_lr)
        _check_equal(pairs, f"case {i}, at first")
        for step in range(STEPS):
            for optimizer, scheduler in pairs:
                _advance(name, optimizer, scheduler, step)
            _check_equal(pairs, f"case {i}, step {step + 1}")


def _check_tensor_lr(name: str) -> None:
    """The tensors stay the same objects, and what get_last_lr returns is no alias of them."""
    _check_values(name, tensor_lr=True)
    for make in CASES[name]:
        optimizer = _optimizer(tl, tensor_lr=True)
        before = [group["lr"] for group in optimizer.param_groups]
        with quiet():
            scheduler = make(tl.optim.lr_scheduler, optimizer)
        _advance(name, optimizer, scheduler, 0)
        for group, old, last in zip(optimizer.param_groups, before, scheduler.get_last_lr(), strict=True):
            assert group["lr"] is old and last is not old


def _check_closed_form(name: str) -> None:
    """Jumping to an epoch, which warns and does what PyTorch does."""
    if name in ("SequentialLR", "ChainedScheduler"):  # their step takes no epoch
        return
    for i, make in enumerate(CASES[name]):
        pairs = _pair(make)
        for epoch in (3, 11, 5, 27, 12):
            for optimizer, scheduler in pairs:
                optimizer.step()
                args = (1.0, epoch) if name == "ReduceLROnPlateau" else (epoch,)
                with quiet():
                    scheduler.step(*args)
            _check_equal(pairs, f"case {i}, epoch {epoch}")


def _check_state_dict(name: str) -> None:
    """The same keys (but for what is PyTorch's own business), and each library goes on with what the other saved."""
    for i, make in enumerate(CASES[name]):
        pairs = _pair(make)
        for step in range(6):
            for optimizer, scheduler in pairs:
                _advance(name, optimizer, scheduler, step)
        (here, ours), (there, theirs) = pairs
        state, expected = ours.state_dict(), theirs.state_dict()
        missing = expected.keys() - state.keys()
        assert not missing, f"case {i}: {sorted(missing)} are missing"
        again = _pair(make)
        again[0][0].load_state_dict(to_ours(there.state_dict()))
        again[1][0].load_state_dict(to_torch(here.state_dict()))
        again[0][1].load_state_dict(copy.deepcopy(expected))
        again[1][1].load_state_dict(copy.deepcopy(state))
        for step in range(6, 20):
            for optimizer, scheduler in (*pairs, *again):
                _advance(name, optimizer, scheduler, step)
            _check_equal([again[0], pairs[1]], f"case {i}, loaded here, step {step + 1}")
            _check_equal([pairs[0], again[1]], f"case {i}, loaded there, step {step + 1}")


def _check_errors(name: str) -> None:
    for i, make in enumerate(ERRORS.get(name, [])):
        found = []
        for lib in (tl, torch):
            optimizer = _optimizer(lib)
            optimizer.step()
            try:
                with quiet():
                    make(lib.optim.lr_scheduler, optimizer)
            except Exception as error:
                found.append(type(error).__name__)
            else:
                found.append("no error")
        assert found[0] == found[1], f"error {i}: {found[0]} instead of {found[1]}"


def _check_warnings(name: str) -> None:
    """Where which class of warning comes: stepping before the optimizer does, get_lr from outside, jumping to an epoch."""
    for i, make in enumerate(CASES[name]):
        found = []
        for lib in (tl, torch):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                counts = [len(caught) for _ in _provoked(name, lib, make)]
            found.append([*map(str, counts), *(warning.category.__name__ for warning in caught)])
        assert found[0] == found[1], f"case {i}: {found[0]} instead of {found[1]}"


def _provoked(name: str, lib: Any, make: Make) -> Iterator[None]:
    metric = (1.0,) if name == "ReduceLROnPlateau" else ()
    optimizer = _optimizer(lib)
    optimizer.step()  # which does not count: there is no schedule yet
    scheduler = make(lib.optim.lr_scheduler, optimizer)
    yield
    scheduler.step(*metric)
    yield
    optimizer.step()
    scheduler.step(*metric)
    yield
    if name not in ("SequentialLR", "ChainedScheduler"):
        scheduler.step(*metric, 3)
        yield
        if name != "ReduceLROnPlateau":
            scheduler.get_lr()
            yield


def _check_resume(name: str) -> None:
    """Starting at a later epoch, which needs the initial rates in the groups."""
    if name in ("SequentialLR", "ChainedScheduler", "ReduceLROnPlateau", "LRScheduler"):  # they have no last_epoch to begin with
        return
    for i, make in enumerate(CASES[name]):
        pairs = _pair(make)
        for step in range(4):
            for optimizer, scheduler in pairs:
                _advance(name, optimizer, scheduler, step)
        again = []
        for optimizer, scheduler in pairs:
            s = (tl if isinstance(optimizer, tl.optim.Optimizer) else torch).optim.lr_scheduler
            again.append((optimizer, make(_From(s, scheduler.last_epoch), optimizer)))
        _check_equal(again, f"case {i}, resumed")
        for step in range(4, 12):
            for optimizer, scheduler in again:
                _advance(name, optimizer, scheduler, step)
            _check_equal(again, f"case {i}, resumed, step {step + 1}")


class _From:
    """The room of schedulers, whose schedulers begin at a later epoch."""

    def __init__(self, s: Any, last_epoch: int) -> None:
        self.s = s
        self.last_epoch = last_epoch

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: getattr(self.s, name)(*args, **kwargs, last_epoch=self.last_epoch)


CHECKS: dict[str, Callable[[str], None]] = {
    "values": _check_values,
    "with Adam": lambda name: _check_values(name, "Adam"),
    "tensor lr": _check_tensor_lr,
    "step(epoch)": _check_closed_form,
    "resumed": _check_resume,
    "state_dict": _check_state_dict,
    "warnings": _check_warnings,
    "errors": _check_errors,
}
COLUMNS: tuple[str, ...] = tuple(CHECKS)


@cache
def misses(name: str, column: str) -> str:
    """Why a schedule fails a check, in one line; empty if it does not."""
    try:
        CHECKS[column](name)
    except Exception as error:
        kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
        return (kind + (str(error) or "fails")).splitlines()[0]
    return ""


def rows() -> Iterator[tuple[str, dict[str, str]]]:
    """Every schedule, with the reason why it fails by column; empty where it holds."""
    for name in NAMES:
        yield name, {column: misses(name, column) for column in COLUMNS}
