"""The engine: the same results in the order of the tasks, wherever they ran; errors surface."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
import typing
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import EngineConfig
from pipeline.engine import DEATHS, map_tasks, reused_workers
from pipeline.errors import EnvironmentFault, InputError, file_of

KINDS = typing.get_args(EngineConfig.model_fields["kind"].annotation)
LOCAL = ("serial", "threads")
each = pytest.mark.parametrize("kind", KINDS)
each_local = pytest.mark.parametrize("kind", LOCAL)


def engine(kind: str, workers: int = 2) -> EngineConfig:
    if kind == "dask":
        pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    return EngineConfig(kind=kind, workers=workers)


def late_square(n: int) -> tuple[int, int]:
    """The first tasks take longest, so that they end last."""
    time.sleep(0.02 * max(0, 4 - n))
    return n, n * n


def refuse_three(n: int) -> int:
    if n == 3:
        raise InputError("three\n.tif", "is not to be had")
    return n


def die_at_three(n: int) -> int:
    if n == 3:
        os._exit(9)
    return n


def fail_to_read(path: Path) -> None:
    """As a disk fails under an open file: the error itself names none."""
    with path.open("rb") as file:
        raise OSError(errno.EIO, os.strerror(errno.EIO) + f" at {file.tell()}")


def too_many_files() -> None:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_the_config_offers_these_engines():
    assert KINDS == ("serial", "threads", "processes", "dask")


@each
@pytest.mark.filterwarnings("default")  # Dask's own
def test_results_come_in_the_order_of_the_tasks_from_every_engine(kind):
    seen: list[int] = []
    found = map_tasks(late_square, range(8), engine(kind), done=seen.append)
    assert found == [(n, n * n) for n in range(8)]
    assert sorted(seen) == list(range(8)), "each task is reported once"


@pytest.mark.parametrize("kind", ["serial", "threads", "processes"])
def test_an_error_in_a_task_surfaces_with_its_item_and_cause(kind):
    with pytest.raises(InputError, match="is not to be had") as caught:
        map_tasks(refuse_three, range(6), engine(kind))
    assert caught.value.item == "three\\n.tif"


def note_and_die_at_three(task: tuple[int, str]) -> int:
    n, folder = task
    (Path(folder) / f"{n}-{uuid.uuid4().hex}").touch()
    if n == 3:
        os._exit(9)
    return n


def hungry(n: int) -> int:
    if n == 3:
        raise MemoryError
    return n


@pytest.mark.filterwarnings("default")  # Dask's own
@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_a_task_that_kills_its_worker_three_times_is_given_up_and_the_rest_completes(kind, tmp_path):
    tasks = [(n, str(tmp_path)) for n in range(8)]
    found = map_tasks(note_and_die_at_three, tasks, engine(kind), lost=lambda task, why: (task[0], why))
    assert [f for n, f in enumerate(found) if n != 3] == [0, 1, 2, 4, 5, 6, 7]
    number, why = found[3]
    assert number == 3
    assert "killed its worker" in why
    assert "3 tries" in why
    begun = [int(p.name.split("-")[0]) for p in tmp_path.iterdir()]
    assert begun.count(3) == DEATHS
    assert all(begun.count(n) <= 2 for n in range(8) if n != 3), "a bystander is tried once more, by itself"


def test_a_worker_that_dies_is_a_fault_of_the_machine_where_nothing_stands_for_its_task():
    with pytest.raises(EnvironmentFault, match=r"a worker process died.*--workers"):
        map_tasks(die_at_three, range(6), engine("processes"))


@pytest.mark.parametrize("kind", ["serial", "threads", "processes"])
def test_a_task_without_enough_memory_is_given_up_and_the_rest_completes(kind):
    found = map_tasks(hungry, range(5), engine(kind), lost=lambda _task, why: why)
    assert [f for n, f in enumerate(found) if n != 3] == [0, 1, 2, 4]
    assert "memory" in found[3]


def take_memory(gigabytes: float) -> int:
    return len(bytearray(int(gigabytes * 1e9)))


def test_a_worker_may_take_no_more_memory_than_it_is_given():
    config = EngineConfig(kind="processes", workers=1, memory_gb=6.0)
    found = map_tasks(take_memory, [0.001, 8.0, 0.002], config, lost=lambda _task, why: why)
    assert (found[0], found[2]) == (1_000_000, 2_000_000)
    assert "memory" in str(found[1])


@pytest.mark.parametrize("kind", ["serial", "threads", "processes", "dask"])
def test_no_tasks_need_no_helpers(kind):
    assert map_tasks(lambda n: n, [], engine(kind)) == []


@each_local
def test_one_task_is_done_in_this_very_thread(kind):
    here = threading.get_ident()
    assert map_tasks(lambda n: (n, threading.get_ident()), [7], engine(kind)) == [(7, here)]


def process_of(_n: int) -> int:
    return os.getpid()


@pytest.mark.filterwarnings("default")
def test_workers_are_kept_from_one_list_of_tasks_to_the_next():
    config = engine("processes", workers=1)
    with reused_workers(config):
        pids = {map_tasks(process_of, [1, 2], config)[0] for _ in range(3)}
    assert len(pids) == 1
    assert pids != {os.getpid()}


@each_local
@given(tasks=st.lists(st.integers()), workers=st.integers(1, 4))
def test_threads_do_what_a_plain_loop_does(kind, tasks, workers):
    assert map_tasks(str, tasks, EngineConfig(kind=kind, workers=workers)) == [str(t) for t in tasks]


def test_equal_tasks_are_done_each():
    seen: list[str] = []
    assert map_tasks(str.upper, ["a", "a", "a"], engine("threads"), done=seen.append) == ["A", "A", "A"]
    assert seen == ["a", "a", "a"]


def test_what_two_threads_must_not_import_at_once_is_there_before_they_start():
    """Seen once: a thread that found numpy.polynomial half imported by another, in a run of slices of one image."""
    code = "import sys, pipeline.execution.workers as w; w.Threads(2); print('numpy.polynomial' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "True"


def test_threads_really_work_side_by_side():
    """Two tasks that wait for one another end only if both run at once."""
    meeting = threading.Barrier(2, timeout=10)
    assert sorted(map_tasks(lambda n: meeting.wait() * 0 + n, [1, 2], engine("threads"))) == [1, 2]


class Rush:
    """Work that counts how many do it at the same time."""

    def __init__(self) -> None:
        self.lock, self.busy, self.most = threading.Lock(), 0, 0

    def __call__(self, n: int) -> int:
        with self.lock:
            self.busy += 1
            self.most = max(self.most, self.busy)
        time.sleep(0.005)
        with self.lock:
            self.busy -= 1
        return n


def test_no_more_threads_than_workers():
    rush = Rush()
    map_tasks(rush, range(20), engine("threads", workers=3))
    assert rush.most <= 3


@pytest.mark.filterwarnings("default")  # Dask's own
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x"])
def test_a_scheduler_that_does_not_answer_is_a_fault_of_the_machine(address):
    dask = pytest.importorskip("dask", reason="the extra 'scale' is not installed")
    config = EngineConfig(kind="dask", scheduler=address)
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "200ms"}),
        pytest.raises(EnvironmentFault, match=f"Dask scheduler {address}: "),
    ):
        map_tasks(str, [1, 2], config)


@pytest.mark.filterwarnings("default")  # Dask's own
def test_a_cluster_starts_however_long_its_thread_takes(monkeypatch):
    """Dask gives the thread that it would start itself 10 s, less than a stalled machine may need: it is never used."""
    utils = pytest.importorskip("distributed.utils", reason="the extra 'scale' is not installed")
    monkeypatch.setattr(utils._CollectErrorThread, "__init__", lambda *_, **__: pytest.fail("Dask's own thread"))
    before = set(threading.enumerate())
    assert map_tasks(str, [1, 2], engine("dask", workers=1)) == ["1", "2"]
    assert "Dask's loop" not in {t.name for t in set(threading.enumerate()) - before}, "it ends with the cluster"


@pytest.mark.filterwarnings("default")  # Dask's own
def test_a_cluster_whose_loop_cannot_start_is_a_fault_of_the_machine(monkeypatch):
    pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    monkeypatch.setattr("asyncio.events.new_event_loop", too_many_files)
    with pytest.raises(EnvironmentFault, match=r"Dask scheduler on loopback: .*Too many open files"):
        map_tasks(str, [1, 2], engine("dask", workers=1))


def test_the_schedulers_address_matters_to_dask_alone():
    config = EngineConfig(kind="threads", scheduler="tcp://127.0.0.1:1")
    assert map_tasks(str, [1, 2], config) == ["1", "2"]


def test_tasks_are_handed_out_only_as_hands_are_free():
    """A list of any length is drawn from as it is worked off, so that what waits takes no memory."""
    begun, done_when_begun = [0], []

    def work(n: int) -> int:
        begun[0] += 1
        done_when_begun.append((begun[0], len(ended)))
        return n

    ended: list[int] = []
    map_tasks(work, range(200), engine("threads", workers=3), done=ended.append)
    assert all(started - finished <= 2 * 3 for started, finished in done_when_begun)


def test_the_costliest_tasks_begin_first_and_results_keep_the_order_of_the_tasks():
    begun: list[int] = []

    def work(n: int) -> int:
        begun.append(n)
        return 10 * n

    found = map_tasks(work, [2, 5, 1, 5, 4], engine("serial"), cost=float)
    assert found == [20, 50, 10, 50, 40]
    assert begun == [5, 5, 4, 2, 1]


def test_no_more_at_once_than_asked_for():
    rush = Rush()
    map_tasks(rush, range(12), engine("threads", workers=8), at_once=2)
    assert rush.most <= 2


@each
@pytest.mark.filterwarnings("default")  # Dask's own
def test_an_error_of_the_system_names_its_file_wherever_it_came_up(kind, tmp_path):
    path = tmp_path / "scene.tif"
    path.write_bytes(b"II*")
    with pytest.raises(OSError, match="at 0") as caught:
        map_tasks(fail_to_read, [path], engine(kind))
    assert file_of(caught.value) == str(path)
