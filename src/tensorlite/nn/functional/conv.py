"""Convolutions."""

from __future__ import annotations

from typing import Any

from ...ops import conv as ops
from ...tensor import Tensor
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


def _convolve(
    n: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    batched = _check(n, input, weight, bias, groups)
    x = input if batched else input.unsqueeze(0)
    steps, spread = tuple_of(stride, n, "stride"), tuple_of(dilation, n, "dilation")
    if any(s <= 0 for s in steps):
        raise RuntimeError("non-positive stride is not supported")
    if any(d <= 0 for d in spread):
        raise RuntimeError("dilation should be greater than zero")
    x, pads = _padded(n, x, weight, padding, steps, spread)
    for size, p, k, d in zip(x.shape[2:], pads, weight.shape[2:], spread, strict=True):
        if size + 2 * p < d * (k - 1) + 1:
            raise RuntimeError(
                f"Calculated padded input size per channel: ({size + 2 * p}). Kernel size: ({d * (k - 1) + 1}). Kernel size "
                "can't be "
                "greater than actual input size"
            )
    out = ops.conv(x, weight, stride=steps, padding=pads, dilation=spread, groups=groups)
    if bias is not None:
        out = out + bias.reshape(-1, *(1,) * n)
    return out if batched else out.squeeze(0)


def _check(n: int, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> bool:
    """Whether there is a batch dimension; complains about shapes that do not fit."""
    ndim = input.ndim
    if ndim not in (n + 1, n + 2):
        raise RuntimeError(
            f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to conv{n}d, but got input of size: {list(input.shape)}"
        )
    if weight.ndim != n + 2:
        raise RuntimeError(f"weight should have {n + 2} dimensions, but got {list(weight.shape)}")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    channels = input.shape[-n - 1]
    if channels != weight.shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(input.shape)} to have "
            f"{weight.shape[1] * groups} channels, but got {channels} channels instead"
        )
    if weight.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got {list(weight.shape)}"
        )
    if bias is not None and bias.dtype is not input.dtype:
        raise RuntimeError(f"Input type ({input.dtype}) and bias type ({bias.dtype}) should be the same")
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise RuntimeError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {weight.shape[0]} elements, "
            "but got "
            f"bias of size {list(bias.shape)} instead"
        )
    return ndim == n + 2


def _padded(
    n: int, x: Tensor, weight: Tensor, padding: Any, stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[Tensor, tuple[int, ...]]:
    if padding == "valid":
        return x, (0,) * n
    if padding == "same":
        if any(s != 1 for s in stride):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        total = [d * (k - 1) for k, d in zip(weight.shape[2:], dilation, strict=True)]
        if all(t % 2 == 0 for t in total):
            return x, tuple(t // 2 for t in total)
        widths = [w for t in reversed(total) for w in (t // 2, t - t // 2)]
        return pad(x, widths), (0,) * n
    if isinstance(padding, str):
        raise RuntimeError(f"Invalid padding string: '{padding}'; use 'valid' or 'same'")
    pads = tuple_of(padding, n, "padding")
    if any(p < 0 for p in pads):
        raise RuntimeError("negative padding is not supported")
    return x, pads


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
