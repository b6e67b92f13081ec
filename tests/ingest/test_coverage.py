"""How much of a place a scene shows, counted from the pixels that the test wrote."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.ingest.coverage import aoi_coverage
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import measured, open_scene
from pipeline.types import Sensor, Window
from tests.builders import place_of
from tests.ingest.test_inputs import DEGREES, HERE, OPTICAL
from tests.ingest.test_rasters import write


def test_coverage_counts_what_was_measured(tmp_path):
    data = np.full((100, 200), 90, np.uint16)
    data[:50, :100] = 0
    scene = open_scene(write(tmp_path / "a.tif", data, **DEGREES), OPTICAL)
    assert aoi_coverage(scene, HERE)[0] == pytest.approx(0.5, abs=0.03)
    assert aoi_coverage(scene, place_of(bbox=(133.015, 42.74, 133.025, 42.75)))[0] == pytest.approx(0.5, abs=0.03)
    assert aoi_coverage(scene, place_of(bbox=(133.05, 42.74, 133.06, 42.75))) == (0.0, 0.0)


def test_an_image_that_measured_nothing_of_the_aoi_covers_none_of_it(tmp_path):
    write(tmp_path / "a_20240307.tif", np.zeros((100, 100), np.uint16), **DEGREES)
    _, table = open_inputs([tmp_path], OPTICAL, HERE)
    assert table["status"].iloc[0] == "degraded"
    assert table["aoi_coverage"].iloc[0] == 0
    assert "100 % of its part of the AOI holds no data" in table["cause"].iloc[0]


@pytest.mark.parametrize("profile", [{}, {"nodata": 7}, {"nodata": 0}], ids=["undeclared", "7 is none", "0 is none"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32"])
@pytest.mark.parametrize(
    "options",
    [OPTICAL, *(OpenOptions(sensor=Sensor.SENTINEL1, scaling=s) for s in ("auto", "db", "intensity"))],
    ids=["optical", "radar", "radar in dB", "radar's power"],
)
def test_what_was_measured_is_what_the_tile_of_numbers_says(tmp_path, profile, dtype, options):
    rng = np.random.default_rng(3)
    data = rng.integers(1, 250, (2, 60, 80)).astype(dtype)
    data[0][rng.random((60, 80)) < 0.1] = 7
    data[:, :, :15] = 0
    data[1, 40:50, 30:60] = 0
    if dtype == "float32":
        data[0, 20:24], data[1, 30:33] = np.nan, np.inf
        data[1, 35:37] = 3e38  # whose square, or power of ten, overflows 32 bits
    scene = open_scene(write(tmp_path / "a_20240307.tif", data, **DEGREES, **profile), options)
    for window in (Window(0, 0, 60, 80), Window(25, 10, 20, 33)):
        np.testing.assert_array_equal(measured(scene, window), scene.read(window).valid)
