"""Moving between devices, recorded: the gradient moves back."""

from __future__ import annotations

from typing import Any

from ..autograd.base import Node, TensorBase, current_node, new, next_seq, wrap
from ..autograd.modes import modes
from ..backends.base import Backend

__all__ = ["move"]


class _MoveOp:
    """The op of a move; its gradient is the move back."""

    node_name = "ToCopyBackward0"
    holomorphic = False
    inputs = ("x",)
    outputs = ()
    kept = ("source",)
    name = "to"

    def unpack(self, node: Node) -> tuple[Any, ...]:
        return node.saved or ()

    def backward(self, node: Node, xp: Any, g: Any, saved: tuple[Any, ...]) -> tuple[Any]:
        if isinstance(g, TensorBase):
            return (move(g, to=saved[0]),)
        return (_transfer(g, node.xp, saved[0]),)


_move_op = _MoveOp()


def _transfer(array: Any, source: Backend, to: Backend) -> Any:
    """A raw array of one backend as one of another, through the host unless they know better."""
    direct = getattr(to, "from_device", None)
    moved = direct(array, source) if direct is not None else None
    return to.from_numpy(source.to_numpy(array)) if moved is None else moved


def move(x: Any, *, to: Backend) -> Any:
    """The same tensor on another device."""
    out = wrap(_transfer(x._array, x._xp, to), to)
    edge = x._node if x._view is None else current_node(x)
    if edge is not None and modes.grad:
        node = new(Node)
        node.op, node.edges, node.saved, node.versions = _move_op, (edge,), (x._xp,), ()
        node.xp, node.shape, node.dtype, node.hooks, node.seq = to, out._array.shape, out._array.dtype, None, next_seq()
        node.trace = None
        out._node = node
    return out
