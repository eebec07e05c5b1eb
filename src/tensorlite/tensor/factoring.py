"""Decompositions of matrices: the functions of `linalg`, and PyTorch's older names for them."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..ops import decompositions as ops
from ..ops import shaping
from . import matrices
from .matrices import adjoint, matrix, result, square
from .spelling import public

Tensor = Any

# Cholesky


def cholesky_ex(input: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """The Cholesky factor L of A = L L^H, shape (*, n, n), and info: 0, or the order of a minor that is not positive-definite.

    Raises:
        RuntimeError: the matrices are not square, or not floating point.
        LinAlgError: `check_errors`, and some matrix is not positive-definite.

    >>> import tensorlite as tl
    >>> tl.linalg.cholesky_ex(tl.tensor([[1., 0.], [0., -1.]])).info
    tensor(2, dtype=torch.int32)
    """
    square(input, "linalg.cholesky")
    factor, info = ops.cholesky_ex(input, upper=upper)
    if check_errors:
        matrices.check_info(info, "linalg.cholesky_ex", "cholesky")
    return result("linalg_cholesky_ex", L=adjoint(factor) if upper else factor, info=info)


def linalg_cholesky(input: Tensor, *, upper: bool = False) -> Tensor:
    """The Cholesky factor L of Hermitian positive-definite matrices A = L L^H, shape (*, n, n).

    Raises:
        RuntimeError: the matrices are not square, or not floating point.
        LinAlgError: some matrix is not positive-definite.

    >>> import tensorlite as tl
    >>> tl.linalg.cholesky(tl.tensor([[4., 2.], [2., 2.]]))
    tensor([[2., 0.],
            [1., 1.]])
    """
    factor, info = cholesky_ex(input, upper=upper)
    matrices.check_info(info, "linalg.cholesky", "cholesky")
    return factor


@public()
def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The Cholesky factor of matrices (*, n, n); `linalg.cholesky` is the newer name.

    Raises:
        LinAlgError: some matrix is not positive-definite.

    >>> import tensorlite as tl
    >>> tl.cholesky(tl.tensor([[4.]]))
    tensor([[2.]])
    """
    return linalg_cholesky(input, upper=upper)


# QR


def linalg_qr(A: Tensor, mode: str = "reduced") -> Any:
    """Q and R of A = Q R (*, m, n): Q has orthonormal columns, R is upper triangular.

    With k = min(m, n), ``reduced`` gives (*, m, k) and (*, k, n), ``complete`` (*, m, m) and (*, m, n), and ``r`` an empty Q.

    Raises:
        RuntimeError: fewer than two dimensions, not floating point, or an unknown mode.

    >>> import tensorlite as tl
    >>> q, r = tl.linalg.qr(tl.ones(3, 2))
    >>> q.shape, r.shape
    (torch.Size([3, 2]), torch.Size([2, 2]))
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'")
    q, r = ops.qr(matrix(A, "linalg.qr"), mode=mode)
    return result("linalg_qr", Q=q, R=r)


@public()
def qr(input: Tensor, some: bool = True) -> Any:
    """Q and R of matrices (*, m, n); `linalg.qr` is the newer name.

    >>> import tensorlite as tl
    >>> tl.qr(tl.ones(3, 2)).R.shape
    torch.Size([2, 2])
    """
    q, r = linalg_qr(input, "reduced" if some else "complete")
    return result("qr", Q=q, R=r)


@public()
def geqrf(input: Tensor) -> Any:
    """LAPACK's QR decomposition: R with the Householder vectors below its diagonal (*, m, n), and their factors (*, min(m, n)).

    >>> import tensorlite as tl
    >>> tl.geqrf(tl.ones(3, 2)).tau.shape
    torch.Size([2])
    """
    a, tau = ops.geqrf(matrix(input.detach(), "geqrf"))
    return result("geqrf", a=a, tau=tau)


def _reflections(input: Tensor, tau: Tensor, name: str) -> int:
    """Check Householder vectors and their factors; returns how many there are."""
    matrix(input, name)
    m, n = input.shape[-2:]
    if m < n:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1], but got {m} and {n}")
    if tau._array.ndim != input._array.ndim - 1:
        raise RuntimeError(f"{name}: tau must have one dimension less than input, but has {tau._array.ndim} to {input._array.ndim}")
    if tau.shape[-1] > n:
        raise RuntimeError(f"{name}: input.shape[-1] must be at least tau.shape[-1], but got {n} and {tau.shape[-1]}")
    if tau.shape[:-1] != input.shape[:-2]:
        raise RuntimeError(f"{name}: the batch of tau, {list(tau.shape[:-1])}, is not that of input, {list(input.shape[:-2])}")
    matrices.same_dtype(name, tau, input)
    return tau.shape[-1]


def _vectors(input: Tensor) -> Tensor:
    """The Householder vectors as columns: zeros above the diagonal, ones on it."""
    return shaping.tril(input, k=-1) + matrices.identity(input)


def householder_product(input: Tensor, tau: Tensor) -> Tensor:
    """The first n columns of a product of reflections I - tau_i v_i v_i^H, where v_i is column i of (*, m, n), its head replaced.

    Above position i the vector is zero, and at i it is one, as `geqrf` keeps them.

    Raises:
        RuntimeError: m < n, more factors than columns, or batches that differ.

    >>> import tensorlite as tl
    >>> h, tau = tl.geqrf(tl.tensor([[3.], [4.]]))
    >>> tl.linalg.householder_product(h, tau).abs()
    tensor([[0.6000],
            [0.8000]])
    """
    count = _reflections(input, tau, "torch.linalg.householder_product")
    vectors = _vectors(input)
    out = matrices.identity(input).expand(*input.shape)
    for i in reversed(range(count)):
        out = _reflected(out, vectors[..., i : i + 1], tau[..., i, None, None])
    return out.clone() if not count else out


def _reflected(x: Tensor, v: Tensor, factor: Tensor) -> Tensor:
    return x - (factor * v) @ (adjoint(v) @ x)


@public()
def orgqr(input: Tensor, input2: Tensor) -> Tensor:
    """`linalg.householder_product` under LAPACK's name.

    >>> import tensorlite as tl
    >>> tl.orgqr(tl.ones(3, 2), tl.zeros(2)).shape
    torch.Size([3, 2])
    """
    return householder_product(input, input2)


@public()
def ormqr(input: Tensor, input2: Tensor, input3: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    """The product of `input3` (*, m, n) and the square matrix Q of reflections that `geqrf` keeps in `input` and `input2`.

    Args:
        left: Q stands on the left.
        transpose: Q^H instead of Q.

    Raises:
        RuntimeError: the sizes or the dtypes do not fit.

    >>> import tensorlite as tl
    >>> h, tau = tl.geqrf(tl.tensor([[3.], [4.]]))
    >>> tl.ormqr(h, tau, tl.tensor([[3.], [4.]]), transpose=True).abs().round()
    tensor([[5.],
            [0.]])
    """
    matrix(input, "torch.ormqr"), matrix(input3, "torch.ormqr")
    matrices.same_dtype("torch.ormqr", input, input3)
    if input._array.ndim != input3._array.ndim or input.shape[:-2] != input3.shape[:-2]:
        raise RuntimeError(f"torch.ormqr: the batches of input and other differ: {list(input.shape)} and {list(input3.shape)}")
    if input3.shape[-2 if left else -1] != input.shape[-2]:
        raise RuntimeError(
            f"torch.ormqr: other.shape[{-2 if left else -1}] must be equal to input.shape[-2], but got "
            f"{input3.shape[-2 if left else -1]} and {input.shape[-2]}"
        )
    if input2.shape[-1] > min(input.shape[-2:]):
        raise RuntimeError("torch.ormqr: tau.shape[-1] must be less than or equal to min(input.shape[-2:])")
    if input2.shape[:-1] != input.shape[:-2]:
        raise RuntimeError("torch.ormqr: the batch of tau is not that of input")
    matrices.same_dtype("torch.ormqr", input, input2)
    vectors, count = _vectors(input), input2.shape[-1]
    x = input3 if left else adjoint(input3)
    forward = left == transpose  # X Q is (Q^H X^H)^H
    for i in range(count) if forward else reversed(range(count)):
        factor = input2[..., i, None, None]
        x = _reflected(x, vectors[..., i : i + 1], factor.conj() if forward else factor)
    return x if left else adjoint(x)


# LU


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """L and U of P A = L U in one matrix (*, m, n), the row swaps (*, min(m, n)), counted from 1, and info.

    Raises:
        RuntimeError: `pivot` is False, which only CUDA devices have in PyTorch; SciPy is missing.
        LinAlgError: `check_errors`, and U has a zero on its diagonal.

    >>> import tensorlite as tl
    >>> tl.linalg.lu_factor_ex(tl.zeros(1, 1)).info
    tensor(1, dtype=torch.int32)
    """
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented; use pivot=True")
    lu, pivots, info = ops.lu_factor(matrix(A, "torch.lu_factor"))
    if check_errors:
        matrices.check_info(info, "torch.linalg.lu_factor_ex", "lu")
    return result("linalg_lu_factor_ex", LU=lu, pivots=pivots, info=info)


def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """L and U of P A = L U in one matrix (*, m, n), and the row swaps (*, min(m, n)), counted from 1.

    Raises:
        LinAlgError: U has a zero on its diagonal.

    >>> import tensorlite as tl
    >>> tl.linalg.lu_factor(tl.tensor([[1., 2.], [2., 2.]])).pivots
    tensor([2, 2], dtype=torch.int32)
    """
    lu, pivots, info = lu_factor_ex(A, pivot=pivot)
    matrices.check_info(info, "torch.linalg.lu_factor", "lu")
    return result("linalg_lu_factor", LU=lu, pivots=pivots)


def linalg_lu(A: Tensor, *, pivot: bool = True) -> Any:
    """P, L and U of A = P L U (*, m, n): a permutation, a lower triangle with ones on its diagonal, an upper triangle.

    >>> import tensorlite as tl
    >>> tl.linalg.lu(tl.tensor([[1., 2.], [2., 2.]])).U
    tensor([[2., 2.],
            [0., 1.]])
    """
    lu, pivots, _ = lu_factor_ex(A, pivot=pivot)
    return result("linalg_lu", **lu_unpack(lu, pivots)._asdict())


@public()
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """L and U in one matrix, the row swaps, and with `get_infos` info; `linalg.lu_factor` is the newer name.

    >>> import tensorlite as tl
    >>> tl.lu(tl.tensor([[2.]]))[0]
    tensor([[2.]])
    """
    factored, pivots, info = lu_factor_ex(A, pivot=pivot)
    if get_infos:
        return factored, pivots, info
    matrices.check_info(info, "lu", "lu")
    return factored, pivots


@public(method=False)
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """P (*, m, m), L (*, m, k) and U (*, k, n) from what `linalg.lu_factor` gives; empty where not wanted.

    Raises:
        RuntimeError: the pivots are not int32.

    >>> import tensorlite as tl
    >>> lu, pivots = tl.linalg.lu_factor(tl.tensor([[1., 2.], [2., 2.]]))
    >>> tl.lu_unpack(lu, pivots).L
    tensor([[1.0000, 0.0000],
            [0.5000, 1.0000]])
    """
    if LU_data._array.ndim < 2:
        raise RuntimeError(f"torch.lu_unpack: the LU factors must have at least 2 dimensions, but have {LU_data._array.ndim}")
    if LU_pivots.dtype is not dtypes.int32:
        raise RuntimeError(
            f"torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype, but it is {LU_pivots.dtype}. "
            "Note: this function is intended to be used with the output produced by torch.linalg.lu_factor"
        )
    m, n = LU_data.shape[-2:]
    k = min(m, n)
    none = LU_data.new_empty(0)
    p, lower, upper = none, none, none
    if unpack_data:
        lower = shaping.tril(LU_data[..., :k], k=-1)
        lower, upper = lower + matrices.identity(lower), shaping.triu(LU_data[..., :k, :])
    if unpack_pivots:
        if LU_pivots.shape[-1] != k:
            raise RuntimeError(f"torch.lu_unpack: expected {k} pivots for matrices of {m} by {n}, but got {LU_pivots.shape[-1]}")
        before = ops.row_order(LU_pivots, size=m, inverse=True)
        p = (before.unsqueeze(-1) == LU_pivots.new_tensor(range(m))).to(LU_data.dtype)
    return result("lu_unpack", P=p, L=lower, U=upper)


# LDL


def ldl_factor_ex(input: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    """The LDL decomposition of symmetric (or Hermitian) matrices (*, n, n) in LAPACK's form, its pivots, and info.

    It has no gradient.

    Raises:
        LinAlgError: `check_errors`, and D has a zero on its diagonal.
        RuntimeError: SciPy is missing.

    >>> import tensorlite as tl
    >>> tl.linalg.ldl_factor_ex(tl.eye(2)).info
    tensor(0, dtype=torch.int32)
    """
    ldl, pivots, info = ops.ldl_factor(square(input, "torch.linalg.ldl_factor_ex"), hermitian=hermitian)
    if check_errors:
        matrices.check_info(info, "torch.linalg.ldl_factor_ex", "ldl")
    return result("linalg_ldl_factor_ex", LD=ldl, pivots=pivots, info=info)


def ldl_factor(input: Tensor, *, hermitian: bool = False) -> Any:
    """The LDL decomposition of symmetric (or Hermitian) matrices (*, n, n) in LAPACK's form, and its pivots.

    Raises:
        LinAlgError: D has a zero on its diagonal.

    >>> import tensorlite as tl
    >>> tl.linalg.ldl_factor(tl.eye(2)).pivots
    tensor([1, 2], dtype=torch.int32)
    """
    ldl, pivots, info = ldl_factor_ex(input, hermitian=hermitian)
    matrices.check_info(info, "torch.linalg.ldl_factor", "ldl")
    return result("linalg_ldl_factor", LD=ldl, pivots=pivots)


def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    """Solutions of A X = B (*, n, k) with the factors of A that `linalg.ldl_factor` gives.

    Raises:
        RuntimeError: the sizes or the dtypes do not fit.

    >>> import tensorlite as tl
    >>> ld, pivots = tl.linalg.ldl_factor(2 * tl.eye(2))
    >>> tl.linalg.ldl_solve(ld, pivots, tl.ones(2, 1))
    tensor([[0.5000],
            [0.5000]])
    """
    name = "torch.linalg.ldl_solve"
    square(LD, name)
    if B._array.ndim < 2 or B.shape[-2] != LD.shape[-1]:
        raise RuntimeError(f"{name}: B needs {LD.shape[-1]} rows and at least 2 dimensions, but its shape is {list(B.shape)}")
    if pivots.shape != LD.shape[:-1]:
        raise RuntimeError(f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got {list(pivots.shape)}")
    if pivots.dtype not in (dtypes.int32, dtypes.int64):
        raise RuntimeError(f"{name}: Expected pivots to be integers. Got {pivots.dtype}")
    matrices.same_dtype(name, LD, B)
    LD, B = matrices.batched(name, LD, B)
    pivots = pivots.expand(*LD.shape[:-1])
    return ops.ldl_solve(LD.detach(), pivots, B.detach(), hermitian=hermitian)


# Eigenvalues


def eigh(input: Tensor, UPLO: str = "L") -> Any:
    """Eigenvalues (*, n), real and ascending, and eigenvectors (*, n, n) of Hermitian matrices, of which one triangle is read.

    Raises:
        RuntimeError: `UPLO` is neither "L" nor "U"; the matrices are not square.

    >>> import tensorlite as tl
    >>> tl.linalg.eigh(tl.tensor([[2., 1.], [1., 2.]])).eigenvalues
    tensor([1., 3.])
    """
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    values, vectors = ops.eigh(square(input, "linalg.eigh"), upper=UPLO.upper() == "U")
    return result("linalg_eigh", eigenvalues=values, eigenvectors=vectors)


def eigvalsh(input: Tensor, UPLO: str = "L") -> Tensor:
    """Eigenvalues (*, n) of Hermitian matrices, real and ascending.

    >>> import tensorlite as tl
    >>> tl.linalg.eigvalsh(tl.tensor([[2., 1.], [1., 2.]]))
    tensor([1., 3.])
    """
    if matrices.recorded(input) or UPLO.upper() not in ("L", "U"):
        return eigh(input, UPLO).eigenvalues
    return ops.eigvalsh(square(input, "linalg.eigvalsh"), upper=UPLO.upper() == "U")


def eig(input: Tensor) -> Any:
    """Eigenvalues (*, n) and eigenvectors (*, n, n) of length one, both complex and in no order.

    Raises:
        RuntimeError: the matrices are not square, or not finite.

    >>> import tensorlite as tl
    >>> tl.linalg.eig(tl.tensor([[2.]])).eigenvalues
    tensor([2.+0.j])
    """
    values, vectors = ops.eig(square(input, "linalg.eig"))
    return result("linalg_eig", eigenvalues=values, eigenvectors=vectors)


def eigvals(input: Tensor) -> Tensor:
    """Eigenvalues (*, n), complex and in no order.

    >>> import tensorlite as tl
    >>> tl.linalg.eigvals(tl.tensor([[2.]]))
    tensor([2.+0.j])
    """
    return eig(input).eigenvalues if matrices.recorded(input) else ops.eigvals(square(input, "linalg.eigvals"))


# Singular values


def linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """U, S and V^H of A = U diag(S) V^H (*, m, n); S (*, min(m, n)) is real and descending.

    Without `full_matrices`, U has only the columns and V^H only the rows that belong to singular values. Gradients take only
    these into account.

    Raises:
        RuntimeError: fewer than two dimensions, not floating point, or a `driver`, which only CUDA has.

    >>> import tensorlite as tl
    >>> tl.linalg.svd(tl.tensor([[3., 0.], [0., 4.]])).S
    tensor([4., 3.])
    """
    if driver is not None:
        raise RuntimeError("torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs in PyTorch, and not here")
    u, s, vh = ops.svd(matrix(A, "linalg.svd"), full_matrices=full_matrices)
    return result("linalg_svd", U=u, S=s, Vh=vh)


def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """Singular values (*, min(m, n)), descending.

    >>> import tensorlite as tl
    >>> tl.linalg.svdvals(tl.tensor([[3., 0.], [0., 4.]]))
    tensor([4., 3.])
    """
    if matrices.recorded(A) or driver is not None:
        return linalg_svd(A, False, driver=driver).S
    return ops.svdvals(matrix(A, "linalg.svdvals"))


@public()
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """U, S and V of A = U diag(S) V^H; `linalg.svd` is the newer name. Without `compute_uv`, U and V are zeros.

    >>> import tensorlite as tl
    >>> tl.svd(tl.tensor([[3., 0.], [0., 4.]])).S
    tensor([4., 3.])
    """
    u, s, vh = linalg_svd(input, not some)
    if not compute_uv:
        m, n = input.shape[-2:]
        batch = input.shape[:-2]
        return result("svd", U=input.new_zeros((*batch, m, m)), S=s, V=input.new_zeros((*batch, n, n)))
    return result("svd", U=u, S=s, V=adjoint(vh))
