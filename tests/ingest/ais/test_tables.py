import gzip
import re
import zipfile

import pandas as pd
import pyarrow as pa
import pytest

from pipeline.errors import ConfigError
from pipeline.ingest.ais.buckets import BUCKETS
from pipeline.ingest.ais.messages import read_ais
from tests.builders import REAL_DATA, needs_real_data

NOON = pd.Timestamp("2024-03-07T12:00:00Z")
MARINE = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft"
DMA = (
    "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,Callsign,Name,"
    "Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,ETA,Data source type,A,B,C,D"
)


def csv_of(tmp_path, *lines, name="ais.csv"):
    path = tmp_path / name
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return path


def table(path, **options):
    read = read_ais([path], **options)
    assert read.problems == []
    return read.messages


def only(counts):
    return dict.fromkeys(BUCKETS, 0) | counts


def test_marinecadastre(tmp_path):
    row = "273000001,2024-03-07T12:00:00,42.75,133.05,0.1,360.0,511,A TANKER,IMO9074729,TEST1,80,5,100,15,6.4"
    found = table(csv_of(tmp_path, MARINE, row)).iloc[0]
    assert found["time_utc"] == NOON
    assert (found["imo"], found["ship_type"], found["nav"], found["draught"]) == (9074729, 80, 5, 6.4)
    assert (found["a"], found["b"], found["c"], found["d"]) == (0, 100, 0, 15)  # ITU: antenna unknown
    assert pd.isna(found["heading"])
    assert pd.isna(found["cog"])


EUROPEAN = [
    "MMSI;Time_UTC;LON;LAT;SOG;COG;VesselName;Draught;Destination",
    "273000001;2024-03-07 12:00:00;133,05;42,7512345;0,1;10,5;A TANKER;6,4;OSLO",
    "273000002;2024-03-07 12:05:00;-133,0512;-42,75;12;0;BE TANKER;;",
]


def european(path):
    """The messages of a table with a stated separator, and nothing else."""
    read = read_ais([path])
    (problem,) = read.problems
    assert "columns MMSI, Time_UTC, LAT, LON and the others stand between" in str(problem)
    return read.messages


@pytest.mark.parametrize("separator", [";", "\t", "|"], ids=["semicolons", "tabs", "pipes"])
@pytest.mark.parametrize("mark", [",", "."], ids=["decimal commas", "decimal points"])
@pytest.mark.parametrize("name", ["A TANKER", '"A TANKER"', "A TÃNKER"], ids=["at once", "row by row", "not ASCII"])
@pytest.mark.parametrize("before", [[], ["sep="]], ids=["plain", "with a spreadsheet's own line"])
def test_a_european_spreadsheet_reads_as_its_twin_in_commas(tmp_path, separator, mark, name, before):
    told = [line.replace("A TANKER", name, 1) for line in EUROPEAN]
    plain = table(csv_of(tmp_path, *(t.replace(",", ".").replace(";", ",") for t in told), name="plain.csv"))
    written = [line.replace(",", mark).replace(";", separator) for line in told]
    found = european(csv_of(tmp_path, *(line + separator for line in before), *written))
    assert found["line"].tolist() == [line + len(before) for line in plain["line"]]
    told_by = ["message_id", "line", "source_file"]
    pd.testing.assert_frame_equal(found.drop(columns=told_by), plain.drop(columns=told_by))
    assert plain["lat"].tolist() == [42.7512345, -42.75]


@pytest.mark.parametrize("cell", ["1.234,5", "42,75,1", "x,5"])
def test_a_number_of_two_readings_is_none(tmp_path, cell):
    read = read_ais([csv_of(tmp_path, EUROPEAN[0], EUROPEAN[1].replace("42,7512345", cell), EUROPEAN[2])])
    assert read.balance["bad_format"] == 1
    assert f"column LAT: {cell!r} is not a number" in str(read.problems[0])


def test_an_mmsi_with_a_comma_is_none(tmp_path):
    read = read_ais([csv_of(tmp_path, EUROPEAN[0], EUROPEAN[1].replace("273000001", "273,000001"), EUROPEAN[2])])
    assert "column MMSI: '273,000001' is no MMSI" in str(read.problems[0])


def test_a_comma_in_a_name_parts_no_column_of_semicolons(tmp_path):
    row = EUROPEAN[1].replace("OSLO", "OSLO, NO").replace("133,05", "133.05").replace("42,7512345", "42.75")
    found = european(csv_of(tmp_path, EUROPEAN[0], row)).iloc[0]
    assert (found["dest"], found["lon"], found["lat"], found["draught"]) == ("OSLO, NO", 133.05, 42.75, 6.4)


def test_each_time_is_read_by_the_format_that_reads_it(tmp_path):
    """As in tables combined from two sources."""
    times = ["31/03/2024 12:00", "Apr 1 2024 12:00 PM", "1712059200", "2024.04.03 12-00"]
    path = csv_of(tmp_path, "mmsi,time_utc,lon,lat", *(f"{n},{t},133,42" for n, t in enumerate(times, 1)))
    read = read_ais([path], time_format=("%d/%m/%Y %H:%M", "%b %d %Y %I:%M %p"))
    assert read.messages["time_utc"].dt.strftime("%d %H:%M").tolist() == ["31 12:00", "01 12:00", "02 12:00"]
    assert "line 5: column time_utc: '2024.04.03 12-00' is no time of a message, or two" in str(read.problems[0])


def test_a_time_that_two_formats_read_differently_is_none(tmp_path):
    times = ["13/04/2024 12:00", "03/04/2024 12:00", "04/04/2024 12:00"]
    path = csv_of(tmp_path, "mmsi,time_utc,lon,lat", *(f"{n},{t},133,42" for n, t in enumerate(times, 1)))
    read = read_ais([path], time_format=["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"])
    assert read.messages["time_utc"].dt.strftime("%m-%d").tolist() == ["04-13", "04-04"]
    assert "line 3: column time_utc: '03/04/2024 12:00'" in str(read.problems[0])


def test_dma_is_day_first_in_utc_and_its_words_become_codes(tmp_path):
    ship = (
        "07/03/2024 12:00:00,Class A,273000001,42.75,133.05,Moored,,0.0,,,9074729,TEST1,A TANKER,Tanker,,15,100,GPS,"
        "6.4,NOWHERE,,AIS,80,20,7,8"
    )
    base = "07/03/2024 12:00:00,Base Station,2731234,42.7,133.0,Unknown value" + "," * 20
    found = table(csv_of(tmp_path, DMA, ship, base))
    assert found["time_utc"].tolist() == [NOON, NOON]
    assert found["msg_type"].tolist() == [0, 4]
    assert found.loc[0, ["nav", "ship_type", "a", "b"]].tolist() == [5, 80, 80, 20]
    assert pd.isna(found.loc[1, "nav"])


@pytest.mark.parametrize(
    "time",
    ["2024-03-07T12:00:00Z", "2024-03-07 22:00:00+10:00", "1709812800", "1709812800000", "2024-03-07 12:00:00 UTC"],
)
def test_times_with_a_zone_and_epochs_are_the_same_moment(tmp_path, time):
    assert table(csv_of(tmp_path, "mmsi,timestamp,lon,lat", f"273000001,{time},133,42"))["time_utc"].tolist() == [NOON]


def test_times_without_zone_are_refused_until_it_is_named(tmp_path):
    path = csv_of(tmp_path, "mmsi,timestamp,lon,lat", "273000001,2024-03-07 22:00:00,133,42")
    (problem,) = read_ais([path]).problems
    assert "--time-zone" in str(problem)
    assert table(path, time_zone="+10:00")["time_utc"].tolist() == [NOON]
    with pytest.raises(ConfigError, match="fixed offset"):
        read_ais([path], time_zone="Asia/Vladivostok")


@pytest.mark.parametrize("bad", ["garbage", "0", "now", "2024-03-07T25:00:00Z", "2024-03-07", "13/14/2024 1:00", "1e9"])
def test_a_bad_time_costs_its_own_line(tmp_path, bad):
    rows = ["1,2024-03-07T12:00:00Z,133,42", f"1,{bad},133,42", "1,1709812800,133,43"]
    for order in (rows, rows[1:] + rows[:1], [rows[0], rows[2], rows[1]]):
        read = read_ais([csv_of(tmp_path, "mmsi,timestamp,lon,lat", *order)])
        assert read.balance == only({"decoded": 2, "bad_format": 1, "no_data": 1})
        assert [str(p).partition("; ")[2] for p in read.problems] == [
            f"line {order.index(rows[1]) + 2}: column timestamp: {bad!r} is no time with a zone"
        ]
        assert read.messages["time_utc"].tolist() == [NOON, NOON]


def test_a_bad_time_may_stand_in_a_block_of_its_own(tmp_path, monkeypatch):
    """The same rows in one block or many: a time without a zone does not refuse a file with zones in earlier times."""
    monkeypatch.setattr("pipeline.ingest.ais.files.read_blocks.__defaults__", (40,))
    rows = ["1,2024-03-07T12:00:00Z,133,42", "2,2024-03-07T12:00:00,133,42", "3,x,133,42", "4,2024-03-07T12:00:00Z,1,2"]
    read = read_ais([csv_of(tmp_path, "mmsi,timestamp,lon,lat", *rows)])
    assert read.balance == only({"decoded": 2, "bad_format": 2, "no_data": 1})


def test_the_form_of_exactearth_is_read_where_its_zone_is_named(tmp_path):
    path = csv_of(tmp_path, "MMSI,Time,Longitude,Latitude", "1,20240307_120000,133,42", "1,20240307_1200,133,43")
    read = read_ais([path], time_zone="UTC")
    assert read.messages["time_utc"].tolist() == [NOON]
    assert read.balance["bad_format"] == 1
    assert [str(p) for p in read_ais([path]).problems] == [
        f"{path}: column Time: times have no zone; name it with capwatch ais --time-zone UTC or --time-zone +10:00"
    ]


def test_times_with_zones_of_several_kinds_are_moments(tmp_path):
    rows = [f"{n},{t},133,42" for n, t in enumerate(["07/03/2024 12:00:00Z", "07/03/2024 22:00:00+10:00"], 1)]
    rows.append("3,17/03/2024 12:00:00,133,42")  # shows that days come first, and has no zone
    read = read_ais([csv_of(tmp_path, "mmsi,timestamp,lon,lat", *rows)])
    assert read.messages["time_utc"].tolist() == [NOON, NOON]
    assert read.balance["bad_format"] == 1


def test_a_format_that_is_none_is_told(tmp_path):
    path = csv_of(tmp_path, "mmsi,timestamp,lon,lat", "1,07/03/2024 12:00:00 UTC,133,42")
    assert table(path, time_format="%d/%m/%Y %H:%M:%S UTC", time_zone="UTC")["time_utc"].tolist() == [NOON]
    with pytest.raises(ConfigError, match="--time-format %Q: is no format of times"):
        read_ais([path], time_format="%Q")


def test_a_zone_of_letters_in_a_format_is_heeded_by_the_option_alone(tmp_path):
    """21 o'clock in Seoul is noon in Greenwich; by the column's name it would be 21 o'clock there."""
    path = csv_of(tmp_path, "mmsi,BaseDateTime,lon,lat", "1,07/03/2024 21:00 KST,133,42")
    form = "%d/%m/%Y %H:%M KST"
    with pytest.raises(ConfigError, match="the zone KST is no more than letters; name it with --time-zone"):
        read_ais([path], time_format=form)
    assert table(path, time_format=form, time_zone="+09:00")["time_utc"].tolist() == [NOON]


@pytest.mark.parametrize("speed", ["speed (km/h)", "speed_kmh", "speed (m/s)", "sog_ms"])
def test_degrees_are_ours_and_another_unit_of_speed_is_told(tmp_path, speed):
    path = csv_of(tmp_path, f"mmsi,time_utc,lon (deg),Latitude [deg],{speed}", "1,2024-03-07T12:00:00Z,133,42,18")
    read = read_ais([path])
    assert read.messages[["lon", "lat"]].to_numpy().tolist() == [[133, 42]]
    assert read.messages["sog"].isna().all()
    (problem,) = read.problems
    assert str(problem).endswith(f"column {speed!r} was left out: write it in knots")


def test_ambiguous_dates_are_refused_and_unambiguous_ones_read(tmp_path):
    header = "mmsi,time_utc,lon,lat"
    open_ = csv_of(tmp_path, header, "273000001,07/03/2024 12:00:00,133,42")
    with pytest.raises(ConfigError, match="day-first or month-first"):
        read_ais([open_])
    assert table(open_, time_format="%d/%m/%Y %H:%M:%S")["time_utc"].tolist() == [NOON]
    told = csv_of(tmp_path, header, "1,07/03/2024 12:00,133,42", "1,17/03/2024 12:00,133,42", name="day.csv")
    assert table(told)["time_utc"].iloc[0] == NOON
    told = csv_of(tmp_path, header, "1,03/07/2024 12:00,133,42", "1,03/17/2024 12:00,133,42", name="month.csv")
    assert table(told)["time_utc"].iloc[0] == NOON


@pytest.mark.parametrize(
    "written", ["07.03.2024 12:00", "07-03-2024 12:00:00", "07/03/2024 12:00:00 PM", "07/03/2024 12:00:00.000"]
)
def test_the_proposed_formats_read_the_file(tmp_path, written):
    path = csv_of(tmp_path, "mmsi,time_utc,lon,lat", f"273000001,{written},133,42")
    with pytest.raises(ConfigError) as told:
        read_ais([path])
    day_first, month_first = re.findall(r"'(%[^']+)'", str(told.value))
    assert table(path, time_format=day_first)["time_utc"].tolist() == [NOON]
    assert table(path, time_format=month_first)["time_utc"].dt.month.tolist() == [7]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["ship,time_utc,lon,lat", "1,1709812800,133,42"], "no column for mmsi"),
        (["mmsi|time_utc|lon|lat, north", "1|1709812800|133|42"], "it has a column for lon and none for lat"),
        (
            ["MMSI;Zeit;Breite;Laenge", "1;2;3;4"],
            "name them with capwatch ais --columns time_utc=Zeit,lat=Breite,lon=Laenge",
        ),
        (["Schiff;Zeit;lat;lon", "1;2;3;4"], "name it with capwatch ais --columns mmsi=COLUMN,time_utc=Zeit"),
        (["mmsi,time_utc,lon,lat"], "a header and no rows"),
        (["mmsi,time_utc,lon,lat", '1,1709812800,"133,5",42'], "column lon: '133,5' is not a number"),
        (["mmsi,time_utc,lon,lat", "1,1709812800,133,42", "1,17098"], "line 3: not 4 columns"),
        (["mmsi,time_utc,lon,lat", "x1,1709812800,133,42"], "column mmsi: 'x1' is no MMSI"),
        (["mmsi,time_utc,lon,lat", "1,yesterday,133,42"], "column time_utc: 'yesterday' is no time"),
    ],
)
def test_what_cannot_be_read_names_line_or_column(tmp_path, lines, expected):
    read = read_ais([csv_of(tmp_path, *lines)])
    assert expected in str(read.problems[0])
    assert sum(read.balance.values()) == len(lines)


def test_of_many_columns_whole_names_are_told(tmp_path):
    names = [f"column_number_{n}" for n in range(40)]
    (problem,) = read_ais([csv_of(tmp_path, ",".join(names), ",".join("0" * 40))]).problems
    told = str(problem).partition(" among ")[2].partition(" ...; name it with")[0]
    assert set(told.split(", ")) < set(names)


def test_an_open_quote_or_a_nul_costs_its_own_line_only(tmp_path):
    rows = [
        "mmsi,time_utc,lon,lat,name",
        '1,1709812800,133,42,"A, WITH COMMA"',
        '2,1709812800,133,42,"OPEN',
        "3,1709812800,133,42,C\x00",
        "",
        "4,1709812800,133,42,D",
    ]
    read = read_ais([csv_of(tmp_path, *rows)])
    assert read.messages[["line", "name"]].values.tolist() == [[2, "A, WITH COMMA"], [6, "D"]]
    assert read.balance == only({"decoded": 2, "bad_format": 2, "no_data": 2})


def test_blocks_do_not_show(tmp_path, monkeypatch):
    rows = [f"{n},{1709812800 + n},133,42,{'NAME ' + str(n) if n % 3 else ''}" for n in range(1, 500)]
    path = csv_of(tmp_path, "mmsi,time_utc,lon,lat,name", *rows[:250], "cut", *rows[250:])
    whole = read_ais([path])
    monkeypatch.setattr("pipeline.ingest.ais.files.read_blocks.__defaults__", (333,))
    pieces = read_ais([path])
    pd.testing.assert_frame_equal(whole.messages, pieces.messages)
    assert whole.balance == pieces.balance == only({"decoded": 499, "bad_format": 1, "no_data": 1})


def test_byte_order_mark_and_latin_letters(tmp_path):
    path = tmp_path / "ais.csv"
    path.write_bytes(b"\xef\xbb\xbfmmsi,time_utc,lon,lat,name\r\n1,1709812800,133,42,SJ\xd8BJ\xd8RN\r\n")
    assert table(path)["name"].tolist() == ["SJØBJØRN"]
    path.write_bytes("mmsi,time_utc\n1,1709812800\n".encode("utf-16"))
    assert "UTF-16" in str(read_ais([path]).problems[0])


def test_reordered_extra_and_renamed_columns(tmp_path):
    path = csv_of(tmp_path, "who,extra,LAT,lon,when", "1,?,42,133,1709812800")
    columns = {"mmsi": "who", "time_utc": "when"}
    assert table(path, columns=columns)[["mmsi", "lon", "lat"]].values.tolist() == [[1, 133, 42]]
    with pytest.raises(ConfigError, match="no such field"):
        read_ais([path], columns={"longitude": "lon"})


@pytest.mark.parametrize("packing", ["gzip", "zstd", "zip", "parquet"])
def test_packed_files_give_the_same_messages(tmp_path, packing):
    rows = [MARINE, "273000001,2024-03-07T12:00:00,42.75,133.05,0.1,12.5,100,A,,,80,5,100,15,6.4"]
    plain = table(csv_of(tmp_path, *rows))
    packed = tmp_path / "packed"
    text = ("\n".join(rows) + "\n").encode()
    if packing == "gzip":
        packed.write_bytes(gzip.compress(text))
    elif packing == "zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr("AIS_2024_03_07.csv", text)
            out.writestr("__MACOSX/._AIS_2024_03_07.csv", b"Mac OS X")
    elif packing == "zstd":
        packed.write_bytes(pa.compress(text, codec="zstd", asbytes=True))
    else:
        pd.read_csv(tmp_path / "ais.csv", parse_dates=["BaseDateTime"]).to_parquet(packed)
    here = ["message_id", "line", "source_file"]
    pd.testing.assert_frame_equal(table(packed).drop(columns=here), plain.drop(columns=here))


@needs_real_data
@pytest.mark.parametrize(
    ("name", "columns", "rows"),
    [
        ("ais_csv/marinecadastre_20220103_sample.csv.gz", None, 48_991),
        ("ais_csv/suez_202103_positions.csv", {"mmsi": "ID"}, 10_812),
        ("sar_ais_match/ais_messages.csv", None, 110),
        ("tanker_draught/static_reports.csv", None, 10_291),
        ("s1_composites/20160131T101646_ais.csv", None, 16),
    ],
)
def test_real_tables_lose_no_row(name, columns, rows):
    read = read_ais([REAL_DATA / name], columns=columns)
    assert read.problems == []
    assert len(read.messages) + read.balance["duplicate"] == rows
    assert sum(read.balance.values()) == rows + 1
    assert read.messages["time_utc"].notna().all()


TYPES = {
    "Oil tanker": 80, "Oil/Chemical Tanker": 80, "TANKER": 80, "Tanker (80)": 80, "LPG carrier": 80, "Gas Carrier": 80,
    "Tanker - Hazard A (Major)": 80, "Cargo": 70, "Bulk Carrier": 70, "Container Ship": 70, "Tug": 52,
    "Offshore Tug/Supply Ship": 52, "Passenger/Ro-Ro Cargo Ship": 60, "Fishing vessel": 30, "84": 84,
    "Gas-carrier": 80, "Bitumen Carrier": 80, "Chem./Prod. carrier": 80, "Fish carrier": 70, "Vehicles carrier": 70,
}  # fmt: skip


@pytest.mark.parametrize("quote", ["", '"'], ids=["at once", "row by row"])
def test_types_of_ship_in_words_are_the_codes_of_their_group(tmp_path, quote):
    """ITU-R M.1371-5 table 53: tankers are 80 to 89, cargo ships 70 to 79, tugs 52."""
    rows = [f"{n},{1709812800 + n},133,42,{quote}{said}{quote}" for n, said in enumerate(TYPES, 1)]
    read = read_ais([csv_of(tmp_path, "mmsi,time_utc,lon,lat,ship_type", *rows)])
    assert dict(zip(TYPES, read.messages["ship_type"], strict=True)) == TYPES
    assert read.notes == []
    assert read.problems == []


@pytest.mark.parametrize("quote", ["", '"'], ids=["at once", "row by row"])
def test_a_type_that_no_word_tells_is_unknown_and_noted_once(tmp_path, quote):
    words = ["Floating hotel", "Unknown", "Tanker", "Floating hotel", "Reserved", "Bunkering vessel"]
    rows = [f"{n},{1709812800 + n},133,42,{quote}{said}{quote}" for n, said in enumerate(words, 1)]
    path = csv_of(tmp_path, "mmsi,time_utc,lon,lat,ship_type", *rows)
    read = read_ais([path])
    assert read.messages["ship_type"].isna().tolist() == [True, True, False, True, True, True]
    told = "types of ship without a code are taken for unknown (Floating hotel, Bunkering vessel)"
    assert read.notes == [f"{path}: {told}"]
    kept = ["Floating hotel", "", "", "Floating hotel", "", "Bunkering vessel"]
    assert read.messages["ship_words"].tolist() == kept, "what has no code is kept in its words"


@pytest.mark.parametrize("quote", ["", '"'], ids=["at once", "row by row"])
def test_words_that_say_more_than_their_code_are_kept_beside_it(tmp_path, quote):
    words = {"LPG tanker": "LPG tanker", "Tanker": "", "80": "", "Oil/chemical tanker": "Oil/chemical tanker"}
    rows = [f"{n},{1709812800 + n},133,42,{quote}{said}{quote}" for n, said in enumerate(words, 1)]
    read = read_ais([csv_of(tmp_path, "mmsi,time_utc,lon,lat,ship_type", *rows)])
    assert read.messages["ship_type"].tolist() == [80] * 4
    assert read.messages["ship_words"].tolist() == list(words.values())


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-03-07 12:00:00 PM", "2024-03-07T12:00:00Z"),
        ("2024-03-07 12:00:00 AM", "2024-03-07T00:00:00Z"),
        ("03/17/2024 2:05:09 PM", "2024-03-17T14:05:09Z"),
        ("17.03.2024 02:05 pm", "2024-03-17T14:05:00Z"),
        ("2024-03-07T11:59:59.5 p.m.", "2024-03-07T23:59:59.5Z"),
        ("2024-03-07 1:00 AM UTC", "2024-03-07T01:00:00Z"),
    ],
)
def test_times_of_a_twelve_hour_clock(tmp_path, written, moment):
    path = csv_of(tmp_path, "mmsi,time_utc,lon,lat", f"273000001,{written},133,42")
    assert table(path)["time_utc"].tolist() == [pd.Timestamp(moment)]


def test_what_no_clock_shows_and_a_month_alone_are_no_times(tmp_path):
    rows = ["1,2024-03-07 12:00:00,133,42", "1,2024-03-07 13:00:00 PM,133,42", "1,2024-03,133,42"]
    read = read_ais([csv_of(tmp_path, "mmsi,time_utc,lon,lat", *rows)])
    assert read.balance == only({"decoded": 1, "bad_format": 2, "no_data": 1})


def test_an_ambiguous_date_names_the_clock_that_it_has(tmp_path):
    path = csv_of(tmp_path, "mmsi,time_utc,lon,lat", "273000001,07/03/2024 02:15:00 PM,133,42")
    with pytest.raises(ConfigError, match="'%d/%m/%Y %I:%M:%S %p' or '%m/%d/%Y %I:%M:%S %p'"):
        read_ais([path])
    found = table(path, time_format="%d/%m/%Y %I:%M:%S %p")["time_utc"]
    assert found.tolist() == [pd.Timestamp("2024-03-07T14:15:00Z")]
