"""Port-months seen by images alone, counted as they are and with every image cut into slices and delivered again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from pipeline.calls import looks, port_calls
from pipeline.calls.geodesy import from_plane
from pipeline.config import CallsConfig
from pipeline.detection.slices import flag_repeats
from pipeline.tables import DETECTIONS, MATCHES, SCENES, STATIC, TRACKS
from pipeline.types import Place, Zone

ORIGIN = (133.06, 42.735)
BERTHS = {"berth_a": (0.0, 0.0), "berth_b": (2500.0, 1500.0)}
START = pd.Timestamp("2024-03-01T00:00:00Z")
MONTH_D, EVERY_D, RECALL = 30.0, 1.5, 0.9
SLICE_S = 25.0  # between the centres of neighbouring Sentinel-1 slices
PLACE_SD_M, LENGTH_SD_M = 8.0, 3.0  # between one hull's sightings in two slices (our choice)
COPIED = 1 / 3


def image_calls(months: int) -> dict[str, int]:
    """Calls of port-months with one image per look, and with slices and copies of the same looks."""
    counted = {"whole": 0, "cut": 0}
    for seed in range(months):
        seen = sightings(seed)
        for name in counted:
            counted[name] += _calls(*tables(seen, seed, cut=name == "cut"))
    return counted


def sightings(seed: int) -> pd.DataFrame:
    """What a month's looks show: look, time [d], berth, metres east and north of the origin, length."""
    rng = np.random.default_rng(seed)
    times = np.arange(rng.uniform(0, EVERY_D), MONTH_D, EVERY_D)
    rows: list[dict[str, object]] = [{"look": k, "day": day, "berth": ""} for k, day in enumerate(times)]
    for berth, (east, north) in BERTHS.items():
        free = rng.exponential(1.5)
        while free < MONTH_D:
            leaves, length = free + rng.uniform(0.5, 3.0), rng.uniform(60, 130)
            shift = rng.uniform(-60, 60)
            for k, day in enumerate(times):
                if free <= day <= leaves and rng.random() < RECALL:
                    rows.append({"look": k, "day": day, "berth": berth, "east": east + shift, "north": north,
                                 "length": length + rng.normal(0, LENGTH_SD_M)})  # fmt: skip
            free = leaves + rng.exponential(1.5)
    return pd.DataFrame(rows)


def tables(
    seen: pd.DataFrame, seed: int, *, cut: bool, sensor: str = "sentinel-1"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scenes and detections; with cutting, each look is two slices that both show the port, some delivered twice."""
    rng = np.random.default_rng(seed + 1_000_000)
    scenes, found = [], []
    area = shapely.box(132.9, 42.6, 133.2, 42.9)
    for look, group in seen.groupby("look"):
        middle = START + pd.Timedelta(days=float(group["day"].iloc[0]))
        for part in range(2 if cut else 1):
            name, when = f"look{look:03}-{part}", middle + pd.Timedelta(seconds=SLICE_S * part)
            row = {"scene_id": name, "sensor": sensor, "platform": "S1A", "acquired": when, "footprint": area}
            row |= {
                "status": "used",
                "href": name,
                "verified": False,
                "simulated": True,
                "aoi_coverage": 1 - 0.1 * part,
            }
            scenes.append(row)
            if cut and rng.random() < COPIED:
                scenes.append(row | {"scene_id": f"{name}-again", "status": "duplicate_of", "duplicate_of": name})
            jitter = rng.normal(0, 1, (len(group), 3)) * (PLACE_SD_M, PLACE_SD_M, LENGTH_SD_M) * part
            ships = group[group["berth"] != ""].to_dict("records")
            found += [
                _detection(s, name, when, k, j, sensor) for k, (s, j) in enumerate(zip(ships, jitter, strict=False))
            ]
    return SCENES.from_rows(scenes), DETECTIONS.from_rows(found)


def _detection(
    ship: dict[str, float], scene: str, when: pd.Timestamp, number: int, off: np.ndarray, sensor: str
) -> dict[str, object]:
    lon, lat = from_plane(ship["east"] + off[0], ship["north"] + off[1], ORIGIN)
    length = ship["length"] + off[2]
    row: dict[str, object] = {"detection_id": f"{scene}/{number}", "scene_id": scene, "acquired": when}
    row |= {"sensor": sensor, "lon": float(lon), "lat": float(lat), "row": 0.0, "col": 0.0, "n_pixels": 40}
    row |= {"length_m": length, "length_lo_m": length - 15, "length_hi_m": length + 15, "method": "simulated"}
    row |= {"beam_m": 15.0, "beam_lo_m": 10.0, "beam_hi_m": 20.0, "heading_ambiguous": True, "score": 0.9}
    row |= {"geometry": shapely.Point(float(lon), float(lat)).buffer(1e-4), "berth_id": ship["berth"]}
    return row | {"tanker_score": 0.6, "accepted": True, "context": "berth"}


def _calls(scenes: pd.DataFrame, detections: pd.DataFrame) -> int:
    where = place()
    found = flag_repeats(detections, scenes)
    table = port_calls(
        detections=found,
        looks=looks(scenes, {}, found, where),
        matches=MATCHES.empty(),
        tracks=TRACKS.empty(),
        static=STATIC.empty(),
        registry=None,
        place=where,
        config=CallsConfig(),
    )
    return len(table)


def place() -> Place:
    """A port of two berths."""
    zones = []
    for name, (east, north) in BERTHS.items():
        west, south = from_plane(east - 150, north - 100, ORIGIN)
        right, top = from_plane(east + 150, north + 100, ORIGIN)
        box = shapely.box(float(west), float(south), float(right), float(top))
        zones.append(Zone(name, "berth", name, box, counts=True, cargo="oil_products"))
    return Place("bench", "bench", (132.0, 42.0, 134.0, 43.5), None, tuple(zones))
