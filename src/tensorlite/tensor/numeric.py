"""How numbers are put together: mantissas, exponents, bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ops import pointwise, reductions
from .reducing import axes_of, pair
from .spelling import public, require_tensors

Tensor = Any


@public()
def frexp(input: Tensor) -> Any:
    """The mantissa, in [0.5, 1), and the exponent (int32) of every number: ``input = mantissa * 2 ** exponent``.

    Raises:
        RuntimeError: the tensor is not of a floating dtype.

    >>> import tensorlite as tl
    >>> tl.frexp(tl.tensor([6.])).exponent
    tensor([3], dtype=torch.int32)
    """
    if not input.dtype.is_floating_point:
        raise RuntimeError(f"frexp() only supports floating-point dtypes, not {input.dtype}")
    return pair("frexp", "mantissa", "exponent")(*pointwise.frexp(input))


@public(inplace=True)
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """``input * 2 ** other``; shapes broadcast.

    Raises:
        TypeError: an argument is a number.

    >>> import tensorlite as tl
    >>> tl.ldexp(tl.tensor([1.]), tl.tensor([3]))
    tensor([8.])
    """
    require_tensors("ldexp", input, other)
    return pointwise.multiply(input, pointwise.pow(2.0, other))


@public()
def hash_tensor(input: Tensor, dim: int | Sequence[int] | None = (), *, keepdim: bool = False, mode: int = 0) -> Tensor:
    """The exclusive or of the bits (as float64, or as 64-bit integers) over some or all dimensions, as uint64.

    Raises:
        NotImplementedError: the tensor is complex.
        RuntimeError: another mode than 0, or nothing to hash.
        IndexError: there is no such dimension, or it is empty.

    >>> import tensorlite as tl
    >>> tl.hash_tensor(tl.tensor([1, 2, 4])).item()
    7
    """
    if mode:
        raise RuntimeError(f"Unknown hash_tensor mode: {mode}; there is only mode 0")
    if input.dtype.is_complex:
        raise NotImplementedError(f"hash_tensor is not implemented for {input.dtype}; hash view_as_real of it")
    axes = axes_of(input, dim)
    axes = tuple(range(input.ndim)) if axes is None else (axes,) if isinstance(axes, int) else axes
    if len(axes) == input.ndim and not input.numel():
        raise RuntimeError("hash_tensor: Expected reduction dim to be specified for input.numel() == 0. Specify it with 'dim'.")
    for axis in axes:
        if not input.shape[axis]:
            raise IndexError(f"hash_tensor: Expected reduction dim {axis} to have non-zero size.")
    return reductions.hash_tensor(input, axis=axes, keepdims=keepdim)
