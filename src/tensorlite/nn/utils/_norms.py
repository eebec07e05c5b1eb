"""What the two ways to normalise weights, by hooks and by parametrizations, share."""

from __future__ import annotations

from typing import Any

from ...linalg import vector_norm
from ...tensor import Tensor
from ..functional.norm import normalize
from ..module import Module
from ..modules.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d

__all__ = ["as_matrix", "norm_except", "output_dim", "random_direction", "rescaled"]


def norm_except(v: Tensor, dim: int) -> Tensor:
    """The Euclidean norm over all dimensions but one, which are kept with size 1; over all of them for -1."""
    if dim == -1:
        return vector_norm(v)
    dim = _checked(dim, v.ndim)
    others = [d for d in range(v.ndim) if d != dim]
    return vector_norm(v, dim=others, keepdim=True) if others else v.abs()


def _checked(dim: int, ndim: int) -> int:
    if not -ndim <= dim < ndim:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})")
    return dim % ndim


def rescaled(g: Tensor, v: Tensor, dim: int) -> Tensor:
    """``v`` with the norm ``g`` in place of its own: the weight of weight normalisation."""
    return v * (g / norm_except(v, dim))


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """The weight with one dimension as rows and all others as columns."""
    return weight.movedim(dim, 0).reshape(weight.shape[dim], -1)


def random_direction(weight: Any, size: int, eps: float) -> Tensor:
    """A vector (size) of length 1, drawn from all directions alike, on the weight's device."""
    return normalize(weight.new_empty(size).normal_(0, 1), dim=0, eps=eps)


def output_dim(module: Module) -> int:
    """The dimension of the module's weight that belongs to its outputs."""
    return int(isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)))
