"""Places for the nodes of a graph: a layered drawing (Sugiyama, Tagawa and Toda, 1981).

Nodes are put into layers, so that whatever a node was computed from lies above it. An edge that passes layers gets a point in each
of them; all edges that leave one node share these points, so that a weight which a thousand steps use costs one chain and not a
thousand. Layers are ordered by the mean place of neighbours, and then each layer is moved as near to its neighbours as its order
and the nodes' widths allow, which is an isotonic regression and has an exact solution (pool adjacent violators).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["HEIGHT", "Layout", "layered"]

HEIGHT = 40.0
LAYER_GAP = 34.0
NODE_GAP = 18.0
POINT_WIDTH = 6.0
ORDER_SWEEPS = 8
PLACE_SWEEPS = 12
PULL = 1000.0
"""How much more a computed node counts than a leaf where a node is drawn to its neighbours: so the main path becomes straight."""


class Point(NamedTuple):
    """The upper middle of a node, or of a place where an edge passes a layer."""

    x: float
    y: float


@dataclass
class Layout:
    """Where everything is.

    Attributes:
        nodes: for each node its place.
        layers: for each node the number of its layer, 0 at the bottom.
        chains: for each node the points that its outgoing edges pass, from the layer below it downward.
        width, height: of the drawing.
    """

    nodes: list[Point]
    layers: list[int]
    chains: list[list[Point]]
    width: float
    height: float


def layered(inputs: list[list[int]], widths: list[float]) -> Layout:
    """Lay out a graph in which ``inputs[i]`` are the numbers of the nodes that lie above node i, all of them larger than i.

    >>> layered([[1], []], [100.0, 50.0]).nodes
    [Point(x=50.0, y=74.0), Point(x=50.0, y=0.0)]
    """
    layers = [0] * len(inputs)
    for i, above in enumerate(inputs):
        for j in above:
            layers[j] = max(layers[j], layers[i] + 1)
    graph = _Proper(inputs, layers, widths)
    graph.order()
    x = graph.place()
    left = min((x[v] - graph.widths[v] / 2 for v in range(len(x))), default=0.0)
    right = max((x[v] + graph.widths[v] / 2 for v in range(len(x))), default=0.0)
    top = max(layers, default=0)
    y = [(top - layer) * (HEIGHT + LAYER_GAP) for layer in graph.layer_of]
    points = [Point(round(a - left, 1), b) for a, b in zip(x, y, strict=True)]
    chains = [[points[v] for v in chain] for chain in graph.chains]
    return Layout(points[: len(inputs)], layers, chains, right - left, top * (HEIGHT + LAYER_GAP) + HEIGHT)


class _Proper:
    """The graph with a point in each layer that an edge passes, so that all edges lead to the next layer."""

    def __init__(self, inputs: list[list[int]], layers: list[int], widths: list[float]) -> None:
        self.layer_of, self.widths = list(layers), list(widths)
        self.pull = [PULL if above else 1.0 for above in inputs]
        self.chains: list[list[int]] = [[] for _ in inputs]
        self.above: list[list[int]] = [[] for _ in inputs]
        self.below: list[list[int]] = [[] for _ in inputs]
        users: list[list[int]] = [[] for _ in inputs]
        for i, above in enumerate(inputs):
            for j in dict.fromkeys(above):
                users[j].append(i)
        for j, below in enumerate(users):
            self._connect(j, below)
        self.rows: list[list[int]] = [[] for _ in range(max(self.layer_of, default=-1) + 1)]
        for v, layer in enumerate(self.layer_of):
            self.rows[layer].append(v)

    def _connect(self, source: int, users: list[int]) -> None:
        """Lead the edges of one node down a common chain of points."""
        if not users:
            return
        lowest = min(self.layer_of[u] for u in users)
        here = source
        by_layer: dict[int, list[int]] = {}
        for user in users:
            by_layer.setdefault(self.layer_of[user], []).append(user)
        for layer in range(self.layer_of[source] - 1, lowest - 1, -1):
            for user in by_layer.get(layer, ()):
                self._edge(here, user)
            if layer > lowest:
                point = len(self.layer_of)
                self.layer_of.append(layer)
                self.widths.append(POINT_WIDTH)
                self.pull.append(self.pull[source])
                self.above.append([])
                self.below.append([])
                self._edge(here, point)
                self.chains[source].append(point)
                here = point

    def _edge(self, upper: int, lower: int) -> None:
        self.below[upper].append(lower)
        self.above[lower].append(upper)

    def order(self) -> None:
        """Order each layer by the mean place of its neighbours, from below, from above, and again."""
        place = [0.0] * len(self.layer_of)
        for sweep in range(ORDER_SWEEPS):
            upward = sweep % 2 == 0
            neighbours = self.below if upward else self.above
            for row in self.rows if upward else reversed(self.rows):
                for v in row:
                    near = neighbours[v]
                    if near:
                        place[v] = sum(place[u] for u in near) / len(near)
                row.sort(key=place.__getitem__)
                for n, v in enumerate(row):
                    place[v] = (n + 0.5) / len(row)

    def place(self) -> list[float]:
        """The horizontal middle of everything."""
        x = [0.0] * len(self.layer_of)
        for row in self.rows:
            _spread(row, [0.0] * len(row), [1.0] * len(row), self.widths, x)
        for sweep in range(PLACE_SWEEPS):
            upward = sweep % 2 == 0
            for row in self.rows if upward else reversed(self.rows):
                wanted, weights = [], []
                for v in row:
                    near = (self.below[v] if upward else self.above[v]) or [v]
                    if sweep >= PLACE_SWEEPS - 2:  # at last both sides count
                        near = [*self.below[v], *self.above[v]] or [v]
                    pulls = sum(self.pull[u] for u in near)
                    wanted.append(sum(self.pull[u] * x[u] for u in near) / pulls)
                    weights.append(self.pull[v] * pulls)
                _spread(row, wanted, weights, self.widths, x)
        return x


def _spread(row: list[int], wanted: list[float], weights: list[float], widths: list[float], x: list[float]) -> None:
    """Write to `x` the places nearest to the wanted ones (least squares) that keep the order and do not overlap."""
    offsets, offset = [], 0.0
    for n, v in enumerate(row):
        if n:
            offset += (widths[row[n - 1]] + widths[v]) / 2 + NODE_GAP
        offsets.append(offset)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for target, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, total, count = target - offset, weight, 1
        while blocks and blocks[-1][0] >= mean:
            last_mean, last_total, last_count = blocks.pop()
            mean = (last_mean * last_total + mean * total) / (last_total + total)
            total, count = last_total + total, last_count + count
        blocks.append((mean, total, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    for v, mean, offset in zip(row, means, offsets, strict=True):
        x[v] = mean + offset
