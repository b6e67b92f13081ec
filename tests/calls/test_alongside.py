"""A barge alongside a tanker, and a tanker astern of her. Truth: how two hulls can lie."""

import pytest

from tests.builders import box_zone, place_of
from tests.calls.test_port_calls import calls_from
from tests.calls.traffic import BERTH, MMSI, off_berth, said, visit

TANKER = {"a": 120.0, "b": 30.0, "c": 12.0, "d": 12.0, "ship_type": 80}  # 150 m
BARGE = {"a": 50.0, "b": 10.0, "c": 6.0, "d": 6.0, "ship_type": 80}  # 60 m


def alongside_flags(barge_h, spot, *, tanker_h=(10, 60), barge=BARGE, **zone) -> dict[int, bool]:
    """Whether each of the two counted calls is flagged, by MMSI. The tanker's antenna is at the middle of a pier."""
    lon, lat = BERTH
    pier = place_of(
        box_zone("oil", lon - 0.004, lat - 0.001, lon + 0.004, lat + 0.001, **{"cargo": "oil_products"} | zone)
    )
    table = calls_from(
        visit(*tanker_h), said(4, **TANKER),
        visit(*barge_h, mmsi=MMSI + 1, spot=off_berth(*spot), seed=3), said(4, mmsi=MMSI + 1, **barge),
        place=pier,
    )  # fmt: skip
    assert len(table) == 2
    assert table["counts"].nunique() == 1
    return {int(row.mmsi): "alongside_another" in row.flags for row in table.itertuples()}


@pytest.mark.parametrize("spot", [(0, 20), (-60, 22), (40, -20)], ids=["abeam", "at her bow", "on the other side"])
def test_a_shorter_ship_within_the_reach_of_a_longer_one_is_flagged_and_counts(spot):
    assert alongside_flags((20, 28), spot) == {MMSI: False, MMSI + 1: True}


@pytest.mark.parametrize("side", [-1, 1], ids=["astern", "ahead"])
def test_a_ship_in_line_with_another_is_not(side):
    """The centres lie half of both lengths, 105 m, and a mooring gap apart."""
    assert alongside_flags((20, 28), (side * 120, 0)) == {MMSI: False, MMSI + 1: False}


@pytest.mark.parametrize(
    "hours", [(2, 8), (62, 70), (5, 20), (50, 66)], ids=["before", "after", "from before", "beyond"]
)
def test_nor_is_one_that_lies_there_at_another_time(hours):
    assert not any(alongside_flags(hours, (0, 20)).values())


def test_nor_is_the_longer_ship_or_one_as_long():
    assert not any(alongside_flags((20, 28), (0, 20), barge=TANKER).values())


def test_nor_are_ships_that_do_not_count_anyway():
    assert not any(alongside_flags((20, 28), (0, 20), counts=False).values())
