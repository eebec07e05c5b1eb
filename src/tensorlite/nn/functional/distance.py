"""Distances between the rows of a matrix."""

from __future__ import annotations

from ...tensor import Tensor, triu_indices

__all__ = ["pdist"]


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norms of the differences of all pairs of rows: (N, M) to (N (N - 1) / 2).

    Raises:
        RuntimeError: the input is no matrix of floating numbers, or p is negative.

    >>> import tensorlite as tl
    >>> tl.nn.functional.pdist(tl.tensor([[0., 0.], [3., 4.], [0., 1.]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if not input.dtype.is_floating_point:
        raise RuntimeError(f"pdist only supports floating-point dtypes, not {input.dtype}")
    if p < 0:
        raise RuntimeError(f"pdist only supports non-negative p values, got {p}")
    first, second = triu_indices(len(input), len(input), 1, device=input.device)
    if not input.shape[1]:
        return input.new_zeros(len(first))
    return (input[first] - input[second]).norm(p, 1)
