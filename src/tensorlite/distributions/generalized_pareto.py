"""The generalized Pareto distribution."""

from __future__ import annotations

import math
from typing import Any

from ..tensor import Tensor
from . import constraints
from ._tl import tl
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """What exceeds a high threshold `loc`: tails of a `scale` and a shape, the `concentration` (0: exponential tails).

    >>> GeneralizedPareto(0.0, 1.0, 0.5).mean
    tensor(2.)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive, "concentration": constraints.real}
    has_rsample = True
    _params = {"loc": 0, "scale": 0, "concentration": 0}

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """From `loc` on; up to an end where a concentration is negative."""
        lower = self.loc
        upper = tl.where(self.concentration < 0, lower - self.scale / self._safe(), math.inf)
        return constraints.interval(lower, upper)

    def _zero(self) -> Tensor:
        return tl.isclose(self.concentration, tl.zeros_like(self.concentration))

    def _safe(self) -> Tensor:
        """The concentration, 1 where it is zero."""
        return tl.where(self._zero(), 1.0, self.concentration)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.icdf(tl.rand(self._extended_shape(sample_shape), dtype=self.loc.dtype, device=self.loc.device))

    def log_prob(self, value: Tensor) -> Tensor:
        self._checked(value)
        z, k = (value - self.loc) / self.scale, self._safe()
        return -self.scale.log() + tl.where(self._zero(), -z, -(1 + 1 / k) * tl.log1p(k * z))

    def log_survival_function(self, value: Tensor) -> Tensor:
        """The logarithm of 1 - cdf."""
        self._checked(value)
        z, k = (value - self.loc) / self.scale, self._safe()
        return tl.where(self._zero(), -z, -tl.log1p(k * z) / k)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of the cdf."""
        self._checked(value)
        return tl.log1p(-tl.exp(self.log_survival_function(value)))

    def cdf(self, value: Tensor) -> Tensor:
        self._checked(value)
        return tl.exp(self.log_cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        k, log_survival = self._safe(), tl.log1p(-value)
        return self.loc + self.scale * tl.where(self._zero(), -log_survival, tl.expm1(-k * log_survival) / k)

    @property
    def mean(self) -> Tensor:
        k = self.concentration
        return tl.where(k < 1, self.loc + self.scale / (1 - tl.where(k < 1, k, 0.0)), math.inf)

    @property
    def variance(self) -> Tensor:
        k = self.concentration
        safe = tl.where(k < 0.5, k, 0.0)
        return tl.where(k < 0.5, self.scale**2 / ((1 - safe) ** 2 * (1 - 2 * safe)), math.inf)

    @property
    def mode(self) -> Tensor:
        return self.loc

    def entropy(self) -> Tensor:
        return tl.log(self.scale) + self.concentration + 1
