"""The slow path of ops: mixed dtypes, Python numbers and 0-d operands, and the errors for inputs that do not fit together."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

from .. import dtypes
from .base import Node, TensorBase, wrap
from .modes import modes

if TYPE_CHECKING:
    from .op import Op

__all__ = ["check_inputs", "promoted", "result_type_of", "stale"]

NUMBERS = (bool, int, float, complex)
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
"""The folder of tensorlite's own files."""


def promoted(op: Op, args: tuple[Any, ...], static: dict[str, Any]) -> Any:
    """Bring all operands to one device and PyTorch's common dtype, then call the op again.

    Raises:
        RuntimeError: the operands are on different devices.
        TypeError: an operand is neither a tensor nor a number.
    """
    if len(args) == 2 and type(args[0]) in (float, int) and isinstance(args[1], TensorBase):
        xp, raw = args[1]._xp, args[1]._array.dtype
        if raw in xp.floats and op.promoted_inputs == op.inputs:  # 1 - x
            number = xp.number(args[0], raw)
            number = number if type(number) is xp.array_type else xp.full((), number, dtype=raw)
            return op.forward(wrap(number, xp), args[1], **static)
    if op.name == "subtract":
        _refuse_truth_values(args)
    by_name = dict(zip(op.inputs, args, strict=False))
    xp = _common_device(op, args)
    chosen = [by_name[i] for i in op.promoted_inputs]
    common = result_type_of(op.name, chosen)
    if op.promotes == "float" and not (common.is_floating_point or common.is_complex):
        common = dtypes.get_default_dtype()
    for name in op.inputs:
        wanted = common if name in op.promoted_inputs else None
        by_name[name] = _operand(by_name[name], xp, wanted)
    return op.forward(*by_name.values(), **static)


def result_type_of(name: str, operands: list[Any]) -> dtypes.dtype:
    """PyTorch's result dtype of tensors and numbers together."""
    dimensioned: list[dtypes.dtype] = []
    zero_dim: list[dtypes.dtype] = []
    numbers: list[Any] = []
    for x in operands:
        if isinstance(x, TensorBase):
            (dimensioned if x._array.ndim else zero_dim).append(x._xp.dtype_of[x._array.dtype])
        elif is_number(x):
            x = x.item() if hasattr(x, "item") else x
            numbers.append(next(kind for kind in NUMBERS if isinstance(x, kind)))
        else:
            raise TypeError(f"{name}(): expected a Tensor or a number, not {type(x).__name__}; convert it with tensor(...)")
    return dtypes.result_dtype(tuple(dimensioned), tuple(zero_dim), tuple(numbers))


def is_number(x: Any) -> bool:
    """Whether x is a Python number or a NumPy scalar."""
    return isinstance(x, NUMBERS) or (getattr(x, "shape", None) == () and hasattr(x, "item"))


def _common_device(op: Op, args: tuple[Any, ...]) -> Any:
    backends = [a._xp for a in args if isinstance(a, TensorBase)]
    if not backends:
        kinds = ", ".join(type(a).__name__ for a in args)
        raise TypeError(f"{op.name}(): at least one argument must be a Tensor, not ({kinds})")
    dimensioned = [a._xp for a in args if isinstance(a, TensorBase) and a._array.ndim]
    xp = (dimensioned or backends)[0]
    for a in args:
        if isinstance(a, TensorBase) and a._xp is not xp and (a._array.ndim or a._xp.device.type != "cpu"):
            different_devices(xp, a._xp)
    return xp


def _operand(x: Any, xp: Any, wanted: dtypes.dtype | None) -> Any:
    if not isinstance(x, TensorBase):
        return wrap(xp.full((), x, dtype=xp.native[wanted] if wanted else None), xp)
    if x._xp is not xp:  # a 0-d tensor on the CPU may join any device
        x = x.to(xp.device)
    if wanted is not None and x._array.dtype != xp.native[wanted]:
        x = xp.tensors.astype(x, dtype=wanted)
    elif wanted is not None and x._array.dtype is not xp.native[wanted]:
        x = wrap(xp.astype(x._array, xp.native[wanted]), xp, x._node)
    return x


def different_devices(first: Any, second: Any) -> NoReturn:
    """Refuse tensors of two devices."""
    raise RuntimeError(
        "Expected all tensors to be on the same device, but found at least two devices, "
        f"{first.device} and {second.device}! Move one with .to({str(first.device)!r})."
    )


def check_inputs(op: Op, tensors: tuple[Any, ...], typed: tuple[str, ...]) -> None:
    """Say what is wrong with inputs that differ in device or dtype.

    Raises:
        RuntimeError: devices or dtypes differ.
        TypeError: an input is not a tensor.
    """
    named = dict(zip(op.inputs, tensors, strict=False)) if op.variadic is None else {}
    present = [t for t in tensors if t is not None]
    for t in present:
        if not isinstance(t, TensorBase):
            raise TypeError(f"{op.name}(): expected a Tensor, not {type(t).__name__}")
        if t._xp is not present[0]._xp:
            different_devices(present[0]._xp, t._xp)
    chosen = [named[i] for i in typed if named.get(i) is not None] if named else (present if typed else [])
    found = [t._array.dtype for t in chosen]
    if any(d != found[0] for d in found):
        names = " != ".join(str(t._xp.dtype_of[t._array.dtype]).removeprefix("torch.") for t in chosen)
        raise RuntimeError(f"{op.name}(): expected all inputs to have the same dtype, but got: {names}; convert with .to(dtype)")


def failed(op: Op, error: Exception, arrays: tuple[Any, ...]) -> NoReturn:
    """Turn a backend's complaint into PyTorch's: shapes that do not broadcast, dtypes that a function does not take.

    Raises:
        NotImplementedError: (a RuntimeError) the backend has no such function of these dtypes.
        RuntimeError: otherwise.
    """
    shapes = [a.shape for a in arrays if hasattr(a, "shape")]
    if op.promotes and len(shapes) > 1:
        longest = max(len(s) for s in shapes)
        for place in range(1, longest + 1):
            sizes = [s[-place] for s in shapes if len(s) >= place and s[-place] != 1]
            if len(set(sizes)) > 1:
                raise RuntimeError(
                    f"The size of tensor a ({sizes[0]}) must match the size of tensor b ({sizes[1]}) at non-singleton dimension "
                    f"{longest - place}"
                ) from None
    if isinstance(error, TypeError):
        if op.name in _NOT_FOR_BOOL and arrays[0].dtype.kind == "b":
            raise RuntimeError(_NOT_FOR_BOOL[op.name]) from None
        kinds = ", ".join(dict.fromkeys(str(a.dtype) for a in arrays if hasattr(a, "dtype")))
        raise NotImplementedError(f'"{op.name}" not implemented for {kinds}; convert the tensors with .to(dtype)') from error
    raise RuntimeError(f"{op.name}(): {error}; shapes: {[list(s) for s in shapes]}") from error


def _refuse_truth_values(args: tuple[Any, ...]) -> None:
    """A difference with one truth value is refused, too, where numbers and other dtypes would promote it."""
    if any(isinstance(a, TensorBase) and a._array.dtype.kind == "b" for a in args):
        both = all(isinstance(a, TensorBase) and a._array.dtype.kind == "b" for a in args)
        raise RuntimeError(_NOT_FOR_BOOL["subtract" if both else "subtract with a number"])


_INVERT = "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
_NOT_FOR_BOOL = {
    "negative": f"Negation, the `-` operator, on a bool tensor is not supported. {_INVERT}",
    "subtract with a number": f"Subtraction, the `-` operator, with a bool tensor is not supported. {_INVERT}",
    "subtract": "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
    "operator instead.",
}


def stale(node: Node, which: int | None = None) -> NoReturn:
    """Refuse to run a rule on a saved tensor that was overwritten."""
    versions = list(zip(node.versions[::2], node.versions[1::2], strict=True))
    kept = [k for k in node.op.kept if k in node.op.inputs or k == "out" or k in node.op.outputs]
    index = which if which is not None else next(i for i, (v, then) in enumerate(versions) if v[0] != then)
    counter, then = versions[index]
    what = kept[index] if index < len(kept) else kept[-1]
    raise RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"'{what}' of {node.name()} is at version {counter[0]}; expected version {then} instead. "
        "Hint: use the out-of-place form or clone() the tensor before changing it; enable anomaly detection "
        "to find the forward operation, with autograd.set_detect_anomaly(True)."
    )


def trace(own: int = 2) -> list[str] | None:
    """The forward traceback: without the last `own` frames while this thread detects anomalies, of the line that called
    tensorlite while it records lines, else None."""
    if modes.anomaly:
        return traceback.format_list(traceback.extract_stack()[:-own])
    return _calling_line() if modes.lines else None


def _calling_line() -> list[str]:
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith((PACKAGE, "<op ")):
        frame = frame.f_back
    if frame is None:
        return []
    code = frame.f_code
    return traceback.format_list([traceback.FrameSummary(code.co_filename, frame.f_lineno, code.co_name)])
