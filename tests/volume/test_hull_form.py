"""The law of hull forms against ships of published deadweight, draught or lightship, and a published formula."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.published_hulls import FITTED, VERY_LARGE_M, deadweight_errors, published_hulls
from pipeline.ships.hull_depth import usual_depth_m
from pipeline.volume.capacity import tanker_regression
from pipeline.volume.displacement import draught_at
from pipeline.volume.hull_form import block_coefficient, lightship_factor, lightship_share
from pipeline.volume.possible_voyages import BALLAST_SHARE
from tests.builders import REAL_DATA, needs_real_data

SEA_T_PER_M3 = 1.025


def full_draught_m(length_m: float, beam_m: float, dwt_t: float) -> float:
    """Full draught of the average tanker of that length, beam and deadweight [m]."""
    usual = tanker_regression().log_dwt(np.array(length_m), np.array(beam_m))
    displacement_t = dwt_t * (1 + lightship_share(length_m, np.log(dwt_t) - usual))
    return float(displacement_t / (SEA_T_PER_M3 * length_m * beam_m * block_coefficient(length_m)))


@pytest.mark.parametrize(
    ("length_m", "beam_m", "dwt_t", "draught_m"),
    [
        (64.97, 10.95, 1295.4, 4.18),  # a chemical coaster, https://www.scribd.com/document/845820261/
        (64.5, 10.0, 1302.0, 4.2),  # the others: laden draughts by transponder (OpenSARShip), deadweights by a register
        (74.83, 11.5, 1909.0, 4.7),
        (104.95, 15.38, 4999.0, 6.2),
        (131.85, 18.9, 10745.0, 7.9),
        (99.8, 15.0, 3090.0, 5.4),  # a gas carrier
        (244.6, 42.03, 109_181.0, 15.4),
        (333.0, 60.05, 318_306.0, 22.5),
    ],
)
def test_a_laden_tanker_lies_as_deep_as_published(length_m, beam_m, dwt_t, draught_m):
    """One law for 65 m coasters and the largest ships; a single block coefficient for all would err by a quarter."""
    assert full_draught_m(length_m, beam_m, dwt_t) == pytest.approx(draught_m, rel=0.08)


@pytest.mark.parametrize("length_m", [70.0, 90.0, 110.0, 130.0])
def test_the_usual_tanker_lies_near_the_published_design_draught(length_m):
    """0.0540 L + 1.3559 m for chemical tankers (Danish Maritime Authority, RiskEngine)."""
    model = tanker_regression()
    beam_m = float(model.beam_from_length(np.array(length_m))[0])
    dwt_t = float(np.exp(model.log_dwt(np.array(length_m), np.array(beam_m))))
    assert full_draught_m(length_m, beam_m, dwt_t) == pytest.approx(0.0540 * length_m + 1.3559, rel=0.15)


def test_form_and_lightship_of_a_published_coaster():
    """Etsuzan Maru No. 8: 1,930.7 t displacement at 4.18 m, 1,295 t deadweight, so 635 t lightship."""
    assert block_coefficient(64.97) == pytest.approx(1930.7 / (SEA_T_PER_M3 * 64.97 * 10.95 * 4.18), rel=0.05)
    assert lightship_share(64.97) == pytest.approx(635.0 / 1295.4, rel=0.15)


def test_large_tankers_carry_four_fifths_to_six_sevenths_of_what_they_weigh():
    assert 0.80 <= 1 / (1 + lightship_share(200.0)) <= 1 / (1 + lightship_share(333.0)) <= 0.86


def test_of_ships_of_one_hull_the_one_that_carries_less_weighs_more_herself_and_is_less_deep():
    usual = float(np.exp(tanker_regression().log_dwt(np.array(100.0), np.array(15.5))))
    less, as_usual, more = (full_draught_m(100.0, 15.5, share * usual) for share in (0.7, 1.0, 1.3))
    assert less < as_usual < more
    assert more / less < 1.3 / 0.7, "not all of the difference is draught"
    weights = [share * lightship_share(100.0, np.log(share)) for share in (0.7, 1.0, 1.3)]
    assert weights[0] > weights[1] > weights[2]


def test_beyond_what_ships_differ_by_the_rest_is_a_slip_in_the_size():
    assert lightship_factor(-3.0) == lightship_factor(-0.6)
    assert lightship_factor(3.0) == lightship_factor(0.6)


@pytest.mark.parametrize("length_m", [8.0, 30.0, 400.0])
def test_hulls_beyond_all_tankers_still_float(length_m):
    block = block_coefficient(length_m)
    assert 0.4 < block < 0.9
    assert 0 < float(draught_at(np.array(2.0), np.array(4.0), np.array(block))) < 10


def test_published_tankers_lie_as_deep_as_the_law_says():
    """Seagoing hulls of 73 to 250 m, from news and owners' pages; none was used to fit the law."""
    hulls = published_hulls().dropna(subset=["draught_m"])
    hulls = hulls[hulls["length_m"] < VERY_LARGE_M]
    seagoing = hulls[(hulls["hull"] == "seagoing") & (hulls["draught_is"] != "design")]
    off = np.log(seagoing["law_draught_m"] / seagoing["draught_m"])
    assert len(off) >= 28
    assert FITTED not in set(seagoing["name"])
    assert off.median() == pytest.approx(0.0, abs=0.04)
    assert np.sqrt(np.mean(off**2)) < 0.075
    assert (off.abs() < 0.1).mean() > 0.85, "not one in whole metres, of 1958, and one built wide and shallow"


def test_published_tankers_are_as_deep_as_their_draught_tells():
    """Depth from length alone is off by 12 %, and by a fifth and more for product tankers of 183 m."""
    hulls = published_hulls().dropna(subset=["depth_m", "draught_m"])
    seagoing = hulls[hulls["hull"].isin(["seagoing", "ice"]) & (hulls["length_m"] < VERY_LARGE_M)]
    off = np.log(seagoing["law_depth_m"] / seagoing["depth_m"])
    by_length = np.log(seagoing["length_m"].map(usual_depth_m) / seagoing["depth_m"])
    assert np.sqrt(np.mean(off**2)) < 0.07 < 0.11 < np.sqrt(np.mean(by_length**2))
    assert off.abs().max() < 0.16


def test_a_published_draught_or_depth_takes_a_third_and_more_from_the_error_of_the_deadweight():
    """For these hulls, length and beam alone give an error of 15 % (root mean square)."""
    hulls = published_hulls().dropna(subset=["depth_m", "draught_m"])
    seagoing = hulls[(hulls["hull"] == "seagoing") & (hulls["length_m"] < VERY_LARGE_M)]
    alone, deep, draught = (
        np.sqrt(np.mean(deadweight_errors(seagoing, *names)[0] ** 2))
        for names in ((), ("depth_m",), ("design_draught_m",))
    )
    assert deep < 0.7 * alone
    assert draught < 0.6 * alone


@needs_real_data
def test_tankers_that_come_to_load_lie_as_deep_as_ships_in_ballast():
    """Real: first calls at Westridge, Vancouver, which ships crude oil. Two of 259 calls had a laden draught."""
    calls = pd.read_csv(REAL_DATA / "port_calls" / "vancouver_tanker_calls.csv").dropna(subset=["arrival_draught_m"])
    loads = (calls["terminal"] == "Westridge") & calls["length_m"].between(200, 260) & (calls["arrival_draught_m"] < 11)
    ships = calls[loads].drop_duplicates("imo")
    ratio = []
    for length_m, beam_m, typed_m in ships[["length_m", "beam_m", "arrival_draught_m"]].to_numpy(float):
        dwt_t = float(np.exp(tanker_regression().log_dwt(np.array(length_m), np.array(beam_m))))
        aboard = float(lightship_share(length_m)) + BALLAST_SHARE[0] + 0.05  # bunkers and stores
        area_t_per_m = SEA_T_PER_M3 * length_m * beam_m
        full, block = np.array(full_draught_m(length_m, beam_m, dwt_t)), np.array(block_coefficient(length_m))
        ratio.append(typed_m / float(draught_at(np.array(dwt_t * aboard / area_t_per_m), full, block)))
    assert len(ratio) > 50
    assert np.median(ratio) == pytest.approx(1.0, abs=0.05)
    assert np.percentile(ratio, 5) > 0.85
    assert np.percentile(ratio, 95) < 1.15
