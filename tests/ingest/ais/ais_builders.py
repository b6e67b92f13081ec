"""NMEA sentences as receivers write them, made by pyais' encoder."""

from functools import reduce
from operator import xor

from pyais import encode_dict

SHIP = {"type": 1, "mmsi": 273000001, "lon": 133.05, "lat": 42.75, "speed": 7.3, "course": 181.2, "heading": 180}
VOYAGE = {
    "type": 5,
    "mmsi": 273000001,
    "imo": 9074729,
    "callsign": "TEST1",
    "shipname": "A TANKER",
    "ship_type": 80,
    "to_bow": 80,
    "to_stern": 20,
    "to_port": 7,
    "to_starboard": 8,
    "draught": 6.4,
    "destination": "NOWHERE",
}


def sentences(fields, *, sequence=1, channel="A"):
    """The sentences of one message."""
    return encode_dict(fields, radio_channel=channel, talker_id="AI", sentence_type="VDM", seq_id=sequence)


def tagged(sentence, time, station="R1"):
    """The sentence after a tag block of station and time."""
    body = f"s:{station},c:{time}"
    return f"\\{body}*{reduce(xor, body.encode()):02X}\\{sentence}"


def log(tmp_path, lines, name="feed.nmea"):
    """Write a file of these lines."""
    path = tmp_path / name
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return path
