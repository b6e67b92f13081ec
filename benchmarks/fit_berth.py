"""Fit the log-odds that a berth is occupied (``pipeline/detection/earlier/occupancy.py``) on simulated berths.

    python -m benchmarks.fit_berth [looks] [seed ...]

Seeds from 1000 on are for fitting; ``benchmarks.berth`` reports on others. A weak prior (standard deviation 3 on each
coefficient) keeps the odds finite where occupied and free berths do not overlap.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import optimize, special

from benchmarks.berth import PORTS, Tally, looks_at, place_of, with_and_without_history
from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.earlier.occupancy import MOST_CERTAIN

PRIOR_SD = 3.0


def fit(berths: list[tuple[bool, str, float, float, float]]) -> np.ndarray:
    """Coefficients: constant, of ln(1 + statistic), of the logit of the best score."""
    taken, _, _, statistic, score = (np.array(v) for v in zip(*berths, strict=True))
    of_score = np.clip(special.logit(np.clip(score.astype(float), 1e-9, 1 - 1e-9)), 0, MOST_CERTAIN)
    design = np.column_stack([np.ones(len(taken)), np.log1p(statistic.astype(float)), of_score])
    sign = np.where(taken, 1.0, -1.0)

    def cost(k: np.ndarray) -> float:
        return float(np.sum(np.logaddexp(0, -sign * (design @ k))) + 0.5 * np.sum((k / PRIOR_SD) ** 2))

    return optimize.minimize(cost, np.zeros(3), method="BFGS").x


def main() -> None:
    """Draw the looks, fit, and print the coefficients."""
    given = [int(a) for a in sys.argv[1:]] or [7, 1000, 1001, 1002, 1003]
    config, tallies = DetectionConfig(), (Tally(), Tally())
    for name in PORTS:
        place = place_of(name)
        for seed in given[1:]:
            looks = looks_at(place, given[0], seed)
            for look, *scenes in zip(looks, *with_and_without_history(looks, place, config), strict=True):
                for tally, scene in zip(tallies, scenes, strict=True):
                    tally.add(*detect(scene, place=place, config=config), look, place)
    for words, tally in zip(("WITH_HISTORY", "WITHOUT_HISTORY"), tallies, strict=True):
        print(words, np.round(fit(tally.berths), 2), f"{len(tally.berths)} berths")


if __name__ == "__main__":
    main()
