"""Water of which a radar picture says nothing, or less than of other: how bright a ship must be there to be told."""

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

CUT_BLOCKS = 5  # in which one number is brightest, at least, for it to be where numbers were cut off (our choice)
CUT_OVER_NEXT = 2.0  # ... and so many times the blocks in which the next lower one is: tails thin out, a cut piles up
LEAST_TOLD = 0.05  # of the water: a smaller share is not worth a line (our choice)
# sigma0 in VV of the brightest pixel of a small tanker: of 40 public Sentinel-1 chips of ships of 60 to 110 m nine of
# ten have more (median 6.6 dB)
FAINT_TANKER_DB = 2.4
# Of simulated ships in water that needs more, half are found (docs/accuracy_radar.md). It counts as seen by so much:
# were it 0, each ship that is found there would stand for many that no look saw (calls/missed.py)
FOUND_BEYOND = 0.5
DB_PER_LN = 10 / np.log(10)


def showing(scene: Scene, known: Survey | None, config: DetectionConfig) -> Callable[[Window], FloatImage]:
    """A function of a window: by how much each of its pixels counts as seen, 0 to 1.

    Not at all where the sea around is not known, nor where a ship must be brighter than the picture's numbers go; by
    `FOUND_BEYOND` where she must be brighter than small tankers are (where power is calibrated).
    """
    cut_off = faint = np.inf
    if known is not None:
        if (top := cut_off_at(known)) is not None:
            cut_off = top
        if scene.radiometry is Radiometry.SIGMA0:
            faint = float(np.log(known.weights @ ship_shares(scene.bands))) + FAINT_TANKER_DB / DB_PER_LN

    def look(window: Window) -> FloatImage:
        if known is None:
            return np.zeros((window.rows, window.cols), np.float32)
        blocks, (rows, cols) = known.blocks.within(window), known.blocks.of(window)
        limit = sea_levels(known, *blocks) + np.log(sea_limit(known, config, blocks))
        share = np.where(limit <= faint, np.float32(1), np.float32(FOUND_BEYOND))
        share[~(limit <= cut_off)] = 0  # NaN is not below
        return share[np.ix_(rows - rows[0], cols - cols[0])]

    return look


def blind(known: Survey, config: DetectionConfig) -> tuple[float, list[str]]:
    """Share of the scene's water where no ship could have been told from the sea, and why, in a line each."""
    blocks = known.blocks
    water_px = np.where(known.land, 0, blocks.count)
    if not water_px.any():
        return 0.0, []
    alone = _share(np.isnan(known.clutter.log_mean), water_px)
    share, why = 0.0, []
    if alone > 1 - LEAST_TOLD:  # in parts of an image it is usual: harbour basins, and its corners
        share, why = alone, ["too little sea around to tell a ship from it"]
    elif (top := cut_off_at(known)) is not None:
        # only of a picture: of each block of a whole scene the law's quantile takes as long as all else
        limit = known.clutter.log_mean + np.log(sea_limit(known, config))
        share = _share(limit > top, water_px)
        db = f"{DB_PER_LN * top:.0f} dB over the sea"
        why = [f"its numbers end {db}: over {100 * share:.0f} % of the water no ship can stand out (stretch it wider)"]
    return (share, why) if share >= LEAST_TOLD else (0.0, [])


def _share(where: np.ndarray, water_px: np.ndarray) -> float:
    return float(water_px[where].sum() / water_px.sum())


def cut_off_at(known: Survey) -> float | None:
    """ln of the power, the usual sea's being 1, at which the picture was cut off; None where it was not."""
    levels = known.blocks.brightest_any[known.blocks.count > 0]
    top = levels.max()
    lower = levels[levels < top]
    most, before = len(levels) - len(lower), int((lower == lower.max()).sum()) if len(lower) else 0
    if most < CUT_BLOCKS or most <= CUT_OVER_NEXT * before:
        return None
    return float((top + 1) * LN_STEP)  # a level is rounded down
