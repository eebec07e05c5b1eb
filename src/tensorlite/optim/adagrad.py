"""Adagrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from ..tensor.creation import full_like
from ..tensor.sparse import add_sparse_, masked_values, with_values
from .arguments import check_implementation, check_lr, check_not_negative
from .optimizer import Group, State
from .pointwise import PointwiseOptimizer, descend_ratio
from .state import counter

__all__ = ["Adagrad"]


class Adagrad(PointwiseOptimizer):
    """Gradient descent with steps that shrink by the root of the sum of all squared gradients.

    ``s += g * g`` and ``p -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)``. (Duchi, Hazan and Singer 2011, "Adaptive
    Subgradient Methods for Online Learning and Stochastic Optimization".) The state is made at once, not at the first step.
    Gradients may be sparse, without ``weight_decay``: rows that they do not have stay as they are.
    ``foreach`` and ``fused`` are accepted and change nothing.

    Raises:
        ValueError: a negative option.
        RuntimeError: ``fused`` together with ``foreach`` or ``differentiable``; in ``step``, sparse gradients together with
            ``weight_decay`` or ``differentiable``.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    takes_sparse = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check_not_negative(
            lr_decay=lr_decay, weight_decay=weight_decay, initial_accumulator_value=initial_accumulator_value, epsilon=eps
        )
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_implementation(foreach, fused, differentiable)
        for group in self.param_groups:
            for param in group["params"]:
                self.state[param] = self.init_state(param, group)

    def init_state(self, param: Tensor, options: Any) -> State:
        """The counter, and the sum where it begins."""
        first = self.defaults["initial_accumulator_value"]
        value = complex(first, first) if param.is_complex() else first
        return {"step": counter(), "sum": full_like(param.detach(), value)}

    def share_memory(self) -> None:
        """Move the sums to memory that other processes see."""
        for values in self.state.values():
            values["sum"].share_memory_()

    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> None:
        """Move ``param`` by one step."""
        if grad.is_sparse and (options["weight_decay"] != 0 or options["differentiable"]):
            raise RuntimeError("sparse gradients go with neither weight_decay nor differentiable=True; use sparse=False")
        super().update(param, grad, state, options)

    def move(self, param: Tensor, grad: Tensor, state: State, step: float, options: Group) -> None:
        """The formula for real tensors."""
        lr = options["lr"] / (1 + (step - 1) * options["lr_decay"])
        if grad.is_sparse:  # the square of a sum is not the sum of squares: each position once
            grad = grad.coalesce()
            values = grad.values()
            total = add_sparse_(state["sum"], with_values(grad, values.square()))
            scale = masked_values(total, grad).sqrt() + options["eps"]
            add_sparse_(param, with_values(grad, values / scale), -lr)
            return
        total = state["sum"].addcmul_(grad, grad, value=1)
        descend_ratio(param, grad, total.sqrt() + options["eps"], lr)
