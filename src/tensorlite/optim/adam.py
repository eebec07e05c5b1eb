"""Adam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..autograd.modes import set_grad_enabled
from ..dtypes import float32
from ..tensor import Tensor
from ..tensor.creation import tensor, zeros_like
from .arguments import check_implementation, check_lr, number
from .optimizer import Group, Optimizer, State

__all__ = ["Adam"]


class Adam(Optimizer):
    """Gradient descent with a step size for each value, from running means of the gradient and its square.

    ``weight_decay`` is added to the gradient, or with ``decoupled_weight_decay`` shrinks the parameters directly.
    ``amsgrad`` divides by the largest mean so far; ``maximize`` goes uphill. ``lr`` may be a tensor of one element.
    ``foreach``, ``fused`` and ``capturable`` are accepted and change nothing.

    Raises:
        ValueError: a negative option, or a beta outside ``[0, 1)``.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 <= eps:
            raise ValueError(f"Invalid epsilon value: {eps}")
        for i, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta}")
        if not 0.0 <= weight_decay:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        check_implementation(foreach, fused, differentiable)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:  # options that older checkpoints do not know
            for name in ("amsgrad", "maximize", "differentiable", "decoupled_weight_decay"):
                group.setdefault(name, False)
        for values in self.state.values():
            if "step" in values and not isinstance(values["step"], Tensor):
                values["step"] = tensor(float(values["step"]), dtype=float32, device="cpu")

    def prepare(self, group: Group) -> Any:
        """The options as a tuple, which is quicker to take apart for each parameter than a dict."""
        beta1, beta2 = group["betas"]
        return (
            number(group["lr"]),
            number(beta1),
            number(beta2),
            group["eps"],
            group["weight_decay"],
            group["decoupled_weight_decay"],
            group["amsgrad"],
            group["maximize"],
            group["differentiable"],
        )

    def init_state(self, param: Tensor, options: Any) -> State:
        """The counter (on the CPU: the host needs its value) and the running means, zero."""
        means = ["exp_avg", "exp_avg_sq"]
        if options[6]:
            means.append("max_exp_avg_sq")
        return {"step": tensor(0.0, dtype=float32, device="cpu")} | {name: zeros_like(param.detach()) for name in means}

    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> None:
        """Move ``param`` against the running mean of ``grad``."""
        assert state is not None
        lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad, maximize, differentiable = options
        counter = state["step"]._array
        counter += 1
        step = counter.item()
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        largest = state["max_exp_avg_sq"] if amsgrad else None
        on_tensors = differentiable or isinstance(lr, Tensor)
        kernel = None if on_tensors else getattr(param._xp, "adam_step", None)
        if kernel is None:
            with set_grad_enabled(differentiable):
                adam(
                    *(param, grad, mean, square, largest, step, lr, beta1, beta2, eps),
                    *(weight_decay, decoupled, maximize),
                )
            return
        kernel(
            *(param._array, grad._array, mean._array, square._array, None if largest is None else largest._array),
            *(step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize),
        )
        param._version[0] += 1


def adam(
    param: Tensor,
    grad: Tensor,
    mean: Tensor,
    square: Tensor,
    largest: Tensor | None,
    step: float,
    lr: float | Tensor,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled: bool,
    maximize: bool,
) -> None:
    """The update on tensors: differentiable, and what a backend's ``adam_step`` kernel must agree with."""
    if maximize:
        grad = -grad
    if weight_decay != 0:
        if decoupled:
            param.mul_(1 - lr * weight_decay)
        else:
            grad = grad.add(param, alpha=weight_decay)
    mean.lerp_(grad, 1 - beta1)
    square.mul_(beta2).addcmul_(grad, grad.conj(), value=1 - beta2)
    if largest is not None:
        largest.copy_(largest.maximum(square))
    root = (square if largest is None else largest).sqrt()
    denominator = root / (1 - beta2**step) ** 0.5 + eps
    step_size = lr / (1 - beta1**step)
    if isinstance(step_size, Tensor):
        param.sub_(mean / denominator * step_size)
    else:
        param.addcdiv_(mean, denominator, value=-step_size)
