"""What was recorded: events, their averages, and the table that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "Interval"]


class Interval(NamedTuple):
    """Begin and end in microseconds."""

    start: float
    end: float

    def elapsed_us(self) -> float:
        return self.end - self.start


class FunctionEvent:
    """One call.

    Attributes:
        name, kind: what was called, and "op", "backward", "engine", "module", "function" or "user_annotation".
        thread: the number of the thread it ran in.
        time_range: begin and end in microseconds since some moment.
        cpu_parent, cpu_children: the call that it happened in, and those that happened in it.
        input_shapes: with ``record_shapes``, of the tensors among its arguments.
        self_cpu_memory_usage: with ``profile_memory``, the bytes of the arrays that it made.
        stack: with ``with_stack``, the lines of Python that led there, innermost first.
        flops: with ``with_flops``, twice the multiply-adds.
    """

    count = 1

    __slots__ = (
        "name", "kind", "thread", "start", "stop", "cpu_parent", "cpu_children", "input_shapes", "stack", "self_cpu_memory_usage",
        "flops", "id",
    )  # fmt: skip

    def __init__(self, name: str, kind: str, thread: int, parent: FunctionEvent | None) -> None:
        self.name, self.kind, self.thread, self.cpu_parent = name, kind, thread, parent
        self.start = self.stop = self.id = 0
        self.cpu_children: list[FunctionEvent] = []
        self.input_shapes: list[list[int]] = []
        self.stack: list[str] = []
        self.self_cpu_memory_usage = self.flops = 0

    @property
    def key(self) -> str:
        return self.name

    @property
    def is_user_annotation(self) -> bool:
        return self.kind == "user_annotation"

    @property
    def time_range(self) -> Interval:
        return Interval(self.start / 1000, self.stop / 1000)

    @property
    def cpu_time_total(self) -> float:
        """Microseconds, with what happened inside."""
        return (self.stop - self.start) / 1000

    cpu_time = cpu_time_total

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds, without what happened inside."""
        return self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    @property
    def cpu_memory_usage(self) -> int:
        """Bytes, with those of what happened inside."""
        total, waiting = 0, [self]
        while waiting:
            event = waiting.pop()
            total += event.self_cpu_memory_usage
            waiting += event.cpu_children
        return total

    def __repr__(self) -> str:
        return f"<FunctionEvent {self.name} cpu_time={_time(self.cpu_time_total)} thread={self.thread}>"


class FunctionEventAvg:
    """All calls of one name (and shapes, and stack) together; the attributes are those of an event, summed."""

    def __init__(self, first: FunctionEvent) -> None:
        self.key, self.kind = first.name, first.kind
        self.input_shapes, self.stack = first.input_shapes, first.stack
        self.is_user_annotation = first.is_user_annotation
        self.count = self.cpu_memory_usage = self.self_cpu_memory_usage = self.flops = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0

    def add(self, event: FunctionEvent) -> None:
        """Count one more call. The time of a call inside another of its name is in that one's total already."""
        self.count += 1
        self.self_cpu_time_total += event.self_cpu_time_total
        self.self_cpu_memory_usage += event.self_cpu_memory_usage
        self.flops += event.flops
        outer = event.cpu_parent
        while outer is not None and outer.name != event.name:
            outer = outer.cpu_parent
        if outer is None:
            self.cpu_time_total += event.cpu_time_total
            self.cpu_memory_usage += event.cpu_memory_usage

    @property
    def cpu_time(self) -> float:
        """Microseconds of one call, on average."""
        return self.cpu_time_total / self.count

    def __repr__(self) -> str:
        return f"<FunctionEventAvg key={self.key} self_cpu_time={_time(self.self_cpu_time_total)} cpu_time={_time(self.cpu_time)}>"


class EventList(list[Any]):
    """A list of events or of averages, with a table of them.

    `shown` says which of shapes, memory, stack and flops have been recorded.
    """

    def __init__(self, events: Iterable[Any] = (), shown: frozenset[str] = frozenset()) -> None:
        super().__init__(events)
        self.shown = shown

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds of everything."""
        return sum(event.self_cpu_time_total for event in self)

    def key_averages(self, group_by_input_shapes: bool = False, group_by_stack_n: int = 0) -> EventList:
        """One entry for all calls of a name; of a name with the same shapes or the same innermost lines, if asked."""
        groups: dict[Any, FunctionEventAvg] = {}
        for event in self:
            key = (
                event.name, event.kind, str(event.input_shapes) if group_by_input_shapes else "",
                tuple(event.stack[:group_by_stack_n]),
            )  # fmt: skip
            if key not in groups:
                groups[key] = FunctionEventAvg(event)
            groups[key].add(event)
        hidden = ({"shapes"} if not group_by_input_shapes else set()) | ({"stack"} if not group_by_stack_n else set())
        return EventList(groups.values(), self.shown - hidden)

    def table(
        self, sort_by: str | None = None, row_limit: int = 100, max_src_column_width: int = 75, max_name_column_width: int = 55,
        max_shapes_column_width: int = 80, header: str | None = None, top_level_events_only: bool = False,
    ) -> str:
        """The events as a table.

        Args:
            sort_by: an attribute, the largest first: ``"self_cpu_time_total"``, ``"cpu_time_total"``, ``"cpu_time"``,
                ``"count"``, ``"cpu_memory_usage"``, ``"self_cpu_memory_usage"`` or ``"flops"``.
            row_limit: how many rows at most; -1 for all.
            top_level_events_only: only events that happened in no other.

        Raises:
            AttributeError: there is no such attribute.
        """
        events = [e for e in self if not top_level_events_only or getattr(e, "cpu_parent", None) is None]
        if sort_by is not None:
            events.sort(key=lambda e: getattr(e, sort_by), reverse=True)
        total = self.self_cpu_time_total
        columns = _columns(self.shown, total, max_name_column_width, max_shapes_column_width, max_src_column_width)
        rows = [[cell(event) for _, cell in columns] for event in (events if row_limit < 0 else events[:row_limit])]
        return _drawn([name for name, _ in columns], rows, header) + f"\nSelf CPU time total: {_time(total)}\n"

    def __str__(self) -> str:
        return self.table()


Column = tuple[str, Callable[[Any], str]]


def _columns(shown: frozenset[str], total: float, name: int, shapes: int, source: int) -> list[Column]:
    share = lambda part: f"{100 * part / total if total else 0:.2f}%"
    columns: list[Column] = [
        ("Name", lambda e: _cut(e.key, name)),
        ("Self CPU %", lambda e: share(e.self_cpu_time_total)),
        ("Self CPU", lambda e: _time(e.self_cpu_time_total)),
        ("CPU total %", lambda e: share(e.cpu_time_total)),
        ("CPU total", lambda e: _time(e.cpu_time_total)),
        ("CPU time avg", lambda e: _time(e.cpu_time)),
    ]
    if "memory" in shown:
        columns.append(("CPU Mem", lambda e: _bytes(e.cpu_memory_usage)))
        columns.append(("Self CPU Mem", lambda e: _bytes(e.self_cpu_memory_usage)))
    columns.append(("# of Calls", lambda e: str(e.count)))
    if "flops" in shown:
        columns.append(("Total MFLOPs", lambda e: f"{e.flops / 1e6:.3f}" if e.flops else "--"))
    if "shapes" in shown:
        columns.append(("Input Shapes", lambda e: _cut(str(e.input_shapes), shapes)))
    if "stack" in shown:
        columns.append(("Source Location", lambda e: _cut(e.stack[0] if e.stack else "", source, keep_end=True)))
    return columns


def _drawn(names: Sequence[str], rows: list[list[str]], header: str | None) -> str:
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    rule = "  ".join("-" * width for width in widths)
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [list(names), *rows]]
    return "\n".join([*([header] if header else []), rule, lines[0], rule, *lines[1:], rule])


def _cut(text: str, width: int, keep_end: bool = False) -> str:
    if len(text) <= width or width < 4:
        return text
    return "..." + text[3 - width :] if keep_end else text[: width - 3] + "..."


def _time(us: float) -> str:
    """
    >>> _time(1500.0), _time(2.5), _time(3e6)
    ('1.500ms', '2.500us', '3.000s')
    """
    if us >= 1e6:
        return f"{us / 1e6:.3f}s"
    return f"{us / 1e3:.3f}ms" if us >= 1e3 else f"{us:.3f}us"


def _bytes(n: float) -> str:
    """
    >>> _bytes(0), _bytes(2048), _bytes(3 * 2**20)
    ('0 B', '2.00 KB', '3.00 MB')
    """
    for unit, size in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if n >= size:
            return f"{n / size:.2f} {unit}"
    return f"{n} B"
