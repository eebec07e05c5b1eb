"""Grad modes: whether ops record a graph, for each thread on its own."""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import Callable
from threading import get_ident
from typing import Any, TypeVar

__all__ = [
    "enable_grad", "inference_mode", "is_grad_enabled", "is_inference_mode_enabled", "no_grad", "set_grad_enabled",
]

F = TypeVar("F", bound=Callable[..., Any])


class _Modes(threading.local):
    grad = True
    inference = False
    anomaly = False
    check_nan = False
    lines = False
    saved_hooks: tuple[tuple[Callable[[Any], Any], Callable[[Any], Any]], ...] = ()
    saved_hooks_fault: str | None = None
    # Set while a transform of `func` runs a function:
    draws: Callable[[Any], Any] | None = None
    writes: Callable[[Any], None] | None = None
    forward: str | None = None


modes = _Modes()
away: set[int] = set()
"""Threads in which grad mode is off or inference mode is on. While there is none, ops need not ask what their own thread's modes
are, which would take a good part of a small op's time."""


after_backward: dict[int, list[Callable[[], None]]] = {}
"""For each thread what it is to call when its backward pass is done."""


def record(grad: bool, inference: bool | None = None) -> bool:
    """Whether this thread's ops record graphs from now on (and make inference tensors); returns whether they recorded them."""
    before = modes.grad
    modes.grad = grad
    if inference is not None:
        modes.inference = inference
    if grad and not modes.inference:
        away.discard(get_ident())
    else:
        away.add(get_ident())
    return before


class _InferenceVersion:
    """The version counter of tensors made in inference mode: it exists so as to be refused."""

    def __getitem__(self, _: int) -> int:
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor "
            "and use it in autograd."
        )

    def __reduce__(self) -> str:
        return "INFERENCE"


INFERENCE = _InferenceVersion()


class _Mode:
    """A context manager that sets grad and inference mode, and a decorator that does so around each call."""

    grad: bool
    inference: bool | None = None
    _before: list[tuple[bool, bool]]

    def __enter__(self) -> None:
        stack = self.__dict__.setdefault("_before", [])
        stack.append((modes.grad, modes.inference))
        if modes.forward is not None and not self.grad:
            _refuse_in_forward_mode(stack)
        record(self.grad, self.inference)

    def __exit__(self, *exc: object) -> None:
        record(*self._before.pop())

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function):
            return self._wrap_generator(function)  # type: ignore[return-value]

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self._clone():
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]

    def _clone(self) -> _Mode:
        clone = object.__new__(type(self))
        clone.grad, clone.inference = self.grad, self.inference
        return clone

    def _wrap_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self._clone():
                generator = function(*args, **kwargs)
                request: Any = None
                while True:
                    try:
                        response = generator.send(request)
                    except StopIteration as stop:
                        return stop.value
                    # The mode is ours only while the generator's own code runs.
                    before = modes.grad, modes.inference
                    record(*self._outside())
                    request = yield response
                    record(*before)

        return wrapped

    def _outside(self) -> tuple[bool, bool]:
        return True if not hasattr(self, "_before") else self._before[-1][0], modes.inference


def _refuse_in_forward_mode(stack: list[Any]) -> None:
    """A forward derivative goes through blocks that record no graph, but here it comes from the graph. What this library itself
    does in such blocks (running statistics and the like) is no part of a result."""
    frame: Any = sys._getframe(2)
    while frame.f_globals.get("__name__") == __name__ and "function" not in frame.f_locals:
        frame = frame.f_back
    inside_decorator = frame.f_globals.get("__name__") == __name__
    where = frame.f_locals["function"].__module__ if inside_decorator else frame.f_globals.get("__name__")
    if str(where).startswith(__name__.partition(".")[0] + "."):
        return
    if stack:
        stack.pop()
    raise NotImplementedError(
        f"{modes.forward}: a block without gradients (no_grad, inference_mode) inside a function whose forward derivative is "
        "taken is not supported; use detach() for what is to be constant"
    )


def _maybe_decorate(cls: type[_Mode], function: Any) -> Any:
    """`@no_grad` without parentheses decorates, as in PyTorch."""
    return object.__new__(cls) if function is None else object.__new__(cls)(function)


class no_grad(_Mode):
    """Record no graph in this block or function.

    >>> import tensorlite as tl
    >>> x = tl.ones(2, requires_grad=True)
    >>> with tl.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    grad = False

    def __new__(cls, orig_func: Any = None) -> Any:
        return _maybe_decorate(cls, orig_func)


class enable_grad(_Mode):
    """Record the graph again inside a `no_grad` block.

    >>> import tensorlite as tl
    >>> x = tl.ones(2, requires_grad=True)
    >>> with tl.no_grad(), tl.enable_grad():
    ...     (x * 2).requires_grad
    True
    """

    grad = True

    def __new__(cls, orig_func: Any = None) -> Any:
        return _maybe_decorate(cls, orig_func)


class inference_mode(_Mode):
    """`no_grad`, and tensors made here have no version counter and can never be saved for a backward.

    >>> import tensorlite as tl
    >>> with tl.inference_mode():
    ...     y = tl.ones(2) * 2
    >>> y.is_inference()
    True
    """

    def __new__(cls, mode: Any = True) -> Any:
        self = object.__new__(cls)
        if callable(mode):
            self.grad, self.inference = False, True
            return self(mode)
        self.inference = bool(mode)
        self.grad = not mode
        return self

    def __enter__(self) -> None:
        grad = modes.grad
        super().__enter__()
        if not self.inference:
            record(grad if not self._before[-1][1] else True)


class set_grad_enabled(_Mode):
    """Turn recording on or off: as a call at once, as a context manager for its block.

    >>> import tensorlite as tl
    >>> with tl.set_grad_enabled(False):
    ...     tl.is_grad_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        self.grad = bool(mode)
        if modes.forward is not None and not self.grad:
            _refuse_in_forward_mode([])
        self._start = (record(self.grad), modes.inference)

    def __enter__(self) -> None:
        self.__dict__.setdefault("_before", []).append(self._start)
        record(self.grad)

    def __call__(self, function: F) -> F:
        record(self._start[0])
        return super().__call__(function)

    def _clone(self) -> _Mode:
        return set_grad_enabled(self.grad)


def is_grad_enabled() -> bool:
    """Whether ops record a graph in this thread.

    >>> import tensorlite as tl
    >>> tl.is_grad_enabled()
    True
    """
    return modes.grad


def is_inference_mode_enabled() -> bool:
    """Whether this thread is in inference mode.

    >>> import tensorlite as tl
    >>> tl.is_inference_mode_enabled()
    False
    """
    return modes.inference
