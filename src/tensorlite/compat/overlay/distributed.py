"""``torch.distributed``: not available, which programs ask before they use it."""

from __future__ import annotations

__all__ = [
    "get_rank", "get_world_size", "is_available", "is_initialized", "is_mpi_available", "is_nccl_available",
    "is_torchelastic_launched",
]  # fmt: skip


def is_available() -> bool:
    """False: a training runs in one process."""
    return False


is_initialized = is_mpi_available = is_nccl_available = is_torchelastic_launched = is_available


def get_rank(group: object = None) -> int:
    """
    Raises:
        ValueError: always, as in PyTorch before ``init_process_group``.
    """
    raise ValueError("torch.distributed: there is no process group; tensorlite trains in one process")


get_world_size = get_rank
