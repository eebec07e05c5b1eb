"""PyTorch's table of modules, entry by entry: each module is made in both libraries from the table's arguments and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import torch
from bridge import copied, fresh, load_from, quiet, recording, to_ours, to_torch

import tensorlite as tl

with quiet():  # PyTorch's tables warn of what they find missing
    from torch.testing._internal.common_modules import ModuleErrorEnum, ModuleInfo, module_db

__all__ = ["COLUMNS", "GROUPS", "NAMES", "TITLE", "misses", "rows"]

TITLE = "Modules"

GROUPS: dict[str, tuple[str, ...]] = {
    "construction": ("state_dict", "initial values", "repr"),
    "values": ("outputs", "gradients"),
    "second order": ("second order",),
    "errors": ("errors",),
}
COLUMNS: tuple[str, ...] = tuple(column for group in GROUPS.values() for column in group)

ENTRIES: dict[str, ModuleInfo] = {info.name: info for info in module_db}
NAMES = tuple(ENTRIES)

TOLERANCES = {torch.float32: {"rtol": 1e-3, "atol": 2e-5}, torch.float64: {"rtol": 1e-7, "atol": 1e-9}}


class Sample(NamedTuple):
    """One way to make a module and to call it, with values of PyTorch."""

    number: int
    made_with: tuple[tuple[Any, ...], dict[str, Any]]
    called_with: tuple[tuple[Any, ...], dict[str, Any]]
    training: bool
    dtype: torch.dtype


class Twins(NamedTuple):
    """A module here and its twin, and what they are called with."""

    ours: Any
    theirs: torch.nn.Module
    inputs: Any
    their_inputs: Any


class Findings:
    """What differs, by column: the first reason, and how many samples differ."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.reasons: dict[str, list[str]] = {column: [] for column in columns}
        self.samples = 0

    def check(self, column: str, function: Callable[[], None]) -> bool:
        """Run `function`; whatever it raises is a miss."""
        try:
            function()
        except Exception as error:
            self.reasons[column].append(_reason(error))
            return False
        return True

    def summary(self) -> dict[str, str]:
        out: dict[str, str] = {}
        for column, reasons in self.reasons.items():
            out[column] = f"{reasons[0]} ({len(reasons)} of {self.samples} samples)" if reasons else ""
        return out


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
    return (kind + text)[:150].replace("|", "/")


@cache
def _samples(name: str) -> tuple[Sample, ...]:
    """All samples of an entry: in training and, where that differs, in evaluation, and in two precisions."""
    info = ENTRIES[name]
    out = []
    with quiet(), recording():
        for dtype in (torch.float64, torch.float32):
            for training in (True, False) if info.train_and_eval_differ else (True,):
                torch.manual_seed(42)
                inputs = info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
                for number, item in enumerate(inputs):
                    made, called = item.constructor_input, item.forward_input
                    call = ((), {}) if called is None else (tuple(called.args), dict(called.kwargs))
                    out.append(Sample(number, (tuple(made.args), dict(made.kwargs)), call, training, dtype))
    # Long lists cross a few options with each other; a step that divides none of their sizes meets every pair.
    many = len(out) // 400 * 2 + 1
    return tuple(s for s in out if s.number % (many if s.dtype is torch.float64 else 2 * many + 1) == 0)


def _their(name: str, sample: Sample) -> torch.nn.Module:
    args, kwargs = sample.made_with
    torch.manual_seed(0)
    return ENTRIES[name].module_cls(*args, **kwargs)


def _our(name: str, sample: Sample) -> Any:
    short = name.removeprefix("nn.")
    cls = getattr(tl.nn, short, None)
    if cls is None:
        raise NotImplementedError(f"there is no nn.{short}")
    args, kwargs = to_ours(sample.made_with)
    tl.manual_seed(0)
    return cls(*args, **kwargs)


def _twins(name: str, sample: Sample) -> Twins:
    """Both modules with the same parameters, in the mode and the precision of the sample."""
    theirs = _their(name, sample).to(sample.dtype).train(sample.training)
    ours = _our(name, sample).to(to_ours(sample.dtype)).train(sample.training)
    called = copied(sample.called_with)
    inputs = to_ours(called)
    if any(isinstance(p, torch.nn.parameter.UninitializedParameter) for p in theirs.parameters()):
        _call(ours, inputs, 0)
        _call(theirs, called, 0)
    load_from(ours, theirs)
    return Twins(ours, theirs, inputs, called)


def _call(module: Any, inputs: Any, seed: int) -> Any:
    (torch if isinstance(module, torch.nn.Module) else tl).manual_seed(seed)
    args, kwargs = fresh(inputs)
    return module(*args, **kwargs)


def _flat(value: Any) -> list[Any]:
    """The tensors of either library in a nested value, in order."""
    if isinstance(value, (torch.Tensor, tl.Tensor)):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [x for part in value for x in _flat(part)] if isinstance(value, (list, tuple)) else []


def _leaves(module: Any, inputs: Any) -> list[tuple[str, Any]]:
    given = [(f"input {i}", x) for i, x in enumerate(_flat(inputs)) if x.requires_grad]
    return given + list(module.named_parameters())


def _close(ours: Any, theirs: Any, what: str, tolerances: dict[str, float]) -> None:
    assert (ours is None) == (theirs is None), f"{what}: {'nothing' if ours is None else 'something'} is there"
    if ours is not None:
        ours = to_torch(ours)
        assert ours.shape == theirs.shape, f"{what}: shape {tuple(ours.shape)} instead of {tuple(theirs.shape)}"
        assert ours.dtype == theirs.dtype, f"{what}: {ours.dtype} instead of {theirs.dtype}"
        torch.testing.assert_close(ours, theirs.detach(), equal_nan=True, **tolerances, msg=lambda m: f"{what}: {m}")


# Construction -----------------------------------------------------------------------------------------------------


def _compare_states(ours: Any, theirs: torch.nn.Module) -> None:
    state, expected = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(expected), f"keys {list(state)} instead of {list(expected)}"
    assert dict(state._metadata) == dict(expected._metadata), "other metadata"
    for key, value in expected.items():
        lazy = isinstance(value, torch.nn.parameter.UninitializedTensorMixin)
        assert type(state[key]).__name__ == type(value).__name__ or not lazy, f"{key} is no {type(value).__name__}"
        assert lazy or (tuple(state[key].shape), state[key].dtype) == (tuple(value.shape), to_ours(value.dtype)), key


def _compare_initial(ours: Any, theirs: torch.nn.Module, sample: Sample) -> None:
    lazy = any(isinstance(p, torch.nn.parameter.UninitializedParameter) for p in theirs.parameters())
    if lazy:
        for module, inputs in ((ours, to_ours(sample.called_with)), (theirs, copied(sample.called_with))):
            _call(module, inputs, 0)
    state = ours.state_dict()
    for key, value in theirs.state_dict().items():
        _close(state[key], value, key, {"rtol": 1e-6, "atol": 1e-7})


def _construction(name: str) -> Findings:
    findings = Findings(GROUPS["construction"])
    for sample in _samples(name):
        if not sample.training or sample.dtype != torch.float32:
            continue
        findings.samples += 1
        theirs = _their(name, sample)
        try:
            ours = _our(name, sample)
        except Exception as error:
            for reasons in findings.reasons.values():
                reasons.append(_reason(error))
            continue
        findings.check("state_dict", lambda ours=ours, theirs=theirs: _compare_states(ours, theirs))  # type: ignore[misc]
        findings.check("repr", lambda ours=ours, theirs=theirs: _compare_reprs(ours, theirs))  # type: ignore[misc]
        findings.check(
            "initial values",
            lambda ours=ours, theirs=theirs, sample=sample: _compare_initial(ours, theirs, sample),  # type: ignore[misc]
        )
    return findings


def _compare_reprs(ours: Any, theirs: torch.nn.Module) -> None:
    assert repr(ours) == repr(theirs), f"{ours!r} instead of {theirs!r}"


# Values -----------------------------------------------------------------------------------------------------------


def _weights(outputs: list[Any]) -> list[torch.Tensor]:
    torch.manual_seed(7)
    return [torch.randn(y.shape, dtype=y.dtype) for y in outputs]


def _differentiable(y: Any) -> list[Any]:
    return [x for x in _flat(y) if x.requires_grad]


def _compare_outputs(twins: Twins, sample: Sample) -> tuple[Any, Any]:
    y, expected = _call(twins.ours, twins.inputs, 1), _call(twins.theirs, twins.their_inputs, 1)
    a, b = _flat(y), _flat(expected)
    assert len(a) == len(b), f"{len(a)} outputs instead of {len(b)}"
    for number, (x, z) in enumerate(zip(a, b, strict=True)):
        _close(x, z, f"output {number}", TOLERANCES[sample.dtype])
        assert x.requires_grad == z.requires_grad, f"output {number}: requires_grad is {x.requires_grad}"
    for (key, x), z in zip(twins.ours.named_buffers(), twins.theirs.buffers(), strict=True):
        _close(x, z, f"buffer {key}", TOLERANCES[sample.dtype])
    return y, expected


def _outputs(name: str, sample: Sample) -> tuple[Twins, Any, Any]:
    twins = _twins(name, sample)
    return twins, *_compare_outputs(twins, sample)


def _compare_gradients(twins: Twins, sample: Sample, y: Any, expected: Any) -> None:
    a, b = _differentiable(y), _differentiable(expected)
    if not b:
        return
    weights = _weights(b)
    sum((x * w).sum() for x, w in zip(b, weights, strict=True)).backward()  # type: ignore[union-attr]
    sum((x * to_ours(w)).sum() for x, w in zip(a, weights, strict=True)).backward()  # type: ignore[union-attr]
    pairs = zip(_leaves(twins.ours, twins.inputs), _leaves(twins.theirs, twins.their_inputs), strict=True)
    for (key, x), (_, z) in pairs:
        _close(x.grad, z.grad, f"gradient of {key}", TOLERANCES[sample.dtype])


def _values(name: str) -> Findings:
    findings = Findings(GROUPS["values"])
    for sample in _samples(name):
        findings.samples += 1
        both: list[Any] = []
        if findings.check("outputs", lambda s=sample, b=both: b.extend(_outputs(name, s))):  # type: ignore[misc]
            findings.check("gradients", lambda s=sample, b=both: _compare_gradients(b[0], s, *b[1:]))  # type: ignore[misc]
        else:
            findings.reasons["gradients"].append("no outputs to differentiate")
    return findings


# Second order -----------------------------------------------------------------------------------------------------


def _second_derivatives(lib: Any, module: Any, inputs: Any, convert: Callable[[Any], Any]) -> list[Any]:
    outputs = _differentiable(_call(module, inputs, 1))
    leaves = [leaf for _, leaf in _leaves(module, inputs)]
    if not outputs or not leaves:
        return []
    weights = _weights([to_torch(y).detach() for y in outputs])
    total = sum((y * convert(w)).sum() for y, w in zip(outputs, weights, strict=True))
    first = lib.autograd.grad(total, leaves, create_graph=True, allow_unused=True)
    torch.manual_seed(8)
    drawn = [None if g is None else torch.randn(tuple(g.shape), dtype=torch.float64) for g in first]
    parts = [(g * convert(v)).sum() for g, v in zip(first, drawn, strict=True) if g is not None and g.requires_grad]
    if not parts:
        return [None] * len(leaves)
    return list(lib.autograd.grad(sum(parts), leaves, allow_unused=True))


def _their_second(name: str, sample: Sample) -> list[Any]:
    """PyTorch's second derivatives; nothing where it has none."""
    theirs, called = _their(name, sample).to(sample.dtype).train(sample.training), copied(sample.called_with)
    if any(isinstance(p, torch.nn.parameter.UninitializedParameter) for p in theirs.parameters()):
        _call(theirs, called, 0)
    try:
        return _second_derivatives(torch, theirs, called, lambda x: x)
    except RuntimeError:
        return []


def _compare_second(name: str, sample: Sample, expected: list[Any]) -> None:
    twins = _twins(name, sample)
    ours = _second_derivatives(tl, twins.ours, twins.inputs, to_ours)
    if not ours:
        ours = [None] * len(expected)
    for number, (x, z) in enumerate(zip(ours, expected, strict=True)):
        if x is None or z is None:  # not connected, or connected with the factor 0
            for lone in (x, z):
                assert lone is None or not bool((to_torch(lone) != 0).any()), f"leaf {number}: only one is not zero"
        else:
            _close(x, z, f"leaf {number}", {"rtol": 1e-6, "atol": 1e-8})


def _second_order(name: str) -> Findings:
    findings = Findings(GROUPS["second order"])
    if not ENTRIES[name].supports_gradgrad:
        return findings
    for sample in _samples(name):
        # PyTorch's chunks of the linear cross entropy have constant gradients: no second derivative to compare with.
        if sample.dtype is not torch.float64 or sample.made_with[1].get("options") is not None:
            continue
        expected = _their_second(name, sample)
        if any(g is not None for g in expected):
            findings.samples += 1
            findings.check("second order", lambda s=sample, e=expected: _compare_second(name, s, e))  # type: ignore[misc]
    return findings


# Errors -----------------------------------------------------------------------------------------------------------


def _raised(make: Callable[[], Any], inputs: Any, on_construction: bool) -> Exception | None:
    module = None if on_construction else make()
    try:
        if on_construction:
            make()
        else:
            _call(module, inputs, 0)
    except Exception as error:
        return error
    return None


def _compare_error(name: str, fault: Any, training: bool) -> None:
    item = fault.module_error_input
    made, called = item.constructor_input, item.forward_input
    sample = Sample(0, (tuple(made.args), dict(made.kwargs)), ((), {}), training, torch.float32)
    inputs = ((), {}) if called is None else (tuple(called.args), dict(called.kwargs))
    on_construction = fault.error_on is ModuleErrorEnum.CONSTRUCTION_ERROR
    expected = _raised(lambda: _their(name, sample).train(training), copied(inputs), on_construction)
    if expected is None:
        return  # an error of other dtypes or devices
    error = _raised(lambda: _our(name, sample).train(training), to_ours(copied(inputs)), on_construction)
    wanted = f"{type(expected).__name__} ({str(expected)[:60]})"
    assert error is not None, f"raises nothing instead of {wanted}"
    # NotImplementedError is a RuntimeError, but says that we lack something.
    lacking = isinstance(error, NotImplementedError) and not isinstance(expected, NotImplementedError)
    assert isinstance(error, type(expected)) and not lacking, f"{type(error).__name__} ({str(error)[:60]}) instead of {wanted}"


def _errors(name: str) -> Findings:
    findings = Findings(GROUPS["errors"])
    info = ENTRIES[name]
    if info.module_error_inputs_func is None:
        return findings
    for training in (True, False) if info.train_and_eval_differ else (True,):
        torch.manual_seed(42)
        faults = info.module_error_inputs_func(info, device="cpu", dtype=torch.float32, requires_grad=True, training=training)
        for fault in faults:
            findings.samples += 1
            findings.check("errors", lambda fault=fault, training=training: _compare_error(name, fault, training))  # type: ignore[misc]
    return findings


CHECKS = {"construction": _construction, "values": _values, "second order": _second_order, "errors": _errors}


def misses(name: str, group: str) -> dict[str, str]:
    """For each column of `group` that the table has something for, "" if it holds, else the reason in a few words."""
    with quiet():
        findings = CHECKS[group](name)
    return findings.summary() if findings.samples else {}


def rows() -> Iterator[tuple[str, dict[str, str]]]:
    """Each entry of PyTorch's table with what holds for it."""
    for name in NAMES:
        yield name, {column: reason for group in GROUPS for column, reason in misses(name, group).items()}
        _samples.cache_clear()
