"""The engine: walks a graph from the newest node to the oldest and calls each node's backward once.

A node's sequence number is larger than those of all nodes that it depends on, so the waiting node with the largest number has
received every gradient it will ever get. No recursion, no counting of dependencies.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from threading import get_ident
from typing import Any

from ..backends.piece import Piece
from ..backends.sparse import SparseArray
from .base import Accumulator, Hooks, Node, bump, output_op, raw, wrap
from .modes import after_backward, modes, record

__all__ = ["run"]

Gradient = Any


def run(
    roots: Sequence[tuple[Node | Accumulator, Any]], *, retain_graph: bool, create_graph: bool,
    inputs: Sequence[Node | Accumulator] | None = None, accumulate: bool = True,
) -> dict[Any, Gradient]:
    """Propagate gradients from `roots` (pairs of node and gradient Tensor, or None for ones).

    Args:
        retain_graph: keep what nodes saved, for another backward.
        create_graph: run the rules on Tensors, so that the gradients have a graph of their own.
        inputs: visit only what leads to these nodes; None for everything.
        accumulate: add the gradients of leaves to their ``grad``.

    Returns:
        the gradient Tensor of each of `inputs` that was reached.

    Raises:
        RuntimeError: a graph is used twice without `retain_graph`, or a saved tensor was changed in place.
    """
    walk = _Walk(retain_graph, create_graph, inputs)
    # If a hook of another backward runs this one, what is to follow that one has to wait.
    outer = after_backward.pop(get_ident(), None) if after_backward else None
    try:
        if not walk.plain:
            walk.set_mode()
        for node, gradient in roots:
            if gradient is None:
                first = node.xp.ones(node.shape, dtype=node.dtype)
                first = wrap(first, node.xp) if create_graph else first
            else:
                first = gradient if create_graph else gradient._array
            walk.send(node, first, first)  # the user's own: it must not become the sum of a leaf that is itself an output
        walk.visit_all()
        walk.reach_leaves(accumulate)
        if after_backward:
            for finish in after_backward.get(get_ident(), ()):
                finish()
        return walk.captured
    finally:
        if walk.outer_mode is not None:
            record(walk.outer_mode)
        if after_backward:
            after_backward.pop(get_ident(), None)
        if outer is not None:
            after_backward[get_ident()] = outer


class _Walk:
    """One backward pass. Gradients are raw arrays, or Tensors when `create_graph`."""

    __slots__ = (
        "retain", "create_graph", "waiting", "heap", "leaves", "owned", "targets", "needed", "run_rules", "plain", "captured",
        "outer_mode",
    )  # fmt: skip

    def __init__(self, retain: bool, create_graph: bool, inputs: Iterable[Any] | None) -> None:
        self.retain = retain
        self.create_graph = create_graph
        self.waiting: dict[Node, Gradient] = {}
        self.heap: list[tuple[int, Node]] = []
        self.leaves: dict[Accumulator, Gradient] = {}
        self.owned: set[Any] = set()
        """Receivers whose gradient is a sum that this walk made, so that it may be changed in place."""
        self.targets = None if inputs is None else set(inputs)
        self.needed: set[Any] | None = None
        self.plain = not create_graph and inputs is None and not modes.anomaly
        """Nothing special is asked for, so that most nodes take the short way."""
        self.captured: dict[Any, Gradient] = {}
        self.outer_mode: bool | None = None
        """The grad mode outside, once there is another one inside."""

    def set_mode(self) -> None:
        """Have what is not raw arrays (rules on Tensors, hooks, a `Function`) recorded or not, as is asked for."""
        if self.outer_mode is None:
            self.outer_mode = record(self.create_graph)

    def send(self, to: Node | Accumulator, g: Gradient, source: Gradient) -> None:
        """Deliver a gradient to a node or leaf; `source` is the gradient that it was computed from."""
        leaf = type(to) is Accumulator
        store: dict[Any, Gradient] = self.leaves if leaf else self.waiting
        if to in store:
            self._add(store, to, g)
            return
        store[to] = g
        if not leaf:
            heapq.heappush(self.heap, (-to.seq, to))  # type: ignore[misc, union-attr]
        elif g is not source and not self.create_graph and to.xp.owns(g):
            self.owned.add(to)

    def _add(self, store: dict[Any, Gradient], to: Any, g: Gradient) -> None:
        if self.create_graph:
            store[to] = store[to] + g
        elif to in self.owned and type(g) is not SparseArray:
            to.xp.add_(store[to], g)
        else:
            store[to] = total = store[to] + g
            if to.xp.owns(total):  # NumPy's scalars cannot be changed in place
                self.owned.add(to)

    def _send_piece(self, to: Any, piece: Piece) -> None:
        """Deliver a piece of a gradient: the first one is spread in a new array, the next ones are added to that."""
        store: dict[Any, Gradient] = self.leaves if type(to) is Accumulator else self.waiting
        if to not in store:
            self.owned.add(to)
            self.send(to, piece.spread(), piece)
        elif to in self.owned and type(store[to]) is not SparseArray:
            piece.add_to(store[to])
        else:
            self._add(store, to, piece.spread())

    def visit_all(self) -> None:
        """Take the newest waiting node until none is left."""
        if self.targets is not None:
            self.needed, self.run_rules = _leading_to(self.targets, self.waiting)
        heap, waiting, leaves, owned, plain = self.heap, self.waiting, self.leaves, self.owned, self.plain
        keep = self.retain
        alone: Any = None  # the waiting node while it is the only one: it need not go through the heap
        alone_g: Any = None
        here: Any = None
        dtype: Any = None
        short = False
        while True:
            if alone is not None:
                node, g, alone = alone, alone_g, None
            elif heap:
                node = heapq.heappop(heap)[1]
                g = waiting.pop(node)
                owned.discard(node)
            else:
                return
            if node.dtype is not dtype or node.xp is not here:
                dtype = node.dtype
                if node.xp is not here:
                    here = node.xp
                    here.make_current()
                short = plain and dtype in here.reals
            saved = node.saved
            if short and saved is not None and node.hooks is None:
                grads = node.op.backward(node, here, g, saved)
                if saved and not keep:
                    node.saved = None
            else:
                grads = self._visit(node, g)
            edges, i = node.edges, -1  # `zip` would take a good part of a small node's time
            for gradient in grads:
                i += 1
                edge = edges[i]
                if gradient is None or edge is None:
                    continue
                if gradient.shape != edge.shape or gradient.dtype is not edge.dtype:
                    if type(gradient) is Piece:
                        if alone is not None:
                            self.send(alone, alone_g, g)
                            alone = None
                        self._send_piece(edge, gradient)
                        continue
                    gradient = self._fit(node, edge, gradient)
                if type(edge) is Accumulator:
                    if edge in owned and type(gradient) is not SparseArray:
                        edge.xp.add_(leaves[edge], gradient)
                    elif edge in leaves:
                        self._add(leaves, edge, gradient)
                    else:
                        leaves[edge] = gradient
                        if gradient is not g and edge.xp.owns(gradient):
                            owned.add(edge)
                elif edge is alone:
                    alone_g = alone_g + gradient
                elif alone is None and not heap:
                    alone, alone_g = edge, gradient
                else:
                    if alone is not None:
                        self.send(alone, alone_g, g)
                        alone = None
                    self.send(edge, gradient, g)

    def _visit(self, node: Node, g: Gradient) -> tuple[Gradient, ...]:
        """A node with something special: hooks, several outputs, complex numbers, targets, a graph of the backward."""
        self.set_mode()
        if node.hooks is not None:
            g = self._before(node, g)
        if self.targets is not None:
            if node in self.targets:
                self.captured[node] = g if self.create_graph else wrap(g, node.xp)
            if node not in self.run_rules:
                return ()
        if node.op is output_op:
            self._collect(node, g)
            return ()
        saved = node.saved
        if saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
                "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
                "Specify retain_graph=True if you need to backward through the graph a second time."
            )
        xp = node.xp
        if self.create_graph:
            xp, saved = xp.tensors, node.op.unpack(node)
        elif type(saved) is not tuple:
            saved = tuple(saved)  # they are packed
        if type(g) is list:
            g = [self._zeros(node, i) if part is None and i in node.op.asked else part for i, part in enumerate(g)]
        grads = self._call(node, xp, g, saved)
        if node.hooks is not None and node.hooks.after:
            grads = self._after(node, grads, g)
        if not self.retain and saved:
            node.saved = None
        if self.needed is None:
            return grads
        return tuple(x if edge in self.needed else None for edge, x in zip(node.edges, grads, strict=True))

    def _collect(self, node: Node, g: Gradient) -> None:
        """Put the gradient of one output into the list of its op's gradients."""
        parent, number = node.edges[0], node.versions[0]
        if parent not in self.waiting:
            self.waiting[parent] = [None] * len(parent.shape)  # type: ignore[index, union-attr]
            heapq.heappush(self.heap, (-parent.seq, parent))  # type: ignore[misc, union-attr]
        parts = self.waiting[parent]  # type: ignore[index]
        parts[number] = g if parts[number] is None else parts[number] + g

    def _zeros(self, node: Node, number: int) -> Gradient:
        zeros = node.xp.zeros(node.shape[number], dtype=node.dtype[number])
        return wrap(zeros, node.xp) if self.create_graph else zeros

    def _call(self, node: Node, xp: Any, g: Gradient, saved: tuple[Any, ...]) -> tuple[Gradient, ...]:
        op = node.op
        try:
            if op.holomorphic and node.dtype in node.xp.complexes:
                grads = op.backward(node, xp, xp.conj(g), saved)
                return tuple(None if x is None else xp.conj(_whole(x)) for x in grads)
            grads = op.backward(node, xp, g, saved)
            if node.hooks is not None or modes.check_nan:
                grads = tuple(_whole(x) for x in grads)
        except Exception as error:
            _explain(node, error)
            raise
        if modes.check_nan:
            self._check_nan(node, grads)
        return grads

    def _fit(self, node: Node, edge: Any, g: Gradient) -> Gradient:
        """Undo broadcasting, and bring a gradient to the dtype of its input, or say that the rule is wrong."""
        xp = node.xp.tensors if self.create_graph else node.xp
        if g.shape != edge.shape:
            g = xp.sum_to(g, shape=edge.shape)
        found = node.xp.native[g.dtype] if self.create_graph else g.dtype
        if found == edge.dtype:
            return g
        if found in node.xp.complexes and edge.dtype not in node.xp.complexes:
            return self._fit(node, edge, xp.real(g))
        known = node.xp.dtype_of
        if edge.dtype in node.xp.halves or edge.dtype in node.xp.complexes:
            return xp.astype(g, dtype=known[edge.dtype])
        raise RuntimeError(f"{node.name()} returned a gradient of {known[found]}, but its input is {known[edge.dtype]}")

    def _tensor(self, g: Gradient, xp: Any) -> Any:
        if type(g) is list:
            return tuple(None if part is None else self._tensor(part, xp) for part in g)
        return g if self.create_graph or g is None else wrap(g, xp)

    def _raw(self, tensor: Any) -> Gradient:
        return tensor if self.create_graph or tensor is None else raw(tensor)

    def _before(self, node: Any, g: Gradient) -> Gradient:
        """Tensor hooks, then prehooks, then those that only look (``retain_grad``)."""
        hooks: Hooks = node.hooks
        if not (hooks.tensor or hooks.before or hooks.capture):
            return g
        tensor = self._tensor(g, node.xp)
        for hook in list(hooks.tensor.values()):
            changed = hook(tensor)
            tensor = _replacement(changed, tensor) if changed is not None else tensor
        for hook in list(hooks.before.values()):
            changed = hook(tensor if type(g) is list else (tensor,))
            if changed is not None:
                tensor = changed if type(g) is list else changed[0] if isinstance(changed, tuple) else changed
        for hook in hooks.capture.values():
            hook(tensor)
        return [self._raw(t) for t in tensor] if type(g) is list else self._raw(tensor)

    def _after(self, node: Node, grads: tuple[Gradient, ...], g: Gradient) -> tuple[Gradient, ...]:
        outputs = self._tensor(g, node.xp)
        inputs = tuple(self._tensor(x, node.xp) for x in grads)
        for hook in list(node.hooks.after.values()):  # type: ignore[union-attr]
            changed = hook(inputs, outputs if type(outputs) is tuple else (outputs,))
            if changed is not None:
                inputs = changed if isinstance(changed, tuple) else (changed,)
        return tuple(self._raw(t) for t in inputs)

    def _check_nan(self, node: Node, grads: tuple[Gradient, ...]) -> None:
        for i, g in enumerate(grads):
            array = g._array if self.create_graph and g is not None else g
            if array is not None and node.xp.any_nan(array.values if type(array) is SparseArray else array):
                error = RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")
                _explain(node, error)
                raise error

    def reach_leaves(self, accumulate: bool) -> None:
        """Hand the finished gradients to the leaves. Nothing is written before the whole graph has been walked."""
        owned, plain = self.owned, self.plain and accumulate
        for leaf, g in self.leaves.items():
            if plain and leaf.hooks is None and leaf.grad is None and leaf in owned:
                leaf.grad = wrap(g, leaf.xp)
                continue
            if leaf.hooks is not None:
                self.set_mode()
                g = self._before(leaf, g)
                if leaf.hooks.tensor or leaf.hooks.before:  # a hook may have kept it
                    self.owned.discard(leaf)
            if self.targets is not None and leaf not in self.targets:
                continue
            if accumulate:
                self._accumulate(leaf, g)
            else:
                self.captured[leaf] = g if self.create_graph else wrap(g, leaf.xp)

    def _accumulate(self, leaf: Accumulator, g: Gradient) -> None:
        grad = leaf.grad
        if self.create_graph:
            leaf.grad = g if grad is None else grad + g
        elif grad is None:
            leaf.grad = wrap(g if leaf in self.owned else leaf.xp.copy(g), leaf.xp)
        elif type(g) is SparseArray or grad.is_sparse:
            leaf.grad = _sparse_sum(grad, g)
        else:
            if grad._array.shape != leaf.shape:
                raise RuntimeError(f"grad has shape {list(grad._array.shape)}, but the tensor has {list(leaf.shape)}")
            leaf.xp.add_(grad._array, g)
            bump(grad)
        if leaf.hooks is not None:
            for hook in list(leaf.hooks.accumulated.values()):
                hook(leaf.owner())
            for after in list(leaf.hooks.after.values()):
                after((), (leaf.grad,))


def _sparse_sum(grad: Any, g: Gradient) -> Any:
    """The gradient of a leaf with another one added, one of which is sparse: in place where the layout stays."""
    if not grad.is_sparse:
        g.add_into(grad._array)
    else:
        total = grad._coo + g
        if type(total) is not SparseArray:
            return wrap(total, grad._xp)
        grad._coo = total
    bump(grad)
    return grad


def _whole(g: Gradient) -> Gradient:
    return g.spread() if type(g) is Piece else g


def _replacement(changed: Any, tensor: Any) -> Any:
    if changed.shape != tensor.shape:
        raise RuntimeError(f"hook '{list(changed.shape)}' has changed the size of value; expected {list(tensor.shape)}")
    return changed


def _explain(node: Node, error: Exception) -> None:
    trace = getattr(node, "trace", None)
    if trace:
        error.add_note(f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{''.join(trace)}")


def _leading_to(targets: set[Any], roots: Iterable[Node]) -> tuple[set[Any], set[Any]]:
    """The nodes that some target can be reached from, counting the targets; and of these the ones whose rules must run."""
    order: list[Node] = []
    seen: set[Any] = set()
    stack: list[Any] = list(roots)
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if type(node) is not Accumulator:
            order.append(node)
            stack.extend(node.edges)
    order.sort(key=lambda n: n.seq)
    reaches: set[Any] = {t for t in seen if t in targets}
    inner: set[Any] = set()
    for node in order:
        if any(edge in reaches for edge in node.edges if edge is not None):
            inner.add(node)
            reaches.add(node)
    return reaches, inner
