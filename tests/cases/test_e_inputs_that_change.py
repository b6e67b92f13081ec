"""Cases E: inputs that vanish, change or fail for a while under the run, and originals that are only read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio

import pipeline.detection as detection
from pipeline import run as chain
from pipeline.console import Console
from pipeline.errors import EnvironmentFault, InputError
from pipeline.ingest import inputs
from pipeline.ingest.ais import messages as ais
from pipeline.report import quicklooks
from tests.cases.desk import same_answers

case = pytest.mark.case


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
    real = ais.read_head

    def failing(path):
        try:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        except OSError as error:
            raise InputError(path, "cannot be unpacked (Input/output error)") from error

    with monkeypatch.context() as fault:
        fault.setattr(ais, "read_head", failing)
        assert desk.run().exit_code == 3
    assert ais.read_head is real
    assert desk.run().exit_code == 0
    assert same_answers(desk, done_once)
    desk.ais.write_bytes(b"\x1f\x8b" + b"no gzip at all")
    assert desk.run().exit_code == 3
    with monkeypatch.context() as idle:
        idle.setattr(chain, "compute", lambda *_, **__: pytest.fail("nothing changed"))
        desk.run()


@case("E-06")
def test_an_ais_file_that_cannot_be_opened_costs_itself(desk, done_once, capwatch, monkeypatch):
    real = Path.open

    def failing(self, *more, **named):
        if self == desk.ais:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return real(self, *more, **named)

    with monkeypatch.context() as fault:
        fault.setattr(Path, "open", failing)
        done = capwatch(*desk.words)
    assert done.code == 3
    assert done.error(desk.ais.name).endswith("cannot be read (Permission denied) (skipped)")
    (first,) = (p.parent for p in desk.runs.rglob("manifest.json"))
    outcome = desk.run()
    assert (outcome.exit_code, outcome.folder != first) == (0, True)
    (first / "manifest.json").unlink()
    assert same_answers(desk, done_once)


@case("E-07")
@pytest.mark.parametrize(("module", "name"), [(chain, "read_ais_around"), (ais, "read_head")])
def test_an_ais_file_that_changes_under_the_run(desk, done_once, capwatch, monkeypatch, module, name):
    """The run's id tells of its old bytes: an answer by the new ones would be taken for the old ones' for good."""
    before, real = desk.ais.read_text(), getattr(module, name)

    def changing(*told, **more):
        desk.ais.write_text(before.replace(",6.4,", ",5.4,"))
        return real(*told, **more)

    with monkeypatch.context() as changed:
        changed.setattr(module, name, changing)
        done = capwatch(*desk.words)
    assert done.code == 3
    assert done.error(desk.ais.name).endswith("changed while it was read (skipped)")
    desk.ais.write_text(before)
    assert desk.run().exit_code == 0
    assert same_answers(desk, done_once)


@case("E-07")
def test_an_ais_file_that_is_touched_while_it_is_read_is_the_same(desk, done_once, monkeypatch):
    real = ais.read_head

    def touching(path):
        os.utime(path, (1, 1))
        return real(path)

    monkeypatch.setattr(ais, "read_head", touching)
    assert desk.run().exit_code == 0
    assert same_answers(desk, done_once)


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


@case("E-07")
def test_a_cap_that_is_edited_while_the_run_is_made(desk, done_once, monkeypatch):
    """Its id tells of the old cap: an answer by the new one under that id would be taken for the old one's for good."""
    cap, real = desk.root / "cap.yaml", detection.detect
    before = cap.read_text()

    def editing(scene, **more):
        cap.write_text(f"{before}# a word more\n")
        return real(scene, **more)

    with monkeypatch.context() as edited:
        edited.setattr(detection, "detect", editing)
        with pytest.raises(EnvironmentFault, match=r"cap\.yaml: changed during the run"):
            desk.run()
    assert cap.read_text() != before
    assert not list(desk.runs.rglob("manifest.json"))
    cap.write_text(before)
    assert desk.run().exit_code == 0
    assert same_answers(desk, done_once)


@case("E-07")
def test_a_verdict_that_is_given_while_the_run_is_made(desk, monkeypatch):
    """It is for the next run: what this one keeps beside its answer are the verdicts that it applied."""
    reviews, real = desk.root / "reviews.csv", detection.detect
    asked = b"target,verdict,value,who,when,why\n"
    reviews.write_bytes(asked)

    def judging(scene, **more):
        reviews.write_bytes(asked + b"abc,reject,,A. Analyst,2024-04-02,a barge\n")
        return real(scene, **more)

    monkeypatch.setattr(detection, "detect", judging)
    outcome = chain.run(desk.config(), desk.root, desk.runs, Console(quiet=True), reviews=reviews)
    assert outcome.exit_code == 0
    assert (outcome.folder / "config_files" / "reviews" / "pier.csv").read_bytes() == asked
    assert pd.read_parquet(outcome.folder / "reviews.parquet").empty


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
    assert [p for p in writing if "capwatch-" not in p] == []  # but for our own files aside
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in files} == before
    assert sorted(p for p in desk.images.iterdir()) == files[1:]


def test_a_fault_of_the_machine_stays_one(desk, monkeypatch):
    """What is no InputError is not blamed on the image."""
    monkeypatch.setattr(detection, "detect", lambda *_, **__: (_ for _ in ()).throw(EnvironmentFault("no disk")))
    with pytest.raises(EnvironmentFault, match="no disk"):
        desk.run()
