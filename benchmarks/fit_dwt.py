"""Fit the tanker regression, cross-validate it by ship, and write its coefficients; no ship's row is kept.

    python benchmarks/fit_dwt.py PARTICULARS.csv [--write] [--plot docs/dwt_residuals.png]

PARTICULARS.csv has columns imo, key, type, length_m, beam_m, dwt, gt, tanker, ok_lb. Few tankers have a deadweight,
many a gross tonnage. So DWT/GT is fitted where both are known, and every tanker with gross tonnage alone enters at a
small weight with the deadweight that this ratio gives; gas carriers have a ratio of their own. The surface is the
penalised median (least absolute deviations) of both, constrained to rise with length and with beam.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.volume.capacity import (
    BEAM_KNOTS,
    COEFFICIENTS_FILE,
    GROSS_KNOTS,
    KNOTS_M,
    LENGTH_KNOTS_M,
    TankerRegression,
)

STUDENT_DOF = 4.0  # heavy tails: registers contain typing errors (one row is ten times too heavy)
STAND_IN_WEIGHT = 0.08  # of a tanker with gross tonnage only; 0.05 to 0.15 give the same figures
BEND_ALONG, BEND_ACROSS = 0.02, 0.1  # penalties on the curvature of the surface
LEAST_SLOPE = 0.3  # of ln DWT in ln L and in ln B, up to RISES_TO_M; beyond it gas carriers break the rule
RISES_TO_M = 260.0
HELD = 30.0  # weight of a slope below its bound
LAPLACE_SCALE = 0.12  # of the residuals: turns the penalised fit into standard errors
GAS_RATIO = {"LNG": 0.80, "LPG": 1.03}  # DWT/GT: medians of the gas carriers that have both
GAS_BELOW = 1.2  # a tanker of unknown type with DWT/GT below this is taken for a gas carrier
NOT_TANKERS = "Fruit|Water|Wine|Edible|Latex|Inland"
GROSS_LEAST_SD = 0.10  # lower bound on the uncertainty of any ratio (our choice)


@dataclass(frozen=True)
class Fleet:
    """Tankers as arrays: ``log_dwt`` is NaN where only the gross tonnage is known, ``log_gt`` where only deadweight."""

    length_m: np.ndarray
    beam_m: np.ndarray
    log_dwt: np.ndarray
    log_gt: np.ndarray
    lng: np.ndarray
    gas: np.ndarray
    hull: np.ndarray  # IMO number, or the row's own key

    def take(self, rows: np.ndarray) -> Fleet:
        """Only those rows."""
        return Fleet(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def read(path: Path) -> tuple[Fleet, Fleet]:
    """Tankers with deadweight, and tankers with gross tonnage only."""
    table = pd.read_csv(path, low_memory=False)
    table = table[(table["tanker"] == 1) & (table["ok_lb"] == 1)]
    kind = table["type"].fillna("")
    table = table.assign(
        lng=kind.str.contains("LNG"),
        gas=kind.str.contains("LNG|LPG|CO2|Liquef"),
        hull=table["imo"].map("{:.0f}".format).where(table["imo"].notna(), table["key"].astype(str)),
    )
    weighed = table["dwt"] > 0
    gross = ~weighed & (table["gt"] > 0) & ~kind.str.contains(NOT_TANKERS)
    return _fleet(table[weighed]), _fleet(table[gross])


def _fleet(table: pd.DataFrame) -> Fleet:
    with np.errstate(divide="ignore", invalid="ignore"):
        log_dwt, log_gt = (np.log(table[c].to_numpy(float)) for c in ("dwt", "gt"))
    sizes = (table[c].to_numpy(float) for c in ("length_m", "beam_m"))
    return Fleet(*sizes, log_dwt, log_gt, *(table[c].to_numpy() for c in ("lng", "gas", "hull")))


def hats(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Weights of linear interpolation between the knots, shape (len(x), len(knots))."""
    x = np.clip(x, knots[0], knots[-1])
    return np.stack([np.interp(x, knots, row) for row in np.eye(len(knots))], axis=1)


def student(x: np.ndarray, y: np.ndarray, ridge: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Maximum likelihood under Student's t by re-weighting, with a ridge towards a prior."""
    weight, scale2 = np.ones(len(y)), 0.04
    beta = prior
    for _ in range(60):
        left = (x * weight[:, None]).T @ x + np.diag(ridge) * scale2
        beta = np.linalg.solve(left, (x * weight[:, None]).T @ y + ridge * scale2 * prior)
        residual = y - x @ beta
        scale2 = np.mean(weight * residual**2)
        weight = (STUDENT_DOF + 1) / (STUDENT_DOF + residual**2 / scale2)
    return beta


def gross_ratio(fleet: Fleet) -> np.ndarray:
    """ln(DWT/GT) at GROSS_KNOTS without gas carriers; shrunk towards a ratio of 1.6 where there are few ships."""
    known = np.isfinite(fleet.log_gt) & np.isfinite(fleet.log_dwt)
    ratio = fleet.log_dwt - fleet.log_gt
    known &= ~fleet.gas & ~(ratio < np.log(GAS_BELOW))
    x = hats(fleet.log_gt[known], np.log(GROSS_KNOTS))
    return student(x, ratio[known], np.ones(len(GROSS_KNOTS)), np.full(len(GROSS_KNOTS), np.log(1.6)))


def stand_ins(fleet: Fleet, gross: Fleet) -> np.ndarray:
    """ln DWT estimated from gross tonnage and kind of ship."""
    ratio = hats(gross.log_gt, np.log(GROSS_KNOTS)) @ gross_ratio(fleet)
    gas = np.where(gross.lng, np.log(GAS_RATIO["LNG"]), np.log(GAS_RATIO["LPG"]))
    return gross.log_gt + np.where(gross.gas, gas, ratio)


def bends(knots: np.ndarray) -> np.ndarray:
    """Second differences at the inner knots."""
    out = np.zeros((len(knots) - 2, len(knots)))
    for n in range(1, len(knots) - 1):
        before, after = knots[n] - knots[n - 1], knots[n + 1] - knots[n]
        out[n - 1, n - 1 : n + 2] = np.array([1 / before, -1 / before - 1 / after, 1 / after])
        out[n - 1] *= np.sqrt((before + after) / 2)
    return out


def slopes(power_law: np.ndarray, beam_slope: float) -> tuple[np.ndarray, np.ndarray]:
    """Linear forms of the knots that must exceed bounds for ln DWT to rise with length and with beam.

    With ``c = ln(B / usual)``, the slope in ln B is b2 + ds/dc; in ln L at fixed beam it is b1 + ds/da - k ds/dc.
    """
    along, across = np.log(np.array(LENGTH_KNOTS_M) / 100), np.array(BEAM_KNOTS)
    rows, columns = len(along), len(across)
    forms, bounds = [], []
    for i in range(rows):
        for j in range(columns - 1):
            d_across = np.zeros((rows, columns))
            d_across[i, j : j + 2] = np.array([-1, 1]) / (across[j + 1] - across[j])
            if LENGTH_KNOTS_M[i] <= RISES_TO_M:
                forms.append(d_across.ravel())
                bounds.append(LEAST_SLOPE - power_law[2])
            for first in {max(i - 1, 0), min(i, rows - 2)}:
                if LENGTH_KNOTS_M[first + 1] > RISES_TO_M:
                    continue
                for knot in (j, j + 1):
                    d_along = np.zeros((rows, columns))
                    d_along[first : first + 2, knot] = np.array([-1, 1]) / (along[first + 1] - along[first])
                    forms.append((d_along - beam_slope * d_across).ravel())
                    bounds.append(LEAST_SLOPE - power_law[1])
                    if knot in (0, columns - 1):  # the correction is constant beyond the outermost beams
                        forms.append(d_along.ravel())
                        bounds.append(LEAST_SLOPE - power_law[1])
    return np.array(forms), np.array(bounds)


def surface(
    length_m: np.ndarray,
    beam_m: np.ndarray,
    residual: np.ndarray,
    weight: np.ndarray,
    power_law: np.ndarray,
    usual_beam: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray]:
    """Correction at its knots and its standard error: penalised least absolute deviations, iteratively reweighted."""
    along, across = np.log(np.array(LENGTH_KNOTS_M) / 100), np.array(BEAM_KNOTS)
    a = np.log(length_m / 100)
    c = np.log(beam_m / 16) - usual_beam[0] - usual_beam[1] * a
    x = (hats(a, along)[:, :, None] * hats(c, across)[:, None, :]).reshape(len(a), -1)
    penalty = BEND_ALONG * np.kron(bends(along).T @ bends(along), np.eye(len(across)))
    penalty += BEND_ACROSS * np.kron(np.eye(len(along)), bends(across).T @ bends(across))
    penalty += 1e-3 * np.eye(x.shape[1])
    forms, bounds = slopes(power_law, usual_beam[1])
    broken = np.zeros(len(bounds))
    knots = np.zeros(x.shape[1])
    each = weight.copy()
    for _ in range(60):
        left = (x * each[:, None]).T @ x + penalty + (forms * broken[:, None]).T @ forms
        right = (x * each[:, None]).T @ residual + (forms * broken[:, None]).T @ bounds
        knots = np.linalg.solve(left, right)
        each = weight / np.maximum(np.abs(residual - x @ knots), 0.03)
        # values below their bound are pulled back to it; half the old weight is kept, or the fit would oscillate
        broken = 0.5 * broken + 0.5 * HELD * (forms @ knots < bounds)
    precision = (x * (weight / LAPLACE_SCALE**2)[:, None]).T @ x + penalty / LAPLACE_SCALE
    sd = np.sqrt(np.diag(np.linalg.inv(precision)))
    shape = (len(along), len(across))
    return knots.reshape(shape), sd.reshape(shape)


def mean_of(fleet: Fleet, gross: Fleet) -> TankerRegression:
    """The regression's mean, without its spreads."""
    oil = ~fleet.gas
    x = np.stack([np.ones(len(fleet.length_m)), np.log(fleet.length_m / 100), np.log(fleet.beam_m / 16)], axis=1)
    power_law = student(x[oil], fleet.log_dwt[oil], np.zeros(3), np.zeros(3)).round(5)
    slope, offset = np.polyfit(x[oil, 1], x[oil, 2], 1)
    beam_sd = 1.4826 * np.median(np.abs(x[oil, 2] - offset - slope * x[oil, 1]))
    beam = (round(float(offset), 5), round(float(slope), 5), round(float(beam_sd), 4))
    other = gross.take(~np.isin(gross.hull, fleet.hull))
    length, wide = np.r_[fleet.length_m, other.length_m], np.r_[fleet.beam_m, other.beam_m]
    log_dwt = np.r_[fleet.log_dwt, stand_ins(fleet, other)]
    straight = power_law[0] + power_law[1] * np.log(length / 100) + power_law[2] * np.log(wide / 16)
    weight = np.r_[np.ones(len(fleet.length_m)), np.full(len(other.length_m), STAND_IN_WEIGHT)]
    knots, sd = surface(length, wide, log_dwt - straight, weight, power_law, beam[:2])
    zero = tuple(0.0 for _ in KNOTS_M)
    return TankerRegression(
        power_law=tuple(power_law.tolist()),
        correction=tuple(map(tuple, knots.round(3).tolist())),
        correction_sd=tuple(map(tuple, sd.round(3).tolist())),
        log_sd=zero,
        beam_of_length=beam,
        gross_ratio=tuple(gross_ratio(fleet).round(3).tolist()),
        gross_log_sd=tuple(0.0 for _ in GROSS_KNOTS),
        gross_correlation=0.0,
        ships=len(fleet.length_m),
        auxiliary_ships=len(other.length_m),
    )


def spread(x: np.ndarray, at: tuple[float, ...], residual: np.ndarray, width: float) -> np.ndarray:
    """ln-sd at each knot: the local 90 % quantile of |residual| over 1.645, neighbours weighted in ln(x)."""
    order = np.argsort(np.abs(residual), kind="stable")
    out = []
    for knot in at:
        near = np.exp(-0.5 * (np.log(x[order] / knot) / width) ** 2)
        out.append(np.interp(0.9, (np.cumsum(near) - 0.5 * near) / near.sum(), np.abs(residual)[order]) / 1.645)
    return np.array(out)


def folds(fleet: Fleet, count: int, seed: int) -> np.ndarray:
    """Fold of each row, the same for all rows of one hull."""
    hulls, code = np.unique(fleet.hull.astype(str), return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(hulls)) % count)[code]


def fit(fleet: Fleet, gross: Fleet) -> TankerRegression:
    """The tanker regression; its spreads come from held-out ships (cross-validation)."""
    fold = folds(fleet, 6, seed=0)
    by_hull, by_gross = (np.full(len(fold), np.nan) for _ in range(2))
    for k in range(6):
        held = fold == k
        part = fleet.take(~held)
        model = mean_of(part, gross.take(~np.isin(gross.hull, fleet.hull[held])))
        by_hull[held] = fleet.log_dwt[held] - model.log_dwt(fleet.length_m[held], fleet.beam_m[held])
        ratio = np.interp(fleet.log_gt[held], np.log(GROSS_KNOTS), model.gross_ratio)
        by_gross[held] = fleet.log_dwt[held] - fleet.log_gt[held] - ratio
    model = mean_of(fleet, gross)
    total = spread(fleet.length_m, KNOTS_M, by_hull, 0.13)  # includes the error of the mean, which is stated apart
    at = np.array(KNOTS_M)
    log_sd = np.sqrt(np.maximum(total**2 - model.mean_sd(at, model.beam_from_length(at)[0]) ** 2, (0.6 * total) ** 2))
    both = np.isfinite(by_gross)
    gross_sd = np.maximum(spread(np.exp(fleet.log_gt[both]), GROSS_KNOTS, by_gross[both], 0.8), GROSS_LEAST_SD)
    sane = both & (np.abs(by_hull) < 1)
    correlation = np.corrcoef(by_hull[sane], by_gross[sane])[0, 1]
    fields = model.as_json() | {
        "log_sd": tuple(log_sd.round(4).tolist()),
        "gross_log_sd": tuple(gross_sd.round(4).tolist()),
        "gross_correlation": round(float(max(correlation, 0.0)), 2),
    }
    return TankerRegression(**fields)


def figures(log_dwt: np.ndarray, quantiles: np.ndarray) -> str:
    """Median and 90th percentile of the relative error, bias, and coverage of the 90 % interval."""
    dwt = np.exp(log_dwt)
    error = np.abs(quantiles[1] / dwt - 1)
    inside = np.mean((dwt >= quantiles[0]) & (dwt <= quantiles[2]))
    bias = np.median(quantiles[1] / dwt) - 1
    return (
        f"n {len(dwt):3d}, median {np.median(error):.3f}, p90 {np.quantile(error, 0.9):.3f}, "
        f"inside {inside:.3f}, bias {bias:+.3f}"
    )


def cross_validated(fleet: Fleet, gross: Fleet, seed: int) -> np.ndarray:
    """5, 50 and 95 % points of each ship from a regression fitted without her, shape (3, ships)."""
    fold = folds(fleet, 10, seed)
    out = np.full((3, len(fold)), np.nan)
    for k in range(10):
        held = fold == k
        model = fit(fleet.take(~held), gross.take(~np.isin(gross.hull, fleet.hull[held])))
        out[:, held] = model.quantiles(fleet.length_m[held], fleet.beam_m[held])
    return out


def reference(fleet: Fleet, repeats: int) -> None:
    """Print the same splits with a plain least-squares power law, for comparison."""
    x = np.stack([np.ones(len(fleet.length_m)), np.log(fleet.length_m), np.log(fleet.beam_m)], axis=1)
    errors = []
    for seed in range(repeats):
        fold = folds(fleet, 10, seed)
        for k in range(10):
            held = fold == k
            beta = np.linalg.lstsq(x[~held], fleet.log_dwt[~held], rcond=None)[0]
            errors.append(np.abs(np.expm1(x[held] @ beta - fleet.log_dwt[held])))
    error = np.concatenate(errors)
    print(f"  power law alone: n {len(error):3d}, median {np.median(error):.3f}, p90 {np.quantile(error, 0.9):.3f}")


def plot(fleet: Fleet, quantiles: np.ndarray, path: Path) -> None:
    """Cross-validated residuals against length: medians and bands of groups, so no single ship can be identified."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    order = np.argsort(fleet.length_m, kind="stable")
    ratio = (np.exp(fleet.log_dwt) / quantiles[1])[order]
    groups = np.array_split(np.arange(len(order)), 12)
    centre = [np.median(fleet.length_m[order][g]) for g in groups]
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    low, half, high = (np.array([np.quantile(ratio[g], q) for g in groups]) for q in (0.05, 0.5, 0.95))
    axes.fill_between(centre, low, high, alpha=0.2, label="5 to 95 % of about 15 ships each")
    axes.plot(centre, half, marker="o", label="their median")
    wide = (quantiles[2] / quantiles[1])[order]
    wide = np.array([np.median(wide[g]) for g in groups])
    axes.plot(centre, wide, "k--", lw=0.8, label="stated 90 % interval")
    axes.plot(centre, 1 / wide, "k--", lw=0.8)
    axes.axhline(1, color="k", lw=0.5)
    axes.set(xscale="log", yscale="log", xlabel="length [m]", ylabel="deadweight / estimate", ylim=(0.4, 2.5))
    axes.set_xticks([50, 70, 100, 150, 200, 300], ["50", "70", "100", "150", "200", "300"])
    axes.set_yticks([0.5, 0.7, 1, 1.4, 2], ["0.5", "0.7", "1", "1.4", "2"])
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def main() -> None:
    """Print in-sample and cross-validated figures; with --write, replace the coefficients."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("particulars", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    fleet, gross = read(args.particulars)
    model = fit(fleet, gross)
    print("in sample:      ", figures(fleet.log_dwt, np.array(model.quantiles(fleet.length_m, fleet.beam_m))))
    repeats = [cross_validated(fleet, gross, seed) for seed in range(args.repeats)]
    for seed, each in enumerate(repeats):
        print(f"left out, split {seed}:", figures(fleet.log_dwt, each))
    pooled, logs = np.concatenate(repeats, axis=1), np.tile(fleet.log_dwt, len(repeats))
    length, gas = np.tile(fleet.length_m, len(repeats)), np.tile(fleet.gas, len(repeats))
    print(f"all {len(repeats)} splits:   ", figures(logs, pooled))
    reference(fleet, args.repeats)
    for low, high in ((0, 60), (60, 80), (80, 110), (110, 150), (150, 400)):
        part = (length >= low) & (length < high)
        print(f"  {low:3d}-{high:3d} m:    ", figures(logs[part], pooled[:, part]))
    print("  not typed as gas:", figures(logs[~gas], pooled[:, ~gas]))
    if args.plot:
        plot(fleet, repeats[0], args.plot)
    if args.write:
        COEFFICIENTS_FILE.write_text(json.dumps(model.as_json()) + "\n")


if __name__ == "__main__":
    main()
