"""The same bytes from every engine, for any number of workers and any order of inputs; a deadly scene costs itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta

import pandas as pd
import pytest

from pipeline.chain import detecting as chain
from pipeline.config import EngineConfig
from pipeline.engine import map_tasks, reused_workers
from tests.cases.desk import LOOKS, Desk, radar, speckle, stamp
from tests.test_run import hashes

pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
pytestmark = pytest.mark.filterwarnings("default")  # Dask's own


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Desk:
    """Four looks of one pier. Simulated."""
    made = Desk(tmp_path_factory.mktemp("engines") / "desk").furnished()
    for number in (2, 3):
        radar(made.images / f"look_vv_{stamp(LOOKS[0] + timedelta(hours=6 * number))}.tif", speckle(number))
    return made


def answer_of(desk, out, *, backwards=False, **engine):
    """Every file but the one that lists the inputs as given, and the manifest, which holds its hash."""
    images = sorted(map(str, desk.images.glob("*.tif")), reverse=backwards)
    source = {"kind": "files", "images": images, "ais": [str(desk.ais)]}
    with reused_workers(desk.config(engine=engine).engine):
        outcome = desk.run(out, fresh=True, source=source, engine=engine)
    return {n: d for n, d in hashes(outcome.folder).items() if n not in ("config.yaml", "manifest.json")}


@pytest.fixture(scope="module")
def by_one(desk, tmp_path_factory):
    return answer_of(desk, tmp_path_factory.mktemp("one"), kind="serial")


@pytest.mark.parametrize(("kind", "workers"), [("threads", 4), ("processes", 2), ("dask", 2)])
def test_every_engine_gives_the_same_bytes_in_any_order(desk, by_one, tmp_path, kind, workers):
    assert len(by_one) > 20
    assert answer_of(desk, tmp_path, backwards=True, kind=kind, workers=workers) == by_one


@pytest.mark.fuzz
@pytest.mark.parametrize(("kind", "workers"), [("threads", 8), ("processes", 4), ("dask", 1), ("dask", 4), ("dask", 8)])
def test_other_numbers_of_workers_give_the_same_bytes(desk, by_one, tmp_path, kind, workers):
    assert answer_of(desk, tmp_path, kind=kind, workers=workers) == by_one


@contextmanager
def dask_command(*words, until):
    """A ``dask ...`` process that has said what it was waited for; the match."""
    command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
    environment = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        try:
            told = next(found for line in process.stderr if (found := re.search(until, line)))
            threading.Thread(target=process.stderr.read, daemon=True).start()  # or its pipe would fill up
            yield told
        finally:
            process.terminate()
            process.wait(60)


def test_a_scheduler_that_runs_elsewhere_is_used_by_its_address(desk, by_one, tmp_path):
    """``dask scheduler`` and ``dask worker``, as on any cluster that shares the run's folders."""
    own = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    with dask_command("scheduler", *own, until=r"Scheduler at:\s+(tcp://\S+)") as scheduler:
        address = scheduler[1]
        settings = ("--nthreads", "2", "--host", "127.0.0.1", "--no-dashboard", "--local-directory", str(tmp_path))
        with dask_command("worker", address, *settings, until=r"Registered to:"):
            found = answer_of(desk, tmp_path / "runs", kind="dask", scheduler=address)
    assert found == by_one


DEADLY = f"look_vv_{stamp(LOOKS[1])}"
detect_scene = chain.detect_scene


def deadly_scene(task):
    """As `pipeline.chain.detecting.detect_scene`, but one scene takes its worker with it."""
    if task.scene.scene_id == DEADLY:
        os._exit(9)
    return detect_scene(task)


@pytest.mark.parametrize("kind", [pytest.param("processes", marks=pytest.mark.fuzz), "dask"])
def test_a_scene_that_kills_its_worker_three_times_is_skipped_and_the_rest_completes(desk, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(chain, "detect_scene", deadly_scene)
    engine = {"kind": kind, "workers": 2}
    with reused_workers(desk.config(engine=engine).engine):
        outcome = desk.run(tmp_path, fresh=True, engine=engine)
    assert outcome.exit_code == 3
    scenes = pd.read_parquet(outcome.folder / "scenes.parquet").set_index("scene_id")
    assert set(scenes["status"].drop(DEADLY)) <= {"used", "degraded"}
    assert scenes.loc[DEADLY, "status"] == "skipped"
    assert re.search(r"killed its worker.*3 tries", scenes.loc[DEADLY, "cause"])
    looks = pd.read_parquet(outcome.folder / "looks.parquet")
    assert set(looks.loc[looks["scene_id"] == DEADLY, "state"]) == {"unknown"}


class Imports:
    """Unpacked only where ``pyproj`` may be imported: what a task carries, such as a scene's grid."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self):
        return _imported, (self.number,)


def _imported(number: int) -> Imports:
    import threading

    assert "Dask-Default-Threads" in threading.current_thread().name, threading.current_thread().name
    return Imports(number)


def number_of(task: Imports) -> int:
    return task.number


def test_a_task_is_unpacked_in_the_thread_that_works_on_it():
    """Not in the one that talks to the scheduler: two that import the same library at once break the connection."""
    engine = EngineConfig(kind="dask", workers=1)
    assert map_tasks(number_of, [Imports(n) for n in range(6)], engine) == list(range(6))


def test_a_local_cluster_listens_on_loopback_only():
    """Every listening socket of this process and its children."""
    psutil = pytest.importorskip("psutil")
    engine = EngineConfig(kind="dask", workers=1)
    me = psutil.Process()
    before = {(c.laddr.ip, c.laddr.port) for c in me.net_connections("tcp") if c.status == "LISTEN"}
    with reused_workers(engine):
        map_tasks(str, [1, 2], engine)
        family = [me, *me.children(recursive=True)]
        heard = {
            (c.laddr.ip, c.laddr.port)
            for p in family
            for c in p.net_connections("tcp")
            if c.status == "LISTEN"
        } - before  # fmt: skip
    assert heard
    assert {ip for ip, _ in heard} == {"127.0.0.1"}, heard
