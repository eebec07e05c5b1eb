"""Making tensors. Nested lists of tensors are stacked, so that gradients flow through `asarray`."""

from __future__ import annotations

import builtins
from typing import Any

from ..autograd.base import TensorBase
from ..dtypes import dtype as DType
from ..tensor.spelling import functions
from .data_types import Device, Tensor, shape_of
from .manipulation import broadcast_to

__all__ = [
    "arange", "asarray", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like", "linspace", "meshgrid", "ones",
    "ones_like", "tril", "triu", "zeros", "zeros_like",
]  # fmt: skip


def asarray(obj: Any, /, *, dtype: DType | None = None, device: Device = None, copy: bool | None = None) -> Tensor:
    """A tensor of numbers, nested lists, an array or a tensor; copied if necessary, always for True, never for False.

    Raises:
        ValueError: a copy is necessary and `copy` is False.
        TypeError: the dtype is another library's.

    >>> from tensorlite import array_api as xp
    >>> xp.asarray([1.0, 2.0])
    tensor([1., 2.])
    """
    if dtype is not None and not isinstance(dtype, DType):
        raise TypeError(f"asarray(): expected a dtype of tensorlite, not {dtype!r}")
    numbers = isinstance(obj, (bool, int, float, complex, list, tuple)) and not hasattr(obj, "__array_interface__")
    if isinstance(obj, TensorBase):
        source: Any = obj
    elif isinstance(obj, (list, tuple)) and _holds_tensors(obj):
        source = functions["stack"]([asarray(x, device=device) for x in obj])
    else:
        source = functions["asarray"](obj, dtype=dtype if numbers else None, device=device)
    made = source.to(device=device, dtype=dtype)
    if copy is False and (numbers or made is not source):
        raise ValueError("asarray(): a copy is necessary; use copy=None or copy=True")
    return made.clone() if copy and made is source and not numbers else made


def _holds_tensors(data: Any) -> bool:
    return builtins.any(isinstance(x, TensorBase) or isinstance(x, (list, tuple)) and _holds_tensors(x) for x in data)


def from_dlpack(x: Any, /, *, device: Device = None, copy: bool | None = None) -> Tensor:
    """A tensor in the memory of another library's array, or a copy of it on a device.

    Raises:
        ValueError: a copy is necessary and `copy` is False.
    """
    made = functions["from_dlpack"](x)
    return made if device is None and copy is None else asarray(made, device=device, copy=copy)


def arange(
    start: Any, /, stop: Any = None, step: Any = 1, *, dtype: DType | None = None, device: Device = None
) -> Tensor:
    """Numbers from start to stop (excluded), or from 0 to `start`; none if the step leads away.

    >>> from tensorlite import array_api as xp
    >>> xp.arange(3), xp.arange(3, 0)
    (tensor([0, 1, 2]), tensor([], dtype=torch.int64))
    """
    if stop is None:
        start, stop = type(start)(0), start
    if (stop - start) * step < 0:
        stop = start
    return functions["arange"](start, stop, step, dtype=dtype, device=device)


def linspace(
    start: Any, stop: Any, /, num: int, *, dtype: DType | None = None, device: Device = None, endpoint: bool = True
) -> Tensor:
    """`num` numbers from start to stop, evenly spaced; without stop itself if `endpoint` is False.

    >>> from tensorlite import array_api as xp
    >>> xp.linspace(0, 1, 4, endpoint=False)
    tensor([0.0000, 0.2500, 0.5000, 0.7500])
    """
    made = functions["linspace"](start, stop, num + (not endpoint), dtype=dtype, device=device)
    return made if endpoint else made[:num]


def zeros(shape: Any, *, dtype: DType | None = None, device: Device = None) -> Tensor:
    """A tensor of zeros."""
    return functions["zeros"](shape_of(shape), dtype=dtype, device=device)


def ones(shape: Any, *, dtype: DType | None = None, device: Device = None) -> Tensor:
    """A tensor of ones."""
    return functions["ones"](shape_of(shape), dtype=dtype, device=device)


def empty(shape: Any, *, dtype: DType | None = None, device: Device = None) -> Tensor:
    """A tensor of whatever lies in memory."""
    return functions["empty"](shape_of(shape), dtype=dtype, device=device)


def full(shape: Any, fill_value: Any, *, dtype: DType | None = None, device: Device = None) -> Tensor:
    """A tensor of one number; a 0-d tensor as `fill_value` receives a gradient.

    >>> from tensorlite import array_api as xp
    >>> xp.full(2, 7)
    tensor([7, 7])
    """
    if isinstance(fill_value, TensorBase):
        return broadcast_to(asarray(fill_value, dtype=dtype, device=device), shape_of(shape)).clone()
    return functions["full"](shape_of(shape), fill_value, dtype=dtype, device=device)


def zeros_like(x: Tensor, /, *, dtype: DType | None = None, device: Device = None) -> Tensor:
    """Zeros in the shape, dtype and device of another tensor."""
    return functions["zeros_like"](x, dtype=dtype, device=device)


def ones_like(x: Tensor, /, *, dtype: DType | None = None, device: Device = None) -> Tensor:
    """Ones in the shape, dtype and device of another tensor."""
    return functions["ones_like"](x, dtype=dtype, device=device)


def empty_like(x: Tensor, /, *, dtype: DType | None = None, device: Device = None) -> Tensor:
    """Whatever lies in memory, in the shape, dtype and device of another tensor."""
    return functions["empty_like"](x, dtype=dtype, device=device)


def full_like(x: Tensor, /, fill_value: Any, *, dtype: DType | None = None, device: Device = None) -> Tensor:
    """One number in the shape, dtype and device of another tensor."""
    return full(tuple(x.shape), fill_value, dtype=dtype or x.dtype, device=device or x.device)


def eye(
    n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: DType | None = None, device: Device = None
) -> Tensor:
    """Ones on the k-th diagonal, zeros elsewhere: (n_rows, n_cols).

    >>> from tensorlite import array_api as xp
    >>> xp.eye(2, k=1)
    tensor([[0., 1.],
            [0., 0.]])
    """
    if not k:
        return functions["eye"](n_rows, n_cols, dtype=dtype, device=device)
    return ones((n_rows, n_rows if n_cols is None else n_cols), dtype=dtype, device=device).tril(k).triu(k)


def meshgrid(*arrays: Tensor, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Coordinates on the grid that 1-d tensors span, in Cartesian ("xy") or matrix ("ij") order of the first two dimensions.

    >>> from tensorlite import array_api as xp
    >>> xp.meshgrid(xp.arange(2), xp.arange(3))[0].shape
    torch.Size([3, 2])
    """
    return tuple(functions["meshgrid"](*arrays, indexing=indexing)) if arrays else ()


def tril(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The lower triangle of matrices, up to the k-th diagonal; zeros above."""
    return functions["tril"](x, k)


def triu(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The upper triangle of matrices, from the k-th diagonal; zeros below."""
    return functions["triu"](x, k)
