"""One ship's reports as providers lay them out: read as they were sent, or refused with advice that helps."""

import re
import shlex
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.errors import ConfigError
from pipeline.ingest.ais.messages import read_ais
from pipeline.stages.option_pairs import parse_pairs

START = datetime(2024, 3, 8, 22, tzinfo=UTC)  # days up to 12, so that the order is open
SENT = [
    (START + timedelta(hours=6 * n), 133.05 + 0.001 * n, 42.7, draught) for n, draught in enumerate((4.0, 4.0, 7.5))
]
TIMES, LONS, DRAUGHTS = [t for t, *_ in SENT], [lon for _, lon, *_ in SENT], [d for *_, d in SENT]


def written(tmp_path, header, row, separator=","):
    """A table of the reports; ``row`` makes the cells of one."""
    path = tmp_path / "provider.csv"
    lines = [header, *(separator.join(str(cell) for cell in row(*sent)) for sent in SENT)]
    path.write_text("\n".join(lines) + "\n")
    return path


def decoded(path, **options):
    """The messages read, and what is wrong, in words."""
    read = read_ais([path], **options)
    return read.messages, "; ".join(str(problem) for problem in read.problems)


def agrees(messages):
    """Are times, positions, draughts and the hull as they were sent?"""
    size = (messages[["a", "b"]].sum(axis=1), messages[["c", "d"]].sum(axis=1))
    return (
        messages["time_utc"].tolist() == TIMES
        and messages["lon"].tolist() == pytest.approx(LONS)
        and messages["draught"].tolist() == pytest.approx(DRAUGHTS)
        and [set(side) for side in size] == [{105}, {16}]
    )


def proposed(said):
    """The options of the command that a message suggests, as the AIS reader takes them."""
    (command,) = re.findall(r"capwatch ais (--[a-z-]+ (?:'[^']*'|\S+))", said)
    name, value = shlex.split(command)
    key = name.removeprefix("--").replace("-", "_")
    return {key: parse_pairs(name, value) if key == "columns" else value.rstrip(";")}


def test_nested_names_of_flattened_json_are_read(tmp_path):
    """Such a record has three times, of which the position's is meant."""
    header = (
        "updateTimestamp,staticData.timestamp,staticData.mmsi,staticData.imo,staticData.shipType,"
        "staticData.dimensions.a,staticData.dimensions.b,staticData.dimensions.c,staticData.dimensions.d,"
        "lastPositionUpdate.timestamp,lastPositionUpdate.latitude,lastPositionUpdate.longitude,"
        "lastPositionUpdate.navigationalStatus,currentVoyage.draught"
    )
    stamp = "{:%Y-%m-%dT%H:%M:%SZ}".format
    path = written(
        tmp_path,
        header,
        lambda t, lon, lat, d: (
            *(stamp(t + timedelta(hours=1)), stamp(START), 445999001, 1234567, "TANKER_PRODUCT", 90, 15, 8, 8),
            *(stamp(t), lat, lon, "UNDER_WAY_USING_ENGINE", d),
        ),
    )
    messages, said = decoded(path)
    assert said == ""
    assert agrees(messages)
    assert messages[["imo", "ship_type", "nav"]].drop_duplicates().values.tolist() == [[1234567, 80, 0]]


def test_a_nested_speed_is_as_open_as_any(tmp_path):
    header = "at.mmsi,at.timestamp,at.lon,at.lat,at.speed"
    path = written(tmp_path, header, lambda t, lon, lat, d: (1, t.isoformat(), lon, lat, 8.5))
    messages, said = decoded(path)
    assert messages["sog"].isna().all()
    assert decoded(path, **proposed(said))[0]["sog"].tolist() == [8.5] * 3


def test_a_hull_by_the_four_distances_of_exactearth_is_read(tmp_path):
    header = (
        "MMSI,Time,Data_length,Dimension_to_Bow,Dimension_to_stern,Dimension_to_port,Dimension_to_starboard,"
        "Draught,Longitude,Latitude"
    )
    path = written(
        tmp_path, header, lambda t, lon, lat, d: (445999001, f"{t:%Y%m%d_%H%M%S}", 424, 90, 15, 8, 8, d, lon, lat)
    )
    refused, said = decoded(path)
    assert refused.empty
    messages, said = decoded(path, **proposed(said.split(" or ")[0]))
    assert (said, agrees(messages)) == ("", True)


@pytest.mark.parametrize("name", ["Date Time (UTC)", "date_time_utc"])
def test_a_time_that_is_utc_by_its_name_needs_no_zone(tmp_path, name):
    path = written(
        tmp_path,
        f"MMSI,{name},Longitude,Latitude,Length (m),Width (m),Draught (m)",
        lambda t, lon, lat, d: (445999001, f"{t:%Y-%m-%d %H:%M:%S}", lon, lat, 105, 16, d),
    )
    messages, said = decoded(path)
    assert (said, agrees(messages)) == ("", True)


def test_the_number_of_a_ship_and_her_longitude_as_global_fishing_watch_and_web_maps_name_them(tmp_path):
    path = written(
        tmp_path,
        "ssvid,timestamp,lat,lng,length,width,draught",
        lambda t, lon, lat, d: (445999001, f"{t:%Y-%m-%d %H:%M:%S} UTC", lat, lon, 105, 16, d),
    )
    messages, said = decoded(path)
    assert (said, agrees(messages), set(messages["mmsi"])) == ("", True, {445999001})


def test_gmt_is_utc_as_aishub_writes_it(tmp_path):
    header = "MMSI,TIME,LONGITUDE,LATITUDE,NAVSTAT,A,B,C,D,DRAUGHT"
    path = written(
        tmp_path, header, lambda t, lon, lat, d: (445999001, f"{t:%Y-%m-%d %H:%M:%S} GMT", lon, lat, 5, 90, 15, 8, 8, d)
    )
    messages, said = decoded(path)
    assert (said, agrees(messages), set(messages["nav"])) == ("", True, {5})


def test_a_bare_type_is_the_number_of_a_message_or_of_a_ship_and_is_told(tmp_path):
    header = "MMSI,TIME,LONGITUDE,LATITUDE,TYPE"
    path = written(tmp_path, header, lambda t, lon, lat, d: (445999001, t.isoformat(), lon, lat, 80))
    messages, said = decoded(path)
    assert messages["ship_type"].isna().all()
    assert set(decoded(path, **proposed(said))[0]["ship_type"]) == {80}


def test_a_draught_with_words_around_it_is_told_and_read_when_named(tmp_path):
    path = written(
        tmp_path,
        "MMSI,timestamp,lon,lat,length,width,Current Draught,Max draught",
        lambda t, lon, lat, d: (445999001, t.isoformat(), lon, lat, 105, 16, d, 8.1),
    )
    messages, said = decoded(path)
    assert messages["draught"].isna().all()
    messages, said = decoded(path, **proposed(said))
    assert (said, agrees(messages)) == ("", True)


@pytest.mark.parametrize(
    ("header", "refused"),
    [
        ("ais_static_mmsi,position_timestamp,position_lon,position_lat,length,width,voyage_draught", True),
        ("mmsi,timestamp,lon,lat,vessel_length,vessel_beam,reported_draught", False),
    ],
    ids=["refused", "read without them"],
)
def test_names_with_more_words_are_proposed_in_one_option(tmp_path, header, refused):
    path = written(tmp_path, header, lambda t, lon, lat, d: (445999001, t.isoformat(), lon, lat, 105, 16, d))
    messages, said = decoded(path)
    assert messages.empty == refused
    messages, said = decoded(path, **proposed(said))
    assert (said, agrees(messages)) == ("", True)


@pytest.mark.parametrize("form", ["%d-%b-%Y %H:%M:%S", "%d/%m/%Y %H:%M"])
def test_the_form_that_is_proposed_for_times_reads_them(tmp_path, form):
    header = "mmsi,Date/Time (UTC),lon,lat,length,width,draught"
    path = written(tmp_path, header, lambda t, lon, lat, d: (445999001, f"{t:{form}}", lon, lat, 105, 16, d))
    try:
        said = decoded(path)[1]
    except ConfigError as error:  # the order of day and month is open
        said = str(error)
    messages, said = decoded(path, **proposed(said))
    assert (said, agrees(messages)) == ("", True)


@pytest.mark.parametrize(
    ("cell", "hint"),
    [("45359.916667", "save them as dates"), ("22:00:00", "write day and time in one column")],
    ids=["days of a spreadsheet", "no day"],
)
def test_what_is_a_time_in_part_says_what_to_do(tmp_path, cell, hint):
    path = written(tmp_path, "mmsi,time,lon,lat", lambda t, lon, lat, d: (445999001, cell, lon, lat))
    assert decoded(path)[1].endswith(hint)


def test_an_index_without_a_name_is_told(tmp_path):
    path = written(tmp_path, ",mmsi,lon,lat", lambda t, lon, lat, d: (t.isoformat(), 445999001, lon, lat))
    assert decoded(path)[1].endswith("write a name over the column that has none")


def test_values_in_a_transponders_own_units_are_no_messages_of_a_place(tmp_path):
    """AISHub's raw form: 1/10000 of a minute, tenths of knots, degrees and metres."""
    header = "MMSI,TIME,LONGITUDE,LATITUDE,COG,DRAUGHT"
    path = written(
        tmp_path,
        header,
        lambda t, lon, lat, d: (1, int(t.timestamp()), int(lon * 6e5), int(lat * 6e5), 3555, int(10 * d)),
    )
    messages, said = decoded(path)
    assert messages[["lon", "lat", "cog", "draught"]].isna().all(axis=None)
    for hint in ("ten-thousandths of a minute", "tenths of a degree", "tenths of a metre"):
        assert hint in said


CELLS = ",LAT,LON,DRAUGHT,LENGTH,BEAM,MMSI"
IN_TWO = {  # column names, and the formats of the day and the time of day in them
    "ISO": ("Date,UTC", "%Y-%m-%d", "%H:%M:%S"),
    "time without seconds": ("date,utc_time", "%Y-%m-%d", "%H:%M"),
    "zone in the day's name": ("Date (UTC),Time", "%Y-%m-%d", "%H:%M:%S"),
    "zone in the cell": ("date,time", "%Y-%m-%d", "%H:%M:%SZ"),
    "digits alone": ("date,gmt", "%Y%m%d", "%H%M%S"),
    "midnights of a spreadsheet": ("date_utc,time", "%Y-%m-%d 00:00:00", "%H:%M:%S"),
    "twelve hours": ("utc_date,time", "%Y-%m-%d", "%I:%M %p"),
}


@pytest.mark.parametrize("form", IN_TWO)
@pytest.mark.parametrize("quoted", [False, True], ids=["at once", "row by row"])
def test_day_and_time_in_two_columns_are_one_time(tmp_path, form, quoted):
    names, day, clock = IN_TWO[form]

    def row(t, lon, lat, draught):
        mmsi = '"273000001"' if quoted else 273000001
        return t.strftime(day), t.strftime(clock), lat, lon, draught, 105, 16, mmsi

    path = written(tmp_path, names + CELLS, row)
    messages, said = decoded(path)
    assert said == ""
    assert agrees(messages)
    (note,) = read_ais([path]).notes
    first, second = names.split(",")
    assert f"columns '{first}' and '{second}' are read as one time; capwatch ais --columns" in note


def test_a_day_beside_whole_times_is_not_asked(tmp_path):
    """It may be the date of something else."""
    path = written(
        tmp_path,
        "date,time" + CELLS,
        lambda t, lon, lat, d: ("1998-01-01", f"{t:%FT%TZ}", lat, lon, d, 105, 16, 273000001),
    )
    messages, said = decoded(path)
    assert (said, agrees(messages), read_ais([path]).notes) == ("", True, [])


def test_days_whose_order_is_open_are_asked_for_and_the_words_help(tmp_path):
    path = written(
        tmp_path,
        "Date,UTC" + CELLS,
        lambda t, lon, lat, d: (f"{t:%m/%d/%Y}", f"{t:%H:%M}", lat, lon, d, 105, 16, 273000001),
    )
    with pytest.raises(ConfigError, match="day-first or month-first") as refused:
        decoded(path)
    assert "'%m/%d/%Y %H:%M'" in str(refused.value)
    assert agrees(decoded(path, time_format="%m/%d/%Y %H:%M")[0])


def test_a_time_of_day_alone_asks_for_its_day_and_the_words_help(tmp_path):
    path = written(
        tmp_path, "day,time" + CELLS, lambda t, lon, lat, d: (f"{t:%F}", f"{t:%TZ}", lat, lon, d, 105, 16, 273000001)
    )
    _, said = decoded(path)
    assert "it names no day" in said
    assert "--columns date=COLUMN" in said
    messages, said = decoded(path, columns={"date": "day"})
    assert (said, agrees(messages)) == ("", True)


@pytest.mark.parametrize("name", ["Time (UTC+9)", "timestamp GMT+09:00", "Local time UTC +0900"])
def test_an_offset_in_a_columns_name_is_its_zone(tmp_path, name):
    path = written(
        tmp_path,
        f"MMSI,{name},LON,LAT,Draught (m),Length Overall (m),Breadth Extreme (m)",
        lambda t, lon, lat, d: (445999001, f"{t + timedelta(hours=9):%Y-%m-%d %H:%M:%S}", lon, lat, d, 105, 16),
    )
    messages, said = decoded(path, columns={"time_utc": name})
    assert agrees(messages)
    assert said == ""


def test_a_zone_that_contradicts_the_columns_name_is_refused(tmp_path):
    """Two tables in one command, with an option meant for one of them: either reading may be hours off."""
    path = written(
        tmp_path, "MMSI,DT_POS_UTC,LON,LAT", lambda t, lon, lat, _d: (445999001, f"{t:%Y-%m-%d %H:%M:%S}", lon, lat)
    )
    messages, said = decoded(path, columns={"time_utc": "DT_POS_UTC"}, time_zone="+09:00")
    assert messages.empty
    assert "column DT_POS_UTC: its name states another zone than --time-zone" in said
    assert decoded(path, columns={"time_utc": "DT_POS_UTC"}, time_zone="UTC")[0]["time_utc"].tolist() == TIMES


def test_a_zone_that_a_name_may_state_is_asked_for(tmp_path):
    """As in statistics programs' form of `Time (UTC+9)`."""
    path = written(tmp_path, "MMSI,Time..UTC.9.", lambda t, *_: (445999001, f"{t:%Y-%m-%d %H:%M:%S}"))
    assert "times have no zone" in decoded(path, columns={"time_utc": "Time..UTC.9."})[1]


def test_a_vessel_type_called_generic_is_read_where_none_is_detailed(tmp_path):
    """MarineTraffic's exports have both columns, or only the generic one."""
    header = "MMSI,timestamp_utc,LON,LAT,Vessel Type - Generic"
    rows = lambda t, lon, lat, _d: (445999001, f"{t:%Y-%m-%d %H:%M:%S}", lon, lat, "Tankers")  # noqa: E731
    assert decoded(written(tmp_path, header, rows))[0]["ship_type"].tolist() == [80] * 3
    both = written(tmp_path, f"{header},Vessel Type - Detailed", lambda *row: (*rows(*row), "LPG Tanker"))
    assert decoded(both)[0]["ship_words"].tolist() == ["LPG Tanker"] * 3


@pytest.mark.parametrize("word", ["Not Available", "-", "--"])
def test_a_word_for_nothing_costs_its_cell_alone(tmp_path, word):
    path = written(
        tmp_path,
        "MMSI,IMO No.,timestamp_utc,LON,LAT,SOG,Draught,Vessel Type - Detailed",
        lambda t, lon, lat, _d: (
            445999001,
            word,
            f"{t:%Y-%m-%d %H:%M:%S}",
            lon,
            lat,
            word,
            word,
            "Oil Products Tanker",
        ),
    )
    messages, said = decoded(path)
    assert messages["lon"].tolist() == pytest.approx(LONS)
    assert said == ""
    assert messages[["imo", "sog", "draught"]].isna().all(axis=None)
    assert messages["ship_type"].tolist() == [80] * 3


def test_all_doubts_of_one_table_are_told_whole(tmp_path):
    """Values in a transponder's units raise five doubts, none of which may be cut off."""
    path = written(
        tmp_path,
        "MMSI,TIME,LONGITUDE,LATITUDE,COG,TYPE,DRAUGHT",
        lambda t, lon, lat, _d: (445999001, int(t.timestamp()), lon * 600_000, lat * 600_000, 2310, 80, 64),
    )
    said = decoded(path)[1]
    assert all(word in said for word in ("'TYPE' was", "ten-thousandths of a minute", "a degree;", "tenths of a metre"))


def test_columns_that_nothing_is_read_from_are_noted(tmp_path):
    path = written(
        tmp_path,
        "MMSI,timestamp_utc,LON,LAT,Source,Dead Weight Tonnage",
        lambda t, lon, lat, _d: (445999001, f"{t:%Y-%m-%d %H:%M:%S}", lon, lat, "S-AIS", 4800),
    )
    read = read_ais([path])
    assert [note.partition(": ")[2] for note in read.notes] == ["columns not used: Source, Dead Weight Tonnage"]
    assert not read.problems


@pytest.mark.parametrize("commas", [",,,", ""], ids=["of a spreadsheet", "bare"])
def test_a_title_above_the_header_is_told_by_its_line(tmp_path, commas):
    path = written(
        tmp_path,
        f"Vessel movements{commas}\nAll times UTC{commas}\n\nMMSI,timestamp_utc,LON,LAT",
        lambda t, lon, lat, _d: (445999001, f"{t:%Y-%m-%d %H:%M:%S}", lon, lat),
    )
    assert "its header seems to stand in line 4; take out the lines above it" in decoded(path)[1]


def test_the_s_of_a_genitive_is_no_unit_of_speed(tmp_path):
    path = written(
        tmp_path,
        "MMSI,timestamp_utc,LON,LAT,Ship's draught",
        lambda t, lon, lat, d: (445999001, f"{t:%Y-%m-%d %H:%M:%S}", lon, lat, d),
    )
    _, said = decoded(path)
    assert "if it is draught" in said
    assert "knots" not in said


def test_a_draught_in_feet_is_not_proposed_as_one_in_metres(tmp_path):
    path = written(
        tmp_path,
        "MMSI,timestamp_utc,LON,LAT,Draught (ft)",
        lambda t, lon, lat, d: (445999001, f"{t:%Y-%m-%d %H:%M:%S}", lon, lat, round(d / 0.3048, 1)),
    )
    messages, said = decoded(path)
    assert said.endswith("column 'Draught (ft)' was left out: write it in metres")
    assert messages["draught"].isna().all()
