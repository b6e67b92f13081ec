"""Two parts of a stay in two tables are as many calls whichever way they are told: in one row or in two."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.volume.two_tables import LOADING, counted, table

BORDER = pd.Timestamp("2024-03-15", tz="UTC")
GAPS_D = (1.0, 2.2, 2.3, 2.8, 3.0, 4.0)  # the chance falls below 0.5 and 0.25 among them
WITHIN_A_YEAR, ACROSS = "01-01", "03-15"  # where the account year begins: not between the parts, or there


def parts(gap_d: float) -> list[pd.DataFrame]:
    """A ship seen for a day before the border, and one alike after it, each in a table of its own."""
    seen = {"berth_id": "pier", "length_m": 98.0, "beam_m": 15.8, "flags": ["arrival_open", "left_open"]}
    seen |= {"spot_looks": 20, "spot_taken": 3}
    ends = ((-gap_d / 2 - 1, -gap_d / 2), (gap_d / 2, gap_d / 2 + 1))
    return [
        table(
            LOADING,
            seen
            | {"arrival": BORDER + pd.Timedelta(days=came), "departure": BORDER + pd.Timedelta(days=left)}
            | {"call_id": f"part {n}", "detection_ids": [f"d{n}"]},
        )
        for n, (came, left) in enumerate(ends)
    ]


def told(gap_d: float, year_starts: str) -> tuple[int, float, float]:
    """Rows that count, the chance of one stay that they tell, and the expected number of calls."""
    rows = counted(*parts(gap_d), year_starts=year_starts)
    rows = rows[rows["counts"]].sort_index()
    if len(rows) == 1:
        return 1, float(rows["p_one_call"].iloc[0]), float(rows["calls_mean"].iloc[0])
    p_new = rows["p_new_call"].astype(float).fillna(1.0)
    return 2, 1 - float(p_new.iloc[1]), float(p_new.sum())


@pytest.fixture(scope="module")
def by_gap() -> dict[str, list[tuple[int, float, float]]]:
    return {start: [told(gap_d, start) for gap_d in GAPS_D] for start in (WITHIN_A_YEAR, ACROSS)}


@pytest.mark.parametrize("year_starts", [WITHIN_A_YEAR, ACROSS])
def test_one_row_or_two_the_expected_number_of_calls_is_two_less_the_chance_of_one(by_gap, year_starts):
    """By total expectation: one call if it is one stay, else two."""
    for _, chance, number in by_gap[year_starts]:
        assert number == pytest.approx(2 - chance, abs=1e-9)


def test_the_chance_of_one_stay_falls_with_the_gap_and_does_not_depend_on_the_account_year(by_gap):
    within, across = ([chance for _, chance, _ in by_gap[start]] for start in (WITHIN_A_YEAR, ACROSS))
    assert within == sorted(within, reverse=True)
    assert within == pytest.approx(across)


@pytest.mark.parametrize(("year_starts", "needed"), [(WITHIN_A_YEAR, 0.25), (ACROSS, 0.5)])
def test_one_row_counts_where_one_stay_is_as_likely_as_the_rule_asks(by_gap, year_starts, needed):
    """A quarter as for two sightings within a table; one half across account years (docs/volume.md)."""
    assert {rows for rows, *_ in by_gap[year_starts]} == {1, 2}
    for rows, chance, _ in by_gap[year_starts]:
        assert rows == (1 if chance >= needed else 2), chance
