"""Thousands of damaged JPEG2000 images: what is kept unpacked is what each decodes to, or the same refusal."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.rasters import open_raster
from pipeline.ingest.unpacked import UnpackedRaster, open_unpacked
from pipeline.types import Window
from tests.fuzz.mutants import mutants
from tests.fuzz.test_fuzz import one_line, sizes, told
from tests.ingest.test_rasters import write
from tests.ingest.test_unpacked import LOSSLESS, SHAPE, numbers

WINDOWS = [Window(row, col, 50, 65) for row in range(0, SHAPE[0], 50) for col in (0, 65)]  # its own tiles have 64


def outcome(openly, image):
    """What is read in windows, and what is doubtful; or the refusal, without GDAL's own words in brackets."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of absurd georeferences
            raster = openly(image)
            if raster.shape != SHAPE:
                return raster, (raster.shape,)
            return raster, ([raster.read(window).tobytes() for window in WINDOWS], raster.doubt)
    except InputError as error:
        return None, one_line(error).partition(" (")[0]


@sizes
def test_a_damaged_image_that_is_kept_unpacked_ends_as_one_that_is_not(tmp_path, count):
    good, bad = write(tmp_path / "good.jp2", numbers(2, np.uint16), **LOSSLESS), tmp_path / "bad.jp2"
    outcomes = Counter()
    for kind, raw in mutants(good.read_bytes(), count, seed=7):
        bad.write_bytes(raw)
        raster, now = outcome(open_unpacked, bad)
        _, before = outcome(open_raster, bad)
        outcomes["refused" if raster is None else "kept" if isinstance(raster, UnpackedRaster) else "as ever"] += 1
        assert now == before, kind
    assert outcomes["kept"] > 0
    told("JPEG2000 kept unpacked", count, outcomes)
