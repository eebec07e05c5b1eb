"""The nodes of an autograd graph as plain data that can be drawn, searched and written to a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..autograd.base import Accumulator, Node, current_node, output_op
from ..autograd.op import Op
from ..autograd.promote import PACKAGE
from ..profiler.counting import PRODUCTS

__all__ = ["GraphNode", "Line", "collect"]


@dataclass(frozen=True)
class Line:
    """A line of Python."""

    file: str
    number: int
    function: str
    text: str

    def __str__(self) -> str:
        return f"{os.path.basename(self.file)}:{self.number}"


@dataclass
class GraphNode:
    """One node.

    Attributes:
        id: its place in the list; nodes come before what they were computed from.
        name: as ``grad_fn`` shows it; "AccumulateGrad" for a leaf.
        label: the name of the tensor it made or holds, where one was given.
        kind: "op", "view", "product" (of matrices, convolution and the like), "custom", "parameter" (a leaf with a name), "leaf".
        signature: of the op, as it was defined.
        shapes, dtypes, device: of its outputs.
        inputs: the ids of the nodes that it was computed from, in the order of the op's inputs; None for one without gradient.
        static: the arguments that are no tensors and that the backward needs.
        saved: what it keeps for the backward.
        line: the line of Python that made it, if it was recorded.
        norms: the norm of the gradient of each output, once there was a backward.
    """

    id: int
    name: str
    label: str = ""
    kind: str = "op"
    signature: str = ""
    shapes: list[list[int]] = field(default_factory=list)
    dtypes: list[str] = field(default_factory=list)
    device: str = ""
    inputs: list[int | None] = field(default_factory=list)
    static: dict[str, str] = field(default_factory=dict)
    saved: list[str] = field(default_factory=list)
    line: Line | None = None
    norms: list[float | None] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The label if there is one, else the name."""
        return self.label or self.name

    @property
    def tensors(self) -> str:
        """Shapes and dtypes in a few words."""
        parts = [f"{shape} {dtype}" for shape, dtype in zip(self.shapes, self.dtypes, strict=True)]
        return ", ".join(parts[:2]) + (f", ... ({len(parts)})" if len(parts) > 2 else "")


def collect(tensors: Sequence[Any], names: Mapping[str, Any]) -> tuple[list[Any], list[GraphNode]]:
    """All nodes that lead to `tensors`, newest first and leaves last, and what there is to say of each.

    Raises:
        RuntimeError: a tensor has no graph.
    """
    nodes = _ordered([_root(t) for t in tensors])
    number = {node: i for i, node in enumerate(nodes)}
    labels = {_maker(t): name for name, t in names.items() if _maker(t) is not None}
    described = []
    for node in nodes:
        one = _described(node, number[node], labels.get(node, ""))
        one.inputs = [None if edge is None else number[edge] for edge, _ in node.next_functions]
        described.append(one)
    return nodes, described


def _maker(tensor: Any) -> Any:
    node = tensor._node if tensor._view is None else current_node(tensor)
    return node.edges[0] if type(node) is Node and node.op is output_op else node


def _root(tensor: Any) -> Any:
    node = _maker(tensor)
    if node is None:
        raise RuntimeError("this tensor has no graph: it was computed from nothing that requires grad, or under no_grad")
    return node


def _ordered(roots: Iterable[Any]) -> list[Any]:
    seen: dict[Any, None] = {}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen[node] = None
        waiting += [edge for edge, _ in reversed(node.next_functions) if edge is not None and edge not in seen]
    leaves = [node for node in seen if type(node) is Accumulator]
    return sorted((n for n in seen if type(n) is not Accumulator), key=lambda n: -n.seq) + leaves


def _described(node: Any, number: int, label: str) -> GraphNode:
    several = bool(node.shape) and isinstance(node.shape[0], tuple)
    shapes, dtypes = (node.shape, node.dtype) if several else ((node.shape,), (node.dtype,))
    one = GraphNode(
        number, node.name(), label, shapes=[list(s) for s in shapes], dtypes=[node.xp.dtype_of[d].name for d in dtypes],
        device=str(node.xp.device),
    )  # fmt: skip
    if type(node) is Accumulator:
        one.kind = "parameter" if label else "leaf"
        return one
    if isinstance(node.op, Op):
        one.kind = "view" if node.op.view else "product" if node.op.name in PRODUCTS else "op"
        one.signature = node.op.signature
        _describe_saved(node, one)
    else:
        one.kind = "custom"
    one.line = _line(getattr(node, "trace", None))
    return one


def _describe_saved(node: Any, one: GraphNode) -> None:
    if node.saved is None:
        one.saved = ["(freed by a backward)"]
        return
    if type(node.saved) is not tuple:
        one.saved = ["(taken by a hook of saved tensors)"]
        return
    for name, value in zip(node.op.kept, node.saved, strict=True):
        arrays = [v for v in (value if type(value) is tuple else (value,)) if isinstance(v, node.xp.array_type)]
        if name in node.op.static:
            one.static[name] = _short(repr(value))
        elif arrays:
            one.saved += [f"{name}: {list(a.shape)} {node.xp.dtype_of[a.dtype].name}" for a in arrays]


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _line(trace: list[str] | None) -> Line | None:
    """The innermost recorded line that is not tensorlite's own."""
    for entry in reversed(trace or []):
        match = re.match(r'\s*File "(.*)", line (\d+), in (.*)\n?(.*)', entry)
        if match and not match[1].startswith((PACKAGE, "<op ")):
            return Line(match[1], int(match[2]), match[3].strip(), match[4].strip())
    return None
