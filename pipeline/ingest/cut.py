"""A scene cut to its place: a run looks at its AOI and a margin around it, however much more an image shows.

Nothing is resampled and nothing copied: windows are read from the same file, moved. Rows and columns of what is found
count from the corner of the whole image, as in the file that an analyst opens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pipeline.ingest.geolocation import ground_spacing_m, inside
from pipeline.types import (
    RADARS,
    Counts,
    CountsReader,
    Geolocation,
    Place,
    RadarView,
    Scene,
    Tile,
    Window,
    digest_of,
)

if TYPE_CHECKING:
    from odc.geo.geobox import GeoBox
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import BoolImage, FloatArray

# Beside the AOI. A ghost is known by its ship, which stands wavelength * range * PRF / (2 * velocity) away along the
# track: 5.6 km at 0.0555 m, 900 km, 1,700 Hz, 7,600 m/s. Across the track the clutter's window is what is needed.
RADAR_MARGIN_M = (6000.0, 1000.0)  # azimuth, range
OPTICAL_MARGIN_M = 640.0  # our choice: the longest ship, and what an object at the edge is compared with
WORTH = 0.5  # of the image's pixels: one that has little beside its AOI stays whole (our choice)
_ALIGNED = 2  # pixels: a band of 20 m in an image of 10 m begins with a pixel of its own
_NODES = 33  # along each side of the AOI, where its pixels are looked up


def cut_to(scene: Scene, place: Place | None) -> Scene:
    """The scene cut to the surroundings of a place; the same where it has no georeference, or little else is on it.

    The footprint stays that of the whole image. Assumes that some of the AOI's box lies on the image.
    """
    if place is None or scene.geolocation is None:
        return scene
    part = window_around(scene.geolocation, scene.shape, _bounds(place), _margin_px(scene))
    if part is None or part.rows * part.cols > WORTH * scene.shape[0] * scene.shape[1]:
        return scene
    shape, placed = (part.rows, part.cols), CutGeolocation(scene.geolocation, part.row0, part.col0)
    return replace(
        scene,
        shape=shape,
        # A map's pixels are not everywhere as large: those of degrees grow narrower towards a pole
        pixel_spacing_m=scene.pixel_spacing_m if scene.grid is None else ground_spacing_m(placed, shape),
        corner=(scene.corner[0] + part.row0, scene.corner[1] + part.col0),
        read=CutReader(scene.read, part),
        geolocation=placed,
        grid=None if scene.grid is None else _grid_of(scene.grid, part),
        radar=None if scene.radar is None else _view_from(scene.radar, part),
    )


def window_around(
    geolocation: Geolocation,
    shape: tuple[int, int],
    bbox: tuple[float, float, float, float],
    margin_px: tuple[int, int],
) -> Window | None:
    """The window of an image of ``shape`` (rows, cols) that shows a box [deg] and a margin; None where it shows none
    of the box."""
    west, south, east, north = bbox
    side = np.linspace(0.0, 1.0, _NODES)
    row, col = geolocation.rowcol(*np.meshgrid(west + side * (east - west), south + side * (north - south)))
    seen = inside(row, col, shape)
    if not seen.any():
        return None
    grow = margin_px
    if not seen.all():  # the box reaches over the image: its last point there may lie a step before the edge
        grow = (margin_px[0] + _step_px(row, shape[0]), margin_px[1] + _step_px(col, shape[1]))
    low = [int(np.floor(v[seen].min())) - by for v, by in zip((row, col), grow, strict=True)]
    high = [int(np.ceil(v[seen].max())) + by + 1 for v, by in zip((row, col), grow, strict=True)]
    row0, col0 = (max(0, v) // _ALIGNED * _ALIGNED for v in low)
    return Window(row0, col0, min(shape[0], high[0]) - row0, min(shape[1], high[1]) - col0)


def _step_px(position: FloatArray, most: int) -> int:
    """The most pixels from one point of a grid to the next, shape (points, points); ``most`` where nothing tells it."""
    steps = np.concatenate([np.abs(np.diff(position, axis=axis)).ravel() for axis in (0, 1)])
    known = steps[np.isfinite(steps)]
    return int(np.ceil(known.max())) if known.size else most


def _bounds(place: Place) -> tuple[float, float, float, float]:
    """The AOI's box, and the zones that reach over it."""
    import shapely

    west, south, east, north = shapely.union_all([shapely.box(*place.bbox), *(z.geometry for z in place.zones)]).bounds
    return float(west), float(south), float(east), float(north)


def _margin_px(scene: Scene) -> tuple[int, int]:
    along, across = RADAR_MARGIN_M if scene.sensor in RADARS else (OPTICAL_MARGIN_M, OPTICAL_MARGIN_M)
    if scene.grid is not None:  # rows of a map are not the track's
        along = across = max(along, across)
    return int(np.ceil(along / scene.pixel_spacing_m[0])), int(np.ceil(across / scene.pixel_spacing_m[1]))


def _grid_of(grid: GeoBox, part: Window) -> GeoBox:
    from affine import Affine
    from odc.geo.geobox import GeoBox

    return GeoBox((part.rows, part.cols), grid.affine @ Affine.translation(part.col0, part.row0), grid.crs)


def _view_from(view: RadarView, part: Window) -> RadarView:
    """How the radar saw the part: the same, counted from its first row and column."""

    def moved(pairs: tuple[FloatArray, FloatArray] | None) -> tuple[FloatArray, FloatArray] | None:
        return None if pairs is None else (np.asarray(pairs[0], float) - part.col0, pairs[1])

    time = view.azimuth_time
    if time is not None:
        time = (time[0] + timedelta(seconds=part.row0 * time[1]), time[1])
    return replace(
        view, incidence_deg=moved(view.incidence_deg), slant_range_m=moved(view.slant_range_m), azimuth_time=time
    )


@dataclass(frozen=True, slots=True, eq=False)
class CutGeolocation:
    """The geolocation of a part of an image."""

    whole: Geolocation
    row0: int
    col0: int

    def lonlat(self, row: Any, col: Any) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude [deg] of pixel positions."""
        return self.whole.lonlat(np.asarray(row) + self.row0, np.asarray(col) + self.col0)

    def rowcol(self, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
        """Pixel position of points; NaN where the mapping has no answer."""
        row, col = self.whole.rowcol(lon, lat)
        return row - self.row0, col - self.col0


@dataclass(frozen=True, slots=True, eq=False)
class CutReader:
    """Reads windows of a part of an image."""

    whole: Callable[[Window], Tile]
    part: Window

    @property
    def digest(self) -> str:
        """Hash of what the whole image's reader adds, and which part of it is read."""
        return f"{digest_of(self.whole)}|{self.part}"

    def __call__(self, window: Window) -> Tile:
        """Calibrated pixels of a window."""
        return replace(self.whole(self._there(window)), window=window)

    def measured(self, window: Window) -> BoolImage:
        """`valid` of the tile of a window, without its numbers where the whole image's reader tells it alone."""
        told = getattr(self.whole, "measured", None)
        return self(window).valid if told is None else cast("BoolImage", told(self._there(window)))

    def counts(self, window: Window) -> Counts | None:
        """Stored pixels of a window, where the whole image's reader can hand them out."""
        return self.whole.counts(self._there(window)) if isinstance(self.whole, CountsReader) else None

    def with_land(self, more: BaseGeometry) -> CutReader:
        """The same part, with these polygons (EPSG:4326) taken for land as well."""
        return replace(self, whole=cast("Any", self.whole).with_land(more))

    def without_water(self) -> CutReader:
        """The same part with everything taken for water."""
        plain = getattr(self.whole, "without_water", None)
        return self if plain is None else replace(self, whole=plain())

    def _there(self, window: Window) -> Window:
        if not window.is_within((self.part.rows, self.part.cols)):
            raise ValueError(f"{window} leaves the part of {self.part.rows} x {self.part.cols} pixels")
        return replace(window, row0=window.row0 + self.part.row0, col0=window.col0 + self.part.col0)
