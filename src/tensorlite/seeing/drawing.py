"""Graphs as text: an indented tree, Graphviz' dot language, and SVG."""

from __future__ import annotations

import json
from html import escape

from .layout import HEIGHT, Layout, Point
from .nodes import GraphNode

__all__ = ["as_dot", "as_svg", "as_tree", "box_width"]

_CHAR, _PADDING = 7.3, 20.0


def as_tree(nodes: list[GraphNode], roots: list[int]) -> str:
    """The graph as a tree from the results to the leaves. A node with one input has it on the next line, with several it branches;
    one that is used in several places is drawn at the first and named at the others."""
    uses = [0] * len(nodes)
    for node in nodes:
        for i in node.inputs:
            if i is not None:
                uses[i] += 1
    lines: list[str] = []
    drawn: set[int] = set()
    waiting = [(root, "", "") for root in reversed(roots)]
    while waiting:
        number, first, rest = waiting.pop()
        node = nodes[number]
        tag = f"#{number} " if uses[number] > 1 and not node.label else ""
        if number in drawn:
            lines.append(f"{first}{tag}{node.title} (see above)")
            continue
        drawn.add(number)
        lines.append(f"{first}{tag}{_told(node)}")
        inputs = [i for i in node.inputs if i is not None]
        if len(inputs) == 1:
            waiting.append((inputs[0], rest, rest))
            continue
        for place, i in reversed(list(enumerate(inputs))):
            last = place == len(inputs) - 1
            waiting.append((i, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  ")))
    return "\n".join(lines)


def _told(node: GraphNode) -> str:
    parts = [node.title if not node.label or node.kind == "parameter" else f"{node.label} = {node.name}", node.tensors]
    if any(n is not None for n in node.norms):
        parts.append(f"gradient {norm_text(node)}")
    if node.line is not None:
        parts.append(str(node.line))
    return "  ".join(parts)


def norm_text(node: GraphNode) -> str:
    """The norms of the gradients of the outputs."""
    return ", ".join("-" if n is None else f"{n:.3g}" for n in node.norms)


def as_dot(nodes: list[GraphNode]) -> str:
    """The graph in the dot language; edges go as the data went, from the leaves to the results."""
    shapes = {"parameter": "box, style=filled, fillcolor=lightblue", "leaf": "box, style=filled, fillcolor=lightgrey"}
    lines = ["digraph autograd {", '  node [shape=box, style=rounded, fontname="monospace", fontsize=10];']
    for node in nodes:
        label = json.dumps("\n".join(filter(None, _box_lines(node))), ensure_ascii=False)
        look = f", shape={shapes[node.kind]}" if node.kind in shapes else ""
        lines.append(f"  n{node.id} [label={label}{look}];")
    lines += [f"  n{i} -> n{node.id};" for node in nodes for i in node.inputs if i is not None]
    return "\n".join([*lines, "}"]) + "\n"


def _box_lines(node: GraphNode) -> tuple[str, str]:
    norms = f"  |g| {norm_text(node)}" if any(n is not None for n in node.norms) else ""
    return node.title, node.tensors + norms


def box_width(node: GraphNode) -> float:
    """How wide a node's box is."""
    return max(map(len, map(_shortened, _box_lines(node)))) * _CHAR + _PADDING


def _shortened(text: str) -> str:
    return text if len(text) <= 44 else text[:42] + "…"


STYLE = """\
svg.graph { --paper: #ffffff; --ink: #1c2330; --soft: #5c6675; --edge: #a9b2bf; --op: #eef1f5; --view: #f6f0e4; --product: #e3ecfb;
  --custom: #f3e6f7; --parameter: #dff2e4; --leaf: #e9e9e9; --line: #c3cad4; background: var(--paper);
  font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) svg.graph { --paper: #14181f; --ink: #e6eaf0; --soft: #9aa5b4;
  --edge: #566173; --op: #232a35; --view: #33301f; --product: #1d2f4d; --custom: #372440; --parameter: #1d3a29; --leaf: #2c2c2f;
  --line: #3d4756; } }
:root[data-theme="dark"] svg.graph { --paper: #14181f; --ink: #e6eaf0; --soft: #9aa5b4; --edge: #566173; --op: #232a35;
  --view: #33301f; --product: #1d2f4d; --custom: #372440; --parameter: #1d3a29; --leaf: #2c2c2f; --line: #3d4756; }
svg.graph .edges { fill: none; stroke: var(--edge); stroke-width: 1.3; }
svg.graph rect { stroke: var(--line); }
svg.graph .op rect { fill: var(--op); } svg.graph .view rect { fill: var(--view); }
svg.graph .product rect { fill: var(--product); } svg.graph .custom rect { fill: var(--custom); }
svg.graph .parameter rect { fill: var(--parameter); } svg.graph .leaf rect { fill: var(--leaf); }
svg.graph text { fill: var(--ink); text-anchor: middle; } svg.graph .soft { fill: var(--soft); font-size: 11px; }
"""


def as_svg(nodes: list[GraphNode], layout: Layout) -> str:
    """The graph as SVG, leaves above and results below; it is light or dark as the reader's screen is."""
    margin = 24
    width, height = layout.width + 2 * margin, layout.height + 2 * margin
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{-margin} {-margin} {width:.0f} {height:.0f}">',
        f"<style>\n{STYLE}</style>",
        '<g class="all">',
        '<g class="edges">',
    ]
    users: list[list[int]] = [[] for _ in nodes]
    for node in nodes:
        for i in dict.fromkeys(node.inputs):
            if i is not None:
                users[i].append(node.id)
    parts += [f'<path d="{_edges(i, below, layout)}"/>' for i, below in enumerate(users) if below]
    parts.append("</g>")
    parts += [_box(node, layout.nodes[node.id]) for node in nodes]
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def _edges(source: int, users: list[int], layout: Layout) -> str:
    """Everything that leaves one node: down its chain of points, and from there to each user."""
    stops = [layout.nodes[source], *layout.chains[source]]
    pieces = [_curve(a, b) + f"V{b.y + HEIGHT:g}" for a, b in zip(stops, stops[1:], strict=False)]
    for user in users:
        from_stop = stops[layout.layers[source] - layout.layers[user] - 1]
        pieces.append(_curve(from_stop, layout.nodes[user]))
    return "".join(pieces)


def _curve(upper: Point, lower: Point) -> str:
    """From the lower edge of one place to the upper edge of one in the next layer."""
    start, middle = upper.y + HEIGHT, (upper.y + HEIGHT + lower.y) / 2
    if upper.x == lower.x:
        return f"M{upper.x:g} {start:g}V{lower.y:g}"
    return f"M{upper.x:g} {start:g}C{upper.x:g} {middle:g} {lower.x:g} {middle:g} {lower.x:g} {lower.y:g}"


def _box(node: GraphNode, place: Point) -> str:
    width = box_width(node)
    title, tensors = (escape(_shortened(line)) for line in _box_lines(node))
    return (
        f'<g class="node {node.kind}" data-id="{node.id}" transform="translate({place.x:g} {place.y:g})">'
        f'<rect x="{-width / 2:.1f}" width="{width:.1f}" height="{HEIGHT:g}" rx="7"/>'
        f'<text y="17">{title}</text><text y="32" class="soft">{tensors}</text></g>'
    )
