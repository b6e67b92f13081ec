"""Calls that nobody saw: when there is a number at all. The truth is the definition, by looks alone, and invariance."""

import numpy as np
import pandas as pd
import pytest

from pipeline.calls.missed import exposure, missed_calls
from pipeline.config import CallsConfig
from pipeline.tables import PORT_CALLS, RECALLS
from tests.calls.traffic import at, harbour, looks_at

STAY_D = np.array([1.0])


def evenly(n: int, period_d: float, recall: float = 0.9):
    """What n looks, evenly spread, could see of stays of one day."""
    times = (np.arange(n) + 0.5) * period_d / n
    return exposure(times, np.full(n, recall), STAY_D, period_d)


@pytest.mark.parametrize(
    ("n", "period_d", "tells"),
    [
        (0, 30, False),
        (1, 30, False),  # one image in a month, as people have it
        (4, 30, False),
        (5, 30, True),
        (5, 365, False),  # a moment in two months
        (30, 365, True),
        (2, 1, True),  # a day seen through
    ],
)
def test_too_few_looks_say_nothing(n, period_d, tells):
    assert evenly(n, period_d).tells() == tells


def test_looks_that_find_nobody_are_none():
    assert not evenly(30, 30, recall=0.0).tells()
    assert evenly(30, 30, recall=0.0).n_looks == 0


def missed(hours: list[float]) -> pd.DataFrame:
    return missed_calls(
        looks=looks_at(*hours),
        calls=PORT_CALLS.empty(),
        recalls=recalls(),
        place=harbour(),
        start=at(0),
        end=at(720),
        config=CallsConfig(),
    )


def recalls() -> pd.DataFrame:
    sure = {
        "sensor": "optical",
        "context": "quay",
        "tries": 0,
        "hits": 0,
        "recall": 0.9,
        "recall_lo": 0.8,
        "recall_hi": 1,
    }
    rows = [sure | {"recall_id": f"optical/quay/{size}", "size": size} for size in ("all", "short", "middle", "long")]
    return RECALLS.check(RECALLS.from_rows(rows))


def test_the_table_of_one_look_holds_no_number_and_that_of_five_does():
    """Slices of one overpass are one look."""
    one, slices, five = missed([360]), missed([360 + n / 120 for n in range(5)]), missed([72, 216, 360, 504, 648])
    assert set(one["state"]) == set(slices["state"]) == {"unknown"}
    assert one[["p_seen", "unseen_days", "unseen_mean"]].isna().all(axis=None)
    assert set(five["state"]) == {"known"}
    assert five["unseen_mean"].notna().all()
