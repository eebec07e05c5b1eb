"""Inverses, linear equations, determinants and functions of matrices: those of `linalg`, and PyTorch's older names for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase
from ..ops import decompositions, pointwise
from ..ops import solvers as ops
from . import matrices
from .linalg import matmul
from .matrices import adjoint, batched, matrix, result, square
from .spelling import public

Tensor = Any

# Inverses


def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """The inverses of matrices (*, n, n), and info: 0, or the number of the pivot that is zero.

    Raises:
        RuntimeError: the matrices are not square, or not floating point.
        LinAlgError: `check_errors`, and some matrix is singular.

    >>> import tensorlite as tl
    >>> tl.linalg.inv_ex(tl.zeros(1, 1)).info
    tensor(1, dtype=torch.int32)
    """
    inverse, info = ops.inv_ex(square(A, "linalg.inv"))
    if check_errors:
        matrices.check_info(info, "linalg.inv_ex", "inv")
    return result("linalg_inv_ex", inverse=inverse, info=info)


def inv(A: Tensor) -> Tensor:
    """The inverses of matrices (*, n, n).

    Raises:
        RuntimeError: the matrices are not square, or not floating point.
        LinAlgError: some matrix is singular.

    >>> import tensorlite as tl
    >>> tl.linalg.inv(tl.tensor([[2., 0.], [0., 4.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    inverse, info = ops.inv_ex(square(A, "linalg.inv"))
    matrices.check_info(info, "linalg.inv", "inv")
    return inverse


@public()
def inverse(input: Tensor) -> Tensor:
    """`linalg.inv` under its older name.

    >>> import tensorlite as tl
    >>> tl.inverse(tl.tensor([[2.]]))
    tensor([[0.5000]])
    """
    return inv(input)


def tolerances(A: Tensor, atol: Any, rtol: Any) -> tuple[Tensor, Tensor]:
    """Absolute and relative tolerance up to which values of A count as zeros, as real tensors, 0-d or one for each matrix."""
    real = A.dtype.to_real()
    default = max(A.shape[-2:]) * dtypes.finfo(real).eps
    for x in (atol, rtol):
        if isinstance(x, TensorBase) and x.dtype.is_complex:
            raise RuntimeError("linalg: tolerances must be real, not complex tensors")
    if rtol is None:  # an `atol` above zero takes the place of the default
        if isinstance(atol, TensorBase):
            rtol = pointwise.where(pointwise.greater(atol.detach(), 0), 0.0, default)
        else:
            rtol = 0.0 if atol is not None and atol > 0 else default
    found = [0.0 if t is None else t for t in (atol, rtol)]
    absolute, relative = (t.detach().to(real) if isinstance(t, TensorBase) else A.new_full((), t, dtype=real) for t in found)
    return absolute, relative


def pinv(input: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The pseudo-inverses (*, n, m) of matrices (*, m, n); singular values up to max(atol, rtol * largest) count as zeros.

    `rtol` is by default max(m, n) times the dtype's eps, or 0 with an `atol`; `rcond` is its older name. For `hermitian` matrices
    eigenvalues are used.

    Raises:
        RuntimeError: fewer than two dimensions, or not floating point.

    >>> import tensorlite as tl
    >>> tl.linalg.pinv(tl.tensor([[2., 0.], [0., 0.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    matrix(input, "linalg.pinv")
    if hermitian:
        square(input, "linalg.pinv")
    rtol = rcond if rtol is None else rtol
    if not input.numel():
        return input.new_zeros((*input.shape[:-2], input.shape[-1], input.shape[-2])) + adjoint(input)
    absolute, relative = tolerances(input, atol, rtol)
    full = (input[..., 0, 0].detach().abs() + absolute + relative).shape
    if full != input.shape[:-2]:
        input = input.expand(*full, *input.shape[-2:])
    return ops.pinv(input, absolute, relative, hermitian=hermitian)


@public()
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudo-inverses of matrices; `linalg.pinv` is the newer name.

    >>> import tensorlite as tl
    >>> tl.pinverse(tl.tensor([[2., 0.], [0., 0.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    return pinv(input, rcond)


@public()
def cholesky_inverse(input: Tensor, upper: bool = False) -> Tensor:
    """The inverses of A = L L^H from their Cholesky factors (*, n, n).

    Raises:
        RuntimeError: the matrices are not square, or not floating point.

    >>> import tensorlite as tl
    >>> tl.cholesky_inverse(tl.tensor([[2.]]))
    tensor([[0.2500]])
    """
    square(input, "cholesky_inverse")
    return cholesky_solve(matrices.identity(input), input, upper)


# Linear equations


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """X with A X = B (or X A = B without `left`), and info; B is (*, n, k), or vectors (*, n).

    Raises:
        RuntimeError: the sizes or the dtypes do not fit.
        LinAlgError: `check_errors`, and some A is singular.

    >>> import tensorlite as tl
    >>> tl.linalg.solve_ex(2 * tl.eye(2), tl.ones(2)).result
    tensor([0.5000, 0.5000])
    """
    solution, info = _solved(A, B, left, "linalg.solve")
    if check_errors:
        matrices.check_info(info, "torch.linalg.solve_ex", "solve")
    return result("linalg_solve_ex", result=solution, info=info)


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B (or X A = B without `left`), for square A (*, n, n); B is (*, n, k), or vectors (*, n).

    Raises:
        RuntimeError: the sizes or the dtypes do not fit.
        LinAlgError: some A is singular.

    >>> import tensorlite as tl
    >>> tl.linalg.solve(2 * tl.eye(2), tl.ones(2))
    tensor([0.5000, 0.5000])
    """
    solution, info = _solved(A, B, left, "linalg.solve")
    matrices.check_info(info, "torch.linalg.solve", "solve")
    return solution


def _solved(A: Tensor, B: Tensor, left: bool, name: str) -> tuple[Tensor, Tensor]:
    square(A, name)
    matrices.same_dtype(name, A, B)
    vector = matrices.is_vector(A, B)
    if vector and not left:
        raise RuntimeError(f"{name}: Vector broadcasting of the left hand side is not supported for left=False")
    B = B.unsqueeze(-1) if vector else matrix(B, name)
    _check_sizes(A, B, left, name)
    a, b = batched(name, *((A, B) if left else (A.mT, B.mT)))
    solution, info = ops.solve_ex(a, b)
    if not left:
        solution = solution.mT
    return solution.squeeze(-1) if vector else solution, info


def _check_sizes(A: Tensor, B: Tensor, left: bool, name: str) -> None:
    if A.shape[-2] != B.shape[-2 if left else -1]:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({A.shape[-2]}x{A.shape[-1]} and {B.shape[-2]}x{B.shape[-1]})"
        )


def solve_triangular(
    input: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """X with A X = B (or X A = B without `left`) for triangular A (*, n, n), of which the other triangle is not read.

    Raises:
        RuntimeError: the sizes or the dtypes do not fit.

    >>> import tensorlite as tl
    >>> tl.linalg.solve_triangular(tl.tensor([[2., 0.], [2., 1.]]), tl.ones(2, 1), upper=False)
    tensor([[0.5000],
            [0.0000]])
    """
    name = "linalg.solve_triangular"
    square(input, name)
    matrix(B, name)
    matrices.same_dtype(name, input, B)
    _check_sizes(input, B, left, name)
    if not left:
        a, b = batched(name, input.mT, B.mT)
        return ops.triangular_solve(a, b, upper=not upper, unit=unitriangular).mT
    a, b = batched(name, input, B)
    return ops.triangular_solve(a, b, upper=upper, unit=unitriangular)


@public()
def triangular_solve(input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False) -> Any:
    """X with A X = input (or A^T X = input) for triangular A, and a copy of A; `linalg.solve_triangular` is the newer name.

    >>> import tensorlite as tl
    >>> tl.triangular_solve(tl.ones(1, 1), tl.tensor([[2.]])).solution
    tensor([[0.5000]])
    """
    name = "torch.triangular_solve"
    square(A, name)
    matrix(input, name)
    matrices.same_dtype(name, input, A)
    _check_sizes(A, input, True, name)
    full, b = batched(name, A, input)
    a = full.mT if transpose else full
    solution = ops.triangular_solve(a, b, upper=upper != transpose, unit=unitriangular)
    return result("triangular_solve", solution=solution, cloned_coefficient=full.clone())


@public()
def cholesky_solve(input: Tensor, input2: Tensor, upper: bool = False) -> Tensor:
    """X with A X = input (*, n, k) from the Cholesky factor L = input2 (*, n, n) of A = L L^H.

    Raises:
        RuntimeError: the sizes or the dtypes do not fit.

    >>> import tensorlite as tl
    >>> tl.cholesky_solve(tl.ones(1, 1), tl.tensor([[2.]]))
    tensor([[0.2500]])
    """
    name = "cholesky_solve"
    if input._array.ndim < 2 or input2._array.ndim < 2:
        raise RuntimeError(f"{name}: b and u need at least 2 dimensions, but have {input._array.ndim} and {input2._array.ndim}")
    square(input2, name)
    matrices.same_dtype(name, input, input2)
    _check_sizes(input2, input, True, name)
    factor, b = batched(name, input2, input)
    return ops.cholesky_solve(b, factor, upper=upper)


def linalg_lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """X with A X = B (X A = B without `left`, A^H in the place of A with `adjoint`) from what `linalg.lu_factor` gives for A.

    Raises:
        RuntimeError: the sizes or the dtypes do not fit.

    >>> import tensorlite as tl
    >>> lu, pivots = tl.linalg.lu_factor(2 * tl.eye(2))
    >>> tl.linalg.lu_solve(lu, pivots, tl.ones(2, 1))
    tensor([[0.5000],
            [0.5000]])
    """
    name = "torch.linalg.lu_solve"
    square(LU, name)
    matrix(B, name)
    if pivots.dtype is not dtypes.int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type torch.int32, but it is {pivots.dtype}")
    matrices.same_dtype(name, LU, B)
    _check_sizes(LU, B, left, name)
    if pivots.shape != LU.shape[:-1]:
        raise RuntimeError(f"{name}: Number of pivots per batch should be same as the dimension of the matrix")
    if not left:  # X A = B is A^H X^H = B^H
        return matrices.adjoint(linalg_lu_solve(LU, pivots, matrices.adjoint(B), adjoint=not adjoint))
    n = LU.shape[-1]
    order = decompositions.row_order(pivots, size=n, inverse=adjoint)
    lu, b = batched(name, LU, B)
    index = order.unsqueeze(-1).expand(*b.shape)
    if adjoint:
        back = matrices.adjoint(lu)
        x = ops.triangular_solve(back, b, upper=False, unit=False)
        x = ops.triangular_solve(back, x, upper=True, unit=True)
        return x.gather(-2, index)
    x = ops.triangular_solve(lu, b.gather(-2, index), upper=False, unit=True)
    return ops.triangular_solve(lu, x, upper=True, unit=False)


@public()
def lu_solve(input: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """X with A X = input from what `linalg.lu_factor` gives for A; `linalg.lu_solve` is the newer name.

    >>> import tensorlite as tl
    >>> tl.lu_solve(tl.ones(1, 1), *tl.linalg.lu_factor(tl.tensor([[2.]])))
    tensor([[0.5000]])
    """
    return linalg_lu_solve(LU_data, LU_pivots, input)


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def lstsq(input: Tensor, b: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """Solutions (*, n, k) of least squares |A X - B|, with residuals, ranks and singular values, as far as the driver knows them.

    Args:
        driver: says, by the names of LAPACK's, what is returned: ``gels`` (no rank), ``gelsy`` (the default), ``gelsd`` and
            ``gelss`` (with singular values). The solution is that of ``gelsd``, of least length, for all.

    Raises:
        RuntimeError: the sizes or the dtypes do not fit, or an unknown driver.

    >>> import tensorlite as tl
    >>> tl.linalg.lstsq(tl.tensor([[1.], [1.]]), tl.tensor([[1.], [3.]])).solution.round(decimals=3)
    tensor([[2.]])
    """
    name = "torch.linalg.lstsq"
    matrix(input, name)
    matrices.same_dtype(name, input, b)
    vector = input._array.ndim - 1 == b._array.ndim and input.shape[:-1] == b.shape
    if b._array.ndim < 1 or not vector and b._array.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions, and other too, but other has {b._array.ndim}")
    rhs = b.unsqueeze(-1) if vector else b
    if rhs.shape[-2] != input.shape[-2]:
        raise RuntimeError(f"{name}: input.size(-2) should match other.size(-{1 if vector else 2}): {input.shape} and {b.shape}")
    driver = "gelsy" if driver is None else driver
    if driver not in _DRIVERS:
        raise RuntimeError(f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss), not {driver!r}")
    m, n = input.shape[-2:]
    A, rhs = batched(name, input, rhs)
    rcond = dtypes.finfo(A.dtype).eps * max(m, n) if rcond is None else rcond
    solution, rank, values = ops.lstsq(A.detach(), rhs.detach(), rcond=rcond)
    if matrices.recorded(A) or matrices.recorded(rhs):
        solution = matmul(pinv(A, rcond), rhs)
    residuals = input.new_empty(0, dtype=values.dtype)
    if m > n and driver != "gelsy" and bool((rank == n).all()):
        rest = matmul(A, solution) - rhs
        residuals = (rest * rest.conj()).real.sum(-2) if rest.is_complex() else (rest * rest).sum(-2)
    solution = solution.squeeze(-1) if vector else solution
    return result(
        "linalg_lstsq", solution=solution, residuals=residuals,
        rank=rank if driver != "gels" else rank.new_empty(0),
        singular_values=values if driver in ("gelsd", "gelss") else values.new_empty(0),
    )


def tensorinv(input: Tensor, ind: int = 2) -> Tensor:
    """The inverse of `tensordot` with `input` over its first `ind` dimensions.

    Raises:
        RuntimeError: `ind` is not positive, or the first and the other dimensions have different products.

    >>> import tensorlite as tl
    >>> tl.linalg.tensorinv(tl.eye(4).reshape(2, 2, 4)).shape
    torch.Size([4, 2, 2])
    """
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    first, last = tuple(input.shape[:ind]), tuple(input.shape[ind:])
    if math.prod(first) != math.prod(last):
        raise RuntimeError(
            f"Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got {math.prod(last)} "
            f"!= {math.prod(first)}"
        )
    return inv(input.reshape(math.prod(first), math.prod(last))).reshape(*last, *first)


def tensorsolve(input: Tensor, other: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """X with `tensordot` of `input` and X equal to `other`; `dims` of `input` are moved to its end first.

    Raises:
        RuntimeError: the sizes do not make a square matrix.

    >>> import tensorlite as tl
    >>> tl.linalg.tensorsolve(tl.eye(4).reshape(2, 2, 4), tl.ones(2, 2)).shape
    torch.Size([4])
    """
    if dims is not None:
        input = input.movedim(tuple(dims), tuple(range(input.ndim - len(dims), input.ndim)))
    last = tuple(input.shape[other.ndim :])
    size = math.prod(last)
    if size * size != input.numel() or size != other.numel():
        raise RuntimeError(
            f"Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got "
            f"{size} != {math.prod(input.shape[: other.ndim])}"
        )
    return solve(input.reshape(size, size), other.reshape(-1)).reshape(*last)
