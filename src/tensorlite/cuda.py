"""CUDA devices: which there are, streams and events, memory, seeds. Nothing is imported before it is needed.

Without CUDA `is_available` is False, `device_count` is 0, seeding and `empty_cache` do nothing (as in PyTorch, so that programs
for both run), and everything else raises a RuntimeError that names what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from .backends import get_backend
from .devices import device as _Device

__all__ = [
    "Event", "Stream", "current_device", "current_stream", "device", "device_count", "empty_cache", "get_device_capability",
    "get_device_name", "get_device_properties", "is_available", "is_initialized", "manual_seed", "manual_seed_all",
    "max_memory_allocated", "mem_get_info", "memory_allocated", "memory_reserved", "reset_peak_memory_stats", "set_device",
    "stream", "synchronize",
]

Where = _Device | str | int | None


def _backend(where: Where = None) -> Any:
    """The backend of a CUDA device, of the current one for None."""
    wanted = _Device("cuda") if where is None else _Device(where)
    if wanted.type != "cuda":
        raise ValueError(f"Expected a cuda device, but got: {wanted}")
    return get_backend(wanted)


def is_available() -> bool:
    """Whether CuPy is installed and there is a device.

    >>> import tensorlite as tl
    >>> isinstance(tl.cuda.is_available(), bool)
    True
    """
    try:
        _backend()
    except RuntimeError:
        return False
    return True


def is_initialized() -> bool:
    """The same as `is_available`: there is nothing to initialize."""
    return is_available()


def device_count() -> int:
    """How many devices there are."""
    return _backend().device_count() if is_available() else 0


def current_device() -> int:
    """The index of the current device."""
    return _backend().index


def set_device(device: Where) -> None:
    """Make a device the current one.

    Raises:
        RuntimeError: there is no such device.
    """
    _backend(device).make_current()


@contextmanager
def device(device: Where) -> Iterator[None]:
    """A block with another current device."""
    before = _backend()
    _backend(device).make_current()
    try:
        yield
    finally:
        before.make_current()


def synchronize(device: Where = None) -> None:
    """Wait until a device has done all that was asked of it."""
    _backend(device).synchronize()


def get_device_name(device: Where = None) -> str:
    """What a device is called."""
    return _backend(device).properties()["name"]


def get_device_properties(device: Where = None) -> Any:
    """``name``, ``major``, ``minor``, ``total_memory``, ``multi_processor_count``, and all else that the driver says."""
    found = _backend(device).properties()
    return SimpleNamespace(
        **{**found, "total_memory": found.get("totalGlobalMem"), "multi_processor_count": found.get("multiProcessorCount")}
    )


def get_device_capability(device: Where = None) -> tuple[int, int]:
    """Major and minor compute capability."""
    found = _backend(device).properties()
    return found["major"], found["minor"]


# Memory


def empty_cache() -> None:
    """Give cached memory back to the driver."""
    if is_available():
        _backend().empty_cache()


def memory_allocated(device: Where = None) -> int:
    """Bytes that tensors occupy on a device."""
    return _backend(device).memory_allocated()


def memory_reserved(device: Where = None) -> int:
    """Bytes held on a device, whether tensors use them or not."""
    return _backend(device).memory_reserved()


def max_memory_allocated(device: Where = None) -> int:
    """The most bytes that tensors occupied since `reset_peak_memory_stats`; before its first call, the bytes reserved."""
    return _backend(device).max_memory_allocated()


def reset_peak_memory_stats(device: Where = None) -> None:
    """Measure the peak from now on."""
    _backend(device).reset_peak_memory_stats()


def mem_get_info(device: Where = None) -> tuple[int, int]:
    """Free and total bytes of a device."""
    return tuple(_backend(device).memory_info())


# Seeds


def manual_seed(seed: int) -> None:
    """Seed the generator of the current device."""
    if is_available():
        from .tensor.random import default_generator_of

        default_generator_of(_backend()).manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """Seed the generators of all devices."""
    from .tensor.random import default_generator_of

    for index in range(device_count()):
        default_generator_of(_backend(index)).manual_seed(seed)


# Streams and events


class Event:
    """A mark in a stream: wait for it, or measure the time between two.

    Args:
        enable_timing: whether `elapsed_time` will be asked.
        blocking: whether `synchronize` sleeps and does not spin.
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        self._xp = _backend()
        self._native = self._xp.new_event(enable_timing, blocking)

    def record(self, stream: Stream | None = None) -> None:
        """Put the mark behind what the stream has been asked to do."""
        self._native.record((stream or current_stream())._native)

    def wait(self, stream: Stream | None = None) -> None:
        """Let a stream wait for the mark."""
        (stream or current_stream()).wait_event(self)

    def query(self) -> bool:
        """Whether the mark has been passed."""
        return self._native.done

    def synchronize(self) -> None:
        """Wait for the mark."""
        self._native.synchronize()

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this mark to another one."""
        return self._xp.elapsed_time(self._native, end_event._native)


class Stream:
    """A queue of work on a device, beside the others; ``with tl.cuda.stream(s):`` puts work there.

    Args:
        device: where; the current device for None.
        priority: -1 for more urgent than 0.
    """

    def __init__(self, device: Where = None, priority: int = 0) -> None:
        self._xp = _backend(device)
        self._native = self._xp.new_stream(priority)

    @classmethod
    def _around(cls, xp: Any, native: Any) -> Stream:
        self = object.__new__(cls)
        self._xp, self._native = xp, native
        return self

    @property
    def device(self) -> _Device:
        """Where it works."""
        return self._xp.device

    def query(self) -> bool:
        """Whether all its work is done."""
        return self._native.done

    def synchronize(self) -> None:
        """Wait for all its work."""
        self._native.synchronize()

    def record_event(self, event: Event | None = None) -> Event:
        """Put a mark behind its work."""
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Do later work only after the mark was passed."""
        self._native.wait_event(event._native)

    def wait_stream(self, stream: Stream) -> None:
        """Do later work only after what another stream has been asked to do."""
        self.wait_event(stream.record_event())

    def __enter__(self) -> Stream:
        self._native.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._native.__exit__(*exc)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self._native == other._native

    def __hash__(self) -> int:
        return hash(self._native)


def current_stream(device: Where = None) -> Stream:
    """The stream that this thread works on."""
    xp = _backend(device)
    return Stream._around(xp, xp.current_stream())


@contextmanager
def stream(stream: Stream | None) -> Iterator[None]:
    """A block whose work goes to a stream (for None, where it went before)."""
    if stream is None:
        yield
        return
    with stream:
        yield
