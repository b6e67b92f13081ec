"""Builders of AIS messages, detections and looks at one small harbour, for this folder's tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.calls.geodesy import from_plane
from pipeline.tables import AIS_MESSAGES, DETECTIONS, LOOKS
from pipeline.types import Place
from tests.builders import box_zone, place_of

MIDNIGHT = pd.Timestamp("2024-03-07T00:00:00Z")
BERTH = (133.060, 42.735)  # centre of the berth
ANCHORAGE = (133.000, 42.770)
MMSI = 273000111


def harbour(**more) -> Place:
    """A counted oil berth of 330 by 220 m, and an anchorage that does not count."""
    lon, lat = BERTH
    berth = box_zone("oil", lon - 0.002, lat - 0.001, lon + 0.002, lat + 0.001, cargo="oil_products", **more)
    lon, lat = ANCHORAGE
    roads = box_zone("roads", lon - 0.02, lat - 0.01, lon + 0.02, lat + 0.01, kind="anchorage", counts=False)
    return place_of(berth, roads)


def at(hours: float) -> pd.Timestamp:
    """A time so many hours after midnight."""
    return MIDNIGHT + pd.Timedelta(hours=hours)


def off_berth(east_m: float, north_m: float = 0.0) -> tuple[float, float]:
    """Longitude and latitude of a point offset from the berth's centre."""
    lon, lat = from_plane(east_m, north_m, BERTH)
    return float(lon), float(lat)


def fixes(hours, lon, lat, sog=0.0, *, mmsi: int = MMSI, **more) -> pd.DataFrame:
    """Position reports of one transponder; each field is one value for all or one per report."""
    hours = np.atleast_1d(np.asarray(hours, float))
    table = pd.DataFrame({"time_utc": MIDNIGHT + pd.to_timedelta(np.round(hours * 3600), unit="s")})
    values = {"lon": lon, "lat": lat, "sog": sog, "cog": 0.0, "mmsi": mmsi, "msg_type": 1} | more
    for name, value in values.items():
        table[name] = value
    return table


def said(hours: float, *, mmsi: int = MMSI, **fields) -> pd.DataFrame:
    """One static report."""
    return pd.DataFrame([{"time_utc": at(hours), "mmsi": mmsi, "msg_type": 5} | fields])


def said_often(hours, *, mmsi: int = MMSI, **fields) -> pd.DataFrame:
    """Static reports of one transponder; each field is one value for all or one per report."""
    table = pd.DataFrame({"time_utc": [at(h) for h in hours], "mmsi": mmsi, "msg_type": 5})
    for name, value in fields.items():
        table[name] = value
    return table


def feed(*parts: pd.DataFrame) -> pd.DataFrame:
    """The AIS_MESSAGES table of the given reports, in their order."""
    if not parts:
        return AIS_MESSAGES.empty()
    table = pd.concat(parts, ignore_index=True)
    table["line"] = np.arange(1, len(table) + 1)
    table["message_id"] = [f"file:{n:07}" for n in table["line"]]
    table["source_file"] = "file"
    return AIS_MESSAGES.check(table)


def visit(
    arrive_h: float, leave_h: float, *, mmsi: int = MMSI, every_min: float = 3.0, seed: int = 0, spot=BERTH
) -> pd.DataFrame:
    """A visit: in from the east at 10 kn, alongside with 5 m of noise, out again at 10 kn."""
    rng = np.random.default_rng(seed)
    hours = np.arange(arrive_h - 1, leave_h + 1, every_min / 60)
    moored = (hours >= arrive_h) & (hours <= leave_h)
    away_h = np.where(hours < arrive_h, arrive_h - hours, np.maximum(hours - leave_h, 0))
    lon, lat = from_plane(away_h * 10 * 1852 + rng.normal(0, 5, len(hours)), rng.normal(0, 5, len(hours)), spot)
    speed = np.where(moored, rng.choice([0.0, 0.1], len(hours)), 10.0)
    return fixes(hours, lon, lat, speed, mmsi=mmsi)


def with_spikes(table: pd.DataFrame, share: float, seed: int = 0, reach_m: float = 9000.0) -> pd.DataFrame:
    """The table with a share of reports moved to random places within ``reach_m``; other fields are unchanged."""
    rng = np.random.default_rng(seed)
    out = table.copy()
    bad = rng.random(len(out)) < share
    east, north = rng.uniform(-reach_m, reach_m, (2, len(out)))
    lon, lat = from_plane(east, north, BERTH)
    out.loc[bad, "lon"], out.loc[bad, "lat"] = lon[bad], lat[bad]
    return out


def sighting(name: str, hours: float, spot=BERTH, length_m: float = 96.0, **more) -> dict[str, object]:
    """One accepted detection at the berth, 15 m wide, with its length known to 5 %."""
    lon, lat = spot
    return {
        "detection_id": name,
        "scene_id": f"scene-{hours:g}",
        "sensor": "optical",
        "acquired": at(hours),
        "lon": lon,
        "lat": lat,
        "row": 0.0,
        "col": 0.0,
        "length_m": length_m,
        "length_lo_m": length_m * 0.95,
        "length_hi_m": length_m * 1.05,
        "beam_m": 15.0,
        "beam_lo_m": 14.0,
        "beam_hi_m": 16.0,
        "heading_ambiguous": True,
        "score": 0.95,
        "tanker_score": 0.6,
        "accepted": True,
        "context": "berth",
        "berth_id": "oil",
        "n_pixels": 50,
        "method": "test",
    } | more


def detections(*rows: dict[str, object]) -> pd.DataFrame:
    """The DETECTIONS table."""
    return DETECTIONS.check(DETECTIONS.from_rows(list(rows)))


def looks_at(*hours: float, state: str = "usable", sensor: str = "optical", zone: str = "oil") -> pd.DataFrame:
    """Looks at a zone, by scenes named like those of the sightings at the same hours."""
    return LOOKS.check(
        LOOKS.from_rows(
            [
                {
                    "look_id": f"scene-{h:g}/{zone}",
                    "scene_id": f"scene-{h:g}",
                    "zone_id": zone,
                    "acquired": at(h),
                    "sensor": sensor,
                    "state": state,
                    "covered": 1.0,
                    "n_detections": 0,
                }
                for h in hours
            ]
        )
    )
