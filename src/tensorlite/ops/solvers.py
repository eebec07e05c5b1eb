"""Inverses, solutions of linear equations, determinants and functions of matrices, in batches."""

from __future__ import annotations

from typing import Any

from ..autograd.op import define, op

Array = Any


def _inverse(xp: Any, g_inverse: Array, inverse: Array) -> Array:
    back = xp.adjoint(inverse)
    return xp.negative(xp.chain(back, g_inverse, back))


inv_ex = op("inv_ex(x) -> inverse, info", holomorphic=False, node_name="LinalgInvEx", x=_inverse)


def _solved_back(xp: Any, g_solution: Array, a: Array) -> Array:
    return xp.solve_ex(xp.adjoint(a), g_solution)[0]


def _solved_a(xp: Any, g_solution: Array, a: Array, solution: Array) -> Array:
    return xp.negative(xp.matmul(_solved_back(xp, g_solution, a), xp.adjoint(solution)))


solve_ex = op("solve_ex(a, b) -> solution, info", holomorphic=False, node_name="LinalgSolveEx", a=_solved_a, b=_solved_back)


def _triangular_back(xp: Any, g: Array, a: Array, upper: bool, unit: bool) -> Array:
    return xp.triangular_solve(xp.adjoint(a), g, upper=not upper, unit=unit)


def _triangular_a(xp: Any, g: Array, a: Array, out: Array, upper: bool, unit: bool) -> Array:
    full = xp.negative(xp.matmul(_triangular_back(xp, g, a, upper, unit), xp.adjoint(out)))
    return xp.triu(full, k=int(unit)) if upper else xp.tril(full, k=-int(unit))


triangular_solve = op(
    "triangular_solve(a, b, *, upper, unit)", holomorphic=False, node_name="LinalgSolveTriangular",
    a=_triangular_a, b=_triangular_back,
)


# With the Cholesky factor of a = l l^H. As PyTorch's, the gradient of l counts both triangles of a, though l has only one.


def _cholesky_common(xp: Any, g: Array, factor: Array, out: Array, upper: bool) -> Array:
    both = xp.matmul(xp.cholesky_solve(g, factor, upper=upper), xp.adjoint(out))
    both = xp.negative(both + xp.adjoint(both))
    return xp.matmul(factor, both) if upper else xp.matmul(both, factor)


@define(
    "cholesky_solve(b, factor, *, upper)", holomorphic=False,
    b=lambda xp, g, factor, upper: xp.cholesky_solve(g, factor, upper=upper), factor=_cholesky_common,
)
def cholesky_solve(xp: Any, b: Array, factor: Array, *, upper: bool) -> Array:
    """The solution of l l^H @ x = b (l^H l for an upper one)."""
    back = xp.adjoint(factor)
    first, second = (back, factor) if upper else (factor, back)
    return xp.triangular_solve(second, xp.triangular_solve(first, b, upper=False, unit=False), upper=True, unit=False)


lstsq = op("lstsq(a, b, *, rcond) -> solution, rank, values")


def _pinv(xp: Any, g: Array, x: Array, out: Array) -> Array:
    """Golub and Pereyra, The differentiation of pseudo-inverses (1973)."""
    p, h, gh = out, xp.adjoint(out), xp.adjoint(g)
    first = xp.matmul(gh, xp.chain(p, h))
    second = xp.chain(h, p, gh)
    first = first - xp.chain(x, p, first)
    second = second - xp.chain(second, p, x)
    return first + second - xp.chain(h, g, h)


@define("pinv(x, atol, rtol, *, hermitian)", holomorphic=False, node_name="LinalgPinv", x=_pinv)
def pinv(xp: Any, x: Array, atol: Array, rtol: Array, *, hermitian: bool) -> Array:
    """The pseudo-inverse; singular values up to max(atol, rtol * largest) count as zeros."""
    if hermitian:
        values, vectors = xp.eigh(x, upper=False)
        right, left = vectors, xp.adjoint(vectors)
    else:
        u, values, vh = xp.svd(x, full_matrices=False)
        right, left = xp.adjoint(vh), xp.adjoint(u)
    size = xp.abs(values)
    tolerance = xp.maximum(atol, rtol * xp.max(size, axis=size.ndim - 1))
    small = size <= xp.expand_dims(tolerance, axis=tolerance.ndim)
    inverse = xp.where(small, 0, 1 / xp.where(small, 1, values))
    return xp.matmul(right * xp.expand_dims(inverse, axis=inverse.ndim - 1), left)


# Determinants


def _det(xp: Any, g: Array, x: Array, out: Array) -> Array:
    scale = g * (xp.conj(out) if out.dtype in xp.complexes else out)
    inverse, info = xp.inv_ex(x)
    if not xp.bool(xp.any(info != 0)):
        return _spread(xp, scale) * xp.adjoint(inverse)
    return _spread(xp, g) * _cofactors(xp, x)


def _spread(xp: Any, x: Array) -> Array:
    """A number for each matrix, to multiply it with."""
    return xp.reshape(x, shape=(*x.shape, 1, 1))


def _cofactors(xp: Any, x: Array) -> Array:
    """conj(det x) x^-H, also where x is singular: the products of all singular values but one."""
    u, s, vh = xp.svd(x, full_matrices=False)
    n = s.shape[-1]
    own = xp.eye(n, n, dtype=s.dtype) > 0
    others = xp.prod(xp.where(own, 1, xp.broadcast_to(xp.expand_dims(s, axis=s.ndim - 1), shape=(*s.shape, n))), axis=s.ndim)
    turn = xp.det(u) * xp.det(vh)
    turn = xp.conj(turn) if turn.dtype in xp.complexes else turn
    return _spread(xp, turn) * xp.matmul(u * xp.expand_dims(others, axis=others.ndim - 1), vh)


det = op("det(x)", holomorphic=False, node_name="LinalgDet", x=_det)


def _slogdet(xp: Any, g_sign: Array, g_size: Array, x: Array, sign: Array) -> Array:
    inverse, _ = xp.inv_ex(x)
    scale = g_size
    if sign.dtype in xp.complexes:
        scale = xp.complex(g_size, xp.imag(xp.conj(sign) * g_sign))
    return _spread(xp, scale) * xp.adjoint(inverse)


slogdet = op("slogdet(x) -> sign, size", holomorphic=False, node_name="LinalgSlogdet", x=_slogdet)

# Functions of matrices


def _matrix_exp(xp: Any, g: Array, x: Array) -> Array:
    """The derivative is a corner of the exponential of a larger matrix: Mathias, A chain rule for matrix functions (1996)."""
    n, back = x.shape[-1], xp.adjoint(x)
    top = xp.concat(back, g, axis=x.ndim - 1)
    bottom = xp.concat(back * 0, back, axis=x.ndim - 1)
    whole = xp.matrix_exp(xp.concat(top, bottom, axis=x.ndim - 2))
    return xp.basic_index(whole, key=(Ellipsis, slice(0, n), slice(n, 2 * n)))


matrix_exp = op("matrix_exp(x)", holomorphic=False, node_name="LinalgMatrixExp", x=_matrix_exp)

# Distances


def _distance_x(xp: Any, g: Array, x: Array, y: Array, out: Array) -> Array:
    weight = xp.where(out == 0, 0, g / xp.where(out == 0, 1, out))
    return x * xp.sum(weight, axis=weight.ndim - 1, keepdims=True) - xp.matmul(weight, y)


def _distance_y(xp: Any, g: Array, x: Array, y: Array, out: Array) -> Array:
    return _distance_x(xp, xp.matrix_transpose(g), y, x, xp.matrix_transpose(out))


@define("distances(x, y, *, by_products)", node_name="Cdist", x=_distance_x, y=_distance_y)
def distances(xp: Any, x: Array, y: Array, *, by_products: bool) -> Array:
    """The Euclidean distance of each row of x (..., p, m) to each row of y (..., r, m): (..., p, r).

    `by_products` takes the squared lengths and one product of matrices, which is quick and small, but rounds near zero.
    """
    if not by_products:
        difference = xp.expand_dims(x, axis=x.ndim - 1) - xp.expand_dims(y, axis=y.ndim - 2)
        return xp.sqrt(xp.sum(difference * difference, axis=difference.ndim - 1))
    x_square = xp.sum(x * x, axis=x.ndim - 1, keepdims=True)
    y_square = xp.matrix_transpose(xp.sum(y * y, axis=y.ndim - 1, keepdims=True))
    return xp.sqrt(xp.maximum(x_square + y_square - 2 * xp.matmul(x, xp.matrix_transpose(y)), 0))
