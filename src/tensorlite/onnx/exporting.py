"""Writes a model as an ONNX file: traces it, and turns each recorded call into nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from .. import dtypes
from ..autograd.base import TensorBase
from ..io.files import FileLike, opened_for_writing
from ..tensor.ranges import arange
from . import layers, pointwise, shaping  # noqa: F401  (they fill the table)
from .graph import Graph, Value, merged
from .tracing import Call, Constant, Input, Output, Trace, leaves, trace

__all__ = ["export"]

Tensor = Any
Axes = Mapping[str, Mapping[int, str] | Sequence[int]]
OLDEST, DEFAULT = 18, 18
RECURRENT = ("rnn", "lstm", "gru")


def export(
    model: Any, args: Any = (), f: FileLike | None = None, *, kwargs: dict[str, Any] | None = None,
    input_names: Sequence[str] | None = None, output_names: Sequence[str] | None = None, dynamic_axes: Axes | None = None,
    opset_version: int | None = None, export_params: bool = True, verbose: bool | None = None, do_constant_folding: bool = True,
    dynamo: bool = True,
) -> Any:
    """Write a model as ONNX, and return the ``onnx.ModelProto``.

    The model has to be on the CPU. It is run in eval mode on ``args`` (a tensor, or a tuple of arguments) several times, each time
    with other values and, along dynamic axes, other sizes. What it computes from them is exported as long as it goes through ops;
    where the runs differ in another way, it raises. Control flow of Python is followed once.

    Args:
        f: a path, or an open binary file; None writes nothing.
        input_names, output_names: names in the graph, in the order of the tensors in ``args``, then ``kwargs``, and in the result.
        dynamic_axes: for names of inputs the axes that may have any size: ``{"x": {0: "batch"}}`` or ``{"x": [0]}``. Axes of the
            same name always have the same size. For names of outputs it gives names to their axes.
        opset_version: the version of ONNX's operators, 18 or newer.
        export_params: has to be True. ``verbose``, ``do_constant_folding`` and ``dynamo`` have no effect.

    Raises:
        NotImplementedError: an op cannot be exported (the message names it), or the model does something that a graph cannot.
        ValueError: a name in ``dynamic_axes`` is unknown, or ``opset_version`` is, or the model fails for the other inputs.
        ImportError: the package onnx is missing: ``pip install "tensorlite[onnx]"``.

    >>> import tensorlite as tl
    >>> proto = export(tl.nn.Linear(3, 2), tl.ones(1, 3), input_names=["x"], dynamic_axes={"x": {0: "batch"}})
    >>> [node.op_type for node in proto.graph.node]
    ['Gemm', 'Identity']
    """
    onnx = _library()
    if not export_params:
        raise NotImplementedError("onnx.export: export_params=False (a model without its weights) is not there")
    version = DEFAULT if opset_version is None else opset_version
    if not OLDEST <= version <= onnx.defs.onnx_opset_version():
        raise ValueError(f"opset_version must be from {OLDEST} to {onnx.defs.onnx_opset_version()}, but it is {version}")
    args = args if isinstance(args, tuple) else (args,)
    kwargs = kwargs or {}
    inputs = [tensor for tensor in leaves((args, kwargs)) if isinstance(tensor, TensorBase)]
    names = _names(input_names, len(inputs), "input")
    axes = _axes(dynamic_axes or {}, names, inputs, output_names)
    traces, given = _runs(model, args, kwargs, names, axes)
    last_names = _names(output_names, len(traces[0].outputs), "output")
    graph = Graph(len(traces), [*names, *last_names])
    values = [Value(graph, name, [run[i]._array for run in given]) for i, name in enumerate(names)]
    for name, value in zip(names, values, strict=True):
        graph.sizes += [(tuple(a.shape[axis] for a in value.arrays), name, axis) for axis in axes.get(name, {})]
    results = _written(graph, traces, values, _weights(model))
    proto = _model(onnx, graph, values, results, last_names, axes, dynamic_axes or {}, version)
    if f is not None:
        with opened_for_writing(f) as file:
            file.write(proto.SerializeToString())
    return proto


def _library() -> Any:
    try:
        return import_module("onnx")
    except ImportError as error:
        raise ImportError(f'onnx.export needs the package onnx ({error}): pip install "tensorlite[onnx]"') from error


def _names(names: Sequence[str] | None, count: int, kind: str) -> list[str]:
    found = list(names or ())
    if len(found) > count or len(set(found)) != len(found):
        raise ValueError(f"{kind}_names: expected up to {count} different names, but got {found}")
    return found + [f"{kind}_{i}" for i in range(len(found), count)]


def _axes(dynamic: Axes, names: list[str], inputs: list[Tensor], output_names: Sequence[str] | None) -> dict[str, dict[int, str]]:
    """The dynamic axes of the inputs, each with the name of its size."""
    unknown = dynamic.keys() - {*names, *(output_names or ())}
    if unknown:
        raise ValueError(f"dynamic_axes: {sorted(unknown)} are no names of inputs {names} or outputs {list(output_names or ())}")
    found: dict[str, dict[int, str]] = {}
    for name, tensor in zip(names, inputs, strict=True):
        given = dynamic.get(name, {})
        named = dict(given) if isinstance(given, Mapping) else {axis: f"{name}_axis_{axis}" for axis in given}
        found[name] = {axis % tensor.ndim: size for axis, size in named.items()}
    return found


# Tracing


def _runs(
    model: Any, args: Any, kwargs: dict[str, Any], names: list[str], axes: dict[str, dict[int, str]]
) -> tuple[list[Trace], list[list[Tensor]]]:
    """Traces with different inputs, and these inputs."""
    sizes = sorted({size for named in axes.values() for size in named.values()})
    modules = [m for m in model.modules() if m.training] if hasattr(model, "modules") else []
    for module in modules:
        module.training = False
    traces, given = [], []
    try:
        for run in range(3 if sizes else 2):
            # No size grows as another does, or in proportion to it: so it is seen which of them a number comes from.
            more = {size: number + run if run else 0 for number, size in enumerate(sizes)}
            fresh: list[Tensor] = []
            some_args, some_kwargs = _varied((args, kwargs), run, iter(names), axes, more, fresh)
            given.append([tensor.detach().clone() for tensor in fresh])
            try:
                traces.append(trace(model, some_args, some_kwargs))
            except NotImplementedError:
                raise
            except Exception as error:
                if not run:
                    raise
                shapes = [list(tensor.shape) for tensor in fresh]
                message = f"onnx.export: the model fails for inputs of shapes {shapes} with other values: {error}"
                raise ValueError(message) from error
    finally:
        for module in modules:
            module.training = True
    return traces, given


def _varied(value: Any, run: int, names: Any, axes: Any, more: dict[str, int], fresh: list[Tensor]) -> Any:
    """The arguments for one run: in the first as they are, then with other values and larger dynamic axes."""
    if isinstance(value, dict):
        return {key: _varied(v, run, names, axes, more, fresh) for key, v in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)([_varied(v, run, names, axes, more, fresh) for v in value])
    if not isinstance(value, TensorBase):
        return value
    tensor = value.detach().cpu().clone()
    for axis, size in axes[next(names)].items():
        n = tensor.shape[axis]
        tensor = tensor.index_select(axis, arange(n + more[size]) % n)
    if run:
        tensor = _other_values(tensor, run).to(tensor.dtype).clone()
    fresh.append(tensor)
    return tensor


def _other_values(tensor: Tensor, run: int) -> Tensor:
    """Other numbers, in another order, that an embedding, a mask, a probability or a logarithm may take as well."""
    places = arange(tensor.numel()).reshape(tensor.shape)
    if not tensor.numel():
        return tensor
    if tensor.is_floating_point():  # unlike a line, this keeps neither order nor proportions
        tensor = tensor * (0.5 + places.to(tensor.dtype) * run % 7 / 14) + 0.0625
    elif tensor.min() == tensor.max():
        changed = ~tensor if tensor.dtype is dtypes.bool else (tensor - tensor.sign()).where(tensor != 0, 1)
        tensor = tensor.where(places % 2 == 1, changed)
    elif tensor.dtype is not dtypes.bool:  # only integers that are there, but not all of them
        low, high = tensor.min(), tensor.max()
        tensor = tensor.where(tensor != high, low) if run == 1 else tensor.where(tensor != low, high)
    return tensor.flatten().roll(run).reshape(tensor.shape)


# Writing


def _weights(model: Any) -> dict[int, str]:
    """The names of a module's parameters and buffers, by id."""
    if not hasattr(model, "named_parameters"):
        return {}
    return {id(tensor): name for name, tensor in [*model.named_buffers(), *model.named_parameters()]}


def _written(graph: Graph, traces: list[Trace], inputs: list[Value], weights: dict[int, str]) -> list[Value]:
    """Add the nodes of all calls that an output needs; the values of the outputs."""
    first = traces[0]
    if any([c.name for c in t.calls] != [c.name for c in first.calls] or len(t.outputs) != len(first.outputs) for t in traces):
        raise NotImplementedError(
            "onnx.export: the model calls other ops when its inputs have other values or sizes; an ONNX graph is one sequence of "
            "them (transformers look whether a mask is causal: give them is_causal)"
        )
    constants: dict[tuple[int, ...], Value] = {}
    made: dict[int, Any] = {}

    def value_of(references: Sequence[Any]) -> Any:
        reference = references[0]
        if not isinstance(reference, (Input, Constant, Output)):
            return merged(references)
        if any(type(r) is not type(reference) or r != reference and not isinstance(r, Constant) for r in references):
            raise NotImplementedError("onnx.export: the model uses other tensors when its inputs have other values or sizes")
        if isinstance(reference, Input):
            return inputs[reference.index]
        if isinstance(reference, Output):
            value = made[reference.call]
            return value[reference.number] if isinstance(value, tuple) else value
        key = tuple(r.index for r in references)
        if key not in constants:
            tensors = [t.constants[index] for t, index in zip(traces, key, strict=True)]
            constants[key] = graph.constant([t.cpu()._array for t in tensors], weights.get(id(tensors[0])))
        return constants[key]

    needed = _needed(first)
    for number, calls in enumerate(zip(*(t.calls for t in traces), strict=True)):
        if number in needed:
            made[number] = _call(graph, calls, value_of)
    return [value_of(references) for references in zip(*(t.outputs for t in traces), strict=True)]


def _call(graph: Graph, calls: Sequence[Call], value_of: Any) -> Any:
    name = calls[0].name
    args = tuple(value_of(references) for references in zip(*(c.args for c in calls), strict=True))
    static = {key: _static(name, key, [c.static[key] for c in calls]) for key in calls[0].static}
    arrays = [[result._array for result in c.results] for c in calls]
    return graph.apply(name, args, static, arrays if len(arrays[0]) > 1 else [a[0] for a in arrays])


def _static(op: str, key: str, values: list[Any]) -> Any:
    """An argument in all traces; for recurrent layers the sizes of the steps become the number of steps and the batch."""
    if op in RECURRENT and key == "sizes":
        if any(len(set(sizes)) != 1 for sizes in values):
            raise NotImplementedError("onnx.export: sequences of different lengths (PackedSequence) cannot be exported")
        return merged([(len(sizes), sizes[0]) for sizes in values])
    return merged(values)


def _needed(first: Trace) -> set[int]:
    """The calls that outputs depend on."""
    needed, waiting = set(), [r for r in first.outputs if isinstance(r, Output)]
    while waiting:
        call = waiting.pop().call
        if call not in needed:
            needed.add(call)
            waiting += [a for a in first.calls[call].args if isinstance(a, Output)]
    return needed


def _model(
    onnx: Any, graph: Graph, inputs: list[Value], results: list[Value], names: list[str], axes: Any, dynamic: Axes, version: int
) -> Any:
    helper = onnx.helper
    described = [helper.make_tensor_value_info(v.name, graph.type_of(v.dtype), _sizes(v, axes.get(v.name, {}))) for v in inputs]
    outputs = []
    for name, value in zip(names, results, strict=True):
        graph.nodes.append(helper.make_node("Identity", [value.name], [name]))
        given = dynamic.get(name, {})
        outputs.append(helper.make_tensor_value_info(
            name, graph.type_of(value.dtype), _sizes(value, given if isinstance(given, Mapping) else {})))  # fmt: skip
    body = helper.make_graph(graph.nodes, "model", described, outputs, graph.initializers)
    proto = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", version)], producer_name="tensorlite",
        ir_version=helper.find_min_ir_version_for([helper.make_opsetid("", version)]))
    try:
        onnx.checker.check_model(proto, full_check=True)
    except onnx.shape_inference.InferenceError as error:
        raise NotImplementedError(f"onnx.export: ONNX has one of the ops, but not for these dtypes ({error})") from error
    return proto


def _sizes(value: Value, names: Mapping[int, str]) -> list[int | str | None]:
    """The shape as ONNX writes it: a name, or nothing, for a size that is dynamic."""
    return [n if isinstance(n, int) else names.get(axis) for axis, n in enumerate(value.shape)]
