"""Cases E: runs that are killed, stopped by a signal, or meet a full disk or a lost permission, and then go on."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline import run as chain
from pipeline import storage
from pipeline.execution import journal, stopping
from pipeline.workspace import latest_run
from tests.cases.desk import Desk, same_answers

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


@pytest.fixture
def finished(done_once, tmp_path) -> Path:
    """The finished run's folder, among runs of the test's own."""
    runs = Path(shutil.copytree(done_once.runs, tmp_path / "runs"))
    return next(p.parent for p in runs.rglob("manifest.json"))


class Killed(BaseException):
    """Stands in for a kill -9: nothing that is to be done at a run's end is done."""


def killed_at(point: str, desk: Desk, monkeypatch: pytest.MonkeyPatch, **more: object) -> None:
    """A run that ends where a point of this name is passed."""

    def checkpoint(name: str) -> None:
        if name == point:
            raise Killed

    with monkeypatch.context() as trap:
        trap.setattr(storage, "checkpoint", checkpoint)
        with pytest.raises(Killed):
            desk.run(**more)


@case("E-01")
def test_a_run_made_anew_and_killed_continues_what_it_continued(done_once, finished, monkeypatch):
    other = {"out": finished.parents[1], "volume": {"draws": 300}}
    whole = (done_once.run(**other).folder / "manifest.json").read_bytes()
    assert finished.name in whole.decode()
    killed_at("begin config.yaml", done_once, monkeypatch, fresh=True, **other)
    assert (done_once.run(**other).folder / "manifest.json").read_bytes() == whole


@case("E-01")
def test_a_run_killed_behind_its_manifest_is_the_latest_one_all_the_same(done_once, finished, monkeypatch):
    runs = finished.parents[1]
    killed_at("begin latest.txt", done_once, monkeypatch, out=runs, volume={"draws": 300})
    assert latest_run(runs) == finished
    second = done_once.run(runs, volume={"draws": 300}).folder
    assert latest_run(runs) == second != finished
    assert journal.finished_time(second) > journal.finished_time(finished)
    done_once.run(runs)
    assert latest_run(runs) == second, "one that was finished before is no later for being asked again"


@case("E-01")
def test_what_a_run_that_was_cut_short_left_is_in_no_answer(desk, done_once, monkeypatch):
    """It may have been another answer, as when an image could not be read for a while."""
    killed_at("begin manifest.json", desk, monkeypatch)
    (folder,) = (p.parent for p in desk.runs.rglob("rows.json"))
    (folder / "chips" / "of-another-answer.png").write_bytes(b"x")
    assert desk.run().exit_code == 0
    assert not (folder / "chips" / "of-another-answer.png").exists()
    assert same_answers(desk, done_once)


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
