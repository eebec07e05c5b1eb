"""The peak of memory use. CuPy's pool does not keep it, so a hook counts from the first time that somebody asks."""

from __future__ import annotations

from typing import Any

__all__ = ["peak_of", "watch"]

_used: dict[int, int] = {}
_peak: dict[int, int] = {}
_installed: list[Any] = []


def peak_of(device: int) -> int | None:
    """The most bytes in use on a device since `watch`, or None if nobody watched."""
    return _peak.get(device)


def watch(cupy: Any, device: int, used: int) -> None:
    """Count from `used` bytes on. Hooks belong to a thread: what other threads allocate is not seen."""
    _used[device] = _peak[device] = used
    if not _installed:
        hook = _counter(cupy)
        hook.__enter__()
        _installed.append(hook)


def _counter(cupy: Any) -> Any:
    class Counter(cupy.cuda.MemoryHook):
        name = "tensorlite"

        def malloc_postprocess(self, device_id: int, size: int, mem_size: int, mem_ptr: int, pmem_id: int) -> None:
            if device_id in _used:
                _used[device_id] += mem_size
                _peak[device_id] = max(_peak[device_id], _used[device_id])

        def free_postprocess(self, device_id: int, mem_size: int, mem_ptr: int, pmem_id: int) -> None:
            if device_id in _used:
                _used[device_id] -= mem_size

    return Counter()
