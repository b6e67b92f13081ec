"""Where tasks run: this process, threads, processes, or a Dask cluster. No result depends on the choice.

A task is a reference (paths, addresses, settings) and its result a small table, so what travels is small and a client
holds no more than its results. Only as many tasks are handed out as there are hands: memory stays flat however long
the list, and when a worker dies it is clear which tasks it can have died of. Those are tried again by themselves. One
that dies (or runs out of memory) `DEATHS` times is given up, and the rest goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, Protocol, TypeVar

from pipeline.config import EngineConfig
from pipeline.errors import ConfigError, EnvironmentFault, file_of, printable

Task = TypeVar("Task")
Result = TypeVar("Result")

DEATHS = 3
NO_WORKER_S, LOOK_S = 120, 10  # a cluster without any worker for so long is lost; looked at so often (our choice)
AHEAD = 2  # tasks handed to Dask for each of its threads, so that none waits for the next
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_IMPORTING = Lock()
_DIED, _MEMORY = "killed its worker, as when memory runs out", "needs more memory than there is"


class Died(Exception):
    """A task did not come back: why."""


class Pool(Protocol):
    """Workers that a list of tasks can be given to, one list after another."""

    @property
    def hands(self) -> int:
        """Tasks worth handing out at once."""

    def start(self, work: Callable[[Any], Any], task: Any) -> Any:
        """Hand out a task; a future comes back."""

    def next_done(self, futures: Sequence[Any]) -> list[Any]:
        """Wait until one or more are done; those."""

    def result(self, future: Any) -> Any:
        """What a finished task returned; `Died` where its worker died or memory ran out; else what it raised."""

    def close(self) -> None:
        """Let the workers go."""


def map_tasks(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    engine: EngineConfig,
    *,
    done: Callable[[Task], None] = lambda _task: None,
    lost: Callable[[Task, str], Result] | None = None,
    at_once: int | None = None,
) -> list[Result]:
    """``[work(task) for task in tasks]``, in the order of the tasks, wherever they ran.

    ``work`` must not raise for a bad input: it returns what happened. For processes and Dask, ``work`` and the
    tasks must be picklable, so tasks carry references (paths), never arrays. ``done`` is called as each one ends.
    ``lost(task, why)`` is the result of a task that was given up; without it that ends the whole. ``at_once`` limits
    how many run at the same time, over all workers.
    """
    results: dict[int, Result] = {}
    strikes: dict[int, str] = {}

    def finish(n: int, result: Result) -> None:
        results[n] = result
        done(tasks[n])

    with _pool(engine, len(tasks)) as pool:
        _hand_out(pool, work, tasks, range(len(tasks)), at_once or pool.hands, finish, strikes)
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
    return Cluster(engine)


class Here:
    """This very thread."""

    @property
    def hands(self) -> int:
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
        """As it came."""
        try:
            return future.result()
        except MemoryError:
            raise Died(_MEMORY) from None

    def close(self) -> None:
        """Nothing to let go."""


class Threads:
    """Threads of this process: fastest on one machine, since arrays and GDAL leave the interpreter free."""

    def __init__(self, workers: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.workers = workers
        _settled()
        self.executor: Executor = ThreadPoolExecutor(workers)

    @property
    def hands(self) -> int:
        """One task a worker: when a worker dies, few tasks can be the cause."""
        return self.workers

    def start(self, work: Callable[[Any], Any], task: Any) -> Any:
        """Hand out a task."""
        return self.executor.submit(work, task)

    def next_done(self, futures: Sequence[Any]) -> list[Any]:
        """Those that are done, in the order in which they were handed out."""
        finished = wait(futures, return_when=FIRST_COMPLETED).done
        return [f for f in futures if f in finished]

    def result(self, future: Any) -> Any:
        """As it came; a worker that died, or a lack of memory, as Died."""
        try:
            return future.result()
        except MemoryError:
            raise Died(_MEMORY) from None
        except BrokenExecutor:
            raise Died(_DIED) from None

    def close(self) -> None:
        """Drop what is not begun, and wait for the rest."""
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
            self.engine.workers, mp_context=get_context("spawn"), initializer=_bounded, initargs=(limit,)
        )

    def start(self, work: Callable[[Any], Any], task: Any) -> Any:
        """Hand out a task, to new processes where the old ones are gone."""
        with _one_thread():
            try:
                return self.executor.submit(_telling_its_file, work, task)
            except BrokenExecutor:
                self.executor.shutdown(wait=False, cancel_futures=True)
                self.executor = self._new()
                return self.executor.submit(_telling_its_file, work, task)


class Cluster:
    """Dask workers: of a cluster on this machine's loopback, or of any scheduler by its address."""

    def __init__(self, engine: EngineConfig) -> None:
        try:
            import dask
            import distributed
        except ImportError as error:
            raise ConfigError("engine dask needs the extra: pip install 'capwatch[scale]'") from error
        self.distributed = distributed
        self.cluster: Any = None
        self.named = engine.scheduler
        # Dask's nanny sets MALLOC_TRIM_THRESHOLD_, which slows tile-sized kernels by some 45 % (distributed issue 3898)
        settings: dict[str, Any] = {
            "distributed.nanny.pre-spawn-environ": dict.fromkeys(_ONE_THREAD, "1"),
            "distributed.scheduler.allowed-failures": 0,  # a task whose worker died comes back to us at once
        }
        try:
            with dask.config.set(settings):
                if engine.scheduler:
                    self.client = distributed.Client(engine.scheduler)
                else:
                    self.cluster = distributed.LocalCluster(
                        n_workers=engine.workers,
                        threads_per_worker=1,
                        host="127.0.0.1",
                        dashboard_address=engine.dashboard or "127.0.0.1:0",
                        scheduler_kwargs={"dashboard": engine.dashboard is not None},
                        memory_limit="auto" if engine.memory_gb is None else int(engine.memory_gb * 1e9),
                        silence_logs=50,
                    )
                    self.client = distributed.Client(self.cluster)
        except (OSError, ValueError, RuntimeError) as error:  # nobody answers, or it is no address
            cause = " ".join(str(error).split())[:120]
            raise EnvironmentFault(f"Dask scheduler {printable(engine.scheduler or 'on loopback')}: {cause}") from error

    @property
    def hands(self) -> int:
        """Twice the threads that the cluster has now."""
        return max(1, AHEAD * sum(self.client.nthreads().values()))

    def start(self, work: Callable[[Any], Any], task: Any) -> Any:
        """Hand out a task; the same task may be handed out again."""
        return self.client.submit(_unpacked, self.distributed.protocol.pickle.dumps((work, task)), pure=False)

    def next_done(self, futures: Sequence[Any]) -> list[Any]:
        """Those that are done, in the order in which they were handed out."""
        patience = NO_WORKER_S // LOOK_S
        while True:
            try:
                finished = self.distributed.wait(list(futures), timeout=LOOK_S, return_when="FIRST_COMPLETED").done
            except TimeoutError as error:
                patience = NO_WORKER_S // LOOK_S if self.client.nthreads() else patience - 1
                if patience <= 0:  # tasks would wait for ever
                    raise self._gone(error) from error
            except Exception as error:
                raise self._gone(error) from error
            else:
                return [f for f in futures if f in finished]

    def result(self, future: Any) -> Any:
        """As it came; a worker that died, or a lack of memory, as Died; a cluster that is gone as EnvironmentFault."""
        try:
            return future.result()
        except (self.distributed.KilledWorker, MemoryError) as error:
            raise Died(_MEMORY if isinstance(error, MemoryError) else _DIED) from None
        except (self.distributed.CancelledError, self.distributed.comm.CommClosedError, TimeoutError) as error:
            raise self._gone(error) from error
        finally:
            future.release()

    def _gone(self, error: BaseException) -> BaseException:
        if isinstance(error, KeyboardInterrupt | EnvironmentFault):
            return error
        return EnvironmentFault(
            f"Dask scheduler {printable(self.named or 'on loopback')}: is gone ({type(error).__name__}; what was "
            "finished is kept, the same command goes on, also with another --engine)"
        )

    def close(self) -> None:
        """Leave a named cluster as it is; end our own."""
        self.client.close()
        if self.cluster is not None:
            self.cluster.close()


def _telling_its_file(work: Callable[[Task], Result], task: Task) -> Result:
    """The work in a worker: what an error of the system was about is told by its frames, which do not travel."""
    try:
        return work(task)
    except OSError as error:
        if error.errno is not None and not error.filename:
            error.filename = file_of(error) or None
        raise


def _unpacked(packed: bytes) -> Any:
    """Do a task on a Dask worker.

    It travels as bytes, and what it needs is imported in this thread. Dask unpacks arguments in the one that talks to
    the scheduler: where both import pyproj at once, which imports itself in a circle, one meets half a module, and the
    worker hangs up for good.
    """
    from distributed.protocol.pickle import loads

    _settled()
    with _IMPORTING:
        work, task = loads(packed)
    return _telling_its_file(work, task)


def _settled() -> None:
    """Import, one thread at a time, what must not be imported by two at once."""
    with _IMPORTING:
        __import__("pyproj")


def _bounded(limit_bytes: int | None) -> None:
    """Limit a worker's address space, so that one scene cannot take the machine's memory."""
    if limit_bytes is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Workers started here keep to one thread each: the engine decides how many there are."""
    missing = [name for name in _ONE_THREAD if name not in os.environ]
    os.environ.update(dict.fromkeys(missing, "1"))
    try:
        yield
    finally:
        for name in missing:
            os.environ.pop(name, None)
