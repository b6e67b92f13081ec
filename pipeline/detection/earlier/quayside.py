"""Estimate a quay's power from a single scene, where there are no earlier looks: what runs along the whole berth.

A quay, a pier or the land behind it is about equally bright all along; a hull takes up part of the berth. So the berth
is cut into strips along its long side, and a low quantile of each strip's power stands for the permanent part, which
is removed as in ``background``. Two limits: a crane is local too and is not told from a hull, and a hull as long as her
berth removes herself; such looks leave a berth unknown rather than empty (``occupancy``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from pipeline.detection.earlier.background import USUAL_QUANTILE
from pipeline.detection.earlier.berths import berth_axes, grown_berth_m, to_metres

if TYPE_CHECKING:
    from pipeline.detection.earlier.background import PowerLook
    from pipeline.detection.earlier.history import Cells
    from pipeline.types import FloatArray, Place

STRIP_M = 10.0  # one pixel of Sentinel-1
MIN_LENGTH_M = 150.0  # of a berth: one hull may cover a shorter one entirely (our choice)
MIN_CELLS = 24  # of a strip: fewer do not give a reliable quantile (our choice)


def quay_excess(look: PowerLook, cells: Cells, place: Place) -> FloatArray:
    """Power less the sea that runs along each berth, (bands, cells); NaN elsewhere and at short berths."""
    power = look.excess
    out = np.full(power.shape, np.nan)
    lonlat = np.column_stack([cells.lon, cells.lat])
    for zone in place.zones:
        if zone.kind != "berth":
            continue
        origin, along, across, length_m, _ = berth_axes(zone)
        if length_m < MIN_LENGTH_M:
            continue
        xy = to_metres(zone, lonlat)
        in_berth = np.flatnonzero(
            cells.berth & cells.wet & shapely.contains_xy(grown_berth_m(zone), xy[:, 0], xy[:, 1])
        )
        strip = np.floor((xy[in_berth] - origin) @ across / STRIP_M).astype(int)
        for n in np.unique(strip):
            in_strip = in_berth[strip == n]
            seen = in_strip[np.isfinite(power[:, in_strip]).all(axis=0)]
            reach = float(np.ptp((xy[seen] - origin) @ along)) if len(seen) else 0.0
            if len(seen) >= MIN_CELLS and reach >= MIN_LENGTH_M / 2:
                out[:, in_strip] = np.maximum(np.quantile(power[:, seen], USUAL_QUANTILE, axis=1), 0.0)[:, None]
    return out
