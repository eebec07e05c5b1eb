"""Multiply-adds of ops, compared with PyTorch's counter of FLOPs and with formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tensorlite as tl
from tensorlite.ops import linalg
from tensorlite.profiler import profile


def flops(run: Callable[[], Any]) -> int:
    with profile(with_flops=True) as prof:
        run()
    return sum(event.flops for event in prof.events())


ROWS: list[tuple[str, Callable[[Any], Any]]] = [
    ("mm", lambda t: t.ones(3, 4) @ t.ones(4, 5)),
    ("bmm", lambda t: t.bmm(t.ones(2, 3, 4), t.ones(2, 4, 5))),
    ("broadcast", lambda t: t.ones(2, 1, 3, 4) @ t.ones(5, 4, 6)),
    ("addmm", lambda t: t.addmm(t.ones(5), t.ones(3, 4), t.ones(4, 5))),
    ("linear", lambda t: t.nn.functional.linear(t.ones(2, 3, 4), t.ones(5, 4), t.ones(5))),
    ("conv1d", lambda t: t.nn.functional.conv1d(t.ones(2, 3, 9), t.ones(4, 3, 3), padding=1)),
    ("conv2d", lambda t: t.nn.functional.conv2d(t.ones(2, 4, 9, 8), t.ones(6, 2, 3, 2), groups=2, stride=2)),
    ("conv3d", lambda t: t.nn.functional.conv3d(t.ones(1, 2, 5, 5, 5), t.ones(3, 2, 2, 2, 2))),
    ("conv_transpose2d", lambda t: t.nn.functional.conv_transpose2d(t.ones(2, 4, 5, 5), t.ones(4, 3, 3, 3), stride=2)),
    ("einsum", lambda t: t.einsum("bij,bjk->bik", t.ones(2, 3, 4), t.ones(2, 4, 5))),
    ("pointwise", lambda t: (t.ones(3, 4) * 2).exp().sum()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "run"), ROWS, ids=[name for name, _ in ROWS])
def test_as_pytorch_counts(name: str, run: Callable[[Any], Any]) -> None:
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        run(torch)
    assert flops(lambda: run(tl)) == counter.get_total_flops()


def test_inputs_by_keyword() -> None:
    x, w = tl.ones(2, 3), tl.ones(4, 3)
    assert flops(lambda: linalg.linear(weight=w, x=x)) == flops(lambda: linalg.linear(x, weight=w)) == 48


def test_attention() -> None:
    """5 queries of 8 features, 7 keys, values of 9 features; PyTorch's counter does not see its own kernel for the CPU."""
    q, k, v = tl.ones(2, 3, 5, 8), tl.ones(2, 3, 7, 8), tl.ones(2, 3, 7, 9)
    attend = tl.nn.functional.scaled_dot_product_attention
    assert flops(lambda: attend(q, k, v)) == 2 * (2 * 3) * (5 * 8 * 7 + 5 * 7 * 9)


STEPS, BATCH, INPUT, HIDDEN = 5, 3, 4, 6


@pytest.mark.parametrize(("layer", "gates"), [("RNN", 1), ("GRU", 3), ("LSTM", 4)])
@pytest.mark.parametrize("directions", [1, 2])
def test_recurrent(layer: str, gates: int, directions: int) -> None:
    """Each step multiplies its input and its state with the weights of each gate."""
    module = getattr(tl.nn, layer)(INPUT, HIDDEN, bidirectional=directions == 2)
    expected = 2 * STEPS * BATCH * directions * gates * HIDDEN * (INPUT + HIDDEN)
    assert flops(lambda: module(tl.ones(STEPS, BATCH, INPUT))) == expected


def test_projected_lstm() -> None:
    module = tl.nn.LSTM(INPUT, HIDDEN, proj_size=2)
    expected = 2 * STEPS * BATCH * (4 * HIDDEN * (INPUT + 2) + HIDDEN * 2)
    assert flops(lambda: module(tl.ones(STEPS, BATCH, INPUT))) == expected


def test_packed_sequences_count_what_is_there() -> None:
    packed = tl.nn.utils.rnn.pack_padded_sequence(tl.ones(STEPS, 2, INPUT), [5, 2])
    assert flops(lambda: tl.nn.RNN(INPUT, HIDDEN)(packed)) == 2 * 7 * HIDDEN * (INPUT + HIDDEN)
