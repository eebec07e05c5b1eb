"""Transforms and constraints against PyTorch's: values, inverses, log determinants (also by autograd), shapes, printing."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
LIBRARIES: tuple[Any, Any] = (tl, torch)

# how it is made, and an input
TRANSFORMS: dict[str, tuple[Any, Any]] = {
    "abs": (lambda d, t: d.AbsTransform(), [1.0, -2.0]),
    "affine": (lambda d, t: d.AffineTransform(t([1.0, 2.0]), t([-0.5, 3.0])), [1.0, -2.0]),
    "affine-numbers": (lambda d, t: d.AffineTransform(1.0, -2.0), [1.0, -2.0]),
    "affine-event": (lambda d, t: d.AffineTransform(1.0, t([2.0, 3.0]), event_dim=1), [[1.0, -2.0], [0.0, 1.0]]),
    "cat": (lambda d, t: d.CatTransform([d.ExpTransform(), d.AffineTransform(1.0, 2.0)], 0, [1, 2]), [1.0, -2.0, 0.3]),
    "compose": (lambda d, t: d.ComposeTransform([d.AffineTransform(1.0, -2.0), d.SigmoidTransform()]), [1.0, -2.0]),
    "compose-dims": (lambda d, t: d.ComposeTransform([d.ExpTransform(), d.StickBreakingTransform()]), [[1.0, -2.0], [0.0, 1.0]]),
    "corr_cholesky": (lambda d, t: d.CorrCholeskyTransform(), [[1.0, -2.0, 0.3], [0.1, 0.2, -0.3]]),
    "cdf": (lambda d, t: d.CumulativeDistributionTransform(d.Normal(t(0.5), t(2.0))), [1.0, -2.0]),
    "exp": (lambda d, t: d.ExpTransform(), [1.0, -2.0]),
    "identity": (lambda d, t: d.identity_transform, [1.0, -2.0]),
    "independent": (lambda d, t: d.IndependentTransform(d.ExpTransform(), 1), [[1.0, -2.0], [0.0, 1.0]]),
    "lower_cholesky": (lambda d, t: d.LowerCholeskyTransform(), [[1.0, -2.0], [0.3, 0.2]]),
    "positive_definite": (lambda d, t: d.PositiveDefiniteTransform(), [[1.0, -2.0], [0.3, 0.2]]),
    "power": (lambda d, t: d.PowerTransform(t([2.0, -0.5])), [1.5, 0.3]),
    "reshape": (lambda d, t: d.ReshapeTransform((4,), (2, 2)), [[1.0, -2.0, 0.3, 0.2]]),
    "sigmoid": (lambda d, t: d.SigmoidTransform(), [1.0, -2.0, 700.0, -800.0]),
    "softmax": (lambda d, t: d.SoftmaxTransform(), [[1.0, -2.0, 0.3]]),
    "softplus": (lambda d, t: d.SoftplusTransform(), [1.0, -2.0, 15.0]),
    "stack": (lambda d, t: d.StackTransform([d.ExpTransform(), d.SigmoidTransform()], 1), [[1.0, -2.0], [0.0, 1.0]]),
    "stick_breaking": (lambda d, t: d.StickBreakingTransform(), [[1.0, -2.0, 0.3], [0.1, 0.2, -0.3]]),
    "tanh": (lambda d, t: d.TanhTransform(), [1.0, -2.0]),
}
each = pytest.mark.parametrize("name", TRANSFORMS)


def made(m: Any, name: str) -> tuple[Any, Any]:
    make, data = TRANSFORMS[name]

    def t(x: Any) -> Any:
        return m.tensor(x, dtype=m.float64)

    return make(m.distributions, t), t(data)


def same(ours: Any, theirs: Any, what: str) -> None:
    ours = torch.from_numpy(ours.detach().numpy().copy())
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-9, atol=1e-10, msg=lambda m: f"{what}: {m}")


def attempt(f: Any) -> Any:
    try:
        return f()
    except Exception as error:
        return type(error)


def test_all_are_tested() -> None:
    ours = {type(made(tl, name)[0]).__name__ for name in TRANSFORMS}
    assert ours >= {n for n in tl.distributions.transforms.__all__ if n[0].isupper()} - {"Transform"}
    assert sorted(tl.distributions.transforms.__all__) == sorted(torch.distributions.transforms.__all__)
    assert sorted(tl.distributions.constraints.__all__) == sorted(torch.distributions.constraints.__all__)


@each
def test_values(name: str) -> None:
    (ours, x), (theirs, z) = made(tl, name), made(torch, name)
    a, b = ours(x), theirs(z)
    same(a, b, "forward")
    same(ours.inv(a), theirs.inv(b), "inverse")
    found = [attempt(lambda f=f, u=u, v=v: f.log_abs_det_jacobian(u, v)) for f, u, v in ((ours, x, a), (theirs, z, b))]
    assert isinstance(found[0], type) == isinstance(found[1], type)
    if not isinstance(found[1], type):
        same(found[0], found[1], "log_abs_det_jacobian")
        same(ours.inv.log_abs_det_jacobian(a, x), theirs.inv.log_abs_det_jacobian(b, z), "the inverse's")


@each
def test_attributes(name: str) -> None:
    (ours, x), (theirs, z) = made(tl, name), made(torch, name)
    for what in ("bijective", "domain", "codomain", "event_dim", "sign"):
        a, b = attempt(lambda what=what: getattr(ours, what)), attempt(lambda what=what: getattr(theirs, what))
        assert repr(a) == repr(b), what
    assert repr(ours) == repr(theirs) and repr(ours.inv) == repr(theirs.inv)
    assert tuple(ours.forward_shape(x.shape)) == tuple(theirs.forward_shape(z.shape))
    assert tuple(ours.inverse_shape(ours(x).shape)) == tuple(theirs.inverse_shape(theirs(z).shape))
    assert ours.inv.inv is ours
    assert (ours == made(tl, name)[0]) == (theirs == made(torch, name)[0])
    assert ours(pickle.loads(pickle.dumps(x))).shape == ours(x).shape


@each
def test_cache(name: str) -> None:
    ours, x = made(tl, name)
    cached = ours.with_cache(1)
    y = cached(x)
    assert cached(x) is y or name in ("compose", "compose-dims", "identity")
    assert cached.inv(y) is x or name in ("compose-dims", "compose")


@pytest.mark.parametrize("name", ["exp", "sigmoid", "softplus", "tanh", "power", "affine", "cdf"])
def test_log_determinants_are_derivatives(name: str) -> None:
    transform, x = made(tl, name)
    x = x[:2].requires_grad_()
    y = transform(x)
    y.sum().backward()
    assert x.grad is not None
    assert tl.allclose(x.grad.abs().log(), transform.log_abs_det_jacobian(x, y))


CONSTRAINTS: list[tuple[Any, Any]] = [
    (lambda c: c.boolean, [0.0, 1.0, 0.5]),
    (lambda c: c.cat([c.positive, c.real], 0, [1, 2]), [-1.0, 0.0, 1.0]),
    (lambda c: c.corr_cholesky, [[1.0, 0.0], [0.6, 0.8]]),
    (lambda c: c.corr_cholesky, [[1.0, 0.0], [0.6, 0.9]]),
    (lambda c: c.greater_than(1.0), [0.0, 1.0, 2.0]),
    (lambda c: c.greater_than_eq(1.0), [0.0, 1.0, 2.0]),
    (lambda c: c.independent(c.positive, 1), [[0.0, 1.0], [1.0, 2.0]]),
    (lambda c: c.integer_interval(0, 2), [0.0, 1.0, 3.0, 0.5]),
    (lambda c: c.interval(0, 2), [0.0, 1.0, 3.0, 0.5]),
    (lambda c: c.half_open_interval(0, 1), [0.0, 1.0, 3.0, 0.5]),
    (lambda c: c.less_than(1), [0.0, 1.0, 3.0, 0.5]),
    (lambda c: c.lower_cholesky, [[1.0, 0.0], [0.6, -0.9]]),
    (lambda c: c.lower_triangular, [[[1.0, 0.0], [0.6, -0.9]], [[1.0, 0.1], [0.6, -0.9]]]),
    (lambda c: c.MixtureSameFamilyConstraint(c.positive), [0.0, 1.0, 3.0, 0.5]),
    (lambda c: c.multinomial(3), [[1.0, 2.0], [2.0, 2.0], [-1.0, 2.0]]),
    (lambda c: c.nonnegative, [0.0, 1.0, -3.0]),
    (lambda c: c.nonnegative_integer, [0.0, 1.0, -3.0, 0.5]),
    (lambda c: c.one_hot, [[0.0, 1.0], [1.0, 1.0]]),
    (lambda c: c.positive, [0.0, 1.0, -3.0]),
    (lambda c: c.positive_integer, [0.0, 1.0, -3.0, 1.5]),
    (lambda c: c.positive_definite, [[[2.0, 1.0], [1.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]]]),
    (lambda c: c.positive_definite, [[[2.0, 1.0], [0.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]]]),
    (lambda c: c.positive_semidefinite, [[[1.0, 1.0], [1.0, 1.0]], [[1.0, 2.0], [2.0, 1.0]]]),
    (lambda c: c.real, [0.0, float("nan")]),
    (lambda c: c.real_vector, [[0.0, float("nan")], [0.0, 1.0]]),
    (lambda c: c.simplex, [[0.5, 0.5], [1.5, -0.5], [0.5, 0.4]]),
    (lambda c: c.square, [[0.5, 0.5]]),
    (lambda c: c.stack([c.positive, c.real], 0), [-1.0, 0.0]),
    (lambda c: c.symmetric, [[0.5, 0.1], [0.2, 0.3]]),
    (lambda c: c.unit_interval, [0.0, 1.0, 2.0]),
]


@pytest.mark.parametrize("row", CONSTRAINTS)
def test_constraints(row: Any) -> None:
    ours, theirs = (row[0](m.distributions.constraints) for m in LIBRARIES)
    a, b = ours.check(tl.tensor(row[1])), theirs.check(torch.tensor(row[1]))
    assert a.tolist() == b.tolist()
    assert repr(ours) == repr(theirs)
    assert (ours.event_dim, ours.is_discrete) == (theirs.event_dim, theirs.is_discrete)


def test_dependent_constraints() -> None:
    c = tl.distributions.constraints
    assert c.is_dependent(c.dependent) and c.is_dependent(tl.distributions.Uniform.support)
    assert c.dependent(event_dim=1).event_dim == 1
    with pytest.raises(NotImplementedError):
        c.dependent.is_discrete  # noqa: B018
    with pytest.raises(ValueError, match="dependent"):
        c.dependent.check(tl.zeros(2))


TARGETS: list[tuple[Any, Any]] = [
    (lambda c: c.real, [0.3, -1.0]), (lambda c: c.positive, [0.3, -1.0]), (lambda c: c.greater_than(2.0), [0.3, -1.0]),
    (lambda c: c.nonnegative, [0.3, -1.0]), (lambda c: c.less_than(2.0), [0.3, -1.0]), (lambda c: c.unit_interval, [0.3, -1.0]),
    (lambda c: c.interval(-1.0, 3.0), [0.3, -1.0]), (lambda c: c.half_open_interval(-1.0, 3.0), [0.3, -1.0]),
    (lambda c: c.simplex, [0.3, -1.0]), (lambda c: c.corr_cholesky, [0.3, -1.0, 0.5]),
    (lambda c: c.lower_cholesky, [[0.3, -1.0], [0.5, 0.7]]), (lambda c: c.positive_definite, [[0.3, -1.0], [0.5, 0.7]]),
    (lambda c: c.positive_semidefinite, [[0.3, -1.0], [0.5, 0.7]]), (lambda c: c.independent(c.positive, 1), [0.3, -1.0]),
    (lambda c: c.cat([c.positive, c.real], 0, [1, 1]), [0.3, -1.0]), (lambda c: c.stack([c.positive, c.real]), [0.3, -1.0]),
]  # fmt: skip


@pytest.mark.parametrize("row", TARGETS)
@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
def test_registries(registry: str, row: Any) -> None:
    found = [attempt(lambda m=m: getattr(m.distributions, registry)(row[0](m.distributions.constraints))) for m in LIBRARIES]
    if isinstance(found[1], type):
        assert found[0] is found[1]
        return
    assert repr(found[0]) == repr(found[1])
    y = found[0](tl.tensor(row[1], dtype=tl.float64))
    same(y, found[1](torch.tensor(row[1], dtype=torch.float64)), "forward")
    assert row[0](tl.distributions.constraints).check(y).all()


def test_utils() -> None:
    ours, theirs = tl.distributions.utils, torch.distributions.utils
    for diag in (0, -1, -2):
        x = tl.randn(2, 4, 4)
        v = ours.tril_matrix_to_vec(x, diag)
        z = theirs.tril_matrix_to_vec(torch.from_numpy(x.numpy()), diag)
        same(v, z, "to a vector")
        if diag > -2:
            same(ours.vec_to_tril_matrix(v, diag), theirs.vec_to_tril_matrix(z, diag), "to a matrix")
    with pytest.raises(ValueError, match="triangular"):
        ours.vec_to_tril_matrix(tl.zeros(4))
    p = tl.tensor([0.2, 0.8])
    assert tl.allclose(ours.logits_to_probs(ours.probs_to_logits(p)), p)
    assert tl.allclose(ours.logits_to_probs(ours.probs_to_logits(p, True), True), p)
