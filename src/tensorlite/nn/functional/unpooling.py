"""Pooling by other norms than the largest, and the way back from max pooling."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...tensor import Tensor
from .conv import tuple_of
from .pooling import avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d"]


def _lp(n: int, average: Callable[..., Tensor], maximum: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def function(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
        if input.ndim not in (n + 1, n + 2):
            raise RuntimeError(f"lp_pool{n}d: expected {n + 1}D or {n + 2}D input, but got {list(input.shape)}")
        if math.isinf(norm_type):
            largest = maximum(input.abs() if norm_type > 0 else -input.abs(), kernel_size, stride, 0, 1, ceil_mode)
            return largest if norm_type > 0 else -largest
        mean = average(input**norm_type, kernel_size, stride, 0, ceil_mode)
        # The sum of odd powers may be negative; its root keeps the sign out of the power.
        return (mean.sign() * mean.abs().relu() * math.prod(tuple_of(kernel_size, n, "kernel_size"))) ** (1.0 / norm_type)

    function.__name__ = f"lp_pool{n}d"
    function.__doc__ = f"""The p-norm of each window: (N, C, *) to (N, C, *'), over {n} dimensions.

    ``(sum(x ** p)) ** (1 / p)`` with p = `norm_type`.

    Raises:
        RuntimeError: the windows do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.functional.lp_pool{n}d(tl.ones(1, 1, *[2] * {n}), 1, 2).item()
    {2.0**n}
    """
    return function


lp_pool1d, lp_pool2d, lp_pool3d = _lp(1, avg_pool1d, max_pool1d), _lp(2, avg_pool2d, max_pool2d), _lp(3, avg_pool3d, max_pool3d)


def _unpooled_size(n: int, input: Tensor, kernel: Any, stride: Any, padding: Any, output_size: Sequence[int] | None) -> Any:
    """The spatial size of the output: the one asked for, or the smallest that has these windows."""
    rows = zip(input.shape[-n:], kernel, stride, padding, strict=True)
    least = tuple((m - 1) * s + k - 2 * p for m, k, s, p in rows)
    if output_size is None:
        return least
    wanted = tuple(output_size)
    if len(wanted) == n + 2:
        wanted = wanted[2:]
    if len(wanted) != n:
        raise ValueError(f"output_size should be a sequence containing {n} or {n + 2} elements, but it has {len(wanted)}")
    if any(not size - s < w < size + s for w, size, s in zip(wanted, least, stride, strict=True)):
        raise ValueError(f"invalid output_size {wanted}: each size must be less than a stride {stride} away from {least}")
    return wanted


def _unpool(n: int) -> Callable[..., Tensor]:
    def function(
        input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
        output_size: Sequence[int] | None = None,
    ) -> Tensor:
        if input.ndim not in (n + 1, n + 2):
            raise RuntimeError(f"max_unpool{n}d: expected {n + 1}D or {n + 2}D input, but got {list(input.shape)}")
        kernel, pads = tuple_of(kernel_size, n, "kernel_size"), tuple_of(padding, n, "padding")
        steps = kernel if stride is None else tuple_of(stride, n, "stride")
        sizes = _unpooled_size(n, input, kernel, steps, pads, output_size)
        if indices.shape != input.shape:
            raise RuntimeError(
                f"Expected shape of indices to be same as that of the input tensor ({list(input.shape)}) but got indices tensor "
                f"with shape: {list(indices.shape)}"
            )
        lead = input.ndim - n
        zeros = input.detach().new_zeros(*input.shape[:lead], math.prod(sizes))
        return zeros.scatter(lead, indices.flatten(lead), input.flatten(lead)).reshape(*input.shape[:lead], *sizes)

    function.__name__ = f"max_unpool{n}d"
    function.__doc__ = f"""Put maxima back where `max_pool{n}d` found them, zeros elsewhere: (N, C, *) to (N, C, *').

    Raises:
        ValueError: no max pooling makes this input from `output_size`.
        RuntimeError: `indices` has another shape, or a position is outside of the output.

    >>> import tensorlite as tl
    >>> maxima, where = tl.nn.functional.max_pool{n}d(tl.ones(1, 1, *[4] * {n}), 2, return_indices=True)
    >>> tl.nn.functional.max_unpool{n}d(maxima, where, 2).sum().item()
    {2.0**n}
    """
    return function


max_unpool1d, max_unpool2d, max_unpool3d = _unpool(1), _unpool(2), _unpool(3)
