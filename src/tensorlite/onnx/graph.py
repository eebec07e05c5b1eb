"""The ONNX graph that is being written, as a namespace of ops: bodies of ops run on it as they run on arrays.

A model is traced several times, with inputs of other values and, where an axis is dynamic, of other sizes. A `Value` has its array
in each trace. A number that differs between the traces is a `Dynamic`; it is computed in the graph from the sizes of the inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import combinations
from math import prod
from typing import Any

from ..backends import base, get_backend

__all__ = ["TABLE", "Dynamic", "Graph", "Value", "exporter", "merged"]

Array = Any
TABLE: dict[str, Callable[..., Any]] = {}
"""For each op that ONNX has (or that a few of its nodes make up) the function that adds its nodes."""


def exporter(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function ``(graph, *inputs, **static)`` into the table; it returns the names of the op's outputs."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        TABLE.update(dict.fromkeys(names, function))
        return function

    return keep


@dataclass(frozen=True)
class Dynamic:
    """An integer that depends on the sizes of the inputs: its value in each trace."""

    values: tuple[int, ...]


def merged(values: Sequence[Any]) -> Any:
    """The same argument in all traces, with `Dynamic` for integers that differ.

    Raises:
        NotImplementedError: something else differs.

    >>> merged([(2, 3), (4, 3)])
    (Dynamic(values=(2, 4)), 3)
    """
    first = values[0]
    if all(type(v) is type(first) for v in values):
        if isinstance(first, (tuple, list)) and len({len(v) for v in values}) == 1:
            return type(first)(merged(entries) for entries in zip(*values, strict=True))
        if isinstance(first, slice):
            return slice(*(merged([getattr(v, part) for v in values]) for part in ("start", "stop", "step")))
        if all(v == first or v != v and first != first for v in values):
            return first
        if type(first) is int:
            return Dynamic(tuple(values))
    raise NotImplementedError(
        f"onnx.export: the model computes {first!r} from the values or sizes of its inputs, and uses it as a fixed argument of an "
        "op; an ONNX graph cannot do that"
    )


class Value:
    """A value in the graph: its name there, and its array in each trace."""

    def __init__(self, graph: Graph, name: str, arrays: Sequence[Array]) -> None:
        self.graph, self.name, self.arrays = graph, name, arrays

    @property
    def shape(self) -> tuple[Any, ...]:
        """The sizes, with `Dynamic` for those that differ."""
        return merged([tuple(a.shape) for a in self.arrays])

    @property
    def ndim(self) -> int:
        return self.arrays[0].ndim

    @property
    def dtype(self) -> Any:
        """The raw dtype."""
        return self.arrays[0].dtype


def _operator(name: str, reflected: bool = False) -> Callable[[Value, Any], Value]:
    return lambda x, y: x.graph.apply(name, (y, x) if reflected else (x, y), {})


for _symbol, _name in {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide"}.items():
    setattr(Value, f"__{_symbol}__", _operator(_name))
    setattr(Value, f"__r{_symbol}__", _operator(_name, reflected=True))
for _symbol, _name in {
    "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
    "and": "bitwise_and", "or": "bitwise_or",
}.items():  # fmt: skip
    setattr(Value, f"__{_symbol}__", _operator(_name))


class Graph:
    """Nodes and initializers so far. As a namespace it has every op of the table, and every op whose body is made of those."""

    def __init__(self, traces: int, reserved: Sequence[str]) -> None:
        self.onnx = import_module("onnx")
        self.backend = get_backend("cpu")
        self.traces = traces
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.sizes: list[tuple[tuple[int, ...], str, int]] = []
        """The dynamic axes of the inputs: the size in each trace, the input's name, the axis."""
        self._known: dict[Any, str] = {}
        self._taken = set(reserved)

    def _unique(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    # Nodes

    def node(self, kind: str, *inputs: Any, outputs: int = 1, **attributes: Any) -> Any:
        """Add a node; the name of its output, or a tuple of names."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        names = [self._unique(name if outputs == 1 else f"{name}_{i}") for i in range(outputs)]
        given = ["" if x is None else self.name(x) for x in inputs]
        while given and not given[-1]:  # some runtimes do not expect an empty name at the end
            given.pop()
        self.nodes.append(self.onnx.helper.make_node(kind, given, names, f"{kind}_{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else tuple(names)

    def name(self, x: Any) -> str:
        """The name of a value, or of the constant for a list of integers."""
        return x.name if isinstance(x, Value) else x if isinstance(x, str) else self.integers(x)

    def type_of(self, dtype: Any) -> int:
        """ONNX's number of a dtype, raw or ours.

        Raises:
            NotImplementedError: it is complex, which few of its operators take.
        """
        raw = self.backend.asarray(0, dtype=dtype).dtype
        if raw.kind == "c":
            raise NotImplementedError("onnx.export: complex numbers cannot be exported")
        return self.onnx.helper.np_dtype_to_tensor_dtype(raw)

    # Constants

    def constant(self, arrays: Sequence[Array], name: str | None = None) -> Value:
        """A tensor that no op has made. Where it depends on the sizes of inputs it must be filled with one number, or count.

        Raises:
            NotImplementedError: it is anything else: the model computes it in a way that is not recorded.
        """
        first = arrays[0]
        if all(self._same(first, a) for a in arrays[1:]):
            return Value(self, self._initializer(first, name), arrays)
        shape = merged([tuple(a.shape) for a in arrays])
        one = first.reshape(-1)[:1]
        if all(a.size and self._same(a.reshape(-1)[:1], one) and (a == a.reshape(-1)[0]).all() for a in arrays):
            filling = self._initializer(one, None)
            return Value(self, self.node("Expand", filling, self.shape(shape)), arrays)
        if len(shape) == 1 and all(self._same(a, self.backend.arange(0, a.size, dtype=a.dtype)) for a in arrays):
            limit = self.node("Cast", self.node("Squeeze", self.size(shape[0])), to=self.type_of(first.dtype))
            start, step = (self._initializer(self.backend.asarray(n, dtype=first.dtype), None) for n in (0, 1))
            return Value(self, self.node("Range", start, limit, step), arrays)
        raise NotImplementedError(
            f"onnx.export: a tensor of shape {list(first.shape)} depends on the values or the sizes of the inputs, but is not the "
            "result of an op that is recorded (a mask of dynamic size, item(), or an in-place change); compute it outside of the "
            "model and give it as an input, or make that axis fixed"
        )

    def number(self, x: Any, like: Value) -> Any:
        """A Python number as a constant of the dtype of another value; values are left as they are."""
        if isinstance(x, Value):
            return x
        if isinstance(x, Dynamic):
            return self.node("Cast", self.node("Squeeze", self.size(x)), to=self.type_of(like.dtype))
        return self._initializer(self.backend.asarray(x, dtype=like.dtype), None)

    def integers(self, values: Sequence[int]) -> str:
        """A constant vector of int64."""
        return self._initializer(self.backend.asarray(list(values), dtype=self.backend.asarray(0).dtype), None)

    def _initializer(self, array: Array, name: str | None) -> str:
        key = (str(array.dtype), array.shape, array.tobytes()) if name is None and array.size <= 64 else None
        if key not in self._known or key is None:
            name = self._unique(name or f"constant_{len(self.initializers)}")
            self.initializers.append(self.onnx.numpy_helper.from_array(self.backend.ascontiguous(array), name))
            if key is None:
                return name
            self._known[key] = name
        return self._known[key]

    def _same(self, a: Array, b: Array) -> bool:
        return a is b or a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()

    # Sizes

    def size(self, n: int | Dynamic) -> str:
        """An integer as a vector of one element: a product of sizes of the inputs, times or plus a number.

        Raises:
            NotImplementedError: it depends on the sizes in another way.
        """
        if isinstance(n, int):
            return self.integers([n])
        if n in self._known:
            return self._known[n]
        for count in range(1, len(self.sizes) + 1):
            for chosen in combinations(self.sizes, count):
                products = [prod(sizes) for sizes in zip(*(values for values, _, _ in chosen), strict=True)]
                found = _relation(n.values, products)
                if found is not None:
                    name = self._axis(*chosen[0][1:])
                    for _, of, axis in chosen[1:]:
                        name = self.node("Mul", name, self._axis(of, axis))
                    kind, by = found
                    self._known[n] = name if kind == "" else self.node(kind, name, [by])
                    return self._known[n]
        raise NotImplementedError(
            f"onnx.export: the sizes {list(n.values)} depend on those of inputs in a way that is not known; make that axis fixed"
        )

    def _axis(self, name: str, axis: int) -> str:
        if (name, axis) not in self._known:
            self._known[name, axis] = self.node("Gather", self.node("Shape", name), [axis], axis=0)
        return self._known[name, axis]

    def shape(self, shape: Sequence[int | Dynamic]) -> str:
        """Sizes as a vector."""
        if all(isinstance(n, int) for n in shape):
            return self.integers(shape)  # type: ignore[arg-type]
        return self.node("Concat", *(self.size(n) for n in shape), axis=0)

    # Ops

    def apply(self, name: str, args: tuple[Any, ...], static: dict[str, Any], results: Any = None) -> Any:
        """Add the nodes of an op. ``results`` are its arrays in each trace, where they are known.

        Raises:
            NotImplementedError: the op is not in the table, and has no body that could be used.
        """
        write = TABLE.get(name)
        if write is None:
            body = base._bodies.get(name)
            if body is None:
                raise NotImplementedError(f"onnx.export: the op {name} cannot be exported")
            try:
                return body(self, *args, **static)
            except (TypeError, AttributeError) as error:
                raise NotImplementedError(f"onnx.export: the op {name} cannot be exported ({error})") from error
        names = write(self, *args, **static)
        if results is None:
            function = getattr(self.backend, name)
            results = [function(*(_in(t, a) for a in args), **_in(t, static)) for t in range(self.traces)]
        if isinstance(names, str):
            return Value(self, names, results)
        return tuple(Value(self, n, [r[i] for r in results]) for i, n in enumerate(names))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in TABLE or name in base._bodies:
            return lambda *args, **static: self.apply(name, args, static)
        found = getattr(self.backend, name)
        if not callable(found):
            return found

        def create(*args: Any, **static: Any) -> Value:
            if any(isinstance(a, Value) for a in args):
                raise NotImplementedError(f"onnx.export: the op {name} cannot be exported")
            return self.constant([found(*_in(t, args), **_in(t, static)) for t in range(self.traces)])

        return create


def _relation(values: Sequence[int], sizes: Sequence[int]) -> tuple[str, int] | None:
    """How the values are computed from the sizes: a node's kind and its second input; None if it is not known."""
    if all(v == s for v, s in zip(values, sizes, strict=True)):
        return "", 0
    by = values[0] // sizes[0] if sizes[0] else 0
    if by and all(v == s * by for v, s in zip(values, sizes, strict=True)):
        return "Mul", by
    by = values[0] - sizes[0]
    return ("Add", by) if all(v == s + by for v, s in zip(values, sizes, strict=True)) else None


def _in(t: int, value: Any) -> Any:
    """An argument as it was in one trace."""
    if isinstance(value, Value):
        return value.arrays[t]
    if isinstance(value, Dynamic):
        return value.values[t]
    if isinstance(value, (tuple, list)):
        return type(value)(_in(t, v) for v in value)
    if isinstance(value, slice):
        return slice(_in(t, value.start), _in(t, value.stop), _in(t, value.step))
    return {key: _in(t, v) for key, v in value.items()} if isinstance(value, dict) else value
