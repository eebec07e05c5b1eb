"""Sampling at any places against PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twins import check_error, close

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")


def sampled(lib: Any, shape: tuple[int, ...], out: tuple[int, ...], mode: str, padding: str, align: bool) -> Any:
    lib.manual_seed(0)
    n = len(out)
    image, theta = lib.randn(*shape).requires_grad_(), (lib.randn(shape[0], n, n + 1) * 0.9).requires_grad_()
    grid = lib.nn.functional.affine_grid(theta, (shape[0], 1, *out), align_corners=align)
    y = lib.nn.functional.grid_sample(image, grid, mode, padding, align)
    (y * lib.randn(*y.shape)).sum().backward()
    return grid, y, image.grad, theta.grad


@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize(("shape", "out"), [((2, 3, 4, 5), (3, 6)), ((1, 2, 3, 4, 2), (2, 3, 4))])
def test_grid_sample_is_pytorch_s(shape: Any, out: Any, mode: str, padding: str, align: bool) -> None:
    ours, theirs = (sampled(lib, shape, out, mode, padding, align) for lib in (tl, torch))
    for a, b, what in zip(ours, theirs, ("grid", "output", "image's gradient", "map's gradient"), strict=True):
        if a is None:  # the nearest pixel does not depend on the place: PyTorch says 0, here there is no gradient
            assert mode == "nearest" and not b.any()
        else:
            close(torch, a, b, what)


def test_gradients_are_finite_differences() -> None:
    tl.manual_seed(0)
    image, grid = tl.randn(1, 2, 3, 4, dtype=tl.float64), tl.rand(1, 2, 3, 2, dtype=tl.float64) * 3 - 1.5
    for padding in ("zeros", "border", "reflection"):
        call = lambda x, g, p=padding: tl.nn.functional.grid_sample(x, g, padding_mode=p, align_corners=False)
        assert tl.autograd.gradcheck(call, (image.requires_grad_(), grid.requires_grad_()))


FAULTS: list[Callable[[Any, Any], Any]] = [
    lambda F, lib: F.grid_sample(lib.zeros(1, 1, 2, 2), lib.zeros(1, 2, 2, 2), "cubic", align_corners=False),
    lambda F, lib: F.grid_sample(lib.zeros(1, 1, 2, 2), lib.zeros(1, 2, 2, 2), padding_mode="edge", align_corners=False),
    lambda F, lib: F.grid_sample(lib.zeros(1, 1, 2, 2), lib.zeros(2, 2, 2, 2), align_corners=False),
    lambda F, lib: F.grid_sample(lib.zeros(1, 1, 2, 2), lib.zeros(1, 2, 2, 3), align_corners=False),
    lambda F, lib: F.affine_grid(lib.zeros(1, 3, 3), (1, 1, 2, 2), align_corners=False),
    lambda F, lib: F.affine_grid(lib.zeros(1, 2, 3), (1, 1, 2), align_corners=False),
    lambda F, lib: F.affine_grid(lib.zeros(1, 2, 3), (1, 1, 0, 2), align_corners=False),
    lambda F, lib: F.affine_grid(lib.zeros(1, 2, 3).long(), (1, 1, 2, 2), align_corners=False),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_errors(fault: Callable[..., Any]) -> None:
    check_error(torch, lambda lib: fault(lib.nn.functional, lib))


def test_unsaid_alignment_warns() -> None:
    with pytest.warns(UserWarning, match="align_corners"):
        tl.nn.functional.affine_grid(tl.zeros(1, 2, 3), (1, 1, 2, 2))
