"""Builds the scenes table: one row per input, used or not, with the cause, and with unique names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError, is_utf8, printable
from pipeline.ingest.duplicates import Duplicate
from pipeline.ingest.found import Found
from pipeline.ingest.hashing import sha256_of
from pipeline.ingest.metadata.side_files import side_files, to_lines
from pipeline.tables import SCENES
from pipeline.types import TO_THE_MOMENT, Scene

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class OpenedInput:
    """One input and its outcome so far."""

    found: Found
    scene: Scene | None
    cause: str = ""  # why it is skipped
    coverage: float | None = None
    doubt: str = ""  # why it is degraded


def scenes_table(opened: Sequence[OpenedInput], duplicates: dict[str, Duplicate]) -> pd.DataFrame:
    """The scenes table of these inputs, in order of time; ``duplicates``: by the scene_id of the one left out."""
    rows = _with_numbered_names([_row(item, duplicates) for item in opened])
    table = SCENES.from_rows(rows).sort_values(["acquired", "scene_id"], na_position="last", kind="stable")
    return SCENES.check(table)


def with_unique_names(opened: list[OpenedInput]) -> list[OpenedInput]:
    """Add part of the hash to the names of scenes that would otherwise be equal."""
    counts = Counter(item.scene.scene_id for item in opened if item.scene is not None)
    out = []
    seen: Counter[str] = Counter()
    for item in opened:
        if item.scene is not None and counts[item.scene.scene_id] > 1:
            name = f"{item.scene.scene_id}-{item.scene.source.sha256[:8]}"
            seen[name] += 1
            name = name if seen[name] == 1 else f"{name}-{seen[name]}"
            item = replace(item, scene=replace(item.scene, scene_id=name))
        out.append(item)
    return out


def _row(item: OpenedInput, duplicates: dict[str, Duplicate]) -> dict[str, Any]:
    if item.scene is None:
        path = item.found.path
        return {
            "scene_id": item.found.name or path.name,
            "sensor": str(item.found.sensor or ""),
            "platform": item.found.platform,
            "acquired": item.found.acquired,
            "acquired_precision": TO_THE_MOMENT if item.found.acquired else "",
            "footprint": item.found.footprint,
            "status": "skipped",
            "cause": item.cause,
            "href": str(path) if is_utf8(path) else printable(path),
            "sha256": _hash_or_empty(path),
            "side_files": to_lines(side_files(path)) if is_utf8(path) else [],
            "verified": False,
            "simulated": False,
        }
    scene = item.scene
    duplicate = duplicates.get(scene.scene_id)
    doubts = [*_fetch_doubts(item.found.doubt, scene), *scene.degraded, *([item.doubt] if item.doubt else [])]
    cause = item.cause or (duplicate.cause if duplicate else "; ".join(doubts))
    status = "skipped" if item.cause else "duplicate_of" if duplicate else "degraded" if doubts else "used"
    return {
        "scene_id": scene.scene_id,
        "sensor": str(scene.sensor),
        "platform": scene.platform,
        "acquired": scene.acquired,
        "acquired_precision": scene.acquired_precision,
        "relative_orbit": scene.radar.relative_orbit if scene.radar else None,
        "pass_direction": (scene.radar.pass_direction or "") if scene.radar else "",
        "pixel_spacing_m": float(np.sqrt(scene.pixel_spacing_m[0] * scene.pixel_spacing_m[1])),
        "bands": list(scene.bands),
        "footprint": scene.footprint,
        "aoi_coverage": item.coverage,
        "cloud_fraction": scene.optical.cloud_fraction if scene.optical else None,
        "status": status,
        "cause": cause,
        "duplicate_of": duplicate.of if duplicate and not item.cause else "",
        "href": scene.source.href,
        "sha256": scene.source.sha256,
        "side_files": to_lines(scene.source.side_files),
        "verified": scene.source.verified,
        "simulated": scene.simulated,
    }


def _fetch_doubts(doubt: str, scene: Scene) -> list[str]:
    """What was odd about a fetched image, unless its own reader says so."""
    return [f"{doubt} (alike when fetched anew)"] if doubt and not any(doubt in d for d in scene.degraded) else []


def _with_numbered_names(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Number rows with equal names (files in several folders that could not be opened)."""
    seen: Counter[str] = Counter()
    out = []
    for row in rows:
        name = row["scene_id"]
        seen[name] += 1
        out.append(row if seen[name] == 1 else row | {"scene_id": f"{name} ({seen[name]})"})
    return out


def _hash_or_empty(path: Path) -> str:
    try:
        return sha256_of(path) if path.is_file() and not path.is_symlink() else ""
    except InputError:
        return ""
