"""Which files a run takes for AIS; no file is left out without a message."""

from __future__ import annotations

import shutil
import zipfile

import pytest

from pipeline.chain.readiness import check_readiness
from pipeline.chain.sources import gather, report_unread_files
from pipeline.console import Console
from pipeline.errors import EnvironmentFault
from pipeline.ingest.inputs import open_inputs
from pipeline.workspace import configs_root, find_config, load_run_config
from tests.cases.desk import Desk


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "desk").furnished()


def gathered(desk, ais, images=None, *, capsys):
    source = {"kind": "files", "images": [str(images)] if images else [], "ais": [str(ais)]}
    console = Console(quiet=True)
    found = gather(desk.config(source=source), desk.root, None, console)
    return [p.name for p in found.ais], capsys.readouterr().err.splitlines(), console.exit_code


def folder_of(desk, *names):
    folder = desk.root / "ais"
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def test_packed_tables_and_logs_are_taken(desk, capsys):
    names = ["a.csv", "b.zip", "c.csv.gz", "d.tsv", "deeper/e.nmea", "f.NMEA", "g.parquet"]
    found, said, code = gathered(desk, folder_of(desk, *names), capsys=capsys)
    assert sorted(found) == ["a.csv", "b.zip", "c.csv.gz", "d.tsv", "e.nmea", "f.NMEA", "g.parquet"]
    assert (said, code) == ([], 0)


def test_each_file_left_out_has_a_line(desk, capsys):
    folder = folder_of(desk, "a.csv", "b.xlsx", "notes.pdf", ".DS_Store", "Thumbs.db", "__MACOSX/._a.csv")
    found, said, code = gathered(desk, folder, capsys=capsys)
    assert found == ["a.csv"]
    sheet, notes = said
    assert sheet == f"error: {folder / 'b.xlsx'}: is a spreadsheet; save its sheet as CSV (left out)"
    assert notes.startswith(f"error: {folder / 'notes.pdf'}: is no AIS by its name (")
    assert code == 3


def test_hidden_images_are_left_out_and_that_is_said_once(tmp_path, capsys):
    """macOS puts ._x.tif beside x.tif on foreign disks; no look is lost with it."""
    desk = Desk(tmp_path / "desk").furnished()
    for name in ("._look.tif", ".DS_Store", "Thumbs.db", "__MACOSX/look.tif", ".cache/look.tif"):
        (desk.images / name).parent.mkdir(exist_ok=True)
        (desk.images / name).write_bytes(b"x")
    console = Console()
    check_readiness(desk.config(), desk.root, console)
    found = gather(desk.config(), desk.root, None, console)
    assert capsys.readouterr().err.splitlines() == [
        f"{desk.images}: hidden files are left out (5, the first: .DS_Store)"
    ]
    assert console.exit_code == 0
    _, table = open_inputs(found.images)
    assert sorted(table["scene_id"]) == sorted(p.stem for p in desk.images.glob("look_vv*.tif"))


def test_images_of_kinds_that_are_not_read_are_told_once(tmp_path, capsys):
    """A look in a .tar.gz must not be missed unsaid. Files that belong to an image, or to AIS, are not looks."""
    desk = Desk(tmp_path / "desk").furnished()
    for name in (
        "b.tar.gz",
        "deep/c.nc",
        "S1A.SAFE/preview/d.bmp",
        "e.json",
        "f.csv.gz",
        "g.txt",
        "._h.7z",
        ".i/j.vrt",
    ):
        (desk.images / name).parent.mkdir(parents=True, exist_ok=True)
        (desk.images / name).write_bytes(b"x")
    check_readiness(desk.config(), desk.root, Console())
    lines = [line for line in capsys.readouterr().err.splitlines() if "hidden" not in line]
    (said,) = lines
    assert said.startswith(f"{desk.images}: 2 files of kinds that are not read (the first: b.tar.gz); unpack archives")


def test_a_folder_without_ais_has_a_line(desk, capsys):
    folder = folder_of(desk, ".hidden.csv")
    assert gathered(desk, folder, capsys=capsys) == (
        [], [f"error: {folder}: holds no AIS file (no message comes from it)"], 3,
    )  # fmt: skip


def test_a_folder_of_images_and_ais_holds_images_too(desk, capsys):
    """Images and products are neither AIS nor an error if the same folder is named for both."""
    folder = folder_of(desk, "a.csv", "look.tif", "look.json")
    with zipfile.ZipFile(folder / "S1A.zip", "w") as out:
        out.writestr("S1A.SAFE/manifest.safe", b"<a/>")
    for images in (folder, desk.root):
        assert gathered(desk, folder, images, capsys=capsys) == (["a.csv"], [], 0)


@pytest.mark.parametrize(
    ("kind", "unread"), [("demo", ["images", "ais"]), ("stac", ["images"]), ("files", [])], ids=str
)
def test_inputs_that_a_source_does_not_look_at_are_told(kind, unread, tmp_path, capsys):
    """A run file with its own images and source demo would be answered from simulated ones."""
    named = {"source": {"kind": kind, "images": [str(tmp_path)], "ais": [str(tmp_path)]}}
    report_unread_files(load_run_config(find_config("vostochny"), named), Console(quiet=True))
    stderr = capsys.readouterr().err
    assert [name for name in ("images", "ais") if f"source.{name} ({tmp_path}): not read, since" in stderr] == unread


@pytest.mark.parametrize("damage", ["cut", "gone", "more"])
def test_simulated_inputs_that_changed_in_the_cache_are_made_anew(tmp_path, monkeypatch, capsys, damage):
    """Otherwise a log cut short would be read as simulated, with a look or a ship missing and no warning."""
    made = []

    def simulated(scenario, place, folder, **_):
        made.append(scenario.id)
        for name in ("scenes/look.tif", "ais/log.nmea"):
            (folder / name).parent.mkdir(parents=True)
            (folder / name).write_text("as it was made")

    monkeypatch.setattr("pipeline.simulation.simulate.simulate", simulated)
    monkeypatch.setenv("CAPWATCH_CACHE", str(tmp_path / "with a blank, ü"))
    path = find_config("vostochny")
    demo = load_run_config(path, {"source": {"scenario": "scenarios/tiny.yaml"}})
    first = gather(demo, path.parent, None, Console())
    assert gather(demo, path.parent, None, Console()) == first
    assert made == ["tiny"]
    (log,) = first.ais
    {"cut": lambda: log.write_text("as it"), "gone": log.unlink, "more": lambda: log.with_suffix(".csv").touch()}[
        damage
    ]()
    assert gather(demo, path.parent, None, Console()) == first
    assert log.read_text() == "as it was made"
    assert made == ["tiny", "tiny"]
    assert "the cached files have changed; simulating Two days at Vostochny" in capsys.readouterr().err


def test_zones_that_change_while_a_period_is_simulated_are_kept_under_no_name(tmp_path, monkeypatch):
    """Otherwise images of the old zones would permanently pass for those of the new ones, or the reverse."""
    shutil.copytree(configs_root(), tmp_path / "configs")
    path = tmp_path / "configs" / "vostochny.yaml"
    demo = load_run_config(path, {"source": {"scenario": "scenarios/tiny.yaml"}})
    zones = path.parent / demo.aoi.zones

    def simulated(scenario, place, folder, **_):
        (folder / "scenes").mkdir()
        zones.write_text(zones.read_text() + "\n")

    monkeypatch.setattr("pipeline.simulation.simulate.simulate", simulated)
    monkeypatch.setenv("CAPWATCH_CACHE", str(tmp_path / "cache"))
    with pytest.raises(EnvironmentFault, match="vostochny: scenario, zones or coast changed while it was simulated"):
        gather(demo, path.parent, None, Console(quiet=True))
    assert not list((tmp_path / "cache" / "simulated").iterdir())
