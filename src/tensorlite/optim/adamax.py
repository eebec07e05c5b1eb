"""Adamax: Adam with the infinity norm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from .arguments import check_betas, check_lr, check_not_negative
from .optimizer import Group, State
from .pointwise import PointwiseOptimizer, descend_ratio

__all__ = ["Adamax"]


class Adamax(PointwiseOptimizer):
    """Adam that divides by the largest recent gradient instead of the root of their mean square.

    With ``m`` the running mean of gradients and ``u = max(beta2 * u, |g| + eps)``: ``p -= lr / (1 - beta1**t) * m / u``.
    (Kingma and Ba 2014, "Adam: A Method for Stochastic Optimization", section 7.1.) ``foreach`` and ``capturable`` are
    accepted and change nothing.

    Raises:
        ValueError: a negative option, or a beta outside ``[0, 1)``.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check_betas(betas)
        check_not_negative(epsilon=eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def zeros(self, options: Group) -> tuple[str, ...]:
        """The mean of the gradients and their largest absolute value."""
        return "exp_avg", "exp_inf"

    def move(self, param: Tensor, grad: Tensor, state: State, step: float, options: Group) -> None:
        """The formula for real tensors."""
        beta1, beta2 = options["betas"]
        mean, largest = state["exp_avg"], state["exp_inf"]
        mean.lerp_(grad, 1 - beta1)
        largest.copy_(largest.mul(beta2).maximum(grad.abs().add(options["eps"])))
        descend_ratio(param, mean, largest, options["lr"] / (1 - beta1**step))
