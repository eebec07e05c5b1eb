"""Normalisation that leaves the mean alone."""

from __future__ import annotations

from collections.abc import Sequence

from ...dtypes import finfo
from ...tensor import Tensor
from .padding import pad

__all__ = ["local_response_norm", "rms_norm"]


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Divide by the root of the mean square over the last dimensions (Zhang and Sennrich, 2019): any shape to the same.

    ``x / sqrt(mean(x ** 2) + eps) * weight``; `eps` is the machine epsilon of the input's dtype by default.

    Raises:
        RuntimeError: the last dimensions, or the weight's, are not `normalized_shape`.

    >>> import tensorlite as tl
    >>> tl.nn.functional.rms_norm(tl.tensor([3., 4.]), (2,))
    tensor([0.8485, 1.1314])
    """
    wanted = tuple(normalized_shape)
    n = len(wanted)
    if not n or tuple(input.shape[-n:]) != wanted:
        raise RuntimeError(
            f"Given normalized_shape={list(wanted)}, expected input with shape [*, {', '.join(map(str, wanted))}], but got "
            f"input of size{list(input.shape)}"
        )
    if weight is not None and tuple(weight.shape) != wanted:
        raise RuntimeError(
            f"Expected weight to be of same shape as normalized_shape, but got {list(weight.shape)} and {list(wanted)}"
        )
    # Squares of half precision overflow early.
    x = input.float() if input.dtype.itemsize == 2 else input
    square = (x * x).mean(tuple(range(-n, 0)), keepdim=True)
    out = x * (square + (finfo(input.dtype).eps if eps is None else eps)).rsqrt()
    return (out if weight is None else out * weight).to(input.dtype)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divide by a power of the mean square of `size` neighbouring channels (Krizhevsky et al., 2012): (N, C, *) to the same.

    ``x / (k + alpha * mean(x ** 2)) ** beta``; channels beyond the first and the last count as zeros.

    Raises:
        ValueError: fewer than 3 dimensions.

    >>> import tensorlite as tl
    >>> tl.nn.functional.local_response_norm(tl.ones(1, 2, 1), 2, alpha=1., beta=1.)
    tensor([[[0.6667],
             [0.5000]]])
    """
    if input.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)")
    if not input.numel():
        return input
    widths = [*[0, 0] * (input.ndim - 2), size // 2, (size - 1) // 2]
    square = pad(input * input, widths).unfold(1, size, 1)
    if input.dtype.is_floating_point or input.dtype.is_complex:
        mean = square.mean(-1)
    else:  # PyTorch's average of integers is an integer
        mean = square.sum(-1).div(size, rounding_mode="trunc")
    return input / (mean * alpha + k) ** beta
