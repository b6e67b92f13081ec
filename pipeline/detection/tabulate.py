"""Convert candidates to the DETECTIONS table: position, heading, time, context, verdict and id."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry import Polygon

from pipeline.config import DetectionConfig
from pipeline.detection.candidates import Candidate
from pipeline.detection.draught import draught_from_freeboard
from pipeline.detection.screening import is_accepted
from pipeline.detection.zones import zone_of
from pipeline.tables import DETECTIONS
from pipeline.times_places.longitudes import wrap_near
from pipeline.types import ONLY_DATED, Place, Scene
from pipeline.types.ids import never_a_number
from pipeline.units import METRES_PER_DEGREE

if TYPE_CHECKING:
    import pandas as pd

GEOD = Geod(ellps="WGS84")


def tabulate(scene: Scene, candidates: list[Candidate], place: Place | None, config: DetectionConfig) -> pd.DataFrame:
    """The detections table of one scene, sorted by row and column."""
    rows = [
        _row(scene, candidate, place, config)
        for candidate in sorted(candidates, key=lambda candidate: (candidate.row, candidate.col, candidate.length_m))
    ]
    seen: dict[str, int] = {}
    for row in rows:  # two objects of one size in one pixel: name them apart
        count = seen[row["detection_id"]] = seen.get(row["detection_id"], 0) + 1
        if count > 1:
            row["detection_id"] += f"-{count}"
    return DETECTIONS.check(DETECTIONS.from_rows(rows))


def _row(scene: Scene, candidate: Candidate, place: Place | None, config: DetectionConfig) -> dict[str, Any]:
    row: dict[str, Any] = {
        "detection_id": _detection_id(scene, candidate),
        "scene_id": scene.scene_id,
        "sensor": str(scene.sensor),
        "acquired": scene.time_of_row(candidate.row),
        "row": round(candidate.row + scene.corner[0], 3),
        "col": round(candidate.col + scene.corner[1], 3),
        "heading_ambiguous": not candidate.axis_points_to_bow,
        "heading_half_deg": None if candidate.heading_half_deg is None else round(candidate.heading_half_deg, 2),
        "score": round(candidate.score, 4),
        "tanker_score": round(candidate.tanker_score, 4),
        "accepted": is_accepted(candidate, config.screening),
        "context": "open_water",
        "contrast_db": round(candidate.contrast_db, 3),
        "freeboard_m": candidate.freeboard_m,
        "freeboard_lo_m": candidate.freeboard_lo_m,
        "freeboard_hi_m": candidate.freeboard_hi_m,
        "draught_evidence": candidate.draught_evidence,
        **_draught_columns(candidate),
        "speed_kn": candidate.speed_kn,
        "speed_lo_kn": candidate.speed_lo_kn,
        "speed_hi_kn": candidate.speed_hi_kn,
        "boot_topping_m": candidate.boot_topping_m,
        "measured_lines": _measured_lines_geojson(scene, candidate),
        "house_position": None if candidate.house_position is None else round(candidate.house_position, 4),
        "deck_tone": candidate.deck_tone,
        "n_pixels": candidate.n_pixels,
        "flags": [*candidate.flags, *([ONLY_DATED] if scene.only_dated else [])],
        "flag_evidence": candidate.evidence,
        "method": candidate.method,
    }
    for name in ("length", "beam"):
        for suffix in ("_m", "_lo_m", "_hi_m"):
            row[name + suffix] = round(getattr(candidate, name + suffix), 2)
    return row | _geolocated_columns(scene, candidate, place, config)


def _draught_columns(candidate: Candidate) -> dict[str, Any]:
    """Draught from the freeboard, if any, and the usual depth for her length; weak, and flagged so by the detector."""
    if candidate.freeboard_m is None or candidate.freeboard_lo_m is None or candidate.freeboard_hi_m is None:
        return {}
    bounds = draught_from_freeboard(
        (candidate.length_lo_m, candidate.length_m, candidate.length_hi_m),
        (candidate.freeboard_lo_m, candidate.freeboard_m, candidate.freeboard_hi_m),
    )
    return dict(zip(("draught_lo_m", "draught_m", "draught_hi_m"), (round(b, 2) for b in bounds), strict=True))


def _measured_lines_geojson(scene: Scene, candidate: Candidate) -> str:
    """The edges a freeboard was read from, as GeoJSON in EPSG:4326; empty without any, or without geolocation."""
    if not candidate.lines or scene.geolocation is None:
        return ""
    features = []
    for kind, pixels in candidate.lines:
        lon, lat = scene.geolocation.lonlat(pixels[:, 0], pixels[:, 1])
        line = {"type": "LineString", "coordinates": np.column_stack([lon, lat]).round(7).tolist()}
        features.append({"type": "Feature", "properties": {"kind": kind}, "geometry": line})
    return json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"))


def _geolocated_columns(
    scene: Scene, candidate: Candidate, place: Place | None, config: DetectionConfig
) -> dict[str, Any]:
    """Position, outline, heading and context; empty where the image is not georeferenced."""
    if scene.geolocation is None:
        return {}
    lon, lat = (float(v) for v in scene.geolocation.lonlat(candidate.row, candidate.col))
    corner_lon, corner_lat = scene.geolocation.lonlat(candidate.outline[:, 0], candidate.outline[:, 1])
    outline = Polygon(np.column_stack([wrap_near(corner_lon, lon), corner_lat]).round(7))
    step = np.array(candidate.axis) / np.array(scene.pixel_spacing_m) * max(candidate.length_m, 20.0) / 2
    ahead = [float(v) for v in scene.geolocation.lonlat(candidate.row + step[0], candidate.col + step[1])]
    astern = [float(v) for v in scene.geolocation.lonlat(candidate.row - step[0], candidate.col - step[1])]
    heading = GEOD.inv(astern[0], astern[1], ahead[0], ahead[1])[0] % 360
    if not candidate.axis_points_to_bow:
        heading %= 180
    zone = zone_of(outline, place)
    context = "open_water"
    if zone is not None and zone.kind == "berth":
        context = "berth"
    elif _is_near_shore(lon, lat, place, config.screening.near_shore_m):
        context = "near_shore"
    return {
        "geometry": outline,
        "lon": round(lon, 6),
        "lat": round(lat, 6),
        "heading_deg": round(heading, 2),
        "berth_id": zone.zone_id if zone else "",
        "context": context,
    }


def _is_near_shore(lon: float, lat: float, place: Place | None, reach_m: float) -> bool:
    if place is None or place.land is None:
        return False
    lon_scale = np.cos(np.radians(lat))
    d_lat = 1.1 * reach_m / METRES_PER_DEGREE  # a little more than can count
    nearby_land = shapely.box(lon - d_lat / lon_scale, lat - d_lat, lon + d_lat / lon_scale, lat + d_lat).intersection(
        place.land
    )
    if nearby_land.is_empty:
        return False
    flat = shapely.transform(
        nearby_land, lambda xy: (xy - [lon, lat]) * [lon_scale * METRES_PER_DEGREE, METRES_PER_DEGREE]
    )
    return bool(shapely.distance(flat, shapely.Point(0, 0)) < reach_m)


def _detection_id(scene: Scene, candidate: Candidate) -> str:
    """Detection id: sixteen letters and digits, never a number, from scene, position, length and method."""
    row, col = candidate.row + scene.corner[0], candidate.col + scene.corner[1]
    text = f"{scene.scene_id}|{row:.1f}|{col:.1f}|{candidate.length_m:.0f}|{candidate.method}"
    return never_a_number(hashlib.sha256(text.encode()).hexdigest()[:16])
