"""Every distribution against PyTorch's: shapes, printing, samples of a seed and their gradients, densities, moments, entropy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from families import APPROXIMATE, FAMILIES

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
pytestmark = pytest.mark.filterwarnings("ignore:sample_n")
LIBRARIES: tuple[Any, Any] = (tl, torch)
each = pytest.mark.parametrize("name", FAMILIES)


def made(m: Any, name: str, leaves: list[Any] | None = None, dtype: str = "float64") -> Any:
    def tensor(data: Any) -> Any:
        x = m.tensor(data, dtype=getattr(m, dtype))
        if leaves is not None:
            leaves.append(x.requires_grad_())
        return x

    return FAMILIES[name](m, m.distributions, tensor)


def plain(x: Any) -> Any:
    return torch.from_numpy(x.detach().numpy().copy()) if isinstance(x, tl.Tensor) else x.detach()


def same(ours: Any, theirs: Any, what: str, rtol: float = 1e-7, atol: float = 1e-9) -> None:
    torch.testing.assert_close(plain(ours), plain(theirs), rtol=rtol, atol=atol, equal_nan=True, msg=lambda m: f"{what}: {m}")


def attempt(f: Any) -> Any:
    """What f returns, or the class of its error."""
    try:
        return f()
    except Exception as error:
        return type(error)


def both(ours: Any, theirs: Any, what: str, **tolerance: float) -> None:
    a, b = attempt(ours), attempt(theirs)
    if b is AttributeError:  # a slip of PyTorch's: an expanded Multinomial has no entropy
        assert not isinstance(a, type)
    elif isinstance(b, type):
        assert a is b, f"{what}: {a} instead of {b}"
    else:
        assert not isinstance(a, type), f"{what}: {ours()}"
        same(a, b, what, **tolerance)


def test_all_are_tested() -> None:
    assert sorted(tl.distributions.__all__) == sorted(torch.distributions.__all__)
    tested = {type(made(tl, name)).__name__ for name in FAMILIES}
    d = tl.distributions
    kinds = {n for n in d.__all__ if isinstance(getattr(d, n), type) and issubclass(getattr(d, n), d.Distribution)}
    assert kinds - tested == {"Distribution", "ExponentialFamily"}


@each
def test_shapes_and_printing(name: str) -> None:
    ours, theirs = (made(m, name, dtype="float32") for m in LIBRARIES)
    for what in ("batch_shape", "event_shape", "has_rsample", "has_enumerate_support", "arg_constraints", "support"):
        assert repr(getattr(ours, what)) == repr(getattr(theirs, what)), what
    assert ours.support.event_dim == theirs.support.event_dim
    assert ours.support.is_discrete == theirs.support.is_discrete
    assert repr(ours) == repr(theirs)
    wide = tuple(f(d.batch_shape) for d, f in ((ours, lambda s: (2, *s)), (theirs, lambda s: (2, *s))))
    assert repr(ours.expand(wide[0])) == repr(theirs.expand(wide[1]))


@each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples(name: str, dtype: str) -> None:
    ours, theirs = (made(m, name, dtype=dtype) for m in LIBRARIES)
    if name == "wishart":  # PyTorch takes its good samples for singular ones, warns, and draws them again
        theirs.sample = theirs._bartlett_sampling
        theirs.expand = lambda shape: SimpleNamespace(sample=type(theirs).expand(theirs, shape)._bartlett_sampling)
    exact = {"rtol": 1e-12, "atol": 1e-12} if dtype == "float64" else {"rtol": 2e-5, "atol": 1e-5}
    for shape in ((), (3,), (2, 5)):
        for m in LIBRARIES:
            m.manual_seed(4)
        same(ours.sample(shape), theirs.sample(shape), f"sample({shape})", **exact)
        same(tl.rand(2), torch.rand(2), "the next numbers")
    wide = (2, *ours.batch_shape)
    for m in LIBRARIES:
        m.manual_seed(4)
    same(ours.expand(wide).sample((2,)), theirs.expand(wide).sample((2,)), "expanded", **exact)


@each
def test_gradients_of_samples(name: str) -> None:
    leaves: tuple[list[Any], list[Any]] = ([], [])
    results: list[Any] = []
    for m, own in zip(LIBRARIES, leaves, strict=True):
        d = made(m, name, own)
        m.manual_seed(2)
        # PyTorch takes good samples of Wishart for singular ones, warns, and draws them again
        draw = d._bartlett_sampling if name == "wishart" and m is torch else d.rsample
        x = attempt(lambda draw=draw: draw((3,)))
        results.append(x)
        if not isinstance(x, type):
            weights = m.arange(x.numel(), dtype=m.float64).reshape(x.shape).cos()
            (x * weights).sum().backward()
    if isinstance(results[1], type):
        assert results[0] is results[1]
        return
    same(results[0], results[1], "rsample")
    close = {"rtol": 5e-3, "atol": 1e-3} if name in APPROXIMATE else {"rtol": 1e-7, "atol": 1e-8}
    for number, (a, b) in enumerate(zip(*leaves, strict=True)):
        assert (a.grad is None) == (b.grad is None)
        if a.grad is not None:
            same(a.grad, b.grad, f"gradient {number}", **close)


@each
def test_densities(name: str) -> None:
    leaves: tuple[list[Any], list[Any]] = ([], [])
    single = name == "generalized_pareto"  # in float64 PyTorch's own raises that dtypes differ
    dtype = "float32" if single else "float64"
    ours, theirs = (made(m, name, own, dtype) for m, own in zip(LIBRARIES, leaves, strict=True))
    tl.manual_seed(0)
    x = ours.sample((4,))
    value = torch.from_numpy(x.numpy())
    a, b = ours.log_prob(x), theirs.log_prob(value)
    same(a, b, "log_prob", rtol=1e-5 if single else 1e-6, atol=1e-7)
    a.sum().backward()
    b.sum().backward()
    for number, (p, q) in enumerate(zip(*leaves, strict=True)):
        assert (p.grad is None) == (q.grad is None)
        if p.grad is not None:
            same(p.grad, q.grad, f"gradient {number}", rtol=1e-5 if single else 1e-6, atol=1e-6)
    near = {"rtol": 1e-5, "atol": 1e-6} if single else {}
    both(lambda: ours.cdf(x), lambda: theirs.cdf(value), "cdf", **near)
    if not ours.event_shape:
        u = torch.linspace(0.05, 0.95, 5, dtype=getattr(torch, dtype)).reshape(-1, *[1] * len(ours.batch_shape))
        both(lambda: ours.icdf(tl.tensor(u.numpy())), lambda: theirs.icdf(u), "icdf", **near)


@each
def test_moments(name: str) -> None:
    ours, theirs = (made(m, name) for m in LIBRARIES)
    for what in ("mean", "variance", "stddev") if name == "kumaraswamy" else ("mean", "mode", "variance", "stddev"):
        both(lambda what=what: getattr(ours, what), lambda what=what: getattr(theirs, what), what, rtol=1e-6)
    both(ours.entropy, theirs.entropy, "entropy", rtol=1e-6, atol=1e-7)
    both(ours.perplexity, theirs.perplexity, "perplexity", rtol=1e-6, atol=1e-7)
    for expand in (True, False):
        both(lambda e=expand: ours.enumerate_support(e), lambda e=expand: theirs.enumerate_support(e), "enumerate_support")
    wide = (2, *ours.batch_shape)
    both(lambda: ours.expand(wide).mean, lambda: theirs.expand(wide).mean, "mean of the expanded", rtol=1e-6)
    both(lambda: ours.expand(wide).entropy(), lambda: theirs.expand(wide).entropy(), "entropy of the expanded", rtol=1e-6)


FAULTS: list[Any] = [
    lambda m, d, t: d.Normal(t(0.0), t(-1.0)),
    lambda m, d, t: d.Normal(t(float("nan")), t(1.0)),
    lambda m, d, t: d.Normal("x", 1.0),
    lambda m, d, t: d.Normal(0.0, 1.0).log_prob(1.0),
    lambda m, d, t: d.Normal(t([0.0, 1.0]), 1.0).log_prob(t([0.0, 1.0, 2.0])),
    lambda m, d, t: d.Exponential(1.0).log_prob(t(-1.0)),
    lambda m, d, t: d.Bernoulli(1.5),
    lambda m, d, t: d.Bernoulli(),
    lambda m, d, t: d.Bernoulli(0.5, 0.5),
    lambda m, d, t: d.Bernoulli(0.5).log_prob(t(0.5)),
    lambda m, d, t: d.Bernoulli(0.5).rsample(),
    lambda m, d, t: d.Binomial(3, t(0.5)).log_prob(t(4.0)),
    lambda m, d, t: d.Binomial(t([3.0, 4.0]), t(0.5)).entropy(),
    lambda m, d, t: d.Categorical(t(0.5)),
    lambda m, d, t: d.Categorical(t([-0.5, 1.0])),
    lambda m, d, t: d.Categorical(t([0.5, 0.5])).log_prob(t(2.0)),
    lambda m, d, t: d.Dirichlet(t(0.5)),
    lambda m, d, t: d.Dirichlet(t([0.5, 1.0])).log_prob(t([0.5, 1.0])),
    lambda m, d, t: d.Geometric(t(0.0)),
    lambda m, d, t: d.Uniform(1.0, 0.0),
    lambda m, d, t: d.Multinomial(t([3.0, 4.0]), t([0.5, 0.5])),
    lambda m, d, t: d.MultivariateNormal(t(0.0), t([[1.0]])),
    lambda m, d, t: d.MultivariateNormal(t([0.0]), t([1.0])),
    lambda m, d, t: d.MultivariateNormal(t([0.0])),
    lambda m, d, t: d.MultivariateNormal(t([0.0, 0.0]), t([[1.0, 2.0], [2.0, 1.0]])),
    lambda m, d, t: d.LowRankMultivariateNormal(t([0.0, 0.0]), t([[1.0]]), t([1.0, 1.0])),
    lambda m, d, t: d.Wishart(t(1.0), m.eye(3)),
    lambda m, d, t: d.LKJCholesky(1),
    lambda m, d, t: d.Independent(d.Normal(t([0.0]), 1.0), 2),
    lambda m, d, t: d.TransformedDistribution(d.Normal(0.0, 1.0), "x"),
    lambda m, d, t: d.TransformedDistribution(d.Normal(0.0, 1.0), d.StickBreakingTransform()),
    lambda m, d, t: d.MixtureSameFamily(d.Normal(t([0.0]), 1.0), d.Normal(t([0.0]), 1.0)),
    lambda m, d, t: d.MixtureSameFamily(d.Categorical(t([0.5, 0.5])), d.Normal(t([0.0]), 1.0)),
    lambda m, d, t: d.Distribution.set_default_validate_args(3),
    lambda m, d, t: d.kl_divergence(d.Cauchy(0.0, 1.0), d.Normal(0.0, 1.0)),
    lambda m, d, t: d.AffineTransform(0, 1, cache_size=2),
    lambda m, d, t: d.ReshapeTransform((2,), (3,)),
    lambda m, d, t: d.biject_to(d.constraints.lower_cholesky),
    lambda m, d, t: d.transform_to(d.constraints.boolean),
    lambda m, d, t: d.biject_to.register(3, None)(3),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_errors(fault: Any) -> None:
    found = [attempt(lambda m=m: fault(m, m.distributions, m.tensor)) for m in LIBRARIES]
    assert isinstance(found[1], type)
    assert isinstance(found[0], type) and issubclass(found[0], found[1]), found


def test_mode_of_kumaraswamy() -> None:
    """PyTorch's is nan wherever the second concentration is above 1; the density is flat at ours."""
    d = tl.distributions.Kumaraswamy(tl.tensor(2.0, dtype=tl.float64), tl.tensor(3.0, dtype=tl.float64))
    at = d.mode.requires_grad_()
    d.log_prob(at).backward()
    assert at.grad is not None and abs(at.grad.item()) < 1e-9
    assert tl.distributions.Kumaraswamy(0.5, 3.0).mode.isnan()


def test_a_subclass_needs_its_own_expand() -> None:
    class Mine(tl.distributions.Normal):
        def __init__(self) -> None:
            super().__init__(0.0, 1.0)

    with pytest.raises(NotImplementedError, match=r"custom \.expand\(\)"):
        Mine().expand((2,))


def test_checks_can_be_left_out() -> None:
    assert tl.distributions.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
    tl.distributions.Distribution.set_default_validate_args(False)
    try:
        assert tl.distributions.Normal(0.0, -1.0).scale.item() == -1
    finally:
        tl.distributions.Distribution.set_default_validate_args(True)
    with pytest.warns(FutureWarning, match="sample_n"):
        assert tl.distributions.Normal(0.0, 1.0).sample_n(3).shape == (3,)
