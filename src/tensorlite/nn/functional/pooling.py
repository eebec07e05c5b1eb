"""Pooling."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from ...ops import pool
from ...tensor import Tensor, cat
from ...tensor.spelling import with_out
from .conv import tuple_of

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices", "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d", "max_pool1d_with_indices",
    "max_pool2d", "max_pool2d_with_indices", "max_pool3d", "max_pool3d_with_indices",
]

Ints = tuple[int, ...]


def _geometry(n: int, input: Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> tuple[Any, ...]:
    """Kernel, stride, padding (before, after), dilation and the number of windows along each axis."""
    try:
        return _windows(n, input._array.shape, kernel, stride, padding, dilation, ceil_mode)
    except TypeError:  # lists are no keys
        given = [tuple(a) if isinstance(a, list) else a for a in (kernel, stride, padding, dilation)]
        return _windows(n, input._array.shape, *given, ceil_mode)


@functools.lru_cache(maxsize=1024, typed=True)
def _windows(n: int, shape: Ints, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> tuple[Any, ...]:
    """The same for a shape; complains about what does not fit. For what does, this is done once."""
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(f"Expected {n + 1}D or {n + 2}D (batch mode) tensor, but got input of size {list(shape)}")
    if not all(shape[1 if len(shape) == n + 2 else 0 :]):
        raise RuntimeError(f"Expected input with non-zero size for non-batch dimensions, but got {list(shape)}")
    kernels, spread, room = tuple_of(kernel, n, "kernel_size"), tuple_of(dilation, n, "dilation"), tuple_of(padding, n, "padding")
    steps = kernels if stride is None or stride == () else tuple_of(stride, n, "stride")
    if any(x <= 0 for x in (*kernels, *steps, *spread)):
        raise RuntimeError("kernel size, stride and dilation should be greater than zero")
    if any(x < 0 or x > y // 2 for x, y in zip(room, kernels, strict=True)):
        raise RuntimeError(
            f"pad should be at most half of effective kernel size, but got pad={room[0]}, kernel_size={kernels[0]}"
        )
    pads, places = [], []
    for m, k, s, p, d in zip(shape[-n:], kernels, steps, room, spread, strict=True):
        left = m + 2 * p - d * (k - 1) - 1
        count = (-(-left // s) if ceil_mode else left // s) + 1
        if ceil_mode and (count - 1) * s >= m + p:
            count -= 1
        if count < 1:
            raise RuntimeError(f"Given input size: {list(shape[-n:])}. Calculated output size is too small")
        pads.append((p, max(p, (count - 1) * s + d * (k - 1) + 1 - m - p)))
        places.append(count)
    return kernels, steps, tuple(pads), spread, tuple(places)


def _max(n: int) -> Callable[..., Any]:
    def function(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        k, s, pads, d, places = _geometry(n, input, kernel_size, stride, padding, dilation, ceil_mode)
        key = (..., *(slice(0, m) for m in places))
        if not return_indices:
            values = pool.max_pool_values(input, kernel=k, stride=s, padding=pads, dilation=d)
            return values if values._array.shape[-n:] == places else values[key]
        values, indices = pool.max_pool(input, kernel=k, stride=s, padding=pads, dilation=d)
        return (values, indices) if values._array.shape[-n:] == places else (values[key], indices[key])

    function.__name__ = f"max_pool{n}d"
    function.__doc__ = f"""The largest element of each window: (N, C, *) to (N, C, *'), over {n} dimensions.

    Raises:
        RuntimeError: the windows do not fit, or the padding exceeds half a window.

    >>> import tensorlite as tl
    >>> tl.nn.functional.max_pool{n}d(tl.ones(1, 1, *[4] * {n}), 2).numel()
    {2 ** n}
    """
    return function


def _avg(n: int) -> Callable[..., Any]:
    def function(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> Tensor:
        k, s, pads, _, places = _geometry(n, input, kernel_size, stride, padding, 1, ceil_mode)
        if divisor_override == 0:
            raise RuntimeError("divisor must be not zero")
        total = pool.window_sum(input, kernel=k, stride=s, padding=pads)
        if total._array.shape[-n:] != places:
            total = total[(..., *(slice(0, m) for m in places))]
        if divisor_override is not None:
            return _divided(total, divisor_override)
        counted = tuple_of(padding, n, "padding") if count_include_pad else (0,) * n
        return _divided(total, _counts(input, k, s, tuple_of(padding, n, "padding"), counted, places))

    function.__name__ = function.__qualname__ = f"avg_pool{n}d"
    function.__doc__ = f"""The mean of each window: (N, C, *) to (N, C, *'), over {n} dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.functional.avg_pool{n}d(tl.ones(1, 1, *[2] * {n}), 2).item()
    1.0
    """
    return function


def _divided(total: Tensor, count: Any) -> Tensor:
    """Integers stay integers, rounded towards zero."""
    floating = total.dtype.is_floating_point or total.dtype.is_complex
    return total / count if floating else total.div(count, rounding_mode="trunc")


def _counts(input: Tensor, kernel: Any, stride: Any, padding: Any, counted: Any, places: Any) -> Any:
    """How many elements each window's mean is over."""
    sizes = input.shape[-len(kernel) :]
    if not any(padding) and all((m - 1) * s + k <= n for n, k, s, m in zip(sizes, kernel, stride, places, strict=True)):
        return math.prod(kernel)
    axes = []
    for size, k, s, p, c, m in zip(sizes, kernel, stride, padding, counted, places, strict=True):
        starts = [i * s - p for i in range(m)]
        axes.append([min(a + k, size + c) - max(a, -c) for a in starts])
    if all(x == a[0] for a in axes for x in a):
        return math.prod(a[0] for a in axes)
    total = input.detach().new_ones(())
    for i, a in enumerate(axes):
        total = total * input.new_tensor(a).reshape(-1, *(1,) * (len(axes) - i - 1))
    return total


max_pool1d, max_pool2d, max_pool3d = _max(1), _max(2), _max(3)
avg_pool1d = _avg(1)
avg_pool2d, avg_pool3d = with_out(_avg(2), "avg_pool2d"), with_out(_avg(3), "avg_pool3d")


def _adaptive(n: int, input: Tensor, output_size: Any) -> tuple[int, ...]:
    if n > 1 and isinstance(output_size, (tuple, list)) and input.ndim <= len(output_size):
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}, but got {input.ndim}")
    sizes = (output_size,) * n if isinstance(output_size, int) or output_size is None else tuple(output_size)
    if len(sizes) != n or input.ndim not in (n + 1, n + 2):
        raise RuntimeError(
            f"adaptive pool: expected {n} output sizes and a {n + 1}D or {n + 2}D input, got {sizes} and {list(input.shape)}"
        )
    if any(s is not None and s < 0 for s in sizes):
        raise RuntimeError(f"elements of output_size must be greater than or equal to 0, but got {sizes}")
    return tuple(input.shape[i - n] if s is None else s for i, s in enumerate(sizes))


def _mean_axis(input: Tensor, axis: int, out: int) -> Tensor:
    """The means of ranges of nearly equal size along one axis; range i is [floor(i n / out), ceil((i + 1) n / out))."""
    n = input.shape[axis]
    if out == n:
        return input
    ranges = [input.narrow(axis, i * n // out, -(-(i + 1) * n // out) - i * n // out) for i in range(out)]
    parts = [part.mean(axis, keepdim=True) for part in ranges]
    return parts[0] if out == 1 else cat(parts, axis) if parts else input.narrow(axis, 0, 0)


def _adaptive_avg(n: int) -> Callable[..., Any]:
    def function(input: Tensor, output_size: Any) -> Tensor:
        sizes = _adaptive(n, input, output_size)
        if sizes == (1,) * n:
            return input.mean(tuple(range(-n, 0)), keepdim=True)
        for i, out in enumerate(sizes):
            axis = input.ndim - n + i
            input = _mean_axis(input, axis, out)
        return input

    function.__name__ = f"adaptive_avg_pool{n}d"
    function.__doc__ = f"""The mean over ranges of nearly equal size, so that the output has the given size over {n} dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.functional.adaptive_avg_pool{n}d(tl.ones(1, 1, *[5] * {n}), 2).numel()
    {2 ** n}
    """
    return function


def _adaptive_max(n: int) -> Callable[..., Any]:
    def function(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        sizes, planes = _adaptive(n, input, output_size), input.shape[-n:]
        lead = input.ndim - n
        rows: list[Tensor] = []
        for number in range(math.prod(sizes)):
            place: list[int] = []
            rest = number
            for s in reversed(sizes):
                place.insert(0, rest % s)
                rest //= s
            key = tuple(slice(i * m // s, -(-(i + 1) * m // s)) for i, m, s in zip(place, planes, sizes, strict=True))
            rows.append(_position_of_max(input, lead, key, planes))
        index = cat(rows, lead)
        values = input.flatten(lead).gather(lead, index)
        shape = (*input.shape[:lead], *sizes)
        return (values.reshape(shape), index.reshape(shape)) if return_indices else values.reshape(shape)

    function.__name__ = f"adaptive_max_pool{n}d"
    function.__doc__ = f"""The largest element of ranges of nearly equal size, over {n} dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.functional.adaptive_max_pool{n}d(tl.ones(1, 1, *[5] * {n}), 2).numel()
    {2 ** n}
    """
    return function


def _position_of_max(input: Tensor, lead: int, key: tuple[slice, ...], planes: Any) -> Tensor:
    """The flattened position of the largest element of one range: (*lead, 1)."""
    part = input.detach()[(..., *key)]
    local = part.flatten(lead).argmax(lead, keepdim=True)
    position = local * 0
    for i, cut in enumerate(key):
        inner = math.prod(part.shape[lead + i + 1 :])
        position = position * planes[i] + (local // inner + cut.start)
        local = local % inner
    return position


adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = _adaptive_avg(1), _adaptive_avg(2), _adaptive_avg(3)
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = _adaptive_max(1), _adaptive_max(2), _adaptive_max(3)


def _max_with_indices(n: int, pool: Callable[..., Any]) -> Callable[..., tuple[Tensor, Tensor]]:
    def function(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> tuple[Tensor, Tensor]:
        return pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)

    function.__name__ = f"max_pool{n}d_with_indices"
    function.__doc__ = f"""`max_pool{n}d` and where the maxima are: (N, C, *) to twice (N, C, *'), whatever `return_indices` says.

    Raises:
        RuntimeError: the windows do not fit, or the padding exceeds half a window.

    >>> import tensorlite as tl
    >>> values, indices = tl.nn.functional.max_pool{n}d_with_indices(tl.ones(1, 1, *[4] * {n}), 2)
    >>> indices.numel()
    {2**n}
    """
    return function


def _adaptive_max_with_indices(n: int, pool: Callable[..., Any]) -> Callable[..., tuple[Tensor, Tensor]]:
    def function(input: Tensor, output_size: Any, return_indices: bool = False) -> tuple[Tensor, Tensor]:
        return pool(input, output_size, return_indices=True)

    function.__name__ = f"adaptive_max_pool{n}d_with_indices"
    function.__doc__ = f"""`adaptive_max_pool{n}d` and the positions of the maxima: (N, C, *) to twice (N, C, *output_size).

    Raises:
        RuntimeError: there are not {n} output sizes, or the input has other dimensions.

    >>> import tensorlite as tl
    >>> values, indices = tl.nn.functional.adaptive_max_pool{n}d_with_indices(tl.ones(1, 1, *[5] * {n}), 2)
    >>> indices.numel()
    {2**n}
    """
    return function


max_pool1d_with_indices = _max_with_indices(1, max_pool1d)
max_pool2d_with_indices = _max_with_indices(2, max_pool2d)
max_pool3d_with_indices = _max_with_indices(3, max_pool3d)
adaptive_max_pool1d_with_indices = _adaptive_max_with_indices(1, adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = _adaptive_max_with_indices(2, adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = _adaptive_max_with_indices(3, adaptive_max_pool3d)
