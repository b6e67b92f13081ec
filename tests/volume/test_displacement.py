import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pipeline.volume.displacement import draught_at, draught_by_fineness, draught_near

SEA_T_PER_M3 = 1.025
draughts, designs = st.floats(2.0, 12.0), st.floats(4, 9)


def block_coefficient(draught_m: float, design_draught_m: float, design: float) -> float:
    """MAN: Cb = 1 - (1 - Cb_d) (T_d / T)^(1/3)."""
    return 1 - (1 - design) * np.cbrt(design_draught_m / draught_m)


def draught(x: float, design_draught_m: float, design: float) -> float:
    """Draught of one ship."""
    return float(draught_at(np.array(x), np.array(design_draught_m), np.array(design)))


@given(draughts, designs, st.floats(0.7, 0.88))
def test_draught_is_the_inverse_of_displacement(deep, design_draught, design):
    block = block_coefficient(deep, design_draught, design)
    assume(block > 0.41)  # below 0.4 the formula is not valid
    assert draught(block * deep, design_draught, design) == pytest.approx(deep, rel=1e-6)


def sought_near(typed: float, deep: float, laden: float, block: float) -> float:
    """Two Newton steps from the typed draught, for a ship at draught ``deep``."""
    fineness = (1 - block) * np.cbrt(laden * typed)
    assume(deep > 0.5)
    assume(np.cbrt(deep) > 1.1 * fineness)  # else the block coefficient is below a tenth
    x = np.array(deep - fineness * np.cbrt(deep) ** 2)
    assert float(draught_by_fineness(x, np.array(fineness))) == pytest.approx(deep, rel=1e-9)
    return float(draught_near(typed, x, np.array(fineness)))


@given(st.floats(2.0, 20.0), st.floats(-0.6, 0.6), st.floats(0.6, 2.5), st.floats(0.65, 0.88))
@example(typed=4.0, off=0.6, laden=1.0, block=0.79)
@example(typed=4.0, off=-0.6, laden=1.5, block=0.79)
def test_a_draught_sought_from_near_is_the_same(typed, off, laden, block):
    assert sought_near(typed, typed + off, laden, block) == pytest.approx(typed + off, abs=0.002)


@given(st.floats(2.0, 20.0), st.floats(0.6, 10.0), st.sampled_from([-1, 1]), st.floats(0.6, 2.5), st.floats(0.65, 0.88))
def test_a_draught_that_is_far_stays_far(typed, off, sign, laden, block):
    assert abs(sought_near(typed, typed + sign * off, laden, block) - typed) > 0.598


@given(st.floats(0.5, 9), st.floats(0.05, 3), designs)
def test_heavier_is_deeper(x, more, design_draught):
    assert draught(x + more, design_draught, 0.79) > draught(x, design_draught, 0.79)


def test_what_weighs_nothing_floats_on_the_water():
    assert 0 <= draught(0.0, 6.0, 0.79) < 0.1


@given(designs)
def test_at_her_design_draught_the_block_coefficient_is_the_design_one(design_draught):
    assert draught(0.8 * design_draught, design_draught, 0.8) == pytest.approx(design_draught)


def test_a_box_by_hand():
    """100 x 16 m, design draught 8 m, block coefficient four fifths: 10,496 t in sea water."""
    assert draught(10_496 / (SEA_T_PER_M3 * 100 * 16), 8, 0.8) == pytest.approx(8)
