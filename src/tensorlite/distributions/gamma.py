"""The gamma distribution."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..tensor import Tensor
from ..tensor.sampling import standard_gamma
from . import constraints
from ._tl import tl
from .distribution import ExponentialFamily
from .utils import broadcast_all

__all__ = ["Gamma"]


class Gamma(ExponentialFamily):
    """The gamma distribution of a concentration (shape) and a rate.

    >>> Gamma(2.0, 1.0).mean
    tensor(2.)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0
    _params = {"concentration": 0, "rate": 0}

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.concentration / self.rate.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        value = standard_gamma(self.concentration.expand(shape)) / self.rate.expand(shape)
        value.detach().clamp_(min=dtypes.finfo(value.dtype).tiny)  # it has the memory of the result, and the gradient stays
        return value

    def log_prob(self, value: Tensor) -> Tensor:
        value = tl.as_tensor(value, dtype=self.rate.dtype, device=self.rate.device)
        self._checked(value)
        a, rate = self.concentration, self.rate
        return tl.xlogy(a, rate) + tl.xlogy(a - 1, value) - rate * value - tl.lgamma(a)

    def cdf(self, value: Tensor) -> Tensor:
        self._checked(value)
        return tl.igamma(self.concentration, self.rate * value)

    def entropy(self) -> Tensor:
        a = self.concentration
        return a - tl.log(self.rate) + tl.lgamma(a) + (1.0 - a) * tl.digamma(a)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return self.concentration - 1, -self.rate

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        x, y = natural_params
        return tl.lgamma(x + 1) + (x + 1) * tl.log(-y.reciprocal())
