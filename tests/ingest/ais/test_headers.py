"""Headers: a damaged known name is reported, a table's own extra columns are not."""

import pytest

from pipeline.ingest.ais.dialects import layout_of
from pipeline.ingest.ais.headers import _edit_distance, header_doubts
from pipeline.ingest.ais.messages import read_ais

OURS = "mmsi,time_utc,lon,lat,sog,cog,heading,nav,name,draught"

MARINECADASTRE = (
    "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft,Cargo,"
    "TransceiverClass"
)
DMA = (
    "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,Callsign,Name,"
    "Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,ETA,Data source type,A,B,C,D"
)


def doubts(header: str) -> list[str]:
    return header_doubts(layout_of("x.csv", header.split(","), None))


@pytest.mark.parametrize(
    "header",
    [
        OURS,
        OURS + ",rot,eta,cargo_type,source,speed,type_of_position_fixing_device,region,flag",
        MARINECADASTRE,
        DMA,
        "mmsi,time_utc,imo,length,loa,draught",  # no position at all, and two words for length
        "mmsi,time_utc,lon,lat,band1,c3,n2e,note,date,ship_flag,head2",
    ],
)
def test_honest_headers_raise_no_doubt(header):
    assert doubts(header) == []


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (OURS.replace("heading", "he\x1fding"), "if it is heading"),
        (OURS.replace("draught", "draugh\xf4"), "if it is draught"),
        (OURS.replace("sog", "s0g"), "if it is sog"),
        (OURS.replace("draught", "dra181t"), "if it is draught"),
        (OURS.replace("lon", "l:n"), "if it is lon"),
        (OURS.replace("lon", "?"), "a column for lat and none for lon"),
        (OURS.replace("heading", "cog"), "'cog' appears twice"),
        (OURS.replace("heading", "\x02\x03\x04"), "its name is no text"),
    ],
)
def test_what_a_slip_made_of_a_name_is_told(damaged, said):
    (told,) = doubts(damaged)
    assert said in told


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("mmsi,time_utc,lat", "a column for lat and none for lon"),
        ("mmsi,time_utc,lon", "a column for lon and none for lat"),
        (OURS + ",a", "a column for a and none for b"),
        (OURS + ",b", "a column for b and none for a"),
        (OURS + ",c", "a column for c and none for d"),
        (OURS + ",a,b,d", "a column for d and none for c"),
    ],
)
def test_half_a_place_or_half_a_hull_is_told(header, said):
    (told,) = doubts(header)
    assert said in told


@pytest.mark.parametrize(
    ("columns", "lost"),
    [
        ("a,b,c,d,ship_length,hull_breadth", ""),  # the length is the sum of these parts
        ("length,width,ship_a,ship_b,ship_c,ship_d", ""),
        ("a,b,ship_length,ship_width", "column 'ship_width' was left out: if it is beam_m"),
        ("c,d,ship_length,ship_width", "column 'ship_length' was left out: if it is length_m"),
        ("length,hull_breadth", "column 'hull_breadth' was left out: if it is beam_m"),
        ("width,ship_length", "column 'ship_length' was left out: if it is length_m"),
        (
            "ship_length,hull_breadth",
            "columns 'ship_length' and 'hull_breadth' were left out: if they are length_m and",
        ),
    ],
)
def test_a_size_that_is_said_in_other_columns_is_not_lost(columns, lost):
    told = doubts(f"{OURS},{columns}")
    assert [line[: len(lost)] for line in told] == ([lost] if lost else [])


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("kitten", "sitting", 3), ("saturday", "sunday", 3), ("flaw", "lawn", 2), ("rosettacode", "raisethysword", 8)],
)
def test_slips_are_counted_as_levenshtein_did(one, other, slips):
    """Examples from textbooks and rosettacode.org, equal in both directions."""
    assert _edit_distance(one, other) == _edit_distance(other, one) == slips


@pytest.mark.parametrize("name", ["speed", "SPEED"])
def test_a_speed_of_unknown_unit_is_told_where_it_is_the_only_one(tmp_path, name):
    (told,) = doubts(OURS.replace("sog", name))
    assert told.startswith(f"column {name!r} was left out")
    assert told.endswith(f"if it is knots, name it with capwatch ais --columns sog={name}")
    path = tmp_path / "ais.csv"
    path.write_text(f"mmsi,time_utc,lon,lat,{name}\n1,1709812800,133,42,8.3\n")
    read = read_ais([path])
    assert read.files[0].status == "degraded"
    assert read.messages["sog"].isna().all()
    assert read_ais([path], columns={"sog": name}).messages["sog"].tolist() == [8.3]


def test_a_speed_in_knots_by_its_name_is_read(tmp_path):
    path = tmp_path / "ais.csv"
    path.write_text("mmsi,time_utc,lon,lat,speed_knots\n1,1709812800,133,42,8.3\n")
    assert read_ais([path]).messages["sog"].tolist() == [8.3]


def test_a_file_that_lost_a_column_is_degraded_and_its_rows_are_kept(tmp_path):
    path = tmp_path / "ais.csv"
    path.write_text("mmsi,time_utc,lon,lat,headimg\n1,1709812800,133,42,90\n")
    read = read_ais([path])
    assert len(read.messages) == 1
    assert read.files[0].status == "degraded"
    assert "'headimg' was left out: if it is heading" in str(read.problems[0])
    named = read_ais([path], columns={"heading": "headimg"})
    assert named.problems == []
    assert named.messages["heading"].tolist() == [90.0]
