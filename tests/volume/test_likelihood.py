"""The likelihood of draughts and freeboards as a density, and what is done with it."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import VolumeConfig
from pipeline.ships.signs_of_cargo import P_MISMEASURED, SIDE_RANGE_M
from pipeline.volume.evidence import Evidence
from pipeline.volume.likelihood import SizeError, log_weights, reweighted
from pipeline.volume.possible_voyages import Voyages
from pipeline.volume.typed_draughts import GARBLED, GARBLED_RANGE_M

CONFIG = VolumeConfig(draws=2000)
LENGTH, BEAM = 96.0, 15.0


def mean_likelihood(seen, dwt_t, size_error=None):
    """Of ships three quarters full, by the same voyages each time."""
    voyages = Voyages(len(dwt_t), CONFIG.constants_share, 3)
    told = Evidence(LENGTH, BEAM, **seen)
    rng = np.random.default_rng(4)
    logs = log_weights(told, dwt_t, 0.75 * dwt_t, CONFIG, voyages, rng, size_error, most_rounds=1)
    return float(np.exp(logs).mean())


@pytest.mark.parametrize(
    ("name", "sound", "range_m"),
    [
        ("draught_in_m", 1 - GARBLED, GARBLED_RANGE_M),
        ("draught_out_m", 1 - GARBLED, GARBLED_RANGE_M),
        ("freeboard_first_m", 1 - P_MISMEASURED, SIDE_RANGE_M),
        ("freeboard_last_m", 1 - P_MISMEASURED, SIDE_RANGE_M),
    ],
)
def test_over_all_that_may_be_seen_the_likelihood_adds_up_to_one(name, sound, range_m):
    """A density: the sound part is 1 over the line, the rest 1 over its range."""
    step_m, low_m, high_m = 0.05, 0.3, 14.0
    if name.startswith("freeboard"):
        low_m, high_m = -4.0, 9.7
    asked = np.arange(low_m, high_m, step_m)
    ships = np.full(500, 4500.0)
    values = [(float(v), 0.2) if name.startswith("freeboard") else float(v) for v in asked]
    total = step_m * sum(mean_likelihood({name: value}, ships) for value in values)
    assert total == pytest.approx(sound + (1 - sound) * (high_m - low_m) / range_m, rel=0.01)


def test_an_error_of_the_hull_widens_her_depth_whether_the_deadweight_tells_it_or_not():
    """Of one deadweight it is the same chance: tied to a draw, or the draw's own."""
    n, sd = 200_000, 0.3
    ships = np.full(n, 4500.0)
    tied = SizeError(sd * np.random.default_rng(9).standard_normal(n))
    for side_m in (1.0, 2.5, 5.0):
        seen = {"freeboard_last_m": (side_m, 0.1)}
        told, own = mean_likelihood(seen, ships, tied), mean_likelihood(seen, ships, SizeError(0.0, sd))
        assert own == pytest.approx(told, rel=0.05)
        assert own != pytest.approx(mean_likelihood(seen, ships), rel=0.1)


def test_equal_draws_keep_their_order():
    """Half of the ships are brimful: among equals the first draw stays the first, so a weight goes where it belongs."""
    rng = np.random.default_rng(5)
    prior = np.minimum(rng.uniform(0, 2, 5000), 1.0)
    weights = rng.normal(0, 1, 5000)
    order = sorted(range(5000), key=lambda n: prior[n])  # which is stable
    ranked = np.exp(weights)[order]
    middles = (np.cumsum(ranked) - 0.5 * ranked) / ranked.sum()
    expected = np.empty(5000)
    expected[order] = np.interp((np.arange(5000) + 0.5) / 5000, middles, prior[order])
    assert reweighted(prior, weights) == pytest.approx(expected, rel=1e-12)
