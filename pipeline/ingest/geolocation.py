"""Geolocation of pixels: map grids, and images in sensor geometry with a tie-point grid or GCPs.

All mappings count pixels as in `pipeline.types`: whole numbers at pixel centres. They hold plain numbers only, so they
can be copied to other threads and processes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.plurals import number_of
from pipeline.times_places.longitudes import shifted_copies, wrap_longitudes

if TYPE_CHECKING:
    from odc.geo.geobox import GeoBox
    from pyproj import Transformer
    from shapely.geometry.base import BaseGeometry

    from pipeline.times_places.longitudes import BBox
    from pipeline.types import BoolImage, FloatArray


Forward = Callable[[Any, Any], tuple[Any, Any]]

_MAX_ITERATIONS = 12  # Newton's method converges quadratically; 4 suffice on real grids
_BENDS_PX = 1.0  # within a pixel the mapping is linear to far below the tolerance
_CONVERGED_PX = 1e-4  # 1 mm at 10 m pixels


@dataclass(frozen=True, slots=True)
class MapGeolocation:
    """Pixels of a map grid of ``shape``: ``transform`` takes (col, row), counted from pixel corners, to map x, y."""

    crs_wkt: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]

    def lonlat(self, row: Any, col: Any) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude [deg] of pixel positions; -180 to 180 even if the grid counts from 0 to 360."""
        a, b, c, d, e, f = self.transform
        x, y = np.broadcast_arrays(np.asarray(col, float) + 0.5, np.asarray(row, float) + 0.5)
        with np.errstate(over="ignore", invalid="ignore"):  # infinite values are nowhere on Earth
            x, y = a * x + b * y + c, d * x + e * y + f
        lon, lat = _transformer(self.crs_wkt, "EPSG:4326").transform(x, y)
        return wrap_longitudes(lon), np.asarray(lat, float)

    def rowcol(self, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
        """Pixel position of points; NaN where the map projection has no answer."""
        a, b, c, d, e, f = self.transform
        lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
        x, y = (np.asarray(v, float) for v in _transformer("EPSG:4326", self.crs_wkt).transform(lon, lat))
        x, y = x - c, y - f
        if _is_in_degrees(self.crs_wkt):  # a grid of degrees may lie across 180, or count from 0 to 360
            middle = a * self.shape[1] / 2 + b * self.shape[0] / 2
            with np.errstate(invalid="ignore"):
                x = x - 360.0 * np.round((x - middle) / 360.0)
        determinant = a * e - b * d
        row, col = (a * y - d * x) / determinant - 0.5, (e * x - b * y) / determinant - 0.5
        lost = ~(np.isfinite(row) & np.isfinite(col))
        return np.where(lost, np.nan, row), np.where(lost, np.nan, col)


@dataclass(frozen=True, slots=True, eq=False)
class GridGeolocation:
    """An image in radar (or scanner) geometry, by bicubic splines on a regular grid of tie points.

    ``line`` (M,) and ``pixel`` (N,) are the grid's rows and columns; ``lon`` and ``lat`` [deg] have shape (M, N).
    Beyond the grid the mapping is extrapolated linearly; more than one image size away it has no answer.
    """

    line: FloatArray
    pixel: FloatArray
    lon: FloatArray
    lat: FloatArray
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.lon.shape != (self.line.size, self.pixel.size) or self.lat.shape != self.lon.shape:
            raise ValueError(f"grid of {self.line.size} x {self.pixel.size} with positions {self.lon.shape}")

    def lonlat(self, row: Any, col: Any) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude [deg] of pixel positions."""
        row, col = np.broadcast_arrays(np.asarray(row, float), np.asarray(col, float))
        lon, lat = self._forward(row, col)
        return wrap_longitudes(lon), lat

    def rowcol(self, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
        """Pixel position of points; NaN further than one image size outside."""
        return _inverse(self._forward, self._guess(), *_wrapped_near(lon, lat, self._lon0()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.line, self.pixel, self.lon, self.lat)

    def _lon0(self) -> float:
        return float(np.median(unwrapped(self.lon)))

    def _splines(self) -> tuple[Any, Any]:
        if "splines" not in self._cache:
            from scipy.interpolate import RectBivariateSpline

            kx, ky = min(3, self.line.size - 1), min(3, self.pixel.size - 1)
            self._cache["splines"] = tuple(
                RectBivariateSpline(self.line, self.pixel, z, kx=kx, ky=ky, s=0)
                for z in (unwrapped(self.lon), self.lat)
            )
        return self._cache["splines"]

    def _forward(self, row: Any, col: Any) -> tuple[Any, Any]:
        inside_row = np.clip(row, self.line[0], self.line[-1])
        inside_col = np.clip(col, self.pixel[0], self.pixel[-1])
        out = []
        for spline in self._splines():
            value = spline.ev(inside_row, inside_col)
            beyond = (inside_row != row) | (inside_col != col)
            if np.any(beyond):
                down, right = self._slopes(spline, inside_row, inside_col)
                value = value + np.where(beyond, (row - inside_row) * down, 0.0)
                value = value + np.where(beyond, (col - inside_col) * right, 0.0)
            out.append(value)
        return out[0], out[1]

    def _slopes(self, spline: Any, row: Any, col: Any) -> tuple[Any, Any]:
        """Derivatives along rows and along columns. With only two lines of points, such as an image's four corners, the
        spline is linear, which FITPACK cannot differentiate, so the difference is used.
        """
        if self.line.size > 2:
            down = spline.ev(row, col, dx=1)
        else:
            down = (spline.ev(self.line[1], col) - spline.ev(self.line[0], col)) / np.ptp(self.line)
        if self.pixel.size > 2:
            return down, spline.ev(row, col, dy=1)
        return down, (spline.ev(row, self.pixel[1]) - spline.ev(row, self.pixel[0])) / np.ptp(self.pixel)

    def _guess(self) -> _Guess:
        if "guess" not in self._cache:
            rows, cols = np.meshgrid(self.line, self.pixel, indexing="ij")
            self._cache["guess"] = _Guess.fit(rows.ravel(), cols.ravel(), unwrapped(self.lon).ravel(), self.lat.ravel())
        return self._cache["guess"]


@dataclass(frozen=True, slots=True, eq=False)
class PointGeolocation:
    """An image with scattered ground control points (K, 4: row, col, lon, lat), by thin-plate splines (K >= 3)."""

    points: FloatArray
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    def lonlat(self, row: Any, col: Any) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude [deg] of pixel positions."""
        row, col = np.broadcast_arrays(np.asarray(row, float), np.asarray(col, float))
        lon, lat = self._forward(row, col)
        return wrap_longitudes(lon), lat

    def rowcol(self, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
        """Pixel position of points; NaN further than one image size outside."""
        lon0 = float(np.median(unwrapped(self.points[:, 2])))
        row, col = self.points[:, 0], self.points[:, 1]
        guess = _Guess.fit(row, col, unwrapped(self.points[:, 2]), self.points[:, 3])
        return _inverse(self._forward, guess, *_wrapped_near(lon, lat, lon0))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.points,)

    def _forward(self, row: Any, col: Any) -> tuple[Any, Any]:
        if "spline" not in self._cache:
            from scipy.interpolate import RBFInterpolator

            lonlat = np.column_stack([unwrapped(self.points[:, 2]), self.points[:, 3]])
            self._cache["spline"] = RBFInterpolator(self.points[:, :2], lonlat, kernel="thin_plate_spline")
        row, col = np.asarray(row, float), np.asarray(col, float)
        found = self._cache["spline"](np.column_stack([row.ravel(), col.ravel()]))
        return found[:, 0].reshape(row.shape), found[:, 1].reshape(row.shape)


def from_gcps(gcps: FloatArray, item: str, shape: tuple[int, int]) -> GridGeolocation | PointGeolocation:
    """The mapping given by GCPs (K, 4: row, col, lon, lat), counted as GDAL does (corner - 0.5).

    Points on a full regular grid give bicubic splines, others thin-plate splines. A grid that ends exactly on the
    first and last pixel *numbers* (0 and n - 1) was counted from pixel centres, as Sentinel-1's annotation does: a
    grid counted from corners would end on n.
    """
    gcps = np.array(gcps, float)
    for axis in (0, 1):
        corner = gcps[:, axis] + 0.5
        if corner.min() == 0 and corner.max() == shape[axis] - 1:
            gcps[:, axis] = corner
    gcps = gcps[np.lexsort((gcps[:, 1], gcps[:, 0]))]
    line, pixel = np.unique(gcps[:, 0]), np.unique(gcps[:, 1])
    if line.size >= 2 and pixel.size >= 2 and line.size * pixel.size == len(gcps):
        full = (line.size, pixel.size)
        if np.array_equal(gcps[:, 1].reshape(full), np.broadcast_to(pixel, full)):
            return GridGeolocation(line, pixel, gcps[:, 2].reshape(full), gcps[:, 3].reshape(full))
    spread = np.linalg.matrix_rank(gcps[:, :2] - gcps[:, :2].mean(axis=0), tol=1.0)
    if len(gcps) < 3 or spread < 2 or len(np.unique(gcps[:, :2], axis=0)) < len(gcps):
        raise InputError(
            item, f"{number_of(len(gcps), 'ground control point')} cannot place it (three or more, not in a line)"
        )
    return PointGeolocation(gcps)


def ground_spacing_m(geolocation: Any, shape: tuple[int, int]) -> tuple[float, float]:
    """Ground distance [m] from one row to the next and from one column to the next, at the image's centre."""
    _, metres = _ground_steps(geolocation, shape)
    return float(metres[0]), float(metres[1])


def skew_deg(geolocation: Any, shape: tuple[int, int]) -> float:
    """Deviation of rows and columns from a right angle on the ground, at the image's centre, 0 to 90 degrees."""
    azimuth, _ = _ground_steps(geolocation, shape)
    return float(abs(abs((azimuth[1] - azimuth[0] + 180) % 360 - 180) - 90))


def _ground_steps(geolocation: Any, shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Azimuths [deg] and lengths [m] of the steps from one row to the next and from one column to the next."""
    row, col = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    half = 2.0  # pixels to each side: far enough for rounding, near enough for curvature
    lon, lat = geolocation.lonlat(
        np.array([row - half, row + half, row, row]), np.array([col, col, col - half, col + half])
    )
    azimuth, _, metres = _wgs84().inv(lon[::2], lat[::2], lon[1::2], lat[1::2])
    return azimuth, metres / (2 * half)


def footprint_of(geolocation: Any, shape: tuple[int, int], item: str) -> BaseGeometry:
    """Footprint of an image (EPSG:4326), with points along its edges; in two parts if it crosses 180 degrees."""
    import shapely

    lon, lat = geolocation.lonlat(*outline_points(*(np.linspace(-0.5, n - 0.5, 9) for n in shape)))
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise InputError(item, "its georeference does not lie on Earth")
    outline = shapely.make_valid(shapely.Polygon(np.column_stack([unwrapped(lon), lat])))
    parts = [shapely.intersection(turned, shapely.box(-180, -90, 180, 90)) for turned in shifted_copies(outline)]
    whole = shapely.union_all([p for p in parts if p.area > 0])
    if whole.is_empty:
        raise InputError(item, "its georeference gives it no area: all its pixels lie on a line")
    return whole


def outline_points(row: FloatArray, col: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rows and columns of points around a rectangle, given those along its two sides (equally many)."""
    row0, row1, col0, col1 = (np.full(len(row), end) for end in (row[0], row[-1], col[0], col[-1]))
    return np.concatenate([row0, row, row1, row[::-1]]), np.concatenate([col, col1, col[::-1], col0])


def is_inside(row: FloatArray, col: FloatArray, shape: tuple[int, int]) -> BoolImage:
    """True for pixel positions within an image of ``shape`` (rows, cols); False for NaN."""
    with np.errstate(invalid="ignore"):
        return (row >= -0.5) & (row < shape[0] - 0.5) & (col >= -0.5) & (col < shape[1] - 0.5)


def grid_points(bbox: BBox, points: int) -> tuple[FloatArray, FloatArray]:
    """Longitudes and latitudes [deg] of a regular grid in a box, shape (points**2,), at the centres of its cells."""
    west, south, east, north = bbox
    share = (np.arange(points) + 0.5) / points
    lon, lat = np.meshgrid(west + share * (east - west), south + share * (north - south))
    return lon.ravel(), lat.ravel()


def geobox_of(geolocation: Any) -> GeoBox | None:
    """The map grid of an image; None if it is not on one."""
    if not isinstance(geolocation, MapGeolocation):
        return None
    from affine import Affine
    from odc.geo.geobox import GeoBox

    return GeoBox(geolocation.shape, Affine(*geolocation.transform), geolocation.crs_wkt)


def unwrapped(lon: Any) -> FloatArray:
    """Longitudes without a jump: all within 180 degrees of the first."""
    lon = np.asarray(lon, float)
    first = lon.flat[0]
    return first + wrap_longitudes(lon - first)


@dataclass(frozen=True, slots=True)
class _Guess:
    """Row and column as quadratic polynomials in lon, lat: accurate to some pixels, to start Newton's method."""

    centre: tuple[float, float]
    scale: tuple[float, float]
    weights: Any  # (6, 2)
    rows: tuple[float, float]  # range of validity: one image size around the points
    cols: tuple[float, float]

    @staticmethod
    def fit(row: Any, col: Any, lon: Any, lat: Any) -> _Guess:
        centre = (float(np.mean(lon)), float(np.mean(lat)))
        scale = (max(float(np.ptp(lon)), 1e-9), max(float(np.ptp(lat)), 1e-9))
        terms = _Guess._polynomial_terms(lon, lat, centre, scale)
        if len(row) < 6:
            terms[:, 3:] = 0.0
        weights = np.linalg.lstsq(terms, np.column_stack([row, col]), rcond=None)[0]
        reach = [(float(v.min() - np.ptp(v) - 1), float(v.max() + np.ptp(v) + 1)) for v in (row, col)]
        return _Guess(centre, scale, weights, reach[0], reach[1])

    @staticmethod
    def _polynomial_terms(lon: Any, lat: Any, centre: tuple[float, float], scale: tuple[float, float]) -> Any:
        x, y = (lon - centre[0]) / scale[0], (lat - centre[1]) / scale[1]
        return np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])

    def __call__(self, lon: Any, lat: Any) -> Any:
        # far away a quadratic bends back into the image; a plane does not
        terms = self._polynomial_terms(lon, lat, self.centre, self.scale)
        far = np.abs(terms[:, 1:3]).max(axis=1) > 1.0
        terms[far, 3:] = 0.0
        return terms @ self.weights

    def within(self, row: Any, col: Any) -> Any:
        return (row >= self.rows[0]) & (row <= self.rows[1]) & (col >= self.cols[0]) & (col <= self.cols[1])


def _inverse(forward: Forward, guess: _Guess, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
    """Newton's method on ``forward``, from ``guess``; derivatives by half-pixel differences, kept within a pixel."""
    shape = lon.shape
    target_lon, target_lat = lon.ravel(), lat.ravel()
    row, col = (guess(np.nan_to_num(target_lon), np.nan_to_num(target_lat)).T + 0.0).copy()
    step = np.full(row.shape, np.inf)
    slopes = np.zeros((4, row.size))  # of lon and lat along rows, then along columns
    reach_row, reach_col = guess.rows, guess.cols
    for _ in range(_MAX_ITERATIONS):
        todo = np.flatnonzero((step > _CONVERGED_PX) & np.isfinite(target_lon) & np.isfinite(target_lat))
        if todo.size == 0:
            break
        # limit steps to the mapping's range, from beyond which they would not return
        row, col = np.clip(row, *_widened(reach_row)), np.clip(col, *_widened(reach_col))
        refreshed = todo[step[todo] > _BENDS_PX]
        if refreshed.size:
            r, c = row[refreshed], col[refreshed]
            down, up = forward(r + 0.5, c), forward(r - 0.5, c)
            right, left = forward(r, c + 0.5), forward(r, c - 0.5)
            slopes[:, refreshed] = down[0] - up[0], down[1] - up[1], right[0] - left[0], right[1] - left[1]
        r, c = row[todo], col[todo]
        at = forward(r, c)
        lon_r, lat_r, lon_c, lat_c = slopes[:, todo]
        miss_lon, miss_lat = target_lon[todo] - at[0], target_lat[todo] - at[1]
        determinant = lon_r * lat_c - lon_c * lat_r
        with np.errstate(divide="ignore", invalid="ignore"):
            d_row = (miss_lon * lat_c - lon_c * miss_lat) / determinant
            d_col = (lon_r * miss_lat - miss_lon * lat_r) / determinant
        row[todo], col[todo] = r + d_row, c + d_col
        step[todo] = np.nan_to_num(np.hypot(d_row, d_col), nan=np.inf)
    good = (step <= _CONVERGED_PX) & guess.within(row, col)
    return np.where(good, row, np.nan).reshape(shape), np.where(good, col, np.nan).reshape(shape)


def _widened(reach: tuple[float, float]) -> tuple[float, float]:
    margin = 0.5 * (reach[1] - reach[0])
    return reach[0] - margin, reach[1] + margin


def _wrapped_near(lon: Any, lat: Any, lon0: float) -> tuple[FloatArray, FloatArray]:
    """Points with longitudes within 180 degrees of ``lon0``."""
    lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
    return lon0 + wrap_longitudes(lon - lon0), lat


@lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> Transformer:
    from pyproj import Transformer

    return Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=64)
def _is_in_degrees(wkt: str) -> bool:
    from pyproj import CRS

    return CRS.from_user_input(wkt).is_geographic


@lru_cache(maxsize=1)
def _wgs84() -> Any:
    from pyproj import Geod

    return Geod(ellps="WGS84")
