"""`vmap` against PyTorch: dimensions, structures, random numbers, nesting, and what examples must not share."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import pytest

import tensorlite as tl
from nn.both import check_both, check_fails

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")

Point = namedtuple("Point", "x y")


def batch(lib: Any, *shape: int) -> Any:
    shape = shape or (2, 3)
    n = 1
    for s in shape:
        n *= s
    return lib.arange(float(n)).reshape(*shape) / 3


def seeded(lib: Any, function: Any, *args: Any, **options: Any) -> Any:
    """The result, and a number drawn afterwards."""
    lib.manual_seed(3)
    return lib.vmap(function, **options)(*args), lib.rand(2)


SCENES = {
    "simple": lambda lib: lib.vmap(lib.sin)(batch(lib)),
    "it is one function": lambda lib: (lib.vmap is lib.func.vmap, lib.vmap(lib.sin).__name__),
    "two arguments": lambda lib: lib.vmap(lib.dot)(batch(lib), batch(lib) + 1),
    "a shared argument": lambda lib: lib.vmap(lib.mv, in_dims=(None, 0))(batch(lib, 4, 3), batch(lib)),
    "another dimension": lambda lib: lib.vmap(lambda x: x * x.sum(), in_dims=1)(batch(lib)),
    "from the end": lambda lib: lib.vmap(lambda x, y: x @ y, in_dims=(-1, 0))(batch(lib, 4, 3, 2), batch(lib, 2, 3)),
    "numbers are shared": lambda lib: lib.vmap(lambda x, k: x * k, in_dims=(0, None))(batch(lib), 3),
    "keywords are shared": lambda lib: lib.vmap(lambda x, k: x * k)(batch(lib), k=batch(lib)),
    "a dict": lambda lib: lib.vmap(lambda d: d["a"] * d["b"].sum())({"a": batch(lib), "b": batch(lib)}),
    "dimensions of a dict": lambda lib: lib.vmap(lambda d, y: d["a"].sum() * d["b"] * y, in_dims=({"a": 0, "b": 1}, None))(
        {"a": batch(lib), "b": batch(lib, 3, 2)}, 2.0
    ),
    "one dimension for a list": lambda lib: lib.vmap(lambda d, y: d[0] * d[1] + y, in_dims=(0, None))([batch(lib)] * 2, 2.0),
    "dimensions of a list": lambda lib: lib.vmap(lambda d: d[0] * d[1], in_dims=([0, None],))([batch(lib), 5.0]),
    "out_dims": lambda lib: lib.vmap(lambda x: x * 2, out_dims=1)(batch(lib)),
    "out_dims from the end": lambda lib: lib.vmap(lambda x: x * 2, out_dims=-1)(batch(lib, 2, 3, 4)),
    "out_dims of a tuple": lambda lib: lib.vmap(lambda x: (x, x * 2), out_dims=(0, 1))(batch(lib)),
    "out_dims of one": lambda lib: lib.vmap(lambda x: x, out_dims=(1,))(batch(lib)),
    "out_dims of a dict": lambda lib: lib.vmap(lambda x: {"a": x, "b": (x, [x])}, out_dims={"a": 0, "b": 1})(batch(lib)),
    "an output that is the same": lambda lib: lib.vmap(lambda x: (x, lib.ones(2)), out_dims=(0, None))(batch(lib)),
    "a constant is repeated": lambda lib: lib.vmap(lambda x: lib.ones(2))(batch(lib)),
    "integers": lambda lib: lib.vmap(lambda x: (x > 0.5, x.argmax(), x.long()))(batch(lib)),
    "scalars": lambda lib: lib.vmap(lambda x: x * 2)(batch(lib, 4)),
    "named tuple": lambda lib: tuple(lib.vmap(lambda p: Point(p.x * p.y, p.x))(Point(batch(lib), batch(lib)))),
    "ordered dict": lambda lib: lib.vmap(lambda d: OrderedDict(z=d["b"], y=d["a"] * 2))(OrderedDict(b=batch(lib), a=batch(lib))),
    "no examples": lambda lib: lib.vmap(lambda x: (x.sum(), x.outer(x)), out_dims=(0, 1))(lib.ones(0, 3)),
    "no elements": lambda lib: lib.vmap(lambda x: x * 2)(lib.ones(2, 0)),
    "chunks": lambda lib: lib.vmap(lambda x: x * 2, chunk_size=2)(batch(lib, 5, 2)),
    "nested": lambda lib: lib.vmap(lib.vmap(lib.dot, in_dims=(None, 0)), in_dims=(0, None))(batch(lib), batch(lib, 4, 3)),
    "nested in other dimensions": lambda lib: lib.vmap(
        lib.vmap(lambda x: x.cumsum(0), in_dims=1, out_dims=1), in_dims=2, out_dims=-1
    )(batch(lib, 2, 3, 4)),
    "three deep": lambda lib: lib.vmap(lib.vmap(lib.vmap(lambda x, y: x * y, (0, None)), (None, 0)), (0, 0))(
        batch(lib), batch(lib)
    ),
    "indexing": lambda lib: lib.vmap(lambda x, i: x[i], in_dims=(None, 0))(batch(lib, 5), lib.tensor([[0, 1], [3, 3]])),
    "convolution": lambda lib: lib.vmap(lib.nn.functional.conv1d)(batch(lib, 2, 1, 2, 5), batch(lib, 2, 3, 2, 3)),
    "linear algebra": lambda lib: lib.vmap(lib.linalg.solve)(batch(lib, 2, 2, 2) + lib.eye(2), batch(lib, 2, 2)),
    "a network": lambda lib: lib.vmap(lib.nn.Sequential(lib.nn.Linear(3, 2), lib.nn.ReLU()))(batch(lib)),
    "writing into examples": lambda lib: (x := batch(lib), lib.vmap(lambda x: x.add_(1)[:2])(x)),
    "writing into examples of another dimension": lambda lib: (x := batch(lib), lib.vmap(lambda x: x[:1].mul_(5), 1)(x)),
    "writing into new tensors": lambda lib: lib.vmap(lambda x: lib.zeros_like(x).add_(x).mul_(2))(batch(lib)),
    "grad": lambda lib: lib.vmap(lib.func.grad(lambda x: (x**3).sum()))(batch(lib)),
    "grad of a shared argument": lambda lib: lib.vmap(lib.func.grad(lambda w, x: (w * x).sum() ** 2), in_dims=(None, 0))(
        batch(lib, 3), batch(lib)
    ),
    "grad of a closure": lambda lib: (
        w := batch(lib, 3), lib.vmap(lambda x: lib.func.grad(lambda w: (w * x).sum() ** 2)(w))(batch(lib)),
    ),
    "jacrev": lambda lib: lib.vmap(lib.func.jacrev(lambda x: x.softmax(0)))(batch(lib)),
    "hessian": lambda lib: lib.vmap(lib.func.hessian(lambda x: (x**3).sum() * x[0]))(batch(lib)),
    "jacrev around": lambda lib: lib.func.jacrev(lib.vmap(lambda x: x * x.sum()))(batch(lib)),
    "grad around": lambda lib: lib.func.grad(lambda w: lib.vmap(lambda x: (w * x).sum() ** 2)(batch(lib)).sum())(batch(lib, 3)),
    "hessian around": lambda lib: lib.func.hessian(lambda w: lib.vmap(lambda x: (w * x).sum() ** 3)(batch(lib)).sum())(
        batch(lib, 3)
    ),
    "jvp inside": lambda lib: lib.vmap(lambda x, t: lib.func.jvp(lib.sin, (x,), (t,)))(batch(lib), batch(lib)),
    "tangents": lambda lib: lib.vmap(lambda t: lib.func.jvp(lambda x: x**2, (batch(lib, 3),), (t,))[1])(lib.eye(3)),
    "cotangents": lambda lib: lib.vmap(lib.func.vjp(lambda x: x.exp() * x.sum(), batch(lib, 3))[1])(lib.eye(3)),
    "grad of vmap of grad": lambda lib: lib.func.grad(
        lambda w: (lib.vmap(lib.func.grad(lambda w, x: (w * x).sum() ** 3), in_dims=(None, 0))(w, batch(lib)) ** 2).sum()
    )(batch(lib, 3)),
    "random": lambda lib: seeded(lib, lambda x: x + lib.rand(3), batch(lib), randomness="different"),
    "random, the same": lambda lib: seeded(lib, lambda x: x + lib.randn(3), batch(lib), randomness="same"),
    "random, two draws": lambda lib: seeded(
        lib, lambda x: (lib.randn(20) + x[0], lib.rand(2), lib.randn(3)), batch(lib), randomness="different"
    ),
    "random, of all kinds": lambda lib: seeded(lib, lambda x: (
        lib.rand_like(x), lib.randn_like(x), lib.randint(0, 9, (4,)), lib.empty_like(x).normal_(2, 3),
        lib.empty_like(x).uniform_(1, 2), lib.empty_like(x).bernoulli_(0.5), lib.empty_like(x).exponential_(),
        lib.randint_like(x, 5), lib.randperm(5), lib.rand(()),
        lib.empty_like(x).random_(7), lib.empty_like(x).cauchy_(), lib.empty_like(x).log_normal_(), lib.normal(x, 2.0),
    ), batch(lib), randomness="different"),
    "random, of all kinds, the same": lambda lib: seeded(lib, lambda x: (
        lib.rand(2), lib.randn(17), lib.randint(0, 9, (4,)), lib.empty(3).normal_(2, 3), lib.randperm(5), lib.rand(()),
    ), batch(lib), randomness="same"),
    "random, probabilities": lambda lib: seeded(lib, lambda x: lib.bernoulli(x / 6), batch(lib), randomness="different"),
    "random, weights": lambda lib: seeded(lib, lambda x: lib.multinomial(x + 1, 2), batch(lib), randomness="different"),
    "random, rates": lambda lib: seeded(lib, lambda x: lib.poisson(x + 1), batch(lib), randomness="different"),
    "dropout": lambda lib: seeded(lib, lambda x: lib.nn.functional.dropout(x + 1), batch(lib), randomness="different"),
    "dropout, the same": lambda lib: seeded(lib, lambda x: lib.nn.functional.dropout(x + 1), batch(lib), randomness="same"),
    "a dropout layer": lambda lib: seeded(
        lib, lib.nn.Sequential(lib.nn.Linear(3, 8), lib.nn.Dropout(0.3)), batch(lib, 4, 2, 3), randomness="different"
    ),
    "random, nested": lambda lib: seeded(
        lib, lib.vmap(lambda x: lib.rand(2) + x, randomness="different"), batch(lib), randomness="different"
    ),
    "random, nested, the same inside": lambda lib: seeded(
        lib, lib.vmap(lambda x: lib.rand(2) + x, randomness="same"), batch(lib), randomness="different"
    ),
    "random, nested, the same outside": lambda lib: seeded(
        lib, lib.vmap(lambda x: lib.rand(2) + x, randomness="different"), batch(lib), randomness="same"
    ),
    "random, in chunks": lambda lib: seeded(lib, lambda x: x + lib.randn(9), batch(lib, 5), randomness="different", chunk_size=2),
    "random, in chunks, the same": lambda lib: seeded(
        lib, lambda x: x + lib.randn(9), batch(lib, 5), randomness="same", chunk_size=2
    ),
    "a generator": lambda lib: lib.vmap(
        lambda x: lib.rand(2, generator=lib.Generator().manual_seed(1)) + x[0], randomness="different"
    )(batch(lib)),
    "random inside grad": lambda lib: seeded(
        lib, lib.func.grad(lambda x: (x * lib.rand(3)).sum()), batch(lib), randomness="different"
    ),
}  # fmt: skip


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_scenes(scene: Any) -> None:
    check_both(torch, scene)


FAULTS = {
    "no inputs": lambda lib: lib.vmap(lib.sin)(),
    "a number": lambda lib: lib.vmap(lib.sin)(3.0),
    "in_dims is None": lambda lib: lib.vmap(lib.sin, in_dims=None)(batch(lib)),
    "nothing is mapped": lambda lib: lib.vmap(lib.sin, in_dims=(None,))(batch(lib)),
    "too many in_dims": lambda lib: lib.vmap(lib.sin, in_dims=(0, 0))(batch(lib)),
    "in_dims is a list": lambda lib: lib.vmap(lib.sin, in_dims=[0])(batch(lib)),
    "in_dims is a word": lambda lib: lib.vmap(lib.sin, in_dims="0")(batch(lib)),
    "in_dims is no integer": lambda lib: lib.vmap(lib.sin, in_dims=(0.5,))(batch(lib)),
    "in_dims is out of range": lambda lib: lib.vmap(lib.sin, in_dims=2)(batch(lib)),
    "in_dims has other keys": lambda lib: lib.vmap(lambda d: d["a"], in_dims=({"b": 0},))({"a": batch(lib)}),
    "in_dims is of another kind": lambda lib: lib.vmap(lambda d: d[0], in_dims=((0,),))([batch(lib)]),
    "a scalar": lambda lib: lib.vmap(lib.sin)(lib.tensor(1.0)),
    "other sizes": lambda lib: lib.vmap(lib.add)(batch(lib), batch(lib)[:1]),
    "a number with dimension 0": lambda lib: lib.vmap(lambda x, k: x * k)(batch(lib), 2),
    "a number is returned": lambda lib: lib.vmap(lambda x: 3)(batch(lib)),
    "nothing is returned": lambda lib: lib.vmap(lambda x: (x, None))(batch(lib)),
    "out_dims is None": lambda lib: lib.vmap(lib.sin, out_dims=None)(batch(lib)),
    "out_dims is out of range": lambda lib: lib.vmap(lib.sin, out_dims=5)(batch(lib)),
    "out_dims is a word": lambda lib: lib.vmap(lib.sin, out_dims="0")(batch(lib)),
    "too many out_dims": lambda lib: lib.vmap(lambda x: (x, x), out_dims=(0, 0, 0))(batch(lib)),
    "randomness": lambda lib: lib.vmap(lib.sin, randomness="some"),
    "random": lambda lib: lib.vmap(lambda x: x + lib.rand(3))(batch(lib)),
    "dropout": lambda lib: lib.vmap(lib.nn.functional.dropout)(batch(lib)),
    "random in an inner one": lambda lib: lib.vmap(lib.vmap(lambda x: x + lib.rand(3), randomness="same"))(batch(lib)),
    "random, the same from examples": lambda lib: lib.vmap(lambda x: lib.bernoulli(x / 6), randomness="same")(batch(lib)),
    "chunk size": lambda lib: lib.vmap(lib.sin, chunk_size=0),
    "writing into a closure": lambda lib: (total := lib.zeros(3), lib.vmap(lambda x: total.add_(x))(batch(lib))),
    "writing into a shared argument": lambda lib: lib.vmap(lambda x, y: y.add_(x), in_dims=(0, None))(batch(lib), lib.zeros(3)),
    "running statistics": lambda lib: lib.vmap(lib.nn.BatchNorm1d(3))(batch(lib, 2, 4, 3)),
}


@pytest.mark.parametrize("scene", FAULTS.values(), ids=FAULTS)
def test_errors(scene: Any) -> None:
    check_fails(torch, scene)


def test_gradients_flow_through() -> None:
    def scene(lib: Any) -> Any:
        x, w = batch(lib).requires_grad_(), batch(lib, 3).requires_grad_()
        y = lib.vmap(lambda x: (x * w).cumsum(0) * x)(x)
        (g,) = lib.autograd.grad((y * y).sum(), x, create_graph=True)
        (g * g).sum().backward()
        return y, g, x.grad, w.grad

    check_both(torch, scene)


def test_control_flow_and_values() -> None:
    """PyTorch refuses these; here each example runs on its own."""
    x = batch(tl, 4)
    assert tl.vmap(lambda x: x if x > 0.5 else -x)(x).tolist() == [x if x > 0.5 else -x for x in x.tolist()]
    assert tl.vmap(lambda x: x * x.item())(x).tolist() == (x * x).tolist()


def test_examples_that_draw_differently_are_refused() -> None:
    for randomness in ("same", "different"):
        with pytest.raises(RuntimeError, match="must draw alike"):
            tl.vmap(lambda x: tl.rand(2) if x > 0 else tl.rand(3), randomness=randomness)(batch(tl, 3))
    shared = tl.tensor([0.2, 0.9])
    same = tl.vmap(lambda x: tl.bernoulli(shared) + x * 0, randomness="same")(batch(tl, 3))
    assert (same == same[0]).all()


def test_the_modes_are_restored_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        tl.vmap(lambda x: 1 / 0)(batch(tl))
    total = tl.zeros(2)
    for _ in range(2):
        total.add_(tl.rand(2))  # neither refused nor drawn for examples
    assert total.shape == (2,)


def test_no_examples_draw_nothing() -> None:
    tl.manual_seed(0)
    assert tl.vmap(lambda x: x + tl.rand(3), randomness="different")(tl.ones(0, 3)).shape == (0, 3)
    after = tl.rand(2)
    tl.manual_seed(0)
    assert tl.equal(after, tl.rand(2))


def test_dimensions_of_a_dict_go_by_keys() -> None:
    """PyTorch goes by the order in which the keys were put in."""
    f = tl.vmap(lambda d: d["a"].sum() * d["b"], in_dims=({"a": 0, "b": 1},))
    a, b = batch(tl), batch(tl, 3, 2)
    assert tl.equal(f({"b": b, "a": a}), f({"a": a, "b": b}))


def test_examples_must_return_one_structure() -> None:
    with pytest.raises(RuntimeError, match="different structures"):
        tl.vmap(lambda x: (x, x) if x > 0 else x)(batch(tl, 3))
