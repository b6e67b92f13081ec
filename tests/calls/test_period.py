from datetime import UTC, datetime

import pandas as pd
import pytest

from pipeline.calls import within_period
from tests.calls.test_counting import calls_of
from tests.calls.traffic import at, looks_at, said, sighting, visit

TANKER = said(0.0, ship_type=80)


@pytest.mark.parametrize(
    ("first", "last", "counts"),
    [
        (datetime(2024, 3, 7, tzinfo=UTC), datetime(2024, 3, 9, tzinfo=UTC), True),
        (datetime(2024, 3, 7, 20, tzinfo=UTC), datetime(2024, 3, 9, tzinfo=UTC), True),  # she is there at its start
        (datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 7, 12, tzinfo=UTC), True),  # and at its end
        (datetime(2024, 3, 9, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC), False),
        (datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 7, tzinfo=UTC), False),
    ],
)
def test_a_stay_counts_where_it_reaches_into_the_period(first, last, counts):
    before = calls_of([], looks_at(), visit(6, 30), TANKER)
    assert before["counts"].tolist() == [True]
    after = within_period(before, first, last)
    assert after["counts"].tolist() == [counts]
    assert [f for f in after["flags"][0] if f not in before["flags"][0]] == ([] if counts else ["outside_period"])
    kept = [c for c in before.columns if c not in ("counts", "flags")]
    pd.testing.assert_frame_equal(after[kept], before[kept])


def test_a_stay_without_a_bound_is_held_to_what_was_seen():
    """With one sighting and no look before or after, the time of the sighting decides."""
    lone = calls_of([sighting("a", 6.0)], looks_at(6.0))
    assert {"arrival_open", "left_open"} <= set(lone["flags"][0])
    assert within_period(lone, at(0), at(12))["counts"].tolist() == [True]
    assert within_period(lone, at(7), at(12))["counts"].tolist() == [False]
    assert within_period(lone, at(0), at(6))["counts"].tolist() == [False]


def test_no_calls_are_no_calls():
    none = calls_of([], looks_at())
    assert len(within_period(none, at(0), at(24))) == 0
