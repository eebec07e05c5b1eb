"""Random numbers that have gradients, and binomial ones; `tensorlite.distributions` builds on them."""

from __future__ import annotations

from typing import Any

from ..autograd.base import wrap
from ..ops import sampling as ops
from .random import Generator, _source
from .spelling import functions

__all__ = ["binomial", "sample_dirichlet", "standard_gamma"]

Tensor = Any


def _floating(name: str, *inputs: Tensor) -> None:
    for input in inputs:
        if not input.dtype.is_floating_point:
            raise RuntimeError(f"{name} is not implemented for {input.dtype}; convert it to a floating dtype")


def standard_gamma(concentration: Tensor, generator: Generator | None = None) -> Tensor:
    """Gamma numbers of rate 1 (Marsaglia and Tsang, 2000), which move with their concentrations: (*) to (*).

    Raises:
        RuntimeError: the concentrations are not floating.

    >>> import tensorlite as tl
    >>> standard_gamma(tl.ones(3)).shape
    torch.Size([3])
    """
    _floating("_standard_gamma", concentration)
    return ops.standard_gamma(concentration, source=_source(concentration._xp, generator))


def sample_dirichlet(concentration: Tensor, generator: Generator | None = None) -> Tensor:
    """Points of the simplex, which move with their concentrations: (*, K) to (*, K).

    Raises:
        RuntimeError: the concentrations are not floating.

    >>> import tensorlite as tl
    >>> sample_dirichlet(tl.ones(2, 3)).shape
    torch.Size([2, 3])
    """
    _floating("_sample_dirichlet", concentration)
    return ops.dirichlet(concentration, source=_source(concentration._xp, generator))


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Numbers of successes in `count` trials that succeed with chance `prob`; shapes broadcast, the dtype is the count's.

    Raises:
        RuntimeError: the two have different or not floating dtypes.

    >>> import tensorlite as tl
    >>> tl.binomial(tl.tensor([4., 5.]), tl.tensor([0., 1.]))
    tensor([0., 5.])
    """
    _floating("binomial", count, prob)
    if count.dtype is not prob.dtype:
        raise RuntimeError(f"binomial expects count and prob of one dtype, but got {count.dtype} and {prob.dtype}; convert one")
    shape = functions["broadcast_shapes"](count.shape, prob.shape)
    xp = count._xp
    drawn = _source(xp, generator).binomial(count.expand(shape)._array, prob.expand(shape)._array)
    return wrap(drawn, xp)


functions["binomial"] = binomial
