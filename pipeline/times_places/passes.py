"""Groups images into passes: one look at a place, however many images of it were taken within moments.

Slices of one overpass, successive images by an agile satellite, and images by satellites flying in formation show the
same ships at the same places: no ship arrives or leaves in between. What was seen, what was not seen, and the recall of
a look are therefore evaluated per pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.types import SAME_PASS_S
from pipeline.units import METRES_PER_DEGREE

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.types import FloatArray

SAME_PLACE_M = 100.0  # our choice: images of one pass differ by metres, ships under way by 12 m/s * 8 s of overlap


def passes(*tables: pd.DataFrame) -> dict[str, str]:
    """The pass of each scene, named after its first scene, from tables with scene_id, sensor and acquired.

    Scenes of one sensor belong to one pass if consecutive ones are no more than ``SAME_PASS_S`` apart. The platform is
    ignored: not every table has it, and a look does not depend on which satellite took it. A scene without a time is
    its own pass. If a scene is in several rows, the earliest time is used.
    """
    when: dict[str, tuple[str, float]] = {}
    out: dict[str, str] = {}
    for table in tables:
        known = table["acquired"].notna().to_numpy(bool)
        out |= {str(name): str(name) for name in table["scene_id"][~known]}
        rows = table[known].groupby("scene_id", sort=True).agg({"sensor": "first", "acquired": "min"})
        seconds = rows["acquired"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
        for name, sensor, second in zip(rows.index, rows["sensor"].fillna(""), seconds, strict=True):
            former = when.get(str(name), (str(sensor), float(second)))
            when[str(name)] = (former[0] or str(sensor), min(former[1], float(second)))
    before: tuple[str, float] | None = None
    first = ""
    for sensor, second, name in sorted((sensor, second, name) for name, (sensor, second) in when.items()):
        if before is None or before[0] != sensor or second - before[1] > SAME_PASS_S:
            first = name
        out[name], before = first, (sensor, second)
    return out


def twins(lonlat: FloatArray, others: FloatArray) -> list[tuple[int, int]]:
    """Index pairs of points, shape (points, 2) each [deg], that show one ship in two images of one pass.

    Each point is in at most one pair, and the assignment minimises the total distance: rafted ships lie closer to each
    other than ``SAME_PLACE_M``, and a ship must be paired only with its own second sighting.
    """
    step = (others.reshape(1, -1, 2) - lonlat.reshape(-1, 1, 2)) * METRES_PER_DEGREE
    apart_m = np.hypot(step[..., 0] * np.cos(np.radians(lonlat.reshape(-1, 1, 2)[..., 1])), step[..., 1])
    rows, cols = linear_sum_assignment(np.minimum(apart_m - SAME_PLACE_M, 0.0))
    return [(int(i), int(j)) for i, j in zip(rows, cols, strict=True) if apart_m[i, j] < SAME_PLACE_M]
