"""Values of PyTorch as values of tensorlite, and back: tensors, dtypes, containers, modules and functions."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

import tensorlite as tl

__all__ = ["Untranslatable", "copied", "fresh", "load_from", "quiet", "recording", "to_ours", "to_torch"]

# The tensors of the tables are tiny: most of the time would go into waiting for threads.
torch.set_num_threads(1)

Memo = dict[int, Any]


class Untranslatable(Exception):
    """A value that has no counterpart."""


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings: those of PyTorch's tables say nothing about us."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _dtype(dtype: torch.dtype) -> Any:
    name = str(dtype).removeprefix("torch.")
    if not hasattr(tl, name):
        raise Untranslatable(f"dtype {name}")
    return getattr(tl, name)


def _tensor(value: torch.Tensor) -> tl.Tensor:
    plain = value.detach()
    if plain.ndim > 64:
        raise Untranslatable(f"{plain.ndim} dimensions, which NumPy does not have")
    if plain.layout is torch.sparse_coo:
        parts = _tensor(plain._indices()), _tensor(plain._values())
        return tl.sparse_coo_tensor(*parts, tuple(plain.shape), is_coalesced=plain.is_coalesced())
    if plain.layout is not torch.strided or plain.is_quantized:
        raise Untranslatable(f"layout {plain.layout}")
    if plain.device.type != "cpu":
        raise Untranslatable(f"device {plain.device}")
    dtype = _dtype(plain.dtype)
    if plain.dtype is torch.bfloat16:
        plain = plain.float()
    array = plain.contiguous().resolve_conj().resolve_neg().numpy().copy()
    out = tl.from_numpy(array).to(dtype)
    return out.requires_grad_() if value.requires_grad and value.is_leaf else out


def _parameter(value: torch.nn.Parameter) -> tl.nn.Parameter:
    return tl.nn.Parameter(_tensor(value).detach(), requires_grad=value.requires_grad)


def _named(value: Any) -> Any:
    """The function or class of the same name and place."""
    if isinstance(value, functools.partial):
        return functools.partial(_named(value.func), *value.args, **value.keywords)
    name = getattr(value, "__name__", None)
    for ours, theirs in ((tl.nn.functional, torch.nn.functional), (tl, torch), (tl.nn, torch.nn), (tl.nn.init, torch.nn.init)):
        if name and getattr(theirs, name, None) is value:
            if not hasattr(ours, name):
                raise Untranslatable(f"there is no {ours.__name__}.{name}")
            return getattr(ours, name)
    return value  # a function of the test tables: it must work with any tensors


def to_ours(value: Any, memo: Memo | None = None) -> Any:
    """`value` with everything of PyTorch in it replaced by ours; one object stays one object."""
    memo = {} if memo is None else memo
    if id(value) not in memo:
        memo[id(value)] = _to_ours(value, memo), value  # the value too: an id is only unique while its object lives
    return memo[id(value)][0]


def _to_ours(value: Any, memo: Memo) -> Any:
    if isinstance(value, torch.nn.Parameter):
        return _parameter(value)
    if isinstance(value, torch.Tensor):
        return _tensor(value)
    if isinstance(value, torch.dtype):
        return _dtype(value)
    if isinstance(value, torch.device):
        return tl.device(str(value))
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return tl.nn.utils.rnn.PackedSequence(*(to_ours(part, memo) for part in value))  # type: ignore[attr-defined]
    if isinstance(value, torch.nn.Module):
        return _module(value, memo)
    if dataclasses.is_dataclass(value) and type(value).__module__.startswith("torch."):
        cls = getattr(tl.nn, type(value).__name__, None)
        if cls is None:
            raise Untranslatable(f"there is no {type(value).__name__}")
        return cls(**{f.name: to_ours(getattr(value, f.name), memo) for f in dataclasses.fields(value) if f.init})
    if isinstance(value, torch.Size):
        return tl.Size(value)
    if isinstance(value, (list, tuple, dict)):
        return _container(value, lambda part: to_ours(part, memo))
    return _named(value) if callable(value) else value


def _container(value: Any, convert: Any) -> Any:
    if isinstance(value, dict):
        return type(value)((key, convert(part)) for key, part in value.items())
    if hasattr(value, "_fields"):
        return type(value)(*(convert(part) for part in value))
    return type(value)(convert(part) for part in value)


def to_torch(value: Any) -> Any:
    """`value` with our tensors as PyTorch's, without their graphs."""
    if isinstance(value, tl.Tensor):
        plain = value.detach().cpu()
        if plain.is_sparse:
            parts = to_torch(plain._indices()), to_torch(plain._values())
            return torch.sparse_coo_tensor(*parts, tuple(plain.shape), is_coalesced=plain.is_coalesced())
        if plain.dtype == tl.bfloat16:
            return torch.from_numpy(plain.float().numpy().copy()).to(torch.bfloat16)
        return torch.from_numpy(plain.numpy().copy())
    if isinstance(value, tuple) and type(value).__name__ == "PackedSequence":
        return torch.nn.utils.rnn.PackedSequence(*(to_torch(part) for part in value))
    return _container(value, to_torch) if isinstance(value, (list, tuple, dict)) else value


def copied(value: Any) -> Any:
    """A deep copy of a value of PyTorch, in which leaves are leaves again and require what they required."""
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return type(value)(*(copied(part) for part in value))
    if isinstance(value, torch.Tensor) and not isinstance(value, torch.nn.Parameter):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return _container(value, copied) if type(value) in (list, tuple, dict, OrderedDict) else value


def fresh(value: Any) -> Any:
    """`value` of either library with each tensor that requires a gradient replaced by a copy that is no leaf.

    For layers that work in place, which is an error on a leaf.
    """
    if isinstance(value, (torch.Tensor, tl.Tensor)):
        return value * 1 if value.requires_grad else value
    if type(value).__name__ == "PackedSequence":
        return type(value)(fresh(value[0]), *value[1:])
    return _container(value, fresh) if type(value) in (list, tuple, dict, OrderedDict) else value


@contextmanager
def recording() -> Iterator[None]:
    """Modules that are made meanwhile remember their arguments, so that they can be made again elsewhere."""
    classes = [cls for cls in vars(torch.nn).values() if isinstance(cls, type) and issubclass(cls, torch.nn.Module)]
    kept = [(cls, cls.__init__) for cls in dict.fromkeys(classes) if "__init__" in vars(cls)]
    for cls, init in kept:
        cls.__init__ = _remembering(init)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for cls, init in kept:
            cls.__init__ = init  # type: ignore[method-assign]


def _remembering(init: Any) -> Any:
    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        self.__dict__.setdefault("_made_with", (args, kwargs))
        init(self, *args, **kwargs)

    return __init__


def _module(value: torch.nn.Module, memo: Memo) -> Any:
    cls = getattr(tl.nn, type(value).__name__, None)
    if cls is None:
        raise Untranslatable(f"there is no nn.{type(value).__name__}")
    if "_made_with" not in value.__dict__:
        raise Untranslatable(f"nobody has recorded how this {type(value).__name__} was made")
    args, kwargs = value.__dict__["_made_with"]
    ours = cls(*to_ours(args, memo), **to_ours(kwargs, memo))
    load_from(ours, value)
    return ours.train(value.training)


def load_from(ours: Any, theirs: torch.nn.Module) -> None:
    """Give `ours` the parameters and buffers of `theirs`, in their dtypes."""
    state: Mapping[str, Any] = theirs.state_dict()
    for name, own in [*ours.named_parameters(), *ours.named_buffers()]:
        if name in state and own.dtype != _dtype(state[name].dtype):
            own.data = own.data.to(_dtype(state[name].dtype))
    ours.load_state_dict({name: to_ours(part) for name, part in state.items()})
