"""Products of matrices in PyTorch's spelling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase
from ..ops import linalg as ops
from ..ops import reductions
from .einsum import einsum
from .spelling import methods, public

Tensor = Any


def _bool_or_half_safe(op: Any, x: Tensor, y: Tensor) -> Tensor:
    if x.dtype is dtypes.bool and y.dtype is dtypes.bool:
        raise RuntimeError("\"addmm_impl_cpu_\" not implemented for 'Bool'; convert with .to(dtype)")
    return op(x, y)


def _sizes(x: Tensor) -> str:
    return "x".join(str(n) for n in x._array.shape[-2:])


@public()
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product; 1-d tensors are vectors, leading dimensions are batches that broadcast.

    Raises:
        RuntimeError: the inner sizes or the dtypes differ.

    >>> import tensorlite as tl
    >>> tl.tensor([[1., 2.]]) @ tl.tensor([3., 4.])
    tensor([11.])
    """
    if not isinstance(other, TensorBase) or not isinstance(input, TensorBase):
        raise TypeError(f"matmul(): argument 'other' must be Tensor, not {type(other).__name__}")
    n, m = input._array.ndim, other._array.ndim
    if n == 2 and m == 2:
        if input._array.shape[1] != other._array.shape[0]:
            raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({_sizes(input)} and {_sizes(other)})")
        return _bool_or_half_safe(ops.matmul, input, other)
    if not n or not m:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {n}D and {m}D")
    x = input.unsqueeze(0) if n == 1 else input
    y = other.unsqueeze(1) if m == 1 else other
    if x.shape[-1] != y.shape[-2]:
        if n == 1 and m == 1:
            raise RuntimeError(
                f"inconsistent tensor size, expected tensor [{x.shape[-1]}] and src [{y.shape[-2]}] to have the same number of "
                f"elements, but got {x.shape[-1]} and {y.shape[-2]} elements respectively"
            )
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({_sizes(x)} and {_sizes(y)})")
    if y._array.ndim == 2 and x._array.ndim > 2:
        # One large product instead of many small ones.
        rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
        out = _bool_or_half_safe(ops.matmul, rows, y).reshape(*x.shape[:-1], y.shape[-1])
    else:
        try:
            out = _bool_or_half_safe(ops.matmul, x, y)
        except ValueError:
            raise RuntimeError(f"The batch dimensions of {list(x.shape)} and {list(y.shape)} do not broadcast") from None
    if n == 1:
        out = out.squeeze(-2)
    return out.squeeze(-1) if m == 1 else out


def _ranks(name: str, x: Tensor, n: int, y: Tensor, m: int) -> None:
    if x._array.ndim != n or y._array.ndim != m:
        raise RuntimeError(f"{name}: expected tensors with {n} and {m} dimensions, got {x._array.ndim} and {y._array.ndim}")


@public()
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices.

    >>> import tensorlite as tl
    >>> tl.mm(tl.eye(2), tl.ones(2, 1)).shape
    torch.Size([2, 1])
    """
    _ranks("mm", input, 2, mat2, 2)
    return matmul(input, mat2)


@public()
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices: (B, n, m) and (B, m, p) to (B, n, p).

    >>> import tensorlite as tl
    >>> tl.bmm(tl.ones(2, 1, 3), tl.ones(2, 3, 1)).shape
    torch.Size([2, 1, 1])
    """
    if input._array.ndim != 3 or mat2._array.ndim != 3:
        raise RuntimeError(f"batch1 must be a 3D tensor, and batch2 too; got {input._array.ndim}D and {mat2._array.ndim}D")
    if input.shape[0] != mat2.shape[0] or input.shape[2] != mat2.shape[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{input.shape[0]}, {input.shape[2]}] but got: "
            f"[{mat2.shape[0]}, {mat2.shape[1]}]."
        )
    return _bool_or_half_safe(ops.matmul, input, mat2)


@public()
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector.

    >>> import tensorlite as tl
    >>> tl.mv(tl.eye(2), tl.ones(2))
    tensor([1., 1.])
    """
    _ranks("mv", input, 2, vec, 1)
    return matmul(input, vec)


@public()
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The dot product of two vectors.

    >>> import tensorlite as tl
    >>> tl.dot(tl.tensor([1, 2]), tl.tensor([3, 4]))
    tensor(11)
    """
    if input._array.ndim != 1 or tensor._array.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {input._array.ndim}D and {tensor._array.ndim}D tensors")
    return matmul(input, tensor)


public(name="inner")(lambda input, other: _inner(input, other))


def _inner(input: Tensor, other: Tensor) -> Tensor:
    if not input._array.ndim or not other._array.ndim:
        return input * other
    return tensordot(input, other, dims=([-1], [-1]))


@public()
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The dot product with the first vector conjugated.

    >>> import tensorlite as tl
    >>> tl.vdot(tl.tensor([1j]), tl.tensor([1j]))
    tensor(1.+0.j)
    """
    return dot(input.conj(), other)


@public("ger")
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of the elements of two vectors.

    >>> import tensorlite as tl
    >>> tl.outer(tl.tensor([1, 2]), tl.tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    _ranks("outer", input, 1, vec2, 1)
    return input.unsqueeze(1) * vec2


def _combined(input: Tensor, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    if not (input.dtype.is_floating_point or input.dtype.is_complex):
        beta, alpha = int(beta), int(alpha)
    product = product if alpha == 1 else (product * alpha).to(product.dtype)
    if beta == 0:
        return product
    return (input if beta == 1 else (input * beta).to(input.dtype)) + product


def _half(x: Tensor) -> bool:
    return x.dtype.is_floating_point and x.dtype.itemsize == 2


def _added(product: Any, input: Tensor, x: Tensor, y: Tensor, beta: Any, alpha: Any) -> Tensor:
    if _half(x) and x.dtype == y.dtype == input.dtype:
        return _combined(input.float(), product(x.float(), y.float()), beta, alpha).to(input.dtype)  # rounded once
    return _combined(input, product(x, y), beta, alpha)


@public(inplace=True)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * mat1 @ mat2``.

    >>> import tensorlite as tl
    >>> tl.addmm(tl.ones(1), tl.eye(1), tl.eye(1))
    tensor([[2.]])
    """
    return _added(mm, input, mat1, mat2, beta, alpha)


@public(inplace=True)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * mat @ vec``.

    >>> import tensorlite as tl
    >>> tl.addmv(tl.ones(1), tl.eye(1), tl.ones(1))
    tensor([2.])
    """
    return _added(mv, input, mat, vec, beta, alpha)


@public(inplace=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``.

    >>> import tensorlite as tl
    >>> tl.addr(tl.ones(1, 1), tl.ones(1), tl.ones(1))
    tensor([[2.]])
    """
    return _combined(input, outer(vec1, vec2), beta, alpha)


@public(inplace=True)
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * bmm(batch1, batch2)``.

    >>> import tensorlite as tl
    >>> tl.baddbmm(tl.ones(1), tl.ones(1, 1, 2), tl.ones(1, 2, 1))
    tensor([[[3.]]])
    """
    return _added(bmm, input, batch1, batch2, beta, alpha)


@public(inplace=True)
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * (sum of bmm(batch1, batch2) over the batch)``.

    >>> import tensorlite as tl
    >>> tl.addbmm(tl.ones(1), tl.ones(2, 1, 1), tl.ones(2, 1, 1))
    tensor([[3.]])
    """
    if _half(batch1) and len(batch1.shape) == len(batch2.shape) == 3 and 0 < batch1.shape[0] == batch2.shape[0]:
        for i, (x, y) in enumerate(zip(batch1.unbind(0), batch2.unbind(0), strict=True)):  # rounded after each, as in PyTorch
            input = addmm(input, x, y, beta=1 if i else beta, alpha=alpha)
        return input
    return _combined(input, bmm(batch1, batch2).sum(0, dtype=batch1.dtype), beta, alpha)


_addbmm_ = methods["addbmm_"]


@public(function=False, out=False)
def addbmm_(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """In-place version of `addbmm`; a smaller tensor that requires no grad is resized to the result, as in PyTorch.

    >>> import tensorlite as tl
    >>> tl.ones(1).addbmm_(tl.ones(2, 1, 1), tl.ones(2, 1, 2)).shape
    torch.Size([1, 2])
    """
    if input._node is None and input._view is None and batch1._array.ndim == batch2._array.ndim == 3:
        shape = (batch1.shape[1], batch2.shape[2])
        if input._array.shape != shape:
            input._array = input._xp.copy(input.expand(*shape)._array)
    return _addbmm_(input, batch1, batch2, beta=beta, alpha=alpha)


@public(method=False)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sum of products over pairs of dimensions.

    >>> import tensorlite as tl
    >>> tl.tensordot(tl.ones(2, 3), tl.ones(3, 4), dims=1).shape
    torch.Size([2, 4])
    """
    if isinstance(dims, TensorBase):
        dims = dims.tolist() if dims._array.ndim else int(dims.item())
    if isinstance(dims, int):
        left, right = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        left, right = (
            [d % max(x.ndim, 1) for d in ([ds] if isinstance(ds, int) else ds)] for x, ds in zip((a, b), dims, strict=True)
        )
    for d, e in zip(left, right, strict=True):  # a size of one broadcasts
        if a.shape[d] == 1 != b.shape[e]:
            b = b.sum(e, True, dtype=b.dtype)
        elif b.shape[e] == 1 != a.shape[d]:
            a = a.sum(d, True, dtype=a.dtype)
    if [a.shape[d] for d in left] != [b.shape[d] for d in right]:
        raise RuntimeError(
            f"contracted dimensions need to match, but got {[a.shape[d] for d in left]} and {[b.shape[d] for d in right]}"
        )
    keep_a = [i for i in range(a.ndim) if i not in left]
    keep_b = [i for i in range(b.ndim) if i not in right]
    inner = 1
    for d in left:
        inner *= a.shape[d]
    x = a.permute(*keep_a, *left).reshape(_count(a, keep_a), inner)
    y = b.permute(*right, *keep_b).reshape(inner, _count(b, keep_b))
    return matmul(x, y).reshape([a.shape[i] for i in keep_a] + [b.shape[i] for i in keep_b])


def _count(x: Tensor, axes: Sequence[int]) -> int:
    n = 1
    for i in axes:
        n *= x.shape[i]
    return n


@public(out=False)
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal.

    >>> import tensorlite as tl
    >>> tl.trace(tl.eye(3))
    tensor(3.)
    """
    if input._array.ndim != 2:
        raise RuntimeError("trace: expected a matrix")
    return reductions.sum(input.diagonal())


@public()
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of several matrices.

    >>> import tensorlite as tl
    >>> tl.chain_matmul(tl.eye(2), tl.eye(2)).shape
    torch.Size([2, 2])
    """
    out = matrices[0]
    for m in matrices[1:]:
        out = mm(out, m)
    return out


public(method=False, out=False)(einsum)
