"""The Dirichlet distribution."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from ..tensor.sampling import sample_dirichlet
from . import constraints
from ._tl import tl
from .distribution import ExponentialFamily

__all__ = ["Dirichlet"]


class Dirichlet(ExponentialFamily):
    """Points of the simplex; concentrations (batch, K).

    Raises:
        ValueError: the concentration has no dimension.

    >>> import tensorlite as tl
    >>> Dirichlet(tl.tensor([1.0, 3.0])).mean
    tensor([0.2500, 0.7500])
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True
    _params = {"concentration": 1}

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        above = (self.concentration - 1).clamp(min=0.0)
        mode = above / above.sum(-1, True)
        # Where all concentrations are below 1, the density is largest at corners: at that of the largest.
        corner = tl.zeros_like(mode).scatter(-1, mode.argmax(-1, keepdim=True), 1.0)
        return tl.where((self.concentration < 1).all(-1, keepdim=True), corner, mode)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return sample_dirichlet(self.concentration.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        self._checked(value)
        a = self.concentration
        return tl.xlogy(a - 1.0, value).sum(-1) + tl.lgamma(a.sum(-1)) - tl.lgamma(a).sum(-1)

    def entropy(self) -> Tensor:
        a = self.concentration
        k, total = a.shape[-1], a.sum(-1)
        spread = (k - total) * tl.digamma(total) + ((a - 1.0) * tl.digamma(a)).sum(-1)
        return tl.lgamma(a).sum(-1) - tl.lgamma(total) - spread

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.concentration,)

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        (x,) = natural_params
        return x.lgamma().sum(-1) - tl.lgamma(x.sum(-1))
