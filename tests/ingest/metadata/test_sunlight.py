"""The sun's stated angles against an image's time and place. Truth: the meridian passage and the equinox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely

from pipeline.ingest.metadata.acquisition import MAYBE_WRITTEN, ONLY_DATE
from pipeline.ingest.metadata.sunlight import no_freeboard, sun_doubt
from pipeline.types import OpticalView

# 20 March 2024, 03:06 UTC: equinox. At longitude 135 it is noon but for the equation of time, -7.5 minutes, so the sun
# stands 90 less the latitude high, in the south.
PLACE = shapely.box(134.99, 39.99, 135.01, 40.01)
NOON = datetime(2024, 3, 20, 3, 7, 30, tzinfo=UTC)
RIGHT = OpticalView(50.0, 180.0, 10.0, 90.0)


def test_angles_that_fit_raise_no_doubt():
    assert sun_doubt(RIGHT, NOON, "", PLACE) == ""
    assert sun_doubt(RIGHT, NOON + timedelta(minutes=15), "", PLACE) == ""  # the start of a data take


@pytest.mark.parametrize(
    ("view", "acquired"),
    [
        (OpticalView(50.0, 0.0, 10.0, 90.0), NOON),
        (OpticalView(np.radians(50), np.pi, 0.2, 1.5), NOON),
        (OpticalView(40.0, 180.0, 10.0, 90.0), NOON),
        (RIGHT, NOON + timedelta(hours=9)),
        (RIGHT, NOON + timedelta(hours=1)),
    ],
    ids=["azimuth from the south", "radians", "zenith angle", "local time", "summer time"],
)
def test_angles_that_contradict_the_time_are_told(view, acquired):
    assert "degrees high" in sun_doubt(view, acquired, "", PLACE)


def test_an_image_across_180_degrees_has_the_sun_of_its_place():
    """Its outline is in two parts, one at either end of the map; noon comes three hours before that at 135 degrees."""
    parts = shapely.union(shapely.box(179.99, 39.99, 180, 40.01), shapely.box(-180, 39.99, -179.99, 40.01))
    assert sun_doubt(RIGHT, NOON - timedelta(hours=3), "", parts) == ""


@pytest.mark.parametrize("doubt", [ONLY_DATE, MAYBE_WRITTEN])
def test_a_time_that_nobody_knows_contradicts_nothing(doubt):
    assert sun_doubt(RIGHT, NOON + timedelta(hours=6), doubt, PLACE) == ""
    assert sun_doubt(RIGHT, NOON + timedelta(hours=6), "", None) == ""


def test_an_image_of_the_night_has_a_local_time():
    assert sun_doubt(OpticalView(), NOON, "", PLACE) == ""
    assert "50 degrees below the horizon" in sun_doubt(OpticalView(), NOON + timedelta(hours=12), "", PLACE)


def test_what_is_missing_and_what_is_wrong_stand_in_one_line():
    assert no_freeboard(RIGHT, "") == ""
    assert no_freeboard(OpticalView(None, 180.0, 0.5), "") == "no freeboard: sun elevation unknown"
    assert no_freeboard(OpticalView(None, None, 10.0, 90.0), "the sun") == "no freeboard; the sun"
