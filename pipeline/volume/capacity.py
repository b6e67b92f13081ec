"""Estimate a ship's deadweight: as stated, from gross tonnage, or from length and beam by a regression over tankers.

``ln DWT = b0 + b1 ln(L / 100 m) + b2 ln(B / 16 m) + s(L, B) + e``: a power law, and a correction ``s`` that is
interpolated between a few knots in length and in beam over the usual beam of that length. It follows what a power law
cannot: building to the limits of canals and rules, and gas carriers, which carry half the weight of an oil tanker of
their size and make up a share of the fleet that differs from size to size. The coefficients are medians over tankers
of every kind, fitted by ``benchmarks/fit_dwt.py`` on public registers.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.quantiles import Z90

if TYPE_CHECKING:
    from pipeline.types import FloatArray

COEFFICIENTS_FILE = Path(__file__).with_name("tanker_regression.json")
# Where the correction is stated: closer together where most tankers are, the small ones (our choice)
LENGTH_KNOTS_M = (40.0, 55, 65, 75, 85, 95, 103, 112, 125, 145, 170, 182, 200, 228, 250, 274, 290, 333)
BEAM_KNOTS = (-0.3, -0.15, -0.05, 0.05, 0.15, 0.3)  # ln(beam over the usual beam of that length)
KNOTS_M = (55.0, 68.0, 82.0, 98.0, 112.0, 135.0, 180.0, 300.0)  # lengths at which the spread is stated
GROSS_KNOTS = (500.0, 1500.0, 5000.0, 20_000.0, 60_000.0, 160_000.0)  # gross tonnages at which DWT/GT is stated
STATED_LOG_SD = 0.02  # registers differ by some 2 % in deadweight: summer against tropical mark

# For a call of which it is only known that a tanker loaded. Published means of a full ship, in thousand barrels: 15.6
# (2018, two sets), 31.8 (2020, if nine tenths full), 19.8 (2022), 19.5 (2023), 25.0 (March 2024), 29.7 (later 2024, if
# nine tenths full): their logarithms spread by 0.27 from fleet to fleet, about that of 23,000 bbl. Ships of one fleet:
# Member States gave 10,000 to 30,000 bbl a tanker; 0.42 is our judgement (0.63 over the 12 tonnages of our register)
DWT_PRIOR = "dwt_prior"  # the method of such a call's deadweight
UNKNOWN_FULL_BBL = 23_000.0  # the mean of a full ship, at 7.46 bbl/t and 95 % of deadweight
UNKNOWN_LOG_SD, UNKNOWN_SHARED_SD = 0.42, 0.27  # of one ship about her fleet; of the fleet, all calls alike
UNKNOWN_LOG_DWT = float(np.log(UNKNOWN_FULL_BBL / 7.46 / 0.95) - (UNKNOWN_LOG_SD**2 + UNKNOWN_SHARED_SD**2) / 2)
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)  # for means over normal errors


@dataclass(frozen=True, slots=True)
class TankerRegression:
    """Coefficients of the regression and its spreads; no ship's row."""

    power_law: tuple[float, float, float]  # b0, b1, b2
    correction: tuple[tuple[float, ...], ...]  # s at LENGTH_KNOTS_M x BEAM_KNOTS
    correction_sd: tuple[tuple[float, ...], ...]  # standard error of the mean there
    log_sd: tuple[float, ...]  # spread among ships of one size, at KNOTS_M
    beam_of_length: tuple[float, float, float]  # ln(B/16) = a + b ln(L/100), and the sd of its residual
    gross_ratio: tuple[float, ...]  # ln(DWT/GT) at GROSS_KNOTS
    gross_log_sd: tuple[float, ...]  # its spread among ships, at GROSS_KNOTS
    gross_correlation: float  # between the errors of both ways: a gas carrier errs in both
    ships: int  # tankers with deadweight that it rests on
    auxiliary_ships: int  # tankers with gross tonnage only

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        return asdict(self)

    def _interpolated(
        self, table: tuple[tuple[float, ...], ...], length_m: FloatArray, beam_m: FloatArray
    ) -> FloatArray:
        """Bilinear interpolation between the knots, constant beyond the outermost."""
        log_length = np.log(length_m / 100)
        log_beam_ratio = np.log(beam_m / 16) - self.beam_of_length[0] - self.beam_of_length[1] * log_length
        i, f = _knot_interval(log_length, tuple(np.log(k / 100) for k in LENGTH_KNOTS_M))
        j, g = _knot_interval(log_beam_ratio, BEAM_KNOTS)
        s = np.array(table)
        low = s[i, j] * (1 - g) + s[i, j + 1] * g
        high = s[i + 1, j] * (1 - g) + s[i + 1, j + 1] * g
        return np.asarray(low * (1 - f) + high * f)

    def log_dwt(self, length_m: FloatArray, beam_m: FloatArray) -> FloatArray:
        """Median of ln(DWT / t) over tankers of that length and beam."""
        b0, b1, b2 = self.power_law
        by_power_law = b0 + b1 * np.log(length_m / 100) + b2 * np.log(beam_m / 16)
        return by_power_law + self._interpolated(self.correction, length_m, beam_m)

    def residual_sd(self, length_m: FloatArray) -> FloatArray:
        """Spread of ln(DWT) among ships of one length and beam."""
        return np.interp(np.log(length_m), np.log(KNOTS_M), self.log_sd)

    def mean_sd(self, length_m: FloatArray, beam_m: FloatArray) -> FloatArray:
        """Standard error of the regression's own mean: common to all ships of that size."""
        return self._interpolated(self.correction_sd, length_m, beam_m)

    def quantiles(self, length_m: FloatArray, beam_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """DWT at 5, 50 and 95 % for exactly known length and beam."""
        mean, sd = self.log_dwt(length_m, beam_m), np.hypot(self.residual_sd(length_m), self.mean_sd(length_m, beam_m))
        return np.exp(mean - Z90 * sd), np.exp(mean), np.exp(mean + Z90 * sd)

    def beam_from_length(self, length_m: FloatArray) -> tuple[FloatArray, float]:
        """Usual beam of a tanker of that length, and the sd of its logarithm."""
        a, b, sd = self.beam_of_length
        return 16 * np.exp(a + b * np.log(length_m / 100)), sd

    def likely_beam(self, length_m: float, beam_m: float | None, beam_sd_m: float) -> tuple[float, float, float]:
        """ln(beam / m), its error, and the weight in it of the usual beam, which shares the length's error.

        A measured beam is combined with the usual one of the length by inverse variance.
        """
        usual_m, usual_sd = self.beam_from_length(np.array(float(length_m)))
        if beam_m is None:
            return float(np.log(usual_m)), usual_sd, 1.0
        measured_sd = beam_sd_m / beam_m
        weight = usual_sd**2 / (usual_sd**2 + measured_sd**2)
        log_beam = weight * np.log(beam_m) + (1 - weight) * np.log(usual_m)
        return float(log_beam), float(np.sqrt(weight) * measured_sd), 1 - weight

    def from_gross(self, gt: float) -> tuple[float, float]:
        """Median of ln(DWT / t) over tankers of that gross tonnage, and its spread."""
        at = np.log(gt), np.log(GROSS_KNOTS)
        return float(np.log(gt) + np.interp(*at, self.gross_ratio)), float(np.interp(*at, self.gross_log_sd))


def _knot_interval(x: FloatArray, knots: tuple[float, ...]) -> tuple[np.ndarray, FloatArray]:
    """Index of the knot below, and the share of the way to the next."""
    k = np.array(knots)
    inside = np.clip(x, k[0], k[-1])
    below = np.clip(np.searchsorted(k, inside, "right") - 1, 0, len(k) - 2)
    return below, (inside - k[below]) / (k[below + 1] - k[below])


@cache
def tanker_regression() -> TankerRegression:
    """The fitted regression that comes with the package."""
    fields = json.loads(COEFFICIENTS_FILE.read_text("utf-8"))
    tables = ("correction", "correction_sd")
    lists = ("power_law", "log_sd", "beam_of_length", "gross_ratio", "gross_log_sd")
    fields |= {name: tuple(map(tuple, fields[name])) for name in tables} | {name: tuple(fields[name]) for name in lists}
    return TankerRegression(**fields)


@dataclass(frozen=True, slots=True)
class Capacity:
    """ln(DWT) of one ship: own spread, and the part of the error that all regressed or unknown ships share."""

    log_dwt: float
    log_sd: float
    shared_sd: float
    method: str


def capacity_of(
    dwt_t: float | None,
    length_m: float | None,
    beam_m: float | None,
    length_sd_m: float = 0.0,
    beam_sd_m: float = 0.0,
    *,
    gt: float | None = None,
) -> Capacity:
    """Capacity from what is known, best first: deadweight; gross tonnage and length and beam, or either; nothing."""
    if dwt_t is not None:
        return Capacity(float(np.log(dwt_t)), STATED_LOG_SD, 0.0, "dwt_given")
    hull = None if length_m is None else _from_hull(length_m, beam_m, length_sd_m, beam_sd_m)
    if gt is None:
        return hull or Capacity(UNKNOWN_LOG_DWT, UNKNOWN_LOG_SD, UNKNOWN_SHARED_SD, DWT_PRIOR)
    log_dwt, sd = tanker_regression().from_gross(gt)
    gross = Capacity(log_dwt, sd, 0.0, "dwt_from_gt")
    return gross if hull is None else _combined(gross, hull)


def _from_hull(length_m: float, beam_m: float | None, length_sd_m: float, beam_sd_m: float) -> Capacity:
    """Capacity from length and beam, or from length with the beam usual for it.

    Errors are propagated as means over normal distributions, since the correction is not linear within the error of a
    length from radar.
    """
    model = tanker_regression()
    log_beam, beam_sd, usual_weight = model.likely_beam(length_m, beam_m, beam_sd_m)
    method = "dwt_from_length" if beam_m is None else "dwt_from_length_beam"
    length_error = length_sd_m / length_m * _NODES[:, None]
    beam_error = beam_sd * _NODES[None, :] + usual_weight * model.beam_of_length[1] * length_error
    length_error, beam_error = np.broadcast_arrays(length_error, beam_error)
    logs = model.log_dwt(length_m * np.exp(length_error), np.exp(log_beam + beam_error))
    weights = np.outer(_WEIGHTS, _WEIGHTS) / _WEIGHTS.sum() ** 2
    mean = float((weights * logs).sum())
    variance = float((weights * (logs - mean) ** 2).sum()) + float(model.residual_sd(np.array(length_m))) ** 2
    shared = float(model.mean_sd(np.array(float(length_m)), np.exp(log_beam)))
    return Capacity(mean, float(np.sqrt(variance)), shared, method)


def _combined(gross: Capacity, hull: Capacity) -> Capacity:
    """Both estimates combined by inverse variance, with the fitted correlation of their errors."""
    a, b = gross.log_sd**2, hull.log_sd**2
    common = min(tanker_regression().gross_correlation * gross.log_sd * hull.log_sd, 0.99 * min(a, b))
    weight = (b - common) / (a + b - 2 * common)
    variance = weight**2 * a + (1 - weight) ** 2 * b + 2 * weight * (1 - weight) * common
    mean = weight * gross.log_dwt + (1 - weight) * hull.log_dwt
    method = "dwt_from_gt_and_" + hull.method.removeprefix("dwt_from_")
    return Capacity(mean, float(np.sqrt(variance)), (1 - weight) * hull.shared_sd, method)
