"""Rprop: resilient backpropagation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from ..tensor.arithmetic import where
from ..tensor.creation import full_like
from .arguments import check_lr
from .optimizer import Group, State
from .pointwise import PointwiseOptimizer

__all__ = ["Rprop"]


class Rprop(PointwiseOptimizer):
    """Steps that look at the signs of gradients only, for training on all data at once.

    Each value has a step size of its own, which begins as ``lr``. It grows by ``etas[1]`` while the gradient keeps its sign. Where
    the sign changes, it shrinks by ``etas[0]`` and the value rests for one step. ``step_sizes`` are the smallest and the largest.
    (Riedmiller and Braun 1993, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm".)
    ``foreach`` and ``capturable`` are accepted and change nothing.

    Raises:
        ValueError: a negative rate, or not ``0 < etas[0] < 1 < etas[1]``.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.Rprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def zeros(self, options: Group) -> tuple[str, ...]:
        """The gradient of the step before."""
        return ("prev",)

    def init_state(self, param: Tensor, options: Any) -> State:
        """The counter, zeros, and the first step sizes."""
        lr = float(options["lr"])
        sizes = full_like(param.detach(), complex(lr, lr) if param.is_complex() else lr)
        return super().init_state(param, options) | {"step_size": sizes}

    def move(self, param: Tensor, grad: Tensor, state: State, step: float, options: Group) -> None:
        """The formula for real tensors."""
        (shrink, grow), (smallest, largest) = options["etas"], options["step_sizes"]
        before, size = state["prev"], state["step_size"]
        sign = (grad.detach() * before.detach()).sign()
        turned = sign < 0
        factor = where(sign > 0, grow, where(turned, shrink, where(sign == 0, 1.0, sign)))
        size.mul_(factor.to(size.dtype)).clamp_(smallest, largest)
        grad = where(turned, 0.0, grad)
        param.addcmul_(grad.sign(), size, value=-1)
        before.copy_(grad)
