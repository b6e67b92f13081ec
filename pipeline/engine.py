"""Runs tasks in this process, in threads, in processes, or on a Dask cluster. No result depends on the choice.

A task is a reference (paths, addresses, settings) and its result a small table, so little is transferred and the client
holds only results. No more tasks are submitted than there are workers: memory stays flat however long the list is, and
when a worker dies only the tasks in progress can be the cause. Those are retried one at a time. A task that kills its
worker (or runs out of memory) `DEATHS` times is given up, and the rest go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pipeline.config import EngineConfig
from pipeline.errors import EnvironmentFault
from pipeline.execution.workers import CurrentThread, Pool, Processes, Result, Task, Threads, WorkerDied

DEATHS = 3  # one may be bad luck; after three the task itself is at fault (our choice)


def map_tasks(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    engine: EngineConfig,
    *,
    done: Callable[[Task], None] = lambda _task: None,
    lost: Callable[[Task, str], Result] | None = None,
    at_once: int | None = None,
    cost: Callable[[Task], float] = lambda _task: 0.0,
) -> list[Result]:
    """``[work(task) for task in tasks]``, in the order of the tasks, wherever they ran.

    ``work`` must not raise for a bad input: it returns what happened. For processes and Dask, ``work`` and the
    tasks must be picklable, so tasks carry references (paths), never arrays. ``done`` is called as each task ends.
    ``lost(task, why)`` gives the result of a task that was given up; without it, EnvironmentFault is raised.
    ``at_once`` limits how many tasks run at the same time, over all workers. Tasks with the highest ``cost`` start
    first, so that no long one runs alone at the end.
    """
    results: dict[int, Result] = {}
    strikes: dict[int, str] = {}

    def finish(n: int, result: Result) -> None:
        results[n] = result
        done(tasks[n])

    with _pool(engine, len(tasks)) as pool:
        order = sorted(range(len(tasks)), key=lambda n: -cost(tasks[n]))
        _run_numbered(pool, work, tasks, order, at_once or pool.max_submitted, finish, strikes)
        deaths = dict.fromkeys(strikes, 1)
        while strikes:  # one at a time, so that none is blamed for another's death
            n, why = strikes.popitem()
            if deaths[n] >= DEATHS:
                finish(n, _give_up(tasks[n], f"{why} ({DEATHS} tries)", lost))
                continue
            deaths[n] += 1
            _run_numbered(pool, work, tasks, [n], 1, finish, strikes)
    return [results[n] for n in range(len(tasks))]


def _run_numbered(
    pool: Pool,
    work: Callable[[Any], Any],
    tasks: Sequence[Any],
    numbers: Sequence[int],
    at_once: int,
    finish: Callable[[int, Any], None],
    strikes: dict[int, str],
) -> None:
    """Run the numbered tasks, at most ``at_once`` at a time; records in ``strikes`` why a task's worker died."""
    under_way: dict[Any, int] = {}
    left = iter(numbers)
    exhausted = False
    try:
        while True:
            while not exhausted and len(under_way) < at_once:
                n = next(left, None)
                if n is None:
                    exhausted = True
                else:
                    under_way[pool.start(work, tasks[n])] = n
            if not under_way:
                return
            for future in pool.next_done(list(under_way)):
                n = under_way.pop(future)
                try:
                    finish(n, pool.result(future))
                except WorkerDied as death:
                    strikes[n] = str(death)
    except BaseException:
        for future in under_way:
            future.cancel()
        raise


def _give_up(task: Task, why: str, lost: Callable[[Task, str], Result] | None) -> Result:
    if lost is not None:
        return lost(task, why)
    raise EnvironmentFault(f"a task {why} (what was finished is kept; a worker process died; try fewer --workers)")


_SHARED_POOL: ContextVar[tuple[EngineConfig, Pool] | None] = ContextVar("shared_pool", default=None)


@contextmanager
def reused_workers(engine: EngineConfig) -> Iterator[None]:
    """Reuse the workers for all `map_tasks` calls within the block: starting them takes seconds."""
    if engine.kind in ("serial", "threads") or _SHARED_POOL.get() is not None:
        yield
        return
    pool = _new_pool(engine)
    token = _SHARED_POOL.set((engine, pool))
    try:
        yield
    finally:
        _SHARED_POOL.reset(token)
        pool.close()


@contextmanager
def _pool(engine: EngineConfig, count: int) -> Iterator[Pool]:
    is_serial = engine.kind == "serial" or (engine.kind == "threads" and engine.workers == 1)
    shared = _SHARED_POOL.get()
    if count == 0 or is_serial or (engine.kind == "threads" and count < 2):
        yield CurrentThread()
    elif shared is not None and shared[0] == engine:
        yield shared[1]
    else:
        pool = _new_pool(engine)
        try:
            yield pool
        finally:
            pool.close()


def _new_pool(engine: EngineConfig) -> Pool:
    if engine.kind == "threads":
        return Threads(engine.workers)
    if engine.kind == "processes":
        return Processes(engine)
    from pipeline.execution.cluster import Cluster

    return Cluster(engine)
