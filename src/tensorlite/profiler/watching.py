"""Lets watchers see every op, backward and module call, at no cost while nobody watches.

An op is a function that modules, classes and other ops refer to in many places, so it cannot be replaced. But a function keeps its
identity when its code is exchanged. When the first watcher comes, each op's function gets the code of `_trampoline`, which calls
a copy that still has the old code; when the last one leaves, the old code object is put back. The same is done with the backwards
of ops, with the engine, ``Module.__call__`` and `Function`. In between, and before, and after, no line anywhere asks whether
somebody watches. Ops that are first used meanwhile (they are compiled then) are exchanged as they appear.

The exchange is for all threads at once: keyword defaults are set before the code and taken back after it, so a call in another
thread finds either the old function or the whole new one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any, Protocol

from ..autograd import engine, function
from ..autograd import op as grammar
from ..ops import transfer

__all__ = ["Watcher", "begin_all", "end_all", "leave", "watch"]


class Watcher(Protocol):
    """Somebody who sees calls begin and end.

    `kind` is "op", "backward", "engine", "module", "function" (a custom one's forward), "optimizer" or "user_annotation".
    """

    def begin(self, kind: str, name: str, args: tuple[Any, ...], static: dict[str, Any]) -> Any:
        """A call begins. What this returns is handed to `end`."""

    def end(self, begun: Any, result: Any) -> None:
        """The call is over; `result` is None if it raised."""


_lock = threading.RLock()
_watchers: tuple[Watcher, ...] = ()
_exchanged: list[_Exchange] = []
_hooks: list[Any] = []
_complete = grammar._complete


def watch(watcher: Watcher) -> None:
    """Show `watcher` all calls from now on, those of all threads."""
    global _watchers
    with _lock:
        if not _watchers:
            try:
                _install()
            except BaseException:
                _remove()
                raise
        _watchers = (*_watchers, watcher)


def leave(watcher: Watcher) -> None:
    """Show `watcher` nothing more; after the last one everything is as it was before the first."""
    global _watchers
    with _lock:
        _watchers = tuple(w for w in _watchers if w is not watcher)
        if not _watchers:
            _remove()


def begin_all(kind: str, name: str, args: tuple[Any, ...] = (), static: dict[str, Any] | None = None) -> list[tuple[Watcher, Any]]:
    """Tell all watchers that something begins; nobody is told while nobody watches."""
    return [(w, w.begin(kind, name, args, static or {})) for w in _watchers]


def end_all(begun: list[tuple[Watcher, Any]], result: Any = None) -> None:
    """Tell those who saw it begin that it is over."""
    for watcher, token in begun:
        watcher.end(token, result)


def _trampoline(*args: Any, _watched: Any, **static: Any) -> Any:
    return _watched(*args, **static)


class _Exchange:
    """One function that runs under observation until `undo`; `name` makes its name of the arguments."""

    def __init__(self, kind: str, function: Any, name: Callable[[Any], str], inputs: tuple[str, ...] = ()) -> None:
        self.function, self.code, self.defaults = function, function.__code__, function.__kwdefaults__
        original = FunctionType(self.code, function.__globals__, function.__name__, function.__defaults__)
        original.__kwdefaults__ = self.defaults
        function.__kwdefaults__ = {**(self.defaults or {}), "_watched": _observed(kind, original, name, inputs)}
        function.__code__ = _trampoline.__code__

    def undo(self) -> None:
        self.function.__code__ = self.code
        self.function.__kwdefaults__ = self.defaults


def _observed(kind: str, original: Callable[..., Any], name: Callable[[Any], str], inputs: tuple[str, ...]) -> Callable[..., Any]:
    """`original`, told to all watchers. They see `inputs` that come by keyword, or not at all, in their places."""

    def call(*args: Any, **static: Any) -> Any:
        shown = args if len(args) >= len(inputs) else (*args, *(static.get(i) for i in inputs[len(args) :]))
        begun = begin_all(kind, name(shown), shown, static)
        result = None
        try:
            result = original(*args, **static)
        finally:
            end_all(begun, result)
        return result

    return call


def _exchange_op(made: grammar.Op) -> None:
    inputs = made.inputs if made.variadic is None else ()
    _exchanged.append(_Exchange("op", made.forward, lambda _: made.name, inputs))
    _exchanged.append(_Exchange("backward", made.backward, lambda _: made.node_name))


def _completing(made: grammar.Op) -> None:
    """What stands in for the op grammar's own `_complete` meanwhile."""
    _complete(made)
    with _lock:
        if _watchers:
            _exchange_op(made)


def _install() -> None:
    from ..nn.module import Module

    named: list[tuple[str, Any, Callable[[Any], str]]] = [
        ("engine", engine.run, lambda _: "backward"),
        ("function", function.Function.apply.__func__, lambda args: args[0].__name__),  # type: ignore[attr-defined]
        ("backward", function._FunctionOp.backward, lambda args: args[0].node_name),
        ("backward", transfer._MoveOp.backward, lambda args: args[0].node_name),
        ("module", Module.__call__, lambda args: f"nn.Module: {type(args[0]).__name__}"),
    ]
    _exchanged.extend(_Exchange(*each) for each in named)
    for scope in list(grammar._scopes):
        made = scope.get("OP")
        if made is not None and "backward" in made.__dict__:  # complete: it has been called before
            _exchange_op(made)
    grammar._complete = _completing
    _hooks.extend(_optimizer_hooks())


def _remove() -> None:
    grammar._complete = _complete
    while _hooks:
        _hooks.pop().remove()
    while _exchanged:
        _exchanged.pop().undo()


def _optimizer_hooks() -> list[Any]:
    """The steps of all optimizers begin and end too. One that raises ends with whatever it happens in."""
    from ..optim import optimizer as optim

    open_steps: dict[int, list[tuple[Watcher, Any]]] = {}

    def before(optimizer: Any, args: Any, kwargs: Any) -> None:
        open_steps[id(optimizer)] = begin_all("optimizer", f"Optimizer.step#{type(optimizer).__name__}.step")

    def after(optimizer: Any, args: Any, kwargs: Any) -> None:
        end_all(open_steps.pop(id(optimizer), []))

    return [optim.register_optimizer_step_pre_hook(before), optim.register_optimizer_step_post_hook(after)]
