"""Multivariate normal distributions of low rank."""

from __future__ import annotations

import math
from typing import Any

from .. import linalg
from ..tensor import Tensor
from . import constraints
from ._tl import tl
from .distribution import Distribution
from .multivariate_normal import batch_mahalanobis, batch_mv, log_diagonal
from .utils import lazy_property, standard_normal

__all__ = ["LowRankMultivariateNormal"]


def capacitance_tril(w: Tensor, d: Tensor) -> Tensor:
    """The Cholesky factor of I + W' D^-1 W, with which Woodbury's identity and the determinant lemma work."""
    inner = w.mT @ (w / d.unsqueeze(-1))
    return tl.cholesky(inner + tl.eye(inner.shape[-1], dtype=inner.dtype, device=inner.device))


def lowrank_logdet(d: Tensor, capacitance: Tensor) -> Tensor:
    """The log determinant of W W' + D."""
    return 2 * log_diagonal(capacitance) + d.log().sum(-1)


def lowrank_mahalanobis(w: Tensor, d: Tensor, x: Tensor, capacitance: Tensor) -> Tensor:
    """x' (W W' + D)^-1 x."""
    within = batch_mahalanobis(capacitance, batch_mv(w.mT / d.unsqueeze(-2), x))
    return (x.pow(2) / d).sum(-1) - within


class LowRankMultivariateNormal(Distribution):
    """Normal vectors with covariance W W' + diag(D): W is `cov_factor` (batch, n, k), D is `cov_diag` (batch, n).

    Raises:
        ValueError: a shape does not fit.

    >>> import tensorlite as tl
    >>> LowRankMultivariateNormal(tl.zeros(2), tl.zeros(2, 1), tl.ones(2)).log_prob(tl.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector, "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }  # fmt: skip
    support = constraints.real_vector
    has_rsample = True
    _params = {"loc": 1, "cov_diag": 1, "cov_factor": 2, "covariance_matrix": 2, "scale_tril": 2, "precision_matrix": 2}
    _plain = ("_w", "_d", "_capacitance")

    def __init__(self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None) -> None:
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        event_shape = loc.shape[-1:]
        if cov_factor.ndim < 2:
            raise ValueError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
        if cov_factor.shape[-2:-1] != event_shape:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {event_shape[0]} x m")
        if cov_diag.shape[-1:] != event_shape:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {event_shape}")
        try:
            batch_shape = tl.broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        except RuntimeError as error:
            raise ValueError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, cov_diag {cov_diag.shape}"
            ) from error
        self.loc, self.cov_diag = loc.expand((*batch_shape, -1)), cov_diag.expand((*batch_shape, -1))
        self.cov_factor = cov_factor.expand((*batch_shape, -1, -1))
        super().__init__(batch_shape, event_shape, validate_args=validate_args)
        self._w, self._d = cov_factor, cov_diag
        self._capacitance = capacitance_tril(cov_factor, cov_diag)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        """The diagonal of the covariance."""
        return (self._w.pow(2).sum(-1) + self._d).expand(self._batch_shape + self._event_shape)

    def _wide(self, matrix: Tensor) -> Tensor:
        return matrix.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariance: sqrt(D) times that of I + V V', V = D^-1/2 W."""
        root = self._d.sqrt().unsqueeze(-1)
        v = self._w / root
        inner = v @ v.mT
        return self._wide(root * tl.cholesky(inner + tl.eye(inner.shape[-1], dtype=inner.dtype, device=inner.device)))

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        return self._wide(self._w @ self._w.mT + tl.diag_embed(self._d))

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance, by Woodbury's identity."""
        scaled = self._w.mT / self._d.unsqueeze(-2)
        shape = tl.broadcast_shapes(self._capacitance.shape[:-2], scaled.shape[:-2])
        factor = self._capacitance.expand(shape + self._capacitance.shape[-2:])
        a = linalg.solve_triangular(factor, scaled.expand(shape + scaled.shape[-2:]), upper=False)
        return self._wide(tl.diag_embed(self._d.reciprocal()) - a.mT @ a)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        eps_w = standard_normal(shape[:-1] + self.cov_factor.shape[-1:], self.loc.dtype, self.loc.device)
        eps_d = standard_normal(shape, self.loc.dtype, self.loc.device)
        return self.loc + batch_mv(self._w, eps_w) + self._d.sqrt() * eps_d

    def log_prob(self, value: Tensor) -> Tensor:
        self._checked(value)
        distance = lowrank_mahalanobis(self._w, self._d, value - self.loc, self._capacitance)
        log_det = lowrank_logdet(self._d, self._capacitance)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + log_det + distance)

    def entropy(self) -> Tensor:
        log_det = lowrank_logdet(self._d, self._capacitance)
        return (0.5 * (self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + log_det)).expand(self._batch_shape)
