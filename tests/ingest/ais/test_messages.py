import gzip
import tracemalloc

import pandas as pd
import pytest

from pipeline.ingest.ais.files import LINE_LIMIT
from pipeline.ingest.ais.messages import problems_of, read_ais
from tests.ingest.ais.ais_builders import SHIP, VOYAGE, log, sentences, tagged

T0 = 1709812800


def feed(tmp_path, name="feed.nmea", first=0):
    return log(
        tmp_path, [tagged(sentences(SHIP | {"second": n})[0], T0 + 60 * n) for n in range(first, first + 5)], name
    )


def test_one_bad_file_does_not_stop_the_others(tmp_path):
    empty, picture = tmp_path / "empty.nmea", tmp_path / "picture.csv"
    empty.write_bytes(b"")
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    read = read_ais([empty, tmp_path / "absent.csv", picture, feed(tmp_path)])
    assert len(read.messages) == 5
    assert sorted(p.item.rsplit("/", 1)[-1] for p in read.problems) == ["absent.csv", "empty.nmea", "picture.csv"]
    assert {f.path.name: f.status for f in read.files}["feed.nmea"] == "used"


def test_the_same_bytes_twice_count_once(tmp_path):
    one = feed(tmp_path)
    two = tmp_path / "other-name.txt"
    two.write_bytes(one.read_bytes())
    read = read_ais([two, one])
    assert len(read.messages) == 5
    assert (read.balance["decoded"], read.balance["duplicate"]) == (5, 5)
    assert "duplicate_of" in str(read.problems[0])


def test_files_that_only_begin_alike_are_both_read(tmp_path):
    one = feed(tmp_path)
    two = tmp_path / "longer.nmea"
    two.write_bytes(one.read_bytes() + tagged(sentences(SHIP | {"second": 40})[0], T0 + 900).encode())
    read = read_ais([one, two])
    assert len(read.messages) == 6  # the five common transmissions are duplicates, the sixth is new
    assert read.problems == []


def test_the_order_of_files_changes_nothing(tmp_path):
    paths = [feed(tmp_path, "b.nmea", 10), feed(tmp_path, "a.nmea"), feed(tmp_path, "c.nmea", 3)]
    first, second = read_ais(paths), read_ais(paths[::-1])
    pd.testing.assert_frame_equal(first.messages, second.messages)
    assert first.balance == second.balance


def test_message_ids_name_content_and_line(tmp_path):
    here, elsewhere = feed(tmp_path), feed(tmp_path, "moved.nmea")
    assert read_ais([here]).messages["message_id"].tolist() == read_ais([elsewhere]).messages["message_id"].tolist()
    assert read_ais([here]).messages["message_id"].is_unique


def test_a_cut_archive_is_refused(tmp_path):
    path = tmp_path / "feed.nmea.gz"
    path.write_bytes(gzip.compress(feed(tmp_path).read_bytes() * 50)[:-30])
    read = read_ais([path])
    assert read.messages.empty
    assert "unpack" in str(read.problems[0]) or "breaks off" in str(read.problems[0])


@pytest.mark.parametrize("suffix", [b"", b"\n"])
def test_an_endless_line_costs_no_memory_and_is_one_bad_line(tmp_path, suffix):
    path = tmp_path / "endless.nmea"
    good = sentences(SHIP)[0].encode() + b"\n"
    path.write_bytes(good + b"x" * 60_000_000 + (b"\n" + good if suffix else b""))
    tracemalloc.start()
    read = read_ais([path])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6
    assert read.balance["bad_format"] == 1
    assert read.balance["decoded"] == (2 if suffix else 1)


def test_a_long_line_is_bad_wherever_it_stands_in_a_block(tmp_path):
    path = log(tmp_path, [*sentences(SHIP), "!AIVDM," + "y" * (LINE_LIMIT + 1), *sentences(VOYAGE)])
    read = read_ais([path])
    assert read.messages["line"].tolist() == [1, 4]
    assert read.balance["bad_format"] == 1


def test_no_files_give_an_empty_table_with_all_columns():
    read = read_ais([])
    assert read.messages.empty
    assert "draught" in read.messages
    assert sum(read.balance.values()) == 0


def test_names_with_control_characters_do_not_break_rows(tmp_path):
    path = tmp_path / "ais.csv"
    path.write_text("mmsi,time_utc,lon,lat,name\n1,1709812800,133,42,\u202eEVIL \U0001f6a2\t\x07\n", encoding="utf-8")
    assert read_ais([path]).messages["name"].tolist() == ["\u202eEVIL \U0001f6a2\t\x07"]


@pytest.mark.parametrize(
    ("lines", "done"),
    [
        ([], "nothing of it is used"),
        (["no number,2024-03-07T12:00:00Z,133.0,42.0"], "nothing of it is used"),
        (["1,2024-03-07T12:00:00Z,133.0,42.0", "x,2024-03-07T12:00:00Z,133.0,42.0"], "the rest is used"),
    ],
    ids=["header alone", "no row right", "one row right"],
)
def test_what_was_done_with_a_file_is_what_was_done(tmp_path, lines, done):
    """If only a header is left, "the rest is used" would be false."""
    path = tmp_path / "ais.csv"
    path.write_text("\n".join(["mmsi,time_utc,lon,lat", *lines]) + "\n")
    assert [told for _, told in problems_of(read_ais([path]).files)] == [done]


NOWHERE = {"lon": 181, "lat": 91}


@pytest.mark.parametrize("aside", [[], [VOYAGE], [{"type": 4, "mmsi": 2730001, "lon": 133.0, "lat": 42.0}]])
def test_a_log_in_which_no_ship_says_where_she_is_is_told(tmp_path, aside):
    """If all of a receiver's positions are "not available", a port would seem to have no ships. A station ashore has
    one, but is not a ship."""
    said = [*aside, *(SHIP | NOWHERE | {"mmsi": 273000001 + n} for n in range(3))]
    path = log(tmp_path, [tagged(s, T0 + 60 * n) for n, fields in enumerate(said) for s in sentences(fields)])
    found = read_ais([path])
    assert found.files[0].status == "degraded"
    assert found.files[0].cause.startswith("none of 3 position reports of ships holds a position")
    some = log(tmp_path, [*path.read_text().splitlines(), tagged(sentences(SHIP)[0], T0 + 900)], "some.nmea")
    assert read_ais([some]).files[0].status == "used"


def test_a_table_in_which_no_ship_says_where_she_is_is_told(tmp_path):
    rows = "".join(f"27300000{n},2024-03-07T12:00:00,91.0,181.0\n" for n in range(4))
    path = tmp_path / "ais.csv"
    path.write_text("MMSI,BaseDateTime,LAT,LON\n" + rows)
    assert read_ais([path]).files[0].cause.startswith("none of 4 position reports of ships holds a position")
