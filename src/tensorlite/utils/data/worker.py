"""What runs in a worker process of a DataLoader."""

from __future__ import annotations

import os
import pickle
import queue
import random
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from ...backends.numpy.seeding import seed_numpy
from ...tensor.random import manual_seed
from .fetch import make_fetch

__all__ = ["EndOfIteration", "WorkerError", "WorkerInfo", "WorkerTask", "get_worker_info", "run_worker"]

# How often an idle worker looks whether its parent is still there.
WATCH_SECONDS = 5.0


class WorkerInfo(NamedTuple):
    """Which worker this is: its number, how many there are, its seed and its copy of the data set."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process of a DataLoader, which worker it is; None elsewhere.

    >>> import tensorlite as tl
    >>> tl.utils.data.get_worker_info() is None
    True
    """
    return _worker_info


class EndOfIteration:
    """A worker's answer when its iterable data set has no more samples."""


class WorkerError:
    """An exception of a worker, with its traceback as text, so that it can be raised again in the parent."""

    def __init__(self, error: BaseException, worker_id: int) -> None:
        self.kind: type[BaseException] | None = type(error)
        self.text = (
            f"Caught {type(error).__name__} in DataLoader worker process {worker_id}.\n"
            f"Original {''.join(traceback.format_exception(error))}"
        )

    def reraise(self) -> None:
        """Raise the same class of exception, with the worker's traceback as its message."""
        raise self._error()

    def _error(self) -> BaseException:
        # Made elsewhere than it is raised: a frame that held it would be a cycle that keeps the loader's workers alive.
        if self.kind is not None:
            try:
                return self.kind(self.text)
            except Exception:  # a class that is not made from one message
                return RuntimeError(self.text)
        return RuntimeError(self.text)

    def __getstate__(self) -> dict[str, Any]:
        kind = self.kind
        try:
            pickle.dumps(kind)
        except Exception:  # a class that the parent cannot find by name
            kind = None
        return {"kind": kind, "text": self.text}


class WorkerTask(NamedTuple):
    """Everything a worker is told when it starts."""

    worker_id: int
    num_workers: int
    dataset: Any
    auto_collation: bool
    collate: Callable[[Any], Any]
    drop_last: bool
    base_seed: int
    init: Callable[[int], None] | None


def run_worker(task: WorkerTask, indices: Any, results: Connection, foreign: list[Connection]) -> None:
    """Answer ``(epoch, number, indices)`` with ``(epoch, number, batch)``, until None comes or the parent is gone."""
    global _worker_info
    for connection in foreign:  # inherited by a fork: while they are open here, a sibling cannot see its parent die
        connection.close()
    seed = task.base_seed + task.worker_id
    random.seed(seed)
    manual_seed(seed)
    seed_numpy(task.base_seed, task.worker_id)
    _worker_info = WorkerInfo(task.worker_id, task.num_workers, seed, task.dataset)
    try:
        _answer(task, indices, results)
    except (KeyboardInterrupt, BrokenPipeError, ConnectionResetError, EOFError):
        pass  # the parent has stopped listening
    finally:
        results.close()


def _answer(task: WorkerTask, indices: Any, results: Connection) -> None:
    start_error = _try_init(task)
    fetch: Any = None
    present = None
    for epoch, number, wanted in _requests(indices):
        if epoch != present:
            present, fetch = epoch, None
        try:
            if start_error is not None:
                answer: Any = start_error
            else:
                if fetch is None:
                    fetch = make_fetch(task.dataset, task.auto_collation, task.collate, task.drop_last)
                answer = fetch(wanted)
        except StopIteration:
            answer = EndOfIteration()
        except Exception as error:
            answer = WorkerError(error, task.worker_id)
        results.send_bytes(_packed((epoch, number, answer), task.worker_id))


def _try_init(task: WorkerTask) -> WorkerError | None:
    if task.init is not None:
        try:
            task.init(task.worker_id)
        except Exception as error:
            return WorkerError(error, task.worker_id)
    return None


def _requests(indices: Any) -> Any:
    parent = os.getppid()
    while os.getppid() == parent:
        try:
            request = indices.get(timeout=WATCH_SECONDS)
        except queue.Empty:
            continue
        if request is None:
            return
        yield request


def _packed(message: tuple[int, int, Any], worker_id: int) -> bytes:
    try:
        return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # a batch that cannot be sent
        return pickle.dumps((*message[:2], WorkerError(error, worker_id)), pickle.HIGHEST_PROTOCOL)
