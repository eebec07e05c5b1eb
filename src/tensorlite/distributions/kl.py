"""Divergences of one family, and of structured distributions; `kl_pairs` has those between families."""

from __future__ import annotations

import math
from typing import Any

from .. import linalg
from ..autograd import grad
from ..tensor import Tensor
from . import kl_pairs as kl_pairs
from ._tl import tl
from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .categorical import Categorical
from .cauchy import Cauchy
from .continuous_bernoulli import ContinuousBernoulli
from .dirichlet import Dirichlet
from .distribution import ExponentialFamily
from .exponential import Exponential
from .gamma import Gamma
from .geometric import Geometric
from .gumbel import Gumbel
from .half_normal import HalfNormal
from .independent import Independent
from .kl_registry import _KL_MEMOIZE as _KL_MEMOIZE
from .kl_registry import _KL_REGISTRY as _KL_REGISTRY
from .kl_registry import kl_divergence, register_kl
from .laplace import Laplace
from .lowrank_multivariate_normal import LowRankMultivariateNormal, lowrank_logdet, lowrank_mahalanobis
from .multivariate_normal import MultivariateNormal, batch_mahalanobis, log_diagonal
from .normal import Normal
from .one_hot_categorical import OneHotCategorical
from .pareto import Pareto
from .poisson import Poisson
from .transformed_distribution import TransformedDistribution
from .uniform import Uniform
from .utils import euler_constant, sum_rightmost

__all__ = ["kl_divergence", "register_kl"]




@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Tensor:
    one, other = q.logits, p.logits
    t1 = p.probs * (_softplus(-one) - _softplus(-other))
    t1 = tl.where(p.probs == 0, 0.0, tl.where(q.probs == 0, math.inf, t1))
    t2 = (1 - p.probs) * (_softplus(one) - _softplus(other))
    t2 = tl.where(p.probs == 1, 0.0, tl.where(q.probs == 1, math.inf, t2))
    return t1 + t2


def _softplus(x: Tensor) -> Tensor:
    return tl.logaddexp(tl.zeros_like(x), x)


@register_kl(Beta, Beta)
def _beta(p: Any, q: Any) -> Tensor:
    total_p, total_q = p.concentration1 + p.concentration0, q.concentration1 + q.concentration0
    t1 = q.concentration1.lgamma() + q.concentration0.lgamma() + total_p.lgamma()
    t2 = p.concentration1.lgamma() + p.concentration0.lgamma() + total_q.lgamma()
    t3 = (p.concentration1 - q.concentration1) * tl.digamma(p.concentration1)
    t4 = (p.concentration0 - q.concentration0) * tl.digamma(p.concentration0)
    return t1 - t2 + t3 + t4 + (total_q - total_p) * tl.digamma(total_p)


@register_kl(Binomial, Binomial)
def _binomial(p: Any, q: Any) -> Tensor:
    if (p.total_count < q.total_count).any():
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    kl = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return tl.where(p.total_count > q.total_count, math.inf, kl)


@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Tensor:
    t = p.probs * (p.logits - q.logits)
    t = tl.where((q.probs == 0).expand(t.shape), math.inf, t)
    return tl.where((p.probs == 0).expand(t.shape), 0.0, t).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: Any, q: Any) -> Tensor:
    return _categorical(p._categorical, q._categorical)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p: Any, q: Any) -> Tensor:
    t = p.mean * (p.logits - q.logits) + p._log_norm() + tl.log1p(-p.probs)
    return t - q._log_norm() - tl.log1p(-q.probs)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Any, q: Any) -> Tensor:
    a, b = p.concentration, q.concentration
    total_a, total_b = a.sum(-1), b.sum(-1)
    spread = ((a - b) * (a.digamma() - total_a.digamma().unsqueeze(-1))).sum(-1)
    return total_a.lgamma() - total_b.lgamma() - (a.lgamma() - b.lgamma()).sum(-1) + spread


@register_kl(Exponential, Exponential)
def _exponential(p: Any, q: Any) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(ExponentialFamily, ExponentialFamily)
def _exponential_family(p: Any, q: Any) -> Tensor:
    """The Bregman divergence of the log normalizer (Nielsen and Nock, 2010)."""
    if type(p) is not type(q):
        raise NotImplementedError("The cross KL-divergence between different exponential families cannot be computed")
    thetas = [theta.detach().requires_grad_() for theta in p._natural_params]
    others = q._natural_params
    normalizer = p._log_normalizer(*thetas)
    slopes = grad(normalizer.sum(), thetas, create_graph=True)
    result = q._log_normalizer(*others) - normalizer
    for theta, other, slope in zip(thetas, others, slopes, strict=True):
        term = (other - theta) * slope
        result = result - sum_rightmost(term, term.ndim - normalizer.ndim)
    return result


@register_kl(Gamma, Gamma)
def _gamma(p: Any, q: Any) -> Tensor:
    t1 = q.concentration * (p.rate / q.rate).log() + tl.lgamma(q.concentration) - tl.lgamma(p.concentration)
    t2 = (p.concentration - q.concentration) * tl.digamma(p.concentration)
    return t1 + t2 + (q.rate - p.rate) * (p.concentration / p.rate)


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Any, q: Any) -> Tensor:
    ratio, shift = p.scale / q.scale, (q.loc - p.loc) / q.scale
    t = -shift - ratio.log() + tl.exp(shift + (1 + ratio).lgamma())
    return t + ratio * euler_constant - (1 + euler_constant)


@register_kl(Geometric, Geometric)
def _geometric(p: Any, q: Any) -> Tensor:
    return -p.entropy() - tl.log1p(-q.probs) / p.probs - q.logits


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: Any, q: Any) -> Tensor:
    return _normal(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _laplace(p: Any, q: Any) -> Tensor:
    ratio, away = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + away / q.scale + ratio * tl.exp(-away / p.scale) - 1


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Pareto, Pareto)
def _pareto(p: Any, q: Any) -> Tensor:
    ratio, alpha = p.scale / q.scale, q.alpha / p.alpha
    kl = q.alpha * ratio.log() - alpha.log() + alpha - 1
    return tl.where(p.support.lower_bound < q.support.lower_bound, math.inf, kl)


@register_kl(Poisson, Poisson)
def _poisson(p: Any, q: Any) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Tensor:
    kl = ((q.high - q.low) / (p.high - p.low)).log()
    return tl.where((q.low > p.low) | (q.high < p.high), math.inf, kl)


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Any, q: Any) -> Tensor:
    t = ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log()
    return t - (4 * p.scale * q.scale).log()


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("the two have different reinterpreted_batch_ndims")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: Any, q: Any) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("the two have different transforms or event shapes")
    return kl_divergence(p.base_dist, q.base_dist)


def _trace_of_solved(factor: Tensor, matrix: Tensor) -> Tensor:
    """tr((L L')^-1 M M')."""
    shape = tl.broadcast_shapes(factor.shape[:-2], matrix.shape[:-2])
    solved = linalg.solve_triangular(
        factor.expand(shape + factor.shape[-2:]), matrix.expand(shape + matrix.shape[-2:]), upper=False
    )
    return solved.pow(2).sum((-2, -1))


def _same_size(p: Any, q: Any) -> None:
    if p.event_shape != q.event_shape:
        kinds = type(p).__name__, type(q).__name__
        raise ValueError(f"KL-divergence between {kinds[0]} and {kinds[1]} with different event shapes cannot be computed")


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate(p: Any, q: Any) -> Tensor:
    _same_size(p, q)
    half = log_diagonal(q._factor) - log_diagonal(p._factor)
    distance = batch_mahalanobis(q._factor, q.loc - p.loc)
    return half + 0.5 * (_trace_of_solved(q._factor, p._factor) + distance - p.event_shape[0])


def _lowrank_trace(q: Any, factor: Tensor) -> Tensor:
    """tr(Q^-1 F F') for Q = W W' + D, by Woodbury's identity."""
    a = q._w.mT / q._d.unsqueeze(-2)
    direct = (factor.pow(2) / q._d.unsqueeze(-1)).sum((-2, -1))
    return direct - _trace_of_solved(q._capacitance, a @ factor)


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _lowrank(p: Any, q: Any) -> Tensor:
    _same_size(p, q)
    log_det = lowrank_logdet(q._d, q._capacitance) - lowrank_logdet(p._d, p._capacitance)
    distance = lowrank_mahalanobis(q._w, q._d, q.loc - p.loc, q._capacitance)
    trace = _lowrank_trace(q, p._w) + _lowrank_trace(q, tl.diag_embed(p._d.sqrt()))
    return 0.5 * (log_det + trace + distance - p.event_shape[0])


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _multivariate_lowrank(p: Any, q: Any) -> Tensor:
    _same_size(p, q)
    log_det = lowrank_logdet(q._d, q._capacitance) - 2 * log_diagonal(p._factor)
    distance = lowrank_mahalanobis(q._w, q._d, q.loc - p.loc, q._capacitance)
    return 0.5 * (log_det + _lowrank_trace(q, p._factor) + distance - p.event_shape[0])


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _lowrank_multivariate(p: Any, q: Any) -> Tensor:
    _same_size(p, q)
    log_det = 2 * log_diagonal(q._factor) - lowrank_logdet(p._d, p._capacitance)
    distance = batch_mahalanobis(q._factor, q.loc - p.loc)
    trace = _trace_of_solved(q._factor, p._w) + _trace_of_solved(q._factor, tl.diag_embed(p._d.sqrt()))
    return 0.5 * (log_det + trace + distance - p.event_shape[0])
