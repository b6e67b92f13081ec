"""Simulated radar land: the same on every pass in one direction of flight, whatever the image's frame.

Its relief comes from a lattice of hashed numbers that depend on position on Earth and on the direction of flight, not
on a random stream, so two frames that begin some metres apart show the same land.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.units import METRES_PER_DEGREE

if TYPE_CHECKING:
    from pipeline.simulation.frame import RadarFrame
    from pipeline.types import FloatArray, FloatImage

HILL_PX, ROUGH_PX = 12.0, 1.5  # Gaussian sigmas: hills of some hundred metres, slopes and woods of some pixels
HILL_LOG_SD, ROUGH_LOG_SD = 0.6, 0.5  # of ln power (our choice)
BUILT_SHARE, BUILT_TIMES = 0.004, 40.0  # a sprinkle of buildings
MARGIN_PX = 50  # four sigmas of hills
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # splitmix64 (Steele, Lea and Flood 2014)


def land_power(frame: RadarFrame, blur_px: float) -> FloatImage:
    """Relative power of land on the whole frame, as if there were no water; same shape."""
    row, col = _lattice_origin(frame)
    first, part = (int(np.floor(row)), int(np.floor(col))), (row % 1.0, col % 1.0)
    shape = (frame.shape[0] + 2 * MARGIN_PX, frame.shape[1] + 2 * MARGIN_PX)
    look = round(frame.heading_deg * 10)
    hills, rough = (
        ndimage.gaussian_filter(_normal(_lattice(first, shape, look, n)), sigma, mode="constant") * 2 * np.sqrt(np.pi)
        * sigma for n, sigma in ((0, HILL_PX), (1, ROUGH_PX))
    )  # fmt: skip
    land = np.exp(HILL_LOG_SD * hills + ROUGH_LOG_SD * rough).astype(np.float32)
    land[_lattice(first, shape, look, 2) < BUILT_SHARE] *= BUILT_TIMES
    land = ndimage.gaussian_filter(land, blur_px)
    moved = ndimage.shift(land, (-part[0], -part[1]), order=1, mode="nearest")
    return moved[MARGIN_PX : MARGIN_PX + frame.shape[0], MARGIN_PX : MARGIN_PX + frame.shape[1]]


def _lattice_origin(frame: RadarFrame) -> tuple[float, float]:
    """Row and column of the frame's first pixel on the lattice, which covers Earth in the frame's orientation."""
    lon, lat = (float(v) for v in frame.lonlat(0.0, 0.0))
    east = lon * METRES_PER_DEGREE * np.cos(np.radians(round(lat)))
    north = lat * METRES_PER_DEGREE
    along, across = frame.axes
    return (
        float(east * along[0] + north * along[1]) / frame.spacing_m,
        float(east * across[0] + north * across[1]) / frame.spacing_m,
    )


def _lattice(first: tuple[int, int], shape: tuple[int, int], look: int, layer: int) -> FloatArray:
    """Uniform numbers in (0, 1) at lattice points: a hash of position, direction of flight and layer."""
    row = np.arange(first[0] - MARGIN_PX, first[0] - MARGIN_PX + shape[0], dtype=np.int64).astype(np.uint64)
    col = np.arange(first[1] - MARGIN_PX, first[1] - MARGIN_PX + shape[1], dtype=np.int64).astype(np.uint64)
    with np.errstate(over="ignore"):
        key = (row[:, None] << np.uint64(32)) ^ (col[None, :] & np.uint64(0xFFFFFFFF))
        key = key * np.uint64(0x9E3779B97F4A7C15) + np.uint64(look * 7 + layer + 1)
        for shift, factor in zip((30, 27), _MIX, strict=True):
            key = (key ^ (key >> np.uint64(shift))) * factor
        key ^= key >> np.uint64(31)
    return ((key >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53


def _normal(uniform: FloatArray) -> FloatImage:
    """Standard normal numbers from uniform ones."""
    from scipy.special import ndtri

    return ndtri(uniform).astype(np.float32)
