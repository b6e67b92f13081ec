import numpy as np
import pandas as pd
import pytest

from pipeline.ingest.ais.values import without_codes


def test_impossible_values_are_voided_and_counted():
    table = pd.DataFrame(
        {
            "msg_type": [0, 0, 0, 0],
            "lon": [10.0, 200.0, 10.0, np.nan],
            "lat": [95.0, 10.0, 10.0, 10.0],
            "sog": [-1.0, 110.0, 102.2, 5.0],
            "draught": [78.0, 0.0, 25.5, np.nan],
            "ship_type": [1024.0, 80.0, 70.5, np.nan],
        }
    )
    clean, impossible = without_codes(table)
    assert clean["lon"].notna().tolist() == clean["lat"].notna().tolist() == [False, False, True, False]
    assert clean["sog"].notna().tolist() == [False, False, True, True]
    assert clean["draught"].notna().tolist() == [False, False, True, False]
    assert impossible == {"lon": 2, "lat": 2, "sog": 2, "draught": 1, "ship_type": 2}


def test_the_input_is_not_changed():
    table = pd.DataFrame({"msg_type": [1], "lon": [181.0], "lat": [91.0]})
    without_codes(table)
    assert table["lon"].tolist() == [181.0]


@pytest.mark.parametrize(("pair", "largest"), [("ab", 500.0), ("cd", 100.0)])
def test_a_hull_as_large_as_the_largest_is_one_and_a_metre_more_is_none(pair, largest):
    """Whichever side of the antenna is longer; both sides are void, and both counted."""
    sent = {"msg_type": 5, pair[0]: [largest - 1, 1.0, largest, 1.0], pair[1]: [1.0, largest - 1, 1.0, largest]}
    clean, impossible = without_codes(pd.DataFrame(sent))
    assert clean[list(pair)].notna().to_numpy().tolist() == [[True] * 2, [True] * 2, [False] * 2, [False] * 2]
    assert impossible == {pair[0]: 2, pair[1]: 2}


@pytest.mark.parametrize(
    ("kind", "column", "value", "kept", "wrong"),
    [
        (27, "sog", 62.0, True, 0), (27, "sog", 63.0, False, 0), (9, "sog", 1022.0, True, 0),
        (9, "sog", 1023.0, False, 0), (1, "sog", 102.2, True, 0), (1, "sog", 102.3, False, 0),
        (1, "sog", 103.0, False, 1), (1, "cog", 359.9, True, 0), (1, "cog", 360.0, False, 0),
        (1, "cog", 360.1, False, 1), (27, "cog", 511.0, False, 0), (1, "cog", 511.0, False, 1),
        (27, "cog", 200.0, True, 0), (1, "cog", 0.0, True, 0), (1, "heading", 0.0, True, 0),
        (1, "cog", -0.1, False, 1), (1, "heading", 359.0, True, 0), (1, "heading", 360.0, False, 1),
        (1, "heading", 511.0, False, 0), (27, "cog", 400.0, False, 1), (5, "draught", -1.0, False, 1),
    ],
)  # fmt: skip
def test_codes_are_those_of_each_message(kind, column, value, kept, wrong):
    """ITU-R M.1371-5, annex 8: codes for "not available" are not counted as wrong."""
    clean, impossible = without_codes(pd.DataFrame({"msg_type": [kind], column: [value]}))
    assert clean[column].notna().tolist() == [kept]
    assert impossible.get(column, 0) == wrong


@pytest.mark.parametrize(
    ("lon", "lat", "kept", "wrong"),
    [
        (181.0, 42.0, False, 0), (133.0, 91.0, False, 0), (-180.0, -90.0, True, 0), (180.0, 90.0, True, 0),
        (-181.0, 42.0, False, 1), (133.0, -91.0, False, 1), (-200.0, 42.0, False, 1), (181.5, 42.0, False, 1),
    ],
)  # fmt: skip
def test_a_position_is_on_the_globe_and_its_codes_are_181_and_91_alone(lon, lat, kept, wrong):
    clean, impossible = without_codes(pd.DataFrame({"msg_type": [1], "lon": [lon], "lat": [lat]}))
    assert clean["lon"].notna().tolist() == clean["lat"].notna().tolist() == [kept]
    assert impossible.get("lon", 0) == impossible.get("lat", 0) == wrong


@pytest.mark.parametrize(("lon", "lat", "kept"), [(0.0, 51.5, True), (36.8, 0.0, True), (0.0, 0.0, False)])
def test_ships_may_lie_on_the_equator_or_at_greenwich_and_not_at_both(lon, lat, kept):
    clean, _ = without_codes(pd.DataFrame({"msg_type": [1], "lon": [lon], "lat": [lat]}))
    assert clean["lon"].notna().tolist() == clean["lat"].notna().tolist() == [kept]
