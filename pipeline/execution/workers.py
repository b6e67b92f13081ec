"""Worker pools on this machine: the current thread, threads, or processes.

`Cluster` (``pipeline.execution.cluster``) is the fourth kind; `map_tasks` (``pipeline.engine``) submits tasks to any of
them.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Any, Protocol, TypeVar

from pipeline.config import EngineConfig
from pipeline.errors import file_of

Task = TypeVar("Task")
Result = TypeVar("Result")

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
KILLED, MEMORY = "killed its worker, as when memory runs out", "needs more memory than there is"
IMPORTING = Lock()


class WorkerDied(Exception):
    """A task was lost, with the reason: its worker died or memory ran out."""


class Pool(Protocol):
    """Workers that can run one list of tasks after another."""

    @property
    def max_submitted(self) -> int:
        """Number of tasks to have submitted at once."""

    def start(self, work: Callable[[Any], Any], task: Any) -> Any:
        """Submit a task; returns a future."""

    def next_done(self, futures: Sequence[Any]) -> list[Any]:
        """Wait until one or more are done; returns those."""

    def result(self, future: Any) -> Any:
        """What a finished task returned; raises `WorkerDied` if that happened or memory ran out, else its error."""

    def close(self) -> None:
        """Let the workers go."""


class CurrentThread:
    """The current thread."""

    @property
    def max_submitted(self) -> int:
        """One at a time."""
        return 1

    def start(self, work: Callable[[Any], Any], task: Any) -> Any:
        """Do the task."""
        future: Future[Any] = Future()
        try:
            future.set_result(work(task))
        except MemoryError as error:
            future.set_exception(error)
        return future

    def next_done(self, futures: Sequence[Any]) -> list[Any]:
        """All are done."""
        return list(futures)

    def result(self, future: Any) -> Any:
        """The task's result; `WorkerDied` if memory ran out."""
        try:
            return future.result()
        except MemoryError:
            raise WorkerDied(MEMORY) from None

    def close(self) -> None:
        """Nothing to release."""


class Threads:
    """Threads of this process: fastest on one machine, since arrays and GDAL leave the interpreter free."""

    def __init__(self, workers: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.workers = workers
        import_shared_modules()
        self.executor: Executor = ThreadPoolExecutor(workers)

    @property
    def max_submitted(self) -> int:
        """One task per worker, so that few tasks can be the cause when a worker dies."""
        return self.workers

    def start(self, work: Callable[[Any], Any], task: Any) -> Any:
        """Submit a task."""
        return self.executor.submit(work, task)

    def next_done(self, futures: Sequence[Any]) -> list[Any]:
        """The finished ones, in order of submission."""
        finished = wait(futures, return_when=FIRST_COMPLETED).done
        return [f for f in futures if f in finished]

    def result(self, future: Any) -> Any:
        """The task's result; `WorkerDied` if its worker died or memory ran out."""
        try:
            return future.result()
        except MemoryError:
            raise WorkerDied(MEMORY) from None
        except BrokenExecutor:
            raise WorkerDied(KILLED) from None

    def close(self) -> None:
        """Cancel tasks not yet started, and wait for the rest."""
        self.executor.shutdown(cancel_futures=True)


class Processes(Threads):
    """Processes of this machine. When one dies the whole executor is lost, so a new one takes its place."""

    def __init__(self, engine: EngineConfig) -> None:
        self.engine = engine
        self.workers = engine.workers
        self.executor = self._new()

    def _new(self) -> Executor:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        # spawn: forking a process that holds GDAL and numba threads may deadlock
        limit = None if self.engine.memory_gb is None else int(self.engine.memory_gb * 1e9)
        return ProcessPoolExecutor(
            self.engine.workers, mp_context=get_context("spawn"), initializer=_init_worker, initargs=(limit,)
        )

    def close(self) -> None:
        """As for threads; but when the command is being stopped, kill the workers: a scene may take minutes."""
        if isinstance(sys.exc_info()[1], KeyboardInterrupt):
            for worker in multiprocessing.active_children():
                worker.kill()
        super().close()

    def start(self, work: Callable[[Any], Any], task: Any) -> Any:
        """Submit a task, to new processes if the old ones are gone."""
        with _one_thread():
            try:
                return self.executor.submit(run_naming_file, work, task)
            except BrokenExecutor:
                self.executor.shutdown(wait=False, cancel_futures=True)
                self.executor = self._new()
                return self.executor.submit(run_naming_file, work, task)


def run_naming_file(work: Callable[[Task], Result], task: Task) -> Result:
    """Run a task in a worker, adding the file name to an OSError: its traceback, which tells it, is not pickled."""
    try:
        return work(task)
    except OSError as error:
        if error.errno is not None and not error.filename:
            error.filename = file_of(error) or None
        raise


def import_shared_modules() -> None:
    """Import, under a lock, modules that two threads must not import at once."""
    with IMPORTING:
        for name in ("pyproj", "numpy.polynomial"):
            __import__(name)


def _init_worker(limit_bytes: int | None) -> None:
    """Initialise a worker: it ends with its parent process, however that ends, and its address space is limited, so
    that one scene cannot take all of the machine's memory."""
    Thread(target=_exit_with_parent, daemon=True).start()
    if limit_bytes is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def _exit_with_parent() -> None:
    """Exit when the parent process ends: workers of a killed run would otherwise wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit workers started here to one thread each: the engine sets the number of workers."""
    missing = [name for name in ONE_THREAD if name not in os.environ]
    os.environ.update(dict.fromkeys(missing, "1"))
    try:
        yield
    finally:
        for name in missing:
            os.environ.pop(name, None)
