"""Pictures of one pass are one look, whoever took them and in whatever order they are listed."""

import numpy as np
import pandas as pd
import pytest

from pipeline.times_places.passes import SAME_PLACE_M, passes, twins
from pipeline.types import SAME_PASS_S

T0 = pd.Timestamp("2024-03-07T02:00:00Z")


def scenes(*rows: tuple[str, str, float | None]) -> pd.DataFrame:
    """Scenes by name, sensor and seconds."""
    times = [pd.NaT if s is None else T0 + pd.Timedelta(seconds=s) for _, _, s in rows]
    names, sensors = [r[0] for r in rows], [r[1] for r in rows]
    return pd.DataFrame({"scene_id": names, "sensor": sensors, "acquired": pd.to_datetime(times, utc=True)})


def groups(table: pd.DataFrame) -> set[frozenset[str]]:
    found = passes(table)
    return {frozenset(s for s in found if found[s] == name) for name in found.values()}


def test_slices_follow_each_other_orbits_do_not():
    """Slices of a Sentinel-1 pass are 25 s apart, the next orbit comes 99 minutes later."""
    table = scenes(*[(f"s{n}", "sentinel-1", 25.0 * n) for n in range(12)], ("next", "sentinel-1", 99 * 60.0))
    assert groups(table) == {frozenset(f"s{n}" for n in range(12)), frozenset({"next"})}


def test_another_sensor_or_an_unknown_time_is_another_pass():
    table = scenes(("a", "optical", 0.0), ("b", "sentinel-2", 0.0), ("c", "optical", None), ("d", "optical", None))
    assert groups(table) == {frozenset(name) for name in "abcd"}


def test_order_and_repetition_of_rows_say_nothing():
    table = scenes(*[(f"s{n}", "optical", 70.0 * n) for n in range(6)], ("late", "optical", 5000.0))
    assert passes(table) == passes(table.iloc[::-1], table.iloc[:3])


def test_of_a_scene_in_two_tables_the_earlier_time_holds():
    """At 90 s she is of the pass of the one before, at 5,000 s of none."""
    first, early, late = (scenes(row) for row in (("a", "optical", 0.0), ("b", "optical", 90.0), ("b", "optical", 5e3)))
    for tables in ((first, early, late), (late, early, first), (first, pd.concat([late, early]))):
        assert passes(*tables) == {"a": "a", "b": "a"}


@pytest.mark.parametrize("apart_m", [20.0, 60.0, 90.0])
def test_rafted_ships_keep_their_own_twins(apart_m):
    """Ships nearer to each other than the bound, seen twice with the same error: each is its own twin."""
    metre = 1 / 111_320
    ships = np.array([[0.0, 0.0], [0.0, apart_m * metre], [0.0, 2 * apart_m * metre]])
    assert twins(ships, ships[::-1] + 9 * metre) == [(0, 2), (1, 1), (2, 0)]


def test_a_pass_ends_where_more_than_the_bound_lies_between_two_pictures():
    for apart_s, together in ((SAME_PASS_S, True), (SAME_PASS_S + 1, False)):
        assert (len(groups(scenes(("a", "optical", 0.0), ("b", "optical", apart_s)))) == 1) == together


def test_a_degree_of_longitude_is_half_as_long_at_60_degrees_north():
    ship = np.array([[20.0, 60.0]])
    for east_m, pairs in ((0.9 * SAME_PLACE_M, [(0, 0)]), (1.1 * SAME_PLACE_M, [])):
        assert twins(ship, ship + np.array([2 * east_m / 111_320, 0.0])) == pairs


def test_what_lies_further_off_or_is_not_there_is_no_twin():
    ship = np.zeros((1, 2))
    assert twins(ship, ship + np.array([0, 1.01 * SAME_PLACE_M / 111_320])) == []
    assert twins(ship, np.empty((0, 2))) == []
