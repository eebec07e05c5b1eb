"""`autograd.graph`: what nodes save, edges, hooks of several tensors, versions; against PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlite as tl
from nn.both import check_both, check_fails

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")


def leaf(lib: Any, *values: float) -> Any:
    return lib.tensor(list(values) or [1.0, 2.0], requires_grad=True)


class Twins:
    """A function with saved tensors of its own, in either library."""

    def __new__(cls, lib: Any) -> Any:
        class Product(lib.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any, y: Any) -> Any:
                z = x * y
                ctx.save_for_backward(x, y, z)
                return z

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                x, y, z = ctx.saved_tensors
                return g * z / x, g * z / y

        return Product


FUNCTIONS = {
    "product": lambda lib, x, y: x * y,
    "one tensor twice": lambda lib, x, y: x * x,
    "output": lambda lib, x, y: (x + y).exp(),
    "nothing": lambda lib, x, y: x + y,
    "matrix product": lambda lib, x, y: x.outer(y) @ y,
    "several outputs": lambda lib, x, y: lib.stack(list((x * y).sort()[:1])),
    "many inputs": lambda lib, x, y: lib.cat([x, y]).prod(),
    "a custom function": lambda lib, x, y: Twins(lib).apply(x, y),
    "a layer": lambda lib, x, y: lib.nn.functional.layer_norm(x * y, (2,)),
    "in place": lambda lib, x, y: (x * y).mul_(x),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("order", [1, 2])
def test_packed_tensors_give_the_same_gradients(function: Any, order: int) -> None:
    def scene(lib: Any) -> Any:
        x, y = leaf(lib, 1.5, 2.5), leaf(lib, 0.5, -1.0)
        calls = [0, 0]

        def pack(t: Any) -> Any:
            calls[0] += 1
            return "parcel", t.detach().clone()

        def unpack(parcel: Any) -> Any:
            calls[1] += 1
            return parcel[1]

        with lib.autograd.graph.saved_tensors_hooks(pack, unpack):
            z = function(lib, x, y)
        grads = lib.autograd.grad((z * z).sum(), (x, y), create_graph=order == 2, materialize_grads=True)
        if order == 2:
            grads = lib.autograd.grad(sum((g * g).sum() for g in grads), (x, y), materialize_grads=True)
        assert (calls[0] > 0) == (calls[1] > 0)
        return grads

    check_both(torch, scene)


def test_hooks_see_each_saved_tensor_once() -> None:
    def scene(lib: Any) -> Any:
        log: list[Any] = []
        x, y = leaf(lib), leaf(lib, 3.0, 4.0)

        def pack(t: Any) -> Any:
            log.append(("pack", tuple(t.shape), lib.is_grad_enabled()))
            return t.tolist()

        def unpack(values: Any) -> Any:
            log.append(("unpack", len(values)))
            return lib.tensor(values)

        hooks = lib.autograd.graph.saved_tensors_hooks
        with hooks(pack, unpack):
            z = x * y
            with hooks(lambda t: t, lambda t: t):
                inner = z * 1.5 * y
        outside = (inner * z).sum()
        outside.backward(retain_graph=True)
        outside.backward()
        return log, x.grad, y.grad

    check_both(torch, scene)


def test_packed_tensors_may_be_overwritten() -> None:
    def scene(lib: Any) -> Any:
        x = leaf(lib)
        y = x * 1
        with lib.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
            z = y * y
        y.add_(1)
        z.sum().backward()
        return x.grad

    check_both(torch, scene)


def test_save_on_cpu() -> None:
    def scene(lib: Any) -> Any:
        x = leaf(lib)
        with lib.autograd.graph.save_on_cpu(pin_memory=False):
            y = (x * x).exp()
        y.sum().backward()
        return x.grad

    check_both(torch, scene)
    x = tl.tensor([1.0, 2.0], device="strict", requires_grad=True)
    seen = []
    with tl.autograd.graph.saved_tensors_hooks(lambda t: seen.append(t.device.type) or t.cpu(), lambda t: t.to("strict")):
        y = x * x
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0] and set(seen) == {"strict"}


def hooked(lib: Any, pack: Any, unpack: Any, times: int = 1) -> Any:
    x = leaf(lib)
    with lib.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = x * x
    for _ in range(times):
        y.backward(lib.ones(2))


FAULTS = {
    "no tensor": lambda lib: hooked(lib, lambda t: 3, lambda x: x),
    "freed": lambda lib: hooked(lib, lambda t: t, lambda t: t, 2),
    "changed while packing": lambda lib: hooked(lib, lambda t: t.add_(1), lambda x: x),
    "edge of a constant": lambda lib: lib.autograd.graph.get_gradient_edge(lib.ones(1)),
    "mode": lambda lib: lib.autograd.graph.register_multi_grad_hook([leaf(lib)], print, mode="some"),
    "a constant in a multi hook": lambda lib: lib.autograd.graph.register_multi_grad_hook([lib.ones(1)], print),
    "stale": lambda lib: [y := leaf(lib) * 1, z := y * y, lib.autograd.graph.increment_version(y), z.sum().backward()],
}  # fmt: skip


@pytest.mark.parametrize("scene", FAULTS.values(), ids=FAULTS)
def test_errors(scene: Any) -> None:
    check_fails(torch, scene)


def test_an_unpacked_tensor_of_another_shape_is_refused() -> None:
    """PyTorch computes with it."""
    with pytest.raises(RuntimeError, match="packed was"):
        hooked(tl, lambda t: t, lambda t: t[:1])


def test_disabled_hooks() -> None:
    def refused(lib: Any) -> Any:
        graph = lib.autograd.graph
        with graph.disable_saved_tensors_hooks("not here"), graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            pass

    def too_late(lib: Any) -> Any:
        graph = lib.autograd.graph
        with graph.saved_tensors_hooks(lambda t: t, lambda t: t), graph.disable_saved_tensors_hooks("not here"):
            pass

    check_fails(torch, refused)
    check_fails(torch, too_late)
    with tl.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):  # in force no longer
        pass


def test_gradient_edges_stand_for_tensors() -> None:
    def scene(lib: Any) -> Any:
        edge_of, grad = lib.autograd.graph.get_gradient_edge, lib.autograd.grad
        x = leaf(lib, 3.0, 1.0)
        y = x * x
        edge, own = edge_of(y), edge_of(x)
        z = (y * 3).sum()
        first = grad(z, [edge, own, x], retain_graph=True)
        second = grad(edge, x, lib.ones(2), retain_graph=True)
        values, _ = x.sort()
        third = grad(values.sum(), edge_of(values), retain_graph=True)
        lib.autograd.backward(z, inputs=[x])
        scalar = grad(edge_of((x * 2).sum()), x)
        return first, second, third, x.grad, edge.output_nr, edge_of(values).output_nr, edge._fields, scalar

    check_both(torch, scene)


@pytest.mark.parametrize("mode", ["all", "any"])
def test_hooks_of_several_tensors(mode: str) -> None:
    def scene(lib: Any) -> Any:
        log: list[Any] = []
        x, y, z = leaf(lib, 1.0), leaf(lib, 2.0), leaf(lib, 3.0)
        inner = x * y
        handle = lib.autograd.graph.register_multi_grad_hook([x, inner, z], log.append, mode=mode)
        for _ in range(2):
            (inner * 2).backward(retain_graph=True)
        (inner * z).backward(retain_graph=True)
        count = len(log)
        handle.remove()
        (inner * z).backward()
        return log if mode == "all" else count, len(log) == count

    check_both(torch, scene)


def test_a_backward_inside_a_hook_has_its_own_end() -> None:
    def scene(lib: Any) -> Any:
        log: list[Any] = []
        x, y = leaf(lib, 1.0), leaf(lib, 2.0)
        lib.autograd.graph.register_multi_grad_hook([x, y], lambda g: log.append([v is not None for v in g]))
        other = leaf(lib, 5.0)
        y.register_hook(lambda g: (other * other).sum().backward())
        ((x * y).sum() * 2).backward()
        return log, other.grad

    check_both(torch, scene)


def test_versions() -> None:
    x = tl.ones(2)
    before = x._version[0]
    tl.autograd.graph.increment_version([x, x[:1]])
    assert x._version[0] == before + 2


def test_anomaly_and_hooks_together() -> None:
    x = leaf(tl)
    with tl.autograd.detect_anomaly(), tl.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), tl.tensor):
        y = (x * x).sum()
        y.backward()
    assert x.grad.tolist() == [2.0, 4.0]
    assert any("test_anomaly_and_hooks_together" in line for line in y.grad_fn.metadata["traceback_"])
    assert "in watch" not in y.grad_fn.metadata["traceback_"][-1]
