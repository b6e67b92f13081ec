"""Make the table of the geoid that the package ships, from a global grid of EGM2008.

    python -m tools.geoid_table GRID

``GRID`` is any raster that GDAL reads, of geoid heights in metres above the WGS84 ellipsoid (tide-free), with points at
whole fractions of half a degree from 90 N and 0 E: EGM2008 is published by the National Geospatial-Intelligence Agency
(a work of the US government, free of copyright) every 2.5 minutes, and by others in many formats. A layer of a netCDF
file is named as ``netcdf:FILE:LAYER``. Writes ``pipeline/times_places/geoid_egm2008.tif``.
"""

from __future__ import annotations

import sys

import numpy as np
import rasterio
from rasterio.transform import from_origin, rowcol

from pipeline.times_places.geoid import STEP_DEG, TABLE_FILE, UNIT_M


def main(grid: str) -> None:
    """Take every point of the table from the grid, and write it."""
    lat = 90 - STEP_DEG * np.arange(round(180 / STEP_DEG) + 1)
    lon = STEP_DEG * np.arange(round(360 / STEP_DEG))
    with rasterio.open(grid) as source:
        rows, _ = rowcol(source.transform, np.zeros_like(lat), lat, op=float)
        _, cols = rowcol(source.transform, lon, np.zeros_like(lon), op=float)
        rows, cols = np.asarray(rows) - 0.5, np.asarray(cols) - 0.5
        if max(np.abs(v - v.round()).max() for v in (rows, cols)) > 1e-3:
            raise SystemExit(f"{grid}: its points do not lie on every half degree")
        height_m = source.read(1)[np.ix_(rows.round().astype(int), cols.round().astype(int))]
    with rasterio.open(
        TABLE_FILE, "w", driver="GTiff", width=len(lon), height=len(lat), count=1, dtype="int16", crs="EPSG:4326",
        transform=from_origin(-STEP_DEG / 2, 90 + STEP_DEG / 2, STEP_DEG, STEP_DEG),
        compress="deflate", predictor=2, zlevel=9, blockysize=len(lat),
    ) as table:  # fmt: skip
        table.write(np.round(height_m / UNIT_M).astype(np.int16), 1)
        table.scales, table.units = (UNIT_M,), ("metre",)
        table.update_tags(source="EGM2008, Pavlis et al. 2012, geoid above WGS84, tide-free, 1 unit = 0.1 m")


if __name__ == "__main__":
    main(sys.argv[1])
