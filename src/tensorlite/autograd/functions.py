"""`backward` and `grad`: the entrances to the engine."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

from . import engine
from .base import TensorBase, current_node, wrap

__all__ = ["GradientEdge", "backward", "grad"]

Tensor = Any


class GradientEdge(NamedTuple):
    """The place of a tensor in a graph, without the tensor: `grad` and `backward` take it in a tensor's place."""

    node: Any
    output_nr: int
    ownership_token: Any = None


def _sequence(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, (tuple, list)) and type(x) is not GradientEdge else (x,)


def _node(tensor: Any) -> Any:
    if type(tensor) is GradientEdge:
        return tensor.node
    return tensor._node if tensor._view is None else current_node(tensor)


def _roots(tensors: tuple[Any, ...], gradients: Any) -> list[tuple[Any, Any]]:
    given = (None,) * len(tensors) if gradients is None else _sequence(gradients)
    if len(given) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(given)} gradients")
    roots = []
    for i, (tensor, gradient) in enumerate(zip(tensors, given, strict=True)):
        if not isinstance(tensor, (TensorBase, GradientEdge)):
            raise TypeError(f"element {i} of tensors must be a Tensor, not {type(tensor).__name__}")
        node = _node(tensor)
        if node is None:
            raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")
        roots.append((node, _first_gradient(node, gradient)))
    return roots


def _zeros(x: Any) -> Any:
    """Zeros that look like a tensor, or like the tensor of an edge."""
    xp, like = (x._xp, x._array) if isinstance(x, TensorBase) else (x.node.xp, x.node)
    return wrap(xp.zeros(like.shape, dtype=like.dtype), xp)


def _first_gradient(node: Any, gradient: Any) -> Any:
    """The gradient that was given for the output of a node; None for a single one, if that is what it has."""
    xp = node.xp
    if gradient is None:
        if node.shape and prod(node.shape) != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if node.dtype in xp.complexes:
            raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {xp.dtype_of[node.dtype]}")
        return None
    if not isinstance(gradient, TensorBase):
        raise TypeError("gradients can be either Tensors or None, but got " + type(gradient).__name__)
    if gradient._array.shape != node.shape:
        expected = type(gradient.shape)(node.shape)
        raise RuntimeError(
            f"Mismatch in shape: grad_output[0] has a shape of {gradient.shape} and output[0] has a shape of {expected}."
        )
    if gradient._array.dtype != node.dtype:
        if (gradient._array.dtype in gradient._xp.complexes) != (node.dtype in xp.complexes):
            raise RuntimeError("For complex Tensors, both grad_output and output are required to have the same dtype.")
        gradient = gradient.to(xp.dtype_of[node.dtype])
    return gradient


def backward(
    tensors: Tensor | Sequence[Tensor], grad_tensors: Any = None, retain_graph: bool | None = None,
    create_graph: bool = False, grad_variables: Any = None, inputs: Any = None,
) -> None:
    """Add the gradients of `tensors` to the ``grad`` of the leaves (or only of `inputs`).

    Raises:
        RuntimeError: a tensor is no scalar and has no gradient given, nothing requires grad, or the graph was freed.

    >>> import tensorlite as tl
    >>> x = tl.tensor(2., requires_grad=True)
    >>> tl.autograd.backward(x * x)
    >>> x.grad
    tensor(4.)
    """
    if isinstance(tensors, TensorBase) and grad_tensors is None and grad_variables is None and tensors._node is not None:
        node = _node(tensors)
        roots = [(node, _first_gradient(node, None))]  # the usual call: one scalar
    else:
        roots = _roots(_sequence(tensors), grad_tensors if grad_tensors is not None else grad_variables)
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        engine.run(roots, retain_graph=keep, create_graph=create_graph)
        return
    chosen = _sequence(inputs)
    if not chosen:
        raise RuntimeError("'inputs' argument to backward() cannot be empty.")
    targets = [_node(t) for t in chosen]
    if any(t is None for t in targets):
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    found = engine.run(roots, retain_graph=keep, create_graph=create_graph, inputs=targets)
    for tensor, target in zip(chosen, targets, strict=True):
        if target in found:  # an inner tensor
            tensor.grad = found[target] if tensor.grad is None else tensor.grad + found[target]


def grad(
    outputs: Tensor | Sequence[Tensor], inputs: Tensor | Sequence[Tensor], grad_outputs: Any = None,
    retain_graph: bool | None = None, create_graph: bool = False, only_inputs: bool = True,
    allow_unused: bool | None = None, is_grads_batched: bool = False, materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, as a tuple; nothing is accumulated.

    Raises:
        RuntimeError: an input was not used and neither `allow_unused` nor `materialize_grads` is set.

    >>> import tensorlite as tl
    >>> x = tl.tensor(2., requires_grad=True)
    >>> tl.autograd.grad(x * x, x)
    (tensor(4.),)
    """
    if is_grads_batched:
        keep_graph = create_graph if retain_graph is None else retain_graph
        return _batched(_sequence(outputs), inputs, grad_outputs, keep_graph, create_graph, allow_unused, materialize_grads)
    if allow_unused is None:
        allow_unused = materialize_grads
    elif not allow_unused and materialize_grads:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.")
    roots = _roots(_sequence(outputs), grad_outputs)
    chosen = _sequence(inputs)
    targets = []
    for t in chosen:
        if not isinstance(t, (TensorBase, GradientEdge)):
            raise TypeError(f"inputs must be Tensors, not {type(t).__name__}")
        targets.append(_node(t))
    missing = any(t is None for t in targets)
    if missing and not allow_unused:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    keep = create_graph if retain_graph is None else retain_graph
    found = engine.run(
        roots, retain_graph=keep, create_graph=create_graph, inputs=[t for t in targets if t is not None], accumulate=False
    )
    gradients = [found.get(t) for t in targets]
    for i, g in enumerate(gradients):
        if g is None and materialize_grads:
            gradients[i] = _zeros(chosen[i])
        elif g is None and not allow_unused:
            raise RuntimeError(
                "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True if "
                "this is the "
                "desired behavior."
            )
    return tuple(gradients)


def _batched(
    outputs: tuple[Any, ...], inputs: Any, grad_outputs: Any, retain: bool, create_graph: bool, allow_unused: bool | None,
    materialize: bool,
) -> tuple[Any, ...]:
    """The gradients for each row of `grad_outputs`, stacked.

    Raises:
        ValueError: a gradient is missing, or there are different numbers of rows.
        RuntimeError: rows have not the shape of their outputs.
    """
    given = _sequence(grad_outputs)
    if len(given) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(given)} gradients")
    if not all(isinstance(g, TensorBase) and g._array.ndim for g in given):
        raise ValueError("is_grads_batched: each of grad_outputs must be a tensor with a first dimension to run over")
    for i, (output, g) in enumerate(zip(outputs, given, strict=True)):
        if g._array.shape[1:] != (output._array if isinstance(output, TensorBase) else output.node).shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. The "
                f"remaining sizes must be those of the output: grad_output[{i}] has a shape of {list(g.shape)}."
            )
    sizes = {g._array.shape[0] for g in given}
    if len(sizes) > 1:
        raise ValueError(f"is_grads_batched: expected grad_outputs of one first size, got {sorted(sizes)}")
    (n,) = sizes
    if not n:
        raise RuntimeError("is_grads_batched: grad_outputs have no rows")
    rows = [
        grad(
            outputs, inputs, tuple(g[i] for g in given), retain_graph=retain or i < n - 1, create_graph=create_graph,
            allow_unused=allow_unused or materialize,
        )
        for i in range(n)
    ]  # fmt: skip
    stacked: list[Any] = [
        None if of_input[0] is None else of_input[0]._xp.tensors.stack(*of_input, axis=0) for of_input in zip(*rows, strict=True)
    ]
    for i, x in enumerate(_sequence(inputs)):
        if stacked[i] is None and materialize:
            stacked[i] = _zeros(x)
    return tuple(stacked)
