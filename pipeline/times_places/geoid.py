"""Height of the sea's surface above the ellipsoid: the geoid of EGM2008, for images whose geometry needs a height.

Radar and oblique optical images show a place at sea where the sea's surface is, up to 107 m below or 86 m above the
WGS84 ellipsoid. Computed on the ellipsoid, it would be off by that height times vertical over horizontal of the view.

The table beside this file, every half degree to a decimetre, was made by ``tools/geoid_table.py`` from the geoid of
Pavlis, Holmes, Kenyon and Factor, "The development and evaluation of the Earth Gravitational Model 2008 (EGM2008)",
J. Geophys. Res. 117, B04406, 2012. Between its points the geoid is within 0.4 m in 19 of 20 places and 2.4 m anywhere
(20,000 random places between 66 S and 75 N), at the worst of 27 ports within 0.9 m. The sea is within some 2 m of the
geoid, tides and currents included, or a few metres where tides are large.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

TABLE_FILE = Path(__file__).with_name("geoid_egm2008.tif")
STEP_DEG = 0.5  # of the table: from 90 N down, and from 0 E to 359.5 E
UNIT_M = 0.1  # of the table's whole numbers


def geoid_height_m(lon: Any, lat: Any) -> FloatArray:
    """Height of the geoid above the WGS84 ellipsoid [m] at longitudes and latitudes [deg]; NaN where these are not.

    >>> geoid_height_m(5.3, 43.3).round().tolist()
    49.0
    """
    from scipy.ndimage import map_coordinates

    lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
    known = np.isfinite(lon) & (np.abs(lat) <= 90)
    row, col = (90 - np.where(known, lat, 0.0)) / STEP_DEG, np.where(known, lon, 0.0) % 360 / STEP_DEG
    height_m = map_coordinates(_table_m(), [row.ravel(), col.ravel()], order=1).reshape(lon.shape)
    return np.where(known, height_m, np.nan)


@cache
def _table_m() -> FloatArray:
    """The table in metres, with the meridian of Greenwich at both ends."""
    import rasterio

    with rasterio.open(TABLE_FILE) as table:
        height_m = UNIT_M * table.read(1)
    return np.hstack([height_m, height_m[:, :1]])
