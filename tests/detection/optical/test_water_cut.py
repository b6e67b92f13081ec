"""Limit of water: from infrared alone, or the water index where short-wave infrared cannot tell forest from water."""

import numpy as np
import pytest

from pipeline.detection.optical.water import estimate_levels
from pipeline.detection.optical.water_cut import infrared_cut
from pipeline.types import Radiometry

N = 20_000


def a_coast(forest_share, seed=0):
    """Reflectances of water, forest and roofs, green and both infrareds, shapes (n,), and which are water.

    Usual spectra: water dark in all infrared, forest bright in the near and darker than roofs in the short-wave
    infrared.
    """
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, N, p=[0.2, forest_share, 0.8 - forest_share])
    green, near, short = (
        np.array(levels)[kind] * rng.normal(1, 0.15, N).clip(0.4)
        for levels in ((0.06, 0.04, 0.16), (0.03, 0.30, 0.22), (0.02, 0.12, 0.30))
    )
    return {"B03": green, "B08": near, "B11": short}, kind == 0


def wrong(bands, names, wet):
    values = np.array([bands[name] for name in names])
    cut, _ = infrared_cut(values, names, names[-1])
    return np.mean((bands[names[-1]] <= cut) != wet)


@pytest.mark.parametrize("forest_share", [0.1, 0.3, 0.5, 0.7])
def test_forest_is_no_water_in_short_wave_infrared_beside_green(forest_share):
    bands, wet = a_coast(forest_share)
    assert wrong(bands, ("B03", "B11"), wet) < 0.03


def test_without_green_forest_beside_roofs_is_taken_for_water_and_the_index_is_why_it_is_not():
    bands, wet = a_coast(0.4)
    assert wrong(bands, ("B11",), wet) > 0.3


def test_near_infrared_is_cut_by_itself():
    bands, wet = a_coast(0.4)
    alone = infrared_cut(np.array([bands["B08"]]), ("B08",), "B08")
    assert infrared_cut(np.array([bands["B03"], bands["B08"]]), ("B03", "B08"), "B08") == alone
    assert wrong(bands, ("B03", "B08"), wet) < 0.02


def test_gain_of_all_bands_moves_the_cut_and_nothing_else():
    bands, wet = a_coast(0.4)
    brighter = {name: 3 * light for name, light in bands.items()}
    assert wrong(brighter, ("B03", "B11"), wet) == pytest.approx(wrong(bands, ("B03", "B11"), wet), abs=1e-3)


def test_land_of_a_green_coast_is_as_bright_as_it_is():
    """With forest counted as water its spread would pass for noise, and land would be at 1.0 instead of 0.2."""
    bands, wet = a_coast(0.4)
    levels = estimate_levels(np.array([bands["B03"], bands["B11"]]), ("B03", "B11"), Radiometry.REFLECTANCE)
    assert levels.land[1] == pytest.approx(np.median(bands["B11"][~wet]), rel=0.05)
    assert levels.water[1] == pytest.approx(np.median(bands["B11"][wet]), rel=0.05)


SEAS = {
    "Gaussian": lambda rng: 0.03 + 0.004 * rng.normal(size=N),
    "skewed by glint": lambda rng: rng.gamma(16, 0.002, N),
    "log-normal, 1.0": lambda rng: 0.02 * np.exp(rng.normal(0, 1.0, N)),
    "log-normal, 1.3": lambda rng: 0.02 * np.exp(rng.normal(0, 1.3, N)),
    "gamma of half a look": lambda rng: rng.gamma(0.5, 0.04, N),
    "K, one look": lambda rng: 0.02 * rng.gamma(1.5, 1 / 1.5, N) * rng.gamma(1.0, 1.0, N),
    "with ships": lambda rng: np.r_[0.03 + 0.004 * rng.normal(size=N), np.full(N // 500, 0.2)],
}


@pytest.mark.parametrize("sea", SEAS)
def test_a_sea_without_land_is_one_surface(sea):
    """Otsu splits any data, a Gaussian with a separation of 2/pi: the darker half must not pass for the water and its
    spread for the water's, or thousands of waves would stand out as objects."""
    light = SEAS[sea](np.random.default_rng(0))
    levels = estimate_levels(light[None].astype(np.float32), ("N",), Radiometry.REFLECTANCE)
    assert not levels.has_land
    assert levels.has_water
    assert levels.water[0] == pytest.approx(np.median(light), rel=1e-3)
    assert levels.noise[0] == pytest.approx(1.4826 * np.median(np.abs(light - np.median(light))), rel=0.02)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.7])
def test_dim_land_is_parted_from_a_rough_sea_by_the_valley_between_them(share):
    """Land lies eight of the water's spreads above it, as close as the two halves of a skewed sea."""
    rng = np.random.default_rng(0)
    dry = round(share * N)
    light = np.r_[rng.normal(0.04, 0.01, N - dry), rng.normal(0.115, 0.02, dry).clip(0.01)]
    levels = estimate_levels(light[None].astype(np.float32), ("N",), Radiometry.REFLECTANCE)
    assert levels.has_land
    assert levels.water[0] == pytest.approx(0.04, rel=0.1)
    assert levels.land[0] == pytest.approx(0.115, rel=0.1)


def test_cloud_over_all_of_an_image_is_no_water():
    cloud = np.random.default_rng(0).normal(0.4, 0.02, (1, N)).astype(np.float32)
    assert not estimate_levels(cloud, ("N",), Radiometry.REFLECTANCE).has_water
