"""The hooks of all modules, against PyTorch: what they are called with, in which order, and what they may change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")


@contextmanager
def hooked(lib: Any, **hooks: Any) -> Iterator[None]:
    with ExitStack() as stack:
        for name, (hook, options) in hooks.items():
            stack.enter_context(getattr(lib.nn.modules.module, f"register_module_{name}_hook")(hook, **options))
        yield


def names(values: Any) -> Any:
    return [None if v is None else tuple(v.shape) for v in values]


def record_calls(lib: Any) -> list[Any]:
    log: list[Any] = []
    lib.manual_seed(0)
    net = lib.nn.Sequential(lib.nn.Linear(3, 2), lib.nn.Tanh())
    net[0].register_forward_hook(lambda m, a, y: log.append("own forward"))
    net[0].register_forward_pre_hook(lambda m, a: log.append("own forward pre"))
    net[1].register_full_backward_hook(lambda m, gi, go: log.append("own backward"))
    net[1].register_full_backward_pre_hook(lambda m, go: log.append("own backward pre"))

    def kind(m: Any) -> str:
        return type(m).__name__

    hooks = {
        "forward_pre": (lambda m, a: log.append(("forward pre", kind(m), names(a))), {}),
        "forward": (lambda m, a, k, y: log.append(("forward", kind(m), names(a), k, names([y]))), {"with_kwargs": True}),
        "full_backward_pre": (lambda m, go: log.append(("backward pre", kind(m), names(go))), {}),
        "full_backward": (lambda m, gi, go: log.append(("backward", kind(m), names(gi), names(go))), {}),
    }
    x = lib.ones(4, 3, requires_grad=True)
    with hooked(lib, **hooks):
        net(x).sum().backward()
    count = len(log)
    net[0](x)  # only its own hooks are left
    return [*log, count]


def test_calls_and_their_order_are_pytorch_s() -> None:
    assert record_calls(tl) == record_calls(torch)


def changed_values(lib: Any) -> list[Any]:
    x = lib.ones(2, requires_grad=True)
    hooks = {
        "forward_pre": (lambda m, a: (a[0] * 3,), {}),
        "forward": (lambda m, a, y: y + 1, {}),
        "full_backward_pre": (lambda m, go: (go[0] * 5,), {}),
        "full_backward": (lambda m, gi, go: (gi[0] + 1,), {}),
    }
    with hooked(lib, **hooks):
        y = lib.nn.ReLU()(x)
        y.sum().backward()
    return [y.tolist(), x.grad.tolist()]


def test_what_they_return_replaces() -> None:
    assert changed_values(tl) == changed_values(torch)


def record_registrations(lib: Any) -> list[Any]:
    log: list[Any] = []
    hooks = {f"{kind}_registration": ((lambda m, n, v, kind=kind: log.append((kind, type(m).__name__, n, type(v).__name__))), {})
             for kind in ("buffer", "module", "parameter")}  # fmt: skip
    with hooked(lib, **hooks):
        net = lib.nn.Sequential(lib.nn.BatchNorm1d(2, affine=False), lib.nn.Linear(2, 2, bias=False))
        net.extra = lib.nn.ReLU()
        net.extra = None
        net.add_module("more", None)
        net.register_buffer("nothing", None)
        net.nothing = lib.zeros(1)
        net.register_parameter("none", None)
        net.none = lib.nn.Parameter(lib.zeros(1))
        net.none = None
    lib.nn.Linear(2, 2)
    return log


def test_registrations_are_pytorch_s() -> None:
    assert record_registrations(tl) == record_registrations(torch)


def test_registration_hooks_replace_values() -> None:
    for lib in (tl, torch):
        with hooked(lib, parameter_registration=(lambda m, n, p: type(p)(p.detach(), requires_grad=False), {})):
            assert not lib.nn.Linear(2, 2).weight.requires_grad
        assert lib.nn.Linear(2, 2).weight.requires_grad


def test_a_forward_hook_that_is_always_called() -> None:
    seen: list[Any] = []
    with hooked(tl, forward=(lambda m, a, y: seen.append(y), {"always_call": True})), pytest.raises(NotImplementedError):
        tl.nn.Module()(1)
    assert seen == [None]


def test_modules_without_hooks_do_not_notice() -> None:
    layer = tl.nn.ReLU()
    handle = tl.nn.modules.module.register_module_forward_hook(lambda m, a, y: None)
    assert layer._hooks is not None and "_hooks" not in layer.__dict__
    handle.remove()
    handle.remove()
    assert layer._hooks is None
