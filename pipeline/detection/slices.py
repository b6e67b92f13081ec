"""Neighbouring slices of one pass: what both show is one sighting."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.types import SAME_PASS_S

if TYPE_CHECKING:
    from pipeline.types import FloatArray

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
    """Of each pair of sightings of one place, the id of the one that gives way; each makes one pair at most.

    The pairs are those that together come closest: rafted ships lie nearer to each other than ``SAME_PLACE_M``, and
    only her own second sighting may stand for a ship.
    """
    better, other = (d[d["accepted"].astype(bool) & d["lon"].notna()] for d in (better, other))
    mine, theirs = (d.sort_values("detection_id").to_dict("records") for d in (better, other))
    apart_m = _apart_m(*(np.array([[d["lon"], d["lat"]] for d in side]).reshape(-1, 2) for side in (mine, theirs)))
    out: set[str] = set()
    for i, j in zip(*linear_sum_assignment(np.minimum(apart_m - SAME_PLACE_M, 0.0)), strict=True):
        if apart_m[i, j] < SAME_PLACE_M:
            cut = "touches_edge" in mine[i]["flags"] and "touches_edge" not in theirs[j]["flags"]
            out.add(str((mine[i] if cut else theirs[j])["detection_id"]))
    return out


def _apart_m(lonlat: FloatArray, others: FloatArray) -> FloatArray:
    """Distance [m] of each point to each other one, shape (points, others)."""
    step = (others[None, :, :] - lonlat[:, None, :]) * _METRES_PER_DEGREE
    return np.hypot(step[..., 0] * np.cos(np.radians(lonlat[:, None, 1])), step[..., 1])
