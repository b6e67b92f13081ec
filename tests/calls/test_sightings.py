from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.calls.same_ship import same_ship_probability
from pipeline.calls.ships_in_turn import ship_numbers
from pipeline.calls.sightings import link, sightings_in_zones
from pipeline.config import CallsConfig
from pipeline.ships.turnover import NO_LOOK_BEFORE, LookBefore, Turnover
from pipeline.tables import MATCHES
from tests.calls.traffic import MMSI, at, detections, looks_at, off_berth, sighting

CONFIG = CallsConfig()


def linked(seen: list[dict], looks=None, config: CallsConfig = CONFIG) -> list[list[str]]:
    """Names of the sightings in each stay."""
    return [[s["detection_id"] for s in stay.sightings] for stay in stays(seen, looks, config)]


def stays(seen: list[dict], looks=None, config: CallsConfig = CONFIG):
    return link(detections(*seen), looks_at() if looks is None else looks, config)


def test_the_same_hull_day_after_day_is_one_stay():
    assert linked([sighting(f"d{n}", 24 * n, length_m=96 + n % 2) for n in range(4)]) == [["d0", "d1", "d2", "d3"]]


def test_a_longer_hull_is_another_ship():
    assert linked([sighting("a", 0, length_m=96), sighting("b", 24, length_m=160)]) == [["a"], ["b"]]


def test_two_in_one_look_are_two_ships():
    assert linked([sighting("a", 0), sighting("b", 0)]) == [["a"], ["b"]]


def test_of_two_hulls_the_likelier_goes_on():
    seen = [sighting("a0", 0, length_m=90), sighting("b0", 0, length_m=110)]
    seen += [sighting("x", 24, length_m=109), sighting("y", 24, length_m=91)]
    assert linked(seen) == [["a0", "y"], ["b0", "x"]]


@pytest.mark.parametrize(("hours", "one"), [(143, True), (145, False)])
def test_beyond_the_longest_stay_it_is_another_call(hours, one):
    """CallsConfig.max_stay_d: 6 days, with a law under which ships stay for weeks."""
    weeks = CallsConfig(stay_d=(4.0, 20.0))
    assert (len(linked([sighting("a", 0), sighting("b", hours)], config=weeks)) == 1) == one


@pytest.mark.parametrize(("hours", "one"), [(24, True), (48, True), (110, False)])
def test_alike_or_not_a_ship_seen_again_after_the_usual_stay_is_another_call(hours, one):
    """Of stays of 0.8 to 3 days one in two hundred lasts 110 h; one in five hulls of the trade looks alike."""
    assert (len(linked([sighting("a", 0), sighting("b", hours)])) == 1) == one


@pytest.mark.parametrize(("metres", "one"), [(0, True), (240, True), (260, False)])
def test_further_along_the_quay_is_another_ship(metres, one):
    assert (len(linked([sighting("a", 0), sighting("b", 24, off_berth(metres))])) == 1) == one


def test_many_looks_of_a_day_say_no_more_of_how_busy_a_spot_is_than_one():
    """They show the same ship or the same empty spot, so looks at one stay must not make a next ship likelier."""
    empty = [-240, -192, -144, -96]
    seen = [sighting("a", 0), sighting("b", 36)]
    hourly = [sighting(f"a{n}", n) for n in range(1, 8)]
    (plain,) = stays(seen, looks_at(*empty, 0, 36))
    (watched,) = stays(seen + hourly, looks_at(*empty, *range(8), 36))
    (watched_empty,) = stays(seen, looks_at(*empty, *(h + n for h in empty for n in (1, 2, 3)), 0, 36))
    assert watched.turns == watched_empty.turns == plain.turns
    assert stays(seen, looks_at(*empty, 0, 36, 84))[0].turns.free_d > plain.turns.free_d


@pytest.mark.parametrize(("hours", "looks"), [(11.9, 1), (12.1, 2)])
def test_looks_within_twelve_hours_share_one_word(hours, looks):
    """Rule in docs/method.md, How many calls."""
    (stay,) = stays([sighting("a", 0)], looks_at(0, hours))
    assert stay.looks_at_spot == (1, looks)


def test_a_ship_seen_in_one_of_many_looks_of_a_day_was_seen():
    (stay,) = stays([sighting("a", 0)], looks_at(*range(12)))
    assert stay.looks_at_spot == (1, 1)


@pytest.mark.parametrize(("metres", "goes_on"), [(200, False), (300, True)])
def test_only_who_came_to_her_own_spot_says_that_she_left(metres, goes_on):
    """A look missed her at 2 h; another ship is there at 4 h, and a ship like her at 6 h."""
    seen = [sighting("a", 0), sighting("b", 4, off_berth(metres), length_m=160.0), sighting("c", 6)]
    found = linked(seen, looks_at(-192, -144, -96, 0, 2, 4, 6))
    assert found == ([["a", "c"], ["b"]] if goes_on else [["a"], ["b"], ["c"]])


FINE = {"method": "optical-edges", "beam_lo_m": 14.8, "beam_hi_m": 15.2}


@pytest.mark.parametrize(("wider_m", "one"), [(1.0, True), (1.4, False)])
def test_two_fine_looks_that_show_one_ship_in_less_than_a_hundredth_are_two_stays(wider_m, one):
    """Rule in docs/submetre.md, Same ship. By length alone they could be one."""
    first, second = (
        sighting(name, hours, length_m=m, house_position=house, **FINE)
        | {"length_lo_m": m - 1, "length_hi_m": m + 1, "beam_m": b, "beam_lo_m": b - 0.2, "beam_hi_m": b + 0.2}
        for name, hours, m, b, house in (("a", 0, 96.0, 15.0, 0.5), ("b", 24, 99.0, 15.0 + wider_m, 0.12))
    )
    assert (same_ship_probability(first, second) > 0.01) == one
    assert (len(linked([first, second])) == 1) == one
    assert len(linked([first, second | {"method": "sentinel"}])) == 1


def test_of_two_like_hulls_each_goes_on_where_she_lay():
    seen = [sighting("a0", 0, off_berth(-110)), sighting("b0", 0, off_berth(110))]
    seen += [sighting("x", 24, off_berth(100)), sighting("y", 24, off_berth(-100))]
    assert linked(seen) == [["a0", "y"], ["b0", "x"]]


def test_of_two_that_are_gone_the_likelier_is_she_who_may_have_stayed():
    """Both were there days ago; one has her length."""
    seen = [sighting("like", 0, length_m=96.0), sighting("unlike", 0, length_m=106.0), sighting("new", 96)]
    *_, new = stays(seen)
    assert new.former[0] == "like"
    assert new.former[1] > 0


@pytest.mark.parametrize("surer", ["heard", "other"])
def test_of_two_pictures_of_a_pass_the_one_stands_that_a_transponder_fits_else_the_surer(surer):
    score = {"heard": 0.9, "other": 0.9, surer: 0.95}
    seen = detections(*(sighting(name, 10 + n / 120, score=score[name]) for n, name in enumerate(("heard", "other"))))
    one_pass = dict.fromkeys(seen["scene_id"], "pass")
    told = MATCHES.from_rows([{"det_id": "heard", "mmsi": MMSI, "probability": 0.8}])
    assert sightings_in_zones(seen, told, one_pass)["detection_id"].tolist() == ["heard"]
    assert sightings_in_zones(seen, told.iloc[:0], one_pass)["detection_id"].tolist() == [surer]


def test_other_berths_are_other_stays():
    assert linked([sighting("a", 0), sighting("b", 24, berth_id="roads")]) == [["a"], ["b"]]


def test_an_empty_usable_look_ends_a_stay_and_bounds_the_next():
    first, second = stays([sighting("a", 0), sighting("b", 48)], looks_at(0, 24, 48, 72))
    assert (first.absent_before, first.absent_after) == (None, at(24))
    assert (second.absent_before, second.absent_after) == (at(24), at(72))


@pytest.mark.parametrize("state", ["unknown", "partly"])
def test_a_look_that_saw_little_ends_nothing(state):
    looks = pd.concat([looks_at(0, 48), looks_at(24, state=state)], ignore_index=True)
    assert linked([sighting("a", 0), sighting("b", 48)], looks) == [["a", "b"]]


@pytest.mark.parametrize(("counts", "n"), [(False, 1), (True, 2)])
def test_radar_ends_a_stay_only_where_it_is_said_so(counts, n):
    looks = looks_at(0, 24, 48, sensor="sentinel-1")
    seen = [sighting(f"d{h}", h, sensor="sentinel-1") for h in (0, 48)]
    assert len(linked(seen, looks, CallsConfig(radar_absence_counts=counts))) == n


def test_a_look_at_another_berth_ends_nothing():
    looks = pd.concat([looks_at(0, 48), looks_at(24, zone="roads")], ignore_index=True)
    assert linked([sighting("a", 0), sighting("b", 48)], looks) == [["a", "b"]]


def test_a_missed_ship_closes_only_herself():
    """Two ships lie there; in the second look one is gone and the other stays."""
    seen = [sighting("a0", 0, length_m=80), sighting("b0", 0, length_m=140), sighting("b1", 24, length_m=141)]
    short, long = stays(seen, looks_at(0, 24, 48))
    assert short.absent_after == at(24)
    assert [s["detection_id"] for s in long.sightings] == ["b0", "b1"]


@pytest.mark.parametrize("sensor", ["", "iceye"])
def test_absence_in_a_look_of_an_unknown_sensor_says_nothing(sensor):
    """Its recall at a quay is unknown: unseen is unknown, as in the estimate of unseen calls."""
    seen = [sighting("a", 0), sighting("b", 24)]
    (stay,) = stays(seen, looks_at(0, 12, 24, 36, sensor=sensor))
    assert (stay.p_missed, stay.absent_after) == (1.0, None)
    assert stays(seen, looks_at(0, 12, 24, 36, sensor="optical"))[-1].absent_after is not None


def test_length_of_a_stay_is_the_weighted_mean():
    """By inverse variance: a length with half the spread weighs four times as much."""
    wide = sighting("a", 0, length_m=100.0) | {"length_lo_m": 90.0, "length_hi_m": 110.0}
    fine = sighting("b", 24, length_m=104.0) | {"length_lo_m": 99.0, "length_hi_m": 109.0}
    (stay,) = stays([wide, fine])
    mean, sd = stay.length()
    assert mean == pytest.approx((100 + 4 * 104) / 5)
    assert sd == pytest.approx(5 / 1.6448536 / 1.25**0.5)


def test_order_of_rows_does_not_matter():
    seen = [sighting(f"d{n}", 24 * (n // 2), length_m=80 + 60 * (n % 2)) for n in range(8)]
    assert linked(seen) == linked(seen[::-1])


def test_no_sightings_no_stays():
    assert linked([], looks_at(0, 24)) == []


def test_lengths_that_differ_days_apart_are_the_likelier_two_ships():
    """86 m, then 95 m, within 2.5 standard deviations: by Bayes two ships after two days, one after an hour."""
    first = {"length_m": 86.0, "length_lo_m": 81.0, "length_hi_m": 91.0}
    later = {"length_m": 95.0, "length_lo_m": 91.5, "length_hi_m": 98.5}
    assert len(linked([sighting("a", 0, **first), sighting("b", 48, **later)])) == 2
    assert len(linked([sighting("a", 0, **first), sighting("b", 1, **later)])) == 1


@pytest.mark.parametrize("shown_in", ["first", "second"])
@pytest.mark.parametrize("apart_s", [20, 90, 170])
def test_a_look_does_not_end_the_stay_that_another_picture_of_its_pass_shows(shown_in, apart_s):
    """Each day's pass has two usable images, only one of which shows the ship. She never left."""
    days = [12.0, 36.0, 60.0]
    pictures = looks_at(*days, *(h + apart_s / 3600 for h in days))
    shift_h = 0.0 if shown_in == "first" else apart_s / 3600
    assert linked([sighting(f"d{h}", h + shift_h) for h in days], pictures) == [["d12.0", "d36.0", "d60.0"]]


def test_a_pass_without_her_ends_her_stay_however_many_pictures_it_has():
    (stay,) = stays([sighting("a", 12)], looks_at(12, 36, 36.02, 36.04))
    assert stay.absent_after == at(36)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_looks_that_all_missed_her_are_as_rare_as_each_times_the_others(count):
    """Recall 0.8: one look misses her with chance 0.2, all three with 0.008."""
    config = CallsConfig(look_recall={**CONFIG.look_recall, "optical": 0.8})
    empty = [12.0 + 13 * n for n in range(count)]
    (stay,) = stays([sighting("a", 0)], looks_at(0, *empty), config)
    assert stay.p_missed == pytest.approx(0.2**count)


def test_a_new_stay_keeps_the_last_look_that_did_not_show_her():
    """No look; a look at an empty berth, which misses some ships; a radar look at another ship on her spot."""
    misses = 1 - CONFIG.look_recall["optical"]
    assert stays([sighting("a", 24)])[0].look_before == NO_LOOK_BEFORE
    (stay,) = stays([sighting("a", 24)], looks_at(0, 12, 24))
    assert stay.look_before == LookBefore(0.5, pytest.approx(misses), is_taken=False)
    radar = {"sensor": "sentinel-1"}
    both = [sighting("a", 0, length_m=160.0, **radar), sighting("b", 6, length_m=96.0, **radar)]
    after = stays(both, looks_at(0, 6, sensor="sentinel-1"))[1].look_before
    assert after == LookBefore(0.25, pytest.approx(0, abs=1e-6), is_taken=True)


@pytest.mark.parametrize("absence_counts", [False, True])
@pytest.mark.parametrize("sensor", ["optical", "sentinel-2", "sentinel-1"])
def test_a_spot_is_as_busy_as_it_is_however_few_of_its_ships_a_look_shows(sensor, absence_counts):
    """Simulated: a ship is there on four days in five, and a daily look shows it with the sensor's recall."""
    config = CallsConfig(radar_absence_counts=absence_counts)
    days = np.arange(150)
    there = np.random.default_rng(5).uniform(size=(2, 150))
    shown = days[(there[0] < 0.8) & (there[1] < config.look_recall[sensor])]
    found = [sighting(f"d{day:03}", 24.0 * day, sensor=sensor) for day in shown]
    taken, looks = stays(found, looks_at(*(24.0 * days), sensor=sensor), config)[-1].looks_at_spot
    assert taken / looks == pytest.approx(0.8, abs=0.08)


def test_two_looks_at_one_hull_are_surer_one_stay_where_she_had_just_come():
    """The look before shows nobody, so more of her stay remains than for one first seen at a random time."""
    seen = [sighting("a", 0), sighting("b", 36)]

    def one(looks) -> float:
        stay = replace(stays(seen, looks)[0], turns=Turnover(CONFIG.stay_d, 2.0))
        return ship_numbers([stay], CONFIG)[0].p_one

    assert one(looks_at(-12, 0, 36)) > one(looks_at(0, 36)) + 0.05


def test_looks_of_which_nobody_knows_what_they_show_do_not_tell_how_busy_a_spot_is():
    seen = [sighting(f"d{day}", 24.0 * day) for day in (0, 10, 20)]
    known = looks_at(*(24.0 * day for day in range(0, 30, 2)))
    vague = looks_at(*(24.0 * day + 10 for day in range(30)), sensor="iceye")
    in_vague = [sighting(f"v{day}", 24.0 * day + 10, length_m=60.0, sensor="iceye") for day in range(4, 8)]
    alone, beside = stays(seen, known), stays([*seen, *in_vague], pd.concat([known, vague], ignore_index=True))
    assert alone[-1].looks_at_spot == beside[-1].looks_at_spot
