"""Transforms that take gradients: `grad`, `grad_and_value`, `vjp`, `jacrev`, `hessian`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from ..autograd.base import TensorBase
from ..autograd.modes import modes
from ..tensor.joining import stack
from .arguments import Call, require_tensor_outputs, run
from .guards import as_forward_mode
from .trees import flatten, unflatten

__all__ = ["grad", "grad_and_value", "hessian", "jacrev", "vjp"]

Tensor = Any
Argnums = int | tuple[int, ...]


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of ``func``, which returns a scalar, and its value.

    The gradient has the form of the argument that `argnums` names (nested dicts, lists and tuples of tensors), or is a tuple if
    `argnums` is one. With `has_aux`, ``func`` returns a pair and the result is ``(gradient, (value, aux))``.

    Raises:
        RuntimeError: ``func`` returns no scalar, or `argnums` does not fit the arguments.
        ValueError: a chosen argument has something other than tensors in it.

    >>> import tensorlite as tl
    >>> tl.func.grad_and_value(lambda x: (x * x).sum())(tl.tensor([1., 2.]))
    (tensor([2., 4.]), tensor(5.))
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = run("grad_and_value(f)(*args)", func, args, kwargs, argnums=argnums, has_aux=has_aux)
        _require_scalar(call)
        gradients = call.level.pull(call.outputs, [None], call.inputs)
        gradient = unflatten([call.level.release(g) for g in gradients], call.input_spec)
        value = call.released()
        return gradient, ((value, call.aux) if has_aux else value)

    return wrapper


def _require_scalar(call: Call) -> None:
    output = call.outputs[0] if call.output_spec is None else unflatten(call.outputs, call.output_spec)
    if not isinstance(output, TensorBase):
        raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(output)}")
    if output._array.ndim:
        raise RuntimeError(
            f"grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got one with {output._array.ndim} dims; "
            "vjp and jacrev take such functions"
        )
    if output._array.dtype in output._xp.complexes:
        raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {output.dtype}")


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of ``func``, which returns a scalar; with `has_aux` the pair ``(gradient, aux)``.

    It can be nested, and its results are differentiable with respect to everything that they depend on. `argnums` and errors are
    those of `grad_and_value`.

    >>> import tensorlite as tl
    >>> tl.func.grad(tl.func.grad(lambda x: x ** 3))(tl.tensor(2.))
    tensor(12.)
    """
    with_value = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        gradient, value = with_value(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapper


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of ``func`` at `primals`, and a function from cotangents of the output to those of the primals (always a tuple).

    With `has_aux`, ``func`` returns a pair, and the aux comes third. The function of cotangents may be called again and again.

    Raises:
        ValueError: a primal has something other than tensors in it.
        RuntimeError: ``func`` returns something else than tensors, or cotangents have not the form of the output.

    >>> import tensorlite as tl
    >>> y, pull = tl.func.vjp(lambda x: x * x, tl.tensor([1., 2.]))
    >>> y, pull(tl.ones(2))
    (tensor([1., 4.]), (tensor([2., 4.]),))
    """
    call = run("vjp(f, *primals)", func, primals, {}, argnums=None, has_aux=has_aux)
    require_tensor_outputs("vjp(f, *primals)", call.outputs)

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        given, spec = flatten(cotangents)
        if spec != call.output_spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. "
                f"cotangents: {spec or '*'}, primal output: {call.output_spec or '*'}"
            )
        create = modes.grad if create_graph is None else create_graph
        gradients = call.level.pull(call.outputs, given, call.inputs, retain=retain_graph, create_graph=create)
        return unflatten([call.level.release(g) for g in gradients], call.input_spec)

    def wrapper(
        cotangents: Any, *more: Any, retain_graph: bool = True, create_graph: bool | None = None,
    ) -> Any:
        if more:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function: give them "
                f"as one tuple, not as {1 + len(more)} arguments"
            )
        return pull(cotangents, retain_graph, create_graph)

    return call.result(call.released(), wrapper, has_aux=has_aux)


def basis(like: Tensor) -> Iterator[Tensor]:
    """For each element of a tensor, zeros of its shape with a one there."""
    like = like.detach()
    for i in range(like.numel()):
        one = like.new_zeros(like.numel())
        one[i] = 1
        yield one.reshape(like.shape)


def require_real(name: str, tensors: list[Any]) -> None:
    """Refuse complex tensors, whose Jacobian is not one matrix of complex numbers.

    Raises:
        RuntimeError: one of them is complex.
    """
    for i, tensor in enumerate(tensors):
        if tensor._array.dtype in tensor._xp.complexes:
            raise RuntimeError(f"{name}: Expected all inputs to be real but received complex tensor at flattened input idx: {i}")


def jacrev(
    func: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False, chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``func``, one backward for each element of the output.

    For an output of shape ``(*out)`` and an argument of shape ``(*in)``, the Jacobian has the shape ``(*out, *in)``. For
    structures it has the form of the output, and in each place the form of the argument (a tuple if `argnums` is one).
    `chunk_size` is checked and has no
    effect: rows are computed one after another.

    Raises:
        RuntimeError: tensors are complex, or outputs have no gradient.
        ValueError: `chunk_size` is not positive.

    >>> import tensorlite as tl
    >>> tl.func.jacrev(lambda x: x * x)(tl.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = run("jacrev(f)(*args)", func, args, kwargs, argnums=argnums, has_aux=has_aux)
        require_tensor_outputs("jacrev(f)(*args)", call.outputs)
        require_real("jacrev", call.inputs)
        for output in call.outputs:
            if output._array.dtype not in output._xp.inexacts:
                raise RuntimeError(f"jacrev: All outputs of f must be floating-point or complex Tensors, got {output.dtype}")
        jacobians = [unflatten(_rows(call, output), call.input_spec) for output in call.outputs]
        return call.result(unflatten(jacobians, call.output_spec), has_aux=has_aux)

    return wrapper


def _rows(call: Call, output: Tensor) -> list[Tensor]:
    """The Jacobian of one output with respect to each input."""
    require_real("jacrev", [output])
    rows = [call.level.pull([output], [one], call.inputs, retain=True) for one in basis(output)]
    if not rows:
        return [x.detach().new_zeros((*output.shape, *x.shape)) for x in call.inputs]
    columns = (stack(list(of_input)) for of_input in zip(*rows, strict=True))
    return [
        call.level.release(c.reshape((*output.shape, *x.shape))) for c, x in zip(columns, call.inputs, strict=True)
    ]


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that returns the Hessian of ``func``: `jacrev` of `jacrev`, with the rules of `jacfwd` for what ``func`` may do.

    For a scalar and an argument of shape ``(*in)`` its shape is ``(*in, *in)``.

    Raises:
        RuntimeError: tensors are complex, or ``func`` draws random numbers.

    >>> import tensorlite as tl
    >>> tl.func.hessian(lambda x: (x ** 3).sum())(tl.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """

    @functools.wraps(func)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        with as_forward_mode("hessian", "error"):
            return func(*args, **kwargs)

    return jacrev(jacrev(guarded, argnums), argnums)
