"""Speeds in another unit than knots are recognised by the distances that ships made good, and not used."""

from __future__ import annotations

import pytest

from pipeline.ingest.ais.messages import read_ais

HEADER = "mmsi,time_utc,lon,lat,sog,cog"


def table(tmp_path, speed, *, knots=(8.0, 12.5), minutes=10, rows=12, lat=42.0):
    """Ships going north: a minute of latitude is a nautical mile. ``speed`` writes what each sends."""
    lines = [HEADER]
    for ship, made in enumerate(knots):
        for n in range(rows):
            when, north = f"2024-03-07T{n * minutes // 60:02}:{n * minutes % 60:02}:00Z", n * made * minutes / 3600
            lines.append(f"27300000{ship},{when},133.{ship},{lat + north:.6f},{speed(made)},0.0")
    path = tmp_path / "feed.csv"
    path.write_text("\n".join(lines) + "\n")
    return read_ais([path])


@pytest.mark.parametrize(
    ("unit", "of_a_knot", "form"),
    [("tenths of a knot", 10, ".0f"), ("kilometres an hour", 1.852, ".1f"), ("metres a second", 0.5144, ".1f")],
)
def test_speeds_in_another_unit_are_told_and_not_used(tmp_path, unit, of_a_knot, form):
    read = table(tmp_path, lambda knots: format(knots * of_a_knot, form))
    (problem,) = read.problems
    assert f"speeds are left out, as they are in {unit}: 22 of 22 legs" in str(problem)
    assert read.files[0].status == "degraded"
    assert read.messages["sog"].isna().all()
    assert len(read.messages) == 24


@pytest.mark.parametrize("form", [".1f", ".0f"], ids=["tenths written", "whole knots"])
@pytest.mark.parametrize("error", [0.9, 1.0, 1.12])
def test_knots_are_read_as_they_stand(tmp_path, form, error):
    read = table(tmp_path, lambda knots: format(knots * error, form))
    assert not read.problems
    assert read.messages["sog"].notna().all()


def test_a_table_without_legs_shows_tenths_by_what_no_transponder_sends(tmp_path):
    """With rows hours apart nothing is steady for long enough, but 145 must be 14.5 knots."""
    read = table(tmp_path, lambda knots: f"{knots * 10:.0f}", knots=(14.5, 6.0), minutes=90)
    assert "12 of 24 are above 102.2 kn" in str(read.problems[0])
    assert read.messages["sog"].isna().all()


def test_few_damaged_speeds_make_no_other_unit(tmp_path):
    said = iter(["145", "1023", *["8.0"] * 22])
    read = table(tmp_path, lambda _: next(said), knots=(8.0, 8.0))
    assert not read.problems
    assert read.messages["sog"].notna().sum() == 22


def test_only_the_table_with_the_other_unit_loses_its_speeds(tmp_path):
    table(tmp_path, lambda knots: f"{knots * 10:.0f}")
    good = tmp_path / "good.csv"
    good.write_text(f"{HEADER}\n273000009,2024-03-07T00:00:00Z,133,42,9.5,0\n")
    messages = read_ais([tmp_path / "feed.csv", good]).messages
    assert messages.loc[messages["sog"].notna(), "mmsi"].tolist() == [273000009]


@pytest.mark.parametrize(
    ("said_kn", "cog_deg", "minutes"),
    [
        ((8.0, 8.0), (60.0, 300.0), 10),
        ((5.0, 11.0), (0.0, 0.0), 10),
        ((8.0, 8.0), (0.0, 0.0), 61),
        ((1.4, 1.4), (0.0, 0.0), 30),
        ((2.0, 2.0), (0.0, 0.0), 14),
    ],
    ids=["tacking", "not of one speed", "an hour between", "hardly moving", "half a kilometre"],
)
def test_a_way_that_is_shorter_than_her_speed_says_nothing_where_it_was_not_steady(tmp_path, said_kn, cog_deg, minutes):
    """Each leg would fit kilometres an hour: overall she made good 1 / 1.852 of her stated speed."""
    step_deg = sum(said_kn) / 2 / 1.852 * minutes / 3600
    lines = [HEADER]
    for n in range(12):
        when = f"2024-03-07T{n * minutes // 60:02}:{n * minutes % 60:02}:00Z"
        lines.append(f"273000001,{when},133,{42 + n * step_deg:.6f},{said_kn[n % 2]},{cog_deg[n % 2]}")
    path = tmp_path / "feed.csv"
    path.write_text("\n".join(lines) + "\n")
    assert not read_ais([path]).problems


@pytest.mark.parametrize("unit", [1.0, 0.5144], ids=["knots", "metres a second"])
def test_a_way_to_the_east_is_as_long_as_its_meridians_are_apart(tmp_path, unit):
    """At 60 degrees a minute of longitude is half a mile; counted as a whole one, knots would seem metres a second."""
    lines = [HEADER]
    for n in range(12):
        lon = 179.9 + n * 9.0 * 10 / 3600 / 0.5  # she crosses the antimeridian
        lines.append(
            f"273000001,2024-03-07T{n // 6:02}:{n % 6}0:00Z,{(lon + 180) % 360 - 180:.6f},60,{9 * unit:.1f},90"
        )
    path = tmp_path / "feed.csv"
    path.write_text("\n".join(lines) + "\n")
    assert ["11 of 11 legs" in str(problem) for problem in read_ais([path]).problems] == [True] * (unit < 1)
