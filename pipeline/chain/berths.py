"""The table of berth verdicts: every berth in every scene, seen or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.tables import OCCUPANCY

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.types import Place


def occupancy(
    scenes: pd.DataFrame, diagnostics: Mapping[str, Mapping[str, Any]], place: Place, backgrounds: Mapping[str, str]
) -> pd.DataFrame:
    """The OCCUPANCY table: the detector's verdict on each berth, unknown where it gave none; ``diagnostics`` by scene.

    ``backgrounds`` names the raster for each scene whose quays were known from other looks. Duplicates do not count as
    looks.
    """
    berths = [zone.zone_id for zone in place.zones if zone.kind == "berth"]
    rows = []
    for scene in scenes.sort_values(["acquired", "scene_id"]).to_dict("records"):
        if scene["status"] == "duplicate_of":
            continue
        name = str(scene["scene_id"])
        verdicts = {row["zone_id"]: row for row in diagnostics.get(name, {}).get("berths", [])}
        for zone_id in berths:
            row = verdicts.get(zone_id, _unknown_row(zone_id))
            rows.append(
                {"look_id": f"{name}/{zone_id}", "scene_id": name, "acquired": scene["acquired"],
                 "sensor": scene["sensor"]}
                | row
                | {"background": backgrounds.get(name, "") if row["basis"] == "background" else "",
                   "cause": _cause(row, scene)}
            )  # fmt: skip
    return OCCUPANCY.check(OCCUPANCY.from_rows(rows))


def _unknown_row(zone_id: str) -> dict[str, Any]:
    return {"zone_id": zone_id, "verdict": "unknown", "probability": None, "n_hulls": 0, "basis": "none",
            "n_background": 0, "detection_ids": []}  # fmt: skip


def _cause(row: Mapping[str, Any], scene: Mapping[Any, Any]) -> str:
    if row["verdict"] != "unknown":
        return ""
    # The detector's own account of what it could not see
    scene_cause = scene["cause"] if scene["status"] == "used" else ""
    if row["probability"] is None:
        if scene["status"] == "skipped":
            return str(scene["cause"])
        return f"outside the image, or {scene_cause or 'cloud'}"
    # Imported here, since a cached answer needs no detection
    from pipeline.detection.earlier.occupancy import SURE_PROBABILITY

    if row["probability"] <= 1 - SURE_PROBABILITY:  # it would be empty if the look were usable there
        return "not all of the berth was seen well enough"
    return f"the pixels are inconclusive{f'; {scene_cause}' if scene_cause else ''}"
