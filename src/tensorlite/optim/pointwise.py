"""What optimizers have in common whose update is a formula for each value of a parameter alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..autograd.modes import set_grad_enabled
from ..ops.pointwise import complex
from ..tensor import Tensor
from ..tensor.creation import zeros_like
from .arguments import number
from .optimizer import Group, Optimizer, State
from .state import count, counter

__all__ = ["PointwiseOptimizer", "descend", "descend_ratio", "parts", "renew", "update_means"]


class PointwiseOptimizer(Optimizer):
    """An optimizer that treats every value alone: ``zeros`` names what it remembers, ``move`` is its formula.

    The rest is done here: steps are counted, gradients turned around (``maximize``), decayed weights added, and the real and
    imaginary parts of complex parameters moved as values of their own, as PyTorch does. With ``differentiable`` the formula
    works on fresh copies of the state, so that a backward through many steps finds what each of them saw.
    """

    _counters: tuple[str, ...] = ("step",)

    def zeros(self, options: Group) -> tuple[str, ...]:
        """The names of the state that has the shape of the parameter and begins with zeros."""
        raise NotImplementedError(f"{type(self).__name__} must define zeros(options)")

    def move(self, param: Tensor, grad: Tensor, state: State, step: float, options: Group) -> None:
        """Change real ``param`` and ``state`` in place, at step number ``step``."""
        raise NotImplementedError(f"{type(self).__name__} must define move(param, grad, state, step, options)")

    def prepare(self, group: Group) -> Group:
        """The group, its rate a number unless a gradient is wanted of it."""
        return {**group, "lr": number(group["lr"])}

    def init_state(self, param: Tensor, options: Any) -> State:
        """The counter, and zeros."""
        return {"step": counter()} | {name: zeros_like(param.detach()) for name in self.zeros(options)}

    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> None:
        """Move ``param`` by one step."""
        assert state is not None
        step = count(state)
        differentiable = options["differentiable"]
        with set_grad_enabled(differentiable):
            if differentiable:
                renew(state)
            if options["maximize"]:
                grad = -grad
            decay = options.get("weight_decay", 0)
            if decay != 0:
                if options.get("decoupled_weight_decay"):
                    param.mul_(1 - options["lr"] * decay)
                else:
                    grad = grad.add(param, alpha=decay)
            for real_param, real_grad, real_state in parts(param, grad, state, differentiable):
                self.move(real_param, real_grad, real_state, step, options)


def renew(state: State) -> None:
    """Replace the state by copies, which may be changed in place: a graph may need what was there before."""
    state.update({name: value.clone() for name, value in state.items() if name != "step"})


def parts(param: Tensor, grad: Tensor, state: State, differentiable: bool) -> Iterator[tuple[Tensor, Tensor, State]]:
    """A real parameter with its gradient and state; of a complex one first the real parts, and then the imaginary ones.

    They are views, which share their version: what a graph keeps of the one would be stale when the other is changed. So a
    graph gets copies, which are put together again at the end.
    """
    if not param.is_complex():
        yield param, grad, state
        return
    done = []
    for part in ("real", "imag"):
        values = {name: getattr(value, part) if value.is_complex() else value for name, value in state.items()}
        own = getattr(param, part)
        if differentiable:
            own, values = own.clone(), {name: value.clone() for name, value in values.items()}
        yield own, getattr(grad, part), values
        done.append((own, values))
    if differentiable:
        (real, reals), (imag, imags) = done
        param.copy_(complex(real, imag))
        state.update({name: complex(reals[name], imags[name]) for name, value in state.items() if value.is_complex()})


def update_means(mean: Tensor, square: Tensor, grad: Tensor, betas: tuple[Any, Any]) -> None:
    """Take a gradient into its running mean and that of its square."""
    beta1, beta2 = betas
    mean.lerp_(grad, 1 - beta1)
    square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)


def descend(param: Tensor, direction: Tensor, lr: float | Tensor) -> None:
    """``param -= lr * direction``, for a number or a tensor that requires a gradient."""
    if isinstance(lr, Tensor):
        param.sub_(direction * lr)
    else:
        param.add_(direction, alpha=-lr)


def descend_ratio(param: Tensor, direction: Tensor, scale: Tensor, lr: float | Tensor) -> None:
    """``param -= lr * direction / scale``, for a number or a tensor that requires a gradient."""
    if isinstance(lr, Tensor):
        param.sub_(direction / scale * lr)
    else:
        param.addcdiv_(direction, scale, value=-lr)
