"""Ships and sea near a step in sea brightness are judged by their own water, not by a ring that mixes both."""

import numpy as np
import pytest
from scipy import stats

from pipeline.config import DetectionConfig
from pipeline.detection.radar import objects, two_waters
from pipeline.detection.radar.blocks import LN_STEP
from pipeline.detection.radar.survey import Survey, survey_scene
from pipeline.types import Window
from tests.builders import array_scene

SIDE, STEP = 480, 240  # pixels; a block has 8 of them a side
FAR, NEAR = np.s_[20:40, 5:15], np.s_[20:40, 22:27]  # blocks of the dark water, 1 km and 250 to 600 m from the step


def survey_of_sea(gain: np.ndarray) -> Survey:
    """Survey of a sea of 4.4 looks with this mean."""
    mean = 0.02 * np.broadcast_to(gain, (SIDE, SIDE))
    image = mean * np.random.default_rng(4).gamma(4.4, 1 / 4.4, (SIDE, SIDE))
    survey = survey_scene(array_scene({"VV": image}), DetectionConfig())[1]
    assert survey is not None
    return survey


def limit_db(survey: Survey) -> np.ndarray:
    """Power that a pixel of each block must exceed not to be sea."""
    sea = survey.clutter.log_mean + np.log(objects.sea_limit(survey, DetectionConfig()))
    return 10 / np.log(10) * sea


@pytest.mark.parametrize("step_db", [5.0, 7.0, 10.0])
def test_a_ship_beside_a_step_must_stand_out_as_far_as_in_the_plain_sea(step_db):
    """With a ring of both waters it would need 5 to 12 dB more."""
    limit = limit_db(survey_of_sea(np.where(np.arange(SIDE) < STEP, 1.0, 10 ** (step_db / 10))))
    assert np.abs(limit[NEAR] - np.median(limit[FAR])).max() < 1.0


def test_a_band_of_interference_is_judged_by_itself():
    rows = np.abs(np.arange(SIDE) - SIDE / 2)[:, None]
    limit = limit_db(survey_of_sea(np.where(rows < 40, 10**0.7, 1.0)))  # 800 m wide
    assert np.median(limit[29:31, 10:50]) - np.median(limit[5:15, 10:50]) == pytest.approx(7.0, abs=1.0)


def test_the_last_blocks_before_a_brighter_sea_are_judged_by_it():
    """The step may run through them."""
    limit = limit_db(survey_of_sea(np.where(np.arange(SIDE) < STEP + 3, 1.0, 10**0.7)))
    assert np.abs(limit[20:40, 29] - np.median(limit[20:40, 50:58])).max() < 1.0


@pytest.mark.parametrize("gain", [1.0, np.geomspace(1.0, 20.0, SIDE)], ids=["plain", "ramp"])
def test_a_sea_without_a_step_keeps_the_clutter_of_its_ring(gain, monkeypatch):
    survey = survey_of_sea(gain)
    monkeypatch.setattr(two_waters, "resolve_mixed_rings", lambda _blocks, clutter, *_rest, **_more: clutter)
    plain = survey_of_sea(gain)
    np.testing.assert_array_equal(survey.clutter.log_mean, plain.clutter.log_mean)
    np.testing.assert_array_equal(survey.clutter.log_variance, plain.clutter.log_variance)


def test_no_more_of_the_sea_beside_a_step_passes_than_is_stated():
    """Of 270,000 pixels within 700 m of a step, 27 may at a rate of 1e-4."""
    mean = 0.02 * np.where(np.arange(SIDE) < STEP, 1.0, 10**0.7)
    config = DetectionConfig.model_validate({"radar": {"false_alarm_rate": 1e-4}})
    passed = 0
    for seed in range(4):
        image = mean * np.random.default_rng(seed).gamma(4.4, 1 / 4.4, (SIDE, SIDE))
        scene, survey = survey_scene(array_scene({"VV": image}), config)
        assert survey is not None
        view = objects.view_pixels(scene, survey, config, Window(0, 0, SIDE, SIDE))
        passed += int(view.seeds[:, STEP - 70 : STEP + 70].sum())
    expected = 4 * SIDE * 140 * 1e-4
    assert passed < 2 * expected


@pytest.mark.parametrize("spread", [0.5, 3.0])
@pytest.mark.parametrize("law", [stats.norm(0, 1), stats.uniform(0, 3.46)], ids=["normal", "ramp"])
def test_one_law_is_not_taken_for_two_waters(law, spread):
    """The halves of a normal law are 2.7 of their own spreads apart, those of a uniform law 3.5."""
    assert np.isnan(two_waters._separating_level(spread * law.ppf((np.arange(280) + 0.5) / 280)))


@pytest.mark.parametrize("share", [0.07, 0.5, 0.93])
@pytest.mark.parametrize("apart", [0.9, 3.0])
def test_between_two_waters_lies_the_middle_of_their_levels(apart, share):
    """Of 280 blocks of 64 speckle pixels, even if one water has few; fewer than a twentieth are taken for ships."""
    levels = np.random.default_rng(0).normal(0, 0.07, 280)
    levels[: round(280 * share)] += apart
    assert two_waters._separating_level(levels) == pytest.approx(apart / 2, abs=0.05)
    levels[12:] = np.random.default_rng(1).normal(0, 0.07, 268)
    assert np.isnan(two_waters._separating_level(levels))


@pytest.mark.parametrize("at", [(20, 20), (2, 37), (0, 0)])
def test_the_two_waters_are_sought_in_the_same_ring_as_the_clutter(at):
    """Between two rectangles around a block, within the picture and on sea; with numpy."""
    rng = np.random.default_rng(3)
    count, log_sum = rng.integers(1, 65, (2, 40, 38)).astype(np.int32)
    sea = rng.random(count.shape) > 0.2
    level, where = np.empty(25 * 19), np.empty((2, 25 * 19), np.int64)
    n = two_waters._ring_levels(*at, count, log_sum, sea, (3, 5), (12, 9), level, where)
    rows, cols = np.indices(count.shape)
    r, c = np.abs(rows - at[0]), np.abs(cols - at[1])
    ring = sea & (r <= 12) & (c <= 9) & ~((r <= 3) & (c <= 5))
    assert set(zip(*where[:, :n].tolist(), strict=True)) == set(
        zip(*(v.tolist() for v in np.nonzero(ring)), strict=True)
    )
    np.testing.assert_allclose(level[:n], (log_sum / count * LN_STEP)[ring])
