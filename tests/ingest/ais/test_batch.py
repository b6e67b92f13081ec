"""The compiled readers compared with the plain ones that they replace: line reader, pyais, and row-by-row tables."""

from functools import reduce
from operator import xor

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyais.bit_vector import bit_vector
from pyais.constants import ShipType
from pyais.messages import MSG_CLASS

from pipeline.ingest.ais import tables as ais_tables
from pipeline.ingest.ais.messages import read_ais
from pipeline.ingest.ais.payload import FIELDS, HULL, NUMBERS, PART_A, PART_B, TEXTS, Payloads, decode
from pipeline.ingest.ais.scan import BAD_CHECKSUM, BAD_FORMAT, NEEDS_READER, NO_DATA, PART, SINGLE, scan
from pipeline.ingest.ais.sentences import Sentence, SentenceReader
from pipeline.ingest.ais.spool import Spool
from tests.ingest.ais.ais_builders import SHIP, VOYAGE, log, sentences, tagged

T0 = 1709812800
VERDICTS = {BAD_CHECKSUM: "bad_checksum", BAD_FORMAT: "bad_format", NO_DATA: "no_data"}
ARMOUR = [*range(48, 88), *range(96, 120)]


def signed(body: str) -> str:
    return f"{body}*{reduce(xor, body.encode(), 0):02X}"


LINES = [
    *[tagged(s, T0) for s in sentences(SHIP)],
    *sentences(VOYAGE),
    *[f"{s},r003669945,{T0}" for s in sentences(SHIP)],
    *[f"{s},{T0}.25" for s in sentences(SHIP)],
    *[f"{s},rORBCOMM,12" for s in sentences(SHIP)],
    *[f"2024-03-07T12:00:00Z {s}" for s in sentences(SHIP)],
    "$" + signed("PGHP,1,2024,3,7,12,0,0,500,219,,2190047,1,7B"),
    *sentences(SHIP),
    "!" + signed("GPGGA,1,2"),
    "!" + signed("AIVDM,1,1,,A,,0"),
    "# a comment with !AIVDM in it",
    "",
    "\\g:1-2-1,s:rX,c:1709812800123*5C\\" + sentences(SHIP)[0],
    *["\\" + signed("s:rX") + "\\\\" + signed(f"s:,c:{T0}") + "\\" + s for s in sentences(SHIP)],
]


def lines_of(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return lines[:-1] if not lines[-1] else lines


def agree(data: bytes) -> int:
    """Compare the scan with the reader line by line; returns the number of lines that the scan understood itself."""
    found = scan(data, time_announced=False, line_limit=1 << 16)
    reader, understood = SentenceReader(), 0
    lines = lines_of(data)
    assert len(found.kind) == len(lines)
    for k, line in enumerate(lines):
        theirs = reader.read(line)
        if found.kind[k] == NEEDS_READER:
            continue
        understood += 1
        if isinstance(theirs, str):
            assert VERDICTS.get(int(found.kind[k])) == theirs, line
            continue
        pieces = [data[a:b] for a, b in found.spans[k].tolist()]
        time_s = float(found.time_s[k])
        ours = Sentence(
            int(found.numbers[k, 0]), int(found.numbers[k, 1]), pieces[1], pieces[2], pieces[0],
            int(found.numbers[k, 2]), pieces[3], None if np.isnan(time_s) else time_s,
        )  # fmt: skip
        assert ours == theirs, line
        assert found.kind[k] == (SINGLE if theirs.parts == 1 else PART)
    return understood


def test_the_scan_says_what_the_line_reader_says():
    data = "\n".join(LINES).encode()
    assert agree(data) >= len(LINES) - 5  # blank, comment, prefix, the time line and its sentence go to the reader


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_and_whatever_happens_to_the_lines(data):
    raw = bytearray("\n".join(data.draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=8))).encode())
    for _ in range(data.draw(st.integers(0, 12))):
        place = data.draw(st.integers(0, max(0, len(raw) - 1)))
        byte = data.draw(st.one_of(st.integers(0, 255), st.sampled_from(list(b"\n\\!*,2$#c:s 0."))))
        if data.draw(st.booleans()) and raw:
            raw[place] = byte
        else:
            raw.insert(place, byte)
    agree(bytes(raw))


def told(line: bytes | str):
    """What both readers make of a line by itself: its bucket, or its sentence."""
    line = line if isinstance(line, bytes) else line.encode()
    assert agree(line + b"\n") == 1, line
    return SentenceReader().read(line)


SIX_BIT = "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"  # ITU-R M.1371-5, NMEA 0183
BARE = "!" + signed("AIVDM,1,1,,A,15,0")


def test_a_checksum_is_the_xor_in_two_hexadecimal_digits_of_either_case():
    """NMEA 0183; with seven-bit characters 128 of the 256 values occur."""
    bodies = [f"AIVDM,1,1,,A,{a}{b},0" for a in SIX_BIT for b in SIX_BIT]
    one_each = {reduce(xor, body.encode()): body for body in bodies}
    assert len(one_each) == 128
    for right, body in one_each.items():
        assert {type(told(f"!{body}*{right:{form}}")) for form in ("02X", "02x")} == {Sentence}
    accepted = [n for n in range(256) if told(f"{BARE[:-2]}{n:02X}") != "bad_checksum"]
    assert accepted == [int(BARE[-2:], 16)]
    others = [bytes([n]) for n in range(256) if chr(n) not in "0123456789ABCDEFabcdef\n"]
    said = {told(BARE[:-2].encode() + pair) for other in others for pair in (other + b"0", b"0" + other)}
    assert said == {"bad_format"}


def test_a_payload_holds_the_64_characters_of_the_standard_and_no_others():
    for other in sorted({*range(128)} - set(b",*\n")):
        for payload in (f"{chr(other)}0", f"0{chr(other)}"):
            found = told("!" + signed(f"AIVDM,1,1,,A,{payload},0"))
            assert (found if isinstance(found, str) else found.payload.decode()) == (
                payload if chr(other) in SIX_BIT else "bad_format"
            )


@pytest.mark.parametrize(
    ("bucket", "bodies"),
    [
        ("bad_format", ["2,0,1,A,15,0", "2,3,1,A,15,0", "0,0,,A,15,0", "10,1,,A,15,0", "1,01,,A,15,0", ",1,,A,15,0"]),
        ("bad_format", ["1,1,,A,15,6", "1,1,,A,15,", "1,1,,A,15,00", "1,1,,A,15,/", ":,1,,A,15,0", "/,1,,A,15,0"]),
        ("bad_format", ["1,1,123,A,15,0", "1,1,,ABC,15,0", "1,1,,A,15", "1,1,,A,15,0,", "1,1,,A,15,0,,,,,,,"]),
        ("no_data", ["1,1,,A,,0"]),
    ],
)
def test_fields_that_are_no_sentences_though_the_checksum_fits(bucket, bodies):
    assert [told("!" + signed(f"AIVDM,{body}")) for body in bodies] == [bucket] * len(bodies)


def test_fields_at_the_ends_of_their_ranges_are_a_sentence():
    assert told("!" + signed("BSVDO,9,9,10,A1,15,5")) == Sentence(9, 9, b"10", b"A1", b"15", 5, b"", None)
    assert told("!" + signed("AIVDM,2,1,0,B,w,0")) == Sentence(2, 1, b"0", b"B", b"w", 0, b"", None)


@pytest.mark.parametrize("formatter", ["AIVDN", "AIVBM", "AIXDM", "AVDM", "AAIVDM", ""])
def test_other_sentences_hold_no_ais(formatter):
    assert told("!" + signed(f"{formatter},1,1,,A,15,0")) == "no_data"


def test_blanks_around_a_line_are_no_part_of_it():
    """ASCII blanks only; any other character before a sentence comes from a logger, and goes to the reader."""
    for blank in " \t\v\f\r":
        assert told(blank + BARE + blank) == told(BARE)
    for other in "\b\x0e\x1f":
        assert scan((other + BARE).encode(), time_announced=False, line_limit=100).kind.tolist() == [NEEDS_READER]


@pytest.mark.parametrize(
    ("digits", "time_s"),
    [
        ("946684799", None), ("946684800", 946684800), ("4102444799", 4102444799), ("4102444800", None),
        ("946684799999", None), ("946684800000", 946684800), ("4102444799500", 4102444799.5), ("4102444800000", None),
        ("946684800000000", 946684800), ("1709812800250000", 1709812800.25), ("4102444800000000", None),
    ],
)  # fmt: skip
def test_a_time_is_seconds_or_thousandths_or_millionths_from_2000_to_2100(digits, time_s):
    for line in (f"{BARE},{digits}", f"{BARE},rX,{digits}.75,9", f"\\{signed(f's:R1,c:{digits}')}\\{BARE}"):
        assert told(line).time_s == time_s


@pytest.mark.parametrize(
    "trailer",
    [
        ",12345678",
        ",12345678901234567",
        ",r1709812800",
        ",1709812800x",
        ",1709812800.x",
        ",1709812800.5.5",
        ",170981280/",
        ",170981280:",
    ],
)
def test_what_is_no_field_of_nine_to_sixteen_digits_is_no_time(trailer):
    assert told(f"{BARE}{T0}").time_s == T0
    assert told(BARE + trailer).time_s is None
    assert told(f"{BARE}{trailer},1709812800").time_s == told(f"{BARE}{trailer} 1709812800.").time_s == T0


@pytest.mark.parametrize(
    ("body", "station", "time_s"),
    [
        ("c:1709812800,s:R1", b"R1", T0), ("s:R1,c:1709812800", b"R1", T0), ("s:R,n:5,c:1709812800", b"R", T0),
        ("d:1709812800,n:1709812800,t:1709812800,r:1709812800", b"", None),  # NMEA 4.10: none of them is the time
        ("c1709812800,s", b"", None), ("c:", b"", None), ("s:", b"", None), ("c:17098128OO,s:R1", b"R1", None),
        ("", b"", None),
    ],
)  # fmt: skip
def test_a_tag_block_says_its_source_and_its_time_by_their_letters(body, station, time_s):
    found = told(f"\\{signed(body)}\\{BARE}")
    assert (found.station, found.time_s) == (station, time_s)
    damaged = told(f"\\{signed(body)[:-1]}x\\{BARE}")
    assert (damaged.station, damaged.time_s) == (b"", None)


@pytest.mark.parametrize(
    "blocks",
    [
        ["s:R1", "c:1709812800"],
        ["c:1709812800", "s:R1"],
        ["c:1709812700,s:R2", "s:R1,c:1709812800"],
        ["s:R1,c:1709812800", "n:4"],
    ],
)
def test_what_several_tag_blocks_say_is_of_one_sentence_and_the_last_word_counts(blocks):
    tags = "".join(f"\\{signed(body)}\\" for body in blocks)
    for line in (tags + BARE, f"{tags}\\s:R3,c:17{BARE}"):  # or another that never ends
        found = told(line)
        assert (found.station, found.time_s) == (b"R1", T0)


@pytest.mark.parametrize("second", ["!AIVDM,", "!a0VDO,", "!9zVDM,1", "!ZAVDM,", "x!09VDO,"])
def test_a_second_sentence_on_a_line_is_bad_format(second):
    assert told(BARE + second) == told(f"{BARE},{T0}{second}") == "bad_format"


@pytest.mark.parametrize(
    "rest", ["!AIVDM", "AIVDM,", "!AIVDN,", "!AIVBM,", "!AIXDM,", *(f"!{c}IVDM,!A{c}VDO," for c in "/:@[`{")]
)
def test_what_is_no_sentence_behind_one_is_a_trailer(rest):
    assert isinstance(told(BARE + rest), Sentence)


def test_a_line_may_be_as_long_as_its_limit():
    for limit, what in ((len(BARE), SINGLE), (len(BARE) - 1, BAD_FORMAT)):
        found = scan(f"{BARE}\n{BARE}".encode(), time_announced=False, line_limit=limit)
        assert found.kind.tolist() == [what] * 2
        assert found.bounds.tolist() == [[0, len(BARE)], [len(BARE) + 1, 2 * len(BARE) + 1]]


def one(payload: bytes, fill_bits: int = 0):
    n = np.array([0])
    return decode(
        Payloads(
            np.frombuffer(payload, np.uint8),
            n,
            np.array([len(payload)]),
            np.array([fill_bits]),
            n + 1,
            np.array([np.nan]),
        )
    )


def by_pyais(payload: bytes, fill_bits: int):
    try:
        return MSG_CLASS[bit_vector(payload, fill_bits).get(0, 6)].from_vector(bit_vector(payload, fill_bits))
    except Exception:
        return None


@settings(max_examples=400, deadline=None)
@given(
    kind=st.sampled_from([*FIELDS, 21, 24]),
    body=st.lists(st.sampled_from(ARMOUR), min_size=71, max_size=76),
    fill_bits=st.integers(0, 5),
)
@example(  # a name whose last letter within the limit is a blank
    kind=21, body=list(b"00000010Q10Q10Q10Q110Q0Q0Q0000000000000000000@A0A0A0A0A10H0@00000000000"), fill_bits=0
)
def test_every_field_of_random_payloads_is_what_pyais_reads(kind, body, fill_bits):
    payload = bytes([48 + kind if kind < 40 else 56 + kind, *body])
    content = by_pyais(payload, fill_bits)
    table, counts = one(payload, fill_bits)
    assert (table is None) == (content is None)
    if table is None:
        assert counts["bad_format"] == 1
        return
    row = table.iloc[0]
    assert (row["msg_type"], row["mmsi"]) == (kind, content.mmsi)
    fields = FIELDS.get(kind) or ({"lon": "lon", "lat": "lat"} | HULL if kind == 21 else PART_A | PART_B | HULL)
    for name in NUMBERS:
        theirs = getattr(content, fields[name], None) if name in fields else None
        if name == "ship_type" and theirs is not None:  # pyais turns reserved codes into their neighbours
            assert int(ShipType.from_value(int(row[name]))) == int(ShipType.from_value(int(theirs)))
        elif theirs is None:
            assert np.isnan(row[name]), name
        else:
            assert row[name] == float(theirs), name
    for name in TEXTS:
        theirs = getattr(content, fields[name], "") if name in fields else ""
        if kind == 21 and name == "name":
            theirs = ((content.name or "") + (content.name_ext or ""))[:34]  # the four bits left over are no letter
        assert row[name] == (theirs or "").split("@", 1)[0].strip(), name


@pytest.mark.parametrize("kind", [k for k in range(1, 28) if k not in FIELDS and k not in (21, 24)])
def test_messages_without_fields_of_ours_give_their_number_and_station(kind):
    table, _ = one(bytes([48 + kind]) + b"0" * 27)
    assert table[["msg_type", "mmsi"]].to_numpy().tolist() == [[kind, 0]]


@pytest.mark.parametrize(
    ("begins", "bits"),
    [
        ("1", 137), ("2", 137), ("3", 137), ("4", 134), ("5", 422), ("9", 128), (";", 134), ("B", 133), ("C", 301),
        ("E", 249), ("H000000", 160), ("H000004", 162), ("K", 94), ("8", 38),
    ],
)  # fmt: skip
def test_a_message_may_end_behind_the_last_field_that_is_read_and_no_bit_before(begins, bits):
    """Where heading, latitude, destination, size and so on end: ITU-R M.1371-5, annex 8."""
    for wanted in (bits, bits - 1):
        characters = -(-wanted // 6)
        _, counts = one(begins.encode().ljust(characters, b"0")[:characters], 6 * characters - wanted)
        assert (counts["decoded"], counts["bad_format"]) == ((1, 0) if wanted == bits else (0, 1))


def test_numbers_outside_the_messages_are_unsupported():
    assert one(b"L" + b"0" * 27)[1]["unsupported_type"] == 1  # 28
    assert one(b"0" * 28)[1]["unsupported_type"] == 1


HEADER = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft"
ROWS = [
    "366900001,2022-01-03T00:00:04,43.26183,-79.06389,0.0,153.8,511,,,,0,15,0,0,0.0",
    "366900002,2022-01-03T00:00:05,43.2,-79.0,12.1,10,20,A TANKER,IMO9074729,TEST1,80,5,183,32,9.5",
    "366900003,2022-01-03 00:00:06,43.2,-79.1,NaN,null,,  B  ,9074729,unknown,70,,100,16,",
]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_blocks_converted_at_once_give_what_row_by_row_gives(tmp_path_factory, data):
    rows = data.draw(st.lists(st.sampled_from(ROWS), min_size=2, max_size=8))
    odd = ["", "366900004,2022-01-03T00:00:04", ROWS[1].replace("A TANKER", '"A, TANKER"')]
    odd += [ROWS[1].replace("12.1", other) for other in ("12,1", "inf", "fast")]
    odd += [ROWS[1].replace("2022-01-03", "2022-13-03"), ROWS[1].replace("366900002", "-5")]
    odd += [ROWS[1].replace(",80,", ",tanker,")]
    if data.draw(st.booleans()):
        rows.insert(data.draw(st.integers(0, len(rows))), data.draw(st.sampled_from(odd)))
    path = tmp_path_factory.mktemp("t") / "table.csv"
    path.write_text("\n".join([HEADER, ROWS[0], *rows]) + "\n")
    patch = pytest.MonkeyPatch()
    patch.setattr("pipeline.ingest.ais.files.BLOCK_BYTES", 200)
    patch.setattr(ais_tables, "read_blocks", lambda p, **_: ais_blocks(p, 200))
    fast = read_ais([path])
    patch.setattr(ais_tables, "typed_columns", lambda block, layout, **_: None)
    slow = read_ais([path])
    patch.undo()
    assert fast.balance == slow.balance
    assert [str(p) for p in fast.problems] == [str(p) for p in slow.problems]
    pd.testing.assert_frame_equal(fast.messages, slow.messages)


def ais_blocks(path, size):
    from pipeline.ingest.ais.files import read_blocks

    return read_blocks(path, size)


def test_many_messages_wait_on_disk_and_come_back_the_same(tmp_path, monkeypatch):
    lines = [tagged(sentences(SHIP | {"mmsi": 273000001 + n % 7})[0], T0 + 3 * n) for n in range(300)]
    lines += lines[40:60]  # heard twice, far apart in the file
    path = log(tmp_path, lines)
    memory = read_ais([path])
    monkeypatch.setattr("pipeline.ingest.ais.nmea.read_blocks", lambda p, **_: ais_blocks(p, 600))
    monkeypatch.setattr("pipeline.ingest.ais.messages.Spool", lambda same: Spool(same, in_memory=50))
    disk = read_ais([path])
    assert memory.balance == disk.balance
    assert memory.balance["duplicate"] == 20
    pd.testing.assert_frame_equal(memory.messages, disk.messages)


@pytest.mark.parametrize("in_memory", [0, 100])
def test_a_repeat_is_at_most_so_much_older_to_the_microsecond(in_memory):
    """The second follows the first after exactly that time, the third the second one microsecond later."""
    moments = pd.to_datetime([0, 2_000_000, 4_000_001], unit="us", utc=True)
    spool = Spool(2.0, in_memory)
    spool.add(pd.DataFrame({"time_utc": moments, "fingerprint": np.int64(7)}))
    assert spool.repeats().tolist() == [False, True, False]
    spool.close()


def test_a_region_keeps_its_positions_and_what_their_ships_say(tmp_path):
    away = SHIP | {"mmsi": 273000009, "lon": 10.0}
    lines = [s for m in (SHIP, away, VOYAGE, VOYAGE | {"mmsi": 273000009}) for s in sentences(m)]
    read = read_ais([log(tmp_path, lines)], region=(132.0, 42.0, 134.0, 44.0))
    assert read.messages[["mmsi", "msg_type"]].to_numpy().tolist() == [[273000001, 1], [273000001, 5]]
    assert read.balance["decoded"] == 4
