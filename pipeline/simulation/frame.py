"""Image frames: where a simulated image's pixels lie on the ground. Exact, invertible, independent of the readers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer

if TYPE_CHECKING:
    from pipeline.types import FloatArray


@dataclass(frozen=True)
class RadarFrame:
    """Rows along the flight, columns across it (ground range), on a plane that touches Earth at ``centre``.

    Pixel (row, col) lies at ``origin + row * spacing * along + col * spacing * across`` metres east and north of the
    centre (azimuthal equidistant projection).
    """

    centre: tuple[float, float]  # lon, lat [deg]
    heading_deg: float  # of the flight
    origin_m: tuple[float, float]  # east, north of pixel (0, 0)
    spacing_m: float
    shape: tuple[int, int]

    @classmethod
    def over(cls, bbox: tuple[float, float, float, float], heading_deg: float, spacing_m: float) -> RadarFrame:
        """The smallest frame with that heading that holds a box of longitudes and latitudes."""
        west, south, east, north = bbox
        bare = cls(((west + east) / 2, (south + north) / 2), heading_deg, (0.0, 0.0), spacing_m, (1, 1))
        rows, cols = bare.rowcol(np.array([west, east, east, west]), np.array([south, south, north, north]))
        first = (float(rows.min()), float(cols.min()))
        along, across = bare.axes
        origin = first[0] * spacing_m * along + first[1] * spacing_m * across
        shape = (int(np.ptp(rows)) + 2, int(np.ptp(cols)) + 2)
        return cls(bare.centre, heading_deg, (float(origin[0]), float(origin[1])), spacing_m, shape)

    @property
    def axes(self) -> tuple[FloatArray, FloatArray]:
        """Unit vectors (east, north) along the flight and, to its right, across it."""
        heading = np.radians(self.heading_deg)
        along = np.array([np.sin(heading), np.cos(heading)])
        return along, np.array([along[1], -along[0]])

    @cached_property
    def _plane(self) -> Transformer:
        lon, lat = self.centre
        return Transformer.from_crs(4326, f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84", always_xy=True)

    def lonlat(self, row: Any, col: Any) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude [deg] of pixel positions."""
        along, across = self.axes
        row_m = np.asarray(row, float) * self.spacing_m
        col_m = np.asarray(col, float) * self.spacing_m
        east = self.origin_m[0] + row_m * along[0] + col_m * across[0]
        north = self.origin_m[1] + row_m * along[1] + col_m * across[1]
        return self._plane.transform(east, north, direction="INVERSE")

    def rowcol(self, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
        """Pixel position of points."""
        along, across = self.axes
        east, north = self._plane.transform(np.asarray(lon, float), np.asarray(lat, float))
        east, north = east - self.origin_m[0], north - self.origin_m[1]
        row = (east * along[0] + north * along[1]) / self.spacing_m
        return row, (east * across[0] + north * across[1]) / self.spacing_m

    def pixel_direction(self, bearing_deg: float) -> FloatArray:
        """A compass bearing as a unit vector (rows, columns)."""
        off = np.radians(bearing_deg - self.heading_deg)
        return np.array([np.cos(off), np.sin(off)])
