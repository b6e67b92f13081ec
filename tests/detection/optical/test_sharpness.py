"""Edge sharpness: a soft edge is a shred of cloud, whatever its shape; an edge as sharp as the sensor's is a hull."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, special

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.outline import fit_hull
from pipeline.detection.optical.sharpness import side_sharpness
from pipeline.types import Radiometry, Sensor
from tests.builders import array_scene, box_zone, place_of
from tests.detection.optical.hulls import mask_of, painted

SHAPE, CENTRE, SIZE = (160, 160), (80.0, 80.0), (150.0, 24.0)


def sharpness(blur_px: float, heading_deg: float = 35.0, gain: float = 1.0) -> float:
    light = 1 + gain * ndimage.gaussian_filter(2.0 * mask_of(SHAPE, CENTRE, *SIZE, heading_deg, 1.0), blur_px)
    angle = np.radians(heading_deg)
    frame = HullFrame(CENTRE, (-np.cos(angle), np.sin(angle)), (1.0, 1.0))
    hull = fit_hull(light, (light > 1 + gain).astype(np.float32), frame, 148.0, 25.0, (0, 0))
    assert hull is not None
    return side_sharpness(light.astype(np.float32), np.ones(SHAPE, bool), hull, (0, 0))


@pytest.mark.parametrize("blur_px", [0.6, 1.0, 2.0, 3.0])
def test_a_blurred_step_is_as_sharp_as_theory_says(blur_px):
    """Through a Gaussian a step changes by erf(1 / (2 sqrt(2) s)) over one pixel, and by erf(3 / (sqrt(2) s)) within
    three to each side; pixels and interpolation add some 0.4 pixels of blur."""
    wide = np.hypot(blur_px, 0.4)
    seen = special.erf(3 / (np.sqrt(2) * wide))
    assert sharpness(blur_px) == pytest.approx(special.erf(1 / (2 * np.sqrt(2) * wide)) / seen, abs=0.03)


def test_it_depends_neither_on_brightness_nor_on_direction():
    usual = sharpness(0.8)
    assert sharpness(0.8, gain=0.1) == pytest.approx(usual, abs=0.01)
    assert [sharpness(0.8, heading_deg=h) for h in (0.0, 60.0, 100.0, 135.0)] == pytest.approx([usual] * 4, abs=0.06)


def rag(blur_px: float):
    """A scene with a hull-shaped object, and a place with a zone around it and one elsewhere."""
    shape = mask_of((400, 400), (150.0, 150.0), 180.0, 30.0, 40.0, 3.0)
    veil = 0.25 * ndimage.gaussian_filter(shape, blur_px)
    rng = np.random.default_rng(2)
    bands = {
        b: level + veil + rng.normal(0, 0.001, veil.shape)
        for b, level in zip("BGRN", (0.07, 0.06, 0.04, 0.02), strict=True)
    }
    scene = array_scene(bands, sensor=Sensor.OPTICAL, radiometry=Radiometry.REFLECTANCE, spacing_m=3.0)
    lon, lat = scene.geolocation.lonlat(np.array([145, 155, 330, 370]), np.array([145, 155, 330, 370]))
    return scene, place_of(
        box_zone("under", lon[0], lat[1], lon[1], lat[0]), box_zone("apart", lon[2], lat[3], lon[3], lat[2])
    )


def test_a_rag_of_cloud_of_a_hulls_shape_is_flagged_and_what_lies_under_it_is_unknown():
    scene, place = rag(3.0)
    table, diagnostics = detect(scene, place=place, config=DetectionConfig())
    assert not table["accepted"].any()
    assert any("cloud" in flags for flags in table["flags"])
    assert diagnostics["zone_covered"]["under"] < 0.2
    assert diagnostics["zone_covered"]["apart"] == 1.0


def test_the_same_thing_with_sharp_edges_is_a_ship_and_hides_nothing():
    scene, place = rag(0.6)
    table, diagnostics = detect(scene, place=place, config=DetectionConfig())
    assert list(table["accepted"]) == [True]
    assert diagnostics["zone_covered"] == {"under": 1.0, "apart": 1.0}


def test_the_edge_of_a_pier_makes_no_ship_of_the_cloud_that_lies_on_it():
    """One long side of a cloud shred is cut by a mapped pier, so only the other side can show it to be a hull."""
    shape = mask_of((400, 400), (150.0, 150.0), 180.0, 30.0, 0.0, 3.0)
    veil = 0.25 * ndimage.gaussian_filter(shape, 3.0)
    veil[:, 150:] = 0.02
    water = np.ones((400, 400), bool)
    water[:, 150:160] = False
    rng = np.random.default_rng(2)
    image = 0.06 + veil + rng.normal(0, 0.001, veil.shape)
    scene = array_scene(
        {"pan": image}, sensor=Sensor.OPTICAL, radiometry=Radiometry.REFLECTANCE, spacing_m=3.0, water=water
    )
    table, _ = detect(scene, config=DetectionConfig())
    assert not table["accepted"].any()
    assert any("cloud" in flags for flags in table["flags"])


@pytest.mark.parametrize("blur_px", [0.45, 0.75, 1.0])
def test_sensors_that_blur_more_than_most_still_see_ships(blur_px):
    """The pixel itself and resampling of a product to 3 m blur by up to about a pixel."""
    ships = [(100, 120, 98, 16, 35), (260, 300, 180, 28, 100), (320, 90, 60, 11, 350)]
    table, _ = detect(painted(ships, blur_px=blur_px), config=DetectionConfig())
    assert table["accepted"].sum() == 3
