import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.volume.loading import (
    HullForm,
    block_coefficient,
    displacement_t,
    draught_at,
    tonnes_per_metre,
    usual_depth_m,
)

SEA = 1.025
SHIP = HullForm.usual(96.0, 15.0, 5000.0)  # a coastal tanker
draughts = st.floats(2.0, 12.0)


@given(draughts, st.floats(4, 12), st.floats(0.7, 0.9))
def test_block_coefficient_is_the_published_formula(draught, design_draught, design):
    """MAN: Cb = 1 - (1 - Cb_d) (T_d / T)^(1/3), held at 0.4 where it has lost its meaning."""
    formula = 1 - (1 - design) * np.cbrt(design_draught / draught)
    assert block_coefficient(draught, design_draught, design) == pytest.approx(max(0.4, formula), rel=1e-12)


def test_block_coefficient_at_design_draught_is_the_design_one():
    assert block_coefficient(7.3, 7.3, 0.8) == pytest.approx(0.8)


@given(draughts, st.floats(1.01, 2))
def test_block_coefficient_falls_as_a_ship_lightens(draught, ratio):
    """The inverted ratio, which one public notebook has, makes it rise."""
    assert block_coefficient(draught, 6.5) <= block_coefficient(draught * ratio, 6.5)
    assert block_coefficient(3.25, 6.5) < block_coefficient(6.5, 6.5)


def test_a_displacement_by_hand():
    """At 8 m of 8 m with Cb 0.8: a box of 100 x 16 x 8 m3, four fifths of it hull, in sea water."""
    assert displacement_t(HullForm(100, 16, 8, 9000), 8, SEA, 0.8) == pytest.approx(100 * 16 * 8 * 0.8 * 1.025)


@given(draughts, st.floats(0.05, 3))
def test_deeper_is_heavier(draught, more):
    assert displacement_t(SHIP, draught + more, SEA) > displacement_t(SHIP, draught, SEA)


def test_tonnes_per_metre_is_close_to_the_slope_of_displacement():
    """Waterplane by Cw = 0.67 Cb + 0.32 against the derivative of rho Cb L B T: two formulas of one quantity."""
    deep = SHIP.design_draught_m
    slope = (displacement_t(SHIP, deep + 0.01, SEA) - displacement_t(SHIP, deep - 0.01, SEA)) / 0.02
    assert tonnes_per_metre(SHIP, SEA) == pytest.approx(slope, rel=0.05)


def test_usual_hull_carries_her_deadweight():
    """At design draught she displaces lightship and deadweight."""
    form = HullForm.usual(96.0, 15.0, 4500.0)
    assert displacement_t(form, form.design_draught_m, SEA) == pytest.approx(form.lightship_t + 4500.0)


def test_usual_design_draught_stays_near_the_danish_one():
    """0.0540 L + 1.3559 m, 7.0 m for 104.5 m, whatever nonsense the deadweight is."""
    assert HullForm.usual(104.5, 16, 70_000).design_draught_m == pytest.approx(1.1 * 6.9989)
    assert HullForm.usual(104.5, 16, 700).design_draught_m == pytest.approx(0.65 * 6.9989)


def test_lightship_of_a_published_coaster():
    """Etsuzan Maru No. 8: 1,295 t deadweight, lightship 635 t; the mean coefficient errs by less than a quarter."""
    assert HullForm.usual(64.97, 10.95, 1295.4).lightship_t == pytest.approx(635, rel=0.25)


@given(draughts, st.floats(4, 9), st.floats(0.7, 0.88))
def test_draught_is_the_inverse_of_displacement(draught, design_draught, design):
    form = HullForm(96.0, 15.0, design_draught, 4500.0)
    assume(1 - (1 - design) * np.cbrt(design_draught / draught) > 0.41)
    x = displacement_t(form, draught, SEA, design) / (SEA * 96.0 * 15.0)
    assert float(draught_at(np.array(x), np.array(design_draught), np.array(design))) == pytest.approx(
        draught, rel=1e-6
    )


def test_usual_depth_is_the_mean_of_the_published_lines():
    """0.0775 L - 0.4337 (chemical) and 0.0958 L - 1.3162 (products), here at 100 m: 7.316 and 8.264 m."""
    assert usual_depth_m(100) == pytest.approx((7.3163 + 8.2638) / 2)


def test_depth_of_a_short_hull_is_a_depth():
    """The published lines have 0.2 m for 12 m; no hull is so flat: length over depth of ships is 8 to 16."""
    lengths = np.linspace(10, 110, 201)
    depths = np.array([usual_depth_m(m) for m in lengths])
    assert (np.diff(depths) > 0).all()
    assert (lengths / depths > 6).all()
    assert (lengths / depths < 16).all()


@pytest.mark.parametrize("length_m", [55.0, 80.0, 110.0, 180.0])
def test_depth_is_the_mean_of_both_published_lines(length_m):
    """Danish Maritime Authority: chemical tankers 0.0775 L - 0.4337, products tankers 0.0958 L - 1.3162."""
    chemical, products = 0.0775 * length_m - 0.4337, 0.0958 * length_m - 1.3162
    assert usual_depth_m(length_m) == pytest.approx((chemical + products) / 2)
