"""``torch.mps``: Apple's GPUs, which there is no backend for. What programs do after every step does nothing."""

from __future__ import annotations

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "seed", "synchronize"]


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """How many there are: 0."""
    return 0


def empty_cache() -> None:
    """Nothing is there to be emptied."""


synchronize = seed = empty_cache


def manual_seed(seed: int) -> None:
    """Nothing is there to be seeded."""
