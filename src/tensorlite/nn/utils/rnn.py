"""Sequences of different lengths: padded to one length, or packed step by step without the padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ... import dtypes
from ...ops import recurrent as ops
from ...ops import shaping
from ...tensor import Tensor, arange, sort, stack, tensor

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence", "pad_sequence",
    "unpack_sequence", "unpad_sequence",
]


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """Sequences step by step: all first elements, then all second ones, the longest sequence first.

    `data` is (rows, *); `batch_sizes` says how many sequences have each step, and is on the CPU. `sorted_indices` brings the
    sequences that were given into this order, `unsorted_indices` brings them back. Made by `pack_sequence` and
    `pack_padded_sequence`, taken by `nn.RNN`, `nn.LSTM` and `nn.GRU`.

    Raises:
        ValueError: `batch_sizes` is not on the CPU.

    >>> import tensorlite as tl
    >>> tl.nn.utils.rnn.pack_sequence([tl.tensor([1, 2]), tl.tensor([3])]).data
    tensor([1, 3, 2])
    """

    __slots__ = ()

    def __new__(
        cls, data: Any, batch_sizes: Tensor | None = None, sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        if batch_sizes is None:
            if not isinstance(data, (tuple, list)) or len(data) != 2:
                raise AssertionError("Expected data to be a list or tuple of length 2: the data and the batch sizes")
            data, batch_sizes = data
        assert batch_sizes is not None
        if batch_sizes.device.type != "cpu":
            raise ValueError(
                f"batch_sizes should always be on CPU, but they are on {batch_sizes.device}. Make a PackedSequence with "
                "pack_sequence or pack_padded_sequence."
            )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def _with(self, data: Tensor, **options: Any) -> PackedSequence:
        if data is self.data:
            return self
        moved = [None if t is None else t.to(data.device, **options) for t in (self.sorted_indices, self.unsorted_indices)]
        return type(self)(data, self.batch_sizes, *moved)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Convert or move the data, as `Tensor.to` does; itself if nothing changes."""
        options = {k: v for k, v in kwargs.items() if k in ("non_blocking", "copy")}
        return self._with(self.data.to(*args, **kwargs), **options)

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """To the CPU."""
        return self.to("cpu", *args, **kwargs)

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """To a CUDA device, by default the current one."""
        return self._with(self.data.cuda(*args, **kwargs))

    def pin_memory(self) -> PackedSequence:
        """With the data in pinned memory."""
        return self._with(self.data.pin_memory())

    def double(self) -> PackedSequence:
        """As float64."""
        return self.to(dtype=dtypes.float64)

    def float(self) -> PackedSequence:
        """As float32."""
        return self.to(dtype=dtypes.float32)

    def half(self) -> PackedSequence:
        """As float16."""
        return self.to(dtype=dtypes.float16)

    def long(self) -> PackedSequence:
        """As int64."""
        return self.to(dtype=dtypes.int64)

    def int(self) -> PackedSequence:
        """As int32."""
        return self.to(dtype=dtypes.int32)

    def short(self) -> PackedSequence:
        """As int16."""
        return self.to(dtype=dtypes.int16)

    def char(self) -> PackedSequence:
        """As int8."""
        return self.to(dtype=dtypes.int8)

    def byte(self) -> PackedSequence:
        """As uint8."""
        return self.to(dtype=dtypes.uint8)

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a CUDA device."""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """Whether the data is in pinned memory."""
        return self.data.is_pinned()


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation (n) that undoes another; None for None.

    >>> import tensorlite as tl
    >>> tl.nn.utils.rnn.invert_permutation(tl.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    places = arange(permutation.numel(), device=permutation.device, dtype=permutation.dtype)
    return permutation.new_empty(permutation.shape).scatter_(0, permutation, places)


_UNSORTED = (
    "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. Pass `enforce_sorted=False` to "
    "pack_padded_sequence or pack_sequence to have the sequences sorted."
)


def _lengths(lengths: Any) -> Tensor:
    if not isinstance(lengths, Tensor):
        return tensor([int(n) for n in lengths], dtype=dtypes.int64, device="cpu")
    if lengths.ndim != 1 or lengths.device.type != "cpu" or lengths.dtype is not dtypes.int64:
        raise RuntimeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {lengths.ndim}D {lengths.device.type} {lengths.dtype}"
        )
    return lengths


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack padded sequences (steps, batch, *), or (batch, steps, *) with `batch_first`.

    With `enforce_sorted` the lengths must not increase; without, the sequences are sorted, and the result remembers how.

    Raises:
        RuntimeError: lengths are not sorted, not positive, longer than the input, or not one for each sequence.

    >>> import tensorlite as tl
    >>> packed = tl.nn.utils.rnn.pack_padded_sequence(tl.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True)
    >>> packed.data, packed.batch_sizes
    (tensor([1, 3, 2]), tensor([2, 1]))
    """
    given = _lengths(lengths).detach()
    order = None
    if not enforce_sorted:
        given, permutation = sort(given, descending=True, stable=True)
        order = permutation.to(input.device)
        input = input.index_select(0 if batch_first else 1, order)
    if not input.numel():
        raise RuntimeError("Cannot pack empty tensors.")
    if input.ndim < 2:
        raise RuntimeError(f"Expected an input with at least 2 dimensions, steps and batch, but got {list(input.shape)}")
    padded = input.transpose(0, 1) if batch_first else input
    steps, batch = padded.shape[:2]
    sizes = _batch_sizes(given.tolist(), steps, batch)
    return PackedSequence(ops.pack_steps(padded, sizes=sizes), tensor(sizes, dtype=dtypes.int64, device="cpu"), order, None)


def _batch_sizes(lengths: list[int], steps: int, batch: int) -> tuple[int, ...]:
    """How many sequences have each step."""
    if len(lengths) != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} (batch_size={batch})"
        )
    if min(lengths) <= 0:
        raise RuntimeError("Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0")
    if any(a < b for a, b in zip(lengths, lengths[1:], strict=False)):
        raise RuntimeError(_UNSORTED)
    if lengths[0] > steps:
        raise RuntimeError(f"Expected lengths of at most {steps}, the steps of the input, but got {lengths[0]}")
    sizes, n = [], batch
    for t in range(lengths[0]):
        while lengths[n - 1] <= t:
            n -= 1
        sizes.append(n)
    return tuple(sizes)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Undo `pack_padded_sequence`: padded sequences (steps, batch, *), or (batch, steps, *), and their lengths (batch).

    Raises:
        ValueError: a sequence is longer than `total_length`.

    >>> import tensorlite as tl
    >>> packed = tl.nn.utils.rnn.pack_sequence([tl.tensor([1, 2]), tl.tensor([3])])
    >>> tl.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2],
            [3, 0]]), tensor([2, 1]))
    """
    sizes = tuple(sequence.batch_sizes.tolist())
    steps = len(sizes)
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    if sum(sizes) != sequence.data.shape[0] or any(a < b for a, b in zip(sizes, sizes[1:], strict=False)):
        raise RuntimeError(
            f"batch_sizes must not increase and must add up to the {sequence.data.shape[0]} rows of the data, but they are "
            f"{list(sizes)}"
        )
    padded = ops.unpack_steps(sequence.data, sizes=sizes, shape=(steps, sizes[0]), value=padding_value)
    lengths = tensor([sum(n > i for n in sizes) for i in range(sizes[0])], dtype=dtypes.int64, device="cpu")
    if batch_first:
        padded = padded.transpose(0, 1)
    back = sequence.unsorted_indices
    if back is None:
        return padded, lengths
    return padded.index_select(0 if batch_first else 1, back), lengths[back.cpu()]


def pad_sequence(
    sequences: Tensor | Iterable[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (steps, *) of different lengths as one tensor (steps, batch, *), or (batch, steps, *) with `batch_first`.

    Raises:
        RuntimeError: there is no sequence, they differ beyond their length, or `padding_side` is not "left" or "right".

    >>> import tensorlite as tl
    >>> tl.nn.utils.rnn.pad_sequence([tl.tensor([1, 2]), tl.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    parts = list(sequences)
    if not parts:
        raise RuntimeError("received an empty list of sequences")
    for number, part in enumerate(parts):
        if not isinstance(part, Tensor):
            raise TypeError(f"expected Tensor as element {number} in argument 0, but got {type(part).__name__}")
        if not part.ndim or part.shape[1:] != parts[0].shape[1:]:
            raise RuntimeError(
                f"pad_sequence: expected sequences of size (*, {', '.join(map(str, parts[0].shape[1:]))}), but sequence {number} "
                f"has size {list(part.shape)}"
            )
    steps = max(len(part) for part in parts)
    dtype = parts[0].dtype
    padded = [_padded(part.to(dtype), steps - len(part), padding_value, padding_side == "left") for part in parts]
    return stack(padded, 0 if batch_first else 1)


def _padded(sequence: Tensor, missing: int, value: float, left: bool) -> Tensor:
    widths = ((missing, 0) if left else (0, missing), *((0, 0),) * (sequence.ndim - 1))
    return shaping.pad_constant(sequence, widths=widths, value=value) if missing else sequence


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """Undo `pad_sequence`: a list of sequences (steps, *) of the lengths (batch).

    >>> import tensorlite as tl
    >>> tl.nn.utils.rnn.unpad_sequence(tl.tensor([[1, 2], [3, 0]]), tl.tensor([2, 1]), batch_first=True)
    [tensor([1, 2]), tensor([3])]
    """
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    counts = lengths.tolist()
    return [padded_sequences[i, :n] for i, n in enumerate(counts)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (steps, *); with `enforce_sorted` the longest must come first.

    Raises:
        RuntimeError: the sequences are not sorted, or one is empty.

    >>> import tensorlite as tl
    >>> tl.nn.utils.rnn.pack_sequence([tl.tensor([1]), tl.tensor([2, 3])], enforce_sorted=False).data
    tensor([2, 1, 3])
    """
    lengths = [len(v) for v in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Undo `pack_sequence`: a list of sequences (steps, *).

    >>> import tensorlite as tl
    >>> packed = tl.nn.utils.rnn.pack_sequence([tl.tensor([1, 2]), tl.tensor([3])])
    >>> tl.nn.utils.rnn.unpack_sequence(packed)
    [tensor([1, 2]), tensor([3])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
