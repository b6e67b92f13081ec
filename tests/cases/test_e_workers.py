"""Cases E: workers that die or run out of memory, a scheduler that is gone."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import pytest

from pipeline.config import EngineConfig
from pipeline.engine import map_tasks

case = pytest.mark.case


def once_deadly(task: tuple[int, str]) -> int:
    """The first worker that takes number 3 dies."""
    n, folder = task
    if n == 3:
        try:
            (Path(folder) / "died").touch(exist_ok=False)
        except FileExistsError:
            return n
        os._exit(9)
    return n


def deadly(task: tuple[int, str]) -> int:
    if task[0] == 3:
        os._exit(9)
    return task[0]


def hungry(task: tuple[int, str]) -> int:
    if task[0] == 3:
        raise MemoryError
    return task[0]


def dask_engine(**more: object) -> EngineConfig:
    pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    return EngineConfig(kind="dask", workers=2, **more)


needs_lost = pytest.mark.skipif(
    "lost" not in inspect.signature(map_tasks).parameters, reason="this engine gives no task up"
)


@case("E-08")
@pytest.mark.filterwarnings("default")  # Dask's own
def test_a_dask_worker_that_is_killed(tmp_path, saw):
    tasks = [(n, str(tmp_path)) for n in range(8)]
    assert map_tasks(once_deadly, tasks, dask_engine()) == list(range(8))
    assert (tmp_path / "died").is_file()
    saw("the same results; the lost task was done again")


@case("E-09")
@needs_lost
def test_a_scene_that_kills_its_workers(tmp_path, saw):
    tasks = [(n, str(tmp_path)) for n in range(8)]
    found = map_tasks(deadly, tasks, EngineConfig(kind="processes", workers=2), lost=lambda _task, why: why)
    assert [f for n, f in enumerate(found) if n != 3] == [0, 1, 2, 4, 5, 6, 7]
    assert "3 tries" in found[3]
    saw(f"given up: {found[3]}; the rest completes")


@case("E-10")
@pytest.mark.filterwarnings("default")
def test_a_scheduler_that_is_gone(desk, capwatch, saw):
    dask = pytest.importorskip("dask", reason="the extra 'scale' is not installed")
    with dask.config.set({"distributed.comm.timeouts.connect": "200ms"}):
        done = capwatch(*desk.words, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1")
    assert done.code == 5
    assert done.error("Dask scheduler tcp://127.0.0.1:1")
    assert capwatch(*desk.words).code == 0
    saw(done.error())


@case("E-11")
@needs_lost
def test_a_scene_that_needs_too_much_memory(saw):
    tasks = [(n, "") for n in range(6)]
    found = map_tasks(hungry, tasks, EngineConfig(kind="threads", workers=2), lost=lambda _task, why: why)
    assert [f for n, f in enumerate(found) if n != 3] == [0, 1, 2, 4, 5]
    assert "memory" in found[3]
    saw(f"given up: {found[3]}; the rest completes")
