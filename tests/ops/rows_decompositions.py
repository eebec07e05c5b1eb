"""Rows for decompositions, solvers, norms and products of matrices, in the top namespace and in ``linalg``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rows import Input, Row, real, row

__all__ = ["ROWS"]

WIDE = ("float32", "float64", "complex64", "complex128")
"""What LAPACK computes in."""
M = Any


def _hermitian(m: M, x: M) -> M:
    """A Hermitian positive-definite matrix, well away from singular ones."""
    return x @ x.mH + 3 * m.eye(x.shape[-1], dtype=x.dtype, device=x.device)


def _regular(m: M, x: M) -> M:
    """A matrix that is far from singular, and whose eigenvalues differ."""
    shift = m.arange(1, x.shape[-1] + 1, device=x.device).to(x.dtype)
    return x + m.diag_embed(4 * shift)


def _row(name: str, *inputs: Input, call: Callable[..., Any], rtol: float = 40, dtypes: tuple[str, ...] = WIDE, **options: Any) -> Row:
    return row(name, *inputs, call=call, rtol=rtol, dtypes=dtypes, **options)


def _linalg(name: str, *inputs: Input, call: Callable[..., Any], **options: Any) -> Row:
    """A row of a function of ``linalg``."""
    return _row(f"linalg.{name}", *inputs, call=lambda m, *xs: call(m, m.linalg, *xs), **options)


def _factors() -> list[Row]:
    square, batch = real(4, 4), real(2, 3, 3)
    return [
        _row("cholesky", batch, call=lambda m, x: m.cholesky(_hermitian(m, x))),
        _row("cholesky[upper]", square, call=lambda m, x: m.cholesky(_hermitian(m, x), upper=True)),
        _linalg("cholesky_ex", batch, call=lambda m, f, x: f.cholesky_ex(_hermitian(m, x)).L),
        _row("qr", real(2, 4, 3), call=lambda m, x: m.qr(x)),
        _row("qr[complete]", real(3, 4), call=lambda m, x: m.qr(x, some=False), complex_grad=False),
        _linalg("qr", real(3, 5), call=lambda m, f, x: f.qr(x)),
        _linalg("qr[r]", real(3, 5), call=lambda m, f, x: f.qr(x, "r"), grad=False),
        _row("geqrf", real(2, 4, 3), call=lambda m, x: m.geqrf(x), grad=False),
        _linalg("householder_product", real(2, 4, 3), real(2, 3), call=lambda m, f, x, t: f.householder_product(x, t)),
        _row("orgqr", real(4, 3), real(3), call=lambda m, x, t: m.orgqr(x, t)),
        _row("ormqr", real(4, 3), real(3), real(4, 2), call=lambda m, x, t, y: m.ormqr(x, t, y), grad=False),
        _row("ormqr[right]", real(4, 3), real(3), real(2, 4), call=lambda m, x, t, y: m.ormqr(x, t, y, False, True), grad=False),
        _row("lu", batch, call=lambda m, x: m.lu(_regular(m, x)), tags=frozenset({"deprecated"})),
        _linalg("lu", real(2, 4, 3), call=lambda m, f, x: f.lu(x)),
        _linalg("lu[wide]", real(3, 5), call=lambda m, f, x: f.lu(x)),
        _linalg("lu_factor", batch, call=lambda m, f, x: f.lu_factor(x)),
        _row("lu_unpack", square, call=lambda m, x: m.lu_unpack(*m.linalg.lu_factor(x))),
        _linalg("ldl_factor", batch, call=lambda m, f, x: f.ldl_factor((x + x.mT).detach()), grad=False),
        _linalg("eigh", batch, call=lambda m, f, x: (f.eigh(x + x.mH)[0], f.eigh(x + x.mH, UPLO="U")[1].abs())),
        _linalg("eigvalsh", batch, call=lambda m, f, x: f.eigvalsh(x + x.mH)),
        _linalg("eig", square, call=lambda m, f, x: (f.eig(_regular(m, x))[0], f.eig(_regular(m, x))[1].abs())),
        _linalg("eigvals", batch, call=lambda m, f, x: f.eigvals(_regular(m, x))),
        _row("svd", real(2, 4, 3), call=lambda m, x: [y.abs() for y in m.svd(x)]),
        _linalg("svd", real(3, 4), call=lambda m, f, x: [y.abs() for y in f.svd(x, False)]),
        _linalg("svdvals", real(2, 3, 4), call=lambda m, f, x: f.svdvals(x)),
    ]  # fmt: skip


def _solvers() -> list[Row]:
    square, batch = real(4, 4), real(2, 3, 3)
    right = real(2, 3, 2)
    return [
        _row("inverse", batch, call=lambda m, x: m.inverse(_regular(m, x))),
        _linalg("inv_ex", batch, call=lambda m, f, x: f.inv_ex(_regular(m, x)).inverse),
        _row("pinverse", real(2, 4, 3), call=lambda m, x: m.pinverse(x)),
        _linalg("pinv", real(2, 3, 4), call=lambda m, f, x: f.pinv(x)),
        _linalg("pinv[hermitian]", batch, call=lambda m, f, x: f.pinv(_hermitian(m, x), hermitian=True)),
        _linalg("solve", batch, right, call=lambda m, f, x, y: f.solve(_regular(m, x), y)),
        _linalg("solve[right]", real(3, 3), real(2, 2, 3), call=lambda m, f, x, y: f.solve(_regular(m, x), y, left=False)),
        _linalg("solve[vector]", real(3, 3), real(3), call=lambda m, f, x, y: f.solve(_regular(m, x), y)),
        _linalg("solve_triangular", batch, right, call=lambda m, f, x, y: f.solve_triangular(_regular(m, x), y, upper=False)),
        _linalg("solve_triangular[large]", real(20, 20, low=-0.1, high=0.1), real(20, 2),
                call=lambda m, f, x, y: f.solve_triangular(_regular(m, x), y, upper=True, unitriangular=True)),
        _row("triangular_solve", right, batch, call=lambda m, y, x: m.triangular_solve(y, _regular(m, x)),
             tags=frozenset({"deprecated"})),
        _row("cholesky_solve", right, batch, call=lambda m, y, x: m.cholesky_solve(y, _regular(m, x).tril())),
        _row("cholesky_inverse", batch, call=lambda m, x: m.cholesky_inverse(m.linalg.cholesky(_hermitian(m, x)))),
        _row("lu_solve", right, batch, call=lambda m, y, x: m.lu_solve(y, *m.linalg.lu_factor(_regular(m, x))),
             tags=frozenset({"deprecated"})),
        _linalg("lu_solve[adjoint]", right, batch,
                call=lambda m, f, y, x: f.lu_solve(*f.lu_factor(_regular(m, x)), y, adjoint=True)),
        _linalg("ldl_solve", right, batch, grad=False,
                call=lambda m, f, y, x: f.ldl_solve(*f.ldl_factor((x + x.mT).detach()), y)),
        _linalg("lstsq", real(2, 4, 3), real(2, 4, 2), call=lambda m, f, x, y: f.lstsq(x, y).solution),
        _linalg("tensorinv", real(2, 3, 6), call=lambda m, f, x: f.tensorinv(x)),
        _linalg("tensorsolve", real(2, 3, 6), real(2, 3), call=lambda m, f, x, y: f.tensorsolve(x, y)),
        _row("det", batch, call=lambda m, x: m.det(x)),
        _row("slogdet", batch, call=lambda m, x: tuple(m.slogdet(x))),
        _row("logdet", batch, call=lambda m, x: m.logdet(_hermitian(m, x))),
        _row("matrix_exp", batch, call=lambda m, x: m.matrix_exp(x / 2)),
        _row("matrix_power", square, call=lambda m, x: m.matrix_power(x, 5)),
        _row("matrix_power[negative]", batch, call=lambda m, x: m.matrix_power(_regular(m, x), -2)),
    ]  # fmt: skip


def _norms() -> list[Row]:
    matrices = real(2, 3, 4)
    rows = [
        _linalg(f"matrix_norm[{p}]", matrices, call=lambda m, f, x, p=p: f.matrix_norm(x, p))
        for p in ("fro", "nuc", 2, -2, 1, -1, float("inf"), -float("inf"))
    ]
    rows += [
        _linalg(f"vector_norm[{p}]", matrices, call=lambda m, f, x, p=p: f.vector_norm(x, p, dim=(0, 2)))
        for p in (0, 1, 2, 3.5, -1, float("inf"))
    ]
    return [
        *rows,
        _linalg("norm", matrices, call=lambda m, f, x: f.norm(x, "nuc", dim=(1, 2), keepdim=True)),
        _row("nuclear_norm", real(3, 4), call=lambda m, x: m.nuclear_norm(x)),
        _row("frobenius_norm", real(3, 4), call=lambda m, x: m.frobenius_norm(x, 1)),
        _row("norm_except_dim", real(2, 3, 4), call=lambda m, x: m.norm_except_dim(x, 2, 1)),
        _row("norm[nuc]", real(3, 4), call=lambda m, x: m.norm(x, "nuc")),
        _linalg("cond", real(3, 3), call=lambda m, f, x: f.cond(_regular(m, x))),
        _linalg("cond[1]", real(3, 3), call=lambda m, f, x: f.cond(_regular(m, x), 1)),
        _linalg("matrix_rank", real(2, 3, 4), call=lambda m, f, x: f.matrix_rank(x), grad=False),
        _row("cdist", real(2, 3, 4), real(2, 5, 4), call=lambda m, x, y: m.cdist(x, y), dtypes=("float32", "float64")),
        _row("cdist[3]", real(3, 4), real(5, 4), call=lambda m, x, y: m.cdist(x, y, p=3), dtypes=("float32", "float64")),
        _row("cdist[products]", real(3, 4), real(5, 4), dtypes=("float32", "float64"),
             call=lambda m, x, y: m.cdist(x, y, compute_mode="use_mm_for_euclid_dist")),
        row("renorm", real(3, 4), call=lambda m, x: m.renorm(x, 2, 0, 1.5), rtol=4),
    ]  # fmt: skip


def _products() -> list[Row]:
    return [
        row("kron", real(2, 3), real(2, 1, 2)),
        row("adjoint", real(2, 3, 4)),
        row("vander", real(4), call=lambda m, x: m.vander(x, 3), rtol=4),
        row("vander[increasing]", real(4), call=lambda m, x: m.vander(x, increasing=True), rtol=4),
        row("block_diag", real(2, 3), real(2), real(), call=lambda m, *xs: m.block_diag(*xs)),
        row("cross", real(3, 4), real(3, 4), call=lambda m, x, y: m.cross(x, y, dim=0), rtol=4),
        _linalg("cross", real(1, 2, 3), real(4, 1, 3), call=lambda m, f, x, y: f.cross(x, y)),
        _linalg("vecdot", real(2, 3), real(4, 1, 3), call=lambda m, f, x, y: f.vecdot(x, y)),
        _linalg("diagonal", real(2, 3, 4), call=lambda m, f, x: f.diagonal(x, offset=1)),
        _linalg("vander", real(2, 3), call=lambda m, f, x: f.vander(x, N=4)),
        _linalg("multi_dot", real(3), real(3, 4), real(4, 2), real(2, 5), call=lambda m, f, *xs: f.multi_dot(xs)),
        row("cov", real(3, 5), rtol=10, dtypes=(*WIDE, "int64")),
        _row("cov[weights]", real(3, 5), Input((5,), 1, 4, "index"), Input((5,), 0.3, 3.0),
             call=lambda m, x, f, a: m.cov(x, fweights=f, aweights=a), dtypes=("float32", "float64")),
        row("corrcoef", real(3, 5), rtol=10, dtypes=(*WIDE, "int64")),
        _row("svd_lowrank", real(5, 3), call=lambda m, x: _seeded(m, m.svd_lowrank, x, 3)),
        _row("pca_lowrank", real(3, 5), call=lambda m, x: _seeded(m, m.pca_lowrank, x, 2), gradgrad=False),
    ]  # fmt: skip


def _seeded(m: M, function: Any, *args: Any) -> Any:
    m.manual_seed(0)
    return [x.abs() for x in function(*args)]


ROWS = [*_factors(), *_solvers(), *_norms(), *_products()]
