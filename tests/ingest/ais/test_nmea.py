import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.ingest.ais.buckets import BUCKETS, empty_balance
from pipeline.ingest.ais.files import read_blocks
from pipeline.ingest.ais.messages import read_ais
from pipeline.ingest.ais.multipart import Reassembly
from pipeline.ingest.ais.nmea import read_nmea
from pipeline.ingest.ais.sentences import Sentence, SentenceReader, xor_of
from tests.builders import REAL_DATA, needs_real_data
from tests.ingest.ais.ais_builders import SHIP, VOYAGE, log, sentences, tagged

T0 = 1709812800
NAMES = {
    "lon": "lon",
    "lat": "lat",
    "speed": "sog",
    "course": "cog",
    "heading": "heading",
    "status": "nav",
    "imo": "imo",
    "callsign": "callsign",
    "shipname": "name",
    "shiptype": "ship_type",
    "to_bow": "a",
    "to_stern": "b",
    "to_port": "c",
    "to_starboard": "d",
    "draught": "draught",
    "destination": "dest",
}


def only(counts):
    return dict.fromkeys(BUCKETS, 0) | counts


def test_round_trip_through_pyais_encoder(tmp_path):
    lines = [tagged(s, T0) for s in sentences(SHIP) + sentences(VOYAGE)]
    read = read_ais([log(tmp_path, lines)])
    position, voyage = (row._asdict() for row in read.messages.itertuples(index=False))
    assert [position[k] for k in ("mmsi", "lon", "lat", "sog", "cog", "heading", "line")] == [
        273000001, 133.05, 42.75, 7.3, 181.2, 180, 1,
    ]  # fmt: skip
    assert [voyage[k] for k in ("imo", "callsign", "name", "ship_type", "a", "b", "c", "d", "draught", "dest")] == [
        9074729, "TEST1", "A TANKER", 80, 80, 20, 7, 8, 6.4, "NOWHERE",
    ]  # fmt: skip
    assert voyage["line"] == 3
    assert voyage["time_utc"] == pd.Timestamp("2024-03-07T12:00:00Z")
    assert read.balance == only({"decoded": 2, "part": 1})


def test_parts_out_of_order_and_between_other_messages(tmp_path):
    first, second = sentences(VOYAGE)
    other = sentences(VOYAGE | {"mmsi": 273000002, "shipname": "B"}, sequence=2)
    read = read_ais([log(tmp_path, [second, other[0], *sentences(SHIP), first, other[1]])])
    assert read.messages["name"].tolist() == ["", "A TANKER", "B"]
    assert read.messages["line"].tolist() == [3, 4, 5]
    assert read.balance == only({"decoded": 3, "part": 2})


def test_a_missing_part_never_marries_a_later_message(tmp_path):
    first, _lost = sentences(VOYAGE)
    later = sentences(VOYAGE | {"mmsi": 273000002, "shipname": "SOMEBODY ELSE", "destination": "ELSEWHERE"})
    read = read_ais([log(tmp_path, [first, *later])])
    assert read.messages[["mmsi", "name", "dest"]].values.tolist() == [[273000002, "SOMEBODY ELSE", "ELSEWHERE"]]
    assert read.balance == only({"decoded": 1, "part": 1, "incomplete_multipart": 1})
    far = read_ais([log(tmp_path, [tagged(first, T0), *[""] * 3, tagged(later[1], T0 + 300)], "far.nmea")])
    assert far.balance == only({"incomplete_multipart": 2, "no_data": 3})


def test_the_end_of_a_message_whose_beginning_was_lost_never_marries_a_later_beginning(tmp_path):
    """Receivers number messages from 0 to 9, so another soon has the number of the one whose first part was lost."""
    _lost, second = sentences(VOYAGE)
    later = sentences(VOYAGE | {"mmsi": 273000002, "shipname": "SOMEBODY ELSE", "destination": "ELSEWHERE FAR AWAY"})
    between = sentences(SHIP) * 40
    read = read_ais([log(tmp_path, [second, *between, *later])])
    assert read.messages.loc[read.messages["msg_type"] == 5, "dest"].tolist() == ["ELSEWHERE FAR AWAY"]
    assert read.balance == only({"decoded": 41, "part": 1, "incomplete_multipart": 1})


@pytest.mark.parametrize("receivers", [2, 3])
def test_lines_heard_again_one_by_one_change_no_message_and_are_repeats(tmp_path, receivers):
    """As over two networks from one receiver: a repeated part of a finished message does not wait for the next one."""
    ships = [VOYAGE | {"mmsi": 273000000 + n, "destination": f"DESTINATION NR {n:05}"} for n in range(3)]
    once = [tagged(s, T0 + n, "R1") for n, ship in enumerate(ships) for s in sentences(ship)]
    alone = read_ais([log(tmp_path, once)])
    read = read_ais([log(tmp_path, [line for line in once for _ in range(receivers)], "again.nmea")])
    assert read.messages[["mmsi", "dest"]].equals(alone.messages[["mmsi", "dest"]])
    assert read.balance == only({"decoded": 3, "part": 3, "duplicate": 6 * (receivers - 1)})


@pytest.mark.parametrize(("apart_s", "whole"), [(-19.0, True), (19.0, True), (-21.0, False), (21.0, False)])
def test_parts_are_of_one_message_within_a_window_before_and_behind(apart_s, whole):
    """A slow network may deliver the later part first."""
    balance = empty_balance()
    both = Reassembly(balance)
    first, second = (Sentence(2, n, b"1", b"A", b"0", 0, b"", T0 + (n - 1) * apart_s) for n in (1, 2))
    assert both.add(1, first) is None
    assert (both.add(2, second) is not None) == whole
    both.finish()
    assert balance["incomplete_multipart"] == (0 if whole else 2)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_fill_bits_of_a_message_are_those_of_its_last_part(order):
    """Only the end of a message is padded (ITU-R M.1371), whichever part arrives last."""
    both = Reassembly(empty_balance())
    parts = {n: Sentence(2, n, b"1", b"A", b"%d" % n, fill, b"", None) for n, fill in ((1, 0), (2, 4))}
    whole = [both.add(line, parts[n]) for line, n in enumerate(order)][1]
    assert (whole.payload, whole.fill_bits, whole.line) == (b"12", 4, 1)


def test_two_receivers_and_a_tag_block_on_the_first_part_only(tmp_path):
    first, second = sentences(VOYAGE)
    heard = [
        tagged(first, T0, "R1"),
        tagged(first, T0 + 1, "R2"),
        tagged(second, T0, "R1"),
        tagged(second, T0 + 1, "R2"),
    ]
    read = read_ais([log(tmp_path, heard)])
    assert read.balance == only({"decoded": 1, "part": 2, "duplicate": 1})
    read = read_ais([log(tmp_path, [tagged(first, T0), second], "one.nmea")])
    assert read.messages["time_utc"].tolist() == [pd.Timestamp("2024-03-07T12:00:00Z")]


def test_the_same_transmission_twice_is_one_fix_but_a_later_repeat_is_another(tmp_path):
    line = sentences(SHIP)[0]
    read = read_ais([log(tmp_path, [tagged(line, T0), tagged(line, T0 + 2, "R2"), tagged(line, T0 + 180)])])
    assert read.messages["line"].tolist() == [1, 3]
    assert read.balance == only({"decoded": 2, "duplicate": 1})
    assert len(read_ais([log(tmp_path, [line, line], "untimed.nmea")]).messages) == 2  # nobody can tell


def test_not_available_never_becomes_a_number(tmp_path):
    empty = {"lon": 181, "lat": 91, "speed": 102.3, "course": 360, "heading": 511}
    rows = [
        SHIP | empty,
        {"type": 27, "mmsi": 1, "lon": 181, "lat": 91, "speed": 63, "course": 511},
        {"type": 9, "mmsi": 111000001, "lon": 10, "lat": 50, "speed": 1023, "course": 360},
        VOYAGE | {"imo": 0, "draught": 0},
        VOYAGE | {"mmsi": 2, "to_bow": 511, "to_stern": 511, "to_port": 63, "to_starboard": 63},
    ]
    read = read_ais([log(tmp_path, [s for n, row in enumerate(rows) for s in sentences(row, sequence=n)])])
    table = read.messages.set_index("msg_type")
    assert table.loc[[1, 27], ["lon", "lat", "sog", "cog", "heading"]].isna().all(axis=None)
    assert table.loc[9, ["sog", "cog"]].isna().all()
    assert table.loc[9, "lon"] == 10
    assert table.loc[5, "imo"].isna().tolist() == table.loc[5, "draught"].isna().tolist() == [True, False]
    assert table.loc[5, "a"].isna().tolist() == table.loc[5, "d"].isna().tolist() == [False, True]


def test_stations_that_are_no_ships_are_rows_with_their_type(tmp_path):
    rows = [{"type": 4, "mmsi": 2731234, "lon": 133, "lat": 43}, {"type": 21, "mmsi": 992731234, "lon": 133, "lat": 43}]
    read = read_ais([log(tmp_path, [s for row in rows for s in sentences(row)])])
    assert read.messages["msg_type"].tolist() == [4, 21]


def test_a_craft_with_a_mother_ship_sends_no_size(tmp_path):
    """Message 24 B of MMSIs 98...: the mother ship's MMSI takes the place of dimensions (ITU-R M.1371)."""
    told = {"type": 24, "partno": 1, "ship_type": 52, "callsign": "TENDER"}
    size = {"to_bow": 9, "to_stern": 3, "to_port": 2, "to_starboard": 1}
    rows = [told | {"mmsi": 273000001} | size]
    rows += [told | {"mmsi": mmsi, "mothership_mmsi": 273000001} for mmsi in (980000000, 989999999)]
    read = read_ais([log(tmp_path, [s for row in rows for s in sentences(row)])]).messages
    assert read["callsign"].tolist() == ["TENDER"] * 3
    assert read[list("abcd")].fillna(-1).to_numpy().tolist() == [[9, 3, 2, 1], [-1] * 4, [-1] * 4]


TOLD_OF_ITSELF = [1, 2, 3, 4, 5, 8, 9, 11, 14, 18, 19, 21, 27]  # types about the station itself, one layout each


@pytest.mark.parametrize(
    ("kinds", "fields"),
    [
        ((1, 2, 3, 4, 9, 11, 18, 19, 21, 27), {"lon": 133.05, "lat": -42.75}),
        ((1, 2, 3, 9, 18, 19, 27), {"sog": 7, "cog": 181}),
        ((1, 2, 3, 18, 19), {"heading": 180}),
        ((1, 2, 3, 27), {"nav": 5}),
        ((5,), {"imo": 9074729, "dest": "NOWHERE", "draught": 6.4, "callsign": "TEST1"}),
        ((5, 19), {"ship_type": 80}),
        ((5, 19, 21), {"name": "A TANKER", "a": 80, "b": 20, "c": 7, "d": 8}),
    ],
    ids=["place", "way", "heading", "status", "voyage", "type", "name and size"],
)
def test_which_message_carries_which_field_is_as_the_standard_says(tmp_path, kinds, fields):
    """ITU-R M.1371-5, annex 8; a payload's first character is the message number."""
    said = SHIP | VOYAGE | {"name": "A TANKER", "lat": -42.75, "speed": 7, "course": 181, "heading": 180, "status": 5}
    lines = []
    for kind in TOLD_OF_ITSELF:
        first, *rest = sentences(said | {"type": kind})
        fields_sent = first[1 : first.index("*")].split(",")
        fields_sent[5] = chr(48 + kind) + fields_sent[5][1:]  # pyais encodes 2 and 3 as 1
        body = ",".join(fields_sent)
        lines += [f"!{body}*{xor_of(body.encode()):02X}", *rest]
    read = read_ais([log(tmp_path, lines)]).messages.set_index("msg_type")
    assert read.index.tolist() == TOLD_OF_ITSELF
    for name, value in fields.items():
        given = read[name].dropna()
        assert given[given != ""].to_dict() == dict.fromkeys(kinds, value), name


def test_a_payload_too_short_for_its_fields_is_no_message(tmp_path):
    whole = sentences(SHIP)[0]
    fields = whole[1 : whole.index("*")].split(",")
    fields[5] = fields[5][:15]  # 90 bits: the latitude would be read from half its bits
    body = ",".join(fields)
    read = read_ais([log(tmp_path, [f"!{body}*{xor_of(body.encode()):02X}"])])
    assert read.balance == only({"bad_format": 1})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_line_is_in_exactly_one_bucket_whatever_happens_to_it(tmp_path, data):
    clean = [tagged(s, T0 + 10 * n) for n in range(4) for s in sentences(SHIP) + sentences(VOYAGE, sequence=n)]
    raw = bytearray("\n".join(clean).encode())
    for _ in range(data.draw(st.integers(0, 25))):
        place = data.draw(st.integers(0, len(raw) - 1))
        change = data.draw(st.sampled_from(["replace", "remove", "insert"]))
        byte = data.draw(st.one_of(st.integers(0, 255), st.sampled_from(list(b"\n\\!*,2"))))
        if change == "replace":
            raw[place] = byte
        elif change == "remove":
            del raw[place]
        else:
            raw.insert(place, byte)
    path = tmp_path / "mutated.nmea"
    path.write_bytes(raw)
    with path.open(encoding="latin-1") as file:  # as text, in which a lone CR also ends a line
        lines = sum(1 for _ in file)
    balance = empty_balance()
    tables = list(read_nmea(path, balance))
    assert sum(balance.values()) == lines
    assert sum(len(table) for table in tables) == balance["decoded"]


@needs_real_data
@pytest.mark.parametrize("name", ["dma_ais250.txt", "pyais_nmea_sample.txt"])
def test_two_other_decoders_agree_on_every_field(name):
    reference = pd.read_csv(REAL_DATA / "ais_nmea" / f"{name}.reference.csv")
    read = read_ais([REAL_DATA / "ais_nmea" / name])
    both = reference.merge(read.messages, on="line", how="left", suffixes=("", "_ours"))
    codes = {"heading": 511, "sog": 102.3, "cog": 360, "lon": 181, "lat": 91, "draught": 0, "imo": 0}
    assert both["mmsi_ours"].notna().all()
    for column in reference.columns[1:]:
        theirs, ours = both[column], both[f"{column}_ours"]
        given = theirs.notna() & (theirs != codes.get(column))
        if not given.any():
            continue
        if column in ("callsign", "name", "dest"):
            assert (theirs[given].str.strip() == ours[given]).all(), column
        else:
            assert (theirs[given].astype(float) - ours[given].astype(float)).abs().max() < 1e-4, column


@needs_real_data
def test_gpsd_agrees_on_its_own_sample_of_every_message_type():
    """gpsd merges the halves of message 24 into one line, so these are left out; 17 has no position here."""
    text = (REAL_DATA / "ais_nmea" / "gpsd_sample.aivdm.js.chk").read_text()
    theirs = [m for m in map(json.loads, text.splitlines()) if m["type"] != 24]
    ours = read_ais([REAL_DATA / "ais_nmea" / "gpsd_sample.aivdm"]).messages
    ours = ours[ours["msg_type"] != 24].to_dict("records")
    assert [(m["type"], m["mmsi"]) for m in theirs] == [(m["msg_type"], m["mmsi"]) for m in ours]
    compared = 0
    for gpsd, here in zip(theirs, ours, strict=True):
        for key, name in NAMES.items():
            value = here[name]
            if key not in gpsd or pd.isna(value) or value == "" or gpsd["type"] not in (1, 2, 3, 4, 5, 9, 18, 19, 27):
                continue
            compared += 1
            assert value == pytest.approx(gpsd[key], abs=1e-4) if not isinstance(value, str) else value == gpsd[key]
    assert compared > 100


@needs_real_data
def test_every_line_of_the_real_logs_is_counted():
    for path in sorted((REAL_DATA / "ais_nmea").iterdir()):
        if path.suffix in (".csv", ".chk", ".json"):
            continue
        with path.open("rb") as file:
            lines = sum(1 for _ in file)
        assert sum(read_ais([path]).balance.values()) == lines, path.name


@pytest.mark.parametrize(
    "line",
    ["2024-03-07 12:00:00 {}", "2016-12-31T23:59:60Z {}", "\\s:x,c:1709812800*00\\{}", tagged("{}", 4102444799)],
    ids=["no zone", "leap second", "damaged tag", "in the future"],
)
def test_a_log_without_times_that_can_be_used_is_told(tmp_path, line):
    path = log(tmp_path, [line.format(*sentences(SHIP | {"lon": 133 + k / 100})) for k in range(3)])
    found = read_ais([path])
    assert found.balance == only({"decoded": 3})
    assert found.messages["time_utc"].isna().all()
    assert found.files[0].status == "degraded"
    assert "3 of 3 messages have no time" in found.files[0].cause
    assert "first: line 1" in found.files[0].cause


def test_the_zone_of_a_log_can_be_named_and_one_that_is_stated_holds(tmp_path):
    sentence = sentences(SHIP)[0]
    stated = ["2024-03-07 22:00:00", "2024-03-07T12:00:20Z", "2024-03-07T13:00:40+01:00", "2024-03-07T12:00:00+01"]
    found = read_ais([log(tmp_path, [f"{time} {sentence}" for time in stated])], time_zone="+10:00")
    times = found.messages["time_utc"]
    assert times[:3].tolist() == [pd.Timestamp(T0 + s, unit="s", tz="UTC") for s in (0, 20, 40)]
    assert times.isna().tolist() == [False, False, False, True]


def test_a_return_ends_a_line_wherever_the_block_is_cut(tmp_path):
    lines = [tagged(*sentences(SHIP | {"lon": 133 + k / 100}), T0 + 10 * k) for k in range(9)]
    whole = read_ais([log(tmp_path, lines)]).messages
    for k, end in enumerate(("\r", "\r\n")):
        path = tmp_path / f"{k}.nmea"
        path.write_bytes(end.join(lines).encode() + end.encode())
        again = read_ais([path])
        assert again.balance == only({"decoded": 9})
        same = ["line", "time_utc", "mmsi", "lon"]
        pd.testing.assert_frame_equal(again.messages[same], whole[same])
        data = b"".join(b.data for size in (1, 2, 7) for b in read_blocks(path, size, cr_ends_line=True))
        assert data.replace(b"\r\n", b"\n").decode() == 3 * "".join(f"{line}\n" for line in lines)


def test_two_sentences_glued_on_a_line_are_bad_format(tmp_path):
    one, two = (tagged(*sentences(SHIP | {"lon": 133 + k / 100}), T0 + 10 * k) for k in range(2))
    path = log(tmp_path, [one + two, one, f"{sentences(SHIP)[0]}, {two}"])
    assert read_ais([path]).balance == only({"decoded": 1, "bad_format": 2})
    assert SentenceReader().read((one + two).encode()) == "bad_format"
