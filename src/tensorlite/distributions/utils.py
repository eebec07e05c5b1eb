"""What distributions share: broadcasting of parameters, probabilities and logits, and attributes computed when first used."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from numbers import Number
from typing import Any

from .. import dtypes
from ..autograd import enable_grad
from ..autograd.base import TensorBase
from ..tensor import Tensor
from ._tl import tl

__all__ = [
    "broadcast_all", "clamp_probs", "euler_constant", "lazy_property", "logits_to_probs", "probs_to_logits", "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]  # fmt: skip

euler_constant = 0.57721566490153286060


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Tensors of one shape; numbers take dtype and device of the first tensor.

    Raises:
        ValueError: one of them is neither tensor nor number.

    >>> broadcast_all(1.0, 2.0)
    (tensor(1.), tensor(2.))
    """
    if not all(isinstance(v, (TensorBase, Number)) for v in values):
        raise ValueError("Input arguments must all be instances of Number or torch.Tensor; convert the others with tensor(...)")
    first = next((v for v in values if isinstance(v, TensorBase)), None)
    dtype, device = (dtypes.get_default_dtype(), None) if first is None else (first.dtype, first.device)
    tensors = [v if isinstance(v, TensorBase) else tl.tensor(v, dtype=dtype, device=device) for v in values]
    return tuple(tl.broadcast_tensors(*tensors))


def standard_normal(shape: Any, dtype: Any, device: Any) -> Tensor:
    """Standard normal numbers, drawn as from tensors of means and deviations."""
    return tl.normal(tl.zeros(shape, dtype=dtype, device=device), tl.ones(shape, dtype=dtype, device=device))


def sum_rightmost(value: Tensor, dims: int) -> Tensor:
    """Sum over the last `dims` dimensions."""
    return value.sum(tuple(range(-dims, 0))) if dims else value


def shape_of(*values: Any) -> Any:
    """The shape of the first value, () if all of them are numbers."""
    return tl.tensor(0.0).shape if all(isinstance(v, Number) for v in values) else values[0].shape


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities from log-odds, or from unnormalised log-probabilities in the last dimension.

    >>> import tensorlite as tl
    >>> logits_to_probs(tl.zeros(2))
    tensor([0.5000, 0.5000])
    """
    return tl.sigmoid(logits) if is_binary else tl.softmax(logits, -1)


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities that are neither 0 nor 1.

    >>> import tensorlite as tl
    >>> clamp_probs(tl.tensor([0.0, 0.5]))
    tensor([1.1921e-07, 5.0000e-01])
    """
    eps = dtypes.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """The inverse of `logits_to_probs`.

    >>> import tensorlite as tl
    >>> probs_to_logits(tl.tensor([0.5]), is_binary=True)
    tensor([0.])
    """
    clamped = clamp_probs(probs)
    return tl.log(clamped) - tl.log1p(-clamped) if is_binary else tl.log(clamped)


class lazy_property:
    """An attribute that is computed when first used, with gradients, and then kept."""

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped
        update_wrapper(self, wrapped)  # type: ignore[arg-type]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with enable_grad():
            value = self.wrapped(instance)
        instance.__dict__[self.wrapped.__name__] = value
        return value


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """A vector (..., D (D + 1) / 2), row by row, as a lower triangular matrix; `diag` is -1 without the diagonal.

    >>> import tensorlite as tl
    >>> vec_to_tril_matrix(tl.tensor([1.0, 2.0, 3.0]))
    tensor([[1., 0.],
            [2., 3.]])
    """
    count = vec.shape[-1]
    n = round((-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * count + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2)
    if len(_tril_places(n, diag, vec)) != count:
        raise ValueError(
            f"The size of last dimension is {count} which cannot be expressed as the lower triangular part of a matrix."
        )
    flat = tl.zeros(*vec.shape[:-1], n * n, dtype=vec.dtype, device=vec.device)
    places = _tril_places(n, diag, vec).expand(vec.shape)
    return flat.scatter(-1, places, vec).reshape(*vec.shape[:-1], n, n)


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The inverse of `vec_to_tril_matrix`: the lower triangle of square matrices, row by row.

    Raises:
        ValueError: there is no such diagonal.

    >>> import tensorlite as tl
    >>> tril_matrix_to_vec(tl.tensor([[1.0, 0.0], [2.0, 3.0]]))
    tensor([1., 2., 3.])
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    return mat.reshape(*mat.shape[:-2], n * n).index_select(-1, _tril_places(n, diag, mat))


def _tril_places(n: int, diag: int, like: Tensor) -> Tensor:
    rows, columns = tl.tril_indices(n, n, diag, device=like.device).unbind()
    return rows * n + columns
