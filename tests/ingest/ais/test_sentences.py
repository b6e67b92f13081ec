from datetime import UTC, datetime
from functools import reduce
from operator import xor

import pytest

from pipeline.ingest.ais.sentences import Sentence, SentenceReader, epoch_seconds
from tests.ingest.ais.ais_builders import SHIP, sentences, tagged

NOON_S = datetime(2024, 3, 7, 12, 0, tzinfo=UTC).timestamp()
ONE = sentences(SHIP)[0]


def block(body):
    """A tag block."""
    return f"\\{body}*{reduce(xor, body.encode()):02X}\\"


def read(line):
    return SentenceReader().read(line if isinstance(line, bytes) else line.encode())


@pytest.mark.parametrize(
    "line",
    [
        tagged(ONE, 1709812800),
        tagged(ONE, 1709812800000),
        f"2024-03-07T12:00:00Z {ONE}",
        f"2024-03-07 21:00:00+0900 {ONE}",
        f"2024-03-07 12:00:00 UTC {ONE}",
        f"1709812800 {ONE}",
        f"{ONE},r003669930,1709812800",
        f"{ONE},d-109,S2105,t050056.00,T56.13718694,r003669946,1709812800,1709812741",
        f"\\g:1-2-73,s:R1,c:1709812800*{reduce(xor, b'g:1-2-73,s:R1,c:1709812800'):02x}\\{ONE}\r",
        block("s:R1") + block("c:1709812800") + ONE,
        block("c:1709812800") + block("g:1-2-73") + block("s:R1") + ONE,
    ],
    ids=[
        "tag",
        "tag in ms",
        "iso prefix",
        "iso with offset",
        "iso in words",
        "epoch prefix",
        "uscg",
        "uscg long",
        "grouped tag",
        "two blocks",
        "three blocks",
    ],
)
def test_time_of_reception(line):
    assert read(line).time_s == NOON_S


@pytest.mark.parametrize(
    "line",
    [ONE, f"2024-03-07 12:00:00 {ONE}", tagged(ONE, 1709812800).replace("c:17", "c:18"), f"{ONE},b003660465"],
    ids=["bare", "prefix without zone", "tag block damaged", "station only"],
)
def test_a_time_that_is_not_sure_is_none(line):
    found = read(line)
    assert isinstance(found, Sentence)
    assert found.time_s is None


def test_gatehouse_line_gives_the_time_of_the_next_sentence_only():
    body = "PGHP,1,2024,3,7,12,0,0,250,338,2,,1,09"  # 0.25 s after noon
    reader = SentenceReader()
    assert reader.read(f"${body}*{reduce(xor, body.encode()):02X}".encode()) == "no_data"
    assert reader.read(ONE.encode()).time_s == NOON_S + 0.25
    assert reader.read(ONE.encode()).time_s is None


@pytest.mark.parametrize("body", ["GPZDA,1,2024,3,7,12,0,0,250", "PGHP,1,2024,3,7,12,0", "PGHP,1,2024,13,7,12,0,0,250"])
def test_another_line_or_half_a_one_announces_no_time(body):
    reader = SentenceReader()
    reader.read(f"${body}*{reduce(xor, body.encode()):02X}".encode())
    assert reader.read(ONE.encode()).time_s is None


@pytest.mark.parametrize(
    ("line", "bucket"),
    [
        ("", "no_data"),
        ("# a comment with !AIVDM in it", "no_data"),
        ("$GPGGA,1,2*00", "no_data"),
        ("!AIVDM,1,1,,B,,0*25", "no_data"),
        (ONE[:-3], "bad_format"),
        (ONE[:-2] + "ZZ", "bad_format"),
        (ONE[1:], "bad_format"),
        ("\\s:R1,c:1709812800*00", "bad_format"),
        (ONE[:20] + "x" + ONE[21:], "bad_checksum"),
    ],
)
def test_what_is_no_sentence_has_its_bucket(line, bucket):
    assert read(line) == bucket


@pytest.mark.parametrize("body", ["AIVDM,2,3,1,A,15,0", "AIVDM,0,0,,A,15,0", "AIVDM,1,1,,A,1X,0", "AIVDM,1,1,,A,15,6"])
def test_fields_out_of_range_are_bad_format_though_the_checksum_fits(body):
    assert read(f"!{body}*{reduce(xor, body.encode()):02X}") == "bad_format"


def test_epochs_are_told_by_range():
    assert epoch_seconds("1709812800") == epoch_seconds("1709812800000") == epoch_seconds("1709812800000000") == NOON_S
    assert epoch_seconds("170981280000") is None
