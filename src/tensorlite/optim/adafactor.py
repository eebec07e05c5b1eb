"""Adafactor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..autograd.modes import no_grad
from ..dtypes import finfo
from ..tensor import Tensor
from ..tensor.creation import zeros_like
from .arguments import check_at_least_zero, check_one_element, number
from .optimizer import Group, Optimizer, State
from .state import count, counter

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """Adam for large matrices: the mean square of a gradient is kept as one column and one row, and momentum not at all.

    With running means ``r`` and ``c`` of the squared gradient over rows and over columns, the mean square is estimated as
    ``r c / mean(r)``; vectors keep theirs in full. An update whose root mean square exceeds ``d`` is scaled down to it, and the
    step is relative to the root mean square of the parameter (at least ``eps[1]``). ``eps[0]`` is the dtype's machine epsilon
    unless given. (Shazeer and Stern 2018, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost".) ``foreach`` is
    accepted and changes nothing.

    Raises:
        ValueError: a negative option, ``beta2_decay`` above 0, or ``d`` below 1.
        RuntimeError: in ``step``, a complex parameter.

    >>> import tensorlite as tl
    >>> w = tl.tensor([[1.0, 2.0]], requires_grad=True)
    >>> optimizer = tl.optim.Adafactor([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([[0.8419, 1.8419]], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check_one_element(lr)
        check_at_least_zero({"Learning rate": lr, "epsilon2": eps[1], "weight_decay": weight_decay})
        if eps[0] is not None:
            check_at_least_zero({"epsilon1": eps[0]})
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if not 1.0 <= d:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    _counters = ("step",)

    def prepare(self, group: Group) -> Group:
        """The group, its rate a number."""
        return {**group, "lr": number(group["lr"])}

    def init_state(self, param: Tensor, options: Any) -> State:
        """The counter, and the means: two factors of a matrix, or all of a vector."""
        if param.is_complex():
            raise RuntimeError("Adafactor does not support complex parameters: use Adam, or view them as real")
        param = param.detach()
        if param.dim() < 2:
            return {"step": counter(), "variance": zeros_like(param)}
        *batch, rows, columns = param.shape
        return {
            "step": counter(),
            "row_var": param.new_zeros((*batch, rows, 1)),
            "col_var": param.new_zeros((*batch, 1, columns)),
        }

    @no_grad()
    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> None:
        """Move ``param`` by one step."""
        assert state is not None
        step = count(state)
        if options["maximize"]:
            grad = -grad
        tiny, least = options["eps"]
        if tiny is None:
            tiny = finfo(param.dtype).eps
        lr = options["lr"]
        size = max(least, _root_mean_square(param)) * min(lr, step**-0.5)
        if options["weight_decay"] != 0:
            param.mul_(1 - lr * options["weight_decay"])
        estimate = _mean_square(grad, state, step ** options["beta2_decay"], tiny)
        change = estimate.clamp(min=tiny * tiny).rsqrt() * grad
        param.add_(change, alpha=-size / max(1.0, _root_mean_square(change) / options["d"]))


def _mean_square(grad: Tensor, state: State, weight: float, tiny: float) -> Tensor:
    """Take a gradient into the means, and return the mean square that they stand for."""
    if grad.dim() < 2:
        return state["variance"].lerp_(grad * grad, weight)
    rows, columns = state["row_var"], state["col_var"]
    rows.lerp_(grad.norm(dim=-1, keepdim=True).square() / grad.shape[-1], weight)
    columns.lerp_(grad.norm(dim=-2, keepdim=True).square() / grad.shape[-2], weight)
    return rows @ columns / rows.mean(dim=-2, keepdim=True).clamp(min=tiny)


def _root_mean_square(x: Tensor) -> float:
    return x.norm(2).item() / x.numel() ** 0.5
