"""From a pickle to objects, without running anything from the file.

A pickle is a program for a small stack machine. This is that machine with the dangerous instructions left out: a name
is looked up in a fixed table, only functions of that table are called, and state is set on ordered dicts only.
"""

from __future__ import annotations

import pickle
import pickletools
import warnings
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, cast

from .files import BoundedReader
from .layout import DTYPE_OF_STORAGE, DTYPES
from .values import FUNCTIONS, Function, StorageKind, check_data, checked_key

__all__ = ["decode"]

_MARK = object()
_SIZED = (str, bytes, bytearray, tuple, list, dict, set, frozenset)


def decode(data: bytes | BoundedReader, size: int, load_storage: Callable[[tuple[Any, ...]], Any], source: str) -> Any:
    """Run the pickle ``data``; ``load_storage`` turns a reference to a storage into the storage.

    A stream is left right after the pickle. ``size`` is what the pickle may have in bytes: it bounds how much memory is used.

    Raises:
        pickle.UnpicklingError: a name or an instruction that is not allowed, or a pickle that makes no sense.
    """
    machine = _Machine(load_storage, size)
    try:
        with warnings.catch_warnings():
            # Text in an old instruction, which will be refused, may hold escapes that Python warns of.
            warnings.simplefilter("ignore")
            for instruction, argument, _ in pickletools.genops(cast(bytes, data)):
                run = _INSTRUCTIONS.get(instruction.name)
                if run is None:
                    raise pickle.UnpicklingError(f"the instruction {instruction.name} is not allowed in a checkpoint")
                run(machine, argument)
        return machine.result()
    except pickle.UnpicklingError as error:
        raise pickle.UnpicklingError(f"cannot load {source}: {error}") from None
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise pickle.UnpicklingError(f"cannot load {source}: its pickle is damaged ({error})") from error


class _Machine:
    def __init__(self, load_storage: Callable[[tuple[Any, ...]], Any], size: int) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.load_storage = load_storage
        self.allowance = 16 * size + (1 << 20)

    def result(self) -> Any:
        """The one value that is left."""
        if len(self.stack) != 1:
            raise pickle.UnpicklingError("its pickle leaves no single value")
        if self.stack[0] is _MARK:
            raise pickle.UnpicklingError("its pickle leaves no single value")
        check_data(self.stack[0])
        return self.stack[0]

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def items(self) -> list[Any]:
        """Take everything above the last mark."""
        for i in range(len(self.stack) - 1, -1, -1):
            if self.stack[i] is _MARK:
                taken = self.stack[i + 1 :]
                del self.stack[i:]
                return taken
        raise pickle.UnpicklingError("its pickle is damaged (a mark is missing)")

    def take(self, count: int) -> tuple[Any, ...]:
        """Take the top ``count`` values."""
        if len(self.stack) < count:
            raise pickle.UnpicklingError("its pickle is damaged (the stack is empty)")
        taken = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        if any(value is _MARK for value in taken):
            raise pickle.UnpicklingError("its pickle is damaged (a value is missing)")
        return taken

    def top(self, kind: type | tuple[type, ...]) -> Any:
        """The top value, which must be of the given type."""
        if not self.stack or not isinstance(self.stack[-1], kind):
            raise pickle.UnpicklingError("its pickle is damaged (a container is missing)")
        return self.stack[-1]

    def remember(self, number: int) -> None:
        """Keep the top value under a number."""
        self.memo[number] = self.stack[-1]

    def find(self, module: str, name: str) -> None:
        """Push what a name stands for."""
        if module == "torch" and name in DTYPES:
            self.push(DTYPES[name])
        elif module == "torch" and name in DTYPE_OF_STORAGE:
            self.push(StorageKind(DTYPE_OF_STORAGE[name]))
        elif (module, name) in FUNCTIONS:
            self.push(FUNCTIONS[module, name])
        elif module == "torch" and name.startswith(("float8_", "float4_")):
            raise pickle.UnpicklingError(f"it holds {name:.100}, which NumPy cannot compute in: save tensor.float() instead")
        else:
            raise pickle.UnpicklingError(
                f"it asks for {module:.100}.{name:.100}, which is not among the names that a checkpoint may use. Nothing from a "
                "file is ever run. If you trust the file, load it where it was written, and save only numbers, "
                "strings, lists, dicts and tensors (for a model, its state_dict())"
            )

    def call(self, _: Any) -> None:
        """Call a function of the table."""
        function, args = self.take(2)
        if not isinstance(function, Function) or type(args) is not tuple:
            raise pickle.UnpicklingError("it calls something that is not a function that a checkpoint may use")
        # A call is three bytes, and its argument may be remembered from before: a small file could ask for any amount of memory.
        self.allowance -= sum(len(arg) for arg in args if isinstance(arg, _SIZED))
        if self.allowance < 0:
            raise pickle.UnpicklingError("it asks for far more memory than its size justifies")
        self.push(function.run(*args))

    def build(self, _: Any) -> None:
        """Give an ordered dict its attributes (the ``_metadata`` of a state_dict)."""
        (state,) = self.take(1)
        target = self.top(object)
        if type(target) is not OrderedDict or not isinstance(state, dict) or set(state) - {"_metadata"}:
            raise pickle.UnpicklingError(f"it sets attributes of a {type(target).__name__}, which is not allowed")
        vars(target).update(state)

    def set_items(self, items: list[Any]) -> None:
        """Put pairs into the dict on top."""
        target = self.top((dict, OrderedDict, Counter))
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[checked_key(key)] = value

    def load_reference(self, _: Any) -> None:
        """Push the storage that a reference names."""
        (reference,) = self.take(1)
        if not isinstance(reference, tuple):
            raise pickle.UnpicklingError("its pickle is damaged (a reference is not a tuple)")
        self.push(self.load_storage(reference))


def _stack_global(machine: _Machine, _: Any) -> None:
    module, name = machine.take(2)
    if not isinstance(module, str) or not isinstance(name, str):
        raise pickle.UnpicklingError("its pickle is damaged (a name is no text)")
    machine.find(module, name)


def _nothing(machine: _Machine, _: Any) -> None:
    pass


def _value(machine: _Machine, value: Any) -> None:
    machine.push(value)


_INSTRUCTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), _nothing),
    **dict.fromkeys(
        ("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
        _value,
    ),
    **dict.fromkeys(("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"), _value),
    # The strings of Python 2, which are bytes; pickletools shows each byte as one character.
    **dict.fromkeys(("SHORT_BINSTRING", "BINSTRING"), lambda m, text: m.push(text.encode("latin-1").decode())),
    "NONE": lambda m, _: m.push(None),
    "NEWTRUE": lambda m, _: m.push(True),
    "NEWFALSE": lambda m, _: m.push(False),
    "MARK": lambda m, _: m.push(_MARK),
    "EMPTY_TUPLE": lambda m, _: m.push(()),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "EMPTY_DICT": lambda m, _: m.push({}),
    "EMPTY_SET": lambda m, _: m.push(set()),
    "TUPLE": lambda m, _: m.push(tuple(m.items())),
    "TUPLE1": lambda m, _: m.push(m.take(1)),
    "TUPLE2": lambda m, _: m.push(m.take(2)),
    "TUPLE3": lambda m, _: m.push(m.take(3)),
    "APPEND": lambda m, _: _append(m, list(m.take(1))),
    "APPENDS": lambda m, _: _append(m, m.items()),
    "ADDITEMS": lambda m, _: _add(m, m.items()),
    "FROZENSET": lambda m, _: m.push(frozenset(checked_key(item) for item in m.items())),
    "SETITEM": lambda m, _: m.set_items(list(m.take(2))),
    "SETITEMS": lambda m, _: m.set_items(m.items()),
    "BINPUT": lambda m, number: m.remember(number),
    "LONG_BINPUT": lambda m, number: m.remember(number),
    "MEMOIZE": lambda m, _: m.remember(len(m.memo)),
    "BINGET": lambda m, number: m.push(m.memo[number]),
    "LONG_BINGET": lambda m, number: m.push(m.memo[number]),
    "GLOBAL": lambda m, names: m.find(*names.split(" ", 1)),
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.load_reference,
}


def _append(machine: _Machine, items: list[Any]) -> None:
    machine.top(list).extend(items)


def _add(machine: _Machine, items: list[Any]) -> None:
    machine.top(set).update(checked_key(item) for item in items)
