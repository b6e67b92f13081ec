"""The model as docs/volume.md states it, programmed anew in a few lines, against the package's barrels.

Nothing of the load model is imported: whole ships on whole voyages are drawn, and those close to what was read get the
weight. Only the deadweight's law is taken from the table of liftings.
"""

import numpy as np
import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.volume import liftings
from pipeline.volume.montecarlo import simulate

LENGTH_M, BEAM_M = 98.0, 15.8
BBL_PER_T = np.array([7.46, 8.35, 7.88, 6.35])  # gas oil, gasoline, kerosene, fuel oil
T_PER_M3, SHARES = np.array([0.843, 0.753, 0.798, 0.991]), [0.75, 0.10, 0.05, 0.10]
DRAWS = 100_000


def lifted(calls=1, **columns):
    rows = [
        {"call_id": f"c{k}", "length_m": LENGTH_M, "beam_m": BEAM_M, "departure": "2024-03-07"} for k in range(calls)
    ]
    return liftings(pd.DataFrame([row | columns for row in rows]), VolumeConfig(), 3)


def fills(rng, mean):
    return np.where(rng.random(DRAWS) < 0.1, rng.uniform(0.1, 1, DRAWS), rng.beta(8 * mean, 8 * (1 - mean)))


def habits(rng):
    return np.clip(0.88 + 0.08 * rng.standard_normal(DRAWS), 0.05, 0.98)


def cargo_t(rng, dwt_t, mean_fill, t_per_m3):
    return np.minimum(fills(rng, mean_fill) * 0.95 * dwt_t, 1.15 * 0.98 * t_per_m3 * dwt_t)


def normal(off, sd):
    return np.exp(-0.5 * (off / sd) ** 2) / (sd * np.sqrt(2 * np.pi))


@pytest.fixture
def rng():
    return np.random.default_rng(11)


class Ships:
    """Ships of the measured size with gas oil: cargo [t], and draught [m] when a share of it has been loaded."""

    def __init__(self, row, rng):
        x = np.log(LENGTH_M / 100)
        over_usual = np.hypot(row["dwt_log_sd"], row["dwt_shared_sd"]) * rng.standard_normal(DRAWS)
        dwt = row["dwt_p50_t"] * np.exp(over_usual)
        self.block = 0.69 + 0.105 * x + 0.04 * rng.standard_normal(DRAWS)
        scatter = 0.18 * rng.standard_normal(DRAWS)
        lightship = dwt * 0.345 * np.exp(-0.5 * x - 2 * np.clip(over_usual, -0.6, 0.6) + scatter)
        self.full_m = (dwt + lightship) / (1.025 * self.block * LENGTH_M * BEAM_M)
        self.depth_m = self.full_m * np.exp(0.25 + 0.25 * x + 0.08 * rng.standard_normal(DRAWS))
        self.cargo_t = cargo_t(rng, dwt, habits(rng), T_PER_M3[0])
        ballast = dwt * np.clip(rng.normal(0.36, 0.10, DRAWS), 0, None)
        left = np.clip(rng.normal(0.10, 0.08, DRAWS), 0, 1)
        self.before_t = lightship + 0.05 * dwt + ballast
        self.after_t = lightship + 0.05 * dwt + left * ballast + self.cargo_t

    def draught_m(self, loaded):
        """Solve D = 1.025 L B (T - (1 - Cb) T_d^(1/3) T^(2/3)) for T by Newton's method."""
        area = (self.before_t + loaded * (self.after_t - self.before_t)) / (1.025 * LENGTH_M * BEAM_M)
        finer, t = (1 - self.block) * np.cbrt(self.full_m), self.full_m.copy()
        for _ in range(6):
            t = t - (t - finer * np.cbrt(t) ** 2 - area) / (1 - 2 / 3 * finer / np.cbrt(t))
        return t

    def draughts(self, into_m, out_m, retyped=0.38):
        """Both typed for this voyage, or the second left as it was."""
        both = np.ones(DRAWS)
        for seen, loaded in ((into_m, 0.0), (out_m, 1.0)):
            both *= 0.9 * normal(seen - self.draught_m(loaded), 0.2) + 0.1 / 8
        return retyped * both + (1 - retyped) / 8 * normal(out_m - into_m, 0.15)

    def freeboard(self, seen_m, loaded):
        return 0.95 * normal(seen_m - (self.depth_m - self.draught_m(loaded)), 0.3) + 0.05 / 8

    def barrels(self, weights):
        """Quantiles of the cargo."""
        order = np.argsort(self.cargo_t)
        shares = np.cumsum(weights[order]) / weights.sum()
        return self.cargo_t[order][np.searchsorted(shares, (0.05, 0.5, 0.95))] * BBL_PER_T[0]


QUANTILES = ["barrels_p5", "barrels_p50", "barrels_p95"]
FREEBOARDS = {"freeboard_in_m": 4.2, "freeboard_in_sd_m": 0.3, "freeboard_out_m": 2.0, "freeboard_out_sd_m": 0.3}


@pytest.mark.parametrize("out_m", [3.5, 4.4, 6.0])
def test_two_draughts(out_m, rng):
    """Left as typed, doubtful, and two metres and a half deeper."""
    row = lifted(product="gas oil", draught_in_m=3.5, draught_out_m=out_m).iloc[0]
    ships = Ships(row, rng)
    assert list(row[QUANTILES]) == pytest.approx(list(ships.barrels(ships.draughts(3.5, out_m))), rel=0.04)


def test_two_freeboards_of_unknown_times(rng):
    row = lifted(product="gas oil", p_same_hull=1.0, **FREEBOARDS).iloc[0]
    ships = Ships(row, rng)
    seen = ships.freeboard(4.2, rng.beta(1, 3, DRAWS)) * ships.freeboard(2.0, rng.beta(3, 1, DRAWS))
    assert list(row[QUANTILES]) == pytest.approx(list(ships.barrels(seen)), rel=0.04)


def test_the_sum_of_calls_that_share_fill_product_and_the_regressions_error(rng):
    table = lifted(12)
    row = table.iloc[0]
    mean_fill, error, habit = habits(rng), rng.standard_normal(DRAWS), rng.choice(4, DRAWS, p=SHARES)
    total = np.zeros(DRAWS)
    for _ in range(12):
        dwt = row["dwt_log_sd"] * rng.standard_normal(DRAWS) + row["dwt_shared_sd"] * error
        product = np.where(rng.random(DRAWS) < 0.7, habit, rng.choice(4, DRAWS, p=SHARES))
        tonnes = cargo_t(rng, row["dwt_p50_t"] * np.exp(dwt), mean_fill, T_PER_M3[product])
        total += tonnes * BBL_PER_T[product]
    found = simulate(table, VolumeConfig(), 3).sum(axis=0)
    assert np.percentile(found, (5, 50, 95)) == pytest.approx(np.percentile(total, (5, 50, 95)), rel=0.015)
