"""Rows that are valid by themselves but odd beside their ship's others: reported once per file, and not changed."""

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

from pipeline.ingest.ais import inconsistent_rows
from pipeline.ingest.ais.messages import read_ais

HEADER = "mmsi,time_utc,lon,lat,sog,cog,heading,nav,ship_type,a,b,c,d,draught,name"
START = pd.Timestamp("2024-03-07T00:00:00Z")
NORTHWARD_DEG = 10.0 * 1852.0 / 3600.0 * 360.0 / 111_195.0  # ten knots for six minutes; one degree is 111,195 m


def table(tmp_path, *, ship=999000001, rows=12, end="\n", **changes):
    """A ship going north at 10 kn; ``changes`` are fields of row 5 (line 7)."""
    lines = [HEADER]
    for n in range(rows):
        values = {
            "mmsi": ship, "time_utc": f"{START + pd.Timedelta(minutes=6 * n):%Y-%m-%dT%H:%M:%SZ}", "lon": 133.0,
            "lat": round(42.0 + n * NORTHWARD_DEG, 6), "sog": 10.0, "cog": 0.0, "heading": 0, "nav": 0,
            "ship_type": 80, "a": 50, "b": 50, "c": 10, "d": 10, "draught": 4.2, "name": "SIM TANKER 1",
        } | (changes if n == 5 else {})  # fmt: skip
        lines.append(",".join(str(v) for v in values.values()))
    path = tmp_path / "ais.csv"
    path.write_text("\n".join(lines) + end)
    return path


def notes(path) -> str:
    read = read_ais([path])
    assert read.problems == []
    assert sum(read.balance.values()) == len(path.read_text().splitlines())
    return " ".join(read.notes)


def test_a_plain_voyage_raises_no_doubt(tmp_path):
    assert notes(table(tmp_path)) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "SIM TANCER 1"}, "column name: 1 row differs"),
        ({"draught": 9.2}, "column draught: 1 row differs"),
        ({"a": 51}, "column a: 1 row differs"),
        ({"mmsi": 999000041}, "1 rows give a ship another number"),
        ({"lat": 45.0}, "2 legs between fixes that no ship makes"),
        ({"lon": 133.01}, "steady way is left"),
        ({"sog": 1.0}, "steady way is left"),
        ({"sog": 7.0}, "steady way is left"),  # three knots off, where two are odd
        ({"cog": 90.0}, "steady way is left"),
        ({"time_utc": "2024-03-06T00:30:00Z"}, "time runs backwards 1 times"),
        ({"draught": 99}, "no transponder sends are taken for missing (draught 1; the draught typed before stands)"),
        ({"draught": -6.4}, "no transponder sends are taken for missing (draught 1; the draught typed before stands)"),
    ],
)
def test_one_row_that_does_not_fit_its_neighbours(tmp_path, change, said):
    told = notes(table(tmp_path, **change))
    assert said in told
    assert any(where in told for where in ("line 6", "line 7", "line 8", "(draught 1;"))


@pytest.mark.parametrize("sog", [10.0, 1.0])
def test_a_way_to_the_east_is_steady_over_the_antimeridian_as_well(tmp_path, sog):
    """At 60 degrees north a degree of longitude is half as long as one of latitude."""
    path = table(tmp_path, sog=sog)
    frame = pd.read_csv(path)
    lon = 179.95 + 2 * (frame["lat"] - 42.0)
    frame.assign(lon=((lon + 180) % 360 - 180).round(6), lat=60.0, cog=90.0).to_csv(path, index=False)
    told = "a steady way is left for one report, at 1 rows (first: near line 7)"
    assert notes(path).partition(": ")[2] == (told if sog == 1.0 else "")


def voyage(tmp_path, minutes, knots, *, course=0.0, start=(133.0, 42.0), says_kn=None):
    """A ship on one course over the ellipsoid, heard at these minutes."""
    path = table(tmp_path, rows=len(minutes))
    frame = pd.read_csv(path)
    far_m = np.asarray(minutes, float) * knots * 1852.0 / 60.0
    one = np.ones(len(minutes))
    lon, lat, _ = Geod(ellps="WGS84").fwd(start[0] * one, start[1] * one, course * one, far_m)
    times = [f"{START + pd.Timedelta(seconds=round(60 * m)):%Y-%m-%dT%H:%M:%SZ}" for m in minutes]
    said = knots if says_kn is None else says_kn
    frame.assign(time_utc=times, lon=lon.round(6), lat=lat.round(6), sog=float(said), cog=course).to_csv(
        path, index=False
    )
    return path


@pytest.mark.parametrize("course", [0.0, 62.0, 180.0, 305.0])
@pytest.mark.parametrize("knots", [3.0, 22.0])
@pytest.mark.parametrize("start", [(133.0, 42.0), (-179.97, -55.0)], ids=["north", "south, antimeridian"])
def test_a_steady_way_heard_at_uneven_times_raises_no_doubt(tmp_path, course, knots, start):
    path = voyage(tmp_path, [0, 1, 6, 6.5, 12, 13, 20, 20.2, 28, 29], knots, course=course, start=start)
    assert notes(path) == ""
    frame = pd.read_csv(path)
    frame.loc[5, "cog"] = (course + 90.0) % 360.0
    frame.to_csv(path, index=False)
    assert "a steady way is left for one report, at 1 rows (first: near line 7)" in notes(path)


@pytest.mark.parametrize("seconds", [10, 60, 3600])
def test_the_fastest_ferry_makes_a_leg_and_no_ship_makes_it_at_twice_her_speed(tmp_path, seconds):
    """HSC Francisco: 58.1 kn (Incat, 2013). Legs of a few hundred metres give no speed, however short the time."""
    minutes = np.arange(6) * seconds / 60.0
    assert "no ship makes" not in notes(voyage(tmp_path, minutes, 58.1, course=30.0))
    twice = notes(voyage(tmp_path, minutes, 116.2, course=30.0, says_kn=np.nan))
    assert ("5 legs between fixes that no ship makes (first: to line 3)" in twice) == (seconds > 10)


@pytest.mark.parametrize(
    ("odd", "others", "told"),
    [(1, 7, False), (1, 8, True), (2, 15, False), (2, 16, True), (3, 100, False)],
)
def test_one_or_two_rows_are_odd_each_against_eight(tmp_path, odd, others, told):
    path = table(tmp_path, rows=odd + others)
    frame = pd.read_csv(path)
    frame.loc[others:, "callsign"] = "SIM2"
    frame.assign(callsign=frame["callsign"].fillna("SIM1")).to_csv(path, index=False)
    rows = {1: "1 row differs from its ship's", 2: "2 rows differ from their ship's"}.get(odd, "")
    said = f"column callsign: {rows} others (first: line {others + 2})"
    assert (said in notes(path)) == told
    assert ("callsign" in notes(path)) == told


def test_a_value_of_one_ship_is_no_oddity_of_another(tmp_path):
    """Eight rows of one ship say nothing about another's single row, not even if the name is the same."""
    path = table(tmp_path, rows=21)
    frame = pd.read_csv(path)
    frame.loc[20, ["mmsi", "name", "a", "lat"]] = [999000077, "SIM OTHER", 70, 10.0]
    frame.to_csv(path, index=False)
    assert notes(path) == ""


def test_a_few_rows_out_of_order_are_told_and_a_file_in_another_order_is_not_damaged(tmp_path):
    path = table(tmp_path, rows=400)
    frame = pd.read_csv(path)
    order = np.arange(400)
    for row in (50, 150, 250):
        order[[row, row + 1]] = row + 1, row
    frame.iloc[order].to_csv(path, index=False)
    assert "a ship's time runs backwards 3 times (first: line 53)" in notes(path)
    frame[::-1].to_csv(path, index=False)
    assert notes(path) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"lat": round(42.0 + 5 * NORTHWARD_DEG, 6) + 5e-5},
        {"lat": round(42.0 + 5 * NORTHWARD_DEG, 6) + 8e-4},
        {"sog": 10.5},
        {"cog": 4.0},
        {"nav": 5},
        {"name": ""},
    ],
    ids=["5 m", "fix and time somewhat off", "half a knot", "4 degrees", "status", "no name yet"],
)
def test_what_ships_and_receivers_do_all_day_is_no_doubt(tmp_path, change):
    assert notes(table(tmp_path, **change)) == ""


@pytest.mark.parametrize(
    ("says", "makes_kn", "minutes", "odd"),
    [
        (lambda n: 2.0 + 2.0 * n, lambda n: 1.0 + 2.0 * n, 6, (5, "cog", 40.0)),
        (lambda _: 10.0, lambda _: 7.5, 6, (5, "sog", 5.0)),
        (lambda _: 10.0, lambda _: 10.0, 8, (5, "sog", 5.0)),
        (lambda _: 1.6, lambda _: 1.6, 6, (5, "sog", 3.8)),
    ],
    ids=["gathering way", "against a stream", "too long apart", "hardly moving"],
)
def test_who_holds_no_steady_way_leaves_none(tmp_path, says, makes_kn, minutes, odd):
    path = table(tmp_path)
    frame = pd.read_csv(path).astype({"sog": float, "cog": float})
    n = np.arange(len(frame))
    steps = np.array([makes_kn(int(k)) for k in n]) * minutes / 3600
    frame["time_utc"] = [f"{START + pd.Timedelta(minutes=minutes * int(k)):%Y-%m-%dT%H:%M:%SZ}" for k in n]
    frame = frame.assign(lat=42.0 + np.cumsum(steps), sog=[says(int(k)) for k in n])
    row, column, value = odd
    frame.loc[row, column] = value
    frame.to_csv(path, index=False)
    assert notes(path) == ""


def test_a_fix_some_hundred_metres_off_within_a_second_is_no_leg_that_no_ship_makes(tmp_path):
    """With two receivers' clocks and a poor fix, 800 m in a second are as little a sign of damage as 5 m."""
    path = table(tmp_path)
    frame = pd.read_csv(path)
    again = frame.iloc[[5]].assign(time_utc=f"{START + pd.Timedelta(seconds=1801):%Y-%m-%dT%H:%M:%SZ}")
    pd.concat([frame[:6], again.assign(lat=again["lat"] + 0.0072), frame[6:]]).to_csv(path, index=False)
    assert "no ship makes" not in notes(path)


def test_a_missing_line_end_is_noted_and_the_row_is_read(tmp_path):
    path = table(tmp_path, end="")
    assert "its last line has no end and may be cut" in notes(path)
    assert len(read_ais([path]).messages) == 12


def test_a_ship_that_loads_or_is_renamed_is_no_doubt(tmp_path):
    frame = read_ais([table(tmp_path, rows=40)]).messages
    later = np.arange(40) >= 20
    changed = frame.assign(
        draught=np.where(later, 7.5, 4.2), name=pd.Series(np.where(later, "SIM OTHER", "SIM TANKER 1"), dtype="str")
    )
    doubts = inconsistent_rows.InconsistentRows()
    doubts.add(changed)
    assert doubts.remarks() == []


def test_blocks_and_the_joining_of_kinds_do_not_show(tmp_path, monkeypatch):
    frame = read_ais([table(tmp_path, rows=40, name="SIM TANCER 1", lat=45.0)]).messages
    whole = inconsistent_rows.InconsistentRows()
    whole.add(frame)
    monkeypatch.setattr(inconsistent_rows, "_COMPACT_AT", 1)
    pieces = inconsistent_rows.InconsistentRows()
    for start in range(0, 40, 9):
        pieces.add(frame[start : start + 9])
    assert whole.remarks()[0] == pieces.remarks()[0]
    assert whole.remarks()[0].startswith("column name: 1 row differs")


def emptied(path, *columns):
    """The table with these columns empty."""
    frame = pd.read_csv(path, dtype=str)
    frame[list(columns)] = ""
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (("draught",), "no row has a value in column draught"),
        (("draught", "name"), "no row has a value in columns name, draught"),
    ],
)
def test_a_column_that_lost_all_its_values_is_told(tmp_path, columns, said):
    assert said in notes(emptied(table(tmp_path, rows=120), *columns))


def test_a_blank_column_of_a_short_table_or_of_some_rows_is_no_news(tmp_path):
    assert notes(emptied(table(tmp_path, rows=20), "draught")) == ""
    assert notes(table(tmp_path, rows=120, draught="")) == ""
