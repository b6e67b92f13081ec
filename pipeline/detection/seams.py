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

CUT_FLAG, JOINED_FLAG = "touches_edge", "joined"


@dataclass(frozen=True, slots=True)
class EnclosingRectangle:
    """The smallest rectangle around two parts, in EPSG:4326, and its sides."""

    outline: shapely.Polygon
    length_m: float
    beam_m: float


def is_cut(sighting: pd.Series) -> bool:
    """Does the edge of the image cut this sighting?"""
    return CUT_FLAG in sighting["flags"]


def may_be_parts_of_one_hull(first: pd.Series, second: pd.Series) -> bool:
    """May two sightings, at least one of them cut, be parts of one hull, or one of them a part of the other?

    Together they must be no broader than both may be, and no longer than the two parts, or than the one that is whole.
    """
    cut = [is_cut(first), is_cut(second)]
    if not any(cut):
        return False
    longest = [float(part["length_hi_m"]) for part in (first, second)]
    reach_m = sum(longest) if all(cut) else longest[cut.index(False)]
    whole = enclosing_rectangle(first, second)
    return whole.length_m <= reach_m and whole.beam_m <= float(first["beam_hi_m"]) + float(second["beam_hi_m"])


def enclosing_rectangle(first: pd.Series, second: pd.Series) -> EnclosingRectangle:
    """The smallest rectangle that holds both outlines."""
    middle = np.array([first["lon"], first["lat"]], float)
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(middle[1])), 1.0])
    both = shapely.union_all([first["geometry"], second["geometry"]])
    box = shapely.oriented_envelope(shapely.transform(both, lambda at: (at - middle) * scale))
    corners = shapely.get_coordinates(box)
    sides = np.hypot(*(corners[1:3] - corners[:2]).T)
    outline = shapely.transform(box, lambda at: (at / scale + middle).round(7))
    return EnclosingRectangle(outline, float(sides.max()), float(sides.min()))


def joined_columns(kept: pd.Series, repeat: pd.Series) -> dict[str, Any]:
    """Columns of DETECTIONS of a cut sighting, updated with the other part of the hull.

    The relative error of the length is that of the parts. Beam, heading and the flag that the edge cuts her stay those
    of ``kept``, since a sighting of the whole hull is better evidence.
    """
    whole = enclosing_rectangle(kept, repeat)
    share = whole.length_m / (float(kept["length_m"]) + float(repeat["length_m"]))
    located = kept if kept["berth_id"] else repeat
    centre = whole.outline.centroid
    evidence = f"cut by the seam of two images: {kept['length_m']:.0f} m here, {repeat['length_m']:.0f} m in the other"
    return {
        "geometry": whole.outline,
        "lon": round(centre.x, 6),
        "lat": round(centre.y, 6),
        "length_m": round(whole.length_m, 2),
        "length_lo_m": round(share * float(kept["length_lo_m"] + repeat["length_lo_m"]), 2),
        "length_hi_m": round(min(share * float(kept["length_hi_m"] + repeat["length_hi_m"]), LONGEST_M), 2),
        "tanker_score": round(tanker_score(whole.length_m), 4),
        "berth_id": located["berth_id"],
        "context": located["context"],
        "flags": [*kept["flags"], JOINED_FLAG],
        "flag_evidence": "; ".join(text for text in (kept["flag_evidence"], evidence) if text),
    }
