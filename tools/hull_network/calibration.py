"""Calibration of the scores and lengths of Sentinel-2 hulls, on ports held out of training.

`python -m tools.hull_network.calibration --data S2_PORTS genoa=G.onnx ...`, weights as for `evaluate`. Prints the
reliability of scores, the best-fitting logistic (on all ports, and with each port left out), and coverage of lengths.
Uses the network's hulls that have no flag except for a low score.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import logit

from pipeline.detection.optical.merging import SCORE_MIDDLE, SCORE_SLOPE
from pipeline.detection.screening import REJECTING
from tools.hull_network.evaluate import held_out, paired, within

BINS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
LOOSE_M = 15.0  # labels are longer than ships by this much
TAKEN = 0.5  # score from which a hull counts as a ship


def judged(found: pd.DataFrame, truth: pd.DataFrame, spare: pd.DataFrame) -> pd.DataFrame:
    """Hulls of one image with ``right`` (is a labelled ship) and ``true_m``; those on spare boxes are excluded."""
    free = np.array([not REJECTING & set(flags) for flags in found["flags"]], bool)
    hulls = found[found["method"].str.startswith("hull-network") & free].reset_index(drop=True)
    _, pairs = paired(hulls, truth)
    true_m = np.full(len(hulls), np.nan)
    for i, j in pairs:
        true_m[i] = truth["length_m_est"].iloc[j] - LOOSE_M
    right = np.isfinite(true_m)
    kept = right | ~within(hulls, spare).any(axis=1)
    return hulls.assign(right=right, true_m=true_m)[kept]


def fitted(certainty: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Slope and middle of the maximum-likelihood logistic; inputs of shape (n,).

    >>> rng = np.random.default_rng(1)
    >>> seen = rng.uniform(0, 1, 20_000)
    >>> slope, middle = fitted(seen, rng.uniform(0, 1, 20_000) < 1 / (1 + np.exp(-6 * (seen - 0.6))))
    >>> bool(abs(slope - 6) < 0.3 and abs(middle - 0.6) < 0.02)
    True
    """
    best = minimize(lambda q: loss(certainty, right, q[0], q[1]), [SCORE_SLOPE, SCORE_MIDDLE], method="Nelder-Mead")
    return float(best.x[0]), float(best.x[1])


def loss(certainty: np.ndarray, right: np.ndarray, slope: float, middle: float) -> float:
    """Negative log-likelihood of a logistic."""
    odds = slope * (certainty - middle)
    return float(np.sum(np.logaddexp(0, odds) - right * odds))


def _report(table: pd.DataFrame) -> None:
    score, right = table["score"].to_numpy(float), table["right"].to_numpy(bool)
    print("| score | hulls | mean score | ships among them |\n|---|---|---|---|")
    for low, high in pairwise(BINS):
        here = (score >= low) & (score < high)
        if here.any():
            print(
                f"| {low:g} to {high:g} | {here.sum()} | {score[here].mean():.2f} "
                f"| {right[here].mean():.2f} ({right[here].sum()}) |"
            )
    certainty = logit(np.clip(score, 1e-6, 1 - 1e-6)) / SCORE_SLOPE + SCORE_MIDDLE
    slope, middle = fitted(certainty, right)
    for name, a, b in (("fitted on all", slope, middle), ("in use", SCORE_SLOPE, SCORE_MIDDLE)):
        print(f"{name}: slope {a:.2f}, middle {b:.3f}, loss {loss(certainty, right, a, b):.1f}")
    ports, out = table["port"].to_numpy(str), 0.0
    for port in np.unique(ports):
        of_port = ports == port
        out += loss(certainty[of_port], right[of_port], *fitted(certainty[~of_port], right[~of_port]))
    print(f"each port by the fit of the others: loss {out:.1f}")
    ships = table[right & (score >= TAKEN)]
    held = ships["true_m"].between(ships["length_lo_m"], ships["length_hi_m"])
    for low, high in ((0, 90), (90, 150), (150, 500), (0, 500)):
        some = ships["true_m"].between(low, high, inclusive="left")
        error = (ships["length_m"] - ships["true_m"])[some]
        print(
            f"{low}-{high} m: n {some.sum()}, bias {error.median():+.1f} m, mean absolute {error.abs().mean():.1f} m, "
            f"intervals hold {held[some].mean():.2f}"
        )


def main() -> None:
    """Print the tables."""
    _report(pd.concat([judged(found, *boxes).assign(port=port) for port, found, *boxes in held_out(__doc__)]))


if __name__ == "__main__":
    main()
