"""Detection tables from other programs: which rows are one image, and which have no valid place."""

import numpy as np
import pandas as pd
import pytest

from pipeline.calls.given_detections import normalise_detections
from pipeline.calls.matching import match_tables
from pipeline.config import CallsConfig
from pipeline.errors import ConfigError
from tests.calls.traffic import BERTH, MMSI, at, feed, fixes, off_berth


def table(seconds: list[float], **more) -> pd.DataFrame:
    """Detections 100 m apart, the first at the berth, at these seconds after 12:30."""
    spots = [off_berth(100.0 * n) for n in range(len(seconds))]
    return pd.DataFrame(
        {
            "det_id": [f"d{n}" for n in range(len(seconds))],
            "acquired": [(at(12.5) + pd.Timedelta(seconds=s)).isoformat() for s in seconds],
            "lon": [lon for lon, _ in spots],
            "lat": [lat for _, lat in spots],
        }
    ).assign(**more)


def partners(detections: pd.DataFrame) -> list[int | None]:
    messages = feed(fixes(np.arange(12, 37, 0.1), *BERTH))
    found = match_tables(detections, messages, CallsConfig()).set_index("det_id")["mmsi"]
    return [None if pd.isna(found[name]) else int(found[name]) for name in detections["det_id"]]


@pytest.mark.parametrize("start_s", [0.0, 20.0, 40.0])
def test_an_image_across_a_full_minute_is_one_image(start_s):
    """Else, across a change of minute, two detections would each get the only transponder."""
    assert partners(table([start_s, start_s + 25.0])) == [MMSI, None]


def test_a_detection_without_the_name_of_its_scene_has_a_verdict():
    """Its row must not be lost."""
    assert partners(table([0.0, 7200.0], scene_id=["s", None])) == [MMSI, MMSI]


def test_a_name_that_two_days_share_is_of_two_scenes():
    """Else the ships of one day would be compared with the other day's transponder positions."""
    assert partners(table([0.0, 86_400.0], scene_id="sentinel-1a")) == [MMSI, MMSI]
    assert normalise_detections(table([0.0, 25.0], scene_id="s"))["scene_id"].tolist() == ["s", "s"]


def test_a_detection_with_half_a_place_has_no_verdict():
    found = match_tables(table([0.0, 1.0], lat=[BERTH[1], np.nan]), feed(fixes([12.5], *BERTH)), CallsConfig())
    assert found["det_id"].tolist() == ["d0"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"lon": 1330.6}, "column lon: 1330.6 is more than a full turn"),
        ({"lon": np.inf}, "column lon: inf"),
        ({"det_id": "a"}, "column det_id: 'a' appears twice"),
        ({"det_id": None}, "column det_id: an empty cell appears twice"),
    ],
)
def test_what_is_no_place_and_who_has_the_name_of_another_is_told(wrong, told):
    with pytest.raises(ConfigError, match=told):
        normalise_detections(table([0.0, 1.0], **wrong))
