"""Cases E: kills, full disks, lost permissions, changing inputs, locks, caches, clocks, and the evidence afterwards."""

from __future__ import annotations

import errno
import inspect
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from filelock import FileLock

import pipeline.detection as detection
from pipeline import run as chain
from pipeline import storage
from pipeline.chain import identity
from pipeline.config import EngineConfig
from pipeline.engine import map_tasks
from pipeline.errors import EnvironmentFault, InputError
from pipeline.execution import stagecache, stopping
from pipeline.ingest import inputs
from pipeline.ingest.ais import messages as ais
from pipeline.report import quicklooks
from pipeline.storage import read_table, write_table
from pipeline.tables import LEDGER
from pipeline.workspace import RunFolder
from tests.cases.desk import Desk
from tests.cases.sweep import tree

case = pytest.mark.case
REPOSITORY = Path(__file__).resolve().parents[2]


def swept(what: str, folder: Path, *numbers: int) -> dict:
    """The report of a sweep in a process of its own."""
    command = [sys.executable, "-m", "tests.cases.sweep", what, str(folder), *map(str, numbers)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def quick(shared_tmp) -> dict:
    """A few points of each sweep, made once for all workers of the session."""
    kept = shared_tmp / "sweep.json"
    with FileLock(f"{kept}.lock"):
        if not kept.is_file():
            kept.write_text(json.dumps(swept("quick", shared_tmp / "sweep", 0)))
    return json.loads(kept.read_text())


@pytest.fixture
def looked(monkeypatch) -> list[str]:
    """The scenes that a detector really looked at."""
    seen: list[str] = []
    real = detection.detect
    monkeypatch.setattr(detection, "detect", lambda scene, **more: seen.append(scene.scene_id) or real(scene, **more))
    return seen


@pytest.fixture(scope="session")
def done_once(shared_tmp) -> Desk:
    """A desk whose run is finished. Tests only read it, or copy it."""
    desk = Desk(shared_tmp / "done" / "desk")
    with FileLock(shared_tmp / "done.lock"):
        if not desk.root.is_dir():
            desk.furnished().run()
    return desk


@pytest.fixture
def finished(done_once) -> Path:
    """The folder of its run."""
    return next(p.parent for p in done_once.runs.rglob("manifest.json"))


@case("E-01")
def test_killed_at_two_points(quick, saw):
    report = quick["kill"]
    assert report["broken"] == []
    assert report["exits"] == {"-9": report["tried"]}
    saw(f"{report['tried']} points: byte-identical after the same command, at most one scene looked at again")


@case("E-01")
@pytest.mark.fuzz
def test_killed_at_every_point_three_times(tmp_path):
    report = swept("kill", tmp_path / "s", 1, 3)
    assert report["broken"] == []
    assert report["tried"] >= 3 * 40


@case("E-03")
def test_a_disk_that_fills_up(quick, saw):
    report = quick["disk"]
    assert report["broken"] == []
    assert report["exits"] == {"5": 1}
    saw(next(line for line in report["lines"] if "error" in line))


@case("E-03")
@pytest.mark.fuzz
def test_a_disk_that_fills_up_in_every_file(tmp_path):
    report = swept("disk", tmp_path / "s", 1)
    assert report["broken"] == []


@case("E-03")
def test_the_nth_failure_here(quick):
    """Of open, fsync, rename, mkdir, unlink and memory; all of them are for make fuzz."""
    assert quick["failures"]["broken"] == []


@case("E-03")
@pytest.mark.fuzz
def test_every_nth_failure(tmp_path):
    report = swept("failures", tmp_path / "s", 1)
    assert report["broken"] == []


def started(desk: Desk, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipeline.cli", "run", str(desk.file), "--out", str(desk.runs)]
    return subprocess.Popen(
        command, cwd=REPOSITORY, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        env=os.environ | environment,
    )  # fmt: skip


@case("E-02")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.fuzz)]
)
def test_a_signal_ends_the_run_and_the_same_command_goes_on(desk, done_once, saw, number, code):
    with started(desk) as process:
        line = ""
        while "detect 1/2" not in line:
            line = process.stderr.readline()
            assert line, "the run ended before a scene was looked at"
        since = time.monotonic()
        process.send_signal(number)
        rest = process.stderr.read()
        assert process.wait() == code
        took = time.monotonic() - since
    lines = [x for x in rest.splitlines() if x.startswith("error: ")]
    name = signal.Signals(number).name
    assert lines == [f"error: stopped by {name} (what was finished is kept; the same command goes on)"]
    assert stopping.PATIENCE_S < 5
    assert not list(desk.runs.rglob("manifest.json"))
    desk.run()
    assert same_answers(desk, done_once)
    saw(f"{lines[0]} ({took:.1f} s on a busy machine)")


def same_answers(desk: Desk, other: Desk) -> bool:
    """Every table of two desks' runs, but for where the inputs lay."""
    one, two = (next(p.parent for p in d.runs.rglob("manifest.json")) for d in (desk, other))
    for path in sorted(one.glob("*.parquet")):
        a, b = pd.read_parquet(path), pd.read_parquet(two / path.name)
        if "href" in a:
            a, b = a.drop(columns="href"), b.drop(columns="href")
        pd.testing.assert_frame_equal(a, b)
    return True


@case("E-04")
def test_a_permission_that_is_lost_on_the_way(desk, done_once, capwatch, monkeypatch, saw):
    real, written = os.replace, []

    def closing(source, target):
        written.append(target)
        if len(written) > 6:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
        real(source, target)

    with monkeypatch.context() as closed:
        closed.setattr(storage.os, "replace", closing)
        done = capwatch(*desk.words)
    assert done.code == 5
    assert done.errors == [done.error("cannot be written: permission denied (nothing was changed)")]
    assert not list(desk.runs.rglob("*.part"))
    assert capwatch(*desk.words).code == 0
    assert same_answers(desk, done_once)
    saw(done.error().replace(str(desk.root), ""))


@case("E-05")
def test_a_folder_that_cannot_be_written_is_told_before_any_work(desk, capwatch, monkeypatch, saw):
    monkeypatch.setattr(chain, "gather", lambda *_: pytest.fail("work was begun"))
    real = Path.open

    def read_only(self, mode="r", *more, **named):
        if "w" in mode:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))
        return real(self, mode, *more, **named)

    monkeypatch.setattr(Path, "open", read_only)
    done = capwatch(*desk.words)
    assert done.code == 5
    assert done.errors == [done.error("cannot be written: the file system is read-only (nothing was changed)")]
    assert not desk.runs.exists()
    saw(done.error().replace(str(desk.root), ""))


@case("E-06")
def test_an_image_that_vanishes(desk, capwatch, monkeypatch, saw):
    first, second = sorted(desk.images.glob("*.tif"))
    real = detection.detect

    def vanishing(scene, **more):
        second.unlink(missing_ok=True)
        return real(scene, **more)

    monkeypatch.setattr(detection, "detect", vanishing)
    done = capwatch(*desk.words)
    assert done.code == 3
    line = done.error(second.name)
    assert "(scene skipped, its looks are unknown)" in line
    folder = next(p.parent for p in desk.runs.rglob("manifest.json"))
    scenes = pd.read_parquet(folder / "scenes.parquet").set_index("scene_id")
    assert dict(scenes["status"]) == {first.stem: "used", second.stem: "skipped"}
    looks = pd.read_parquet(folder / "looks.parquet")
    assert set(looks.loc[looks["scene_id"] == second.stem, "state"]) == {"unknown"}
    saw(line)


@case("E-06")
def test_an_image_that_vanishes_after_it_was_searched(desk, done_once, capwatch, monkeypatch):
    """Between the last look and the pictures: what was found in it stays, and only its pictures are missing."""
    image = sorted(desk.images.glob("*.tif"))[1]
    real = quicklooks.draw_quicklooks

    def vanished(*scenes):
        image.unlink()
        return real(*scenes)

    monkeypatch.setattr(quicklooks, "draw_quicklooks", vanished)
    assert capwatch(*desk.words).code == 0
    one, two = (pd.read_parquet(next(d.runs.rglob("port_calls.parquet"))) for d in (desk, done_once))
    pd.testing.assert_frame_equal(one, two)
    assert not list(desk.runs.rglob(f"quicklooks/{image.stem}.webp"))


@case("E-06")
@pytest.mark.parametrize("where", ["opened", "looked at"])
def test_a_fault_that_passes_is_not_kept_as_an_answer(desk, done_once, monkeypatch, where):
    """The same command again uses the scene that could not be read before; a third time nothing is to be done."""
    first, _ = sorted(desk.images.glob("*.tif"))
    module, name = {"opened": (inputs, "open_scene"), "looked at": (detection, "detect")}[where]
    real = getattr(module, name)

    def failing(told, *more, **named):
        if first.stem in (getattr(told, "stem", ""), getattr(told, "scene_id", "")):
            raise InputError(first.name, "cannot be read (Input/output error)")
        return real(told, *more, **named)

    with monkeypatch.context() as fault:
        fault.setattr(module, name, failing)
        assert desk.run().exit_code == 3
    assert desk.run().exit_code == 0
    assert same_answers(desk, done_once)
    with monkeypatch.context() as idle:
        idle.setattr(chain, "compute", lambda *_, **__: pytest.fail("nothing changed"))
        assert desk.run().exit_code == 0


@case("E-06")
def test_a_fault_of_an_ais_file_that_passes_is_not_kept_either(desk, done_once, monkeypatch):
    """A file that is damaged stays so, and the run is kept; one that could not be read is read again."""
    real = ais.head_of

    def failing(path):
        try:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        except OSError as error:
            raise InputError(path, "cannot be unpacked (Input/output error)") from error

    with monkeypatch.context() as fault:
        fault.setattr(ais, "head_of", failing)
        assert desk.run().exit_code == 3
    assert ais.head_of is real
    assert desk.run().exit_code == 0
    assert same_answers(desk, done_once)
    desk.ais.write_bytes(b"\x1f\x8b" + b"no gzip at all")
    assert desk.run().exit_code == 3
    with monkeypatch.context() as idle:
        idle.setattr(chain, "compute", lambda *_, **__: pytest.fail("nothing changed"))
        desk.run()


@case("E-07")
def test_an_image_that_changes_under_the_detector(desk, capwatch, monkeypatch, saw):
    first, second = sorted(desk.images.glob("*.tif"))
    real = detection.detect

    def changing(scene, **more):
        found = real(scene, **more)
        if scene.scene_id == second.stem:
            with rasterio.open(second, "r+") as image:
                image.write(image.read(1) * np.float32(1.5), 1)
        return found

    monkeypatch.setattr(detection, "detect", changing)
    done = capwatch(*desk.words)
    assert done.code == 3
    assert "changed while it was read (scene skipped" in done.error(second.name)
    folder = next(p.parent for p in desk.runs.rglob("manifest.json"))
    scenes = pd.read_parquet(folder / "scenes.parquet").set_index("scene_id")
    assert dict(scenes["status"]) == {first.stem: "used", second.stem: "skipped"}
    assert not (pd.read_parquet(folder / "detections.parquet")["scene_id"] == second.stem).any()
    saw(done.error(second.name))


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


@case("E-12")
def test_two_runs_on_one_folder(desk, done_once, capwatch, saw):
    shutil.copytree(done_once.runs, desk.runs)
    folder = next(p.parent for p in desk.runs.rglob("manifest.json"))
    before = tree(desk.runs)
    desk_of_the_other = words_into(done_once, desk.runs)
    with RunFolder(folder).locked():
        done = capwatch(*desk_of_the_other)
    assert done.code == 5
    assert f"locked by process {os.getpid()} (nothing was changed)" in done.error()
    assert tree(desk.runs) == before
    assert capwatch(*desk_of_the_other).code == 0
    saw(done.error().replace(str(desk.runs), ""))


def words_into(desk: Desk, runs: Path) -> tuple[str, ...]:
    """The command that runs a desk into another folder."""
    return ("run", str(desk.file), "--out", str(runs), "--quiet")


def without_the_run(runs: Path) -> None:
    """The finished run goes, what its stages made stays."""
    for manifest in list(runs.rglob("manifest.json")):
        shutil.rmtree(manifest.parent)


@case("E-13")
@pytest.mark.parametrize("suffix", [".bin", ".json"])
def test_a_kept_result_that_was_altered(tmp_path, looked, done_once, capwatch, saw, suffix):
    runs = tmp_path / "runs"
    shutil.copytree(done_once.runs, runs)
    without_the_run(runs)
    kept = sorted(p for p in (runs / "pier" / ".stages").glob(f"*{suffix}") if ".last" not in p.name)
    raw = bytearray(kept[0].read_bytes())
    raw[len(raw) // 2] ^= 1
    kept[0].write_bytes(raw)
    done = capwatch(*words_into(done_once, runs), "--explain")
    assert done.code == 0
    assert "run: what was kept is damaged" in done.err
    assert len(looked) == 1
    assert tree(runs) == tree(done_once.runs)
    saw("told by its hash, that one scene is looked at again")


@case("E-14")
def test_what_another_version_or_question_made(tmp_path, looked, done_once, capwatch, monkeypatch, saw):
    runs = tmp_path / "runs"
    shutil.copytree(done_once.runs, runs)
    words = (*words_into(done_once, runs), "--explain")
    done = capwatch(*words, "--set", "volume.fill.mean=0.9")
    assert (done.code, len(looked)) == (0, 0)
    assert done.err.count(": kept") == 2
    done = capwatch(*words, "--set", "detection.radar.false_alarm_rate=1e-7")
    assert (done.code, len(looked)) == (0, 2)
    assert "run: changed detection.radar.false_alarm_rate" in done.err
    with monkeypatch.context() as other:
        other.setattr(stagecache, "code_version", lambda: "0.0.0+other")
        other.setattr(identity, "code_version", lambda: "0.0.0+other")
        done = capwatch(*words)
    assert (done.code, len(looked)) == (0, 4)
    assert "the code" in done.err
    done = capwatch(*words)
    assert "every step: kept" in done.err
    assert len(looked) == 4
    done = capwatch(*words, "--fresh")
    assert (done.code, len(looked)) == (0, 6)
    saw("not used; --explain says what changed")


@case("E-15")
def test_a_clock_that_jumps(desk, done_once, monkeypatch):
    import pipeline.ingest.inputs as inputs

    class Jumping(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(random.choice([2025, 2031]), 1, 1, tzinfo=tz or UTC)

    monkeypatch.setattr(inputs, "datetime", Jumping)
    ticks = iter(range(2_000_000_000, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: float(next(ticks)))
    for path in desk.images.iterdir():
        os.utime(path, (4e9, 4e9))
    desk.run()
    assert same_answers(desk, done_once)


@case("E-16")
@case("E-18")
def test_another_language_zone_mask_and_hash_seed(done_once, tmp_path, saw):
    """The same files, by a process that lives elsewhere: every byte of the run is the same."""
    environment = os.environ | {
        "LC_ALL": "C", "LANG": "C", "TZ": "Asia/Vladivostok", "PYTHONHASHSEED": str(random.randrange(1, 2**32)),
    }  # fmt: skip
    command = f"umask 077 && exec {sys.executable} -m pipeline.cli run {done_once.file} --out {tmp_path}/runs --quiet"
    subprocess.run(["sh", "-c", command], cwd=REPOSITORY, env=environment, check=True, capture_output=True)
    assert tree(tmp_path / "runs") == tree(done_once.runs)
    saw(f"{len(tree(done_once.runs))} files, every byte the same")


@case("E-17")
@pytest.mark.parametrize("workers", [pytest.param(2, marks=pytest.mark.fuzz), 8])
def test_workers_and_order_of_inputs(done_once, tmp_path, workers):
    images = [str(p) for p in done_once.images.glob("*.tif")]
    random.shuffle(images)
    source = {"kind": "files", "images": images, "ais": [str(done_once.ais)]}
    outcome = done_once.run(tmp_path, source=source, engine={"kind": "threads", "workers": workers})
    whole = next(p.parent for p in done_once.runs.rglob("manifest.json"))
    assert outcome.folder.name == whole.name
    a, b = tree(outcome.folder), tree(whole)
    asked = {"config.yaml", "manifest.json"}  # the order in which the images were named stands there
    assert {k: v for k, v in a.items() if k not in asked} == {k: v for k, v in b.items() if k not in asked}


@pytest.fixture
def own_run(done_once, tmp_path) -> Desk:
    """A finished run of the test's own, whose inputs may be spoilt too."""
    desk = Desk(tmp_path / "own").furnished()
    desk.run()
    return desk


@case("E-19")
def test_one_byte_of_the_evidence(own_run, capwatch, saw):
    folder = next(p.parent for p in own_run.runs.rglob("manifest.json"))
    assert capwatch("verify", folder).code == 0
    outputs = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "log.jsonl"]
    inputs = [own_run.ais, sorted(own_run.images.glob("*.tif"))[1]]
    rng = np.random.default_rng(0)
    for path in [*outputs, *inputs]:
        whole = path.read_bytes()
        raw = bytearray(whole)
        raw[rng.integers(len(raw))] ^= 1 << int(rng.integers(8))
        path.write_bytes(raw)
        done = capwatch("verify", folder, "--quiet")
        named = [line for line in done.errors if path.name in line]
        assert (done.code in (2, 3), bool(named)) == (True, True), f"{path}: {done.err}"
        path.write_bytes(whole)
    assert capwatch("verify", folder).code == 0
    saw(f"{len(outputs) + len(inputs)} files, a bit of each: named every time, as {named[0].split('/')[-1]}")


@case("E-20")
def test_a_row_of_the_ledger(finished, tmp_path, capwatch, saw):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    path = folder / "ledger.parquet"
    ledger = read_table(path, LEDGER)
    for change, said in {
        "removed": ledger.drop(index=40),
        "moved": ledger.iloc[[*range(40), 41, 40, *range(42, len(ledger))]],
        "changed": ledger.assign(observed_p50=ledger["observed_p50"].where(ledger.index != 40, 7.0)),
    }.items():
        write_table(said.reset_index(drop=True), path)
        done = capwatch("verify", folder)
        assert done.code == 2
        line = done.error("ledger.parquet")
        day = ledger["day"][40]
        assert f"day={day} {change}" in line or (change == "moved" and " moved" in line), line
        saw(line.split("/")[-1])
    write_table(ledger, path)
    assert capwatch("verify", folder).code == 0, "the table itself is written as it was"


@case("E-20")
def test_runs_form_a_chain(desk, capwatch, saw):
    first = desk.run()
    second = desk.run(volume={"draws": 201})
    told = json.loads((second.folder / "manifest.json").read_text())["previous"]
    before = json.loads((first.folder / "manifest.json").read_text())
    assert told == {"run_id": first.folder.name, "self_sha256": before["self_sha256"]}
    assert before["previous"] is None
    assert capwatch("verify", second.folder).code == 0
    (first.folder / "manifest.json").write_text(json.dumps(before | {"seed": 1}))
    done = capwatch("verify", second.folder)
    assert done.code == 2
    line = done.error("previous run")
    assert f"previous run {first.folder.name}: its manifest changed since" in line
    saw(line.split("/")[-1])


@case("E-21")
def test_originals_are_only_read(desk, monkeypatch):
    """Read-only files and folders, and no file of them opened to write."""
    files = [desk.ais, *sorted(desk.images.iterdir())]
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in files}
    for path in files:
        path.chmod(0o400)
    desk.images.chmod(0o500)
    real, opened = Path.open, []

    def watched(self, mode="r", *more, **named):
        opened.append((str(self), mode))
        return real(self, mode, *more, **named)

    monkeypatch.setattr(Path, "open", watched)
    try:
        outcome = desk.run()
    finally:
        desk.images.chmod(0o700)
    assert outcome.exit_code == 0
    writing = [p for p, mode in opened if set(mode) & set("wax+") and not p.startswith(str(desk.runs))]
    assert [p for p in writing if ".capwatch-" not in p] == []
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in files} == before
    assert sorted(p for p in desk.images.iterdir()) == files[1:]


def test_a_fault_of_the_machine_stays_one(desk, monkeypatch):
    """What is no InputError is not blamed on the image."""
    monkeypatch.setattr(detection, "detect", lambda *_, **__: (_ for _ in ()).throw(EnvironmentFault("no disk")))
    with pytest.raises(EnvironmentFault, match="no disk"):
        desk.run()
