"""Transposed convolutions: the gradient of a convolution with respect to its input, as a layer."""

from __future__ import annotations

from typing import Any

from ...ops import conv as ops
from ...tensor import Tensor
from .conv import tuple_of
from .padding import pad

__all__ = ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


def _convolve(
    n: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, output_padding: Any, groups: int,
    dilation: Any,
) -> Tensor:
    _check(n, input, weight, bias, groups)
    x = input if input.ndim == n + 2 else input.unsqueeze(0)
    s, p = tuple_of(stride, n, "stride"), tuple_of(padding, n, "padding")
    extra, d = tuple_of(output_padding, n, "output_padding"), tuple_of(dilation, n, "dilation")
    _check_numbers(s, p, extra, d)
    kernel = weight.shape[2:]
    whole = [(m - 1) * a + b * (k - 1) + 1 for m, a, b, k in zip(x.shape[2:], s, d, kernel, strict=True)]
    sizes = tuple(w - 2 * q + e for w, q, e in zip(whole, p, extra, strict=True))
    if any(size <= 0 for size in sizes):
        raise RuntimeError(
            f"Given input size per channel: {list(x.shape[2:])}. Calculated output size per channel: {list(sizes)}. Output size "
            "is too small"
        )
    lead = (x.shape[0], weight.shape[1] * groups)
    if all(e < a for e, a in zip(extra, s, strict=True)):
        out = ops.conv_input(x, weight, stride=s, padding=p, dilation=d, groups=groups, shape=(*lead, *sizes))
    else:  # a convolution of this output would see more places than the input has: the extra zeros are put on afterwards
        out = ops.conv_input(x, weight, stride=s, padding=(0,) * n, dilation=d, groups=groups, shape=(*lead, *whole))
        out = pad(out, [w for q, e in zip(reversed(p), reversed(extra), strict=True) for w in (-q, e - q)])
    if bias is not None:
        out = out + bias.reshape(-1, *(1,) * n)
    return out if input.ndim == n + 2 else out.squeeze(0)


def _check(n: int, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> None:
    if input.ndim not in (n + 1, n + 2):
        raise RuntimeError(
            f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to conv_transpose{n}d, but got input of size: "
            f"{list(input.shape)}"
        )
    if weight.ndim != n + 2:
        raise RuntimeError(f"weight should have {n + 2} dimensions, but got {list(weight.shape)}")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    channels = input.shape[-n - 1]
    if channels != weight.shape[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(weight.shape)}, expected input{list(input.shape)} to have "
            f"{weight.shape[0]} channels, but got {channels} channels instead"
        )
    if channels % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got {list(weight.shape)}"
        )
    if bias is not None and tuple(bias.shape) != (weight.shape[1] * groups,):
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(weight.shape)}, expected bias to be 1-dimensional with "
            f"{weight.shape[1] * groups} elements, but got bias of size {list(bias.shape)} instead"
        )


def _check_numbers(s: tuple[int, ...], p: tuple[int, ...], extra: tuple[int, ...], d: tuple[int, ...]) -> None:
    if any(a <= 0 for a in s):
        raise RuntimeError("non-positive stride is not supported")
    if any(a <= 0 for a in d):
        raise RuntimeError("dilation should be greater than zero")
    if any(a < 0 for a in (*p, *extra)):
        raise RuntimeError("negative padding is not supported")
    if any(e >= max(a, b) for e, a, b in zip(extra, s, d, strict=True)):
        raise RuntimeError(
            f"output padding must be smaller than either stride or dilation, but got output_padding: {extra} stride: {s} "
            f"dilation: {d}"
        )


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Tensor:
    """The transposed convolution: (N, C, L) and (C, O / groups, k) to (N, O, L').

    ``L' = (L - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1``.

    Raises:
        RuntimeError: channels, bias or sizes do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.functional.conv_transpose1d(tl.ones(1, 1, 2), tl.ones(1, 1, 2))
    tensor([[[1., 2., 1.]]])
    """
    return _convolve(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Tensor:
    """The transposed convolution: (N, C, H, W) and (C, O / groups, kH, kW) to (N, O, H', W').

    ``H' = (H - 1) stride - 2 padding + dilation (kH - 1) + output_padding + 1``.

    Raises:
        RuntimeError: channels, bias or sizes do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.functional.conv_transpose2d(tl.ones(1, 1, 1, 2), tl.ones(1, 1, 1, 2), stride=2)
    tensor([[[[1., 1., 1., 1.]]]])
    """
    return _convolve(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Tensor:
    """The transposed convolution: (N, C, D, H, W) and (C, O / groups, kD, kH, kW) to (N, O, D', H', W').

    ``D' = (D - 1) stride - 2 padding + dilation (kD - 1) + output_padding + 1``.

    Raises:
        RuntimeError: channels, bias or sizes do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.functional.conv_transpose3d(tl.ones(1, 1, 2, 2, 2), tl.ones(1, 3, 2, 2, 2)).shape
    torch.Size([1, 3, 3, 3, 3])
    """
    return _convolve(3, input, weight, bias, stride, padding, output_padding, groups, dilation)
