"""Triangles and diagonals of matrices."""

from __future__ import annotations

from typing import Any

from ..ops import shaping as ops
from .reducing import one_axis
from .spelling import public

Tensor = Any


@public(inplace=True)
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle, zeros elsewhere.

    >>> import tensorlite as tl
    >>> tl.tril(tl.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return ops.tril(_matrix(input, "tril"), k=diagonal)


@public(inplace=True)
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle, zeros elsewhere.

    >>> import tensorlite as tl
    >>> tl.triu(tl.ones(2, 2))
    tensor([[1., 1.],
            [0., 1.]])
    """
    return ops.triu(_matrix(input, "triu"), k=diagonal)


def _matrix(input: Tensor, name: str) -> Tensor:
    if input._array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    return input


@public(out=False)
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A diagonal as a view; it becomes the last dimension.

    >>> import tensorlite as tl
    >>> tl.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])
    """
    a, b = one_axis(input, dim1), one_axis(input, dim2)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return ops.diagonal(input, offset=offset, axis1=a, axis2=b)


@public()
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The matrix with this diagonal, or a matrix's diagonal.

    >>> import tensorlite as tl
    >>> tl.diag(tl.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    if input._array.ndim == 1:
        return diag_embed(input, diagonal)
    if input._array.ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input._array.ndim}D")
    return ops.diagonal(input, offset=diagonal).clone()


@public(out=False)
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last dimension on their diagonal.

    >>> import tensorlite as tl
    >>> tl.diag_embed(tl.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    ndim = input._array.ndim + 1
    for d in (dim1, dim2):
        if not -ndim <= d < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {d})")
    n = input.shape[-1] + abs(offset)
    a, b = dim1 % ndim, dim2 % ndim
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    lead = list(input.shape[:-1])
    shape = [n if i in (a, b) else lead.pop(0) for i in range(ndim)]
    return ops.diagonal_spread(input, shape=tuple(shape), offset=offset, axis1=a, axis2=b)


@public(function=False, out=False)
def fill_diagonal_(input: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Set the main diagonal to a number; returns the tensor.

    >>> import tensorlite as tl
    >>> tl.zeros(2, 2).fill_diagonal_(1)
    tensor([[1., 0.],
            [0., 1.]])
    """
    if wrap:
        raise RuntimeError("fill_diagonal_(wrap=True) is not supported; fill the blocks of a tall matrix one by one")
    input.diagonal().fill_(fill_value)
    return input
