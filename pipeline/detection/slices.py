"""Several pictures of one pass: what they both show is one sighting."""

from __future__ import annotations

from itertools import combinations

import pandas as pd

from pipeline.times_places.passes import passes, twins

FLAG = "neighbouring_slice"


def flag_repeats(detections: pd.DataFrame, scenes: pd.DataFrame) -> pd.DataFrame:
    """The detections, with those flagged (and not accepted) that a picture of their pass shows as well, or better.

    Of two sightings of one ship the one stays that does not touch the image's edge, else the one in the scene that
    shows more of the AOI, else the first by scene_id.
    """
    known = scenes[scenes["acquired"].notna() & scenes["status"].isin(["used", "degraded"])]
    known = known.sort_values(["aoi_coverage", "scene_id"], ascending=[False, True])
    repeated: set[str] = set()
    for _, pictures in known.groupby(known["scene_id"].map(passes(known)), sort=True):
        for pair in combinations(pictures["scene_id"], 2):
            repeated |= _repeats(*(detections[detections["scene_id"] == scene_id] for scene_id in pair))
    if not repeated:
        return detections
    again = detections["detection_id"].isin(repeated)
    flags = [[*f, FLAG] if a else f for f, a in zip(detections["flags"], again, strict=True)]
    return detections.assign(flags=flags, accepted=detections["accepted"].astype(bool) & ~again)


def _repeats(better: pd.DataFrame, other: pd.DataFrame) -> set[str]:
    """Of each pair of sightings of one ship, the id of the one that gives way."""
    better, other = (
        d[d["accepted"].astype(bool) & d["lon"].notna()].sort_values("detection_id") for d in (better, other)
    )
    out: set[str] = set()
    for i, j in twins(*(side[["lon", "lat"]].to_numpy(float) for side in (better, other))):
        mine, hers = better.iloc[i], other.iloc[j]
        cut = "touches_edge" in mine["flags"] and "touches_edge" not in hers["flags"]
        out.add(str((mine if cut else hers)["detection_id"]))
    return out
