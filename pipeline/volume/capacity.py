"""How much a hull can carry: deadweight by identity, or from length and beam by a regression over tankers.

``ln DWT = b0 + b1 ln(L / 100 m) + b2 ln(B / 16 m) + e``, fitted by ``benchmarks/fit_dwt.py`` on public registers, with
a spread ``sd(e)`` that depends on length: small tankers differ more among each other than large ones.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

COEFFICIENTS_FILE = Path(__file__).with_name("tanker_regression.json")
KNOTS_M = (60.0, 85.0, 110.0, 150.0, 200.0, 300.0)  # lengths at which the spread is stated
Z90 = 1.6448536  # 5 % and 95 % quantiles of the normal law lie this many sd from its mean

# A call of which nothing is known but that a tanker loaded: median 22,000 bbl, 90 % between 10,000 and 40,000
# (from published means per call of 2018-2024). At 7.46 bbl/t and 85 % fill of 95 % of DWT, that is about 3,650 t DWT.
UNKNOWN_LOG_DWT = float(np.log(22_000 / 7.46 / 0.85 / 0.95))
UNKNOWN_LOG_SD = 0.42


@dataclass(frozen=True, slots=True)
class TankerRegression:
    """Coefficients of the regression and its spreads; no ship's row."""

    beta: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    log_sd: tuple[float, ...]  # at KNOTS_M
    beam_of_length: tuple[float, float, float]  # ln(B/16) = a + b ln(L/100), and the sd of its residual
    ships: int

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        return asdict(self)

    def log_dwt(self, length_m: FloatArray, beam_m: FloatArray) -> FloatArray:
        """Expected ln(DWT / t)."""
        b0, b1, b2 = self.beta
        return b0 + b1 * np.log(length_m / 100) + b2 * np.log(beam_m / 16)

    def residual_sd(self, length_m: FloatArray) -> FloatArray:
        """Spread of ln(DWT) among ships of one length and beam."""
        return np.interp(np.log(length_m), np.log(KNOTS_M), self.log_sd)

    def mean_sd(self, length_m: FloatArray, beam_m: FloatArray) -> FloatArray:
        """Standard error of the regression's own mean: common to all ships of that size."""
        x = np.stack([np.ones_like(length_m), np.log(length_m / 100), np.log(beam_m / 16)])
        return np.sqrt(np.einsum("i...,ij,j...->...", x, np.array(self.covariance), x))

    def quantiles(self, length_m: FloatArray, beam_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """DWT at 5, 50 and 95 % for exactly known length and beam."""
        mean, sd = self.log_dwt(length_m, beam_m), self.residual_sd(length_m)
        return np.exp(mean - Z90 * sd), np.exp(mean), np.exp(mean + Z90 * sd)

    def beam_from_length(self, length_m: FloatArray) -> tuple[FloatArray, float]:
        """Usual beam of a tanker of that length, and the sd of its logarithm."""
        a, b, sd = self.beam_of_length
        return 16 * np.exp(a + b * np.log(length_m / 100)), sd


@cache
def tanker_regression() -> TankerRegression:
    """The fitted regression that comes with the package."""
    held = json.loads(COEFFICIENTS_FILE.read_text("utf-8"))
    return TankerRegression(
        beta=tuple(held["beta"]),
        covariance=tuple(map(tuple, held["covariance"])),
        log_sd=tuple(held["log_sd"]),
        beam_of_length=tuple(held["beam_of_length"]),
        ships=int(held["ships"]),
    )


@dataclass(frozen=True, slots=True)
class Capacity:
    """ln(DWT) of one ship: own spread, and the part of the error that all regressed ships share."""

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
) -> Capacity:
    """Capacity by what is known, best first: deadweight, length and beam, length, nothing.

    Errors of measured length and beam are carried through to first order; a beam measured worse than it can be told
    from the length is combined with it by inverse variance.
    """
    if dwt_t is not None:
        return Capacity(float(np.log(dwt_t)), 0.02, 0.0, "dwt_given")  # registers differ by some 2 % (summer, tropical)
    if length_m is None:
        return Capacity(UNKNOWN_LOG_DWT, UNKNOWN_LOG_SD, 0.0, "dwt_prior")
    model = tanker_regression()
    length = np.array(float(length_m))
    usual, usual_sd = model.beam_from_length(length)
    method = "dwt_from_length_beam"
    follows = 0.0  # share of the beam that comes from the length, and so of the length's error
    if beam_m is None:
        log_beam, log_beam_sd, method, follows = float(np.log(usual)), usual_sd, "dwt_from_length", 1.0
    else:
        seen_sd = beam_sd_m / beam_m
        weight = usual_sd**2 / (usual_sd**2 + seen_sd**2)
        log_beam = float(weight * np.log(beam_m) + (1 - weight) * np.log(usual))
        log_beam_sd, follows = float(np.sqrt(weight) * seen_sd), 1 - weight
    beam = np.array(np.exp(log_beam))
    slope_l, slope_b = model.beta[1], model.beta[2]
    slope_l += follows * slope_b * model.beam_of_length[1]
    own = float(model.residual_sd(length)) ** 2
    own += (slope_l * length_sd_m / length_m) ** 2 + (slope_b * log_beam_sd) ** 2
    return Capacity(float(model.log_dwt(length, beam)), float(np.sqrt(own)), float(model.mean_sd(length, beam)), method)
