"""How much of a place a scene covers: with measured pixels, and with its frame."""

from __future__ import annotations

import numpy as np
import shapely

from pipeline.ingest.geolocation import grid_points, is_inside
from pipeline.ingest.scenes import measured
from pipeline.types import Place, Scene, Window

_POINTS = 40  # per side: coverage to 0.1 % of the AOI
_READ_LIMIT_PX = 30_000_000  # for an AOI with more pixels only the image's outline is used


def aoi_coverage(scene: Scene, place: Place) -> tuple[float, float] | None:
    """Shares of the AOI's box that the scene measured and that its frame covers; None without georeference.

    If the AOI has at most 30 million pixels they are read, so that nodata counts as not seen.
    """
    if scene.geolocation is None:
        return None
    row, col = scene.geolocation.rowcol(*grid_points(place.bbox, _POINTS))
    shown = is_inside(row, col, scene.shape)
    if not shown.any():  # smaller than the grid's spacing, or elsewhere
        box = shapely.box(*place.bbox)
        tiny = scene.footprint.intersection(box).area / box.area if scene.footprint is not None else 0.0
        return tiny, tiny
    r, c = np.rint(row[shown]).astype(int), np.rint(col[shown]).astype(int)
    window = Window(int(r.min()), int(c.min()), int(np.ptp(r)) + 1, int(np.ptp(c)) + 1)
    if window.rows * window.cols > _READ_LIMIT_PX:
        return float(shown.mean()), float(shown.mean())
    seen = 0
    for top in range(window.row0, window.row1, 512):
        part = Window(top, window.col0, min(512, window.row1 - top), window.cols)
        is_in_part = (r >= part.row0) & (r < part.row1)
        if is_in_part.any():
            seen += int(measured(scene, part)[r[is_in_part] - part.row0, c[is_in_part] - part.col0].sum())
    return seen / shown.size, float(shown.mean())
