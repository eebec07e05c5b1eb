"""Padding."""

from __future__ import annotations

from collections.abc import Sequence

from ...ops import indexing, shaping
from ...tensor import Tensor, arange

__all__ = ["pad"]


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Pad the last dimensions, the last first: ``pad = (left, right, top, bottom, ...)``; negative numbers crop.

    `mode` is "constant", "reflect", "replicate" or "circular".

    >>> import tensorlite as tl
    >>> tl.nn.functional.pad(tl.tensor([1, 2]), (1, 1))
    tensor([0, 1, 2, 0])
    """
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    n = len(pad) // 2
    if n > input.ndim:
        raise RuntimeError(
            f"Padding length should be less than or equal to two times the input dimension but got padding length {len(pad)} "
            f"and input of dimension {input.ndim}"
        )
    widths = [(int(pad[2 * i]), int(pad[2 * i + 1])) for i in range(n)][::-1]
    if mode == "constant":
        return _constant(input, widths, value)
    if value not in (None, 0):
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if n > 3 or input.ndim not in (n + 1, n + 2):
        raise NotImplementedError(
            f"Padding mode '{mode}' pads the last 1 to 3 dimensions of an input with channels, with or without a batch; got "
            f"{n} pairs of numbers and input of dimension {input.ndim}"
        )
    for i, (before, after) in enumerate(widths):
        axis = input.ndim - n + i
        input = indexing.take(input, _source(input, axis, before, after, mode), axis=axis)
    return input


def _constant(input: Tensor, widths: list[tuple[int, int]], value: float | None) -> Tensor:
    lead = input.ndim - len(widths)
    if any(a < 0 or b < 0 for a, b in widths):
        for i, (a, b) in enumerate(widths):
            size = input.shape[lead + i]
            start, end = max(-a, 0), size - max(-b, 0)
            if end < start:
                raise RuntimeError(
                    f"The input size {size}, plus negative padding {a} and {b}, resulted in a negative output size, which is "
                    "invalid."
                )
            input = input.narrow(lead + i, start, end - start)
        widths = [(max(a, 0), max(b, 0)) for a, b in widths]
    return shaping.pad_constant(input, widths=(*((0, 0),) * lead, *widths), value=0 if value is None else value)


def _source(input: Tensor, axis: int, before: int, after: int, mode: str) -> Tensor:
    """For each place along the padded axis, the place it is read from."""
    n = input.shape[axis]
    if mode == "reflect" and (before >= n or after >= n):
        raise RuntimeError(
            f"Argument #4: Padding size should be less than the corresponding input dimension, but got: padding ({before}, "
            f"{after}) "
            f"at dimension {axis} of input {list(input.shape)}"
        )
    if mode == "circular" and (before > n or after > n):
        raise RuntimeError("Padding value causes wrapping around more than once.")
    places = arange(-before, n + after, device=input.device)
    if mode == "replicate":
        return places.clamp(0, n - 1)
    if mode == "circular":  # negative numbers crop first
        left = n + min(before, 0) + min(after, 0)
        return arange(-max(before, 0), left + max(after, 0), device=input.device) % max(left, 1) + max(-before, 0)
    return (n - 1 - (n - 1 - places.abs()).abs())
