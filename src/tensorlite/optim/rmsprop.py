"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from .arguments import check_lr, check_not_negative
from .optimizer import Group, State
from .pointwise import PointwiseOptimizer, descend, descend_ratio

__all__ = ["RMSprop"]


class RMSprop(PointwiseOptimizer):
    """Gradient descent that divides by the root of the running mean of squared gradients.

    ``v = alpha * v + (1 - alpha) * g * g`` and ``p -= lr * g / (sqrt(v) + eps)``. ``centered`` subtracts the square of the mean
    gradient from ``v``, so that it is a variance (Graves 2013, "Generating Sequences With Recurrent Neural Networks");
    ``momentum`` gathers the steps. (Tieleman and Hinton 2012, lecture 6.5 of "Neural Networks for Machine Learning".)
    ``foreach`` and ``capturable`` are accepted and change nothing.

    Raises:
        ValueError: a negative option.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative(epsilon=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def zeros(self, options: Group) -> tuple[str, ...]:
        """The mean of squared gradients, and what the options ask for."""
        names = ["square_avg"]
        if options["momentum"] > 0:
            names.append("momentum_buffer")
        if options["centered"]:
            names.append("grad_avg")
        return tuple(names)

    def move(self, param: Tensor, grad: Tensor, state: State, step: float, options: Group) -> None:
        """The formula for real tensors."""
        alpha = options["alpha"]
        square = state["square_avg"].mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if options["centered"]:
            mean = state["grad_avg"].lerp_(grad, 1 - alpha)
            square = square.addcmul(mean, mean, value=-1)
        scale = square.sqrt() + options["eps"]
        if options["momentum"] > 0:
            buffer = state["momentum_buffer"].mul_(options["momentum"]).addcdiv_(grad, scale)
            descend(param, buffer, options["lr"])
        else:
            descend_ratio(param, grad, scale, options["lr"])
