"""Seeding of NumPy's own global generator, which user code in data-loading workers may draw from."""

from __future__ import annotations

import numpy as np

__all__ = ["seed_numpy"]


def seed_numpy(base_seed: int, worker_id: int) -> None:
    """Seed ``np.random`` from a loader's base seed and a worker's number, as PyTorch's workers do."""
    entropy = [worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(entropy).generate_state(4))
