"""Forward derivatives from a reverse mode: `jvp`, `linearize`, `jacfwd`.

The gradient of ``f`` for a cotangent ``v`` is linear in ``v``: it is the transpose of the Jacobian times ``v``. Its own gradient,
for the cotangent ``t``, with respect to ``v`` is therefore the Jacobian times ``t``, whatever ``v`` is (Townsend, "A new trick
for calculating Jacobian vector products", 2017).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..autograd.base import TensorBase
from ..autograd.functions import grad
from ..tensor.joining import stack
from ..tensor.metadata import promote_types
from .arguments import Call, chosen_arguments, require_tensor_outputs, run
from .guards import Draws, as_forward_mode, check_randomness, guarded
from .levels import Level, leads_outside, node_of
from .reverse import basis, require_real
from .trees import flatten, unflatten

__all__ = ["jacfwd", "jvp", "linearize"]

Tensor = Any


class _Push:
    """The Jacobian of a call that has run, as a linear function of tangents."""

    def __init__(self, call: Call) -> None:
        self.call, self.level = call, call.level
        dual = Level()  # the inputs of this level are the cotangents
        self.rooted = [i for i, o in enumerate(call.outputs) if node_of(o) is not None]
        outputs = [call.outputs[i] for i in self.rooted]
        self.cotangents = [dual.enter(o.detach().new_zeros(o.shape)) for o in outputs]
        dual.close()
        self.gradients: list[Any] = [None] * len(call.inputs)
        if outputs:
            self.gradients = list(grad(outputs, call.inputs, self.cotangents, create_graph=True, allow_unused=True))
        self.gradients = [g if g is not None and node_of(g) is not None else None for g in self.gradients]
        self.depends = any(g is not None for g in self.gradients)

    def __call__(self, tangents: list[Tensor | None]) -> list[Tensor]:
        """The tangent of each output, for tangents of the inputs (None for zeros)."""
        used = [(g, t) for g, t in zip(self.gradients, tangents, strict=True) if g is not None and t is not None]
        results = [o.detach().new_zeros(o.shape) for o in self.call.outputs]
        if used:
            roots = [node_of(g) for g, _ in used] + [n for n in (node_of(t) for _, t in used) if n is not None]
            create = self.level.recording and leads_outside(roots)
            found = grad(
                [g for g, _ in used], self.cotangents, [t for _, t in used], retain_graph=True, create_graph=create,
                allow_unused=True,
            )  # fmt: skip
            for i, tangent in zip(self.rooted, found, strict=True):
                results[i] = results[i] if tangent is None else self.level.release(tangent)
        return self._promoted(results, tangents)

    def _promoted(self, results: list[Tensor], tangents: list[Tensor | None]) -> list[Tensor]:
        """Tangents of a larger dtype than their primals' give such results."""
        for x, tangent in zip(self.call.inputs, tangents, strict=True):
            if tangent is not None and tangent.dtype is not x.dtype:
                results = [r.to(promote_types(r.dtype, tangent.dtype)) if r.is_floating_point() else r for r in results]
        return results


def _run(name: str, func: Callable[..., Any], primals: tuple[Any, ...], has_aux: bool, randomness: str | None = None) -> Call:
    with as_forward_mode(name, randomness):
        call = run(name, func, primals, {}, argnums=None, has_aux=has_aux)
    require_tensor_outputs(name, call.outputs)
    return call


def _checked_primals(primals: Any) -> list[Tensor]:
    if not isinstance(primals, tuple):
        raise RuntimeError("jvp(f, primals, tangents): Expected primals to be a tuple, so that f(*primals) can be called.")
    leaves, _ = flatten(primals)
    if not leaves:
        raise RuntimeError("jvp(f, primals, tangents): Expected primals to contain at least one Tensor.")
    for leaf in leaves:
        if not isinstance(leaf, TensorBase):
            raise RuntimeError(f"jvp(f, primals, tangents): Expected primals to only contain Tensors, got {type(leaf)}")
        if leaf._array.dtype not in leaf._xp.inexacts:
            raise ValueError(f"Expected primal to be floating point or complex, but got: {leaf.dtype}")
    return leaves


def _checked_tangents(name: str, tangents: Any, primals: Any) -> list[Tensor]:
    leaves, spec = flatten(tangents)
    originals, expected = flatten(primals)
    if spec != expected:
        raise RuntimeError(
            f"{name}: Expected primals and tangents to have the same python structure, but got {expected or '*'} and {spec or '*'}"
        )
    for i, (tangent, primal) in enumerate(zip(leaves, originals, strict=True)):
        if not isinstance(tangent, TensorBase):
            raise RuntimeError(f"{name}: Expected tangents to only contain Tensors, got {type(tangent)}")
        if tangent._array.shape != primal._array.shape:
            raise RuntimeError(
                f"{name}: tangent {i} has the shape {list(tangent.shape)}, which is not that of its primal, {list(primal.shape)}"
            )
    return leaves


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The value of ``func`` at `primals`, and its derivative along `tangents` (two tuples of the same form).

    With `has_aux`, ``func`` returns a pair and the aux comes third. The derivative comes from two backwards, so `no_grad` blocks
    inside ``func`` are refused.

    Raises:
        RuntimeError: the two have not one form, or with `strict`, the output does not depend on the primals.
        ValueError: a primal is of a dtype without gradients.
        NotImplementedError: ``func`` has a `no_grad` block.

    >>> import tensorlite as tl
    >>> x = tl.tensor([1., 2.])
    >>> tl.func.jvp(lambda x: x * x, (x,), (tl.ones(2),))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    _checked_primals(primals)
    given = _checked_tangents("jvp(f, primals, tangents)", tangents, primals)
    call = _run("jvp(f, primals, tangents)", func, primals, has_aux)
    push = _Push(call)
    if strict and not push.depends:
        raise RuntimeError(
            "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed with "
            "strict=True."
        )
    return call.result(call.released(), unflatten(push(given), call.output_spec), has_aux=has_aux)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of ``func`` at `primals`, and its derivative there as a function of tangents: ``func`` itself runs once.

    Raises:
        RuntimeError: tangents have not the form and the shapes of the primals.

    >>> import tensorlite as tl
    >>> y, push = tl.func.linearize(lambda x: x * x, tl.tensor([1., 2.]))
    >>> y, push(tl.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    _checked_primals(primals)
    call = _run("linearize(f, *primals)", func, primals, False)
    push = _Push(call)

    def along(*tangents: Any) -> Any:
        return unflatten(push(_checked_tangents("linearize(f, *primals)", tangents, primals)), call.output_spec)

    return call.released(), along


def jacfwd(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``func``, one derivative for each element of the arguments.

    Shapes and forms are those of `jacrev`. It is the better choice where there are fewer inputs than outputs. `randomness` says
    what random functions in ``func`` do, as in `vmap`: all columns share their numbers (``same``), or each has its own
    (``different``).

    Raises:
        RuntimeError: tensors are complex, or random numbers are drawn and `randomness` is ``error``.
        NotImplementedError: ``func`` has a `no_grad` block.

    >>> import tensorlite as tl
    >>> tl.func.jacfwd(lambda x: x * x)(tl.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    check_randomness(randomness)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if randomness == "different":
            return _jacobian_of_many(func, argnums, has_aux, args, kwargs)
        with as_forward_mode("jacfwd(f)(*args)", randomness):
            call = run("jacfwd(f)(*args)", func, args, kwargs, argnums=argnums, has_aux=has_aux)
        require_tensor_outputs("jacfwd(f)(*args)", call.outputs)
        require_real("jacfwd", call.inputs)
        push = _Push(call)
        columns = []
        for which, x in enumerate(call.inputs):
            alone: list[Any] = [None] * len(call.inputs)
            columns.append([push([*alone[:which], one, *alone[which + 1 :]]) for one in basis(x)])
        return _assembled(call, columns, has_aux)

    return wrapper


def _jacobian_of_many(func: Callable[..., Any], argnums: Any, has_aux: bool, args: Any, kwargs: Any) -> Any:
    """The Jacobian where each column has random numbers of its own: the function runs once for each."""
    leaves = flatten(tuple(args[i] for i in chosen_arguments(argnums, len(args))))[0]
    draws = Draws("different", sum(leaf.numel() for leaf in leaves if isinstance(leaf, TensorBase)))
    columns: list[list[list[Tensor]]] = [[] for _ in leaves]
    number = 0
    with guarded(forward="jacfwd(f)(*args)", draws=draws):
        for which, leaf in enumerate(leaves):
            alone: list[Any] = [None] * len(leaves)
            for one in basis(leaf):
                draws.start(number)
                call = run("jacfwd(f)(*args)", func, args, kwargs, argnums=argnums, has_aux=has_aux)
                require_tensor_outputs("jacfwd(f)(*args)", call.outputs)
                require_real("jacfwd", call.inputs)
                columns[which].append(_Push(call)([*alone[:which], one, *alone[which + 1 :]]))
                number += 1
    if not number:
        raise RuntimeError("jacfwd: with randomness='different' the arguments must have elements")
    return _assembled(call, columns, has_aux)


def _assembled(call: Call, columns: list[list[list[Tensor]]], has_aux: bool) -> Any:
    jacobians = [
        unflatten([_joined(columns[j], i, o, x) for j, x in enumerate(call.inputs)], call.input_spec)
        for i, o in enumerate(call.outputs)
    ]
    return call.result(unflatten(jacobians, call.output_spec), has_aux=has_aux)


def _joined(columns: list[list[Tensor]], which: int, output: Tensor, x: Tensor) -> Tensor:
    """The derivatives of one output along all elements of x: ``(*out, *in)``."""
    if not columns:
        return output.detach().new_zeros((*output.shape, *x.shape))
    return stack([c[which] for c in columns], -1).reshape((*output.shape, *x.shape))
