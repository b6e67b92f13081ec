"""Fit the tanker regression, cross-validate it by ship, and write its coefficients; no ship's row is kept.

    python benchmarks/fit_dwt.py PARTICULARS.csv [--write]

PARTICULARS.csv has columns imo, key, type, length_m, beam_m, dwt, tanker, ok_lb. Gas carriers are left out of the fit:
they carry half the weight of an oil tanker of their size, and none of the products that the cap counts but LPG.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.volume.capacity import COEFFICIENTS_FILE, KNOTS_M, TankerRegression

STUDENT_DOF = 4.0  # heavy tails: registers hold typing errors (one row says 494,539 t for 183 m)


def design(length_m: np.ndarray, beam_m: np.ndarray) -> np.ndarray:
    """1, ln(L / 100 m), ln(B / 16 m)."""
    return np.column_stack([np.ones(len(length_m)), np.log(length_m / 100), np.log(beam_m / 16)])


def robust_fit(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maximum likelihood under Student's t by re-weighting; coefficients and their covariance."""
    weights = np.ones(len(y))
    for _ in range(60):
        root = np.sqrt(weights)
        beta = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]
        residual = y - x @ beta
        scale2 = np.mean(weights * residual**2)
        weights = (STUDENT_DOF + 1) / (STUDENT_DOF + residual**2 / scale2)
    covariance = np.linalg.inv((x * weights[:, None]).T @ x) * scale2
    return beta, covariance


def spread(length_m: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """ln-sd at each knot: the local 90 % quantile of |residual| over 1.645, neighbours weighted in ln(length)."""
    out = []
    for knot in KNOTS_M:
        near = np.exp(-0.5 * (np.log(length_m / knot) / 0.22) ** 2)
        order = np.argsort(np.abs(residual))
        share = np.cumsum(near[order]) / near.sum()
        out.append(np.abs(residual)[order][np.searchsorted(share, 0.9)] / 1.645)
    return np.array(out)


def fit(ships: pd.DataFrame) -> TankerRegression:
    """The regression of a table of ships."""
    oil = ships[~ships["type"].fillna("").str.contains("LPG|LNG")]
    length, beam, dwt = (oil[c].to_numpy(float) for c in ("length_m", "beam_m", "dwt"))
    beta, covariance = robust_fit(design(length, beam), np.log(dwt))
    every = ships[["length_m", "beam_m"]].to_numpy(float)
    residual = np.log(ships["dwt"].to_numpy(float)) - design(every[:, 0], every[:, 1]) @ beta
    slope, offset = np.polyfit(np.log(length / 100), np.log(beam / 16), 1)
    beam_sd = 1.4826 * np.median(np.abs(np.log(beam / 16) - offset - slope * np.log(length / 100)))
    return TankerRegression(
        beta=tuple(beta.round(5)),
        covariance=tuple(map(tuple, covariance.round(8))),
        log_sd=tuple(spread(every[:, 0], residual).round(4)),
        beam_of_length=(round(float(offset), 5), round(float(slope), 5), round(float(beam_sd), 4)),
        ships=len(oil),
    )


def figures(ships: pd.DataFrame, p5: np.ndarray, p50: np.ndarray, p95: np.ndarray) -> str:
    """Median and 90th percentile of the relative error, and the share inside the 90 % interval."""
    dwt = ships["dwt"].to_numpy(float)
    error = np.abs(p50 / dwt - 1)
    inside = np.mean((dwt >= p5) & (dwt <= p95))
    return f"n {len(dwt)}, median {np.median(error):.3f}, p90 {np.quantile(error, 0.9):.3f}, inside {inside:.3f}"


def main() -> None:
    """Print in-sample and cross-validated figures; with --write, replace the coefficients."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("particulars", type=Path)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    ships = pd.read_csv(args.particulars)
    ships = ships[(ships["tanker"] == 1) & (ships["ok_lb"] == 1) & (ships["dwt"] > 0)].reset_index(drop=True)
    hull = ships["imo"].astype(str).where(ships["imo"].notna(), ships["key"].astype(str))
    fold = pd.factorize(hull)[0] % 10
    out = np.full((3, len(ships)), np.nan)
    for k in range(10):
        held = fold == k
        model = fit(ships[~held])
        out[:, held] = model.quantiles(*(ships.loc[held, c].to_numpy(float) for c in ("length_m", "beam_m")))
    model = fit(ships)
    print(
        "in sample:      ",
        figures(ships, *model.quantiles(*(ships[c].to_numpy(float) for c in ("length_m", "beam_m")))),
    )
    print("cross-validated:", figures(ships, *out))
    for low, high in ((0, 80), (80, 110), (110, 150), (150, 400)):
        part = ships["length_m"].between(low, high, inclusive="left").to_numpy()
        print(f"  {low:3d}-{high:3d} m:    ", figures(ships[part], *out[:, part]))
    if args.write:
        COEFFICIENTS_FILE.write_text(json.dumps(model.as_json(), indent=1) + "\n")


if __name__ == "__main__":
    main()
