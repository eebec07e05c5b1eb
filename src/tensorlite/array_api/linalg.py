"""The `linalg` extension: matrices are the last two dimensions."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import linalg as tl
from ..dtypes import dtype as DType
from . import statistical
from .data_types import Tensor, lasting, together
from .linear import along
from .linear import matmul as matmul
from .linear import matrix_transpose as matrix_transpose
from .linear import tensordot as tensordot
from .linear import vecdot as vecdot
from .manipulation import Axis

__all__ = [
    "cholesky", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power",
    "matrix_rank", "matrix_transpose", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot", "trace", "vecdot",
    "vector_norm",
]  # fmt: skip


class EigResult(NamedTuple):
    """Eigenvalues (..., n) and the eigenvectors in columns (..., n, n)."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class EighResult(NamedTuple):
    """Eigenvalues (..., n) in order and the eigenvectors in columns (..., n, n)."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class QRResult(NamedTuple):
    """A matrix with orthonormal columns and a triangular one."""

    Q: Tensor
    R: Tensor


class SlogdetResult(NamedTuple):
    """The sign of a determinant and the logarithm of its size."""

    sign: Tensor
    logabsdet: Tensor


class SVDResult(NamedTuple):
    """Left singular vectors, singular values from the largest, and right singular vectors (adjoint)."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """The triangular factor of positive definite matrices."""
    return lasting(tl.cholesky(x, upper=upper))


def cross(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """Cross products of vectors of three elements along a dimension.

    Raises:
        ValueError: the dimension is not of size 3.
    """
    x1, x2 = along("cross", x1, x2, axis)
    if x1.shape[axis] != 3:
        raise ValueError(f"cross(): axis {axis} of {list(x1.shape)} must be of size 3")
    return tl.cross(x1, x2, dim=axis)


def det(x: Tensor, /) -> Tensor:
    """Determinants."""
    return lasting(tl.det(x))


def diagonal(x: Tensor, /, *, offset: int = 0) -> Tensor:
    """A diagonal of matrices: (..., k)."""
    return tl.diagonal(x, offset=offset)


def eig(x: Tensor, /) -> EigResult:
    """Eigenvalues and eigenvectors of general matrices; complex."""
    return EigResult(*map(lasting, tl.eig(x)))


def eigh(x: Tensor, /) -> EighResult:
    """Eigenvalues and eigenvectors of Hermitian matrices, of which the lower triangle is read."""
    return EighResult(*map(lasting, tl.eigh(x)))


def eigvals(x: Tensor, /) -> Tensor:
    """Eigenvalues of general matrices; complex."""
    return lasting(tl.eigvals(x))


def eigvalsh(x: Tensor, /) -> Tensor:
    """Eigenvalues of Hermitian matrices, in order."""
    return lasting(tl.eigvalsh(x))


def inv(x: Tensor, /) -> Tensor:
    """Inverse matrices."""
    return lasting(tl.inv(x))


def matrix_norm(x: Tensor, /, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """Norms of matrices: "fro", "nuc", 1, -1, 2, -2, inf or -inf."""
    return lasting(tl.matrix_norm(x, "fro" if ord is None else ord, keepdim=keepdims))


def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """Matrices multiplied n times by themselves; their inverses for a negative n."""
    return lasting(tl.matrix_power(x, n))


def matrix_rank(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """How many singular values exceed `rtol` times the largest."""
    return tl.matrix_rank(x, rtol=rtol)


def outer(x1: Tensor, x2: Tensor, /) -> Tensor:
    """All products of two vectors: (n), (m) to (n, m).

    Raises:
        ValueError: one is no vector.
    """
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"outer(): expected two vectors, not {list(x1.shape)} and {list(x2.shape)}")
    x1, x2 = together("outer", x1, x2)
    return x1.unsqueeze(1) * x2


def pinv(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """Pseudo-inverses; singular values below `rtol` times the largest count as zero."""
    return lasting(tl.pinv(x, rtol=rtol))


def qr(x: Tensor, /, *, mode: str = "reduced") -> QRResult:
    """Orthonormal columns times a triangular matrix.

    Raises:
        ValueError: `mode` is neither "reduced" nor "complete".
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f'qr(): mode must be "reduced" or "complete", not {mode!r}')
    return QRResult(*map(lasting, tl.qr(x, mode)))


def slogdet(x: Tensor, /) -> SlogdetResult:
    """The sign and the logarithm of the size of determinants."""
    return SlogdetResult(*map(lasting, tl.slogdet(x)))


def solve(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The solution of linear systems for one vector (1-d `x2`) or for the columns of matrices."""
    x1, x2 = together("solve", x1, x2)
    if x2.ndim == 1:
        return lasting(tl.solve(x1, x2.unsqueeze(-1))).squeeze(-1)
    lead = max(x1.ndim - x2.ndim, 0)  # with as many dimensions as x1, x2 is never a batch of vectors for tl.solve
    return lasting(tl.solve(x1, x2.reshape((1,) * lead + tuple(x2.shape))))


def svd(x: Tensor, /, *, full_matrices: bool = True) -> SVDResult:
    """Singular value decompositions."""
    return SVDResult(*map(lasting, tl.svd(x, full_matrices)))


def svdvals(x: Tensor, /) -> Tensor:
    """Singular values, from the largest."""
    return lasting(tl.svdvals(x))


def trace(x: Tensor, /, *, offset: int = 0, dtype: DType | None = None) -> Tensor:
    """Sums of a diagonal of matrices."""
    return statistical.sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def vector_norm(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Tensor:
    """Norms over all or some dimensions, of any order."""
    return lasting(tl.vector_norm(x, ord, axis, keepdims))
