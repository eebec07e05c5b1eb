"""Products beyond `matmul`: chains of matrices, Kronecker and cross products, covariances, low-rank approximations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase
from ..ops import shaping
from . import matrices
from .factoring import linalg_qr, linalg_svd
from .linalg import matmul
from .matrices import adjoint
from .reducing import one_axis
from .reducing import sum as total
from .spelling import functions, public

Tensor = Any


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of several matrices in the order that costs least; the first and the last may be vectors.

    Raises:
        RuntimeError: fewer than two tensors, or sizes or dtypes that do not fit.

    >>> import tensorlite as tl
    >>> tl.linalg.multi_dot([tl.ones(2, 3), tl.ones(3, 4), tl.ones(4)])
    tensor([12., 12.])
    """
    xs = list(tensors)
    if len(xs) < 2:
        raise RuntimeError("multi_dot(): expected at least 2 tensors but got " + str(len(xs)))
    _check_chain(xs)
    first, last = xs[0]._array.ndim == 1, xs[-1]._array.ndim == 1
    if first:
        xs[0] = xs[0].unsqueeze(0)
    if last:
        xs[-1] = xs[-1].unsqueeze(1)
    for i, (x, y) in enumerate(zip(xs, xs[1:], strict=False)):
        if x.shape[1] != y.shape[0]:
            raise RuntimeError(f"multi_dot(): tensors {i} and {i + 1} cannot be multiplied: {list(x.shape)} and {list(y.shape)}")
    out = _chained(xs, _splits([x.shape[0] for x in xs] + [xs[-1].shape[1]]), 0, len(xs) - 1)
    out = out.squeeze(0) if first else out
    return out.squeeze(-1) if last else out


def _check_chain(xs: list[Tensor]) -> None:
    for i, x in enumerate(xs):
        allowed = (1, 2) if i in (0, len(xs) - 1) else (2,)
        if x._array.ndim not in allowed:
            kinds = "1D or 2D" if len(allowed) > 1 else "2D"
            raise RuntimeError(f"multi_dot(): tensor {i} must be {kinds} but got {x._array.ndim}D")
        matrices.same_dtype("multi_dot()", xs[0], x)
        if x._xp is not xs[0]._xp:
            raise RuntimeError("multi_dot(): expected all tensors to be on the same device")


def _splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to split each part of the chain (Cormen et al., Introduction to Algorithms, 15.2)."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    best = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            costs = [cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)]
            cost[i, j] = min(costs)
            best[i, j] = i + costs.index(cost[i, j])
    return best


def _chained(xs: list[Tensor], splits: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    if i == j:
        return xs[i]
    k = splits[i, j]
    return matmul(_chained(xs, splits, i, k), _chained(xs, splits, k + 1, j))


@public()
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: every element of the first times the whole second.

    >>> import tensorlite as tl
    >>> tl.kron(tl.tensor([1, 2]), tl.tensor([1, 10]))
    tensor([ 1, 10,  2, 20])
    """
    n = max(input._array.ndim, other._array.ndim)
    a = [1] * (n - input._array.ndim) + list(input.shape)
    b = [1] * (n - other._array.ndim) + list(other.shape)
    x = input.reshape([size for pair in zip(a, (1,) * n, strict=True) for size in pair])
    y = other.reshape([size for pair in zip((1,) * n, b, strict=True) for size in pair])
    return (x * y).reshape([p * q for p, q in zip(a, b, strict=True)])


@public(method=False, out=False)
def block_diag(*tensors: Tensor) -> Tensor:
    """The matrix with these matrices (vectors count as rows) along its diagonal.

    Raises:
        RuntimeError: a tensor has more than two dimensions.

    >>> import tensorlite as tl
    >>> tl.block_diag(tl.tensor([[1]]), tl.tensor([2, 3]))
    tensor([[1, 0, 0],
            [0, 2, 3]])
    """
    if not tensors:
        return functions["empty"](1, 0)
    for i, x in enumerate(tensors):
        if x._array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x._array.ndim} dimensions"
            )
    dtype = tensors[0].dtype
    for x in tensors:
        dtype = dtypes.promote_types(dtype, x.dtype)
    blocks = [(x if x._array.ndim == 2 else x.reshape(1, -1)).to(dtype) for x in tensors]
    width, start, rows = sum(b.shape[1] for b in blocks), 0, []
    for b in blocks:
        rows.append(shaping.pad_constant(b, widths=((0, 0), (start, width - start - b.shape[1])), value=0))
        start += b.shape[1]
    return shaping.concat(*rows, axis=0)


def _cross(input: Tensor, other: Tensor, dim: int, name: str) -> Tensor:
    if input._array.ndim != other._array.ndim:
        raise RuntimeError(f"{name}: inputs must have equally many dimensions, not {input._array.ndim} and {other._array.ndim}")
    axis = one_axis(input, dim)
    if input.shape[axis] != 3 or other.shape[axis] != 3:
        raise RuntimeError(
            f"{name}: inputs dimension {dim} must have length 3. Got {input.shape[axis]} and {other.shape[axis]}"
        )
    a, b = input.unbind(axis), other.unbind(axis)
    parts = [a[i] * b[j] - a[j] * b[i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return shaping.stack(*parts, axis=axis)


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """Cross products of vectors of three elements along a dimension; other dimensions broadcast.

    Raises:
        RuntimeError: the dimension does not have three elements.

    >>> import tensorlite as tl
    >>> tl.linalg.cross(tl.tensor([1., 0., 0.]), tl.tensor([0., 1., 0.]))
    tensor([0., 0., 1.])
    """
    return _cross(input, other, dim, "linalg.cross")


@public()
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """Cross products of vectors of three elements; without `dim`, along the first dimension of that size.

    Raises:
        RuntimeError: no dimension has three elements.

    >>> import tensorlite as tl
    >>> tl.cross(tl.tensor([1., 0., 0.]), tl.tensor([0., 1., 0.]), dim=0)
    tensor([0., 0., 1.])
    """
    if dim is None:
        dim = next((i for i, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("linalg.cross: no dimension of size 3 in input")
    return _cross(input, other, dim, "linalg.cross")


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """Dot products along a dimension, with the first factor conjugated.

    Raises:
        RuntimeError: neither floating point nor complex.

    >>> import tensorlite as tl
    >>> tl.linalg.vecdot(tl.ones(2, 3), tl.ones(2, 3))
    tensor([3., 3.])
    """
    matrices.floating(x, "linalg.vecdot", low=True)
    return total((x.conj() if x.dtype.is_complex else x) * y, dim)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """A diagonal of matrices as a view (*, k).

    >>> import tensorlite as tl
    >>> tl.linalg.diagonal(tl.eye(2))
    tensor([1., 1.])
    """
    return A.diagonal(offset, dim1, dim2)


def linalg_vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Powers of each element: (*, n) to (*, n, N) with x^0, x^1, ..., x^(N - 1).

    Raises:
        RuntimeError: N is less than 2.

    >>> import tensorlite as tl
    >>> tl.linalg.vander(tl.tensor([2, 3]))
    tensor([[1, 2],
            [1, 3]])
    """
    x = x if x._array.ndim else x.unsqueeze(0)
    size = x.shape[-1] if N is None else N
    if size <= 1:
        raise RuntimeError(f"linalg.vander: N must be greater than 1, but is {size}")
    if x.dtype is dtypes.bool:
        x = x.to(dtypes.int64)
    rest = x.unsqueeze(-1).expand(*x.shape, size - 1).cumprod(-1)
    return shaping.concat(rest.new_ones((*x.shape, 1)), rest, axis=rest.ndim - 1)


@public(method=False, out=False)
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of the elements of a vector (n): (n, N), from x^(N - 1) down to x^0, or the other way round.

    Raises:
        RuntimeError: x is not a vector, or N is negative.

    >>> import tensorlite as tl
    >>> tl.vander(tl.tensor([2, 3, 5]))
    tensor([[ 4,  2,  1],
            [ 9,  3,  1],
            [25,  5,  1]])
    """
    if x._array.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    size = x.shape[0] if N is None else N
    if size < 0:
        raise RuntimeError("N must be non-negative.")
    if size < 2:
        return x.new_ones((x.shape[0], size), dtype=x.dtype if x.dtype.is_floating_point or x.dtype.is_complex else dtypes.int64)
    out = linalg_vander(x, N=size)
    return out if increasing else out.flip(-1)


public(name="adjoint", out=False)(adjoint)

# Statistics


def _weights(input: Tensor, fweights: Tensor | None, aweights: Tensor | None) -> Tensor | None:
    n = input.shape[1]
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is None:
            continue
        if w._array.ndim > 1:
            raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but it has {w._array.ndim}")
        whole = not (w.dtype.is_floating_point or w.dtype.is_complex or w.dtype is dtypes.bool)
        if name == "fweights" and not whole or name == "aweights" and not w.dtype.is_floating_point:
            kind = "integral" if name == "fweights" else "floating point"
            raise RuntimeError(f"cov(): expected {name} to have {kind} dtype but got {w.dtype}")
        if w.numel() != n:
            raise RuntimeError(f"cov(): expected {name} to have the same numel as there are observations, {w.numel()} != {n}")
        if n and bool((w < 0).any()):
            raise RuntimeError(f"cov(): {name} cannot be negative")
    if fweights is None or aweights is None:
        return fweights if aweights is None else aweights
    return fweights * aweights


def _mean_and_count(x: Tensor, weights: Tensor | None, aweights: Tensor | None, correction: int) -> tuple[Tensor, Any]:
    """The weighted means of rows, and how many observations count after the correction."""
    if weights is None:
        n = x.shape[1]
        return (total(x, 1, True) / n if n else total(x, 1, True) * math.nan), max(float(n) - correction, 0.0)
    count = weights.sum()
    if bool(count == 0):
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    less = correction * (weights * aweights).sum() / count if aweights is not None and correction else correction
    return total(x * weights, 1, True) / count, (count - less).clamp(min=0)


@public(out=False)
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances (v, v) of variables in rows with observations in columns (v, n).

    Args:
        correction: what is subtracted from the number of observations.
        fweights: how often each observation occurred (integers).
        aweights: how much each counts.

    Raises:
        RuntimeError: more than two dimensions, booleans, or weights that do not fit.

    >>> import tensorlite as tl
    >>> tl.cov(tl.tensor([[0., 2.], [2., 0.]]))
    tensor([[ 2., -2.],
            [-2.,  2.]])
    """
    if input._array.ndim > 2:
        raise RuntimeError(f"cov(): expected input to have two or fewer dimensions but it has {input._array.ndim}")
    if input.dtype is dtypes.bool:
        raise RuntimeError("cov(): bool dtype is not supported for input; convert with .to(dtype)")
    x = input if input._array.ndim == 2 else input.reshape(1, -1)
    weights = _weights(x, fweights, aweights)
    if weights is not None:
        weights = weights.reshape(-1)
    if not (x.dtype.is_floating_point or x.dtype.is_complex):
        x = x.to(dtypes.get_default_dtype())
    mean, norm = _mean_and_count(x, weights, None if aweights is None else aweights.reshape(-1), correction)
    x = x - mean
    scaled = x if weights is None else x * weights
    out = matmul(scaled.to(x.dtype), adjoint(x))
    out = out / norm if isinstance(norm, TensorBase) or norm else out / out.new_zeros(())
    return out.squeeze()


@public(out=False)
def corrcoef(input: Tensor) -> Tensor:
    """The correlations (v, v) of variables in rows with observations in columns (v, n).

    Raises:
        RuntimeError: more than two dimensions, or booleans.

    >>> import tensorlite as tl
    >>> tl.corrcoef(tl.tensor([[0., 2.], [2., 0.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input._array.ndim > 2:
        raise RuntimeError(f"corrcoef(): expected input to have two or fewer dimensions but got {input._array.ndim} dimensions")
    c = cov(input)
    if not c._array.ndim:
        return c / c
    deviation = c.diagonal().real.sqrt() if c.is_complex() else c.diagonal().sqrt()
    c = c / deviation.unsqueeze(1) / deviation.unsqueeze(0)
    if not c.is_complex():
        return c.clamp(-1, 1)
    return functions["complex"](c.real.clamp(-1, 1), c.imag.clamp(-1, 1))


# Low rank: Halko et al., Finding structure with randomness (2009), algorithms 4.4 and 5.1.


@public(method=False, out=False)
def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """U (*, m, q), S (*, q) and V (*, n, q) of an approximation of A, or of A - M, found with `q` random vectors.

    Args:
        niter: how many times the vectors are multiplied by A A^H, for singular values that fall slowly.

    >>> import tensorlite as tl
    >>> u, s, v = tl.svd_lowrank(tl.ones(4, 3), q=1)
    >>> u.shape, v.shape
    (torch.Size([4, 1]), torch.Size([3, 1]))
    """
    q, niter = 6 if q is None else q, 2 if niter is None else niter
    m, n = A.shape[-2:]
    matrices.matrix(A, "svd_lowrank")
    if M is not None:
        A = A - M.expand(*A.shape)
    tall = A if m >= n else adjoint(A)
    basis = _range(tall, q, niter)
    u, s, vh = linalg_svd(matmul(adjoint(basis), tall), False)
    u, v = matmul(basis, u), adjoint(vh)
    return (u, s, v) if m >= n else (v, s, u)


def _range(A: Tensor, q: int, niter: int) -> Tensor:
    """Orthonormal vectors that nearly span the columns of A."""
    start = functions["randn"](A.shape[-1], q, dtype=A.dtype, device=A.device)
    basis = linalg_qr(matmul(A, start)).Q
    back = adjoint(A)
    for _ in range(niter):
        basis = linalg_qr(matmul(back, basis)).Q
        basis = linalg_qr(matmul(A, basis)).Q
    return basis


@public(method=False, out=False)
def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """U, S and V of the principal components of rows of A (*, m, n), by `svd_lowrank` with q (at most 6) random vectors.

    Raises:
        ValueError: q is negative, or larger than the matrix; niter is negative.

    >>> import tensorlite as tl
    >>> tl.pca_lowrank(tl.ones(4, 3), q=2)[1].shape
    torch.Size([2])
    """
    m, n = matrices.matrix(A, "pca_lowrank").shape[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, True) if center else A, q, niter)
