"""Estimate of unseen calls: simulated bias and coverage, by days between looks and days of stay.

``python -m benchmarks.missed_calls [repeats]`` and ``... worlds [repeats]``. Each cell simulates years at a port with
60 calls a year (Poisson), stays log-normal about the stated mean (spread 0.3), looks at a jittered revisit with a
recall of 0.9, and 5 % of looks lost. The estimate is given looks, recall and the law of stays, but not the rate. "told"
is the share of calendars for which a run would give a number; coverage is over all calendars, or it would be that of a
selection. Coverage of whole numbers is that of the randomised interval (Czado, Gneiting and Held, Biometrics 65, 2009):
the chance that a number drawn between F(n - 1) and F(n) lies in 5-95 %.

``worlds``: each year draws its own recall and stays from the uncertainty that the estimate is given (a recall of 0.8
worth ten looks, the declared law of stays with its error), at ports of 20, 60 and 200 calls. "holds" is the coverage of
the estimate, "taken as exact" that of one which takes both at their likeliest values; widths are over the true number
of calls.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.special import ndtri
from scipy.stats import beta, nbinom

from pipeline.calls.exposure import exposure, seen_bounds
from pipeline.calls.missed import JEFFREYS
from pipeline.calls.recall import PRIOR_LOOKS
from pipeline.calls.stay_law import LAW_POINTS, stay_law
from pipeline.config import CallsConfig
from pipeline.tables import PORT_CALLS
from pipeline.tables.seen_law import seen_share

REVISITS_D = (1.0, 2.0, 3.0, 6.0, 12.0)
STAYS_D = (0.8, 1.2, 2.0, 3.0)
WORLD_RECALL, WORLD_DRAWS = 0.8, 2000
YEAR_D, CALLS, RECALL, SPREAD, LOST = 365.0, 60.0, 0.9, 0.3, 0.05


def cell(revisit_d: float, stay_d: float, repeats: int, seed: int) -> dict[str, float]:
    """Bias and coverage over years that share their look times (a realistic calendar: jittered, some looks lost)."""
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
        tells.append(told.has_enough_looks())
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
    """Estimated total, true total, and whether the interval holds the truth, shape (years, 3)."""
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


def worlds(revisit_d: float, calls: float, years: int, seed: int) -> dict[str, float]:
    """Coverage and width of 90 % intervals over years that each have their own recall and stays."""
    rng = np.random.default_rng([seed, 7, int(revisit_d * 10), int(calls)])
    belief = beta(PRIOR_LOOKS * WORLD_RECALL, PRIOR_LOOKS * (1 - WORLD_RECALL))
    stays = stay_law(PORT_CALLS.empty(), CallsConfig())
    log_median, spread = float(np.mean(np.log(stays.days))), float(np.std(np.log(stays.days)))
    looks = np.arange(revisit_d / 2, YEAR_D, revisit_d)
    found = np.repeat(np.array([belief.ppf(0.05), WORLD_RECALL, belief.ppf(0.95)])[:, None], len(looks), axis=1)
    seen_d, low, high = seen_bounds(looks, found, stays, YEAR_D)
    arrivals, error = seen_d.seen_d + seen_d.unseen_d, rng.standard_normal(WORLD_DRAWS)
    ratios = []
    for z in (error, np.zeros(WORLD_DRAWS)):
        p = seen_share(seen_d.p_seen[:, None], low[:, None], high[:, None], z)
        ratios.append((arrivals @ (1 - p)) / (arrivals @ p))
    got = np.empty((years, 2, 2))
    for year in range(years):
        median = log_median + stays.log_sd * rng.standard_normal()
        lead = 8 * np.exp(median)
        n = rng.poisson(calls / YEAR_D * (YEAR_D + lead))
        arrival, stay = rng.uniform(-lead, YEAR_D, n), rng.lognormal(median, spread, n)
        arrival, stay = arrival[arrival + stay > 0], stay[arrival + stay > 0]
        during = np.searchsorted(looks, arrival + stay) - np.searchsorted(looks, arrival)
        seen = int((rng.random(len(arrival)) < 1 - (1 - belief.rvs(random_state=rng)) ** during).sum())
        for k, ratio in enumerate(ratios):
            unseen = rng.poisson(rng.standard_gamma(seen + JEFFREYS, WORLD_DRAWS) * ratio)
            ends = np.quantile(unseen, (0.05, 0.95))
            got[year, k] = ends[0] <= len(arrival) - seen <= ends[1], np.diff(ends)[0] / max(len(arrival), 1)
    (holds, width), (exact_holds, exact_width) = got.mean(axis=0)
    share = seen_d.total_seen_d / (seen_d.total_seen_d + seen_d.total_unseen_d)
    return {"seen": share, "holds": holds, "width": width, "exact_holds": exact_holds, "exact_width": exact_width}


def print_worlds(years: int) -> None:
    """Print the table of years with their own recall and stays."""
    print(f"unseen calls, simulated: recall and stays drawn from what is told of them, {years} years a cell")
    print("revisit, d  calls   seen  holds  width   taken as exact: holds  width")
    for revisit in REVISITS_D:
        for calls in (20, 60, 200):
            got = worlds(revisit, calls, years, seed=0)
            print(
                f"{revisit:10.0f} {calls:6d} {got['seen']:6.2f} {got['holds']:6.3f} {got['width']:6.2f} "
                f"{got['exact_holds']:22.3f} {got['exact_width']:6.2f}",
                flush=True,
            )


def main() -> None:
    """Print the table."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    if "worlds" in sys.argv[1:]:
        print_worlds(*(numbers or [1000]))
        return
    repeats = numbers[0] if numbers else 4000
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
