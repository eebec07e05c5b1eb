"""Look-up of rows, one by one or in bags."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ...autograd import is_grad_enabled, no_grad
from ...autograd.function import Function
from ...ops import indexing
from ...tensor import Tensor, arange, bincount, searchsorted
from ...tensor.sparse import sparse_rows

__all__ = ["embedding", "embedding_bag"]


class ScaledGradient(Function):
    """The identity, whose gradient is scaled."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor) -> Tensor:
        """Keep the scale for the way back."""
        ctx.save_for_backward(scale)
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Scale the gradient."""
        return gradients[0] * ctx.saved_tensors[0], None


class SparseRows(Function):
    """Rows of a table, whose gradient is sparse: it has only the rows that were looked up."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, input: Tensor, padding: int | None) -> Tensor:
        """Look up."""
        ctx.save_for_backward(input)
        ctx.shape, ctx.padding = weight.shape, padding
        return indexing.take(weight, input, axis=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """The gradients at the positions. A row that was looked up twice is there twice."""
        if is_grad_enabled():
            raise RuntimeError("the backward of a sparse gradient is not recorded; use sparse=False with create_graph=True")
        index, values = ctx.saved_tensors[0].reshape(-1), gradients[0].reshape(-1, *ctx.shape[1:])
        if ctx.padding is not None:
            kept = index != ctx.padding
            index, values = index[kept], values[kept]
        return sparse_rows(index, values, tuple(ctx.shape)), None, None


class _NoScale(Function):
    """The identity; its backward says that sparse gradients are not scaled."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Nothing."""
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Refuse."""
        raise RuntimeError("scale_grad_by_freq is not supported with sparse gradients; use sparse=False")


def _check_indices(input: Tensor, weight: Tensor) -> None:
    if input.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; got "
            f"{input.dtype}"
        )
    if not input._xp.within(input._array, weight._array.shape[0]):
        raise IndexError("index out of range in self")


def _padding_row(padding_idx: int | None, rows: int) -> int | None:
    """The padding row, counted from the front."""
    if padding_idx is None:
        return None
    assert -rows <= padding_idx < rows, "Padding_idx must be within num_embeddings"
    return padding_idx % rows


def _renorm(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Shrink, in place, the rows that are looked up and longer than `max_norm`."""
    with no_grad():
        used = input.flatten().unique()
        rows = weight.detach()[used]
        norm = rows.norm(norm_type, -1, keepdim=True)
        weight[used] = rows * (max_norm / (norm + 1e-7)).where(norm > max_norm, norm.new_ones(()))


def _rows(weight: Tensor, input: Tensor, scale_grad_by_freq: bool, sparse: bool, padding: int | None) -> Tensor:
    if sparse and weight.requires_grad:
        rows = SparseRows.apply(weight, input, padding)
        return _NoScale.apply(rows) if scale_grad_by_freq else rows
    rows = indexing.take(weight, input, axis=0)
    if scale_grad_by_freq and rows.requires_grad:
        times = bincount(input.flatten(), minlength=weight.shape[0])[input]
        return ScaledGradient.apply(rows, times.to(rows.dtype).reciprocal().unsqueeze(-1))
    return rows


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:
    """The rows of `weight` (n, d) at the positions `input` (*): (*, d). The row `padding_idx` gets no gradient.

    Rows longer than `max_norm` in the `norm_type` norm are first shrunk to it, in place. `scale_grad_by_freq` divides the
    gradient of a row by how often it is looked up. With `sparse` the gradient of `weight` is a sparse tensor of the rows that
    were looked up, which `optim.SparseAdam`, `optim.SGD` and `optim.Adagrad` take.

    Raises:
        IndexError: a position is outside.
        AssertionError: `padding_idx` is outside.
        RuntimeError: `weight` has not 2 dimensions; in backward, ``sparse`` with `scale_grad_by_freq` or ``create_graph=True``.

    >>> import tensorlite as tl
    >>> tl.nn.functional.embedding(tl.tensor([1]), tl.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.]])
    """
    if weight.ndim != 2:
        raise RuntimeError(f"'weight' must be 2-D, but has the shape {list(weight.shape)}")
    padding = _padding_row(padding_idx, weight.shape[0])
    _check_indices(input, weight)
    if max_norm is not None:
        _renorm(weight, input, max_norm, norm_type)
    rows = _rows(weight, input, scale_grad_by_freq, sparse, padding)
    return rows if padding is None or sparse else rows.detach().where((input == padding).unsqueeze(-1), rows)


def embedding_bag(
    input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum of the rows of `weight` (n, d) in each bag: (B, d).

    A bag is a row of `input` (B, L), or what is between two `offsets` (B) of `input` (L). Rows `padding_idx` do not count;
    empty bags give zeros. `per_sample_weights`, of the shape of `input`, are for sums. With `sparse` the gradient of `weight` is
    a sparse tensor of the rows in the bags.

    Raises:
        ValueError: the shapes of input, offsets and weights do not go together.
        RuntimeError: the offsets do not start at 0 or leave the input.
        IndexError: a position is outside.
        NotImplementedError: `per_sample_weights` without sums.

    >>> import tensorlite as tl
    >>> weight = tl.tensor([[1., 2.], [3., 4.]])
    >>> tl.nn.functional.embedding_bag(tl.tensor([0, 1, 1]), weight, tl.tensor([0, 2]), mode="sum")
    tensor([[4., 6.],
            [3., 4.]])
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    _check_weights(input, per_sample_weights, mode)
    if mode == "max" and (scale_grad_by_freq or sparse):
        raise ValueError(f"max mode does not support {'sparse gradients' if sparse else 'scaling the gradient by the frequency'}")
    starts = _starts(input, offsets, include_last_offset)
    input = input.reshape(-1)
    _check_indices(input, weight)
    padding = _padding_row(padding_idx, weight.shape[0])
    if max_norm is not None:
        _renorm(weight, input, max_norm, norm_type)
    bag = searchsorted(starts, arange(input.numel(), device=input.device), right=True) - 1
    kept = input == input if padding is None else input != padding
    rows = _rows(weight, input, scale_grad_by_freq, sparse, padding)
    if mode == "max":
        return _largest(rows, bag, kept, starts)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    rows = rows * kept.to(rows.dtype).unsqueeze(-1)
    total = rows.new_zeros(starts.numel(), weight.shape[1]).index_add(0, bag, rows)
    if mode == "sum":
        return total
    count = bincount(bag[kept], minlength=starts.numel()).clamp_min(1)
    return total / count.to(rows.dtype).unsqueeze(-1)


def _check_weights(input: Tensor, weights: Tensor | None, mode: str) -> None:
    if weights is None:
        return
    if weights.shape != input.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({list(weights.shape)}) is not None, then it must have the same shape as the "
            f"input ({list(input.shape)})"
        )
    if mode != "sum":
        raise NotImplementedError(f"embedding_bag: per_sample_weights was not None, but only mode='sum' supports it, not {mode!r}")


def _starts(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> Tensor:
    """Where each bag starts in the flattened input."""
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError("if input is 2D, then offsets has to be None, as input is treated as a mini-batch of bags")
        return arange(input.shape[0], device=input.device) * input.shape[1]
    if input.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    if include_last_offset and not offsets.numel():
        raise RuntimeError("include_last_offset: number of offset should be at least 1")
    if offsets.numel() and int(offsets[0]) != 0:
        raise RuntimeError(f"offsets[0] has to be 0: the first bag starts at position 0, not {int(offsets[0])}")
    if offsets.numel() and int(offsets[-1]) > input.numel():
        raise RuntimeError(f"offsets[-1] can not be greater than input's length {input.numel()}, but got {int(offsets[-1])}")
    return offsets[:-1] if include_last_offset else offsets


def _largest(rows: Tensor, bag: Tensor, kept: Tensor, starts: Tensor) -> Tensor:
    """The maximum of each bag: bags are padded to one length."""
    places = arange(bag.numel(), device=bag.device) - starts[bag]
    length = int(places.max()) + 1 if places.numel() else 1
    table = places.new_zeros(starts.numel(), length).index_put((bag, places), arange(bag.numel(), device=bag.device))
    there = kept.new_zeros(starts.numel(), length).index_put((bag, places), kept).unsqueeze(-1)
    if not bag.numel():
        return rows.new_zeros(starts.numel(), rows.shape[1])
    padded = rows[table].where(there, rows.new_full((), float("-inf")))
    largest = padded.max(1).values
    return largest.where(there.any(1), rows.new_zeros(()))
