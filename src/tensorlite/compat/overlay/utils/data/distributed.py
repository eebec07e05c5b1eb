"""``torch.utils.data.distributed``: each process's share of a data set."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from .....tensor.random import Generator
from .....tensor.spelling import functions
from .....utils.data import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler):
    """Every ``num_replicas``-th index, beginning with ``rank``; the same shuffle in every process.

    Raises:
        ValueError: `rank` is not one of the replicas.

    >>> list(DistributedSampler(range(5), num_replicas=2, rank=1, shuffle=False))
    [1, 3, 0]
    """

    def __init__(
        self, dataset: Any, num_replicas: int | None = None, rank: int | None = None, shuffle: bool = True, seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.num_replicas = 1 if num_replicas is None else num_replicas
        self.rank = 0 if rank is None else rank
        if not 0 <= self.rank < self.num_replicas:
            raise ValueError(f"Invalid rank {self.rank}, rank should be in the interval [0, {self.num_replicas - 1}]")
        self.dataset, self.shuffle, self.seed, self.drop_last, self.epoch = dataset, shuffle, seed, drop_last, 0
        length = len(dataset)
        round_ = math.floor if drop_last and length % self.num_replicas else math.ceil
        self.num_samples = round_(length / self.num_replicas)
        self.total_size = self.num_samples * self.num_replicas

    def __iter__(self) -> Iterator[int]:
        indices = list(range(len(self.dataset)))
        if self.shuffle:
            indices = functions["randperm"](len(indices), generator=Generator().manual_seed(self.seed + self.epoch)).tolist()
        missing = self.total_size - len(indices)
        if missing > 0:
            indices += (indices * math.ceil(missing / max(len(indices), 1)))[:missing]
        return iter(indices[: self.total_size][self.rank :: self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Shuffle otherwise in another epoch."""
        self.epoch = epoch
