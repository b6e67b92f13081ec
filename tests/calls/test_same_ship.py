"""Same-ship probability of two looks: on fleets of known truth, and by properties that hold for any numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from pipeline.calls.same_ship import (
    BEAM_FLOOR,
    FLEET_LENGTH_SD,
    FLEET_SLENDER_SD,
    FLEET_TONE_SD,
    LENGTH_FLOOR,
    TONE_SD,
    freeboard_change,
    log_odds,
    odds_beyond_length,
    same_ship_probability,
)
from pipeline.quantiles import Z90

LOOK = {"length_m": 98.0, "length_lo_m": 97.0, "length_hi_m": 99.0, "beam_m": 16.0, "beam_lo_m": 15.7,
        "beam_hi_m": 16.3, "house_position": 0.13, "deck_tone": 2.6}  # fmt: skip


def look_at(length_m, beam_m, house, tone, rng):
    """A look with errors as its intervals state, and now and then an end lost in shade."""
    lost = 0.05 * rng.normal() * (rng.random() < 0.035)
    length, beam = length_m * (1 + 0.006 * rng.normal() + lost), beam_m * (1 + 0.02 * rng.normal())
    return {
        "length_m": length, "length_lo_m": length * 0.99, "length_hi_m": length * 1.01,
        "beam_m": beam, "beam_lo_m": beam * 0.967, "beam_hi_m": beam * 1.033,
        "house_position": house + 0.02 * rng.normal(), "deck_tone": tone * np.exp(0.25 * rng.normal()),
    }  # fmt: skip


def ship(rng):
    length = 95 * np.exp(FLEET_LENGTH_SD * rng.normal())
    return length, length / 6.2 * np.exp(FLEET_SLENDER_SD * rng.normal()), 0.13 + 0.03 * rng.normal(), 2.5


def test_probabilities_are_as_often_right_as_they_say():
    rng = np.random.default_rng(5)
    told, truth = [], []
    for n in range(4000):
        first, same = ship(rng), n % 2 == 0
        second = first if same else ship(rng)
        told.append(same_ship_probability(look_at(*first, rng), look_at(*second, rng)))
        truth.append(same)
    told, truth = np.array(told), np.array(truth)
    assert np.mean((told > 0.5) == truth) > 0.94
    sure = told > 0.9
    assert truth[sure].mean() == pytest.approx(told[sure].mean(), abs=0.03)
    assert np.mean((told - truth) ** 2) < 0.045  # Brier


def test_order_of_looks_does_not_matter():
    other = LOOK | {"length_m": 100.0, "beam_m": 16.5, "deck_tone": 2.0}
    assert same_ship_probability(LOOK, other) == pytest.approx(same_ship_probability(other, LOOK))


def test_what_is_unknown_takes_no_part():
    bare = {k: v for k, v in LOOK.items() if not k.startswith(("house", "deck"))}
    assert same_ship_probability(bare, LOOK) == same_ship_probability(LOOK, bare)
    assert same_ship_probability({}, {}, prior=0.3) == pytest.approx(0.3)


def test_a_longer_ship_is_another_one():
    assert same_ship_probability(LOOK, LOOK) > 0.98
    longer = LOOK | {"length_m": 108.0, "length_lo_m": 107.0, "length_hi_m": 109.0}
    assert same_ship_probability(LOOK, longer | {"beam_m": 17.6, "beam_lo_m": 17.3, "beam_hi_m": 17.9}) < 0.01


def test_one_failed_measure_does_not_make_another_ship_and_two_do():
    """An end lost in shade can shorten her by a tenth; beam and house differing as well is no coincidence."""
    shorter = {"length_m": 88.0, "length_lo_m": 87.0, "length_hi_m": 89.0}
    other = shorter | {"beam_m": 13.0, "beam_lo_m": 12.7, "beam_hi_m": 13.3, "house_position": 0.5}
    assert same_ship_probability(LOOK, LOOK | other) < 0.001 < 0.02 < same_ship_probability(LOOK, LOOK | shorter) < 0.5


def test_a_prior_of_certainty_is_refused():
    with pytest.raises(ValueError, match="prior"):
        same_ship_probability(LOOK, LOOK, prior=1.0)


def test_change_of_freeboard_adds_errors_in_quadrature():
    first = LOOK | {"freeboard_m": 5.0, "freeboard_lo_m": 4.7, "freeboard_hi_m": 5.3}
    second = LOOK | {"freeboard_m": 2.0, "freeboard_lo_m": 1.6, "freeboard_hi_m": 2.4}
    change = freeboard_change(first, second)
    assert (change.change_m, change.lo_m, change.hi_m) == pytest.approx((-3.0, -3.5, -2.5))
    assert freeboard_change(first, LOOK) is None


def test_an_interval_that_is_open_to_one_side_opens_the_change_to_that_side():
    """The change is second minus first, so an upper margin of the second raises it and one of the first lowers it."""
    open_up = LOOK | {"freeboard_m": 3.0, "freeboard_lo_m": 3.0, "freeboard_hi_m": 4.0}
    sharp = LOOK | {"freeboard_m": 3.0, "freeboard_lo_m": 3.0, "freeboard_hi_m": 3.0}
    for first, second, bounds in ((sharp, open_up, (0.0, 1.0)), (open_up, sharp, (-1.0, 0.0))):
        change = freeboard_change(first, second)
        assert (change.lo_m, change.hi_m) == pytest.approx(bounds)


BARE = {"length_m": 98.0, "beam_m": 16.0, "house_position": 0.13, "deck_tone": 2.6}


@pytest.mark.parametrize(
    ("name", "error", "fleet"),
    [
        ("length_m", LENGTH_FLOOR, FLEET_LENGTH_SD),
        ("deck_tone", TONE_SD, FLEET_TONE_SD),
    ],
)
def test_between_two_hulls_of_the_trade_the_likelihood_ratio_is_one_on_average(name, error, fleet):
    """Of one hull over two, averaged over two hulls, as for any ratio of two densities; else odds would be biased."""
    apart = np.unique(np.concatenate([np.linspace(-10, 10, 801) * error, np.linspace(-8, 8, 801) * fleet]))
    first = BARE[name]
    two_hulls = norm.pdf(apart, scale=np.hypot(error, np.sqrt(2) * fleet))
    ratio = np.exp([log_odds({name: first}, {name: value}) for value in first * np.exp(apart)])
    assert np.trapezoid(ratio * two_hulls, apart) == pytest.approx(1, abs=0.005)


@pytest.mark.parametrize(("length_apart", "reach"), [(0.0, 0.0), (0.05, 0.0), (0.0, 0.2)])
def test_so_it_is_of_beams_for_their_lengths(length_apart, reach):
    """Beams of two hulls differ as their lengths do, within the lengths' errors and the spread of slenderness."""
    first = {"length_m": 98.0, "beam_m": 16.0, "length_lo_m": 98 * (1 - reach), "length_hi_m": 98 * (1 + reach)}
    longer = {name: value * np.exp(length_apart) for name, value in first.items() if name != "beam_m"}
    error = np.sqrt(BEAM_FLOOR**2 + LENGTH_FLOOR**2 + 2 * (reach / Z90) ** 2)
    apart = np.linspace(-3, 3, 6001)
    two_hulls = norm.pdf(apart - length_apart, scale=np.hypot(error, np.sqrt(2) * FLEET_SLENDER_SD))
    ratio = np.exp([odds_beyond_length(first, longer | {"beam_m": 16.0 * np.exp(d)}) for d in apart])
    assert np.trapezoid(ratio * two_hulls, apart) == pytest.approx(1, abs=0.005)
    assert odds_beyond_length(first, longer) == 0
    assert odds_beyond_length({"beam_m": 16.0}, first) == 0, "beams alone say what lengths say already"


@pytest.mark.parametrize("name", ["deck_tone", "length_m"])
def test_what_is_nothing_or_less_was_not_measured(name):
    assert log_odds({name: 0.0}, BARE) == log_odds({name: -0.1}, BARE) == log_odds(BARE, {name: 0.0}) == 0


@pytest.mark.parametrize("moved", [0.25, -0.3, 0.4])
def test_a_house_elsewhere_is_mistaken_nearly_as_often_as_it_is_another_ships(moved):
    """It is misplaced in one pair of looks in ten; of two ships, one has hers forward in 2 x 8 x 92 % of pairs."""
    odds = np.exp(odds_beyond_length({"house_position": 0.4}, {"house_position": 0.4 + moved}))
    assert odds == pytest.approx(0.1 / (0.1 + 0.9 * 2 * 0.08 * 0.92), rel=0.05)


def test_a_house_aft_tells_hardly_one_tanker_from_another():
    """Nearly all tankers have it there: two ships agree about as well as one with herself."""
    for moved in (0.0, 0.02, 0.05, 0.08):
        odds = np.exp(odds_beyond_length({"house_position": 0.13}, {"house_position": 0.13 + moved}))
        assert 0.6 < odds < 1.7


@pytest.mark.parametrize("wider", [0.15, -0.2, 0.25])
def test_a_beam_beyond_its_error_was_mistaken_in_three_looks_of_a_hundred(wider):
    """A mistaken beam follows the fleet's beams; beams of two hulls of one length follow the spread of slenderness."""
    first, second = {"length_m": 98.0, "beam_m": 16.0}, {"length_m": 98.0, "beam_m": 16.0 * np.exp(wider)}
    mistaken = 0.03 * norm.pdf(wider, scale=np.sqrt(2) * FLEET_LENGTH_SD)
    of_two = norm.pdf(wider, scale=np.hypot(np.sqrt(2) * 0.08, BEAM_FLOOR))
    assert np.exp(odds_beyond_length(first, second)) == pytest.approx(mistaken / of_two, rel=0.1)


def test_ships_of_one_length_are_told_apart_by_a_tenth_of_the_beam():
    """Both measured in sub-metre looks to a decimetre: ten to one that they are two ships."""
    sharp = {"length_m": 98.0, "length_lo_m": 97.9, "length_hi_m": 98.1}
    beams = [sharp | {"beam_m": b, "beam_lo_m": b - 0.1, "beam_hi_m": b + 0.1} for b in (16.0, 17.6)]
    assert odds_beyond_length(*beams) < np.log(0.1)
