"""PyTorch's table of optimizers, entry by entry: each configuration makes the same steps in both libraries."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial
from inspect import signature
from typing import Any, NamedTuple

import torch
from bridge import Untranslatable, quiet, to_ours, to_torch

import tensorlite as tl

with quiet():  # PyTorch's tables warn of what they find missing
    from torch.testing._internal.common_optimizers import ErrorOptimizerInput, OptimizerErrorEnum, OptimizerInfo, optim_db

__all__ = ["COLUMNS", "EXPECTED", "NAMES", "TITLE", "misses", "rows"]

TITLE = "Optimizers"

COLUMNS: tuple[str, ...] = (
    "signature", "float64", "float32", "complex", "state_dict", "exchange", "differentiable", "errors", "repr",
)  # fmt: skip

EXPECTED: dict[str, dict[str, str]] = {}
"""What is known to be missing: by entry and column, the reason."""

ENTRIES: dict[str, OptimizerInfo] = {info.name: info for info in optim_db}
NAMES = tuple(ENTRIES)

STEPS = 20
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}
LOOSE = {"rtol": 1e-3, "atol": 1e-3}
"""For LBFGS in float32: it divides by differences of gradients, which are nothing but rounding when it has arrived."""

Closure = Callable[[Any, list[Any]], Any]


class Run(NamedTuple):
    """An optimizer and its parameters, here and in PyTorch."""

    ours: list[Any]
    theirs: list[Any]
    optimizer: Any
    expected: Any


def _shapes(info: OptimizerInfo) -> list[tuple[int, ...]]:
    return [(3, 4), (4, 3), (2, 5)] if info.name == "Muon" else [(3, 4), (5,), (), (2, 5)]


def _draw(info: OptimizerInfo, dtype: torch.dtype, seed: int) -> list[Any]:
    """Numbers for the parameters, or for their gradients."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, dtype=dtype, generator=generator) for shape in _shapes(info)]


def _leaves(info: OptimizerInfo, values: list[Any]) -> list[Any]:
    """Parameters with the values; the last one is not contiguous, except for LBFGS, which refuses that in PyTorch."""
    if not info.step_requires_closure:
        values = [*values[:-1], values[-1].T]
    return [value.detach().requires_grad_() for value in values]


def _start(info: OptimizerInfo, kwargs: dict[str, Any], dtype: torch.dtype) -> Run:
    values = _draw(info, dtype, 0)
    ours, theirs = _leaves(info, to_ours(values)), _leaves(info, [value.clone() for value in values])
    optimizer = getattr(tl.optim, info.name)(ours, **to_ours(kwargs))
    return Run(ours, theirs, optimizer, info.optim_cls(theirs, **kwargs))


def _loss(lib: Any, params: list[Any]) -> Any:
    """A valley with a bend, for optimizers that ask for the loss again."""
    total = 0
    for i, p in enumerate(params):
        real = [p.real, p.imag] if p.is_complex() else [p]
        for j, x in enumerate(real):
            total = total + ((x - i - j) ** 2).sum() + 0.1 * (x**4).sum()
    return total


def _closure(lib: Any, optimizer: Any, params: list[Any]) -> Any:
    optimizer.zero_grad()
    loss = _loss(lib, params)
    loss.backward()
    return loss


def _advance(info: OptimizerInfo, run: Run, seed: int) -> None:
    """One step of both optimizers."""
    if info.step_requires_closure:
        run.optimizer.step(partial(_closure, tl, run.optimizer, run.ours))
        run.expected.step(partial(_closure, torch, run.expected, run.theirs))
        return
    grads = _draw(info, run.theirs[0].dtype, seed)
    if info.only_supports_sparse_grads:
        grads = [grad.to_sparse() for grad in grads]
    transposed = [*grads[:-1], grads[-1].t()]
    for p, q, grad in zip(run.ours, run.theirs, transposed, strict=True):
        p.grad, q.grad = to_ours(grad), grad
    run.optimizer.step()
    run.expected.step()


def _compare(ours: Any, theirs: Any, what: str, tolerance: dict[str, float] = TOLERANCE) -> None:
    assert (ours is None) == (theirs is None), f"{what}: one of them is None"
    if isinstance(theirs, torch.Tensor):
        torch.testing.assert_close(to_torch(ours), theirs.detach(), **tolerance, msg=lambda m: f"{what}: {m.splitlines()[0]}")
    elif isinstance(theirs, (list, tuple)):
        for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
            _compare(p, q, f"{what}[{i}]", tolerance)


def _check_signature(info: OptimizerInfo) -> None:
    """Names, order, kinds and defaults of all arguments."""
    ours, theirs = (
        [(p.name, p.kind, p.default) for p in signature(cls).parameters.values()]
        for cls in (getattr(tl.optim, info.name), info.optim_cls)
    )
    assert ours == theirs, f"{ours} instead of {theirs}"


def _check_steps(info: OptimizerInfo, dtype: torch.dtype) -> None:
    """Every configuration makes the same twenty steps."""
    tolerance = LOOSE if info.step_requires_closure and dtype == torch.float32 else TOLERANCE
    for config in info.optim_inputs_func(device="cpu"):
        run = _start(info, config.kwargs, dtype)
        for step in range(STEPS):
            _advance(info, run, step + 1)
            _compare(run.ours, run.theirs, f"{config.desc}, step {step + 1}", tolerance)


def _check_complex(info: OptimizerInfo) -> None:
    if info.supports_complex:
        _check_steps(info, torch.complex128)
        return
    values = _draw(info, torch.complex64, 0)
    wanted = _error_of(lambda: _complex_step(info, info.optim_cls, values))
    found = _error_of(lambda: _complex_step(info, getattr(tl.optim, info.name), to_ours(values)))
    assert found is wanted, f"{_name(found)} instead of {_name(wanted)}"


def _complex_step(info: OptimizerInfo, cls: Any, values: list[Any]) -> None:
    params = _leaves(info, values)
    for p in params:
        p.grad = p.detach() * 1
    cls(params).step()


def _check_state_dict(info: OptimizerInfo) -> None:
    """The keys of the state and of the groups, in every configuration, and the dtypes and shapes of what is stored."""
    for config in info.optim_inputs_func(device="cpu"):
        run = _start(info, config.kwargs, torch.float64)
        _advance(info, run, 1)
        ours, theirs = _described(run.optimizer.state_dict()), _described(run.expected.state_dict())
        assert ours == theirs, f"{config.desc}: {ours} instead of {theirs}"


def _described(value: Any) -> Any:
    """What kinds of things there are, by key; of the last step (``t``) of LBFGS, which is a float or a tensor, only that it is."""
    if isinstance(value, dict):
        return {key: None if key == "t" else _described(item) for key, item in value.items()}
    if isinstance(value, (torch.Tensor, tl.Tensor)):
        return str(value.dtype), tuple(value.shape)
    return [_described(item) for item in value] if isinstance(value, (list, tuple)) else type(value)


def _check_exchange(info: OptimizerInfo) -> None:
    """Five steps, then each library goes on with what the other one saved."""
    for config in info.optim_inputs_func(device="cpu"):
        run = _start(info, config.kwargs, torch.float64)
        for step in range(5):
            _advance(info, run, step + 1)
        ours, theirs = run.optimizer.state_dict(), run.expected.state_dict()
        again = _start(info, config.kwargs, torch.float64)
        with torch.no_grad(), tl.no_grad():
            for pair, other in zip(zip(again.ours, again.theirs, strict=True), zip(run.ours, run.theirs, strict=True), strict=True):
                pair[0].copy_(to_ours(other[1].detach()))
                pair[1].copy_(to_torch(other[0]))
        again.optimizer.load_state_dict(to_ours(theirs))
        again.expected.load_state_dict(to_torch(ours))
        for step in range(5, 10):
            _advance(info, run, step + 1)
            _advance(info, again, step + 1)
            _compare(again.ours, run.theirs, f"{config.desc}, loaded here, step {step + 1}")
            _compare(run.ours, again.theirs, f"{config.desc}, loaded there, step {step + 1}")


def _check_differentiable(info: OptimizerInfo) -> None:
    """Gradients through two steps, with respect to the parameters and the gradients, from a state that is not zero."""
    if "differentiable" not in info.supported_impls:
        return
    for config in info.optim_inputs_func(device="cpu"):
        values = [_draw(info, torch.float64, seed) for seed in range(4)]
        try:
            expected = _gradients(info.optim_cls, config.kwargs, values[:2], values[2:])
        except RuntimeError:  # some of PyTorch's change in place what the backward through another step needs
            values.pop()
            expected = _gradients(info.optim_cls, config.kwargs, values[:2], values[2:])
        here = to_ours(values)
        found = _gradients(getattr(tl.optim, info.name), to_ours(config.kwargs), here[:2], here[2:])
        _compare(found, expected, f"{config.desc}, {len(values) - 2} steps")


def _gradients(cls: Any, kwargs: dict[str, Any], begin: list[list[Any]], gradients: list[list[Any]]) -> list[Any]:
    """The gradients of the sum of squares of the parameters, after a plain step and a differentiable one for each gradient."""
    before = [value.clone().requires_grad_() for value in begin[0]]
    plain = cls(before, **kwargs)
    for p, grad in zip(before, begin[1], strict=True):
        p.grad = grad
    plain.step()
    leaves = [p.detach().clone().requires_grad_() for p in before]
    params = [leaf.clone() for leaf in leaves]
    optimizer = cls(params, **kwargs, differentiable=True)
    for p, old in zip(params, before, strict=True):
        optimizer.state[p] = {key: v.clone() if hasattr(v, "clone") else v for key, v in plain.state[old].items()}
    for part in gradients:
        for p, grad in zip(params, part, strict=True):
            p.grad = grad.clone().requires_grad_()
            leaves.append(p.grad)
        optimizer.step()
    sum((p * p).sum() for p in params).backward()
    return [leaf.grad for leaf in leaves]


def _check_errors(info: OptimizerInfo) -> None:
    """What PyTorch refuses is refused, by the same class of error."""
    missing = None
    for error in info.optim_error_inputs_func(device="cpu", dtype=torch.float32):
        try:
            _check_error(info, error)
        except Untranslatable as reason:
            missing = reason
    if missing is not None:
        raise missing


def _check_error(info: OptimizerInfo, error: ErrorOptimizerInput) -> None:
    given = error.optimizer_error_input
    theirs = [torch.zeros(2, 2, requires_grad=True)] if given.params is None else given.params
    params, kwargs = to_ours(theirs), to_ours(given.kwargs)
    if error.error_on is OptimizerErrorEnum.STEP_ERROR:
        for p, q in zip(params, theirs, strict=True):
            p.grad = to_ours(q.grad)

    def provoke() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            optimizer = getattr(tl.optim, info.name)(params, **kwargs)
        if error.error_on is OptimizerErrorEnum.STEP_ERROR:
            optimizer.step()

    found = _error_of(provoke)
    assert found is error.error_type, f"{given.desc}: {_name(found)} instead of {_name(error.error_type)}"


def _error_of(call: Callable[[], Any]) -> type[BaseException] | None:
    try:
        call()
    except Exception as error:
        return type(error)
    return None


def _name(error: type[BaseException] | None) -> str:
    return "no error" if error is None else error.__name__


def _check_repr(info: OptimizerInfo) -> None:
    for config in info.optim_inputs_func(device="cpu"):
        run = _start(info, config.kwargs, torch.float32)
        assert repr(run.optimizer) == repr(run.expected), config.desc


CHECKS: dict[str, Callable[[OptimizerInfo], None]] = {
    "signature": _check_signature,
    "float64": partial(_check_steps, dtype=torch.float64),
    "float32": partial(_check_steps, dtype=torch.float32),
    "complex": _check_complex,
    "state_dict": _check_state_dict,
    "exchange": _check_exchange,
    "differentiable": _check_differentiable,
    "errors": _check_errors,
    "repr": _check_repr,
}


@cache
def misses(name: str, column: str) -> str:
    """Why an entry fails a check, in one line; empty if it does not."""
    try:
        with quiet():
            CHECKS[column](ENTRIES[name])
    except Exception as error:
        text = str(error) or "fails"
        kind = "" if isinstance(error, (AssertionError, Untranslatable)) else f"{type(error).__name__}: "
        return (kind + text).splitlines()[0]
    return ""


def rows() -> Iterator[tuple[str, dict[str, str]]]:
    """Every entry, with the reason why it fails by column; empty where it holds."""
    for name in NAMES:
        yield name, {column: misses(name, column) for column in COLUMNS}
