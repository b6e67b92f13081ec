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
    """Bounds of stays [d] of which each is followed up to its limit."""
    return np.minimum(stays, limits), np.where(stays <= limits, stays, np.inf)


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
    least, most = cut(true, true.mean() * rng.uniform(0.2, 2.2, len(true)))
    law, ended = law_from(least, most, CONFIG), np.isfinite(most)
    shape, _, scale = lognorm.fit(CensoredData(uncensored=least[ended], right=least[~ended]), floc=0)
    assert (law.middle, law.spread) == pytest.approx((np.log(scale), shape), abs=0.02)
    assert law.stay_d == pytest.approx(np.exp(MIDDLE + np.log(factor) + spread * np.array([-1.645, 1.645])), rel=0.06)
    assert (law.heard, law.unended) == (ended.sum(), (~ended).sum())


def test_stays_that_had_not_ended_are_not_taken_for_short_ones():
    """A fortnight in which ships stay for up to a week: leaving out those still there makes the mean too short."""
    rng = np.random.default_rng(2)
    true, came = np.exp(rng.normal(np.log(4.0), 0.4, 3000)), rng.uniform(0, 14, 3000)
    least, most = cut(true, 14 - came)
    whole = law_from(least[most < np.inf], most[most < np.inf], CONFIG)
    assert law_from(least, most, CONFIG).days.mean() == pytest.approx(true.mean(), rel=0.03)
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
    laws = [law_from(*[np.full(n, np.exp(MIDDLE))] * 2, CONFIG) for n in (1, 4)]
    assert [law.middle for law in laws] == pytest.approx([MIDDLE] * 2, abs=0.005)
    assert CONFIG.stay_log_sd > laws[0].log_sd > laws[1].log_sd


def test_a_ship_still_there_after_an_hour_says_nothing_and_after_a_week_that_stays_are_longer():
    hour, week = (law_from(np.array([days]), np.array([np.inf]), CONFIG) for days in (1 / 24, 7.0))
    assert hour.stay_d == pytest.approx(CONFIG.stay_d, rel=1e-3)
    assert week.stay_d[1] > 1.1 * CONFIG.stay_d[1]
    assert (hour.log_sd, hour.heard) == pytest.approx((CONFIG.stay_log_sd, 0))


@pytest.mark.parametrize("odd_d", [(2 / 24, 2 / 24), (30.0, 30.0), (100.0, 100.0), (100.0, np.inf)])
@pytest.mark.parametrize("usual", [10, 30])
def test_one_ship_laid_up_or_soon_gone_changes_the_law_of_the_others_little(usual, odd_d):
    stays = np.exp(np.random.default_rng(3).normal(MIDDLE, SPREAD, usual))
    without, with_odd = (law_from(np.append(stays, low), np.append(stays, high), CONFIG)
                         for low, high in (([], []), odd_d))  # fmt: skip
    assert with_odd.middle == pytest.approx(without.middle, abs=0.05)
    assert with_odd.spread == pytest.approx(without.spread, rel=0.2)


@pytest.mark.parametrize("stays", [100, 2000])
def test_stays_all_alike_do_not_make_the_law_certain(stays):
    """Were each stay's length a sure law, a ship that stays an hour longer than any other would be two ships."""
    law = law_from(*[np.full(stays, 40 / 24)] * 2, CONFIG)
    assert np.exp(law.middle) == pytest.approx(40 / 24, rel=0.01)
    assert law.spread > 0.02


def test_stays_known_to_hours_give_the_law_of_stays_known_to_minutes():
    rng = np.random.default_rng(4)
    stays = np.exp(rng.normal(MIDDLE, SPREAD, 2000))
    before, after = rng.uniform(0, 4 / 24, (2, len(stays)))
    coarse, fine = law_from(stays - before, stays + 4 / 24 - after, CONFIG), law_from(stays, stays, CONFIG)
    assert (coarse.middle, coarse.spread) == pytest.approx((fine.middle, fine.spread), abs=0.03)


def test_a_law_declared_as_certain_is_kept():
    law = law_from(*[np.full(50, 9.0)] * 2, CallsConfig(stay_log_sd=0))
    assert (law.stay_d, law.log_sd) == (pytest.approx(CONFIG.stay_d), 0)


@pytest.mark.parametrize(
    "no_evidence",
    [
        {"counts": False},
        {"evidence_class": "C"},
        {"arrival_lo": None},  # she may have lain there for days
        {"arrival_lo": at(1)},  # an arrival in a silence of ten hours
        {"flags": [ALONGSIDE]},
        {"departure_hi": at(90)},  # silent for a day and more: she left in it, at once or later
        {"departure_hi": None},  # and so she may have here, where others are heard later
    ],
)
def test_only_counted_stays_heard_at_both_ends_are_evidence(no_evidence):
    usual = [{}] * 6
    with_more, alone = (stay_law(called(*rows), CONFIG, at(200)) for rows in ([*usual, no_evidence], usual))
    assert with_more == alone
    assert alone.heard == 6


def test_a_ship_there_when_ais_ends_stayed_at_least_so_long():
    law = stay_law(called(*[{"departure_hi": None, "evidence_class": "B"}] * 5), CONFIG, at(57))
    at_least = law_from(np.full(5, 46 / 24), np.full(5, np.inf), CONFIG)
    assert law == at_least
    assert law.stay_d > CONFIG.stay_d
    assert (law.heard, law.unended) == (0, 5)


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


def heard_for(stay_h: float, **settings: object):
    """What is heard of a dozen ships in turn that stay so long."""
    parts = [visit(n * (stay_h + 8), n * (stay_h + 8) + stay_h, mmsi=273000100 + n, every_min=20) for n in range(12)]
    return listen(tracks=clean_tracks(feed(*parts)), static=static_reports(feed(*parts)), registry=None,
                  place=harbour(), config=CallsConfig(**settings))  # fmt: skip


def test_the_limit_on_a_stay_is_longer_by_as_much_as_stays_are_and_never_shorter():
    """Also a limit that was set short: stays as declared leave it as it was set."""
    usual_h = float(24 * np.exp(MIDDLE))
    for limit in (3.0, 6.0):
        short, usual, long = (heard_for(hours, max_stay_d=limit) for hours in (usual_h / 2, usual_h, 3 * usual_h))
        assert [short.config.max_stay_d, usual.config.max_stay_d] == [limit, limit]
        assert long.config.max_stay_d / limit == pytest.approx(long.stays.stay_d[1] / CONFIG.stay_d[1])
        assert long.config.max_stay_d > 1.5 * limit


@pytest.mark.parametrize(("later_h", "unended"), [(None, 1), (40, 0)])
def test_a_ship_last_heard_at_the_berth_is_there_still_only_if_no_other_is_heard_later(later_h, unended):
    heard = visit(5, 60, every_min=20)
    heard = heard[heard["time_utc"] <= at(30)]
    later = [] if later_h is None else [visit(later_h, 70, mmsi=273000222, every_min=20)]
    known = listen(tracks=clean_tracks(feed(heard, *later)), static=static_reports(feed()), registry=None,
                   place=harbour(), config=CONFIG)  # fmt: skip
    assert (known.stays.heard, known.stays.unended) == (len(later), unended)


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
