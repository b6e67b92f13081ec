"""Cases C: time. Every time is UTC, or refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import rasterio

from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.scenes import open_scene
from tests.cases.desk import LOOKS, describe, radar, stamp
from tests.ingest.sentinel1.safe_product import Recipe, write_safe

case = pytest.mark.case


@case("C-25")
@pytest.mark.parametrize("text", ["2024-03-07T09:20:00Z", "2024-03-07T19:20:00+10:00", "2024:03:07 09:20:00"])
def test_one_moment_in_three_spellings(desk, text):
    image = radar(desk.images / "when_vv.tif")
    with rasterio.open(image, "r+") as out:
        out.update_tags(TIME_UTC=text)
    assert open_scene(image).acquired == LOOKS[0]


@case("C-25")
def test_a_bare_time_is_utc_or_refused(desk, capwatch, saw):
    """A tag named TIME_UTC is UTC; a sidecar and a run file must say so."""
    image = radar(desk.images / "when_vv.tif")
    describe(image, acquired="2024-03-07T09:20:00")
    _, table = open_inputs([image])
    assert "write the time as 2024-03-08T02:10:00Z" in table["cause"].iloc[0]
    image.unlink()
    image.with_suffix(".json").unlink()
    desk.file.write_text(desk.file.read_text().replace("2024-03-06T00:00:00Z", "2024-03-06T00:00:00"))
    done = capwatch(*desk.words)
    assert done.code == 2
    assert "has no zone; write it in UTC" in done.error("period.start")
    saw(done.error())


@case("C-26")
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2023-12-31T23:59:59.5Z", datetime(2023, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)),
    ],
    ids=["leap day", "leap second", "last second of a year"],
)
def test_days_and_seconds_that_are_rare(desk, text, moment):
    image = radar(desk.images / "when_vv.tif")
    with rasterio.open(image, "r+") as out:
        out.update_tags(TIME_UTC=text)
    assert open_scene(image).acquired == moment


@case("C-26")
def test_an_acquisition_over_new_year_belongs_to_the_year_of_its_middle(tmp_path):
    start = datetime(2023, 12, 31, 23, 59, 59, 970_000, tzinfo=UTC)
    seconds = (start - datetime(2024, 3, 7, 9, 20, tzinfo=UTC)).total_seconds()
    name = "S1A_IW_GRDH_1SDV_20231231T235959_20240101T000000_052870_066610_ABCD"
    scene = open_scene(write_safe(tmp_path, Recipe(product=name, seconds=seconds)))
    assert scene.time_of_row(0).year == 2023
    assert scene.acquired.year == 2024
    assert (scene.time_of_row(79) - scene.time_of_row(0)).total_seconds() == pytest.approx(79 * 1.5e-3, abs=1e-6)


@case("C-27")
@pytest.mark.parametrize(
    ("moment", "cause"),
    [
        (datetime.now(UTC) + timedelta(days=9), "lies in the future"),
        (datetime(2009, 1, 1, tzinfo=UTC), "before any satellite"),
    ],
    ids=["future", "before 2014"],
)
def test_a_time_that_cannot_be(desk, saw, moment, cause):
    image = radar(desk.images / f"when_vv_{stamp(moment)}.tif")
    used, table = open_inputs([desk.images])
    assert len(used) == 2
    row = table[table["href"] == str(image)].iloc[0]
    assert (row["status"], cause in row["cause"]) == ("skipped", True)
    saw(f"skipped: {row['cause']}")
