"""Adam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..autograd.modes import set_grad_enabled
from ..tensor import Tensor
from ..tensor.creation import zeros_like
from .arguments import check_betas, check_implementation, check_lr, check_not_negative, check_one_element, number
from .optimizer import Group, Optimizer, State
from .pointwise import parts, renew, update_means
from .state import count, counter

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

    _instead_for_sparse = ", please consider SparseAdam instead"

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
        for name, value in (("lr", lr), ("betas[0]", betas[0]), ("betas[1]", betas[1])):
            if isinstance(value, Tensor) and foreach and not capturable:
                raise ValueError(f"{name} as a Tensor is not supported for capturable=False and foreach=True")
            check_one_element(value, name)
        check_lr(lr)
        check_not_negative(epsilon=eps, weight_decay=weight_decay)
        check_betas(betas)
        if [type(beta) for beta in betas] != [float, float] and not all(isinstance(beta, Tensor) for beta in betas):
            raise ValueError(f"betas must be either both floats or both Tensors, but are {betas}")
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

    _counters = ("step",)

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
        return {"step": counter()} | {name: zeros_like(param.detach()) for name in means}

    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> None:
        """Move ``param`` against the running mean of ``grad``."""
        assert state is not None
        lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad, maximize, differentiable = options
        step = count(state)
        on_tensors = differentiable or isinstance(lr, Tensor)
        kernel = None if on_tensors else getattr(param._xp, "adam_step", None)
        if kernel is None:
            with set_grad_enabled(differentiable):
                if differentiable:
                    renew(state)
                for p, g, values in parts(param, grad, state, differentiable):
                    tensors = p, g, values["exp_avg"], values["exp_avg_sq"], values["max_exp_avg_sq"] if amsgrad else None
                    adam(*tensors, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize)
            return
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        largest = state["max_exp_avg_sq"] if amsgrad else None
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
    update_means(mean, square, grad, (beta1, beta2))
    if largest is not None:
        largest.copy_(largest.clone().maximum(square))
    root = (square if largest is None else largest).sqrt()
    denominator = root / (1 - beta2**step) ** 0.5 + eps
    step_size = lr / (1 - beta1**step)
    if isinstance(step_size, Tensor):
        param.sub_(mean / denominator * step_size)
    else:
        param.addcdiv_(mean, denominator, value=-step_size)
