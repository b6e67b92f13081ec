"""Compiled code for brightness relative to local water, against the same formulas on whole arrays."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.optical import water
from pipeline.detection.optical.over_water import BRIGHT, DULL, WET, interpolate_grid
from pipeline.detection.optical.spectral import ScaledView, scaled_bands
from pipeline.detection.optical.water import VISIBLE_WEIGHT, normalise, survey_levels, water_level_at
from pipeline.types import Window
from tests.detection.optical.ten_metre import port
from tests.detection.optical.test_sentinel2 import scene_of

BANDS = {
    "five": ("B02", "B03", "B04", "B08", "B11"),
    "four": ("B02", "B03", "B04", "B08"),
    "swir": ("B03", "B11"),
    "seen": ("B02", "B03", "B04"),
}


@pytest.fixture(scope="module", params=BANDS.values(), ids=BANDS)
def looked_at(request):
    image = {name: port()[name].copy() for name in request.param}
    for band in image.values():
        band[40:60, 30:50] = np.nan
    scene = scene_of(image)
    return scene.read(Window(8, 16, scene.shape[0] - 20, scene.shape[1] - 30)), survey_levels(scene, 1024)


def test_between_blocks_it_is_the_bilinear_interpolation():
    grid = np.random.default_rng(0).normal(size=(4, 6))
    rows, cols = np.linspace(0, 3, 31), np.linspace(0, 5, 43)
    expected = ndimage.map_coordinates(grid, np.meshgrid(rows, cols, indexing="ij"), order=1, mode="nearest")
    assert interpolate_grid(grid, rows, cols) == pytest.approx(expected, abs=1e-6)


def test_normalised_it_is_the_infrared_or_visible_light_at_a_lower_weight(looked_at):
    tile, levels = looked_at
    scaled = {}
    for k, name in enumerate(tile.bands):
        level = water_level_at(tile.window, levels, k)
        gap = np.maximum(levels.land[k] - level, 0.25 * (levels.land[k] - levels.water[k]))
        scaled[name] = np.where(tile.valid, (tile.data[k] - level) / gap, 0)
    seen = [scaled[b] for b in ("B02", "B03", "B04") if b in scaled]
    expected = np.maximum(scaled[levels.infrared], VISIBLE_WEIGHT * np.mean(seen, axis=0))
    normal = normalise(tile, levels)
    assert normal.over == pytest.approx(expected, abs=1e-5)
    assert (normal.over[~tile.valid] == 0).all()


def test_kinds_are_those_of_the_scaled_bands(looked_at):
    tile, levels = looked_at
    scaled, present = scaled_bands(tile, levels)
    over = scaled.max(axis=0)
    infrared = next((scaled[k] for k in (3, 4) if present[k]), over)
    pixel_kinds = ScaledView(tile, levels).pixel_kinds(0.15, 0.35, 0.3)
    wet = (infrared < 0.35) & tile.valid
    assert (((pixel_kinds & BRIGHT) > 0) == ((over > 0.15) & tile.valid)).all()
    assert (((pixel_kinds & WET) > 0) == wet).all()
    assert (((pixel_kinds & DULL) > 0) == (wet & (over <= 0.3))).all()


def test_a_part_of_the_view_is_that_part_of_the_whole(looked_at):
    tile, levels = looked_at
    whole, _ = scaled_bands(tile, levels)
    assert (ScaledView(tile, levels).within(slice(20, 57), slice(3, 90)) == whole[:, 20:57, 3:90]).all()


def test_the_survey_takes_every_nth_pixel_whatever_it_reads_at_once(monkeypatch):
    scene = scene_of(port())
    whole = scene.read(Window(0, 0, *scene.shape))
    monkeypatch.setattr(water, "SURVEY_SAMPLES", scene.shape[0] * scene.shape[1] // 9)
    for tile_px in (64, 100, 4096):
        data, valid, wet, step = water.sample_lattice(scene, tile_px, threads=2)
        assert step == 3
        assert np.array_equal(data, whole.data[:, ::3, ::3])
        assert np.array_equal(valid, whole.valid[::3, ::3])
        assert np.array_equal(wet, whole.water[::3, ::3])
