"""Every distribution with parameters of a few shapes: functions of (library, its distributions, tensor maker)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Make = Callable[[Any, Any, Any], Any]


def _tril(t: Any) -> Any:
    return t([[1.2, 0.0, 0.0], [0.3, 0.9, 0.0], [-0.4, 0.2, 1.5]])


def _psd(t: Any) -> Any:
    return _tril(t) @ _tril(t).mT


W = [[0.5, -0.2], [0.1, 0.7], [0.3, 0.3]]
P3 = [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]
FAMILIES: dict[str, Make] = {
    "bernoulli": lambda m, d, t: d.Bernoulli(t([0.2, 0.7, 0.45])),
    "bernoulli-logits": lambda m, d, t: d.Bernoulli(logits=t([-1.0, 0.3])),
    "beta": lambda m, d, t: d.Beta(t([0.4, 2.0, 7.0]), t([1.5, 0.3, 2.0])),
    "binomial": lambda m, d, t: d.Binomial(7, t([0.2, 0.7, 0.5])),
    "binomial-logits": lambda m, d, t: d.Binomial(t([40.0]), logits=t([0.3])),
    "binomial-large": lambda m, d, t: d.Binomial(t(300.0), t([0.1, 0.8])),
    "categorical": lambda m, d, t: d.Categorical(t(P3)),
    "categorical-logits": lambda m, d, t: d.Categorical(logits=t([0.1, -1.0, 2.0])),
    "cauchy": lambda m, d, t: d.Cauchy(t([0.0, 1.0]), t([1.0, 2.0])),
    "chi2": lambda m, d, t: d.Chi2(t([0.5, 3.0])),
    "continuous_bernoulli": lambda m, d, t: d.ContinuousBernoulli(t([0.1, 0.5, 0.4995, 0.9])),
    "continuous_bernoulli-logits": lambda m, d, t: d.ContinuousBernoulli(logits=t([0.1, -2.0])),
    "dirichlet": lambda m, d, t: d.Dirichlet(t([[0.5, 2.0, 1.0], [3.0, 0.7, 1.1]])),
    "exponential": lambda m, d, t: d.Exponential(t([0.5, 3.0])),
    "fishersnedecor": lambda m, d, t: d.FisherSnedecor(t([3.0, 5.0]), t([5.0, 7.0])),
    "gamma": lambda m, d, t: d.Gamma(t([0.3, 1.0, 20.0]), t([1.0, 2.0, 0.5])),
    "generalized_pareto": lambda m, d, t: d.GeneralizedPareto(t([0.0, 1.0, 0.5]), t([1.0, 2.0, 1.0]), t([0.3, 0.0, -0.4])),
    "geometric": lambda m, d, t: d.Geometric(t([0.2, 0.9])),
    "geometric-logits": lambda m, d, t: d.Geometric(logits=t([0.2, 0.9])),
    "gumbel": lambda m, d, t: d.Gumbel(t([0.0, 1.0]), t([1.0, 2.0])),
    "half_cauchy": lambda m, d, t: d.HalfCauchy(t([1.0, 2.0])),
    "half_normal": lambda m, d, t: d.HalfNormal(t([1.0, 2.0])),
    "independent": lambda m, d, t: d.Independent(d.Normal(t([[0.0, 1.0], [2.0, 3.0]]), t(1.0)), 1),
    "inverse_gamma": lambda m, d, t: d.InverseGamma(t([3.0, 1.5]), t([1.0, 2.0])),
    "kumaraswamy": lambda m, d, t: d.Kumaraswamy(t([2.0, 0.5]), t([3.0, 2.0])),
    "laplace": lambda m, d, t: d.Laplace(t([0.0, 1.0]), t([1.0, 2.0])),
    "lkj": lambda m, d, t: d.LKJCholesky(3, t([0.5, 2.0])),
    "log_normal": lambda m, d, t: d.LogNormal(t([0.0, 1.0]), t([1.0, 0.5])),
    "logistic_normal": lambda m, d, t: d.LogisticNormal(t([0.0, 1.0]), t([1.0, 0.5])),
    "lowrank": lambda m, d, t: d.LowRankMultivariateNormal(t([0.0, 1.0, 2.0]), t(W), t([1.0, 0.5, 2.0])),
    "mixture": lambda m, d, t: d.MixtureSameFamily(d.Categorical(t([0.3, 0.7])), d.Normal(t([-1.0, 2.0]), t([1.0, 0.5]))),
    "mixture-vectors": lambda m, d, t: d.MixtureSameFamily(
        d.Categorical(t([0.3, 0.7])), d.Independent(d.Normal(t([[-1.0, 0.0, 1.0], [2.0, 1.0, 0.0]]), t(1.0)), 1)
    ),
    "multinomial": lambda m, d, t: d.Multinomial(5, t(P3)),
    "mvn": lambda m, d, t: d.MultivariateNormal(t([0.0, 1.0, 2.0]), scale_tril=_tril(t)),
    "mvn-covariance": lambda m, d, t: d.MultivariateNormal(t([[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]]), _psd(t)),
    "mvn-precision": lambda m, d, t: d.MultivariateNormal(t([0.0, 1.0, 2.0]), precision_matrix=_psd(t)),
    "negative_binomial": lambda m, d, t: d.NegativeBinomial(t([3.0, 0.5]), t([0.2, 0.7])),
    "negative_binomial-logits": lambda m, d, t: d.NegativeBinomial(t(3.0), logits=t([0.2, 0.7])),
    "normal": lambda m, d, t: d.Normal(t([0.0, 1.0]), t([1.0, 2.0])),
    "one_hot": lambda m, d, t: d.OneHotCategorical(t(P3)),
    "one_hot-through": lambda m, d, t: d.OneHotCategoricalStraightThrough(t(P3)),
    "pareto": lambda m, d, t: d.Pareto(t([1.0, 2.0]), t([3.0, 1.5])),
    "poisson": lambda m, d, t: d.Poisson(t([0.5, 30.0])),
    "relaxed_bernoulli": lambda m, d, t: d.RelaxedBernoulli(t(0.7), t([0.2, 0.7])),
    "relaxed_categorical": lambda m, d, t: d.RelaxedOneHotCategorical(t(0.7), t(P3)),
    "studentT": lambda m, d, t: d.StudentT(t([3.0, 1.5, 0.5]), t(1.0), t(2.0)),
    "transformed": lambda m, d, t: d.TransformedDistribution(
        d.Normal(t([0.0, 1.0]), t(1.0)), [d.ExpTransform(), d.AffineTransform(1.0, -2.0)]
    ),
    "uniform": lambda m, d, t: d.Uniform(t([0.0, 1.0]), t([1.0, 4.0])),
    "von_mises": lambda m, d, t: d.VonMises(t([0.0, 1.0]), t([0.5, 8.0])),
    "weibull": lambda m, d, t: d.Weibull(t([1.0, 2.0]), t([3.0, 1.5])),
    "wishart": lambda m, d, t: d.Wishart(t([5.0, 7.0]), _psd(t)),
}
"""Of all distributions of PyTorch."""

APPROXIMATE = {"gamma", "beta", "dirichlet", "chi2", "studentT", "fishersnedecor", "inverse_gamma", "wishart"}
"""Whose gradients of samples PyTorch approximates to four digits."""
