"""NAdam: Adam with Nesterov momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..autograd.modes import set_grad_enabled
from ..tensor import Tensor
from .arguments import check_betas, check_lr, check_not_negative
from .optimizer import Group, State
from .pointwise import PointwiseOptimizer, descend_ratio, update_means
from .state import counter

__all__ = ["NAdam"]


class NAdam(PointwiseOptimizer):
    """Adam that looks ahead: the momentum of the next step is already applied in this one.

    The momentum of step ``t`` is ``mu(t) = beta1 * (1 - 0.96**(t * momentum_decay) / 2)``; with ``v`` the bias-corrected mean
    square and ``M`` the product of all momenta so far, ``p -= lr * ((1 - mu(t)) / (1 - M(t)) * g + mu(t + 1) / (1 - M(t + 1)) *
    m) / (sqrt(v) + eps)``. (Dozat 2016, "Incorporating Nesterov Momentum into Adam".) ``foreach`` and ``capturable`` are
    accepted and change nothing.

    Raises:
        ValueError: a negative option, or a beta outside ``[0, 1)``.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8944, 1.8944], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_betas(betas)
        check_not_negative(epsilon=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    _counters = ("step", "mu_product")

    def zeros(self, options: Group) -> tuple[str, ...]:
        """The running means of the gradient and of its square."""
        return "exp_avg", "exp_avg_sq"

    def init_state(self, param: Tensor, options: Any) -> State:
        """The counter, the product of no momenta, and zeros."""
        state = super().init_state(param, options)
        return {"step": state.pop("step"), "mu_product": counter(1.0)} | state

    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> None:
        """Move ``param`` by one step."""
        assert state is not None
        momentum = _momentum(state["step"].item() + 1, options)
        with set_grad_enabled(options["differentiable"]):
            product = state["mu_product"]
            if options["differentiable"]:
                product = state["mu_product"] = product.clone()
            product.mul_(momentum)
        super().update(param, grad, state, options)

    def move(self, param: Tensor, grad: Tensor, state: State, step: float, options: Group) -> None:
        """The formula for real tensors."""
        lr, mean, square = options["lr"], state["exp_avg"], state["exp_avg_sq"]
        update_means(mean, square, grad, options["betas"])
        scale = square.div(1 - options["betas"][1] ** step).sqrt() + options["eps"]
        product = state["mu_product"]
        if not product.requires_grad:
            product = product.item()
        now, next = _momentum(step, options), _momentum(step + 1, options)
        descend_ratio(param, grad, scale, lr * (1 - now) / (1 - product))
        descend_ratio(param, mean, scale, lr * next / (1 - product * next))


def _momentum(step: float, options: Group) -> float:
    return options["betas"][0] * (1 - 0.5 * 0.96 ** (step * options["momentum_decay"]))
