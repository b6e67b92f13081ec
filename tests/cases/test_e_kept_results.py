"""Cases E: two runs on one folder, and what earlier runs left: damaged, of another version, of another question."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import pipeline.detection as detection
from pipeline.chain import identity
from pipeline.execution import stagecache
from pipeline.workspace import RunFolder
from tests.cases.desk import Desk
from tests.cases.sweep import tree

case = pytest.mark.case


@pytest.fixture
def looked(monkeypatch) -> list[str]:
    """The scenes that a detector really looked at."""
    seen: list[str] = []
    real = detection.detect
    monkeypatch.setattr(detection, "detect", lambda scene, **more: seen.append(scene.scene_id) or real(scene, **more))
    return seen


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
