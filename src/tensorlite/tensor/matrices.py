"""What functions of matrices have in common: checks, batches, named results, errors of factorizations."""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from typing import Any, NoReturn

from ..autograd.modes import modes
from ..backends.errors import LinAlgError
from ..ops import shaping

__all__ = [
    "adjoint", "batched", "check_info", "floating", "identity", "is_vector", "matrix", "recorded", "result", "same_dtype", "square",
]  # fmt: skip

Tensor = Any


@cache
def _result_type(name: str, fields: tuple[str, ...]) -> Any:
    def shown(self: Any) -> str:
        return f"torch.return_types.{name}(\n" + ",\n".join(f"{f}={v!r}" for f, v in zip(fields, self, strict=True)) + ")"

    return type(name, (namedtuple(name, fields),), {"__slots__": (), "__repr__": shown})


def result(name: str, **fields: Any) -> Any:
    """The named tuple that PyTorch returns from the function `name`."""
    return _result_type(name, tuple(fields))(*fields.values())


def floating(x: Tensor, name: str, low: bool = False) -> Tensor:
    """x, if its dtype is a floating point or complex one that decompositions can be computed in.

    Raises:
        RuntimeError: it is not.
    """
    if not (x.dtype.is_floating_point or x.dtype.is_complex):
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {x.dtype}; convert with .to(dtype)")
    if not low and x.dtype.itemsize == 2:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {x.dtype}; convert with .float()")
    return x


def matrix(x: Tensor, name: str, low: bool = False) -> Tensor:
    """x, if it is a batch of floating point matrices.

    Raises:
        RuntimeError: it has fewer dimensions, or integers.
    """
    if x._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor must have at least 2 dimensions, but it has {x._array.ndim}.")
    return floating(x, name, low)


def square(x: Tensor, name: str) -> Tensor:
    """x, if it is a batch of square floating point matrices.

    Raises:
        RuntimeError: it is not.
    """
    matrix(x, name)
    if x.shape[-1] != x.shape[-2]:
        raise RuntimeError(f"{name}: A must be batches of square matrices, but they are {x.shape[-2]} by {x.shape[-1]} matrices")
    return x


def same_dtype(name: str, first: Tensor, second: Tensor) -> None:
    """Refuse two dtypes.

    Raises:
        RuntimeError: they differ.
    """
    if first.dtype != second.dtype:
        raise RuntimeError(f"{name}: Expected both inputs to have the same dtype, but got {first.dtype} and {second.dtype}")


def recorded(x: Tensor) -> bool:
    """Whether what is done with x is recorded."""
    return modes.grad and x._node is not None


def adjoint(x: Tensor) -> Tensor:
    """The conjugate transpose."""
    x = shaping.matrix_transpose(x)
    return x.conj() if x.dtype.is_complex else x


def identity(x: Tensor) -> Tensor:
    """The matrix of the size of those in x, with ones on its diagonal; without a batch."""
    return x._xp.tensors.eye(x._array.shape[-2], x._array.shape[-1], dtype=x._array.dtype)


def batched(name: str, *xs: Tensor, trailing: int = 2) -> tuple[Tensor, ...]:
    """The tensors with their batches broadcast to one.

    Raises:
        RuntimeError: the batches do not broadcast.
    """
    batches = [tuple(x._array.shape[: x._array.ndim - trailing]) for x in xs]
    longest = max(len(b) for b in batches)
    full = []
    for sizes in zip(*[(1,) * (longest - len(b)) + b for b in batches], strict=True):
        wanted = {n for n in sizes if n != 1}
        if len(wanted) > 1:
            raise RuntimeError(f"{name}: the batch dimensions {' and '.join(str(list(b)) for b in batches)} do not broadcast")
        full.append(wanted.pop() if wanted else 1)
    shapes = [(*full, *x._array.shape[x._array.ndim - trailing :]) for x in xs]
    return tuple(x if x._array.shape == s else shaping.broadcast_to(x, shape=s) for x, s in zip(xs, shapes, strict=True))


def is_vector(a: Tensor, b: Tensor) -> bool:
    """Whether b is a batch of vectors beside the batch of matrices a."""
    return b._array.ndim == 1 or b._array.ndim == a._array.ndim - 1 and b._array.shape == a._array.shape[:-1]


_REASONS = {
    "cholesky": "The factorization could not be completed because the input is not positive-definite (the leading minor of order "
    "{info} is not positive-definite).",
    "inv": "The diagonal element {info} is zero, the inversion could not be completed because the input matrix is singular.",
    "solve": "The solver failed because the input matrix is singular.",
    "lu": "U[{info},{info}] is zero and using it on lu_solve would result in a division by zero. If you still want to perform the "
    "factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)",
    "ldl": "D[{info},{info}] is zero and using it on ldl_solve would result in a division by zero; linalg.ldl_factor_ex gives the "
    "factors nevertheless.",
}


def check_info(info: Tensor, name: str, kind: str) -> None:
    """Say which matrix of a batch could not be treated, and why.

    Raises:
        LinAlgError: some info is not zero.
    """
    if info._xp.bool(info._xp.any(info._array)):
        _failed(info.reshape(-1).tolist(), name, kind, bool(info._array.ndim))


def _failed(infos: list[int], name: str, kind: str, many: bool) -> NoReturn:
    number = next(i for i, info in enumerate(infos) if info)
    place = f"(Batch element {number}): " if many else ""
    raise LinAlgError(f"{name}: {place}" + _REASONS[kind].format(info=infos[number]))
