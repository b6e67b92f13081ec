"""Unseen calls: when a number can be given at all. Truth: the definition, by looks alone, and invariance."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson
from shapely.geometry import box

from pipeline.calls.coverage import looks as looks_of
from pipeline.calls.exposure import exposure
from pipeline.calls.missed import _found as found_of_missed
from pipeline.calls.missed import missed_calls
from pipeline.calls.stay_law import stay_law
from pipeline.config import CallsConfig, CapConfig, VolumeConfig
from pipeline.tables import DETECTIONS, PORT_CALLS, RECALLS, SCENES
from pipeline.types import Place
from pipeline.volume import ledger, liftings
from tests.builders import box_zone, place_of
from tests.calls.traffic import at, harbour, looks_at

STAY_D = np.array([1.0])
SLICE = pd.Timedelta(seconds=25)  # between two images of one pass


def even_looks(n: int, period_d: float, recall: float = 0.9):
    """What n evenly spread looks could see of one-day stays."""
    times = (np.arange(n) + 0.5) * period_d / n
    return exposure(times, np.full(n, recall), STAY_D, period_d)


@pytest.mark.parametrize(
    ("n", "period_d", "tells"),
    [
        (0, 30, False),
        (1, 30, False),  # one image a month, as users often have
        (4, 30, False),
        (5, 30, True),
        (5, 365, False),  # one moment in two months
        (30, 365, True),
        (2, 1, True),  # a fully watched day
        # Looks a day or more apart each see 0.9 d of arrivals, out of period_d and the day before: limits 3 % and half
        (5, 4.5 / 0.031 - 1, True),
        (5, 4.5 / 0.029 - 1, False),
        (2, 1.8 / 0.51 - 1, True),
        (2, 1.8 / 0.49 - 1, False),
    ],
)
def test_too_few_looks_say_nothing(n, period_d, tells):
    assert even_looks(n, period_d).has_enough_looks() == tells


@pytest.mark.parametrize("apart_d", [5 / 1440, 1 / 24, 0.4 / 7])
def test_pictures_of_one_morning_are_one_moment(apart_d):
    """Eight of them see hardly more than one: each ship seen would stand for nearly thirty unseen ones."""
    morning = 15.3 + np.arange(8) * apart_d
    assert not exposure(morning, np.full(8, 0.9), STAY_D, 30.0).has_enough_looks()
    four_more = np.array([3.0, 8.0, 20.0, 27.0])
    for others in (four_more, four_more[1:]):
        looks = np.sort(np.concatenate([morning, others]))
        assert exposure(looks, np.full(len(looks), 0.9), STAY_D, 30.0).has_enough_looks() == (len(others) == 4)


def test_a_further_look_takes_no_number_away():
    rng = np.random.default_rng(5)
    for _ in range(50):
        looks = np.sort(rng.uniform(0, 30, 14))
        numbers = [exposure(some, np.full(len(some), 0.9), STAY_D, 30.0).n_looks for some in (looks, looks[1::2])]
        assert numbers[0] >= numbers[1]


def test_looks_that_find_nobody_are_none():
    assert not even_looks(30, 30, recall=0.0).has_enough_looks()
    assert even_looks(30, 30, recall=0.0).n_looks == 0


def missed(
    hours: list[float] | pd.DataFrame,
    calls: pd.DataFrame | None = None,
    start_h: float = 0,
    end_h: float = 720,
    place: Place | None = None,
    detections: pd.DataFrame | None = None,
) -> pd.DataFrame:
    return missed_calls(
        looks=hours if isinstance(hours, pd.DataFrame) else looks_at(*hours),
        calls=PORT_CALLS.empty() if calls is None else calls,
        detections=DETECTIONS.empty() if detections is None else detections,
        recalls=recalls(),
        place=place or harbour(),
        start=at(start_h),
        end=at(end_h),
        config=CallsConfig(),
    )


def recalls() -> pd.DataFrame:
    """Short ships are found half as often as others."""
    sure = {
        "sensor": "optical",
        "context": "quay",
        "tries": 0,
        "hits": 0,
        "recall": 0.9,
        "recall_lo": 0.8,
        "recall_hi": 1,
    }
    found = {"all": 0.9, "short": 0.45, "middle": 0.9, "long": 0.9}
    rows = [sure | {"recall_id": f"optical/quay/{size}", "size": size, "recall": p} for size, p in found.items()]
    return RECALLS.check(RECALLS.from_rows(rows))


def slices(n: int) -> pd.DataFrame:
    """Looks of one pass delivered as n slices, half a minute apart."""
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
    inner = five.iloc[5:25]  # with a full day of arrivals each
    np.testing.assert_allclose(inner["unseen_days"], 1 - inner["p_seen"])


def test_a_day_is_the_calendars_whenever_the_period_starts():
    """A period from 14 h to 14 h three days later has four calendar days, the first of 10 h and the last of 14 h."""
    here = exposure(np.arange(0.1, 3, 0.25), np.full(12, 0.9), STAY_D, 3.0, begun_d=14 / 24)
    first_also_there = 10 / 24 + STAY_D.mean()
    assert here.seen_d + here.unseen_d == pytest.approx([first_also_there, 1.0, 1.0, 14 / 24])
    table = missed([n * 6.0 for n in range(3, 14)], start_h=14, end_h=86).query("zone_id == 'oil'")
    assert table["day"].tolist() == [f"{at(24 * n):%F}" for n in range(4)]
    assert table["unseen_days"].notna().all()
    morning = missed([4.0, 7.0], start_h=2, end_h=8).query("zone_id == 'oil'")
    assert morning["day"].tolist() == [f"{at(2):%F}"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("start_h", "end_h"), [(0, 720 + 1 / 6), (1 / 6, 720 + 1 / 6)])
def test_a_last_day_of_minutes_leaves_a_number_to_all_days(start_h, end_h):
    """Ten more minutes add hardly any call to a month."""
    hours = list(np.arange(12, 720, 48.0))
    whole, more = (missed(hours, called({}, {}), *ends) for ends in ((0, 720), (start_h, end_h)))
    assert len(more) == len(whole) + 1
    assert more[["p_seen", "p_seen_lo", "p_seen_hi", "unseen_mean"]].notna().all(axis=None)
    assert more["unseen_mean"].sum() == pytest.approx(whole["unseen_mean"].sum(), rel=0.02)


def test_when_the_period_starts_moves_nobody_seen_or_unseen():
    looks, found = np.arange(0.1, 30, 1.7), np.full(18, 0.9)
    midnight, noon = (exposure(looks, found, STAY_D, 30.0, begun_d=b) for b in (0.0, 0.5))
    assert noon.total_seen_d == pytest.approx(midnight.total_seen_d)
    assert noon.total_unseen_d == pytest.approx(midnight.total_unseen_d)


def called(*rows: dict) -> pd.DataFrame:
    """Port calls each seen in one look, at the berth."""
    when = at(100)
    seen = {
        "vessel_id": "anonymous", "identity_probability": 0, "berth_id": "oil", "berth_kind": "berth", "counts": True,
        "arrival_hi": when, "departure_lo": when, "evidence_class": "D", "n_looks": 1, "n_seen": 1, "length_m": 96.0,
        "p_tanker": 1.0, "p_loading": 1.0,
    }  # fmt: skip
    return PORT_CALLS.conform(PORT_CALLS.from_rows([seen | {"call_id": f"c{n}"} | row for n, row in enumerate(rows)]))


def test_the_table_and_the_account_expect_the_same_number_of_unseen_calls():
    """With cargoes of one barrel, the account's unseen barrels are its number of unseen calls."""
    when = at(100)
    calls = called(*[{}] * 2)
    table = missed([72, 216, 360, 504, 648], calls)
    config, cap = VolumeConfig(), CapConfig(id="x", title="x", barrels=9, year_starts="01-01", source="made up")
    given = pd.DataFrame([{"call_id": f"c{n}", "departure": when, "barrels": 1.0, "berth_id": "oil"} for n in range(2)])
    account = ledger(liftings(given, config, 0), cap, config, 0, as_of=at(720).date(), missed=table).iloc[-1]
    unseen = account["corrected_mean"] - account["observed_mean"]
    assert unseen == pytest.approx(table["unseen_mean"].sum(), rel=0.03)
    zone = table.query("zone_id == 'oil'").iloc[0]
    assert zone["rate_shape"] == pytest.approx(2 + 0.5 / table["zone_id"].nunique())


def test_the_rate_is_that_of_the_calls_that_rows_stand_for():
    """Numbers of calls are drawn as the columns say: two rows of one or two ships, one that may be the one before."""
    calls = called({"p_one_call": 0.4, "calls_mean": 1.6}, {"p_one_call": 0.7}, {"p_new_call": 0.3}, {})
    table = missed([72, 216, 360, 504, 648], calls).query("zone_id == 'oil'")
    rng = np.random.default_rng(6)
    number = 3 + rng.binomial(1, [[0.6, 0.3, 0.3]] * 200_000).sum(axis=1)
    rate = rng.standard_gamma(number + 0.5) / table["seen_days"].sum()
    shape, per_d = table[["rate_shape", "rate_per_d"]].iloc[0]
    assert set(table["n_seen"]) == {4}
    assert (shape / per_d, shape / per_d**2) == pytest.approx((rate.mean(), rate.var()), rel=0.01)


def test_a_look_at_half_of_a_berth_finds_half_as_often():
    looks = looks_at(*np.arange(10, 700, 24.0))
    whole, half = (missed(looks.assign(covered=share, state="partly")) for share in (1.0, 0.5))
    days = slice(2, 28)  # fewer arrivals are seen at the ends of a period
    of_whole, of_half = (table["p_seen"].iloc[days].mean() for table in (whole, half))
    assert of_half < 0.75 * of_whole
    never = missed(looks.assign(covered=0.0, state="partly"))
    of_a_sensor_of_which_nothing_is_known = missed(looks.assign(sensor="sentinel-1"))
    assert set(never["state"]) == set(of_a_sensor_of_which_nothing_is_known["state"]) == {"unknown"}
    pd.testing.assert_frame_equal(missed(looks.assign(covered=np.nan)), missed(looks))


def test_a_look_that_shows_too_little_to_be_usable_still_finds_as_much_as_it_shows():
    """Ships found in it count as seen. No stay spans two of these looks, so days seen are proportional to coverage."""
    looks = looks_at(72, 216, 360, 504, 648)
    tenth, fifth, half = (
        missed(looks.assign(covered=share, state=state))["seen_days"].sum()
        for share, state in ((0.1, "unknown"), (0.2, "unknown"), (0.5, "partly"))
    )
    assert tenth == 0  # too little to count
    assert fifth == pytest.approx(0.4 * half)
    failed = missed(looks.assign(covered=np.nan, state="unknown"))
    assert set(failed["state"]) == {"unknown"}


def sighted_in(*sightings: list[float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calls, each seen in the looks at these hours, and the detections."""
    ids = [[f"d{n}-{hour:g}" for hour in hours] for n, hours in enumerate(sightings)]
    rows = [
        {"detection_id": name, "scene_id": f"scene-{hour:g}", "acquired": at(hour), "sensor": "optical"}
        for names, hours in zip(ids, sightings, strict=True)
        for name, hour in zip(names, hours, strict=True)
    ]
    return called(*({"detection_ids": names} for names in ids)), DETECTIONS.from_rows(rows)


def test_calls_that_looks_of_unknown_worth_found_stand_for_no_others():
    """The recall of every second look is unknown: the total is estimated without bias, and the interval holds."""
    hours, days, worlds = np.arange(6.0, 360, 24), 15.0, 30
    vague = np.arange(len(hours)) % 2 == 1
    looks = looks_at(*hours).assign(covered=np.where(vague, 0.0, 1.0), state=np.where(vague, "unknown", "usable"))
    stays, rng = stay_law(called({}), CallsConfig()).days, np.random.default_rng(8)
    came, told, held = 0, 0.0, 0
    for _ in range(worlds):
        arrival, stay = rng.uniform(-8, days, 46), rng.choice(stays, 46)
        arrival, stay = arrival[arrival + stay > 0], stay[arrival + stay > 0]
        found = (hours / 24 > arrival[:, None]) & (hours / 24 < (arrival + stay)[:, None])
        found &= rng.random(found.shape) < np.where(vague, rng.beta(0.5, 0.5), 0.9)
        calls, detections = sighted_in(*(hours[row].tolist() for row in found if row.any()))
        table = missed(looks, calls, end_h=24 * days, detections=detections).query("zone_id == 'oil'")
        assert set(table["n_seen"]) == {found[:, ~vague].any(axis=1).sum()}
        came, told = came + len(arrival), told + len(calls) + table["unseen_mean"].sum()
        rate = rng.gamma(table["rate_shape"].iloc[0], 1 / table["rate_per_d"].iloc[0], 2000)
        drawn, unseen = rng.poisson(rate * table["unseen_days"].sum()), len(arrival) - len(calls)
        held += (drawn < unseen).mean() <= 0.95 and (drawn <= unseen).mean() >= 0.05
    assert told / came == pytest.approx(1.0, abs=0.06)
    assert held / worlds > 0.8


@pytest.mark.parametrize(("n", "shape", "per_seen"), [(3, 10.5, 0.5), (1, 0.5, 2.0), (2, 0.05, 1.0), (5, 1.5, 0.5)])
def test_what_such_looks_found_of_the_missed_calls_is_as_in_drawn_worlds(n, shape, per_seen):
    """Rates and shares drawn from their priors; each world is weighted by the probability of that many finds."""
    rng = np.random.default_rng(5)
    mean, share = rng.gamma(shape, per_seen, 200_000), rng.beta(0.5, 0.5, 200_000)
    weight = poisson.pmf(n, share * mean)
    missed, unseen = np.average([mean, (1 - share) * mean], axis=1, weights=weight)
    spread = np.average(((1 - share) * mean - unseen) ** 2, weights=weight)
    found = found_of_missed(n, shape, per_seen)
    assert found.missed == pytest.approx(missed, rel=0.03)
    assert found.share == pytest.approx(1 - unseen / missed, rel=0.03)
    assert found.shape == pytest.approx(unseen**2 / spread, rel=0.05)


def test_a_find_counts_with_its_pass_and_where_nothing_is_known_of_it():
    looks = looks_at(72, 216, 360, 504, 648).assign(covered=[0.0, 1.0, 1.0, 1.0, 1.0])
    calls, detections = sighted_in([72], [216], [72, 216], [99])
    detections.loc[detections["scene_id"] == "scene-99", ["scene_id", "acquired"]] = ["next", at(360) + SLICE]
    table = missed(looks, calls, detections=detections)
    assert set(table["n_seen"]) == {3}
    assert set(missed(looks, calls)["n_seen"]) == {4}
    some = table.query("zone_id == 'oil'")
    np.testing.assert_allclose(some["seen_days"] + some["unseen_days"], some["seen_days"] / some["p_seen"])


def test_stays_of_many_lengths_are_seen_as_often_as_drawn_ships_are():
    """Ships arrive at any time of 20 days, or are there at the start; each look finds each independently."""
    law, looks, recall, days = np.array([0.3, 1.0, 6.0]), np.array([0.0, 2.0, 2.3, 9.0, 17.5]), 0.6, 20.0
    rng = np.random.default_rng(3)
    arrivals, stay = rng.uniform(-6, days, 400_000), rng.choice(law, 400_000)
    there = arrivals + stay > 0
    chances = (looks[:, None] > arrivals) & (looks[:, None] < arrivals + stay)
    seen = there & (rng.random(arrivals.shape) < 1 - (1 - recall) ** chances.sum(axis=0))
    per_ship = (days + 6) / len(arrivals)
    here = exposure(looks, np.full(len(looks), recall), law, days)
    assert here.total_seen_d == pytest.approx(seen.sum() * per_ship, rel=0.01)
    assert here.total_seen_d + here.total_unseen_d == pytest.approx(days + law.mean(), rel=0.01)
    by_day = np.histogram(np.maximum(arrivals[seen], 0), np.arange(days + 1))[0] * per_ship
    np.testing.assert_allclose(here.seen_d, by_day, atol=0.03)


@pytest.mark.parametrize("stay_d", [0.31, 1.0, 2.7])
@pytest.mark.parametrize("look_d", np.linspace(5, 6, 7))
def test_one_look_sees_whoever_came_within_a_stay_before_it(look_d, stay_d):
    """To a quarter of an hour, whatever the time of day of the look."""
    here = exposure(np.array([look_d]), np.array([0.8]), np.array([stay_d]), 20.0)
    assert here.total_seen_d / 0.8 == pytest.approx(stay_d, abs=1 / 96)


def test_the_declared_law_has_the_mean_of_its_log_normal():
    low, high = np.log(CallsConfig().stay_d)
    mean = np.exp((low + high) / 2 + ((high - low) / (2 * 1.6448536)) ** 2 / 2)
    assert stay_law(called({}), CallsConfig()).days.mean() == pytest.approx(mean, rel=0.005)


@pytest.mark.parametrize(("look_d", "inside"), [(-0.1, 0), (0.0, 1), (2.9, 1), (3.0, 0)])
def test_a_look_at_the_end_of_the_period_is_the_next_ones(look_d, inside):
    here = exposure(np.array([look_d]), np.array([0.9]), STAY_D, 3.0)
    assert here.n_looks == inside
    assert (here.total_seen_d > 0) == bool(inside)


def test_each_zone_has_its_own_callers_and_all_zones_share_one_prior():
    """Half a call of Jeffreys' prior in total, for any number of zones; short ships are hard to find."""
    spots = [box_zone(name, 133.0 + n / 50, 42.73, 133.01 + n / 50, 42.74) for n, name in enumerate(("oil", "short"))]
    calls = called({}, {}, {"berth_id": "short", "length_m": 40.0})
    hours = [72, 216, 360, 504, 648]
    looks = pd.concat([looks_at(*hours, zone=name) for name in ("oil", "short")], ignore_index=True)
    zones = missed(looks, calls, place=place_of(*spots)).groupby("zone_id").first()
    assert zones["n_seen"].to_dict() == {"oil": 2, "short": 1}
    assert (zones["rate_shape"] - zones["n_seen"]).tolist() == pytest.approx([0.25, 0.25])
    assert zones.loc["short", "rate_per_d"] < 0.7 * zones.loc["oil", "rate_per_d"]


def test_a_call_counts_as_seen_in_one_image_or_in_several_and_not_where_it_was_heard():
    """Calls heard by transponder say nothing about how often looks see a ship without one."""
    looks = looks_at(*range(12, 720, 48))
    n_seen = {cls: missed(looks, called({"evidence_class": cls}))["n_seen"].unique().tolist() for cls in "ABCD"}
    assert n_seen == {"A": [0], "B": [0], "C": [1], "D": [1]}


def test_a_call_that_does_not_count_stands_for_no_unseen_ones():
    """A bulk carrier seen at the oil berth says nothing about the number of unseen tankers."""
    looks = looks_at(*range(12, 720, 48))
    table = missed(looks, called({}, {"counts": False}))
    assert table["n_seen"].unique().tolist() == [1]


def test_whether_looks_are_enough_is_told_by_the_expected_recall_not_by_its_bounds():
    """Two looks on one day show most of who called if they find nine ships in ten, and less than half if 45 in 100."""
    states = [set(missed([6, 18], called({"length_m": length_m}), end_h=24)["state"]) for length_m in (96.0, 40.0)]
    assert states == [{"known"}, {"unknown"}]
