"""Tables whose values are no longer those that were sent: this is reported, and no wrong value is used."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.ingest.ais.messages import read_ais

HEADER = "MMSI,BaseDateTime,LAT,LON,SOG,COG"
ROW = "273000001,2024-03-07T12:00:00,42.75,133.05,0.1,10.0"


def rows(n, row=ROW):
    return [row.replace("12:00:00", f"12:{i:02}:00") for i in range(n)]


def read(tmp_path, *lines, end="\n", encoding="utf-8", **options):
    """The read of a table of these lines, each of which must be in one bucket."""
    path = tmp_path / "ais.csv"
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    found = read_ais([path], **options)
    assert sum(found.balance.values()) == len(lines)
    return found


@pytest.mark.parametrize("mmsi", ["2.73E+08", "9.99e8", "2.73000001E+08"])
def test_an_mmsi_in_scientific_notation_is_no_mmsi(tmp_path, mmsi):
    found = read(tmp_path, HEADER, ROW, ROW.replace("273000001", mmsi))
    assert found.messages["mmsi"].tolist() == [273000001]
    assert found.balance["bad_format"] == 1
    assert "line 3: column MMSI" in found.files[0].cause
    assert "rounded" in found.files[0].cause


def test_an_mmsi_with_a_point_and_a_zero_is_one(tmp_path):
    found = read(tmp_path, HEADER, ROW.replace("273000001", "273000001.0"))
    assert found.messages["mmsi"].tolist() == [273000001]
    assert not found.problems


def test_an_imo_number_in_scientific_notation_is_none(tmp_path):
    found = read(tmp_path, HEADER + ",IMO", ROW + ",IMO9074729", ROW + ",9.07E+06")
    assert found.messages["imo"].fillna(0).tolist() == [9074729, 0]
    assert "rounded" in found.files[0].cause


@pytest.mark.parametrize("parquet", [False, True])
@pytest.mark.parametrize("cell", ["not given 7", "9O74729", "IMO 90747-29", "9.07E+06"])
def test_a_cell_that_is_no_imo_number_costs_itself_and_not_its_row(tmp_path, cell, parquet):
    """Position and draught are just as good without it; one line per file counts such cells and shows the first."""
    lines = [row + f",{6 + n / 10}," for n, row in enumerate(rows(5))]
    cells = ["9074729", cell, "", cell, "0"]
    path = tmp_path / "ais.csv"
    path.write_text("\n".join([HEADER + ",Draft,IMO", *map("".join, zip(lines, cells, strict=True))]) + "\n")
    if parquet:
        pd.read_csv(path, dtype="str", keep_default_na=False).to_parquet(path := tmp_path / "ais.parquet")
    found = read_ais([path])
    assert found.balance["decoded"] == 5
    assert found.messages["draught"].tolist() == [6.0, 6.1, 6.2, 6.3, 6.4]
    assert found.messages["imo"].fillna(0).tolist() == [9074729, 0, 0, 0, 0]
    (problem,) = found.problems
    first = f"line {2 if parquet else 3}: column IMO: {cell!r}"
    assert problem.cause.startswith(f"2 IMO numbers are none and were left out, not the rows; {first}")


def test_a_row_that_is_refused_for_another_cause_has_no_imo_number_to_lose(tmp_path):
    found = read(tmp_path, HEADER + ",IMO", ROW + ",9074729", ROW.replace("273000001", "x") + ",none 7")
    assert "IMO" not in found.files[0].cause


def test_a_parquet_mmsi_of_24_bits_is_refused(tmp_path):
    table = pd.DataFrame({"mmsi": [273000001.0], "time_utc": ["2024-03-07T12:00:00Z"], "lon": [133.05], "lat": [42.75]})
    for kind, status in ((pa.float32(), "skipped"), (pa.float64(), "used")):
        path = tmp_path / f"{kind}.parquet"
        arrow = pa.Table.from_pandas(table)
        pq.write_table(arrow.set_column(0, "mmsi", arrow["mmsi"].cast(kind)), path)
        assert read_ais([path]).files[0].status == status


@pytest.mark.parametrize("year", ["0024", "1970", "1999", "2099", "2124", "9999"])
@pytest.mark.parametrize("form", ["{}-03-07T12:00:00", "{}-03-07T12:00:00Z", "07/03/{} 12:00:00"])
def test_a_time_at_which_nothing_was_sent_is_none(tmp_path, year, form):
    stated = "13/03/2024 12:00:00" if "/" in form else "2024-03-07T12:00:00" + "Z" * form.endswith("Z")
    lines = [HEADER, *(ROW.replace("2024-03-07T12:00:00", t) for t in (stated, form.format(year)))]
    found = read(tmp_path, *lines)
    assert found.messages["time_utc"].dt.year.tolist() == [2024]
    assert found.balance["bad_format"] == 1
    assert "line 3: column BaseDateTime" in found.files[0].cause


def test_rows_without_a_time_are_told(tmp_path):
    empty = ROW.replace("2024-03-07T12:00:00", "")
    few, many = read(tmp_path, HEADER, *rows(5), empty), read(tmp_path, HEADER, ROW, empty, empty)
    assert "1 of 6 messages have no time" in few.notes[0]
    assert "2 of 3 messages have no time" in many.files[0].cause
    assert many.files[0].status == "degraded"


@pytest.mark.parametrize("before", [[""], ["", "", " "], ["# exported by X"], ["# exported by X, on Friday", "", "#"]])
def test_lines_before_the_header_are_no_header(tmp_path, before):
    plain, found = read(tmp_path, HEADER, *rows(3)), read(tmp_path, *before, HEADER, *rows(3))
    assert not found.problems
    assert found.balance["no_data"] == len(before) + 1
    assert (found.messages["line"] - len(before)).tolist() == plain.messages["line"].tolist()
    assert found.messages["time_utc"].tolist() == plain.messages["time_utc"].tolist()


def test_a_header_that_begins_like_a_comment_is_one(tmp_path):
    for header, columns in ((f"# {HEADER}", None), ("# id,BaseDateTime,LAT,LON,SOG,COG", {"mmsi": "# id"})):
        assert len(read(tmp_path, header, *rows(3), columns=columns).messages) == 3


def test_a_table_whose_lines_end_in_returns_is_read(tmp_path):
    found = read(tmp_path, HEADER, *rows(3), end="\r")
    assert not found.problems
    assert found.messages["line"].tolist() == [2, 3, 4]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_wide_text_is_told_as_such(tmp_path, encoding):
    path = tmp_path / "ais.csv"
    path.write_bytes("\n".join([HEADER, ROW]).encode(encoding))
    assert "save it as UTF-8" in read_ais([path]).files[0].cause
    assert "UTF-32" in read_ais([path]).files[0].cause or not encoding.startswith("utf-32")


@pytest.mark.parametrize(
    ("place", "said"), [("133.05,42.75", "swapped"), ("42.75,226.95", "0 to 360"), ("142.75,233.05", "impossible")]
)
def test_positions_that_are_impossible_in_most_rows_are_a_fault_of_the_file(tmp_path, place, said):
    bad = rows(5, ROW.replace("42.75,133.05", place))
    found = read(tmp_path, HEADER, *bad)
    assert found.files[0].status == "degraded"
    assert "5 of 5 positions are impossible" in found.files[0].cause
    assert said in found.files[0].cause
    assert read(tmp_path, HEADER, *rows(6), bad[0]).files[0].status == "used"


@pytest.mark.parametrize("place", ["60.0,400.0", "-95.0,200.0"])
def test_good_rows_give_no_hint_of_what_the_bad_ones_are(tmp_path, place):
    """42 north and 60 east is also valid with axes swapped, or with longitudes from 0 to 360 degrees."""
    good = ROW.replace("42.75,133.05", "42.75,60.0")
    cause = read(tmp_path, HEADER, *rows(3, ROW.replace("42.75,133.05", place)), good, good).files[0].cause
    assert cause == "3 of 5 positions are impossible"


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("place", ["133.05,42.75", "95.0,181.5", "0,0"])
def test_a_file_whose_few_positions_are_all_impossible_is_at_fault(tmp_path, n, place):
    """With one or two rows too: a note and exit code 0 do not suit a file without a usable position."""
    bad = rows(n, ROW.replace("42.75,133.05", place))
    found = read(tmp_path, HEADER, *bad)
    assert f"{n} of {n} positions are impossible" in found.files[0].cause
    assert found.files[0].status == "degraded"
    assert read(tmp_path, HEADER, bad[0], ROW).files[0].status == "used", "half of two says nothing of the file"


@pytest.mark.parametrize("place", ["0,0", "0.0,-0.0", "0.000000,0.000000"])
def test_no_ship_is_at_zero_north_and_zero_east(tmp_path, place):
    """Receivers without a fix report it. A single zero is the equator or Greenwich, a place like any other."""
    bad = ROW.replace("42.75,133.05", place)
    found = read(tmp_path, HEADER, *rows(3), *rows(1, bad), ROW.replace("42.75", "0"), ROW.replace("133.05", "0"))
    assert found.messages["lon"].isna().sum() == 1
    assert "(lon 1, lat 1)" in found.notes[0]
    assert "stand for no fix" in read(tmp_path, HEADER, *rows(3, bad)).files[0].cause


@pytest.mark.parametrize(("unit_m", "status"), [(1.0, "used"), (0.3048, "degraded"), (0.1, "degraded")])
def test_draughts_in_another_unit_are_a_fault_of_the_file(tmp_path, unit_m, status):
    """Lengths and draughts of tankers; most of the draughts would also be valid in feet (at most 25.5)."""
    ships = [(98, 4.2), (104, 6.0), (183, 11.2), (65, 3.9), (120, 7.1)]
    lines = [f"{row},{length},16,{draught / unit_m:.1f}" for row, (length, draught) in zip(rows(5), ships, strict=True)]
    found = read(tmp_path, f"{HEADER},Length,Width,Draft", *lines).files[0]
    assert found.status == status
    assert ("draughts are" in found.cause) == (status == "degraded")


def test_swapped_positions_that_are_possible_are_told_by_the_region(tmp_path):
    swapped = [HEADER, *rows(5, ROW.replace("42.75,133.05", "60.05,42.75"))]
    found = read(tmp_path, *swapped, region=(59.0, 42.0, 61.0, 43.0))
    assert found.files[0].status == "degraded"
    assert "5 with latitude and longitude swapped" in found.files[0].cause
    assert found.problems
    for region in ((42.0, 59.0, 43.0, 61.0), (100.0, 10.0, 101.0, 11.0)):
        assert not read(tmp_path, *swapped, region=region).problems


@pytest.mark.parametrize("form", ["2024-03-07", "20240307", "13/03/2024"])
def test_a_day_is_no_time_of_a_message(tmp_path, form):
    """Otherwise all would be read as midnight, whatever the hour of the ships."""
    found = read(tmp_path, HEADER, *rows(3, ROW.replace("2024-03-07T12:00:00", form)))
    assert found.balance["bad_format"] == 3
    assert f"column BaseDateTime: '{form}' is no time" in found.files[0].cause


def test_one_day_among_times_is_midnight(tmp_path):
    """Some programs write midnight so."""
    found = read(tmp_path, HEADER, *rows(3), ROW.replace("2024-03-07T12:00:00", "2024-03-08"))
    assert found.messages["time_utc"].iloc[-1] == pd.Timestamp("2024-03-08", tz="UTC")


def test_a_parquet_column_of_days_is_no_column_of_times(tmp_path):
    table = pd.DataFrame({"mmsi": [273000001], "time_utc": [pd.Timestamp("2024-03-07").date()], "lon": 1.0, "lat": 2.0})
    table.to_parquet(tmp_path / "days.parquet")
    assert read_ais([tmp_path / "days.parquet"]).files[0].status == "degraded"


def test_a_table_of_ways_without_places_is_told(tmp_path):
    """As from a map program with both coordinates in one column, from which no position is read."""
    bare = read(tmp_path, "MMSI,BaseDateTime,SOG,COG", "273000001,2024-03-07T12:00:00,0.1,10.0")
    assert "no columns for lon and lat" in bare.files[0].cause
    held = read(tmp_path, "MMSI,BaseDateTime,geometry", "273000001,2024-03-07T12:00:00,POINT (133.05 42.75)")
    assert "column 'geometry' was left out, so no position is read" in held.files[0].cause


def test_a_table_of_names_and_sizes_needs_no_place(tmp_path):
    said = read(tmp_path, "MMSI,BaseDateTime,VesselName,Draft", "273000001,2024-03-07T12:00:00,A TANKER,6.4")
    assert not said.problems


def test_a_file_joined_of_two_with_other_columns_is_refused(tmp_path):
    """Below the second header latitudes would be read as longitudes, with one line about a bad MMSI."""
    swapped = "MMSI,BaseDateTime,LON,LAT,SOG,COG"
    found = read(tmp_path, HEADER, *rows(3), swapped, *rows(3, ROW.replace("42.75,133.05", "32.5,31.4")))
    assert found.files[0].status == "skipped"
    assert "line 5 is another header, of other columns than the first" in found.files[0].cause


def test_a_file_joined_of_two_alike_has_one_bad_row(tmp_path):
    found = read(tmp_path, HEADER, *rows(3), HEADER, *rows(3, ROW.replace("42.75", "42.76")))
    assert len(found.messages) == 6
    assert found.balance["bad_format"] == 1
