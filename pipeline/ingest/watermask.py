"""The water mask for any window of an image: from land polygons, or from a mask raster."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.coast import read_land, water_mask
from pipeline.ingest.control_points import without_outliers
from pipeline.ingest.geolocation import MapGeolocation, footprint_of, from_gcps, is_inside
from pipeline.ingest.rasters import RasterFile, open_raster
from pipeline.times_places.longitudes import shifted_copies
from pipeline.types import Geolocation, Window

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import BoolImage

GEOJSON = (".geojson", ".json")
_SAME_PX = 0.5  # pixels this close count as the same
_POINTS = 40  # per side: coverage to 0.1 %
_MIN_SHARE_COVERED = 0.995  # our choice: a mask made for the image may lack its rim


@dataclass(frozen=True, slots=True, eq=False)
class Water:
    """The water of one image; all of it if no land is known."""

    shape: tuple[int, int]
    geolocation: Geolocation | None = None
    land: BaseGeometry | None = None
    mask: RasterFile | None = None
    mask_geolocation: Geolocation | None = None  # None: the mask has the image's own pixels
    structures: BaseGeometry | None = None  # permanent structures in the water, EPSG:4326

    @property
    def has_land(self) -> bool:
        """Is any land known at all?"""
        return self.mask is not None or self.land is not None or self.structures is not None

    @property
    def digest(self) -> str:
        """Hash of the structures, which no file holds; "" for none."""
        return "" if self.structures is None else hashlib.sha256(self.structures.wkb).hexdigest()

    def __call__(self, window: Window) -> BoolImage:
        """True where a ship could float, shape (rows, cols) of the window."""
        if self.mask is not None:
            water = self._from_mask(self.mask, window)
        else:
            water = water_mask(self._near(self.land, window), self.geolocation, window, self.shape)
        if self.structures is not None:
            water &= water_mask(self._near(self.structures, window), self.geolocation, window, self.shape)
        return water

    def with_land(self, more: BaseGeometry) -> Water:
        """The same water minus these polygons; unchanged if the image has no georeference."""
        if self.geolocation is None:
            return self
        return replace(self, structures=more if self.structures is None else self.structures.union(more))

    def _near(self, land: BaseGeometry | None, window: Window) -> BaseGeometry | None:
        """Land clipped to the window's surroundings, so that a tile need not process the whole coast."""
        import shapely

        if land is None or self.geolocation is None or 0 in (window.rows, window.cols):
            return land
        row, col = np.meshgrid(
            np.linspace(window.row0 - 2.0, window.row1 + 1.0, 5), np.linspace(window.col0 - 2.0, window.col1 + 1.0, 5)
        )
        lon, lat = self.geolocation.lonlat(row.ravel(), col.ravel())
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()) or np.ptp(lon) > 180:
            return land
        margin_lon, margin_lat = 0.05 * np.ptp(lon) + 1e-4, 0.05 * np.ptp(lat) + 1e-4
        box = (lon.min() - margin_lon, lat.min() - margin_lat, lon.max() + margin_lon, lat.max() + margin_lat)
        return shapely.make_valid(shapely.clip_by_rect(land, *box))

    def _from_mask(self, mask: RasterFile, window: Window) -> BoolImage:
        if self.mask_geolocation is None:
            return mask.read(window, (1,))[0] == 0
        assert self.geolocation is not None
        row, col = np.meshgrid(np.arange(window.row0, window.row1), np.arange(window.col0, window.col1), indexing="ij")
        at_row, at_col = self.mask_geolocation.rowcol(*self.geolocation.lonlat(row, col))
        held = (at_row > -0.5) & (at_row < mask.shape[0] - 0.5) & (at_col > -0.5) & (at_col < mask.shape[1] - 0.5)
        if not held.any():
            return np.ones((window.rows, window.cols), bool)
        r, c = np.rint(at_row[held]).astype(int), np.rint(at_col[held]).astype(int)
        part = Window(int(r.min()), int(c.min()), int(np.ptp(r)) + 1, int(np.ptp(c)) + 1)
        stored = mask.read(part, (1,))[0]
        water = np.ones((window.rows, window.cols), bool)
        water[held] = stored[r - part.row0, c - part.col0] == 0
        return water


class WaterMixin:
    """Mixin for readers of calibrated tiles that are frozen dataclasses with a ``water``."""

    __slots__ = ()
    water: Water

    def with_land(self, more: BaseGeometry) -> Self:
        """The same reader with these polygons (EPSG:4326) added to the land mask."""
        return self._with_water(self.water.with_land(more))

    @property
    def digest(self) -> str:
        """Hash of what it adds beyond the file and the place's land."""
        return self.water.digest

    def without_water(self) -> Self:
        """The same reader without a land mask, for callers that need only the valid pixels."""
        return self._with_water(Water(self.water.shape))

    def _with_water(self, water: Water) -> Self:
        return replace(self, water=water)  # type: ignore[type-var]

    def _require_on_image(self, window: Window) -> None:
        if not window.is_within(self.water.shape):
            raise ValueError(f"{window} leaves the image of {_size_text(self.water.shape)} pixels")


def water_of(
    item: str,
    shape: tuple[int, int],
    geolocation: Geolocation | None,
    path: Path | None,
    land: BaseGeometry | None,
) -> tuple[Water, str]:
    """The water of an image, and what is doubtful about it. A file named by the user overrides the AOI's land."""
    if path is None:
        known = land is not None and geolocation is not None
        doubt = "no georeference: the coast could not be laid over it" if land is not None and not known else ""
        return Water(shape, geolocation, land if known else None), doubt
    if path.suffix.lower() in GEOJSON:
        if geolocation is None:
            raise InputError(item, f"has no georeference, so {path.name} cannot be laid over it; give a mask raster")
        polygons = read_land(path)
        return Water(shape, geolocation, polygons), _elsewhere_doubt(
            path, polygons, footprint_of(geolocation, shape, item)
        )
    mask = open_raster(path)
    mask_geolocation = geolocation_of(mask)
    if mask_geolocation is None or geolocation is None:
        if mask.shape != shape:
            raise InputError(
                path.name, f"has {_size_text(mask.shape)} pixels, {item} has {_size_text(shape)}; they must agree"
            )
        return Water(shape, geolocation, mask=mask), ""
    if same_pixels(geolocation, shape, mask_geolocation, mask.shape):
        return Water(shape, geolocation, mask=mask), ""
    water = Water(shape, geolocation, mask=mask, mask_geolocation=mask_geolocation)
    share = _share_within(geolocation, shape, mask_geolocation, mask.shape)
    doubt = (
        f"{path.name} covers {100 * share:.0f} % of the image; the rest is taken for water"
        if share < _MIN_SHARE_COVERED
        else ""
    )
    return water, doubt


def _elsewhere_doubt(path: Path, land: BaseGeometry, footprint: BaseGeometry) -> str:
    """The doubt about a land file that does not extend to the image; an image at sea within its extent has no land."""
    import shapely

    extent = shapely.envelope(land)
    if any(turned.intersects(footprint) for turned in shifted_copies(extent)):
        return ""
    swapped = shapely.transform(extent, lambda p: p[:, ::-1]).intersects(footprint)
    hint = "; its lon and lat are swapped" if swapped else ""
    return f"{path.name} holds no land near the image{hint}; all of it is taken for water"


def same_pixels(
    first: Geolocation, first_shape: tuple[int, int], second: Geolocation, second_shape: tuple[int, int]
) -> bool:
    """Do two images have the same pixel grid: equal shape, and corners within half a pixel?"""
    if first_shape != second_shape:
        return False
    row, col = np.meshgrid([0.0, first_shape[0] - 1.0], [0.0, first_shape[1] - 1.0])
    at_row, at_col = second.rowcol(*first.lonlat(row, col))
    return bool((np.abs(at_row - row) <= _SAME_PX).all() and (np.abs(at_col - col) <= _SAME_PX).all())


def _share_within(
    image: Geolocation, image_shape: tuple[int, int], other: Geolocation, shape: tuple[int, int]
) -> float:
    """Share of an image covered by another, by a grid of points."""
    row, col = np.meshgrid(*((np.arange(_POINTS) + 0.5) / _POINTS * n - 0.5 for n in image_shape))
    return float(is_inside(*other.rowcol(*image.lonlat(row, col)), shape).mean())


def geolocation_of(raster: RasterFile) -> Any:
    """A raster file's own geolocation: a map grid, GCPs, or None."""
    return locate_raster(raster)[0]


def locate_raster(raster: RasterFile) -> tuple[Any, str]:
    """`geolocation_of`, and what is doubtful about it."""
    if raster.crs_wkt is not None and raster.transform is not None:
        from pyproj.exceptions import ProjError

        found = MapGeolocation(raster.crs_wkt, raster.transform, raster.shape)
        try:
            found.lonlat(0, 0)
        except ProjError as error:
            raise InputError(raster.item, "its coordinate system cannot be turned into degrees") from error
        return found, ""
    if raster.gcps is not None:
        points, doubt = without_outliers(raster.gcps, raster.item, raster.shape)
        return from_gcps(points[:, :4], raster.item, raster.shape), doubt
    return None, ""


def _size_text(shape: tuple[int, int]) -> str:
    return f"{shape[0]} x {shape[1]}"
