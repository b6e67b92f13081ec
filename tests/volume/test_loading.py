import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.volume.loading import (
    BLOCK_COEFFICIENT,
    HullForm,
    block_coefficient,
    cargo_by_draught,
    cargo_by_freeboard,
    displacement_t,
    tonnes_per_metre,
)

SEA = 1.025
SHIP = HullForm.usual(96.0, 15.0, 5000.0)  # a coastal tanker
draughts = st.floats(2.0, 12.0)


def loaded(into: float, out: float, *, sd: float = 0.2, form: HullForm = SHIP):
    return cargo_by_draught(form, into, out, sd, SEA, 0.05)


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


def test_a_full_loading_is_about_her_cargo_deadweight():
    """From ballast to design draught a tanker takes what she can carry, less stores: within its own 90 %."""
    form = HullForm.usual(96.0, 15.0, 5000.0)
    change = loaded(0.55 * form.design_draught_m, form.design_draught_m, form=form)
    assert abs(change.tonnes - 0.95 * 5000) < 1.645 * change.sd_t


@given(draughts, draughts)
def test_sign_follows_the_draught(into, out):
    assume(abs(into - out) > 0.01)
    assert (loaded(into, out).tonnes > 0) == (out > into)


@given(st.floats(2.5, 8), st.floats(2.5, 8))
def test_discharging_has_no_ballast_in_it(high, low):
    """Cargo put ashore is the loss of displacement alone; cargo taken is at least the gain."""
    assume(high > low + 0.01)
    lost = displacement_t(SHIP, high, SEA) - displacement_t(SHIP, low, SEA)
    assert loaded(high, low).tonnes == pytest.approx(-lost)
    assert loaded(low, high).tonnes >= lost - 1e-6


def test_ballast_pumped_out_adds_to_the_cargo():
    """She arrives deeper than empty by ballast: gain of displacement understates the cargo."""
    into, out = 4.0, 6.4
    gained = displacement_t(SHIP, out, SEA) - displacement_t(SHIP, into, SEA)
    empty = SHIP.lightship_t + 0.05 * SHIP.dwt_t
    ballast = displacement_t(SHIP, into, SEA) - empty
    assert ballast > 0
    assert gained < loaded(into, out).tonnes < gained + ballast


@given(st.floats(3, 5), st.floats(5.1, 7), st.floats(0.05, 0.5), st.floats(1.1, 4))
def test_a_worse_reading_is_less_sure(into, out, sd, worse):
    assert loaded(into, out, sd=sd * worse).sd_t > loaded(into, out, sd=sd).sd_t
    assert loaded(into, out, sd=sd * worse).tonnes == loaded(into, out, sd=sd).tonnes


def test_reading_errors_of_both_draughts_are_independent():
    """With a hull known exactly and no ballast, the error is sqrt(2) readings times tonnes per metre."""
    form = HullForm(96.0, 15.0, 6.54, 5000.0)  # discharging: no ballast comes into it
    with_error = loaded(4.0, 4.0 - 1e-9, sd=0.2, form=form)
    assert with_error.sd_t == pytest.approx(tonnes_per_metre(form, SEA) * 0.2 * np.sqrt(2), rel=1e-6)


def test_density_of_the_water_scales_the_cargo():
    salt = cargo_by_draught(HullForm(96.0, 15.0, 6.54, 9000.0), 6, 4, 0.2, 1.025, 0.05)
    fresh = cargo_by_draught(HullForm(96.0, 15.0, 6.54, 9000.0), 6, 4, 0.2, 1.000, 0.05)
    assert salt.tonnes / fresh.tonnes == pytest.approx(1.025)


def test_a_sinking_side_is_a_loading():
    down, up = (cargo_by_freeboard(SHIP, a, b, 0.4, SEA, 0.05) for a, b in ((5.0, 2.6), (2.6, 5.0)))
    assert up.tonnes < 0 < down.tonnes
    assert down.method == "load_from_freeboards"


def test_freeboard_and_draught_agree_on_the_same_change():
    """The same 2.4 m, told by the side or by the draught marks of a ship that leaves at 95 % of her draught."""
    out = 0.95 * SHIP.design_draught_m
    side = cargo_by_freeboard(SHIP, 5.0, 2.6, 0.2 * np.sqrt(2), SEA, 0.05)
    marks = loaded(out - 2.4, out)
    assert side.tonnes == pytest.approx(marks.tonnes)
    assert side.sd_t > marks.sd_t  # where she started from is not seen


@given(st.floats(1, 9), st.floats(1, 9), st.floats(-0.9, 3))
def test_freeboard_needs_no_depth(into, out, shift):
    """Only the change counts: whatever both heights share cancels."""
    a = cargo_by_freeboard(SHIP, into, out, 0.4, SEA, 0.05)
    b = cargo_by_freeboard(SHIP, into + shift, out + shift, 0.4, SEA, 0.05)
    assert b.tonnes == pytest.approx(a.tonnes, abs=1e-6 * SHIP.dwt_t)


def test_design_block_coefficient_is_a_tankers():
    """Published range of tankers: 0.78 to 0.83 on the length between perpendiculars, a little less on that over all."""
    assert 0.75 < BLOCK_COEFFICIENT < 0.84
