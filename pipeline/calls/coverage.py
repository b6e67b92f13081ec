"""Which zones each scene showed, how much of them, and why not more. An unseen berth is unknown, never empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from shapely import Polygon

from pipeline.tables import LOOKS
from pipeline.times_places.passes import passes
from pipeline.types import RADARS, USABLE_SHARE, Place

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

PARTLY_SHARE = 0.3  # share of a zone seen from which a look is partly usable (our choice)


def looks(
    scenes: pd.DataFrame, zone_covered: dict[str, dict[str, float]], detections: pd.DataFrame, place: Place
) -> pd.DataFrame:
    """One row per scene and zone. Duplicates of a scene give no look; a skipped scene is a look that saw nothing.

    The pictures of one pass are one look at a zone, named after the picture that shows most of it; whatever any of them
    shows there counts as seen in it.

    ``zone_covered`` gives the share of each zone validly seen, by scene and zone (cloud counts as unseen). A scene
    without an entry, if it was used at all, saw what its footprint holds, reduced by its cloud fraction: where the
    cloud lay is not known.
    """
    accepted = detections[detections["accepted"].astype(bool)]
    pass_of = passes(scenes)
    seen = accepted.groupby([accepted["scene_id"].map(pass_of), "berth_id"]).size()
    rows = []
    for scene in scenes.sort_values(["acquired", "scene_id"]).to_dict("records"):
        if scene["status"] == "duplicate_of":
            continue
        for zone in place.zones:
            share = _share_seen(scene, zone.zone_id, zone_covered, zone.geometry)
            if share is None:
                continue
            rows.append(
                {
                    "look_id": f"{scene['scene_id']}/{zone.zone_id}",
                    "scene_id": scene["scene_id"],
                    "zone_id": zone.zone_id,
                    "acquired": scene["acquired"],
                    "sensor": scene["sensor"],
                    "covered": min(1.0, share),
                    "n_detections": int(seen.get((pass_of[scene["scene_id"]], zone.zone_id), 0)),
                }
            )
    by_name = {str(scene["scene_id"]): scene for scene in scenes.to_dict("records")}
    zones = {zone.zone_id: zone.geometry for zone in place.zones}
    looks_with_state = [
        row
        | {"state": _look_state(row["covered"])}
        | {"cause": _cause(by_name[row["scene_id"]], row["covered"], zones[row["zone_id"]])}
        for row in _one_row_per_pass(rows, by_name, pass_of, place)
    ]
    return LOOKS.check(LOOKS.from_rows(looks_with_state))


def zone_covered(table: pd.DataFrame, scenes: pd.DataFrame) -> dict[str, dict[str, float]]:
    """The ``zone_covered`` argument of `looks`, recovered from the table that it made of these scenes.

    A scene without a row showed no more of any zone than another picture of its pass. A look without a share is given
    the least share that its state allows.
    """
    least = {"usable": 1.0, "partly": PARTLY_SHARE, "unknown": 0.0}
    shares = table["covered"].fillna(table["state"].map(least))
    out: dict[str, dict[str, float]] = {str(scene): {} for scene in scenes["scene_id"]}
    for scene, zone, share in zip(table["scene_id"], table["zone_id"], shares, strict=True):
        out.setdefault(str(scene), {})[str(zone)] = float(share)
    return out


def _one_row_per_pass(
    rows: list[dict[str, Any]], scenes: dict[str, dict[Any, Any]], pass_of: dict[str, str], place: Place
) -> list[dict[str, Any]]:
    """The rows without those that another picture of the pass matches; ``covered`` is what all show together."""
    zones = {zone.zone_id: zone.geometry for zone in place.zones}
    rows_of_pass: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda r: (-r["covered"], -_aoi_coverage(scenes[r["scene_id"]]), r["scene_id"])):
        if row["covered"] > 0:
            rows_of_pass.setdefault((pass_of[row["scene_id"]], row["zone_id"]), []).append(row)
    out = []
    for row in rows:
        same_pass = rows_of_pass.get((pass_of[row["scene_id"]], row["zone_id"]), [row])
        if same_pass[0] is row:
            parts = [(scenes[r["scene_id"]].get("footprint"), r["covered"]) for r in same_pass]
            out.append(row | {"covered": _share_seen_by_any(zones[row["zone_id"]], parts)})
    return out


def _share_seen_by_any(zone: BaseGeometry, parts: list[tuple[BaseGeometry | None, float]]) -> float:
    """Share of a zone that the pictures of one pass show together; ``parts`` are outlines and the share each shows.

    The slices of an overpass may cut a berth in two. Cloud lies at the same places in all of them, but where within one
    is not known: what two slices show is seen as far as it is clear in the clearer one.
    """
    largest_share = max(share for _, share in parts)
    overlaps = [(outline.intersection(zone), share) for outline, share in parts if outline is not None]
    clear = [(min(1.0, share * zone.area / part.area), part) for part, share in overlaps if part.area > 0]
    together, seen = 0.0, Polygon()
    for share, part in sorted(clear, key=lambda overlap: -overlap[0]) if len(parts) > 1 else ():
        together += share * part.difference(seen).area / zone.area
        seen = seen.union(part)
    return min(1.0, max(largest_share, together))


def _aoi_coverage(scene: dict[Any, Any]) -> float:
    share = scene["aoi_coverage"]
    return 0.0 if share is None or pd.isna(share) else float(share)


def _look_state(share: float) -> str:
    return "usable" if share >= USABLE_SHARE else "partly" if share >= PARTLY_SHARE else "unknown"


def _share_seen(
    scene: dict[str, object], zone_id: str, zone_covered: dict[str, dict[str, float]], geometry: object
) -> float | None:
    """Share of the zone seen; 0 for a scene that failed over it; None where the scene was never near."""
    if scene["status"] == "skipped":
        outline = scene.get("footprint")
        near = outline is None or outline.intersects(geometry)  # type: ignore[attr-defined]
        return 0.0 if near else None
    known = zone_covered.get(str(scene["scene_id"]))
    if known is not None:
        return float(known[zone_id]) if zone_id in known else 0.0
    outline = scene.get("footprint")
    if outline is None:
        return 0.0
    cloud = scene.get("cloud_fraction")
    clear = 1.0 if cloud is None or pd.isna(cloud) else 1.0 - float(cloud)  # type: ignore[arg-type]
    return clear * float(outline.intersection(geometry).area / geometry.area)  # type: ignore[attr-defined]


def _cause(scene: dict[str, Any], share: float, zone: BaseGeometry) -> str:
    if share >= USABLE_SHARE:
        return ""
    if scene["status"] == "skipped":
        return str(scene["cause"])
    cloud = scene.get("cloud_fraction")
    if scene["status"] == "used" and scene["cause"]:  # its detector's own text on what it could not see
        hidden = "hidden (cloud, haze, silt, glint), " if cloud is not None and cloud > 0 else ""
        return f"{hidden}outside the image, or {scene['cause']}"
    if cloud is not None and not pd.isna(cloud):
        return "hidden (cloud, haze, silt, glint) or outside the image"
    if scene["sensor"] in RADARS:
        outline = scene.get("footprint")
        inside = 0.0 if outline is None else outline.intersection(zone).area / zone.area
        edge = "outside the image, or " if inside < USABLE_SHARE else ""
        return f"{edge}not measured, or the sea there hides small tankers from radar"
    doubts = f" ({scene['cause']})" if scene["status"] == "degraded" else ""
    return f"outside the image, or no usable water was found in it{doubts}"
