"""Where tasks run: this process, threads, processes, or a Dask cluster. No result depends on the choice.

A task is a reference (paths, addresses, settings) and its result a small table, so what travels is small and a client
holds no more than its results. Only as many tasks are handed out as there are hands: memory stays flat however long
the list, and when a worker dies it is clear which tasks it can have died of. Those are tried again by themselves. One
that dies (or runs out of memory) `DEATHS` times is given up, and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pipeline.config import EngineConfig
from pipeline.errors import EnvironmentFault
from pipeline.execution.workers import Died, Here, Pool, Processes, Result, Task, Threads

DEATHS = 3  # one may be bad luck, three are the task's own doing (our choice)


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
    tasks must be picklable, so tasks carry references (paths), never arrays. ``done`` is called as each one ends.
    ``lost(task, why)`` is the result of a task that was given up; without it that ends the whole. ``at_once`` limits
    how many run at the same time, over all workers. The tasks of the highest ``cost`` begin first, so that no long one
    is left alone at the end.
    """
    results: dict[int, Result] = {}
    strikes: dict[int, str] = {}

    def finish(n: int, result: Result) -> None:
        results[n] = result
        done(tasks[n])

    with _pool(engine, len(tasks)) as pool:
        order = sorted(range(len(tasks)), key=lambda n: -cost(tasks[n]))
        _hand_out(pool, work, tasks, order, at_once or pool.hands, finish, strikes)
        deaths = dict.fromkeys(strikes, 1)
        while strikes:  # by themselves, so that none dies of another
            n, why = strikes.popitem()
            if deaths[n] >= DEATHS:
                finish(n, _given_up(tasks[n], f"{why} ({DEATHS} tries)", lost))
                continue
            deaths[n] += 1
            _hand_out(pool, work, tasks, [n], 1, finish, strikes)
    return [results[n] for n in range(len(tasks))]


def _hand_out(
    pool: Pool,
    work: Callable[[Any], Any],
    tasks: Sequence[Any],
    numbers: Sequence[int],
    at_once: int,
    finish: Callable[[int, Any], None],
    strikes: dict[int, str],
) -> None:
    """Run the numbered tasks, at most ``at_once`` under way; those that died are left in ``strikes``."""
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
                except Died as death:
                    strikes[n] = str(death)
    except BaseException:
        for future in under_way:
            future.cancel()
        raise


def _given_up(task: Task, why: str, lost: Callable[[Task, str], Result] | None) -> Result:
    if lost is not None:
        return lost(task, why)
    raise EnvironmentFault(f"a task {why} (what was finished is kept; a worker process died; try fewer --workers)")


_KEPT: ContextVar[tuple[EngineConfig, Pool] | None] = ContextVar("kept", default=None)


@contextmanager
def kept(engine: EngineConfig) -> Iterator[None]:
    """Keep the workers between lists of tasks while the block runs: starting them takes seconds."""
    if engine.kind in ("serial", "threads") or _KEPT.get() is not None:
        yield
        return
    pool = _made(engine)
    token = _KEPT.set((engine, pool))
    try:
        yield
    finally:
        _KEPT.reset(token)
        pool.close()


@contextmanager
def _pool(engine: EngineConfig, count: int) -> Iterator[Pool]:
    alone = engine.kind == "serial" or (engine.kind == "threads" and engine.workers == 1)
    held = _KEPT.get()
    if count == 0 or alone or (engine.kind == "threads" and count < 2):
        yield Here()
    elif held is not None and held[0] == engine:
        yield held[1]
    else:
        pool = _made(engine)
        try:
            yield pool
        finally:
            pool.close()


def _made(engine: EngineConfig) -> Pool:
    if engine.kind == "threads":
        return Threads(engine.workers)
    if engine.kind == "processes":
        return Processes(engine)
    from pipeline.execution.cluster import Cluster

    return Cluster(engine)
