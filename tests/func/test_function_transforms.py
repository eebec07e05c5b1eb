"""`func.grad`, `vjp`, `jvp`, `jacrev`, `jacfwd`, `hessian`, `linearize` and their nestings, against PyTorch."""

from __future__ import annotations

import gc
import weakref
from collections import OrderedDict, namedtuple
from typing import Any

import pytest

import tensorlite as tl
from nn.both import check_both, check_fails

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")

pytestmark = [  # PyTorch's own
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node:UserWarning"),
]

Point = namedtuple("Point", "x y")


def vector(lib: Any, n: int = 3, shift: float = 0.0) -> Any:
    return lib.tensor([0.3 + 0.7 * i + shift for i in range(n)])


def matrix(lib: Any, n: int = 2, m: int = 3) -> Any:
    return lib.tensor([[0.1 * (i + 1) * (j - 1.5) for j in range(m)] for i in range(n)])


FUNCTIONS = {
    "polynomial": lambda lib, x: x**3 - 2 * x,
    "softmax": lambda lib, x: lib.softmax(x * x, -1),
    "trigonometry": lambda lib, x: x.sin() * x.flip(0).cos(),
    "exp and log": lambda lib, x: (x.exp() + 1).log() / (1 + x.sum()),
    "matrix product": lambda lib, x: matrix(lib) @ x * x.sum(),
    "outer product": lambda lib, x: lib.outer(x, x * x).cumsum(0),
    "views": lambda lib, x: lib.stack([x[::2].sum() * x, x.expand(2, 3)[1] ** 2]),
    "in place": lambda lib, x: (x * 2).add_(x * x).mul_(x),
    "a view in place": lambda lib, x: (y := x * 1, y[1:].mul_(x[:2]), y * y)[2],
    "sorting": lambda lib, x: (x * lib.tensor([1.0, -1.0, 2.0])).sort()[0] ** 2,
    "selection": lambda lib, x: lib.where(x > 0.5, x * x, x.exp()),
    "norms": lambda lib, x: lib.nn.functional.normalize(x, dim=0),
    "layer norm": lambda lib, x: lib.nn.functional.layer_norm(x, (3,)),
    "cross entropy": lambda lib, x: lib.nn.functional.cross_entropy(x * x, lib.tensor(1)),
    "determinant": lambda lib, x: lib.linalg.det(lib.outer(x, x) + lib.eye(3)),
    "convolution": lambda lib, x: lib.nn.functional.conv1d(x.reshape(1, 1, 3) ** 2, matrix(lib).reshape(2, 1, 3), padding=1),
    "complex inside": lambda lib, x: lib.fft.fft(x * x).abs(),
    "linear": lambda lib, x: 3 * x,
    "constant": lambda lib, x: lib.ones(2),
    "detached": lambda lib, x: x * x.detach(),
}
TRANSFORMS = {
    "grad": lambda lib, f, x: lib.func.grad(lambda x: f(x).sum())(x),
    "grad_and_value": lambda lib, f, x: lib.func.grad_and_value(lambda x: (f(x) ** 2).sum())(x),
    "grad of grad": lambda lib, f, x: lib.func.grad(lambda x: lib.func.grad(lambda x: f(x).sum())(x).pow(2).sum())(x),
    "vjp": lambda lib, f, x: (lambda y, pull: (y, pull(y * 0.5), pull(y + 1)))(*lib.func.vjp(f, x)),
    "jvp": lambda lib, f, x: lib.func.jvp(f, (x,), (x.flip(0) - 1,)),
    "jacrev": lambda lib, f, x: lib.func.jacrev(f)(x),
    "jacfwd": lambda lib, f, x: lib.func.jacfwd(f)(x),
    "hessian": lambda lib, f, x: lib.func.hessian(f)(x),
    "jacfwd of jacfwd": lambda lib, f, x: lib.func.jacfwd(lib.func.jacfwd(f))(x),
    "jacrev of jacrev": lambda lib, f, x: lib.func.jacrev(lib.func.jacrev(f))(x),
    "jvp of grad": lambda lib, f, x: lib.func.jvp(lib.func.grad(lambda x: f(x).sum()), (x,), (x.flip(0),)),
    "grad of jvp": lambda lib, f, x: lib.func.grad(lambda x: lib.func.jvp(f, (x,), (x.flip(0),))[1].sum())(x),
    "three times": lambda lib, f, x: lib.func.jacrev(lib.func.hessian(lambda x: f(x).sum()))(x),
}
NOT_IN_TORCH = {
    ("jacfwd of jacfwd", "in place"), ("jacfwd of jacfwd", "a view in place"), ("jacfwd of jacfwd", "layer norm"),
    ("jacfwd of jacfwd", "determinant"), ("grad of jvp", "layer norm"), ("grad of jvp", "determinant"), ("three times", "norms"),
    ("three times", "determinant"),
}
"""Where PyTorch fails, or has numbers that do not agree with finite differences; `test_against_finite_differences` has them."""


@pytest.mark.parametrize(
    ("transform", "function"), [(t, f) for t in TRANSFORMS for f in FUNCTIONS if (t, f) not in NOT_IN_TORCH]
)
def test_functions(transform: str, function: str) -> None:
    def scene(lib: Any) -> Any:
        return TRANSFORMS[transform](lib, lambda x: FUNCTIONS[function](lib, x), vector(lib))

    check_both(torch, scene)


@pytest.mark.parametrize(("transform", "function"), sorted(NOT_IN_TORCH))
def test_against_finite_differences(transform: str, function: str) -> None:
    x, step = vector(tl).double(), 1e-5
    f = lambda x: FUNCTIONS[function](Double, x)
    inner, outer = {
        "jacfwd of jacfwd": (tl.func.jacfwd(f), tl.func.jacfwd),
        "grad of jvp": (lambda x: tl.func.jvp(f, (x,), (x.flip(0),))[1].sum(), tl.func.grad),
        "three times": (tl.func.hessian(lambda x: f(x).sum()), tl.func.jacrev),
    }[transform]
    columns = [(inner(x + e) - inner(x - e)) / (2 * step) for e in tl.eye(3, dtype=tl.float64) * step]
    assert tl.allclose(outer(inner)(x), tl.stack(columns, -1), rtol=1e-6, atol=1e-6)


class Double:
    """The library with matrices in float64."""

    ones, outer, linalg, nn = tl.ones, tl.outer, tl.linalg, tl.nn
    eye = staticmethod(lambda n: tl.eye(n, dtype=tl.float64))


FORMS = {
    "dict": lambda lib: lib.func.grad(lambda d: (d["a"] ** 2 * d["b"]).sum())({"a": vector(lib), "b": vector(lib, shift=1)}),
    "nested": lambda lib: lib.func.grad(lambda t: (t[0]["a"][1] * t[1]).sum())(({"a": [vector(lib), vector(lib)]}, vector(lib))),
    "second argument": lambda lib: lib.func.grad(lambda x, y: (x * y).sum(), argnums=1)(vector(lib), vector(lib)),
    "last argument": lambda lib: lib.func.grad(lambda x, y: (x * y**2).sum(), argnums=-1)(vector(lib), vector(lib)),
    "two arguments": lambda lib: lib.func.grad(lambda x, y: (x * y**2).sum(), argnums=(1, 0))(vector(lib), vector(lib)),
    "keywords": lambda lib: lib.func.grad(lambda x, k: (x * k).sum())(vector(lib), k=vector(lib)),
    "other arguments are anything": lambda lib: lib.func.grad(lambda x, k, name: (x * k).sum())(vector(lib), 3, "name"),
    "aux": lambda lib: lib.func.grad(lambda x: ((x * x).sum(), {"y": x * 2, "x": [x]}), has_aux=True)(vector(lib)),
    "value and aux": lambda lib: lib.func.grad_and_value(lambda x: ((x * x).sum(), x * 2), has_aux=True)(vector(lib)),
    "complex": lambda lib: lib.func.grad(lambda z: (z * z.conj()).real.sum())(vector(lib) * (1 + 2j)),
    "vjp of structures": lambda lib: lib.func.vjp(
        lambda d: {"p": d["a"] * 2, "q": (d["b"],)}, {"a": vector(lib), "b": vector(lib)}
    )[1]({"p": vector(lib), "q": (vector(lib),)}),
    "vjp of several": lambda lib: lib.func.vjp(lambda x, y: (x * y, x), vector(lib), vector(lib))[1]((vector(lib), vector(lib))),
    "vjp aux": lambda lib: lib.func.vjp(lambda x: (x * x, [x]), vector(lib), has_aux=True)[::2],
    "vjp of a complex function": lambda lib: lib.func.vjp(lambda z: z * z, vector(lib) * (1 + 2j))[1](vector(lib) * 1j),
    "jvp of structures": lambda lib: lib.func.jvp(
        lambda d, y: {"p": d["a"] * y, "q": [y]}, ({"a": vector(lib)}, vector(lib)), ({"a": vector(lib, shift=1)}, vector(lib))
    ),
    "jvp aux": lambda lib: lib.func.jvp(lambda x: (x * x, x * 3), (vector(lib),), (vector(lib),), has_aux=True),
    "jvp of a complex function": lambda lib: lib.func.jvp(lambda z: z.exp(), (vector(lib) * 1j,), (vector(lib) * (1 + 2j),)),
    "jvp from real to complex": lambda lib: lib.func.jvp(lambda x: x * x * (1 + 2j), (vector(lib),), (vector(lib),)),
    "jvp from complex to real": lambda lib: lib.func.jvp(lambda z: z.abs(), (vector(lib) * (1 + 1j),), (vector(lib) * 1j,)),
    "jvp along a double": lambda lib: lib.func.jvp(lambda x: x * x, (vector(lib),), (vector(lib).double(),)),
    "jvp with an integer output": lambda lib: lib.func.jvp(lambda x: (x > 1, x * x), (vector(lib),), (vector(lib),)),
    "jacrev of structures": lambda lib: lib.func.jacrev(lambda d: {"p": d["a"] * d["b"], "q": (d["a"].sum(),)})(
        {"a": vector(lib), "b": vector(lib)}
    ),
    "jacrev of two arguments": lambda lib: lib.func.jacrev(lambda x, y: [x * y, y], argnums=(0, 1))(vector(lib), vector(lib)),
    "jacrev aux": lambda lib: lib.func.jacrev(lambda x: (x * x, x), has_aux=True, chunk_size=2)(vector(lib)),
    "jacfwd of structures": lambda lib: lib.func.jacfwd(lambda d: {"p": d["a"] * d["b"], "q": (d["a"].sum(),)})(
        {"a": vector(lib), "b": matrix(lib, 2, 3)}
    ),
    "jacfwd of two arguments": lambda lib: lib.func.jacfwd(lambda x, y: [x * y, y], argnums=(1, 0))(vector(lib), vector(lib)),
    "jacfwd of one in a tuple": lambda lib: lib.func.jacfwd(lambda x: x * x, argnums=(0,))(vector(lib)),
    "jacfwd aux": lambda lib: lib.func.jacfwd(lambda x: (x * x, x), has_aux=True)(vector(lib)),
    "hessian of a dict": lambda lib: lib.func.hessian(lambda d: (d["a"] ** 3 * d["b"]).sum())({"a": vector(lib), "b": vector(lib)}),
    "hessian of two arguments": lambda lib: lib.func.hessian(lambda x, y: (x**3 * y).sum(), argnums=(0, 1))(
        vector(lib), vector(lib)
    ),
    "linearize": lambda lib: (lambda y, push: (y, push(vector(lib)), push(vector(lib) * 2)))(
        *lib.func.linearize(lambda x: x.sin() * x, vector(lib))
    ),
    "linearize of structures": lambda lib: lib.func.linearize(lambda d, y: [d["a"] * y], {"a": vector(lib)}, vector(lib))[1](
        {"a": vector(lib)}, vector(lib)
    ),
    "functionalize": lambda lib: lib.func.functionalize(lambda x: x.clone().add_(1), remove="mutations_and_views")(vector(lib)),
    "named tuple": lambda lib: tuple(lib.func.grad(lambda p: (p.x * p.y).sum())(Point(vector(lib), vector(lib)))),
    "ordered dict": lambda lib: lib.func.grad(lambda d: (d["b"] * d["a"]).sum())(OrderedDict(b=vector(lib), a=vector(lib))),
    "no elements": lambda lib: (lib.func.jacrev(lambda x: x * 2)(lib.ones(0)), lib.func.grad(lambda x: x.sum())(lib.ones(0))),
    "half precision": lambda lib: lib.func.grad(lambda x: (x * x).sum())(vector(lib).bfloat16()),
    "random numbers": lambda lib: (
        lib.func.jacrev(lambda x: x * lib.rand(3))(vector(lib)),
        lib.func.jacfwd(lambda x: x * lib.rand(3), randomness="same")(vector(lib)),
        lib.func.jacfwd(lambda x: x * lib.randn(3), randomness="different")(vector(lib)), lib.rand(2),
    ),
    "random numbers of several inputs": lambda lib: lib.func.jacfwd(
        lambda x, y: (x * lib.rand(3), y * x * lib.randn(3)), (0, 1), randomness="different"
    )(vector(lib), vector(lib)),
}  # fmt: skip


@pytest.mark.parametrize("scene", FORMS.values(), ids=FORMS)
def test_forms(scene: Any) -> None:
    check_both(torch, scene)


FAULTS = {
    "integers": lambda lib: lib.func.grad(lambda x: x.sum())(lib.tensor([1, 2])),
    "no scalar": lambda lib: lib.func.grad(lambda x: x)(vector(lib)),
    "no tensor": lambda lib: lib.func.grad(lambda x: 1.0)(vector(lib)),
    "a complex scalar": lambda lib: lib.func.grad(lambda x: x.sum() * 1j)(vector(lib)),
    "a number as argument": lambda lib: lib.func.grad(lambda x: x * 1.0)(3.0),
    "a number in a dict": lambda lib: lib.func.grad(lambda d: d["a"].sum() * d["b"])({"a": vector(lib), "b": 2.0}),
    "no such argument": lambda lib: lib.func.grad(lambda x: x.sum(), argnums=2)(vector(lib)),
    "argnums is a list": lambda lib: lib.func.grad(lambda x: x.sum(), argnums=[0])(vector(lib)),
    "argnums twice": lambda lib: lib.func.grad(lambda x: x.sum(), argnums=(0, 0))(vector(lib)),
    "argnums empty": lambda lib: lib.func.grad(lambda x: x.sum(), argnums=())(vector(lib)),
    "no aux": lambda lib: lib.func.grad(lambda x: x.sum(), has_aux=True)(vector(lib)),
    "aux is a number": lambda lib: lib.func.grad(lambda x: (x.sum(), 3), has_aux=True)(vector(lib)),
    "the input changed in place": lambda lib: lib.func.grad(lambda x: x.add_(1).sum())(vector(lib)),
    "a view of the input changed in place": lambda lib: lib.func.grad(lambda x: x[:1].add_(1).sum())(vector(lib)),
    "the input of two levels changed": lambda lib: lib.func.grad(
        lambda x: lib.func.grad(lambda x: x.mul_(2).sum())(x).sum()
    )(vector(lib)),
    "vjp: form": lambda lib: lib.func.vjp(lambda x: {"a": x}, vector(lib))[1](vector(lib)),
    "vjp: two arguments": lambda lib: lib.func.vjp(lambda x: (x, x), vector(lib))[1](vector(lib), vector(lib)),
    "vjp: shape": lambda lib: lib.func.vjp(lambda x: x, vector(lib))[1](lib.ones(2)),
    "vjp: a number returned": lambda lib: lib.func.vjp(lambda x: 3, vector(lib)),
    "vjp: a number as primal": lambda lib: lib.func.vjp(lambda x: x, 3.0),
    "jvp: no tuple": lambda lib: lib.func.jvp(lambda x: x, vector(lib), vector(lib)),
    "jvp: form": lambda lib: lib.func.jvp(lambda x: x, (vector(lib),), (vector(lib), vector(lib))),
    "jvp: shape": lambda lib: lib.func.jvp(lambda x: x, (vector(lib),), (lib.ones(2),)),
    "jvp: nothing": lambda lib: lib.func.jvp(lambda: vector(lib), (), ()),
    "jvp: a number": lambda lib: lib.func.jvp(lambda x: x, (1.0,), (1.0,)),
    "jvp: integers": lambda lib: lib.func.jvp(lambda x: x, (lib.tensor([1]),), (lib.tensor([1]),)),
    "jvp: a number returned": lambda lib: lib.func.jvp(lambda x: 3, (vector(lib),), (vector(lib),)),
    "jvp: strict": lambda lib: lib.func.jvp(lambda x: lib.ones(2), (vector(lib),), (vector(lib),), strict=True),
    "jacrev: chunk size": lambda lib: lib.func.jacrev(lambda x: x, chunk_size=0),
    "jacrev: a number returned": lambda lib: lib.func.jacrev(lambda x: 3)(vector(lib)),
    "jacrev: integers returned": lambda lib: lib.func.jacrev(lambda x: x.long())(vector(lib)),
    "jacrev: complex": lambda lib: lib.func.jacrev(lambda x: x)(vector(lib) * 1j),
    "jacfwd: complex": lambda lib: lib.func.jacfwd(lambda x: x)(vector(lib) * 1j),
    "jacfwd: random": lambda lib: lib.func.jacfwd(lambda x: x * lib.rand(3))(vector(lib)),
    "jacfwd: randomness": lambda lib: lib.func.jacfwd(lambda x: x, randomness="some")(vector(lib)),
    "hessian: random": lambda lib: lib.func.hessian(lambda x: (x * lib.rand(3)).sum())(vector(lib)),
    "linearize: two tangents": lambda lib: lib.func.linearize(lambda x: x, vector(lib))[1](vector(lib), vector(lib)),
    "linearize: shape": lambda lib: lib.func.linearize(lambda x: x, vector(lib))[1](lib.ones(2)),
    "functionalize: remove": lambda lib: lib.func.functionalize(lambda x: x, remove="all"),
}


@pytest.mark.parametrize("scene", FAULTS.values(), ids=FAULTS)
def test_errors(scene: Any) -> None:
    check_fails(torch, scene)


OUTSIDE = {
    "the input requires grad": lambda lib, x, w: lib.func.grad(lambda x: (x**3).sum())(x),
    "a closure requires grad": lambda lib, x, w: lib.func.grad(lambda x: (x**3 * w).sum())(x.detach()),
    "value and aux": lambda lib, x, w: lib.func.grad_and_value(lambda x: ((x**2 * w).sum(), (x * w, x * 2, x)), has_aux=True)(
        x.detach()
    ),
    "aux of a tracked input": lambda lib, x, w: lib.func.grad(lambda x: ((x**2 * w).sum(), (x * w, x)), has_aux=True)(x),
    "vjp": lambda lib, x, w: (lambda y, pull: (y, pull(w)))(*lib.func.vjp(lambda x: x * x, x)),
    "vjp, its cotangents": lambda lib, x, w: lib.func.vjp(lambda x: x * x, x.detach())[1](w),
    "jvp": lambda lib, x, w: lib.func.jvp(lambda x: x * x, (x,), (w,)),
    "jvp, its tangents": lambda lib, x, w: lib.func.jvp(lambda x: x * x, (x.detach(),), (w,)),
    "jacrev": lambda lib, x, w: lib.func.jacrev(lambda x: x * x * w)(x),
    "jacfwd": lambda lib, x, w: lib.func.jacfwd(lambda x: x * x * w)(x),
    "hessian": lambda lib, x, w: lib.func.hessian(lambda x: (x**4 * w).sum())(x),
    "the same tensor inside and outside": lambda lib, x, w: lib.func.grad(lambda y: (y * x).sum())(x),
    "levels are apart": lambda lib, x, w: lib.func.grad(lambda y: y * lib.func.grad(lambda z: y + z)(lib.ones(())))(x[0]),
    "an inner constant level": lambda lib, x, w: lib.func.grad(
        lambda y: lib.func.grad(lambda c: (c * y).sum())(lib.ones(3)).sum()
    )(x),
}


@pytest.mark.parametrize("scene", OUTSIDE.values(), ids=OUTSIDE)
def test_gradients_flow_to_what_is_outside(scene: Any) -> None:
    def with_gradients(lib: Any) -> Any:
        x, w = vector(lib).requires_grad_(), vector(lib, shift=1).requires_grad_()
        result = scene(lib, x, w)
        with lib.no_grad():
            silent = scene(lib, x, w)
        flat: list[Any] = []

        def walk(t: Any) -> None:
            if isinstance(t, (tuple, list)):
                for each in t:
                    walk(each)
            else:
                flat.append(t)

        walk(result)
        total = sum((t**2 * (i + 1)).sum() for i, t in enumerate(t for t in flat if t.requires_grad))
        total = total if not isinstance(total, int) else (x * 0).sum()
        total.backward()
        return result, silent, x.grad, w.grad

    check_both(torch, with_gradients)


def test_networks_through_functional_call() -> None:
    def scene(lib: Any) -> Any:
        net = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.Tanh(), lib.nn.LayerNorm(4), lib.nn.Linear(4, 2))
        params = {name: p.detach() for name, p in net.named_parameters()}
        x, target = lib.randn(5, 3), lib.tensor([0, 1, 1, 0, 1])

        def loss(params: Any, x: Any, target: Any) -> Any:
            return lib.nn.functional.cross_entropy(lib.func.functional_call(net, params, (x,)), target)

        def of_one(params: Any, x: Any, target: Any) -> Any:
            return loss(params, x.unsqueeze(0), target.unsqueeze(0))

        grads, value = lib.func.grad_and_value(loss)(params, x, target)
        per_sample = lib.vmap(lib.func.grad(of_one), in_dims=(None, 0, 0))(params, x, target)
        hessian = lib.func.hessian(loss)({"3.bias": params["3.bias"], **params}, x[:2], target[:2])["3.bias"]["3.weight"]
        tangent = lib.func.jvp(lambda p: loss(p, x, target), (params,), (grads,))
        untouched = [p.grad for p in net.parameters()]
        return grads, value, per_sample, hessian, tangent, untouched

    check_both(torch, scene)


def test_a_module_is_a_function() -> None:
    def scene(lib: Any) -> Any:
        layer = lib.nn.Linear(2, 2)
        jacobian = lib.func.jacrev(layer)(lib.ones(2))
        (jacobian * lib.arange(4.0).reshape(2, 2)).sum().backward()
        return jacobian, layer.weight.grad, layer.bias.grad

    check_both(torch, scene)


def test_newton_and_conjugate_products() -> None:
    def scene(lib: Any) -> Any:
        f = lambda x: ((x[1:] - x[:-1] ** 2) ** 2).sum() + ((1 - x) ** 2).sum()
        x = lib.tensor([0.5, 0.4, 0.3], dtype=lib.float64)
        for _ in range(4):
            x = x - lib.linalg.solve(lib.func.hessian(f)(x), lib.func.grad(f)(x))
        products = lib.vmap(lambda v: lib.func.jvp(lib.func.grad(f), (x,), (v,))[1])(lib.eye(3, dtype=lib.float64))
        return x, products, lib.func.hessian(f)(x)

    check_both(torch, scene)


def test_user_functions_with_their_own_backward() -> None:
    def scene(lib: Any) -> Any:
        class Cube(lib.autograd.Function):
            generate_vmap_rule = True

            @staticmethod
            def forward(x: Any) -> Any:
                return x**3

            @staticmethod
            def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
                ctx.save_for_backward(*inputs)
                ctx.save_for_forward(*inputs)

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                (x,) = ctx.saved_tensors
                return g * 3 * x**2

            @staticmethod
            def jvp(ctx: Any, t: Any) -> Any:
                (x,) = ctx.saved_tensors
                return t * 3 * x**2

        x = vector(lib)
        f = lambda x: Cube.apply(x).sum()
        return (
            lib.func.grad(f)(x), lib.func.jacrev(lib.func.grad(f))(x), lib.vmap(lib.func.grad(f))(matrix(lib)),
            lib.func.jvp(Cube.apply, (x,), (x,)),
        )

    check_both(torch, scene)


def test_results_have_no_graph_of_their_own() -> None:
    x = tl.ones(3)
    y, pull = tl.func.vjp(lambda x: x * x, x)
    values = [tl.func.grad(lambda x: (x**2).sum())(x), y, *pull(x), *tl.func.jvp(lambda x: x * x, (x,), (x,)),
              tl.func.jacrev(lambda x: x * x)(x), tl.func.jacfwd(lambda x: x * x)(x)]
    assert not any(v.requires_grad for v in values)
    same, _ = tl.func.vjp(lambda x: x, x)
    same.add_(1)  # the input, returned as it is, is an ordinary tensor again
    assert x.tolist() == [2.0, 2.0, 2.0]


def test_graphs_die_by_reference_counting() -> None:
    nodes: list[Any] = []

    def f(x: Any) -> Any:
        y = x.exp()
        nodes.append(weakref.ref(y.grad_fn))
        return y.sum()

    x = tl.ones(3)
    gc.collect()
    gc.disable()
    try:
        for call in (lambda: tl.func.grad(f)(x), lambda: tl.func.jacrev(f)(x), lambda: tl.func.vjp(f, x)[1](tl.ones(())),
                     lambda: tl.func.jvp(f, (x,), (x,)), lambda: tl.vmap(tl.func.grad(f))(x.expand(2, 3))):  # fmt: skip
            call()
            assert nodes and all(node() is None for node in nodes)
            nodes.clear()
        _, pull = tl.func.vjp(f, x)
        assert nodes[0]() is not None
        del pull, _
        assert nodes[0]() is None
    finally:
        gc.enable()


def test_ensembles() -> None:
    def scene(lib: Any) -> Any:
        models = [lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.ReLU(), lib.nn.Linear(4, 2)) for _ in range(3)]
        params, buffers = lib.func.stack_module_state(models)
        x = lib.randn(5, 3)
        call = lambda params, buffers, x: lib.func.functional_call(models[0], (params, buffers), (x,))
        y = lib.vmap(call, in_dims=(0, 0, None))(params, buffers, x)
        y.square().sum().backward()
        return y, lib.stack([model(x) for model in models]).detach(), {name: p.grad for name, p in params.items()}

    check_both(torch, scene)


def test_a_changed_input_is_noticed() -> None:
    x = tl.ones(3)
    _, pull = tl.func.vjp(lambda x: x * x, x)
    x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        pull(tl.ones(3))


@pytest.mark.parametrize(
    "block", [tl.no_grad, tl.inference_mode, lambda: tl.set_grad_enabled(False)], ids=["no_grad", "inference", "set"]
)
def test_blocks_without_gradients_are_refused_in_forward_mode(block: Any) -> None:
    """PyTorch's forward mode goes through them; the graph does not."""

    def f(x: Any) -> Any:
        with block():
            y = x * x
        return x * y

    x = tl.ones(2)
    for call in (lambda: tl.func.jvp(f, (x,), (x,)), lambda: tl.func.jacfwd(f)(x), lambda: tl.func.hessian(f)(x),
                 lambda: tl.func.linearize(f, x), lambda: tl.func.jvp(block()(f), (x,), (x,))):  # fmt: skip
        with pytest.raises(NotImplementedError, match="without gradients"):
            call()
        assert tl.is_grad_enabled() and not tl.is_inference_mode_enabled()
    if block is not tl.inference_mode:
        assert tl.func.jacrev(f)(x).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_what_layers_do_without_gradients_is_allowed_in_forward_mode() -> None:
    x = matrix(tl, 4, 3)
    layer = tl.nn.BatchNorm1d(3)
    _, tangent = tl.func.jvp(layer, (x,), (tl.ones(4, 3),))
    assert tl.allclose(tangent, tl.zeros(4, 3), atol=1e-4) and layer.num_batches_tracked == 1


def test_dual_numbers_are_refused_by_name() -> None:
    forward_ad = tl.autograd.forward_ad
    for call in (lambda: forward_ad.dual_level().__enter__(), forward_ad.enter_dual_level, forward_ad.exit_dual_level,
                 lambda: forward_ad.make_dual(tl.ones(1), tl.ones(1)), lambda: forward_ad.unpack_dual(tl.ones(1))):  # fmt: skip
        with pytest.raises(NotImplementedError, match=r"func\.jvp"):
            call()


def test_functions_without_second_derivative_raise_in_jvp() -> None:
    class Once(tl.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @tl.autograd.function.once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2 * ctx.saved_tensors[0]

    with pytest.raises(RuntimeError, match="once_differentiable"):
        tl.func.jvp(Once.apply, (tl.ones(2),), (tl.ones(2),))


def test_batch_norms_without_statistics() -> None:
    def scene(lib: Any) -> Any:
        net = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3), lib.nn.Sequential(lib.nn.BatchNorm1d(3)))
        if lib is torch:
            torch.func.replace_all_batch_norm_modules_(net)
        else:
            assert tl.func.replace_all_batch_norm_modules_(net) is net
        return dict(net.named_buffers()), repr(net), lib.vmap(net)(lib.arange(16.0).reshape(2, 4, 2)).detach()

    check_both(torch, scene)


def test_other_devices() -> None:
    """Nothing in the transforms knows NumPy."""
    x = tl.tensor([[0.5, 1.0], [2.0, -1.0]])

    def everything(x: Any) -> list[Any]:
        f = lambda x: x.softmax(0) * x.sum()
        return [
            tl.func.jacrev(f)(x[0]), tl.func.jacfwd(f)(x[0]), tl.func.hessian(lambda x: f(x).sum())(x[0]), tl.vmap(f, 1, 1)(x),
            tl.vmap(tl.func.grad(lambda w, x: (w * x).sum() ** 2), (None, 0))(x[0], x), *tl.func.jvp(f, (x,), (x,)),
            tl.autograd.functional.jacobian(f, x[0]), tl.autograd.functional.hvp(lambda x: (x**3).sum(), x, x)[1],
        ]

    for here, there in zip(everything(x), everything(x.to("strict")), strict=True):
        assert there.device.type == "strict" and tl.allclose(here, there.cpu())
    numbers = tl.vmap(lambda x: x + tl.rand(2, device="strict"), randomness="different")(x.to("strict"))
    assert numbers.shape == (2, 2)
