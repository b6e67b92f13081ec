"""The likelihood of draughts and freeboards as a density, and reweighting by it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from pipeline.config import VolumeConfig
from pipeline.ships.signs_of_cargo import P_MISMEASURED, SIDE_RANGE_M
from pipeline.volume.evidence import Evidence
from pipeline.volume.likelihood import SizeError, log_weights, reweighted
from pipeline.volume.possible_voyages import Voyage, Voyages
from pipeline.volume.typed_draughts import GARBLED, GARBLED_RANGE_M

CONFIG = VolumeConfig(draws=2000)
LENGTH, BEAM = 96.0, 15.0


def mean_likelihood(seen, dwt_t, size_error=None):
    """Mean over ships three quarters full, with the same voyages each time."""
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
    """It is a density: the valid part integrates to 1 over the line, the garbled part to 1 over its range."""
    step_m, low_m, high_m = 0.05, 0.3, 14.0
    if name.startswith("freeboard"):
        low_m, high_m = -4.0, 9.7
    grid_m = np.arange(low_m, high_m, step_m)
    ships = np.full(500, 4500.0)
    values = [(float(v), 0.2) if name.startswith("freeboard") else float(v) for v in grid_m]
    total = step_m * sum(mean_likelihood({name: value}, ships) for value in values)
    assert total == pytest.approx(sound + (1 - sound) * (high_m - low_m) / range_m, rel=0.01)


class OneVoyage:
    """The same ship and ballast in every draw, with half of the cargo aboard at the first look."""

    light, ballast, ballast_left, block = 0.4, 0.36, 0.5, 0.7

    def deal(self, forms, rng, stay):
        n = len(forms.lightship)
        full = (1 + self.light) / self.block
        shares = (
            self.light,
            self.ballast,
            self.ballast_left,
            (1 - self.block) * full ** (1 / 3),
            full,
            1.0,
            0.0,
            0.5,
            1.0,
        )
        yield Voyage(*(np.full(n, share) for share in shares))


def draught_by_archimedes(mass_t, dwt_t):
    """Draught at which the displaced water weighs as much as the ship: rho Cb(T) L B T, by root search."""
    area_t_per_m = 1.025 * LENGTH * BEAM
    ship = OneVoyage()
    laden = dwt_t * (1 + ship.light) / ship.block / area_t_per_m

    def off(deep):
        return area_t_per_m * (1 - (1 - ship.block) * (laden / deep) ** (1 / 3)) * deep - mass_t

    return brentq(off, 0.1, 30.0)


@pytest.mark.parametrize("seen", ["draught_out_m", "freeboard_first_m", "freeboard_last_m"])
def test_the_cargo_that_explains_her_best_is_what_weighs_her_down(seen):
    """Arrival: lightship, ballast. Departure: lightship, rest of the ballast, cargo. In between: half of the cargo."""
    dwt_t, cargo_t, depth_m, ship = 4500.0, 3100.0, 8.0, OneVoyage()
    came, left = dwt_t * (ship.light + ship.ballast), dwt_t * (ship.light + ship.ballast * ship.ballast_left) + cargo_t
    if seen == "draught_out_m":
        reading = {seen: draught_by_archimedes(left, dwt_t)}
    else:
        mass_t = left if seen == "freeboard_last_m" else (came + left) / 2
        reading = {seen: (depth_m - draught_by_archimedes(mass_t, dwt_t), 0.1), "depth_m": depth_m}
    cargoes_t = np.arange(1500.0, 4200.0, 10.0)
    rng = np.random.default_rng(0)
    weights = log_weights(
        Evidence(LENGTH, BEAM, **reading), np.full(len(cargoes_t), dwt_t), cargoes_t, CONFIG, OneVoyage(), rng
    )
    assert cargoes_t[weights.argmax()] == pytest.approx(cargo_t, abs=11.0)


def test_an_error_of_the_hull_widens_her_depth_whether_the_deadweight_tells_it_or_not():
    """With one deadweight the likelihood is the same whether the size error is tied to the draw or independent."""
    n, sd = 200_000, 0.3
    ships = np.full(n, 4500.0)
    tied = SizeError(sd * np.random.default_rng(9).standard_normal(n))
    for side_m in (1.0, 2.5, 5.0):
        seen = {"freeboard_last_m": (side_m, 0.1)}
        tied_likelihood, own_likelihood = (
            mean_likelihood(seen, ships, tied),
            mean_likelihood(seen, ships, SizeError(0.0, sd)),
        )
        assert own_likelihood == pytest.approx(tied_likelihood, rel=0.05)
        assert own_likelihood != pytest.approx(mean_likelihood(seen, ships), rel=0.1)


def test_equal_draws_keep_their_order():
    """Half of the ships are full, so draws tie: a stable order keeps each weight with its own draw."""
    rng = np.random.default_rng(5)
    prior = np.minimum(rng.uniform(0, 2, 5000), 1.0)
    weights = rng.normal(0, 1, 5000)
    order = sorted(range(5000), key=lambda n: prior[n])  # stable sort
    ranked = np.exp(weights)[order]
    middles = (np.cumsum(ranked) - 0.5 * ranked) / ranked.sum()
    expected = np.empty(5000)
    expected[order] = np.interp((np.arange(5000) + 0.5) / 5000, middles, prior[order])
    assert reweighted(prior, weights) == pytest.approx(expected, rel=1e-12)
