"""Neighbouring slices of one pass: what both show is one sighting."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from pipeline.types import SAME_PASS_S

SAME_PLACE_M = 100.0  # our choice: slices of one pass differ by metres, ships under way by 12 m/s * 8 s of overlap
FLAG = "neighbouring_slice"
_METRES_PER_DEGREE = 111_320.0


def flag_repeats(detections: pd.DataFrame, scenes: pd.DataFrame) -> pd.DataFrame:
    """The detections, with those flagged (and not accepted) that a neighbouring slice shows as well, or better.

    Slices are scenes of one sensor and platform within `SAME_PASS_S`. Of two sightings of one place the one stays that
    does not touch the image's edge, else the one in the scene that shows more of the AOI, else the first by scene_id.
    """
    known = scenes[scenes["acquired"].notna() & scenes["status"].isin(["used", "degraded"])]
    known = known.sort_values(["aoi_coverage", "scene_id"], ascending=[False, True])
    repeated: set[str] = set()
    for better, other in combinations(known.to_dict("records"), 2):
        same_kind = (better["sensor"], better["platform"]) == (other["sensor"], other["platform"])
        if not same_kind or abs((better["acquired"] - other["acquired"]).total_seconds()) > SAME_PASS_S:
            continue
        repeated |= _repeats(*(detections[detections["scene_id"] == s["scene_id"]] for s in (better, other)))
    if not repeated:
        return detections
    again = detections["detection_id"].isin(repeated)
    flags = [[*f, FLAG] if a else f for f, a in zip(detections["flags"], again, strict=True)]
    return detections.assign(flags=flags, accepted=detections["accepted"].astype(bool) & ~again)


def _repeats(better: pd.DataFrame, other: pd.DataFrame) -> set[str]:
    """Of each pair at one place, the id of the one that gives way."""
    better, other = (d[d["accepted"].astype(bool) & d["lon"].notna()] for d in (better, other))
    out: set[str] = set()
    for row in better.itertuples():
        east_m = (other["lon"] - row.lon) * _METRES_PER_DEGREE * np.cos(np.radians(row.lat))
        apart_m = np.hypot(east_m, (other["lat"] - row.lat) * _METRES_PER_DEGREE)
        for twin in other[apart_m < SAME_PLACE_M].itertuples():
            cut = "touches_edge" in row.flags and "touches_edge" not in twin.flags
            out.add(row.detection_id if cut else twin.detection_id)
    return out
