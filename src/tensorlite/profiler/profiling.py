"""`profile`, `record_function` and `schedule`, spelled as PyTorch spells them."""

from __future__ import annotations

import contextlib
import enum
import os
import socket
import time
import warnings
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

from ..io.files import opened_for_writing
from . import watching
from .events import EventList
from .recorder import Recorder, write_chrome_trace

__all__ = ["ProfilerAction", "ProfilerActivity", "profile", "record_function", "schedule", "tensorboard_trace_handler"]


class ProfilerActivity(enum.Enum):
    """What is measured. CUDA is accepted beside CPU; its times are the host's, see `profile`."""

    CPU = 0
    CUDA = 2


class ProfilerAction(enum.Enum):
    """What a profiler does in one step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


class record_function(contextlib.ContextDecorator):
    """Give a block or a function a name of its own in the profile; without a profiler nothing happens.

    >>> import tensorlite as tl
    >>> with tl.profiler.profile() as prof, tl.profiler.record_function("my block"):
    ...     y = tl.ones(3) * 2
    >>> [event.name for event in prof.events()]
    ['my block', 'multiply']
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args
        self._begun: list[tuple[Any, Any]] = []

    def _recreate_cm(self) -> record_function:
        return record_function(self.name, self.args)  # each call of a decorated function has its own

    def __enter__(self) -> record_function:
        self._begun = watching.begin_all("user_annotation", self.name)
        return self

    def __exit__(self, *exc: object) -> None:
        watching.end_all(self._begun)


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """A plan for `profile`: after `skip_first` steps, wait, warm up, record; again and again, or `repeat` times.

    ``skip_first_wait=1`` leaves out the first wait.

    Raises:
        AssertionError: a number is negative, or `active` is 0.

    >>> import tensorlite as tl
    >>> plan = tl.profiler.schedule(wait=1, warmup=1, active=2, repeat=1)
    >>> [plan(step).name for step in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    if min(wait, warmup, repeat, skip_first) < 0 or active <= 0:
        raise AssertionError(
            f"schedule: wait={wait}, warmup={warmup}, repeat={repeat} and skip_first={skip_first} must not be negative, and "
            f"active={active} must be 1 or more"
        )
    cycle = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise ValueError(f"a step must not be negative: {step}")
        step -= skip_first
        if step < 0:
            return ProfilerAction.NONE
        if skip_first_wait:
            step += wait
        if repeat and step // cycle >= repeat:
            return ProfilerAction.NONE
        place = step % cycle
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place < cycle - 1 else ProfilerAction.RECORD_AND_SAVE

    return action


def tensorboard_trace_handler(dir_name: str, worker_name: str | None = None, use_gzip: bool = False) -> Callable[[Any], None]:
    """For ``on_trace_ready``: writes each trace into a folder, under the name that TensorBoard and Perfetto look for.

    >>> import os, tempfile
    >>> import tensorlite as tl
    >>> folder = tempfile.mkdtemp()
    >>> with tl.profiler.profile(on_trace_ready=tl.profiler.tensorboard_trace_handler(folder, "me")):
    ...     y = tl.ones(3) * 2
    >>> os.listdir(folder)
    ['me....pt.trace.json']
    """
    worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"

    def write(prof: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        name = f"{worker}.{time.time_ns()}.pt.trace.json" + (".gz" if use_gzip else "")
        prof.export_chrome_trace(os.path.join(dir_name, name))

    return write


class profile:
    """Record what a block does, and how long it takes: ops, backwards (by their nodes' names), optimizer steps, named blocks.

    Each op that runs slower for it by some microseconds, which count to whatever is around the op. What is no op (making a
    tensor, ``item()``, the arithmetic inside optimizers) is in the time of what it happens in. All threads are recorded. Times
    are those of the host: an op on CUDA takes as long as its launch, the device's own time is not measured.

    Args:
        activities: only for PyTorch's sake; CUDA among them is a warning.
        schedule: which steps to record; then `step` must be called after each.
        on_trace_ready: called with the profiler when a recording is complete.
        record_shapes: keep the shapes of inputs.
        profile_memory: count the bytes of the arrays that ops and backwards make.
        with_stack: keep the lines of Python that led to each call.
        with_flops: count twice the multiply-adds of matrix products, convolutions, recurrent layers and attention.
        with_modules: record the calls of modules too.
        acc_events: keep the events of earlier recordings when the schedule begins another.

    Raises:
        NotImplementedError: `activities` has CUDA without CPU, or `experimental_config` is given.

    >>> import tensorlite as tl
    >>> x = tl.ones(2, 3, requires_grad=True)
    >>> with tl.profiler.profile(record_shapes=True) as prof:
    ...     (x * x).sum().backward()
    >>> [event.key for event in prof.key_averages()]
    ['multiply', 'sum', 'backward', 'SumBackward0', 'MulBackward0']
    >>> print(prof.key_averages(group_by_input_shape=True).table(sort_by="cpu_time_total", row_limit=1))
    ---...
        Name  Self CPU %  Self CPU  CPU total %  CPU total  CPU time avg  # of Calls  Input Shapes
    ...
    """

    def __init__(
        self, *, activities: Iterable[ProfilerActivity] | None = None, schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[profile], Any] | None = None, record_shapes: bool = False, profile_memory: bool = False,
        with_stack: bool = False, with_flops: bool = False, with_modules: bool = False, experimental_config: None = None,
        acc_events: bool = False,
    ) -> None:  # fmt: skip
        if experimental_config is not None:
            raise NotImplementedError("profile: experimental_config is for PyTorch's own tracer; leave it out")
        _check_activities(activities)
        chosen = {
            "shapes": record_shapes, "memory": profile_memory, "stack": with_stack, "flops": with_flops, "modules": with_modules,
        }  # fmt: skip
        self._options = frozenset(name for name, wanted in chosen.items() if wanted)
        self.schedule, self.on_trace_ready, self.acc_events = schedule, on_trace_ready, acc_events
        self.step_num = 0
        self.current_action = ProfilerAction.NONE
        self._recorder: Recorder | None = None
        self._events: EventList | None = None
        self._step_block: record_function | None = None
        self._started = False
        self._metadata: dict[str, Any] = {}

    # Starting and stopping ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; `with` does so by itself.

        Raises:
            AssertionError: it has been started already.
        """
        if self._started:
            raise AssertionError("this profiler has been started already; stop() it first")
        self._started = True
        self._enter(self.schedule(self.step_num) if self.schedule else ProfilerAction.RECORD)

    def stop(self) -> None:
        """End, and hand a recording that is under way to ``on_trace_ready``.

        Raises:
            AssertionError: it has not been started.
        """
        if not self._started:
            raise AssertionError("this profiler has not been started; call start() or use it in a with statement")
        self._close_step()
        recording = self.current_action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        self._end_recording(keep=recording)
        self.current_action = ProfilerAction.NONE
        self._started = False
        if recording and self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def step(self) -> None:
        """Say that one step of the program is over, so that the schedule can go on. Before `start` it does nothing."""
        if not self._started:
            return
        self._close_step()
        self.step_num += 1
        following = self.schedule(self.step_num) if self.schedule else ProfilerAction.RECORD
        if self.current_action is ProfilerAction.RECORD_AND_SAVE:
            self._end_recording(keep=True)
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)
        self._enter(following)

    def _enter(self, action: ProfilerAction) -> None:
        recording = action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        was_warm = self.current_action is ProfilerAction.WARMUP
        if self._recorder is not None and (action is ProfilerAction.NONE or (recording and was_warm)):
            self._end_recording(keep=False)  # what happened while warming up is not wanted
        if self._recorder is None and action is not ProfilerAction.NONE:
            self._recorder = Recorder(self._options)
            watching.watch(self._recorder)
        self.current_action = action
        if self.schedule is not None and recording:
            self._step_block = record_function(f"ProfilerStep#{self.step_num}").__enter__()

    def _close_step(self) -> None:
        if self._step_block is not None:
            self._step_block.__exit__()
            self._step_block = None

    def _end_recording(self, keep: bool) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        watching.leave(recorder)
        if keep:
            earlier = self._events if self.acc_events and self._events is not None else []
            self._events = EventList([*earlier, *recorder.finish()], self._options)

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # What came of it ----------------------------------------------------------------------------------------------

    def events(self) -> EventList:
        """Every call, in the order in which they began.

        Raises:
            AssertionError: nothing has been recorded yet.
        """
        if self._events is None:
            raise AssertionError("nothing has been recorded yet: events are there when the profiler has stopped")
        return self._events

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """The calls of each name together; ``.table()`` of it is for people."""
        return self.events().key_averages(group_by_input_shape, group_by_stack_n)

    def add_metadata(self, key: str, value: str) -> None:
        """Put something of your own at the top of the trace file."""
        self._metadata[key] = value

    def export_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write a file for https://ui.perfetto.dev or chrome://tracing; compressed if the name ends in .gz."""
        write_chrome_trace(path, self.events(), self._metadata)

    def export_stacks(self, path: str | os.PathLike[str], metric: str = "self_cpu_time_total") -> None:
        """Write one line for each stack, outermost call first, with its microseconds: what flame graphs are drawn from.

        Raises:
            ValueError: stacks were not recorded (``with_stack=True``), or `metric` is another than "self_cpu_time_total".
        """
        if "stack" not in self._options:
            raise ValueError("export_stacks needs profile(with_stack=True)")
        if metric != "self_cpu_time_total":
            raise ValueError(f"metric should be 'self_cpu_time_total', but is {metric!r}")
        sums: dict[str, float] = {}
        for event in self.events():
            line = ";".join([*reversed(event.stack), event.name])
            sums[line] = sums.get(line, 0.0) + event.self_cpu_time_total
        with opened_for_writing(path) as file:
            file.write("".join(f"{line} {int(us)}\n" for line, us in sums.items()).encode())


def _check_activities(activities: Iterable[ProfilerActivity] | None) -> None:
    chosen = {ProfilerActivity.CPU} if activities is None else set(activities)
    strange = [a for a in chosen if not isinstance(a, ProfilerActivity)]
    if strange or not chosen:
        raise AssertionError(f"activities are ProfilerActivity.CPU and ProfilerActivity.CUDA, but given is {strange or 'none'}")
    if ProfilerActivity.CPU not in chosen:
        raise NotImplementedError("the time of the device alone is not measured: ask for ProfilerActivity.CPU too")
    if ProfilerActivity.CUDA in chosen:
        warnings.warn(
            "ProfilerActivity.CUDA: times are the host's, so an op on CUDA takes as long as its launch; the device's own time is "
            "not measured",
            stacklevel=3,
        )

