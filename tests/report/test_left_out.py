"""What the sums leave out is stated beside them: zones about which nothing is known, and calls of other accounts."""

import html
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.config import CapConfig, PeriodConfig, VolumeConfig
from pipeline.report.exports import annex_table
from pipeline.report.extrapolated import looks_show_line
from pipeline.report.left_out import excluded_call_lines, not_in_account_lines
from pipeline.report.page import render
from pipeline.report.summary import headline_lines
from pipeline.report.warnings_list import warnings
from pipeline.report.wording import barrels, call_numbers, percent
from pipeline.tables import MISSED


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (["outside_period"], "1 call of the AIS files at counted zones is not counted: outside the period"),
        (["outside_period", "unlikely_tanker"], None),  # inside it she would not count either
        ([], None),
    ],
)
def test_a_call_outside_the_period_is_told(tiny_story, flags, line):
    calls = tiny_story.tables["port_calls"]
    calls = calls.assign(flags=[flags, *[[] for _ in range(len(calls) - 1)]])
    story = replace(tiny_story, tables={**tiny_story.tables, "port_calls": calls})
    assert [w for w in warnings(story) if "outside the period" in w] == ([f"{line}."] if line else [])
    assert [w for w in headline_lines(story) if "outside the period" in w] == ([f"SIMULATED: {line}"] if line else [])


@pytest.mark.parametrize(
    ("products", "expected"),
    [
        (None, "factors: the Committee's chart; shares: our judgement"),
        ([("gas_oil", 7.46, 0.843, 0.5), ("gasoline", 8.35, 0.753, 0.5)], "factors: the Committee's chart; shares: as"),
        ([("gas_oil", 7.3, 0.86, 1.0)], "factors and shares: as configured"),
        ([("crude", 7.33, 0.86, 1.0)], "factors and shares: as configured"),
    ],
)
def test_factors_and_shares_of_the_run_file_are_not_called_others(tiny_story, tiny_run, products, expected):
    """Someone who edits the mix must not read that it comes from the Committee."""
    volume = tiny_story.config.volume
    if products:
        names = ("name", "bbl_per_t", "t_per_m3", "share")
        volume = VolumeConfig.model_validate({"products": [dict(zip(names, p, strict=True)) for p in products]})
    story = replace(tiny_story, config=tiny_story.config.model_copy(update={"volume": volume}))
    assert f" bbl/t ({expected}" in html.unescape(render(story, {}, tiny_run))


@pytest.mark.parametrize("flags", [[], ["zone_not_counted", "outside_period"]], ids=["within", "beside"])
def test_a_call_of_other_days_is_not_said_to_be_seen_in_these(tiny_story, tiny_run, flags):
    """With another year in the run file, all calls in the AIS files would read as seen in that year."""
    calls = tiny_story.tables["port_calls"]
    story = replace(tiny_story, tables={**tiny_story.tables, "port_calls": calls.assign(flags=[flags])})
    page = " ".join(re.sub("<[^>]*>", " ", render(story, {}, tiny_run)).split())
    said = " (before or after the period)" if flags else ""
    assert headline_lines(story)[1].startswith(f"SIMULATED: 1 port call seen{said}, ")
    assert f"1 port call seen{said}, 1 counted" in page
    assert f"of 1 call seen{said} takes part" in page


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (
            ["too_long_for_this_trade"],
            "1 call at counted zones is not counted: longer than ships of this trade (max_length_m of the zone)",
        ),
        (
            ["too_long_for_this_trade", "may_be_shorter"],
            (
                "1 call at counted zones is not counted: longer than ships of this trade (max_length_m of the zone); "
                "for 1 the length interval begins below it"
            ),
        ),
        (["dark", "unlikely_tanker"], "1 call at counted zones is not counted: not likely a tanker"),
        (["too_long_for_this_trade", "outside_period"], None),
        (["zone_not_counted"], None),
    ],
)
@pytest.mark.parametrize("others", [0, 1], ids=["nothing counted", "others counted"])
def test_a_call_kept_out_at_a_counted_zone_is_told(tiny_story, flags, line, others):
    """With one digit missing in max_length_m, the berth would otherwise read as empty."""
    calls = tiny_story.tables["port_calls"]
    calls = calls.assign(flags=[flags, *[[] for _ in range(len(calls) - 1)]])
    head = replace(tiny_story.headline, calls_counted=others)
    story = replace(tiny_story, headline=head, tables={**tiny_story.tables, "port_calls": calls})
    assert [w for w in warnings(story) if "counted zones" in w] == ([f"{line}."] if line else [])
    assert [w for w in headline_lines(story) if "counted zones" in w] == ([f"SIMULATED: {line}"] if line else [])


def test_of_lengths_that_are_not_sure_only_those_of_the_calls_told_of_are_counted():
    """Otherwise a second one, outside the period as well, would be in a line about one call."""
    unsure = ["too_long_for_this_trade", "may_be_shorter"]
    calls = pd.DataFrame({"flags": [unsure, [*unsure, "outside_period"]]})
    (line,) = excluded_call_lines(calls)
    assert line.startswith("1 call at counted zones")
    assert line.endswith("; for 1 the length interval begins below it")
    assert excluded_call_lines(calls[:0]) == []


@pytest.fixture
def story_with(tiny_story):
    """The small run's story with other values in its headline."""
    return lambda **fields: replace(tiny_story, headline=replace(tiny_story.headline, **fields))


def test_a_zone_that_no_look_could_see_is_named_beside_the_sum(story_with, tiny_run):
    story = story_with(corrected_bbl=(1e5, 2e5, 3e5), corrected_without=("oil_pier", "<b>elsewhere</b>"))
    name = story.place.zone("oil_pier").name  # which contains a comma
    (line,) = [w for w in warnings(story) if "too few looks" in w]
    assert line.startswith(f"Unseen calls at {name}; <b>elsewhere</b> are unknown")
    assert line.endswith("the sum with unseen calls includes none there.")
    page = render(story, {}, tiny_run)
    assert page.count("&lt;b&gt;elsewhere&lt;/b&gt;</bdi>, where they are unknown") == 2
    assert "<b>elsewhere</b>" not in page


def test_where_no_sum_of_unseen_calls_is_shown_the_zones_are_named_all_the_same(story_with, tiny_run):
    story = story_with(corrected_bbl=None, corrected_without=("oil_pier",))
    (line,) = [w for w in warnings(story) if "too few looks" in w]
    assert "sum with unseen" not in line
    assert "with the calls that nobody saw" not in render(story, {}, tiny_run)


def test_nothing_is_said_where_nothing_is_left_out(story_with, tiny_run):
    story = story_with(corrected_bbl=(1e5, 2e5, 3e5), corrected_without=())
    assert not [w for w in warnings(story) if "not in this account" in w or "too few looks" in w]
    assert "where they are unknown" not in render(story, {}, tiny_run)


def test_a_run_ends_with_the_sum_of_what_nobody_saw(story_with):
    """In the report's words: beside the observed barrels, never instead of them."""
    name = story_with().place.zone("oil_pier").name
    lines = [line.removeprefix("SIMULATED: ") for line in headline_lines(story_with(corrected_bbl=(1e5, 2e5, 3e5)))]
    line = "with the calls that nobody saw p5/p50/p95: 100,000 bbl / 200,000 bbl / 300,000 bbl"
    assert lines[lines.index(line) - 1].startswith("share of the cap"), "which is of the observed barrels"
    lines = headline_lines(story_with(corrected_bbl=None, corrected_without=("oil_pier",)))
    assert f"SIMULATED: calls that nobody saw at {name} are unknown, and in no sum" in lines
    assert not [line for line in lines if "with the calls" in line]


@pytest.mark.parametrize(
    ("looked", "corrected", "share"),
    [(10, 1.2, None), (10, 4.0, "75 %"), (2, 1.25, "20 %"), (2, 1.0, None), (2, None, None), (2, 0.0, None)],
    ids=["well seen", "few calls seen", "few days seen", "nothing added", "no estimate", "sum of none"],
)
def test_how_much_of_the_sum_with_unseen_calls_is_extrapolated(story_with, tiny_story, looked, corrected, share):
    """A reader who quotes the larger sum must know how little of it was observed."""
    start, seen = pd.Timestamp("2024-03-01T12:00Z"), tiny_story.headline.barrels_p50
    looks = tiny_story.tables["looks"]
    looks = looks[looks["zone_id"] == "oil_pier"].iloc[[0] * looked].assign(state="usable")
    looks["acquired"] = [start + pd.Timedelta(days=n) for n in range(looked)]
    sums = None if corrected is None else (seen, corrected * seen, 9 * seen)
    story = replace(story_with(corrected_bbl=sums), tables={**tiny_story.tables, "looks": looks})
    period = PeriodConfig(start="2024-03-01T00:00Z", end="2024-03-11T00:00Z")
    story = replace(story, config=story.config.model_copy(update={"period": period}))
    line = f"about {share} of the sum with the calls that nobody saw is extrapolated: a counted berth was seen on "
    line += f"{looked} of 10 days"
    assert sum(w.startswith(f"A{line[1:]}") for w in warnings(story)) == (share is not None)
    assert sum(line in w for w in headline_lines(story)) == (share is not None)


def test_of_a_period_that_begins_before_its_account_the_days_of_the_account_are_told(story_with, tiny_story):
    """If a year begins within the period, the share of its own days must not stand beside the looks of all days."""
    seen, looks = tiny_story.headline.barrels_p50, tiny_story.tables["looks"]
    looks = looks[looks["zone_id"] == "oil_pier"].iloc[[0] * 3].assign(state="usable")
    looks["acquired"] = [pd.Timestamp(f"2024-03-{day:02d}T12:00Z") for day in (2, 3, 8)]
    account = tiny_story.tables["ledger"].iloc[[0] * 4].assign(day=[f"2024-03-{day:02d}" for day in range(7, 11)])
    story = story_with(corrected_bbl=(seen, 4 * seen, 9 * seen))
    story = replace(story, tables={**tiny_story.tables, "looks": looks, "ledger": account})
    period = PeriodConfig(start="2024-03-01T00:00Z", end="2024-03-11T00:00Z")
    story = replace(story, config=story.config.model_copy(update={"period": period}))
    (line,) = (line for line in headline_lines(story) if "extrapolated" in line)
    assert line.endswith("a counted berth was seen on 1 of 4 days of the account")


@pytest.mark.parametrize(("times", "mostly"), [(1.5, False), (6.0, True)])
def test_a_sum_that_hardly_anybody_saw_stands_as_an_interval_and_is_called_no_finding(
    story_with, tiny_run, times, mostly
):
    """If five sixths are extrapolated, it must not be as large as the observed sum, nor have a share of the cap."""
    seen = story_with().headline.barrels_p50
    low, middle, high = sums = (1.2 * seen, times * seen, 3 * times * seen)
    story = story_with(corrected_bbl=sums, corrected_without=())
    page = render(story, {}, tiny_run)
    (tile,) = re.findall(r'<li class="est">(.*?)</li>', page)
    assert tile.startswith(f"<b>{barrels(low)} to {barrels(high)} barrels</b><span>extrapolated, ") == mostly
    assert ("about 83 % was never seen: it is not a finding" in tile) == mostly
    assert (f"{percent(middle / story.headline.cap_bbl)} of the cap" in tile) != mostly
    assert ("about 83 % of it is extrapolated: where it passes the cap is not a finding" in page) == mostly
    assert ('"extrapolated":true' in page) == mostly


def test_how_many_of_who_called_the_looks_show_is_told_with_its_interval(tiny_story):
    """Days weighted by arrivals: 1 d seen to 0.2 and 3 d to 0.6 make 0.5. Without bounds there is no line."""
    rows = [
        {"missed_id": str(n), "zone_id": "oil_pier", "day": f"2024-03-0{n}", "state": "known", "n_seen": 1,
         "seen_days": n * p, "unseen_days": n * (1 - p), "p_seen": p, "p_seen_lo": p / 2, "p_seen_hi": p + 0.3}
        for n, p in ((1, 0.2), (3, 0.6))
    ]  # fmt: skip
    table = MISSED.check(MISSED.from_rows(rows))

    def line(missed: pd.DataFrame) -> str:
        return looks_show_line(replace(tiny_story, tables={**tiny_story.tables, "missed": missed}))

    assert "show about 50 % of the ships that call at a counted berth (25 % to 80 %)" in line(table)
    assert line(table.assign(p_seen_lo=np.nan)) == line(MISSED.empty()) == ""


def test_counted_calls_of_other_accounts_are_told_in_the_report_and_in_the_runs_last_lines(story_with):
    story = story_with(other_years={"2023": 2}, later_calls=1, other_product_calls=1)
    lines = [
        "2 counted calls of account year 2023 are not in this account",
        "1 counted call that left after 2024-03-08 is not in this account",
        "1 counted call is not in this account: the cap does not count that product",
    ]
    assert [w for w in warnings(story) if "not in this account" in w] == [
        lines[0] + ".", lines[1] + ".", lines[2] + "."
    ]  # fmt: skip
    assert headline_lines(story)[-3:] == [f"SIMULATED: {line}" for line in lines]


def test_an_account_year_that_is_no_calendar_year_is_told_by_its_first_day(story_with):
    story = story_with(other_years={"2022": 1})
    crude = story.cap.model_copy(update={"year_starts": "12-22"})
    assert not_in_account_lines(story.headline, crude) == [
        "1 counted call of account year 2022 (from 2022-12-22) is not in this account"
    ]


def test_a_call_of_another_account_year_is_not_shown_as_counted_in_this_one(tiny_story, tiny_run):
    """She left on 2 January, so the sum leaves her out; table, pins and the annex must not say "counted"."""
    counted = tiny_story.in_account(tiny_story.tables["liftings"])["call_id"].tolist()
    why = "her departure is in account year 2025"
    story = replace(tiny_story, headline=replace(tiny_story.headline, left_out=dict.fromkeys(counted, why)))
    assert counted
    assert call_numbers(story) == {}
    rows = annex_table(story)
    assert not rows["counted"].any()
    assert rows["estimated_barrels"].isna().all()
    assert (rows["cause"] == why).all()
    page = render(story, {}, tiny_run)
    assert f"no: {why}" in page
    assert 'class="badge yes"' not in page


def test_of_a_cap_of_crude_the_report_tells_its_tonnes_and_nothing_of_refined_products(
    tiny_story, story_with, tiny_run
):
    """4 million barrels or 525,000 t: the page needs the tonnes, and no sums at gas oil's factors."""
    crude = CapConfig(
        id="c", title="Crude oil", barrels=4e6, tonnes=525e3, year_starts="12-22", products=("crude",), source="x"
    )
    story = replace(story_with(cap_t=525e3, tonnes_p50=326e3, p_over_cap_tonnes=0.004), cap=crude)
    page = render(story, {}, tiny_run)
    assert "The cap also applies in tonnes: median 326,000 t of 525,000 t, P(over) under 1 %." in page
    assert "The same tonnes at one factor for all" not in page
    assert "SIMULATED: in the cap's tonnes: median 326,000 t of 525,000 t, P(over) under 1 %" in headline_lines(story)
    assert "the Committee" not in page
    assert "The same tonnes at one factor for all" in render(tiny_story, {}, tiny_run)


def test_an_account_without_a_call_is_told_in_words_never_as_zero_barrels(story_with, tiny_run):
    """If the cap counts no product of the port, or the zones file no zone, 0 % of the cap would be false."""
    story = story_with(calls_counted=0, barrels_p5=0.0, barrels_p50=0.0, barrels_p95=0.0, other_product_calls=2)
    words = "2 counted calls are not in this account: the cap does not count that product"
    lines = headline_lines(story)
    assert any(words in line for line in lines)
    assert all(line.startswith("SIMULATED: ") for line in lines)
    assert not [line for line in lines if "0 bbl" in line or "0.0%" in line]
    page = render(story, {}, tiny_run)
    assert "No counted call</b>" in page
    sums = (">0 barrels", " 0 barrels", "between 0 and 0", "at the end 0", "if every counted", "If every tonne")
    for zero in (*sums, 'id="account-plot"'):
        assert zero not in page, zero


def test_where_no_call_was_seen_the_terminal_says_what_the_report_says(story_with):
    from pipeline.report.opening import opening_text

    story = story_with(calls_counted=0)
    assert f"SIMULATED: {opening_text(story)}" in headline_lines(story)
    assert "No counted call was observed" in opening_text(story)


@pytest.mark.parametrize(
    ("hours", "gap"),
    [
        ([1, 30, 60, 160], "from 2024-03-07 16:00 to 2024-04-01 00:00"),
        ([100, 200, 300, 400, 500, 600, 700], None),  # no silence long enough for a whole stay
        ([], "from 2024-03-01 00:00 to 2024-04-01 00:00"),
    ],
    ids=["one week of AIS", "all the month", "nobody"],
)
def test_a_time_in_which_nobody_was_heard_is_unknown_too(tiny_story, hours, gap):
    """With AIS of one week in a report of a month, the other weeks would otherwise read as empty."""
    start = pd.Timestamp("2024-03-01T00:00Z")
    config = tiny_story.config.model_copy(
        update={
            "period": PeriodConfig(start=start.to_pydatetime(), end=(start + pd.Timedelta(days=31)).to_pydatetime())
        }
    )
    fixes = pd.DataFrame({"time_utc": [start + pd.Timedelta(hours=h) for h in hours]}, dtype="datetime64[us, UTC]")
    shown_story = replace(
        tiny_story, config=config, tables={**tiny_story.tables, "tracks": fixes}, ais_balance={"decoded": 9}
    )
    lines = [w for w in warnings(shown_story) if "No transponder at all was heard" in w]
    words = f"No transponder at all was heard {gap}: ships that only AIS would show in that time are unknown."
    assert lines == ([] if gap is None else [words])
    if not hours:  # no AIS at all is reported elsewhere, and is not a silence
        assert not [w for w in warnings(replace(shown_story, ais_balance={})) if "No transponder at all" in w]


@pytest.mark.parametrize("counts", [True, False])
def test_a_refused_call_is_a_thing_to_know_first_where_it_would_count(tiny_story, counts):
    """A tug's draught, refused for a tanker of her length, does not change the sum."""
    calls, liftings = tiny_story.tables["port_calls"].assign(counts=counts), tiny_story.tables["liftings"].copy()
    liftings.loc[:, ["status", "cause", "counts"]] = ["refused", "draught above depth", False]
    shown_story = replace(tiny_story, tables={**tiny_story.tables, "port_calls": calls, "liftings": liftings})
    assert len([w for w in warnings(shown_story) if "was refused" in w]) == (len(calls) if counts else 0)


@pytest.mark.parametrize("end", ["arrival", "departure"])
def test_a_call_over_new_year_is_told_with_the_day_that_it_counts_on(tiny_story, end):
    """Her row shows a day of the year before, so the reader must learn why she is in this account."""
    headline = replace(tiny_story.headline, across_years=("c1",))
    cap = tiny_story.cap.model_copy(update={"counts_on": end})
    expected = f"1 call came in one account year and left in another: the cap counts by {end}."
    assert expected in warnings(replace(tiny_story, headline=headline, cap=cap))
    assert not any("another: the cap" in line for line in warnings(tiny_story))


@pytest.mark.parametrize(
    ("end", "low", "high", "expected"),
    [
        ("departure", "2023-12-30", "2024-01-02", "may have left before or after 2024-01-01"),
        ("arrival", "2023-12-30", "2024-01-02", "may have come before or after 2024-01-01"),
        ("departure", "2023-12-30", "2023-12-31", ""),
        ("departure", "2024-01-01", "2024-01-02", ""),
    ],
)
def test_a_call_of_which_no_look_tells_the_account_year_is_told(tiny_story, end, low, high, expected):
    """Looks bound her on both sides of new year, so which account she is in is our rule, and must be stated."""
    bounds = {f"{end}_lo": pd.Timestamp(low, tz="UTC"), f"{end}_hi": pd.Timestamp(high, tz="UTC")}
    calls = tiny_story.tables["port_calls"].assign(**bounds)
    cap = tiny_story.cap.model_copy(update={"counts_on": end})
    held = calls.loc[calls["counts"], "call_id"].iloc[0]
    head = replace(tiny_story.headline, across_years=(held,))
    lines = warnings(replace(tiny_story, headline=head, cap=cap, tables={**tiny_story.tables, "port_calls": calls}))
    assert (
        [line for line in lines if "when an account year begins" in line and expected in line]
        if expected
        else not any("when an account year begins" in line for line in lines)
    )
    assert any(f"1 call {'may have come' if expected else 'came'} in one account year" in line for line in lines)


def test_a_sum_of_nothing_is_neither_printed_nor_drawn(story_with, tiny_run):
    """If the cap counts none of the calls, "with the calls that nobody saw: 0" would read as a finding."""
    story = story_with(calls_counted=0, corrected_bbl=(0.0, 0.0, 0.0))
    assert not [line for line in headline_lines(story) if "with the calls" in line]
    page = render(story, {}, tiny_run)
    assert "with the calls that nobody saw" not in page
    assert 'value="at_33"' not in page, "no call, no fill of it"


def test_a_median_of_nothing_is_told_as_its_interval(story_with, tiny_run):
    page = render(story_with(calls_counted=0, corrected_bbl=(0.0, 0.0, 49_800.0)), {}, tiny_run)
    assert "<b>0 to 49,800 barrels</b>" in page
    assert "0 % of the cap" not in page


@pytest.mark.parametrize(
    ("flags", "hours", "expected"),
    [(["encounter"], 0, True), ([], 0, False), (["encounter"], 24 * 30, False)],
    ids=["side by side", "not met", "a month apart"],
)
def test_of_two_counted_ships_side_by_side_one_cargo_may_count_twice(tiny_story, flags, hours, expected):
    """At an anchorage no draught tells which of them gave; with both in the sum, a transfer is in it twice."""
    calls, liftings = tiny_story.tables["port_calls"], tiny_story.tables["liftings"]
    counted = tiny_story.in_account(liftings).iloc[:1]
    one = calls[calls["call_id"] == counted["call_id"].iloc[0]]
    one = one.assign(flags=[flags], departure_lo=one["arrival_hi"] + pd.Timedelta(hours=12))
    ends = ["arrival_hi", "departure_lo"]
    other = one.assign(call_id="other", **{end: one[end] + pd.Timedelta(hours=hours) for end in ends})
    tables = {
        "port_calls": pd.concat([one, other]),
        "liftings": pd.concat([counted, counted.assign(call_id="other")]),
    }
    lines = warnings(replace(tiny_story, tables=tiny_story.tables | tables))
    found = [line for line in lines if "counts twice" in line]
    assert [line.split(" counted")[0] for line in found] == (["2"] if expected else [])


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ("fill_prior", "the load was not measured; a usual fill is assumed."),
        ("freeboard", "the load is the usual fill, adjusted by a single freeboard measurement."),
        ("freeboard_by_usual_hull", "the load is the usual fill, adjusted by a single freeboard measurement."),
        ("freeboards", None),
        ("draught_and_freeboard", None),  # her typed draught for this voyage tells too
    ],
)
def test_loads_of_which_no_change_was_seen_are_told_apart_from_measured_ones(tiny_story, load, words):
    liftings = tiny_story.tables["liftings"].assign(method=f"dwt_from_length_beam; load_from_{load}")
    lines = warnings(replace(tiny_story, tables=tiny_story.tables | {"liftings": liftings}))
    found = [line.removeprefix("For the counted call ") for line in lines if "usual fill" in line]
    assert found == ([words] if words else [])
