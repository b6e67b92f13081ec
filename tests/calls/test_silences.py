"""Gaps in a track with the reception around them: counts of others, and never a reason."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.calls import clean_tracks, silences
from pipeline.config import CallsConfig
from pipeline.tables import SILENCES
from tests.calls.traffic import ANCHORAGE, BERTH, MMSI, feed, fixes, harbour, off_berth

OTHER, THIRD = MMSI + 1, MMSI + 2


def quiet(*parts, place=None):
    config = CallsConfig()
    return silences(clean_tracks(feed(*parts)), place or harbour(), config)


def lying(hours, mmsi=MMSI, spot=BERTH):
    return fixes(hours, *spot, mmsi=mmsi)


SILENT = np.r_[np.arange(0, 10, 0.1), np.arange(17, 24, 0.1)]


def test_others_heard_near_by_are_counted_while_one_is_silent():
    all_day = np.arange(0, 24, 0.1)
    far = fixes(all_day, BERTH[0] + 1.0, BERTH[1], mmsi=THIRD)  # 80 km off
    table = quiet(lying(SILENT), lying(all_day, OTHER, ANCHORAGE), far)
    assert table["mmsi"].tolist() == [MMSI]
    row = table.iloc[0]
    assert row["hours"] == pytest.approx(7.1, abs=0.02)
    assert (row["others_before"], row["others_during"]) == (1, 1)
    assert row["messages_during"] == pytest.approx(71, abs=1)
    assert row["quiet_h"] == pytest.approx(0.1, abs=0.01)
    assert row["reception"] == "others"


def test_a_receiver_that_was_off_heard_nobody():
    table = quiet(lying(SILENT), lying(SILENT, OTHER, ANCHORAGE))
    assert table["reception"].tolist() == ["nobody", "nobody"]
    assert table["quiet_h"].to_numpy() == pytest.approx(table["hours"].to_numpy())
    assert table["others_before"].tolist() == [1, 1]


def test_short_gaps_and_ships_that_left_the_area_are_no_silences():
    assert quiet(lying(np.arange(0, 24, 3.0))).empty
    hours = np.r_[np.arange(0, 2, 0.1), np.arange(30, 32, 0.1)]
    way = np.r_[np.arange(0, 2, 0.1), 2 - np.arange(0, 2, 0.1)] * 18_520 * 2
    lon, lat = zip(*(off_berth(x) for x in way), strict=True)
    west, south = BERTH[0] - 0.1, BERTH[1] - 0.1
    here = replace(harbour(), bbox=(west, south, BERTH[0] + 0.1, BERTH[1] + 0.1))
    assert quiet(fixes(hours, lon, lat, 20.0, cog=90.0), place=here).empty


def test_no_reason_is_ever_named():
    words = " ".join([SILENCES.about, *(c.about for c in SILENCES.columns)]).lower()
    assert not any(word in words for word in ("intention", "deliberate", "switched off", "went dark"))
    assert quiet().empty


@pytest.mark.parametrize(("last_heard", "before"), [(2.5, 0), (3.5, 1)])
def test_before_a_silence_is_as_long_as_the_silence(last_heard, before):
    """Silent from 9.9 to 17: for as long before, since 2.8, another was heard or was not."""
    table = quiet(lying(SILENT), lying(np.arange(0, last_heard, 0.1), OTHER, ANCHORAGE))
    assert table["others_before"].tolist() == [before]


@pytest.mark.parametrize("side", [-1, 1])
def test_beside_the_box_as_much_is_near_in_the_east_as_in_the_west(side):
    """Silent at 0.15 degrees beyond the box, where messages may have been asked for, and at 0.25, where not."""
    box = (BERTH[0] - 0.1, BERTH[1] - 0.1, BERTH[0] + 0.1, BERTH[1] + 0.1)
    for beyond, counted in ((0.15, 1), (0.25, 0)):
        spot = (BERTH[0] + side * (0.1 + beyond), BERTH[1])
        assert len(quiet(lying(SILENT, spot=spot), place=replace(harbour(), bbox=box))) == counted
