"""CTC against PyTorch: losses, the gradients of logits, and errors."""

from __future__ import annotations

from typing import Any

import pytest
from twins import check_error, close

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")

# Rows: number of classes, labels, input lengths, target lengths, options. Repeated and empty targets are special.
ROWS: list[tuple[int, Any, Any, Any, dict[str, Any]]] = [
    *((4, [[1, 2, 3], [2, 2, 1]], [6, 6], [3, 3], {"reduction": r}) for r in ("mean", "sum", "none")),
    (4, [[1, 2, 0], [2, 2, 1]], [5, 6], [2, 3], {}),
    (4, [1, 2, 2, 2, 1], [4, 6], [2, 3], {"reduction": "none"}),
    (4, [[0, 1, 1], [0, 2, 1]], [6, 6], [1, 2], {"blank": 3}),
    (4, [[1, 1], [2, 2]], [6, 4], [0, 2], {"reduction": "none"}),
    (4, [[1, 1, 1], [2, 2, 1]], [3, 6], [3, 3], {"zero_infinity": True}),
]


def computed(lib: Any, row: Any) -> tuple[Any, Any]:
    classes, labels, sizes, lengths, options = row
    lib.manual_seed(0)
    logits = lib.randn(6, 2, classes).requires_grad_()
    target = lib.tensor(labels)
    if isinstance(labels[0], int):
        target = lib.tensor(labels, dtype=lib.int64)
    loss = lib.nn.CTCLoss(**options)(logits.log_softmax(-1), target, lib.tensor(sizes), lib.tensor(lengths))
    (loss * lib.arange(1.0, 1.0 + loss.numel()).reshape(loss.shape)).sum().backward()
    return loss, logits.grad


@pytest.mark.parametrize("row", ROWS)
def test_ctc_is_pytorch_s(row: Any) -> None:
    for ours, theirs, what in zip(computed(tl, row), computed(torch, row), ("loss", "gradient"), strict=True):
        close(torch, ours, theirs, what)


def test_ctc_without_a_batch() -> None:
    values = []
    for lib in (tl, torch):
        lib.manual_seed(0)
        loss = lib.nn.CTCLoss(reduction="none")
        values.append(loss(lib.randn(5, 3).log_softmax(-1), lib.tensor([1, 2]), lib.tensor(5), lib.tensor(2)))
    close(torch, *values, "loss")


def test_ctc_of_impossible_targets_is_infinite() -> None:
    log_probs = tl.zeros(2, 1, 3).log_softmax(-1)
    assert tl.nn.functional.ctc_loss(log_probs, tl.tensor([[1, 1]]), [2], [2]).item() == float("inf")


def test_ctc_gradient_is_finite_differences() -> None:
    logits = tl.randn(4, 2, 3, dtype=tl.float64, requires_grad=True)
    labels = tl.tensor([[1, 1], [2, 1]])
    assert tl.autograd.gradcheck(lambda x: tl.nn.functional.ctc_loss(x.log_softmax(-1), labels, [4, 3], [2, 2]), (logits,))


def test_ctc_takes_any_input_for_a_log_softmax() -> None:
    grads = []
    for lib in (tl, torch):
        lib.manual_seed(0)
        x = (lib.rand(5, 2, 4) - 2).requires_grad_()  # no logarithms of probabilities
        lib.nn.functional.ctc_loss(x, lib.tensor([[1, 1], [2, 3]]), (5, 4), (2, 1), reduction="sum").backward()
        grads.append(x.grad)
    close(torch, *grads, "gradient")


@pytest.mark.parametrize(
    ("labels", "sizes", "lengths", "options"),
    [
        ([[1, 2]], [5, 4], [2], {}),
        ([[1, 2]], [5], [2, 2], {}),
        ([[1, 2]], [6], [2], {}),
        ([[1, 2]], [5], [2], {"blank": 3}),
        ([[1, 2]], [5], [3], {}),
        ([[1, 2]], [5], [2], {"reduction": "max"}),
    ],
)
def test_ctc_errors(labels: Any, sizes: Any, lengths: Any, options: dict[str, Any]) -> None:
    def fault(lib: Any) -> Any:
        log_probs = lib.zeros(5, 1, 3).log_softmax(-1)
        return lib.nn.functional.ctc_loss(log_probs, lib.tensor(labels), lib.tensor(sizes), lib.tensor(lengths), **options)

    check_error(torch, fault)
