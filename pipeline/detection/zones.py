"""Zones in an image: which one a hull lies in, and the share of each that was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from shapely.geometry import Polygon

from pipeline.times_places.inside import points_inside
from pipeline.times_places.nested import inner_first
from pipeline.types import Place, Scene, Window, Zone

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import FloatImage

SIDE_POINTS = 64  # each way, of the grid on which a zone's cover is counted: good to about 2 %


def zone_of(outline: Polygon, place: Place | None) -> Zone | None:
    """The zone that holds most of a hull: at least a third of it, or its centre; berths before anchorages.

    A part that lies in several zones of a kind counts for the smallest of them (`inner_first`).
    """
    if place is None:
        return None
    best: tuple[Zone, float] | None = None
    counted: BaseGeometry = Polygon()
    for zone in inner_first(place.zones):
        if best is not None and zone.kind != best[0].kind:
            break
        overlap = outline.intersection(zone.geometry)
        share = overlap.area / outline.area if outline.area > 0 else 0.0
        if share >= 1 / 3 or zone.geometry.contains(outline.centroid):
            own = overlap.difference(counted).area
            best = (zone, own) if best is None or own > best[1] else best
            counted = counted.union(overlap)
    return best[0] if best is not None else None


def zone_pixels(scene: Scene, zone: Zone) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Rows and columns of a grid of points inside a zone, as far as within the image, and the number of all points."""
    west, south, east, north = zone.geometry.bounds
    lon, lat = np.meshgrid(np.linspace(west, east, SIDE_POINTS), np.linspace(south, north, SIDE_POINTS))
    inside = points_inside(zone.geometry, lon, lat)
    nothing = np.zeros(0, np.intp)
    if scene.geolocation is None or not inside.any():
        return nothing, nothing, int(inside.sum())
    row, col = scene.geolocation.rowcol(lon[inside], lat[inside])
    with np.errstate(invalid="ignore"):
        here = (row >= -0.5) & (row <= scene.shape[0] - 0.5) & (col >= -0.5) & (col <= scene.shape[1] - 0.5)
    r = np.clip(np.rint(row[here]), 0, scene.shape[0] - 1).astype(np.intp)
    c = np.clip(np.rint(col[here]), 0, scene.shape[1] - 1).astype(np.intp)
    return r, c, int(inside.sum())


def zone_shares(
    scene: Scene, place: Place | None, seen_weight: Callable[[Window], FloatImage] | None = None
) -> dict[str, float]:
    """Share of each zone covered by the image's valid pixels, weighted by ``seen_weight``; clouds are not considered.

    Zero for a zone outside the image.
    """
    if place is None or scene.geolocation is None:
        return {}
    return {zone.zone_id: round(valid_share(scene, zone, seen_weight), 4) for zone in place.zones}


def valid_share(scene: Scene, zone: Zone, seen_weight: Callable[[Window], FloatImage] | None = None) -> float:
    """Valid share of a zone's points, weighted by ``seen_weight``."""
    r, c, total = zone_pixels(scene, zone)
    if not len(r):
        return 0.0
    window = Window(int(r.min()), int(c.min()), int(np.ptp(r)) + 1, int(np.ptp(c)) + 1)
    seen = scene.read(window).valid * (1 if seen_weight is None else seen_weight(window))
    return float(seen[r - window.row0, c - window.col0].sum() / total)
