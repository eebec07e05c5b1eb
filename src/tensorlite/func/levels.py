"""What one call of a transform differentiates: its own copies of the inputs, apart from every other level's.

A `Level` puts a node of its own in front of each input. Gradients are taken with respect to that node, so that an outer
transform, or the user's own `backward`, may differentiate with respect to the same tensor without the two being confused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..autograd.base import Node, TensorBase, current_node, next_seq, wrap
from ..autograd.functions import grad
from ..autograd.modes import modes, record

__all__ = ["Level", "leads_outside", "node_of", "recording"]

Tensor = Any


class _InputOp:
    """The op of a level's inputs: hands the gradient on, unchanged."""

    holomorphic = False
    node_name = "LevelInput"
    inputs: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def unpack(self, node: Node) -> tuple[Any, ...]:
        return ()

    def backward(self, node: Node, xp: Any, g: Any, saved: tuple[Any, ...]) -> tuple[Any, ...]:
        return (g,)


_input_op = _InputOp()


class _ReadOnly:
    """The version counter of a level's inputs: it follows that of the tensor they are, and refuses to be counted up."""

    __slots__ = ("counter",)

    def __init__(self, counter: Any) -> None:
        self.counter = counter

    def __getitem__(self, index: int) -> int:
        return self.counter[index]

    def __setitem__(self, index: int, value: int) -> None:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation: it is what a transform differentiates "
            "with respect to. clone() it before changing it."
        )


def node_of(tensor: Tensor) -> Any:
    """The node that receives the tensor's gradient."""
    return tensor._node if tensor._view is None else current_node(tensor)


@contextmanager
def recording() -> Iterator[None]:
    """A function that is differentiated records its graph, whatever the mode around the transform."""
    before = record(True)
    try:
        yield
    finally:
        record(before)


class Level:
    """One call of a transform.

    Attributes:
        recording: whether what comes out of it may have gradients itself.
        alive: a list of one: whether the function is running, so that its inputs are variables. Nodes hold the list and not
            the level, which would make a cycle.
    """

    def __init__(self) -> None:
        self.recording = modes.grad
        self.alive = [True]
        self.originals: dict[int, tuple[Any, Any]] = {}

    def enter(self, tensor: Any) -> Tensor:
        """The tensor as an input of this level.

        Raises:
            ValueError: it is no tensor.
            RuntimeError: it is of a dtype without gradients.
        """
        if not isinstance(tensor, TensorBase):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(tensor)}")
        array, xp = tensor._array, tensor._xp
        if array.dtype not in xp.inexacts:
            raise RuntimeError(
                f"only Tensors of floating point and complex dtype can require gradients, got {xp.dtype_of[array.dtype]}"
            )
        node = Node()
        node.op, node.saved, node.versions, node.hooks, node.trace = _input_op, (), (self.alive,), None, None
        node.edges = (node_of(tensor) if self.recording else None,)
        node.xp, node.shape, node.dtype, node.seq = xp, array.shape, array.dtype, next_seq()
        inner = wrap(array, xp, node)
        inner._version = _ReadOnly(tensor._version)
        self.originals[id(inner)] = inner, tensor
        return inner

    def close(self) -> None:
        """The function has returned."""
        self.alive[0] = False

    def release(self, tensor: Any) -> Any:
        """What the function returned, as seen from outside: with a graph only if something outside has to do with it."""
        if not isinstance(tensor, TensorBase):
            return tensor
        if id(tensor) in self.originals:  # the function returned its input itself
            return self.originals[id(tensor)][1]
        node = node_of(tensor)
        kept = node is not None and self.recording and leads_outside([node])
        if node is not None and not kept:
            version = tensor._version
            tensor = wrap(tensor._array, tensor._xp)
            tensor._version = version
        if type(tensor._version) is _ReadOnly:  # a view of an input
            tensor._version = tensor._version.counter
        return tensor

    def pull(
        self, outputs: Sequence[Tensor], cotangents: Sequence[Tensor | None], inputs: Sequence[Tensor], *,
        retain: bool = False, create_graph: bool = True,
    ) -> list[Tensor]:
        """Gradients with respect to this level's inputs; zeros where nothing depends on them."""
        rooted = [(o, c) for o, c in zip(outputs, cotangents, strict=True) if node_of(o) is not None]
        if not rooted or not inputs:
            return [x.detach().new_zeros(x.shape) for x in inputs]
        create = create_graph and self.recording
        if create:
            given = [node_of(c) for _, c in rooted if c is not None]
            create = leads_outside([*(node_of(o) for o, _ in rooted), *(n for n in given if n is not None)])
        return list(grad(
            [o for o, _ in rooted], list(inputs), [c for _, c in rooted], retain_graph=retain or create, create_graph=create,
            allow_unused=True, materialize_grads=True,
        ))  # fmt: skip


def leads_outside(roots: Sequence[Any]) -> bool:
    """Whether a graph ends in a leaf of the user, or in an input of a level whose function is still running."""
    stack, seen = list(roots), set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        if type(node) is not Node or (node.op is _input_op and node.versions[0][0]):
            return True
        seen.add(node)
        stack.extend(node.edges)
    return False
