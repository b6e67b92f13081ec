"""Bands whose thermal noise was taken off: over calm water some is put back, or they seem to show every ship.

The instrument's noise is speckle as well. Taking its mean off brings the sea down to what the water sends back, but
leaves the noise's spread: pixels fall to nothing or below, and are cut off there. By its mean such a band then shows
ships far above the sea, by its spread it does not; its logarithm says nothing of either. So a band of which many pixels
lie far below what speckle of the usual looks does gets a constant, by which its mean fits its spread again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, special

from pipeline.types import Counts, CountsReader, Radiometry, Scene, Tile, Window

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray

LOOKS = 4.4  # Sentinel-1 IW GRDH
SHARES = 0.6, 0.84  # of pixels: less its own mean, 56 % of speckle is cut off, and these quantiles are not (our choice)
LOWER, UPPER = (float(special.gammaincinv(LOOKS, share)) / LOOKS for share in SHARES)  # of speckle of mean 1
NEARLY_NOTHING = 0.06  # of the upper quantile: of speckle one pixel in 10,000, of a K sea of order 2 three in 100
NEARLY_NOTHING_SHARE = 0.15  # of the pixels so dark: the water sends back no more than the noise (our choice)
LEAST_EXPLAINED = 0.8  # of the dark pixels that speckle of that spread would have, were so much taken off (our choice)
# Sigma0; Sentinel-1's noise is at most 0.006 (-22 dB, its specification). What seems more is the spread of land
MOST_NOISE = 0.01
SHORE_PX = 4  # beside land its light leaks in: 40 m of Sentinel-1, twice its resolution (our choice)


def restore_noise(scene: Scene, sea: Sequence[Tile]) -> tuple[Scene, FloatArray]:
    """The scene with that constant in its bands, and the constant [power] of each: 0 where the sea is plain speckle.

    ``sea`` are windows of what is probably sea. If all of it lies beside land, the constant is 0.
    """
    off_land = [(t.data, usable) for t in sea if (usable := usable_off_land(t)).any()]
    missing = [[_missing_power(band[usable]) for band in data] for data, usable in off_land]
    added = np.median(missing, axis=0) if missing else np.zeros(len(scene.bands))
    if scene.radiometry is Radiometry.SIGMA0:
        added[added > MOST_NOISE] = 0.0
    return (replace(scene, read=NoiseRestoringReader(scene.read, added)) if added.any() else scene), added


def usable_off_land(tile: Tile) -> BoolImage:
    """Water with a measurement that no light of land reaches, by the coast that is known."""
    land = tile.valid & ~tile.water
    return np.asarray(tile.valid & ~ndimage.binary_dilation(land, iterations=SHORE_PX))


def _missing_power(power: FloatArray) -> float:
    """By how much some sea falls short of speckle of its spread: what was taken off moved all its quantiles alike."""
    lower, upper = np.quantile(power, SHARES)
    nothing = NEARLY_NOTHING * upper
    if (dark := np.mean(power < nothing)) < NEARLY_NOTHING_SHARE:
        return 0.0
    mean = (upper - lower) / (UPPER - LOWER)
    missing = max(0.0, float(mean * LOWER - lower))
    # Where land that is on no map makes the spread, fewer pixels are so dark than of speckle less so much
    explained = special.gammainc(LOOKS, LOOKS * (missing + nothing) / mean)
    return missing if dark >= LEAST_EXPLAINED * explained else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class NoiseRestoringReader:
    """Reads a scene with a constant added to the power of each band."""

    read: Callable[[Window], Tile]
    added_power: FloatArray

    def __call__(self, window: Window) -> Tile:
        """Pixels of a window."""
        tile = self.read(window)
        return replace(tile, data=tile.data + self.added_power[:, None, None].astype(np.float32))

    def counts(self, window: Window) -> Counts | None:
        """The same as stored pixels, where the scene hands them out: less noise to take off, and a higher floor."""
        counts = self.read.counts(window) if isinstance(self.read, CountsReader) else None
        if counts is None:
            return None
        added_power = self.added_power[:, None, None].astype(np.float32)
        return replace(counts, noise=counts.noise - added_power / counts.scale, floor=counts.floor + self.added_power)
