"""A background is read back from its raster unchanged, knows its looks, and is combined with new ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pipeline.chain.backgrounds import file_name, raster_bytes, read_background
from pipeline.chain.berths import occupancy
from pipeline.chain.shore import unused_backgrounds
from pipeline.config import DetectionConfig
from pipeline.console import Console
from pipeline.detection.earlier import background
from pipeline.detection.earlier.history import Cells
from pipeline.errors import ConfigError
from pipeline.run import run
from pipeline.tables import SCENES
from pipeline.types import RadarView
from pipeline.workspace import configs_root, load_run_config
from tests.builders import array_scene, box_zone, place_of

ORBIT = "ascending-10-VV+VH"
START = datetime(2024, 1, 1, tzinfo=UTC)
CONFIG = DetectionConfig()


def cells(side=12):
    """A square of cells, all in a berth except the first row."""
    step = 5 / 111_320
    row, col = (v.ravel() for v in np.indices((side, side)))
    lon, lat = 133 + (col + 0.5) * step, 42.75 - (row + 0.5) * step
    return Cells(lon, lat, row, col, (side, side), (step, step), (133.0, 42.75), row < 6, row > 0)


def look(day, power, sea=0.01, seed=0, simulated=False):
    """Every cell has this power relative to the sea's, with speckle."""
    rng = np.random.default_rng(seed + int(day))
    codes = background.encode_power((sea + power) * rng.gamma(4.4, 1 / 4.4, (2, 144)))
    when = START + timedelta(days=day)
    return background.PowerLook(ORBIT, when, codes, np.array([sea, sea]), f"day{day}", f"{day:064x}", simulated)


def test_the_raster_gives_back_what_was_written(tmp_path):
    kept = background.merged_background([look(6 * n, 0.5) for n in range(9)])
    path = tmp_path / "one.tif"
    path.write_bytes(raster_bytes(kept, cells()))
    again = read_background(path, cells())
    berth = cells().berth
    assert np.array_equal(again.levels[:, :, berth], kept.levels[:, :, berth])
    assert not again.levels[:, :, ~berth].any()
    assert (again.orbit, again.looks, again.simulated) == (kept.orbit, kept.looks, kept.simulated)
    assert raster_bytes(kept, cells()) == path.read_bytes()


def test_a_picture_is_no_background(tmp_path):
    path = tmp_path / "other.tif"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ConfigError, match=r"other\.tif: is not a background"):
        read_background(path, cells())


@pytest.mark.parametrize(
    ("track", "simulated", "settings", "expected"),
    [
        (10, False, {}, []),
        (11, False, {}, ["no real look of this run is of its orbit, ascending-10-VV+VH (not used)"]),
        (10, True, {}, ["no real look of this run is of its orbit, ascending-10-VV+VH (not used)"]),
        (10, False, {"detection": {"history": {"enabled": False}}}, ["detection.history.enabled is false (not used)"]),
    ],
    ids=["used", "another orbit", "of simulated looks", "switched off"],
)
def test_a_background_that_no_look_uses_is_told(tmp_path, track, simulated, settings, expected):
    """It must not go unused without a warning."""
    (tmp_path / "one.tif").write_bytes(
        raster_bytes(background.merged_background([look(6 * n, 0.5) for n in range(9)]), cells())
    )
    sea = np.full((4, 4), 0.01)
    view = RadarView(pass_direction="ascending", relative_orbit=track)
    scene = array_scene({"VV": sea, "VH": sea}, radar=view, simulated=simulated)
    changes = {"aoi": {"backgrounds": ["one.tif"]}} | settings
    config = load_run_config(configs_root() / "vostochny.yaml", changes)
    assert unused_backgrounds([scene], config, tmp_path) == [f"one.tif: {line}" for line in expected]


def test_looks_before_count_with_new_ones():
    """Three looks alone are too few; with eight from an earlier run they suffice, and each look counts once."""
    stored = background.merged_background([look(6 * n, 0.5) for n in range(8)])
    new = [look(60 + 6 * n, 0.5) for n in range(3)]
    assert background.usual_excess(new[0], new, CONFIG) is None
    usual = background.usual_excess(new[0], new, CONFIG, stored)
    assert np.nanmedian(usual) == pytest.approx(0.5 * 0.77, rel=0.25)  # 35 % point of 4.4-look speckle: 0.77
    joined = background.merged_background([*new, look(0, 0.5)], stored)
    assert len(joined.looks) == 11


def test_updated_quantiles_are_near_those_of_all_looks_at_once():
    looks = [look(6 * n, 0.5) for n in range(16)]
    at_once = background.merged_background(looks)
    in_turn = background.merged_background(looks[8:], background.merged_background(looks[:8]))
    apart = np.abs(at_once.levels.astype(int) - in_turn.levels.astype(int)) * background.STEP_DB
    assert np.median(apart) < 0.6


def test_the_file_is_named_by_its_orbit():
    assert file_name(ORBIT) == "backgrounds/ascending-10-VV-VH.tif"


def test_every_berth_of_every_scene_has_a_verdict_and_a_skipped_scene_knows_nothing():
    place = place_of(box_zone("pier", 133.0, 42.7, 133.01, 42.71), box_zone("roads", 133.0, 42.7, 133.1, 42.8,
                     kind="anchorage"))  # fmt: skip
    scenes = SCENES.from_rows([
        {"scene_id": "a", "sensor": "sentinel-1", "acquired": START, "status": "used", "bands": [], "href": "a",
         "verified": False, "simulated": True},
        {"scene_id": "b", "sensor": "sentinel-1", "acquired": START, "status": "skipped", "cause": "torn", "bands": [],
         "href": "b", "verified": False, "simulated": True},
    ])  # fmt: skip
    said = {"zone_id": "pier", "verdict": "occupied", "probability": 0.97, "n_hulls": 1, "basis": "background",
            "n_background": 8, "detection_ids": ["x"], "change": 400.0, "seen": 1.0}  # fmt: skip
    table = occupancy(scenes, {"a": {"berths": [said]}}, place, {"a": "backgrounds/o.tif"})
    assert table["zone_id"].tolist() == ["pier", "pier"]
    assert table["verdict"].tolist() == ["occupied", "unknown"]
    assert table["background"].tolist() == ["backgrounds/o.tif", ""]
    assert table["cause"].tolist() == ["", "torn"]


def test_why_a_berth_is_unknown_is_said():
    """Nothing seen, part seen without a ship there, and pixels that tell neither way."""
    place = place_of(box_zone("pier", 133.0, 42.7, 133.01, 42.71))
    scenes = SCENES.from_rows([
        {"scene_id": name, "sensor": "optical", "acquired": START, "status": "used", "bands": [], "href": name,
         "verified": False, "simulated": True}
        for name in "abc"
    ])  # fmt: skip
    told = {
        name: {"berths": [{"zone_id": "pier", "verdict": "unknown", "probability": p, "n_hulls": 0, "seen": seen,
                           "basis": "detections", "n_background": 0, "detection_ids": []}]}
        for name, p, seen in (("a", None, 0.1), ("b", 0.19, 0.8), ("c", 0.4, 1.0))
    }  # fmt: skip
    causes = occupancy(scenes, told, place, {})["cause"].tolist()
    assert causes == [
        "outside the image, or cloud",
        "not all of the berth was seen well enough",
        "the pixels are inconclusive",
    ]
    blind = scenes.assign(cause="no infrared band: what ships are there is unknown")
    assert occupancy(blind, told, place, {})["cause"][0] == "outside the image, or " + blind["cause"][0]
    low_sun = scenes.assign(cause="the sun stood 8 degrees high")  # the berth is all in the image; ships can be found
    assert (
        occupancy(low_sun, told, place, {})["cause"][2] == "the pixels are inconclusive; the sun stood 8 degrees high"
    )


def test_a_background_that_is_not_there_is_named_in_one_line(tmp_path):
    told = {"aoi": {"backgrounds": ["backgrounds/gone.tif"]}, "source": {"scenario": "scenarios/tiny.yaml"}}
    period = {"start": "2024-03-07T00:00:00Z", "end": "2024-03-09T00:00:00Z"}
    config = load_run_config(configs_root() / "vostochny.yaml", told | {"period": period})
    with pytest.raises(ConfigError, match=r"gone\.tif: the config names this file, and it is not there"):
        run(config, configs_root(), tmp_path, Console(quiet=True))


@pytest.mark.parametrize("n", [7, 24])
def test_a_look_that_the_stored_background_holds_is_not_among_the_others(n):
    """The other looks alone, from a raster that includes this one too: quantiles of quantiles."""
    looks = [look(6 * k, 0.5 + 2.0 * (k % 2)) for k in range(n)]
    stored = background.merged_background(looks)
    for own in (looks[0], looks[1]):  # one without a ship, one with
        by_others = background.usual_excess(own, looks, CONFIG)
        by_raster = background.usual_excess(own, [own], CONFIG, stored)
        assert np.median(np.abs(by_raster - by_others)) < 0.08
        assert abs(np.median(by_raster - by_others)) < 0.04


def test_a_ship_is_not_divided_out_of_her_own_picture():
    """She lies there on three of six looks, this one among them, so on two of the five others, which show the quay."""
    calm = background.encode_power(np.full((2, 144), 0.01 + 0.5))
    busy = background.encode_power(np.full((2, 144), 0.01 + 3.0))
    looks = [replace(look(6 * n, 0.5), codes=busy if n in (2, 3, 5) else calm) for n in range(6)]
    usual = background.usual_excess(looks[5], [looks[5]], CONFIG, background.merged_background(looks))
    assert usual == pytest.approx(0.5, rel=0.06)  # stored in steps of 0.25 dB


def test_a_look_does_not_count_toward_the_others_that_are_needed():
    """The raster holds five looks, this one among them: the four others are too few."""
    looks = [look(6 * n, 0.5) for n in range(CONFIG.history.min_looks)]
    stored = background.merged_background(looks)
    assert background.usual_excess(looks[0], looks[:1], CONFIG, stored) is None
    assert background.usual_excess(look(60, 0.5), [], CONFIG, stored) is not None
