"""Chances at a berth against drawn ships that take turns there."""

from functools import cache

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import lognorm

from pipeline.config import CallsConfig
from pipeline.quantiles import Z90
from pipeline.ships import turnover as turnover_steps
from pipeline.ships.turnover import (
    EmptyLook,
    LookBefore,
    Pair,
    Turnover,
    chance_of_one_stay,
    length_likelihoods,
    turnover,
)

STAY_D = CallsConfig().stay_d


@cache
def drawn(free_d, turns=400_000):
    """Arrivals and departures at a spot where one ship follows another [d], read-only."""
    rng = np.random.default_rng(3)
    low, high = np.log(STAY_D)
    stay = np.exp(rng.normal((low + high) / 2, (high - low) / (2 * Z90), turns))
    free = rng.exponential(free_d, turns)
    ends = np.cumsum(stay + free)
    return fixed(ends - stay), fixed(ends)


def fixed(values):
    """An array that no test can change for the next."""
    values.flags.writeable = False
    return values


@cache
def looks_at(free_d, seed, looks=1_000_000):
    """Random moments of the drawn turns [d], read-only and in order: those are found in them ten times as fast."""
    return fixed(np.sort(np.random.default_rng(seed).uniform(10, drawn(free_d)[1][-1] - 50, looks)))


def ship_at(when, arrivals, departures):
    """Number of the ship that lies there at each moment; -1 where there is none."""
    last = np.searchsorted(arrivals, when, "right") - 1
    return np.where((last >= 0) & (when < departures[last]), last, -1)


@pytest.mark.parametrize("free_d", [0.4, 2.0, 12.0])
@pytest.mark.parametrize(("seen_d", "gap_d"), [(0.0, 0.17), (0.0, 0.8), (0.0, 2.0), (1.0, 1.0), (0.5, 5.0)])
def test_who_is_there_later_is_as_often_the_same_and_another_as_in_drawn_turns(free_d, seen_d, gap_d):
    """Looks at random moments; those kept that show one ship at the first moment and after ``seen_d``."""
    arrivals, departures = drawn(free_d)
    looks = looks_at(free_d, 4, 600_000)
    first, second, third = (ship_at(looks + d, arrivals, departures) for d in (0.0, seen_d, seen_d + gap_d))
    kept = (first >= 0) & (first == second)
    turns = Turnover(STAY_D, free_d)
    assert turns.p_still_there(seen_d, gap_d) == pytest.approx((third == first)[kept].mean(), abs=0.01)
    assert turns.p_another(seen_d, gap_d) == pytest.approx(((third >= 0) & (third != first))[kept].mean(), abs=0.015)


@pytest.mark.parametrize("unheard", [0.7, 0.3])
@pytest.mark.parametrize(
    ("free_d", "gap_d", "empty_d"), [(0.3, 0.8, ()), (0.3, 3.0, ()), (2.0, 4.0, ()), (0.3, 3.0, (2.0,))]
)
def test_who_transmits_is_known_not_to_have_come_between(unheard, free_d, gap_d, empty_d):
    """Of drawn ships some are heard: another unheard one there, and no heard one since, is as seldom as told."""
    arrivals, departures = drawn(free_d)
    looks = looks_at(free_d, 8, 600_000)
    is_heard = np.random.default_rng(2).random(len(arrivals)) > unheard
    heard_by_then = np.append(0, np.cumsum(is_heard))
    came = [heard_by_then[np.searchsorted(arrivals, looks + d, "right")] for d in (0.0, gap_d)]
    first, last = (ship_at(looks + d, arrivals, departures) for d in (0.0, gap_d))
    kept = (first >= 0) & ~is_heard[first]
    another = (last >= 0) & (last != first) & (came[1] == came[0])
    for d in empty_d:
        another &= ship_at(looks + d, arrivals, departures) < 0
    told = Turnover(STAY_D, free_d, unheard).p_another(0.0, gap_d, empty=[EmptyLook(d, 0.0) for d in empty_d])
    assert told == pytest.approx(another[kept].mean(), abs=0.006)


@pytest.mark.parametrize("free_d", [0.2, 2.0])
@pytest.mark.parametrize(
    ("before_d", "misses", "is_taken"),
    [
        *((0.3, 0.0, None), (1.0, 0.3, None), (4.0, 0.05, None)),
        *((0.3, 0.0, False), (1.0, 0.0, False), (1.0, 0.3, False), (4.0, 0.05, False)),
        *((0.3, 0.0, True), (1.0, 0.0, True), (4.0, 0.0, True)),
    ],
)
@pytest.mark.parametrize(("seen_d", "gap_d"), [(0.0, 0.5), (0.0, 2.0), (1.0, 1.0)])
def test_a_ship_that_the_look_before_did_not_show_came_since(free_d, before_d, misses, is_taken, seen_d, gap_d):
    """Drawn turns, weighed by how likely the look before does not show her, nobody, or another: she stays on longer."""
    arrivals, departures = drawn(free_d)
    looks = looks_at(free_d, 7)
    earlier, first, second, third = (
        ship_at(looks + d, arrivals, departures) for d in (-before_d, 0.0, seen_d, seen_d + gap_d)
    )
    showing = {
        None: np.where(earlier == first, misses, 1.0),
        False: np.where(earlier >= 0, misses, 1.0),
        True: (earlier >= 0) & (earlier != first),
    }
    weight = np.where((first >= 0) & (first == second), showing[is_taken], 0.0)
    turns, before = Turnover(STAY_D, free_d), LookBefore(before_d, misses, is_taken)
    same, other = (float(weight[who].sum() / weight.sum()) for who in (third == first, (third >= 0) & (third != first)))
    assert turns.p_still_there(seen_d, gap_d, before) == pytest.approx(same, abs=0.01)
    assert turns.p_another(seen_d, gap_d, before=before) == pytest.approx(other, abs=0.015)


@pytest.mark.parametrize("misses", [0.0, 0.05, 0.3])
@pytest.mark.parametrize(
    ("free_d", "empty_d", "gap_d"),
    [
        (2.0, (0.1,), 0.2),
        (2.0, (0.1, 0.15), 0.2),
        (2.0, (0.5,), 1.0),
        (2.0, (0.5, 1.0), 1.5),
        (2.0, (1.0, 2.0, 3.0), 4.0),
        (0.1, (0.5, 1.0, 1.5), 2.0),
        (0.1, (2.5,), 5.0),
    ],
)
def test_a_ship_that_looks_between_did_not_show_is_the_same_as_often_as_in_drawn_turns(misses, free_d, empty_d, gap_d):
    """Each look misses who is there by that chance: drawn turns are weighed by how likely it is that none shows any.

    At a busy spot others come and go in the meantime, whom the looks have to have missed as well.
    """
    arrivals, departures = drawn(free_d)
    looks = looks_at(free_d, 6)
    first, last = (ship_at(looks + d, arrivals, departures) for d in (0.0, gap_d))
    weight = (first >= 0).astype(float)
    for d in empty_d:
        weight[ship_at(looks + d, arrivals, departures) >= 0] *= misses
    turns, empty = Turnover(STAY_D, free_d), [EmptyLook(d, misses) for d in empty_d]
    another = (last >= 0) & (last != first)
    assert turns.p_another(0.0, gap_d, empty=empty) == pytest.approx(
        weight[another].sum() / (first >= 0).sum(), abs=0.005
    )
    one = chance_of_one_stay(turns, Pair(0.0, gap_d, 0.0, 1e4, missed=misses ** len(empty), empty=empty))
    assert one == pytest.approx(weight[last == first].sum() / weight[last >= 0].sum(), abs=0.04)


@pytest.mark.parametrize("free_d", [0.1, 2.0, 12.0])
def test_looks_far_apart_speak_each_for_itself(free_d):
    """In the long run a spot is taken by the share of a stay in a turn at any moment (Blackwell's renewal theorem)."""
    low, high = np.log(STAY_D)
    stay_d = np.exp((low + high) / 2 + ((high - low) / (2 * Z90)) ** 2 / 2)
    taken = stay_d / (stay_d + free_d)
    empty = [EmptyLook(12.0, 0.05), EmptyLook(24.0, 0.4)]
    unseen = [1 - taken + taken * look.misses for look in empty]
    assert Turnover(STAY_D, free_d).p_another(0.0, 36.0, empty=empty) == pytest.approx(
        taken * np.prod(unseen), rel=0.02
    )


def another_by_finer_steps(turns, seen_d, gap_d, second_seen_d, steps=4000):
    """The same chance on a grid of its own: renewals one after another, each taken to fall amid its step."""

    def both(first, second):
        return np.convolve(first, second)[:steps]

    def ended(days):
        low, high = np.log(STAY_D)
        return ndtr((np.log(np.maximum(days, 1e-6)) - (low + high) / 2) * 2 * Z90 / (high - low))

    edges = np.linspace(0.0, gap_d, steps + 1)
    amid = (edges[1:] + edges[:-1]) / 2
    free, stay = np.diff(-np.expm1(-edges / turns.free_d)), np.diff(ended(edges))
    comes = term = free
    turn = np.append(0.0, both(free, stay)[:-1])
    while term.sum() > 1e-9:
        term = both(term, turn)
        comes = comes + term
    leaves = -np.diff([turns.p_still_there(seen_d, day) for day in edges])
    there = both(leaves, comes)
    there = (there + np.append(0.0, there[:-1])) / 2
    return float(there @ (1 - ended(gap_d - amid + second_seen_d)))


@pytest.mark.parametrize("free_d", [0.4, 12.0])
@pytest.mark.parametrize(("gap_d", "second_seen_d"), [(0.17, 0.0), (0.17, 1.234), (0.99, 0.5), (2.5, 1.234)])
def test_the_chance_of_another_ship_is_that_of_finer_steps(free_d, gap_d, second_seen_d):
    turns = Turnover(STAY_D, free_d)
    assert turns.p_another(0.5, gap_d, second_seen_d) == pytest.approx(
        another_by_finer_steps(turns, 0.5, gap_d, second_seen_d), rel=0.01
    )


def _forget_steps():
    for kept in (turnover_steps._arrivals, turnover_steps._free_since):
        kept.cache_clear()


@pytest.mark.parametrize(("empty", "within"), [([], 0.021), ([(0.5, 0.1)], 0.031), ([(0.3, 0.05), (0.7, 0.3)], 0.05)])
@pytest.mark.parametrize(
    ("before", "besides"),
    [
        (LookBefore(0.0, 1.0), 0),
        (LookBefore(0.3, 0.0), 0),
        (LookBefore(0.1, 0.2), 0),
        (LookBefore(0.1, 0.2, False), 5e-4),
    ],
)
def test_short_gaps_are_added_up_finely_enough(monkeypatch, empty, within, before, besides):
    """Two hours are four steps, and looks fall amid them; a busy spot is the hardest."""
    asked = [(free_d, gap_d) for free_d in (0.05, 0.4, 50.0) for gap_d in (0.085, 0.09, 0.1, 0.17)]
    told = []
    for step_d in (turnover_steps.STEP_D, turnover_steps.STEP_D / 8):
        monkeypatch.setattr(turnover_steps, "STEP_D", step_d)
        _forget_steps()
        told.append(
            [
                Turnover(STAY_D, free_d).p_another(
                    0.5, gap_d, 0.0, [EmptyLook(at * gap_d, p) for at, p in empty], before
                )
                for free_d, gap_d in asked
            ]
        )
    _forget_steps()
    assert told[0] == pytest.approx(told[1], rel=within, abs=besides)


@pytest.mark.parametrize("empty", [[], [EmptyLook(0.0, 0.1)]])
def test_between_two_looks_of_one_moment_nobody_came(empty):
    """As of images that are known to the day alone: two of one day have one time."""
    turns = Turnover(STAY_D, 2.0)
    assert turns.p_another(0.5, 0.0, empty=empty) == 0.0
    assert chance_of_one_stay(turns, Pair(0.5, 0.0, 3.0, 5.0, empty=empty)) == 1.0


@pytest.mark.parametrize("asked", ["seen_d", "gap_d", "second_seen_d", "free_d", "empty_d"])
def test_a_second_more_moves_no_chance_by_more_than_a_thousandth(asked):
    """Through the edges of the steps and all digits, no input makes it jump."""
    usual = {"seen_d": 0.3, "gap_d": 1.5, "second_seen_d": 0.8, "free_d": 2.0, "empty_d": 0.7}

    def chance(value):
        told = usual | {asked: value}
        turns, empty = Turnover(STAY_D, told["free_d"]), [EmptyLook(told["empty_d"], 0.1)]
        return [turns.p_another(told["seen_d"], told["gap_d"], told["second_seen_d"], few) for few in ([], empty)]

    for value in (0.98, 1.0, 1.0149, 1.02, 1.025, 1.05, 1.06, 1.1499):
        assert chance(value) == pytest.approx(chance(value + 1e-5), rel=1e-3)


def test_a_spot_is_as_long_free_as_its_looks_say():
    """In the long run the share of time in which somebody lies there is the share of looks that showed somebody."""
    looks = 2000
    for occupied in (200, 1000, 1800):
        turns = turnover(STAY_D, occupied, looks)
        assert turns.p_still_there(0.0, 30.0) < 1e-6
        assert turns.p_another(0.0, 30.0) == pytest.approx(occupied / looks, abs=0.02)


def test_a_few_looks_say_little_of_how_busy_a_spot_is():
    one_look, many_empty, all_full = (turnover(STAY_D, *n).free_d for n in ((1, 1), (1, 40), (40, 40)))
    assert all_full < one_look < many_empty


@pytest.mark.parametrize("second_seen_d", [0.0, 0.8, 2.0])
def test_a_ship_seen_for_long_on_both_sides_of_a_gap_is_one_as_often_as_in_drawn_turns(second_seen_d):
    """Two looks ``second_seen_d`` apart, both after the gap, show one ship; lengths that say nothing."""
    arrivals, departures = drawn(2.0)
    looks = looks_at(2.0, 5)
    ships = [ship_at(looks + d, arrivals, departures) for d in (0.0, 0.7, 1.7, 1.7 + second_seen_d)]
    kept = (ships[0] >= 0) & (ships[0] == ships[1]) & (ships[2] >= 0) & (ships[2] == ships[3])
    chance = chance_of_one_stay(Turnover(STAY_D, 2.0), Pair(0.7, 1.0, 0.0, 1e4, second_seen_d=second_seen_d))
    assert chance == pytest.approx((ships[2] == ships[0])[kept].mean(), abs=0.015)


@pytest.mark.parametrize(("occupied", "looks"), [(1, 1), (3, 5), (10, 19)])
def test_a_spot_that_half_of_its_other_looks_show_taken_is_as_long_free_as_taken(occupied, looks):
    """By Laplace's rule of succession; the one that is asked about shows somebody in any case."""
    low, high = np.log(STAY_D)
    mean_d = np.exp((low + high) / 2 + ((high - low) / (2 * Z90)) ** 2 / 2)  # of a log-normal law
    assert turnover(STAY_D, occupied, looks).free_d == pytest.approx(mean_d, rel=0.03)


@pytest.mark.parametrize(("more", "moves"), [(2.0, 2.0), (-2.0, -2.0), (50.0, 6.0), (-50.0, -6.0)])
def test_what_else_both_looks_show_moves_the_odds_by_its_likelihood_and_no_further_than_sisters_allow(more, moves):
    one, other = (chance_of_one_stay(Turnover(STAY_D, 2.0), Pair(0.5, 1.0, 3.0, 5.0, log_odds=m)) for m in (0.0, more))
    assert np.log(other / (1 - other)) - np.log(one / (1 - one)) == pytest.approx(moves)


def test_of_two_hulls_lengths_differ_by_the_spread_of_the_trade_twice():
    """Both lengths are drawn from the trade, and both are measured: variances add."""
    apart = np.linspace(-300, 300, 3001)
    one, other = np.array([length_likelihoods(m, 5.0) for m in apart]).T
    for density, sd in ((one, 5.0), (other, np.hypot(5.0, np.sqrt(2) * 18.0))):
        assert np.trapezoid(density, apart) == pytest.approx(1, abs=1e-6)
        assert np.trapezoid(density * apart**2, apart) == pytest.approx(sd**2, rel=1e-6)


def test_who_was_seen_for_longer_than_any_stay_lasts_is_not_there_later_and_another_is():
    turns = Turnover(STAY_D, 2.0)
    assert (turns.p_still_there(400.0, 1.0), turns.p_another(400.0, 1.0)) == (0.0, 1.0)
    assert chance_of_one_stay(turns, Pair(400.0, 1.0, 0.0, 5.0)) == 0.0


def test_looks_that_missed_her_for_sure_make_two_ships_and_odds_fall_by_their_share():
    turns = Turnover(STAY_D, 2.0)
    sure, half, never = (chance_of_one_stay(turns, Pair(0.5, 1.0, 0.0, 5.0, missed=p)) for p in (1.0, 0.5, 0.0))
    assert never == 0.0
    assert half / (1 - half) == pytest.approx(0.5 * sure / (1 - sure))


def test_no_length_is_known_better_than_half_a_metre():
    assert length_likelihoods(0.3, 0.0) == length_likelihoods(0.3, 0.5)
    assert length_likelihoods(0.3, 0.6) != length_likelihoods(0.3, 0.5)


@pytest.mark.parametrize("came_d", [0.0, 2e-5, 1e-3])
@pytest.mark.parametrize("seen_d", [0.5, 4.0, 8.0])
def test_who_was_seen_to_come_is_there_still_by_the_law_of_stays(came_d, seen_d):
    """However sharply a transponder times her arrival, and however long she has lain there since."""
    law = lognorm((np.log(STAY_D[1] / STAY_D[0])) / (2 * Z90), scale=np.sqrt(np.prod(STAY_D)))
    still = law.sf(seen_d + 1.0) / law.sf(seen_d)
    turns, came = Turnover(STAY_D, 2.0), LookBefore(came_d, 0.0)
    assert turns.p_still_there(seen_d, 1.0, came) == pytest.approx(still, rel=0.01)
    assert turns.p_another(seen_d, 1.0, before=came) < 1 - still


@pytest.mark.parametrize("unheard", [1.0, 0.5])
@pytest.mark.parametrize("before", [LookBefore(1.0, 0.2), LookBefore(1.0, 0.2, False)], ids=["not she", "nobody"])
@pytest.mark.parametrize("empty", [(), (EmptyLook(0.6, 0.2), EmptyLook(1.1, 0.4))], ids=["no look", "two looks"])
def test_all_that_is_known_of_a_spot_counts_together_as_in_drawn_turns(unheard, before, empty):
    """A look before, time seen on both sides, empty looks between and who is heard: histories weighted by all."""
    arrivals, departures = drawn(0.3)
    looks = looks_at(0.3, 8, 600_000)
    seen_d, gap_d, second_seen_d = 0.5, 1.6, 0.7

    def there(days):
        return ship_at(looks + days, arrivals, departures)

    first, second, third, fourth = (there(d) for d in (0.0, seen_d, seen_d + gap_d, seen_d + gap_d + second_seen_d))
    is_heard = np.random.default_rng(2).random(len(arrivals)) > unheard
    heard_by_then = np.append(0, np.cumsum(is_heard))
    came = [heard_by_then[np.searchsorted(arrivals, looks + d, "right")] for d in (seen_d, seen_d + gap_d)]
    hidden = there(-before.days) == first if before.is_taken is None else there(-before.days) >= 0
    weight = np.where(hidden, before.misses, 1.0) * ((first >= 0) & (first == second) & ~is_heard[first])
    other = (third >= 0) & (third != first) & (fourth == third) & (came[0] == came[1])
    unseen = np.prod([np.where(there(seen_d + look.after_d) >= 0, look.misses, 1.0) for look in empty], axis=0)
    turns = Turnover(STAY_D, 0.3, unheard)
    same = turns.p_still_there(seen_d, gap_d + second_seen_d, before)
    assert same == pytest.approx(weight[fourth == first].sum() / weight.sum(), abs=0.004)
    told = turns.p_another(seen_d, gap_d, second_seen_d, empty, before)
    assert told == pytest.approx((weight * unseen * other).sum() / weight.sum(), abs=0.006)


@pytest.mark.parametrize("free_d", [0.1, 2.0])
@pytest.mark.parametrize("at_d", [0.3, 1.0])
def test_two_looks_of_one_moment_are_one_that_misses_as_their_product(free_d, at_d):
    """As of two images of one pass: who is there is missed by both, and a free spot is free in both."""
    turns = Turnover(STAY_D, free_d)
    two, one = (
        turns.p_another(0.5, 1.5, 0.2, [EmptyLook(at_d, p) for p in misses]) for misses in ((0.3, 0.5), (0.15,))
    )
    assert two == pytest.approx(one, rel=1e-9)


def test_a_look_that_shows_nothing_for_sure_changes_nothing():
    turns = Turnover(STAY_D, 0.5)
    told = [turns.p_another(0.5, 1.5, 0.2, empty) for empty in ([], [EmptyLook(0.4, 1.0)])]
    assert told[1] == pytest.approx(told[0], rel=1e-9)
    once, twice = (turns.p_another(0.5, 1.5, 0.2, [EmptyLook(0.4, 0.1), *more]) for more in ([], [EmptyLook(0.9, 1.0)]))
    assert twice == pytest.approx(once, rel=1e-9)


@pytest.mark.parametrize("factor", [0.5, 3.0])
@pytest.mark.parametrize("free_d", [0.4, 2.0])
def test_with_all_times_longer_by_a_factor_all_chances_are_the_same(factor, free_d):
    """Only the ratio of times matters: at a spot that is as busy, longer stays mean longer free times."""
    turns = Turnover(STAY_D, free_d, 0.7)
    empty, before = (EmptyLook(0.7, 0.2),), LookBefore(1.0, 0.1, False)
    scaled = (EmptyLook(0.7 * factor, 0.2),), LookBefore(factor, 0.1, False)
    told = turns.p_still_there(0.5, 1.2, before), turns.p_another(0.5, 1.2, 0.4, empty, before)
    long = turns.lasting(factor)
    later = [0.5 * factor, 1.2 * factor]
    assert long.p_still_there(*later, scaled[1]) == pytest.approx(told[0], rel=0.005)
    assert long.p_another(*later, 0.4 * factor, *scaled) == pytest.approx(told[1], rel=0.02)


def test_heard_ships_take_a_spot_too_and_leave_the_unheard_their_share():
    """Nine other looks, of which two show an unheard ship and three a heard one: Laplace's rule, and 3 of 6 unheard."""
    turns = turnover(STAY_D, 3, 10, 3.0)
    assert turns.unheard == pytest.approx(3 / 6)
    assert turns.free_d == pytest.approx(turnover(STAY_D, 6, 10).free_d)
    assert turnover(STAY_D, 0, 10, 3.0) == turnover(STAY_D, 1, 10, 3.0), "the sighting in question is one itself"


def test_what_can_be_neither_ship_is_not_taken_for_one_stay():
    """Two sightings of one moment of which a sure look in between denies the first: no likelihood for either."""
    assert chance_of_one_stay(Turnover(STAY_D, 2.0), Pair(0.5, 0.0, 0.0, 5.0, missed=0.0)) == 0.0


@pytest.mark.parametrize(("occupied", "looks", "heard"), [(0, 10, 10.0), (500, 500, 0.0), (1, 5000, 0.0)])
def test_a_spot_always_or_never_taken_still_has_chances(occupied, looks, heard):
    """Where heard ships lay in every look, no share of free looks is left to tell how long it stays free."""
    turns = turnover(STAY_D, occupied, looks, heard)
    assert 0 < turns.free_d < np.inf
    assert 0 < turns.p_another(0.5, 1.5) < 1 - turns.p_still_there(0.5, 1.5)
