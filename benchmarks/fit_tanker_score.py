"""Fit the weights of the tanker score (`pipeline.detection.optical.deck`) on simulated fleets.

    python -m benchmarks.fit_tanker_score --seeds 1-30

A ridge logistic regression; its intercept is moved from the fleet's share of tankers to that of merchant ships at large
(0.28). Prints the numbers to copy. SIMULATED.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from scipy import optimize, special

from benchmarks.submetre_accuracy import measure
from benchmarks.submetre_scenes import make_scene
from pipeline.detection.optical import search

RIDGE = 0.5
MERCHANT_SHARE = 0.28  # of tankers among merchant ships (our reading of registers), as in `screening.tanker_score`


def decks(seeds: range, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features of every measured hull, and whether it is a tanker."""
    seen: list[tuple[float, float, tuple[float, ...]]] = []
    plain = search.measure_blob

    def watched(*args: object, **kwargs: object) -> object:
        found = plain(*args, **kwargs)  # type: ignore[arg-type]
        if found.deck is not None:
            seen.append((found.row, found.col, found.deck.features))
        return found

    search.measure_blob = watched  # type: ignore[assignment]
    features, truth = [], []
    for seed in seeds:
        seen.clear()
        for row in measure(make_scene(folder, seed)):
            matching = [
                f for r, c, f in seen if "row" in row and abs(r - row["row"]) < 0.6 and abs(c - row["col"]) < 0.6
            ]
            if matching:
                features.append(matching[0])
                truth.append(row["true_kind"].endswith("tanker"))
    search.measure_blob = plain
    return np.array(features), np.array(truth)


def fit(features: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Means, spreads, weights and intercept."""
    means, spreads = features.mean(axis=0), features.std(axis=0)
    x = np.clip((features - means) / spreads, -4, 4)

    def loss(w: np.ndarray) -> float:
        p = special.expit(w[0] + x @ w[1:])
        return float(-np.mean(np.where(truth, np.log(p + 1e-9), np.log(1 - p + 1e-9))) + RIDGE * w[1:] @ w[1:] / len(x))

    w = optimize.minimize(loss, np.zeros(1 + x.shape[1])).x
    shift = special.logit(MERCHANT_SHARE) - special.logit(truth.mean())
    return means, spreads, w[1:], float(w[0] + shift)


def main() -> None:
    """Draw, measure, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-30")
    first, last = (int(v) for v in parser.parse_args().seeds.split("-"))
    with tempfile.TemporaryDirectory() as folder:
        features, truth = decks(range(first, last + 1), Path(folder))
    means, spreads, weights, bias = fit(features, truth)
    for name, values in (("MEANS", means), ("SPREADS", spreads), ("WEIGHTS", weights)):
        print(f"{name} = ({', '.join(f'{v:.3f}' for v in values)})")
    print(f"BIAS = {bias:.3f}")


if __name__ == "__main__":
    main()
