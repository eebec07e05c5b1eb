"""The engine: accumulation, hooks, higher orders, memory, errors."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest

import tensorlite as tl


def test_gradients_accumulate_and_are_not_shared() -> None:
    x, y = tl.ones(2, requires_grad=True), tl.ones(2, requires_grad=True)
    (x + y).sum().backward()
    assert x.grad.data_ptr() != y.grad.data_ptr()
    (x * 3 + x * x).sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]
    assert y.grad.tolist() == [1.0, 1.0]


def test_broadcast_gradients_have_the_inputs_shape() -> None:
    x, y = tl.ones(3, 1, requires_grad=True), tl.ones(4, requires_grad=True)
    (x * y).sum().backward()
    assert x.grad.tolist() == [[4.0]] * 3
    assert y.grad.tolist() == [3.0] * 4


def test_a_chain_of_a_million_nodes_runs_and_is_freed_without_recursion() -> None:
    x = tl.ones(1, requires_grad=True)
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    y.backward()
    assert x.grad.tolist() == [1.0]
    del y


def test_a_dropped_graph_of_a_million_nodes_is_freed_without_a_backward() -> None:
    x = tl.ones(1, requires_grad=True)
    y = x
    for _ in range(1_000_000):
        y = y * 1.0
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None


@pytest.mark.parametrize("make", [
    lambda x: x.exp(), lambda x: (x * x).tanh(), lambda x: tl.softmax(x, 0), lambda x: x[1:], lambda x: x.reshape(3, 1).t(),
    lambda x: x.std(), lambda x: x.sort().values, lambda x: Doubled.apply(x), lambda x: (x * 1).mul_(2),
    lambda x: tl.nn.functional.layer_norm(x, (3,)), lambda x: (x * x).clone().requires_grad_(),
], ids=range(11))
def test_graphs_die_by_reference_counting_alone(make: Any) -> None:
    gc.collect()
    gc.disable()
    try:
        x = tl.randn(3, requires_grad=True)
        y = make(x)
        z = y * 2
        dead = [weakref.ref(t) for t in (y, z, y.grad_fn, z.grad_fn)]
        z.sum().backward()
        del y, z
        assert [r() for r in dead] == [None] * 4
        leaf = weakref.ref(x)
        del x
        assert leaf() is None
    finally:
        gc.enable()


class Doubled(tl.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: tl.Tensor) -> tl.Tensor:
        y = x * 2
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Any, g: tl.Tensor) -> tl.Tensor:
        _ = ctx.saved_tensors
        return g * 2


def test_derivatives_of_any_order() -> None:
    x = tl.tensor(2.0, dtype=tl.float64, requires_grad=True)
    y, values = x**5, []
    for _ in range(5):
        (y,) = tl.autograd.grad(y, x, create_graph=True)
        values.append(y.item())
    assert values == [80.0, 160.0, 240.0, 240.0, 120.0]


def test_grad_of_inner_tensors_and_unused_ones() -> None:
    x = tl.ones(2, requires_grad=True)
    y = x * 2
    z = (y * y).sum()
    gy, gx = tl.autograd.grad(z, (y, x), retain_graph=True)
    assert gy.tolist() == [4.0, 4.0] and gx.tolist() == [8.0, 8.0] and x.grad is None
    other = tl.ones(1, requires_grad=True)
    with pytest.raises(RuntimeError, match="allow_unused"):
        tl.autograd.grad(z, other, retain_graph=True)
    assert tl.autograd.grad(z, other, allow_unused=True, retain_graph=True) == (None,)
    assert tl.autograd.grad(z, other, materialize_grads=True)[0].tolist() == [0.0]


def test_backward_of_chosen_inputs_only() -> None:
    x, w = tl.ones(2, requires_grad=True), tl.ones(2, requires_grad=True)
    (x * w).sum().backward(inputs=[w])
    assert x.grad is None and w.grad.tolist() == [1.0, 1.0]


def test_hooks_see_and_replace_gradients_in_order() -> None:
    seen: list[Any] = []
    x = tl.ones(2, requires_grad=True)
    y = x * 3
    y.retain_grad()
    handle = y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.tolist()))
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append(("node", outputs[0].tolist())))
    y.sum().backward()
    assert seen == [[1.0, 1.0], ("node", [10.0, 10.0]), [31.0, 31.0]]
    assert y.grad.tolist() == [10.0, 10.0]
    handle.remove()
    handle.remove()


@pytest.mark.parametrize(("function", "message"), [
    (lambda x: (x * 2).backward(), "scalar outputs"),
    (lambda x: tl.ones(1).backward(), "does not require grad"),
    (lambda x: (x * 2).backward(tl.ones(5)), "shape"),
    (lambda x: [loss.backward() for loss in [(x * x).sum()] for _ in range(2)], "second time"),
    (lambda x: tl.tensor([1]).requires_grad_(), "floating point"),
    (lambda x: (x * 2).requires_grad_(False), "leaf"),
    (lambda x: x.numpy(), "detach"),
    (lambda x: setattr(x, "grad", tl.ones(7)), "size"),
    (lambda x: tl.tensor(1.0).register_hook(print), "require"),
])
def test_bad_input_raises_and_says_why(function: Any, message: str) -> None:
    x = tl.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=message):
        function(x)


def test_a_failing_backward_leaves_no_gradients() -> None:
    x = tl.ones(2, requires_grad=True)
    y = x * x
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        (z.sum() + x.sum()).backward()
    assert x.grad is None


def test_grad_modes_nest_decorate_and_are_per_thread() -> None:
    x = tl.ones(1, requires_grad=True)

    @tl.no_grad()
    def plain() -> bool:
        with tl.enable_grad():
            inner = (x * 2).requires_grad
        return inner and not (x * 2).requires_grad

    assert plain() and (x * 2).requires_grad
    found = []
    with tl.no_grad():
        thread = threading.Thread(target=lambda: found.append(tl.is_grad_enabled()))
        thread.start()
        thread.join()
    assert found == [True]
    with tl.set_grad_enabled(False):
        assert not tl.is_grad_enabled()
    assert tl.is_grad_enabled()


def test_a_no_grad_generator_does_not_leak_its_mode() -> None:
    @tl.no_grad()
    def numbers() -> Any:
        for _ in range(2):
            yield tl.is_grad_enabled()

    for inside in numbers():
        assert not inside
        assert tl.is_grad_enabled()


def test_inference_tensors_are_refused_by_autograd() -> None:
    x = tl.ones(2, requires_grad=True)
    with tl.inference_mode():
        y = x * 2
        y.add_(1)
    assert y.is_inference() and not y.requires_grad
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved"):
        x * y
    with pytest.raises(RuntimeError, match="InferenceMode"):
        y.add_(1)
    assert (x * y.clone()).requires_grad


def test_detect_anomaly_names_the_forward_line() -> None:
    with tl.autograd.detect_anomaly():
        x = tl.tensor([-1.0], requires_grad=True)
        y = x.sqrt()  # this line
        with pytest.raises(RuntimeError, match="nan values") as caught:
            y.sum().backward()
    assert "x.sqrt()  # this line" in caught.value.__notes__[0]


def test_a_saved_statistic_is_no_constant_at_second_order() -> None:
    x = tl.randn(2, 4, dtype=tl.float64, requires_grad=True)
    assert tl.autograd.gradgradcheck(lambda x: tl.nn.functional.layer_norm(x, (4,)), (x,))


def test_gradcheck_finds_a_wrong_gradient() -> None:
    class Wrong(tl.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: tl.Tensor) -> tl.Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: tl.Tensor) -> tl.Tensor:
            return g * 3

    x = tl.ones(2, dtype=tl.float64, requires_grad=True)
    with pytest.raises(tl.autograd.GradcheckError):
        tl.autograd.gradcheck(Wrong.apply, (x,))
    assert not tl.autograd.gradcheck(Wrong.apply, (x,), raise_exception=False)


def test_gradients_that_hooks_and_callers_keep_do_not_change() -> None:
    x, given, kept = tl.ones(2, requires_grad=True), tl.ones(2), []
    x.register_hook(kept.append)
    for _ in range(2):
        (x * 3).sum().backward()
    assert [g.tolist() for g in kept] == [[3.0, 3.0]] * 2 and x.grad.tolist() == [6.0, 6.0]
    y = tl.ones(2, requires_grad=True)  # an output that is a leaf itself
    tl.autograd.backward((y, y * 2), (given, given))
    assert given.tolist() == [1.0, 1.0] and y.grad.tolist() == [3.0, 3.0]
