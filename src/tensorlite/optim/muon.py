"""Muon: momentum, made orthogonal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..autograd.modes import no_grad
from ..dtypes import bfloat16
from ..tensor import Tensor
from ..tensor.creation import zeros_like
from ..tensor.linalg import addmm
from .arguments import check_at_least_zero, check_one_element, number
from .optimizer import Group, Optimizer, State

__all__ = ["Muon"]

MAX_STEPS = 100


class Muon(Optimizer):
    """Momentum for the matrices of hidden layers, whose every step is (nearly) an orthogonal matrix.

    The momentum's singular values are all brought near one by ``ns_steps`` Newton-Schulz iterations
    ``x = a * x + (b * A + c * A @ A) @ x`` with ``A = x @ x.T``, in bfloat16. The rate is scaled by
    ``sqrt(max(1, rows / columns))``, or with ``adjust_lr_fn="match_rms_adamw"`` by ``0.2 * sqrt(max(rows, columns))``, which
    suits rates that were tuned for AdamW. Other parameters (biases, embeddings, the last layer) belong to another optimizer.
    (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; Liu et al. 2025, "Muon is Scalable for LLM
    Training".)

    Raises:
        ValueError: a negative option, an unknown ``adjust_lr_fn``, or a parameter that is not a matrix.
        RuntimeError: in ``step``, a complex parameter.

    >>> import tensorlite as tl
    >>> w = tl.eye(2, requires_grad=True)
    >>> optimizer = tl.optim.Muon([w], lr=0.1, weight_decay=1.0)
    >>> (0 * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([[0.9000, 0.0000],
            [0.0000, 0.9000]], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_one_element(lr)
        check_at_least_zero({"Learning rate": lr, "momentum": momentum, "weight decay": weight_decay})
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported: use 'original' or 'match_rms_adamw'")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for param in group["params"]:
                if param.ndim != 2:
                    raise ValueError(f"Muon only supports 2D parameters whereas we found a parameter with size: {param.size()}")

    def prepare(self, group: Group) -> Group:
        """The group, its rate a number."""
        return {**group, "lr": number(group["lr"])}

    def init_state(self, param: Tensor, options: Any) -> State:
        """The momentum, zero."""
        if param.is_complex():
            raise RuntimeError("Muon does not support complex parameters")
        return {"momentum_buffer": zeros_like(param.detach())}

    @no_grad()
    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> None:
        """Move ``param`` by one step."""
        assert state is not None
        lr, momentum = options["lr"], options["momentum"]
        direction = state["momentum_buffer"].lerp_(grad, 1 - momentum)
        if options["nesterov"]:
            direction = grad.lerp(direction, momentum)
        direction = orthogonalized(direction, options["ns_coefficients"], options["ns_steps"], options["eps"])
        param.mul_(1 - lr * options["weight_decay"])
        param.add_(direction.to(param.dtype), alpha=-lr * _scale(options["adjust_lr_fn"], *param.shape))


def orthogonalized(x: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """A matrix with the singular vectors of ``x`` and singular values near one: (m, n) to (m, n) in bfloat16."""
    if steps >= MAX_STEPS:
        raise ValueError(f"Number of steps must be less than {MAX_STEPS} for computational efficiency, but is {steps}")
    if len(coefficients) != 3:
        raise ValueError(f"Coefficients must be a tuple of exactly 3 values, but there are {len(coefficients)}")
    a, b, c = coefficients
    tall = x.shape[0] > x.shape[1]  # the small Gram matrix is that of the short side
    x = x.to(bfloat16)
    if tall:
        x = x.T
    x = x / x.norm().clamp(min=eps)  # no singular value is above one now, or the iteration would diverge
    for _ in range(steps):
        gram = x @ x.T
        x = addmm(x, addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


def _scale(rule: str | None, rows: int, columns: int) -> float:
    if rule == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))
