"""Detects images that show nothing although every pixel has a value: one value throughout, or implausible levels.

Such an image shows no ship whether there is one or not: the look is unknown, not a look at an empty berth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import printable
from pipeline.ingest.decibel import SIGMA0_DB
from pipeline.ingest.geolocation import grid_points
from pipeline.ingest.scenes import measured, without_water
from pipeline.types import RADARS, Place, Radiometry, Scene, Window, tiles

_GRID_SIDE = 5  # windows along each side of the AOI (our choice)
_SIDE_PX = 16  # of a window (our choice)
_STRIP_PX = 1024  # side of the parts in which a possibly blank image is read
_MIN_PIXELS = 200  # pixels needed for a decision (our choice)
_ONE_VALUE_SHARE = 0.99  # share of equal pixels (our choice): integer speckle on a dark sea stays below


REFLECTANCE_LIMITS = (0.001, 2.0)
"""Of nothing under the sun the brightest hundredth lies below the one, or the darker half above the other (our choice):
a step of Sentinel-2's numbers is 0.0001, and clouds and glint exceed 1.6."""


def blank_cause(scene: Scene, place: Place | None) -> str:
    """Why an image shows nothing in the AOI's box, or without a place anywhere; "" if it may show something."""
    points = _points(scene, place)
    values = _sample(scene, points)
    if place is None and not values.size and not _has_measurement(scene):
        return "holds no measurement: all its pixels are missing"
    if values.shape[1] < _MIN_PIXELS:
        return ""
    where = "image" if place is None else "AOI"
    if scene.sensor not in RADARS:  # stretched dark water may have one value: only an entirely uniform image is blank
        blank = not np.ptp(values, axis=1).any() and _is_blank(scene, points, values[:, 0])
        return f"is no picture: one value fills the {where}" if blank else _reflectance_cause(scene, values)
    first = values[0]
    _, counts = np.unique(first, return_counts=True)
    if counts.max() >= _ONE_VALUE_SHARE * first.size:
        return f"is no radar picture: one value fills the {where}, without any speckle"
    positive = first[first > 0]  # removed noise leaves zeros
    median_db = 10 * np.log10(float(np.median(positive))) if positive.size else 0.0
    if scene.radiometry is Radiometry.SIGMA0 and not SIGMA0_DB[0] <= median_db <= SIGMA0_DB[1]:
        return f"is no radar picture: its backscatter is {median_db:.0f} dB, which no sea or land has"
    return ""


def _reflectance_cause(scene: Scene, values: NDArray[np.float64]) -> str:
    """Why alleged reflectances are implausible, as with the scale of another file; "" if they are not."""
    if scene.radiometry is not Radiometry.REFLECTANCE:
        return ""
    top, low = float(np.percentile(values, 99)), float(np.median(values, axis=1).min())
    if REFLECTANCE_LIMITS[0] <= top and low <= REFLECTANCE_LIMITS[1]:
        return ""
    reason = scene.tags.get("scaling", "")
    return f"is no picture: reflectances of {low:.2g} to {top:.2g} are no ground's (scale: {printable(reason)})"


def _points(scene: Scene, place: Place | None) -> NDArray[np.int64]:
    """Pixels (row, col) spread over the part of the image within the AOI's box, or over all of it."""
    rows, cols = scene.shape
    if place is None:
        share = (np.arange(_GRID_SIDE) + 0.5) / _GRID_SIDE
        row, col = (v.ravel() for v in np.meshgrid(share * rows, share * cols, indexing="ij"))
    elif scene.geolocation is None:
        return np.zeros((0, 2), np.int64)
    else:
        row, col = scene.geolocation.rowcol(*grid_points(place.bbox, _GRID_SIDE))
    inside = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)  # NaN is not
    return np.column_stack([row[inside], col[inside]]).astype(np.int64)


def _sample(scene: Scene, points: NDArray[np.int64]) -> NDArray[np.float64]:
    """Measured pixels of small windows around those points, shape (bands, pixels)."""
    read, out = without_water(scene).read, [np.zeros((len(scene.bands), 0))]
    rows, cols = scene.shape
    for top, left in points // _SIDE_PX * _SIDE_PX:
        tile = read(Window(int(top), int(left), min(_SIDE_PX, rows - int(top)), min(_SIDE_PX, cols - int(left))))
        out.append(np.asarray(tile.data[:, tile.valid], float))
    return np.concatenate(out, axis=1)


def _has_measurement(scene: Scene) -> bool:
    """Does the image hold any measured pixel?"""
    return any(measured(scene, window).any() for window in tiles(scene.shape, _STRIP_PX))


def _is_blank(scene: Scene, points: NDArray[np.int64], value: NDArray[np.float64]) -> bool:
    """Has every measured pixel between and around those points this value, in each band?"""
    # From the outer points to the edge that they stand for
    beyond = np.ptp(points, axis=0) // (2 * (_GRID_SIDE - 1)) + 1
    row0, col0 = np.maximum(points.min(axis=0) - beyond, 0)
    row1, col1 = np.minimum(points.max(axis=0) + beyond + 1, scene.shape)
    read = without_water(scene).read
    for part in tiles((int(row1 - row0), int(col1 - col0)), _STRIP_PX):
        tile = read(Window(int(row0) + part.row0, int(col0) + part.col0, part.rows, part.cols))
        if (tile.data[:, tile.valid] != value[:, None].astype(np.float32)).any():
            return False
    return True
