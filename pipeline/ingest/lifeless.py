"""Radar images that show no sea, though every pixel is a number: one value throughout, or a level that no sea has.

An image of this kind shows nobody, whoever is there: it is a look that saw nothing, not a look at an empty berth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.scenes import without_water
from pipeline.types import Place, Radiometry, Scene, Sensor, Window

_PLACES = 5  # windows along each side of the AOI (our choice)
_SIDE_PX = 16  # of a window (our choice)
_FEWEST = 200  # pixels below which nothing can be said (our choice)
_ONE_VALUE = 0.99  # share of pixels that are equal (our choice): speckle of whole numbers on a dark sea stays below
SIGMA0_DB = (-60.0, 20.0)  # medians outside are no ground: 30 dB below the noise floor of satellites, above any city


def lifeless(scene: Scene, place: Place) -> str:
    """Why a radar image shows no sea in the AOI's box; empty where it may, and for other sensors."""
    if scene.sensor is not Sensor.SENTINEL1:
        return ""
    values = _sample(scene, place)
    if values.size < _FEWEST:
        return ""
    _, counts = np.unique(values, return_counts=True)
    if counts.max() >= _ONE_VALUE * values.size:
        return "is no radar picture: one value fills the AOI, without any speckle"
    above = values[values > 0]  # noise that was taken off leaves zeros
    median_db = 10 * np.log10(float(np.median(above))) if above.size else 0.0
    if scene.radiometry is Radiometry.SIGMA0 and not SIGMA0_DB[0] <= median_db <= SIGMA0_DB[1]:
        return f"is no radar picture: its backscatter is {median_db:.0f} dB, which no sea or land has"
    return ""


def _sample(scene: Scene, place: Place) -> NDArray[np.float64]:
    """Measured pixels of the first band in small windows, spread over the AOI's box."""
    if scene.geolocation is None:
        return np.zeros(0)
    west, south, east, north = place.bbox
    share = (np.arange(_PLACES) + 0.5) / _PLACES
    lon, lat = np.meshgrid(west + share * (east - west), south + share * (north - south))
    row, col = scene.geolocation.rowcol(lon.ravel(), lat.ravel())
    read, out = without_water(scene).read, [np.zeros(0)]
    rows, cols = scene.shape
    for r, c in zip(row, col, strict=True):
        if 0 <= r < rows and 0 <= c < cols:  # NaN is neither
            top, left = int(r) // _SIDE_PX * _SIDE_PX, int(c) // _SIDE_PX * _SIDE_PX
            tile = read(Window(top, left, min(_SIDE_PX, rows - top), min(_SIDE_PX, cols - left)))
            out.append(np.asarray(tile.data[0][tile.valid], float))
    return np.concatenate(out)
