"""Builders of small scenes and places with known content, for several stages' tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from shapely.geometry import Polygon

from pipeline.types import Place, Radiometry, Scene, Sensor, Source, Tile, Window, Zone

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NOON = datetime(2024, 3, 7, 12, 0, tzinfo=UTC)

needs_real_data = pytest.mark.skipif(
    not REAL_DATA.is_dir(), reason="the folder of real labelled data (../shared/data) is not here"
)


@dataclass(frozen=True)
class LocalGeolocation:
    """A north-up tangent plane: rows go south, columns east; accurate to a centimetre over a few kilometres."""

    lon0: float
    lat0: float
    spacing_m: tuple[float, float]

    def lonlat(self, row, col):
        """Longitude and latitude [deg] of pixel positions."""
        metres_per_degree = 111_320.0
        lat = self.lat0 - np.asarray(row, float) * self.spacing_m[0] / metres_per_degree
        lon = self.lon0 + np.asarray(col, float) * self.spacing_m[1] / (
            metres_per_degree * np.cos(np.radians(self.lat0))
        )
        return lon, lat

    def rowcol(self, lon, lat):
        """Pixel position of points."""
        metres_per_degree = 111_320.0
        row = (self.lat0 - np.asarray(lat, float)) * metres_per_degree / self.spacing_m[0]
        col = (np.asarray(lon, float) - self.lon0) * metres_per_degree * np.cos(np.radians(self.lat0))
        return row, col / self.spacing_m[1]


def array_scene(
    bands: dict[str, np.ndarray],
    *,
    sensor: Sensor = Sensor.SENTINEL1,
    radiometry: Radiometry = Radiometry.SIGMA0,
    spacing_m: float | tuple[float, float] = 10.0,
    water: np.ndarray | None = None,
    origin: tuple[float, float] | None = (133.0, 42.75),
    scene_id: str = "scene",
    acquired: datetime | None = NOON,
    **more,
) -> Scene:
    """A scene from arrays in memory; ``origin`` is lon, lat of pixel (0, 0), None for no georeference."""
    data = np.stack([np.asarray(b, np.float32) for b in bands.values()])
    shape = data.shape[1:]
    spacing = (spacing_m, spacing_m) if np.isscalar(spacing_m) else tuple(spacing_m)
    wet = np.ones(shape, bool) if water is None else np.asarray(water, bool)

    def read(window: Window) -> Tile:
        cut = np.s_[window.row0 : window.row1, window.col0 : window.col1]
        part = data[(slice(None), *cut)]
        return Tile(window, tuple(bands), part, np.isfinite(part).all(axis=0), wet[cut])

    geolocation = None if origin is None else LocalGeolocation(origin[0], origin[1], spacing)
    footprint = None
    if geolocation is not None:
        rows, cols = np.array([0, 0, shape[0] - 1, shape[0] - 1]), np.array([0, shape[1] - 1, shape[1] - 1, 0])
        footprint = Polygon(np.column_stack(geolocation.lonlat(rows, cols)))
    return Scene(
        scene_id=scene_id,
        sensor=sensor,
        platform="test",
        acquired=acquired,
        shape=shape,
        bands=tuple(bands),
        radiometry=radiometry,
        pixel_spacing_m=spacing,
        read=read,
        source=Source(href="memory", sha256="0" * 64, size_bytes=data.nbytes),
        geolocation=geolocation,
        footprint=footprint,
        **more,
    )


def box_zone(
    zone_id: str, west: float, south: float, east: float, north: float, *, kind: str = "berth", **more
) -> Zone:
    """A rectangular zone."""
    return Zone(zone_id, kind, zone_id, Polygon([(west, south), (east, south), (east, north), (west, north)]), **more)


def place_of(*zones: Zone, land=None, bbox=(132.95, 42.70, 133.10, 42.80)) -> Place:
    """An AOI with these zones."""
    return Place("test", "Test harbour", bbox, land, tuple(zones))


def ship_picture(path: Path, **more) -> tuple[float, float]:
    """Write an 8-bit picture of speckled sea with one bright ship; returns the ship's middle (row, col)."""
    rng = np.random.default_rng(5)
    sea = rng.gamma(4.4, 9.0, (300, 300))
    sea[140:144, 100:118] = 900.0
    profile = {"driver": "GTiff", "width": 300, "height": 300, "count": 1, "dtype": "float32"} | more
    with rasterio.open(path, "w", **profile) as file:
        file.write(np.sqrt(sea).astype("float32"), 1)
    return 141.5, 108.5
