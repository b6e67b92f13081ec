"""Survey of a scene: looks, sea level and band weights against the theory of speckle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, special

from pipeline.config import DetectionConfig
from pipeline.detection.radar.laws import quantile
from pipeline.detection.radar.survey import band_weights, survey_scene
from tests.builders import array_scene

CONFIG = DetectionConfig()


def speckled(mean, looks=4.4, seed=0):
    return mean * np.random.default_rng(seed).gamma(looks, 1 / looks, np.shape(mean))


def survey_of(mean, looks=4.4, **more):
    return survey_scene(array_scene({"VV": speckled(mean, looks)}, **more), CONFIG)[1]


@pytest.mark.parametrize("looks", [2.0, 4.4, 12.0])
def test_speckle_has_as_many_looks_as_it_was_drawn_with(looks):
    assert survey_of(np.full((640, 640), 0.02), looks).looks == pytest.approx(looks, rel=0.06)


def test_texture_that_is_wide_takes_no_looks_away():
    """Nearby pixels share the texture, except at its edges; their ratio is then speckle."""
    texture = np.kron(np.random.default_rng(1).gamma(8.0, 1 / 8.0, (8, 8)), np.ones((80, 80)))
    assert survey_of(0.02 * texture, 10.0).looks == pytest.approx(10.0, rel=0.1)


@pytest.mark.parametrize("spoilt", ["nothing", "land", "bright sea"])
def test_the_sea_is_as_bright_as_its_mean(spoilt):
    """Even beside land: unmapped over half of the picture, or mapped."""
    mean = np.full((1000, 1000), 0.02)
    water = np.ones(mean.shape, bool)
    if spoilt == "land":
        mean[:, 504:] = np.kron(np.random.default_rng(2).lognormal(np.log(0.3), 0.8, (125, 62)), np.ones((8, 8)))
    elif spoilt == "bright sea":
        mean[:, 504:], water[:, 504:] = 0.6, False
    known = survey_of(mean, water=water)
    assert known.sea_db == pytest.approx(10 * np.log10(0.02), abs=0.15)
    sea = known.clutter.sea[:, :45]
    assert np.median(known.clutter.log_mean[:, :45][sea]) == pytest.approx(-0.118, abs=0.03)  # psi(4.4) - ln 4.4


def test_bands_weigh_as_the_likelihood_ratio_of_a_weak_target_does():
    """d/da of the log-likelihood of exponential power p with mean m + a s, at a = 0: s p / m^2, up to a constant."""
    shares, means = np.array([10**-0.9, 1.0]), np.array([0.006, 0.02])
    weights = band_weights(("VH", "VV"), means)
    assert weights[0] / weights[1] == pytest.approx((shares / means**2)[0] / (shares / means**2)[1])
    assert weights @ means == pytest.approx(1.0)


@pytest.mark.parametrize(("bands", "most"), [(("VV", "VH"), 10.0), (("a", "b"), 1.0)])
def test_no_band_is_lost_however_dark_the_other_and_unnamed_ones_count_alike(bands, most):
    means = np.array([1.0, 1e-4])
    contrast = band_weights(bands, means) * means
    assert contrast[1] / contrast[0] == pytest.approx(most)


def test_texture_of_single_pixels_over_most_of_the_sea_leaves_the_looks_of_the_rest():
    texture = np.random.default_rng(1).gamma(3.0, 1 / 3.0, (640, 640))
    texture[:250] = 1.0
    assert survey_of(0.02 * texture, 10.0).looks == pytest.approx(10.0, rel=0.1)


@pytest.mark.parametrize("over_db", [9.0, 13.0, 17.0])
def test_ships_bend_no_tail_of_the_sea(over_db):
    """Including ships as faint as the sea's spikes: looks and tail exponent equal those without ships."""
    image = speckled(np.full((640, 640), 0.02))
    ships = image.copy()
    for row, col in np.ndindex(4, 4):
        ships[80 + 160 * row :, 80 + 160 * col :][:3, :9] = 0.02 * 10 ** (over_db / 10)
    plain, among = (survey_scene(array_scene({"VV": power}), CONFIG)[1] for power in (image, ships))
    assert among.tail_exponent == pytest.approx(plain.tail_exponent, abs=0.02)
    assert among.looks == pytest.approx(plain.looks, rel=0.03)


@pytest.mark.parametrize("over_db", [5.0, 10.0, 15.0])
def test_bright_land_bends_no_tail_of_the_sea(over_db):
    """Its light leaks a few pixels over the coast. Truth: the same speckle without land, judged in the same pixels."""
    steps = np.arange(960)
    water = np.broadcast_to(steps < 600 + 40 * np.sin(steps[:, None] / 60), (960, 960))
    speckle = speckled(np.full(water.shape, 0.02))
    over = ndimage.gaussian_filter(np.where(water, 1.0, 10 ** (over_db / 10)), 1.0)  # 24 m of full width at half power
    plain, beside = (
        survey_scene(array_scene({"VV": power}, water=water), CONFIG)[1] for power in (speckle, speckle * over)
    )
    variance = np.nanmedian(plain.clutter.log_variance[plain.clutter.sea], keepdims=True)
    limits = [quantile(known.law, known.tail(1e-5), variance, known.looks)[0] for known in (beside, plain)]
    assert limits[0] == pytest.approx(limits[1], rel=0.02)


@pytest.mark.parametrize("over_db", [5.0, 10.0, 15.0])
def test_water_within_reach_of_bright_land_is_no_more_varied_than_other_water(over_db):
    """Truth: ln of speckle of 4.4 looks has variance psi'(4.4) and mean psi(4.4) - ln 4.4."""
    steps = np.arange(960)
    water = np.broadcast_to(steps < 600 + 40 * np.sin(steps[:, None] / 60), (960, 960))
    over = ndimage.gaussian_filter(np.where(water, 1.0, 10 ** (over_db / 10)), 1.0)
    known = survey_scene(array_scene({"VV": speckled(0.02 * over)}, water=water), CONFIG)[1].clutter
    shore = (known.sea & ~ndimage.binary_erosion(known.sea, iterations=8, border_value=1))[:, :80]  # 640 m
    assert np.median(known.log_variance[:, :80][shore]) == pytest.approx(special.polygamma(1, 4.4), rel=0.03)
    assert np.quantile(known.log_variance[:, :80][shore], 0.98) == pytest.approx(special.polygamma(1, 4.4), rel=0.1)
    assert np.median(known.log_mean[:, :80][shore]) == pytest.approx(special.digamma(4.4) - np.log(4.4), abs=0.03)


@pytest.mark.parametrize("over_db", [6.0, 8.0])
def test_the_rim_of_land_that_no_map_has_bends_no_tail(over_db):
    """Uneven land found in the image, except for darker parts of its rim. Truth: the law of the sea without it."""
    rng = np.random.default_rng(3)
    uneven = 10 ** np.kron(rng.normal(0.0, 0.25, (80, 80)), np.ones((12, 12)))  # 2.5 dB from field to field
    sea = np.arange(960) < 600 + 40 * np.sin(np.arange(960)[:, None] / 60)
    speckle = speckled(np.full(sea.shape, 0.02))
    plain = survey_scene(array_scene({"VV": speckle}), CONFIG)[1]
    beside = survey_scene(array_scene({"VV": speckle * np.where(sea, 1, uneven * 10 ** (over_db / 10))}), CONFIG)[1]
    assert beside.land.mean() == pytest.approx(np.mean(~sea), abs=0.08)
    variance = np.nanmedian(plain.clutter.log_variance[plain.clutter.sea], keepdims=True)
    limits = [quantile(known.law, known.tail(1e-5), variance, known.looks)[0] for known in (beside, plain)]
    assert limits[0] == pytest.approx(limits[1], rel=0.02)


def test_water_all_of_which_lies_beside_land_tells_its_looks():
    """Channels of 70 m between moles, no brighter than the water."""
    water = np.broadcast_to(np.arange(640) % 8 > 0, (640, 640))
    assert survey_of(np.full(water.shape, 0.02), water=water).looks == pytest.approx(4.4, rel=0.06)
