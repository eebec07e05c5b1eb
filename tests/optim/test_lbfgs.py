"""LBFGS: that it arrives, and that it goes PyTorch's way."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlite as tl


def rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def valley(x: Any) -> Any:
    return ((x - 3) ** 4).sum() + (x[0] * x[1]) ** 2


def wall(x: Any) -> Any:
    """Steep where it begins and almost flat where it goes: the search has to bracket and to zoom."""
    return (x.exp() - x).sum() + (10 * x).sin().sum()


OPTIONS: list[dict[str, Any]] = [
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "lr": 0.1, "history_size": 3},
    {"line_search_fn": "strong_wolfe", "lr": 40.0, "max_iter": 7},
    {"line_search_fn": "strong_wolfe", "max_eval": 6},
    {"line_search_fn": "strong_wolfe", "max_eval": 1},
    {"lr": 0.001, "history_size": 2},
    {"lr": 0.001, "max_iter": 4, "max_eval": 3},
    {"lr": 0.001, "tolerance_change": 0.5},
    {"lr": 0.001, "tolerance_grad": 100.0},
]


def run(lib: Any, loss_of: Any, options: dict[str, Any], start: tuple[float, ...] = (-1.2, 1.0, 0.5, 2.0)) -> list[Any]:
    """The point, the loss and the counts after each of six steps."""
    x = lib.tensor(start, dtype=lib.float64).requires_grad_()
    optimizer = lib.optim.LBFGS([x], **options)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = loss_of(x)
        loss.backward()
        return loss

    seen = []
    for _ in range(6):
        loss = optimizer.step(closure)
        state = optimizer.state[x]
        seen.append([*x.tolist(), loss.item(), state["func_evals"], state["n_iter"]])
    return seen


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("loss_of", [rosenbrock, valley, wall])
def test_path_is_pytorch_s(loss_of: Any, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    for step, (ours, theirs) in enumerate(zip(run(tl, loss_of, options), run(torch, loss_of, options), strict=True)):
        assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-6), step


def test_arrives() -> None:
    *x, _, _, _ = run(tl, rosenbrock, {"line_search_fn": "strong_wolfe"}, (-1.2, 1.0))[-1]
    assert x == pytest.approx([1.0] * 2, abs=1e-4)


def test_complex_parameters_are_pairs_of_reals() -> None:
    z = tl.tensor([2 - 1j, 0.5 + 2j], dtype=tl.complex128, requires_grad=True)
    bias = tl.tensor(3.0, dtype=tl.float64, requires_grad=True)
    optimizer = tl.optim.LBFGS([z, bias], line_search_fn="strong_wolfe")

    def closure() -> tl.Tensor:
        optimizer.zero_grad()
        loss = ((z.real - 1) ** 2).sum() + ((z.imag + 2) ** 4).sum() + (bias - z.real[0]) ** 2
        loss.backward()
        return loss

    for _ in range(4):
        optimizer.step(closure)
    assert tl.allclose(z.detach(), tl.tensor(1 - 2j, dtype=tl.complex128), atol=0.05)
    assert bias.item() == pytest.approx(1.0, abs=1e-4)
    assert optimizer.state[z]["d"].shape == (5,)


def test_strict_device() -> None:
    found = []
    for device in ("cpu", "strict"):
        x = tl.tensor([-1.2, 1.0], dtype=tl.float64, device=device, requires_grad=True)
        unused = tl.ones(3, dtype=tl.float64, device=device, requires_grad=True)
        optimizer = tl.optim.LBFGS([x, unused], line_search_fn="strong_wolfe")

        def closure(optimizer: Any = optimizer, x: Any = x) -> tl.Tensor:
            optimizer.zero_grad()
            loss = rosenbrock(x)
            loss.backward()
            return loss

        optimizer.step(closure)
        found.append(x.tolist())
    assert found[0] == pytest.approx(found[1], rel=1e-10)


def test_errors() -> None:
    x, y = tl.ones(1, requires_grad=True), tl.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="parameter groups"):
        tl.optim.LBFGS([{"params": [x]}, {"params": [y]}])
    optimizer = tl.optim.LBFGS([x], line_search_fn="weak")

    def closure() -> tl.Tensor:
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match="strong_wolfe"):
        optimizer.step(closure)
    with pytest.raises(TypeError):
        optimizer.step()
