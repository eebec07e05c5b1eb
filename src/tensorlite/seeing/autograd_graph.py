"""`graph`: the autograd graph of a tensor, as text, dot, SVG, or a page to walk through."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from ..autograd import backward as autograd_backward
from ..autograd import engine
from ..autograd.anomaly import record_lines
from ..autograd.base import Accumulator
from ..autograd.functions import _roots
from ..io.files import opened_for_writing
from ..tensor import Tensor
from .drawing import as_dot, as_svg, as_tree, box_width
from .layout import Layout, layered
from .nodes import GraphNode, collect

__all__ = ["graph"]

Path = str | os.PathLike[str]


class graph:
    """The autograd graph that made a tensor (or several, as a sequence); ``print`` shows it from the result to the leaves.

    Args:
        tensor: the result, for instance a loss.
        params: names of tensors, ``dict(model.named_parameters())`` or the model itself.
        gradients: compute all gradients now, without touching any ``.grad`` (hooks of tensors do run), and show their norms. For
            a tensor that is no scalar, the gradients of its sum.

    The graph stays in memory for as long as this object, for `backward`. Lines of Python are shown for what was computed inside
    ``with tl.graph.record():`` or while anomalies were detected.

    Attributes:
        nodes: a list of `GraphNode`, results first and leaves last.

    Raises:
        TypeError: `tensor` is no tensor.
        RuntimeError: it has no graph; with `gradients`, its graph has been freed.

    >>> import tensorlite as tl
    >>> x, w = tl.ones(3, requires_grad=True), tl.ones(3, requires_grad=True)
    >>> h = x * w
    >>> print(tl.graph((h * h).sum(), params={"w": w}, gradients=True))
    SumBackward0  [] float32  gradient 1
    MulBackward0  [3] float32  gradient 1.73
    ├─ #2 MulBackward0  [3] float32  gradient 3.46
    │  ├─ AccumulateGrad  [3] float32  gradient 3.46
    │  └─ w  [3] float32  gradient 3.46
    └─ #2 MulBackward0 (see above)
    """

    nodes: list[GraphNode]

    def __init__(self, tensor: Tensor | Sequence[Tensor], *, params: Any = None, gradients: bool = False) -> None:
        self._tensors: tuple[Any, ...] = tuple(tensor) if isinstance(tensor, (tuple, list)) else (tensor,)
        for each in self._tensors:
            if not isinstance(each, Tensor):
                raise TypeError(f"graph: expected a tensor or a sequence of tensors, not {type(each).__name__}")
        self._live, self.nodes = collect(self._tensors, _names(params))
        used = {i for node in self.nodes for i in node.inputs if i is not None}
        self._roots = [node.id for node in self.nodes if node.id not in used]
        self._layout: Layout | None = None
        if gradients:
            self._compute()

    @staticmethod
    def record() -> record_lines:
        """A block in which each node remembers the line of Python that made it; outside of such blocks this costs nothing.

        >>> import tensorlite as tl
        >>> x = tl.ones(3, requires_grad=True)
        >>> with tl.graph.record():
        ...     y = x.exp().sum()
        >>> tl.graph(y).nodes[0].line.text
        'y = x.exp().sum()'
        """
        return record_lines()

    # Gradients ----------------------------------------------------------------------------------------------------

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """``tensor.backward(...)``, after which the norms of all gradients are known.

        Raises:
            RuntimeError: as ``Tensor.backward``.

        >>> import tensorlite as tl
        >>> x = tl.ones(4, requires_grad=True)
        >>> g = tl.graph((x * 3).sum())
        >>> g.backward()
        >>> g.nodes[-1].norms, x.grad
        ([6.0], tensor([3., 3., 3., 3.]))
        """
        with self._measuring():
            autograd_backward(self._tensors, gradient, retain_graph, create_graph)

    def _compute(self) -> None:
        ones = [t.detach().new_ones(t.shape) for t in self._tensors]
        leaves = [node for node in self._live if type(node) is Accumulator]
        with self._measuring():
            engine.run(
                _roots(self._tensors, ones), retain_graph=True, create_graph=False, inputs=leaves, accumulate=False
            )

    @contextmanager
    def _measuring(self) -> Iterator[None]:
        """Fill in the norms in what runs inside the block."""
        self._layout = None
        handles = [live.register_prehook(_measure(node)) for live, node in zip(self._live, self.nodes, strict=True)]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    # Drawing ------------------------------------------------------------------------------------------------------

    def __str__(self) -> str:
        return as_tree(self.nodes, self._roots)

    def __repr__(self) -> str:
        leaves = sum(node.kind in ("leaf", "parameter") for node in self.nodes)
        return f"<graph of {len(self.nodes) - leaves} ops and {leaves} leaves>"

    def dot(self) -> str:
        """The graph in Graphviz' dot language, with edges in the direction of the data.

        >>> import tensorlite as tl
        >>> print(tl.graph(tl.ones(2, requires_grad=True).exp()).dot())
        digraph autograd {
          ...
          n1 -> n0;
        }
        """
        return as_dot(self.nodes)

    def svg(self, path: Path | None = None) -> str:
        """The graph as SVG, leaves above and results below; written to `path` too, if one is given.

        >>> import tensorlite as tl
        >>> tl.graph(tl.ones(2, requires_grad=True).exp()).svg().startswith("<svg")
        True
        """
        text = as_svg(self.nodes, self._laid_out())
        if path is not None:
            _write(path, text)
        return text

    def html(self, path: Path, title: str = "autograd graph") -> None:
        """Write the graph as one page that needs nothing else: pan, zoom, search, and open a node to read about it."""
        layout = self._laid_out()
        data = {
            "title": title,
            "nodes": [
                asdict(node) | {
                    "norms": [n if n is None or math.isfinite(n) else str(n) for n in node.norms], "x": place.x, "y": place.y,
                    "width": box_width(node), "chain": chain, "layer": layer,
                }
                for node, place, chain, layer in zip(self.nodes, layout.nodes, layout.chains, layout.layers, strict=True)
            ],
        }  # fmt: skip
        # "<" is written as an escape, so that no name can end the script element.
        embedded = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
        page = (files(__package__) / "page.html").read_text(encoding="utf-8")
        for mark, content in (("<!--graph-->", as_svg(self.nodes, layout)), ("/*data*/", embedded)):
            before, _, after = page.partition(mark)
            page = before + content + after
        _write(path, page)

    def _laid_out(self) -> Layout:
        if self._layout is None:
            inputs = [[i for i in node.inputs if i is not None] for node in self.nodes]
            self._layout = layered(inputs, [box_width(node) for node in self.nodes])
        return self._layout


def _names(params: Any) -> Mapping[str, Any]:
    if params is None:
        return {}
    return dict(params.named_parameters()) if hasattr(params, "named_parameters") else dict(params)


def _measure(node: GraphNode) -> Callable[[Any], None]:
    node.norms = [None] * len(node.shapes)

    def look(gradients: Sequence[Any]) -> None:
        node.norms = [None if g is None else _norm(g) for g in gradients]

    return look


def _norm(gradient: Any) -> float:
    """The square root of the sum of squares, in double precision."""
    dense = gradient.detach()
    dense = (dense.to_dense() if dense.is_sparse else dense).abs().double()
    return (dense * dense).sum().sqrt().item()


def _write(path: Path, text: str) -> None:
    with opened_for_writing(path) as file:
        file.write(text.encode())
