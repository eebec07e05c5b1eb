"""Max pooling by comparing one tap of all windows with the largest so far; no window is ever copied."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..base import may_decline

__all__ = ["max_pool"]

Array = np.ndarray
Ints = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]
TAPS = 32
"""Windows of more taps are left to argmax over copies."""


@may_decline
def max_pool(x: Array, *, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> tuple[Array, Array]:
    """The largest element of each window over the last axes, and its position in the flattened unpadded plane."""
    n = len(kernel)
    size = x.shape[-n:]
    taps = list(itertools.product(*(range(k) for k in kernel)))
    if x.dtype.char not in "fd" or any(a or b for a, b in padding) or len(taps) > TAPS:
        return NotImplemented
    places = tuple((m - d * (k - 1) - 1) // s + 1 for m, k, s, d in zip(size, kernel, stride, dilation, strict=True))
    rows = [int(np.prod(size[axis + 1 :])) for axis in range(n)]

    def tap_of(tap: Ints) -> Any:
        spans = zip(tap, dilation, stride, places, strict=True)
        key: list[Any] = [slice(t * d, t * d + s * (m - 1) + 1, s) for t, d, s, m in spans]
        return x[(..., *key)]

    values = tap_of(taps[0]).copy()
    offsets = np.zeros(values.shape, np.int64)
    for tap in taps[1:]:
        candidate = tap_of(tap)
        larger = candidate > values
        offset = sum(t * d * row for t, d, row in zip(tap, dilation, rows, strict=True))
        np.maximum(values, candidate, out=values)
        # offset * larger, where it is larger: both are positive and offsets grow from tap to tap.
        np.maximum(offsets, larger * np.int64(offset), out=offsets)
    if np.isnan(values).any():  # nan is the largest, and comparisons do not find it
        return NotImplemented
    for axis in range(n):
        first = np.arange(places[axis]) * (stride[axis] * rows[axis])
        offsets += first.reshape(-1, *(1,) * (n - axis - 1))
    return values, offsets
