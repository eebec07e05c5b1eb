"""The Wishart distribution."""

from __future__ import annotations

import math
import warnings
from typing import Any

from .. import linalg
from ..autograd.base import TensorBase
from ..tensor import Size, Tensor
from . import constraints
from ._tl import tl
from .chi2 import Chi2
from .distribution import ExponentialFamily
from .multivariate_normal import log_diagonal, precision_to_scale_tril
from .utils import lazy_property, vec_to_tril_matrix

__all__ = ["Wishart"]


class Wishart(ExponentialFamily):
    """Sums of outer squares of `df` normal vectors of zero mean; the matrix is given in one of three forms.

    Raises:
        ValueError: not exactly one matrix is given, or `df` is not above n - 1.

    >>> import tensorlite as tl
    >>> Wishart(tl.tensor(3.0), tl.eye(2)).mean
    tensor([[3., 0.],
            [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0
    _params = {"df": 0, "covariance_matrix": 2, "scale_tril": 2, "precision_matrix": 2}
    _plain = ("_factor",)

    def __init__(
        self, df: Any, covariance_matrix: Any = None, precision_matrix: Any = None, scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        given = {"covariance_matrix": covariance_matrix, "scale_tril": scale_tril, "precision_matrix": precision_matrix}
        given = {name: value for name, value in given.items() if value is not None}
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = given.items()
        if matrix.ndim < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        df = df if isinstance(df, TensorBase) else tl.tensor(df, dtype=matrix.dtype, device=matrix.device)
        batch_shape, event_shape = tl.broadcast_shapes(df.shape, matrix.shape[:-2]), matrix.shape[-2:]
        self.df = df.expand(batch_shape)
        self.__dict__[name] = matrix.expand((*batch_shape, -1, -1))
        if (self.df <= event_shape[-1] - 1).any():
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {event_shape[-1] - 1}.")
        super().__init__(batch_shape, event_shape, validate_args=validate_args)
        if (self.df < event_shape[-1]).any():
            warnings.warn(
                "Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.", stacklevel=2
            )
        if scale_tril is not None:
            self._factor = scale_tril
        else:
            self._factor = tl.cholesky(matrix) if name == "covariance_matrix" else precision_to_scale_tril(matrix)
        self._chi2 = self._chi2_of(self.df)

    def _chi2_of(self, df: Tensor) -> Chi2:
        """The squares on the diagonal of Bartlett's factor."""
        return Chi2(df.unsqueeze(-1) - tl.arange(self._event_shape[-1], dtype=df.dtype, device=df.device))

    def expand(self, batch_shape: Any, _instance: Any = None) -> Wishart:
        new = super().expand(batch_shape, _instance)
        new._chi2 = new._chi2_of(new.df)
        return new

    @property
    def arg_constraints(self) -> dict[str, Any]:
        """`df` is above n - 1."""
        return {
            "covariance_matrix": constraints.positive_definite, "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky, "df": constraints.greater_than(self._event_shape[-1] - 1),
        }  # fmt: skip

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
        return self.df.reshape((*self._batch_shape, 1, 1)) * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self.covariance_matrix.shape[-1] - 1
        factor = tl.where(factor <= 0, math.nan, factor)
        return factor.reshape((*self._batch_shape, 1, 1)) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        outer = diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2)
        return self.df.reshape((*self._batch_shape, 1, 1)) * (v.pow(2) + outer)

    def _bartlett(self, shape: Any) -> Tensor:
        p = self._event_shape[-1]
        diagonal = self._chi2.rsample(shape).sqrt().diag_embed()
        below = tl.randn((*shape, *self._batch_shape, p * (p - 1) // 2), dtype=self.df.dtype, device=self.df.device)
        factor = self._factor @ (diagonal + vec_to_tril_matrix(below, -1) if p > 1 else diagonal)
        return factor @ factor.mT

    def rsample(self, sample_shape: Any = (), max_try_correction: int | None = None) -> Tensor:
        """By Bartlett's decomposition; singular samples are drawn again, with a warning."""
        tries = 10 if max_try_correction is None else max_try_correction
        sample = self._bartlett(Size(sample_shape))
        singular = ~self.support.check(sample)
        if not singular.any():
            return sample
        warnings.warn("Singular sample detected.", stacklevel=2)
        for _ in range(tries):
            again = self._bartlett(Size(sample_shape))
            bad = ~self.support.check(sample)
            sample = tl.where(bad.unsqueeze(-1).unsqueeze(-1), again, sample)
            if self.support.check(sample).all():
                break
        return sample

    def log_prob(self, value: Tensor) -> Tensor:
        self._checked(value)
        p, df = self._event_shape[-1], self.df
        norm = df * (p * math.log(2) / 2 + log_diagonal(self._factor)) + tl.mvlgamma(df / 2, p)
        trace = tl.cholesky_solve(value, self._factor.expand(value.shape)).diagonal(dim1=-2, dim2=-1).sum(-1)
        return -norm + (df - p - 1) / 2 * linalg.slogdet(value).logabsdet - trace / 2

    def entropy(self) -> Tensor:
        p, df = self._event_shape[-1], self.df
        half = (p + 1) * (p * math.log(2) / 2 + log_diagonal(self._factor)) + tl.mvlgamma(df / 2, p)
        return half - (df - p - 1) / 2 * _digamma_sum(df / 2, p) + df * p / 2

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        p = self._event_shape[-1]
        return -self.precision_matrix / 2, (self.df - p - 1) / 2

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        x, y = natural_params
        p = self._event_shape[-1]
        half = y + (p + 1) / 2
        return half * (-linalg.slogdet(-2 * x).logabsdet + p * math.log(2)) + tl.mvlgamma(half, p)


def _digamma_sum(x: Tensor, p: int) -> Tensor:
    """The derivative of the multivariate log gamma function."""
    return tl.digamma(x.unsqueeze(-1) - tl.arange(p, dtype=x.dtype, device=x.device) / 2).sum(-1)
