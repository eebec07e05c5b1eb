"""The von Mises distribution."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes, special
from ..autograd import no_grad
from ..tensor import Tensor
from . import constraints
from ._tl import tl
from .distribution import Distribution
from .utils import broadcast_all, lazy_property

__all__ = ["VonMises"]


class VonMises(Distribution):
    """Angles around `loc`, the nearer the larger the concentration.

    >>> VonMises(0.0, 2.0).mean
    tensor(0.)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False
    _params = {"loc": 0, "concentration": 0}

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        """The circular variance, 1 - I1 / I0."""
        return 1 - special.i1e(self.concentration) / special.i0e(self.concentration)

    def log_prob(self, value: Tensor) -> Tensor:
        self._checked(value)
        k = self.concentration
        return k * tl.cos(value - self.loc) - math.log(2 * math.pi) - (tl.log(special.i0e(k)) + k)

    @lazy_property
    def _proposal_r(self) -> Tensor:
        k = self.concentration.double()
        tau = 1 + (1 + 4 * k**2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * k)
        return tl.where(k < 1e-5, 1 / k + k, (1 + rho**2) / (2 * rho))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """By rejection (Best and Fisher, 1979), in float64."""
        with no_grad():
            shape = self._extended_shape(sample_shape)
            loc, k, r = (x.expand(shape) for x in (self.loc.double(), self.concentration.double(), self._proposal_r))
            x, done = tl.zeros_like(r), tl.zeros(shape, dtype=dtypes.bool, device=r.device)
            while not done.all():
                u1, u2, u3 = tl.rand((3, *shape), dtype=r.dtype, device=r.device).unbind()
                z = tl.cos(math.pi * u1)
                f = (1 + r * z) / (r + z)
                c = k * (r - f)
                accept = (c * (2 - c) - u2 > 0) | ((c / u2).log() + 1 - c >= 0)
                x = tl.where(accept, (u3 - 0.5).sign() * f.acos(), x)
                done = done | accept
            return ((x + math.pi + loc) % (2 * math.pi) - math.pi).to(self.loc.dtype)
