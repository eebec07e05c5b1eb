"""Functions of ``nn.functional`` that draw numbers, work in place, warn or refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twins import check_error, close, to_torch

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")


@pytest.mark.parametrize("options", [{}, {"tau": 0.3}, {"hard": True}, {"hard": True, "dim": 0}], ids=str)
def test_gumbel_softmax_draws_the_same(options: dict[str, Any]) -> None:
    tl.manual_seed(0)
    ours = tl.randn(20, 5).requires_grad_()
    theirs = to_torch(torch, ours).requires_grad_()
    found = []
    for lib, x in ((tl, ours), (torch, theirs)):
        lib.manual_seed(1)
        out = lib.nn.functional.gumbel_softmax(x, **options)
        lib.manual_seed(2)
        (out * lib.randn(out.shape)).sum().backward()
        found.append(out)
    close(torch, *found, "output")
    close(torch, ours.grad, theirs.grad, "gradient")


IN_PLACE: list[Callable[[Any, Any], Any]] = [
    lambda f, x: f.selu_(x),
    lambda f, x: f.celu_(x, 1.5),
    lambda f, x: f.threshold_(x, 0.2, 7.0),
    lambda f, x: f.rrelu_(x),
    lambda f, x: f.rrelu_(x, 0.1, 0.4, True),
]


@pytest.mark.parametrize("row", IN_PLACE, ids=["selu", "celu", "threshold", "rrelu", "random rrelu"])
def test_in_place(row: Callable[[Any, Any], Any]) -> None:
    tl.manual_seed(0)
    ours = tl.randn(4, 5).requires_grad_()
    theirs = to_torch(torch, ours).requires_grad_()
    for lib, x in ((tl, ours), (torch, theirs)):
        lib.manual_seed(1)
        copy = x * 1
        assert row(lib.nn.functional, copy) is copy
        (copy * copy).sum().backward()
    close(torch, ours.grad, theirs.grad, "gradient")


WARNINGS: list[tuple[str, Callable[[Any], Any]]] = [
    ("eps", lambda lib: lib.nn.functional.gumbel_softmax(lib.zeros(2), eps=1e-5)),
    ("upsample` is deprecated", lambda lib: lib.nn.functional.upsample(lib.zeros(1, 1, 2), 4)),
    ("upsample_nearest` is deprecated", lambda lib: lib.nn.functional.upsample_nearest(lib.zeros(1, 1, 2), 4)),
    ("upsample_bilinear` is deprecated", lambda lib: lib.nn.functional.upsample_bilinear(lib.zeros(1, 1, 2, 2), 4)),
]


@pytest.mark.parametrize("match, call", WARNINGS, ids=[w[0] for w in WARNINGS])
def test_warnings(match: str, call: Callable[[Any], Any]) -> None:
    for lib in (tl, torch):
        with pytest.warns(UserWarning, match=match):
            call(lib)


@pytest.mark.parametrize("shape", [(1, 2), (0, 2), (3, 0)])
def test_pdist_of_nothing(shape: tuple[int, int]) -> None:
    assert tl.nn.functional.pdist(tl.zeros(shape)).tolist() == torch.nn.functional.pdist(torch.zeros(shape)).tolist()


@pytest.mark.parametrize("p", [0.5, 1.0, 2.0, 3.0])
def test_gradient_of_the_distance_of_equal_rows(p: float) -> None:
    grads = []
    for lib in (tl, torch):
        x = lib.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 3.0]], requires_grad=True)
        lib.nn.functional.pdist(x, p).sum().backward()
        grads.append(x.grad)
    close(torch, *grads, "gradient")


FAULTS: list[Callable[[Any], Any]] = [
    lambda lib: lib.nn.functional.gumbel_softmax(lib.zeros(2).long()),
    lambda lib: lib.nn.functional.pdist(lib.zeros(3)),
    lambda lib: lib.nn.functional.pdist(lib.zeros(3, 2), p=-1),
    lambda lib: lib.nn.functional.pdist(lib.zeros(3, 2).long()),
    lambda lib: lib.nn.functional.conv_tbc(lib.zeros(5, 3), lib.zeros(2, 3, 4), lib.zeros(4)),
    lambda lib: lib.nn.functional.conv_tbc(lib.zeros(5, 2, 3), lib.zeros(2, 4, 4), lib.zeros(4)),
    lambda lib: lib.nn.functional.conv_tbc(lib.zeros(5, 2, 3), lib.zeros(2, 3, 4), lib.zeros(5)),
    lambda lib: lib.nn.functional.native_channel_shuffle(lib.zeros(1, 4, 2, 2), 3),
    lambda lib: lib.nn.functional.celu_(lib.zeros(2), 0.0),
]


@pytest.mark.parametrize("row", FAULTS, ids=[str(i) for i in range(len(FAULTS))])
def test_errors(row: Callable[[Any], Any]) -> None:
    check_error(torch, row)
