"""From indices to batches: what the loader does itself, and what each of its workers does."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from .collate import default_collate
from .dataset import IterableDataset, Subset, TensorDataset

__all__ = ["make_fetch"]


def make_fetch(
    dataset: Any, auto_collation: bool, collate: Callable[[Any], Any], drop_last: bool
) -> Callable[[Any], Any]:
    """The function from the sampler's output to a batch; it raises StopIteration where an iterable set ends."""
    if isinstance(dataset, IterableDataset):
        return _fetch_iterable(dataset, auto_collation, collate, drop_last)
    if not auto_collation:
        return lambda index: collate(dataset[index])

    def fetch(indices: list[int]) -> Any:
        if collate is default_collate:
            batch = _gather(dataset, indices)
            if batch is not None:
                return batch
        if callable(getattr(dataset, "__getitems__", None)):
            return collate(dataset.__getitems__(indices))
        return collate([dataset[index] for index in indices])

    return fetch


def _gather(dataset: Any, indices: list[int]) -> list[Any] | None:
    """The batch of a TensorDataset, by one indexing of each tensor in place of one for each sample."""
    while type(dataset) is Subset:
        indices = [dataset.indices[i] for i in indices]
        dataset = dataset.dataset
    if type(dataset) is not TensorDataset:
        return None
    return [tensor[indices] for tensor in dataset.tensors]


def _fetch_iterable(
    dataset: Any, auto_collation: bool, collate: Callable[[Any], Any], drop_last: bool
) -> Callable[[Any], Any]:
    samples = iter(dataset)

    def fetch(indices: Any) -> Any:
        if not auto_collation:
            return collate(next(samples))
        batch = list(islice(samples, len(indices)))
        if not batch or (drop_last and len(batch) < len(indices)):
            raise StopIteration
        return collate(batch)

    return fetch
