"""SparseAdam: Adam for the sparse gradients of look-up tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..autograd.modes import no_grad
from ..tensor import Tensor
from ..tensor.creation import zeros_like
from ..tensor.sparse import add_sparse_, masked_values, with_values
from .arguments import check_betas, check_one_element, number
from .optimizer import Optimizer, State

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Adam, of which each step moves only what the sparse gradient has; all else, and its running means, stay as they are.

    For these positions ``m += (1 - beta1) * (g - m)``, ``v += (1 - beta2) * (g * g - v)``, and with the step ``t``
    ``p -= lr * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + eps)``. (Kingma and Ba 2015, "Adam: A Method for Stochastic
    Optimization".) Steps are counted for the whole parameter.

    Raises:
        ValueError: ``lr`` or ``eps`` is not positive, a beta outside ``[0, 1)``, or a complex or sparse parameter.
        RuntimeError: in ``step``, a gradient is dense.

    >>> import tensorlite as tl
    >>> table = tl.nn.Embedding.from_pretrained(tl.ones(3, 2), freeze=False, sparse=True)
    >>> optimizer = tl.optim.SparseAdam(table.parameters(), lr=0.1)
    >>> table(tl.tensor([1])).sum().backward()
    >>> optimizer.step()
    >>> table.weight.data
    tensor([[1.0000, 1.0000],
            [0.9000, 0.9000],
            [1.0000, 1.0000]])
    """

    takes_sparse = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        check_one_element(lr)
        if not 0.0 < lr:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not 0.0 < eps:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        self._refuse("Sparse", "requires dense parameter tensors", lambda param: param.is_sparse)
        self._refuse("Complex", "does not support complex parameters", Tensor.is_complex)

    def _refuse(self, kind: str, why: str, is_one: Any) -> None:
        where = [[i, j] for i, group in enumerate(self.param_groups) for j, p in enumerate(group["params"]) if is_one(p)]
        if where:
            raise ValueError(f"{kind} params at indices {where}: SparseAdam {why}")

    def init_state(self, param: Tensor, options: Any) -> State:
        """The counter, which is a plain number here, and the running means."""
        return {"step": 0, "exp_avg": zeros_like(param.detach()), "exp_avg_sq": zeros_like(param.detach())}

    @no_grad()
    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> None:
        """Move the positions of ``param`` that ``grad`` has."""
        if not grad.is_sparse:
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
        assert state is not None
        state["step"] += 1
        grad = -grad.coalesce() if options["maximize"] else grad.coalesce()  # the square of a sum is not the sum of squares
        values = grad.values()
        beta1, beta2 = options["betas"]
        mean = _renewed(state["exp_avg"], grad, values, beta1)
        square = _renewed(state["exp_avg_sq"], grad, values.square(), beta2)
        rate = number(options["lr"]) * math.sqrt(1 - beta2 ** state["step"]) / (1 - beta1 ** state["step"])
        add_sparse_(param, with_values(grad, mean / (square.sqrt() + options["eps"])), -rate)


def _renewed(mean: Tensor, mask: Tensor, values: Tensor, beta: float) -> Tensor:
    """Take values into a running mean, at the positions of ``mask``; returns what the mean is there."""
    before = masked_values(mean, mask)
    change = (values - before) * (1 - beta)
    add_sparse_(mean, with_values(mask, change))
    return before + change
