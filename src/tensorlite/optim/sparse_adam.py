"""SparseAdam, which wants what this library does not have: sparse gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from ..tensor import Tensor
from .arguments import check_betas, check_one_element
from .optimizer import Optimizer, State

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Adam for gradients in a sparse layout. There are none here, so that ``step`` always refuses, as for dense ones in PyTorch.

    It can be made, printed and saved, so that programs that only sometimes use it run.

    Raises:
        ValueError: ``lr`` or ``eps`` is not positive, a beta outside ``[0, 1)``, or a complex parameter.
        RuntimeError: in ``step``, a gradient is dense.

    >>> import tensorlite as tl
    >>> w = tl.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tl.optim.SparseAdam([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    Traceback (most recent call last):
    RuntimeError: SparseAdam does not support dense gradients, please consider Adam instead
    """

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
        where = [
            [i, j] for i, group in enumerate(self.param_groups) for j, param in enumerate(group["params"]) if param.is_complex()
        ]
        if where:
            raise ValueError(f"Complex params at indices {where}: SparseAdam does not support complex parameters")

    def update(self, param: Tensor, grad: Tensor, state: State | None, options: Any) -> NoReturn:
        """Refuse: every gradient is dense."""
        raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
