"""Decompositions of batches of matrices, with the gradients of their factors.

Rules take gradients as PyTorch does, for a real loss: with respect to the real and the imaginary part. What is not said beside a
rule is from Giles, An extended collection of matrix derivative results (2008), and for complex eigenvalues from Boeddeker et al.,
On the computation of complex-valued gradients (2017).
"""

from __future__ import annotations

from typing import Any

from ..autograd.op import composite, op

Array = Any
_PHASE = 1e-2
"""A smaller part of a gradient along the phases of vectors is rounding."""


@composite
def adjoint(xp: Any, x: Array) -> Array:
    """The conjugate transpose."""
    x = xp.matrix_transpose(x)
    return xp.conj(x) if x.dtype in xp.complexes else x


@composite
def chain(xp: Any, *xs: Array) -> Array:
    """The product of several matrices, from the left."""
    out = xs[0]
    for x in xs[1:]:
        out = xp.matmul(out, x)
    return out


def _columns(xp: Any, x: Array, start: int, stop: int) -> Array:
    """Some columns of matrices."""
    return xp.basic_index(x, key=(Ellipsis, slice(start, stop)))


def _rows(xp: Any, x: Array, start: int, stop: int) -> Array:
    """Some rows of matrices."""
    return xp.basic_index(x, key=(Ellipsis, slice(start, stop), slice(None)))


def _row(xp: Any, x: Array) -> Array:
    """A vector, to scale columns with."""
    return xp.expand_dims(x, axis=x.ndim - 1)


def _column(xp: Any, x: Array) -> Array:
    """A vector, to scale rows with."""
    return xp.expand_dims(x, axis=x.ndim)


def _main_diagonal(xp: Any, x: Array) -> Array:
    return xp.diagonal(x, offset=0, axis1=x.ndim - 2, axis2=x.ndim - 1)


def _on_diagonal(xp: Any, x: Array) -> Array:
    """Matrices with the last dimension on their diagonal."""
    n = x.shape[-1]
    return xp.diagonal_spread(x, shape=(*x.shape[:-1], n, n), offset=0, axis1=x.ndim - 1, axis2=x.ndim)


def _ratio(xp: Any, x: Array, y: Array) -> Array:
    """x / y, but zero over zero is zero: no vector is wanted there, so that equal values do no harm."""
    return x / xp.where((y == 0) & (x == 0), 1, y)


def _gaps(xp: Any, values: Array) -> Array:
    """values_j - values_i at (i, j), and ones on the diagonal."""
    n = values.shape[-1]
    return _row(xp, values) - _column(xp, values) + xp.eye(n, n, dtype=values.dtype)


def _refuse_phases(xp: Any, diagonal: Array, name: str) -> None:
    """Vectors are unique up to a phase; a loss that depends on it has no gradient.

    Raises:
        RuntimeError: the gradient has a part along the phases.
    """
    if diagonal.dtype in xp.complexes and xp.bool(xp.any(xp.abs(xp.imag(diagonal)) > _PHASE)):
        raise RuntimeError(
            f"{name}: the vectors in the complex case are specified up to multiplication by e^(i phi). The specified loss function "
            "depends on this quantity, so it is ill-defined: use a loss that does not, such as one of absolute values."
        )


# Cholesky


def _cholesky(xp: Any, g_factor: Array, factor: Array) -> Array:
    inner = xp.tril(xp.chain(xp.adjoint(factor), g_factor))
    back = xp.adjoint(inner)
    inner = (inner + back - _on_diagonal(xp, _main_diagonal(xp, back))) / 2
    upper = xp.adjoint(factor)
    half = xp.triangular_solve(upper, inner, upper=True, unit=False)
    return xp.adjoint(xp.triangular_solve(upper, xp.adjoint(half), upper=True, unit=False))


cholesky_ex = op("cholesky_ex(x, *, upper) -> factor, info", holomorphic=False, node_name="LinalgCholeskyEx", x=_cholesky)

# QR: Walter and Lehmann, Algorithmic differentiation of linear algebra functions (2018).


def _qr(xp: Any, g_q: Array, g_r: Array, q: Array, r: Array, mode: str) -> Array:
    if mode == "r":
        raise RuntimeError("The derivative of linalg.qr is not implemented when mode='r'. Please use mode='reduced'")
    m, n = q.shape[-2], r.shape[-1]
    if mode == "complete" and m > n:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols. Please use mode='reduced'"
        )
    if m >= n:
        return _qr_tall(xp, g_q, g_r, q, r)
    # A = (A1, A2), where Q and R1 are the factors of A1, and R2 = Q^H A2.
    first, second = _columns(xp, r, 0, m), _columns(xp, r, m, n)
    g_first, g_second = _columns(xp, g_r, 0, m), _columns(xp, g_r, m, n)
    g_q = g_q + xp.chain(q, second, xp.adjoint(g_second))
    return xp.concat(_qr_tall(xp, g_q, g_first, q, first), xp.matmul(q, g_second), axis=q.ndim - 1)


def _qr_tall(xp: Any, g_q: Array, g_r: Array, q: Array, r: Array) -> Array:
    inner = xp.triu(xp.chain(g_r, xp.adjoint(r)) - xp.chain(xp.adjoint(q), g_q))
    diagonal = _main_diagonal(xp, inner)
    both = inner + xp.adjoint(inner) - _on_diagonal(xp, xp.astype(xp.real(diagonal), dtype=inner.dtype))
    right = g_q + xp.matmul(q, both)  # times R^-H, from the right
    return xp.adjoint(xp.triangular_solve(r, xp.adjoint(right), upper=True, unit=False))


qr = op("qr(x, *, mode) -> q, r", holomorphic=False, node_name="LinalgQr", x=_qr)
geqrf = op("geqrf(x) -> a, tau")

# LU: L and U in one matrix. With A = P L U, L^-1 P^T dA U^-1 is split into a strictly lower and an upper triangle.


def _lu(xp: Any, g_lu: Array, lu: Array, pivots: Array) -> Array:
    m, n = lu.shape[-2:]
    k = min(m, n)
    square, g = (_rows(xp, _columns(xp, x, 0, k), 0, k) for x in (lu, g_lu))
    g_lower, g_upper = xp.tril(g, k=-1), xp.triu(g)
    rest = None
    if m > n:  # the rows below: L2 = A2 U^-1
        below = _solved(xp, square, xp.adjoint(_rows(xp, g_lu, k, m)), upper=True)
        rest = xp.adjoint(below)
        g_upper = g_upper - xp.matmul(xp.adjoint(_rows(xp, lu, k, m)), rest)
    elif n > m:  # the columns beside: U2 = L^-1 A2
        rest = _solved_back(xp, square, _columns(xp, g_lu, k, n))
        g_lower = g_lower - xp.matmul(rest, xp.adjoint(_columns(xp, lu, k, n)))
    lower = xp.tril(square, k=-1) + xp.eye(k, k, dtype=lu.dtype)
    inner = xp.tril(xp.matmul(xp.adjoint(lower), g_lower), k=-1)
    inner = inner + xp.triu(xp.matmul(g_upper, xp.adjoint(xp.triu(square))))
    inner = _solved_back(xp, square, xp.adjoint(_solved(xp, square, xp.adjoint(inner), upper=True)))
    if rest is not None:
        inner = xp.concat(inner, rest, axis=lu.ndim - 2 if m > n else lu.ndim - 1)
    order = xp.row_order(pivots, size=m, inverse=True)
    index = xp.broadcast_to(xp.expand_dims(order, axis=order.ndim), shape=tuple(lu.shape))
    return xp.take_along_axis(inner, index, axis=lu.ndim - 2)


def _solved(xp: Any, lu: Array, b: Array, upper: bool) -> Array:
    return xp.triangular_solve(lu, b, upper=upper, unit=not upper)


def _solved_back(xp: Any, lu: Array, b: Array) -> Array:
    """L^-H b."""
    return xp.triangular_solve(xp.adjoint(lu), b, upper=True, unit=True)


lu_factor = op("lu_factor(x) -> lu, pivots, info", holomorphic=False, node_name="LinalgLuFactorEx", x=_lu)
row_order = op("row_order(pivots, *, size, inverse=False)")
ldl_factor = op("ldl_factor(x, *, hermitian) -> ldl, pivots, info")
ldl_solve = op("ldl_solve(ldl, pivots, b, *, hermitian)")

# Eigenvalues


def _eigh(xp: Any, g_values: Array, g_vectors: Array, values: Array, vectors: Array) -> Array:
    inner = xp.matmul(xp.adjoint(vectors), g_vectors)
    _refuse_phases(xp, _main_diagonal(xp, inner), "linalg_eigh_backward")
    inner = _off_diagonal(xp, (inner - xp.adjoint(inner)) / 2)
    inner = _ratio(xp, inner, _gaps(xp, values)) + _on_diagonal(xp, xp.astype(g_values, dtype=inner.dtype))
    return xp.chain(vectors, inner, xp.adjoint(vectors))


def _off_diagonal(xp: Any, x: Array) -> Array:
    return x - _on_diagonal(xp, _main_diagonal(xp, x))


eigh = op("eigh(x, *, upper) -> values, vectors", holomorphic=False, node_name="LinalgEigh", x=_eigh)


def _eig(xp: Any, g_values: Array, g_vectors: Array, values: Array, vectors: Array) -> Array:
    back = xp.adjoint(vectors)
    inner = xp.matmul(back, g_vectors)
    diagonal = _main_diagonal(xp, inner)
    _refuse_phases(xp, diagonal, "linalg_eig_backward")
    # Vectors have length one: what changes their lengths only does not count.
    lengths = _row(xp, xp.astype(xp.real(diagonal), dtype=inner.dtype))
    inner = _off_diagonal(xp, inner - xp.matmul(back, vectors) * lengths)
    inner = _ratio(xp, inner, xp.conj(_gaps(xp, values))) + _on_diagonal(xp, g_values)
    solution, _ = xp.solve_ex(back, xp.matmul(inner, back))
    return solution


eigvalsh = op("eigvalsh(x, *, upper)")
eigvals = op("eigvals(x)")
eig = op("eig(x) -> values, vectors", holomorphic=False, node_name="LinalgEig", x=_eig)

# Singular values


def _svd(
    xp: Any, g_u: Array, g_s: Array, g_vh: Array, u: Array, s: Array, vh: Array, full_matrices: bool
) -> Array:
    k = s.shape[-1]
    if full_matrices:  # the further vectors are any that complete a basis
        g_u, u, g_vh, vh = _columns(xp, g_u, 0, k), _columns(xp, u, 0, k), _rows(xp, g_vh, 0, k), _rows(xp, vh, 0, k)
    m, n = u.shape[-2], vh.shape[-1]
    left, right = xp.matmul(xp.adjoint(u), g_u), xp.matmul(vh, xp.adjoint(g_vh))
    diagonal = _main_diagonal(xp, left)
    _refuse_phases(xp, diagonal + _main_diagonal(xp, right), "svd_backward")
    gaps = _row(xp, s * s) - _column(xp, s * s) + xp.eye(k, k, dtype=s.dtype)
    skew_left, skew_right = (_off_diagonal(xp, x - xp.adjoint(x)) for x in (left, right))
    inner = _ratio(xp, skew_left, gaps) * _row(xp, s) + _column(xp, s) * _ratio(xp, skew_right, gaps)
    inner = inner + _on_diagonal(xp, xp.astype(g_s, dtype=inner.dtype))
    if inner.dtype in xp.complexes:
        turn = _ratio(xp, xp.imag(diagonal), s)
        inner = inner + _on_diagonal(xp, xp.complex(xp.zeros(tuple(turn.shape), dtype=turn.dtype), turn))
    out = xp.chain(u, inner, vh)
    if m > k:  # what of g_u lies outside of the space of U
        out = out + xp.matmul(_ratio(xp, g_u - xp.matmul(u, left), _row(xp, s)), vh)
    if n > k:
        out = out + xp.matmul(u, _ratio(xp, g_vh - xp.matmul(xp.adjoint(right), vh), _column(xp, s)))
    return out


svd = op("svd(x, *, full_matrices) -> u, s, vh", holomorphic=False, node_name="LinalgSvd", x=_svd)
svdvals = op("svdvals(x)")
