"""A watcher that keeps an event for every call, and writes them down for trace viewers."""

from __future__ import annotations

import gzip
import json
import os
import sys
import threading
import time
from collections.abc import Iterable
from typing import Any

from ..autograd.base import TensorBase
from ..autograd.promote import PACKAGE
from ..io.files import opened_for_writing
from .counting import multiply_adds
from .events import EventList, FunctionEvent

__all__ = ["Recorder", "write_chrome_trace"]


class Recorder:
    """Keeps events. Each thread has its own stack of calls that have begun; finished events join one list."""

    def __init__(self, options: frozenset[str]) -> None:
        self.options = options
        """Any of "shapes", "memory", "stack", "flops", "modules"."""
        self.events: list[FunctionEvent] = []
        self._local = threading.local()
        self._recording = True

    def begin(self, kind: str, name: str, args: tuple[Any, ...], static: dict[str, Any]) -> Any:
        """An event that has begun; None for what is not recorded."""
        if kind == "module" and "modules" not in self.options:
            return None
        stack = self._stack()
        parent = stack[-1] if stack else None
        if parent is not None and kind == "op" and parent.name == name and parent.kind == "op":
            return None  # operands were promoted, and the op calls itself with the new ones
        event = FunctionEvent(name, kind, threading.get_ident(), parent)
        if "shapes" in self.options:
            event.input_shapes = [_shape(a) for a in args if _has_shape(a)]
        if "stack" in self.options:
            event.stack = list(_lines())
        stack.append(event)
        event.start = time.perf_counter_ns()
        return event, args, static

    def end(self, begun: Any, result: Any) -> None:
        """The event is over; those inside that never ended (an optimizer's step that raised) end with it."""
        if begun is None:
            return
        now = time.perf_counter_ns()
        event, args, static = begun
        stack = self._stack()
        if event not in stack or not self._recording:
            return
        while True:
            last = stack.pop()
            last.stop = now
            if last.cpu_parent is not None:
                last.cpu_parent.cpu_children.append(last)
            self.events.append(last)
            if last is event:
                break
        if "memory" in self.options and event.kind in ("op", "backward"):
            event.self_cpu_memory_usage = _allocated(event.kind, args, result)
        if "flops" in self.options and event.kind == "op":
            event.flops = 2 * multiply_adds(event.name, args, static, result)

    def finish(self) -> EventList:
        """The events in the order in which they began; blocks of this thread that are still open end now."""
        stack = self._stack()
        if stack:
            self.end((stack[0], (), {}), None)
        self._recording = False
        events = sorted(self.events, key=lambda e: (e.start, -e.stop))
        for number, event in enumerate(events):
            event.id = number
        return EventList(events, self.options)

    def _stack(self) -> list[FunctionEvent]:
        return self._local.__dict__.setdefault("stack", [])


def _has_shape(x: Any) -> bool:
    return isinstance(x, TensorBase) or (type(x) in (tuple, list) and any(isinstance(y, TensorBase) for y in x))


def _shape(x: Any) -> list[Any]:
    return [_shape(y) for y in x if isinstance(y, TensorBase)] if type(x) in (tuple, list) else list(x.shape)


def _lines() -> Iterable[str]:
    """The calls that led here without tensorlite's own, innermost first."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith((PACKAGE, "<op ")):
            yield f"{code.co_filename}({frame.f_lineno}): {code.co_name}"
        frame = frame.f_back


def _allocated(kind: str, args: tuple[Any, ...], result: Any) -> int:
    """The bytes of new arrays: an op's outputs that are no views, a backward's gradients that are not the given one."""
    parts = result if isinstance(result, (tuple, list)) else (result,)
    if kind == "op":
        return sum(t._xp.nbytes(t._array) for t in parts if isinstance(t, TensorBase) and t._view is None)
    # backward(node, xp, g, saved), and for some ops `self` before these
    xp, g = args[-4].xp, args[-2]
    given = [a for a in (g if isinstance(g, (tuple, list)) else (g,)) if isinstance(a, xp.array_type)]
    arrays = [x for x in parts if isinstance(x, xp.array_type)]
    return sum(xp.nbytes(x) for x in arrays if not any(xp.shares_memory(x, a) for a in given))


def write_chrome_trace(path: str | os.PathLike[str], events: EventList, metadata: dict[str, Any]) -> None:
    """Write the events in the Trace Event Format of Chrome and Perfetto; the file appears complete or not at all.

    https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
    """
    process = os.getpid()
    entries: list[dict[str, Any]] = [
        {"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": "tensorlite"}},
    ]
    for thread in sorted({e.thread for e in events}):
        entries.append({"ph": "M", "name": "thread_name", "pid": process, "tid": thread, "args": {"name": f"thread {thread}"}})
    for event in events:
        entries.append({
            "ph": "X", "cat": event.kind, "name": event.name, "pid": process, "tid": event.thread,
            "ts": event.start / 1000, "dur": event.cpu_time_total, "args": _details(event, events.shown),
        })  # fmt: skip
    trace = {"schemaVersion": 1, "displayTimeUnit": "ms", **metadata, "traceEvents": entries}
    data = json.dumps(trace).encode()
    with opened_for_writing(path) as file:
        file.write(gzip.compress(data) if str(path).endswith(".gz") else data)


def _details(event: FunctionEvent, shown: frozenset[str]) -> dict[str, Any]:
    details: dict[str, Any] = {"id": event.id}
    if "shapes" in shown:
        details["Input Dims"] = event.input_shapes
    if "memory" in shown:
        details["Bytes"] = event.self_cpu_memory_usage
    if "flops" in shown:
        details["flops"] = event.flops
    if "stack" in shown:
        details["Call stack"] = ";".join(event.stack)
    return details
