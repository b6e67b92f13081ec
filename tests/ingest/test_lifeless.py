"""Radar images without a picture of the sea are looks that saw nothing."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.ingest.inputs import open_inputs
from tests.builders import place_of
from tests.cases.desk import SHAPE, lonlat, radar, speckle

WEST, NORTH = lonlat(4, 4)
EAST, SOUTH = lonlat(SHAPE[0] - 5, SHAPE[1] - 5)
HERE = place_of(bbox=(WEST, SOUTH, EAST, NORTH))


def row(tmp_path, data):
    """What the scenes table says of a radar image with these pixels."""
    _, table = open_inputs([radar(tmp_path / "x_vv_20240307T092000.tif", data, sidecar=True)], place=HERE)
    return table.iloc[0]


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (np.full(SHAPE, 0.01, np.float32), "one value fills the AOI"),
        (speckle() * np.float32(1e30), "280 dB"),
        (speckle() * np.float32(1e-10), "-120 dB"),
    ],
    ids=["one value", "far too bright", "far too dark"],
)
def test_an_image_without_a_sea_is_not_used(tmp_path, data, cause):
    found = row(tmp_path, data)
    assert found["status"] == "skipped"
    assert cause in found["cause"]


@pytest.mark.parametrize("level_db", [-25, 0, 15])
def test_every_level_of_sea_and_land_is_used(tmp_path, level_db):
    """From a calm sea (-20 dB and 25 below) to a city."""
    found = row(tmp_path, speckle() * np.float32(10 ** (level_db / 10)))
    assert (found["status"], found["cause"]) == ("used", "")


def test_land_of_one_value_beside_the_sea_is_used(tmp_path):
    data = speckle()
    data[:, : SHAPE[1] // 2] = 1e-4
    assert row(tmp_path, data)["status"] == "used"
