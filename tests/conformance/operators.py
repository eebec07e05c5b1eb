"""PyTorch's table of operators, entry by entry: its samples are computed in both libraries and compared.

    python tests/conformance/operators.py linalg fft.rfft    # the misses of the entries whose names begin so
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Iterator
from functools import cache, reduce
from types import FunctionType
from typing import Any

import torch
from bridge import Untranslatable, copied, quiet, recording, to_ours, to_torch
from modules import Findings
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo, SampleInput

import tensorlite as tl

__all__ = ["COLUMNS", "LEFT_OUT", "NAMES", "TITLE", "misses", "rows"]

TITLE = "Operators"
COLUMNS = ("forward", "dtypes", "method", "in place", "out=", "gradients", "second order", "errors")

LEFT_OUT = {
    "slice": "internal to PyTorch: indexing",
    "native_dropout_backward": "internal to PyTorch: no function of `torch`",
    "max_pool2d_with_indices_backward": "internal to PyTorch: no function of `torch`",
    "jiterator_": "compiles CUDA source",
    "torch.ops.aten.": "internal to PyTorch",
    "torch._scaled_mm": "internal to PyTorch: float8 products",
    "to_sparse": "sparse layouts",
    "sparse.": "sparse layouts",
    "chalf": "complex32, which NumPy does not have",
    "nn.functional.scaled_grouped_mm": "float8 products",
    "nn.functional.scaled_mm": "float8 products",
    "nn.functional.grouped_mm": "a CUDA kernel for mixtures of experts",
}
"""Entries (or, with "_" or "." at the end, how their names begin) that are not compared, and why.

Names that begin with an underscore are internal to PyTorch.
"""


def _left_out(name: str) -> str | None:
    last = name.rpartition(".")[2]
    if last.startswith("_") and not last.startswith("__"):
        return "internal to PyTorch"
    return next((r for begin, r in LEFT_OUT.items() if name == begin or begin[-1] in "._" and name.startswith(begin)), None)


with quiet():
    ENTRIES: dict[str, OpInfo] = {
        f"{info.name}.{info.variant_test_name}" if info.variant_test_name else info.name: info
        for info in op_db
        if not _left_out(info.name) and info.supported_dtypes("cpu")
    }
NAMES = tuple(ENTRIES)

TOLERANCES = {
    torch.float16: {"rtol": 1e-2, "atol": 1e-2},
    torch.bfloat16: {"rtol": 4e-2, "atol": 4e-2},
    torch.float32: {"rtol": 1e-4, "atol": 1e-5},
    torch.complex64: {"rtol": 1e-4, "atol": 1e-5},
    torch.float64: {"rtol": 1e-7, "atol": 1e-9},
    torch.complex128: {"rtol": 1e-7, "atol": 1e-9},
}
COMPARED = tuple(TOLERANCES) + (torch.int64, torch.int32, torch.uint8, torch.bool)
HALVES = {torch.float16: 5e-4, torch.bfloat16: 4e-3}
"""How far a number lies from the next half-precision one, at most, relative to its size."""
INACCURATE = {"special.bessel_": 1e-6}
"""PyTorch's own values are that far from the truth: its bessel_j0(5.0) is -0.17759678, but J0(5) = -0.17759677."""
SAMPLES = 24
"""How many samples of an entry, spread over its list, are computed in one dtype; other dtypes than float64 get fewer."""

# Which function -------------------------------------------------------------------------------------------------------


def _seeded(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the table's ``wrapper_set_seed`` does, for our functions."""
    tl.manual_seed(42)
    return function(*args, **kwargs)


def _our_function(info: OpInfo) -> Callable[..., Any]:
    """The function of that name. Where the table has an expression instead, it is evaluated with our library as ``torch``."""
    path = info.name.split(".")
    theirs = reduce(lambda x, part: getattr(x, part, None), path, torch)
    if info.op is not theirs and _is_expression(info.op):
        return _ours_of(info.op)
    if hasattr(tl.Tensor, path[-1]) and not callable(theirs):
        return getattr(tl.Tensor, path[-1])
    ours: Any = tl
    for part in path:
        if not hasattr(ours, part):
            raise NotImplementedError(f"there is no {info.name}")
        ours = getattr(ours, part)
    return ours


def _is_expression(function: Any) -> bool:
    return isinstance(function, FunctionType) and function.__name__ == "<lambda>"


def _ours_of(expression: FunctionType) -> Callable[..., Any]:
    """The same expression with our library as ``torch``."""
    changed = {"torch": tl, "wrapper_set_seed": _seeded, "np": expression.__globals__.get("np")}
    scope = {**expression.__globals__, **changed}
    closure = _ours_in(expression.__closure__)
    return FunctionType(expression.__code__, scope, expression.__name__, expression.__defaults__, closure)


def _ours_in(closure: Any) -> Any:
    kept = [cell.cell_contents if isinstance(cell.cell_contents, OpInfo) else to_ours(cell.cell_contents) for cell in closure or ()]
    return closure and tuple(type(cell)(value) for cell, value in zip(closure, kept, strict=True))


# Samples --------------------------------------------------------------------------------------------------------------


def _spread(items: list[Any], limit: int) -> list[Any]:
    """At most `limit` of the items, the first and the last among them."""
    if len(items) <= limit:
        return items
    return [items[round(i * (len(items) - 1) / (limit - 1))] for i in range(limit)]


@cache
def _samples(name: str, dtype: torch.dtype, requires_grad: bool, limit: int) -> tuple[Any, ...]:
    torch.manual_seed(42)
    with quiet(), recording():
        found = list(ENTRIES[name].sample_inputs("cpu", dtype, requires_grad=requires_grad))
    return tuple((s.input, tuple(s.args), dict(s.kwargs), s.output_process_fn_grad) for s in _spread(found, limit))


def _dtypes(info: OpInfo) -> list[torch.dtype]:
    supported = info.supported_dtypes("cpu")
    return [d for d in COMPARED if d in supported]


def _call(function: Callable[..., Any], lib: Any, sample: Any) -> Any:
    lib.manual_seed(42)
    first, args, kwargs = sample
    return function(first, *args, **kwargs)


def _flat(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [x for part in value for x in _flat(part)]
    if isinstance(value, dict):
        return _flat(list(value.values()))
    return [value]


def _tensors(value: Any) -> list[Any]:
    return [x for x in _flat(value) if isinstance(x, (tl.Tensor, torch.Tensor))]


def _tolerance(name: str, dtype: torch.dtype) -> dict[str, float]:
    """What is forgiven in a dtype: more where PyTorch itself is inaccurate."""
    least = next((error for begin, error in INACCURATE.items() if name.startswith(begin)), 0.0)
    return {key: max(value, least) for key, value in TOLERANCES[dtype].items()}


def _same(ours: Any, theirs: Any, dtype: torch.dtype, name: str = "") -> None:
    """The same structure, and tensors of the same shape, dtype and values."""
    a, b = _flat(ours), _flat(theirs)
    assert len(a) == len(b), f"{len(a)} results instead of {len(b)}"
    for x, y in zip(a, b, strict=True):
        if not isinstance(y, torch.Tensor):
            assert not isinstance(x, tl.Tensor) and (x == to_ours(y) or x != x), f"{x!r} instead of {y!r}"
            continue
        assert isinstance(x, tl.Tensor), f"{type(x).__name__} instead of Tensor"
        assert str(x.dtype) == str(y.dtype), f"{x.dtype} instead of {y.dtype}"
        assert tuple(x.shape) == tuple(y.shape), f"shape {list(x.shape)} instead of {list(y.shape)}"
        if y.dtype in COMPARED or not y.dtype.is_complex:
            inexact = y.dtype.is_floating_point or y.dtype.is_complex
            known = [_tolerance(name, d) for d in (dtype, y.dtype) if d in TOLERANCES and inexact]
            tolerance = dict(max(known, key=lambda t: t["rtol"], default={}))  # that of the coarser dtype
            if y.dtype in HALVES and y.numel():  # a sum is off by the rounding of its terms, not of its value
                tolerance["atol"] += HALVES[y.dtype] * float(y.detach().float().nan_to_num(0, 0, 0).abs().max())
            torch.testing.assert_close(to_torch(x), y.detach().resolve_conj().resolve_neg().clone(), equal_nan=True, **tolerance)


def _pairs(name: str, dtype: torch.dtype, limit: int, requires_grad: bool = False) -> Iterator[tuple[Any, Any, Any]]:
    """Samples in both libraries, as fresh copies, and how the table treats their outputs before they are differentiated."""
    for first, args, kwargs, process in _samples(name, dtype, requires_grad, limit):
        theirs = copied((first, args, kwargs))
        ours = to_ours(copied((first, args, kwargs)))
        if name.endswith(".partial_views"):  # what lies beyond the view is looked at, too
            theirs, ours = (_view(first), *theirs[1:]), (_view(first, True), *ours[1:])
        yield ours, theirs, process


def _view(x: torch.Tensor, ours: bool = False) -> Any:
    """A view as `x` is one, of a copy of its whole storage."""
    whole = torch.empty(0, dtype=x.dtype).set_(x.untyped_storage()).clone()
    return (to_ours(whole) if ours else whole).as_strided(tuple(x.shape), x.stride(), x.storage_offset())


# What is compared -----------------------------------------------------------------------------------------------------


def _forward(info: OpInfo, name: str, dtype: torch.dtype, limit: int) -> None:
    function = _our_function(info)
    for ours, theirs, process in _pairs(name, dtype, limit):
        expected = process(_call(info.op, torch, theirs))
        if not _deterministic(info):
            expected_shapes = [(x.shape, x.dtype) for x in _tensors(expected)]
            found = _tensors(_processed(process, _call(function, tl, ours)))
            assert [(tuple(x.shape), str(x.dtype)) for x in found] == [(tuple(s), str(d)) for s, d in expected_shapes]
            continue
        found = _processed(process, _call(function, tl, ours))
        _same(_defined(info, theirs[0], found), _defined(info, theirs[0], expected), dtype, name)


def _defined(info: OpInfo, input: Any, out: Any) -> Any:
    """The results whose values are defined: of positions among equal elements, only the shape is."""
    if info.name not in TIES or not isinstance(input, torch.Tensor) or len(torch.unique(input)) == input.numel():
        return out
    parts = list(out) if isinstance(out, (list, tuple)) else [out]
    if len(parts) == 1 and info.name != "argsort":
        return out
    return [*parts[:-1], tuple(parts[-1].shape), str(parts[-1].dtype)]


def _processed(process: Callable[..., Any], out: Any) -> Any:
    """Apply what the table does to outputs that are only unique up to a sign or a phase."""
    if not isinstance(process, FunctionType):
        return process(out)
    changed = {**process.__globals__, "torch": tl}
    return FunctionType(process.__code__, changed, process.__name__, process.__defaults__, _ours_in(process.__closure__))(out)


TIES = {"sort", "argsort", "topk", "kthvalue", "msort", "median", "nanmedian", "mode"}
"""Where equal elements may come in any order: their positions are compared only where all values differ."""


def _deterministic(info: OpInfo) -> bool:
    """Uninitialised memory has no values to compare."""
    return "empty" not in info.name and info.name not in {"resize_", "resize_as_"}


def _variant(info: OpInfo, name: str, dtype: torch.dtype, limit: int, kind: str) -> None:
    """The method of the tensor, or its in-place form."""
    theirs_function = info.method_variant if kind == "method" else info.inplace_variant
    if theirs_function is None:
        return
    ours_function = _our_variant(theirs_function)
    for ours, theirs, process in _pairs(name, dtype, limit):
        if not isinstance(theirs[0], torch.Tensor):
            continue
        try:
            expected = process(_call(theirs_function, torch, theirs))
        except (RuntimeError, TypeError, IndexError, ValueError):
            continue  # a sample of the function that the method does not take
        found = _processed(process, _call(ours_function, tl, ours))
        if _deterministic(info):
            _same(_defined(info, theirs[0], found), _defined(info, theirs[0], expected), dtype, name)
        if kind == "in place":
            assert found is ours[0], "another tensor is returned"


def _our_variant(theirs: Any) -> Callable[..., Any]:
    if isinstance(theirs, functools.partial):
        return to_ours(theirs)
    if _is_expression(theirs):
        return _ours_of(theirs)
    if not hasattr(tl.Tensor, theirs.__name__):
        raise NotImplementedError(f"there is no Tensor.{theirs.__name__}")
    return getattr(tl.Tensor, theirs.__name__)


def _out(info: OpInfo, name: str, dtype: torch.dtype, limit: int) -> None:
    """Into tensors of the right dtype but of no elements, which are resized."""
    if not info.supports_out:
        return
    function = _our_function(info)
    for ours, theirs, process in _pairs(name, dtype, limit):
        results = _call(info.op, torch, theirs)
        many = not isinstance(results, torch.Tensor)
        if many and not (isinstance(results, (tuple, list)) and all(isinstance(r, torch.Tensor) for r in results)):
            continue
        into = tuple(torch.empty(0, dtype=r.dtype) for r in (results if many else (results,)))
        with quiet():
            try:
                expected = _call(lambda *a, **k: info.op(*a, out=into if many else into[0], **k), torch, theirs)  # noqa: B023
            except (RuntimeError, TypeError):
                continue
            mine = tuple(to_ours(i.new_empty(0)) for i in into)
            found = _call(lambda *a, **k: function(*a, out=mine if many else mine[0], **k), tl, ours)  # noqa: B023
        if expected is None:  # some functions with several results return nothing then
            assert found is None, "something is returned"
            found, expected = mine, into
        assert all(f is m for f, m in zip(_tensors(found), mine, strict=True)), "another tensor is returned"
        if _deterministic(info):
            found, expected = _processed(process, found), process(expected)
            _same(_defined(info, theirs[0], found), _defined(info, theirs[0], expected), dtype, name)


def _gradients(info: OpInfo, name: str, dtype: torch.dtype, limit: int, order: int) -> None:
    function = _our_function(info)
    for ours, theirs, process in _pairs(name, dtype, limit, requires_grad=True):
        try:
            wanted = _derivatives(torch, info.op, process, theirs, order)
        except RuntimeError as error:
            if order == 2 and "is not implemented" in str(error):
                continue  # PyTorch has no second derivative, whatever its table says
            raise
        found = _derivatives(tl, function, lambda out: _processed(process, out), ours, order)  # noqa: B023
        for number, (a, b) in enumerate(itertools.zip_longest(found, wanted)):
            if a is None or b is None:  # no gradient and a gradient of zeros are the same
                rest = b if a is None else a
                assert rest is None or float(rest.detach().abs().sum()) == 0, f"gradient {number} is missing on one side"
                continue
            _same(a, b, dtype, name)


def _derivatives(lib: Any, function: Any, process: Any, sample: Any, order: int) -> list[Any]:
    """The gradients of the outputs' products with numbers that are drawn alike in both libraries; for order 2, theirs."""
    leaves = [x for x in _tensors(sample) if x.requires_grad]
    out = [x for x in _tensors(process(_call(function, lib, sample))) if x.requires_grad]
    found: Any = leaves
    for step in range(order):
        values = _weighted(lib, out, step)
        if values is None:
            return [None] * len(leaves)
        found = list(lib.autograd.grad(values, leaves, create_graph=step + 1 < order, allow_unused=True))
        out = [g for g in found if g is not None and g.requires_grad]
    return found


def _weighted(lib: Any, tensors: list[Any], seed: int) -> Any:
    generator = torch.Generator().manual_seed(seed)
    total = None
    for x in tensors:
        dtype = getattr(torch, str(x.dtype).removeprefix("torch."))
        weights = torch.randn(tuple(x.shape), generator=generator, dtype=dtype)
        product = (x * (weights if lib is torch else to_ours(weights))).sum()
        product = product.real + product.imag if x.is_complex() else product
        total = product if total is None else total + product
    return total


def _errors(info: OpInfo) -> None:
    """Whatever PyTorch refuses is refused with the same class of exception, or a subclass."""
    if info.error_inputs_func is None:
        return
    function = _our_function(info)
    with quiet():
        cases = list(info.error_inputs("cpu"))
    for case in cases:
        sample: SampleInput = case.sample_input
        theirs = copied((sample.input, tuple(sample.args), dict(sample.kwargs)))
        try:
            ours = to_ours(copied(theirs))
        except Untranslatable:
            continue
        try:
            with quiet():
                _call(info.op, torch, theirs)
        except Exception as error:
            kind = type(error)
        else:
            continue  # this version of PyTorch takes it
        try:
            with quiet():
                _call(function, tl, ours)
        except kind:
            continue
        except Exception as error:
            raise AssertionError(f"{type(error).__name__} instead of {kind.__name__}: {case.error_regex[:60]}") from error
        raise AssertionError(f"nothing instead of {kind.__name__}: {case.error_regex[:60]}")


def misses(name: str, samples: int = SAMPLES) -> dict[str, str]:
    """What differs in one entry, by column: the empty string, or the reason."""
    info = ENTRIES[name]
    dtypes = _dtypes(info)
    main = next((d for d in (torch.float64, torch.complex128, torch.int64) if d in dtypes), dtypes[0])
    few = max(samples // 4, 2)
    found = Findings(COLUMNS)
    with quiet():
        if found.check("forward", lambda: _forward(info, name, main, samples)):
            for dtype in dtypes:
                if dtype is not main:
                    found.check("dtypes", lambda: _in(dtype, lambda: _forward(info, name, dtype, few)))  # noqa: B023
            found.check("method", lambda: _variant(info, name, main, few, "method"))
            found.check("in place", lambda: _variant(info, name, main, few, "in place"))
            found.check("out=", lambda: _out(info, name, main, few))
            for dtype in (torch.float64, torch.complex128):
                if dtype in info.supported_backward_dtypes("cpu") and info.supports_autograd:
                    found.check("gradients", lambda: _in(dtype, lambda: _gradients(info, name, dtype, samples // 2, 1)))  # noqa: B023
                    if info.supports_gradgrad:
                        found.check("second order", lambda: _in(dtype, lambda: _gradients(info, name, dtype, few, 2)))  # noqa: B023
            found.check("errors", lambda: _errors(info))
        else:
            for column in COLUMNS[1:]:
                found.reasons[column].append("not tried")
    _samples.cache_clear()
    return {column: reasons[0] if reasons else "" for column, reasons in found.reasons.items()}


def _in(dtype: torch.dtype, check: Callable[[], None]) -> None:
    """Name the dtype in whatever goes wrong."""
    try:
        check()
    except Exception as error:
        error.args = (f"{str(dtype).removeprefix('torch.')}: {error}",)
        raise


def rows() -> Iterator[tuple[str, dict[str, str]]]:
    """Every entry with its misses."""
    for name in NAMES:
        yield name, misses(name)


if __name__ == "__main__":
    chosen = [name for name in NAMES if not sys.argv[1:] or name.startswith(tuple(sys.argv[1:]))]
    for entry in chosen:
        for column, reason in misses(entry).items():
            if reason:
                print(f"{entry}: {column}: {reason}", flush=True)
    print(f"{len(chosen)} entries")
