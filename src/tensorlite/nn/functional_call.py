"""Calling a module with other parameters than its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..tensor import Tensor
from ..tensor.joining import stack
from .module import Module

__all__ = ["functional_call", "stack_module_state"]

_ABSENT = object()
Place = tuple[Module, str]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call ``module(*args, **kwargs)`` with the given tensors in place of the parameters and buffers of these names.

    Gradients flow to the given tensors; the module has its own again afterwards. ``args`` that are no tuple are the one
    argument. With ``tie_weights``, parameters that the module shares between names are replaced together. If the call changes
    buffers, the given dict has the new ones. ``strict=True`` demands a tensor for each parameter and buffer, and no others.

    Raises:
        RuntimeError: ``strict`` and names are missing or unexpected, or a name is that of a parametrized tensor.
        ValueError: several dicts have the same name, or tied names get different tensors.
        TypeError: a value is not a tensor.

    >>> import tensorlite as tl
    >>> layer = tl.nn.Linear(1, 1, bias=False)
    >>> w = tl.tensor([[3.0]], requires_grad=True)
    >>> tl.func.functional_call(layer, {"weight": w}, tl.tensor([2.0])).backward()
    >>> w.grad
    tensor([[2.]])
    """
    given = _joined(parameter_and_buffer_dicts)
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, given, tie_weights, strict):
        return module(*arguments, **(kwargs or {}))


def _joined(dicts: Any) -> dict[str, Tensor]:
    """One dict of all; the caller's own if it is one, so that changed buffers can be written back."""
    if isinstance(dicts, dict):
        return dicts
    if isinstance(dicts, Mapping):
        return dict(dicts)
    if not isinstance(dicts, Sequence):
        raise ValueError(f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(dicts)}")
    if not all(isinstance(d, Mapping) for d in dicts):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    names = [name for d in dicts for name in d]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{twice} appeared in multiple dictionaries; behavior of functional call is ambiguous")
    return {name: tensor for d in dicts for name, tensor in d.items()}


def _own(module: Module) -> dict[str, Tensor]:
    named = module.named_parameters(remove_duplicate=False), module.named_buffers(remove_duplicate=False)
    return {name: tensor for tensors in named for name, tensor in tensors}


def _with_tied(own: dict[str, Tensor], given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Also the names that share a tensor with one that is given."""
    groups: dict[int, list[str]] = {}
    for name, tensor in own.items():
        groups.setdefault(id(tensor), []).append(name)
    out = dict(given)
    for names in groups.values():
        of_group = {id(given[name]): given[name] for name in names if name in given}
        if len(of_group) > 1:
            found = [name for name in names if name in given]
            raise ValueError(
                f"functional_call got multiple values for keys {found}, which are tied. Consider using tie_weights=False"
            )
        for value in of_group.values():
            out.update(dict.fromkeys(names, value))
    return out


def _check_names(module: Module, own: Iterable[str], given: Iterable[str]) -> None:
    wrong = [("Unexpected", sorted({*given} - {*own})), ("Missing", sorted({*own} - {*given}))]
    lines = [f"{what} key(s): {', '.join(map(repr, names))}." for what, names in wrong if names]
    if lines:
        raise RuntimeError("Error(s) in reparametrizing for {}:\n\t{}".format(type(module).__name__, "\n\t".join(lines)))


@contextmanager
def _replaced(module: Module, given: dict[str, Tensor], tie_weights: bool, strict: bool) -> Iterator[None]:
    own = _own(module)
    values = _with_tied(own, given) if tie_weights else dict(given)
    if strict:
        _check_names(module, own, values)
    places = {name: _place(module, name) for name in values}
    for name, value in values.items():
        if not isinstance(value, Tensor):
            raise TypeError(f"{value!r}, given for '{name}', is not an instance of Tensor")
        owner, own_name = places[name]
        if isinstance(getattr(type(owner), own_name, None), property):
            raise RuntimeError(
                f"'{name}' is computed, so that no tensor can take its place; if a parametrization computes it, give "
                f"'parametrizations.{own_name}.original' in its place (named_parameters() has the names)"
            )
    old = {name: _swap(place, values[name]) for name, place in places.items()}
    try:
        yield
    finally:
        for name, place in places.items():
            now = _swap(place, old[name])
            if name in given and now is not _ABSENT:
                given[name] = now


def _place(module: Module, name: str) -> Place:
    path, _, own = name.rpartition(".")
    return module.get_submodule(path), own


def _swap(place: Place, value: Any) -> Any:
    """Put a tensor into the table that the name is in, without asking what it is; returns what was there."""
    module, name = place
    for table in (module._parameters, module._buffers):
        if name in table:
            old, table[name] = table[name], value
            return old
    old = module.__dict__.get(name, _ABSENT)
    if value is _ABSENT:
        module.__dict__.pop(name, None)
    else:
        setattr(module, name, value)
    return old


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of several models of one class, each stacked along a new first dimension.

    The parameters are new leaves: they require gradients if the models' do.

    Raises:
        RuntimeError: there is no model; they differ in class or in mode; or one trains a parameter that another does not.

    >>> import tensorlite as tl
    >>> params, buffers = tl.func.stack_module_state([tl.nn.Linear(2, 3) for _ in range(5)])
    >>> {name: tuple(tensor.shape) for name, tensor in params.items()}
    {'weight': (5, 3, 2), 'bias': (5, 3)}
    """
    if not len(models):
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({model.training for model in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if len({type(model) for model in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    parameters = [dict(model.named_parameters()) for model in models]
    buffers = [dict(model.named_buffers()) for model in models]
    return _stacked(parameters), _stacked(buffers)


def _stacked(tables: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    out = {}
    for name in tables[0]:
        tensors = [table[name] for table in tables]
        trained = {tensor.requires_grad for tensor in tensors}
        if len(trained) > 1:
            raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
        out[name] = stack(tensors).detach().requires_grad_(trained.pop())
    return out
