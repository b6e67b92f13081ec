"""Calm water with thermal noise subtracted: ships are found and sized as if the noise were still included."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, stats

from pipeline.detection import detect
from pipeline.detection.radar import restored_noise
from pipeline.types import Counts, Radiometry, Window, tiles
from tests.builders import array_scene

LOOKS = 4.4
NOISE = {"VV": 0.8e-3, "VH": 1.6e-3}  # -31 and -28 dB
SHIPS = [(70, 60), (70, 210), (180, 140), (280, 60), (280, 220)]
SIDE = 340


def with_noise(vv, vh, seed=8):
    """Speckle of water plus noise, with ships of 18 x 3 pixels, 10 dB fainter in VH."""
    rng = np.random.default_rng(seed)
    out = {}
    for name, water, ship in (("VV", vv, 0.3), ("VH", vh, 0.03)):
        mean = np.full((SIDE, SIDE), water + NOISE[name])
        for row, col in SHIPS:
            mean[row : row + 3, col : col + 18] += ship
        out[name] = mean * rng.gamma(LOOKS, 1 / LOOKS, mean.shape)
    return out


def taken_off(image):
    return {name: np.maximum(power - NOISE[name], 1e-5) for name, power in image.items()}


def scene_of(image):
    return array_scene(image, tags={"land": "none"})


def at_ships(table):
    table = table[table["accepted"]]
    rows = [table[np.hypot(table["row"] - r - 1, table["col"] - c - 8.5) < 6] for r, c in SHIPS]
    return [float(found["length_m"].iloc[0]) for found in rows if len(found) == 1]


@pytest.mark.parametrize("water_db", [-32, -35, -40])
def test_what_the_noise_hid_is_not_told_by_taking_it_off(water_db):
    vh = 10 ** (water_db / 10)
    image = with_noise(10 * vh, vh)
    kept, off = (at_ships(detect(scene_of(i))[0]) for i in (image, taken_off(image)))
    assert len(kept) == len(off) == len(SHIPS)
    assert np.abs(np.array(off) - kept).max() < 25  # with the bare spread 40 to 80 m too long, or not found


def test_the_sea_is_told_as_bright_as_it_is():
    diagnostics = detect(scene_of(taken_off(with_noise(0.01, 1e-4))))[1]
    assert diagnostics["sea_sigma0_db"] == pytest.approx(-20, abs=0.3)
    far_below = detect(scene_of(taken_off(with_noise(1e-4, 1e-5))))[1]  # sea at an eighth of the noise, and less
    assert far_below["sea_sigma0_db"] == pytest.approx(-40, abs=0.3)


@pytest.mark.parametrize("texture", [None, 10.0, 3.0])
def test_speckle_and_its_texture_get_nothing(texture):
    rng = np.random.default_rng(3)
    coarse = np.ones((40, 40)) if texture is None else rng.gamma(texture, 1 / texture, (40, 40))
    sea = 0.01 * np.kron(coarse, np.ones((8, 8))) * rng.gamma(LOOKS, 1 / LOOKS, (320, 320))
    scene = array_scene({"VV": sea})
    same, added_power = restored_noise.restore_noise(scene, [scene.read(Window(0, 0, 320, 320))])
    assert same is scene
    assert not added_power.any()


def test_the_constant_is_the_noise():
    scene = scene_of(taken_off(with_noise(0.02, 1e-5)))
    _, added_power = restored_noise.restore_noise(scene, [scene.read(Window(0, 0, SIDE, SIDE))])
    assert added_power[0] == 0  # the VV sea is far above its noise
    assert added_power[1] == pytest.approx(NOISE["VH"], rel=0.03)


def test_pixels_as_stored_become_the_same_power():
    rng = np.random.default_rng(4)
    stored = rng.integers(1, 60, (2, 20, 30)).astype(np.uint16)
    gain, noise = np.full((2, 1, 30), 1e-5, np.float32), np.full((2, 1, 30), 400, np.float32)
    power = np.maximum(gain * (stored.astype(np.float32) ** 2 - noise), 1e-5)

    class Reader:
        def __call__(self, window):
            return array_scene({"VV": power[0], "VH": power[1]}).read(window)

        def counts(self, window):
            return Counts(stored, gain, noise, np.zeros(20, np.int32), 1e-5, None)

    (window,) = tiles((20, 30), 64)
    lifted = restored_noise.NoiseRestoringReader(Reader(), np.array([0.0, 2e-3]))
    counts = lifted.counts(window)
    again = np.maximum(
        counts.scale * (counts.stored.astype(np.float32) ** 2 - counts.noise), np.asarray(counts.floor)[:, None, None]
    )
    assert again == pytest.approx(lifted(window).data, rel=1e-5)
    assert lifted(window).data[1] == pytest.approx(power[1] + 2e-3, rel=1e-5)


@pytest.mark.parametrize("noise", [0.5, 0.8, 1.0])
def test_what_is_missing_in_the_mean_is_what_was_taken_off(noise):
    """For speckle of mean 1, by scipy's gamma quantiles; pixels that fell below zero are clipped."""
    speckle = stats.gamma.ppf((np.arange(10_000) + 0.5) / 10_000, LOOKS, scale=1 / LOOKS)
    assert restored_noise._missing_power(np.maximum(speckle - noise, 1e-6)) == pytest.approx(noise, rel=1e-3)


def test_light_of_land_beside_the_water_changes_nothing():
    """Land of -10 dB every 30 pixels, seen through a blur of 24 m of full width at half power."""
    land = np.arange(SIDE) % 30 < 6
    leaked = 0.1 * ndimage.gaussian_filter1d(land.astype(float), 1.0)[:, None]
    water = np.broadcast_to(~land[:, None], (SIDE, SIDE))
    scene = array_scene(taken_off(with_noise(1e-5 + leaked, 1e-5 + leaked)), water=water)
    _, added_power = restored_noise.restore_noise(scene, [scene.read(Window(0, 0, SIDE, SIDE))])
    assert added_power == pytest.approx([NOISE["VV"], NOISE["VH"]], rel=0.05)


def test_water_all_of_which_lies_beside_land_gets_nothing():
    water = np.broadcast_to((np.arange(SIDE) % 8 > 0)[:, None], (SIDE, SIDE))
    scene = array_scene(taken_off(with_noise(1e-5, 1e-5)), water=water)
    same, added_power = restored_noise.restore_noise(scene, [scene.read(Window(0, 0, SIDE, SIDE))])
    assert same is scene
    assert not added_power.any()


@pytest.mark.parametrize(("over_db", "radiometry"), [(12, "sigma0"), (18, "sigma0"), (12, "power")])
def test_land_on_no_map_is_no_noise(over_db, radiometry):
    """Every part of a small picture holds some: the sea is then far below the mean, but not near nothing."""
    rng = np.random.default_rng(6)
    land = np.arange(SIDE) >= 0.63 * SIDE
    mean = np.where(land, 10 ** (over_db / 10) * rng.lognormal(0, 0.5, (SIDE, SIDE)), 1.0)
    power = 0.01 * mean * rng.gamma(LOOKS, 1 / LOOKS, mean.shape)
    scene = array_scene({"VV": power}, radiometry=Radiometry(radiometry))
    _, added_power = restored_noise.restore_noise(scene, [scene.read(Window(0, 0, SIDE, SIDE))])
    assert not added_power.any()
