"""The LKJ distribution."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..autograd import no_grad
from ..tensor import Tensor
from . import constraints
from ._tl import tl
from .beta import Beta
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """Cholesky factors of correlation matrices of `dim` variables (Lewandowski, Kurowicka and Joe, 2009).

    Correlations are the smaller the larger the concentration; 1 is uniform over the matrices.

    Raises:
        ValueError: fewer than 2 variables.

    >>> import tensorlite as tl
    >>> LKJCholesky(3).sample().shape
    torch.Size([3, 3])
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky
    _params = {"concentration": 0}
    _plain = ("dim",)

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)
        marginal = self.concentration + 0.5 * (dim - 2)
        offset = tl.arange(dim - 1, dtype=marginal.dtype, device=marginal.device)
        offset = tl.cat([tl.zeros((1,), dtype=marginal.dtype, device=marginal.device), offset])
        self._beta = Beta(offset + 0.5, marginal.unsqueeze(-1) - 0.5 * offset)

    def expand(self, batch_shape: Any, _instance: Any = None) -> LKJCholesky:
        new = super().expand(batch_shape, _instance)
        new._beta = self._beta.expand((*batch_shape, self.dim))
        return new

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """By the onion method: each row is a point on a sphere, at a random distance."""
        with no_grad():
            y = self._beta.sample(sample_shape).unsqueeze(-1)
            shape = self._extended_shape(sample_shape)
            u = tl.randn(shape, dtype=y.dtype, device=y.device).tril(-1)
            u = u / tl.sqrt((u * u).sum(-1, keepdim=True))
            u[..., 0, :] = 0.0
            w = tl.sqrt(y) * u
            rest = (1 - (w**2).sum(-1)).clamp(min=dtypes.finfo(w.dtype).tiny)
            return w + tl.diag_embed(rest.sqrt())

    def log_prob(self, value: Tensor) -> Tensor:
        self._checked(value)
        less = self.dim - 1
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = tl.arange(2, self.dim + 1, dtype=self.concentration.dtype, device=self.concentration.device)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - order
        alpha = self.concentration + 0.5 * less
        norm = 0.5 * less * math.log(math.pi) + tl.mvlgamma(alpha - 0.5, less) - tl.lgamma(alpha) * less
        return (order * diagonal.log()).sum(-1) - norm
