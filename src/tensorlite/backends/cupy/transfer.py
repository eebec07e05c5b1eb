"""Copies between host and device, waiting, memory, and what is known of the device."""

from __future__ import annotations

from typing import Any

import numpy

__all__ = ["Transfer"]

Array = Any


class Transfer:
    """`from_numpy` may return before the copy is done (CuPy stages it in pinned memory); `to_numpy` waits."""

    np: Any
    index: int
    native: Any
    float32: Any

    def to_numpy(self, x: Array) -> Any:
        """A copy in host memory."""
        return self.np.asnumpy(x)

    def from_numpy(self, x: Any) -> Array:
        """A copy on this device."""
        return self.np.array(x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("=")))

    def from_device(self, x: Array, source: Any) -> Array | None:
        """A copy of another CUDA device's array, without the host; None if it is not on CUDA."""
        if source.device.type != "cuda":
            return None
        if not x.flags.c_contiguous:
            x = source.ascontiguous(x)
        source.synchronize()  # the copy runs on this device's stream, which knows nothing of that one's
        out = self.np.empty(x.shape, x.dtype)
        if x.size:
            out.data.copy_from_device_async(x.data, x.nbytes)
        return out

    def pinned(self, x: Any) -> Any:
        """A copy of a host array in page-locked memory, from which copies do not wait."""
        import cupyx

        out = cupyx.empty_pinned(x.shape, x.dtype)
        out[...] = x
        return out

    def from_numpy_bytes(self, buffer: Any, raw: Any, count: int) -> Array:
        return self.np.array(numpy.frombuffer(buffer, dtype=raw, count=count))

    def item(self, x: Array) -> Any:
        host = self.np.asnumpy(x)
        return host.item() if host.dtype.kind != "V" else float(host)

    def tolist(self, x: Array) -> Any:
        host = self.np.asnumpy(x)
        return host.tolist() if host.dtype.kind != "V" else host.astype("float32").tolist()

    def address(self, x: Array) -> int:
        """Where the first element lies in the device's memory."""
        return x.data.ptr

    def generator(self) -> Any:
        """A new random generator."""
        from .random import CUDAGenerator

        return CUDAGenerator(self.np, self.index)

    def synchronize(self) -> None:
        """Wait until the device has done all that was asked of it."""
        self.np.cuda.Device(self.index).synchronize()

    # Memory

    def empty_cache(self) -> None:
        """Give cached memory back to the driver."""
        self.np.get_default_memory_pool().free_all_blocks()
        self.np.get_default_pinned_memory_pool().free_all_blocks()

    def memory_allocated(self) -> int:
        """Bytes that arrays occupy on this device."""
        return self.np.get_default_memory_pool().used_bytes()

    def memory_reserved(self) -> int:
        """Bytes that the pool holds on this device, whether used or not."""
        return self.np.get_default_memory_pool().total_bytes()

    def max_memory_allocated(self) -> int:
        """The most bytes that arrays occupied since `reset_peak_memory_stats`; before its first call, the bytes reserved."""
        from .memory import peak_of

        found = peak_of(self.index)
        return self.memory_reserved() if found is None else max(found, self.memory_allocated())

    def reset_peak_memory_stats(self) -> None:
        """Start to measure the peak, from now on."""
        from .memory import watch

        watch(self.np, self.index, self.memory_allocated())

    # The device

    def device_count(self) -> int:
        """How many CUDA devices there are."""
        return self.np.cuda.runtime.getDeviceCount()

    def properties(self) -> dict[str, Any]:
        """What the driver says of the device."""
        found = self.np.cuda.runtime.getDeviceProperties(self.index)
        return {k: v.decode() if isinstance(v, bytes) else v for k, v in found.items()}

    def memory_info(self) -> tuple[int, int]:
        """Free and total bytes."""
        return self.np.cuda.Device(self.index).mem_info

    # Streams and events: CuPy's objects, which `tensorlite.cuda` wraps.

    def new_stream(self, priority: int = 0) -> Any:
        """A stream that does not wait for the default one."""
        return self.np.cuda.Stream(non_blocking=True, priority=priority)

    def current_stream(self) -> Any:
        """The stream that this thread works on."""
        return self.np.cuda.get_current_stream()

    def new_event(self, timing: bool, blocking: bool) -> Any:
        """A mark that a stream passes."""
        return self.np.cuda.Event(block=blocking, disable_timing=not timing)

    def elapsed_time(self, start: Any, end: Any) -> float:
        """Milliseconds between two recorded events."""
        return self.np.cuda.get_elapsed_time(start, end)
