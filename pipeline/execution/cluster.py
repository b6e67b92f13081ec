"""Runs tasks on Dask workers: of a cluster on this machine's loopback, or of any scheduler given by its address."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import Any

from pipeline.config import EngineConfig
from pipeline.errors import ConfigError, EnvironmentFault, printable
from pipeline.execution.workers import (
    IMPORTING,
    KILLED,
    MEMORY,
    ONE_THREAD,
    WorkerDied,
    import_shared_modules,
    run_naming_file,
)

NO_WORKER_S, POLL_S = 120, 10  # a cluster without workers for so long is lost; polling interval (our choice)
CONNECT_TIMEOUT_S = 300  # our choice: nothing is lost on loopback, so a peer that does not answer is only slow
TASKS_PER_THREAD = 2  # tasks submitted per Dask thread, so that none waits for its next task


class Cluster:
    """Dask workers: of a cluster on this machine's loopback, or of any scheduler by its address."""

    def __init__(self, engine: EngineConfig) -> None:
        try:
            import dask
            import distributed
        except ImportError as error:
            raise ConfigError("engine dask needs the extra: pip install 'capwatch[scale]'") from error
        self.distributed = distributed
        self.address = engine.scheduler
        self.cluster: Any = None
        try:
            self.loop = _EventLoop()
            if engine.scheduler:
                self.client = distributed.Client(engine.scheduler, loop=self.loop.loop)
            else:
                with dask.config.set(_local_settings()):
                    self.cluster = self._local(engine)
                    self.client = distributed.Client(self.cluster)
        except (OSError, ValueError, RuntimeError) as error:  # no answer, or not an address
            # the event loop keeps running: an abandoned half-built client closes itself on it
            cause = " ".join(str(error).split())[:120]
            raise EnvironmentFault(f"Dask scheduler {printable(engine.scheduler or 'on loopback')}: {cause}") from error

    def _local(self, engine: EngineConfig) -> Any:
        # Dask's exit handler fails with a traceback on a cluster that was stopped while starting; ours is closed by
        # `close`, and workers end with the process that started them
        atexit.unregister(self.distributed.deploy.spec.close_clusters)
        return self.distributed.LocalCluster(
            n_workers=engine.workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=engine.dashboard or "127.0.0.1:0",
            scheduler_kwargs={"dashboard": engine.dashboard is not None},
            memory_limit="auto" if engine.memory_gb is None else int(engine.memory_gb * 1e9),
            silence_logs=50,
            loop=self.loop.loop,
        )

    @property
    def max_submitted(self) -> int:
        """Twice the number of threads that the cluster has now, at least 1."""
        return max(1, TASKS_PER_THREAD * sum(self.client.nthreads().values()))

    def start(self, work: Callable[[Any], Any], task: Any) -> Any:
        """Submit a task; the same task may be submitted again."""
        return self.client.submit(_run_packed, self.distributed.protocol.pickle.dumps((work, task)), pure=False)

    def next_done(self, futures: Sequence[Any]) -> list[Any]:
        """The finished ones, in order of submission."""
        patience = NO_WORKER_S // POLL_S
        while True:
            try:
                finished = self.distributed.wait(list(futures), timeout=POLL_S, return_when="FIRST_COMPLETED").done
            except TimeoutError as error:
                patience = NO_WORKER_S // POLL_S if self.client.nthreads() else patience - 1
                if patience <= 0:  # tasks would wait for ever
                    raise self._gone(error) from error
            except Exception as error:
                raise self._gone(error) from error
            else:
                return [f for f in futures if f in finished]

    def result(self, future: Any) -> Any:
        """The task's result; `WorkerDied` if its worker died or lacked memory.

        EnvironmentFault without a cluster.
        """
        try:
            return future.result()
        except (self.distributed.KilledWorker, MemoryError) as error:
            raise WorkerDied(MEMORY if isinstance(error, MemoryError) else KILLED) from None
        except (self.distributed.CancelledError, self.distributed.comm.CommClosedError, TimeoutError) as error:
            raise self._gone(error) from error
        finally:
            future.release()

    def _gone(self, error: BaseException) -> BaseException:
        if isinstance(error, KeyboardInterrupt | EnvironmentFault):
            return error
        return EnvironmentFault(
            f"Dask scheduler {printable(self.address or 'on loopback')}: is gone ({type(error).__name__}; what was "
            "finished is kept, the same command goes on, also with another --engine)"
        )

    def close(self) -> None:
        """Leave a named cluster as it is; end our own."""
        self.client.close()
        if self.cluster is not None:
            self.cluster.close()
        self.loop.close()


def _local_settings() -> dict[str, Any]:
    return {
        # Dask's nanny sets MALLOC_TRIM_THRESHOLD_, which slows tile-sized kernels by some 45 % (distributed issue 3898)
        "distributed.nanny.pre-spawn-environ": dict.fromkeys(ONE_THREAD, "1"),
        "distributed.scheduler.allowed-failures": 0,  # a task whose worker died comes back to us at once
        "distributed.comm.timeouts.connect": f"{CONNECT_TIMEOUT_S}s",
    }


class _EventLoop:
    """A loop for Dask's messages, in a thread of its own, however long that takes to start.

    Dask would start one itself, gives it 10 s (``distributed.utils.LoopRunner``), and fails on a bare assertion where
    the machine stalls for longer.
    """

    def __init__(self) -> None:
        started: Future[tuple[Any, asyncio.Event]] = Future()
        self.thread = Thread(target=_run_loop, args=(started,), name="Dask's loop", daemon=True)
        self.thread.start()
        self.loop, self.end = started.result()

    def close(self) -> None:
        """End the loop; no client and no cluster may use it any more."""
        self.loop.add_callback(self.end.set)
        self.thread.join()


def _run_loop(started: Future[tuple[Any, asyncio.Event]]) -> None:
    try:
        with asyncio.Runner() as runner:
            runner.run(_until_ended(started))
    except OSError as error:  # no file descriptor is left, say: nobody shall wait for a start that does not come
        if started.done():
            raise
        started.set_exception(error)


async def _until_ended(started: Future[tuple[Any, asyncio.Event]]) -> None:
    from tornado.ioloop import IOLoop

    end = asyncio.Event()
    started.set_result((IOLoop.current(), end))
    await end.wait()


def _run_packed(packed: bytes) -> Any:
    """Do a task on a Dask worker.

    The task is sent as bytes, so that its imports happen in this thread. Dask unpickles arguments in the thread that
    talks to the scheduler: if both import pyproj at once, which has circular imports, one sees a half-initialised
    module and the worker hangs.
    """
    from distributed.protocol.pickle import loads

    import_shared_modules()
    with IMPORTING:
        work, task = loads(packed)
    return run_naming_file(work, task)
