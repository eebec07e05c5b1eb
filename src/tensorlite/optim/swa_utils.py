"""Averages of models: of the weights along training (SWA), or weighted towards the latest (EMA)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any

from ..autograd.modes import no_grad
from ..dtypes import int64
from ..nn.module import Module
from ..nn.modules.batchnorm import BatchNorm
from ..tensor import Tensor
from ..tensor.creation import tensor
from .lr_scheduler.base import LR, LRScheduler, check_optimizer, per_group
from .optimizer import Optimizer

__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn", "update_bn",
]  # fmt: skip

Average = Callable[[Tensor, Tensor, Any], Tensor]
MultiAverage = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """The function ``decay * average + (1 - decay) * new`` for :class:`AveragedModel`'s ``avg_fn``.

    Raises:
        ValueError: ``decay`` is outside ``[0, 1]``.

    >>> import tensorlite as tl
    >>> average = tl.optim.swa_utils.get_ema_avg_fn(0.75)
    >>> average(tl.tensor([1.0]), tl.tensor([5.0]), 1)
    tensor([2.])
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """As :func:`get_ema_avg_fn`, for lists of tensors that are changed in place.

    Raises:
        ValueError: ``decay`` is outside ``[0, 1]``.

    >>> import tensorlite as tl
    >>> averages = [tl.tensor([1.0])]
    >>> tl.optim.swa_utils.get_ema_multi_avg_fn(0.75)(averages, [tl.tensor([5.0])], 1)
    >>> averages
    [tensor([2.])]
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param_list: Sequence[Tensor], current_param_list: Sequence[Tensor], _: Any) -> None:
        for average, new in zip(ema_param_list, current_param_list, strict=True):
            if _has_fractions(average):
                average.lerp_(new, 1 - decay)
            else:
                average.copy_(average * decay + new * (1 - decay))

    return ema_update


def get_swa_avg_fn() -> Average:
    """The function that makes ``new`` one of equally many for :class:`AveragedModel`'s ``avg_fn``.

    >>> import tensorlite as tl
    >>> tl.optim.swa_utils.get_swa_avg_fn()(tl.tensor([1.0]), tl.tensor([5.0]), 1)
    tensor([3.])
    """

    @no_grad()
    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_swa_multi_avg_fn() -> MultiAverage:
    """As :func:`get_swa_avg_fn`, for lists of tensors that are changed in place.

    >>> import tensorlite as tl
    >>> averages = [tl.tensor([1.0])]
    >>> tl.optim.swa_utils.get_swa_multi_avg_fn()(averages, [tl.tensor([5.0])], 1)
    >>> averages
    [tensor([3.])]
    """

    @no_grad()
    def swa_update(averaged_param_list: Sequence[Tensor], current_param_list: Sequence[Tensor], num_averaged: Any) -> None:
        weight = 1 / (float(num_averaged) + 1)
        for average, new in zip(averaged_param_list, current_param_list, strict=True):
            if _has_fractions(average):
                average.lerp_(new, weight)
            else:
                average.add_((new - average) / (float(num_averaged) + 1))

    return swa_update


def _has_fractions(x: Tensor) -> bool:
    return x.is_floating_point() or x.is_complex()


class AveragedModel(Module):
    """A copy of a model whose parameters are the average of those that ``update_parameters`` has seen.

    Every model counts the same (Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization")
    unless ``avg_fn(average, new, number)`` or, for all parameters of one dtype, ``multi_avg_fn(averages, news, number)`` says
    otherwise. Buffers are copied, or with ``use_buffers`` averaged. Where the model has batch norms, call :func:`update_bn`
    before the average is used.

    Raises:
        AssertionError: both ``avg_fn`` and ``multi_avg_fn``.

    >>> import tensorlite as tl
    >>> model = tl.nn.Linear(1, 1, bias=False)
    >>> average = tl.optim.swa_utils.AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = tl.nn.init.constant_(model.weight, value)
    ...     average.update_parameters(model)
    >>> average(tl.ones(1))
    tensor([3.], grad_fn=...)
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, dtype=int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the average of the models returns."""
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the parameters of ``model`` into the average; the first are copied."""
        pairs = [
            (average.detach(), new.detach().to(average.device))
            for average, new in zip(self._values(self.module), self._values(model), strict=False)
        ]
        if self.n_averaged == 0:
            for average, new in pairs:
                average.copy_(new)
        elif self.avg_fn is not None:
            for average, new in pairs:
                average.copy_(self.avg_fn(average, new, self.n_averaged.to(average.device)))
        else:
            self._update_lists(self.multi_avg_fn or get_swa_multi_avg_fn(), pairs)
        if not self.use_buffers:
            for average, new in zip(self.module.buffers(), model.buffers(), strict=True):
                average.detach().copy_(new.detach().to(average.device))
        self.n_averaged.add_(1)

    def _values(self, model: Module) -> Iterator[Tensor]:
        return chain(model.parameters(), model.buffers()) if self.use_buffers else model.parameters()

    def _update_lists(self, update: MultiAverage, pairs: list[tuple[Tensor, Tensor]]) -> None:
        """Call ``update`` with the tensors of each device and dtype."""
        kinds: dict[Any, list[tuple[Tensor, Tensor]]] = {}
        for average, new in pairs:
            kinds.setdefault((average.device, average.dtype), []).append((average, new))
        for (device, _), some in kinds.items():
            update([average for average, _ in some], [new for _, new in some], self.n_averaged.to(device))


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running mean and variance of all batch norms in ``model`` anew, from all batches of ``loader``.

    A batch is a tensor, or a tuple or list that begins with one.

    >>> import tensorlite as tl
    >>> model = tl.nn.BatchNorm1d(1)
    >>> tl.optim.swa_utils.update_bn([tl.tensor([[1.0], [3.0]]), tl.tensor([[5.0], [7.0]])], model)
    >>> model.running_mean
    tensor([4.])
    """
    norms = [module for module in model.modules() if isinstance(module, BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # which makes the running statistics a plain average over all batches
    was_training = model.training
    model.train()
    for batch in loader:
        if isinstance(batch, (list, tuple)):
            batch = batch[0]
        model(batch if device is None else batch.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """Bring the rate of each group to ``swa_lr`` within ``anneal_epochs`` epochs (``"cos"`` or ``"linear"``), and leave it there.

    Raises:
        ValueError: an unknown strategy, negative epochs, or a list that is not as long as there are groups.

    >>> import tensorlite as tl
    >>> optimizer = tl.optim.SGD([tl.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = tl.optim.swa_utils.SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
    >>> for epoch in range(3):
    ...     print(scheduler.get_last_lr())
    ...     optimizer.step()
    ...     scheduler.step()
    [1.0]
    [0.75]
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        for rate, group in zip(per_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _annealed(self, step: int) -> float:
        """How much of the way is done at a step, from 0 to 1."""
        done = max(0, min(1, step / max(1, self.anneal_epochs)))
        return done if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * done)) / 2

    def get_lr(self) -> list[LR]:
        """The rates at the present step. Where they began is found from where they are: other schedules may act on them too."""
        self._check_within_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._annealed(step - 1), self._annealed(step)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates
