"""Berth verdicts: occupied, empty, unknown; the change statistic against the law it comes from."""

import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.config import DetectionConfig
from pipeline.detection import detect, occupancy, quayside
from pipeline.types import Sensor
from tests.builders import array_scene, box_zone, place_of
from tests.detection.test_background import CONFIG, SHIP, flat, picture, place, taught  # noqa: F401


def verdict(scene, place):  # noqa: F811
    _, told = detect(scene, place=place, config=CONFIG)
    (row,) = told["berths"]
    return row


def test_an_empty_quay_is_empty_and_a_hull_makes_it_occupied(place):  # noqa: F811
    others = [picture(6 * n) for n in range(8)]
    empty = verdict(flat(place, [picture(60, seed=77), *others]), place)
    taken = verdict(flat(place, [picture(60, [SHIP], seed=77), *others]), place)
    assert (empty["verdict"], empty["n_hulls"]) == ("empty", 0)
    assert (taken["verdict"], taken["n_hulls"]) == ("occupied", 1)
    assert taken["basis"] == "background"
    assert empty["probability"] < 0.1 < 0.95 < taken["probability"]
    assert taken["longest_lo_m"] < 120 < taken["longest_hi_m"]
    assert taken["changed_m"] == pytest.approx(120, abs=70)


def test_a_berth_outside_the_picture_is_unknown(place):  # noqa: F811
    away = box_zone("away", 140.0, 42.0, 140.01, 42.01)
    row = verdict(picture(0), place_of(away, land=place.land, bbox=place.bbox))
    assert (row["verdict"], row["probability"], row["n_hulls"]) == ("unknown", None, 0)


def test_the_statistic_of_unchanged_water_is_that_of_the_law():
    """Twice a log-likelihood ratio is chi-squared: one box of n looks has mean 1/4 a band, since half fall below 1."""
    rng = np.random.default_rng(5)
    looks = occupancy.LOOKS_A_PIXEL
    m, n = 4, 28
    gains = []
    for _ in range(400):
        ratio = rng.gamma(looks, 1 / looks, (1, m, n))
        total = ratio.mean()
        gains.append(looks * m * n * (total - 1 - np.log(total)) if total > 1 else 0.0)
    assert np.mean(gains) == pytest.approx(0.25, abs=0.05)
    statistic, mean, length = occupancy._scan(np.full((1, m, n), 3.0), np.full((1, m, n), looks), 10.0)
    assert statistic == pytest.approx(looks * m * n * (2 - np.log(3)))
    assert (mean, length) == (pytest.approx(3.0), 280.0)


def test_optical_says_empty_only_as_far_as_it_can_see():
    """Nothing found: at 3 m that is an empty berth; at 10 m, where every other ship at a quay is missed, it is open."""
    zone = box_zone("pier", 133.001, 42.745, 133.004, 42.748)
    none = pd.DataFrame({"berth_id": [], "accepted": [], "length_m": [], "detection_id": [], "score": []})
    for spacing, wanted in ((3.0, "empty"), (10.0, "unknown")):
        scene = array_scene({"R": np.ones((400, 400))}, sensor=Sensor.OPTICAL, spacing_m=spacing)
        (row,) = occupancy.verdicts(scene, place_of(zone), none)
        assert row["verdict"] == wanted


def test_what_runs_along_a_quay_is_taken_out_of_one_picture(place):  # noqa: F811
    """A wall of 1 km, a hull of 120 m: the usual power is the wall's, with the ship there or not."""
    berth = place.zones[0]
    wide = place_of(
        box_zone("pier", *shapely.box(*berth.geometry.bounds).buffer(1e-4).bounds), land=place.land, bbox=place.bbox
    )
    for ships in ([], [SHIP]):
        cells, looks = taught(wide, [picture(3, ships)])
        excess = quayside.own_excess(looks[0], cells, wide)
        known = np.isfinite(excess).all(axis=0)
        assert known.any()
        assert not known[~cells.berth].any()
        _, col = picture(3).geolocation.rowcol(cells.lon, cells.lat)
        far = known & (col < 145)
        if far.any():
            assert np.median(excess[:, far]) < 0.02


def test_default_settings_need_no_place():
    scene = array_scene({"VV": np.random.default_rng(1).gamma(4.4, 1 / 4.4, (300, 300))})
    assert detect(scene, config=DetectionConfig())[1]["berths"] == []
