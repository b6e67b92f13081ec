"""The layers of a ship's side: their blurred borders, the levels between them, and the precision of the height."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import exponnorm, norm

from pipeline.detection.optical import side
from pipeline.detection.optical.side import SideGeometry, fit_side, height_grid, quantiles
from tests.detection.optical.test_freeboard import profile

X = np.arange(2.0, 40.0, 0.25)
GRID = height_grid(10.0)
SHADED = SideGeometry(1, 0.0, 1.5, 0.0, 0.0)  # seen from above, sun at 34 degrees abeam


def shaded(height_m=4.0, shade=0.7, noise=0.0, seed=0):
    """Deck to 8 m, its shadow, then water."""
    y = profile(X, [8.0, 8.0 + 1.5 * height_m], [2.5, shade, 1.0])
    return y + np.random.default_rng(seed).normal(0, 1, len(X)) * noise


@pytest.mark.parametrize(("mean_m", "sd_m"), [(3.0, 0.4), (7.0, 0.9)])
def test_quantiles_of_a_normal_distribution_are_its_own(mean_m, sd_m):
    found = quantiles(GRID, -0.5 * ((GRID - mean_m) / sd_m) ** 2 - 1e4)
    assert found == pytest.approx(mean_m + sd_m * norm.ppf([0.05, 0.5, 0.95]), abs=0.01)


def test_quantiles_do_not_hang_on_the_grid():
    fine = np.linspace(0.2, 10.0, 2000)
    one, other = (quantiles(at, -0.5 * ((at - 4.0) / 0.5) ** 2) for at in (GRID, fine))
    assert one == pytest.approx(other, abs=0.01)


@pytest.mark.parametrize("tail", [0.0, 0.2, 1.0, 3.0])
def test_a_step_drawn_out_is_a_normal_and_an_exponential_sum(tail):
    at = np.arange(-3.4, 3.41, 0.2)
    found = np.array([side._step(t, tail) for t in at])
    assert found == pytest.approx(exponnorm.cdf(at, tail) if tail else norm.cdf(at), abs=1e-3)


def test_shares_of_the_layers_make_up_the_whole():
    """At each place they add up to 1, with sharp or smeared borders; far in and far out there is one layer."""
    basis = np.empty((len(X), 4))
    side._shares(X, 8.0, 4.0, np.array([0.0, 0.3, 1.5]), np.array([0.3, 0.3, 0.6]), 0.7, basis)
    assert basis.sum(axis=1) == pytest.approx(1.0)
    assert basis.min() >= 0
    assert basis[0] == pytest.approx([1, 0, 0, 0])
    assert basis[-1] == pytest.approx([0, 0, 0, 1], abs=1e-3)
    middle = int(np.searchsorted(X, 8.6))
    assert basis[middle, 1] == basis[middle].max() > 0.9


def test_layers_have_the_levels_that_were_drawn():
    found = fit_side(X, shaded(shade=0.6), 8.0, SHADED, 0.5, GRID)
    assert found.depth == pytest.approx(0.4, abs=0.02)
    assert found.edge_m == pytest.approx(8.0, abs=0.16)
    assert found.height_m == pytest.approx(4.0, abs=0.1)
    assert found.misfit < 1.5, "in units of the model's own error"


@pytest.mark.parametrize("missing", [X > 30, (X > 3) & (X < 5), (X > 20) & (X < 22)])
def test_places_that_are_unknown_say_nothing(missing):
    y = shaded()
    whole = fit_side(X, y, 8.0, SHADED, 0.5, GRID)
    found = fit_side(X, np.where(missing, np.nan, y), 8.0, SHADED, 0.5, GRID)
    cut = fit_side(X[~missing], y[~missing], 8.0, SHADED, 0.5, GRID)
    assert found.interval() == pytest.approx(cut.interval())
    assert found.interval() == pytest.approx(whole.interval(), abs=0.1)


def test_too_few_places_tell_no_height():
    assert fit_side(X, np.where((X > 6) & (X < 8.9), shaded(), np.nan), 8.0, SHADED, 0.5, GRID) is None


def test_a_noisier_profile_tells_a_height_less_sharply():
    widths = []
    for noise in (0.0, 0.04, 0.08):
        low, _, high = fit_side(X, shaded(noise=noise), 8.0, SHADED, 0.5, GRID).interval()
        widths.append(high - low)
    assert widths[0] < widths[1] < widths[2]


def test_intervals_hold_as_often_as_they_say():
    """Noise of 5 % of the water's light, correlated over groups of three places."""
    held = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        height = rng.uniform(2.5, 6.0)
        rough = np.convolve(rng.normal(0, 1, len(X) + 4), np.ones(3) / 3**0.5, "same")[2:-2]
        low, _, high = fit_side(X, shaded(height) + 0.05 * rough, 8.0, SHADED, 0.5, GRID).interval()
        held.append(low <= height <= high)
    assert 0.8 <= np.mean(held) <= 1.0


def test_a_deck_rough_in_proportion_to_its_light_moves_no_shadow():
    y = shaded()
    rough = y + (y > 1.5) * 0.3 * np.sin(5 * X)
    one, other = (fit_side(X, seen, 8.0, SHADED, 0.5, GRID).interval()[1] for seen in (y, rough))
    assert one == pytest.approx(other, abs=0.1)


def test_a_strip_hardly_darker_than_water_is_no_shadow():
    """A shadow removes at least 7 % of the light; waves make strips of 3 %."""
    faint, plain = (fit_side(X, shaded(shade=level), 8.0, SHADED, 0.5, GRID).misfit_gain for level in (0.97, 0.75))
    assert faint < 12 < plain


@pytest.mark.parametrize(
    ("k_v", "k_s", "seen_m", "tells"),
    [
        (0.0, 0.5, 0.5, True),
        (-0.4, 0.5, 0.1, False),
        (0.4, 0.5, 0.5, True),
        (0.4, 0.1, 0.1, False),
        (-0.4, 0.0, -0.4, False),
    ],
)
def test_what_the_deck_hides_of_a_shadow_does_not_tell(k_v, k_s, seen_m, tells):
    k = SideGeometry(1, k_v, k_s, 0.0, 0.0)
    assert k.shadow == pytest.approx(seen_m)
    assert k.throws_shadow is tells


@pytest.mark.parametrize("k_v", [0.05, 0.08])
def test_a_side_seen_by_less_than_six_centimetres_a_metre_tells_nothing(k_v):
    k = replace(SHADED, k_s=0.0, k_v=k_v)
    y = profile(X, [8.0, 8.0 + 4.0 * k_v], [2.5, 0.6, 1.0])
    assert (fit_side(X, y, 8.0, k, 0.5, GRID) is None) is (k_v < 0.06)


def test_a_height_scales_with_the_picture():
    """Everything is doubled, including pixels, except waves, the rim and the sun's disc."""
    one = fit_side(X, shaded(3.0), 8.0, SHADED, 0.5, GRID).interval()
    two = fit_side(2 * X, shaded(3.0), 16.0, SHADED, 1.0, 2 * GRID).interval()
    assert np.array(two) / 2 == pytest.approx(one, abs=0.12)
