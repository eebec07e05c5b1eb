"""Learning-rate schedules against PyTorch: the same rates, epoch by epoch."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

import tensorlite as tl

SCHEDULES: list[Callable[[Any, Any], Any]] = [
    lambda s, o: s.StepLR(o, 4, 0.5),
    lambda s, o: s.MultiStepLR(o, [2, 5, 5, 9], 0.3),
    lambda s, o: s.ConstantLR(o, 0.2, 4),
    lambda s, o: s.LinearLR(o, 0.2, 0.9, 6),
    lambda s, o: s.ExponentialLR(o, 0.9),
    lambda s, o: s.PolynomialLR(o, 7, 2.0),
    lambda s, o: s.CosineAnnealingLR(o, 5, 0.01),
    lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.001),
    lambda s, o: s.LambdaLR(o, lambda epoch: 0.9**epoch),
    lambda s, o: s.LambdaLR(o, [lambda epoch: 0.9**epoch, lambda epoch: epoch + 1]),
    lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.95),
    lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.1, 1.0, 4), s.CosineAnnealingLR(o, 10)], [4]),
    lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.9)], o),
    lambda s, o: s.OneCycleLR(o, [0.5, 0.2], total_steps=30),
    lambda s, o: s.OneCycleLR(o, 0.5, epochs=5, steps_per_epoch=6, three_phase=True, anneal_strategy="linear"),
    lambda s, o: s.CyclicLR(o, 0.01, [0.5, 0.3], 4),
    lambda s, o: s.CyclicLR(o, [0.01, 0.02], 0.5, 3, 8, "triangular2"),
    lambda s, o: s.CyclicLR(o, 0.01, 0.5, 5, mode="exp_range", gamma=0.95, base_momentum=0.5, max_momentum=0.6),
    lambda s, o: s.CyclicLR(o, 0.01, 0.5, 5, scale_fn=lambda x: 1 / x, cycle_momentum=False),
]


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def make_optimizer(lib: Any) -> Any:
    groups = [
        {"params": [lib.zeros(1, requires_grad=True)]},
        {"params": [lib.zeros(1, requires_grad=True)], "lr": 0.05},
    ]
    return lib.optim.SGD(groups, lr=0.1, momentum=0.9)


def rates(lib: Any, make: Callable[[Any, Any], Any], steps: int = 25) -> list[Any]:
    optimizer = make_optimizer(lib)
    scheduler = make(lib.optim.lr_scheduler, optimizer)
    seen = []
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        seen.append((scheduler.get_last_lr(), [(group["lr"], group["momentum"]) for group in optimizer.param_groups]))
    return seen


@pytest.mark.parametrize("index", range(len(SCHEDULES)))
def test_rates_are_pytorch_s(torch: Any, index: int) -> None:
    assert rates(tl, SCHEDULES[index]) == rates(torch, SCHEDULES[index])


@pytest.mark.parametrize("index", range(len(SCHEDULES)))
def test_state_resumes(index: int) -> None:
    expected = rates(tl, SCHEDULES[index], 12)
    optimizer = make_optimizer(tl)
    scheduler = SCHEDULES[index](tl.optim.lr_scheduler, optimizer)
    for _ in range(5):
        optimizer.step()
        scheduler.step()
    again = make_optimizer(tl)
    resumed = SCHEDULES[index](tl.optim.lr_scheduler, again)
    again.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    for rate, _ in expected[5:]:
        again.step()
        resumed.step()
        assert resumed.get_last_lr() == rate


@pytest.mark.parametrize(
    "options", [{"patience": 2}, {"mode": "max", "patience": 1, "cooldown": 2, "threshold_mode": "abs", "min_lr": 0.01}]
)
def test_plateau(torch: Any, options: dict[str, Any]) -> None:
    numbers = random.Random(1)
    metrics = [numbers.random() for _ in range(60)]
    seen = []
    for lib in (tl, torch):
        optimizer = make_optimizer(lib)
        scheduler = lib.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        for metric in metrics:
            scheduler.step(metric)
            seen.append(scheduler.get_last_lr())
    assert seen[:60] == seen[60:]


def test_tensor_rates_are_changed_in_place() -> None:
    lr = tl.tensor(0.5)
    optimizer = tl.optim.SGD([tl.zeros(1, requires_grad=True)], lr=lr)
    scheduler = tl.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is lr and lr.item() == 0.25


def test_wrong_order_warns() -> None:
    scheduler = tl.optim.lr_scheduler.StepLR(make_optimizer(tl), 1)
    with pytest.warns(UserWarning, match="before optimizer.step"):
        scheduler.step()


def test_steps_before_the_schedule_do_not_count() -> None:
    optimizer = make_optimizer(tl)
    optimizer.step()
    scheduler = tl.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    with pytest.warns(UserWarning, match="before optimizer.step"):
        scheduler.step()


def test_asking_for_the_next_rate_warns() -> None:
    optimizer = make_optimizer(tl)
    for make in SCHEDULES:
        scheduler = make(tl.optim.lr_scheduler, optimizer)
        if not hasattr(scheduler, "_schedulers"):
            with pytest.warns(UserWarning, match="get_last_lr"):
                scheduler.get_lr()


def test_jumping_to_an_epoch_warns() -> None:
    optimizer = make_optimizer(tl)
    optimizer.step()
    step = tl.optim.lr_scheduler.StepLR(optimizer, 2)
    plateau = tl.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    optimizer.step()
    for jump in (lambda: step.step(5), lambda: plateau.step(1.0, 5)):
        with pytest.warns(UserWarning, match="deprecated"):
            jump()
    assert step.last_epoch == plateau.last_epoch == 5 and step.get_last_lr()[0] == pytest.approx(0.001)


def test_errors() -> None:
    s, optimizer = tl.optim.lr_scheduler, make_optimizer(tl)
    for error, call in (
        (TypeError, lambda: s.StepLR(3, 1)),
        (KeyError, lambda: s.StepLR(optimizer, 1, last_epoch=3)),
        (ValueError, lambda: s.ConstantLR(optimizer, 2.0)),
        (ValueError, lambda: s.LinearLR(optimizer, 0.0)),
        (ValueError, lambda: s.LambdaLR(optimizer, [abs])),
        (TypeError, lambda: s.MultiplicativeLR(optimizer, 0.5)),
        (ValueError, lambda: s.OneCycleLR(optimizer, 0.1)),
        (ValueError, lambda: s.OneCycleLR(optimizer, 0.1, total_steps=0)),
        (ValueError, lambda: s.ReduceLROnPlateau(optimizer, factor=1.0)),
        (ValueError, lambda: s.CyclicLR(optimizer, 0.1, 0.2, mode="up")),
        (ValueError, lambda: s.CyclicLR(optimizer, [0.1], 0.2)),
        (ValueError, lambda: s.CyclicLR(tl.optim.Rprop([tl.zeros(1, requires_grad=True)]), 0.1, 0.2)),
        (ValueError, lambda: s.CosineAnnealingWarmRestarts(optimizer, 0)),
    ):
        with pytest.raises(error):
            call()
    scheduler = s.StepLR(optimizer, 1)
    for error, call in (
        (ValueError, lambda: s.SequentialLR(optimizer, [scheduler], [1])),
        (ValueError, lambda: s.ChainedScheduler([])),
        (ValueError, lambda: s.ChainedScheduler([scheduler, s.StepLR(make_optimizer(tl), 1)])),
    ):
        with pytest.raises(error):
            call()
