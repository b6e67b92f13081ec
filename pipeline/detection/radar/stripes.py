"""Detect strong interference stripes: one image line that is bright over kilometres while the lines beside it are not.

Pulses of another transmitter fill a few lines with power. Stripes that break into many faint spots are found by their
number (``ghosts``); a strong pulse makes a few long objects instead, which pass for hulls. Ships cannot look like this:
within 5 km of one line hulls would have to fill the length of two of the longest ships, yet leave the lines 30 to 50 m
beside dark, which their beam and the sensor's blur reach. Ships at a quay do lie in line, but there one side is land.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.radar.objects import LONGEST_SHIP_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.detection.radar.objects import Blob
    from pipeline.detection.radar.survey import Survey
    from pipeline.types import BoolImage, Scene

WINDOW_M = 5000.0  # length of line considered around a pixel (our choice)
FILLED_M = 2 * LONGEST_SHIP_M  # least bright length in it
BESIDE_M = (30.0, 50.0)  # distance of the lines on both sides that it is compared with (our choice)
OVER_BESIDE = 5.0  # least ratio to the mean bright length of these (the same factor over chance as in `ghosts`)
SIDE_M = 160.0  # distance on both sides at which there must be sea: two blocks
SHARE = 0.5  # least share of an object's pixels on such lines (our choice)


def stripe_evidence(blobs: Sequence[Blob], survey: Survey, scene: Scene) -> list[str]:
    """For each object, the stripe that it is part of, in words; empty where it is on none."""
    if not blobs:
        return []
    sizes = np.array([len(b.rows) for b in blobs])
    ends = np.cumsum(sizes)
    place = np.vstack([np.concatenate([b.rows for b in blobs]), np.concatenate([b.cols for b in blobs])])
    sea = (survey.blocks.count > 0) & ~survey.land
    edges = (survey.blocks.row_edges, survey.blocks.col_edges)
    out = [""] * len(blobs)
    for across, name in ((0, "row"), (1, "col")):
        spacing_m = (scene.pixel_spacing_m[across], scene.pixel_spacing_m[1 - across])
        striped = _is_on_stripe(place[across], place[1 - across], scene.shape[1 - across], spacing_m)
        if not striped.any():
            continue
        side = round(SIDE_M / spacing_m[0])
        for offset in (-side, side):
            moved = place.copy()
            moved[across] = np.clip(moved[across] + offset, 0, scene.shape[across] - 1)
            r, c = (np.searchsorted(e, p, "right") - 1 for e, p in zip(edges, moved, strict=True))
            striped &= sea[r, c]
        shares = np.add.reduceat(striped, ends - sizes, dtype=int) / sizes
        for n in np.flatnonzero(shares >= SHARE):
            own = np.s_[ends[n] - sizes[n] : ends[n]]
            line = int(np.median(place[across, own][striped[own]]))
            out[n] = out[n] or (
                f"{100 * shares[n]:.0f} % of its pixels lie in a stripe at {name} {line}: {FILLED_M / 1000:.2f} km and "
                f"more of {WINDOW_M / 1000:.0f} km are bright, but not {BESIDE_M[0]:.0f} m beside"
            )
    return out


def _is_on_stripe(
    line: NDArray[np.intp], along: NDArray[np.intp], length: int, spacing_m: tuple[float, float]
) -> BoolImage:
    """Which bright pixels lie on a stripe. ``line`` is each pixel's line, ``along`` its place on it; ``spacing_m`` is
    across lines, then along them."""
    half = round(WINDOW_M / spacing_m[1] / 2)
    stride = length + 2 * half + 1  # so that no window reaches into the next line
    key = line.astype(np.int64) * stride + along
    ordered = np.unique(key)

    def bright(at: NDArray[np.int64]) -> NDArray[np.intp]:
        return np.searchsorted(ordered, at + half, "right") - np.searchsorted(ordered, at - half, "left")

    striped = np.asarray(bright(key) * spacing_m[1] >= FILLED_M)
    if striped.any():
        near, far = (round(m / spacing_m[0]) for m in BESIDE_M)
        own = key[striped]
        beside = [bright(own + sign * by * stride) for by in range(near, far + 1) for sign in (-1, 1)]
        striped[striped] = bright(own) >= OVER_BESIDE * np.mean(beside, axis=0)
    return striped
