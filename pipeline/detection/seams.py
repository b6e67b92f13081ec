"""Join a hull that the seam between two images of one pass cuts in two.

The middles of the two parts of a long hull are further apart than two sightings of one ship ever are, so outlines are
compared instead: parts of one hull lie on one line, and together are no longer than the parts allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from pipeline.detection.screening import tanker_score
from pipeline.ships.largest import LONGEST_M
from pipeline.units import METRES_PER_DEGREE

CUT, JOINED = "touches_edge", "joined"


@dataclass(frozen=True, slots=True)
class Whole:
    """The smallest rectangle around two parts, in EPSG:4326, and its sides."""

    outline: shapely.Polygon
    length_m: float
    beam_m: float


def is_cut(sighting: pd.Series) -> bool:
    """Does the edge of the image cut this sighting?"""
    return CUT in sighting["flags"]


def parts_of_one(one: pd.Series, other: pd.Series) -> bool:
    """May two sightings, at least one of them cut, be parts of one hull, or one of them a part of the other?

    Together they must be no broader than both may be, and no longer than the two parts, or than the one that is whole.
    """
    cut = [is_cut(one), is_cut(other)]
    if not any(cut):
        return False
    longest = [float(part["length_hi_m"]) for part in (one, other)]
    reach_m = sum(longest) if all(cut) else longest[cut.index(False)]
    whole = around(one, other)
    return whole.length_m <= reach_m and whole.beam_m <= float(one["beam_hi_m"]) + float(other["beam_hi_m"])


def around(one: pd.Series, other: pd.Series) -> Whole:
    """The smallest rectangle that holds both outlines."""
    middle = np.array([one["lon"], one["lat"]], float)
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(middle[1])), 1.0])
    both = shapely.union_all([one["geometry"], other["geometry"]])
    box = shapely.oriented_envelope(shapely.transform(both, lambda at: (at - middle) * scale))
    corners = shapely.get_coordinates(box)
    sides = np.hypot(*(corners[1:3] - corners[:2]).T)
    outline = shapely.transform(box, lambda at: (at / scale + middle).round(7))
    return Whole(outline, float(sides.max()), float(sides.min()))


def joined(stays: pd.Series, goes: pd.Series) -> dict[str, Any]:
    """Columns of DETECTIONS of a cut sighting, updated with the other part of the hull.

    The relative error of the length is that of the parts. Beam, heading and the flag that the edge cuts her stay those
    of ``stays``, since a sighting of the whole hull is better evidence.
    """
    whole = around(stays, goes)
    share = whole.length_m / (float(stays["length_m"]) + float(goes["length_m"]))
    place = stays if stays["berth_id"] else goes
    centre = whole.outline.centroid
    told = f"cut by the seam of two images: {stays['length_m']:.0f} m here, {goes['length_m']:.0f} m in the other"
    return {
        "geometry": whole.outline,
        "lon": round(centre.x, 6),
        "lat": round(centre.y, 6),
        "length_m": round(whole.length_m, 2),
        "length_lo_m": round(share * float(stays["length_lo_m"] + goes["length_lo_m"]), 2),
        "length_hi_m": round(min(share * float(stays["length_hi_m"] + goes["length_hi_m"]), LONGEST_M), 2),
        "tanker_score": round(tanker_score(whole.length_m), 4),
        "berth_id": place["berth_id"],
        "context": place["context"],
        "flags": [*stays["flags"], JOINED],
        "flag_evidence": "; ".join(text for text in (stays["flag_evidence"], told) if text),
    }
