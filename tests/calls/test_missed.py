"""Calls that nobody saw: when there is a number at all. The truth is the definition, by looks alone, and invariance."""

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from pipeline.calls.coverage import looks as looks_of
from pipeline.calls.missed import exposure, missed_calls
from pipeline.config import CallsConfig, CapConfig, VolumeConfig
from pipeline.tables import DETECTIONS, PORT_CALLS, RECALLS, SCENES
from pipeline.volume import ledger, liftings
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


def missed(
    hours: list[float] | pd.DataFrame, calls: pd.DataFrame | None = None, start_h: float = 0, end_h: float = 720
) -> pd.DataFrame:
    return missed_calls(
        looks=hours if isinstance(hours, pd.DataFrame) else looks_at(*hours),
        calls=PORT_CALLS.empty() if calls is None else calls,
        recalls=recalls(),
        place=harbour(),
        start=at(start_h),
        end=at(end_h),
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


def slices(n: int) -> pd.DataFrame:
    """The looks of one overpass that came in n pieces, half a minute from one to the next."""
    piece = {"sensor": "optical", "status": "used", "href": "memory", "footprint": box(132.9, 42.6, 133.2, 42.9)}
    rows = [piece | {"scene_id": f"piece-{k}", "acquired": at(360 + k / 120)} for k in range(n)]
    return looks_of(SCENES.from_rows(rows), {}, DETECTIONS.empty(), harbour())


def test_the_table_of_one_look_holds_no_number_and_that_of_five_does():
    """Slices of one overpass are one look."""
    one, sliced, five = missed([360]), missed(slices(5)), missed([72, 216, 360, 504, 648])
    assert set(one["state"]) == set(sliced["state"]) == {"unknown"}
    assert one[["p_seen", "unseen_days", "unseen_mean"]].isna().all(axis=None)
    assert set(five["state"]) == {"known"}
    assert five["unseen_mean"].notna().all()


def test_a_day_is_the_calendars_whenever_the_period_starts():
    """From 14 h to 14 h three days later: four calendar days, the first of 10 h and the last of 14 h."""
    here = exposure(np.arange(0.1, 3, 0.25), np.full(12, 0.9), STAY_D, 3.0, begun_d=14 / 24)
    first_also_there = 10 / 24 + STAY_D.mean()
    assert here.seen_d + here.unseen_d == pytest.approx([first_also_there, 1.0, 1.0, 14 / 24])
    table = missed([n * 6.0 for n in range(3, 14)], start_h=14, end_h=86).query("zone_id == 'oil'")
    assert table["day"].tolist() == [f"{at(24 * n):%F}" for n in range(4)]
    assert table["unseen_days"].notna().all()


def test_when_the_period_starts_moves_nobody_seen_or_unseen():
    looks, found = np.arange(0.1, 30, 1.7), np.full(18, 0.9)
    midnight, noon = (exposure(looks, found, STAY_D, 30.0, begun_d=b) for b in (0.0, 0.5))
    assert noon.total_seen_d == pytest.approx(midnight.total_seen_d)
    assert noon.total_unseen_d == pytest.approx(midnight.total_unseen_d)


def test_the_table_and_the_account_expect_the_same_number_of_unseen_calls():
    """Cargoes of one barrel: the account's barrels nobody saw are calls."""
    when = at(100)
    seen = {
        "vessel_id": "anonymous", "identity_probability": 0, "berth_id": "oil", "berth_kind": "berth", "counts": True,
        "arrival_hi": when, "departure_lo": when, "evidence_class": "D", "n_looks": 1, "n_seen": 1, "length_m": 96.0,
        "p_tanker": 1.0, "p_loading": 1.0,
    }  # fmt: skip
    calls = PORT_CALLS.conform(PORT_CALLS.from_rows([seen | {"call_id": f"c{n}"} for n in range(2)]))
    table = missed([72, 216, 360, 504, 648], calls)
    config, cap = VolumeConfig(), CapConfig(id="x", title="x", barrels=9, year_starts="01-01", source="made up")
    given = pd.DataFrame([{"call_id": f"c{n}", "departure": when, "barrels": 1.0, "berth_id": "oil"} for n in range(2)])
    account = ledger(liftings(given, config, 0), cap, config, 0, as_of=at(720).date(), missed=table).iloc[-1]
    unseen = account["corrected_mean"] - account["observed_mean"]
    assert unseen == pytest.approx(table["unseen_mean"].sum(), rel=0.03)
    zone = table.query("zone_id == 'oil'").iloc[0]
    assert zone["rate_shape"] == pytest.approx(2 + 0.5 / table["zone_id"].nunique())


def test_a_look_at_half_of_a_berth_finds_half_as_often():
    looks = looks_at(*np.arange(10, 700, 24.0))
    whole, half = (missed(looks.assign(covered=share, state="partly")) for share in (1.0, 0.5))
    days = slice(2, 28)  # the ends of a period see less
    of_whole, of_half = (table["p_seen"].iloc[days].mean() for table in (whole, half))
    assert of_half < 0.75 * of_whole
    never = missed(looks.assign(covered=0.0, state="partly"))
    assert set(never["state"]) == {"unknown"}
