"""`capwatch account` on tables that are not as they should be: one line each, and what it leaves out it says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.config.loading import fingerprint
from pipeline.config.volume import NO_ASSUMPTIONS
from pipeline.storage import write_text
from pipeline.table_files import read_table, write_table
from pipeline.tables import LEDGER, LIFTINGS, LOOKS, MISSED
from pipeline.volume import liftings
from tests.commands.accounts import CAP, CONFIG, SET, liftings_of


@pytest.fixture
def account(capwatch, tmp_path):
    """Run the command on rows of calls: exit code, lines of output, lines of errors, path of the ledger."""

    def call(table: pd.DataFrame, *words: object, suffix: str = "csv"):
        path, out = tmp_path / f"liftings.{suffix}", tmp_path / "ledger.csv"
        write_table(table, path)
        code, stdout, err = capwatch("account", path, "--cap", CAP, "-o", out, *SET, *words)
        return code, stdout.splitlines(), err.splitlines(), out

    return call


def test_calls_of_another_year_are_told(account):
    code, stdout, err, _ = account(liftings_of("2024-05-01", "2024-06-01", "2025-01-02"))
    assert (code, err) == (0, [])
    assert stdout[0].startswith("1 call counted, account year 2025 as of 2025-01-02: p5/p50/p95 250,000 ")
    assert stdout[1:] == [
        "2 counted calls of account year 2024 are not in this account (--as-of 2024-12-31 shows that year)"
    ]
    code, stdout, _, _ = account(liftings_of("2024-05-01", "2024-06-01", "2025-01-02"), "--as-of", "2024-12-31")
    assert code == 0
    assert stdout[0].startswith("2 calls counted, account year 2024 as of 2024-12-31: p5/p50/p95 500,000 ")
    assert stdout[1:-1] == [
        "1 counted call of account year 2025 is not in this account (--as-of 2025-12-31 shows that year)"
    ]


def test_an_account_year_that_is_no_calendar_year_is_told_by_its_first_day(capwatch, tmp_path):
    """ "Account year 2023 as of 2024-12-21" reads as a slip; it is the year that began on 22 December, as pages say."""
    write_table(liftings_of("2024-12-20"), tmp_path / "l.csv")
    write_text(cap := tmp_path / "cap.yaml", Path(CAP).read_text("utf-8").replace('"01-01"', '"12-22"'))
    _, stdout, _ = capwatch("account", tmp_path / "l.csv", "--cap", cap, "-o", tmp_path / "ledger.csv", *SET)
    assert "account year 2023 (from 2023-12-22) as of 2024-12-20" in stdout


def test_a_sum_whose_median_is_zero_is_told_as_its_interval(account):
    """ "0 / 0 / 250,000 bbl, 0 %" would read as a finding that nothing was lifted."""
    _, stdout, _, _ = account(liftings_of("2024-05-01", p_loading=0.3))
    likely = "0 to 250,000 bbl (90 % interval; that nothing was lifted is at least as likely as not), up to 50 % of "
    assert likely in stdout[0]


def test_printed_sums_have_three_digits_as_a_report_has_and_the_table_has_all(account):
    _, stdout, _, out = account(liftings_of("2024-05-01"))
    assert "p5/p50/p95 250,000 / 250,000 / 250,000 bbl" in stdout[0]
    assert pd.read_csv(out)["observed_p50"].iloc[-1] == pytest.approx(30_000 * 8.33)


def looked_at(folder: Path, rows: list[tuple[str, str]], state: str = "usable") -> tuple[Path, Path]:
    """Files of looks, one for each zone and time, and of these zones, of which the pier counts."""
    look = {"scene_id": "s", "sensor": "optical", "state": state, "covered": 1.0, "n_detections": 0}
    table = LOOKS.from_rows([look | {"look_id": z, "zone_id": z, "acquired": pd.Timestamp(t)} for z, t in rows])
    write_table(table, looks := folder / "looks.parquet")
    ring = [[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01], [0, 0]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    features = [
        {"type": "Feature", "geometry": shape, "properties": {"zone_id": z, "kind": "berth", "counts": z == "pier"}}
        for z, _ in rows
    ]
    (zones := folder / "zones.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return looks, zones


def test_looks_at_counted_zones_tell_which_days_were_looked_at(account, tmp_path):
    """As a run's own ledger has it: a look at a zone that does not count says nothing."""
    looks, zones = looked_at(tmp_path, [("pier", "2024-05-01T02:00Z"), ("roads", "2024-05-02T02:00Z")])
    code, _, err, out = account(liftings_of("2024-05-02"), "--looks", looks, "--zones", zones)
    assert (code, err) == (0, [])
    assert pd.read_csv(out).set_index("day")["looked"].tail(2).to_dict() == {
        "2024-05-01": "usable",
        "2024-05-02": "unknown",
    }
    code, _, err, _ = account(liftings_of("2024-05-02"), "--looks", looks)
    assert code == 2
    assert "give --looks and --zones together" in err[0]


def test_a_counted_zone_that_no_look_is_at_is_told(account, tmp_path):
    """A berth renamed since the run: every day is unknown, and a line says why."""
    looks, zones = looked_at(tmp_path, [("pier", "2024-05-01T02:00Z"), ("roads", "2024-05-02T02:00Z")])
    features = json.loads(zones.read_text())["features"]
    renamed = tmp_path / "renamed.geojson"
    written = zones.read_text().replace('"pier"', '"pier_1"')
    renamed.write_text(written)
    code, _, err, out = account(liftings_of("2024-05-02"), "--looks", looks, "--zones", renamed)
    expected = f"{renamed}: no look of {looks} is at pier_1; its looks are at pier, roads"
    assert (code, err) == (3, [f"error: {expected} (no day counts as looked at)"])
    assert set(pd.read_csv(out)["looked"].dropna()) <= {"unknown"}
    more = features + [f for f in json.loads(written)["features"] if f["properties"]["zone_id"] == "pier_1"]
    zones.write_text(json.dumps({"type": "FeatureCollection", "features": more}))
    code, _, err, _ = account(liftings_of("2024-05-02"), "--looks", looks, "--zones", zones)
    assert (code, err) == (0, [expected.replace(str(renamed), str(zones))])


def test_calls_after_the_day_asked_for_are_told(account):
    """Also where that day lies before all calls."""
    _, stdout, _, _ = account(liftings_of("2024-05-01", "2024-06-01"), "--as-of", "2024-01-31")
    assert stdout[0].startswith(
        "no counted call in account year 2024 as of 2024-01-31, so nothing is added up against "
    )
    assert stdout[1] == "2 counted calls that left after 2024-01-31 are not in this account"


def test_a_year_without_a_call_is_unknown_and_no_sum_of_zero(account):
    """Nothing was watched, so "0 barrels, 0 % of the cap" would claim what nobody knows; on paper and in the table."""
    code, stdout, err, out = account(liftings_of("2024-05-01"), "--as-of", "2023-12-31")
    assert (code, err) == (0, [])
    none = "no counted call in account year 2023 as of 2023-12-31, so nothing is added up against "
    assert stdout == [
        f"{none}Refined petroleum products, UNSCR 2397 OP5",
        "1 counted call of account year 2024 is not in this account (--as-of 2024-12-31 shows that year)",
        "what was lifted is unknown: no looks were given (--looks), so nothing shows that the port was watched",
    ]
    assert set(pd.read_csv(out)["rests_on"]) == {"nothing"}


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("usable", "a counted zone was looked at on 1 of 31 days; what happened on the other 30 is unknown"),
        ("unknown", "what was lifted is unknown: no look showed a counted zone on any of its 31 days"),
    ],
)
def test_an_account_without_a_call_says_on_which_days_somebody_watched(account, tmp_path, state, says):
    looks, zones = looked_at(tmp_path, [("pier", "2024-01-09T02:00Z")], state)
    _, stdout, _, out = account(liftings_of("2024-05-01"), "--as-of", "2024-01-31", "--looks", looks, "--zones", zones)
    assert stdout[-1] == says
    rests_on = pd.read_csv(out)["rests_on"].tolist()
    assert rests_on == ["nothing"] * 8 + ["looks" if state == "usable" else "nothing"] * 23


def test_an_undated_row_is_named_and_the_rest_goes_on(account):
    table = liftings_of("2024-05-01", "2024-06-01")
    table.loc[0, ["arrival", "departure"]] = pd.NaT
    code, stdout, err, out = account(table)
    assert code == 3
    assert len(err) == 1
    assert err[0].startswith("error: ")
    assert "liftings.csv: call c0: it counts, but has neither arrival nor departure" in err[0]
    assert stdout[0].startswith("1 call counted")
    assert pd.read_csv(out)["calls"].iloc[-1] == 1


@pytest.mark.parametrize("end", ["arrival", "departure"])
def test_one_end_of_the_stay_is_enough(account, end):
    code, stdout, _, _ = account(liftings_of("2024-05-01", arrival="2024-05-01").assign(**{end: pd.NaT}))
    assert code == 0
    assert stdout[0].startswith("1 call counted, account year 2024 as of 2024-05-01")


def test_of_two_tables_one_without_a_day_does_not_stop_the_other(capwatch, tmp_path):
    bad, good = (tmp_path / f"{name}.parquet" for name in ("bad", "good"))
    write_table(liftings_of("2024-05-01").assign(arrival=pd.NaT, departure=pd.NaT), bad)
    write_table(liftings_of("2024-06-01").assign(call_id="good"), good)
    code, stdout, err = capwatch("account", bad, good, "--cap", CAP, "-o", tmp_path / "ledger.csv", *SET)
    assert (code, stdout[:14]) == (3, "1 call counted")
    assert "bad.parquet: call c0: " in err


def test_a_ship_that_loads_at_two_ports_within_three_days_is_named(capwatch, tmp_path):
    """Both cargoes count, which she had hardly time for: nothing else tells the reader."""
    for name, days in (("a", ("2024-03-07", "2024-03-08")), ("b", ("2024-03-10", "2024-03-11"))):
        row = {"call_id": name, "imo": 9074729, "arrival": days[0], "departure": days[1], "dwt_t": 3500}
        write_table(liftings(pd.DataFrame([row]), CONFIG, 0), tmp_path / f"{name}.parquet")
    tables = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    code, _, err = capwatch("account", *tables, "--cap", CAP, "-o", tmp_path / "l.csv", *SET)
    assert "call b: the same ship within three days of call a" in err
    assert code == 0


def test_where_no_row_can_be_used_nothing_is_written(account):
    code, stdout, err, out = account(liftings_of("2024-05-01").assign(arrival=pd.NaT, departure=pd.NaT))
    assert (code, stdout, len(err), out.exists()) == (4, [], 2, False)


@pytest.mark.parametrize(
    "table", [LIFTINGS.empty(), liftings_of("2024-05-01", counts=False)], ids=["empty", "not-counted"]
)
def test_no_counted_call_and_no_day_is_no_answer(account, table):
    code, stdout, err, out = account(table)
    assert (code, stdout, out.exists()) == (4, [], False)
    assert err == ["error: no counted call has a date, and --as-of is not given: no account year (nothing was written)"]
    assert account(table, "--as-of", "2024-05-31")[0] == 0


def test_an_account_of_refused_rows_alone_says_that_they_are(account):
    code, _, err, _ = account(liftings_of("2024-05-01", "2024-06-01", product="desel"))
    assert code == 4
    assert err[-1].startswith("error: no counted call has a date, and --as-of is not given: no account year; ")
    assert err[-1].endswith("; 2 rows refused, see column cause (nothing was written)")


def missed(zone: str, state: str) -> pd.DataFrame:
    rows = [
        {"missed_id": f"{zone}/{day:%F}", "zone_id": zone, "day": f"{day:%F}", "state": state, "n_seen": 2}
        | ({"unseen_days": 0.5, "rate_shape": 2.5, "rate_per_d": 15.0} if state == "known" else {})
        for day in pd.date_range("2024-05-01", "2024-05-31")
    ]
    return MISSED.check(MISSED.from_rows(rows))


def test_what_the_corrected_sum_leaves_out_is_told(account, tmp_path):
    """A zone that no look could see, a zone of another AOI, and the days before the period: unknown, never none."""
    table = liftings_of("2024-05-10", "2024-05-11").assign(berth_id=["pier", "nampo"])
    unseen = pd.concat([missed("pier", "known"), missed("buoy", "unknown")], ignore_index=True)
    write_table(unseen, tmp_path / "missed.parquet")
    code, stdout, _, out = account(table, "--missed", tmp_path / "missed.parquet", "--as-of", "2024-05-31")
    assert code == 0
    assert stdout[1].startswith("with the calls that nobody saw: p5/p50/p95 ")
    assert stdout[2:] == [
        "calls that nobody saw at buoy, nampo are unknown, and in no sum",
        "calls that nobody saw on 121 of 152 days are unknown, and in no sum: --missed lacks these days",
    ]
    assert read_table(out, LEDGER)["corrected_without"].iloc[-1] == ["buoy", "nampo"]
    write_table(missed("buoy", "unknown"), tmp_path / "missed.parquet")
    _, stdout, _, _ = account(table.assign(berth_id="buoy"), "--missed", tmp_path / "missed.parquet")
    assert stdout[1] == "calls that nobody saw at buoy are unknown, and in no sum"


def test_missed_calls_of_no_day_of_the_account_give_no_sum(account, tmp_path):
    """What nobody saw is unknown on all of its days: no zero, and not the sum of what was seen."""
    write_table(missed("pier", "known"), tmp_path / "missed.parquet")
    seen = liftings_of("2023-05-10", "2024-04-10", "2024-05-10").assign(berth_id="pier")
    for as_of, days in (("2023-12-31", 365), ("2024-04-30", 121)):
        code, stdout, _, out = account(seen, "--missed", tmp_path / "missed.parquet", "--as-of", as_of)
        assert (code, "with the calls that nobody saw" in "".join(stdout)) == (0, False)
        which = f"{days} of {days} days"
        assert stdout[-1] == f"calls that nobody saw on {which} are unknown, and in no sum: --missed lacks these days"
        assert read_table(out, LEDGER)["corrected_p50"].isna().all()


@pytest.mark.parametrize(
    ("rows", "cause"),
    [
        (missed("pier", "known").assign(rate_per_d=0.0), "rate_per_d of pier/2024-05-01 is empty or 0"),
        (missed("pier", "known").assign(rate_shape=np.nan), "rate_shape of pier/2024-05-01 is empty or 0"),
        (missed("pier", "known").assign(unseen_days=np.nan), "unseen_days of pier/2024-05-01 is empty, though"),
        (
            missed("pier", "known").assign(rate_shape=[2.5] * 16 + [9.5] * 15),
            "the days of pier have several rates (n_seen, rate_shape, rate_per_d), as rows of several runs do",
        ),
    ],
    ids=["no-look", "no-shape", "no-day", "two-runs"],
)
def test_missed_calls_without_one_law_of_the_rate_are_refused(account, tmp_path, rows, cause):
    write_table(rows, tmp_path / "missed.parquet")
    code, stdout, err, out = account(liftings_of("2024-05-10"), "--missed", tmp_path / "missed.parquet")
    assert (code, stdout, out.exists()) == (2, [], False)
    assert len(err) == 1
    assert f"missed.parquet: table missed: {cause}" in err[0]


def test_a_table_is_the_same_account_in_every_format(account):
    """CSV holds lists and flags as text."""
    table = liftings_of("2024-05-01", "2024-06-01").assign(evidence=[["a", "b"], []])
    as_csv, as_parquet = (account(table, suffix=suffix)[3].read_bytes() for suffix in ("csv", "parquet"))
    assert as_csv == as_parquet


@pytest.mark.parametrize("form", ["{fill: {mean: 0.6}}", "volume: {fill: {mean: 0.6}}"], ids=["bare", "named"])
def test_liftings_of_other_assumptions_are_refused_and_with_theirs_they_are_the_account(capwatch, tmp_path, form):
    """Else the sum stays when a user edits an assumption. One call is the sum: its quantiles are the table's."""
    (tmp_path / "my.yaml").write_text(form)
    (tmp_path / "calls.csv").write_text("call_id,departure,length_m\nc0,2024-05-01,90\n")
    words = ("--assumptions", tmp_path / "my.yaml")
    made, ledger = tmp_path / "liftings.csv", tmp_path / "ledger.csv"
    assert capwatch("volume", tmp_path / "calls.csv", "-o", made, *words)[0] == 0
    code, stdout, err = capwatch("account", made, "--cap", CAP, "-o", ledger)
    assert (code, stdout, len(err.splitlines()), ledger.exists()) == (2, "", 1, False)
    assert "liftings.csv: its liftings rest on other assumptions" in err
    assert "--assumptions" in err
    assert capwatch("account", made, "--cap", CAP, "-o", ledger, *words)[0] == 0
    last, row = pd.read_csv(ledger).iloc[-1], pd.read_csv(made).iloc[0]
    assert last["observed_p50"] == pytest.approx(row["barrels_p50"], rel=1e-3)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_liftings_of_an_earlier_version_whose_assumptions_have_a_number_for_an_id_are_read(capwatch, tmp_path, suffix):
    """Ids then were plain digits of the hash; the account is that of the same liftings under the present id."""
    configs = (VolumeConfig(draws=200, constants_share=n / 10_000) for n in range(1000))
    config = next(config for config in configs if fingerprint(config, without=NO_ASSUMPTIONS).isdecimal())
    calls = pd.DataFrame([{"call_id": "c0", "departure": "2024-05-01", "length_m": 90.0}])
    now = liftings(calls, config, 0)
    before = now.assign(assumptions_id=fingerprint(config, without=NO_ASSUMPTIONS))
    assert now["assumptions_id"][0] != before["assumptions_id"][0]
    settings = ("--set", "draws=200", "--set", f"constants_share={config.constants_share}")
    results = []
    for name, table in (("now", now), ("before", before)):
        write_table(table, path := tmp_path / f"{name}.{suffix}")
        out = tmp_path / f"{name}-ledger.csv"
        code, stdout, err = capwatch("account", path, "--cap", CAP, "-o", out, *settings)
        assert (code, err) == (0, "")
        results.append((stdout, out.read_bytes()))
    assert results[0] == results[1]


def test_tables_of_one_account_rest_on_the_same_assumptions(capwatch, tmp_path):
    """What a port counts, how long a voyage lasts and how often is drawn are none: a cargo's two ends go together."""
    at, out = (tmp_path / f"{name}.parquet" for name in ("loaded", "landed"))
    write_table(liftings_of("2024-05-01"), at)
    for change, code in (({"counted": "discharging"}, 0), ({"constants_share": 0.04}, 2)):
        row = {"call_id": "d", "departure": "2024-06-20", "tonnes": 30_000.0, "product": "unnamed"}
        write_table(liftings(pd.DataFrame([row]), VolumeConfig(**change), 0), out)
        assert capwatch("account", at, out, "--cap", CAP, "-o", tmp_path / "ledger.csv", *SET)[0] == code


@pytest.mark.parametrize("short", ["2024-03", "2024", "2024-W13", "31.03.2024"])
def test_an_account_is_asked_for_a_day(account, short):
    code, _, err, out = account(liftings_of("2024-05-01"), "--as-of", short)
    assert (code, out.exists()) == (2, False)
    assert err == [f"error: --as-of {short}: is not a day; write it as 2024-03-31"]


@pytest.mark.parametrize(
    ("first_look", "words"), [("2024-04-01T12:00Z", "the same stay as"), ("2024-04-03T18:00Z", "may be the stay of")]
)
def test_a_dark_stay_that_may_go_on_in_the_next_table_is_told(capwatch, tmp_path, first_look, words):
    """And nothing else is: that another call takes no part was told when its table was made."""
    flags = "dark;arrival_open;left_open"
    ship = {"berth_id": "pier", "length_m": 98.0, "beam_m": 15.8, "flags": flags}
    last = {"call_id": "one", "arrival": "2024-03-30T00:00Z", "departure": "2024-03-31T00:00Z", "detection_ids": "x"}
    next_ = {"call_id": "two", "arrival": first_look, "departure": first_look, "detection_ids": "y"}
    aside = {"call_id": "aside", "arrival": "2024-03-02", "dwt_t": 4000.0, "counts": False}
    paths = [tmp_path / "march.csv", tmp_path / "april.csv"]
    for path, rows in zip(paths, ([ship | last, aside], [ship | next_]), strict=True):
        write_table(liftings(pd.DataFrame(rows), CONFIG, 0), path)
    code, stdout, err = capwatch("account", *paths, "--cap", CAP, "-o", tmp_path / "ledger.csv", *SET)
    lines = [line for line in err.splitlines() if line.startswith("call ")]
    assert (code, len(lines)) == (0, 1)
    assert words in lines[0]
    assert "of another table, continued (probability 0." in lines[0]
    assert stdout[:6] == ("1 call" if words.startswith("the same") else "2 call")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("words", [(), ("--seed", 7)])
def test_an_edited_figure_is_told_and_moves_nothing(account, suffix, words):
    """An account draws a cargo from what its row says of ship and load: figures edited beside that passed unsaid."""
    table = liftings_of("2024-05-01", "2024-05-02")
    _, _, _, ledger = account(table, *words, suffix=suffix)
    before = ledger.read_bytes()
    edited = table.assign(barrels_p50=[249_900.0, 300_000.0])
    code, _, err, ledger = account(edited, *words, suffix=suffix)
    assert code == 3
    assert len(err) == 1
    assert "call c1: edited: barrels_p50 is 300,000, but the row's other columns give 249,900; " in err[0]
    assert err[0].endswith("run capwatch volume again (counted by its other columns)")
    assert ledger.read_bytes() == before


def test_edits_of_one_kind_are_one_line(account):
    table = liftings_of(*(f"2024-05-0{n}" for n in range(1, 8)))
    table = table.assign(**{f"barrels_p{p}": 1.5 * table[f"barrels_p{p}"] for p in (5, 50, 95)})
    code, _, err, _ = account(table)
    assert (code, len(err)) == (3, 1)
    assert "calls c0, c1, c2, c3, c4 and 2 more, the first: edited: barrels_p5 is 374,850, but the " in err[0]
    assert "249,900 (barrels_p50, barrels_p95 too); " in err[0]


@pytest.mark.parametrize("keyed", [True, False], ids=["with keys", "made before there were keys"])
def test_a_call_without_an_id_counts_once_wherever_it_stands(capwatch, tmp_path, keyed):
    """In older tables its name is that of its place, which was taken for a name that somebody gave."""
    call = {"departure": "2024-05-02", "tonnes": 30_000.0, "product": "unnamed", "name": "A TANKER"}
    first = {"departure": "2024-05-01", "tonnes": 10_000.0, "product": "unnamed", "name": "B TANKER"}
    paths = []
    for n, rows in enumerate(([first, call], [call])):
        table = liftings(pd.DataFrame(rows), CONFIG, 0)
        write_table(table, path := tmp_path / f"{n}.csv")
        if not keyed:
            pd.read_csv(path).drop(columns="draw_key").to_csv(path, index=False)
        paths.append(path)
    _, stdout, _ = capwatch("account", *paths, "--cap", CAP, "-o", tmp_path / "ledger.csv", *SET)
    assert stdout.startswith("2 calls counted")


def test_a_call_that_is_called_refused_and_counts_is_told(capwatch, tmp_path):
    """An analyst who writes the status to leave her out would else never know."""
    (tmp_path / "calls.csv").write_text("call_id,arrival,tonnes\na,2024-03-07,3000\n")
    assert capwatch("volume", tmp_path / "calls.csv", "-o", tmp_path / "l.csv")[0] == 0
    text = (tmp_path / "l.csv").read_text()
    (tmp_path / "l.csv").write_text(text.replace(",used,", ",refused,"))
    code, out, err = capwatch("account", tmp_path / "l.csv", "--cap", CAP, "-o", tmp_path / "o.csv")
    assert (code, out[:14]) == (3, "1 call counted")
    assert "call a: status is refused, but counts is true; to leave a call out, write false there (counted)" in err


def test_rows_that_are_in_no_sum_are_told_beside_the_sum(account):
    """A product that nobody knows, a row without a date: the sum said nothing of them."""
    rows = [
        {"call_id": "a", "departure": "2024-05-01", "tonnes": 3000.0, "product": "diesel"},
        {"call_id": "b", "departure": "2024-05-02", "tonnes": 3000.0, "product": "melons"},
        {"call_id": "c", "tonnes": 3000.0, "product": "diesel"},
    ]
    code, stdout, _, _ = account(liftings(pd.DataFrame(rows), CONFIG, 0))
    assert (code, stdout[0][:14]) == (0, "1 call counted")
    assert stdout[1:] == [
        "1 row in no sum: refused, see column cause",
        "1 row in no sum: without a date",
    ]


@pytest.mark.parametrize(
    ("asked", "days"), [("2024-05-01", ""), ("2024-05-02", "day"), ("2024-12-31", "244 days")], ids=str
)
def test_days_after_the_last_call_that_nobody_watched_are_unknown(account, tmp_path, asked, days):
    """The sum as of a later day is the same, and would read as "nothing more was lifted by then"."""
    _, stdout, _, _ = account(liftings_of("2024-05-01"), "--as-of", asked)
    unknown = f"what was lifted on the {days} after 2024-05-01, the last counted call, is unknown: no looks were given "
    assert [line.startswith(unknown) for line in stdout[1:]] == [True] * bool(days)
    looks, zones = looked_at(tmp_path, [("pier", "2024-05-02T01:00:00Z"), ("road", "2024-05-09T01:00:00Z")])
    _, stdout, _, _ = account(liftings_of("2024-05-01"), "--as-of", asked, "--looks", looks, "--zones", zones)
    unknown = "what was lifted on the 243 days after 2024-05-02, the last look or counted call, is unknown: no look "
    assert [line.startswith(unknown) for line in stdout[1:]] == [True] * (days == "244 days")


@pytest.mark.parametrize(("asked", "expected"), [("2024-01-01", 0), ("2024-01-31", 1)])
def test_a_call_on_the_first_day_of_the_account_year_is_its_last_news(account, asked, expected):
    """Before that day the account has no row to compare with."""
    code, lines, _, out = account(liftings_of("2024-01-01"), "--as-of", asked)
    assert (code, lines[0][:14], list(pd.read_csv(out)["calls"])) == (0, "1 call counted", [1] * int(asked[-2:]))
    unknown = "what was lifted on the 30 days after 2024-01-01, the last counted call, is unknown: no looks were given "
    assert [line.startswith(unknown) for line in lines[1:]] == [True] * expected


def test_a_ship_number_that_a_spreadsheet_rounded_is_told(account):
    table = liftings_of("2024-05-01", "2024-06-01").astype({"mmsi": object})
    table["mmsi"] = ["1.00E+09", "273456789"]
    code, _, err, _ = account(table)
    assert code == 3
    assert "column mmsi: 1.00E+09 lost digits, as spreadsheets do to long numbers; save it again with" in err[0]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2024-02-30"])
def test_a_day_of_no_year_of_calls_is_refused_in_a_line(capwatch, tmp_path, day):
    """The year 1 was accepted, and with a cap that begins in December ended in a traceback."""
    calls, liftings = tmp_path / "calls.csv", tmp_path / "liftings.csv"
    calls.write_text("call_id,departure,barrels\na,2024-03-07,20000\n")
    assert capwatch("volume", calls, "-o", liftings)[0] == 0
    code, _, err = capwatch("account", liftings, "--cap", CAP, "--as-of", day, "-o", tmp_path / "ledger.csv")
    assert code == 2
    assert f"--as-of {day}: is not a day" in err
