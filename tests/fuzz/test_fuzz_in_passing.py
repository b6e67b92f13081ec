"""Thousands of damaged images, decoded as they are read: each ends as it does when it is decoded in advance."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pytest

from pipeline.errors import ConfigError, InputError
from pipeline.ingest import in_passing
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene, with_decoding_doubt
from pipeline.types import Sensor, Window
from tests.cases.desk import radar
from tests.fuzz.mutants import mutants
from tests.fuzz.test_fuzz import SIDE, one_line, sizes, told

PROFILES = {
    "plain": {},
    "deflate": {"compress": "deflate", "predictor": 2},
    "lzw, tiled": {"compress": "lzw", "tiled": True, "blockxsize": 32, "blockysize": 32, "interleave": "band"},
}
ROWS = 24  # of a window that is read: strips and tiles end elsewhere


def outcome(image, *, all_read):
    """Whether it was decoded as it was read; shape, pixels and doubts, or the refusal."""
    options = OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10.0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of arithmetic on absurd georeferences
            scene = open_scene(image, options, all_read=all_read)
            passing = isinstance(scene.read.stored.raster, in_passing.PassingRaster)
            rows, cols = scene.shape
            windows = [Window(row, 0, min(ROWS, rows - row), cols) for row in range(0, rows, ROWS)]
            pixels = [scene.read(window).data.tobytes() for window in windows]
            return passing, (scene.shape, pixels, with_decoding_doubt(scene).degraded)
    except (InputError, ConfigError) as error:
        return False, one_line(error).partition(" (")[0]  # in brackets GDAL's own words: of the block that it met first


@sizes
@pytest.mark.parametrize("profile", PROFILES)
def test_an_image_decoded_as_it_is_read_ends_as_one_decoded_in_advance(tmp_path, monkeypatch, profile, count):
    monkeypatch.setattr(in_passing, "MIN_PX", 0)
    monkeypatch.setattr(in_passing, "STRIP_ROWS", 16)
    numbers = np.random.default_rng(1).integers(1, 500, (2, SIDE, SIDE)).astype(np.uint16)
    good, bad = radar(tmp_path / "good.tif", numbers, **PROFILES[profile]), tmp_path / "bad.tif"
    outcomes = Counter()
    for kind, raw in mutants(good.read_bytes(), count, seed=list(PROFILES).index(profile)):
        bad.write_bytes(raw)
        passing, now = outcome(bad, all_read=True)
        _, before = outcome(bad, all_read=False)
        outcomes["refused" if isinstance(now, str) else "in passing" if passing else "in advance"] += 1
        assert now == before, kind
    assert outcomes["in passing"] > 0
    told(f"image as it is read, {profile}", count, outcomes)
