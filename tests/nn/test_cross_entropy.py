"""The fused cross-entropy against its composite and against PyTorch, where the table of ops does not reach."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
from twins import check_error

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")


def composite(x: Any, target: Any, weight: Any, ignore_index: int, smoothing: float, reduction: str) -> Any:
    """Cross-entropy from `log_softmax` and `nll_loss`, which have gradients of their own."""
    axis = 0 if x.ndim == 1 else 1
    logs = tl.log_softmax(x, axis)
    hard = tl.nn.functional.nll_loss(logs, target, weight, ignore_index=ignore_index, reduction=reduction)
    if not smoothing:
        return hard
    classes = x.shape[axis]
    kept = target != ignore_index
    scaled = logs if weight is None else logs * weight.reshape(-1, *(1,) * (x.ndim - axis - 1))
    smooth = tl.where(kept, -scaled.sum(axis), 0)
    if reduction == "mean":
        share = kept.to(x.dtype) if weight is None else weight[tl.where(kept, target, 0)] * kept
        smooth = smooth.sum() / share.sum()
    elif reduction == "sum":
        smooth = smooth.sum()
    return hard * (1 - smoothing) + smooth * (smoothing / classes)


@pytest.mark.parametrize("shape", [(6, 4), (3, 4, 5), (2, 4, 2, 3)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_fused_is_composite(shape: tuple[int, ...], weighted: bool, smoothing: float, reduction: str) -> None:
    """Values, gradients and second derivatives, with targets that are ignored, classes or not."""
    tl.manual_seed(0)
    weight = tl.rand(4, dtype=tl.float64) if weighted else None
    for ignore_index in (-100, 2):
        target = tl.randint(0, 4, (shape[0], *shape[2:]))
        target.view(-1)[:2] = tl.tensor([ignore_index, 1])
        x = tl.randn(*shape, dtype=tl.float64).requires_grad_()
        found = []
        for function in (composite, _fused):
            loss = function(x, target, weight, ignore_index, smoothing, reduction).square().sum()
            (first,) = tl.autograd.grad(loss, x, create_graph=True)
            (second,) = tl.autograd.grad(first.square().sum(), x)
            found.append((loss, first, second))
        for a, b in zip(*found, strict=True):
            assert tl.allclose(a, b)


def _fused(x: Any, target: Any, weight: Any, ignore_index: int, smoothing: float, reduction: str) -> Any:
    return tl.nn.functional.cross_entropy(
        x, target, weight, ignore_index=ignore_index, label_smoothing=smoothing, reduction=reduction
    )


def test_it_is_one_node() -> None:
    x = tl.zeros(2, 3, requires_grad=True)
    for target in (tl.tensor([0, 2]), tl.full((2, 3), 1 / 3)):
        loss = tl.nn.functional.cross_entropy(x, target)
        (parent,) = {edge for edge, _ in loss.grad_fn.next_functions if edge is not None}
        assert parent.name() == "AccumulateGrad"


INF, NAN = math.inf, math.nan
EDGES: list[tuple[Any, Any, dict[str, Any]]] = [
    ([[0.0, -INF]], [1], {}),
    ([[0.0, -INF]], [0], {}),
    ([[0.0, -INF]], [0], {"label_smoothing": 0.1}),
    ([[0.0, -INF], [0.0, 0.0]], [-100, 1], {"label_smoothing": 0.1}),
    ([[0.0, -INF], [0.0, 0.0]], [0, 1], {"weight": [1.0, 0.0]}),
    ([[NAN, 0.0], [0.0, 0.0]], [-100, 1], {}),
    ([[INF, 0.0], [0.0, 0.0]], [-100, 1], {"reduction": "none"}),
    ([[1e4, 1e4 + 1], [-1e4, 0.0]], [0, 0], {}),
    ([[1.0, 2.0]], [-100], {}),
    ([[1.0, 2.0]], [-100], {"reduction": "sum"}),
    ([[1.0, 2.0]], [-100], {"label_smoothing": 0.1}),
    ([1.0, 2.0, 0.0], 1, {"reduction": "none"}),
    ([[0.0, -INF]], [[1.0, 0.0]], {}),
    ([[1.0, 2.0]], [[1.0, 0.5]], {"label_smoothing": 0.1, "weight": [1.0, 0.0]}),
    ([1.0, 2.0], [1.0, 0.5], {"reduction": "none"}),
]


@pytest.mark.parametrize("x, target, options", EDGES, ids=str)
def test_edges(x: Any, target: Any, options: dict[str, Any]) -> None:
    results = []
    for lib in (tl, torch):
        leaf = lib.tensor(x, requires_grad=True)
        ready = {k: lib.tensor(v) if k == "weight" else v for k, v in options.items()}
        loss = lib.nn.functional.cross_entropy(leaf, lib.tensor(target), **ready)
        loss.sum().backward()
        results.append((loss, leaf.grad))
    for a, b in zip(*results, strict=True):
        assert tuple(a.shape) == tuple(b.shape)
        assert a.flatten().tolist() == pytest.approx(b.flatten().tolist(), rel=1e-5, abs=1e-7, nan_ok=True)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("soft", [False, True])
def test_no_rows(reduction: str, soft: bool) -> None:
    results = []
    for lib in (tl, torch):
        x = lib.zeros(0, 3, requires_grad=True)
        loss = lib.nn.functional.cross_entropy(x, lib.zeros(0, 3) if soft else lib.zeros(0).long(), reduction=reduction)
        loss.sum().backward()
        assert tuple(x.grad.shape) == (0, 3)
        results.append(loss)
    assert tuple(results[0].shape) == tuple(results[1].shape)
    assert results[0].tolist() == pytest.approx(results[1].tolist(), nan_ok=True)


def test_dtypes_of_probabilities() -> None:
    """Inputs of several dtypes are brought to one; the gradient keeps the input's."""
    for kinds in itertools.product(("float32", "float64", "float16"), repeat=2):
        results = []
        for lib in (tl, torch):
            x, target = lib.ones(2, 3, dtype=getattr(lib, kinds[0])), lib.ones(2, 3, dtype=getattr(lib, kinds[1]))
            loss = lib.nn.functional.cross_entropy(x.requires_grad_(), target)
            loss.backward()
            assert x.grad.dtype is x.dtype
            results.append(loss)
        assert str(results[0].dtype) == str(results[1].dtype)
        assert results[0].item() == pytest.approx(results[1].item(), rel=1e-3 if "float16" in kinds else 1e-5)


def test_half_precision_counts_in_float32() -> None:
    """The mean over more rows than float16 can count."""
    x = tl.zeros(5000, 2, dtype=tl.float16, requires_grad=True)
    for ignore_index in (-100, 1):
        target = tl.zeros(5000).long()
        target[0] = 1
        x.grad = None
        loss = tl.nn.functional.cross_entropy(x, target, ignore_index=ignore_index)
        assert loss.dtype is tl.float16 and loss.item() == pytest.approx(math.log(2), rel=1e-3)
        loss.backward()
        assert x.grad[1].tolist() == pytest.approx([-1e-4, 1e-4], rel=1e-2)


def test_bytes_as_targets() -> None:
    x = tl.tensor([[1.0, 2.0]])
    assert tl.nn.functional.cross_entropy(x, tl.tensor([1], dtype=tl.uint8)) == tl.nn.functional.cross_entropy(x, tl.tensor([1]))


def _fault(x: tuple[int, ...], target: Callable[[Any], Any], **options: Any) -> Callable[[Any], Any]:
    def call(lib: Any) -> Any:
        ready = {k: v(lib) if callable(v) else v for k, v in options.items()}
        return lib.nn.functional.cross_entropy(lib.zeros(x), target(lib), **ready)

    return call


def classes(*values: int) -> Callable[[Any], Any]:
    return lambda lib: lib.tensor(list(values))


FAULTS = [
    _fault((2, 3), classes(1, 5)),
    _fault((2, 3), classes(1, -1)),
    _fault((2, 3), classes(-100, 3)),
    _fault((2, 3), classes(1, 5), label_smoothing=0.2),
    _fault((2, 0), classes(1, 1)),
    _fault((2, 3), classes(1, 1, 1)),
    _fault((3,), classes(1, 0, 1, 1)),
    _fault((2, 3), lambda lib: lib.tensor(1)),
    _fault((2, 3), lambda lib: lib.ones(2, 1).long()),
    _fault((2, 3, 4), lambda lib: lib.ones(2, 5).long()),
    _fault((2, 3), lambda lib: lib.ones(2).int()),
    _fault((2, 3), lambda lib: lib.ones(2)),
    _fault((2, 3), lambda lib: lib.ones(2, 3).long()),
    _fault((), lambda lib: lib.tensor(0)),
    _fault((), lambda lib: lib.tensor(0.0)),
    _fault((2, 3), classes(0, 1), weight=lambda lib: lib.ones(4)),
    _fault((2, 3), classes(0, 1), weight=lambda lib: lib.ones(1, 3)),
    _fault((2, 3), classes(0, 1), weight=lambda lib: lib.ones(3).double()),
    _fault((2, 3), classes(0, 1), weight=lambda lib: lib.ones(3).requires_grad_()),
    _fault((2, 3), lambda lib: lib.ones(2, 3), weight=lambda lib: lib.ones(4)),
    _fault((2, 3), classes(0, 1), reduction="maximum"),
    _fault((2, 3), classes(0, 1), label_smoothing=2.0),
    lambda lib: lib.nn.functional.cross_entropy(lib.ones(2, 3).long(), lib.tensor([0, 1])),
    lambda lib: lib.nn.functional.nll_loss(lib.ones(2, 3), lib.tensor([0, 1]), lib.ones(3).double()),
]


@pytest.mark.parametrize("row", FAULTS, ids=[str(i) for i in range(len(FAULTS))])
def test_errors(row: Callable[[Any], Any]) -> None:
    check_error(torch, row)
