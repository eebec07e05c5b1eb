"""Rearrangements of channels and pixels, and of images into columns of patches."""

from __future__ import annotations

import math
from typing import Any

from ...ops import shaping
from ...tensor import Tensor
from .padding import pad

__all__ = ["channel_shuffle", "fold", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "unfold"]


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Turn channels into pixels (Shi et al., 2016): (*, C r ** 2, H, W) to (*, C, H r, W r), for r = `upscale_factor`.

    Raises:
        RuntimeError: fewer than 3 dimensions, or channels not divisible by r ** 2.

    >>> import tensorlite as tl
    >>> tl.nn.functional.pixel_shuffle(tl.arange(4).view(4, 1, 1), 2)
    tensor([[[0, 1],
             [2, 3]]])
    """
    r = upscale_factor
    _check_image(input, "pixel_shuffle")
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *lead, channels, h, w = input.shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
            f"input.size(-3)={channels} is not divisible by {r * r}"
        )
    n = len(lead)
    split = input.reshape(*lead, channels // (r * r), r, r, h, w)
    return split.permute(*range(n + 1), n + 3, n + 1, n + 4, n + 2).reshape(*lead, channels // (r * r), h * r, w * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Turn pixels into channels, the inverse of `pixel_shuffle`: (*, C, H r, W r) to (*, C r ** 2, H, W).

    Raises:
        RuntimeError: fewer than 3 dimensions, or a height or width not divisible by r.

    >>> import tensorlite as tl
    >>> tl.nn.functional.pixel_unshuffle(tl.arange(4).view(1, 2, 2), 2).flatten()
    tensor([0, 1, 2, 3])
    """
    r = downscale_factor
    _check_image(input, "pixel_unshuffle")
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *lead, channels, h, w = input.shape
    if h % r or w % r:
        raise RuntimeError(
            f"pixel_unshuffle expects height and width to be divisible by downscale_factor, but {h} x {w} is not divisible by {r}"
        )
    n = len(lead)
    split = input.reshape(*lead, channels, h // r, r, w // r, r)
    return split.permute(*range(n + 1), n + 2, n + 4, n + 1, n + 3).reshape(*lead, channels * r * r, h // r, w // r)


def _check_image(input: Tensor, name: str) -> None:
    if input.ndim < 3:
        raise RuntimeError(f"{name} expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)")


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Mix the channels of groups (Zhang et al., 2018): (N, C, *) to the same shape.

    Raises:
        RuntimeError: fewer than 3 dimensions, or channels that do not fall into groups.

    >>> import tensorlite as tl
    >>> tl.nn.functional.channel_shuffle(tl.arange(4).view(1, 4, 1), 2).flatten()
    tensor([0, 2, 1, 3])
    """
    if input.ndim < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    n, channels, *rest = input.shape
    if channels % groups:
        raise RuntimeError(f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups.")
    return input.reshape(n, groups, channels // groups, *rest).transpose(1, 2).reshape(input.shape)


def native_channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """`channel_shuffle` under its other name: (N, C, *) to the same.

    Raises:
        RuntimeError: the groups do not divide the channels.

    >>> import tensorlite as tl
    >>> tl.nn.functional.native_channel_shuffle(tl.arange(4.).reshape(1, 4, 1, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    return channel_shuffle(input, groups)


def _pairs(**values: Any) -> list[tuple[int, int]]:
    """Each value for height and width."""
    out = []
    for name, value in values.items():
        given = (value, value) if isinstance(value, int) else tuple(value)
        given = given * 2 if len(given) == 1 else given
        least = 0 if name == "padding" else 1
        if len(given) != 2 or any(v < least for v in given):
            word = "non-negative" if name == "padding" else "greater than zero"
            raise RuntimeError(f"{name} should be {word} and two numbers or one, but got {value}")
        out.append(given)
    return out


def _places(size: tuple[int, ...], kernel: Any, dilation: Any, padding: Any, stride: Any) -> tuple[int, ...]:
    """How many blocks there are along height and width."""
    rows = zip(size, kernel, dilation, padding, stride, strict=True)
    places = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, d, p, s in rows)
    if any(m < 1 for m in places):
        raise RuntimeError(f"blocks of {kernel} do not fit into {size}: the array of blocks would have the shape {places}")
    return places


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """All blocks of an image as columns: (N, C, H, W) to (N, C kH kW, L), for L blocks.

    Raises:
        RuntimeError: not 3 or 4 dimensions, or the blocks do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.functional.unfold(tl.arange(4.).view(1, 1, 2, 2), (1, 2))
    tensor([[[0., 2.],
             [1., 3.]]])
    """
    if input.ndim not in (3, 4) or not all(input.shape[-3:]):
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: "
            f"{list(input.shape)}"
        )
    k, d, p, s = _pairs(kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)
    lead = input.shape[:-3]
    n = len(lead)
    places = _places(tuple(input.shape[-2:]), k, d, p, s)
    x = pad(input, (p[1], p[1], p[0], p[0])) if any(p) else input
    windows = shaping.sliding_windows(x, window=k, steps=s, dilation=d)
    columns = windows.permute(*range(n + 1), n + 3, n + 4, n + 1, n + 2)
    return columns.reshape(*lead, input.shape[-3] * math.prod(k), math.prod(places))


def fold(input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Add the columns of blocks up into an image, the transpose of `unfold`: (N, C kH kW, L) to (N, C, H, W).

    Raises:
        RuntimeError: the blocks are not those of an image of `output_size`.

    >>> import tensorlite as tl
    >>> tl.nn.functional.fold(tl.ones(1, 2, 2), (1, 3), (1, 2))
    tensor([[[[1., 2., 1.]]]])
    """
    if input.ndim not in (2, 3) or not all(input.shape[-2:]):
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but "
            f"got: {list(input.shape)}"
        )
    size, k, d, p, s = _pairs(output_size=output_size, kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)
    *lead, rows, count = input.shape
    if rows % math.prod(k):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={rows} and kernel_size={k}."
        )
    places = _places(size, k, d, p, s)
    if count != math.prod(places):
        raise RuntimeError(f"output_size={size} has {places} blocks, which are {math.prod(places)}, but got input.size(2)={count}.")
    n = len(lead)
    channels = rows // math.prod(k)
    blocks = input.reshape(*lead, channels, *k, *places).permute(*range(n + 1), n + 3, n + 4, n + 1, n + 2)
    padded = (*lead, channels, size[0] + 2 * p[0], size[1] + 2 * p[1])
    out = shaping.overlap_add(blocks, shape=padded, window=k, steps=s, dilation=d)
    return pad(out, (-p[1], -p[1], -p[0], -p[0])) if any(p) else out
