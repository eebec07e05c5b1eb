"""The parts of a graph: `TensorBase`, `Node` (an op that ran), `Accumulator` (a leaf's gradient), `View`."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backends import Backend
from ..backends.sparse import SparseArray
from .modes import INFERENCE, away, modes, record

__all__ = ["Accumulator", "Hooks", "Node", "TensorBase", "View", "bump", "current_node", "raw", "wrap"]

Array = Any
Gradient = Any
new = object.__new__
next_seq = itertools.count().__next__


class TensorBase:
    """The five slots that every op reads and writes; `tensor.Tensor` gives it PyTorch's methods."""

    __slots__ = ("_array", "_xp", "_node", "_version", "_view", "__weakref__", "__dict__")
    _array: Array
    _xp: Backend
    _node: Node | Accumulator | None
    _version: Any
    _view: View | None

    if TYPE_CHECKING:  # for type checkers: every tensor is a `tensor.Tensor`, which has the methods

        def __getattr__(self, name: str) -> Any: ...


class _TensorType:
    """Which class ops create. `tensor.Tensor` registers itself, so that imports point downward only."""

    cls: type[TensorBase] = TensorBase
    sparse: Callable[..., Any]
    """What makes a tensor of a `SparseArray`, a backend and a node."""


def register_tensor_type(cls: type[TensorBase]) -> None:
    """Make `cls` the class of every op's result."""
    from . import op

    _TensorType.cls = cls
    op.set_shared("Tensor", cls)


def register_sparse_type(make: Callable[..., Any]) -> None:
    """Make `make` what `wrap` calls for a `SparseArray`."""
    _TensorType.sparse = make


def raw(tensor: Any) -> Array:
    """The raw array of a tensor, also of a sparse one, which hides it from all that asks for a dense array."""
    return tensor._coo if tensor.is_sparse else tensor._array


def wrap(array: Array, xp: Backend, node: Node | Accumulator | None = None) -> Any:
    """A tensor around a raw array of `xp` (NumPy scalars become 0-d arrays)."""
    if type(array) is not xp.array_type:
        if type(array) is SparseArray:
            return _TensorType.sparse(array, xp, node)
        array = xp.asarray(array)
    tensor = new(_TensorType.cls)
    tensor._array = array
    tensor._xp = xp
    tensor._node = node
    tensor._view = None
    tensor._version = [0] if not away or not modes.inference else INFERENCE
    return tensor


def bump(tensor: TensorBase) -> None:
    """Count one in-place change of a tensor's memory.

    Raises:
        RuntimeError: an inference tensor is changed outside inference mode.
    """
    version = tensor._version
    if version is not INFERENCE:
        version[0] += 1
    elif not modes.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to get a normal "
            "tensor before doing inplace update."
        )


class Hooks:
    """What a user hung on a node. Most nodes have none, so it is made when first needed."""

    __slots__ = ("tensor", "capture", "before", "after", "accumulated")

    def __init__(self) -> None:
        self.tensor: dict[int, Callable[[Any], Any]] = {}
        self.capture: dict[int, Callable[[Any], Any]] = {}
        self.before: dict[int, Callable[[Any], Any]] = {}
        self.after: dict[int, Callable[[Any, Any], Any]] = {}
        self.accumulated: dict[int, Callable[[Any], Any]] = {}


class RemovableHandle:
    """Removes a hook; also a context manager that removes it at the end of its block."""

    _ids = itertools.count()

    def __init__(self, hooks: dict[int, Any]) -> None:
        self.id = next(self._ids)
        self._hooks: Callable[[], dict[int, Any] | None] = lambda: hooks

    def remove(self) -> None:
        """Remove the hook; a second call does nothing."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def add_hook(hooks: dict[int, Any], hook: Callable[..., Any]) -> RemovableHandle:
    """Hang `hook` into one of a node's hook dicts."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


class Node:
    """One op that ran: who gets its gradients (`edges`), what its rules need (`saved`), and what its output looked like."""

    __slots__ = ("op", "edges", "saved", "versions", "xp", "shape", "dtype", "seq", "hooks", "trace", "__weakref__")
    op: Any
    edges: tuple[Node | Accumulator | None, ...]
    saved: tuple[Any, ...] | None
    versions: tuple[Any, ...]
    xp: Backend
    shape: Any
    """Of the output; a tuple of shapes if there are several, and so the dtype."""
    dtype: Any
    seq: float
    """Counts up; halves are for outputs that a recorded backward saw."""
    hooks: Hooks | None
    trace: list[str] | None
    """The forward traceback; set only while anomalies are looked for."""

    def __lt__(self, other: Node) -> bool:
        """Among nodes of one number (outputs of one op) any may come first."""
        return False

    def name(self) -> str:
        """The name PyTorch gives such a node, for example ``MulBackward0``."""
        # One of several outputs goes by the name of the node that made them all.
        return self.op.node_name if self.op is not output_op else self.edges[0].name()  # type: ignore[union-attr]

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes that receive this node's gradients, each with an output number, as in PyTorch."""
        return tuple(
            (edge, 0) if not isinstance(edge, Node) or edge.op is not output_op else (edge.edges[0], edge.versions[0])
            for edge in self.edges
        )

    @property
    def metadata(self) -> dict[str, Any]:
        """The forward traceback, when `detect_anomaly` kept one."""
        return {"traceback_": getattr(self, "trace", None)}

    def register_hook(self, hook: Callable[[Any, Any], Any]) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after this node; what it returns replaces the grad inputs."""
        return add_hook(hooks_of(self).after, hook)

    def register_prehook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before this node; what it returns replaces the grad outputs."""
        return add_hook(hooks_of(self).before, hook)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class Accumulator:
    """The end of the road: holds the gradient of a leaf. The leaf owns it; it knows the leaf only weakly."""

    __slots__ = ("grad", "xp", "shape", "dtype", "hooks", "owner", "__weakref__")

    def __init__(self, tensor: TensorBase) -> None:
        self.grad: Any = None
        self.hooks: Hooks | None = None
        self.owner = weakref.ref(tensor)
        self.follow(tensor)

    def follow(self, tensor: TensorBase) -> None:
        """Take over shape, dtype and device of the leaf, whose data may have been replaced."""
        self.xp, self.shape, self.dtype = tensor._xp, tensor._array.shape, tensor._array.dtype

    @property
    def variable(self) -> Any:
        """The leaf tensor, or None when it is gone."""
        return self.owner()

    @property
    def next_functions(self) -> tuple[()]:
        return ()

    def name(self) -> str:
        return "AccumulateGrad"

    def register_hook(self, hook: Callable[[Any, Any], Any]) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after the gradient has been accumulated."""
        return add_hook(hooks_of(self).after, hook)

    def register_prehook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before the gradient is accumulated."""
        return add_hook(hooks_of(self).before, hook)

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"


def hooks_of(node: Node | Accumulator) -> Hooks:
    """The hooks of a node, made if there are none."""
    if node.hooks is None:
        node.hooks = Hooks()
    return node.hooks


class _OutputOp:
    """Marks a node that only routes the gradient of one output of an op with several into that op's list of gradients.

    Such a node has its op's node as its edge, nothing saved, and the number of the output in place of versions.
    """

    holomorphic = False

    node_name = "Output"


output_op = _OutputOp()


class Cut:
    """The steps from a base to a view."""

    __slots__ = ("steps",)

    def __init__(self, steps: tuple[tuple[Any, dict[str, Any]], ...]) -> None:
        self.steps = steps

    @property
    def takes_parts(self) -> bool:
        """Whether it cuts real or imaginary parts out of complex numbers."""
        return any(op.__name__ in ("real", "imag", "view_as_real") for op, _ in self.steps)

    @property
    def joins_parts(self) -> bool:
        """Whether it takes two real numbers as a complex one."""
        return any(op.__name__ == "view_as_complex" for op, _ in self.steps)

    def replay_raw(self, xp: Backend, array: Array) -> Array:
        """The same cut out of a raw array."""
        for op, static in self.steps:
            array = getattr(xp, op.__name__)(array, **static)
        return array


class View:
    """How a tensor was cut out of its base: the ops (with static arguments) that lead from base to view."""

    __slots__ = ("base", "steps", "base_node", "fault")

    def __init__(self, base: TensorBase, steps: tuple[tuple[Any, dict[str, Any]], ...], fault: str | None = None) -> None:
        self.base = base
        self.steps = steps
        self.base_node = base._node
        self.fault = fault
        """Why this view must not be changed in place while gradients are recorded, or None."""

    def cut(self) -> Cut:
        """The steps alone, without the base, for a node to keep."""
        return Cut(self.steps)

    def replay(self, tensor: Any) -> Any:
        """The same cut out of another tensor, recorded."""
        for op, static in self.steps:
            tensor = op(tensor, **static)
        return tensor



def make_view(out: Any, x: Any, op: Any, static: dict[str, Any]) -> None:
    """Remember that `out` is `op` of `x`, in the memory of `x`."""
    fault = None if modes.grad else "no_grad"
    parent = x._view
    if parent is None:
        out._view = View(x, ((op, static),), fault)
    else:
        out._view = View(parent.base, (*parent.steps, (op, static)), parent.fault or fault)
    out._version = x._version


def current_node(x: Any) -> Node | Accumulator | None:
    """The node of a view; if its base has been changed in place since, the view is cut again to get a node."""
    view = x._view
    node = view.base._node
    if node is not view.base_node and type(node) is Node and view.fault != "no_grad":
        before = record(True)
        try:
            x._node = view.replay(view.base)._node
        finally:
            record(before)
        view.base_node = node
    return x._node
