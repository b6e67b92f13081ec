"""Bright concrete on a map's land hides no water beside it; a cloud over land and water hides all below it."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.optical.first_look import take_first_look
from pipeline.types import Radiometry, Sensor, Window
from tests.builders import array_scene

SPACING_M = 2.0
SHAPE = (600, 500)
COAST = 200  # land is what lies west of this column
WATER = (0.07, 0.06, 0.04, 0.02)
SOIL = (0.08, 0.10, 0.12, 0.25)
ROW, COL = np.mgrid[: SHAPE[0], : SHAPE[1]]
NOWHERE = np.zeros(SHAPE, bool)


def harbour(*, concrete=NOWHERE, cloud=NOWHERE, ship=NOWHERE, map_off_m=None, spacing_m=SPACING_M, light=0.55):
    """Dull land in the west with concrete on it, water in the east, clouds over both; ``map_off_m``: how far out to
    sea the map's coast is, None for no map."""
    image = np.where(COL < COAST, np.array(SOIL)[:, None, None], np.array(WATER)[:, None, None])
    image = np.where(concrete & (COL < COAST), 0.33, image)
    image = np.where(ship, 0.15, image)
    image = np.where(cloud, light, image) + np.random.default_rng(3).normal(0, 0.004, image.shape)
    water = None if map_off_m is None else COAST + map_off_m / spacing_m <= COL
    bands = dict(zip("BGRN", image, strict=True))
    return array_scene(
        bands, sensor=Sensor.OPTICAL, spacing_m=spacing_m, radiometry=Radiometry.REFLECTANCE, water=water
    )


def hidden(scene, tile_px=2048):
    config = DetectionConfig(tile_px=tile_px)
    clouds = take_first_look(scene, config).corrected_at_coast(scene, config).clouds
    assert clouds is not None
    return clouds.within(Window(0, 0, *scene.shape))


def disc(row, col, radius_m):
    return np.hypot(ROW - row, COL - col) * SPACING_M < radius_m


APRON = (COL >= COAST - 110) & (ROW > 100) & (ROW < 500)  # 800 m by 220 m along the coast


@pytest.mark.parametrize("map_off_m", [0.0, 6.0, -6.0, 20.0, -20.0])
def test_an_apron_on_the_maps_land_hides_no_water(map_off_m):
    """Except the 8 m cells that contain some of the concrete."""
    shaded = hidden(harbour(concrete=APRON, map_off_m=map_off_m))
    assert not shaded[:, COAST + 4 :].any()


def test_without_a_map_it_may_be_a_cloud():
    assert hidden(harbour(concrete=APRON))[300, COAST + 4 : COAST + 7].all()


@pytest.mark.parametrize("shift_m", [-60.0, 0.0, 60.0, 150.0])
def test_a_cloud_over_land_and_water_hides_the_same_with_a_map_as_without(shift_m):
    cloud = disc(300, COAST + shift_m / SPACING_M, 190.0)
    shaded = hidden(harbour(cloud=cloud, map_off_m=0.0))
    assert (shaded == hidden(harbour(cloud=cloud))).all()
    assert shaded[cloud & (COL >= COAST)].all()


@pytest.mark.parametrize(
    ("light", "is_cloud"), [((0.40, 0.42, 0.44, 0.46), True), ((0.30, 0.40, 0.50, 0.60), False)], ids=["white", "red"]
)
def test_what_is_bright_and_coloured_is_no_cloud(light, is_cloud):
    """Clouds scatter all bands alike; sand and bare soil reflect twice as much red as blue."""
    cloud = disc(300, 350, 190.0)
    shaded = hidden(harbour(cloud=cloud, light=np.array(light)[:, None, None]))
    assert shaded[cloud].all() == is_cloud
    assert is_cloud or not shaded.any()


def test_what_is_bright_and_rough_is_no_cloud():
    """A town: every other block of 16 m is twice as bright as the next."""
    rough = np.where((ROW // 8 + COL // 8) % 2, 0.35, 0.70)
    assert not hidden(harbour(cloud=disc(300, 350, 190.0), light=rough)).any()


def test_a_cloud_that_ends_at_the_coast_in_part_keeps_its_rim_near_its_part_on_water():
    """Over all land, and in the north over the water, too."""
    cloud = (COL < COAST) | (ROW < 150)
    shaded, plain = hidden(harbour(cloud=cloud, map_off_m=0.0)), hidden(harbour(cloud=cloud))
    near = ROW < 150 + 80 / SPACING_M
    assert (shaded == plain)[near].all()
    assert plain[200, COAST + 4 : COAST + 7].all()
    assert shaded[(ROW < 150) & (COL >= COAST)].all()


def test_a_cloud_hides_the_harbour_beside_an_apron():
    cloud = disc(150, COAST + 120, 180.0)
    shaded = hidden(harbour(concrete=APRON, cloud=cloud, map_off_m=0.0))
    assert shaded[cloud & (COL >= COAST)].all()
    assert not shaded[350:, COAST + 4 :].any()


@pytest.mark.parametrize("map_off_m", [None, 0.0])
def test_no_tile_matters(map_off_m):
    """Also if the cloud ends at the coast in part."""
    scene = harbour(concrete=APRON, cloud=disc(100, COAST + 60, 150.0), map_off_m=map_off_m)
    assert (hidden(scene, tile_px=96) == hidden(scene)).all()


def test_a_ship_at_the_apron_is_no_cloud():
    """98 m by 16 m, two metres off concrete that the map shows as land."""
    ship = (np.abs(ROW - 300) < 49) & (COL >= COAST + 2) & (COL < COAST + 18)
    concrete = COL >= COAST - 190
    table, _ = detect(harbour(concrete=concrete, ship=ship, map_off_m=0.0, spacing_m=1.0))
    at = table[np.hypot(table["row"] - 300, table["col"] - COAST - 10) < 10]
    assert at["length_m"].tolist() == pytest.approx([98.0], rel=0.05)
    assert "cloud" not in at["flags"].iloc[0]
    assert at["accepted"].all()


def test_the_share_of_cloud_is_that_of_the_water():
    """One cloud over three tenths of the water, and one over as much of the mapped land."""
    over_water = (COL >= 320) & (ROW >= 150) & (ROW < 450)
    over_land = (COL < COAST - 100) & (ROW >= 100) & (ROW < 500)
    both = detect(harbour(cloud=over_water | over_land, map_off_m=0.0))[1]["cloud_fraction"]
    assert both == detect(harbour(cloud=over_water, map_off_m=0.0))[1]["cloud_fraction"]
    assert both == pytest.approx(over_water.sum() / (COL >= COAST).sum(), rel=0.15)  # plus its rim
