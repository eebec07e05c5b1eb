"""`summary`: a model as a table of its layers, with shapes, parameters, multiply-adds and memory.

The model is run once, without gradients, while a watcher (`profiler.watching`) sees each module and each op. What an op costs is
counted to the innermost module that it runs in, so that functional code in a ``forward`` counts too.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .. import dtypes as dtype_names
from ..autograd.modes import no_grad
from ..devices import device as Device
from ..nn import Module
from ..profiler.counting import multiply_adds
from ..profiler.watching import leave, watch
from ..tensor import Tensor, creation, random

__all__ = ["Layer", "ModelSummary", "summary"]


@dataclass
class Layer:
    """One row: a module at one place in the model. Costs and parameters are its own, without those of rows below it."""

    name: str
    kind: str
    depth: int
    prefix: str
    shared: bool = False
    """The module stands further up as well, and is counted there."""
    runs: bool = True
    """Whether it has a ``forward``; a list of modules has none."""
    calls: int = 0
    output_shapes: list[list[int]] = field(default_factory=list)
    parameters: int = 0
    trainable: int = 0
    parameter_bytes: int = 0
    multiply_adds: int = 0
    output_bytes: int = 0
    """Of all arrays that its ops made."""


class ModelSummary:
    """What `summary` found; `str` of it is the table.

    Attributes:
        layers: the rows.
        total_params, trainable_params, total_param_bytes: each parameter once.
        total_mult_adds: of one forward, for the whole batch.
        total_input_bytes, total_output_bytes: of the inputs, and of all arrays that ops made in one forward.
    """

    def __init__(self, layers: list[Layer], ran: bool, input_bytes: int) -> None:
        self.layers, self.ran, self.total_input_bytes = layers, ran, input_bytes
        self.total_params = sum(row.parameters for row in layers)
        self.trainable_params = sum(row.trainable for row in layers)
        self.total_param_bytes = sum(row.parameter_bytes for row in layers)
        self.total_mult_adds = sum(row.multiply_adds for row in layers)
        self.total_output_bytes = sum(row.output_bytes for row in layers)

    def __str__(self) -> str:
        head = ["Layer", "Output shape", "Parameters", "Trainable", "Multiply-adds", "Output memory"]
        rows = [_cells(row, self.ran) for row in self.layers]
        if not self.ran:
            head, rows = [head[0], *head[2:4]], [[row[0], *row[2:4]] for row in rows]
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        left = 2 if self.ran else 1
        lines = [
            "  ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))).rstrip()
            for row in [head, *rows]
        ]
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        return "\n".join([lines[0], rule, *lines[1:], rule, *self._totals()])

    __repr__ = __str__

    def _totals(self) -> list[str]:
        frozen = self.total_params - self.trainable_params
        lines = [f"Parameters: {self.total_params:,} ({self.trainable_params:,} trainable, {frozen:,} frozen)"]
        if self.ran:
            lines.append(f"Multiply-adds: {self.total_mult_adds:,}")
            parts = {"inputs": self.total_input_bytes, "outputs": self.total_output_bytes, "parameters": self.total_param_bytes}
            listed = ", ".join(f"{name} {_bytes(n)}" for name, n in parts.items())
            lines.append(f"Memory: {_bytes(sum(parts.values()))} ({listed})")
        else:
            lines.append(f"Memory: parameters {_bytes(self.total_param_bytes)}")
        return lines


def summary(
    model: Module, *inputs: Any, input_size: Any = None, dtypes: Sequence[Any] | None = None, device: Any = None,
    depth: int | None = 3, mode: str = "eval", **kwargs: Any,
) -> ModelSummary:
    """A table of a model's layers: output shapes, parameters, multiply-adds, memory.

    Give the inputs of one forward, or their sizes, or nothing (then only parameters are counted). Multiply-adds are those of
    matrix products, convolutions, recurrent layers and attention (`profiler.counting` has the formulas); other ops count as 0.
    Afterwards buffers, training modes and the random numbers are as they were; lazy layers have been initialised.

    Args:
        inputs: what the model is called with; `kwargs` too.
        input_size: instead of inputs a shape, or a list of shapes; such inputs are ones. A shape (a tuple of ints) may also be
            given in the place of the inputs.
        dtypes: with `input_size`, a dtype for each input; integers are zeros then, so that they are good indices.
        device: with `input_size`; that of the first parameter if missing.
        depth: how deep the rows go; what lies deeper is added to the row above. None for all.
        mode: "eval" or "train": what the model is put into meanwhile; "same" leaves it.

    Raises:
        ValueError: both inputs and `input_size` are given, or `mode` is another word.

    >>> import tensorlite as tl
    >>> model = tl.nn.Sequential(tl.nn.Linear(4, 8), tl.nn.ReLU(), tl.nn.Linear(8, 2))
    >>> print(tl.summary(model, tl.zeros(16, 4)))
    Layer         Output shape  Parameters  Trainable  Multiply-adds  Output memory
    -------------------------------------------------------------------------------
    Sequential    [16, 2]                -          -              -              -
    ├─ 0: Linear  [16, 8]               40         40            512       512 B
    ├─ 1: ReLU    [16, 8]                -          -              -       512 B
    └─ 2: Linear  [16, 2]               18         18            256       128 B
    -------------------------------------------------------------------------------
    Parameters: 58 (58 trainable, 0 frozen)
    Multiply-adds: 768
    Memory: 1.6 KB (inputs 256 B, outputs 1.1 KB, parameters 232 B)
    """
    if mode not in ("eval", "train", "same"):
        raise ValueError(f"mode is 'eval', 'train' or 'same', not {mode!r}")
    if input_size is None and len(inputs) == 1 and _is_size(inputs[0]):
        input_size, inputs = inputs[0], ()
    if inputs and input_size is not None:
        raise ValueError("give either inputs or input_size, not both")
    if input_size is not None:
        inputs = _made_up(model, input_size, dtypes, device)
    seen = _Counter(model)
    ran = bool(inputs or kwargs)
    if ran:
        with _as_it_was(model, mode), no_grad():
            watch(seen)
            try:
                model(*inputs, **kwargs)
            finally:
                leave(seen)
    given = sum(t.nbytes for t in _tensors((inputs, kwargs)))
    return ModelSummary(_rows(model, seen, depth), ran, given)


def _is_size(x: Any) -> bool:
    if not isinstance(x, (tuple, list)) or not x:
        return False
    return all(type(n) is int for n in x) or all(isinstance(s, (tuple, list)) and _is_size(s) for s in x)


def _made_up(model: Module, sizes: Any, kinds: Sequence[Any] | None, device: Any) -> tuple[Tensor, ...]:
    shapes = [tuple(sizes)] if all(type(n) is int for n in sizes) else [tuple(s) for s in sizes]
    wanted = list(kinds) if kinds is not None else [dtype_names.get_default_dtype()] * len(shapes)
    if len(wanted) != len(shapes):
        raise ValueError(f"there are {len(shapes)} input sizes and {len(wanted)} dtypes")
    if device is None:
        device = next((p.device for p in model.parameters()), Device("cpu"))
    return tuple(
        (creation.ones if d.is_floating_point or d.is_complex else creation.zeros)(shape, dtype=d, device=device)
        for shape, d in zip(shapes, wanted, strict=True)
    )


@contextmanager
def _as_it_was(model: Module, mode: str) -> Iterator[None]:
    """Put training modes, buffers and random numbers back at the end of the block."""
    modules = list(model.modules())
    modes = [m.training for m in modules]
    buffers = [(m, dict(m._buffers)) for m in modules]
    values = [(b, b.detach().clone()) for _, table in buffers for b in table.values() if isinstance(b, Tensor)]
    state = random.get_rng_state()
    if mode != "same":
        model.train(mode == "train")
    try:
        yield
    finally:
        for module, training in zip(modules, modes, strict=True):
            module.training = training
        for module, table in buffers:
            module._buffers.update(table)
        with no_grad():
            for buffer, value in values:
                buffer.copy_(value)
        random.set_rng_state(state)


class _Counter:
    """A watcher of one thread that adds up, for each module of a model, what its ops cost.

    What a module costs that a ``forward`` makes for itself is counted to the module whose ``forward`` that is.
    """

    def __init__(self, model: Module) -> None:
        self.thread = threading.get_ident()
        self.members = {id(module) for module in model.modules()}
        self.running: list[Module] = []
        self.ops: list[str] = []
        self.found: dict[int, Layer] = {}

    def begin(self, kind: str, name: str, args: tuple[Any, ...], static: dict[str, Any]) -> Any:
        if threading.get_ident() != self.thread or kind not in ("module", "op"):
            return None
        if kind == "module":
            if id(args[0]) not in self.members:
                return None
            self.running.append(args[0])
            return kind, args, static
        again = bool(self.ops) and self.ops[-1] == name  # operands were promoted, and the op calls itself with the new ones
        self.ops.append(name)
        return "again" if again else name, args, static

    def end(self, begun: Any, result: Any) -> None:
        if begun is None:
            return
        name, args, static = begun
        if name == "module":
            row = self.of(self.running.pop())
            row.calls += 1
            row.output_shapes = [list(t.shape) for t in _tensors(result)]
            return
        self.ops.pop()
        if name != "again" and self.running:
            row = self.of(self.running[-1])
            row.multiply_adds += multiply_adds(name, args, static, result)
            row.output_bytes += sum(t._xp.nbytes(t._array) for t in _tensors(result) if t._view is None)

    def of(self, module: Module) -> Layer:
        return self.found.setdefault(id(module), Layer("", type(module).__name__, 0, ""))


def _tensors(value: Any) -> list[Any]:
    """All tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    return [t for part in value for t in _tensors(part)] if isinstance(value, (tuple, list)) else []


def _rows(model: Module, seen: _Counter, depth: int | None) -> list[Layer]:
    rows: list[Layer] = []
    modules: set[int] = set()
    counted: set[int] = set()

    def visit(module: Module, name: str, level: int, before: str, branch: str, into: Layer | None) -> None:
        found = seen.found.get(id(module), Layer("", "", 0, ""))
        shared = id(module) in modules
        if into is None:
            row = Layer(name, type(module).__name__, level, before + branch, shared, calls=found.calls)
            row.runs, row.output_shapes = type(module).forward is not Module.forward, found.output_shapes
            rows.append(row)
        else:
            row = into
        if shared:
            return
        modules.add(id(module))
        _count(module, found, row, counted)
        hidden = row if depth is not None and level >= depth else None
        children = [(k, child) for k, child in module._modules.items() if child is not None]
        inner = before + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
        for number, (key, child) in enumerate(children):
            last = number == len(children) - 1
            visit(child, key, level + 1, inner, "└─ " if last else "├─ ", hidden)

    visit(model, "", 0, "", "", None)
    return rows


def _count(module: Module, found: Layer, row: Layer, counted: set[int]) -> None:
    """Add what is the module's own to a row; a parameter that has been counted elsewhere is not counted again."""
    row.multiply_adds += found.multiply_adds
    row.output_bytes += found.output_bytes
    for p in module._parameters.values():
        if p is None or id(p) in counted or hasattr(p, "materialize"):  # a lazy one has no size yet
            continue
        counted.add(id(p))
        row.parameters += p.numel()
        row.trainable += p.numel() if p.requires_grad else 0
        row.parameter_bytes += p.nbytes


def _cells(row: Layer, ran: bool) -> list[str]:
    name = f"{row.prefix}{row.name + ': ' if row.name else ''}{row.kind}"
    if row.calls > 1:
        name += f" (called {row.calls} times)"
    shapes = "not called" if ran and row.runs and not row.calls else _shapes(row)
    if row.shared:
        return [name + " (shared)", shapes, "-", "-", "-", "-"]
    trainable = f"{row.trainable:,}" if row.parameters else "-"
    memory = _bytes(row.output_bytes) if row.output_bytes else "-"
    return [name, shapes, _number(row.parameters), trainable, _number(row.multiply_adds), memory]


def _number(n: int) -> str:
    return f"{n:,}" if n else "-"


def _shapes(row: Layer) -> str:
    shown = ", ".join(map(str, row.output_shapes[:3]))
    return shown + (", ..." if len(row.output_shapes) > 3 else "") or "-"


def _bytes(n: int) -> str:
    """
    >>> _bytes(100), _bytes(1536), _bytes(5 * 2**20)
    ('100 B', '1.5 KB', '5.0 MB')
    """
    for unit, size in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n} B"
