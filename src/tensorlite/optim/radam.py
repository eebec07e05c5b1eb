"""RAdam: Adam whose adaptive step waits until it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from .arguments import check_betas, check_lr, check_not_negative
from .optimizer import Group, State
from .pointwise import PointwiseOptimizer, descend, descend_ratio, update_means

__all__ = ["RAdam"]


class RAdam(PointwiseOptimizer):
    """Adam with its step rectified while the mean square rests on few gradients.

    With ``rho(t)`` the length of the mean (``rho_inf = 2 / (1 - beta2) - 1`` in the end): up to a length of 5 the step is that of
    momentum alone, ``lr * m``; then it is Adam's times ``sqrt((rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho))``.
    (Liu et al. 2019, "On the Variance of the Adaptive Learning Rate and Beyond".) ``foreach`` and ``capturable`` are
    accepted and change nothing.

    Raises:
        ValueError: a negative option, or a beta outside ``[0, 1)``.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_betas(betas)
        check_not_negative(epsilon=eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def zeros(self, options: Group) -> tuple[str, ...]:
        """The running means of the gradient and of its square."""
        return "exp_avg", "exp_avg_sq"

    def move(self, param: Tensor, grad: Tensor, state: State, step: float, options: Group) -> None:
        """The formula for real tensors."""
        beta1, beta2 = options["betas"]
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        update_means(mean, square, grad, options["betas"])
        corrected = mean / (1 - beta1**step)
        correction = 1 - beta2**step
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * beta2**step / correction
        if length > 5:
            ratio = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            descend_ratio(param, corrected, square.sqrt() + options["eps"], options["lr"] * (correction * ratio) ** 0.5)
        else:
            descend(param, corrected, options["lr"])
