"""Data loading: batches, PyTorch's draws, workers and their failures."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import numpy
import pytest

import tensorlite as tl
from tensorlite.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    StackDataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    get_worker_info,
    random_split,
)

Point = namedtuple("Point", "x y")


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def plain(value: Any) -> Any:
    """Tensors of either library as lists, with their dtype."""
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return str(value.dtype), value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


class Numbers(Dataset):
    """The numbers below n; some of them misbehave."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> int:
        if index == 5:
            raise ValueError("there is no five")
        if index == 50:
            os.kill(os.getpid(), signal.SIGKILL)
        if index == 60:
            time.sleep(60)
        return index


class Draws(Dataset):
    """What every generator gives in a worker."""

    def __init__(self, lib: Any) -> None:
        self.lib = lib

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"i": index, "lib": self.lib.rand(1), "python": random.random(), "numpy": numpy.random.rand(2)}


class Count(IterableDataset):
    """0 to 10, divided among the workers."""

    def __iter__(self) -> Iterator[int]:
        info = get_worker_info()
        return iter(range(11)) if info is None else iter(range(info.id, 11, info.num_workers))


# The same seed, the same batches ------------------------------------------------------------------------------------


def all_batches(lib: Any, num_workers: int) -> list[Any]:
    data = lib.utils.data
    x = lib.arange(23)
    dataset = data.TensorDataset(x, x * 2.5)
    generator = lib.Generator().manual_seed(3)
    lib.manual_seed(5)
    loaders = [
        data.DataLoader(dataset, 4, shuffle=True, num_workers=num_workers),
        data.DataLoader(dataset, 4, shuffle=True, drop_last=True, generator=generator, num_workers=num_workers),
        data.DataLoader(dataset, None, num_workers=num_workers),
        data.DataLoader(data.Subset(dataset, [3, 1, 2]), 2, num_workers=num_workers),
        data.DataLoader(dataset, 5, sampler=data.WeightedRandomSampler([0.1] * 23, 9), num_workers=num_workers),
        data.DataLoader(dataset, 5, sampler=data.RandomSampler(dataset, True, 40), num_workers=num_workers),
        data.DataLoader(dataset, 5, sampler=data.SubsetRandomSampler([4, 5, 6]), num_workers=num_workers),
        data.DataLoader(data.ConcatDataset([dataset, dataset]), 20, shuffle=True, num_workers=num_workers),
    ]
    seen = [plain(list(loader)) for loader in (*loaders, *loaders[:2])] + [len(loader) for loader in loaders]
    seen += [split.indices for split in data.random_split(range(11), [0.5, 0.5])]
    seen += [split.indices for split in data.random_split(range(11), [3, 8], generator=generator)]
    return [*seen, plain(lib.rand(1))]


def test_batches_are_pytorch_s(torch: Any) -> None:
    assert all_batches(tl, 0) == all_batches(torch, 0)


def test_batches_do_not_depend_on_workers() -> None:
    assert all_batches(tl, 2) == all_batches(tl, 0)


def test_draws_in_workers_are_pytorch_s(torch: Any) -> None:
    seen = []
    for lib in (tl, torch):
        lib.manual_seed(7)
        loader = lib.utils.data.DataLoader(Draws(lib), 2, shuffle=True, num_workers=2, persistent_workers=True)
        seen.append([plain(list(loader)), plain(list(loader)), plain(lib.rand(1))])
        del loader
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "batch",
    [
        [numpy.float32(1.0), numpy.float32(2)],
        [numpy.zeros(2), numpy.ones(2)],
        [Point(1, 2.0), Point(3, 4.0)],
        ["a", "b"],
        [b"1"],
        [{"a": 1, "b": [2.0]}] * 2,
        [[1, 2], [3, 4]],
        [(1, "x"), (2, "y")],
        [True, False],
        [1.5, 2],
    ],
)
def test_collate_is_pytorch_s(torch: Any, batch: list[Any]) -> None:
    ours, theirs = default_collate(batch), torch.utils.data.default_collate(batch)
    assert plain(ours) == plain(theirs) and (isinstance(ours, tl.Tensor) or type(ours) is type(theirs))


def test_collate_errors() -> None:
    for error, batch in (
        (TypeError, [object()]),
        (TypeError, [numpy.array(["a"])]),
        (RuntimeError, [[1], [1, 2]]),
        (RuntimeError, [tl.zeros(1), tl.zeros(2)]),
    ):
        with pytest.raises(error):
            default_collate(batch)


# Data sets ----------------------------------------------------------------------------------------------------------


def test_datasets() -> None:
    x = tl.arange(4)
    rows = TensorDataset(x, x * 2)
    assert len(rows) == 4 and [int(v) for v in rows[2]] == [2, 4]
    both = rows + TensorDataset(x, x)
    assert isinstance(both, ConcatDataset) and len(both) == 8 and int(both[5][1]) == 1 and int(both[-1][0]) == 3
    assert StackDataset(rows, [9, 8, 7, 6])[1][1] == 8 and StackDataset(a=rows, b=range(4))[3]["b"] == 3
    assert list(ChainDataset([Count(), Count()]))[10:13] == [10, 0, 1] and isinstance(Count() + Count(), ChainDataset)
    assert Subset(range(10, 20), [3, 4])[1] == 14
    assert [len(part) for part in random_split(range(10), [0.35, 0.65])] == [4, 6]
    for error, call in (
        (AssertionError, lambda: TensorDataset(x, x[:3])),
        (AssertionError, lambda: ConcatDataset([])),
        (AssertionError, lambda: ConcatDataset([Count()])),
        (ValueError, lambda: both[-9]),
        (ValueError, lambda: StackDataset(rows, [1])),
        (ValueError, lambda: random_split(range(4), [1, 2])),
        (ValueError, lambda: random_split(range(4), [1.5, -0.5])),
        (NotImplementedError, lambda: Dataset()[0]),
    ):
        with pytest.raises(error):
            call()
    with pytest.warns(UserWarning, match="Length of split"):
        random_split(range(1), [0.5, 0.5])


def test_a_batch_of_a_tensor_dataset_is_gathered_at_once() -> None:
    class Watched(TensorDataset):
        """Overrides __getitem__, which must then be used."""

        def __getitem__(self, index: Any) -> Any:
            return super().__getitem__(index)[0] + 100

    x = tl.arange(4)
    assert plain(next(iter(DataLoader(Watched(x), 2)))) == plain(tl.tensor([100, 101]))
    first = next(iter(DataLoader(Subset(Subset(TensorDataset(x, x), [3, 2, 1]), [2, 0]), 2)))
    assert isinstance(first, list) and plain(first[0]) == plain(tl.tensor([1, 3]))


def test_iterable_datasets() -> None:
    assert plain(list(DataLoader(Count(), 4))) == plain([tl.arange(4), tl.arange(4, 8), tl.arange(8, 11)])
    assert len(list(DataLoader(Count(), 4, drop_last=True))) == 2
    assert list(DataLoader(Count(), None)) == list(range(11))
    by_workers = [batch.tolist() for batch in DataLoader(Count(), 3, num_workers=2)]
    assert by_workers == [[0, 2, 4], [1, 3, 5], [6, 8, 10], [7, 9]]


def test_option_errors() -> None:
    data = Numbers(3)
    for options in (
        {"batch_size": 0},
        {"batch_size": -1},
        {"shuffle": True, "sampler": [1]},
        {"num_workers": -1},
        {"timeout": -1},
        {"prefetch_factor": 2},
        {"persistent_workers": True},
        {"batch_sampler": [[1]], "batch_size": 3},
        {"batch_size": None, "drop_last": True},
    ):
        with pytest.raises(ValueError):
            DataLoader(data, **options)
    for error, call in (
        (ValueError, lambda: DataLoader(Count(), shuffle=True)),
        (ValueError, lambda: DataLoader(Count(), sampler=[1])),
        (TypeError, lambda: len(DataLoader(Count()))),
        (ValueError, lambda: RandomSampler([])),
        (TypeError, lambda: RandomSampler([1], replacement=3)),
        (ValueError, lambda: WeightedRandomSampler([0.1], -1)),
        (ValueError, lambda: WeightedRandomSampler([[0.1]], 1)),
        (ValueError, lambda: BatchSampler([1], 2, 3)),
    ):
        with pytest.raises(error):
            call()


# Workers ------------------------------------------------------------------------------------------------------------


def no_worker_is_left() -> bool:
    deadline = time.monotonic() + 5
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not multiprocessing.active_children()


def failure(loader: DataLoader) -> str:
    """What goes wrong, as text: an exception would hold on to the iterator, and that to its workers."""
    try:
        list(loader)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("nothing went wrong")


def test_a_worker_s_exception_comes_with_its_traceback() -> None:
    text = failure(DataLoader(Numbers(9), 2, num_workers=2))
    assert text.startswith("ValueError: Caught ValueError in DataLoader worker process 0.")
    assert "there is no five" in text and "__getitem__" in text
    assert no_worker_is_left()


def test_loading_goes_on_after_an_exception() -> None:
    batches = iter(DataLoader(Numbers(9), 3, num_workers=2))
    assert next(batches).tolist() == [0, 1, 2]
    with pytest.raises(ValueError):
        next(batches)
    assert next(batches).tolist() == [6, 7, 8]
    assert next(batches, None) is None
    assert no_worker_is_left()


def test_a_worker_that_dies_is_reported() -> None:
    text = failure(DataLoader(Numbers(59), 2, num_workers=2, sampler=range(40, 59)))
    assert text.startswith("RuntimeError") and "exited unexpectedly by signal 9" in text
    assert no_worker_is_left()


def test_timeout() -> None:
    text = failure(DataLoader(Numbers(70), 2, num_workers=1, sampler=range(58, 66), timeout=0.2))
    assert text == "RuntimeError: DataLoader timed out after 0.2 seconds"
    assert no_worker_is_left()


def test_a_loader_that_is_left_early_ends_its_workers() -> None:
    batches = iter(DataLoader(Numbers(5), 1, num_workers=2))
    next(batches)
    assert multiprocessing.active_children()
    del batches
    assert no_worker_is_left()


def test_unpicklable_batches_are_an_error_and_not_a_hang() -> None:
    loader = DataLoader(Numbers(2), 1, num_workers=1, collate_fn=lambda batch: lambda: batch)
    assert "pickle" in failure(loader)


def test_persistent_workers_start_once() -> None:
    started: Any = multiprocessing.Value("i", 0)

    def count(worker_id: int) -> None:
        with started.get_lock():
            started.value += 1

    loader = DataLoader(Numbers(4), 2, num_workers=2, persistent_workers=True, worker_init_fn=count)
    assert plain(list(loader)) == plain(list(loader)) and started.value == 2
    partly = iter(loader)
    next(partly)
    assert len(list(loader)) == 2 and started.value == 2  # answers to the epoch left early are dropped
    loader._iterator.close()
    assert no_worker_is_left()


def test_spawned_workers() -> None:
    data = TensorDataset(tl.arange(4))
    loader = DataLoader(data, 2, num_workers=1, multiprocessing_context="spawn")
    assert plain(list(loader)) == plain(list(DataLoader(data, 2)))
    assert no_worker_is_left()


def test_worker_init_error() -> None:
    def fail(worker_id: int) -> None:
        raise KeyError("bad start")

    text = failure(DataLoader(Numbers(4), 2, num_workers=1, worker_init_fn=fail))
    assert text.startswith("KeyError") and "bad start" in text
