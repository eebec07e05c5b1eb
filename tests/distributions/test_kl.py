"""The divergence of every registered pair against PyTorch's, with gradients."""

from __future__ import annotations

from typing import Any

import pytest
from families import FAMILIES

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
from torch.distributions.kl import _KL_REGISTRY as THEIRS  # noqa: E402

from tensorlite.distributions.kl import _KL_REGISTRY as OURS  # noqa: E402

# Two of each family, over the same values
MAKE: dict[str, list[Any]] = {
    "Bernoulli": [lambda d, t: d.Bernoulli(t([0.2, 0.0, 1.0])), lambda d, t: d.Bernoulli(t([0.7, 0.4, 0.0]))],
    "Beta": [lambda d, t: d.Beta(t([0.4, 2.0]), t([1.5, 0.3])), lambda d, t: d.Beta(t([1.4, 3.0]), t([0.5, 2.0]))],
    "Binomial": [lambda d, t: d.Binomial(t([4.0, 5.0]), t([0.2, 0.6])), lambda d, t: d.Binomial(t([4.0, 3.0]), t([0.7, 0.2]))],
    "Categorical": [lambda d, t: d.Categorical(t([0.2, 0.8, 0.0])), lambda d, t: d.Categorical(t([0.5, 0.3, 0.2]))],
    "Cauchy": [lambda d, t: d.Cauchy(t([0.0, 1.0]), t([1.0, 2.0])), lambda d, t: d.Cauchy(t([0.5, -1.0]), t([1.5, 0.5]))],
    "ContinuousBernoulli": [
        lambda d, t: d.ContinuousBernoulli(t([0.1, 0.5])), lambda d, t: d.ContinuousBernoulli(t([0.5, 0.8])),
    ],
    "Dirichlet": [lambda d, t: d.Dirichlet(t([0.4, 2.0, 1.0])), lambda d, t: d.Dirichlet(t([1.4, 3.0, 0.5]))],
    "Exponential": [lambda d, t: d.Exponential(t([0.4, 2.0])), lambda d, t: d.Exponential(t([1.4, 3.0]))],
    "Gamma": [lambda d, t: d.Gamma(t([0.4, 2.0]), t([1.5, 0.3])), lambda d, t: d.Gamma(t([1.4, 3.0]), t([0.5, 2.0]))],
    "Gumbel": [lambda d, t: d.Gumbel(t([0.4, 2.0]), t([1.5, 0.8])), lambda d, t: d.Gumbel(t([1.4, 3.0]), t([0.9, 2.0]))],
    "Geometric": [lambda d, t: d.Geometric(t([0.4, 0.2])), lambda d, t: d.Geometric(t([0.3, 0.9]))],
    "HalfNormal": [lambda d, t: d.HalfNormal(t([0.4, 0.2])), lambda d, t: d.HalfNormal(t([0.3, 0.9]))],
    "Independent": [
        lambda d, t: d.Independent(d.Normal(t([0.0, 1.0]), t(1.0)), 1),
        lambda d, t: d.Independent(d.Normal(t([1.0, 1.0]), t(2.0)), 1),
    ],
    "Laplace": [lambda d, t: d.Laplace(t([0.4, 2.0]), t([1.5, 0.8])), lambda d, t: d.Laplace(t([1.4, 3.0]), t([0.9, 2.0]))],
    "LowRankMultivariateNormal": [
        lambda d, t: d.LowRankMultivariateNormal(t([0.0, 1.0]), t([[0.5], [0.3]]), t([1.0, 2.0])),
        lambda d, t: d.LowRankMultivariateNormal(t([[1.0, 1.0], [0.0, 2.0]]), t([[0.2], [0.9]]), t([1.5, 0.7])),
    ],
    "MultivariateNormal": [
        lambda d, t: d.MultivariateNormal(t([0.0, 1.0]), t([[1.0, 0.3], [0.3, 2.0]])),
        lambda d, t: d.MultivariateNormal(t([[1.0, 1.0], [0.0, 2.0]]), t([[2.0, -0.3], [-0.3, 1.0]])),
    ],
    "Normal": [lambda d, t: d.Normal(t([0.4, 2.0]), t([1.5, 0.8])), lambda d, t: d.Normal(t([1.4, 3.0]), t([0.9, 2.0]))],
    "OneHotCategorical": [lambda d, t: d.OneHotCategorical(t([0.2, 0.8])), lambda d, t: d.OneHotCategorical(t([0.5, 0.5]))],
    "Pareto": [
        lambda d, t: d.Pareto(t([0.4, 2.0, 0.1]), t([1.5, 0.8, 3.0])),
        lambda d, t: d.Pareto(t([0.2, 3.0, 0.05]), t([0.9, 2.0, 2.0])),
    ],
    "Poisson": [lambda d, t: d.Poisson(t([0.4, 20.0])), lambda d, t: d.Poisson(t([1.4, 3.0]))],
    "TransformedDistribution": [
        lambda d, t: d.TransformedDistribution(d.Normal(t([0.0, 1.0]), t(1.0)), d.ExpTransform()),
        lambda d, t: d.TransformedDistribution(d.Normal(t([1.0, 1.0]), t(2.0)), d.ExpTransform()),
    ],
    "Uniform": [
        lambda d, t: d.Uniform(t([0.1, 2.0, 0.2]), t([0.5, 4.0, 0.9])),
        lambda d, t: d.Uniform(t([0.0, 1.0, -1.0]), t([1.0, 5.0, 0.5])),
    ],
}  # fmt: skip
PAIRS = sorted({(p.__name__, q.__name__) for p, q in THEIRS})
LENGTHS = {"Bernoulli": 3, "Pareto": 3, "Uniform": 3}


def value(m: Any, pair: tuple[str, str]) -> tuple[Any, list[Any]]:
    leaves: list[Any] = []
    single = "Uniform" in pair or "Pareto" in pair or "Bernoulli" in pair
    length = 2 if single and any(name not in LENGTHS for name in pair) else None

    def tensor(data: Any) -> Any:
        if length and isinstance(data, list) and isinstance(data[0], float):
            data = data[:length]
        leaves.append(m.tensor(data, dtype=m.float64).requires_grad_())
        return leaves[-1]

    p, q = MAKE[pair[0]][0](m.distributions, tensor), MAKE[pair[1]][1](m.distributions, tensor)
    return m.distributions.kl_divergence(p, q), leaves


def test_registered_pairs_are_those_of_pytorch() -> None:
    assert {(p.__name__, q.__name__) for p, q in OURS if p.__module__.startswith("tensorlite.")} >= set(PAIRS)


@pytest.mark.parametrize("pair", [p for p in PAIRS if p[0] != "ExponentialFamily"], ids=lambda p: f"{p[0]}-{p[1]}")
def test_divergence(pair: tuple[str, str]) -> None:
    (ours, own), (theirs, other) = value(tl, pair), value(torch, pair)
    compare = torch.testing.assert_close
    if pair == ("ContinuousBernoulli", "Uniform"):  # PyTorch's is infinite also where the two supports are equal
        assert ours[0].item() == -tl.distributions.ContinuousBernoulli(own[0]).entropy()[0].item()
        ours, theirs = ours[1:], theirs[1:]
    compare(torch.from_numpy(ours.detach().numpy()), theirs.detach(), rtol=1e-6, atol=1e-8, equal_nan=True)
    finite = theirs.isfinite().all()
    if finite and theirs.requires_grad:
        ours.sum().backward()
        theirs.sum().backward()
        for a, b in zip(own, other, strict=True):
            b_grad = torch.zeros_like(b) if b.grad is None else b.grad
            a_grad = torch.zeros_like(b) if a.grad is None else torch.from_numpy(a.grad.numpy())
            if b_grad.isfinite().all():
                compare(a_grad, b_grad, rtol=1e-5, atol=1e-6)


def test_exponential_families_by_their_normalizers() -> None:
    """The formula for all of them agrees with those of each."""
    from tensorlite.distributions.kl import _exponential_family

    d = tl.distributions
    normals, gammas = (d.Normal(0.0, 1.0), d.Normal(1.0, 2.0)), (d.Gamma(2.0, 1.0), d.Gamma(3.0, 0.5))
    for p, q in (normals, gammas, (d.Beta(2.0, 3.0), d.Beta(0.5, 1.0))):
        assert abs(_exponential_family(p, q).item() - d.kl_divergence(p, q).item()) < 1e-5
    a, b = d.Dirichlet(tl.tensor([1.0, 2.0])), d.Dirichlet(tl.tensor([0.5, 3.0]))
    assert abs(_exponential_family(a, b).item() - d.kl_divergence(a, b).item()) < 1e-5
    with pytest.raises(NotImplementedError, match="cross"):
        _exponential_family(d.Normal(0.0, 1.0), d.Gamma(1.0, 1.0))


def test_entropies_by_normalizers() -> None:
    d = tl.distributions
    wishart = d.Wishart(tl.tensor(5.0), tl.tensor([[1.0, 0.3], [0.3, 2.0]]))
    for p in (d.Normal(0.0, 2.0), d.Gamma(2.0, 3.0), d.Exponential(2.0), wishart):
        assert abs(d.ExponentialFamily.entropy(p).item() - p.entropy().item()) < 1e-5


def test_registering() -> None:
    d = tl.distributions
    with pytest.raises(TypeError, match="type_p"):
        d.register_kl(int, d.Normal)

    class A(d.Normal): ...

    class B(A): ...

    d.register_kl(A, d.Normal)(lambda p, q: tl.tensor(1.0))
    d.register_kl(d.Normal, A)(lambda p, q: tl.tensor(2.0))
    assert d.kl_divergence(B(0.0, 1.0), d.Normal(0.0, 1.0)).item() == 1
    with pytest.warns(RuntimeWarning, match="Ambiguous"):
        assert d.kl_divergence(B(0.0, 1.0), B(0.0, 1.0)).item() == 1


def test_divergences_are_means_of_log_ratios() -> None:
    """A few, by sampling, so that not only PyTorch says so."""
    d = tl.distributions
    tl.manual_seed(0)
    first, second = (d.Normal(0.0, 1.0), d.Laplace(0.5, 2.0)), (d.Gamma(2.0, 1.0), d.Gumbel(0.0, 2.0))
    for p, q in (first, second, (d.Uniform(0.1, 0.9), d.Beta(2.0, 1.0))):
        x = p.sample((20000,))
        assert abs((p.log_prob(x) - q.log_prob(x)).mean().item() - d.kl_divergence(p, q).item()) < 0.05


def test_every_family_is_its_own_neighbour() -> None:
    """The divergence from itself is zero, for all that have one."""
    zero = 0
    for make in FAMILIES.values():
        p = make(tl, tl.distributions, lambda x: tl.tensor(x, dtype=tl.float64))
        try:
            kl = tl.distributions.kl_divergence(p, p)
        except NotImplementedError:
            continue
        assert (kl.abs() < 1e-6).all()
        zero += 1
    assert zero > 25
