"""Where ships cannot be detected in a radar scene, or only bright ones: the weight each pixel has as searched water."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.radar.blocks import LN_STEP
from pipeline.detection.radar.objects import sea_levels, sea_limit
from pipeline.detection.radar.survey import Survey, ship_shares
from pipeline.types import Radiometry, Scene, Window

if TYPE_CHECKING:
    from pipeline.config import DetectionConfig
    from pipeline.types import FloatImage

# A picture counts as clipped where its highest level is the maximum of at least so many blocks (our choice) ...
CUT_BLOCKS = 5
CUT_OVER_NEXT = 2.0  # ... and of so many times the blocks of the next lower level: tails thin out, clipping piles up
LEAST_REPORTED = 0.05  # of the water: a smaller blind share is not reported (our choice)
# Peak sigma0 in VV of a small tanker: exceeded by nine in ten of 40 public Sentinel-1 chips of ships of 60 to 110 m
# (median 6.6 dB)
FAINT_TANKER_DB = 2.4
# Weight of water whose threshold lies above that: half of the simulated ships there are found
# (docs/accuracy_radar.md). With 0, each ship found there would stand for many unseen ones (calls/missed.py)
FAINT_WEIGHT = 0.5
DB_PER_LN = 10 / np.log(10)


def seen_weight(scene: Scene, survey: Survey | None, config: DetectionConfig) -> Callable[[Window], FloatImage]:
    """A function of a window that returns the weight, 0 to 1, by which each pixel counts as seen.

    0 where the clutter is not known, on land that was found in the picture itself (its water is not searched either),
    and where the threshold lies above the level at which the picture is clipped;
    `FAINT_WEIGHT` where it lies above the peak of a small tanker (calibrated power only); 1 elsewhere.
    """
    cut_off = faint = np.inf
    if survey is not None:
        if (top := clipping_level_ln(survey)) is not None:
            cut_off = top
        if scene.radiometry is Radiometry.SIGMA0:
            faint = float(np.log(survey.weights @ ship_shares(scene.bands))) + FAINT_TANKER_DB / DB_PER_LN

    def weigh_window(window: Window) -> FloatImage:
        if survey is None:
            return np.zeros((window.rows, window.cols), np.float32)
        blocks, (rows, cols) = survey.blocks.within(window), survey.blocks.blocks_of_pixels(window)
        limit = sea_levels(survey, *blocks) + np.log(sea_limit(survey, config, blocks))
        share = np.where(limit <= faint, np.float32(1), np.float32(FAINT_WEIGHT))
        share[~(limit <= cut_off) | survey.land[blocks]] = 0  # NaN is not below
        return share[np.ix_(rows - rows[0], cols - cols[0])]

    return weigh_window


def blind_share(survey: Survey, config: DetectionConfig) -> tuple[float, list[str]]:
    """Share of the scene's water where no ship could have been detected, and the reasons, a line each."""
    blocks = survey.blocks
    water_px = np.where(survey.land, 0, blocks.count)
    if not water_px.any():
        return 0.0, []
    no_sea_share = _share(np.isnan(survey.clutter.log_mean), water_px)
    share, why = 0.0, []
    if no_sea_share > 1 - LEAST_REPORTED:  # in parts of an image this is normal: harbour basins, corners of the frame
        share, why = no_sea_share, ["too little sea around to tell a ship from it"]
    elif (top := clipping_level_ln(survey)) is not None:
        # Clipped pictures only: on a whole scene the quantile of every block would take as long as all the rest
        limit = survey.clutter.log_mean + np.log(sea_limit(survey, config))
        share = _share(limit > top, water_px)
        db = f"{DB_PER_LN * top:.0f} dB over the sea"
        why = [f"its numbers end {db}: over {100 * share:.0f} % of the water no ship can stand out (stretch it wider)"]
    return (share, why) if share >= LEAST_REPORTED else (0.0, [])


def _share(where: np.ndarray, water_px: np.ndarray) -> float:
    return float(water_px[where].sum() / water_px.sum())


def clipping_level_ln(survey: Survey) -> float | None:
    """ln of the joint power (usual sea = 1) at which the picture is clipped; None where it is not."""
    levels = survey.blocks.brightest_any[survey.blocks.count > 0]
    top = levels.max()
    lower = levels[levels < top]
    most, before = len(levels) - len(lower), int((lower == lower.max()).sum()) if len(lower) else 0
    if most < CUT_BLOCKS or most <= CUT_OVER_NEXT * before:
        return None
    return float((top + 1) * LN_STEP)  # a level is rounded down
