"""Which statements of one size agree: independent of their order, and as likely as Bayes' rule says."""

from itertools import permutations

import numpy as np
import pytest

from pipeline.calls.agreement import readings

# From docs/method.md: chance that a statement is wrong; range of a wrong one, times the largest; odds from which
# another reading is reported; chance that one cause misleads two sensors at a berth
FAILS, UP_TO, TOLD_FROM, ONE_CAUSE = 0.03, 1.5, 0.05 / 0.95, 0.3


@pytest.mark.parametrize(
    ("size_m", "sd_m", "kinds"),
    [
        ([142.2, 178.2, 134.7, 100.9], [8.6, 2.8, 7.4, 2.1], ["a", "a", "a", "b"]),
        ([136.6, 190.8, 93.4, 97.2, 174.2], [2.9, 4.2, 4.6, 6.9, 4.2], ["b", "b", "b", "b", "ais"]),
        ([145.2, 99.8, 181.0, 109.1, 137.1], [5.5, 4.3, 4.4, 8.7, 3.1], ["a", "ais", "a", "b", "a"]),
    ],
)
def test_the_order_of_the_statements_changes_nothing(size_m, sd_m, kinds):
    size, sd = np.array(size_m), np.array(sd_m)
    found = set()
    for order in permutations(range(len(size))):
        at = list(order)
        told = readings(size[at], sd[at], [kinds[n] for n in at], 0.03)
        found.add(tuple(tuple(sorted(size[at][right].tolist())) for right in told))
    assert len(found) == 1


@pytest.mark.parametrize("apart_sd", np.linspace(2.0, 3.4, 15))
def test_a_lone_statement_is_tenable_where_the_normal_law_says_so(apart_sd):
    """Two statements agree less and less, against a third. A right one has a normal density, a wrong one a uniform."""
    spread = np.sqrt(2) * 2.0
    size = np.array([100.0, 100.0 + apart_sd * spread, 160.0])
    agreeing = np.exp(-0.5 * apart_sd**2) / (spread * np.sqrt(2 * np.pi))
    odds = FAILS / (UP_TO * 160.0) / agreeing  # one more being wrong, over the two being right together
    told = [right.tolist() for right in readings(size, np.full(3, 2.0), ["a", "ais", "b"], 0.0)]
    assert ([False, False, True] in told) == (odds > TOLD_FROM)


@pytest.mark.parametrize(
    ("size_m", "places", "holds"),
    [
        ([99.0, 190.0, 193.0], ["", "pier", "pier"], True),  # both may see a wall, or a ship moored ahead
        ([99.0, 190.0, 193.0], ["", "pier", "jetty"], False),  # at two berths they are independent
        ([99.0, 190.0, 193.0], ["", "", ""], False),
        ([99.0, 60.0, 61.0], ["", "pier", "pier"], False),  # nothing beside her can make her look shorter
    ],
)
def test_two_sensors_that_take_in_the_same_at_one_berth_do_not_unsay_what_she_broadcasts(size_m, places, holds):
    told = readings(np.array(size_m), np.array([2.0, 4.0, 4.0]), ["ais", "a", "b"], 0.03, None, places)
    found = [right.tolist() for right in told]
    assert [False, True, True] in found
    assert ([True, False, False] in found) == holds


def of_one_hull(size_m: list[float], sd_m: list[float]) -> float:
    """Likelihood of these statements for one hull of unknown length, integrated over length."""
    length, step = np.linspace(0.0, 1000.0, 100_001, retstep=True)
    said = [normal((size - length) / sd, sd) for size, sd in zip(size_m, sd_m, strict=True)]
    return float(np.prod(said, axis=0).sum() * step)


def normal(apart_sd: float, spread_m: float) -> float:
    return np.exp(-0.5 * apart_sd**2) / (spread_m * np.sqrt(2 * np.pi))


@pytest.mark.parametrize("apart_sd", np.linspace(2.6, 3.4, 9))
def test_two_sensors_misled_by_one_thing_are_weighed_against_a_third_that_agrees_with_them(apart_sd):
    """At one pier a and b agree; c elsewhere agrees less and less; her broadcast is less than half of that.

    Either all three are right and she is wrong; or she is right, a is wrong, b by the same cause or by chance, and c by
    chance.
    """
    longest = 190.0 + apart_sd * np.sqrt(2) * 4.0
    wrong = FAILS / (UP_TO * longest)
    misled = ONE_CAUSE * of_one_hull([190.0, 190.0], [4.0, 4.0]) + (1 - ONE_CAUSE) * wrong
    odds = misled * wrong / of_one_hull([190.0, 190.0, longest], [4.0, 4.0, 4.0])
    size, places = np.array([90.0, 190.0, 190.0, longest]), ["", "pier", "pier", ""]
    told = [right.tolist() for right in readings(size, np.full(4, 4.0), ["ais", "a", "b", "c"], 0.0, None, places)]
    assert told[0] == [False, True, True, True]
    assert ([True, False, False, False] in told) == (odds > TOLD_FROM)


@pytest.mark.parametrize("apart_sd", np.linspace(3.6, 5.0, 8))
def test_one_wrong_stay_of_a_sensor_is_one_accident(apart_sd):
    """One sensor's sizes in two stays lie ever farther apart, and she broadcasts a third size.

    Either one stay and she are wrong; or she is right, and the sensor is wrong as a whole, within its errors.
    """
    spread = np.sqrt(2) * 4.0
    size = np.array([60.0, 160.0 - apart_sd * spread, 160.0])
    odds = normal(apart_sd, spread) / (FAILS / (UP_TO * 160.0))
    told = [right.tolist() for right in readings(size, np.full(3, 4.0), ["ais", "a", "a"], 0.0, [0, 1, 2])]
    assert [False, True, False] in told
    assert [False, False, True] in told
    assert ([True, False, False] in told) == (odds > TOLD_FROM)


@pytest.mark.parametrize("coarse_m", [2.0, 20.0, 60.0])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_that_contradict_each_other_either_may_be_wrong_however_fine_one_is(coarse_m, order):
    """Both fail equally often, and a wrong one lies anywhere, so nothing tells which one is. The finer one is used."""
    size, sd = np.array([90.0, 390.0])[list(order)], np.array([1.0, coarse_m])
    assert [right.tolist() for right in readings(size, sd, ["a", "ais"], 0.0)] == [[True, False], [False, True]]


@pytest.mark.parametrize("apart_m", np.linspace(10.0, 20.0, 11))
def test_a_reading_is_as_likely_as_the_statements_that_it_takes_for_one_hulls_are(apart_m):
    """Two looks of one sensor and one of another, with different errors, agree less and less; she broadcasts half.

    Either the three are right and she is wrong; or she is right, the first sensor wrong as a whole, and the other too.
    """
    size, sd = [150.0, 154.0, 150.0 + apart_m, 75.0], [2.0, 5.0, 4.0, 2.0]
    wrong = FAILS / (UP_TO * max(size))
    odds = wrong * of_one_hull(size[:2], sd[:2]) / of_one_hull(size[:3], sd[:3])
    told = [right.tolist() for right in readings(np.array(size), np.array(sd), ["a", "a", "b", "ais"], 0.0)]
    assert ([False, False, False, True] in told) == (odds > TOLD_FROM)


CONTRADICTION = np.array([99.0, 104.0, 190.0, 193.0]), np.array([2.0, 4.0, 4.0, 3.0]), ["ais", "a", "a", "b"]


def test_a_size_in_feet_is_read_as_one_in_metres():
    size, sd, kinds = CONTRADICTION
    told, in_feet = (readings(k * size, k * sd, kinds, 0.03, None, ["", "", "p", "p"]) for k in (1.0, 3.2808))
    assert [right.tolist() for right in told] == [right.tolist() for right in in_feet]


@pytest.mark.parametrize("longer_m", [100.0, 300.0])
@pytest.mark.parametrize(("apart_sd", "agree"), [(3.4, True), (3.6, False)])
def test_sizes_of_one_hull_differ_by_a_share_of_the_larger_beside_their_errors(longer_m, apart_sd, agree):
    """Combined in quadrature: 0.03 of the larger, and errors of 1 and 2 m."""
    shorter = longer_m - apart_sd * np.sqrt((0.03 * longer_m) ** 2 + 1 + 4)
    for size, sd in (([longer_m, shorter], [1.0, 2.0]), ([shorter, longer_m], [1.0, 2.0])):
        told = readings(np.array(size), np.array(sd), ["a", "ais"], 0.03)
        assert (len(told) == 1 and told[0].all()) == agree
