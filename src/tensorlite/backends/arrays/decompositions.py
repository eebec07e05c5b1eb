"""Decompositions and solvers of batches of matrices, over the ``linalg`` of NumPy and CuPy.

Where a library raises, PyTorch reports: ``info`` says for each matrix of a batch whether it went well (0), or where it failed.
Inputs are float32, float64, complex64 or complex128.
"""

from __future__ import annotations

import itertools
from importlib import import_module
from typing import Any

from numpy.linalg import LinAlgError as NotPossible

from ..errors import LinAlgError

__all__ = ["Decompositions", "scipy_module"]

Array = Any
_BLOCK = 16
"""Triangles of this size are solved row by row; larger ones are split, so that most of the work is products."""


def scipy_module(name: str, what: str) -> Any:
    """A module of SciPy's.

    Raises:
        RuntimeError: SciPy is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise RuntimeError(f'{what} needs SciPy, which could not be imported ({error}): pip install "tensorlite[scipy]"') from error


def _places(batch: tuple[int, ...]) -> Any:
    """The indices of all matrices of a batch."""
    return itertools.product(*[range(n) for n in batch])


class Decompositions:
    """Matrices are the last two dimensions; all before are batches."""

    np: Any

    def _scipy(self, what: str) -> Any:
        """SciPy's ``linalg``, of this library's arrays."""
        return scipy_module("scipy.linalg", what)

    def _one_by_one(self, function: Any, x: Array, *outputs: tuple[tuple[int, ...], Any]) -> tuple[Array, ...]:
        """`function` of each matrix of a batch; `outputs` are shape and dtype of what it returns for one."""
        batch = x.shape[:-2]
        results = tuple([self.np.zeros((*batch, *shape), dtype) for shape, dtype in outputs])
        for place in _places(batch):
            for whole, part in zip(results, function(x[place]), strict=True):
                whole[place] = part
        return results

    def _no_info(self, x: Array) -> Array:
        return self.np.zeros(x.shape[:-2], "int32")

    # Factorizations

    def cholesky_ex(self, x: Array, *, upper: bool) -> tuple[Array, Array]:
        """The lower factor, from one triangle; info: the order of the first leading minor that is not positive-definite."""
        if upper:
            x = self.np.conj(x.swapaxes(-1, -2))
        try:
            return self._cholesky(x), self._no_info(x)
        except NotPossible:
            shape = x.shape[-2:]
            return self._one_by_one(self._cholesky_or_why, x, (shape, x.dtype), ((), "int32"))

    def _cholesky(self, x: Array) -> Array:
        return self.np.linalg.cholesky(x)

    def _cholesky_or_why(self, x: Array) -> tuple[Array, int]:
        good, bad = 0, x.shape[-1]  # a minor is positive-definite if all smaller ones are: bisect
        try:
            return self._cholesky(x), 0
        except NotPossible:
            pass
        while bad - good > 1:
            middle = (good + bad) // 2
            try:
                self._cholesky(x[:middle, :middle])
                good = middle
            except NotPossible:
                bad = middle
        out = self.np.tril(x)
        out[:good, :good] = self._cholesky(x[:good, :good])
        return out, bad

    def qr(self, x: Array, *, mode: str) -> tuple[Array, Array]:
        """Q and R; ``reduced`` or ``complete``, or ``r`` for an empty Q."""
        if mode == "r":
            return self.np.zeros(0, x.dtype), self.np.linalg.qr(x, "r")
        q, r = self.np.linalg.qr(x, mode)
        return q, r

    def geqrf(self, x: Array) -> tuple[Array, Array]:
        """R with the Householder vectors below its diagonal, and the factors of the reflections."""
        h, tau = self.np.linalg.qr(x, "raw")
        return self.np.ascontiguousarray(h.swapaxes(-1, -2)), tau

    def lu_factor(self, x: Array) -> tuple[Array, Array, Array]:
        """L below the diagonal and U above in one matrix, row swaps counted from 1; info: where U has its first zero."""
        m, n = x.shape[-2:]
        k = min(m, n)
        lu, pivots = self._one_by_one(self._lu, x, ((m, n), x.dtype), ((k,), "int32"))
        zeros = self.np.diagonal(lu, 0, -2, -1) == 0
        first = zeros.argmax(-1) + 1 if k else 0
        return lu, pivots, self.np.where(zeros.any(-1), first, 0).astype("int32")

    def _lu(self, x: Array) -> tuple[Array, Array]:
        (getrf,) = scipy_module("scipy.linalg.lapack", "the LU decomposition").get_lapack_funcs(("getrf",), (x,))
        if not x.size:
            return x, self.np.zeros(min(x.shape), "int32")
        lu, pivots, _ = getrf(x)
        return lu, pivots + 1

    def row_order(self, pivots: Array, *, size: int, inverse: bool = False) -> Array:
        """For each row after the swaps where it was before, or the other way round."""
        places = self.np.arange(size)
        order = self.np.broadcast_to(places, (*pivots.shape[:-1], size)).copy()
        swaps = range(pivots.shape[-1])
        for i in reversed(swaps) if inverse else swaps:
            other = pivots[..., i : i + 1].astype("int64") - 1
            theirs = self.np.take_along_axis(order, other, -1)
            order = self.np.where(places == other, order[..., i : i + 1], order)
            order[..., i : i + 1] = theirs
        return order

    def eigh(self, x: Array, *, upper: bool) -> tuple[Array, Array]:
        """Eigenvalues in ascending order and eigenvectors of Hermitian matrices; reads one triangle."""
        values, vectors = self._converged("eigh", self.np.linalg.eigh, x, "U" if upper else "L")
        return values, vectors

    def eig(self, x: Array) -> tuple[Array, Array]:
        """Eigenvalues and eigenvectors, always complex."""
        self._finite(x, "linalg.eig")
        values, vectors = self.np.linalg.eig(x)
        dtype = self.np.result_type(x.dtype, "complex64")
        return values.astype(dtype), vectors.astype(dtype)

    def eigvalsh(self, x: Array, *, upper: bool) -> Array:
        """The eigenvalues alone, in less time."""
        return self._converged("eigvalsh", self.np.linalg.eigvalsh, x, "U" if upper else "L")

    def eigvals(self, x: Array) -> Array:
        """The eigenvalues alone, always complex."""
        self._finite(x, "linalg.eig")
        return self.np.linalg.eigvals(x).astype(self.np.result_type(x.dtype, "complex64"), copy=False)

    def _finite(self, x: Array, name: str) -> None:
        if not bool(self.np.isfinite(x).all()):
            raise RuntimeError(f"{name}: the input should not contain infs or NaNs")

    def _converged(self, name: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except NotPossible as error:
            raise LinAlgError(
                f"linalg.{name}: The algorithm failed to converge ({error}); look for infs and NaNs in the input"
            ) from error

    def svd(self, x: Array, *, full_matrices: bool) -> tuple[Array, Array, Array]:
        """U, the singular values in descending order, and the conjugate transpose of V."""
        u, s, vh = self._converged("svd", self.np.linalg.svd, x, full_matrices)
        return u, s, vh

    def svdvals(self, x: Array) -> Array:
        """The singular values alone, in less time."""
        return self._converged("svd", self.np.linalg.svd, x, compute_uv=False)

    def ldl_factor(self, x: Array, *, hermitian: bool) -> tuple[Array, Array, Array]:
        """Bunch and Kaufman's factors of symmetric (or Hermitian) matrices in one, pivots as LAPACK's, info."""
        lapack = scipy_module("scipy.linalg.lapack", "the LDL decomposition")
        name = "hetrf" if hermitian and x.dtype.kind == "c" else "sytrf"
        (factor, work) = lapack.get_lapack_funcs((name, name + "_lwork"), (x,))
        n = x.shape[-1]

        def one(a: Array) -> tuple[Array, Array, int]:
            if not n:
                return a, self.np.zeros(0, "int32"), 0
            ldl, pivots, info = factor(a, lower=1, lwork=int(work(n, lower=1)[0].real))
            return self.np.tril(ldl), pivots, info

        return self._one_by_one(one, x, ((n, n), x.dtype), ((n,), "int32"), ((), "int32"))

    def ldl_solve(self, ldl: Array, pivots: Array, b: Array, *, hermitian: bool) -> Array:
        """Solve with what `ldl_factor` made; all three have one batch."""
        lapack = scipy_module("scipy.linalg.lapack", "the LDL decomposition")
        name = "hetrs" if hermitian and ldl.dtype.kind == "c" else "sytrs"
        (solve,) = lapack.get_lapack_funcs((name,), (ldl,))
        out = self.np.zeros(b.shape, b.dtype)
        if b.size:
            for place in _places(b.shape[:-2]):
                out[place] = solve(ldl[place], pivots[place], b[place], lower=1)[0]
        return out

    # Solvers

    def inv_ex(self, x: Array) -> tuple[Array, Array]:
        """The inverse; info: the number of the pivot that is zero."""
        try:
            return self.np.linalg.inv(x), self._no_info(x)
        except NotPossible:
            shape = x.shape[-2:]
            return self._one_by_one(self._inv_or_why, x, (shape, x.dtype), ((), "int32"))

    def _inv_or_why(self, x: Array) -> tuple[Array, int]:
        try:
            return self.np.linalg.inv(x), 0
        except NotPossible:
            return self.np.full(x.shape, self.np.inf, x.dtype), self._zero_pivot(x)

    def _zero_pivot(self, x: Array) -> int:
        """Where elimination with partial pivoting meets a zero, counted from 1."""
        a = x.copy()
        n = len(a)
        for i in range(n):
            top = i + int(self.np.abs(a[i:, i]).argmax())
            if a[top, i] == 0:
                return i + 1
            a[[i, top]] = a[[top, i]]
            a[i + 1 :] -= (a[i + 1 :, i] / a[i, i])[:, None] * a[i]
        return n

    def solve_ex(self, a: Array, b: Array) -> tuple[Array, Array]:
        """The solution of a @ x = b, where a and b have one batch; info as `inv_ex`."""
        try:
            return self.np.linalg.solve(a, b), self._no_info(a)
        except NotPossible:
            out, info = self.np.full(b.shape, self.np.inf, b.dtype), self._no_info(a)
            for place in _places(a.shape[:-2]):
                try:
                    out[place] = self.np.linalg.solve(a[place], b[place])
                except NotPossible:
                    info[place] = self._zero_pivot(a[place])
            return out, info

    def triangular_solve(self, a: Array, b: Array, *, upper: bool, unit: bool) -> Array:
        """Solve a @ x = b by substitution; only one triangle of a is read, and its diagonal only if it is not `unit`."""
        n = a.shape[-1]
        if n > _BLOCK:
            h = n // 2
            first, last = (slice(h, n), slice(0, h)) if upper else (slice(0, h), slice(h, n))
            x = self.triangular_solve(a[..., first, first], b[..., first, :], upper=upper, unit=unit)
            rest = b[..., last, :] - self.np.matmul(a[..., last, first], x)
            y = self.triangular_solve(a[..., last, last], rest, upper=upper, unit=unit)
            return self.np.concatenate((y, x) if upper else (x, y), axis=-2)
        out = self.np.empty((*self.np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]), b.dtype)
        for i in range(n - 1, -1, -1) if upper else range(n):
            known = slice(i + 1, n) if upper else slice(0, i)
            row = b[..., i, :] - self.np.matmul(a[..., i : i + 1, known], out[..., known, :])[..., 0, :]
            out[..., i, :] = row if unit else row / a[..., i, i : i + 1]
        return out

    def lstsq(self, a: Array, b: Array, *, rcond: float) -> tuple[Array, Array, Array]:
        """Least-squares solutions of least length, ranks and singular values, one matrix after the other."""
        m, n = a.shape[-2:]
        x = self.np.zeros((*b.shape[:-2], n, b.shape[-1]), b.dtype)
        rank = self.np.zeros(a.shape[:-2], "int64")
        values = self.np.zeros((*a.shape[:-2], min(m, n)), a.real.dtype)
        for place in _places(a.shape[:-2]) if a.size else ():
            x[place], _, rank[place], values[place] = self.np.linalg.lstsq(a[place], b[place], rcond)
        return x, rank, values

    def det(self, x: Array) -> Array:
        """The determinant."""
        return self.np.linalg.det(x)

    def slogdet(self, x: Array) -> tuple[Array, Array]:
        """The determinant's sign (of absolute value 1, or 0), and the logarithm of its absolute value."""
        sign, size = self.np.linalg.slogdet(x)
        return sign, size

    def matrix_exp(self, x: Array) -> Array:
        """The power series of exp, with matrices."""
        if not x.size:
            return x.copy()
        return self._scipy("matrix_exp").expm(x).astype(x.dtype, copy=False)
