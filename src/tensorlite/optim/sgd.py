"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..autograd.modes import no_grad, set_grad_enabled
from ..tensor import Tensor
from ..tensor.creation import zeros_like
from ..tensor.sparse import add_sparse_
from .arguments import check_implementation, check_lr, number
from .optimizer import Group, Optimizer, State

__all__ = ["SGD"]


class SGD(Optimizer):
    """Gradient descent, with momentum and weight decay if asked for.

    With ``g`` the gradient plus ``weight_decay * p``: ``buf = momentum * buf + (1 - dampening) * g``, and then
    ``p -= lr * buf`` (or ``p -= lr * (g + momentum * buf)`` with ``nesterov``). ``maximize`` goes uphill. ``lr`` may
    be a tensor of one element. Gradients may be sparse, without ``weight_decay``: rows that they do not have stay as they are
    (and, with momentum, the state is sparse). ``foreach`` and ``fused`` are accepted and change nothing. With
    ``differentiable``, gradients flow through the first momentum too, which PyTorch cuts off.

    Raises:
        ValueError: a negative option, or ``nesterov`` without momentum or with dampening.
        RuntimeError: in ``step``, sparse gradients together with ``weight_decay`` or ``differentiable``.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.SGD([w], lr=0.1, momentum=0.9)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    takes_sparse = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        check_implementation(foreach, fused, differentiable)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def prepare(self, group: Group) -> Any:
        """The options as a tuple, which is quicker to take apart for each parameter than a dict."""
        return (
            number(group["lr"]),
            group["momentum"],
            group["dampening"],
            number(group["weight_decay"]),
            group["nesterov"],
            group["maximize"],
            group["differentiable"],
        )

    def step_group(self, params: list[Tensor], options: Any) -> None:
        """The whole group at once where no option asks for more than ``param -= lr * grad``."""
        lr, momentum, _, weight_decay, _, maximize, differentiable = options
        if momentum or weight_decay or maximize or differentiable or type(lr) is not float or not params:
            super().step_group(params, options)
            return
        xp = params[0]._xp
        kernel = getattr(xp, "sgd_steps", None)
        if kernel is None or any([p._xp is not xp for p in params]):
            super().step_group(params, options)
            return
        arrays, grads = [], []
        for p in params:
            grad = p.grad
            if grad is not None:
                if grad.is_sparse:
                    super().step_group(params, options)
                    return
                arrays.append(p._array)
                grads.append(grad._array)
                p._version[0] += 1
        kernel(arrays, grads, lr)

    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> None:
        """Move ``param`` against ``grad``."""
        if grad.is_sparse:
            self._update_sparse(param, -grad if options[5] else grad, options)
            return
        lr, momentum, dampening, weight_decay, nesterov, maximize, differentiable = options
        buffer = None
        if momentum != 0:
            buffer = state.get("momentum_buffer") if state else None
            if buffer is None:
                # The first buffer is the gradient itself: nothing is damped, and what momentum multiplies is zero.
                buffer = self.state[param]["momentum_buffer"] = zeros_like(grad.detach())
                dampening = 0
        kernel = None if differentiable or isinstance(lr, Tensor) else getattr(param._xp, "sgd_step", None)
        if kernel is None:
            with set_grad_enabled(differentiable):
                if differentiable and buffer is not None:  # the graph needs the buffer of the step before
                    buffer = self.state[param]["momentum_buffer"] = buffer.clone()
                sgd(param, grad, buffer, lr, momentum, dampening, weight_decay, nesterov, maximize)
            return
        array = None if buffer is None else buffer._array
        kernel(param._array, grad._array, array, lr, momentum, dampening, weight_decay, nesterov, maximize)
        param._version[0] += 1

    @no_grad()
    def _update_sparse(self, param: Tensor, grad: Tensor, options: Any) -> None:
        """The same for a sparse gradient (which ``maximize`` has turned already), on the rows that it has."""
        lr, momentum, dampening, weight_decay, nesterov, _, differentiable = options
        if isinstance(weight_decay, Tensor) or weight_decay != 0 or differentiable:
            raise RuntimeError("sparse gradients go with neither weight_decay nor differentiable=True; use sparse=False")
        if momentum != 0:
            buffer = self.state[param].get("momentum_buffer")
            if buffer is None:
                buffer = self.state[param]["momentum_buffer"] = grad.clone()
            elif buffer.is_sparse:
                buffer.mul_(momentum).add_(grad, alpha=1 - dampening)
            else:  # earlier gradients were dense
                add_sparse_(buffer.mul_(momentum), grad, 1 - dampening)
            grad = grad.add(buffer, alpha=momentum) if nesterov else buffer
        if grad.is_sparse:
            add_sparse_(param, grad, -lr)
        else:
            param.add_(grad, alpha=-lr)


def sgd(
    param: Tensor,
    grad: Tensor,
    buffer: Tensor | None,
    lr: float | Tensor,
    momentum: float,
    dampening: float,
    weight_decay: float | Tensor,
    nesterov: bool,
    maximize: bool,
) -> None:
    """The update on tensors: differentiable, and what a backend's ``sgd_step`` kernel must agree with."""
    if maximize:
        grad = -grad
    if isinstance(weight_decay, Tensor) or weight_decay != 0:
        grad = grad + param.clone() * weight_decay
    if buffer is not None:
        buffer.mul_(momentum).add_(grad, alpha=1 - dampening)
        grad = grad.add(buffer, alpha=momentum) if nesterov else buffer
    if isinstance(lr, Tensor):
        param.addcmul_(grad, lr, value=-1)
    else:
        param.add_(grad, alpha=-lr)
