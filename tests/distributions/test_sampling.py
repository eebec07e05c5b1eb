"""Gamma, Dirichlet and binomial numbers: PyTorch's own, and their derivatives against inverse distribution functions."""

from __future__ import annotations

import pytest

import tensorlite as tl
from tensorlite.ops.sampling import dirichlet_grad, standard_gamma_grad
from tensorlite.tensor.sampling import sample_dirichlet, standard_gamma

special = pytest.importorskip("scipy.special")
np = pytest.importorskip("numpy")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_are_those_of_pytorch(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    a = (torch.rand(600, dtype=getattr(torch, dtype)) * 6) ** 2 * 0.3 + 0.001
    count, chance = torch.randint(0, 200, (600,)).to(a.dtype), torch.rand(600, dtype=a.dtype)
    cases = [
        (lambda: standard_gamma(tl.tensor(a.numpy())), lambda: torch._standard_gamma(a)),
        (lambda: sample_dirichlet(tl.tensor(a.numpy()).reshape(-1, 3)), lambda: torch._sample_dirichlet(a.reshape(-1, 3))),
        (lambda: tl.binomial(tl.tensor(count.numpy()), tl.tensor(chance.numpy())), lambda: torch.binomial(count, chance)),
    ]
    for ours, theirs in cases:
        tl.manual_seed(5), torch.manual_seed(5)
        assert ours().tolist() == theirs().tolist()
        assert tl.randn(2).tolist() == torch.randn(2).tolist()  # and both went as far


def test_gamma_numbers_move_along_their_quantiles() -> None:
    rng = np.random.default_rng(0)
    a, u = 10 ** rng.uniform(-1.5, 4, 100), rng.uniform(0.001, 0.999, 100)
    inverse, h = special.gammaincinv, a * 1e-4
    x = inverse(a, u)
    slope = (8 * (inverse(a + h, u) - inverse(a - h, u)) - (inverse(a + 2 * h, u) - inverse(a - 2 * h, u))) / (12 * h)
    np.testing.assert_allclose(standard_gamma_grad(tl.tensor(a), tl.tensor(x)).numpy(), slope, rtol=1e-6)


def test_dirichlet_numbers_move_along_their_quantiles() -> None:
    rng = np.random.default_rng(0)
    a, b, u = 10 ** rng.uniform(-1, 3, 100), 10 ** rng.uniform(-1, 3, 100), rng.uniform(0.01, 0.9, 100)
    inverse, h = special.betaincinv, a * 1e-4
    x = inverse(a, b, u)
    slope = (8 * (inverse(a + h, b, u) - inverse(a - h, b, u)) - (inverse(a + 2 * h, b, u) - inverse(a - 2 * h, b, u))) / (12 * h)
    kept = (x < 0.99) & (x > 1e-12)
    found = dirichlet_grad(tl.tensor(x), tl.tensor(a), tl.tensor(a + b)).numpy() * (1 - x)
    assert kept.sum() > 60
    np.testing.assert_allclose(found[kept], slope[kept], rtol=1e-5)


def test_limits() -> None:
    assert standard_gamma(tl.zeros(1)).item() > 0
    assert tl.binomial(tl.tensor([0.0, 5.0, 5.0]), tl.tensor([0.5, 0.0, 1.0])).tolist() == [0.0, 0.0, 5.0]
    assert tl.binomial(tl.tensor([float("nan"), 3.0]), tl.tensor([0.5, float("nan")])).isnan().all()
    for call in (lambda: tl.binomial(tl.tensor([1]), tl.tensor([1])), lambda: standard_gamma(tl.tensor([1]))):
        with pytest.raises(RuntimeError, match="floating"):
            call()
    with pytest.raises(RuntimeError, match="one dtype"):
        tl.binomial(tl.tensor([1.0]), tl.tensor([0.5], dtype=tl.float64))


def test_on_another_device() -> None:
    d = tl.distributions
    pytest.importorskip("strict_backend")
    a = tl.tensor([0.5, 2.0], device="strict", requires_grad=True)
    for made in (d.Gamma(a, 1.0), d.Beta(a, a), d.StudentT(a), d.Normal(a, 1.0), d.Gumbel(a, a)):
        x = made.rsample((3,))
        (made.log_prob(x.detach()).sum() + x.sum()).backward()
        assert a.grad is not None and a.grad.device.type == "strict" and a.grad.isfinite().all()
    assert d.Binomial(4, a.detach() / 4).sample().device.type == "strict"
