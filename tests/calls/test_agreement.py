"""Which statements of one size belong together: whatever their order, and as likely as Bayes' rule says."""

from itertools import permutations

import numpy as np
import pytest

from pipeline.calls.agreement import ANYTHING, FAILS, WORTH_TELLING, readings


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
    """Two agree less and less: against them stands a third. Right is a normal density, wrong an even one."""
    spread = np.sqrt(2) * 2.0
    size = np.array([100.0, 100.0 + apart_sd * spread, 160.0])
    agreeing = np.exp(-0.5 * apart_sd**2) / (spread * np.sqrt(2 * np.pi))
    odds = FAILS / (ANYTHING * 160.0) / agreeing  # of one more wrong, to the two being right together
    told = [right.tolist() for right in readings(size, np.full(3, 2.0), ["a", "ais", "b"], 0.0)]
    assert ([False, False, True] in told) == (odds > WORTH_TELLING / (1 - WORTH_TELLING))


@pytest.mark.parametrize(
    ("size_m", "places", "holds"),
    [
        ([99.0, 190.0, 193.0], ["", "pier", "pier"], True),  # a wall, or a ship made fast ahead, is there for both
        ([99.0, 190.0, 193.0], ["", "pier", "jetty"], False),  # at two berths they are two witnesses
        ([99.0, 190.0, 193.0], ["", "", ""], False),
        ([99.0, 60.0, 61.0], ["", "pier", "pier"], False),  # nothing beside her makes her shorter
    ],
)
def test_two_sensors_that_take_in_the_same_at_one_berth_do_not_unsay_what_she_broadcasts(size_m, places, holds):
    told = readings(np.array(size_m), np.array([2.0, 4.0, 4.0]), ["ais", "a", "b"], 0.03, None, places)
    found = [right.tolist() for right in told]
    assert [False, True, True] in found
    assert ([True, False, False] in found) == holds


CONTRADICTION = np.array([99.0, 104.0, 190.0, 193.0]), np.array([2.0, 4.0, 4.0, 3.0]), ["ais", "a", "a", "b"]


def test_a_size_in_feet_is_read_as_one_in_metres():
    size, sd, kinds = CONTRADICTION
    told, in_feet = (readings(k * size, k * sd, kinds, 0.03, None, ["", "", "p", "p"]) for k in (1.0, 3.2808))
    assert [right.tolist() for right in told] == [right.tolist() for right in in_feet]


@pytest.mark.parametrize("longer_m", [100.0, 300.0])
@pytest.mark.parametrize(("apart_sd", "agree"), [(3.4, True), (3.6, False)])
def test_sizes_of_one_hull_differ_by_a_share_of_the_larger_beside_their_errors(longer_m, apart_sd, agree):
    """Share and both errors in quadrature: 0.03 of the larger, and 1 and 2 m."""
    shorter = longer_m - apart_sd * np.sqrt((0.03 * longer_m) ** 2 + 1 + 4)
    for size, sd in (([longer_m, shorter], [1.0, 2.0]), ([shorter, longer_m], [1.0, 2.0])):
        told = readings(np.array(size), np.array(sd), ["a", "ais"], 0.03)
        assert (len(told) == 1 and told[0].all()) == agree
