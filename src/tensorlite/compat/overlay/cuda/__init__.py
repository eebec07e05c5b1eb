"""``torch.cuda``: what `tensorlite.cuda` does not have because only old programs ask for it."""

from __future__ import annotations

from typing import Any

from .... import cuda
from ....tensor import Tensor
from ....tensor.random import default_generator_of
from .._legacy import CUDA_LEGACY_TENSORS
from .._trivia import OutOfMemoryError

globals().update(CUDA_LEGACY_TENSORS)

__all__ = [
    "OutOfMemoryError", "get_arch_list", "get_rng_state", "get_rng_state_all", "init", "ipc_collect", "is_bf16_supported",
    "max_memory_reserved", "memory_stats", "memory_summary", "reset_max_memory_allocated", "seed", "seed_all", "set_rng_state",
    "set_rng_state_all", *CUDA_LEGACY_TENSORS,
]  # fmt: skip


def init() -> None:
    """Nothing has to be initialized.

    Raises:
        RuntimeError: there is no CUDA.
    """
    cuda.current_device()


def ipc_collect() -> None:
    """Nothing is shared between processes."""


def get_arch_list() -> list[str]:
    """Kernels are compiled for the device that is there, so there is no list."""
    return []


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether there is CUDA: bfloat16 is computed on every such device."""
    return cuda.is_available()


def get_rng_state(device: Any = "cuda") -> Tensor:
    """The state of a device's generator, as bytes."""
    return default_generator_of(cuda._backend(device)).get_state()


def get_rng_state_all() -> list[Tensor]:
    """The states of all devices' generators."""
    return [get_rng_state(index) for index in range(cuda.device_count())]


def set_rng_state(new_state: Tensor, device: Any = "cuda") -> None:
    """Continue a device's generator from a state."""
    default_generator_of(cuda._backend(device)).set_state(new_state)


def set_rng_state_all(new_states: Any) -> None:
    """Continue all devices' generators, each from its state."""
    for index, state in enumerate(new_states):
        set_rng_state(state, index)


def seed() -> None:
    """Seed the current device's generator from the operating system."""
    if cuda.is_available():
        default_generator_of(cuda._backend()).seed()


def seed_all() -> None:
    """Seed all devices' generators from the operating system."""
    for index in range(cuda.device_count()):
        default_generator_of(cuda._backend(index)).seed()


def max_memory_reserved(device: Any = None) -> int:
    """Bytes held on a device at the moment: what is held is not given back by itself."""
    return cuda.memory_reserved(device)


def memory_stats(device: Any = None) -> dict[str, int]:
    """The few counters that there are; empty without CUDA."""
    if not cuda.is_available():
        return {}
    held = cuda.memory_reserved(device)
    return {"allocated_bytes.all.current": cuda.memory_allocated(device), "reserved_bytes.all.current": held}


def memory_summary(device: Any = None, abbreviated: bool = False) -> str:
    """`memory_stats`, a line for each.

    >>> isinstance(memory_summary(), str)
    True
    """
    return "\n".join(f"{name}: {value}" for name, value in memory_stats(device).items())


def reset_max_memory_allocated(device: Any = None) -> None:
    """The old name of `reset_peak_memory_stats`."""
    cuda.reset_peak_memory_stats(device)
