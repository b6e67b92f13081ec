"""Times of the looks with a freeboard: their effect on the cargo, and impossible times."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.ships.stay_times import StayTimes
from pipeline.volume import liftings
from pipeline.volume.displacement import draught_at
from pipeline.volume.hull_form import block_coefficient
from pipeline.volume.possible_voyages import HullForms, Voyages

CONFIG = VolumeConfig(draws=20_000)
DISCHARGING = VolumeConfig(draws=20_000, counted="discharging")
STAY = {"arrival": "2024-03-07T00:00Z", "departure": "2024-03-08T06:00Z"}
HULL = {"length_m": 96.0, "beam_m": 15.0, "dwt_t": 4500.0, "freeboard_in_sd_m": 0.2, "freeboard_out_sd_m": 0.2}
NUMBERS = ["tonnes_p5", "tonnes_p50", "tonnes_p95"]


def lifted(config=CONFIG, **columns):
    return liftings(pd.DataFrame([{"call_id": "a"} | STAY | HULL | columns]), config, 7).iloc[0]


def hour(hours):
    return f"{pd.Timestamp('2024-03-07T00:00Z') + pd.Timedelta(hours=hours):%Y-%m-%dT%H:%MZ}"


def test_two_looks_within_the_hour_say_little_of_a_whole_cargo():
    """She looks the same in both: without the times she would seem to have loaded hardly anything."""
    same = {"freeboard_in_m": 3.2, "freeboard_out_m": 3.2}
    timed = lifted(**same, freeboard_in_at=hour(14), freeboard_out_at=hour(15))
    once = lifted(freeboard_in_m=3.2, freeboard_in_at=hour(14))
    untimed, usual = lifted(**same), lifted()
    assert untimed["tonnes_p50"] < 0.9 * usual["tonnes_p50"]
    assert timed[NUMBERS].tolist() == pytest.approx(once[NUMBERS].tolist(), rel=0.05)
    assert timed["tonnes_p50"] > 0.96 * usual["tonnes_p50"]


def test_of_looks_at_both_ends_of_the_stay_all_of_the_change_is_cargo_and_ballast():
    sides = {"freeboard_in_m": 4.2, "freeboard_out_m": 2.2}
    ends = lifted(**sides, freeboard_in_at=hour(1), freeboard_out_at=hour(29))
    untimed = lifted(**sides)
    assert ends["tonnes_p50"] < 0.97 * untimed["tonnes_p50"], "nothing more before the first look and after the last"


def test_the_change_of_a_fully_timed_stay_is_archimedes():
    """A change of 2 m at some 13 t per centimetre, plus the ballast pumped out meanwhile."""
    row = lifted(freeboard_in_m=4.2, freeboard_out_m=2.2, freeboard_in_at=hour(0), freeboard_out_at=hour(30),
                 freeboard_in_sd_m=0.05, freeboard_out_sd_m=0.05)  # fmt: skip
    block = np.array(block_coefficient(96.0))
    masses = np.linspace(1000, 7000, 601)
    sunk = np.array([float(draught_at(m / (1.025 * 96 * 15), np.array(6.1), block)) for m in masses])
    tonnes = np.interp(5.6, sunk, masses) - np.interp(3.6, sunk, masses)
    ballast_ashore = 0.36 * 0.9 * 4500
    assert row["tonnes_p50"] == pytest.approx(tonnes + ballast_ashore, rel=0.08)


def test_a_high_side_at_the_end_is_a_small_cargo_and_at_the_start_says_nothing():
    usual = lifted()
    assert lifted(freeboard_out_m=3.6, freeboard_out_at=hour(29))["tonnes_p50"] < 0.75 * usual["tonnes_p50"]
    for times in ({"freeboard_in_at": hour(1)}, {"freeboard_in_at": hour(14), "arrival": None, "departure": None,
                                                "arrival_date": "2024-03-07"}):  # fmt: skip
        row = lifted(freeboard_in_m=3.6, **times)
        assert row["tonnes_p50"] == pytest.approx(usual["tonnes_p50"], rel=0.05), "nobody knows when she was seen"


def test_which_of_both_columns_holds_a_timed_look_is_no_matter():
    one, other = (lifted(**{f"freeboard_{end}_m": 2.4, f"freeboard_{end}_at": hour(20)}) for end in ("in", "out"))
    assert one[NUMBERS].tolist() == pytest.approx(other[NUMBERS].tolist(), rel=0.02)


def test_a_discharge_is_read_backwards():
    loading = lifted(freeboard_in_m=4.1, freeboard_out_m=2.2, freeboard_in_at=hour(3), freeboard_out_at=hour(20))
    landing = lifted(DISCHARGING, freeboard_in_m=2.2, freeboard_out_m=4.1, freeboard_in_at=hour(10),
                     freeboard_out_at=hour(27))  # fmt: skip
    assert landing["p_lifting"] > 0.9
    assert landing[NUMBERS].tolist() == pytest.approx(loading[NUMBERS].tolist(), rel=0.04)


def test_liftings_hold_all_that_their_loads_rest_on():
    bounds = {"arrival": None, "departure": None, "arrival_lo": hour(-4), "arrival_hi": hour(2)}
    bounds |= {"departure_lo": hour(20), "departure_hi": hour(30)}
    row = lifted(**bounds, freeboard_in_m=3.0, freeboard_in_at=hour(2), flags="left_open")
    assert [row[name] for name in ("arrival_lo", "arrival_hi", "departure_lo")] == [
        pd.Timestamp(hour(h)) for h in (-4, 2, 20)
    ]
    assert pd.isna(row["departure_hi"]), "no look bounds it"
    assert row["freeboard_in_at"] == pd.Timestamp(hour(2))
    assert pd.isna(lifted(freeboard_in_m=3.0)["arrival_lo"]), "of a look without a time no bounds are asked"


def test_a_bare_date_is_any_time_of_its_day():
    day = {"arrival": "2024-03-07", "departure": "2024-03-08", "freeboard_out_m": 2.0, "freeboard_out_at": "2024-03-08"}
    row = lifted(**day)
    bounds = [row[name] for name in ("arrival_lo", "arrival_hi", "departure_lo", "departure_hi", "freeboard_out_at")]
    assert bounds == [pd.Timestamp(hour(h)) for h in (0, 24, 24, 48, 36)]
    assert row["status"] == "used"


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({"freeboard_out_at": hour(24 * 30 + 3)}, "freeboard_out_at 2024-04-06T03:00Z is far from her stay"),
        ({"freeboard_in_at": hour(24 * -30 + 3)}, "freeboard_in_at 2024-02-06T03:00Z is far from her stay"),
        ({"freeboard_in_at": hour(20), "freeboard_out_at": hour(4)},
         "freeboard_in_at 2024-03-07T20:00Z lies after freeboard_out_at 2024-03-07T04:00Z: neither is used"),
        ({"freeboard_in_at": "soon"}, "time 'soon' is not written as YYYY-MM-DD"),
        ({"freeboard_in_at": "2024-03"}, "freeboard_in_at '2024-03' names no day; write it as YYYY-MM-DD: not used"),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_is_told_and_the_freeboards_count_as_without_times(times, words):
    sides = {"freeboard_in_m": 4.1, "freeboard_out_m": 2.2}
    row, plain = lifted(**sides, **{"freeboard_in_at": hour(2), "freeboard_out_at": hour(28)} | times), lifted(**sides)
    assert row["status"] == "degraded"
    assert words in row["cause"]
    assert row[NUMBERS].tolist() == plain[NUMBERS].tolist()


def test_one_time_of_two_is_as_none():
    sides = {"freeboard_in_m": 4.1, "freeboard_out_m": 2.2}
    row, plain = lifted(**sides, freeboard_in_at=hour(2)), lifted(**sides)
    assert (row["status"], row[NUMBERS].tolist()) == ("used", plain[NUMBERS].tolist())


@pytest.mark.parametrize("first_h", [0.0, 8.0, 24.0])
def test_looks_are_dealt_on_one_course_of_the_stay(first_h):
    """Cargo aboard at the last look is never less than at the first; at the ends of a known stay it is none and all."""
    forms = HullForms(0.75, np.full(5000, 0.35), 0.0)
    stay = StayTimes(0.0, 24.0, 0.0, (0.8, 3.0), first_h, 24.0)
    voyage = next(Voyages(5000, 0.05, 3).deal(forms, np.random.default_rng(8), stay))
    assert (voyage.last_look == 1.0).all()
    assert (voyage.first_look <= voyage.last_look).all()
    assert {0.0: 0.0, 8.0: 0.25, 24.0: 1.0}[first_h] == pytest.approx(voyage.first_look.mean(), abs=0.04)


def test_times_of_looks_move_nothing_else_of_a_voyage():
    forms = HullForms(0.75, np.full(500, 0.35), 0.0)
    plain, timed = (
        next(Voyages(500, 0.05, 3).deal(forms, np.random.default_rng(8), stay))
        for stay in (None, StayTimes(2.0, 24.0, 3.0, (0.8, 3.0), 1.0, 20.0))
    )
    for name in ("light", "ballast", "ballast_left", "fineness", "full_draught_ratio", "size_ratio", "depth_error"):
        assert (getattr(plain, name) == getattr(timed, name)).all()
