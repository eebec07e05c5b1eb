"""Divergences between distributions of different families."""

from __future__ import annotations

import math
from typing import Any

from ..tensor import Tensor
from ._tl import tl
from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .continuous_bernoulli import ContinuousBernoulli
from .exponential import Exponential
from .gamma import Gamma
from .gumbel import Gumbel
from .kl_registry import register_kl
from .laplace import Laplace
from .normal import Normal
from .pareto import Pareto
from .poisson import Poisson
from .uniform import Uniform
from .utils import euler_constant

__all__: list[str] = []

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def _infinite(x: Tensor) -> Tensor:
    return tl.full_like(x, math.inf)


# Distributions that reach beyond the other's support


def _never(p: Any, parameter: str, *others: Any) -> None:
    for q in others:
        register_kl(p, q)(lambda p, q: _infinite(getattr(p, parameter)))


_never(Beta, "concentration1", Pareto)
_never(ContinuousBernoulli, "probs", Pareto)
_never(Exponential, "rate", Beta, ContinuousBernoulli, Pareto, Uniform)
_never(Gamma, "concentration", Beta, ContinuousBernoulli, Pareto, Uniform)
_never(Gumbel, "loc", Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)
_never(Laplace, "loc", Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)
_never(Normal, "loc", Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)
_never(Pareto, "scale", Beta, ContinuousBernoulli, Uniform)
_never(Poisson, "rate", Bernoulli, Binomial)


def _cross_normal(p: Any, q: Any) -> Tensor:
    """The mean under p of minus the log density of a normal distribution."""
    return _HALF_LOG_2PI + q.scale.log() + 0.5 * (p.variance + (p.mean - q.loc).pow(2)) / q.scale.pow(2)


@register_kl(Beta, Normal)
@register_kl(ContinuousBernoulli, Normal)
@register_kl(Exponential, Normal)
@register_kl(Gamma, Normal)
@register_kl(Gumbel, Normal)
@register_kl(Laplace, Normal)
@register_kl(Uniform, Normal)
def _to_normal(p: Any, q: Any) -> Tensor:
    return -p.entropy() + _cross_normal(p, q)


@register_kl(Pareto, Normal)
def _pareto_normal(p: Any, q: Any) -> Tensor:
    return tl.where(p.alpha <= 2, math.inf, -p.entropy() + _cross_normal(p, q))


@register_kl(Beta, Exponential)
@register_kl(ContinuousBernoulli, Exponential)
@register_kl(Gamma, Exponential)
def _to_exponential(p: Any, q: Any) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Pareto, Exponential)
def _pareto_exponential(p: Any, q: Any) -> Tensor:
    return tl.where(p.alpha <= 1, math.inf, _to_exponential(p, q))


@register_kl(Uniform, Exponential)
def _uniform_exponential(p: Any, q: Any) -> Tensor:
    return tl.where(p.low < 0, math.inf, _to_exponential(p, q))


def _to_gamma(p: Any, q: Any, mean_log: Tensor) -> Tensor:
    """From the mean of log x under p."""
    log_norm = q.concentration.lgamma() - q.concentration * q.rate.log()
    return -p.entropy() + log_norm - (q.concentration - 1) * mean_log + q.rate * p.mean


@register_kl(Beta, Gamma)
def _beta_gamma(p: Any, q: Any) -> Tensor:
    return _to_gamma(p, q, tl.digamma(p.concentration1) - tl.digamma(p.concentration1 + p.concentration0))


@register_kl(Exponential, Gamma)
def _exponential_gamma(p: Any, q: Any) -> Tensor:
    return _to_gamma(p, q, -euler_constant - p.rate.log())


@register_kl(Pareto, Gamma)
def _pareto_gamma(p: Any, q: Any) -> Tensor:
    return tl.where(p.alpha <= 1, math.inf, _to_gamma(p, q, p.scale.log() + p.alpha.reciprocal()))


def _mean_log(low: Tensor, high: Tensor) -> Tensor:
    """The mean of log x between two numbers."""
    return (tl.xlogy(high, high) - tl.xlogy(low, low)) / (high - low) - 1


@register_kl(Uniform, Gamma)
def _uniform_gamma(p: Any, q: Any) -> Tensor:
    low = p.low.clamp(min=0)
    return tl.where(p.low < 0, math.inf, _to_gamma(p, q, _mean_log(low, p.high)))


@register_kl(Uniform, Beta)
def _uniform_beta(p: Any, q: Any) -> Tensor:
    low, high = p.low.clamp(min=0), p.high.clamp(max=1)
    a, b = q.concentration1, q.concentration0
    log_norm = a.lgamma() + b.lgamma() - (a + b).lgamma()
    kl = -p.entropy() + log_norm - (a - 1) * _mean_log(low, high) - (b - 1) * _mean_log(1 - high, 1 - low)
    return tl.where((p.high > 1) | (p.low < 0), math.inf, kl)


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_continuous_bernoulli(p: Any, q: Any) -> Tensor:
    kl = -p.entropy() - p.mean * q.logits - tl.log1p(-q.probs) - q._log_norm()
    return tl.where((p.high > 1) | (p.low < 0), math.inf, kl)


@register_kl(Beta, ContinuousBernoulli)
def _beta_continuous_bernoulli(p: Any, q: Any) -> Tensor:
    return -p.entropy() - p.mean * q.logits - tl.log1p(-q.probs) - q._log_norm()


@register_kl(Uniform, Pareto)
def _uniform_pareto(p: Any, q: Any) -> Tensor:
    low = tl.maximum(p.low, q.scale)
    kl = -p.entropy() - (q.alpha * q.scale.pow(q.alpha)).log() + (q.alpha + 1) * _mean_log(low, p.high)
    return tl.where(p.low < q.scale, math.inf, kl)


@register_kl(Beta, Uniform)
def _beta_uniform(p: Any, q: Any) -> Tensor:
    return tl.where((q.low > 0) | (q.high < 1), math.inf, -p.entropy() + (q.high - q.low).log())


@register_kl(ContinuousBernoulli, Uniform)
def _continuous_bernoulli_uniform(p: Any, q: Any) -> Tensor:
    return tl.where((q.low > 0) | (q.high < 1), math.inf, -p.entropy() + (q.high - q.low).log())


def _to_gumbel(p: Any, q: Any, mean_exp: Tensor) -> Tensor:
    """From the mean of exp((loc - x) / scale) under p."""
    return -p.entropy() + q.scale.log() + (p.mean - q.loc) / q.scale + mean_exp


@register_kl(Normal, Gumbel)
def _normal_gumbel(p: Any, q: Any) -> Tensor:
    return _to_gumbel(p, q, tl.exp((q.loc - p.loc) / q.scale + 0.5 * (p.scale / q.scale).pow(2)))


@register_kl(Exponential, Gumbel)
def _exponential_gumbel(p: Any, q: Any) -> Tensor:
    return _to_gumbel(p, q, tl.exp(q.loc / q.scale) * p.rate * q.scale / (1 + p.rate * q.scale))


@register_kl(Gamma, Gumbel)
def _gamma_gumbel(p: Any, q: Any) -> Tensor:
    mean_exp = tl.exp(q.loc / q.scale) * (1 + (p.rate * q.scale).reciprocal()).pow(-p.concentration)
    return _to_gumbel(p, q, mean_exp)


@register_kl(Uniform, Gumbel)
def _uniform_gumbel(p: Any, q: Any) -> Tensor:
    low, high = (q.loc - p.high) / q.scale, (q.loc - p.low) / q.scale
    return _to_gumbel(p, q, q.scale * (high.exp() - low.exp()) / (p.high - p.low))


@register_kl(Normal, Laplace)
def _normal_laplace(p: Any, q: Any) -> Tensor:
    away = p.loc - q.loc
    z = away / p.scale
    mean_away = math.sqrt(2 / math.pi) * p.scale * tl.exp(-0.5 * z.pow(2)) + away * tl.erf(math.sqrt(0.5) * z)
    return -p.entropy() + (2 * q.scale).log() + mean_away / q.scale


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Any, q: Any) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)
