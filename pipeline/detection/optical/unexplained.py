"""Berths of fine images in which something the size of a hull stands out of the water but no accepted ship explains it.

Where no map shows the quay, or shows it metres inland, a hull alongside and the quay are one bright area that no
rectangle fits, so she is not accepted. What runs along the whole berth is quay, as in `earlier.quayside`; what reaches
further over the water along a part of it may be a hull, and such a berth is not known to be empty. The map's land
counts as land, except where it looks like water along a hull's length: then the map's coast lies too far out, and a
hull may lie on its land.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage

from pipeline.detection import screening
from pipeline.detection.candidates import Candidate
from pipeline.detection.earlier.berths import berth_axes, to_lonlat
from pipeline.detection.optical.clouds import CloudMap, averaged_tile
from pipeline.detection.optical.discs import open_with_disc
from pipeline.detection.optical.first_look import COARSE_FROM_M, FirstLook
from pipeline.detection.optical.objects import object_floor
from pipeline.detection.optical.water import Levels, normalise
from pipeline.times_places.inside import points_inside
from pipeline.types import USABLE_SHARE, Place, Scene, Window, Zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from pipeline.config import DetectionConfig
    from pipeline.types import BoolImage, FloatArray

LEAST_HULL_M = (30.0, 6.0)  # length and beam of the smallest hull that counts (our choice)
QUAY_QUANTILE = 0.1  # of the depth along a berth: a hull may lie along nine tenths of it (our choice)
SLANTS = np.linspace(-0.06, 0.06, 13)  # of a quay against its berth's outline, which is drawn by hand (our choice)
GAP_M = 10.0  # dark places in a hull, such as the shadow of a house, up to this long are part of it (our choice)
BESIDE_SHIP_M = 5.0  # what is bright this near to an accepted ship is her own rim, fenders or quay (our choice)
# A berth counts as seen by this share: as likely a hull as quay, gear or boats (our choice, as on radar)
RECALL = 0.5
BLOCK_M = 1.5  # finer pixels are averaged to about this, as in the search
UNEXPLAINED = (
    "at {berths} something as large as a hull stands out of the water, but no ship could be outlined: whether one lies "
    "there is unknown"
)


def unexplained_berths(
    scene: Scene, place: Place | None, first_look: FirstLook, found: Sequence[Candidate], config: DetectionConfig,
    seen: Mapping[str, float],
) -> list[str]:  # fmt: skip
    """Names of the berths without an accepted ship in which a hull may lie, in a fine image.

    ``found`` are all candidates of the scene, ``seen`` is the share of each zone that was seen. Berths that were not
    seen well enough to be called empty are left out, and so are coarse images, where none ever is.
    """
    levels, clouds, spacing = first_look.levels, first_look.clouds, float(np.mean(scene.pixel_spacing_m))
    if place is None or clouds is None or scene.geolocation is None or spacing >= COARSE_FROM_M:
        return []
    zones = [z for z in place.zones if z.kind == "berth" and seen.get(z.zone_id, 0.0) >= USABLE_SHARE]
    flagged = [screening.with_screening_flags(c, config.screening) for c in found]
    accepted = [c for c in flagged if screening.is_accepted(c, config.screening)]
    factor, sigmas = max(1, round(BLOCK_M / spacing)), config.optical.contrast_sigmas
    lon, lat = scene.geolocation.lonlat(np.array([c.row for c in accepted]), np.array([c.col for c in accepted]))
    reach = BESIDE_SHIP_M / spacing
    ships = shapely.union_all([shapely.Polygon(c.outline[:, ::-1]).buffer(reach) for c in accepted])
    out = []
    for zone in zones:
        if shapely.contains_xy(zone.geometry, lon, lat).any():
            continue
        images = _bright_water(scene, zone, levels, clouds, ships, factor=factor, sigmas=sigmas)
        if images is not None and longest_excess_m(*images, spacing * factor) >= LEAST_HULL_M[0]:
            out.append(zone.zone_id)
    return out


def longest_excess_m(bright: BoolImage, unexplained: BoolImage, inside: BoolImage, step_m: float) -> float:
    """Length [m] along which unexplained bright water is a hull's beam deeper than the quay.

    Images are (across, along) a berth: what is bright, as far as no ship explains it, and what is inside the berth.

    >>> bright = np.zeros((10, 60), bool)
    >>> bright[:2] = True  # 6 m of quay along all of the berth
    >>> longest_excess_m(bright, bright, np.ones_like(bright), 3.0)
    0.0
    >>> bright[:6, 20:40] = True
    >>> longest_excess_m(bright, bright, np.ones_like(bright), 3.0)
    60.0
    """
    within: BoolImage = np.any(inside, axis=0)
    if not within.any():
        return 0.0
    depth, open_m = ((image & inside).sum(axis=0)[within] * step_m for image in (bright, unexplained))
    at = np.flatnonzero(within) * step_m
    quays = [np.quantile(depth - slant * at, QUAY_QUANTILE) + slant * at for slant in SLANTS]
    # As little as possible is taken for a hull: the quay has the slant that explains most
    quay = min(quays, key=lambda level: float(np.maximum(depth - np.maximum(level, 0), 0).sum()))
    over = np.zeros_like(within)
    over[within] = open_m - np.maximum(quay, 0) >= LEAST_HULL_M[1]
    return _longest_run_m(over, step_m)


def _longest_run_m(over: BoolImage, step_m: float) -> float:
    """Length [m] of the longest run of True along a berth, short gaps included."""
    gap = max(1, int(GAP_M / step_m))
    closed = ndimage.binary_closing(np.pad(over, gap), np.ones(gap + 1))[gap:-gap]
    labels, count = ndimage.label(closed)
    return float(np.bincount(labels)[1:].max() * step_m) if count else 0.0


def _bright_water(
    scene: Scene, zone: Zone, levels: Levels, clouds: CloudMap, ships: BaseGeometry, *, factor: int, sigmas: float
) -> tuple[BoolImage, BoolImage, BoolImage] | None:
    """Bright water, that of it which no ship explains, and the points inside the berth, all (across, along).

    In the search's pixels; None where the berth lies outside the image.
    """
    row, col, inside = _berth_points(scene, zone, factor)
    if not inside.any():
        return None
    starts = [int(np.floor(at[inside].min())) // factor * factor for at in (row, col)]
    stops = [-(-(int(np.ceil(at[inside].max())) + 1) // factor) * factor for at in (row, col)]
    counts = [min(stop, most) - start for start, stop, most in zip(starts, stops, scene.shape, strict=True)]
    window = Window(*starts, *counts)
    normal = normalise(averaged_tile(scene.read(window), factor), levels, factor)
    # Glint and noise stand out, too, but nowhere as wide as a hull
    step = float(np.mean(scene.pixel_spacing_m)) * factor
    stands_out = open_with_disc(normal.over > object_floor(normal, sigmas), LEAST_HULL_M[1] / step)
    r, c = (np.where(inside, np.rint(at) - start, 0).astype(int) for at, start in zip((row, col), starts, strict=True))
    measured = inside & ~clouds.within(window)[r, c] & normal.valid[r // factor, c // factor]
    bright, wet = (measured & image[r // factor, c // factor] for image in (stands_out, normal.wet))
    deep = (measured & ~bright & ~wet).sum(axis=0) * step >= LEAST_HULL_M[1]
    coast_is_off = _longest_run_m(deep, step) >= LEAST_HULL_M[0]
    bright = bright if coast_is_off else bright & wet
    return bright, bright & ~shapely.contains_xy(ships, col, row), inside


def _berth_points(scene: Scene, zone: Zone, factor: int) -> tuple[FloatArray, FloatArray, BoolImage]:
    """Rows and columns of a grid along a berth's long side, (across, along), and the points in it and the image."""
    assert scene.geolocation is not None
    step = float(np.mean(scene.pixel_spacing_m)) * factor
    origin, along, across, length_m, width_m = berth_axes(zone)
    u, v = ((np.arange(max(1, int(side / step))) + 0.5) * step for side in (length_m, width_m))
    lonlat = to_lonlat(zone, origin + u[None, :, None] * along + v[:, None, None] * across)
    inside = points_inside(zone.geometry, lonlat[..., 0], lonlat[..., 1])
    row, col = scene.geolocation.rowcol(lonlat[..., 0], lonlat[..., 1])
    inside &= (row >= 0) & (col >= 0) & (row <= scene.shape[0] - 1) & (col <= scene.shape[1] - 1)
    return row, col, inside
