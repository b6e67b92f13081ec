"""A finished run opened again: what a notebook draws says what it is."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from pipeline.cases import run_case
from pipeline.console import Console
from pipeline.finished.account import open_account
from pipeline.finished.opened import detections_window, hull_profiles, open_run
from pipeline.ingest import cut
from pipeline.table_files import read_table, write_table
from pipeline.tables import LIFTINGS, SCENES
from pipeline.volume import ledger, liftings


def test_every_simulated_image_that_is_drawn_says_so(tiny_run):
    """Pictures leave a notebook without the sentence above them."""
    run = open_run(tiny_run)
    for scene_id in run.table("scenes")["scene_id"]:
        figure, axes = plt.subplots()
        run.draw(axes, run.scene(scene_id))
        assert "SIMULATED" in [text.get_text() for text in axes.texts]
        plt.close(figure)


def test_a_run_of_simulated_transponders_alone_is_simulated(tiny_run, tmp_path):
    """Notebooks asked its images, of which it has none, and left the word out."""
    folder = shutil.copytree(tiny_run, tmp_path / "run")
    write_table(read_table(folder / "scenes.parquet", SCENES).iloc[:0], folder / "scenes.parquet")
    assert open_run(folder).simulated


def test_an_image_that_tells_its_day_alone_has_no_hour_above_it(tiny_run, tmp_path):
    """Its noon stands for the day; drawn as "12:00 UTC" it was taken for a time."""
    folder = shutil.copytree(tiny_run, tmp_path / "run")
    scenes = read_table(folder / "scenes.parquet", SCENES)
    noon = scenes["acquired"].dt.floor("D") + pd.Timedelta("12h")
    write_table(scenes.assign(acquired=noon, acquired_precision="day"), folder / "scenes.parquet")
    dated, timed = open_run(folder), open_run(tiny_run)
    image = timed.scene(scenes["scene_id"].iloc[0])
    _, axes = plt.subplots()
    dated.draw(axes, replace(image, acquired=noon.iloc[0].to_pydatetime()))
    assert axes.get_title().startswith(f"{noon.iloc[0]:%Y-%m-%d} UTC\n")
    timed.draw(axes, image)
    assert axes.get_title().startswith(f"{image.acquired:%Y-%m-%d %H:%M} UTC\n")
    plt.close("all")


def test_a_scene_that_is_a_part_of_its_file_is_drawn_in_the_files_rows_and_columns(tiny_run, monkeypatch):
    """Detections count theirs from there: drawn in the part's own, they would stand beside their ships."""
    run = open_run(tiny_run)
    found = run.table("detections")
    ship = found[found["accepted"]].iloc[0]
    whole = run.scene(ship["scene_id"])
    lon, lat = ship["lon"], ship["lat"]
    monkeypatch.setattr(cut, "RADAR_MARGIN_M", (400.0, 400.0))
    part = cut.cut_to(whole, replace(run.place, bbox=(lon - 1e-3, lat - 1e-3, lon + 1e-3, lat + 1e-3), zones=()))
    assert part.corner != (0, 0)
    drawn = []
    for scene in (whole, part):
        _, axes = plt.subplots()
        rows = run.draw(axes, scene, detections_window(scene, pd.DataFrame([ship]), margin_m=120.0))
        assert ship["detection_id"] in set(rows["detection_id"])
        outlines = [line.get_xydata() for line in axes.lines]
        drawn.append((axes.get_xlim(), axes.get_ylim(), axes.images[0].get_array(), *outlines))
    plt.close("all")
    for mine, its in zip(*drawn, strict=True):
        np.testing.assert_allclose(mine, its, atol=1e-6)
    for mine, its in zip(hull_profiles(part, ship, 30.0), hull_profiles(whole, ship, 30.0), strict=True):
        np.testing.assert_allclose(mine[2], its[2], atol=0.2)  # grey between the percentiles of a window of its own


@pytest.mark.parametrize("stands", ["made_in", "elsewhere"], ids=["where it was made", "in another folder"])
def test_images_named_from_where_the_run_was_made_are_found_from_elsewhere(tiny_run, tmp_path, monkeypatch, stands):
    """`make run DATA=images`, then a notebook, which works in its own folder: it said that there was no such folder."""
    made_in = tmp_path / "made_in"
    folder = shutil.copytree(tiny_run, made_in / "runs" / "vostochny" / tiny_run.name)
    run = open_run(folder)
    scenes = run.table("scenes").set_index("scene_id")
    ship = next(name for name in scenes.index if scenes.loc[name, "sensor"] == "optical")
    taken = Path(run.scene(ship).source.href)
    (made_in / "images").mkdir()
    for file in taken.parent.glob(f"{taken.stem}.*"):
        shutil.copy(file, made_in / "images" / file.name)
    source = run.config.source.model_copy(update={"kind": "files", "images": ("images",)})
    moved = replace(run, config=run.config.model_copy(update={"source": source}))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / stands)
    monkeypatch.setenv("PWD", str(tmp_path / stands))
    assert moved.scene(ship).source.sha256 == scenes.loc[ship, "sha256"]


def test_a_run_reckoned_anew_from_its_folder_has_its_own_barrels(tiny_run):
    """A notebook that moves an assumption begins where the report ends, or it would show the move of something else."""
    opened = open_account(tiny_run)
    again = liftings(opened.calls, opened.volume, opened.seed).set_index("call_id")
    kept = read_table(tiny_run / "liftings.parquet", LIFTINGS).set_index("call_id")
    pd.testing.assert_series_equal(again["barrels_p50"], kept["barrels_p50"])
    book = ledger(again.reset_index(), opened.cap, opened.volume, opened.seed)
    said = json.loads((tiny_run / "manifest.json").read_text("utf-8"))["result"]
    assert book["observed_p50"].iloc[-1] == pytest.approx(said["barrels"][1])
    assert (opened.simulated, f"{opened.period.start:%F}") == (True, said["period"][0])


def test_a_published_case_reckoned_anew_from_its_folder_is_the_published_sum(tmp_path):
    """The US letter of 2018: 89 deliveries make 759,793 barrels if half full; real ones, and not called simulated."""
    folder = run_case("us-2018-05", {"volume": {"draws": 200}}, tmp_path, Console(quiet=True)).folder
    opened = open_account(folder)
    book = ledger(liftings(opened.calls, opened.volume, opened.seed), opened.cap, opened.volume, opened.seed)
    assert (book["calls"].iloc[-1], math.floor(book["at_50"].iloc[-1])) == (89, 759_793)
    assert book["cap_bbl"].iloc[-1] == 500_000
    assert not opened.simulated
