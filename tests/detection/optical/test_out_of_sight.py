"""Parts of a zone's water that the search leaves out are unseen; clear water beside them was seen."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detection import detect
from pipeline.types import Radiometry, Sensor
from tests.builders import array_scene, box_zone, place_of

SPACING_M, SHAPE = 3.0, (200, 200)
WATER, SILT, SOIL = (0.09, 0.07, 0.04, 0.015), (0.12, 0.14, 0.11, 0.045), (0.10, 0.12, 0.15, 0.25)  # blue to infrared
ROW, COL = np.mgrid[: SHAPE[0], : SHAPE[1]]
WEST, MIDDLE, EAST = (20, 75), (70, 130), (125, 180)  # columns of the zones


def picture(*, silt=False, land=False, ship=None, extra=0.0, water=None, radiometry=Radiometry.REFLECTANCE, gain=1.0):
    """Clear water, with silt or rough ground where masks say so, and a hull of 93 by 15 m around a pixel."""
    rough = np.kron(np.random.default_rng(1).uniform(0.6, 1.4, (25, 25)), np.ones((8, 8)))
    shape = np.zeros(SHAPE, bool)
    image = np.tile(np.array(WATER)[:, None, None], (1, *SHAPE))
    image = np.where(shape | silt, np.array(SILT)[:, None, None], image)
    image = np.where(shape | land, np.array(SOIL)[:, None, None] * rough, image)
    if ship is not None:
        hull = (np.abs(ROW - ship[0]) < 16) & (np.abs(COL - ship[1]) < 3)
        image = np.where(hull, 0.2, image)
    image = image + extra + np.random.default_rng(2).normal(0, 0.0015, image.shape)
    return array_scene(
        dict(zip("BGRN", gain * image, strict=True)),
        sensor=Sensor.OPTICAL, radiometry=radiometry, spacing_m=SPACING_M, water=water,
    )  # fmt: skip


def covered(scene, *, cols):
    """Seen share of a zone with these columns and rows 60 to 140."""
    (lon0, lon1), (lat0, lat1) = scene.geolocation.lonlat(np.array([60.0, 140.0]), np.array(cols, float))
    zone = box_zone("quay", min(lon0, lon1), min(lat0, lat1), max(lon0, lon1), max(lat0, lat1))
    found, diagnostics = detect(scene, place=place_of(zone))
    return diagnostics["zone_covered"]["quay"], int(found["accepted"].sum())


def test_a_plume_of_silt_that_passes_for_land_hides_the_ship_in_it():
    """Too wide for a hull, and bright: it is not searched, even though the ship is four times as bright."""
    scene = picture(silt=COL > 100, ship=(100, 150))
    share, ships = covered(scene, cols=EAST)
    assert (ships, share) == (0, pytest.approx(0.0, abs=0.1))
    assert covered(scene, cols=WEST)[0] == pytest.approx(1.0, abs=0.01)


def test_what_a_map_calls_water_and_looks_like_land_hides_a_zone():
    """A bank 135 m across: neither a hull nor a cloud."""
    scene = picture(land=(COL < 10) | ((COL > 140) & (COL < 185)), water=COL >= 10)
    assert covered(scene, cols=EAST)[0] == pytest.approx(15 / 55, abs=0.03)
    assert covered(scene, cols=WEST)[0] == pytest.approx(1.0, abs=0.01)


def test_a_plume_narrower_than_land_hides_nothing():
    """60 m of it, narrow enough for a hull."""
    assert covered(picture(silt=(COL > 140) & (COL < 160)), cols=EAST)[0] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(("radiometry", "gain"), [(Radiometry.REFLECTANCE, 1.0), (Radiometry.RELATIVE, 900.0)])
@pytest.mark.parametrize(("coast", "seen"), [(115, 1.0), (85, 0.25)], ids=["a strip of quay", "mostly"])
def test_without_a_map_a_zone_over_a_strip_of_quay_is_seen_and_one_mostly_over_it_is_not(coast, seen, radiometry, gain):
    """Zones are water; if most of one looks like land, something hides it."""
    scene = picture(land=coast < COL, ship=(100, 78), radiometry=radiometry, gain=gain)
    assert covered(scene, cols=MIDDLE)[0] == pytest.approx(seen, abs=0.05)


def test_where_somebody_said_that_there_is_no_land_a_strip_of_it_hides_water():
    scene = picture(land=COL > 115)
    scene.tags["land"] = "none"
    assert covered(scene, cols=MIDDLE)[0] == pytest.approx(0.75, abs=0.05)


def glint(strength):
    """Wave facets: pixel noise with a long bright tail."""
    return strength * np.random.default_rng(5).gamma(1.5, 1 / 1.5, SHAPE)


@pytest.mark.parametrize("land", [False, COL < 100], ids=["open sea", "beside land"])
def test_where_glint_would_hide_a_dull_deck_a_zone_is_not_seen(land):
    """Without land, contrast is measured in units of noise, so no object seems to need much of it."""
    still, shining = (picture(land=land, ship=(100, 150), extra=glint(a)) for a in (0.004, 0.08))
    assert covered(still, cols=EAST) == (pytest.approx(1.0, abs=0.01), 1)
    assert covered(shining, cols=EAST)[0] == 0.0
