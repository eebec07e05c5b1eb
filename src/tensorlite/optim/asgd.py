"""ASGD: averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from .arguments import check_lr, check_not_negative
from .optimizer import Group, State
from .pointwise import PointwiseOptimizer
from .state import counter

__all__ = ["ASGD"]


class ASGD(PointwiseOptimizer):
    """Gradient descent that also keeps the average of the parameters, from step ``t0`` on.

    The rate falls as ``eta = lr / (1 + lambd * lr * t)**alpha``, and ``p = (1 - lambd * eta) * p - eta * g``. The average is
    ``state["ax"]``: read it from ``optimizer.state[param]`` when training is done. (Polyak and Juditsky 1992,
    "Acceleration of stochastic approximation by averaging"; the rate is that of Bottou 2010, "Large-Scale Machine Learning
    with Stochastic Gradient Descent".) ``foreach`` and ``capturable`` are accepted and change nothing.

    Raises:
        ValueError: a negative rate or weight decay.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.ASGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative(weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def zeros(self, options: Group) -> tuple[str, ...]:
        """The average, which begins as a copy of the parameter at the first step."""
        return ("ax",)

    def init_state(self, param: Tensor, options: Any) -> State:
        """The counter, the present rate and the weight of the next average, and zeros."""
        state = super().init_state(param, options)
        return {"step": state["step"], "eta": counter(float(options["lr"])), "mu": counter(1.0), "ax": state["ax"]}

    def move(self, param: Tensor, grad: Tensor, state: State, step: float, options: Group) -> None:
        """The formula for real tensors."""
        eta, mu, average = state["eta"].item(), state["mu"].item(), state["ax"]
        param.mul_(1 - options["lambd"] * eta)
        param.add_(grad, alpha=-eta)
        if mu == 1:
            average.copy_(param)
        else:
            average.add_(param.sub(average).mul(mu))

    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> None:
        """Move ``param`` by one step, and prepare the rate and the weight of the next."""
        assert state is not None
        super().update(param, grad, state, options)
        step, lr = state["step"].item(), float(options["lr"])
        state["eta"].detach().fill_(lr / (1 + options["lambd"] * lr * step) ** options["alpha"])
        state["mu"].detach().fill_(1 / max(1, step - options["t0"]))
