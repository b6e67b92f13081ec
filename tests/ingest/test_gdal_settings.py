"""GDAL's settings before it starts."""

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
    """QGIS and conda point these variables at their own PROJ, whose database may be missing or of another version. Zone
    52's central meridian is 129° E."""
    told = subprocess.run(
        [sys.executable, "-c", PLACE], env=os.environ | {name: str(tmp_path)}, capture_output=True, text=True
    )
    assert told.stderr == ""
    (lon,), (lat,) = json.loads(told.stdout)
    assert (lon, lat) == pytest.approx((129.0, 0.0), abs=1e-9)


OPEN = """
import sys
import pipeline.ingest.gdal_settings
import pyproj
import rasterio
with rasterio.Env(), rasterio.open(sys.argv[1]) as image:
    print(pyproj.CRS.from_wkt(image.crs.to_wkt()).axis_info[0].unit_conversion_factor)
"""


def test_a_unit_that_has_no_code_is_read_without_a_word(tmp_path):
    """A custom map grid in kilometres: PROJ's complaint would name neither the file nor the remedy."""
    path = tmp_path / "km.tif"
    own = "+proj=utm +zone=53 +datum=WGS84 +units=km"
    with rasterio.open(path, "w", driver="GTiff", width=8, height=8, count=1, dtype="uint8", crs=own) as image:
        image.transform = rasterio.Affine(0.01, 0, 338, 0, -0.01, 4736)
    told = subprocess.run([sys.executable, "-c", OPEN, str(path)], capture_output=True, text=True)
    assert (told.stdout, told.stderr) == ("1000.0\n", "")


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
