"""The parent's side of a DataLoader with worker processes."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import time
import weakref
from collections.abc import Iterator
from itertools import count
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from .worker import EndOfIteration, WorkerError, WorkerTask, run_worker

if TYPE_CHECKING:
    from .dataloader import DataLoader

__all__ = ["WorkerIterator"]

JOIN_SECONDS = 2.0


class _Worker:
    """One process, the queue of what it is asked, and the connection on which it answers."""

    def __init__(self, context: Any, task: WorkerTask, foreign: list[Connection]) -> None:
        self.results, answers = context.Pipe(duplex=False)
        self.indices = context.Queue()
        self.exhausted = False
        inherited = [*foreign, self.results] if context.get_start_method() == "fork" else []
        self.process = context.Process(target=run_worker, args=(task, self.indices, answers, inherited), daemon=True)
        self.process.start()
        answers.close()  # the worker has its own copy; with ours open, its death would not end the connection


def _shut_down(workers: list[_Worker], owner: int) -> None:
    """End every worker and wait for it, so that none is left behind."""
    if os.getpid() != owner:  # a copy in a forked process: the workers are not its children
        return
    for worker in workers:
        worker.results.close()  # a worker that is sending a batch stops
        worker.indices.put(None)
    deadline = time.monotonic() + JOIN_SECONDS
    for worker in workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
        if worker.process.is_alive():
            worker.process.terminate()
            worker.process.join()
        worker.indices.cancel_join_thread()
        worker.indices.close()
        worker.process.close()
    workers.clear()


class WorkerIterator(Iterator[Any]):
    """Batches from worker processes, in the order of their indices."""

    def __init__(self, loader: DataLoader[Any], base_seed: int) -> None:
        self._loader = loader
        self._workers: list[_Worker] = []
        # Not a __del__: this also runs when the interpreter ends, and knows nothing of the iterator itself.
        self._finalizer = weakref.finalize(self, _shut_down, self._workers, os.getpid())
        context = _context(loader.multiprocessing_context)
        for i in range(loader.num_workers):
            task = WorkerTask(
                *(i, loader.num_workers, loader.dataset, loader._auto_collation, loader.collate_fn),
                *(loader.drop_last, base_seed, loader.worker_init_fn),
            )
            self._workers.append(_Worker(context, task, [worker.results for worker in self._workers]))
        self._epochs = count()
        self.restart()

    @property
    def closed(self) -> bool:
        """Whether the workers have ended."""
        return not self._finalizer.alive

    def close(self) -> None:
        """End the workers."""
        self._asked.clear()
        self._finalizer()

    def restart(self) -> None:
        """Begin the data set anew. Answers to what was asked before are dropped when they come."""
        self._epoch = next(self._epochs)
        self._sampler = iter(self._loader._index_sampler)
        self._asked: dict[int, _Worker] = {}
        self._answers: dict[int, Any] = {}
        self._next_to_ask = 0
        self._next_worker = 0
        for worker in self._workers:
            worker.exhausted = False
        for _ in range((self._loader.prefetch_factor or 0) * len(self._workers)):
            self._ask()

    def _ask(self) -> None:
        """Send the next indices to the next worker that still has samples."""
        try:
            indices = next(self._sampler)
        except StopIteration:
            return
        for _ in self._workers:
            worker = self._workers[self._next_worker % len(self._workers)]
            self._next_worker += 1
            if not worker.exhausted:
                worker.indices.put((self._epoch, self._next_to_ask, indices))
                self._asked[self._next_to_ask] = worker
                self._next_to_ask += 1
                return

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        while self._asked:
            number = self._due()
            if number is None:
                self._receive()
                continue
            answer = self._answers.pop(number)
            worker = self._asked.pop(number)
            if isinstance(answer, EndOfIteration):
                if not worker.exhausted:
                    worker.exhausted = True
                    self._ask()
                continue
            self._ask()
            if isinstance(answer, WorkerError):
                answer.reraise()
            return answer
        if not self._loader.persistent_workers:
            self.close()
        raise StopIteration

    def _due(self) -> int | None:
        """The number of the batch whose turn it is, if it is here."""
        if not self._loader.in_order and self._answers:
            return next(iter(self._answers))
        first = next(iter(self._asked))
        return first if first in self._answers else None

    def _receive(self) -> None:
        """Wait for one answer, from whichever worker."""
        timeout = self._loader.timeout or None
        ready = wait([worker.results for worker in self._workers], timeout)
        if not ready:
            self.close()
            raise RuntimeError(f"DataLoader timed out after {timeout} seconds")
        for connection in ready:
            try:
                epoch, number, answer = pickle.loads(connection.recv_bytes())  # type: ignore[union-attr]
            except (EOFError, ConnectionResetError):
                self._report_death(connection)
            if epoch == self._epoch:
                self._answers[number] = answer

    def _report_death(self, connection: Any) -> None:
        dead = next(worker for worker in self._workers if worker.results is connection)
        dead.process.join(JOIN_SECONDS)
        pid, code = dead.process.pid, dead.process.exitcode
        self.close()
        how = f"by signal {-code}" if code is not None and code < 0 else f"with exit code {code}"
        raise RuntimeError(f"DataLoader worker (pid {pid}) exited unexpectedly {how}")


def _context(context: Any) -> Any:
    if context is None or isinstance(context, str):
        return multiprocessing.get_context(context)
    return context
