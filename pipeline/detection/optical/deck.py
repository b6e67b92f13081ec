"""Read a ship's deck in a fine image: position of the house, which end is the bow, probability of a tanker.

A tanker's deck is long and clean between house and forecastle: one pipe rack along the middle, a manifold across
amidships, no hatch covers, no crane but the hose crane. Bulk carriers and coasters have rows of wide blocks, container
ships a pattern of stacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, special

from pipeline.detection.optical.frame import resample

if TYPE_CHECKING:
    from pipeline.detection.optical.outline import Hull
    from pipeline.types import FloatArray, FloatImage

SHAPE = (96, 24)  # cells along and across to which every deck is resampled
HOUSE_STEP = 0.25  # least brightness of the house over the deck, as a share of the deck's over water
# Log odds, by length, that the end with the house is the stern: supply ships and some coasters carry it forward, hardly
# any merchant ship above 80 m does (our reading of registers)
BOW_AFT_LENGTHS_M, BOW_AFT_ODDS = (42.0, 60.0, 80.0), (1.5, 2.8, 4.0)
TAPER = 9.0  # log odds per beam of difference in width between the last hundredths of the length at both ends
TAPER_LIMIT = 2.5  # ... at most: a shaded or dark end looks pointed as well
# Logistic of the tanker score: weight, mean and spread of each feature, in the order of `_features`. Fitted to
# simulated fleets by benchmarks/fit_tanker_score.py; none of the seeds there is used for reporting
WEIGHTS: tuple[float, ...] = (-0.609, 1.059, 0.906, 0.754, -0.396, -1.034, -1.414, 0.170)
MEANS: tuple[float, ...] = (4.674, 5.691, 0.242, 0.284, 0.257, 0.083, 1.044, 0.562)
SPREADS: tuple[float, ...] = (0.643, 1.174, 0.171, 0.783, 0.225, 0.086, 0.745, 0.496)
BIAS = -1.018
# Floor of the typical change of light from row to row, as a share of the deck's light (0.03 to 0.11 on most merchant
# ships; less where rows are narrower than two pixels). On an evenly painted deck it is far lower, and the manifold,
# counted in units of it, would score beyond any tanker
SMOOTHEST = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Deck:
    """What was read from a deck. Positions are shares of the length from the stern."""

    house: float | None  # middle of the superstructure
    bow_ahead: bool | None  # does the frame point to the bow? None: unknown
    tone: float  # median brightness of the deck over the water's
    features: tuple[float, ...]  # inputs of `tanker`, in the order of `WEIGHTS`
    tanker: float  # probability


def read_deck(light: FloatImage, hull: Hull, origin: tuple[int, int]) -> Deck:
    """Read the deck of a fitted hull; ``light`` is brightness over the water's."""
    cells = _cells(light, hull, origin)
    house = _house(cells)
    ahead = _bow_ahead(light, hull, house, float(np.nanmedian(cells)), origin)
    if ahead is False:
        cells, house = cells[::-1, ::-1], None if house is None else 1 - house
    features = _features(cells, hull, house)
    scaled = np.clip((np.array(features) - MEANS) / SPREADS, -4, 4)
    tanker = float(special.expit(BIAS + scaled @ np.array(WEIGHTS)))
    tone = float(np.nanmedian(cells))
    return Deck(house, ahead, round(tone, 3), features, tanker)


def _cells(light: FloatImage, hull: Hull, origin: tuple[int, int]) -> FloatArray:
    """The deck on a grid of `SHAPE`: mean brightness of each cell, stern first, NaN outside the image."""
    pixel = hull.frame.pixel_m
    fine = tuple(
        max(1, int(np.ceil(size / n / pixel))) for size, n in zip((hull.length_m, hull.beam_m), SHAPE, strict=True)
    )
    u = ((np.arange(SHAPE[0] * fine[0]) + 0.5) / (SHAPE[0] * fine[0]) - 0.5) * hull.length_m
    v = ((np.arange(SHAPE[1] * fine[1]) + 0.5) / (SHAPE[1] * fine[1]) - 0.5) * hull.beam_m
    image = resample(light, hull.frame, u, v, origin)
    return np.asarray(image.reshape(SHAPE[0], fine[0], SHAPE[1], fine[1]).mean(axis=(1, 3)), np.float64)


def _house(cells: FloatArray) -> float | None:
    """Middle of the superstructure: the short run of rows that is brightest and most uneven; None where none is."""
    inner = np.nan_to_num(cells[:, 4:-4], nan=1.0)
    level = np.median(inner)
    high = np.percentile(inner, 85, axis=1) - level
    uneven = np.abs(np.diff(inner, axis=0, prepend=inner[:1])).mean(axis=1)
    score = ndimage.uniform_filter1d(
        high / max(1e-6, float(np.std(inner))) + 2.0 * uneven / max(1e-6, float(uneven.mean())), 7
    )
    ends = np.minimum(np.arange(len(score)), np.arange(len(score))[::-1])
    score = np.where(ends < 3, -np.inf, score)
    best = int(score.argmax())
    if score[best] < np.median(score) + 1.0 or high[best] < HOUSE_STEP * max(level - 1.0, 0.1):
        return None
    return (best + 0.5) / len(score)


def _bow_ahead(light: FloatImage, hull: Hull, house: float | None, tone: float, origin: tuple[int, int]) -> bool | None:
    """Does the frame point to the bow? A bow is pointed, a stern is not, and houses stand aft; None where unclear."""
    pixel = hull.frame.pixel_m
    v = np.arange(-0.5 * hull.beam_m, 0.5 * hull.beam_m + 1e-9, pixel / 2)
    inside = np.array([0.006, 0.012, 0.02, 0.03]) * hull.length_m + min(pixel, 3.0)
    level = 1 + max(0.12, 0.35 * (tone - 1))
    widths = []
    for sign in (1, -1):
        rows = resample(light, hull.frame, sign * (hull.length_m / 2 - inside), v, origin)
        widths.append(float(np.mean(np.nan_to_num(rows, nan=0.0) > level)))
    odds = float(np.clip(TAPER * (widths[1] - widths[0]), -TAPER_LIMIT, TAPER_LIMIT))
    if house is not None and hull.length_m > BOW_AFT_LENGTHS_M[0]:
        odds += float(np.interp(hull.length_m, BOW_AFT_LENGTHS_M, BOW_AFT_ODDS)) * float(
            np.clip((0.5 - house) / 0.3, -1, 1)
        )
    if abs(odds) < 1.0:
        return None
    return bool(odds > 0)


def _features(cells: FloatArray, hull: Hull, house: float | None) -> tuple[float, ...]:
    """Features that separate tankers from other ships, in the order of `WEIGHTS`."""
    clear = np.nan_to_num(cells, nan=float(np.nanmedian(cells)))
    low, high = 0.26, 0.86
    if house is not None and house > 0.6:
        low, high = 0.08, house - 0.1
    elif house is not None and 0.35 < house < 0.6:
        low, high = house + 0.1, 0.9
    body = clear[int(low * SHAPE[0]) : int(high * SHAPE[0]), 2:-2]
    level = float(np.median(body))
    spread = max(0.08 * level, 1.4826 * float(np.median(np.abs(body - level))))
    across = np.median(body, axis=0)
    middle, wings = across[8:12], np.r_[across[3:7], across[13:17]]
    rims = np.c_[body[:, :3], body[:, -3:]]
    rows = np.median(body[:, 4:-4], axis=1)
    period = np.abs(np.fft.rfft(rows - rows.mean())) / max(1e-6, len(rows) * level)
    blocks = np.abs(body[:, 4:-4] - level) > 2.0 * spread
    smoothest = SMOOTHEST * level * min(1.0, hull.length_m / SHAPE[0] / (2 * hull.frame.pixel_m))
    cross = np.abs(np.diff(body[:, 2:-2], axis=0)).mean(axis=1)
    return (
        float(np.log(hull.length_m)),  # length
        float(hull.length_m / hull.beam_m),  # how slender
        float(blocks.mean()),  # wide blocks
        float((middle.mean() - wings.mean()) / level),  # a line along the middle
        float(np.std(rims) / level),  # how rough the rims
        float(period[2:12].max()),  # what repeats along the deck
        float(cross.max() / max(1e-6, smoothest, np.median(cross))) / 10,  # a line across
        0.0 if house is None else float(house < 0.3),  # the house aft
    )
