"""The multivariate normal distribution."""

from __future__ import annotations

import math
from typing import Any

from .. import linalg
from ..tensor import Tensor
from . import constraints
from ._tl import tl
from .distribution import Distribution
from .utils import lazy_property, standard_normal

__all__ = ["MultivariateNormal"]


def batch_mv(matrix: Tensor, vector: Tensor) -> Tensor:
    """Products of matrices (..., n, k) and vectors (..., k), batches broadcast."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def batch_mahalanobis(factor: Tensor, x: Tensor) -> Tensor:
    """x' M^-1 x for M = L L': factor L (..., n, n), x (..., n), batches broadcast."""
    shape = tl.broadcast_shapes(factor.shape[:-2], x.shape[:-1])
    n = x.shape[-1]
    wide = factor.expand((*shape, n, n))
    solved = linalg.solve_triangular(wide, x.expand((*shape, n)).unsqueeze(-1), upper=False)
    return solved.squeeze(-1).pow(2).sum(-1)


def log_diagonal(factor: Tensor) -> Tensor:
    """Half of the log determinant of L L'."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def precision_to_scale_tril(precision: Tensor) -> Tensor:
    """The Cholesky factor of the inverse of a matrix: that of the matrix with both orders reversed gives it."""
    turned = tl.cholesky(precision.flip(-2, -1)).flip(-2, -1).mT
    identity = tl.eye(precision.shape[-1], dtype=precision.dtype, device=precision.device)
    return linalg.solve_triangular(turned, identity.expand(precision.shape), upper=False)


class MultivariateNormal(Distribution):
    """Normal vectors: mean `loc` (batch, n), and a covariance, its inverse, or its Cholesky factor (batch, n, n).

    Raises:
        ValueError: not exactly one matrix is given, or a shape does not fit.

    >>> import tensorlite as tl
    >>> MultivariateNormal(tl.zeros(2), tl.eye(2)).log_prob(tl.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector, "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite, "scale_tril": constraints.lower_cholesky,
    }  # fmt: skip
    support = constraints.real_vector
    has_rsample = True
    _params = {"loc": 1, "covariance_matrix": 2, "scale_tril": 2, "precision_matrix": 2}
    _plain = ("_factor",)

    def __init__(
        self, loc: Tensor, covariance_matrix: Any = None, precision_matrix: Any = None, scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = {"covariance_matrix": covariance_matrix, "scale_tril": scale_tril, "precision_matrix": precision_matrix}
        given = {name: value for name, value in given.items() if value is not None}
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = given.items()
        if matrix.ndim < 2:
            raise ValueError(f"{name} must be at least two-dimensional, with optional leading batch dimensions")
        batch_shape = tl.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self.__dict__[name] = matrix.expand((*batch_shape, -1, -1))
        self.loc = loc.expand((*batch_shape, -1))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        if scale_tril is not None:
            self._factor = scale_tril
        else:
            self._factor = tl.cholesky(matrix) if name == "covariance_matrix" else precision_to_scale_tril(matrix)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariance."""
        return self._factor.expand(self._batch_shape + self._event_shape[-1:] + self._event_shape[-1:])

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        return (self._factor @ self._factor.mT).expand(self._batch_shape + self._event_shape[-1:] + self._event_shape[-1:])

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        inverse = tl.cholesky_inverse(self._factor)
        return inverse.expand(self._batch_shape + self._event_shape[-1:] + self._event_shape[-1:])

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self._factor.pow(2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        eps = standard_normal(self._extended_shape(sample_shape), self.loc.dtype, self.loc.device)
        return self.loc + batch_mv(self._factor, eps)

    def log_prob(self, value: Tensor) -> Tensor:
        self._checked(value)
        distance = batch_mahalanobis(self._factor, value - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - log_diagonal(self._factor)

    def entropy(self) -> Tensor:
        value = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + log_diagonal(self._factor)
        return value.expand(self._batch_shape)
