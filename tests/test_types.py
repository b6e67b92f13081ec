"""The nouns: windows cover an image once, and what makes no sense is refused when it is made."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeline
from pipeline.config.calls import LOOK_RECALL
from pipeline.errors import ConfigError, InputError
from pipeline.report.look_words import SENSOR_WORDS
from pipeline.types import Headline, RadarView, Scene, Sensor, Tile, Window, tiles, utc
from tests.builders import NOON, array_scene, box_zone, place_of

sides = st.integers(1, 60)


def covered(window: Window, shape: tuple[int, int]) -> np.ndarray:
    image = np.zeros(shape, int)
    image[window.row0 : window.row1, window.col0 : window.col1] += 1
    return image


@given(rows=sides, cols=sides, size=st.integers(1, 70))
def test_tiles_cover_every_pixel_once_and_none_is_too_large(rows, cols, size):
    windows = list(tiles((rows, cols), size))
    assert (sum(covered(w, (rows, cols)) for w in windows) == 1).all()
    assert all(0 < w.rows <= size and 0 < w.cols <= size for w in windows)
    assert all(w.row1 <= rows and w.col1 <= cols for w in windows)
    assert windows == sorted(windows, key=lambda w: (w.row0, w.col0)), "row by row"


@given(rows=sides, cols=sides, row0=st.integers(0, 59), col0=st.integers(0, 59), by=st.integers(0, 80))
def test_padding_adds_what_lies_within_reach_and_inside_the_image(rows, cols, row0, col0, by):
    window = Window(min(row0, rows - 1), min(col0, cols - 1), 1, 1)
    grown = window.padded(by, (rows, cols))
    row, col = np.indices((rows, cols))
    near = (abs(row - window.row0) <= by) & (abs(col - window.col0) <= by)
    assert (covered(grown, (rows, cols)) == near).all()


def test_padding_by_nothing_changes_nothing():
    assert Window(3, 4, 5, 6).padded(0, (100, 100)) == Window(3, 4, 5, 6)


def test_a_window_outside_the_image_is_empty_after_the_cut():
    outside = Window(500, 500, 10, 10).padded(5, (100, 100))
    assert outside.rows == outside.cols == 0


@pytest.mark.parametrize(("rows", "cols"), [(-1, 5), (5, -1)])
def test_a_window_has_no_negative_size(rows, cols):
    with pytest.raises(ValueError, match="negative size"):
        Window(0, 0, rows, cols)


def tile(data_shape=(2, 3, 4), valid_shape=(3, 4), water_shape=(3, 4), bands=("VV", "VH")) -> Tile:
    data = np.zeros(data_shape, np.float32)
    data[-1] = 1
    return Tile(Window(0, 0, 3, 4), bands, data, np.ones(valid_shape, bool), np.ones(water_shape, bool))


def test_a_tile_gives_its_bands_by_name():
    assert (tile().band("VV") == 0).all()
    assert (tile().band("VH") == 1).all()
    with pytest.raises(ValueError, match="No band 'HH' here; the scene has VV, VH"):
        tile().band("HH")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"data_shape": (2, 4, 3)}, "data"),
        ({"data_shape": (1, 3, 4)}, "data"),
        ({"valid_shape": (4, 3)}, "valid"),
        ({"water_shape": (3,)}, "water"),
    ],
)
def test_a_tile_whose_shapes_disagree_is_refused(wrong, named):
    with pytest.raises(ValueError, match=f"Tile {named} has shape"):
        tile(**wrong)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return array_scene({"VV": np.ones((4, 5))}, scene_id="S1X")


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"acquired": datetime(2024, 3, 7, 12)}, "no time zone"),  # noqa: DTZ001
        ({"shape": (0, 5)}, "no pixels"),
        ({"shape": (4, -5)}, "no pixels"),
        ({"pixel_spacing_m": (10.0, 0.0)}, "pixel spacing must be positive"),
        ({"pixel_spacing_m": (-10.0, 10.0)}, "pixel spacing must be positive"),
        ({"pixel_spacing_m": (float("nan"), 10.0)}, "pixel spacing must be positive"),
        ({"pixel_spacing_m": (float("inf"), 10.0)}, "pixel spacing must be positive"),
    ],
)
def test_a_scene_that_makes_no_sense_is_refused_by_name(scene, change, cause):
    with pytest.raises(InputError, match=f"^S1X: .*{cause}"):
        replace(scene, **change)


def test_a_bare_picture_has_no_time_and_that_is_no_error(scene):
    assert replace(scene, acquired=None).time_of_row(3) is None


def test_rows_have_the_scenes_time_unless_the_radar_gives_each_its_own(scene):
    assert scene.time_of_row(3) == NOON
    timed = replace(scene, radar=RadarView(azimuth_time=(NOON, 1.5e-3)))
    assert timed.time_of_row(0) == NOON
    assert timed.time_of_row(1000) - NOON == timedelta(seconds=1.5)
    assert timed.time_of_row(-1000) - NOON == -timedelta(seconds=1.5), "time may run against the rows"
    assert replace(scene, radar=RadarView()).time_of_row(3) == NOON


def test_a_zone_is_a_berth_or_an_anchorage():
    with pytest.raises(ConfigError, match=r"'z1'.*berth or anchorage; got 'quay'"):
        box_zone("z1", 0, 0, 1, 1, kind="quay")


def test_a_place_finds_its_zones_by_name():
    first, second = box_zone("a", 0, 0, 1, 1), box_zone("b", 1, 1, 2, 2, kind="anchorage")
    place = place_of(first, second)
    assert place.zone("b") is second
    assert place.zone("c") is None


@pytest.mark.parametrize(
    "text",
    ["2024-03-07T02:00:00Z", "2024-03-07T12:00:00+10:00", "2024-03-06T20:30:00-05:30", "2024-03-07 02:00:00+00:00"],
)
def test_the_same_moment_in_any_zone_is_one_utc_time(text):
    assert utc(text) == datetime(2024, 3, 7, 2, tzinfo=UTC)
    assert utc(text).tzinfo is UTC


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_utc_keeps_the_moment_and_is_idempotent(moment, minutes):
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert utc(aware) == aware
    assert utc(aware).utcoffset() == timedelta(0)
    assert utc(utc(aware).isoformat()) == aware


@pytest.mark.parametrize("bare", ["2024-03-07T02:00:00", "2024-03-07", datetime(2024, 3, 7)])  # noqa: DTZ001
def test_a_time_without_a_zone_is_refused(bare):
    with pytest.raises(ConfigError, match="has no zone; write it in UTC with a Z"):
        utc(bare)


@pytest.mark.parametrize("text", ["", "yesterday", "2024-02-30T00:00:00Z", "07/03/2024", "a\nb"])
def test_what_is_no_time_is_refused_in_one_line(text):
    with pytest.raises(ConfigError, match="is not a time; write it in UTC") as caught:
        utc(text)
    assert str(caught.value).isprintable()


def test_shares_of_the_headline_are_barrels_over_the_cap():
    texts = dict.fromkeys(Headline.__dataclass_fields__, "")
    numbers = {"cap_bbl": 500_000.0, "barrels_p5": 50_000.0, "barrels_p50": 125_000.0, "barrels_p95": 600_000.0}
    head = Headline(**(texts | numbers))
    assert (head.share_p5, head.share_p50, head.share_p95) == (0.1, 0.25, 1.2)


def test_every_sensor_has_its_recall_and_its_word():
    """docs/add_a_sensor.md names these places: a sensor without a recall would be taken to miss no ship."""
    assert set(LOOK_RECALL) == set(SENSOR_WORDS) == set(Sensor)


def test_what_holds_for_any_radar_does_not_ask_for_sentinel1():
    """Behind the readers a second radar would be taken for optical wherever the first one's name is asked for."""
    house = Path(pipeline.__file__).parent
    asked = re.compile(r"""(is|is not|==|!=|in) \(?(Sensor\.SENTINEL1|["']sentinel-1["'])""")
    files = [f for room in ("detection", "calls", "report", "stages") for f in (house / room).rglob("*.py")]
    assert len(files) > 100
    assert {str(f) for f in files if asked.search(f.read_text("utf-8"))} == set()
