"""A layer here and the same layer in PyTorch, made from one seed and given the same inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorlite as tl


@dataclass(frozen=True)
class Case:
    """A layer and what it is called with; both are written once and made with either library."""

    make: Callable[[Any], Any]
    inputs: Callable[[Any], tuple[Any, ...]]
    options: tuple[str, ...] = ()
    """"random": it draws numbers; "flat": its gradient is, on purpose, not the derivative."""


def to_torch(torch: Any, tensor: tl.Tensor) -> Any:
    return torch.from_numpy(tensor.detach().numpy().copy())


def made(lib: Any, case: Case) -> Any:
    lib.manual_seed(0)
    return case.make(lib.nn)


def given(lib: Any, case: Case, dtype: Any = None) -> list[Any]:
    """The inputs; floats are leaves that require a gradient."""
    lib.manual_seed(1)
    out = []
    for x in case.inputs(lib):
        is_float = hasattr(x, "is_floating_point") and x.is_floating_point()
        out.append((x.to(dtype) if dtype else x).detach().requires_grad_() if is_float else x)
    return out


def first(y: Any) -> Any:
    return y[0] if isinstance(y, tuple) else y


def flat(y: Any) -> list[Any]:
    """The tensors of a result, also those in tuples inside it."""
    return [part for x in y for part in flat(x)] if isinstance(y, tuple) else [y]


def close(torch: Any, ours: Any, theirs: Any, what: str) -> None:
    assert (ours is None) == (theirs is None), what
    if ours is not None:
        assert (tuple(ours.shape), ours.is_sparse) == (tuple(theirs.shape), theirs.is_sparse), what
        ours, theirs = ours.to_dense(), theirs.to_dense()
        torch.testing.assert_close(to_torch(torch, ours), theirs.detach(), rtol=1e-4, atol=1e-5, msg=lambda m: f"{what}: {m}")


def check_construction(torch: Any, case: Case) -> None:
    """The same repr, state and parameters."""
    ours, theirs = made(tl, case), made(torch, case)
    assert repr(ours) == repr(theirs)
    state, expected = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(expected)
    for name, value in state.items():
        close(torch, value, expected[name], name)
    assert dict(state._metadata) == dict(expected._metadata)


def outputs_of(lib: Any, case: Case, training: bool) -> tuple[Any, Any, list[Any]]:
    """The layer, its output and its inputs, after a backward pass from unequal gradients."""
    layer, inputs = made(lib, case).train(training), given(lib, case)
    lib.manual_seed(2)
    # A copy: in place on a leaf is an error.
    y = layer(*(x * 1 if hasattr(x, "grad") and x.requires_grad else x for x in inputs))
    lib.manual_seed(3)
    z = first(y)
    if z.requires_grad:
        (z * lib.randn(z.shape)).sum().backward()
    return layer, y, inputs


def check_values(torch: Any, case: Case, training: bool) -> None:
    """The same outputs, gradients and buffers."""
    layer, y, inputs = outputs_of(tl, case, training)
    twin, expected, their_inputs = outputs_of(torch, case, training)
    assert isinstance(y, tuple) == isinstance(expected, tuple)
    for number, (a, b) in enumerate(zip(flat(y), flat(expected), strict=True)):
        close(torch, a, b, f"output {number}")
    for number, (a, b) in enumerate(zip(inputs, their_inputs, strict=True)):
        if hasattr(a, "grad"):
            close(torch, a.grad, b.grad, f"gradient of input {number}")
    for (name, p), q in zip(layer.named_parameters(), twin.parameters(), strict=True):
        close(torch, p.grad, q.grad, f"gradient of {name}")
    for (name, p), q in zip(layer.named_buffers(), twin.buffers(), strict=True):
        close(torch, p, q, name)


def check_differences(case: Case) -> None:
    """The gradients are those of finite differences, in float64."""
    layer, inputs = made(tl, case).double(), given(tl, case, tl.float64)
    where = [i for i, x in enumerate(inputs) if hasattr(x, "grad") and x.requires_grad]
    names = [name for name, _ in layer.named_parameters()]

    def call(*values: Any) -> Any:
        for i, value in zip(where, values, strict=False):
            inputs[i] = value
        for name, value in zip(names, values[len(where) :], strict=True):
            path, _, own = name.rpartition(".")
            layer.get_submodule(path)._parameters[own] = value  # a tensor that is no Parameter, too
        return first(layer(*inputs))

    assert tl.autograd.gradcheck(call, [*(inputs[i] for i in where), *layer.parameters()])


def check_error(torch: Any, fault: Callable[[Any], Any]) -> None:
    """Both libraries raise an error of the same class."""
    raised: list[Any] = []
    for lib in (tl, torch):
        try:
            fault(lib)
        except Exception as error:
            raised.append(error)
        else:
            raise AssertionError(f"{lib.__name__} raises nothing")
    assert isinstance(raised[0], type(raised[1])), f"{raised[0]!r} instead of {raised[1]!r}"
