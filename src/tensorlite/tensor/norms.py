"""Norms of vectors and matrices, and what is made of them: distances, condition numbers, ranks."""

from __future__ import annotations

import builtins
import math
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase
from ..dtypes import dtype
from ..ops import pointwise, reductions, solvers
from . import matrices
from .factoring import eigvalsh, svdvals
from .reducing import Dim, amax, amin, axes_of, one_axis
from .reducing import sum as total
from .solving import inv_ex, tolerances
from .spelling import public

Tensor = Any


def _converted(x: Tensor, dtype: dtype | None, name: str) -> Tensor:
    """x in the dtype that the norm is asked in."""
    if not (x.dtype.is_floating_point or x.dtype.is_complex):
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {x.dtype}; convert with .to(dtype)")
    if dtype is None:
        return x
    if not (dtype.is_floating_point or dtype.is_complex):
        raise RuntimeError(f"{name}: dtype should be floating point or complex, but got {dtype}")
    if dtype.is_complex != x.dtype.is_complex:
        kinds = [("real", "complex")[d.is_complex] for d in (dtype, x.dtype)]
        raise RuntimeError(f"{name}: dtype should be {kinds[1]} for {kinds[1]} inputs, but got {dtype}")
    if dtypes.promote_types(x.dtype, dtype) is not dtype:
        raise RuntimeError(f"{name}: the dtype of the input ({x.dtype}) should be convertible without narrowing to {dtype}")
    return x.to(dtype)


def vector_norm(input: Tensor, ord: Any = 2, dim: Dim = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """(sum |x|^ord)^(1/ord) over all or some dimensions; 0 counts what is not zero, and infinities are the extremes.

    Raises:
        RuntimeError: not floating point, or an empty dimension for which there is no such norm.

    >>> import tensorlite as tl
    >>> tl.linalg.vector_norm(tl.tensor([3., 4.]))
    tensor(5.)
    """
    input = _converted(input, dtype, "linalg.vector_norm")
    if isinstance(ord, (str, TensorBase, complex)):
        raise TypeError(f"linalg.vector_norm: ord must be a real number, not {ord!r}")
    axes = axes_of(input, dim)
    if not input.numel() and (ord < 0 or ord == math.inf):
        sizes = input.shape if axes is None else [input.shape[a] for a in ((axes,) if isinstance(axes, int) else axes)]
        if 0 in sizes:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor or dimension: the operation has no identity"
            )
    return reductions.vector_norm(input, p=float(ord), axis=axes, keepdims=keepdim)


def _two_axes(A: Tensor, dim: Any, name: str) -> tuple[int, int]:
    if len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {tuple(dim)}")
    rows, columns = one_axis(A, dim[0]), one_axis(A, dim[1])
    if rows == columns:
        raise RuntimeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    return rows, columns


def _largest(x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    """The largest of numbers that are not negative; of none, zero."""
    return amax(x, dim, keepdim) if x.shape[dim] else total(x, dim, keepdim)


def matrix_norm(
    input: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: dtype | None = None
) -> Tensor:
    """A norm of matrices: ``fro``, ``nuc`` (sum of singular values), +-2 (an extreme one), +-1 and +-inf (sums of columns, rows).

    Raises:
        RuntimeError: fewer than two dimensions, not floating point, or another `ord`.

    >>> import tensorlite as tl
    >>> tl.linalg.matrix_norm(tl.tensor([[1., 2.], [3., 4.]]), 1)
    tensor(6.)
    """
    name = "linalg.matrix_norm"
    if input._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor must have at least 2 dimensions.")
    input = _converted(input, dtype, name)
    rows, columns = _two_axes(input, (dim,) if isinstance(dim, int) else dim, name)
    if ord == "fro":
        return reductions.vector_norm(input, p=2.0, axis=(rows, columns), keepdims=keepdim)
    if not isinstance(ord, str) and abs(ord) in (1, math.inf):
        inner, outer = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = total(input.abs(), inner, True)
        out = (_largest if ord > 0 else amin)(sums, outer, True)
        return out if keepdim else out.squeeze((rows, columns))
    if ord != "nuc" and (isinstance(ord, str) or abs(ord) != 2):
        raise RuntimeError(f"{name}: Order {ord} not supported.")
    values = svdvals(matrices.floating(input, name).movedim((rows, columns), (-2, -1)))
    out = total(values, -1) if ord == "nuc" else _largest(values, -1) if ord == 2 else amin(values, -1)
    if not keepdim:
        return out
    return out.reshape([1 if i in (rows, columns) else n for i, n in enumerate(input.shape)])


def linalg_norm(input: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The norm of a vector, or of a matrix where two dimensions and an `ord` are given; without `ord` that of all elements.

    Raises:
        RuntimeError: an `ord` without `dim` for more than two dimensions, or what `vector_norm` and `matrix_norm` refuse.

    >>> import tensorlite as tl
    >>> tl.linalg.norm(tl.tensor([[3., 0.], [0., 4.]]))
    tensor(5.)
    """
    if dim is not None and not isinstance(dim, int) and len(dim) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}")
    if ord is None:
        return vector_norm(input, 2, dim, keepdim, dtype=dtype)
    if dim is None and input._array.ndim not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, input must be 1D or 2D. Got {input._array.ndim}D.")
    axes = tuple(range(input._array.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if len(axes) == 2:
        return matrix_norm(input, ord, axes, keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise RuntimeError(f"linalg.norm: order {ord!r} is one of matrices, but the norm of vectors was asked: dim={axes}")
    return vector_norm(input, ord, axes, keepdim, dtype=dtype)


@public()
def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The norm over all or some dimensions: of vectors for a number (``fro`` is 2), ``nuc`` that of matrices.

    Raises:
        RuntimeError: an unknown p, or integers.

    >>> import tensorlite as tl
    >>> tl.norm(tl.tensor([3., 4.]))
    tensor(5.)
    """
    if p == "nuc":
        if dim is not None and (isinstance(dim, int) or len(dim) != 2):
            raise IndexError(f"nuclear norm: dim must be a 2-tuple, but got {dim}")
        return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"only valid string values are 'fro' and 'nuc', found {p}")
    if isinstance(p, (TensorBase, list, tuple)):
        raise RuntimeError(f"norm(): p must be a number or a string, not {type(p).__name__}")
    power = 2.0 if p in ("fro", None) else float(p)
    if dtype is not None:
        input = input.to(dtype)
    if not (input.dtype.is_floating_point or input.dtype.is_complex):
        raise RuntimeError(f"norm(): expected a floating point or complex tensor, but got {input.dtype}; convert with .to(dtype)")
    return vector_norm(input, power, dim, keepdim)


@public(method=False)
def nuclear_norm(input: Tensor, dim: Any = (-2, -1), keepdim: bool = False) -> Tensor:
    """The sum of singular values; `linalg.matrix_norm` is the newer name.

    >>> import tensorlite as tl
    >>> tl.nuclear_norm(tl.tensor([[3., 0.], [0., 4.]]))
    tensor(7.)
    """
    return matrix_norm(input, "nuc", dim, keepdim)


@public(method=False)
def frobenius_norm(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """The root of the sum of squares over dimensions; `linalg.vector_norm` is the newer name.

    >>> import tensorlite as tl
    >>> tl.frobenius_norm(tl.tensor([[3., 4.], [0., 0.]]), 1)
    tensor([5., 0.])
    """
    return vector_norm(input, 2, dim, keepdim)


@public(method=False, out=False)
def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norm over all dimensions but one, whose size remains; over all of them for -1.

    >>> import tensorlite as tl
    >>> tl.norm_except_dim(tl.tensor([[3., 4.], [0., 0.]]))
    tensor([[5.],
            [0.]])
    """
    if dim == -1:
        return vector_norm(v, pow)
    own = one_axis(v, dim)
    axes = tuple(i for i in range(v._array.ndim) if i != own)
    return vector_norm(v, pow, axes, True) if axes else v.abs()


@public(out=False)
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of the difference.

    >>> import tensorlite as tl
    >>> tl.dist(tl.tensor([3., 4.]), tl.zeros(2))
    tensor(5.)
    """
    return norm(input - other, p)


# Made of norms


def cond(input: Tensor, p: Any = None) -> Tensor:
    """The condition numbers of matrices in a norm (see `matrix_norm`); without `p`, the ratio of extreme singular values.

    Raises:
        RuntimeError: fewer than two dimensions, not floating point, or matrices that are not square for other norms.

    >>> import tensorlite as tl
    >>> tl.linalg.cond(tl.tensor([[1., 0.], [0., 4.]]))
    tensor(4.)
    """
    matrices.matrix(input, "linalg.cond")
    if not input.numel():
        return input.new_zeros(input.shape[:-2], dtype=input.dtype.to_real())
    if p in (None, 2, -2):
        values = svdvals(input)
        first, last = values[..., 0], values[..., -1]
        return last / first if p == -2 else first / last
    matrices.square(input, f"linalg.cond({p})")
    inverse, info = inv_ex(input)
    size = matrix_norm(input, p) * matrix_norm(inverse, p)
    return pointwise.where(info != 0, math.inf, size) if bool(info.any()) else size


def matrix_rank(
    input: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:
    """How many singular values (eigenvalues of `hermitian` matrices) are larger than max(atol, rtol * largest).

    `rtol` is by default max(m, n) times the dtype's eps, or 0 with an `atol`; `tol` is the older name of `atol`.

    Raises:
        RuntimeError: fewer than two dimensions, or not floating point.

    >>> import tensorlite as tl
    >>> tl.linalg.matrix_rank(tl.tensor([[1., 1.], [1., 1.]]))
    tensor(1)
    """
    name = "linalg.matrix_rank"
    A = matrices.matrix(input, name).detach()
    if tol is not None:
        atol, rtol = tol, 0.0
    if not A.numel():
        return A.new_zeros(A.shape[:-2], dtype=dtypes.int64)
    values = eigvalsh(matrices.square(A, name)).abs() if hermitian else svdvals(A)
    absolute, relative = tolerances(A, atol, rtol)
    return (values > pointwise.maximum(absolute, relative * values.amax(-1)).unsqueeze(-1)).sum(-1)


_MODES = {"use_mm_for_euclid_dist_if_necessary": None, "use_mm_for_euclid_dist": True, "donot_use_mm_for_euclid_dist": False}


@public(method=False, out=False)
def cdist(
    x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = "use_mm_for_euclid_dist_if_necessary"
) -> Tensor:
    """The p-norm distance of each row of x1 (*, P, M) to each row of x2 (*, R, M): (*, P, R).

    Euclidean distances of more than 25 rows are computed by a product of matrices, which is quick, but rounds near zero.

    Raises:
        RuntimeError: the sizes do not fit, p is negative, or integers.

    >>> import tensorlite as tl
    >>> tl.cdist(tl.tensor([[3., 4.]]), tl.zeros(2, 2))
    tensor([[5., 5.]])
    """
    for i, x in enumerate((x1, x2), 1):
        if not x.dtype.is_floating_point:
            raise RuntimeError(f"cdist only supports floating-point dtypes, X{i} got: {x.dtype}")
        if x._array.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, X{i} got: {x._array.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}")
    if not p >= 0:
        raise RuntimeError(f"cdist only supports non-negative p values, not {p}")
    if compute_mode is not None and compute_mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode; choose one of {list(_MODES)}")
    x1, x2 = matrices.batched("cdist", x1, x2)
    if p == 2:
        choice = _MODES[compute_mode or "use_mm_for_euclid_dist_if_necessary"]
        large = builtins.max(x1.shape[-2], x2.shape[-2]) > 25
        return solvers.distances(x1, x2, by_products=large if choice is None else choice)
    difference = x1.unsqueeze(-2) - x2.unsqueeze(-3)
    if not difference.shape[-1]:
        return total(difference, -1)
    return reductions.vector_norm(difference, p=float(p), axis=difference.ndim - 1)


@public(inplace=True)
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Scale each slice along a dimension whose p-norm is above `maxnorm` down to it.

    Raises:
        RuntimeError: p is not positive, maxnorm is negative, or fewer than two dimensions.

    >>> import tensorlite as tl
    >>> tl.renorm(tl.tensor([[3., 4.], [0., 1.]]), 2, 0, 1)
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
    """
    if isinstance(p, complex) or not p > 0:
        raise RuntimeError("renorm: non-positive-norm not supported; p must be a positive number")
    if isinstance(maxnorm, complex) or maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    if input._array.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input._array.ndim} dimensions")
    own = one_axis(input, dim)
    axes = tuple(i for i in range(input._array.ndim) if i != own)
    wide = input.float() if input.dtype.itemsize == 2 else input
    size = vector_norm(wide, p, axes, True)
    scale = pointwise.where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)
    return input * scale.to(input.dtype)
