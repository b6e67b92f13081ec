"""Crops a scene to its AOI plus a margin, however much more the image shows.

Nothing is resampled or copied: windows are read from the same file with an offset. Rows and columns of detections
count from the corner of the whole image, as in the file that an analyst opens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pipeline.ingest.geolocation import ground_spacing_m, is_inside
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

# Margins around the AOI. An azimuth ambiguity is recognised by its ship, wavelength * range * PRF / (2 * velocity) away
# along the track: 5.6 km at 0.0555 m, 900 km, 1,700 Hz, 7,600 m/s. Across the track the clutter window is needed.
RADAR_MARGIN_M = (6000.0, 1000.0)  # azimuth, range
OPTICAL_MARGIN_M = 640.0  # our choice: the longest ship, and what an object at the edge is compared with
MAX_SHARE = 0.5  # share of the image's pixels: if the crop is larger, the image stays whole (our choice)
_ALIGNMENT_PX = 2  # pixels: so that a 20 m band in a 10 m image starts at a pixel boundary
_NODES = 33  # along each side of the AOI, at which pixel positions are computed


def cut_to(scene: Scene, place: Place | None) -> Scene:
    """The scene cropped to the surroundings of a place; unchanged if not georeferenced, or if little would be saved.

    The footprint stays that of the whole image. Assumes that part of the AOI's box is on the image.
    """
    if place is None or scene.geolocation is None:
        return scene
    part = window_around(scene.geolocation, scene.shape, _bounds(place), _margin_px(scene))
    if part is None or part.rows * part.cols > MAX_SHARE * scene.shape[0] * scene.shape[1]:
        return scene
    shape, placed = (part.rows, part.cols), CutGeolocation(scene.geolocation, part.row0, part.col0)
    return replace(
        scene,
        shape=shape,
        # Ground size of map pixels varies: pixels in degrees get narrower towards the poles
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
    """The window of an image of ``shape`` (rows, cols) that covers a box [deg] and a margin; None if the image shows
    nothing of the box."""
    west, south, east, north = bbox
    side = np.linspace(0.0, 1.0, _NODES)
    row, col = geolocation.rowcol(*np.meshgrid(west + side * (east - west), south + side * (north - south)))
    seen = is_inside(row, col, shape)
    if not seen.any():
        return None
    grow = margin_px
    if not seen.all():  # the box extends beyond the image: its last point inside may be a step from the edge
        grow = (margin_px[0] + _step_px(row, shape[0]), margin_px[1] + _step_px(col, shape[1]))
    low = [int(np.floor(v[seen].min())) - by for v, by in zip((row, col), grow, strict=True)]
    high = [int(np.ceil(v[seen].max())) + by + 1 for v, by in zip((row, col), grow, strict=True)]
    row0, col0 = (max(0, v) // _ALIGNMENT_PX * _ALIGNMENT_PX for v in low)
    return Window(row0, col0, min(shape[0], high[0]) - row0, min(shape[1], high[1]) - col0)


def _step_px(position: FloatArray, most: int) -> int:
    """The largest step in pixels between neighbouring grid points, shape (points, points); ``most`` if unknown."""
    steps = np.concatenate([np.abs(np.diff(position, axis=axis)).ravel() for axis in (0, 1)])
    known = steps[np.isfinite(steps)]
    return int(np.ceil(known.max())) if known.size else most


def _bounds(place: Place) -> tuple[float, float, float, float]:
    """Bounds of the AOI's box and of the zones that extend beyond it."""
    import shapely

    west, south, east, north = shapely.union_all([shapely.box(*place.bbox), *(z.geometry for z in place.zones)]).bounds
    return float(west), float(south), float(east), float(north)


def _margin_px(scene: Scene) -> tuple[int, int]:
    along, across = RADAR_MARGIN_M if scene.sensor in RADARS else (OPTICAL_MARGIN_M, OPTICAL_MARGIN_M)
    if scene.grid is not None:  # rows of a map grid do not follow the track
        along = across = max(along, across)
    return int(np.ceil(along / scene.pixel_spacing_m[0])), int(np.ceil(across / scene.pixel_spacing_m[1]))


def _grid_of(grid: GeoBox, part: Window) -> GeoBox:
    from affine import Affine
    from odc.geo.geobox import GeoBox

    return GeoBox((part.rows, part.cols), grid.affine @ Affine.translation(part.col0, part.row0), grid.crs)


def _view_from(view: RadarView, part: Window) -> RadarView:
    """The radar geometry of the part, counted from its first row and column."""

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
        return replace(self.whole(self._in_whole(window)), window=window)

    def measured(self, window: Window) -> BoolImage:
        """`valid` of a window's tile, without computing its values if the whole image's reader can."""
        whole_measured = getattr(self.whole, "measured", None)
        return (
            self(window).valid if whole_measured is None else cast("BoolImage", whole_measured(self._in_whole(window)))
        )

    def counts(self, window: Window) -> Counts | None:
        """Stored pixels of a window, if the whole image's reader provides them; else None."""
        return self.whole.counts(self._in_whole(window)) if isinstance(self.whole, CountsReader) else None

    def with_land(self, more: BaseGeometry) -> CutReader:
        """The same part with these polygons (EPSG:4326) added to the land mask."""
        return replace(self, whole=cast("Any", self.whole).with_land(more))

    def without_water(self) -> CutReader:
        """The same part without a land mask."""
        plain = getattr(self.whole, "without_water", None)
        return self if plain is None else replace(self, whole=plain())

    def _in_whole(self, window: Window) -> Window:
        if not window.is_within((self.part.rows, self.part.cols)):
            raise ValueError(f"{window} leaves the part of {self.part.rows} x {self.part.cols} pixels")
        return replace(window, row0=window.row0 + self.part.row0, col0=window.col0 + self.part.col0)
