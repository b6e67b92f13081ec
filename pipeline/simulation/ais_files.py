"""Write simulated AIS in the usual formats: NMEA sentences with tag blocks for the first half, CSV for the second."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import numpy as np

from pipeline.simulation.ais import Message, messages, type_code
from pipeline.simulation.world import World
from pipeline.storage import write_bytes
from pipeline.table_files import SIMULATED_COLUMN

CSV_COLUMNS = (
    "MMSI",
    "BaseDateTime",
    "LAT",
    "LON",
    "SOG",
    "COG",
    "Heading",
    "VesselName",
    "IMO",
    "CallSign",
    "VesselType",
    "Status",
    "Length",
    "Width",
    "Draft",
    SIMULATED_COLUMN,
)


def write_ais(world: World, folder: Path, seed: np.random.SeedSequence) -> list[Path]:
    """``first-part.nmea`` and ``second-part.csv`` (MarineCadastre's columns), split at the middle of the period.

    A half without messages has no file, as in a receiver's archive.
    """
    streams = seed.spawn(2)
    received = messages(world, streams[0])
    period = world.scenario.period
    middle = period.start + (period.end - period.start) / 2
    rng = np.random.default_rng(streams[1])
    first, second = [m for m in received if m.time < middle], [m for m in received if m.time >= middle]
    files = {}
    if first:
        files[folder / "first-part.nmea"] = _nmea_text(first, world, rng)
    if second:
        files[folder / "second-part.csv"] = _csv_text(second)
    for path, text in files.items():
        write_bytes(path, text.encode("ascii"))
    return list(files)


def _nmea_text(received: list[Message], world: World, rng: np.random.Generator) -> str:
    feed, lines = world.scenario.ais, ["# SIMULATED: no ship sent this"]
    for number, message in enumerate(received):
        sentences = [_with_tag_block(s, message.time, "SIM1") for s in _sentences(message, number % 10)]
        if rng.random() < feed.damaged_share:
            sentences[-1] = _with_wrong_checksum(sentences[-1])
        lines += sentences
        if rng.random() < feed.duplicate_share:
            lines += [_with_tag_block(s, message.time, "SIM2") for s in _sentences(message, number % 10)]
    return "\n".join(lines) + "\n"


def _sentences(message: Message, sequence: int) -> list[str]:
    from pyais import encode_dict

    ship = message.ship
    fields: dict[str, object] = {"type": message.kind, "mmsi": ship.mmsi}
    if message.kind == 1:
        fields |= {
            "lon": message.lon,
            "lat": message.lat,
            "speed": round(message.speed_kn, 1),
            "course": round(message.course_deg, 1),
            "heading": round(message.heading_deg) % 360,
            "status": 5 if message.stopped else 0,
            "second": message.time.second,
        }
    else:
        fields |= _dimensions(message) | {
            "imo": 0,
            "shipname": ship.name,
            "callsign": "",
            "ship_type": type_code(ship),
            "draught": message.draught_m,
            "destination": message.destination,
        }
    return encode_dict(fields, radio_channel="A", talker_id="AI", sentence_type="VDM", seq_id=sequence)


def _dimensions(message: Message) -> dict[str, object]:
    """Antenna on the house aft: distances to bow, stern, port and starboard add up to length and beam."""
    length, beam = round(message.ship.length_m), round(message.ship.beam_m)
    stern = round(0.15 * length)
    return {
        "to_bow": length - stern,
        "to_stern": stern,
        "to_port": beam // 2,
        "to_starboard": beam - beam // 2,
    }


def _with_tag_block(sentence: str, time: datetime, station: str) -> str:
    content = f"s:{station},c:{int(time.timestamp())},t:SIMULATED"  # on every line, since logs are cut and joined
    check = 0
    for character in content:
        check ^= ord(character)
    return f"\\{content}*{check:02X}\\{sentence}"


def _with_wrong_checksum(sentence: str) -> str:
    """The same sentence with a wrong checksum."""
    stem, check = sentence[:-2], int(sentence[-2:], 16)
    return f"{stem}{check ^ 0x15:02X}"


def _csv_text(received: list[Message]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    static: dict[int, float] = {}
    for m in received:
        ship = m.ship
        if m.kind == 5:
            static[ship.mmsi] = m.draught_m
            continue
        writer.writerow(
            (
                ship.mmsi,
                m.time.strftime("%Y-%m-%dT%H:%M:%S"),
                f"{m.lat:.5f}",
                f"{m.lon:.5f}",
                f"{m.speed_kn:.1f}",
                f"{m.course_deg:.1f}",
                f"{m.heading_deg:.0f}",
                ship.name,
                "",
                "",
                type_code(ship),
                5 if m.stopped else 0,
                round(ship.length_m),
                round(ship.beam_m),
                f"{static[ship.mmsi]:.1f}" if ship.mmsi in static else "",
                True,
            )
        )
    return out.getvalue()
