"""`autograd.functional` and batched gradients, against PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlite as tl
from nn.both import check_both, check_fails

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # PyTorch's own


def vector(lib: Any, n: int = 3) -> Any:
    return lib.tensor([0.3 + 0.7 * i for i in range(n)])


def cube(x: Any) -> Any:
    return (x**3).sum()


def mixed(x: Any, y: Any) -> Any:
    return (x**3 * y.sin()).sum()


SCENES = {
    "jacobian": lambda lib, F, x: F.jacobian(lambda x: x.softmax(0), x),
    "jacobian of a scalar": lambda lib, F, x: F.jacobian(cube, x),
    "jacobian of two inputs": lambda lib, F, x: F.jacobian(lambda x, y: x.outer(y), (x, x[:2])),
    "jacobian of a tuple of one": lambda lib, F, x: F.jacobian(lambda x: x * x, (x,)),
    "jacobian of two outputs": lambda lib, F, x: F.jacobian(lambda x: (x * x, x.sum()), x),
    "jacobian of both": lambda lib, F, x: F.jacobian(lambda x, y: (x, x * y), (x, x)),
    "jacobian, vectorized": lambda lib, F, x: F.jacobian(lambda x: x.exp(), x, vectorize=True),
    "jacobian, forward": lambda lib, F, x: F.jacobian(lambda x: x.exp(), x.detach(), vectorize=True, strategy="forward-mode"),
    "jacobian of a constant": lambda lib, F, x: F.jacobian(lambda x: lib.ones(2), x),
    "jacobian of integers": lambda lib, F, x: F.jacobian(lambda x: x.long(), x),
    "jacobian, strict": lambda lib, F, x: F.jacobian(lambda x, y: x * y, (x, x), strict=True),
    "hessian": lambda lib, F, x: F.hessian(cube, x),
    "hessian of two inputs": lambda lib, F, x: F.hessian(mixed, (x, x)),
    "hessian of one element": lambda lib, F, x: F.hessian(lambda x: (x**3).sum(0, keepdim=True), x),
    "hessian of a linear function": lambda lib, F, x: F.hessian(lambda x: x.sum(), x),
    "hessian of a constant": lambda lib, F, x: F.hessian(lambda x: lib.ones(()), x),
    "hessian, vectorized": lambda lib, F, x: F.hessian(cube, x, vectorize=True),
    "vjp": lambda lib, F, x: F.vjp(lambda x: x * x, x, x),
    "vjp of a scalar": lambda lib, F, x: F.vjp(cube, x),
    "vjp of tuples": lambda lib, F, x: F.vjp(lambda x, y: (x * y, x), (x, x), (x, x)),
    "vjp of a constant": lambda lib, F, x: F.vjp(lambda x: lib.ones(2), x, x[:2]),
    "vjp, strict": lambda lib, F, x: F.vjp(lambda x: x * x, x, x, strict=True),
    "jvp": lambda lib, F, x: F.jvp(lambda x: x * x, x, x),
    "jvp of a scalar": lambda lib, F, x: F.jvp(lambda x: x.exp(), x[1]),
    "jvp of tuples": lambda lib, F, x: F.jvp(lambda x, y: (x * y, x), (x, x), (x, x + 1)),
    "jvp of a constant": lambda lib, F, x: F.jvp(lambda x: lib.ones(2), x, x),
    "vhp": lambda lib, F, x: F.vhp(cube, x, x),
    "vhp of a scalar": lambda lib, F, x: F.vhp(cube, x[1]),
    "vhp of tuples": lambda lib, F, x: F.vhp(mixed, (x, x), (x, x + 1)),
    "vhp of a linear function": lambda lib, F, x: F.vhp(lambda x: x.sum(), x, x),
    "vhp of a constant": lambda lib, F, x: F.vhp(lambda x: lib.ones(()), x, x),
    "hvp": lambda lib, F, x: F.hvp(cube, x, x),
    "hvp of tuples": lambda lib, F, x: F.hvp(mixed, (x, x), (x, x + 1)),
    "hvp of a linear function": lambda lib, F, x: F.hvp(lambda x: x.sum(), x, x),
    "without gradients around": lambda lib, F, x: lib.no_grad()(lambda: (F.jacobian(lambda x: x * x, x), F.hvp(cube, x, x)))(),
}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
@pytest.mark.parametrize("tracked", [False, True])
def test_scenes(scene: Any, tracked: bool) -> None:
    check_both(torch, lambda lib: scene(lib, lib.autograd.functional, vector(lib).requires_grad_(tracked)))


GRAPHS = {
    "jacobian": lambda F, x: F.jacobian(lambda x: x**3, x, create_graph=True),
    "jacobian of a leaf": lambda F, x: F.jacobian(lambda x: x * x, x.detach(), create_graph=True),
    "hessian": lambda F, x: F.hessian(lambda x: (x**4).sum(), x, create_graph=True),
    "vjp": lambda F, x: F.vjp(lambda x: x**3, x, x.detach(), create_graph=True),
    "vjp, its vector": lambda F, x: F.vjp(lambda x: x**3, x.detach(), x, create_graph=True),
    "jvp": lambda F, x: F.jvp(lambda x: x**3, x, x.detach(), create_graph=True),
    "jvp, its vector": lambda F, x: F.jvp(lambda x: x**3, x.detach(), x, create_graph=True),
    "vhp": lambda F, x: F.vhp(lambda x: (x**4).sum(), x, x.detach(), create_graph=True),
    "hvp": lambda F, x: F.hvp(lambda x: (x**4).sum(), x, x.detach(), create_graph=True),
}


@pytest.mark.parametrize("scene", GRAPHS.values(), ids=GRAPHS)
def test_results_with_a_graph(scene: Any) -> None:
    def with_gradients(lib: Any) -> Any:
        x = vector(lib).requires_grad_()
        results = scene(lib.autograd.functional, x)
        total = sum((r * r).sum() for r in (results if isinstance(results, tuple) else (results,)))
        return results, lib.autograd.grad(total, x, allow_unused=True)

    check_both(torch, with_gradients)


FAULTS = {
    "a list": lambda lib, F, x: F.jacobian(lambda x: x, [x]),
    "a number": lambda lib, F, x: F.jacobian(lambda x: x, 3.0),
    "a number in a tuple": lambda lib, F, x: F.hessian(lambda x, y: x, (x, 3.0)),
    "integers": lambda lib, F, x: F.jacobian(lambda x: x, x.long()),
    "a list returned": lambda lib, F, x: F.jacobian(lambda x: [x], x),
    "a number returned": lambda lib, F, x: F.vjp(lambda x: 3.0, x, x),
    "strict, constant": lambda lib, F, x: F.jacobian(lambda x: lib.ones(2), x, strict=True),
    "strict, one input unused": lambda lib, F, x: F.jacobian(lambda x, y: x, (x, x), strict=True),
    "strict, linear": lambda lib, F, x: F.jacobian(lambda x: x * 1, x, strict=True, create_graph=True),
    "strict and vectorized": lambda lib, F, x: F.jacobian(lambda x: x, x, strict=True, vectorize=True),
    "strict hessian and vectorized": lambda lib, F, x: F.hessian(cube, x, strict=True, vectorize=True),
    "strategy": lambda lib, F, x: F.jacobian(lambda x: x, x, strategy="sideways"),
    "outer strategy": lambda lib, F, x: F.hessian(cube, x, outer_jacobian_strategy="sideways"),
    "forward alone": lambda lib, F, x: F.jacobian(lambda x: x, x, strategy="forward-mode"),
    "forward with a graph": lambda lib, F, x: F.jacobian(lambda x: x, x, True, vectorize=True, strategy="forward-mode"),
    "hessian of a vector": lambda lib, F, x: F.hessian(lambda x: x, x),
    "hessian of a tuple": lambda lib, F, x: F.hessian(lambda x: (x.sum(), x.sum()), x),
    "strict hessian of a linear function": lambda lib, F, x: F.hessian(lambda x: x.sum(), x, strict=True),
    "strict hessian of a constant": lambda lib, F, x: F.hessian(lambda x: lib.ones(()), x, strict=True),
    "vjp without a vector": lambda lib, F, x: F.vjp(lambda x: x, x),
    "vjp, length": lambda lib, F, x: F.vjp(lambda x: (x, x), x, (x,)),
    "vjp, shape": lambda lib, F, x: F.vjp(lambda x: x, x, x[:2]),
    "vjp, strict": lambda lib, F, x: F.vjp(lambda x: lib.ones(2), x, x[:2], strict=True),
    "vjp, strict, linear": lambda lib, F, x: F.vjp(lambda x: x * 1, x, x, True, strict=True),
    "jvp without a vector": lambda lib, F, x: F.jvp(lambda x: x, x),
    "jvp, shape": lambda lib, F, x: F.jvp(lambda x: x, x, x[:2]),
    "jvp, strict": lambda lib, F, x: F.jvp(lambda x: lib.ones(2), x, x, strict=True),
    "vhp of a vector": lambda lib, F, x: F.vhp(lambda x: x, x, x),
    "vhp, strict": lambda lib, F, x: F.vhp(lambda x: x.sum(), x, x, strict=True),
    "hvp without a vector": lambda lib, F, x: F.hvp(cube, x),
    "hvp, strict": lambda lib, F, x: F.hvp(lambda x: x.sum(), x, x, strict=True),
    "rows of other shapes": lambda lib, F, x: lib.autograd.grad(x.requires_grad_() * 2, x, lib.ones(3), is_grads_batched=True),
    "different numbers of rows": lambda lib, F, x: lib.autograd.grad(
        ((y := x.requires_grad_() * 2), y.sum()), x, (lib.ones(2, 3), lib.ones(3)), is_grads_batched=True
    ),
    "no rows": lambda lib, F, x: lib.autograd.grad(x.requires_grad_().sum(), x, is_grads_batched=True),
}  # fmt: skip


@pytest.mark.parametrize("scene", FAULTS.values(), ids=FAULTS)
def test_errors(scene: Any) -> None:
    check_fails(torch, lambda lib: scene(lib, lib.autograd.functional, vector(lib)))


def test_the_vector_is_not_changed() -> None:
    def scene(lib: Any) -> Any:
        x, v = vector(lib), vector(lib)
        result = lib.autograd.functional.vjp(lambda x, y: (x * y, x), (x, x), (v, v))
        leaf = x.requires_grad_()
        gradient = lib.autograd.grad((leaf, leaf * 2), leaf, (v, v))
        return result, gradient, x.detach(), v

    check_both(torch, scene)


def test_batched_gradients() -> None:
    def scene(lib: Any) -> Any:
        x, other = vector(lib).requires_grad_(), vector(lib).requires_grad_()
        y = x * x * other
        grad = lib.autograd.grad
        rows = lib.eye(3)
        batched = grad(y, (x, other), rows, is_grads_batched=True, create_graph=True)
        twice = grad(batched[0].sum(), (x, other))
        two = grad((y, y.sum()), x, (rows, lib.ones(3)), is_grads_batched=True, retain_graph=True)
        unused = grad(y, (x, vector(lib).requires_grad_()), rows, is_grads_batched=True, allow_unused=True, retain_graph=True)
        zeros = grad(y, (x, vector(lib).requires_grad_()), rows, is_grads_batched=True, materialize_grads=True)
        return batched, twice, two, unused, zeros

    check_both(torch, scene)


def test_the_jacobian_of_nothing_has_a_shape() -> None:
    """PyTorch fails there."""
    assert tl.autograd.functional.jacobian(lambda x: x[:0] * 2, tl.ones(3)).shape == (0, 3)


def test_a_batch_frees_the_graph() -> None:
    def scene(lib: Any) -> Any:
        x = vector(lib).requires_grad_()
        y = x * x
        lib.autograd.grad(y, x, lib.eye(3), is_grads_batched=True)
        y.sum().backward()

    check_fails(torch, scene)
