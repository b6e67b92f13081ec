"""How long unnamed ships stay, from consecutive looks. Truth: ships simulated by the law itself, and invariances."""

import numpy as np
import pandas as pd
import pytest

from pipeline.calls import learn_stays, listen
from pipeline.calls.seen_stays import look_pairs, ship_length_sd_m, with_seen_stays
from pipeline.calls.static import static_reports
from pipeline.calls.stay_law import stay_law
from pipeline.calls.tracks import clean_tracks
from pipeline.config import CallsConfig
from pipeline.tables import MATCHES, PORT_CALLS
from tests.calls.traffic import detections, feed, fixes, harbour, looks_at, off_berth, sighting

CONFIG = CallsConfig()
DECLARED = stay_law(PORT_CALLS.empty(), CONFIG)


def ships_in_turn(factor: float, days: int, seed: int, error_m: float = 3.0, recall: float = 1.0):
    """Sightings and daily looks at a spot where ships stay by the declared law times a factor, and a day apart."""
    rng = np.random.default_rng(seed)
    comes, rows, hours = -20.0, [], np.arange(0.0, days) * 24.0
    while comes < days:
        leaves, length_m = comes + factor * np.exp(rng.normal(DECLARED.middle, DECLARED.spread)), rng.normal(90, 18)
        for hour in hours[(hours >= comes * 24) & (hours <= leaves * 24)]:
            if rng.random() < recall:
                seen_m, reach_m = length_m + rng.normal(0, error_m), 1.645 * error_m
                rows.append(sighting(f"d{hour:g}", hour, length_m=seen_m, length_lo_m=seen_m - reach_m,
                                     length_hi_m=seen_m + reach_m))  # fmt: skip
        comes = leaves + rng.exponential(1.0)
    return detections(*rows), looks_at(*hours)


def learnt(found, looks, *messages, config=CONFIG):
    tracks, static = clean_tracks(feed(*messages)), static_reports(feed(*messages))
    known = listen(tracks=tracks, static=static, registry=None, place=harbour(), config=config)
    return learn_stays(known, detections=found, looks=looks, matches=MATCHES.empty()).stays


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("recall", [1.0, 0.6])
def test_a_year_of_looks_shows_how_long_ships_stay(factor, recall):
    """Of what is farther off than was declared, the declared law keeps some."""
    config = CallsConfig(look_recall={"optical": min(recall, 0.99)})
    laws = [learnt(*ships_in_turn(factor, 365, seed, recall=recall), config=config) for seed in range(3)]
    shifts = [law.middle - DECLARED.middle for law in laws]
    assert np.mean(shifts) == pytest.approx(0.85 * np.log(factor), abs=0.15)


def test_the_uncertainty_shrinks_with_the_looks_and_holds_the_truth():
    """A factor from the declared uncertainty; the pairs are judged one by one, so the interval is a little narrow."""
    rng, scores, sds = np.random.default_rng(3), [], []
    for seed in range(16):
        shift = rng.normal(0, CONFIG.stay_log_sd)
        law = learnt(*ships_in_turn(np.exp(shift), 100, seed))
        scores.append((law.middle - DECLARED.middle - shift) / law.log_sd)
        sds.append(law.log_sd)
    assert np.sqrt(np.mean(np.square(scores))) < 1.5
    assert abs(np.mean(scores)) < 0.6
    assert np.mean(sds) < 0.7 * CONFIG.stay_log_sd


def test_ships_of_one_size_say_nothing():
    """Equal hulls in turn look like one that stays on."""
    found, looks = ships_in_turn(1.0, 200, seed=1, error_m=8.0)
    alike = found.assign(length_m=90 + 0 * found["length_m"], length_lo_m=78.0, length_hi_m=102.0)
    law = learnt(alike, looks)
    assert law.middle == pytest.approx(DECLARED.middle, abs=0.02)
    assert law.log_sd == pytest.approx(DECLARED.log_sd, rel=0.05)


@pytest.mark.parametrize(("east_m", "length_m"), [(100.0, 70.0), (400.0, 70.0), (400.0, 230.0)])
def test_one_hull_that_lies_there_all_year_changes_nothing(east_m, length_m):
    """A ship laid up, or a jetty taken for one, beside the spot or along the berth: it is left out.

    Its length varies beyond the intervals by as much as the settings say of one hull.
    """
    found, looks = ships_in_turn(0.5, 200, seed=2)
    rng = np.random.default_rng(9)
    lengths_m = length_m * (1 + rng.normal(0, CONFIG.same_ship_length_share / np.sqrt(2), 200))
    lying = [sighting(f"lying{n}", 24.0 * n, off_berth(east_m), length_m=seen_m, length_lo_m=seen_m - 2,
                      length_hi_m=seen_m + 2) for n, seen_m in enumerate(lengths_m) if rng.random() < 0.7]  # fmt: skip
    both = pd.concat([found, detections(*lying)], ignore_index=True)
    place_law, with_it = learnt(found, looks), learnt(both, looks)
    assert with_it.middle < DECLARED.middle - 0.3
    assert with_it.middle == pytest.approx(place_law.middle, abs=0.1)


def test_a_false_ship_now_and_then_changes_little():
    """On one look in twenty, at a random place along the berth; ships themselves shift by up to 60 m."""
    rng = np.random.default_rng(5)
    shifts = []
    for seed in range(2):
        found, looks = ships_in_turn(1.0, 200, seed)
        false = [sighting(f"false{n}", 24.0 * n, off_berth(rng.uniform(-150, 150)), length_m=rng.uniform(30, 90))
                 for n in range(200) if rng.random() < 0.05]  # fmt: skip
        shifts.append(learnt(pd.concat([found, detections(*false)]), looks).middle - learnt(found, looks).middle)
    assert np.mean(shifts) == pytest.approx(0.0, abs=0.08)


def test_two_spots_a_ship_length_apart_tell_the_same_as_one():
    """How often a ship comes to a spot does not count those that come to the next."""
    shifts = []
    for seed in range(3):
        (west, looks), (east, _) = ships_in_turn(1.0, 200, seed), ships_in_turn(1.0, 200, seed + 100)
        lon, lat = off_berth(130.0)
        both = pd.concat([west, east.assign(detection_id="east" + east["detection_id"], lon=lon, lat=lat)])
        shifts.append(learnt(both.reset_index(drop=True), looks).middle - DECLARED.middle)
    assert np.mean(shifts) == pytest.approx(0.0, abs=0.15)


def test_detections_without_looks_say_nothing():
    """How often the spot was free is not known."""
    found, _ = ships_in_turn(1.0, 200, seed=1)
    assert learnt(found, looks_at()) == DECLARED
    assert learnt(found, looks_at(0, 24, state="unknown")) == DECLARED


@pytest.mark.parametrize("hours", [0.0, 0.2])
def test_looks_within_minutes_carry_no_information(hours):
    """A ship seen twice within minutes is the same under any law; so often, and day after day, she says nothing."""
    days = 24.0 * 40 * np.arange(30)  # so far apart that nothing lasts until the next
    rows = [sighting(f"{n}-{k}", day + k * hours, scene_id=f"{n}-{k}", length_m=70.0 + n, sensor=sensor)
            for n, day in enumerate(days) for k, sensor in enumerate(("optical", "sentinel-2"))]  # fmt: skip
    looks = pd.concat([looks_at(*days), looks_at(*(days + hours), sensor="sentinel-2")], ignore_index=True)
    looks["scene_id"] = [f"{n}-{k}" for k in range(2) for n in range(30)]
    law = learnt(detections(*rows), looks.assign(look_id=looks["scene_id"]))
    assert law.pairs >= 30
    assert law.middle == pytest.approx(DECLARED.middle, abs=0.02)
    assert law.log_sd == pytest.approx(DECLARED.log_sd, rel=0.05)


def test_a_vague_declared_law_is_replaced_by_what_looks_show():
    """The interval does not depend on how far apart the laws lie that are compared."""
    found, looks = ships_in_turn(1.0, 365, seed=1)
    vague, vaguer = (learnt(found, looks, config=CallsConfig(stay_log_sd=sd)) for sd in (1.0, 2.0))
    assert vaguer.middle == pytest.approx(vague.middle, abs=0.03)
    assert vaguer.log_sd == pytest.approx(vague.log_sd, rel=0.1)
    assert vaguer.log_sd > 0.06


def test_the_order_of_the_rows_and_names_do_not_matter():
    found, looks = ships_in_turn(1.3, 60, seed=4)
    shuffled = found.sample(frac=1, random_state=1).reset_index(drop=True)
    assert learnt(shuffled, looks.sample(frac=1, random_state=2)) == learnt(found, looks)


def test_only_looks_that_follow_each_other_make_pairs_and_none_around_a_heard_ship():
    """Looks on four days; the third shows nobody. A ship heard between the first two was another one's neighbour."""
    seen = detections(sighting("a", 10), sighting("b", 34), sighting("d", 82))
    pairs = list(look_pairs(seen, looks_at(10, 34, 58, 82), CONFIG, None))
    assert [pair.gap_d for pair in pairs] == [1.0]
    assert list(look_pairs(seen, looks_at(10, 34, 82), CONFIG, None))[1].gap_d == 2.0
    between = fixes(np.arange(15, 30, 0.5), *off_berth(0.0), mmsi=273000999)
    away = fixes(np.arange(30.5, 40, 0.5), *off_berth(15_000.0), sog=10.0, mmsi=273000999)
    assert learnt(seen, looks_at(10, 34, 58, 82), between, away).pairs == 0


def test_neighbours_at_one_berth_are_paired_by_where_they_lie():
    """Two ships 200 m apart, the western one of 70 m and the eastern one of 110 m, in each of two looks."""
    west, east = off_berth(-100.0), off_berth(100.0)
    seen = detections(*(sighting(f"{name}{hour:g}", hour, spot, length_m=length_m) for hour in (10, 34)
                        for name, spot, length_m in (("w", west, 70.0), ("e", east, 110.0))))  # fmt: skip
    pairs = list(look_pairs(seen, looks_at(10, 34), CONFIG, None))
    assert len(pairs) == 2
    assert all(pair.size_ratio > 1 for pair in pairs)


def test_a_certain_law_and_a_table_without_pairs_are_kept():
    found, looks = ships_in_turn(2.0, 60, seed=6)
    assert learnt(found, looks, config=CallsConfig(stay_log_sd=0)).middle == pytest.approx(DECLARED.middle)
    assert with_seen_stays(DECLARED, found.iloc[:1], looks, CONFIG, None) == DECLARED
    assert learnt(found.iloc[:0], looks) == DECLARED


def test_the_spread_of_lengths_is_that_of_the_ships_without_the_measurement():
    rng = np.random.default_rng(0)
    for ships_sd_m, error_m in ((10.0, 3.0), (10.0, 10.0), (4.0, 10.0)):
        true = 90 + rng.normal(0, ships_sd_m, 3000)
        seen_m = true + rng.normal(0, error_m, len(true))
        table = pd.DataFrame({"length_m": seen_m, "length_lo_m": seen_m - 1.645 * error_m,
                              "length_hi_m": seen_m + 1.645 * error_m})  # fmt: skip
        assert ship_length_sd_m(table) == pytest.approx(ships_sd_m, rel=0.15)
        vague = table.assign(length_lo_m=0.0, length_hi_m=400.0).iloc[:300]
        both = pd.concat([vague, table.iloc[300:]])
        assert ship_length_sd_m(both) == pytest.approx(ships_sd_m, rel=0.15)
