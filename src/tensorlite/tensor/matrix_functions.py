"""Determinants, exponentials and powers of matrices."""

from __future__ import annotations

import math
from typing import Any

from ..ops import pointwise
from ..ops import solvers as ops
from . import matrices
from .linalg import matmul
from .matrices import result, square
from .solving import inv
from .spelling import public

Tensor = Any


def linalg_det(A: Tensor) -> Tensor:
    """The determinants (*) of matrices (*, n, n).

    Raises:
        RuntimeError: the matrices are not square, or not floating point.

    >>> import tensorlite as tl
    >>> tl.linalg.det(tl.tensor([[2., 0.], [0., 4.]]))
    tensor(8.)
    """
    return ops.det(square(A, "linalg.det"))


@public()
def det(input: Tensor) -> Tensor:
    """`linalg.det` under its older name.

    >>> import tensorlite as tl
    >>> tl.det(tl.eye(2))
    tensor(1.)
    """
    return linalg_det(input)


def linalg_slogdet(A: Tensor) -> Any:
    """The signs of determinants (of absolute value 1, or 0), and the logarithms of their absolute values.

    >>> import tensorlite as tl
    >>> tl.linalg.slogdet(tl.tensor([[-1.]])).sign
    tensor(-1.)
    """
    sign, size = ops.slogdet(square(A, "linalg.slogdet"))
    return result("linalg_slogdet", sign=sign, logabsdet=size)


@public()
def slogdet(input: Tensor) -> Any:
    """`linalg.slogdet` under its older name.

    >>> import tensorlite as tl
    >>> tl.slogdet(tl.tensor([[-1.]])).logabsdet
    tensor(0.)
    """
    return linalg_slogdet(input)


@public(out=False)
def logdet(input: Tensor) -> Tensor:
    """The logarithms of determinants; nan where they are negative.

    >>> import tensorlite as tl
    >>> tl.logdet(tl.eye(2))
    tensor(0.)
    """
    sign, size = linalg_slogdet(input)
    if sign.is_complex():
        return sign.log() + size
    return pointwise.where(sign == -1, math.nan, size)


@public(out=False)
def matrix_exp(input: Tensor) -> Tensor:
    """The exponentials of matrices (*, n, n).

    Raises:
        RuntimeError: the matrices are not square, or not floating point; SciPy is missing.

    >>> import tensorlite as tl
    >>> tl.linalg.matrix_exp(tl.zeros(1, 1))
    tensor([[1.]])
    """
    if input.dtype.itemsize == 2 and input.dtype.is_floating_point:
        return ops.matrix_exp(square(input.float(), "linalg.matrix_exp")).to(input.dtype)
    return ops.matrix_exp(square(input, "linalg.matrix_exp"))


@public()
def matrix_power(input: Tensor, n: int) -> Tensor:
    """The n-th powers of matrices (*, m, m); of their inverses for a negative n.

    Raises:
        RuntimeError: the matrices are not square, or not floating point.
        LinAlgError: n is negative, and some matrix is singular.

    >>> import tensorlite as tl
    >>> tl.linalg.matrix_power(tl.tensor([[1., 1.], [0., 1.]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    if input._array.ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise RuntimeError(f"linalg.matrix_power: A must be batches of square matrices, but its shape is {list(input.shape)}")
    matrices.floating(input, "linalg.matrix_power", low=True)
    if n == 0:
        return matrices.identity(input).expand(*input.shape).clone()
    base = inv(input) if n < 0 else input
    out, left = None, abs(n)
    while left:
        if left & 1:
            out = base if out is None else matmul(out, base)
        left >>= 1
        base = matmul(base, base) if left else base
    return out.clone() if out is input else out
