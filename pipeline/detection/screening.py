"""What is not a ship, or perhaps not: flags with their reason, and probabilities. Nothing is deleted here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, special

from pipeline.config.detection import ScreeningConfig
from pipeline.detection.candidates import Candidate
from pipeline.types import Scene

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatImage

REJECTING = frozenset(
    {
        "azimuth_ghost",
        "fixed_structure",
        "land_leak",
        "too_small",
        "too_large",
        "cloud",
        "wake",
        "no_hull_shape",
        "not_confirmed",
    }
)
GHOST_REACH_M = 150.0  # how far a ghost may lie from its predicted place: PRF and geometry are not known better
GHOST_RATIO_DB = (-45.0, -14.0)  # a ghost against its source; Sentinel-1 IW suppresses ambiguities by more than 22 dB
LEAK_REACH_PX = 12


def ship_score(peak_db: float, n_pixels: int, length_m: float) -> float:
    """Probability that a radar object is a ship: a logistic of peak over clutter and of size.

    Our choice of coefficients: even odds at 11 dB and 4 pixels; clutter spikes are dim and small. Not calibrated yet.
    """
    size = np.log2(max(n_pixels, 1) / 4)
    monster = max(0.0, (length_m - 420.0) / 60.0)
    return float(special.expit(0.45 * (peak_db - 11.0) + 0.8 * size - 3.0 * monster))


def tanker_score(length_m: float) -> float:
    """Probability that a ship of that length is a tanker, size alone: a quarter of ships above 60 m, few below.

    A prior by size: among large merchant ships about one in four is a tanker, among boats nearly none (our reading of
    public registers; radar says little more).
    """
    return float(np.interp(length_m, (30.0, 60.0, 90.0, 250.0, 350.0), (0.02, 0.15, 0.28, 0.28, 0.2)))


def leak_from_land(power: FloatImage, land: BoolImage, blur_px: float) -> FloatImage:
    """Power that the sensor's blur spreads from land over water near it, (rows, cols).

    Land's own power blurred by the impulse response (a Gaussian of ``blur_px``): what a coast alone would put there.
    """
    if not land.any():
        return np.zeros(power.shape, np.float32)
    bright = np.where(land, power, 0.0).astype(np.float32)
    return ndimage.gaussian_filter(bright, blur_px * 1.15, truncate=LEAK_REACH_PX / max(blur_px, 0.5))


def flag_ghosts(candidates: list[Candidate], scene: Scene) -> list[Candidate]:
    """Flag azimuth ambiguities: dimmer objects one or two ambiguity distances up or down track from a brighter one.

    The distance is lambda R PRF / (2 V) for slant range R; where the annotation does not give all four, nothing is
    flagged. Several sub-swaths have several PRF; each is tried.
    """
    view = scene.radar
    if (
        view is None
        or view.slant_range_m is None
        or not view.prf_hz
        or view.wavelength_m is None
        or view.satellite_velocity_m_s is None
    ):
        return candidates
    spacing_row, spacing_col = scene.pixel_spacing_m
    rows = np.array([c.row for c in candidates])
    cols = np.array([c.col for c in candidates])
    peaks = np.array([c.contrast_db + 10 * np.log10(c.n_pixels) for c in candidates])
    out = []
    for n, candidate in enumerate(candidates):
        slant = float(np.interp(candidate.col, *view.slant_range_m))
        shifts = {
            k * view.wavelength_m * slant * prf / (2 * view.satellite_velocity_m_s) / spacing_row
            for prf in view.prf_hz
            for k in (1, 2)
        }
        near_col = np.abs(cols - candidate.col) * spacing_col < GHOST_REACH_M
        along = np.abs(rows - candidate.row)
        near_row = np.zeros(len(rows), bool)
        for shift in sorted(shifts):
            near_row |= np.abs(along - shift) * spacing_row < GHOST_REACH_M
        ratio = peaks[n] - peaks
        source = near_col & near_row & (ratio > GHOST_RATIO_DB[0]) & (ratio < GHOST_RATIO_DB[1])
        out.append(replace(candidate, flags=(*candidate.flags, "azimuth_ghost")) if source.any() else candidate)
    return out


def judged(candidate: Candidate, config: ScreeningConfig) -> Candidate:
    """The candidate with the flags that its size earns it."""
    flags = list(candidate.flags)
    if candidate.length_hi_m < config.min_length_m or candidate.n_pixels < config.min_pixels:
        flags.append("too_small")
    if candidate.length_lo_m > config.max_length_m:
        flags.append("too_large")
    if candidate.score < config.min_score:
        flags.append("low_score")
    return replace(candidate, flags=tuple(dict.fromkeys(flags)))


def accepted(candidate: Candidate, config: ScreeningConfig) -> bool:
    """The verdict: likely enough a ship, and no flag against it."""
    return candidate.score >= config.min_score and not REJECTING & set(candidate.flags)
