"""What happens to a new node while somebody watches: a traceback for `detect_anomaly`, and `saved_tensors_hooks`.

Ops come here only once one of the two has been used in this process (``WATCHED`` in `op.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .base import Hooks, Node, TensorBase, wrap
from .modes import modes, record
from .promote import trace

__all__ = ["Packed", "Parcel", "watch"]


def watch(node: Node) -> None:
    """Called by an op whose node is nearly complete: it has its edges and what it saved."""
    node.trace = trace(3)
    if modes.saved_hooks and node.saved:
        _pack(node)


class Parcel:
    """One tensor that a pack hook took."""

    __slots__ = ("content", "dtype", "shape", "unpack", "xp")

    def __init__(self, tensor: Any, hooks: tuple[Callable[[Any], Any], Callable[[Any], Any]]) -> None:
        pack, self.unpack = hooks
        self.xp, self.shape, self.dtype = tensor._xp, tensor._array.shape, tensor._array.dtype
        counter, then = tensor._version, tensor._version[0]
        before = record(False)
        try:
            self.content = pack(tensor)
        finally:
            record(before)
        if counter[0] != then:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place, which would change what the program computes with. "
                "Change a clone() of it."
            )

    def open(self) -> Any:
        """The tensor that the unpack hook gives.

        Raises:
            TypeError: it gives something else.
            RuntimeError: the tensor is not like the one that was packed.
        """
        tensor = self.unpack(self.content)
        if not isinstance(tensor, TensorBase):
            raise TypeError(
                f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type(tensor).__name__}"
            )
        if tensor._xp is not self.xp or tensor._array.shape != self.shape or tensor._array.dtype != self.dtype:
            raise RuntimeError(
                f"saved tensor unpack_hook returned a tensor of shape {list(tensor.shape)}, {tensor.dtype} on {tensor.device}; "
                f"packed was {list(self.shape)}, {self.xp.dtype_of[self.dtype]} on {self.xp.device}"
            )
        return tensor


class Packed:
    """What a node saved, with parcels in the place of arrays. Iterating unpacks."""

    __slots__ = ("values",)

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def __iter__(self) -> Iterator[Any]:
        return map(_opened, self.values)


def _opened(value: Any) -> Any:
    if type(value) is Parcel:
        return value.open()._array
    return tuple(_opened(v) for v in value) if type(value) is tuple else value


def _pack(node: Node) -> None:
    """Replace the arrays among what a node saved by what the innermost pack hook makes of them."""
    hooks, op = modes.saved_hooks[-1], node.op

    def packed(array: Any, owner: Any) -> Any:
        return Parcel(wrap(array, node.xp, owner), hooks) if isinstance(array, node.xp.array_type) else array

    values: list[Any] = []
    for name, value in zip(op.kept, node.saved or (), strict=True):
        if name == op.variadic:
            values.append(tuple(packed(v, None) for v in value))
        else:
            values.append(packed(value, node.edges[op.inputs.index(name)] if name in op.inputs else None))
    fresh = [0]
    node.saved = Packed(values)  # type: ignore[assignment]
    node.versions = tuple(fresh if i % 2 == 0 else 0 for i in range(len(node.versions)))
    node.hooks = Hooks()  # so that the engine takes its longer way, on which it unpacks
