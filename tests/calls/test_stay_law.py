"""How long ships stay, from what is declared and what AIS shows. Truth: scipy's censored fit, closed forms, Bayes."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, lognorm

from pipeline.calls import listen, port_calls, stay_line, stay_table
from pipeline.calls.alongside import ALONGSIDE
from pipeline.calls.static import static_reports
from pipeline.calls.stay_law import law_from, stay_law
from pipeline.calls.tracks import clean_tracks
from pipeline.config import CallsConfig
from pipeline.tables import MATCHES, PORT_CALLS
from tests.calls.traffic import at, detections, feed, harbour, looks_at, said, sighting, visit

CONFIG = CallsConfig()
MIDDLE, SPREAD = np.log(CONFIG.stay_d).mean(), np.diff(np.log(CONFIG.stay_d))[0] / (2 * 1.6448536)


def cut(stays: np.ndarray, limits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is heard of stays [d] of which each is followed up to its limit, and which of them ended by then."""
    return np.minimum(stays, limits), stays <= limits


def called(*rows: dict[str, object]) -> pd.DataFrame:
    """Counted calls heard from arrival to departure, 48 hours apart, unless they say otherwise."""
    heard = {"counts": True, "evidence_class": "A", "arrival_lo": at(9), "arrival_hi": at(11), "departure_lo": at(57),
             "departure_hi": at(59), "berth_id": "oil", "flags": []}  # fmt: skip
    return PORT_CALLS.from_rows([heard | row | {"call_id": f"c{n}"} for n, row in enumerate(rows)])


def test_without_heard_stays_the_law_is_the_declared_one():
    law = stay_law(PORT_CALLS.empty(), config := CallsConfig(stay_log_sd=0.4))
    assert law.stay_d == pytest.approx(config.stay_d, rel=1e-6)
    assert np.quantile(law.days, (0.05, 0.95), method="hazen") == pytest.approx(config.stay_d, rel=0.01)
    assert law.days.mean() == pytest.approx(np.exp(MIDDLE + SPREAD**2 / 2), rel=0.005)
    assert (law.log_sd, law.heard) == (0.4, 0)


@pytest.mark.parametrize(("factor", "spread"), [(0.4, SPREAD), (1.0, 0.6), (3.0, 0.25)])
def test_many_stays_replace_what_was_declared(factor, spread):
    """Half of them are cut off: the fit is that of scipy, and finds the law they were drawn from."""
    rng = np.random.default_rng(5)
    true = np.exp(rng.normal(MIDDLE + np.log(factor), spread, 4000))
    days, ended = cut(true, true.mean() * rng.uniform(0.2, 2.2, len(true)))
    law = law_from(days, ended, CONFIG)
    shape, _, scale = lognorm.fit(CensoredData(uncensored=days[ended], right=days[~ended]), floc=0)
    assert (law.middle, law.spread) == pytest.approx((np.log(scale), shape), abs=0.01)
    assert law.stay_d == pytest.approx(np.exp(MIDDLE + np.log(factor) + spread * np.array([-1.645, 1.645])), rel=0.06)
    assert law.heard == ended.sum()


def test_stays_that_had_not_ended_are_not_taken_for_short_ones():
    """A fortnight in which ships stay for up to a week: leaving out those still there makes the mean too short."""
    rng = np.random.default_rng(2)
    true, came = np.exp(rng.normal(np.log(4.0), 0.4, 3000)), rng.uniform(0, 14, 3000)
    days, ended = cut(true, 14 - came)
    whole = law_from(days[ended], ended[ended], CONFIG)
    assert law_from(days, ended, CONFIG).days.mean() == pytest.approx(true.mean(), rel=0.03)
    assert whole.days.mean() < 0.95 * true.mean()


def test_the_uncertainty_holds_the_truth_nine_times_in_ten():
    """By Bayes: a common factor drawn from its declared law, then eight stays, of which some are cut off."""
    rng, held = np.random.default_rng(11), []
    for _ in range(400):
        middle = rng.normal(MIDDLE, CONFIG.stay_log_sd)
        law = law_from(*cut(np.exp(rng.normal(middle, SPREAD, 8)), rng.uniform(0.5, 8, 8)), CONFIG)
        held.append(abs(law.middle - middle) <= 1.645 * law.log_sd)
    assert 0.85 <= np.mean(held) <= 0.94


def test_a_stay_as_usual_changes_only_the_certainty():
    laws = [law_from(np.full(n, np.exp(MIDDLE)), np.ones(n, bool), CallsConfig()) for n in (1, 4)]
    assert [law.middle for law in laws] == pytest.approx([MIDDLE] * 2, abs=1e-4)
    assert CONFIG.stay_log_sd > laws[0].log_sd > laws[1].log_sd


def test_a_ship_still_there_after_an_hour_says_nothing_and_after_a_week_that_stays_are_longer():
    hour, week = (law_from(np.array([days]), np.array([False]), CONFIG) for days in (1 / 24, 7.0))
    assert hour.stay_d == pytest.approx(CONFIG.stay_d, rel=1e-3)
    assert week.stay_d[1] > 1.1 * CONFIG.stay_d[1]
    assert (hour.log_sd, hour.heard) == pytest.approx((CONFIG.stay_log_sd, 0))


def test_a_law_declared_as_certain_is_kept():
    law = law_from(np.full(50, 9.0), np.ones(50, bool), CallsConfig(stay_log_sd=0))
    assert (law.stay_d, law.log_sd) == (pytest.approx(CONFIG.stay_d), 0)


@pytest.mark.parametrize(
    "no_evidence",
    [
        {"counts": False},
        {"evidence_class": "C"},
        {"arrival_lo": None},  # she may have lain there for days
        {"arrival_lo": at(1)},  # an arrival in a silence of ten hours
        {"flags": [ALONGSIDE]},
    ],
)
def test_only_counted_stays_with_a_heard_arrival_are_evidence(no_evidence):
    usual = [{}] * 6
    assert stay_law(called(*usual, no_evidence), CONFIG) == stay_law(called(*usual), CONFIG)
    assert stay_law(called(*usual), CONFIG).heard == 6


@pytest.mark.parametrize("left", [None, at(90)])
def test_a_departure_that_was_not_heard_is_a_stay_that_lasted_at_least_so_long(left):
    law = stay_law(called(*[{"departure_hi": left, "evidence_class": "B"}] * 5), CONFIG)
    at_least = law_from(np.full(5, 47 / 24), np.zeros(5, bool), CONFIG)
    assert (law.stay_d, law.heard) == (pytest.approx(at_least.stay_d), 0)


def calls_with(stay_h: float | None) -> pd.DataFrame:
    """Two looks 84 hours apart at like hulls, after a dozen ships were heard to stay so long (None: no ship was)."""
    heard = [] if stay_h is None else [
        part for n in range(12) for part in (
            visit(n * (stay_h + 8), n * (stay_h + 8) + stay_h, mmsi=273000100 + n, every_min=20),
            said(n * (stay_h + 8), mmsi=273000100 + n, ship_type=80))]  # fmt: skip
    end = 0 if stay_h is None else 12 * (stay_h + 8)
    return port_calls(
        detections=detections(sighting("a", end + 10), sighting("b", end + 94)), looks=looks_at(end + 10, end + 94),
        matches=MATCHES.empty(), tracks=clean_tracks(feed(*heard)), static=static_reports(feed(*heard)), registry=None,
        place=harbour(), config=CONFIG,
    )  # fmt: skip


def test_ships_that_were_heard_to_stay_long_make_one_call_of_what_would_be_two():
    none, short, long = (calls_with(hours) for hours in (None, 20, 110))
    unheard = [table[table["mmsi"].isna()] for table in (none, short, long)]
    assert [len(table) for table in unheard] == [2, 2, 1]
    assert unheard[1]["p_new_call"].iloc[1] >= unheard[0]["p_new_call"].iloc[1]


def test_where_nobody_was_heard_the_settings_stay_as_they_are():
    known = listen(tracks=clean_tracks(feed()), static=static_reports(feed()), registry=None, place=harbour(),
                   config=CONFIG)  # fmt: skip
    assert known.config == CONFIG


def test_the_table_has_both_laws_and_the_line_says_what_corrected_the_declared_one():
    declared, heard = stay_law(PORT_CALLS.empty(), CONFIG), stay_law(called(*[{}] * 6), CONFIG)
    table = stay_table(heard, CONFIG).set_index("law")
    for name, law in (("declared", declared), ("used", heard)):
        assert tuple(table.loc[name, ["stay_lo_d", "stay_hi_d"]]) == pytest.approx(law.stay_d)
        assert (table.loc[name, "log_sd"], table.loc[name, "heard"]) == (law.log_sd, law.heard)
    assert "6 stays heard from arrival to departure" in stay_line(stay_table(heard, CONFIG))
    assert stay_line(stay_table(declared, CONFIG)) == ""
