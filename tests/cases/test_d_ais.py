"""Cases D: AIS files and what stands in them. Every line is counted, every fault named, and the good rows go on."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from pipeline.calls import clean_tracks, clock_offsets, correct_clocks, static_reports, stays
from pipeline.calls.geodesy import distance_m
from pipeline.config import CallsConfig
from pipeline.errors import ConfigError
from pipeline.ingest.ais.messages import read_ais
from pipeline.table_files import flat_table
from tests.builders import box_zone
from tests.calls.traffic import BERTH, MMSI, feed, fixes, harbour, off_berth, said, visit, with_spikes
from tests.ingest.ais.ais_builders import SHIP, VOYAGE, log, sentences, tagged

case = pytest.mark.case
CONFIG = CallsConfig()
T0 = 1709812800
HEADER = "MMSI,BaseDateTime,LAT,LON,SOG,COG"
ROW = "273000001,2024-03-07T12:00:00,42.75,133.05,0.1,10.0"


def table(tmp_path, *lines, name="ais.csv", end="\n"):
    path = tmp_path / name
    path.write_bytes(("\n".join(lines) + end).encode())
    return path


def good(tmp_path):
    return log(tmp_path, [tagged(s, T0) for s in sentences(SHIP)], "good.nmea")


def beside_a_good_file(capwatch, tmp_path, bad):
    """The command on a bad file and a good one: how it ended, and the messages."""
    out = tmp_path / "out.parquet"
    done = capwatch("ais", bad, good(tmp_path), "-o", out)
    return done, pd.read_parquet(out)


@case("D-01")
def test_an_empty_file(capwatch, tmp_path):
    done, found = beside_a_good_file(capwatch, tmp_path, table(tmp_path, end=""))
    assert "is empty" in done.error("ais.csv")
    assert (done.code, len(found)) == (3, 1)


@case("D-02")
def test_a_header_and_no_rows(capwatch, tmp_path):
    done, found = beside_a_good_file(capwatch, tmp_path, table(tmp_path, HEADER))
    assert "no rows" in done.error("ais.csv")
    assert (done.code, len(found)) == (3, 1)


@case("D-03")
@pytest.mark.parametrize("row", [ROW.replace(",", ":"), ROW.replace("42.75", '"42,75"')], ids=["delimiter", "comma"])
def test_a_wrong_delimiter_or_a_decimal_comma(capwatch, tmp_path, row):
    header = HEADER if '"' in row else HEADER.replace(",", ":")
    done, found = beside_a_good_file(capwatch, tmp_path, table(tmp_path, header, row))
    assert ("LAT" if '"' in row else "columns between commas, semicolons, tabs or pipes") in done.error("ais.csv")
    assert (done.code, len(found)) == (3, 1)


@case("D-03")
@pytest.mark.parametrize(("mark", "named"), [(";", "semicolons"), ("\t", "tabs"), ("|", "pipes")])
@pytest.mark.parametrize("comma", [".", ","])
def test_other_separators_are_read_and_told(capwatch, tmp_path, mark, named, comma):
    lines = (HEADER.replace(",", mark), ROW.replace(",", mark).replace(".", comma))
    done, found = beside_a_good_file(capwatch, tmp_path, table(tmp_path, *lines))
    assert f"columns MMSI, BaseDateTime, LAT, LON and the others stand between {named}" in done.error("ais.csv")
    assert (done.code, len(found)) == (3, 2)
    assert {(42.75, 133.05)} <= set(zip(found["lat"].round(6), found["lon"].round(6), strict=True))


@case("D-04")
def test_no_column_for_the_ship(capwatch, tmp_path):
    done, found = beside_a_good_file(capwatch, tmp_path, table(tmp_path, HEADER.replace("MMSI", "WHO"), ROW))
    assert "mmsi" in done.error("ais.csv")
    assert (done.code, len(found)) == (3, 1)


@case("D-05")
def test_more_columns_in_another_order(tmp_path):
    path = table(
        tmp_path, "note,COG,LON,LAT,SOG,BaseDateTime,MMSI", "x,10.0,133.05,42.75,0.1,2024-03-07T12:00:00,273000001"
    )
    plain = read_ais([table(tmp_path, HEADER, ROW, name="plain.csv")]).messages
    turned = read_ais([path]).messages
    same = ["mmsi", "time_utc", "lon", "lat", "sog", "cog"]
    pd.testing.assert_frame_equal(plain[same], turned[same])


@case("D-06")
def test_byte_order_marks_and_encodings(tmp_path):
    named = (HEADER + ",VesselName", ROW + ",ÅLAND")
    for encoding in ("utf-8-sig", "latin-1"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes("\n".join(named).encode(encoding))
        assert read_ais([path]).messages["name"].tolist() == ["ÅLAND"]
    wide = tmp_path / "wide.csv"
    wide.write_bytes("\n".join(named).encode("utf-16"))
    assert "UTF-16" in read_ais([wide]).problems[0].cause


@case("D-07")
def test_nul_bytes_and_open_quotes_swallow_nobody(tmp_path):
    rows = [ROW.replace("12:00:00", f"12:00:{n:02}") for n in range(6)]
    rows[2], rows[4] = '"' + rows[2], rows[4].replace("0.1", "0\x00.1")
    read = read_ais([table(tmp_path, HEADER, *rows)])
    assert len(read.messages) == 4
    assert (read.balance["bad_format"], sum(read.balance.values())) == (2, 7)


@case("D-08")
def test_a_last_line_that_is_cut(tmp_path):
    read = read_ais([table(tmp_path, HEADER, ROW, ROW[:30], end="")])
    assert (read.balance["decoded"], read.balance["bad_format"]) == (1, 1)


@case("D-09")
def test_dates_with_two_readings_are_refused_until_named(capwatch, tmp_path):
    path = table(tmp_path, HEADER, ROW.replace("2024-03-07T12:00:00", "03/04/2024 12:00:00"))
    done = capwatch("ais", path, "-o", tmp_path / "out.csv")
    assert done.code == 2
    assert "--time-format" in done.err
    done = capwatch("ais", path, "-o", tmp_path / "out.csv", "--time-format", "%d/%m/%Y %H:%M:%S")
    assert done.code == 0
    assert pd.read_csv(tmp_path / "out.csv")["time_utc"].tolist() == ["2024-04-03T12:00:00Z"]
    with pytest.raises(ConfigError, match="day-first or month-first"):
        read_ais([path])


@case("D-10")
def test_epochs_are_told_by_their_range(tmp_path):
    for n, stamp in enumerate((T0, T0 * 1000, T0 * 10**6)):
        path = table(tmp_path, HEADER, ROW.replace("2024-03-07T12:00:00", str(stamp)), name=f"{n}.csv")
        assert read_ais([path]).messages["time_utc"].tolist() == [pd.Timestamp("2024-03-07T12:00:00Z")]


@case("D-11")
def test_not_available_is_no_number(tmp_path):
    empty = SHIP | {"lon": 181, "lat": 91, "speed": 102.3, "course": 360, "heading": 511}
    lines = [*sentences(empty), *sentences(VOYAGE | {"draught": 0})]
    found = read_ais([log(tmp_path, lines)]).messages
    assert found[["lon", "lat", "sog", "cog", "heading", "draught"]].isna().all(axis=None)


@case("D-12")
def test_a_wrong_checksum_is_counted_and_not_used(tmp_path):
    line = sentences(SHIP)[0]
    read = read_ais([log(tmp_path, [line, line[:-2] + ("00" if line[-2:] != "00" else "11")])])
    assert (read.balance["decoded"], read.balance["bad_checksum"]) == (1, 1)


@case("D-13")
def test_parts_that_are_missing_or_out_of_order(tmp_path):
    first, second = sentences(VOYAGE)
    alone = read_ais([log(tmp_path, [first, *sentences(SHIP)])])
    assert (alone.balance["incomplete_multipart"], alone.balance["decoded"]) == (1, 1)
    turned = read_ais([log(tmp_path, [second, first], "turned.nmea")])
    assert turned.messages["name"].tolist() == ["A TANKER"]


@case("D-14")
def test_two_receivers_hear_one_fix(tmp_path):
    line = sentences(SHIP)[0]
    read = read_ais([log(tmp_path, [tagged(line, T0, "R1"), tagged(line, T0, "R2")])])
    assert (len(read.messages), read.balance["duplicate"]) == (1, 1)


@case("D-15")
def test_one_file_under_two_names(tmp_path):
    one, two = good(tmp_path), tmp_path / "copy.txt"
    two.write_bytes(one.read_bytes())
    read = read_ais([one, two])
    assert sorted(f.status for f in read.files) == ["duplicate_of", "used"]
    assert len(read.messages) == 1


@case("D-16")
def test_two_files_that_begin_alike(tmp_path):
    lines = [tagged(sentences(SHIP | {"second": n % 60})[0], T0 + 60 * n) for n in range(40)]
    start = ("# a long preamble that both files share\n" * 30_000).encode()  # more than a megabyte
    for n, name in enumerate(("one.nmea", "two.nmea")):
        (tmp_path / name).write_bytes(start + "\n".join(lines[n * 20 : n * 20 + 20]).encode() + b"\n")
    assert len(read_ais([tmp_path / "one.nmea", tmp_path / "two.nmea"]).messages) == 40


@case("D-17")
def test_rows_in_any_order_make_the_same_stays():
    messages = feed(with_spikes(visit(24, 60), 0.05))
    straight = stays(clean_tracks(messages), harbour(), CONFIG)
    mixed = messages.sample(frac=1, random_state=1)
    assert stays(clean_tracks(mixed), harbour(), CONFIG) == straight
    assert len(straight) == 1


@case("D-18")
def test_two_ships_on_one_number_are_two_tracks():
    hours = np.arange(10, 30, 0.1)
    table = feed(fixes(hours, *off_berth(0)), fixes(hours + 0.03, *off_berth(30_000)))
    tracks = clean_tracks(table)
    assert tracks["track_id"].nunique() == 2
    for _, track in tracks.groupby("track_id"):
        assert distance_m(track["lon"], track["lat"], track["lon"].iloc[0], track["lat"].iloc[0]).max() < 100


@case("D-19")
def test_a_fix_that_jumps_splits_no_call():
    messages = visit(24, 60)
    messages.loc[len(messages) // 2, ["lon", "lat"]] = off_berth(9000, 9000)
    tracks = clean_tracks(feed(messages))
    assert [f for f in tracks["flags"] if f] == [["spike"]]
    assert len(stays(tracks, harbour(), CONFIG)) == 1


@case("D-19")
@pytest.mark.parametrize("seed", range(3))
def test_nor_do_jumps_that_two_receivers_report(seed):
    """A jump heard twice is still one jump; a duplicate makes nothing sounder."""
    table = with_spikes(visit(24, 90, every_min=1, seed=seed), 0.05, seed=seed)
    twice = pd.concat([table, table.sample(frac=0.1, random_state=seed)])
    assert len(stays(clean_tracks(feed(twice)), harbour(), CONFIG)) == 1


@case("D-20")
def test_a_ship_on_land_is_flagged_however_slowly_she_goes():
    land = box_zone("land", BERTH[0] + 0.05, BERTH[1] - 0.05, BERTH[0] + 0.2, BERTH[1] + 0.05).geometry
    hours = np.arange(10, 14, 0.1)
    tracks = clean_tracks(feed(fixes(hours, *off_berth(9000)), fixes(hours, *BERTH, mmsi=MMSI + 1)), land)
    made_up = tracks["mmsi"] == MMSI
    assert all("on_land" in f for f in tracks.loc[made_up, "flags"])
    assert not any("on_land" in f for f in tracks.loc[~made_up, "flags"])


@case("D-21")
@pytest.mark.parametrize("ahead_s", [30, -30, 3600, 36_000], ids=["+30 s", "-30 s", "1 h", "local time"])
def test_a_receiver_with_a_wrong_clock_is_found_and_set_right(ahead_s):
    hours = np.arange(10, 12, 0.05)
    lon, lat = zip(*[off_berth((h - 10) * 18_520) for h in hours], strict=True)
    right = fixes(hours, list(lon), list(lat), 10.0, cog=90.0)
    wrong = right.assign(time_utc=right["time_utc"] + pd.Timedelta(seconds=ahead_s))
    messages = feed(right, wrong)
    messages["source_file"] = ["a"] * len(right) + ["b"] * len(wrong)
    (found,) = clock_offsets(messages)
    assert (found.source, found.ahead_s, found.n_shared) == ("b", ahead_s, len(right))
    assert not found.sure  # it may as well be a that is wrong
    assert clock_offsets(correct_clocks(messages, [found])) == []
    assert correct_clocks(messages, [found])["time_utc"].nunique() == len(right)


@case("D-21")
@pytest.mark.parametrize("off", ["a", "b", "c"])
def test_the_receiver_that_two_others_contradict_is_the_wrong_one(off):
    """Whatever its name: ahead is positive, and set right its messages have the times of the others."""
    hours = np.arange(10, 12, 0.05)
    heard = fixes(hours, *zip(*[off_berth((h - 10) * 18_520) for h in hours], strict=True), 10.0, cog=90.0)
    messages = feed(*(heard.assign(time_utc=heard["time_utc"] + pd.Timedelta(seconds=40 * (n == off))) for n in "abc"))
    messages["source_file"] = np.repeat(list("abc"), len(heard))
    (found,) = clock_offsets(messages)
    assert (found.source, found.ahead_s, found.sure) == (off, 40, True)
    assert correct_clocks(messages, [found])["time_utc"].nunique() == len(heard)


@case("D-21")
def test_a_few_messages_that_came_hours_late_move_no_clock():
    hours = np.arange(10, 12, 0.05)
    right = fixes(hours, *zip(*[off_berth((h - 10) * 18_520) for h in hours], strict=True), 10.0, cog=90.0)
    late = np.where(np.arange(len(hours)) % 9 == 0, 7200.0, 20.0)
    messages = feed(right, right.assign(time_utc=right["time_utc"] + pd.to_timedelta(late, unit="s")))
    messages["source_file"] = np.repeat(["a", "b"], len(hours))
    assert [(found.source, found.ahead_s) for found in clock_offsets(messages)] == [("b", 20.0)]


@case("D-21")
def test_stage_commands_set_clocks_right_as_well(capwatch, tmp_path):
    """A source an hour ahead is named, and a detection still finds the ship that it heard alone."""
    minutes = range(0, 40, 2)
    rows = [f"273000001,{{t}},{42.7:.5f},{133.0 + 0.004 * m:.5f},10.0,90.0" for m in minutes]
    late = [f"273000002,{{t}},{42.6:.5f},{133.0 + 0.004 * m:.5f},10.0,90.0" for m in minutes]

    def at(start, lines):
        return [r.format(t=f"2024-03-07T{start:02}:{m:02}:00") for r, m in zip(lines, minutes, strict=True)]

    one = table(tmp_path, HEADER, *at(12, rows), name="one.csv")
    two = table(tmp_path, HEADER, *at(13, rows), *at(13, late), name="two.csv")
    seen = table(tmp_path, "det_id,time_utc,lon,lat", "d,2024-03-07T12:20:00Z,133.08,42.6", name="seen.csv")
    out = tmp_path / "matches.csv"
    done = capwatch("match", "--detections", seen, "--ais", one, "--ais", two, "-o", out)
    assert done.code == 3
    assert "clock is +3600 s off" in done.error("two.csv")
    assert pd.read_csv(out)["mmsi"].tolist() == [273000002]


@case("D-21")
def test_ships_at_rest_tell_no_clock():
    """Moored, or swinging through the same places an hour later."""
    hours = np.arange(10, 12, 0.05)
    swung = tuple(zip(*[off_berth(2.0 * n) for n in range(len(hours))], strict=True))
    for lon, lat in (BERTH, swung):
        messages = feed(fixes(hours, lon, lat, 0.3), fixes(hours + 1, lon, lat, 0.3))
        messages["source_file"] = ["a"] * len(hours) + ["b"] * len(hours)
        assert clock_offsets(messages) == []


@case("D-22")
def test_numbers_that_are_no_ships_are_flagged_and_not_merged():
    numbers = [0, 111_111_111, 27_300_001, 2_730_000_011, MMSI]
    hours = np.arange(10, 12, 0.1)
    messages = feed(*[fixes(hours, *off_berth(3000.0 * n), mmsi=mmsi) for n, mmsi in enumerate(numbers)])
    tracks = clean_tracks(messages)
    flagged = {m for m, f in zip(tracks["mmsi"], tracks["flags"], strict=True) if "bad_mmsi" in f}
    assert flagged == set(numbers[:4])
    assert tracks.groupby("track_id")["mmsi"].nunique().max() == 1


@case("D-23")
def test_a_wrong_imo_number_is_flagged():
    row = static_reports(feed(said(1, imo=9074728, name="A"))).iloc[0]
    assert "imo_check_digit" in row["flags"]
    assert pd.isna(row["imo"])


@case("D-24")
@pytest.mark.parametrize("size", [(0, 0, 0, 0), (511, 511, 63, 63)], ids=["0", "1022"])
def test_dimensions_that_say_nothing(tmp_path, size):
    sent = VOYAGE | dict(zip(("to_bow", "to_stern", "to_port", "to_starboard"), size, strict=True))
    report = static_reports(read_ais([log(tmp_path, [tagged(s, T0) for s in sentences(sent)])]).messages).iloc[0]
    assert pd.isna(report["length_m"])


@case("D-25")
def test_a_hull_that_changes_its_length():
    table = static_reports(feed(said(1, a=80.0, b=16.0), said(30, a=120.0, b=26.0)))
    assert [("length_changed" in f) for f in table["flags"]] == [False, True]


@case("D-26")
def test_aircraft_buoys_and_base_stations_are_no_tracks(tmp_path):
    others = [
        {"type": 4, "mmsi": 2731234, "lon": 133, "lat": 43},
        {"type": 9, "mmsi": 111000001, "lon": 133, "lat": 43, "speed": 90},
        {"type": 21, "mmsi": 992731234, "lon": 133, "lat": 43},
    ]
    lines = [tagged(s, T0) for m in (*others, SHIP) for s in sentences(m)]
    messages = read_ais([log(tmp_path, lines)]).messages
    assert len(messages) == 4
    assert set(clean_tracks(messages)["mmsi"]) == {SHIP["mmsi"]}


@case("D-27")
def test_an_endless_line_costs_no_memory(tmp_path):
    """Forty megabytes stand for the gigabyte: what is held at once does not grow with the line."""
    path = tmp_path / "endless.nmea"
    with path.open("wb") as file:
        file.write(sentences(SHIP)[0].encode() + b"\n")
        for _ in range(40):
            file.write(b"x" * (1 << 20))
    read_ais([good(tmp_path)])
    tracemalloc.start()
    read = read_ais([path])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (read.balance["decoded"], read.balance["bad_format"]) == (1, 1)
    assert peak < 16 << 20


@case("D-28")
@pytest.mark.parametrize(
    "name", ["A\tB\x1bC", "\u202eREKNAT", "TANKER \U0001f6a2", "=1+1"], ids=["control", "rtl", "emoji", "formula"]
)
def test_odd_names_are_kept_and_shown_safely(tmp_path, name):
    path = tmp_path / "ais.csv"
    path.write_bytes((HEADER + ",VesselName\n" + ROW + f",{name}\n").encode())
    found = read_ais([path]).messages
    assert found["name"].tolist() == [name.strip()]
    flat = tmp_path / "flat.csv"
    flat_table(found).to_csv(flat, index=False)
    rows = pd.read_csv(flat)
    assert len(rows) == 1
    assert not str(rows.loc[0, "name"]).startswith("=")


@case("D-28")
def test_a_return_within_a_name_costs_its_own_row_only(tmp_path):
    path = tmp_path / "ais.csv"
    path.write_bytes(
        (HEADER + ",VesselName\n" + ROW + ",A\rB\n" + ROW.replace("12:00:00", "12:01:00") + ",C\n").encode()
    )
    read = read_ais([path])
    assert read.messages["name"].tolist() == ["C"]
    assert (read.balance["bad_format"], sum(read.balance.values())) == (1, 3)
