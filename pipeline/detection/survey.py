"""A first look at a whole radar scene, on a coarse grid: usual sea level, number of looks, clutter law, land."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config import DetectionConfig
from pipeline.detection import laws, shoreline
from pipeline.detection.clutter import Clutter, local_clutter, looks_of
from pipeline.types import Scene, Window, tiles

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray

BLOCK_M = 80.0
SAMPLES = 24  # windows on a fixed grid in which the law is fitted
SAMPLE_PX = 320
PAIR_PX = 3  # beyond the reach of the sensor's blur, within that of swell and slicks
FIT_TAILS = (1e-2, 1e-3)


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What the detector needs to know of the scene before it looks closely."""

    band_means: tuple[float, ...]  # usual sea power of each band
    sea_db: float  # of the first band
    looks: float
    law: str
    usable_share: float
    block_px: int
    blocks_of_land: BoolImage
    notes: list[str]

    def land(self, window: Window) -> BoolImage:
        """Land seen in the image, for the pixels of a window."""
        rows = np.arange(window.row0, window.row1) // self.block_px
        cols = np.arange(window.col0, window.col1) // self.block_px
        return self.blocks_of_land[np.ix_(rows, cols)]


def survey(scene: Scene, config: DetectionConfig) -> Survey:
    """Read the scene once, tile by tile, keeping only block means; then fit the clutter law on sample windows."""
    side = max(4, round(BLOCK_M / float(np.mean(scene.pixel_spacing_m))))
    size = max(side, config.tile_px // side * side)
    grid = tuple(-(-n // side) for n in scene.shape)
    means = np.full((len(scene.bands), *grid), np.nan)
    given_land = False
    for window in tiles(scene.shape, size):
        tile = scene.read(window)
        usable = tile.valid & tile.water
        given_land |= not tile.water.all()
        at = np.s_[window.row0 // side : -(-window.row1 // side), window.col0 // side : -(-window.col1 // side)]
        for n, band in enumerate(tile.data):
            means[n][at] = shoreline.block_means(np.where(tile.valid, band, 0.0), usable, side)
    known = np.isfinite(means).all(axis=0) & (means > 0).all(axis=0)
    if not known.any():
        return Survey((1.0,) * len(means), np.nan, 4.4, "gamma", 0.0, side, np.zeros(grid, bool), ["no usable water"])
    look_for_land = not given_land and scene.tags.get("land", "auto") == "auto"
    block_m = side * float(np.mean(scene.pixel_spacing_m))
    land = shoreline.land_blocks(means[0], block_m) if look_for_land else np.zeros(grid, bool)
    notes = [f"land found in the image itself: {land.mean():.0%} of it"] if land.any() else []
    sea = known & ~land
    sea = sea if sea.any() else known
    band_means = tuple(float(np.median(m[sea])) for m in means)
    looks, law = _fit(scene, band_means, land, side, config)
    return Survey(band_means, float(10 * np.log10(band_means[0])), looks, law, float(known.mean()), side, land, notes)


def _fit(
    scene: Scene, band_means: tuple[float, ...], land: BoolImage, side: int, config: DetectionConfig
) -> tuple[float, str]:
    """Number of looks of the joint power, and the law whose tails fit the sampled sea best."""
    spacing = float(np.mean(scene.pixel_spacing_m))
    guard, background = (max(2, round(m / spacing)) for m in (config.radar.guard_m, config.radar.background_m))
    guard = min(guard, background - 1)
    powers: list[FloatArray] = []
    means: list[FloatArray] = []
    variances: list[FloatArray] = []
    pairs: list[FloatArray] = []
    for window in _sample_windows(scene.shape):
        tile = scene.read(window)
        rows = np.arange(window.row0, window.row1) // side
        cols = np.arange(window.col0, window.col1) // side
        usable = tile.valid & tile.water & ~land[np.ix_(rows, cols)]
        if usable.mean() < 0.3:
            continue
        scale = np.array(band_means, np.float32)[:, None, None]
        power = (np.where(tile.valid, tile.data, 0.0) / scale).mean(axis=0)
        clutter = local_clutter(power, usable, guard, background)
        good = clutter.sea & np.isfinite(clutter.log_variance)
        # every third pixel: neighbours are correlated by the sensor's blur
        for kept, values in ((powers, power), (means, clutter.log_mean), (variances, clutter.log_variance)):
            kept.append(values[good][::3])
        logs = np.log(np.maximum(power, 1e-30))
        both = good[:, PAIR_PX:] & good[:, :-PAIR_PX]
        pairs.append((logs[:, PAIR_PX:] - logs[:, :-PAIR_PX])[both][::3])
    if not sum(len(p) for p in powers):
        return 4.4, "gamma"  # nothing to fit on: the nominal looks of the sensor
    variance = np.concatenate(variances)
    # Texture is alike in pixels a few steps apart and drops out of their ratio; what is left is speckle, twice
    differences = np.concatenate(pairs)
    smoothest = min(float(np.quantile(variance, 0.1)), float(np.var(differences)) / 2 if len(differences) else np.inf)
    looks = float(np.clip(looks_of(np.array(smoothest)), 0.5, 60.0))
    seen = Clutter(np.concatenate(means), variance, np.ones(len(variance), bool))
    return looks, _best_law(np.concatenate(powers), seen, looks)


def _best_law(power: FloatArray, seen: Clutter, looks: float) -> str:
    """The law whose stated tails are nearest to the counted ones, on a log scale; earlier laws win ties."""
    misfit = {}
    for law in laws.LAWS:
        mean, shape = seen.under(law, looks)
        total = 0.0
        for tail in FIT_TAILS:
            counted = float(np.mean(power > mean * laws.quantile(law, tail, shape, looks)))
            total += abs(np.log(max(counted, 0.1 / len(power)) / tail))
        misfit[law] = total
    return min(laws.LAWS, key=lambda law: round(misfit[law], 6))


def _sample_windows(shape: tuple[int, int]) -> list[Window]:
    """Windows spread evenly over the image, the whole image where it is small."""
    side = int(np.ceil(np.sqrt(SAMPLES)))
    rows = sorted({int(r) for r in np.linspace(0, max(0, shape[0] - SAMPLE_PX), side)})
    cols = sorted({int(c) for c in np.linspace(0, max(0, shape[1] - SAMPLE_PX), side)})
    return [Window(r, c, min(SAMPLE_PX, shape[0] - r), min(SAMPLE_PX, shape[1] - c)) for r in rows for c in cols]
