"""Screen candidates: score as ship and as tanker, rejecting flags, and the verdict. Nothing is deleted here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, special

from pipeline.config.detection import ScreeningConfig
from pipeline.detection.candidates import Candidate
from pipeline.ships.largest import LONGEST_M
from pipeline.types import PART_OF_HULL

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

REJECTING = frozenset(
    {
        "azimuth_ghost",
        "range_ghost",
        "interference",
        "fixed_structure",
        "land_leak",
        "land_unknown",
        "too_small",
        "too_large",
        "cloud",
        "wake",
        "unlike_a_ship",
        "no_hull_shape",
        "rough_water",
        "not_confirmed",
        "no_water_beside",
        "too_faint",
        "marina_finger",
        "quay_or_ship",
        PART_OF_HULL,
        "holds_a_hull",
        "beside_berth",
        "quay_gear",
    }
)
EVEN_RARITY = 6.75  # even odds for an object of 6 pixels; set on simulated seas with other seeds than those reported
UNKNOWN_STRETCH_DECADES = 2.0  # by which the bar is higher for pictures of unknown stretch; our choice
HIGHEST_BAR = 14.0  # the bar rises no further, or one crowded scene would lose its ships as well (our choice)
CROWDED_DECADE = 4.0  # objects allowed in the lowest decade, per object in a higher one and at least (our choice)
LEAK_REACH_PX = 12  # where the Gaussian is truncated (our choice)
# Knots drawn by hand through a month of AIS in the Baltic: `tanker_score`
TANKER_LENGTHS_M = (20.0, 40.0, 55.0, 70.0, 110.0, 135.0, 165.0, 200.0, 250.0, 300.0)
TANKER_SHARES = (0.03, 0.08, 0.22, 0.30, 0.30, 0.27, 0.13, 0.16, 0.32, 0.32)


def ship_score(rarity: float, bar: float, n_pixels: int, length_m: float) -> float:
    """Probability that a radar object is a ship: a logistic of the rarity of its peak as sea, and of its size.

    ``rarity`` is -log10 of the probability that sea is as bright as the peak, ``bar`` the rarity of even odds for an
    object of 6 pixels. The slope is lower than the law's own (2.3 a decade), since no sea follows a law that far.
    """
    size = np.log2(max(n_pixels, 1) / 6)
    excess_length = max(0.0, (length_m - 420.0) / 60.0)
    return float(special.expit(1.6 * (min(rarity, 40.0) - bar) + 0.8 * size - 3.0 * excess_length))


def even_odds_rarity(rarities: FloatArray, *, unknown_stretch: bool = False) -> float:
    """The rarity at which an object of a scene is as likely sea as ship.

    Ships are spread over many decades of rarity, false alarms crowd at the lower end: where one decade holds several
    times more objects than those above it, they are clutter that the law does not describe, and the bar rises past
    them. For a picture of unknown stretch (``unknown_stretch``) the law is a guess, and the bar is higher.
    """
    bar = EVEN_RARITY + UNKNOWN_STRETCH_DECADES * unknown_stretch
    while bar < HIGHEST_BAR:
        crowd = int(((rarities >= bar) & (rarities < bar + 1)).sum())
        above = int(((rarities >= bar + 2) & (rarities < bar + 8)).sum()) / 6
        if crowd <= CROWDED_DECADE * (1 + above):
            break
        bar += 0.25
    return bar


def tanker_score(length_m: float) -> float:
    """Prior probability that a ship of that length is a tanker: the share of tankers among ships of about that length.

    From a month of AIS in the Baltic (662 ships with known type), smoothed over the error of a radar length. Its knots
    were drawn by hand, so it is a prior rather than a calibration. On 95 ships of a public set of Sentinel-1 chips, a
    fifth of them tankers, its logarithmic loss is 0.46, that of their own share 0.49. Brightness, polarisation ratio
    and slenderness of the same objects do not improve it (losses of 0.48 to 0.52, cross-validated), so radar pixels are
    not used.
    """
    return float(np.interp(length_m, TANKER_LENGTHS_M, TANKER_SHARES))


def land_leakage(power: FloatImage, land: BoolImage, blur_px: float) -> FloatImage:
    """Power that the sensor's blur spreads from land over water near it, (rows, cols).

    Land's own power blurred by the impulse response (a Gaussian of ``blur_px``), as from a coast without ships.
    """
    if not land.any():
        return np.zeros(power.shape, np.float32)
    bright = np.where(land, power, 0.0).astype(np.float32)
    return ndimage.gaussian_filter(bright, blur_px * 1.15, truncate=LEAK_REACH_PX / max(blur_px, 0.5))


def with_screening_flags(candidate: Candidate, config: ScreeningConfig) -> Candidate:
    """The candidate with the flags on its size and score."""
    flags = list(candidate.flags)
    if candidate.length_hi_m < config.min_length_m or candidate.n_pixels < config.min_pixels:
        flags.append("too_small")
    if candidate.length_lo_m > config.max_length_m or candidate.length_m > LONGEST_M:
        flags.append("too_large")
    if candidate.score < config.min_score:
        flags.append("low_score")
    return replace(candidate, flags=tuple(dict.fromkeys(flags)))


def is_accepted(candidate: Candidate, config: ScreeningConfig) -> bool:
    """The verdict: score high enough, and no rejecting flag."""
    return candidate.score >= config.min_score and not REJECTING & set(candidate.flags)
