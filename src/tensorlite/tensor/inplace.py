"""Writing into a tensor: the one place where memory that a graph may know changes."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.base import Accumulator, Node, View, bump, current_node, new, next_seq
from ..autograd.modes import modes
from ..dtypes import can_cast

__all__ = ["check_inplace", "write"]


def check_inplace(x: Any) -> None:
    """Refuse in-place changes that would make gradients wrong.

    Raises:
        RuntimeError: x is a leaf that requires grad, a view of one, or a view that cannot follow its base.
    """
    if not modes.grad:
        return
    if type(x._node) is Accumulator and x._view is None:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation. Change it under no_grad(), or change .data"
        )
    view: View | None = x._view
    if view is None:
        return
    if type(view.base._node) is Accumulator:
        if view.fault == "no_grad":
            raise RuntimeError(
                "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Make the view outside "
                "no_grad(), or change it under no_grad()."
            )
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
    if view.fault not in (None, "no_grad") and view.base._node is not None:
        raise RuntimeError(
            f"Output 0 of {view.fault} is a view and is being modified inplace. This view is the output of a function that "
            "returns multiple views. Such functions do not allow the output views to be modified inplace. "
            "You should replace the inplace operation by an out-of-place one."
        )


def write(x: Any, value: Any, *, copied: bool = False) -> Any:
    """Write `value` into the memory of x, and let x take value's place in the graph; returns x.

    Args:
        copied: the value does not depend on x, which then gets a gradient of zeros.

    Raises:
        RuntimeError: shape or dtype do not fit, x is expanded, or `check_inplace` refuses.
    """
    check_inplace(x)
    array, new_array = x._array, value._array
    if new_array.shape != array.shape:
        raise RuntimeError(f"output with shape {list(array.shape)} doesn't match the broadcast shape {list(new_array.shape)}")
    xp = x._xp
    if value._xp is not xp:
        value = value.to(xp.device)
        new_array = value._array
    if new_array.dtype != array.dtype and not can_cast(xp.dtype_of[new_array.dtype], xp.dtype_of[array.dtype]):
        kinds = [xp.dtype_of[a.dtype].scalar_name for a in (new_array, array)]
        raise RuntimeError(f"result type {kinds[0]} can't be cast to the desired output type {kinds[1]}")
    if not xp.is_writable(array):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )
    recording = modes.grad and (value._node is not None or x._node is not None)
    if modes.writes is not None:
        modes.writes(x)
    bump(x)
    xp.write(array, new_array)
    if recording and array.dtype in xp.inexacts:
        _rebase(x, value, copied)
    return x


def _rebase(x: Any, value: Any, copied: bool) -> None:
    """Make the new value's node x's node; for a view, write it into the base's history."""
    if value._array.dtype != x._array.dtype:
        value = ops.pointwise.astype(value, dtype=x._xp.dtype_of[x._array.dtype])
    view = x._view
    if view is None:
        node = value._node if value._view is None else current_node(value)
        x._node = _made(ops.pointwise.overwrite.op, (x._node, node), {}, x) if x._node is not None and copied else node
        return
    base = view.base
    base_node = base._node if base._view is None else current_node(base)
    # The memory is written already; only the node of `view_write` is wanted.
    saved = {"view": view.cut(), "x_shape": base._array.shape}
    base._node = _made(ops.shaping.view_write.op, (base_node, value._node), saved, base)
    x._node = view.replay(base)._node
    view.base_node = base._node


def _made(op: Any, edges: tuple[Any, ...], saved: dict[str, Any], like: Any) -> Node:
    """The node of an op whose result is in the memory of `like` already."""
    node = new(Node)
    node.op, node.edges, node.versions = op, edges, ()
    node.saved = tuple(saved[name] for name in op.kept)
    node.xp, node.shape, node.dtype = like._xp, like._array.shape, like._array.dtype
    node.hooks, node.trace, node.seq = None, None, next_seq()
    return node
