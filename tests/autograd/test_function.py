"""Custom functions."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlite as tl
from tensorlite.autograd import Function, once_differentiable


class Scale(Function):
    @staticmethod
    def forward(x: tl.Tensor, factor: float) -> tl.Tensor:
        return x * factor

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tl.Tensor) -> None:
        ctx.factor = inputs[1]

    @staticmethod
    def backward(ctx: Any, g: tl.Tensor) -> Any:
        return g * ctx.factor, None


class Cube(Function):
    @staticmethod
    def forward(ctx: Any, x: tl.Tensor) -> tl.Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, g: tl.Tensor) -> tl.Tensor:
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


class Exp(Function):
    @staticmethod
    def forward(ctx: Any, x: tl.Tensor) -> tl.Tensor:
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, g: tl.Tensor) -> tl.Tensor:
        (y,) = ctx.saved_tensors
        return g * y


class Pair(Function):
    @staticmethod
    def forward(ctx: Any, x: tl.Tensor, y: tl.Tensor) -> Any:
        ctx.save_for_backward(x, y)
        order = (x > y).long()
        ctx.mark_non_differentiable(order)
        return x * y, x + y, order

    @staticmethod
    def backward(ctx: Any, g_product: tl.Tensor, g_sum: tl.Tensor, g_order: Any) -> Any:
        x, y = ctx.saved_tensors
        assert ctx.needs_input_grad == (True, False)
        return g_product * y + g_sum, None


class AddOne(Function):
    @staticmethod
    def forward(ctx: Any, x: tl.Tensor) -> tl.Tensor:
        ctx.mark_dirty(x)
        return x.add_(1)

    @staticmethod
    def backward(ctx: Any, g: tl.Tensor) -> tl.Tensor:
        return g * 7


class Once(Function):
    @staticmethod
    def forward(ctx: Any, x: tl.Tensor) -> tl.Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: tl.Tensor) -> tl.Tensor:
        (x,) = ctx.saved_tensors
        return g * 2 * x


def double(values: list[float]) -> tl.Tensor:
    return tl.tensor(values, dtype=tl.float64, requires_grad=True)


@pytest.mark.parametrize("function", [Cube.apply, Exp.apply, lambda x: Scale.apply(x, 2.5)])
def test_first_and_second_derivatives(function: Any) -> None:
    x = double([0.5, -1.5])
    assert tl.autograd.gradcheck(function, (x,))
    assert tl.autograd.gradgradcheck(function, (x,))


def test_several_outputs_one_without_gradient_and_missing_ones_as_zeros() -> None:
    x, y = double([2.0, 3.0]), tl.tensor([5.0, 1.0], dtype=tl.float64)
    product, total, order = Pair.apply(x, y)
    assert product.requires_grad and total.requires_grad and not order.requires_grad
    product.sum().backward()
    assert x.grad.tolist() == [5.0, 1.0]


def test_mark_dirty_moves_the_input_into_the_graph() -> None:
    x = double([1.0])
    y = x * 2
    z = AddOne.apply(y)
    assert z is y and y.tolist() == [3.0]
    z.sum().backward()
    assert x.grad.tolist() == [14.0]


def test_once_differentiable_refuses_a_second_derivative() -> None:
    x = double([3.0])
    (g,) = tl.autograd.grad((Once.apply(x) * x).sum(), x, create_graph=True)
    assert g.tolist() == [27.0]
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.sum().backward()


def test_saved_tensors_are_checked() -> None:
    x = double([1.0])
    y = x * 1
    z = Cube.apply(y)
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        z.sum().backward()
    w = Cube.apply(x).sum()
    w.backward()
    with pytest.raises(RuntimeError, match="second time"):
        w.backward()


def test_errors_say_what_is_wrong() -> None:
    class Bad(Function):
        @staticmethod
        def forward(ctx: Any, x: tl.Tensor) -> tl.Tensor:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: tl.Tensor) -> Any:
            return g, g

    with pytest.raises(RuntimeError, match="incorrect number of gradients"):
        Bad.apply(double([1.0])).sum().backward()
    with pytest.raises(RuntimeError, match="should not be instantiated"):
        Bad()
    with pytest.raises(NotImplementedError):
        Function.apply(double([1.0]))


def test_a_returned_user_tensor_is_not_aliased_by_grad() -> None:
    kept = tl.ones(2)

    class Constant(Function):
        @staticmethod
        def forward(ctx: Any, x: tl.Tensor) -> tl.Tensor:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: tl.Tensor) -> tl.Tensor:
            return kept

    x = tl.ones(2, requires_grad=True)
    for _ in range(2):
        Constant.apply(x).sum().backward()
    assert kept.tolist() == [1.0, 1.0] and x.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize("materialize", [True, False])
def test_missing_output_gradients_are_zeros_or_none(materialize: bool) -> None:
    class Two(Function):
        @staticmethod
        def forward(ctx: Any, x: tl.Tensor) -> Any:
            ctx.set_materialize_grads(materialize)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            assert (h is None) is not materialize and (h is None or not h.any())
            return g * 2

    x = double([1.0, 2.0])
    Two.apply(x)[0].sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    (g,) = tl.autograd.grad(Two.apply(x)[0].sum(), x, create_graph=True)
    assert g.tolist() == [2.0, 2.0]
