"""Cases A: names and links of raster files, of every kind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.rasters import open_raster
from tests.cases.desk import radar

case = pytest.mark.case


@case("A-23")
@pytest.mark.parametrize("name", ["a b.tif", "it's;rm.tif", "two\nlines.tif"], ids=["space", "quote", "line"])
def test_names_of_every_kind(desk, tmp_path, capwatch, name, saw):
    image = Path(shutil.copy(next(desk.images.glob("look_*.tif")), desk.images / name))
    done = capwatch("detect", image, "--sensor", "sentinel-1", "-o", tmp_path / "t.csv", "--quiet")
    assert (done.code in (0, 3) and (tmp_path / "t.csv").is_file()) or done.err.startswith("error: ")
    assert all(line.isprintable() for line in done.err.splitlines())
    saw(f"exit {done.code}" + (f": {done.err.splitlines()[0]}" if done.err else ""))


@case("A-23")
def test_a_name_of_bytes_that_are_no_text(desk, tmp_path, saw):
    """In a process of its own, whose words and standard error are bytes."""
    image = Path(os.fsdecode(os.fsencode(desk.images) + b"/caf\xe9_\xff.tif"))
    try:
        shutil.copy(next(desk.images.glob("look_*.tif")), image)
    except OSError as error:
        pytest.skip(f"this file system takes no such name ({error})")
    command = [sys.executable, "-m", "pipeline.cli", "detect", os.fsencode(image), "--sensor", "sentinel-1"]
    done = subprocess.run([*command, "-o", tmp_path / "t.csv", "--quiet"], capture_output=True, check=False)
    said = done.stderr.decode("utf-8", "backslashreplace")
    assert "Traceback" not in said
    assert (done.returncode in (0, 3) and (tmp_path / "t.csv").is_file()) or said.startswith("error: ")
    assert all(line.isprintable() for line in said.splitlines())
    saw(f"exit {done.returncode}" + (f": {said.splitlines()[0]}" if said else ""))


@case("A-23")
def test_a_run_goes_on_without_what_it_cannot_name(desk, capwatch, saw):
    """Images whose name no table can hold are told and left out; AIS is read, and named with escapes. Outputs too."""
    images = os.fsencode(desk.images)
    odd = Path(os.fsdecode(images + b"/caf\xe9_vv_20240308T060000.tif"))
    below = Path(os.fsdecode(images + b"/d\xff/look_vv_20240308T070000.tif"))
    told = Path(os.fsdecode(os.fsencode(desk.root) + b"/ais_\xe9.csv"))
    try:
        below.parent.mkdir()
        for copy in (odd, below):
            shutil.copy(next(desk.images.glob("look_*.tif")), copy)
        shutil.copy(desk.ais, told)
    except OSError as error:
        pytest.skip(f"this file system takes no such name ({error})")
    done = capwatch(*desk.words, "--dry-run", "--ais", told)
    assert done.code == 0
    assert "caf\\udce9_vv_20240308T060000.tif, 0.1 MB: has a name that is not UTF-8" in done.out
    done = capwatch(*desk.words, "--ais", told)
    assert done.code == 3
    cause = "has a name that is not UTF-8 (rename it, or the folder that it lies in) (scene skipped)"
    assert all(cause in done.error(name) for name in ("caf\\udce9_vv", "d\\udcff/look_vv"))
    saw(done.error("caf").replace(str(desk.root), ""))
    folder = next(desk.runs.glob("pier/*/manifest.json")).parent
    scenes = pd.read_parquet(folder / "scenes.parquet")
    assert list(scenes["status"]) == ["used", "used", "skipped", "skipped"]
    assert scenes["sha256"].str.len().eq(64).all()
    assert len(pd.read_csv(folder / "calls.csv")) == 1
    assert capwatch("verify", folder).code == 0
    named = Path(os.fsdecode(b"out_\xe9"))
    assert "is not UTF-8; choose another" in capwatch(*desk.words[:2], "--out", desk.root / named, "--quiet").error()
    given = ("account", folder / "liftings.parquet", "--cap", desk.root / "cap.yaml", "--quiet")
    done = capwatch(*given, "-o", desk.root / named.with_suffix(".parquet"))
    assert (done.code, "is not UTF-8; choose another" in done.error()) == (2, True)


@case("A-23")
def test_an_image_below_a_folder_that_cannot_be_named(tmp_path, monkeypatch):
    """Its own name is fine, and GDAL is given the whole: the image was called damaged."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/d\xff"))
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"this file system takes no such name ({error})")
    radar(tmp_path / "look.tif").rename(folder / "look.tif")
    monkeypatch.chdir(folder)
    with pytest.raises(InputError, match=r"^look\.tif: has a name that is not UTF-8 \(rename it, or the folder"):
        open_raster(Path("look.tif"))


@case("A-24")
def test_a_link_out_of_the_folder(desk, bad, tmp_path, saw):
    outside = radar(tmp_path / "outside.tif")
    bad.symlink_to(outside)
    used, table = open_inputs([desk.images])
    assert len(used) == 2
    row = table[table["scene_id"] == bad.name].iloc[0]
    assert "link that leads out of the folder (refused)" in row["cause"]
    assert row["sha256"] == ""
    used, _ = open_inputs([bad])  # named by the user, so allowed
    assert len(used) == 1
    saw(f"skipped: {row['cause']}")
