"""Records which ops a model calls, and on which tensors: one run of it becomes a list of calls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..autograd import no_grad
from ..autograd.base import TensorBase, wrap
from ..autograd.modes import INFERENCE
from ..profiler import watching
from ..tensor import inplace

__all__ = ["Call", "Constant", "Input", "Output", "Trace", "is_in_onnx_export", "leaves", "trace"]

Tensor = Any
STALE = -1
"""The version of a tensor whose memory was changed by way of another one."""
_running = False


@dataclass(frozen=True)
class Input:
    """The input with this number."""

    index: int


@dataclass(frozen=True)
class Constant:
    """A tensor that no recorded call has made: a weight, or one that the model creates. Its number among them."""

    index: int


@dataclass(frozen=True)
class Output:
    """One of the results of a recorded call."""

    call: int
    number: int


@dataclass
class Call:
    """One call of an op: tensors among the arguments are what they stand for, all else is as it was given."""

    name: str
    args: tuple[Any, ...]
    static: dict[str, Any]
    results: tuple[Tensor, ...]


@dataclass
class Trace:
    """All calls of one run, what the model returned, and the constants."""

    calls: list[Call] = field(default_factory=list)
    constants: list[Tensor] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)


class _Recorder:
    """The watcher that fills a trace.

    A tensor's meaning holds for one version of its memory: if it is changed by something that is no recorded op, its next use
    raises. Tensors are kept alive by the trace, so that no two have the same id.
    """

    def __init__(self, inputs: list[Tensor]) -> None:
        self.trace, self.thread = Trace(), threading.get_ident()
        self.meanings: dict[int, tuple[Any, Tensor, int, tuple[int, ...]]] = {}
        self.arrays: dict[int, tuple[Any, Tensor]] = {}
        """Arrays and a tensor that has them: `detach` makes another tensor of the same array."""
        self.live: set[Any] = set()
        """What depends on an input."""
        for index, tensor in enumerate(inputs):
            self._means(tensor, Input(index))
            self.live.add(Input(index))

    def begin(self, kind: str, name: str, args: tuple[Any, ...], static: dict[str, Any]) -> Any:
        if threading.get_ident() != self.thread:
            return None
        if kind == "op":
            return kind, name, tuple(self.meaning(a) if isinstance(a, TensorBase) else a for a in args), static
        if kind == "function":
            raise NotImplementedError(f"onnx.export: the model calls the autograd.Function {name}, which ONNX has not")
        if kind == "write":
            self._keep_constants(args[0])
        return kind, name, args, static

    def end(self, begun: Any, result: Any) -> None:
        if begun is None or result is None:  # another thread's, or it raised
            return
        kind, name, args, static = begun
        if kind == "write":
            self._written(*args)
        elif kind == "op":
            results = result if isinstance(result, tuple) else (result,)
            if id(results[0]) in self.meanings:  # operands were promoted, and the op called itself with the new ones
                return
            made = [Output(len(self.trace.calls), number) for number in range(len(results))]
            static = {key: value for key, value in static.items() if not isinstance(value, TensorBase)}
            self.trace.calls.append(Call(name, args, static, results))
            if any(a in self.live for a in args if isinstance(a, (Input, Output))):
                self.live.update(made)
            for tensor, meaning in zip(results, made, strict=True):
                self._means(tensor, meaning)

    def meaning(self, tensor: Tensor) -> Any:
        """What a tensor stands for; a new constant, if nobody has made it.

        Raises:
            NotImplementedError: its memory was changed in a way that is not recorded.
        """
        if id(tensor) not in self.meanings:
            _, same = self.arrays.get(id(tensor._array), (None, None))
            if same is not None:
                return self.meaning(same)
            self._means(tensor, Constant(len(self.trace.constants)))
            self.trace.constants.append(tensor)
        meaning, _, version, shape = self.meanings[id(tensor)]
        if _version(tensor) != version or tuple(tensor.shape) != shape:
            raise NotImplementedError(
                "onnx.export: the model changes a part of a tensor in place, or uses a view of a tensor that was changed; "
                "build the new tensor with cat, stack or where"
            )
        return meaning

    def _means(self, tensor: Tensor, meaning: Any) -> None:
        self.meanings[id(tensor)] = (meaning, tensor, _version(tensor), tuple(tensor.shape))
        self.arrays[id(tensor._array)] = (tensor._array, tensor)

    def _keep_constants(self, x: Tensor) -> None:
        """Copy the constants in the memory of x, which is about to be overwritten: they stay what they were when they were used."""
        for i, tensor in enumerate(self.trace.constants):
            if x._xp.shares_memory(tensor._array, x._array):
                self.trace.constants[i] = wrap(tensor._xp.copy(tensor._array), tensor._xp)

    def check_constants(self) -> None:
        """Refuse a trace in which a constant was changed, by something that is not seen, after it was used."""
        for tensor in self.trace.constants:
            if id(tensor) in self.meanings:
                self.meaning(tensor)

    def _written(self, x: Tensor, value: Tensor) -> None:
        """x has been overwritten with a value. What depends on no input is left to be a constant."""
        meaning = self.meaning(value)
        base = x if x._view is None else x._view.base
        known = self.meanings.get(id(base), (None,))[0]
        if meaning not in self.live and known not in self.live:
            for each in (base, x):
                self.meanings.pop(id(each), None)
                self.arrays.pop(id(each._array), None)
            return
        for _, tensor, _, shape in list(self.meanings.values()):  # `.data` counts versions of its own, inference tensors none
            counted = tensor._version is x._version and x._version is not INFERENCE
            if tensor is not x and not counted and x._xp.shares_memory(tensor._array, x._array):
                self.meanings[id(tensor)] = (meaning, tensor, STALE, shape)
        if x._view is None and x.dtype == value.dtype:
            self._means(x, meaning)


def _version(tensor: Tensor) -> int:
    return 0 if tensor._version is INFERENCE else tensor._version[0]


def trace(model: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Trace:
    """Call a model once, without gradients, and record its ops.

    Raises:
        NotImplementedError: it does something in place that cannot be recorded, or returns something that is no tensor.
    """
    global _running
    recorder = _Recorder([tensor for tensor in leaves((args, kwargs)) if isinstance(tensor, TensorBase)])
    watching.watch(recorder)
    write = watching._Exchange("write", inplace.write, lambda _: "write")
    _running = True
    try:
        with no_grad():
            result = model(*args, **kwargs)
    finally:
        _running = False
        write.undo()
        watching.leave(recorder)
    for output in leaves(result):
        if not isinstance(output, TensorBase):
            raise NotImplementedError(f"onnx.export: the model returns a {type(output).__name__}; it may return tensors only")
        recorder.trace.outputs.append(recorder.meaning(output))
    recorder.check_constants()
    return recorder.trace


def is_in_onnx_export() -> bool:
    """Whether a model is being run to be exported.

    >>> is_in_onnx_export()
    False
    """
    return _running


def leaves(value: Any) -> list[Any]:
    """What lies in nested tuples, lists and dicts, without None.

    >>> leaves((1, [2, {"a": 3}], None))
    [1, 2, 3]
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [leaf for entry in value for leaf in leaves(entry)]
    return [] if value is None else [value]
