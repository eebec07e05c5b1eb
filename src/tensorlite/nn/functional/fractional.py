"""Fractional max pooling: windows at random steps, so that the size shrinks by a factor that is no integer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...tensor import Tensor
from ...tensor.creation import full, zeros
from ...tensor.joining import cat
from ...tensor.random import rand
from ...tensor.ranges import arange
from .conv import tuple_of

__all__ = [
    "fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d", "fractional_max_pool3d_with_indices",
]  # fmt: skip


def _output_size(name: str, n: int, input: Tensor, output_size: Any, output_ratio: Any) -> tuple[int, ...]:
    if output_size is not None:
        return tuple_of(output_size, n, "output_size")
    if output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    ratios = (output_ratio,) * n if isinstance(output_ratio, float) else tuple(output_ratio)
    return tuple(int(size * ratio) for size, ratio in zip(input.shape[-n:], ratios, strict=True))


def _check(name: str, n: int, input: Tensor, kernel: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    if input.ndim not in (n + 1, n + 2):
        raise IndexError(f"{name}: expected a {n + 1}D or {n + 2}D input, but got {list(input.shape)}")
    if not math.prod(input.shape[-n - 1 :]):
        raise RuntimeError(f"{name}: expected an input without empty dimensions but the batch, got {list(input.shape)}")
    for m, k, s in zip(input.shape[-n:], kernel, sizes, strict=True):
        if s + k - 1 + (n == 3) > m:  # PyTorch wants one element to spare in three dimensions, and so do we
            raise RuntimeError(f"{name}: {s} windows of size {k} do not fit into a dimension of size {m}")


def _starts(sample: Tensor, size: int, kernel: int, out: int) -> Tensor:
    """Where the windows begin along one dimension: ``(N, C)`` samples to ``(N, C, out)``.

    The pseudo-random sequence of Graham (2014): ``int((i + u) alpha) - int(u alpha)``; the last window ends the dimension.
    """
    last = full((*sample.shape, 1), size - kernel, dtype=sample.dtype, device=sample.device).long()
    if out == 1:
        return last
    like = {"dtype": sample.dtype, "device": sample.device}
    alpha = full((), size - kernel, **like) / full((), out - 1, **like)
    u = sample.unsqueeze(-1)
    inner = ((arange(out - 1, **like) + u) * alpha).long() - (u * alpha).long()
    return cat([inner, last], -1)


def _samples(name: str, n: int, input: Tensor, given: Tensor | None) -> Tensor:
    batch = input.shape[0] if input.ndim == n + 2 else 1
    if given is None:
        return rand(batch, input.shape[-n - 1], n, dtype=input.dtype, device=input.device)
    if given.dtype != input.dtype:
        raise RuntimeError(f"{name}: expected _random_samples of the input's dtype {input.dtype}, but got {given.dtype}")
    if given.ndim != 3 or given.shape[0] < batch or tuple(given.shape[1:]) != (input.shape[-n - 1], n):
        raise RuntimeError(
            f"{name}: expected _random_samples of shape {[batch, input.shape[-n - 1], n]}, but got {list(given.shape)}"
        )
    return given[:batch].detach()


def _pool(n: int) -> Callable[..., tuple[Tensor, Tensor]]:
    name = f"fractional_max_pool{n}d"

    def function(
        input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        sizes = _output_size(name, n, input, output_size, output_ratio)
        kernel = tuple_of(kernel_size, n, "kernel_size")
        samples = _samples(name, n, input, _random_samples) if input.ndim > n else input
        _check(name, n, input, kernel, sizes)
        # Position of every element of every window, one dimension after the other: (N, C, *out, *kernel).
        where = zeros((1,) * (2 * n + 2), device=input.device).long()
        for i, (m, k, s) in enumerate(zip(input.shape[-n:], kernel, sizes, strict=True)):
            # In two dimensions the first sample is for the width; in three they come in the order of the dimensions.
            begin = _starts(samples[..., n - 1 - i if n == 2 else i], m, k, s)
            inside = begin.unsqueeze(-1) + arange(k, device=input.device)
            shape = [*begin.shape[:2], *(1,) * (2 * n)]
            shape[2 + i], shape[2 + n + i] = s, k
            where = where * m + inside.reshape(shape)
        lead = input.ndim - n
        flat = input.flatten(lead)
        places = where.reshape(*input.shape[:lead], math.prod(sizes), math.prod(kernel))
        windows = flat.detach().gather(lead, places.flatten(lead)).reshape(places.shape)
        index = places.gather(lead + 1, windows.argmax(-1, keepdim=True)).squeeze(-1)
        out = (*input.shape[:lead], *sizes)
        return flat.gather(lead, index).reshape(out), index.reshape(out)

    function.__name__ = f"{name}_with_indices"
    function.__doc__ = f"""The maxima of {n}-d windows at random steps, and their positions (Graham, 2014); see `{name}`.

    >>> import tensorlite as tl
    >>> values, where = tl.nn.functional.{name}_with_indices(tl.ones(1, 1, *[5] * {n}), 2, output_ratio=0.5)
    >>> values.numel(), where.dtype
    ({2**n}, torch.int64)
    """
    return function


def _without(n: int, pool: Callable[..., tuple[Tensor, Tensor]]) -> Callable[..., Any]:
    def function(
        input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> Any:
        both = pool(input, kernel_size, output_size, output_ratio, return_indices, _random_samples)
        return both if return_indices else both[0]

    function.__name__ = f"fractional_max_pool{n}d"
    function.__doc__ = f"""The maxima of {n}-d windows at random steps (Graham, 2014): (N, C, *) or (C, *) to the same with *'.

    *' is `output_size`, or the part `output_ratio` of the input's size. `_random_samples` (N, C, {n}) in [0, 1) replace the
    draws, one per sample, channel and dimension.

    Raises:
        ValueError: neither size nor ratio is given.
        RuntimeError: the windows do not fit.
        IndexError: the input has another number of dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.functional.fractional_max_pool{n}d(tl.ones(1, 1, *[5] * {n}), 2, output_size=3).numel()
    {3**n}
    """
    return function


fractional_max_pool2d_with_indices, fractional_max_pool3d_with_indices = _pool(2), _pool(3)
fractional_max_pool2d = _without(2, fractional_max_pool2d_with_indices)
fractional_max_pool3d = _without(3, fractional_max_pool3d_with_indices)
