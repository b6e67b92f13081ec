"""Merge sightings of one ship in several images of one pass."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.detection.seams import is_cut, joined_columns, may_be_parts_of_one_hull
from pipeline.times_places.passes import passes, twins

FLAG = "neighbouring_slice"


def flag_repeats(detections: pd.DataFrame, scenes: pd.DataFrame) -> pd.DataFrame:
    """The detections, with repeats in another image of the same pass flagged and not accepted.

    Of two sightings of one ship the one kept is that which does not touch the image's edge, else the one in the scene
    that shows more of the AOI, else the first by scene_id. Of two that an edge cuts the longer is kept, and joined with
    the other.
    """
    usable = scenes[scenes["acquired"].notna() & scenes["status"].isin(["used", "degraded"])]
    usable = usable.sort_values(["aoi_coverage", "scene_id"], ascending=[False, True])
    repeated: set[str] = set()
    whole: dict[str, dict[str, Any]] = {}
    for _, images in usable.groupby(usable["scene_id"].map(passes(usable)), sort=True):
        for pair in combinations(images["scene_id"], 2):
            for kept, repeat in _repeated_pairs(*(detections[detections["scene_id"] == scene_id] for scene_id in pair)):
                repeated.add(str(repeat["detection_id"]))
                if is_cut(kept) and is_cut(repeat):
                    whole[str(kept["detection_id"])] = joined_columns(kept, repeat)
    if not repeated:
        return detections
    detections = _with_joined_hulls(detections, {k: v for k, v in whole.items() if k not in repeated})
    is_repeat = detections["detection_id"].isin(repeated)
    flags = [[*f, FLAG] if a else f for f, a in zip(detections["flags"], is_repeat, strict=True)]
    return detections.assign(flags=flags, accepted=detections["accepted"].astype(bool) & ~is_repeat)


def _with_joined_hulls(detections: pd.DataFrame, whole: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """The detections, with those of cut hulls replaced by the joined hull."""
    for name in next(iter(whole.values()), {}):
        values = zip(detections["detection_id"], detections[name], strict=True)
        column = [whole[n][name] if n in whole else value for n, value in values]
        detections = detections.assign(**{name: pd.Series(column, detections.index, detections[name].dtype)})
    return detections


def _repeated_pairs(better: pd.DataFrame, other: pd.DataFrame) -> Iterator[tuple[pd.Series, pd.Series]]:
    """Pairs of sightings of one ship: the one kept, and the one flagged."""
    better, other = (
        d[d["accepted"].astype(bool) & d["lon"].notna()].sort_values("detection_id") for d in (better, other)
    )
    pairs = twins(*(side[["lon", "lat"]].to_numpy(float) for side in (better, other)))
    for i, j in [*pairs, *_cut_pairs(better, other, pairs)]:
        kept, repeat = better.iloc[i], other.iloc[j]
        if is_cut(kept) and (not is_cut(repeat) or repeat["length_m"] > kept["length_m"]):
            kept, repeat = repeat, kept
        yield kept, repeat


def _cut_pairs(better: pd.DataFrame, other: pd.DataFrame, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Index pairs of sightings not in ``pairs`` that show parts of one hull; as many pairs as possible."""
    unpaired = [
        [n for n in range(len(side)) if n not in taken]
        for side, taken in zip((better, other), map(set, zip(*pairs, strict=True) if pairs else ((), ())), strict=True)
    ]
    fits = np.array(
        [[may_be_parts_of_one_hull(better.iloc[i], other.iloc[j]) for j in unpaired[1]] for i in unpaired[0]], bool
    )
    if not fits.any():
        return []
    rows, cols = linear_sum_assignment(fits, maximize=True)
    return [(unpaired[0][i], unpaired[1][j]) for i, j in zip(rows, cols, strict=True) if fits[i, j]]
