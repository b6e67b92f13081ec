"""What a run checks before any work: if a file is not as the config says, the message tells what is there instead."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import pytest
import rasterio
import shapely

from pipeline.chain.backgrounds import TAG, read_background_raster
from pipeline.chain.place_doubts import coast_doubts, zone_doubts
from pipeline.chain.readiness import check_readiness, require_file
from pipeline.config import load
from pipeline.console import Console
from pipeline.errors import ConfigError, NothingUsable
from pipeline.simulation.scenario import Scenario, require_zones
from pipeline.workspace import configs_root, load_run_config
from tests.builders import box_zone, place_of
from tests.cases.desk import Desk

BACKGROUND = configs_root() / "backgrounds" / "vostochny-ascending-10.tif"
KINDS = {
    "not there": lambda path: None,
    "a folder": lambda path: path.mkdir(),
    "not a regular file": os.mkfifo,
    "a broken link": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_called_what_it_is(tmp_path, kind):
    KINDS[kind](tmp_path / "cap.yaml")
    with pytest.raises(ConfigError, match=rf"cap\.yaml: the config names this file, and it is {kind} \(names are"):
        require_file(tmp_path, "cap.yaml")


def test_a_scaling_that_is_none_names_its_field_and_what_may_be_meant(tmp_path):
    """In a folder of run files, the message must also tell which one is wrong."""
    desk = Desk(tmp_path / "desk").furnished()
    config = desk.config(source={"scaling": "ampltude"})
    with pytest.raises(ConfigError, match=rf"^{config.aoi.id}: source\.scaling 'ampltude': .*mean amplitude\?\)$"):
        check_readiness(config, desk.root, Console(quiet=True))


def test_a_name_too_long_to_exist_is_not_there(tmp_path):
    """The system's error must not make it a fault of the machine."""
    with pytest.raises(ConfigError, match="the config names this file, and it is not there"):
        require_file(tmp_path, "x" * 300)


@pytest.mark.parametrize("name", ["zones.geojson", "cap.yaml", "vessels.csv", "coast.geojson", "background.tif"])
def test_every_file_that_the_config_names_is_a_file_of_the_question(tmp_path, name):
    """If any of them cannot be read, that is a mistake in the question (exit code 2)."""
    desk = Desk(tmp_path / "desk").furnished()
    (desk.root / "vessels.csv").write_text("name,source\nSIM TANKER 1,made up\n")
    (desk.root / "coast.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    shutil.copy(BACKGROUND, desk.root / "background.tif")
    told = {
        "source": {"registry": "vessels.csv"},
        "aoi": {"coast": "coast.geojson", "backgrounds": ["background.tif"]},
    }
    assert check_readiness(desk.config(**told), desk.root, Console(quiet=True)).zones
    (desk.root / name).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=name):
        check_readiness(desk.config(**told), desk.root, Console(quiet=True))


@pytest.mark.parametrize(
    "tag", ["", "null", "{}", "[" * 30_000, '{"step_db": "x", "darkest_db": null, "levels": 1e999}', "[1]"]
)
def test_a_raster_without_the_tag_of_a_background_is_none(tmp_path, tag):
    path = shutil.copy(BACKGROUND, tmp_path / "background.tif")
    assert read_background_raster(path).looks
    with rasterio.open(path, "r+") as file:
        file.update_tags(**{TAG: tag})
    with pytest.raises(ConfigError, match=r"background\.tif: is not a background raster"):
        read_background_raster(path)


def test_zones_that_lie_outside_the_box_are_named(tmp_path):
    """A berth left out by one wrong digit of the box must not be dropped without a warning."""
    desk = Desk(tmp_path / "desk").furnished()
    path = desk.root / "zones.geojson"
    content = json.loads(path.read_text())
    far = json.loads(json.dumps(content["features"][0]))
    far["properties"]["zone_id"] = "far_pier"
    far["geometry"] = shapely.geometry.mapping(shapely.box(10, 10, 10.01, 10.01))
    path.write_text(json.dumps({**content, "features": [*content["features"], far]}))
    told = []
    console = Console(quiet=True)
    console.note = told.append
    check_readiness(desk.config(), desk.root, console)
    assert [line for line in told if line.endswith("not looked at: far_pier")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("barrels: 500000", "barrels: 500"), "the cap of 500 barrels a year is less than one small tanker carries"),
        (("as_of: 2024-12-04", "as_of: 2099-12-04"), "the total notified for 2024 is as of 2099-12-04, a day that has"),
    ],
)
def test_a_cap_that_may_not_be_meant_is_told(tmp_path, change, expected):
    """A cap in thousands, or a total that nobody can know yet."""
    desk = Desk(tmp_path / "desk").furnished()
    shutil.copy(configs_root() / "caps" / "unscr-2397.yaml", path := desk.root / "cap.yaml")
    lines = []
    console = Console(quiet=True)
    console.note = lines.append
    check_readiness(desk.config(), desk.root, console)
    assert lines == []
    path.write_text(path.read_text("utf-8").replace(*change), "utf-8")
    check_readiness(desk.config(), desk.root, console)
    assert [line for line in lines if line.startswith(f"cap.yaml: {expected}")] == lines != []


def notes_of(tmp_path, change):
    """The messages about the desk's zones after ``change`` was made to them."""
    desk = Desk(tmp_path / "desk").furnished()
    path = desk.root / "zones.geojson"
    content = json.loads(path.read_text())
    change(content["features"])
    path.write_text(json.dumps(content))
    told = []
    console = Console(quiet=True)
    console.note = told.append
    check_readiness(desk.config(), desk.root, console)
    return told


def test_two_zones_of_one_name_are_told(tmp_path):
    def copied(features):
        for feature, name in zip(features, ("Oil pier", "OIL PIER"), strict=True):
            feature["properties"]["name"] = name

    (line,) = notes_of(tmp_path, copied)
    assert line == "zones.geojson: zones pier, roads have the same name: readers cannot tell them apart"
    assert notes_of(tmp_path / "other", lambda _: None) == []


def test_a_place_where_nothing_counts_is_told(tmp_path):
    def none_counts(features):
        for feature in features:
            feature["properties"]["counts"] = False

    (line,) = notes_of(tmp_path, none_counts)
    assert line == "zones.geojson: no zone of pier counts (counts: false), so no call there will"


@pytest.mark.parametrize(
    ("land", "expected"),
    [
        (None, []),
        ((0.0, 0.0, 0.4, 1.0), []),
        ((5.0, 5.0, 6.0, 6.0), ["has no land in the box of test, so quays may be taken for ships"]),
        ((0.0, 0.0, 0.6, 0.6), ["its land covers pier, where ships should lie"]),
    ],
    ids=["none", "beside", "elsewhere", "over the pier"],
)
def test_a_coast_that_may_be_another_places_is_told(land, expected):
    place = place_of(box_zone("pier", 0.5, 0.5, 0.51, 0.51), bbox=(0, 0, 1, 1), land=land and shapely.box(*land))
    assert coast_doubts(place) == expected


def test_zones_that_reach_far_beyond_the_box_are_told():
    """For example a berth of three degrees, from a decimal comma or a slip of the mouse."""
    near, far = box_zone("near", 0.5, 0.5, 1.4, 1.0), box_zone("far", 0.2, 0.2, 3.0, 2.0)
    lines = zone_doubts(place_of(near, far, bbox=(0, 0, 1, 1)))
    assert lines == ["mostly outside the box of test, not looked at there: far"]


def test_a_named_folder_without_an_image_is_told(tmp_path, capsys):
    """Also if AIS beside it lets the run go on."""
    desk = Desk(tmp_path / "desk").furnished()
    (tmp_path / "bare").mkdir()
    console = Console()
    config = desk.config()
    named = (*config.source.images, str(tmp_path / "bare"))
    source = config.source.model_copy(update={"images": named})
    check_readiness(config.model_copy(update={"source": source}), desk.root, console)
    assert capsys.readouterr().err == f"error: {tmp_path / 'bare'}: holds no image (no look comes from it)\n"
    assert console.exit_code == 3


def test_where_a_folder_of_ais_holds_none_what_it_holds_is_told(tmp_path, capsys):
    """If it holds only a spreadsheet, "no AIS file" alone would not help."""
    desk = Desk(tmp_path / "desk").furnished()
    (tmp_path / "ais").mkdir()
    (tmp_path / "ais" / "ships.xlsx").write_bytes(b"PK")
    config = desk.config()
    source = config.source.model_copy(update={"images": (), "ais": (str(tmp_path / "ais"),)})
    with pytest.raises(NothingUsable, match="neither an image nor an AIS file is there"):
        check_readiness(config.model_copy(update={"source": source}), desk.root, Console())
    assert "ships.xlsx: is a spreadsheet; save its sheet as CSV (left out)\n" in capsys.readouterr().err


def test_the_zones_are_read_once(tmp_path, monkeypatch):
    from pipeline.ingest import place

    real, read = place.read_zones, []
    monkeypatch.setattr(place, "read_zones", lambda *given: (read.append(given), real(*given))[1])
    desk = Desk(tmp_path / "desk").furnished()
    check_readiness(desk.config(), desk.root, Console(quiet=True))
    assert len(read) == 1


@pytest.mark.parametrize(
    ("slip", "expected"),
    [
        (
            ("zone: oil_pier", "zone: oil_peir"),
            r"ship t1 visits zone oil_peir, .* no such zone \(did you mean oil_pier",
        ),
        (
            ("  default: [", "  roads: ["),
            r"a fairway leads to zone roads, and AOI vostochny has no such zone; its zones",
        ),
    ],
    ids=["stay", "fairway"],
)
def test_a_scenario_of_another_places_zones_is_refused_before_any_work(tmp_path, slip, expected):
    """By a dry run too, with the name of the file, not in the middle of the simulation."""
    shutil.copytree(configs_root(), tmp_path / "configs")
    path = tmp_path / "configs" / "scenarios" / "tiny.yaml"
    config = load_run_config(tmp_path / "configs" / "vostochny.yaml", {"source": {"scenario": "scenarios/tiny.yaml"}})
    assert check_readiness(config, tmp_path / "configs", Console(quiet=True)).zones
    path.write_text(path.read_text("utf-8").replace(*slip), "utf-8")
    with pytest.raises(ConfigError, match=rf"scenarios/tiny\.yaml: {expected}.*oil_pier, coal_pier, "):
        check_readiness(config, tmp_path / "configs", Console(quiet=True))


def test_a_fairway_to_a_zone_that_the_box_leaves_out_is_no_slip():
    """A scenario may serve a smaller box than it was drawn for, as long as no ship lies outside."""
    scenario = load(Scenario, configs_root() / "scenarios" / "tiny.yaml")
    ways = scenario.fairways | {"far_pier": scenario.fairways["default"]}
    place = replace(place_of(box_zone("oil_pier", 133.0, 42.7, 133.1, 42.8)), left_out=("far_pier",))
    require_zones(scenario.model_copy(update={"fairways": ways}), place, "tiny.yaml")
    with pytest.raises(ConfigError, match="a fairway leads to zone far_pier, and AOI test has no such zone"):
        require_zones(scenario.model_copy(update={"fairways": ways}), replace(place, left_out=()), "tiny.yaml")
