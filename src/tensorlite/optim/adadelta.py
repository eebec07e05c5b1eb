"""Adadelta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from .arguments import check_lr, check_not_negative
from .optimizer import Group, State
from .pointwise import PointwiseOptimizer, descend

__all__ = ["Adadelta"]


class Adadelta(PointwiseOptimizer):
    """Gradient descent with steps as large as the steps before were, compared with the gradients they came from.

    With running means ``v`` of squared gradients and ``u`` of squared steps (both decay by ``rho``), the step is
    ``d = g * sqrt(u + eps) / sqrt(v + eps)``, and ``p -= lr * d``. (Zeiler 2012, "ADADELTA: An Adaptive Learning Rate
    Method".) ``foreach`` and ``capturable`` are accepted and change nothing.

    Raises:
        ValueError: a negative option, or ``rho`` outside ``[0, 1]``.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.Adadelta([w], lr=100.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.6838, 1.6838], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_not_negative(epsilon=eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def zeros(self, options: Group) -> tuple[str, ...]:
        """The means of squared gradients and of squared steps."""
        return "square_avg", "acc_delta"

    def move(self, param: Tensor, grad: Tensor, state: State, step: float, options: Group) -> None:
        """The formula for real tensors."""
        rho, eps = options["rho"], options["eps"]
        square, moved = state["square_avg"], state["acc_delta"]
        square.mul_(rho).addcmul_(grad, grad, value=1 - rho)
        delta = moved.add(eps).sqrt() / square.add(eps).sqrt() * grad
        moved.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        descend(param, delta, options["lr"])
