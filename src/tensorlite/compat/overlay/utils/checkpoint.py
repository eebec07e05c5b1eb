"""``torch.utils.checkpoint``: forget what lies inside a function, and run it again when its gradient is wanted
(Chen et al., 2016, "Training Deep Nets with Sublinear Memory Cost")."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from ....autograd import enable_grad, engine, is_grad_enabled, no_grad
from ....autograd.base import Accumulator, Node, TensorBase, current_node, next_seq, wrap
from ....autograd.function import Function
from ....backends import get_backend
from ....func.trees import flatten, unflatten
from ....tensor import random

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn"]


class CheckpointError(RuntimeError):
    """A function did not do the same when it was run again."""


def noop_context_fn() -> tuple[Any, Any]:
    """Nothing around the first run, and nothing around the second."""
    return nullcontext(), nullcontext()


def checkpoint(
    function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn, determinism_check: str = "default", debug: bool = False,
    early_stop: bool = True, preserve_rng_state: bool = True, **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, whose graph is forgotten at once and made again, by a second run, in each backward.

    Args:
        use_reentrant: whether, as PyTorch's older form, it has a gradient only if one of `args` requires one. Of any other value
            the result is the same.
        context_fn: gives two context managers, for the first run and for the second.
        determinism_check: "default" compares the shapes and dtypes of the two runs' results, "none" does not.
        preserve_rng_state: whether the second run draws the random numbers of the first, on the CPU and the devices of `args`.
        debug, early_stop: accepted; the second run always goes to the end.

    Raises:
        CheckpointError: the second run gave results of other shapes, or not as many.
        RuntimeError: a tensor of `args` was changed in place since the first run.
        ValueError: a named argument for the older form.

    >>> import tensorlite as tl
    >>> x = tl.tensor([2.0], requires_grad=True)
    >>> checkpoint(lambda x: x.exp().log() * x, x, use_reentrant=False).backward()
    >>> x.grad
    tensor([4.])
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: pass use_reentrant explicitly; use_reentrant=False is recommended. Without it, it is True.",
            stacklevel=2,
        )
        use_reentrant = True
    if use_reentrant and kwargs:
        raise ValueError(f"Unexpected keyword arguments: {','.join(kwargs)}")
    if use_reentrant and is_grad_enabled() and not any(isinstance(a, TensorBase) and a.requires_grad for a in args):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)
        with no_grad():
            return function(*args)
    first, second = context_fn()
    if not is_grad_enabled():
        with first:
            return function(*args, **kwargs)
    run = _Run(function, args, kwargs, second, preserve_rng_state, determinism_check != "none")
    return run.first(first)


class _Run:
    """One checkpointed call: the function with its arguments, and what the second run needs to be like the first."""

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], context: Any, preserve: bool, check: bool
    ) -> None:
        self.function, self.args, self.kwargs, self.context, self.check = function, args, kwargs, context, check
        self.tensors = [t for t in flatten((args, kwargs))[0] if isinstance(t, TensorBase)]
        devices = {get_backend("cpu"), *(t._xp for t in self.tensors)}
        generators = [random.default_generator_of(xp) for xp in devices] if preserve else []
        self.states = [(generator, generator.get_state()) for generator in generators]
        self.versions = [t._version[0] for t in self.tensors if not t.is_inference()]
        self.forms: list[tuple[Any, Any]] = []

    def first(self, context: Any) -> Any:
        """Run it, find out what its results depend on, and put one node in the place of its graph."""
        start = next_seq()
        with context:
            result = self.function(*self.args, **self.kwargs)
        leaves, form = flatten(result)
        outputs = [(i, x) for i, x in enumerate(leaves) if isinstance(x, TensorBase) and _node(x) is not None]
        outer = _outside([_node(x) for _, x in outputs], start)
        if not outer:
            return result
        self.forms = [(x.shape, x.dtype) for _, x in outputs]
        # A token is a tensor without elements that has the node of something outside: what the new node's edges lead to.
        tokens = [wrap(node.xp.zeros((0,), dtype=node.dtype), node.xp, node) for node in outer]
        for (i, _), x in zip(outputs, _Again.apply(self, [x for _, x in outputs], *tokens), strict=True):
            leaves[i] = x
        return unflatten(leaves, form)

    def again(self) -> list[Any]:
        """The results with a gradient, of a second run with a graph."""
        if [t._version[0] for t in self.tensors if not t.is_inference()] != self.versions:
            raise RuntimeError("checkpoint: an argument was changed by an inplace operation between the function's two runs")
        with self._random_numbers(), enable_grad(), self.context:
            leaves = flatten(self.function(*self.args, **self.kwargs))[0]
        outputs = [x for x in leaves if isinstance(x, TensorBase) and _node(x) is not None]
        if len(outputs) != len(self.forms) or self.check and [(x.shape, x.dtype) for x in outputs] != self.forms:
            raise CheckpointError(
                "torch.utils.checkpoint: the second run of the function gave other results than the first: "
                f"{[(list(x.shape), x.dtype) for x in outputs]} for {[(list(shape), dtype) for shape, dtype in self.forms]}"
            )
        return outputs

    @contextmanager
    def _random_numbers(self) -> Iterator[None]:
        with random.fork_rng(enabled=bool(self.states)):
            for generator, state in self.states:
                generator.set_state(state)
            yield


class _Again(Function):
    """Stands for the whole function in the graph."""

    @staticmethod
    def forward(ctx: Any, run: _Run, outputs: list[Any], *tokens: Any) -> Any:
        ctx.run, ctx.outer = run, [t._node for t in tokens]
        ctx.set_materialize_grads(False)
        return tuple(x.detach() for x in outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        recording = is_grad_enabled()
        outputs = ctx.run.again()
        roots = [(_node(x), g) for x, g in zip(outputs, gradients, strict=True) if g is not None]
        with _without_hooks(ctx.outer):
            found = engine.run(roots, retain_graph=recording, create_graph=recording, inputs=ctx.outer, accumulate=False)
        return (None, None, *(found.get(node) for node in ctx.outer))


@contextmanager
def _without_hooks(nodes: list[Any]) -> Iterator[None]:
    """Nodes outside of the function get their gradients from the outer backward too, and call their hooks there."""
    hooks = [node.hooks for node in nodes]
    for node in nodes:
        node.hooks = None
    try:
        yield
    finally:
        for node, its in zip(nodes, hooks, strict=True):
            node.hooks = its


def _node(tensor: Any) -> Any:
    return tensor._node if tensor._view is None else current_node(tensor)


def _outside(roots: list[Any], start: int) -> list[Any]:
    """Leaves and older nodes that a graph begins at: those which existed when the numbers had come to `start`."""
    found: dict[Any, None] = {}
    seen: set[Any] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if type(node) is Accumulator or isinstance(node, Node) and node.seq < start:
            found[node] = None
        else:
            stack.extend(node.edges)
    return list(found)


def checkpoint_sequential(functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any) -> Any:
    """A ``Sequential`` (or a list of functions) cut into segments, all but the last of which are checkpointed.

    >>> import tensorlite as tl
    >>> net = tl.nn.Sequential(tl.nn.Linear(2, 2), tl.nn.Tanh(), tl.nn.Linear(2, 1))
    >>> checkpoint_sequential(net, 2, tl.ones(1, 2), use_reentrant=False).shape
    torch.Size([1, 1])
    """
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError(f"Unexpected keyword arguments: {','.join(kwargs)}")
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)
    if use_reentrant is None:
        warnings.warn("torch.utils.checkpoint.checkpoint_sequential: pass use_reentrant explicitly.", stacklevel=2)
        use_reentrant = True

    def run(part: list[Any]) -> Callable[[Any], Any]:
        def through(x: Any) -> Any:
            for step in part:
                x = step(x)
            return x

        return through

    size = len(steps) // segments
    last = size * (segments - 1)
    for start in range(0, last, size) if size else ():
        input = checkpoint(run(steps[start : start + size]), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return run(steps[last:])(input)
