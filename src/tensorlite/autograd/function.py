"""`Function`: ops whose forward and backward a user writes on Tensors."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from .base import Node, TensorBase, bump, current_node, new, next_seq, output_op, raw, wrap
from .modes import _Mode, modes, record
from .packing import Parcel
from .promote import trace

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class FunctionCtx:
    """What a `Function` keeps between forward and backward."""

    def __init__(self) -> None:
        self._saved: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self._non_differentiable: tuple[Any, ...] = ()
        self._materialize = True
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: TensorBase | None) -> None:
        """Keep tensors for the backward; each must be a Tensor or None.

        Raises:
            TypeError: something else is given; put that on ``ctx`` as an attribute instead.
        """
        for t in tensors:
            if t is not None and not isinstance(t, TensorBase):
                raise TypeError(f"save_for_backward can only save variables, but got {type(t).__name__}; set an attribute of ctx")
        self._saved = tensors

    save_for_forward = save_for_backward

    def mark_dirty(self, *tensors: TensorBase) -> None:
        """Say which inputs the forward changed in place; they must be returned."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: TensorBase) -> None:
        """Say which outputs have no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether missing output gradients reach `backward` as zeros (the default) or as None."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors of `save_for_backward`, with their place in the graph.

        Raises:
            RuntimeError: they were freed by a backward, or changed in place since.
        """
        node = self.__dict__.get("_node")
        if node is not None and node.saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
                "been freed). Specify retain_graph=True if you need to backward through the graph a second time."
            )
        return self._unpack() if node is not None else self._saved

    def _pack(self, node: Node, outputs: list[Any]) -> None:
        """Outputs are saved without their Tensor, which would make a cycle."""
        self._node_ref = None
        positions = {id(o): i for i, o in enumerate(outputs)}
        self._entries = [
            None if t is None else (t._array, t._xp, positions.get(id(t)), None if id(t) in positions else t._node,
                                    t._version, t._version[0], None if id(t) in positions else t)
            for t in self._saved
        ]
        if modes.saved_hooks:
            hooks = modes.saved_hooks[-1]
            self._entries = [
                e if e is None else (Parcel(wrap(e[0], e[1], e[3]), hooks), *e[1:4], (0,), 0, None) for e in self._entries
            ]
        self._saved = ()

    def _unpack(self) -> tuple[Any, ...]:
        node = self.__dict__["_node"]
        unpacked: list[Any] = []
        for entry in self._entries:
            if entry is None:
                unpacked.append(None)
                continue
            array, xp, position, edge, version, then, tensor = entry
            if version[0] != then:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: a tensor "
                    f"saved by {node.name()} is at version {version[0]}; expected version {then} instead."
                )
            if tensor is None:
                array = array.open()._array if type(array) is Parcel else array
                tensor = wrap(array, xp, edge if position is None else _output_edge(node, position))
            unpacked.append(tensor)
        return tuple(unpacked)


def _output_edge(node: Node, position: Any) -> Node:
    if type(node.shape[0]) is not tuple and node.op.outputs == 1:
        return node
    return _link(node, position)


def _link(node: Node, position: int) -> Node:
    link = new(Node)
    link.op, link.edges, link.saved, link.versions = output_op, (node,), None, (position,)
    link.xp, link.seq, link.hooks = node.xp, next_seq(), None
    link.shape, link.dtype = node.shape[position], node.dtype[position]
    return link


class _FunctionOp:
    """The op of one call of a `Function`: runs the user's backward on Tensors."""

    holomorphic = False
    kept = ("ctx",)
    inputs: tuple[str, ...] = ()

    def __init__(self, function: type[Function], ctx: FunctionCtx) -> None:
        self.function = function
        self.ctx = ctx
        self.asked = range(sys.maxsize if ctx._materialize else 0)
        self.node_name = f"{function.__name__}Backward"

    def unpack(self, node: Node) -> tuple[Any, ...]:
        return node.saved or ()

    def backward(self, node: Node, xp: Any, g: list[Any], saved: tuple[Any, ...]) -> tuple[Any, ...]:
        on_arrays = xp is node.xp
        tensors = [wrap(x, node.xp) if on_arrays and x is not None else x for x in g]
        self.ctx.__dict__["_node"] = node
        try:
            result = self.function.backward(self.ctx, *tensors)
        finally:
            self.ctx.__dict__.pop("_node")
        return _checked_gradients(self, node, result if isinstance(result, tuple) else (result,), on_arrays)


def _checked_gradients(op: _FunctionOp, node: Node, result: tuple[Any, ...], on_arrays: bool) -> tuple[Any, ...]:
    expected = op.ctx._positions  # type: ignore[attr-defined]
    while len(result) > len(op.ctx.needs_input_grad) and result[-1] is None:
        result = result[:-1]
    if len(result) != len(op.ctx.needs_input_grad):
        raise RuntimeError(
            f"function {op.node_name} returned an incorrect number of gradients "
            f"(expected {len(op.ctx.needs_input_grad)}, got {len(result)})"
        )
    gradients: list[Any] = []
    for edge, position in zip(node.edges, expected, strict=True):
        g = result[position]
        if g is None or edge is None:
            gradients.append(None)
            continue
        if not isinstance(g, TensorBase):
            raise TypeError(f"{op.node_name}: expected Variable or None (got {type(g).__name__})")
        # [...] makes a view, so that the engine knows the array may belong to the user.
        gradients.append(g if not on_arrays else raw(g) if g.is_sparse else g._array[...])
    return tuple(gradients)


class Function:
    """An op of one's own: a static `forward` and `backward`, applied with ``MyFunction.apply(...)``.

    Example: ``x ** 2`` with its gradient written by hand.

    >>> import tensorlite as tl
    >>> class Square(tl.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * x * g
    >>> x = tl.tensor(3.0, requires_grad=True)
    >>> Square.apply(x).backward()
    >>> x.grad
    tensor(6.)
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; takes ``ctx`` first unless `setup_context` is defined."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Save what backward needs, when `forward` takes no ``ctx``."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Return one gradient (or None) for each argument of `forward`."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward "
            "mode AD."
        )

    vjp = backward
    generate_vmap_rule = False
    """Accepted: `vmap` runs the function for each example, so that it needs no rule for batches."""

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """PyTorch's rule for batches; accepted and not called, since `vmap` runs `forward` for each example."""
        raise NotImplementedError("Function.vmap is not called here: tensorlite's vmap runs forward for each example")

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """PyTorch's rule for its forward mode; accepted and not called, since forward derivatives come from `backward`."""
        raise NotImplementedError("Function.jvp is not called here: func.jvp differentiates backward")

    def __init__(self) -> None:
        raise RuntimeError(f"{type(self)} should not be instantiated. Methods on autograd functions are all static; use .apply()")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run `forward` without recording, and record one node for the whole of it."""
        ctx = FunctionCtx()
        nodes = [_node_of(a) if isinstance(a, TensorBase) else None for a in args]
        ctx.needs_input_grad = tuple(n is not None for n in nodes)
        recording = modes.grad and any(ctx.needs_input_grad)
        separate = cls.setup_context is not Function.setup_context
        before = record(False)
        try:
            result = cls.forward(*args) if separate else cls.forward(ctx, *args)
            if separate:
                cls.setup_context(ctx, args, result)
        finally:
            record(before)
        outputs = list(result) if isinstance(result, (tuple, list)) else [result]
        outputs = [_fresh(o, args, ctx) for o in outputs]
        if recording:
            _record(cls, ctx, args, nodes, outputs)
        return tuple(outputs) if isinstance(result, (tuple, list)) else outputs[0]


def _node_of(tensor: Any) -> Any:
    return tensor._node if tensor._view is None else current_node(tensor)


def _fresh(output: Any, args: tuple[Any, ...], ctx: FunctionCtx) -> Any:
    """An input returned as it is becomes a new tensor, so that it can have a node of its own."""
    dirty = any(output is d for d in ctx._dirty)
    if dirty:
        bump(output)
    elif isinstance(output, TensorBase) and any(output is a for a in args):
        fresh = wrap(output._array, output._xp)
        fresh._version = output._version
        ctx._saved = tuple(fresh if s is output and not any(s is a for a in args) else s for s in ctx._saved)
        return fresh
    return output


def _record(cls: type[Function], ctx: FunctionCtx, args: tuple[Any, ...], nodes: list[Any], outputs: list[Any]) -> None:
    tensors = [o for o in outputs if isinstance(o, TensorBase)]
    op = _FunctionOp(cls, ctx)
    ctx._positions = [i for i, a in enumerate(args) if isinstance(a, TensorBase)]  # type: ignore[attr-defined]
    node = new(Node)
    node.op, node.saved, node.versions, node.hooks = op, (ctx,), (), None
    node.edges = tuple(nodes[i] for i in ctx._positions)  # type: ignore[attr-defined]
    node.xp, node.seq = tensors[0]._xp, next_seq()
    node.shape = tuple(t._array.shape for t in tensors)
    node.dtype = tuple(t._array.dtype for t in tensors)
    op.outputs = len(tensors)  # type: ignore[attr-defined]
    ctx._pack(node, tensors)
    node.trace = trace()
    for i, t in enumerate(tensors):
        constant = any(t is n for n in ctx._non_differentiable) or t._array.dtype not in t._xp.inexacts
        if not constant:
            t._node = _link(node, i)


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a `Function.backward` whose result has no gradient: a second derivative raises instead of being wrong.

    >>> from tensorlite.autograd.function import once_differentiable
    >>> callable(once_differentiable(lambda ctx, g: g))
    True
    """

    @functools.wraps(function)
    def wrapped(ctx: Any, *gradients: Any) -> Any:
        recording = modes.grad
        with _recording(False):
            result = function(ctx, *gradients)
        if not recording or not any(isinstance(g, TensorBase) and g._node is not None for g in gradients):
            return result
        outputs = result if isinstance(result, tuple) else (result,)
        refused = tuple(_Refuse.apply(o, *gradients) if isinstance(o, TensorBase) else o for o in outputs)
        return refused if isinstance(result, tuple) else refused[0]

    return wrapped


class _recording(_Mode):
    def __init__(self, grad: bool) -> None:
        self.grad = grad


class _Refuse(Function):
    """Its gradient is an error: what lies before it was not recorded."""

    @staticmethod
    def forward(ctx: Any, x: Any, *sources: Any) -> Any:
        return x

    @staticmethod
    def backward(ctx: Any, *g: Any) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")
