"""What GDAL is told before it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import rasterio

PLACE = """
import json
import pipeline.ingest.gdal_settings
from rasterio.crs import CRS
from rasterio.warp import transform
print(json.dumps(transform(CRS.from_epsg(32652), CRS.from_epsg(4326), [500000.0], [0.0])))
"""


@pytest.mark.skipif(
    not (Path(rasterio.__file__).parent / "proj_data").is_dir(), reason="this rasterio uses the system's PROJ"
)
@pytest.mark.parametrize("name", ["PROJ_DATA", "PROJ_LIB", "GDAL_DATA"])
def test_the_files_of_another_install_are_not_read(name, tmp_path):
    """QGIS and conda point these at their own PROJ, whose database may be of another version, or gone. Zone 52 has its
    middle at 129° E."""
    told = subprocess.run(
        [sys.executable, "-c", PLACE], env=os.environ | {name: str(tmp_path)}, capture_output=True, text=True
    )
    assert told.stderr == ""
    (lon,), (lat,) = json.loads(told.stdout)
    assert (lon, lat) == pytest.approx((129.0, 0.0), abs=1e-9)


DRIVERS = """
import pipeline.ingest.gdal_settings
import rasterio
with rasterio.Env() as env:
    print([name in env.drivers() for name in ("VRT", "BAG", "ENVI", "GTiff")])
"""


@pytest.mark.parametrize("theirs", ["BAG ENVI", "BAG,ENVI", "BAG ENVI VRT"])
def test_the_drivers_that_a_user_skips_are_skipped_beside_ours(theirs):
    told = subprocess.run(
        [sys.executable, "-c", DRIVERS], env=os.environ | {"GDAL_SKIP": theirs}, capture_output=True, text=True
    )
    assert told.stdout == "[False, False, False, True]\n", told.stderr
