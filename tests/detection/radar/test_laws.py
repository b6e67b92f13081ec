"""Clutter laws: quantiles against scipy and against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from pipeline.detection.radar import laws

LOOKS = 4.4
TEXTURES = {
    "k": lambda rng, order, n: rng.gamma(order, 1 / order, n),
    "g0": lambda rng, order, n: 1 / rng.gamma(order, 1 / order, n),
    "lognormal": lambda rng, order, n: np.exp(rng.normal(0, np.sqrt(special.polygamma(1, order)), n)),
}


@pytest.mark.parametrize("tail", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("looks", [1.0, 4.4, 10.0])
def test_gamma_is_scipys(tail, looks):
    """Multilooked speckle over a flat sea: gamma of shape L; its logarithm has mean psi(L) and variance psi'(L)."""
    found = laws.quantile("gamma", tail, special.polygamma(1, looks), looks)
    expected = stats.gamma.isf(tail, looks) / np.exp(special.digamma(looks))
    assert float(found) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("law", laws.LAWS)
def test_without_texture_every_law_is_speckle(law):
    speckle = special.polygamma(1, LOOKS)
    expected = stats.gamma.isf(1e-4, LOOKS) / np.exp(special.digamma(LOOKS))
    assert float(laws.quantile(law, 1e-4, speckle, LOOKS)) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("order", [1.5, 5.0, 20.0])
@pytest.mark.parametrize("law", TEXTURES)
def test_speckle_times_texture_is_what_is_drawn(law, order):
    """A million draws of texture times speckle; the law gets only the variance of their logarithm."""
    rng = np.random.default_rng(7)
    drawn = TEXTURES[law](rng, order, 1_000_000) * rng.gamma(LOOKS, 1 / LOOKS, 1_000_000)
    log = np.log(drawn)
    geometric, variance = np.exp(log.mean()), log.var()
    for tail in (1e-2, 1e-3, 1e-4):
        level = geometric * laws.quantile(law, tail, variance, LOOKS)
        assert np.mean(drawn > level) == pytest.approx(tail, rel=0.06 + 3 / np.sqrt(1e6 * tail))


@pytest.mark.parametrize("law", laws.LAWS)
def test_a_rarer_alarm_needs_a_higher_level(law):
    variance = np.array([0.3, 0.5, 1.0])
    levels = [np.asarray(laws.quantile(law, tail, variance, LOOKS)) for tail in (1e-2, 1e-4, 1e-6)]
    assert (levels[0] < levels[1]).all()
    assert (levels[1] < levels[2]).all()
    assert (np.diff(levels[0]) > 0).all()  # more texture, longer tail


@pytest.mark.parametrize("law", laws.LAWS)
def test_probability_and_level_are_each_others_inverse(law):
    variance = np.array([0.26, 0.4, 0.9])
    for tail in (1e-3, 1e-6):
        level = laws.quantile(law, tail, variance, LOOKS)
        assert laws.ln_survival(law, level, variance, LOOKS) == pytest.approx(np.log(tail), rel=0.03)


@pytest.mark.parametrize("texture", [0.3, 1.0])
@pytest.mark.parametrize("law", TEXTURES)
def test_a_rare_level_is_that_of_the_integral(law, texture):
    """Rarer than simulation can show: speckle's tail integrated over a ln texture of that variance, by scipy."""
    level = float(laws.quantile(law, 1e-7, special.polygamma(1, LOOKS) + texture, LOOKS))
    order = optimize.brentq(lambda k: special.polygamma(1, k) - texture, 0.1, 100)
    ln_texture = {"k": stats.loggamma(order), "g0": stats.loggamma(order), "lognormal": stats.norm(0, texture**0.5)}[
        law
    ]
    sign = -1 if law == "g0" else 1

    def beyond(u: float) -> float:
        over_mean = sign * (u - ln_texture.mean())
        return ln_texture.pdf(u) * special.gammaincc(LOOKS, np.exp(special.digamma(LOOKS) - over_mean) * level)

    ends = (-60, 5) if law == "g0" else (-10, 10)
    rate = integrate.quad(beyond, *ends, points=[-20, -10, -5, 0, 3] if law == "g0" else [-2, 0, 2, 4], limit=500)[0]
    assert rate == pytest.approx(1e-7, rel=0.1)


@pytest.mark.parametrize("order", [1.0, 3.0, 6.0, 10.0, 50.0])
@pytest.mark.parametrize("looks", [1.0, 4.4, 10.0])
def test_a_stated_rate_is_that_of_the_closed_form(looks, order):
    """Speckle over an inverse gamma texture is Fisher's F (Frery et al. 1997); over a gamma texture, Ward's K density.

    Whatever the share of texture in the variance of the logarithm, also where it is a small one.
    """
    texture, usual = special.polygamma(1, order), special.digamma(looks) - np.log(looks)
    drift = special.digamma(order) - np.log(order)
    g0 = float(laws.quantile("g0", 1e-6, special.polygamma(1, looks) + texture, looks))
    if np.log(g0) < laws._LEVELS[-1] - 0.1:
        assert stats.f.sf(g0 * np.exp(usual - drift), 2 * looks, 2 * order) == pytest.approx(1e-6, rel=0.03)
    k = float(laws.quantile("k", 1e-6, special.polygamma(1, looks) + texture, looks)) * np.exp(usual + drift)

    def ward(ln_power: float) -> float:
        """Density of ln power, unit mean; the Bessel function scaled by exp, which is divided out again."""
        root = 2 * np.sqrt(looks * order * np.exp(ln_power))
        ln = (looks + order) * np.log(root / 2) - special.gammaln(looks) - special.gammaln(order) - root
        return 2 * np.exp(ln) * special.kve(order - looks, root)

    assert integrate.quad(ward, np.log(k), np.log(k) + 8, epsabs=0, limit=500)[0] == pytest.approx(1e-6, rel=0.03)


@pytest.mark.parametrize("level", [10.0, 30.0, 80.0])
def test_how_rare_a_bright_ship_is_in_speckle_is_scipys(level):
    """Down to one in 10 to the 140: this decides which of two ships is likelier."""
    truth = stats.gamma.logsf(level * np.exp(special.digamma(LOOKS)), LOOKS)
    found = laws.ln_survival("gamma", level, special.polygamma(1, LOOKS), LOOKS)
    assert float(found) == pytest.approx(truth, rel=0.02)


def test_an_unknown_law_is_refused():
    with pytest.raises(ValueError, match="No clutter law 'rayleigh'; there are gamma, k, lognormal, g0"):
        laws.quantile("rayleigh", 1e-3, 0.3, LOOKS)


@pytest.mark.parametrize("law", laws.LAWS)
@pytest.mark.parametrize("variances", [(0.01, 0.02), (0.1, 3.0), (0.3, 0.3), (5.0, 20.0)])
def test_no_variance_between_two_has_a_lower_quantile_than_the_least(law, variances):
    every = laws.quantile(law, 1e-6, np.geomspace(*variances, 5000), LOOKS)
    least = laws.least_quantile(law, 1e-6, variances, LOOKS)
    assert every.min() == pytest.approx(least, rel=1e-4)
    assert every.min() >= least * (1 - 1e-12)
