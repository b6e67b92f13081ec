"""Where tasks run: this process, threads, processes, or a Dask cluster. No result depends on the choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

from pipeline.config import EngineConfig
from pipeline.errors import ConfigError, EnvironmentFault, printable

Task = TypeVar("Task")
Result = TypeVar("Result")


def map_tasks(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    engine: EngineConfig,
    *,
    done: Callable[[Task], None] = lambda _task: None,
) -> list[Result]:
    """``[work(task) for task in tasks]``, in the order of the tasks, wherever they ran.

    ``work`` must not raise for a bad input: it returns what happened. For processes and Dask, ``work`` and the
    tasks must be picklable, so tasks carry references (paths), never arrays. ``done`` is called as each one ends.
    """
    alone = engine.kind == "serial" or (engine.kind == "threads" and engine.workers == 1)
    if alone or len(tasks) < 2:
        return [_finished(work(task), task, done) for task in tasks]
    results: dict[int, Result] = {}
    try:
        with _executor(engine) as executor:
            futures: dict[Future[Result], int] = {executor.submit(work, task): n for n, task in enumerate(tasks)}
            for future in as_completed(futures):
                n = futures[future]
                results[n] = _finished(future.result(), tasks[n], done)
    except BrokenExecutor as error:
        raise EnvironmentFault(
            "a worker process died, as when memory runs out (what was finished is kept; try fewer --workers)"
        ) from error
    return [results[n] for n in range(len(tasks))]


def _finished(result: Result, task: Task, done: Callable[[Task], None]) -> Result:
    done(task)
    return result


@contextmanager
def _executor(engine: EngineConfig) -> Iterator[Executor]:
    if engine.kind == "threads":
        with ThreadPoolExecutor(engine.workers) as pool:
            yield pool
    elif engine.kind == "processes":
        # spawn: forking a process that holds GDAL and numba threads may deadlock
        with ProcessPoolExecutor(engine.workers, mp_context=get_context("spawn")) as pool:
            yield pool
    else:
        with _dask(engine) as pool:
            yield pool


@contextmanager
def _dask(engine: EngineConfig) -> Iterator[Executor]:
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ConfigError("engine dask needs the extra: pip install 'capwatch[scale]'") from error
    # Dask's nanny sets MALLOC_TRIM_THRESHOLD_, which slows tile-sized kernels by some 45 % (distributed issue 3898).
    settings: dict[str, Any] = {"distributed.nanny.pre-spawn-environ": {}}
    with dask.config.set(settings):
        if engine.scheduler:
            try:
                client = Client(engine.scheduler)
            except (OSError, ValueError) as error:  # nobody answers, or it is no address
                cause = " ".join(str(error).split())
                raise EnvironmentFault(f"Dask scheduler {printable(engine.scheduler)}: {cause}") from error
            with client:
                yield client.get_executor()
        else:
            cluster = LocalCluster(
                n_workers=engine.workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
            )
            with cluster, Client(cluster) as client:
                yield client.get_executor()
