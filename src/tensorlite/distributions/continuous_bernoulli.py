"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from typing import Any

from ..nn import functional as F
from ..tensor import Size, Tensor
from . import constraints
from ._tl import tl
from .distribution import ExponentialFamily
from .utils import broadcast_all, clamp_probs, lazy_property, logits_to_probs, probs_to_logits

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(ExponentialFamily):
    """Densities proportional to p^x (1 - p)^(1 - x) on [0, 1] (Loaiza-Ganem and Cunningham, 2019).

    Near p = 1/2, between `lims`, the formulas are replaced by Taylor's series.

    Raises:
        ValueError: not exactly one of `probs` and `logits` is given.

    >>> ContinuousBernoulli(0.5).mean
    tensor(0.5000)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0
    _params = {"probs": 0, "logits": 0, "_param": 0}
    _plain = ("_lims",)

    def __init__(
        self, probs: Any = None, logits: Any = None, lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        (value,) = broadcast_all(probs if logits is None else logits)
        if logits is None:
            wrong = validate_args is not False and self._validate_args and not self.arg_constraints["probs"].check(value).all()
            if wrong:
                raise ValueError(f"The parameter probs has invalid values: they must be in [0, 1]:\n{value}")
            self.probs = value = clamp_probs(value)
        else:
            self.logits = value
        self._param, self._lims = value, lims
        super().__init__(value.shape, validate_args=validate_args)

    @lazy_property
    def logits(self) -> Tensor:
        """Log-odds."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """Chances of success."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter that was given."""
        return self._param.size()

    def _stable(self) -> Tensor:
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut(self) -> Tensor:
        """The chances, with others in place of those where the formulas are unstable."""
        return tl.where(self._stable(), self.probs, self._lims[0])

    def _log_norm(self) -> Tensor:
        cut = self._cut()
        low, high = tl.where(cut <= 0.5, cut, 0.0), tl.where(cut >= 0.5, cut, 1.0)
        size = tl.where(cut <= 0.5, tl.log1p(-2.0 * low), tl.log(2.0 * high - 1.0))
        exact = tl.log(tl.abs(tl.log1p(-cut) - tl.log(cut))) - size
        x = (self.probs - 0.5) ** 2
        return tl.where(self._stable(), exact, math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x)

    @property
    def mean(self) -> Tensor:
        cut, x = self._cut(), self.probs - 0.5
        exact = cut / (2.0 * cut - 1.0) + 1.0 / (tl.log1p(-cut) - tl.log(cut))
        return tl.where(self._stable(), exact, 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x**2) * x)

    @property
    def stddev(self) -> Tensor:
        return tl.sqrt(self.variance)

    @property
    def variance(self) -> Tensor:
        cut, x = self._cut(), (self.probs - 0.5) ** 2
        exact = cut * (cut - 1.0) / (1.0 - 2.0 * cut) ** 2 + 1.0 / (tl.log1p(-cut) - tl.log(cut)) ** 2
        return tl.where(self._stable(), exact, 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.icdf(tl.rand(shape, dtype=self.probs.dtype, device=self.probs.device))

    def log_prob(self, value: Tensor) -> Tensor:
        self._checked(value)
        logits, value = broadcast_all(self.logits, value)
        return -F.binary_cross_entropy_with_logits(logits, value, reduction="none") + self._log_norm()

    def cdf(self, value: Tensor) -> Tensor:
        self._checked(value)
        cut = self._cut()
        exact = (tl.pow(cut, value) * tl.pow(1.0 - cut, 1.0 - value) + cut - 1.0) / (2.0 * cut - 1.0)
        inside = tl.where(self._stable(), exact, value)
        return tl.where(value <= 0.0, 0.0, tl.where(value >= 1.0, 1.0, inside))

    def icdf(self, value: Tensor) -> Tensor:
        cut = self._cut()
        exact = tl.log1p(-cut + value * (2.0 * cut - 1.0)) - tl.log1p(-cut)
        return tl.where(self._stable(), exact / (tl.log(cut) - tl.log1p(-cut)), value)

    def entropy(self) -> Tensor:
        log0, log1 = tl.log1p(-self.probs), tl.log(self.probs)
        return self.mean * (log0 - log1) - self._log_norm() - log0

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.logits,)

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        (x,) = natural_params
        stable = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        cut = tl.where(stable, x, (self._lims[0] - 0.5) * tl.ones_like(x))
        exact = tl.log(tl.abs(tl.expm1(cut))) - tl.log(tl.abs(cut))
        return tl.where(stable, exact, 0.5 * x + x.pow(2) / 24.0 - x.pow(4) / 2880.0)
