"""Linear algebra beyond the table of ops: names, errors, info, empty matrices, gauges, SciPy missing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl
from tensorlite.autograd import gradcheck
from tensorlite.backends import get_backend

SINGULAR = [[[1.0, 2.0], [2.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]]


def test_names_are_pytorchs() -> None:
    """`tl.linalg` has what `torch.linalg` has."""
    torch = pytest.importorskip("torch")
    theirs = {n for n in dir(torch.linalg) if not n.startswith("_")} - {"common_notes"}
    assert theirs == set(tl.linalg.__all__)


def test_every_function_is_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each function of `linalg` is called by a row: under its own name or that of the older function for which it stands."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "ops"))
    rows = import_module("rows_decompositions").ROWS
    called = {r.name.removeprefix("linalg.").partition("[")[0] for r in rows} | {"matmul"}
    stand_for = {"inv": "inverse", "ldl_factor_ex": "ldl_factor", "lu_factor_ex": "lu_factor", "solve_ex": "solve"}
    missing = [n for n in tl.linalg.__all__ if n != "LinAlgError" and stand_for.get(n, n) not in called]
    assert not missing


@pytest.mark.parametrize("name", ["cholesky", "inv", "lu_factor"])
def test_a_batch_names_the_matrix_that_failed(name: str) -> None:
    with pytest.raises(tl.linalg.LinAlgError, match=r"\(Batch element 0\)"):
        getattr(tl.linalg, name)(tl.tensor(SINGULAR))


def test_linalg_error_is_a_runtime_error() -> None:
    assert issubclass(tl.linalg.LinAlgError, RuntimeError)
    with pytest.raises(tl.linalg.LinAlgError, match="singular"):
        tl.linalg.solve(tl.tensor(SINGULAR), tl.ones(2, 2, 1))


@pytest.mark.parametrize("name", ["cholesky_ex", "inv_ex", "lu_factor_ex"])
@pytest.mark.parametrize("device", ["cpu", "strict", "emulated"])
def test_info_is_lapacks(name: str, device: str) -> None:
    """0 where it went well; the matrices that did are not touched by those that did not."""
    torch = pytest.importorskip("torch")
    ours = getattr(tl.linalg, name)(_on(tl.tensor(SINGULAR), device))
    theirs = getattr(torch.linalg, name)(torch.tensor(SINGULAR))
    assert ours.info.tolist() == theirs.info.tolist()
    assert ours.info.dtype == tl.int32
    assert tl.equal(ours[0][1].cpu(), tl.eye(2))


def test_info_counts_leading_minors() -> None:
    """The order of the first minor of a larger matrix that is not positive-definite, and the pivot that is zero."""
    torch = pytest.importorskip("torch")
    for bad in (0, 3, 7):
        values = tl.eye(8)
        values[bad, bad] = 0
        theirs = torch.from_numpy(values.numpy().copy())
        assert tl.linalg.cholesky_ex(values).info.item() == torch.linalg.cholesky_ex(theirs).info.item()
        assert tl.linalg.inv_ex(values).info.item() == torch.linalg.inv_ex(theirs).info.item()


def _on(x: Any, device: str) -> Any:
    from tensorlite.autograd.base import wrap

    xp = get_backend(device)
    return x if device == "cpu" else wrap(xp.from_numpy(x.numpy()), xp)


def test_what_is_not_finite() -> None:
    """As in PyTorch: no singular values of nan, eigenvalues of nan where the matrix is Hermitian, refused where it is not."""
    x = tl.tensor([[[1.0, float("nan")], [float("nan"), 1.0]], [[1.0, 0.0], [0.0, 1.0]]])
    for name in ("svd", "svdvals"):
        with pytest.raises(tl.linalg.LinAlgError, match="NaN"):
            getattr(tl.linalg, name)(x)
    values = tl.linalg.eigvalsh(x)
    assert values[0].isnan().all()
    assert values[1].tolist() == [1, 1]
    for name in ("eig", "eigvals"):
        with pytest.raises(RuntimeError, match="NaN"):
            getattr(tl.linalg, name)(x)


REFUSED: list[Callable[[], Any]] = [
    lambda: tl.linalg.svd(tl.ones(3)),
    lambda: tl.linalg.inv(tl.ones(2, 3)),
    lambda: tl.linalg.eigh(tl.eye(2, dtype=tl.float16)),
    lambda: tl.linalg.eigh(tl.eye(2), UPLO="X"),
    lambda: tl.linalg.qr(tl.eye(2), "full"),
    lambda: tl.linalg.det(tl.eye(2, dtype=tl.int64)),
    lambda: tl.linalg.solve(tl.eye(2), tl.ones(3, 1)),
    lambda: tl.linalg.solve(tl.eye(2), tl.ones(2, dtype=tl.float64)),
    lambda: tl.linalg.eig(tl.tensor([[float("nan")]])),
    lambda: tl.linalg.lu_factor(tl.eye(2), pivot=False),
    lambda: tl.linalg.multi_dot([tl.eye(2)]),
    lambda: tl.linalg.matrix_norm(tl.eye(2), 3),
    lambda: tl.linalg.norm(tl.ones(2, 2, 2), 2),
    lambda: tl.linalg.vector_norm(tl.ones(0), float("inf")),
    lambda: tl.cdist(tl.ones(2, 3), tl.ones(2, 2)),
    lambda: tl.renorm(tl.ones(2, 2), -1, 0, 1),
]


@pytest.mark.parametrize("call", REFUSED)
def test_refusals(call: Callable[[], Any]) -> None:
    with pytest.raises(RuntimeError):
        call()


def test_gradients_that_pytorch_refuses_are_refused() -> None:
    x = tl.eye(3)[:, :2].clone().requires_grad_()
    with pytest.raises(RuntimeError, match="mode='r'"):
        tl.linalg.qr(x, "r").R.sum().backward()
    with pytest.raises(RuntimeError, match="nrows > ncols"):
        tl.linalg.qr(x, "complete").Q.sum().backward()


@pytest.mark.parametrize("name", ["eigh", "eig", "svd"])
def test_a_loss_that_depends_on_a_phase_has_no_gradient(name: str) -> None:
    """Complex vectors are unique up to a phase."""
    tl.manual_seed(0)
    x = tl.randn(3, 3, dtype=tl.complex128)
    x = (x + x.mH if name == "eigh" else x).requires_grad_()
    loss = getattr(tl.linalg, name)(x)[1 if name != "svd" else 0].imag.sum()
    with pytest.raises(RuntimeError, match="ill-defined"):
        loss.backward()


def test_equal_singular_values_have_gradients() -> None:
    """Only the gradients of vectors need values that differ."""
    for function in (tl.linalg.svdvals, tl.linalg.eigvalsh):
        x = tl.eye(3, dtype=tl.float64).requires_grad_()
        function(x).sum().backward()
        assert tl.equal(x.grad, tl.eye(3, dtype=tl.float64))


@pytest.mark.parametrize("values", [[[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[1.0, 2, 3], [4, 5, 6], [5, 7, 9]]])
def test_determinants_of_singular_matrices_have_gradients(values: Any) -> None:
    """The cofactors, which are finite differences' numbers; PyTorch gives zeros."""
    assert gradcheck(tl.linalg.det, tl.tensor(values, dtype=tl.float64, requires_grad=True))


def test_pseudo_inverses_of_singular_matrices_have_gradients() -> None:
    tl.manual_seed(0)
    a, b = (tl.randn(4, 2, dtype=tl.float64, requires_grad=True) for _ in range(2))
    assert gradcheck(lambda a, b: tl.linalg.pinv(a @ b.mT, rtol=1e-9), (a, b))


EMPTY: list[tuple[str, tuple[int, ...]]] = [
    *[(n, s) for n in ("cholesky", "inv", "det", "slogdet", "eigh", "eigvals", "matrix_exp", "lu_factor", "ldl_factor")
      for s in ((0, 0), (0, 3, 3), (2, 0, 0))],
    *[(n, s) for n in ("svd", "svdvals", "qr", "pinv", "matrix_rank", "lu") for s in ((0, 3), (3, 0), (0, 3, 2))],
]  # fmt: skip


@pytest.mark.parametrize(("name", "shape"), EMPTY)
def test_empty(name: str, shape: tuple[int, ...]) -> None:
    """No matrices, and matrices without elements."""
    torch = pytest.importorskip("torch")
    ours, theirs = getattr(tl.linalg, name)(tl.zeros(shape)), getattr(torch.linalg, name)(torch.zeros(shape))
    pairs = zip(ours, theirs, strict=True) if isinstance(ours, tuple) else [(ours, theirs)]
    for x, y in pairs:
        assert tuple(x.shape) == tuple(y.shape)
        assert str(x.dtype) == str(y.dtype)
        assert x.tolist() == y.tolist()


def test_low_rank_draws_pytorchs_numbers() -> None:
    torch = pytest.importorskip("torch")
    tl.manual_seed(3)
    torch.manual_seed(3)
    ours = tl.svd_lowrank(tl.arange(12.0).reshape(4, 3), q=2)
    theirs = torch.svd_lowrank(torch.arange(12.0).reshape(4, 3), q=2)
    torch.testing.assert_close(torch.from_numpy(ours[1].numpy()), theirs[1])
    assert tl.randn(1).item() == pytest.approx(torch.randn(1).item())


def test_results_are_named_and_printed_as_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    assert repr(tl.linalg.slogdet(tl.eye(2))) == repr(torch.linalg.slogdet(torch.eye(2)))
    values, vectors = tl.empty(0), tl.empty(0)
    found = tl.linalg.eigh(tl.eye(2), out=(values, vectors))
    assert found.eigenvalues is values
    assert found.eigenvectors is vectors


@pytest.mark.parametrize("name", ["lu_factor", "ldl_factor", "matrix_exp"])
def test_without_scipy_the_error_names_the_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    monkeypatch.setitem(sys.modules, "scipy.linalg.lapack", None)
    with pytest.raises(RuntimeError, match=r"tensorlite\[scipy\]"):
        getattr(tl.linalg, name)(tl.eye(2))


def test_addbmm_in_place_takes_the_shape_of_the_product() -> None:
    torch = pytest.importorskip("torch")
    for shape in ((), (1,), (4,), (3, 4)):
        ours = tl.ones(shape).addbmm_(tl.ones(2, 3, 5), tl.ones(2, 5, 4))
        theirs = torch.ones(shape).addbmm_(torch.ones(2, 3, 5), torch.ones(2, 5, 4))
        assert ours.tolist() == theirs.tolist()
