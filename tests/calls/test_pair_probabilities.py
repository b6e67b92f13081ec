"""Probabilities of pairs, compared with an enumeration of all assignments."""

from itertools import product
from math import comb, factorial

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from pipeline.calls.pair_probabilities import MOST_SUMMED, pair_probabilities
from pipeline.config.calls import LEAST_DARK_PER_KM2
from tests.calls.test_matching import NOON, matched, moored, partner
from tests.calls.traffic import MMSI, off_berth, sighting


def likeliest(odds: np.ndarray) -> np.ndarray:
    """Each detection's transponder in the assignment of greatest weight, -1 for none."""
    rows, cols = linear_sum_assignment(-np.log(np.hstack((odds, np.ones((len(odds), len(odds)))))))
    assert rows.tolist() == list(range(len(odds)))
    return np.where(cols < odds.shape[1], cols, -1)


def enumerated(odds: np.ndarray) -> np.ndarray:
    """Probability of each pair, from all assignments in which nobody has two partners."""
    rows, cols = odds.shape
    total, pairs = 0.0, np.zeros(odds.shape)
    for partners in product(range(-1, cols), repeat=rows):
        taken = [(row, col) for row, col in enumerate(partners) if col >= 0]
        if len({col for _, col in taken}) == len(taken):
            weight = np.prod([odds[pair] for pair in taken])
            total += weight
            for pair in taken:
                pairs[pair] += weight
    return pairs / total


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (1, 3), (2, 2), (4, 3), (3, 4), (4, 4)])
@pytest.mark.parametrize("seed", [1, 2])
def test_they_are_those_of_all_assignments(shape, seed):
    odds = np.random.default_rng(seed).lognormal(2, 3, shape)
    np.testing.assert_allclose(pair_probabilities(odds, likeliest(odds)), enumerated(odds), atol=2e-3)


def test_clusters_that_share_no_ship_do_not_change_each_other():
    rng = np.random.default_rng(3)
    clusters = [rng.lognormal(2, 3, shape) for shape in ((2, 3), (3, 2), (1, 1))]
    odds = np.full((7, 8), 1e-9)  # two transponders that no detection fits, one detection that none fits
    places = [(slice(0, 2), slice(0, 3)), (slice(2, 5), slice(3, 5)), (slice(5, 6), slice(5, 6))]
    for place, cluster in zip(places, clusters, strict=True):
        odds[place] = cluster
    found = pair_probabilities(odds, likeliest(odds))
    for place, cluster in zip(places, clusters, strict=True):
        np.testing.assert_allclose(found[place], enumerated(cluster), atol=2e-3)
    assert found[6].max() < 1e-8


def test_many_equal_hulls_share_the_transponders_among_them():
    """Any of 300 may be hers; two products of 300 such odds would be beyond the largest float."""
    odds = np.full((300, 2), 1e5)
    np.testing.assert_allclose(pair_probabilities(odds, likeliest(odds)), 1 / 300, rtol=1e-3)


def test_of_a_large_cluster_no_ship_has_more_than_one_partner():
    odds = 1e4 * np.exp(-(np.subtract.outer(np.arange(20.0), np.arange(20.0)) ** 2))
    assert len(odds) > MOST_SUMMED
    found = pair_probabilities(odds, likeliest(odds))
    assert found.sum(axis=1).max() <= 1 + 1e-9
    assert found.sum(axis=0).max() <= 1 + 1e-9
    assert found.diagonal().min() > 0.4


def test_in_a_large_cluster_the_ships_around_a_pair_decide_how_probable_it_is():
    """Lines of ships 100 m apart, of 9, summed whole, and of 31: the middle ship."""
    longer, shorter = (in_line(n) for n in (31, 9))
    middle = pair_probabilities(longer, np.arange(31))[15, 13:18]
    assert middle == pytest.approx(pair_probabilities(shorter, np.arange(9))[4, 2:7], abs=0.002)


def test_a_match_has_a_probability_where_many_others_fit_as_well():
    found = pair_probabilities(np.full((20, 20), 1e4), np.arange(20))
    assert found.diagonal() == pytest.approx(found[0, 0])
    assert found[0, 0] > 0.05


def of_equal_pairs(n_rows: int, n_cols: int, odds: int) -> float:
    """Probability of each pair where all fit equally well: ``C(n, k) C(m, k) k!`` assignments have k pairs."""
    weight = [comb(n_rows, k) * comb(n_cols, k) * factorial(k) * odds**k for k in range(min(n_rows, n_cols) + 1)]
    return sum(k * w for k, w in enumerate(weight)) / sum(weight) / (n_rows * n_cols)


@pytest.mark.parametrize("shape", [(11, 11), (20, 20), (12, 20), (20, 12), (40, 40), (11, 300), (300, 11), (60, 30)])
def test_a_crowd_shares_its_transponders_however_many_fit_equally_well(shape):
    """An analyst who reads 0.1 of a match takes one name in ten for right; eight in a crowd of forty are not all."""
    partners = np.where(np.arange(shape[0]) < shape[1], np.arange(shape[0]), -1)
    found = pair_probabilities(np.full(shape, 1e4), partners)
    np.testing.assert_allclose(found, of_equal_pairs(*shape, 10_000), atol=0.005)
    assert found.sum(axis=1).max() <= 1 + 1e-9


def test_the_order_of_ships_in_a_table_does_not_matter():
    """In a cluster too large to be summed whole, where six detections have no transponder."""
    rng = np.random.default_rng(5)
    odds = rng.lognormal(0, 2, (20, 14))
    of_rows, of_cols = rng.permutation(20), rng.permutation(14)
    mixed = odds[np.ix_(of_rows, of_cols)]
    found = pair_probabilities(odds, likeliest(odds))[np.ix_(of_rows, of_cols)]
    np.testing.assert_allclose(pair_probabilities(mixed, likeliest(mixed)), found, rtol=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nor_does_it_where_ships_beyond_the_gate_are_among_the_nearest(seed):
    """Odds beyond the gate are all zero; a detection with fewer than eight within it is near others of the cluster."""
    rng = np.random.default_rng(seed)
    at_m = rng.uniform(0, 500, (2, 20))
    odds = 2000 * np.exp(-0.5 * ((at_m[0][:, None] - at_m[1][:14]) / 60) ** 2)
    odds[odds < 1] = 0
    of_rows, of_cols = rng.permutation(20), rng.permutation(14)
    found, mixed = (
        pair_probabilities(these, likeliest(np.maximum(these, 1e-300)))
        for these in (odds, odds[np.ix_(of_rows, of_cols)])
    )
    np.testing.assert_allclose(mixed, found[np.ix_(of_rows, of_cols)], atol=0.005)


def test_ships_far_off_make_no_match_doubtful_even_all_together():
    """Two hundred pairs, each all but certain, and odds below any that links them between all others."""
    odds = np.where(np.eye(200, dtype=bool), 1e6, 9e-4)
    found = pair_probabilities(odds, np.arange(200))
    np.testing.assert_allclose(found.sum(axis=1), 1 / (1 + 1e-6), atol=1e-6)
    np.testing.assert_allclose(found.diagonal(), 1 / (1 + 1e-6), atol=1e-6)


def test_the_fewest_dark_ships_that_may_be_set_give_probabilities_in_the_densest_scene():
    """Odds of a pair over them are at most 3e12: 60 m of scatter, 0.95 of ships found, sizes that agree."""
    odds = 3.05 * 19 / (2 * np.pi * 60**2) / (LEAST_DARK_PER_KM2 * 1e-6)
    assert odds == pytest.approx(2.6e12, rel=0.1)
    for shape in ((300, 10), (10, 10), (40, 40)):
        partners = np.where(np.arange(shape[0]) < shape[1], np.arange(shape[0]), -1)
        found = pair_probabilities(np.full(shape, odds), partners)
        np.testing.assert_allclose(found, 1 / max(shape), atol=0.005)


def in_line(n: int) -> np.ndarray:
    """Odds of ships 100 m apart, each at her transponder, with a scatter of 60 m."""
    at_m = 100.0 * np.arange(n)
    return 2000 * np.exp(-0.5 * (np.subtract.outer(at_m, at_m) / 60) ** 2)


@pytest.mark.parametrize(("east_m", "p_hers"), [(30, 0.5), (0, 0.62), (-400, 1.0)])
def test_of_two_hulls_and_one_transponder_either_may_be_hers(east_m, p_hers):
    """Bayes' rule; 0.62 is the normal density at 0 over the sum of those at 0 and 60 m, with 60 m of scatter."""
    table = matched(
        [sighting("a", NOON, off_berth(min(east_m, 0))), sighting("b", NOON, off_berth(60))], moored(east_m)
    )
    assert table["mmsi"].notna().sum() == 1
    assert table["probability"].tolist() == pytest.approx([p_hers] * 2, abs=0.01)


def test_two_ships_moored_beside_each_other_may_have_exchanged_transponders():
    """Both as matched or both exchanged: densities at 0 and 60 m squared, with 60 m of scatter."""
    table = matched([sighting(name, NOON, off_berth(at)) for name, at in (("a", 0), ("b", 60))],
                    moored(0), moored(60, MMSI + 1))  # fmt: skip
    assert (partner(table, "a"), partner(table, "b")) == (MMSI, MMSI + 1)
    assert table["probability"].tolist() == pytest.approx([1 / (1 + np.exp(-1))] * 2, abs=0.01)
