"""The op grammar."""

from __future__ import annotations

import pytest

import tensorlite as tl
from tensorlite import ops
from tensorlite.autograd.op import composite, define, op

PRIMITIVES = sorted(name for name, function in ops.ops.items() if hasattr(function, "op"))


def test_names_of_generated_variables_are_refused() -> None:
    """A parameter called like a variable of the generated functions would be overwritten there."""
    clash = op("clash(x, *, n)", x=lambda g: g)
    with pytest.raises(TypeError, match="have a variable 'n'"):
        clash(tl.ones(2), n=1)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_definition_is_complete_and_reads_like_code(name: str) -> None:
    made = ops.ops[name].op
    assert made.name == name
    assert made.source.startswith("def forward(") and "def backward(node, xp, g, saved):" in made.source
    compile(made.source, name, "exec")


def test_only_what_a_rule_needs_is_saved() -> None:
    x, w = tl.ones(2, requires_grad=True), tl.ones(2)
    saved_x, saved_w = (x * w).grad_fn.saved
    assert saved_x is None and saved_w is w._array
    assert (x + w).grad_fn.saved == ()


def test_a_rule_with_an_unknown_parameter_is_refused() -> None:
    wrong = op("wrong(x)", x=lambda g, y: g * y)
    with pytest.raises(TypeError, match="parameter 'y', which is nothing known"):
        wrong(tl.ones(1))
    with pytest.raises(TypeError, match="there is a rule for 'z'"):
        op("wrong_too(x)", z=lambda g: g)(tl.ones(1))


def test_optional_variadic_static_and_several_outputs() -> None:
    @define(
        "combine(x, scale=None, *rest, power=2) -> total, count",
        joint=lambda xp, g_total, x, scale, rest, power, needs: (
            g_total * power * x ** (power - 1) * (1 if scale is None else scale),
            None if scale is None else xp.sum_to(g_total * x**power, shape=scale.shape),
            *[g_total for _ in rest],
        ),
    )
    def combine(xp, x, scale=None, *rest, power=2):  # type: ignore[no-untyped-def]
        total = x**power if scale is None else x**power * scale
        for r in rest:
            total = total + r
        return total, xp.asarray(1 + len(rest))

    x, s, r = (tl.tensor([2.0, 3.0], dtype=tl.float64, requires_grad=True) for _ in range(3))
    for args in ((x,), (x, s), (x, s, r, r)):
        total, count = combine(*args, power=3)
        assert count.item() == max(len(args) - 1, 1) and not count.requires_grad
        assert tl.autograd.gradcheck(lambda *a: combine(*a, power=3)[0], args)


def test_a_body_runs_where_a_backend_has_no_kernel() -> None:
    @define("twice_sine(x)", x=lambda xp, g, x: g * xp.cos(x) * 2)
    def twice_sine(xp, x):  # type: ignore[no-untyped-def]
        return xp.sin(x) * 2

    x = tl.randn(3, dtype=tl.float64, requires_grad=True)
    assert tl.autograd.gradcheck(twice_sine, (x,)) and tl.autograd.gradgradcheck(twice_sine, (x,))


def test_a_rule_may_be_a_composite() -> None:
    """The backward calls it by its name, with static parameters as keywords, so that a backend may have its own."""

    @composite
    def scaled_sine_back(xp, g, x, *, scale):  # type: ignore[no-untyped-def]
        return g * xp.cos(x) * scale

    @define("scaled_sine(x, *, scale)", x=scaled_sine_back)
    def scaled_sine(xp, x, *, scale):  # type: ignore[no-untyped-def]
        return xp.sin(x) * scale

    x = tl.randn(3, dtype=tl.float64, requires_grad=True)
    assert tl.autograd.gradcheck(lambda x: scaled_sine(x, scale=3), (x,))
    assert tl.autograd.gradgradcheck(lambda x: scaled_sine(x, scale=3), (x,))
    assert "xp.scaled_sine_back(g, x, scale=scale)" in scaled_sine.op.source


def test_a_rule_that_hands_on_is_not_called() -> None:
    tl.ones(1) + 1
    assert "RULE" not in ops.pointwise.add.op.source and "RULE_y" in ops.pointwise.subtract.op.source


def test_functions_are_found_when_first_called() -> None:
    """What was taken before is right too; what there is not is an error."""
    xp = tl.ones(1)._xp

    @define("thrice(x)", x=lambda g: g * 3)
    def thrice(xp, x):  # type: ignore[no-untyped-def]
        return x * 3

    early = xp.thrice
    assert thrice(tl.ones(2)).tolist() == [3, 3] and early(tl.ones(2)._array).tolist() == [3, 3]
    assert xp.thrice is not early and xp.__dict__["thrice"] is xp.thrice
    with pytest.raises(AttributeError, match="no_such"):
        xp.no_such  # noqa: B018
    with pytest.raises(AttributeError, match="the cpu backend has no function 'no_such'"):
        xp.find("no_such")
