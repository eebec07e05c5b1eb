"""Decompositions on CuPy. What it lacks is computed on the host, as PyTorch does for much of it."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

from ..arrays.decompositions import Decompositions

__all__ = ["CupyDecompositions"]

Array = Any


class CupyDecompositions(Decompositions):
    """CuPy says nothing of singular matrices unless it is told to."""

    to_numpy: Any
    from_numpy: Any

    def _scipy(self, what: str) -> Any:
        return import_module("cupyx.scipy.linalg")

    def _complaints(self) -> Any:
        """A context in which failures raise."""
        return import_module("cupyx").errstate(linalg="raise")

    def _on_host(self, name: str, *arrays: Array, **static: Any) -> tuple[Array, ...]:
        from ..registry import get_backend

        results = getattr(get_backend("cpu"), name)(*[self.to_numpy(a) for a in arrays], **static)
        return tuple([self.from_numpy(r) for r in results])

    def _cholesky(self, x: Array) -> Array:
        with self._complaints():
            return super()._cholesky(x)

    def inv_ex(self, x: Array) -> tuple[Array, Array]:
        with self._complaints():
            return super().inv_ex(x)

    def solve_ex(self, a: Array, b: Array) -> tuple[Array, Array]:
        with self._complaints():
            return super().solve_ex(a, b)

    def _lu(self, x: Array) -> tuple[Array, Array]:
        if not x.size:
            return x, self.np.zeros(min(x.shape), "int32")
        with warnings.catch_warnings():  # `lu_factor` finds the zeros itself
            warnings.simplefilter("ignore")
            lu, pivots = self._scipy("the LU decomposition").lu_factor(x, check_finite=False)
        return lu, pivots + 1

    def matrix_exp(self, x: Array) -> Array:
        if not x.size:
            return x.copy()
        expm = self._scipy("matrix_exp").expm
        return self._one_by_one(lambda a: (expm(a),), x, (x.shape[-2:], x.dtype))[0]

    def geqrf(self, x: Array) -> tuple[Array, Array]:
        a, tau = self._on_host("geqrf", x)
        return a, tau

    def eig(self, x: Array) -> tuple[Array, Array]:
        values, vectors = self._on_host("eig", x)
        return values, vectors

    def eigvals(self, x: Array) -> Array:
        return self.eig(x)[0]

    def ldl_factor(self, x: Array, *, hermitian: bool) -> tuple[Array, Array, Array]:
        ldl, pivots, info = self._on_host("ldl_factor", x, hermitian=hermitian)
        return ldl, pivots, info

    def ldl_solve(self, ldl: Array, pivots: Array, b: Array, *, hermitian: bool) -> Array:
        raw = [self.to_numpy(a) for a in (ldl, pivots, b)]
        from ..registry import get_backend

        return self.from_numpy(get_backend("cpu").ldl_solve(*raw, hermitian=hermitian))
