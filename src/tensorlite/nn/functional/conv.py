"""Convolutions."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from ...ops import conv as ops
from ...tensor import Tensor
from ...tensor.size import Size
from .padding import pad

__all__ = ["conv1d", "conv2d", "conv3d", "conv_tbc"]


def tuple_of(value: Any, n: int, name: str) -> tuple[int, ...]:
    """One integer for each of n dimensions."""
    given = (value,) * n if isinstance(value, int) else tuple(value) * (n if len(value) == 1 else 1)
    if len(given) != n:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {n} values to match the convolution dimensions, but "
            f"got {name}={list(given)}"
        )
    return given


class _Geometry(NamedTuple):
    """What a convolution's arguments mean for inputs of one shape."""

    batched: bool
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    uneven: list[int] | None
    """How the input is padded before, where the two sides differ."""


def _convolve(
    n: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    try:
        found = _geometry(n, input.shape, weight.shape, stride, padding, dilation, groups)
    except TypeError:  # lists are no keys
        stride, padding, dilation = (tuple(a) if isinstance(a, list) else a for a in (stride, padding, dilation))
        found = _geometry(n, input.shape, weight.shape, stride, padding, dilation, groups)
    batched, steps, pads, spread, uneven = found
    x = input if batched else input.unsqueeze(0)
    if uneven is not None:
        x = pad(x, uneven)
    if bias is not None:
        _check_bias(input, weight, bias)
    out = ops.conv(x, weight, bias, stride=steps, padding=pads, dilation=spread, groups=groups)
    return out if batched else out.squeeze(0)


@functools.lru_cache(maxsize=1024, typed=True)
def _geometry(n: int, shape: Size, weight: Size, stride: Any, padding: Any, dilation: Any, groups: int) -> _Geometry:
    """Complains about what does not fit; for what does, this is done once."""
    _check(n, shape, weight, groups)
    steps, spread = tuple_of(stride, n, "stride"), tuple_of(dilation, n, "dilation")
    if any(s <= 0 for s in steps):
        raise RuntimeError("non-positive stride is not supported")
    if any(d <= 0 for d in spread):
        raise RuntimeError("dilation should be greater than zero")
    pads, uneven = _padding(n, weight, padding, steps, spread)
    for size, p, k, d in zip(shape[-n:], pads, weight[2:], spread, strict=True):
        if uneven is None and size + 2 * p < d * (k - 1) + 1:
            raise RuntimeError(
                f"Calculated padded input size per channel: ({size + 2 * p}). Kernel size: ({d * (k - 1) + 1}). Kernel size "
                "can't be greater than actual input size"
            )
    return _Geometry(len(shape) == n + 2, steps, pads, spread, uneven)


def _check(n: int, shape: Size, weight: Size, groups: int) -> None:
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(
            f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to conv{n}d, but got input of size: {list(shape)}"
        )
    if len(weight) != n + 2:
        raise RuntimeError(f"weight should have {n + 2} dimensions, but got {list(weight)}")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    channels = shape[-n - 1]
    if channels != weight[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight)}, expected input{list(shape)} to have "
            f"{weight[1] * groups} channels, but got {channels} channels instead"
        )
    if weight[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got {list(weight)}"
        )


def _check_bias(input: Tensor, weight: Tensor, bias: Tensor) -> None:
    if bias.dtype is not input.dtype:
        raise RuntimeError(f"Input type ({input.dtype}) and bias type ({bias.dtype}) should be the same")
    if bias.shape != weight.shape[:1]:
        raise RuntimeError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {weight.shape[0]} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )


def _padding(
    n: int, weight: Size, padding: Any, stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, ...], list[int] | None]:
    """The padding of both sides, and widths as `pad` takes them where the sides differ."""
    if padding == "valid":
        return (0,) * n, None
    if padding == "same":
        if any(s != 1 for s in stride):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        total = [d * (k - 1) for k, d in zip(weight[2:], dilation, strict=True)]
        if all(t % 2 == 0 for t in total):
            return tuple(t // 2 for t in total), None
        return (0,) * n, [w for t in reversed(total) for w in (t // 2, t - t // 2)]
    if isinstance(padding, str):
        raise RuntimeError(f"Invalid padding string: '{padding}'; use 'valid' or 'same'")
    pads = tuple_of(padding, n, "padding")
    if any(p < 0 for p in pads):
        raise RuntimeError("negative padding is not supported")
    return pads, None


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation: (N, C, L) and (O, C / groups, k) to (N, O, L').

    >>> import tensorlite as tl
    >>> tl.nn.functional.conv1d(tl.ones(1, 1, 4), tl.ones(1, 1, 2))
    tensor([[[2., 2., 2.]]])
    """
    return _convolve(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation: (N, C, H, W) and (O, C / groups, kH, kW) to (N, O, H', W').

    Raises:
        RuntimeError: channels, bias or sizes do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.functional.conv2d(tl.ones(1, 1, 2, 2), tl.ones(1, 1, 2, 2))
    tensor([[[[4.]]]])
    """
    return _convolve(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation: (N, C, D, H, W) and (O, C / groups, kD, kH, kW) to (N, O, D', H', W').

    >>> import tensorlite as tl
    >>> tl.nn.functional.conv3d(tl.ones(1, 1, 1, 2, 2), tl.ones(1, 1, 1, 2, 2)).shape
    torch.Size([1, 1, 1, 1, 1])
    """
    return _convolve(3, input, weight, bias, stride, padding, dilation, groups)


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """A convolution over time: (T, N, C), (kernel, C, C') and (C',) to (T', N, C').

    Raises:
        RuntimeError: shapes do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.functional.conv_tbc(tl.ones(3, 1, 1), tl.ones(2, 1, 1), tl.zeros(1)).flatten()
    tensor([2., 2.])
    """
    if input.ndim != 3 or weight.ndim != 3:
        raise RuntimeError(
            f"conv_tbc(): expected input (time, batch, channels) and weight (kernel, in, out), got {list(input.shape)} and "
            f"{list(weight.shape)}"
        )
    if input.shape[2] != weight.shape[1]:
        raise RuntimeError(f"conv_tbc(): the input has {input.shape[2]} channels, but the weight expects {weight.shape[1]}")
    if bias.ndim != 1 or bias.numel() != weight.shape[2]:
        raise RuntimeError(f"conv_tbc(): bias must have one number for each of {weight.shape[2]} channels, got {list(bias.shape)}")
    if pad < 0:
        raise RuntimeError(f"conv_tbc(): pad must not be negative, got {pad}")
    return conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad).permute(2, 0, 1)
