"""Water where radar shows too few small tankers counts as partly seen; water without sea around it as unseen."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.radar import blind
from pipeline.detection.radar.survey import survey_scene
from pipeline.types import Radiometry, Window
from tests.builders import array_scene, box_zone, place_of

SIDE, LOOKS, CONFIG = 320, 4.4, DetectionConfig()
# A pixel of pure speckle exceeds its mean by this much once in a million: 7 dB
LIMIT_DB = 10 * np.log10(special.gammainccinv(LOOKS, CONFIG.radar.false_alarm_rate) / LOOKS)


def sea(mean_db, bands=("VV",), **more):
    rng = np.random.default_rng(3)
    mean = np.broadcast_to(10 ** (np.asarray(mean_db) / 10), (SIDE, SIDE))
    return array_scene({b: mean * rng.gamma(LOOKS, 1 / LOOKS, (SIDE, SIDE)) for b in bands}, **more)


def share_shown(scene):
    scene, known = survey_scene(scene, CONFIG)
    return blind.seen_weight(scene, known, CONFIG)(Window(0, 0, SIDE, SIDE)).mean()


@pytest.mark.parametrize(("band", "fainter_db"), [("VV", 0.0), ("VH", 9.0)])
def test_a_sea_is_seen_while_nine_tankers_of_ten_exceed_its_speckle(band, fainter_db):
    """For a sea without texture the limit is the quantile of a gamma law."""
    even = blind.FAINT_TANKER_DB - fainter_db - LIMIT_DB
    assert share_shown(sea(even - 1.5, (band,))) == 1
    assert share_shown(sea(even + 1.5, (band,))) == blind.FAINT_WEIGHT


def test_bright_interference_hides_and_the_sea_beside_it_does_not():
    band = np.where(np.arange(SIDE)[:, None] < SIDE // 2, -11.0, -1.0)
    scene, known = survey_scene(sea(band), CONFIG)
    shown = blind.seen_weight(scene, known, CONFIG)(Window(0, 0, SIDE, SIDE))
    assert (shown[:100] == 1).all()
    assert (shown[220:] == blind.FAINT_WEIGHT).all()


def test_power_of_unknown_gain_is_not_held_against_calibrated_ships():
    assert share_shown(sea(30.0, radiometry=Radiometry.POWER)) == 1


def test_a_ship_hides_no_water_around_her():
    """Else looks without ships would count as seen more often than looks with ships."""
    scene = sea(blind.FAINT_TANKER_DB - LIMIT_DB - 1.5)
    ship = np.zeros((SIDE, SIDE), bool)
    ship[140:144, 140:165] = True
    data = scene.read(Window(0, 0, SIDE, SIDE)).data[0]
    occupied = array_scene({"VV": np.where(ship, 100.0, data)})
    assert share_shown(occupied) == share_shown(scene) == 1


def test_a_zone_without_sea_around_is_not_seen():
    """A pond of 60 m amid land, and open water 2 km from it."""
    water = np.zeros((SIDE, SIDE), bool)
    water[150:156, 20:26] = True
    water[:, 220:] = True
    scene = sea(-15.0, water=water)
    corners = {"pond": (20, 150, 26, 156), "roads": (240, 100, 300, 200)}
    zones = []
    for name, (c0, r0, c1, r1) in corners.items():
        (west, east), (north, south) = scene.geolocation.lonlat(np.array([r0, r1 - 1]), np.array([c0, c1 - 1]))
        zones.append(box_zone(name, west, south, east, north))
    diagnostics = detect(scene, place=place_of(*zones), config=CONFIG)[1]
    assert diagnostics["zone_covered"] == {"pond": 0.0, "roads": 1.0}
    assert {row["verdict"] for row in diagnostics["berths"] if row["zone_id"] == "pond"} == {"unknown"}


def test_a_zone_on_land_that_only_the_picture_shows_is_not_seen():
    """Nothing is searched for there, so a berth in it is unknown, not empty; with a map its water would be searched."""
    rng = np.random.default_rng(4)
    uneven_db = 12.0 + np.kron(rng.normal(0.0, 2.5, (20, 45)), np.ones((16, 16)))
    mean_db = -20.0 + np.where(np.arange(720) < 600, 0.0, uneven_db)
    scene = array_scene({"VV": 10 ** (mean_db / 10) * rng.gamma(LOOKS, 1 / LOOKS, mean_db.shape)})
    corners = {"quay": (600, 100, 616, 140), "roads": (60, 100, 120, 200)}
    zones = []
    for name, (c0, r0, c1, r1) in corners.items():
        (west, east), (north, south) = scene.geolocation.lonlat(np.array([r0, r1 - 1]), np.array([c0, c1 - 1]))
        zones.append(box_zone(name, west, south, east, north))
    diagnostics = detect(scene, place=place_of(*zones), config=CONFIG)[1]
    assert any("land found in the image" in note for note in diagnostics["notes"])
    assert diagnostics["zone_covered"] == {"quay": 0.0, "roads": 1.0}
    assert {row["verdict"] for row in diagnostics["berths"] if row["zone_id"] == "quay"} <= {"unknown", "occupied"}


def test_a_picture_without_water_shows_no_zone():
    scene = sea(-15.0, water=np.zeros((SIDE, SIDE), bool))
    (west, east), (north, south) = scene.geolocation.lonlat(np.array([50, 150]), np.array([50, 150]))
    diagnostics = detect(scene, place=place_of(box_zone("berth", west, south, east, north)), config=CONFIG)[1]
    assert diagnostics["zone_covered"] == {"berth": 0.0}


def test_a_canal_holds_sea_enough_to_judge_its_ships_by():
    """50 m wide: 400 pixels of water in the ring around a ship."""
    water = np.zeros((SIDE, SIDE), bool)
    water[158:163] = True
    scene, known = survey_scene(sea(-15.0, water=water), CONFIG)
    assert blind.seen_weight(scene, known, CONFIG)(Window(158, 100, 5, 120)).min() == 1


def blocks_of(levels, unknown=0.0):
    """A survey with only the blocks' brightest levels, in open water; for a share of blocks no sea is known around."""
    blocks = SimpleNamespace(brightest_any=np.array(levels), count=np.ones(len(levels), int))
    log_mean = np.where(np.arange(len(levels)) < unknown * len(levels), np.nan, 0.0)
    return SimpleNamespace(
        blocks=blocks, land=np.zeros(len(levels), bool), clutter=SimpleNamespace(log_mean=log_mean), weights=None
    )


@pytest.mark.parametrize(("at_top", "below", "cut"), [(6, 2, True), (4, 1, False), (6, 3, False), (60, 40, False)])
def test_numbers_were_cut_off_where_many_blocks_end_at_one(at_top, below, cut):
    """In a thinning tail few blocks end at the last level; clipped power lies within a level of the top."""
    ln_power = np.log(50.0)
    top = int(ln_power // blind.LN_STEP)
    found = blind.clipping_level_ln(blocks_of([top] * at_top + [top - 1] * below + [top - 5] * 100))
    assert (found is not None) == cut
    assert not cut or ln_power <= found <= ln_power + blind.LN_STEP


@pytest.mark.parametrize(("unknown", "share"), [(1.0, 1.0), (0.5, 0.0)])
def test_a_picture_is_blind_where_hardly_any_of_its_water_has_a_sea_around(unknown, share):
    blind_share, why = blind.blind_share(blocks_of(range(100), unknown), CONFIG)
    assert (blind_share, len(why)) == (share, int(share > 0))
