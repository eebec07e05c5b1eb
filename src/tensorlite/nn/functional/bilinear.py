"""A bilinear map."""

from __future__ import annotations

from ...tensor import Tensor

__all__ = ["bilinear"]


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``x1 @ weight[o] @ x2 + bias[o]`` for each o: (*, n), (*, m) and (out, n, m) to (*, out).

    Raises:
        RuntimeError: sizes do not fit.

    >>> import tensorlite as tl
    >>> tl.nn.functional.bilinear(tl.ones(1, 2), tl.ones(1, 3), tl.ones(1, 2, 3))
    tensor([[6.]])
    """
    lead = input1.shape[:-1]
    if lead != input2.shape[:-1]:
        raise RuntimeError(
            f"bilinear(): input batch dimensions do not match: got {list(input1.shape)} and {list(input2.shape)}"
        )
    out, n, m = weight.shape
    if input1.shape[-1] != n or input2.shape[-1] != m:
        raise RuntimeError(
            f"bilinear(): input sizes do not match weight size: got {list(input1.shape)} and {list(input2.shape)} but expected "
            f"last dimensions {n} and {m}"
        )
    if bias is not None and tuple(bias.shape) != (out,):
        raise RuntimeError(f"bilinear(): bias size does not match weight size: got {list(bias.shape)} but expected [{out}]")
    # Two matrix products: x1 with all rows of the weight at once, then each result with x2.
    left = (input1.reshape(-1, n) @ weight.permute(1, 0, 2).reshape(n, out * m)).reshape(-1, out, m)
    y = (left @ input2.reshape(-1, m, 1)).reshape(*lead, out)
    return y if bias is None else y + bias
