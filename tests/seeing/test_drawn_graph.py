"""`graph`: the nodes, their gradients and lines, and its four drawings."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl
from tensorlite import nn
from tensorlite.autograd import op as grammar
from tensorlite.seeing.layout import HEIGHT, NODE_GAP, layered


def network() -> tuple[nn.Module, Any]:
    tl.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.LSTM(6, 5))
    output, (h, _) = model(tl.randn(3, 2, 4))
    return model, (output**2).mean() + h.sum()


def by_label(g: Any) -> dict[str, Any]:
    return {node.label: node for node in g.nodes if node.label}


# Nodes


def test_nodes_are_those_of_the_graph() -> None:
    model, loss = network()
    g = tl.graph(loss, params=model)
    seen, waiting = set(), [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += [edge for edge, _ in node.next_functions if edge is not None]
    assert len(g.nodes) == len(seen) and sorted(n.name for n in g.nodes) == sorted(n.name() for n in seen)
    assert {node.label for node in g.nodes if node.kind == "parameter"} == {name for name, _ in model.named_parameters()}
    assert all(i is None or i > node.id for node in g.nodes for i in node.inputs)
    lstm = next(node for node in g.nodes if node.name == "LstmBackward0")
    assert lstm.signature.startswith("lstm(x, h, c") and len(lstm.shapes) > 1 and lstm.kind == "product"


def test_what_is_said_of_a_node() -> None:
    x = tl.ones(2, 3, dtype=tl.float64, requires_grad=True)
    (node, leaf) = tl.graph(x.sum(dim=1)).nodes
    assert (node.name, node.shapes, node.dtypes, node.device, node.inputs) == ("SumBackward1", [[2]], ["float64"], "cpu", [1]) or (
        node.name == "SumBackward0" and node.shapes == [[2]]
    )
    assert node.static["axis"] and leaf.kind == "leaf" and leaf.shapes == [[2, 3]]
    (power, _) = tl.graph(x.exp()).nodes
    assert power.saved == ["out: [2, 3] float64"]


def test_inner_tensors_have_names_too() -> None:
    x = tl.ones(2, requires_grad=True)
    hidden = x.exp()
    first, *parts = hidden.chunk(2)
    assert "hidden = ExpBackward0" in str(tl.graph(hidden.sum(), params={"hidden": hidden}))
    assert "first" in by_label(tl.graph(first, params={"first": first, "constant": tl.ones(1)}))


def test_kinds() -> None:
    class Twice(tl.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return 2 * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * g

    x = tl.ones(2, 2, requires_grad=True)
    kinds = {node.name: node.kind for node in tl.graph(Twice.apply((x.t() @ x).exp())).nodes}
    assert kinds["TwiceBackward"] == "custom" and kinds["MmBackward0"] == "product" and kinds["ExpBackward0"] == "op"
    assert sorted(kinds.values()) == ["custom", "leaf", "op", "product", "view"]


def test_a_leaf_alone(tmp_path: Path) -> None:
    g = tl.graph(tl.ones(2, requires_grad=True), gradients=True)
    assert str(g) == "AccumulateGrad  [2] float32  gradient 1.41" and page_of(g, tmp_path)[1]["nodes"][0]["inputs"] == []


def test_several_results() -> None:
    x = tl.ones(2, requires_grad=True)
    h = x.exp()
    g = tl.graph([h.sum(), h.prod()])
    assert len(g.nodes) == 4 and str(g).count("see above") == 1
    g.backward()
    assert x.grad is not None


def test_device_and_second_order() -> None:
    x = tl.ones(2, requires_grad=True)
    (gradient,) = tl.autograd.grad((x.to("strict") ** 3).sum(), x, create_graph=True)
    g = tl.graph(gradient.sum(), gradients=True)
    assert {"strict", "cpu"} <= {node.device.partition(":")[0] for node in g.nodes}
    assert g.nodes[-1].norms[0] == pytest.approx(6 * 2**0.5)


# Gradients


def test_norms_are_those_of_the_gradients() -> None:
    model, loss = network()
    g = tl.graph(loss, params=model, gradients=True)
    assert all(p.grad is None for p in model.parameters())
    loss.backward()  # the graph is still there
    for name, p in model.named_parameters():
        assert by_label(g)[name].norms[0] == pytest.approx(p.grad.norm().item(), rel=1e-5)
    assert g.nodes[0].norms == [1.0] and "gradient 1" in str(g)


def test_backward_fills_in_and_leaves_no_hooks() -> None:
    model, loss = network()
    g = tl.graph(loss, params=model)
    assert all(node.norms == [] for node in g.nodes)
    g.backward()
    _, other = network()
    other.backward()
    assert all(by_label(g)[name].norms[0] == pytest.approx(p.grad.norm().item(), rel=1e-5) for name, p in model.named_parameters())
    assert all(live.hooks is None or not live.hooks.before for live in g._live)
    assert "(freed by a backward)" in str(tl.graph(loss).nodes)


def test_gradients_of_a_tensor_that_is_no_scalar() -> None:
    x = tl.ones(3, requires_grad=True)
    assert tl.graph(x * 2, gradients=True).nodes[-1].norms[0] == pytest.approx(12**0.5)


def test_sparse_and_unreached_gradients() -> None:
    table = nn.Embedding(5, 2, sparse=True)
    assert tl.graph(table(tl.tensor([1, 1])).sum(), gradients=True).nodes[-1].norms[0] == pytest.approx(8**0.5)
    values, indices = tl.ones(3, requires_grad=True).sort()
    assert tl.graph(values.sum()).nodes[-1].norms == []


# Lines


def test_recorded_lines() -> None:
    x = tl.ones(2, requires_grad=True)
    with tl.graph.record():
        inside = nn.functional.mse_loss(x * 2, tl.zeros(2))
    outside = inside + 1
    g = tl.graph(outside)
    lines = [node.line and (Path(node.line.file).name, node.line.text) for node in g.nodes]
    text = "inside = nn.functional.mse_loss(x * 2, tl.zeros(2))"
    assert lines[0] is None and set(lines[1:-1]) == {(Path(__file__).name, text)} and lines[-1] is None
    assert g.nodes[1].line.function == "test_recorded_lines" and "test_drawn_graph.py:" in str(g)


def test_lines_of_detect_anomaly() -> None:
    x = tl.ones(2, requires_grad=True)
    with tl.autograd.detect_anomaly():
        y = nn.Tanh()(x)
    assert tl.graph(y).nodes[0].line.text == "y = nn.Tanh()(x)"


@pytest.fixture
def unwatched() -> Any:
    """As in a process that has never looked for anomalies."""
    before = grammar._SHARED["WATCHED"]
    grammar.set_shared("WATCHED", False)
    yield
    grammar.set_shared("WATCHED", before)


def test_recording_costs_nothing_when_off(unwatched: None) -> None:
    with tl.graph.record():
        with tl.graph.record():
            pass
        assert all(scope["WATCHED"] for scope in grammar._scopes)
    assert not any(scope["WATCHED"] for scope in grammar._scopes)
    with tl.graph.record(), tl.autograd.detect_anomaly():
        pass
    assert all(scope["WATCHED"] for scope in grammar._scopes)  # anomalies may be looked for in another thread


def test_recording_is_for_one_thread(unwatched: None) -> None:
    found = []

    def work() -> None:
        found.append(tl.graph(tl.ones(2, requires_grad=True) * 2).nodes[0].line)

    with tl.graph.record():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [None]


# Drawings


def test_tree() -> None:
    w = tl.ones(2, 2, requires_grad=True)
    h = w.exp()
    lines = str(tl.graph((h @ h).sum(), params={"w": w})).splitlines()
    assert lines == [
        "SumBackward0  [] float32", "MmBackward0  [2, 2] float32", "├─ #2 ExpBackward0  [2, 2] float32", "│  w  [2, 2] float32",
        "└─ #2 ExpBackward0 (see above)",
    ]  # fmt: skip


def test_dot() -> None:
    x = tl.ones(2, requires_grad=True)
    text = tl.graph(x.exp(), params={'a "quoted" \\ name': x}).dot()
    assert r'label="a \"quoted\" \\ name\n[2] float32"' in text and "n1 -> n0;" in text and text.count("{") == text.count("}")


def test_svg(tmp_path: Path) -> None:
    model, loss = network()
    g = tl.graph(loss, params={"<b>&": model[0].weight})
    text = g.svg(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text() == text
    root = ElementTree.fromstring(text)
    boxes = root.findall(".//{http://www.w3.org/2000/svg}rect")
    assert len(boxes) == len(g.nodes) and "&lt;b&gt;&amp;" in text


def page_of(g: Any, tmp_path: Path, **options: Any) -> tuple[str, Any]:
    g.html(tmp_path / "graph.html", **options)
    page = (tmp_path / "graph.html").read_text()
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert data is not None
    return page, json.loads(data[1])


def test_page(tmp_path: Path) -> None:
    model, loss = network()
    evil = "</script><img src=x onerror=alert(1)>"
    with tl.graph.record():
        loss = loss * 2
    page, data = page_of(tl.graph(loss, params={evil: model[0].weight}, gradients=True), tmp_path, title="mine")
    g = tl.graph(loss)
    assert data["title"] == "mine" and len(data["nodes"]) == len(g.nodes)
    assert evil in [node["label"] for node in data["nodes"]] and "<img" not in page
    assert data["nodes"][0]["line"]["text"] == "loss = loss * 2" and data["nodes"][0]["norms"] == [1.0]
    told = {"id", "name", "shapes", "dtypes", "inputs", "saved", "static", "signature", "x", "y", "width", "chain"}
    assert all(told <= node.keys() for node in data["nodes"])
    shell = re.sub(r"<script type=.*?</script>|<text.*?</text>", "", page, flags=re.S)
    assert re.findall(r"\b(?:src|href|url|import)\s*[=(].*", shell) == [] and set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}
    assert [p.name for p in tmp_path.iterdir()] == ["graph.html"]


def test_page_with_infinite_gradients(tmp_path: Path) -> None:
    x = tl.zeros(1, requires_grad=True)
    _, data = page_of(tl.graph(x.sqrt().sum(), gradients=True), tmp_path)
    assert data["nodes"][-1]["norms"] == ["inf"]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to read JavaScript")
def test_script_of_the_page_is_javascript(tmp_path: Path) -> None:
    page, _ = page_of(tl.graph(tl.ones(1, requires_grad=True) * 2), tmp_path)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    (tmp_path / "page.js").write_text(script)
    subprocess.run(["node", "--check", str(tmp_path / "page.js")], check=True, capture_output=True)


def test_thousands_of_nodes(tmp_path: Path) -> None:
    """A long chain that uses the same weight at each step: no recursion, and no work that grows with its square."""
    x, w = tl.ones(1, 4, requires_grad=True), tl.eye(4).requires_grad_()
    for _ in range(1000):
        x = (x @ w).tanh()
    started = time.process_time()
    g = tl.graph(x.sum())
    page, data = page_of(g, tmp_path)
    assert len(g.nodes) == 2003 and len(str(g).splitlines()) == 3002 and len(page) < 2_500_000
    assert len(next(node for node in data["nodes"] if node["inputs"] == [] and len(node["chain"]) > 9)["chain"]) == 1998
    assert time.process_time() - started < 20


# Layout


GRAPHS: list[tuple[str, list[list[int]]]] = [
    ("one", [[]]),
    ("chain", [[1], [2], [3], []]),
    ("fan", [[1, 2, 3, 4], [], [], [], []]),
    ("residual", [[1, 4], [2], [3], [4], []]),
    ("shared weight", [[1, 4], [2, 4], [3, 4], [], []]),
    ("two results", [[2], [2, 3], [3], []]),
    ("same twice", [[1, 1], []]),
    ("wide", [[*range(1, 60)], *[[60 + i % 7] for i in range(59)], *[[] for _ in range(7)]]),
]


@pytest.mark.parametrize("inputs", [g for _, g in GRAPHS], ids=[name for name, _ in GRAPHS])
def test_layout(inputs: list[list[int]]) -> None:
    """Inputs lie above, boxes of a layer do not overlap, and everything is inside the drawing."""
    widths = [40.0 + 13 * (i % 5) for i in range(len(inputs))]
    layout = layered(inputs, widths)
    for i, above in enumerate(inputs):
        for j in above:
            assert layout.nodes[j].y + HEIGHT <= layout.nodes[i].y and layout.layers[j] > layout.layers[i]
            assert len(layout.chains[j]) >= layout.layers[j] - layout.layers[i] - 1
    for i, a in enumerate(layout.nodes):
        assert -0.1 <= a.x - widths[i] / 2 and a.x + widths[i] / 2 <= layout.width + 0.1 and 0 <= a.y <= layout.height - HEIGHT
        for j in range(i):
            b = layout.nodes[j]
            assert a.y != b.y or abs(a.x - b.x) >= (widths[i] + widths[j]) / 2 + NODE_GAP - 0.2


def test_a_chain_is_straight() -> None:
    inputs = [[i + 1, 50 + i] for i in range(49)] + [[99]] + [[] for _ in range(50)]
    xs = [point.x for point in layered(inputs, [80.0] * 100).nodes[:49]]
    assert max(xs) - min(xs) < 80


REFUSED: list[tuple[type[Exception], Callable[[], Any], str]] = [
    (TypeError, lambda: tl.graph(3), "expected a tensor"),
    (RuntimeError, lambda: tl.graph(tl.ones(1)), "has no graph"),
    (RuntimeError, lambda: tl.graph(tl.ones(3, requires_grad=True) * 2).backward(), "scalar"),
]


@pytest.mark.parametrize(("kind", "call", "message"), REFUSED, ids=[m for _, _, m in REFUSED])
def test_refused(kind: type[Exception], call: Callable[[], Any], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_gradients_need_a_graph_that_was_kept() -> None:
    y = tl.ones(3, requires_grad=True).exp().sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        tl.graph(y, gradients=True)
