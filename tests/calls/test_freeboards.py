"""What two looks with a freeboard say about the cargo moved between them."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from pipeline.calls.direction import p_loading
from pipeline.calls.freeboards import deeper_by, freeboards
from pipeline.calls.same_ship import log_odds
from pipeline.config import CallsConfig
from pipeline.quantiles import Z90
from pipeline.ships.signs_of_cargo import freeboard_change_likelihood
from pipeline.ships.stay_times import BOUNDS
from pipeline.ships.turnover import turnover
from tests.calls.test_port_calls import calls_from
from tests.calls.traffic import at, detections, looks_at, sighting, visit

CONFIG = CallsConfig()
TURNS = turnover(CONFIG.stay_d, 2, 8)


def look(name, hours, freeboard_m, **more):
    """A sub-metre look with a freeboard known to 0.3 m, and the draught derived from it."""
    side = {"freeboard_m": freeboard_m, "freeboard_lo_m": freeboard_m - 0.3, "freeboard_hi_m": freeboard_m + 0.3}
    weak = {"draught_m": 7.4 - freeboard_m, "draught_lo_m": 6.1 - freeboard_m, "draught_hi_m": 8.7 - freeboard_m}
    sizes = {"length_lo_m": 95.0, "length_hi_m": 97.0, "beam_lo_m": 14.7, "beam_hi_m": 15.3, "method": "optical-edges"}
    return sighting(name, hours, **(sizes | side | weak | more))


def stay_between(*hours):
    """Bounds of arrival and departure of a stay."""
    return dict(zip(BOUNDS, map(at, hours), strict=True))


STAY = stay_between(6, 8, 30, 32)


def freeboards_of(*rows, mmsi=None, stay=STAY):
    table = detections(*rows)
    return freeboards(table.assign(mmsi=mmsi, match_probability=1.0), mmsi, TURNS, stay)


def test_the_change_is_last_less_first_with_both_errors():
    out = freeboards_of(look("a", 8, 5.0), look("b", 30, 3.4))
    assert out["freeboard_change_m"] == pytest.approx(-1.6)
    assert out["freeboard_change_hi_m"] - out["freeboard_change_lo_m"] == pytest.approx(0.6 * 2**0.5)
    assert out["p_same_hull"] > 0.95
    deeper, error = deeper_by(out)
    assert (deeper, error) == (pytest.approx(1.6), pytest.approx(0.258, abs=0.001))


def test_looks_in_any_order_and_others_between_change_nothing():
    a, b, c = look("a", 8, 5.0), sighting("b", 20), look("c", 30, 3.4)
    assert freeboards_of(c, b, a) == freeboards_of(a, b, c)


def test_a_hull_of_another_size_makes_the_change_doubtful():
    wider = {"beam_m": 19.0, "beam_lo_m": 18.7, "beam_hi_m": 19.3, "house_position": 0.5}
    wider |= {"length_m": 102.0, "length_lo_m": 101.0, "length_hi_m": 103.0}
    first = look("a", 8, 5.0, house_position=0.12)
    assert freeboards_of(first, look("b", 30, 3.4, **wider))["p_same_hull"] < 0.1


def test_a_transponder_in_both_looks_is_believed_before_the_deck():
    first, last = look("a", 8, 5.0), look("b", 30, 3.4, length_m=97.5, length_lo_m=96.5, length_hi_m=98.5)
    assert freeboards_of(first, last, mmsi=999000001)["p_same_hull"] > freeboards_of(first, last)["p_same_hull"]


def test_a_look_between_that_found_her_gone_makes_the_change_doubtful():
    """The odds of one hull fall by the share of ships that such looks miss."""
    seen = [look("a", 8, 5.0), look("b", 12, 3.4)]

    def odds(missed):
        table = detections(*seen).assign(mmsi=None, match_probability=1.0, missed_before=[1.0, missed])
        same = freeboards(table, None, TURNS, STAY)["p_same_hull"]
        return same / (1 - same)

    assert odds(1e-3) / odds(1e-4) == pytest.approx(10, rel=0.01)
    assert odds(1e-4) < odds(1.0)


def test_a_look_that_shows_nobody_has_not_shown_another_ship_either():
    """One second before the last look, it must have missed whoever is there then, so it does not say who she is."""
    seen = [look("a", 8, 5.0), look("b", 38, 3.4)]
    gone = [[], [(at(38 - 1 / 3600), 0.3)]]
    table = detections(*seen).assign(mmsi=None, match_probability=1.0, missed_before=[1.0, 0.3], empty_before=gone)
    doubts = [1 - told["p_same_hull"] for told in (freeboards_of(*seen), freeboards(table, None, TURNS, STAY))]
    assert doubts[1] == pytest.approx(doubts[0], rel=1e-3)


def test_looks_before_the_first_freeboard_do_not_make_the_change_doubtful():
    """Only looks between the two freeboards can show that another ship came."""

    def same(missed_before_first):
        seen = [sighting("before", 4), look("a", 8, 5.0), look("b", 12, 3.4)]
        table = detections(*seen).assign(
            mmsi=None, match_probability=1.0, missed_before=[1.0, missed_before_first, 0.1]
        )
        return freeboards(table, None, TURNS, STAY)["p_same_hull"]

    assert same(1e-4) == same(1.0)


def test_one_freeboard_is_no_change():
    out = freeboards_of(look("a", 8, 5.0), sighting("b", 30))
    assert "freeboard_change_m" not in out
    assert deeper_by(out) is None
    assert (out["freeboard_in_m"], out["draught_seen_in_m"]) == (5.0, pytest.approx(2.4))


@pytest.mark.parametrize(
    ("stay", "end"),
    [((6, 8, 30, 32), "in"), ((-40, 8, 30, 32), "out"), ((-24, 8, 8, 12), "out"), ((6, 8, 8, 30), "in")],
    ids=["early", "late, she may have come long before", "seen once, about to sail", "seen once, just come"],
)
def test_a_single_freeboard_is_early_or_late_by_what_had_passed_of_her_stay(stay, end):
    """Judged by the stay's times, from her transponder or from looks that did not show her; one look is enough."""
    out = freeboards_of(look("a", 12 if stay[2] > 8 else 8, 3.4), stay=stay_between(*stay))
    other = {"in": "out", "out": "in"}[end]
    assert out[f"freeboard_{end}_m"] == 3.4
    assert out[f"freeboard_{end}_sd_m"] == pytest.approx(0.3 / Z90)
    assert out[f"freeboard_{end}_at"] == at(12 if stay[2] > 8 else 8)
    assert f"freeboard_{other}_m" not in out


def test_a_stay_without_a_freeboard_has_none():
    assert freeboards_of(sighting("a", 8)) == {}
    assert freeboards_of() == {}


def test_of_many_freeboards_the_first_and_the_last_speak():
    out = freeboards_of(look("a", 8, 5.0), look("b", 20, 4.4), look("c", 25, 4.0), look("d", 30, 3.4))
    assert (out["freeboard_in_m"], out["freeboard_out_m"]) == (5.0, 3.4)
    assert out["freeboard_change_m"] == pytest.approx(-1.6)


def prior_odds(first, last, match_probability=1.0, mmsi=(None, None), of_stay=None) -> float:
    """The odds of one hull before lengths and decks are considered."""
    table = detections(first, last).assign(mmsi=pd.array(mmsi, dtype="Int64"), match_probability=match_probability)
    same = freeboards(table, of_stay, TURNS, STAY)["p_same_hull"]
    return same / (1 - same) / math.exp(log_odds(first, last))


@pytest.mark.parametrize("gap_h", [12, 30, 60])
def test_without_a_transponder_the_law_of_turns_says_who_lies_there_later(gap_h):
    """It is unknown how long she had been there at the first look."""
    still, another = TURNS.p_still_there(0.0, gap_h / 24), TURNS.p_another(0.0, gap_h / 24)
    expected = pytest.approx(still / another, rel=1e-6)
    first, last = look("a", 8, 5.0), look("b", 8 + gap_h, 3.4)
    assert prior_odds(first, last) == expected
    assert prior_odds(first, last, [0.9, 0.8], (999000001, None), 999000001) == expected, "heard in one look alone"


def test_in_looks_days_apart_a_transponder_is_hers_as_far_as_both_matches_are_sure():
    both = prior_odds(look("a", 8, 5.0), look("b", 130, 3.4), [0.9, 0.8], (999000001,) * 2, 999000001)
    assert both == pytest.approx(0.9 * 0.8 / (1 - 0.9 * 0.8))


def test_a_transponder_that_may_be_the_hulls_beside_her_leaves_what_the_law_of_turns_says():
    first, last = look("a", 8, 5.0), look("b", 30, 3.4)
    assert prior_odds(first, last, 0.5, (999000001,) * 2, 999000001) == pytest.approx(prior_odds(first, last))


def test_a_change_is_never_surer_than_a_look_can_be():
    sharp = {"freeboard_change_m": -1.0, "freeboard_change_lo_m": -1.0, "freeboard_change_hi_m": -1.0}
    assert deeper_by(sharp) == (1.0, 0.05)
    assert deeper_by(sharp | {"freeboard_change_m": float("nan")}) is None


@pytest.mark.parametrize(("deeper_m", "rises"), [(1.6, True), (-1.6, False)])
def test_the_change_moves_the_probability_of_a_loading(deeper_m, rises):
    assert (p_loading(0.7, None, freeboard_change_likelihood(deeper_m, 0.3)) > 0.7) is rises


def test_a_change_within_its_error_says_little_and_one_of_two_hulls_nothing():
    assert p_loading(0.7, None, freeboard_change_likelihood(0.05, 0.3)) == pytest.approx(0.7, abs=0.06)
    assert p_loading(0.7, None, freeboard_change_likelihood(-2.0, 0.3, 0.0)) == pytest.approx(0.7)


def test_typed_and_seen_changes_speak_together():
    """The crew types the laden draught on arrival and the light one later; the freeboards correct this."""
    typed, seen = p_loading(0.9, -2.0), freeboard_change_likelihood(1.6, 0.3)
    assert typed < p_loading(0.9, -2.0, seen) < p_loading(0.9, 2.0, seen)


def test_a_dark_call_carries_the_change_and_says_that_draughts_are_weak():
    table = calls_from(visit(100, 110), seen=[look("a", 8, 5.0), look("b", 30, 3.4)], looks=looks_at(8, 30, 60))
    row = table[table["mmsi"].isna()].iloc[0]
    assert row["detection_ids"] == ["a", "b"]
    assert row["freeboard_change_m"] == pytest.approx(-1.6)
    assert row["draught_seen_in_m"] < row["draught_seen_out_m"]
    assert "weak_draught" in row["flags"]
    assert row["p_loading"] > CONFIG.prior_p_loading
    assert pd.isna(row["draught_in_m"])  # none was typed
