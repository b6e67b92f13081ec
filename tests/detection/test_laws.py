"""Clutter laws: quantiles against scipy and against draws of the law itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pipeline.detection import laws


@pytest.mark.parametrize("tail", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("looks", [1.0, 4.4, 10.0])
def test_gamma_is_scipys(tail, looks):
    """Multilooked speckle over a flat sea: gamma of shape L and mean 1; shape = L where there is no texture."""
    found = laws.quantile("gamma", tail, np.array([looks]), looks)
    assert float(np.squeeze(found)) == pytest.approx(stats.gamma.isf(tail, looks, scale=1 / looks), rel=0.01)


@pytest.mark.parametrize("order", [1.0, 3.0, 10.0])
def test_k_is_gamma_speckle_on_a_gamma_sea(order):
    """Draws of the product model: mean^2 / variance is 1 / (1/L + 1/nu + 1/(L nu))."""
    looks, n = 4.4, 2_000_000
    rng = np.random.default_rng(7)
    drawn = rng.gamma(order, 1 / order, n) * rng.gamma(looks, 1 / looks, n)
    shape = 1 / (1 / looks + 1 / order + 1 / (looks * order))
    for tail in (1e-2, 1e-3):
        level = float(np.squeeze(laws.quantile("k", tail, np.array([shape]), looks)))
        assert np.mean(drawn > level) == pytest.approx(tail, rel=0.15)


@pytest.mark.parametrize("law", laws.LAWS)
def test_a_rarer_alarm_needs_a_higher_level(law):
    shape = np.array([1.5, 3.0, 4.4])
    levels = [np.asarray(laws.quantile(law, tail, shape, 4.4)) for tail in (1e-2, 1e-4, 1e-6)]
    assert (levels[0] < levels[1]).all()
    assert (levels[1] < levels[2]).all()
    assert (levels[0][0] > levels[0][-1]) or law == "gamma"  # more texture, longer tail
