"""Gaps in a track and reception around them: counts of other ships, never a reason."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.calls import clean_tracks, silences
from pipeline.config import CallsConfig
from pipeline.tables import SILENCES
from tests.calls.traffic import ANCHORAGE, BERTH, MMSI, feed, fixes, harbour, off_berth

OTHER, THIRD = MMSI + 1, MMSI + 2


def silences_of(*parts, place=None):
    config = CallsConfig()
    return silences(clean_tracks(feed(*parts)), place or harbour(), config)


def lying(hours, mmsi=MMSI, spot=BERTH):
    return fixes(hours, *spot, mmsi=mmsi)


SILENT = np.r_[np.arange(0, 10, 0.1), np.arange(17, 24, 0.1)]


def test_others_heard_near_by_are_counted_while_one_is_silent():
    all_day = np.arange(0, 24, 0.1)
    far = fixes(all_day, BERTH[0] + 1.0, BERTH[1], mmsi=THIRD)  # 80 km off
    table = silences_of(lying(SILENT), lying(all_day, OTHER, ANCHORAGE), far)
    assert table["mmsi"].tolist() == [MMSI]
    row = table.iloc[0]
    assert row["hours"] == pytest.approx(7.1, abs=0.02)
    assert (row["others_before"], row["others_during"]) == (1, 1)
    assert row["messages_during"] == pytest.approx(71, abs=1)
    assert row["quiet_h"] == pytest.approx(0.1, abs=0.01)
    assert row["reception"] == "others"


def test_a_receiver_that_was_off_heard_nobody():
    table = silences_of(lying(SILENT), lying(SILENT, OTHER, ANCHORAGE))
    assert table["reception"].tolist() == ["nobody", "nobody"]
    assert table["quiet_h"].to_numpy() == pytest.approx(table["hours"].to_numpy())
    assert table["others_before"].tolist() == [1, 1]


def test_short_gaps_and_ships_that_left_the_area_are_no_silences():
    assert silences_of(lying(np.arange(0, 24, 3.0))).empty
    hours = np.r_[np.arange(0, 2, 0.1), np.arange(30, 32, 0.1)]
    way = np.r_[np.arange(0, 2, 0.1), 2 - np.arange(0, 2, 0.1)] * 18_520 * 2
    lon, lat = zip(*(off_berth(x) for x in way), strict=True)
    west, south = BERTH[0] - 0.1, BERTH[1] - 0.1
    here = replace(harbour(), bbox=(west, south, BERTH[0] + 0.1, BERTH[1] + 0.1))
    assert silences_of(fixes(hours, lon, lat, 20.0, cog=90.0), place=here).empty


def test_no_reason_is_ever_named():
    words = " ".join([SILENCES.about, *(c.about for c in SILENCES.columns)]).lower()
    assert not any(word in words for word in ("intention", "deliberate", "switched off", "went dark"))
    assert silences_of().empty


@pytest.mark.parametrize(("last_heard", "before"), [(2.5, 0), (3.5, 1)])
def test_before_a_silence_is_as_long_as_the_silence(last_heard, before):
    """Silent from 9.9 to 17 h: others count as heard before if heard since 2.8 h, an equally long time."""
    table = silences_of(lying(SILENT), lying(np.arange(0, last_heard, 0.1), OTHER, ANCHORAGE))
    assert table["others_before"].tolist() == [before]


@pytest.mark.parametrize("side", [(-1, 0), (1, 0), (0, -1), (0, 1)])
def test_as_much_beside_the_box_is_near_on_every_side(side):
    """Silent 0.15 degrees beyond the box, where messages may have been requested, and 0.25, where not."""
    box = (BERTH[0] - 0.1, BERTH[1] - 0.1, BERTH[0] + 0.1, BERTH[1] + 0.1)
    for beyond, counted in ((0.15, 1), (0.25, 0)):
        spot = (BERTH[0] + side[0] * (0.1 + beyond), BERTH[1] + side[1] * (0.1 + beyond))
        assert len(silences_of(lying(SILENT, spot=spot), place=replace(harbour(), bbox=box))) == counted


@pytest.mark.parametrize(("bbox", "lon", "counted"), [
    ((179.0, 40.0, -179.0, 45.0), 179.9, 1), ((179.0, 40.0, -179.0, 45.0), -179.9, 1),
    ((179.0, 40.0, -179.0, 45.0), 133.0, 0), ((-180.0, 40.0, 180.0, 45.0), 133.0, 1),
])  # fmt: skip
def test_a_box_may_cross_the_antimeridian_or_go_round_the_earth(bbox, lon, counted):
    assert len(silences_of(lying(SILENT, spot=(lon, 42.7)), place=replace(harbour(), bbox=bbox))) == counted


@pytest.mark.parametrize("turned", [False, True])
def test_who_was_last_or_next_heard_elsewhere_was_elsewhere_and_not_silent(turned):
    """One fix at the berth, the other 80 km off. With both inside the box it is a silence with two places."""
    spots = [BERTH, (BERTH[0] + 1.0, BERTH[1])][:: -1 if turned else 1]
    hours = (np.arange(0, 10, 0.1), np.arange(17, 24, 0.1))
    heard = [lying(when, spot=spot) for when, spot in zip(hours, spots, strict=True)]
    assert silences_of(*heard).empty
    wide = replace(harbour(), bbox=(BERTH[0] - 0.1, BERTH[1] - 0.1, BERTH[0] + 1.1, BERTH[1] + 0.1))
    row = silences_of(*heard, place=wide).iloc[0]
    assert [(row["lon"], row["lat"]), (row["lon_after"], row["lat_after"])] == spots


def test_how_long_nobody_at_all_was_heard_is_the_longest_of_the_gaps_between_others():
    """Silent from 9.9 to 17 h; others were heard at 11, 11.5 and 14.5 h."""
    table = silences_of(lying(SILENT), lying([11.0, 11.5, 14.5], OTHER, ANCHORAGE))
    assert table.set_index("mmsi").loc[MMSI, "quiet_h"] == pytest.approx(3.0)


@pytest.mark.parametrize(("east_m", "heard"), [(19_500, 1), (20_500, 0), (-44_500, 0), (99_500, 1), (100_500, 0)])
def test_others_are_those_within_20_km_of_where_she_was_last_or_next_heard(east_m, heard):
    """Silent from the berth to a place 80 km east of it."""
    hours = (np.arange(0, 10, 0.1), np.arange(17, 24, 0.1))
    ends = [lying(when, spot=off_berth(metres)) for when, metres in zip(hours, (0, 80_000), strict=True)]
    wide = replace(harbour(), bbox=(BERTH[0] - 0.1, BERTH[1] - 0.1, BERTH[0] + 1.1, BERTH[1] + 0.1))
    other = lying(np.arange(0, 24, 0.1), OTHER, off_berth(east_m))
    row = silences_of(*ends, other, place=wide).set_index("mmsi").loc[MMSI]
    assert (row["others_before"], row["others_during"]) == (heard, heard)


@pytest.mark.parametrize(("hours", "silences_"), [(3.99, 0), (4.0, 1)])
def test_a_silence_of_gap_h_is_one(hours, silences_):
    assert len(silences_of(lying([0.0, 0.1, 0.1 + hours, 0.2 + hours]))) == silences_
