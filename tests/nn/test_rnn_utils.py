"""Padding and packing of sequences against PyTorch: results, gradients, conversions and errors."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from twins import check_error, flat, to_torch

import strict_backend
import tensorlite as tl
from tensorlite.autograd import gradcheck, gradgradcheck
from tensorlite.ops import recurrent as ops

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")

Call = Callable[[Any, Any], Any]


def sequences(lib: Any, *lengths: int) -> list[Any]:
    """Sequences of numbers that are all different."""
    return [lib.arange(100.0 * i, 100.0 * i + 2 * n).reshape(n, 2) for i, n in enumerate(lengths, 1)]


def numbers(lib: Any, *shape: int) -> Any:
    size = 1
    for n in shape:
        size *= n
    return lib.arange(1.0, 1.0 + size).reshape(shape)


CALLS: list[Call] = [
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 3, 2), [4, 2, 2]),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 3, 4, 2), lib.tensor([3, 2, 1]), batch_first=True),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 3, 2), [2, 4, 1], enforce_sorted=False),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 3, 2), [2, 4, 2], enforce_sorted=False),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 3, 4, 2, 2), [1, 2, 3], True, False),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 2), [3, 2]),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 2).long(), lib.tensor([1, 2]), enforce_sorted=False),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 2, 3) > 7, lib.tensor([3, 2])),
    lambda lib, u: u.pack_sequence(sequences(lib, 3, 2, 2)),
    lambda lib, u: u.pack_sequence(sequences(lib, 1, 3, 2), enforce_sorted=False),
    lambda lib, u: u.pad_packed_sequence(u.pack_sequence(sequences(lib, 3, 2, 2))),
    lambda lib, u: u.pad_packed_sequence(u.pack_sequence(sequences(lib, 1, 3, 2), False), batch_first=True),
    lambda lib, u: u.pad_packed_sequence(u.pack_sequence(sequences(lib, 1, 3, 2), False), padding_value=-1.5, total_length=5),
    lambda lib, u: u.pad_packed_sequence(u.pack_sequence([lib.arange(3), lib.arange(2)]), True, 7),
    lambda lib, u: u.pad_sequence(sequences(lib, 1, 3, 2)),
    lambda lib, u: u.pad_sequence(sequences(lib, 1, 3, 2), batch_first=True, padding_value=-1),
    lambda lib, u: u.pad_sequence(sequences(lib, 1, 3, 2), padding_side="left"),
    lambda lib, u: u.pad_sequence(tuple(lib.arange(n) for n in (2, 0, 1)), True, 9, "left"),
    lambda lib, u: u.pad_sequence(numbers(lib, 2, 3, 4)),
    lambda lib, u: tuple(u.unpad_sequence(numbers(lib, 4, 3, 2), lib.tensor([1, 4, 2]))),
    lambda lib, u: tuple(u.unpad_sequence(numbers(lib, 3, 4), lib.tensor([1, 4, 2]), batch_first=True)),
    lambda lib, u: tuple(u.unpack_sequence(u.pack_sequence(sequences(lib, 1, 3, 2), False))),
    lambda lib, u: u.invert_permutation(lib.tensor([2, 0, 3, 1])),
    lambda lib, u: u.PackedSequence(numbers(lib, 3, 2), lib.tensor([2, 1]), lib.tensor([1, 0])),
    lambda lib, u: u.PackedSequence((numbers(lib, 3, 2), lib.tensor([2, 1]))),
    *(lambda lib, u, n=name: getattr(u.pack_sequence(sequences(lib, 1, 2), False), n)()
      for name in ("double", "float", "half", "long", "int", "short", "char", "byte", "cpu")),
    lambda lib, u: u.pack_sequence(sequences(lib, 1, 2), False).to(lib.int64),
    lambda lib, u: u.pack_sequence(sequences(lib, 1, 2), False).to("cpu", dtype=lib.float64),
    lambda lib, u: u.pack_sequence(sequences(lib, 1, 2), False).to(lib.zeros(1, dtype=lib.int32)),
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_results(call: Call) -> None:
    ours, theirs = call(tl, tl.nn.utils.rnn), call(torch, torch.nn.utils.rnn)
    assert getattr(ours, "_fields", None) == getattr(theirs, "_fields", None)
    for a, b in zip(flat(ours), flat(theirs), strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(to_torch(torch, a), b, rtol=0, atol=0)


@pytest.mark.parametrize("total", [None, 6])
@pytest.mark.parametrize("batch_first", [False, True])
def test_gradients_go_there_and_back(batch_first: bool, total: int | None) -> None:
    found = []
    for lib in (tl, torch):
        utils = lib.nn.utils.rnn
        x = numbers(lib, 3, 5, 2).requires_grad_() if batch_first else numbers(lib, 5, 3, 2).requires_grad_()
        packed = utils.pack_padded_sequence(x * 1, [2, 5, 3], batch_first, enforce_sorted=False)
        padded, _ = utils.pad_packed_sequence(packed, batch_first, 1.0, total)
        (padded * numbers(lib, *padded.shape)).sum().backward()
        found.append(x.grad)
    torch.testing.assert_close(to_torch(torch, found[0]), found[1])


def test_gradients_of_padding() -> None:
    found = []
    for lib in (tl, torch):
        parts = [s.requires_grad_() for s in sequences(lib, 1, 3, 2)]
        padded = lib.nn.utils.rnn.pad_sequence(parts, padding_side="left")
        (padded * numbers(lib, *padded.shape)).sum().backward()
        found.append([s.grad for s in parts])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(to_torch(torch, a), b)


@pytest.mark.parametrize("sizes", [(3, 3), (3, 2, 2, 1)], ids=str)
def test_the_two_ops_are_each_other_s_gradients(sizes: tuple[int, ...]) -> None:
    x = tl.randn(5, 3, 2, dtype=tl.float64, requires_grad=True)
    rows = tl.randn(sum(sizes), 2, dtype=tl.float64, requires_grad=True)
    for function, given in (
        (lambda x: ops.pack_steps(x, sizes=sizes).sin(), x),
        (lambda x: ops.unpack_steps(x, sizes=sizes, shape=(5, 3), value=0.5).sin(), rows),
    ):
        assert gradcheck(function, given) and gradgradcheck(function, given)


def test_packed_sequences_are_tuples() -> None:
    packed = tl.nn.utils.rnn.pack_sequence(sequences(tl, 1, 2), enforce_sorted=False)
    data, sizes, order, back = packed
    assert packed[0] is data is packed.data and packed._asdict()["batch_sizes"] is sizes
    assert packed.to(tl.float32) is packed and packed.cpu() is packed and packed.float() is packed
    assert not packed.is_cuda and not packed.is_pinned() and packed.pin_memory().data is data
    for other in (copy.deepcopy(packed), pickle.loads(pickle.dumps(packed))):
        assert type(other) is type(packed)
        assert all(tl.equal(a, b) for a, b in zip(packed, other, strict=True))
    twin = torch.nn.utils.rnn.pack_sequence(sequences(torch, 1, 2), enforce_sorted=False)
    assert repr(packed) == repr(twin)


def test_packed_sequences_move() -> None:
    strict_backend.register()
    packed = tl.nn.utils.rnn.pack_sequence(sequences(tl, 1, 3, 2), enforce_sorted=False)
    moved = packed.to("strict")
    assert [t.device.type for t in moved] == ["strict", "cpu", "strict", "strict"]
    padded, lengths = tl.nn.utils.rnn.pad_packed_sequence(moved)
    expected, _ = tl.nn.utils.rnn.pad_packed_sequence(packed)
    assert tl.equal(padded.cpu(), expected) and lengths.tolist() == [1, 3, 2]
    assert all(tl.equal(a, b) for a, b in zip(moved.cpu(), packed, strict=True))
    with pytest.raises(ValueError, match="batch_sizes"):
        tl.nn.utils.rnn.PackedSequence(moved.data, moved.batch_sizes.to("strict"))
    with pytest.raises(RuntimeError, match="CPU"):
        tl.nn.utils.rnn.pack_padded_sequence(padded, lengths.to("strict"), enforce_sorted=False)


FAULTS: list[Call] = [
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 2, 3), [2, 3]),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 2, 3), [3, 0]),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 2, 3), [3, -1], enforce_sorted=False),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 2, 3), [3]),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 2, 3), [3, 2, 1]),
    lambda lib, u: u.pack_padded_sequence(numbers(lib, 4, 2, 3), lib.tensor([[3, 2]])),
    lambda lib, u: u.pack_padded_sequence(lib.zeros(4, 0, 3), []),
    lambda lib, u: u.pack_padded_sequence(lib.zeros(0, 2, 3), [1, 1]),
    lambda lib, u: u.pack_sequence(sequences(lib, 1, 2)),
    lambda lib, u: u.pad_packed_sequence(u.pack_sequence(sequences(lib, 3)), total_length=2),
    lambda lib, u: u.pad_packed_sequence(u.PackedSequence(lib.zeros(3, 2), lib.tensor([1, 2]))),
    lambda lib, u: u.pad_sequence([]),
    lambda lib, u: u.pad_sequence(3),
    lambda lib, u: u.pad_sequence([lib.zeros(2, 3), lib.zeros(4, 2)]),
    lambda lib, u: u.pad_sequence([lib.zeros(()), lib.zeros(())]),
    lambda lib, u: u.pad_sequence(sequences(lib, 1, 2), padding_side="middle"),
    lambda lib, u: u.pad_sequence([1, 2]),
    lambda lib, u: u.PackedSequence(lib.zeros(3, 2)),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_errors(fault: Call) -> None:
    check_error(torch, lambda lib: fault(lib, lib.nn.utils.rnn))


@pytest.mark.parametrize("sorted_already", [False, True])
def test_lengths_beyond_the_input_are_refused(sorted_already: bool) -> None:
    """PyTorch packs fewer rows than it says."""
    with pytest.raises(RuntimeError, match="at most 4"):
        tl.nn.utils.rnn.pack_padded_sequence(tl.zeros(4, 2, 3), [5, 3], enforce_sorted=sorted_already)
    with pytest.raises(RuntimeError, match="lengths"):
        tl.nn.utils.rnn.pack_padded_sequence(tl.zeros(4, 2, 3), tl.tensor([3.0, 2.0]))
