"""The notebooks run from top to bottom on a finished run."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import shapely
from shapely.geometry import mapping

from pipeline.errors import NothingToShow
from pipeline.ingest.place import read_zones
from pipeline.table_files import read_table, write_table
from pipeline.tables import contract_of

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"

pytest.importorskip("jupytext", reason="the notebooks extra is not installed")
pytest.importorskip("nbclient", reason="the notebooks extra is not installed")


@pytest.mark.filterwarnings("ignore")  # of the notebook machinery
@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.py")), ids=lambda p: p.stem)
def test_notebook_runs_and_shows_pictures(path, tiny_run, monkeypatch):
    from tools.write_notebooks import executed

    monkeypatch.setenv("CAPWATCH_RUN", str(tiny_run))
    notebook = executed(path.stem)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [o for o in outputs if o.get("output_type") == "error"]
    assert sum("image/png" in o.get("data", {}) for o in outputs) >= 3
    text = "".join(o.get("text", "") for o in outputs)
    assert text.startswith("SIMULATED") or path.stem == "add_an_aoi"  # that reads no image
    assert "Warning" not in text
    tables = "".join(o.get("data", {}).get("text/plain", "") for o in outputs)
    assert not re.search(r"\d%", text + tables), "a share reads here as in the report: 28 %"
    assert not re.search(r"-\d+ ?%", text + tables), "and one that fell has a minus before it, no hyphen: −24 %"
    if path.stem == "compare_runs":  # with no second run: the fill that it changed itself
        assert "volume.fill.mean: " in text


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (["nothing_like_it"], "error: nothing_like_it: no such notebook; there are add_an_aoi, "),
        (
            ["compare_runs", "--run", "nowhere"],
            "error: compare_runs: InputError: CAPWATCH_RUN=nowhere: is no run",
        ),
    ],
)
def test_what_cannot_be_written_is_one_line(asked, expected):
    done = subprocess.run(
        [sys.executable, "-m", "tools.write_notebooks", *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert done.stderr.startswith(expected)
    assert done.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def empty_run(tiny_run, tmp_path_factory):
    """A finished run in which nothing was found and nobody was heard."""
    folder = shutil.copytree(tiny_run, tmp_path_factory.mktemp("empty") / "aoi" / "run")  # beside no other run
    for name in ("detections", "matches", "tracks", "static", "port_calls", "liftings", "robustness"):
        table = read_table(folder / f"{name}.parquet", contract_of(name))
        write_table(table.iloc[:0], folder / f"{name}.parquet")
    ledger = read_table(folder / "ledger.parquet", contract_of("ledger"))
    sums = [name for name in ledger if name.startswith("observed_p")]
    write_table(ledger.assign(**dict.fromkeys(sums, 0.0)), folder / "ledger.parquet")
    return folder


@pytest.fixture(scope="module")
def case_folder(tmp_path_factory):
    """A published case, recomputed from its table of calls."""
    from pipeline.cases import run_case
    from pipeline.console import Console

    return run_case("rusi-2024-03", {}, tmp_path_factory.mktemp("runs"), Console(quiet=True)).folder


def notebook_output(name, run, monkeypatch, capsys):
    """What a notebook prints, and the sentence that it ends with where it has no more to show."""
    monkeypatch.setenv("CAPWATCH_RUN", str(run))
    last = ""
    try:
        runpy.run_path(str(NOTEBOOKS / f"{name}.py"))
    except NothingToShow as error:
        last = str(error)
    finally:
        plt.close("all")
    return capsys.readouterr().out, last


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("inspect_detections", "Nothing was found in any image"),
        ("follow_a_call", "No call was seen or heard in this run"),
        ("volume_assumptions", "No call is counted here"),
    ],
)
@pytest.mark.filterwarnings("error::UserWarning:matplotlib")
def test_where_nothing_was_found_a_sentence_says_so(name, sentence, empty_run, monkeypatch, capsys):
    """`follow_a_call` ended in an IndexError, and barrels of nothing were drawn on an axis of five zeros."""
    assert notebook_output(name, empty_run, monkeypatch, capsys)[1].startswith(sentence)


@pytest.mark.parametrize("name", ["volume_assumptions", "compare_runs"])
def test_an_account_is_drawn_to_the_end_of_its_last_day(name, tiny_run, monkeypatch):
    """What left on that day was a line on the edge of the last one, with no band beside it."""
    monkeypatch.setenv("CAPWATCH_RUN", str(tiny_run))
    try:
        runpy.run_path(str(NOTEBOOKS / f"{name}.py"))
        (axes,) = plt.figure(1).axes
        assert pd.Timestamp(axes.lines[0].get_xdata()[-1]) == pd.Timestamp("2024-03-09")  # as the run's period ends
    finally:
        plt.close("all")


def a_place(land, monkeypatch, tmp_path):
    """The zones that the notebook draws in the box 21.39 to 21.61 E and 64.99 to 65.11 N with this land."""
    text = (NOTEBOOKS / "add_an_aoi.py").read_text("utf-8")
    asked = "[(127.39, 39.13), (127.51, 39.13), (127.51, 39.21), (127.39, 39.21)]"
    assert asked in text
    (tmp_path / "edited.py").write_text(text.replace(asked, "[(21.4, 65.0), (21.6, 65.0), (21.6, 65.1), (21.4, 65.1)]"))
    features = [{"type": "Feature", "properties": {}, "geometry": mapping(part)} for part in land]
    made = {"type": "FeatureCollection", "attribution": "nobody", "features": features}
    monkeypatch.setattr("pipeline.ingest.coast.clip_coast", lambda bbox: made)
    monkeypatch.setenv("CAPWATCH_AOI_DIR", str(tmp_path))
    try:
        runpy.run_path(str(tmp_path / "edited.py"))
    finally:
        plt.close("all")
    return read_zones(tmp_path / "zones" / "wonsan.geojson")


@pytest.mark.parametrize(
    ("land", "zones"),
    [
        ([(21.3, 64.9, 21.7, 65.048), (21.3, 65.052, 21.7, 65.2)], ["oil_berth"]),  # a river of 450 m
        ([(21.3, 64.9, 21.41, 65.2)], ["oil_berth", "roads"]),  # a shore 4 km from the middle
    ],
    ids=["river", "far shore"],
)
def test_a_place_of_ones_own_is_drawn_where_the_water_is_narrow_or_the_shore_far(land, zones, monkeypatch, tmp_path):
    found = a_place([shapely.box(*part) for part in land], monkeypatch, tmp_path)
    assert [zone.zone_id for zone in found] == zones
    for zone in found:
        assert sum(zone.geometry.intersection(shapely.box(*part)).area for part in land) < 0.01 * zone.geometry.area


def test_a_box_without_a_shore_ends_in_a_sentence(monkeypatch, tmp_path):
    with pytest.raises(NothingToShow, match="No shore runs through this box"):
        a_place([], monkeypatch, tmp_path)


def test_an_estuary_that_the_coast_takes_for_land_is_named(monkeypatch, tmp_path):
    """Of Nampo it said "move it": OpenStreetMap maps its estuary as a river, so the whole box is land."""
    with pytest.raises(NothingToShow, match="all of it is land here; if it has water, try"):
        a_place([shapely.box(21.0, 64.5, 22.0, 65.5)], monkeypatch, tmp_path)


@pytest.mark.filterwarnings("error:Attempting to set identical")
def test_two_empty_accounts_are_compared_in_words(empty_run, monkeypatch, capsys):
    out, last = notebook_output("compare_runs", empty_run, monkeypatch, capsys)
    assert "no call is counted in either" in out
    assert last == ""


def test_assumptions_of_a_published_case_can_be_moved(case_folder, monkeypatch, capsys):
    """Five ships of 3,000 t deadweight cannot carry the cap of 500,000 bbl: brimful they hold a quarter of it."""
    out, last = notebook_output("volume_assumptions", case_folder, monkeypatch, capsys)
    assert "RUSI and Financial Times, March 2024" in out
    assert "these ships cannot carry the cap, however full" in out
    assert last == ""


@pytest.mark.parametrize(("product", "bbl_per_t", "t_per_m3"), [("gasoline", 8.35, 0.753), ("fuel_oil", 6.35, 0.991)])
def test_a_product_moves_the_published_fills_too(product, bbl_per_t, t_per_m3, tiny_run, monkeypatch, tmp_path):
    """A full ship of it: the tanks at their limit or the deadweight less stores, in barrels of that product.

    The fills and the break-even "with your values" were those of the mix, whatever stood at the top.
    """
    text = (NOTEBOOKS / "volume_assumptions.py").read_text("utf-8")
    for was, value in (('product = "gas_oil"', f'product = "{product}"'), ("hull_factor = 0.9", "hull_factor = 1.0")):
        assert was in text
        text = text.replace(was, value)
    (tmp_path / "edited.py").write_text(text, "utf-8")
    monkeypatch.setenv("CAPWATCH_RUN", str(tiny_run))
    try:
        told = runpy.run_path(str(tmp_path / "edited.py"))
    finally:
        plt.close("all")
    assumed, counted = told["before_config"], told["liftings"].query("counts")
    tanks_t = assumed.tank_m3_per_t * assumed.tank_fill_limit * t_per_m3
    full = (counted["dwt_p50_t"] * min(1 - assumed.constants_share, tanks_t) * bbl_per_t).sum()
    assert told["head_after"].scenario_bbl["100"] == pytest.approx(full)
    assert told["head_after"].break_even_fill == pytest.approx(500_000 / full)


@pytest.mark.parametrize("stated", [{"tonnes": 3000.0}, {"barrels": 20_000.0}], ids=["tonnes", "barrels"])
def test_other_hulls_leave_a_stated_cargo_as_stated(stated, tiny_run, monkeypatch):
    """A full ship of it was told as a tenth less than its papers say, beside a sum that stood still."""
    from pipeline import volume
    from pipeline.config import VolumeConfig

    monkeypatch.setenv("CAPWATCH_RUN", str(tiny_run))
    try:
        notebook = runpy.run_path(str(NOTEBOOKS / "volume_assumptions.py"))
    finally:
        plt.close("all")
    measured = {"length_m": 100.0, "beam_m": 15.0, "arrival": "2024-03-05"}
    calls = pd.DataFrame([{"call_id": "papers", **measured, **stated}, {"call_id": "hull", **measured}])
    before = volume.liftings(calls, VolumeConfig(), 1).set_index("call_id")
    after = notebook["changed_liftings"](before)
    for name in ("dwt_p50_t", "barrels_at_33", "barrels_at_100"):
        assert after.loc["papers", name] == before.loc["papers", name]
        assert after.loc["hull", name] == pytest.approx(0.9 * before.loc["hull", name])


def test_a_call_of_another_account_year_is_not_told_as_counted(tiny_run, tmp_path, monkeypatch, capsys):
    """`follow_a_call` took it for a counted one, and said nothing of the account that it is not in."""
    folder = shutil.copytree(tiny_run, tmp_path / "aoi" / "run")
    liftings = read_table(folder / "liftings.parquet", contract_of("liftings"))
    (call_id,) = liftings.loc[liftings["counts"], "call_id"]
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["left_out"] = {call_id: "her departure is in account year 2023"}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    out, _ = notebook_output("follow_a_call", folder, monkeypatch, capsys)
    assert ", 0 counted" in out
    assert "no part in this account: her departure is in account year 2023." in out
    out, _ = notebook_output("inspect_detections", folder, monkeypatch, capsys)
    assert "no counted call was seen in an image" in out


@pytest.mark.filterwarnings("ignore")  # of the notebook machinery
def test_a_case_has_no_image_and_the_notebook_is_written_with_that_sentence(case_folder, monkeypatch):
    """It was a screen of tracebacks about keys that a run file has not."""
    from tools.write_notebooks import executed

    monkeypatch.setenv("CAPWATCH_RUN", str(case_folder))
    outputs = [o for cell in executed("inspect_detections").cells for o in cell.get("outputs", [])]
    (sentence,) = [line for o in outputs for line in o.get("traceback", [])]
    assert sentence.startswith("rusi-2024-03 is a published case, a table of calls: no image")
