"""The CPU as a device: its threads and its memory. The names are those of `torch.cpu` and `torch.set_num_threads`."""

from __future__ import annotations

from .backends import get_backend

__all__ = [
    "current_device", "device_count", "empty_cache", "get_num_interop_threads", "get_num_threads", "is_available",
    "set_num_interop_threads", "set_num_threads", "synchronize",
]


def is_available() -> bool:
    """Whether there is a CPU; always true."""
    return True


def device_count() -> int:
    """How many CPU devices there are: one."""
    return 1


def current_device() -> str:
    """The CPU's name as a device."""
    return "cpu"


def synchronize(device: object = None) -> None:
    """Wait for the device; the CPU never runs ahead."""


def empty_cache() -> None:
    """Give memory that is kept for the next tensors back to the system.

    >>> import tensorlite as tl
    >>> tl.cpu.empty_cache()
    """
    get_backend("cpu").empty_cache()


def get_num_threads() -> int:
    """How many threads one function uses: all cores, unless `set_num_threads` or TENSORLITE_NUM_THREADS says otherwise.

    >>> import tensorlite as tl
    >>> tl.get_num_threads() >= 1
    True
    """
    return get_backend("cpu").get_num_threads()


def set_num_threads(threads: int) -> None:
    """Let one function use so many threads. Results do not depend on it where kernels share the work.

    Raises:
        TypeError: not an int.
        RuntimeError: not positive.

    >>> import tensorlite as tl
    >>> before = tl.get_num_threads()
    >>> tl.set_num_threads(1)
    >>> tl.get_num_threads()
    1
    >>> tl.set_num_threads(before)
    """
    if not isinstance(threads, int) or isinstance(threads, bool):
        raise TypeError(f"set_num_threads expects an int, but got {type(threads).__name__}")
    if threads < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    get_backend("cpu").set_num_threads(threads)


def get_num_interop_threads() -> int:
    """How many functions run at the same time: one, since calls are made one after the other."""
    return 1


def set_num_interop_threads(threads: int) -> None:
    """Accepted and without effect: calls are made one after the other.

    Raises:
        TypeError: not an int.
        RuntimeError: not positive.
    """
    if not isinstance(threads, int) or isinstance(threads, bool):
        raise TypeError(f"set_num_interop_threads expects an int, but got {type(threads).__name__}")
    if threads < 1:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
