"""Modules that hold other modules."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, TypeVar

from ..module import Module, _indent

__all__ = ["ModuleDict", "ModuleList", "Sequential"]

L = TypeVar("L", bound="_Indexed")


class _Indexed(Module):
    """What Sequential and ModuleList share: modules under the names '0', '1', ..."""

    _modules: dict[str, Module]  # type: ignore[assignment]

    def _position(self, index: Any) -> int:
        index = operator.index(index)
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"index {index} is out of range for {n} modules")
        return index % n

    def _name(self, index: int) -> str:
        return list(self._modules)[self._position(index)]

    def _renumber(self, modules: Iterable[Module]) -> None:
        self.__dict__["_modules"] = {str(i): module for i, module in enumerate(modules)}

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        for name in names[index] if isinstance(index, slice) else [self._name(index)]:
            delattr(self, name)
        self._renumber(self._modules.values())

    def __dir__(self) -> list[str]:
        return [key for key in super().__dir__() if not key.isdigit()]

    def append(self: L, module: Module) -> L:
        """Add ``module`` at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self: L, index: int, module: Module) -> L:
        """Put ``module`` before position ``index``."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}, but got {type(module).__name__}")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def extend(self: L, modules: Iterable[Module]) -> L:
        """Add every one of ``modules`` at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"extend should be called with an iterable, but got {type(modules).__name__}")
        for module in list(modules):
            self.append(module)
        return self

    def __iadd__(self: L, modules: Iterable[Module]) -> L:
        return self.extend(modules)

    def pop(self, index: int | slice) -> Module:
        """Take the module at ``index`` out and return it."""
        module = self[index]  # type: ignore[index]
        del self[index]
        return module


class Sequential(_Indexed):
    """Modules in a row: each one's output is the next one's input.

    >>> import tensorlite as tl
    >>> net = tl.nn.Sequential(tl.nn.Linear(2, 4), tl.nn.ReLU())
    >>> net(tl.zeros(1, 2)).shape
    torch.Size([1, 4])
    >>> net[1]
    ReLU()
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], OrderedDict) else None
        for name, module in named if named is not None else ((str(i), m) for i, m in enumerate(args)):
            self.add_module(name, module)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self._modules[self._name(index)]

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"only a Sequential can be added to a Sequential, but got {type(other).__name__}")
        return Sequential(*chain(self, other))

    def __iadd__(self, other: Iterable[Module]) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"only a Sequential can be added to a Sequential, but got {type(other).__name__}")
        return self.extend(other)

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*self._repeated(times))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Sequential:
        return self.extend(self._repeated(times)[len(self) :])

    def _repeated(self, times: int) -> list[Module]:
        if not isinstance(times, int):
            raise TypeError(f"a Sequential can only be repeated an int number of times, but got {type(times).__name__}")
        if times <= 0:
            raise ValueError(f"a Sequential must be repeated at least once, but got {times}")
        return list(self) * times

    def forward(self, input: Any) -> Any:
        """Pass ``input`` through every module in turn."""
        for module in self._modules.values():
            input = module(input)
        return input


class ModuleList(_Indexed):
    """A list of modules, whose parameters are those of the list.

    >>> import tensorlite as tl
    >>> layers = tl.nn.ModuleList([tl.nn.ReLU(), tl.nn.ReLU()])
    >>> layers.append(tl.nn.Tanh())
    ModuleList(
      (0-1): 2 x ReLU()
      (2): Tanh()
    )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return self._modules[self._name(index)]

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(chain(self, other))

    def __repr__(self) -> str:
        """Runs of modules that print the same are printed once."""
        if not self._modules:
            return f"{self._get_name()}()"
        runs: list[tuple[int, int, str]] = []
        for i, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], i, text)
            else:
                runs.append((i, i, text))
        lines = [
            f"({first}): {_indent(text)}"
            if first == last
            else f"({first}-{last}): {last - first + 1} x {_indent(text)}"
            for first, last, text in runs
        ]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """A dict of modules in insertion order, whose parameters are those of the dict.

    >>> import tensorlite as tl
    >>> heads = tl.nn.ModuleDict({"a": tl.nn.ReLU()})
    >>> heads["b"] = tl.nn.Tanh()
    >>> list(heads)
    ['a', 'b']
    """

    _modules: dict[str, Module]  # type: ignore[assignment]

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Take every module out."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Take the module under ``key`` out and return it."""
        return self._modules.pop(key)

    def keys(self) -> Any:
        """The keys."""
        return self._modules.keys()

    def items(self) -> Any:
        """The pairs of key and module."""
        return self._modules.items()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add all of a mapping, or of an iterable of pairs.

        Raises:
            TypeError: not iterable. ValueError: an element that is not a pair.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"ModuleDict.update needs a mapping or an iterable of pairs, but got {type(modules).__name__}"
            )
        if isinstance(modules, (Mapping, ModuleDict)):
            for key in modules:
                self[key] = modules[key]
            return
        for i, element in enumerate(modules):
            if not isinstance(element, Iterable):
                raise TypeError(f"ModuleDict update: element {i} should be a pair, but is a {type(element).__name__}")
            pair: tuple[Any, ...] = tuple(element)
            if len(pair) != 2:
                raise ValueError(f"ModuleDict update: element {i} has length {len(pair)}; 2 is required")
            self[pair[0]] = pair[1]
