"""Shapes, joins and positions as ONNX nodes."""

from __future__ import annotations

from typing import Any

from .graph import Dynamic, Graph, Value, exporter

Ints = tuple[Any, ...]
END = 2**63 - 1


def reshaped(graph: Graph, x: Any, shape: Ints) -> str:
    """A value in another shape; one size may be found by what is left."""
    unknown = [i for i, n in enumerate(shape) if isinstance(n, Dynamic)]
    if len(unknown) == 1 and 0 not in shape:
        shape = tuple(-1 if i in unknown else n for i, n in enumerate(shape))
    return graph.node("Reshape", x, graph.shape(shape), allowzero=1)


@exporter("reshape")
def _reshape(graph: Graph, x: Value, shape: Ints) -> str:
    return reshaped(graph, x, shape)


@exporter("permute_dims")
def _permute_dims(graph: Graph, x: Value, axes: tuple[int, ...]) -> str:
    return graph.node("Transpose", x, perm=list(axes)) if axes else graph.node("Identity", x)


@exporter("matrix_transpose")
def _matrix_transpose(graph: Graph, x: Value) -> str:
    return graph.node("Transpose", x, perm=[*range(x.ndim - 2), x.ndim - 1, x.ndim - 2])


@exporter("broadcast_to")
def _broadcast_to(graph: Graph, x: Value, shape: Ints) -> str:
    own = (1,) * (len(shape) - x.ndim) + x.shape
    return graph.node("Expand", x, graph.shape([1 if n == m else n for n, m in zip(shape, own, strict=True)]))


@exporter("expand_dims")
def _expand_dims(graph: Graph, x: Value, axis: Any) -> str:
    return graph.node("Unsqueeze", x, [axis] if isinstance(axis, int) else list(axis))


@exporter("squeeze")
def _squeeze(graph: Graph, x: Value, axis: Any) -> str:
    return graph.node("Squeeze", x, [axis] if isinstance(axis, int) else list(axis))


@exporter("flip")
def _flip(graph: Graph, x: Value, axis: tuple[int, ...]) -> str:
    n = len(axis)
    return graph.node("Slice", x, [-1] * n, [-END] * n, list(axis), [-1] * n)


@exporter("roll")
def _roll(graph: Graph, x: Value, shift: Any, axis: Any) -> str:
    shifts, axes = (v if isinstance(v, tuple) else (v,) for v in (shift, axis))
    result: Any = x
    for by, along in zip(shifts, axes, strict=True):
        size = x.shape[along]
        if isinstance(size, Dynamic):
            raise NotImplementedError("onnx.export: roll along a dynamic axis cannot be exported")
        at = (size - by) % size if size else 0
        parts = [graph.node("Slice", result, [start], [stop], [along]) for start, stop in ((at, END), (0, at))]
        result = graph.node("Concat", *parts, axis=along)
    return result


def _triangle(upper: int) -> Any:
    return lambda graph, x, k=0: graph.node("Trilu", x, _scalar(graph, k), upper=upper)


exporter("tril")(_triangle(0))
exporter("triu")(_triangle(1))


def _scalar(graph: Graph, n: int) -> str:
    return graph.node("Squeeze", graph.integers([n]))


@exporter("concat")
def _concat(graph: Graph, *xs: Value, axis: int) -> str:
    return graph.node("Concat", *xs, axis=axis)


@exporter("stack")
def _stack(graph: Graph, *xs: Value, axis: int) -> str:
    return graph.node("Concat", *(graph.node("Unsqueeze", x, [axis]) for x in xs), axis=axis)


@exporter("pad_constant")
def _pad_constant(graph: Graph, x: Value, widths: tuple[tuple[int, int], ...], value: Any) -> str:
    before, after = zip(*widths, strict=True)
    return graph.node("Pad", x, [*before, *after], graph.number(value, x))


@exporter("tile")
def _tile(graph: Graph, x: Value, repetitions: Ints) -> str:
    source: Any = x
    if len(repetitions) > x.ndim:
        source = graph.node("Unsqueeze", x, list(range(len(repetitions) - x.ndim)))
    return graph.node("Tile", source, graph.shape(repetitions))


@exporter("basic_index")
def _basic_index(graph: Graph, x: Value, key: tuple[Any, ...]) -> str:
    used = sum(k is not None and k is not Ellipsis for k in key)
    full: list[Any] = []
    for k in key:
        full += [slice(None)] * (x.ndim - used) if k is Ellipsis else [k]
    slices: list[tuple[Any, Any, int, int]] = []
    dropped: list[int] = []
    added: list[int] = []
    axis = place = 0
    for k in full:
        if k is None:
            added.append(place)
            place += 1
            continue
        if isinstance(k, slice):
            _add_slice(slices, k, axis, x.shape[axis])
            place += 1
        else:
            slices.append((k, END if k == -1 else k + 1 if isinstance(k, int) else _next(k), axis, 1))
            dropped.append(axis)
        axis += 1
    result: Any = x
    if slices:
        starts, ends, axes, steps = zip(*slices, strict=True)
        result = graph.node("Slice", result, graph.shape(starts), graph.shape(ends), list(axes), list(steps))
    if dropped:
        result = graph.node("Squeeze", result, dropped)
    if added:
        result = graph.node("Unsqueeze", result, added)
    return result if isinstance(result, str) else graph.node("Identity", result)


def _next(k: Dynamic) -> Dynamic:
    return Dynamic(tuple(v + 1 for v in k.values))


def _add_slice(slices: list[tuple[Any, Any, int, int]], k: slice, axis: int, size: Any) -> None:
    start, stop, step = k.start or 0, k.stop, 1 if k.step is None else k.step
    if stop is None or stop == size:
        stop = END
    if (start, stop, step) != (0, END, 1):
        slices.append((start, stop, axis, step))


@exporter("advanced_index")
def _advanced_index(graph: Graph, x: Value, *indices: Value, key: tuple[Any, ...]) -> str:
    (index,) = indices if len(indices) == 1 else (None,)
    plain = [k for k in key if k != "_"]
    if index is None or index.dtype.kind == "b" or Ellipsis in key or any(k != slice(None) for k in plain):
        raise NotImplementedError(
            "onnx.export: indexing with several tensors, with a mask, or with a tensor and other things than `:` cannot be "
            "exported; use one index tensor, where or gather"
        )
    return graph.node("Gather", x, index, axis=key.index("_"))


@exporter("take")
def _take(graph: Graph, x: Value, index: Value, axis: int) -> str:
    return graph.node("Gather", x, index, axis=axis)


@exporter("take_along_axis")
def _take_along_axis(graph: Graph, x: Value, index: Value, axis: int) -> str:
    return graph.node("GatherElements", x, index, axis=axis)


@exporter("scatter")
def _scatter(graph: Graph, x: Value, index: Value, source: Value, axis: int) -> str:
    return graph.node("ScatterElements", x, index, source, axis=axis)


@exporter("scatter_add")
def _scatter_add(graph: Graph, x: Value, index: Value, source: Value, axis: int) -> str:
    return graph.node("ScatterElements", x, index, source, axis=axis, reduction="add")
