"""Whole numbers converted to reflectance in one pass, compared with the general way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import rasterio

from pipeline.ingest import raster_reader
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor, Window
from tests.ingest.test_rasters import write


@pytest.mark.parametrize("nodata", [None, 0, 77, -9999, 0.5], ids=str)
@pytest.mark.parametrize("tags", [{}, {"PROCESSING_BASELINE": "05.09"}], ids=["by range", "offset"])
@pytest.mark.parametrize("dtype", ["uint16", "uint8"])
def test_one_pass_gives_what_the_general_way_gives(tmp_path, monkeypatch, nodata, tags, dtype):
    numbers = np.random.default_rng(0).integers(0, 250, (4, 60, 90)).astype(dtype)
    numbers[:, 5:9, 7:30] = 0
    numbers[1, 20:30, 40] = 77
    profile = {} if nodata in (None, -9999, 0.5) else {"nodata": nodata}
    path = tmp_path / "image.tif"
    write(path, numbers, crs="EPSG:32653", transform=(10, 0, 5e5, 0, -10, 4.73e6), **profile)
    with rasterio.open(path, "r+") as file:
        file.update_tags(**tags)
    scene = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL2))
    stored = scene.read.stored
    if nodata in (-9999, 0.5):  # values that this data type cannot hold, which operators declare all the same
        read = replace(scene.read, stored=replace(stored, nodata_rule=replace(stored.nodata_rule, nodata=nodata)))
    else:
        read = scene.read
    window = Window(2, 3, 50, 80)
    monkeypatch.setattr(raster_reader, "COMPILED_PX", 0)
    quick = read(window)
    monkeypatch.setattr(raster_reader, "COMPILED_PX", np.inf)
    plain = read(window)
    assert np.array_equal(quick.data, plain.data, equal_nan=True)
    assert np.array_equal(quick.valid, plain.valid)
    assert np.array_equal(read.measured(window), quick.valid)
    assert quick.data.dtype == plain.data.dtype == np.float32
    assert not quick.valid[3:6, 5:20].any()
