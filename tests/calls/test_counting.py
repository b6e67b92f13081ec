from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.calls import call_counts, port_calls
from pipeline.calls.candidates import candidates
from pipeline.calls.counting import count_line, count_range, difference, length_of
from pipeline.calls.dark_stays import DarkStay
from pipeline.calls.draughts import draught_steps
from pipeline.calls.matching import match
from pipeline.calls.ships_in_turn import ship_numbers, turns_slopes
from pipeline.calls.sightings import link
from pipeline.calls.static import static_reports
from pipeline.calls.tracks import clean_tracks
from pipeline.config import CallsConfig
from pipeline.ingest.registry import read_registry
from pipeline.quantiles import Z90
from pipeline.ships.turnover import (
    NO_LOOK_BEFORE,
    TRADE_SD_M,
    EmptyLook,
    LookBefore,
    Pair,
    Turnover,
    chance_of_one_stay,
    length_likelihoods,
    turnover,
)
from pipeline.tables.number_law import calls_if_turned, number_law
from tests.builders import REAL_DATA, needs_real_data
from tests.calls.traffic import (
    MMSI,
    at,
    detections,
    feed,
    harbour,
    looks_at,
    off_berth,
    said,
    sighting,
    visit,
)

CONFIG = CallsConfig()
REPOSITORY = Path(__file__).resolve().parents[2]
LISTED = pd.DataFrame(
    {
        "imo": pd.array([9074729, 9129653, None], dtype="Int64"),
        "mmsi": pd.array([None, None, None], dtype="Int64"),
        "name": ["LONG", "SHORT", "UNMEASURED"],
        "aka": [["OLD LONG (until 2020)"], [], []],
        "dwt_t": [6000.0, 2000.0, np.nan],
        "length_m": [105.0, 72.0, np.nan],
        "beam_m": [16.0, 12.0, np.nan],
        "tonnage_kind": ["DWT", "DWT", ""],
    }
)


def calls_of(seen, looks, *messages, registry=None):
    table = feed(*messages)
    tracks, static = clean_tracks(table), static_reports(table)
    found = detections(*seen)
    return port_calls(
        detections=found,
        looks=looks,
        matches=match(found, tracks, static, CONFIG),
        tracks=tracks,
        static=static,
        registry=registry,
        place=harbour(),
        config=CONFIG,
    )


def test_the_longer_the_time_and_the_less_alike_the_less_one_stay():
    turns = turnover(CONFIG.stay_d, 3, 10)
    near, far = (chance_of_one_stay(turns, Pair(0.0, days, 0.0, 3.0)) for days in (0.2, 5.0))
    alike, unlike = (chance_of_one_stay(turns, Pair(0.0, 1.0, metres, 3.0)) for metres in (0.0, 15.0))
    assert near > 0.99 > 0.5 > far
    assert alike > 0.9 > 0.5 > unlike


def test_two_lengths_of_one_hull_differ_by_both_their_errors_and_a_share_of_the_longer():
    """Against simulated looks: 100 and 104 m with 90 % intervals of 6 and 3 m."""
    rng = np.random.default_rng(8)
    ends = [{"length_m": m, "length_lo_m": m - r, "length_hi_m": m + r} for m, r in ((100.0, 6.0), (104.0, 3.0))]
    first, then = map(length_of, ends)
    drawn = 6 / Z90 * rng.normal(size=200_000) - 3 / Z90 * rng.normal(size=200_000)
    drawn += CONFIG.same_ship_length_share * 104.0 * rng.normal(size=200_000)
    for one, other, apart in ((first, then, -4.0), (then, first, 4.0)):
        assert difference(one, other, CONFIG) == pytest.approx((apart, drawn.std()), rel=0.01)


def test_at_a_busy_berth_two_sightings_are_sooner_two_ships():
    quiet, busy = (chance_of_one_stay(turnover(CONFIG.stay_d, seen, 20), Pair(0.0, 1.5, 0.0, 8.0)) for seen in (2, 16))
    assert quiet > busy + 0.1


def test_what_else_is_alike_speaks_and_cannot_decide_alone():
    turns = turnover(CONFIG.stay_d, 3, 10)
    less, plain, more = (chance_of_one_stay(turns, Pair(0.0, 2.0, 0.0, 5.0, word)) for word in (-2.0, 0.0, 2.0))
    assert less < plain < more
    assert chance_of_one_stay(turns, Pair(0.0, 2.0, 0.0, 5.0, 50.0)) == chance_of_one_stay(
        turns, Pair(0.0, 2.0, 0.0, 5.0, 6.0)
    )


def test_the_number_of_calls_is_a_law_whose_mean_is_right():
    one, new = np.array([0.5, 0.9, 1.0, 0.2]), np.array([1.0, 0.7, 0.4, 1.0])
    numbers, law = call_counts(pd.DataFrame({"counts": True, "p_one_call": one, "p_new_call": new}))
    assert law.sum() == pytest.approx(1)
    assert (numbers * law).sum() == pytest.approx((1 - one).sum() + new.sum())
    assert numbers.min() == 2


def in_turn(turns, *runs, empty=(), config=CONFIG):
    """Numbers of ships from looks at one spot, with the looks of each run taken for one stay."""
    chain = [DarkStay("oil", turns, run.to_dict("records")) for run in runs]
    chain[-1].empty_looks = empty
    return ship_numbers(chain, config)


@pytest.mark.parametrize("cut", [10, 4, 6])
@pytest.mark.parametrize("gone", [False, True])
def test_each_link_of_a_long_chain_may_turn_the_ship_over(cut, gone):
    """Ten daily looks at a busy berth, against all 512 possible sequences of turnovers, each weighted by all looks.

    With the looks in one stay or in two, and with or without a final look that shows nobody.
    """
    turns = turnover(CONFIG.stay_d, 9, 10)
    length_m = np.array([100.0, 101, 99, 97, 103, 100, 92, 94, 93, 100])
    seen = detections(*(sighting(f"d{n}", 24.0 * n, length_m=m) for n, m in enumerate(length_m)))
    variance = (0.05 * length_m / Z90) ** 2 + 0.5 * (CONFIG.same_ship_length_share * length_m) ** 2
    weight, ways = [], np.array(list(product((False, True), repeat=9)))
    for turned in ways:
        p, began = 1.0, 0
        for n, turn in enumerate(turned, start=1):
            mean = np.average(length_m[began:n], weights=1 / variance[began:n])
            sd = np.sqrt(1 / (1 / variance[began:n]).sum() + variance[n])
            came = LookBefore(1.0, 0.0, is_taken=True) if began else NO_LOOK_BEFORE
            same, other = length_likelihoods(mean - length_m[n], sd)
            p *= (turns.p_another if turn else turns.p_still_there)(float(n - 1 - began), 1.0, before=came)
            p, began = p * (other if turn else same), n if turn else began
        came = LookBefore(1.0, 0.0, is_taken=True) if began else NO_LOOK_BEFORE
        if gone:
            p *= 1 - 0.95 * sum(who(9.0 - began, 1.0, before=came) for who in (turns.p_still_there, turns.p_another))
        weight.append(p)
    runs = [run for run in (seen[:cut], seen[cut:]) if len(run)]
    told = in_turn(turns, *runs, empty=((at(240), 0.05),) if gone else ())
    for one, number in zip(np.split(ways, [cut - 1, cut][: len(runs)], axis=1)[::2], told, strict=True):
        assert number.p_one == pytest.approx(np.average(~one.any(axis=1), weights=weight), rel=1e-3, abs=1e-9)
        assert number.mean == pytest.approx(np.average(1 + one.sum(axis=1), weights=weight), rel=1e-3)
    if len(runs) == 2:
        assert told[1].p_new == pytest.approx(np.average(ways[:, cut - 1], weights=weight), rel=1e-3)
    assert sum(number.mean for number in told) > 3


@pytest.mark.parametrize(("free_d", "every_d"), [(2.0, 1.0), (0.5, 0.5)])
def test_the_chance_of_one_ship_and_the_number_of_ships_come_true(free_d, every_d):
    """Simulated turns at one spot, seen with 5 m of error: runs of looks between two that show nobody there.

    If the first look fell at a random time of her stay, and each look were compared only with the one before, 6 % too
    many ships would be expected of daily looks.
    """
    told, ships = runs_of_looks(days=2500 * every_d, sd_m=5.0, free_d=free_d, every_d=every_d)
    one, expected = told.T
    doubt = np.sqrt(((expected - ships) ** 2).sum())
    assert expected.sum() == pytest.approx(ships.sum(), abs=2.5 * doubt)
    assert expected.sum() == pytest.approx(ships.sum(), rel=0.025)
    for low, high in pairwise((0.0, 0.3, 0.6, 0.9, 1.0)):
        here = (one >= low) & (one < high)
        error = np.sqrt((one * (1 - one))[here].sum())
        assert one[here].sum() == pytest.approx((ships[here] == 1).sum(), abs=2.5 * error + 1)


def runs_of_looks(days: float, sd_m: float, free_d: float, every_d: float) -> tuple[np.ndarray, np.ndarray]:
    """For each run of two looks or more: `ship_numbers` of it, shape (runs, 2), and the number of ships it shows."""
    rng, (low, high) = np.random.default_rng(5), np.log(CONFIG.stay_d)
    stay = np.exp(rng.normal((low + high) / 2, (high - low) / (2 * Z90), 2500))
    leaves = np.cumsum(stay + rng.exponential(free_d, 2500))
    hull_m, look_d = rng.normal(90, TRADE_SD_M, 2500), np.arange(5.0, days, every_d)
    ship = np.searchsorted(leaves, look_d)
    there = look_d >= leaves[ship] - stay[ship]
    shown_m = hull_m[ship] + rng.normal(0, sd_m, len(ship))
    config = CONFIG.model_copy(update={"same_ship_length_share": 0.0})
    told, ships = [], []
    for run in np.split(np.arange(len(ship)), np.flatnonzero(np.diff(there)) + 1):
        if not there[run[0]] or len(run) < 2 or run[0] == 0:
            continue
        rows = {"acquired": pd.Timestamp("2024-03-01T00:00Z") + pd.to_timedelta(look_d[run], "D")}
        rows |= {"length_m": shown_m[run], "length_lo_m": shown_m[run] - Z90 * sd_m}
        seen = pd.DataFrame(rows | {"length_hi_m": shown_m[run] + Z90 * sd_m})
        seen["look_before"] = [LookBefore(every_d, 0.0, is_taken=False)] * len(run)
        gone = (seen["acquired"].iloc[-1] + pd.Timedelta(days=every_d), 0.0)
        told.append(in_turn(Turnover(CONFIG.stay_d, free_d), seen, empty=(gone,), config=config)[0][:2])
        ships.append(len(set(ship[run])))
    return np.array(told), np.array(ships)


@pytest.mark.parametrize(
    ("one", "mean"), [(0.6, None), (0.6, 1.4), (0.2, 1.9), (0.0, 4.2), (1.0, 1.0), (0.5, 1.1), (0.5, 16.0)]
)
def test_the_law_of_a_rows_number_has_the_chance_and_the_mean_that_it_is_told(one, mean):
    law = number_law(one, mean)
    assert law.sum() == pytest.approx(1)
    assert law[0] == one
    least = 2 - one  # a second ship means at least two
    assert np.dot(np.arange(1, len(law) + 1), law) == pytest.approx(max(mean or least, least))


def test_a_look_days_later_at_a_ship_of_like_length_is_a_new_call_that_may_be_none():
    """Radar lengths are uncertain, so two sightings four days apart are two calls, or possibly one long stay."""
    wide = {"length_lo_m": 80.0, "length_hi_m": 120.0, "sensor": "sentinel-1"}
    calls = calls_of([sighting("a", 0, **wide), sighting("b", 80, **wide)], looks_at(0, 80, sensor="sentinel-1"))
    assert calls["p_new_call"].iloc[0] == 1.0
    assert 0.75 < calls["p_new_call"].iloc[1] < 0.999
    other = sighting("b", 80, length_m=60.0, length_lo_m=55.0, length_hi_m=65.0)
    assert calls_of([sighting("a", 0), other], looks_at(0, 80))["p_new_call"].iloc[1] > 0.999


def test_a_number_of_rows_outside_the_range_of_calls_is_not_told_as_their_number():
    """A hull at one spot in sixty looks stands for many similar ships; "4 (0% sure), 28 to 45" contradicts itself."""
    row = {"counts": True, "p_one_call": 0.0, "calls_mean": 9.0, "p_new_call": 1.0}
    said = count_line(pd.DataFrame([row] * 4))
    low, high = count_range(pd.DataFrame([row] * 4))
    assert low > 4
    assert said.startswith(f"counted calls: 4 as the table joins sightings; {low} to {high} with 90 %")
    assert "sure" not in said


@pytest.mark.parametrize(
    ("one", "new", "numbers"), [(0.94, 1.0, (2, 3)), (0.96, 1.0, (2, 2)), (1.0, 0.94, (1, 2)), (1.0, 0.96, (2, 2))]
)
def test_a_doubt_of_more_than_one_in_twenty_at_either_end_is_in_the_range(one, new, numbers):
    """For two calls: the range holds with 90 %, with 5 % below and 5 % above."""
    calls = pd.DataFrame({"counts": True, "p_one_call": [one, 1.0], "p_new_call": [1.0, new]})
    assert count_range(calls) == numbers


def test_beside_a_coarse_look_only_lengths_speak():
    """A radar's beam cannot tell two hulls apart, however precise the other look is."""
    turns = turnover(CONFIG.stay_d, 3, 10)
    narrow, broad = ({"beam_m": b, "beam_lo_m": b - 0.3, "beam_hi_m": b + 0.3} for b in (13.0, 19.0))

    def one_stay(beam, method):
        fine = sighting("a", 8, method="optical-edges", **narrow)
        return in_turn(turns, detections(fine, sighting("b", 30, method=method, **beam)))[0]

    assert one_stay(narrow, "radar") == one_stay(broad, "radar")
    assert one_stay(narrow, "optical-edges")[0] > one_stay(broad, "optical-edges")[0]


def test_a_number_without_a_doubt_is_told_as_such():
    calls = pd.DataFrame([{"counts": True, "p_one_call": 1.0, "p_new_call": 1.0}] * 2)
    assert count_line(calls) == "counted calls: 2; no sighting leaves their number in doubt"


def test_two_looks_days_apart_leave_a_doubt_that_one_look_does_not():
    calls = calls_of([sighting("a", 0), sighting("b", 40)], looks_at(0, 40))
    assert calls["evidence_class"].tolist() == ["C"]
    assert 0.01 < calls["p_one_call"].iloc[0] < 0.95
    assert calls_of([sighting("a", 0)], looks_at(0))["p_one_call"].tolist() == [1.0]


def test_a_look_that_may_have_missed_her_adds_no_more_calls_than_it_has_to():
    """Else a look that missed her would surely make a second call of the same ship, and count its cargo twice."""
    before = [-192, -144, -96]

    def ships(hours, empty, **more):
        calls = calls_of([sighting("a", 0), sighting("b", hours, **more)], looks_at(*before, 0, *empty, hours))
        numbers, law = call_counts(calls)
        return len(calls), np.dot(numbers, law)

    rows, expected = zip(ships(4, [2]), ships(4, [2, 3]), ships(32, [16]), ships(72, [24]), strict=True)
    assert rows == (1, 1, 2, 2)  # one row where one ship is clearly likelier
    assert expected[0] < 1.05
    assert list(expected) == sorted(expected)
    assert expected[-1] > 1.8
    assert ships(4, [2], length_m=160.0) == (2, pytest.approx(2, abs=0.01))


@pytest.mark.parametrize(("empty_h", "hours"), [([2], 4), ([2, 3], 4), ([2, 3, 5], 6), ([12], 14)])
def test_the_sum_of_calls_is_the_same_in_one_row_as_in_two(empty_h, hours):
    """From the turns at the spot and the looks' misses: the same expected number in one row as in two, stays given."""
    looks = looks_at(-192, -144, -96, 0, *empty_h, hours)
    seen = [sighting("a", 0), sighting("b", hours)]
    turns = link(detections(*seen), looks, CONFIG)[-1].turns
    apart, misses = difference(length_of(seen[0]), length_of(seen[1]), CONFIG), 1 - CONFIG.look_recall["optical"]
    empty = [EmptyLook(h / 24, misses) for h in empty_h]
    before = LookBefore(4.0, misses, is_taken=False)
    pair = Pair(0.0, hours / 24, *apart, missed=misses ** len(empty), empty=empty, before=before)
    one = chance_of_one_stay(turns, pair)
    numbers, law = call_counts(calls_of(seen, looks).assign(turns_slope=0.0))
    assert 2 - np.dot(numbers, law) == pytest.approx(one, abs=0.002)


def test_a_stay_that_a_look_missed_is_one_row_with_its_bounds():
    """Seen, missed and seen again: the looks before and after the whole stay bound arrival and departure."""
    seen = [sighting(f"d{h}", h) for h in (0, 2, 6, 8)]
    (call,) = calls_of(seen, looks_at(-24, 0, 2, 4, 6, 8, 30)).to_dict("records")
    assert (call["arrival_lo"], call["departure_hi"]) == (at(-24), at(30))
    assert (call["n_seen"], call["n_looks"]) == (4, 5)
    assert call["p_one_call"] < calls_of(seen, looks_at(-24, 0, 2, 6, 8, 30))["p_one_call"].iloc[0]


def test_a_ship_that_came_to_the_spot_since_ends_a_stay_that_a_look_may_have_missed():
    seen = [sighting("a", 0), sighting("b", 4, length_m=160.0), sighting("c", 6)]
    calls = calls_of(seen, looks_at(-24, 0, 2, 4, 5, 6, 30))
    assert calls["detection_ids"].map(list).tolist() == [["a"], ["b"], ["c"]]


def test_the_miss_of_a_look_goes_by_the_declared_recall():
    """In Bayes' odds, each look without her multiplies the odds by its chance of missing a ship.

    Had another ship come by then, it was missed as well; over two days that hardly changes the odds.
    """
    seen, looks = [sighting("a", 0), sighting("b", 72)], looks_at(-192, -144, -96, 0, 24, 72)

    def odds(recall):
        config = CallsConfig(look_recall={"optical": recall})
        later = link(detections(*seen), looks, config)[1].former[1]
        return later / (1 - later)

    assert odds(0.95) / odds(0.975) == pytest.approx(2.0, rel=0.03)


def test_two_slices_of_one_overpass_are_one_sighting():
    """The same hull half a minute later, three pixels off and a tenth longer: still one look at one ship."""
    second = sighting("b", 30 / 3600, off_berth(30), length_m=106.0, sensor="sentinel-1")
    calls = calls_of([sighting("a", 0, sensor="sentinel-1"), second], looks_at(0, 30 / 3600, sensor="sentinel-1"))
    assert calls[["n_seen", "evidence_class"]].to_numpy().tolist() == [[1, "D"]]


def test_candidates_are_ranked_by_size_and_add_up_to_one():
    call = {"length_m": 104.0, "length_lo_m": 99.0, "length_hi_m": 109.0, "beam_m": None}
    ranked = candidates(call, LISTED)
    assert ranked["name"].iloc[0] == "LONG"
    assert ranked["probability"].sum() == pytest.approx(1)
    assert ranked["probability"].iloc[0] > 5 * ranked.set_index("name")["probability"]["SHORT"]
    assert "UNMEASURED" not in set(ranked["name"])


def test_a_dark_call_names_candidates_with_their_chances_and_nobody_else():
    calls = calls_of([sighting("a", 0, length_m=104.0)], looks_at(0), registry=LISTED)
    assert calls["name"].tolist() == [""]
    assert calls["candidates"].iloc[0].startswith("LONG 0.")
    sizeless = LISTED.assign(length_m=np.nan, beam_m=np.nan)
    assert calls_of([sighting("a", 0)], looks_at(0), registry=sizeless)["candidates"].tolist() == [""]


@pytest.mark.parametrize(("name", "chance"), [("LONG", 0.7), ("Old Long", 0.7), ("LONGER", 1.0)])
def test_a_renamed_hull_is_one_ship(name, chance):
    """A listed name without a number is probably the listed ship; an unlisted name stands for itself."""
    row = calls_of([], looks_at(), visit(24, 60), said(23, name=name), registry=LISTED).iloc[0]
    assert row["identity_probability"] == pytest.approx(chance)
    assert row["vessel_id"] == ("imo:9074729" if chance < 1 else f"mmsi:{MMSI}")


def test_the_list_of_tankers_is_right():
    listed = read_registry(REPOSITORY / "configs" / "registry" / "dprk-linked-tankers.csv")
    assert listed["imo"].notna().sum() == 33
    assert listed.loc[listed["imo"] == 8916293, "aka"].tolist() == [["SAEBYOL", "SIN PHYONG 9"]]
    assert listed.loc[listed["name"] == "SAM MA 2", ["gt"]].to_numpy().tolist() == [[962]]
    tons = listed.loc[listed["name"] == "SAM JONG 2", ["dwt_t", "tonnage_kind"]]
    assert tons.to_numpy().tolist() == [[2507, "UNKNOWN"]], "press that does not say which"
    assert (listed["source"] != "").all()


@needs_real_data
def test_every_real_step_of_draught_is_found_and_nothing_else():
    """Ninety-four changes of a metre or more, checked by hand: 9 real steps, 85 alternations of one ship."""
    from pipeline.ingest.ais.messages import read_ais

    folder = REAL_DATA / "tanker_draught"
    steps = draught_steps(static_reports(read_ais([folder / "static_reports.csv"]).messages))
    found = set(zip(steps["mmsi"], pd.to_datetime(steps["time_utc"], utc=True), strict=True))
    changes = pd.read_csv(folder / "draught_changes.csv", parse_dates=["time_after"])
    for kind, of_kind in changes.groupby("kind"):
        hits = [(m, t) in found for m, t in zip(of_kind["mmsi"], of_kind["time_after"], strict=True)]
        assert all(hits) if kind == "step" else not any(hits), kind


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_the_slope_of_each_row_gives_the_number_of_ships_under_other_stays(factor):
    """Against the whole chain evaluated anew with longer or shorter stays."""
    config = CONFIG.model_copy(update={"stay_log_sd": np.log(1.25)})
    length_m = np.array([100.0, 101, 99, 97, 103, 100, 92, 94, 93, 100])
    seen = detections(*(sighting(f"d{n}", 24.0 * n, length_m=m) for n, m in enumerate(length_m)))
    turns = turnover(CONFIG.stay_d, 9, 10)
    chain = [DarkStay("oil", turns, run.to_dict("records")) for run in (seen[:4], seen[4:7], seen[7:])]
    numbers = ship_numbers(chain, config)
    other = ship_numbers([replace(stay, turns=turns.lasting(factor)) for stay in chain], config)
    slopes, error = turns_slopes(chain, numbers, config), np.sign(np.log(factor))
    told, before, after = [], [], []
    for n, (row, then, slope) in enumerate(zip(numbers, other, slopes, strict=True)):
        assert slope < 0  # longer stays, fewer ships
        p_new, new_then = (one.p_new if n else 1.0 for one in (row, then))
        told.append(calls_if_turned(p_new, row.p_one, row.mean, slope * error))
        before.append(row.mean - 1 + p_new)
        after.append(then.mean - 1 + new_then)
    assert np.subtract(told, before) == pytest.approx(np.subtract(after, before), rel=0.2)
    assert sum(told) - sum(before) == pytest.approx(sum(after) - sum(before), rel=0.1)


def test_stays_known_for_certain_leave_no_slope():
    config = CONFIG.model_copy(update={"stay_log_sd": 0.0})
    run = detections(*(sighting(f"d{n}", 24.0 * n) for n in range(4)))
    chain = [DarkStay("oil", turnover(CONFIG.stay_d, 4, 5), run.to_dict("records"))]
    assert turns_slopes(chain, ship_numbers(chain, config), config) == [0.0]


@pytest.mark.parametrize("slope", [np.nan, 0.0, -0.5, -1.0])
def test_every_link_is_as_sure_as_the_number_of_rows_is_likely(slope):
    """No row can be part of another, so there are as many calls as rows only if every link is right."""
    calls = pd.DataFrame({"counts": [True] * 20, "p_one_call": 0.9, "p_new_call": 1.0, "turns_slope": slope})
    numbers, law = call_counts(calls)
    assert f"({100 * law[numbers == 20][0]:.0f} % sure of every link)" in count_line(calls)
