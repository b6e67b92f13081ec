"""Calls that nobody saw: simulated bias and coverage of their estimate, by days between looks and days of stay.

``python -m benchmarks.missed_calls [repeats]``. Each cell simulates years at a port with 60 calls a year (Poisson),
stays log-normal about the stated mean (spread 0.3), looks at a jittered revisit with a recall of 0.9, and 5 % of looks
lost. The estimate is told looks, recall and the law of stays, not the rate. "told" is the share of calendars of which a
run would give a number: of all of them, or coverage would be that of a selection. Coverage of whole numbers is of the
randomised interval (Czado, Gneiting and Held, Biometrics 65, 2009): the chance that a number drawn between F(n - 1) and
F(n) lies in 5-95 %.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.special import ndtri
from scipy.stats import nbinom

from pipeline.calls.missed import JEFFREYS, LAW_POINTS, exposure

REVISITS_D = (1.0, 2.0, 3.0, 6.0, 12.0)
STAYS_D = (0.8, 1.2, 2.0, 3.0)
YEAR_D, CALLS, RECALL, SPREAD, LOST = 365.0, 60.0, 0.9, 0.3, 0.05


def cell(revisit_d: float, stay_d: float, repeats: int, seed: int) -> dict[str, float]:
    """Bias and coverage over years that share their look times (a calendar of the real kind: jittered, some lost)."""
    rng = np.random.default_rng([seed, int(revisit_d * 10), int(stay_d * 10)])
    totals: list[np.ndarray] = []
    tells = []
    calendars = 20
    for _ in range(calendars):
        looks = np.arange(rng.uniform(0, revisit_d), YEAR_D, revisit_d)
        looks = np.sort(looks + rng.uniform(-0.2, 0.2, len(looks)))[rng.random(len(looks)) > LOST]
        log_mean = np.log(stay_d) - SPREAD**2 / 2
        law = np.exp(log_mean + SPREAD * ndtri((np.arange(LAW_POINTS) + 0.5) / LAW_POINTS))
        told = exposure(looks, np.full(len(looks), RECALL), law, YEAR_D)
        tells.append(told.tells())
        totals.append(_years(rng, looks, log_mean, told.total_seen_d, told.total_unseen_d, repeats // calendars))
    estimate, truth, holds = np.concatenate(totals).T
    return {
        "seen": told.total_seen_d / (told.total_seen_d + told.total_unseen_d),
        "told": float(np.mean(tells)),
        "bias": estimate.mean() / truth.mean() - 1,
        "bias_se": float(np.std(estimate - truth) / np.sqrt(len(truth)) / truth.mean()),
        "holds": holds.mean(),
    }


def _years(
    rng: np.random.Generator, looks: np.ndarray, log_mean: float, seen_d: float, unseen_d: float, years: int
) -> np.ndarray:
    """Estimated total, true total, and whether the interval holds it, shape (years, 3)."""
    out = np.empty((years, 3))
    lead = 5 * np.exp(log_mean)
    for year in range(years):
        n = rng.poisson(CALLS / YEAR_D * (YEAR_D + lead))
        arrival, stay = rng.uniform(-lead, YEAR_D, n), rng.lognormal(log_mean, SPREAD, n)
        arrival, stay = arrival[arrival + stay > 0], stay[arrival + stay > 0]
        during = np.searchsorted(looks, arrival + stay) - np.searchsorted(looks, arrival)
        seen = int((rng.random(len(arrival)) < 1 - (1 - RECALL) ** during).sum())
        mean = (seen or JEFFREYS) * unseen_d / seen_d
        law = nbinom(seen + JEFFREYS, seen_d / (seen_d + unseen_d))
        below, upto = law.cdf([len(arrival) - seen - 1, len(arrival) - seen])
        out[year] = seen + mean, len(arrival), 0.05 <= rng.uniform(below, upto) <= 0.95
    return out


def main() -> None:
    """Print the table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 4000
    print(f"unseen calls, simulated: {CALLS:.0f} calls a year, recall {RECALL}, {repeats} years a cell")
    print(
        f"{'revisit, d':>10s} {'stay, d':>8s} {'seen':>6s} {'told':>5s} {'bias, %':>16s} {'90 % interval holds':>20s}"
    )
    for revisit in REVISITS_D:
        for stay in STAYS_D:
            got = cell(revisit, stay, repeats, seed=0)
            bias = f"{100 * got['bias']:+.2f} +- {100 * got['bias_se']:.2f}"
            print(
                f"{revisit:10.0f} {stay:8.1f} {got['seen']:6.2f} {got['told']:5.2f} {bias:>16s} {got['holds']:20.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
