"""How much of a place a scene shows: what was measured there, by the pixels that were written."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.ingest.coverage import aoi_coverage
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.scenes import open_scene
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
