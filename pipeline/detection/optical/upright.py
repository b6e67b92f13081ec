"""Correct a hull measured off nadir to one seen from straight above.

An off-nadir camera displaces the deck and shows one side. The corrected position is that of the waterline, the beam
that of the deck, the length without the visible face of the stern.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.optical.freeboard import USUAL_SHARE, Freeboard, SunView, side_geometries
from pipeline.quantiles import Z90
from pipeline.ships.hull_depth import usual_depth_of_any_kind_m

if TYPE_CHECKING:
    from pipeline.detection.optical.outline import Hull

FACE = 0.8  # of height times displacement, added to the length seen from astern; the rest is overhang and shade
SHEER = 0.2  # of the same, taken off the length seen from ahead: the bow stands higher than the stern
FACE_SE = 0.35  # of either: overhang and flare differ from ship to ship (our choice)


def as_seen_from_above(hull: Hull, freeboard: Freeboard, sun: SunView | None) -> Hull:
    """The hull as seen from straight above: without visible side, stern's face and displacement of an oblique view."""
    if sun is None or sun.off_nadir_deg < 0.5:
        return hull
    height, height_se = (share * usual_depth_of_any_kind_m(hull.length_m) for share in USUAL_SHARE)
    if freeboard.value_m is not None and freeboard.lo_m is not None and freeboard.hi_m is not None:
        height, height_se = freeboard.value_m, (freeboard.hi_m - freeboard.lo_m) / (2 * Z90)
    lean = np.tan(np.radians(sun.off_nadir_deg))
    ahead = -lean * float(np.array(sun.view) @ np.array(hull.frame.axis))  # of a point a metre up
    face, face_se = _stern_face(ahead, known=hull.bow_known)
    extra, extra_se = face * height, float(np.hypot(face * height_se, face_se * height))
    beam, beam_se, aside = _deck_beam(hull, freeboard, sun, height, height_se)
    across = -lean * float(np.array(sun.view) @ np.array([-hull.frame.axis[1], hull.frame.axis[0]]))
    stern = -np.sign(ahead) if ahead else 0.0
    frame = hull.frame.moved(-height * ahead - stern * 0.5 * extra * (1 if extra > 0 else 0), aside - height * across)
    return replace(
        hull,
        frame=frame,
        length_m=hull.length_m - extra,
        beam_m=beam,
        length_se_m=float(np.hypot(hull.length_se_m, extra_se)),
        beam_se_m=float(np.hypot(hull.beam_se_m, beam_se)),
    )


def _stern_face(ahead: float, *, known: bool) -> tuple[float, float]:
    """Metres of length added per metre of height, and the error, for a displacement ``ahead`` towards the bow."""
    by_stern, by_bow = FACE * abs(ahead), -SHEER * abs(ahead)
    if not known:
        return (by_stern + by_bow) / 2, abs(ahead) * (FACE + SHEER) / 2
    return (by_stern if ahead > 0 else by_bow), FACE_SE * abs(ahead)


def _deck_beam(
    hull: Hull, freeboard: Freeboard, sun: SunView, height: float, height_se: float
) -> tuple[float, float, float]:
    """Beam of the deck, its error, and the offset of the deck's middle from the frame's axis [m]."""
    half = hull.beam_m / 2
    for k in side_geometries(hull.frame.axis, sun):
        if k.k_v < 0.05:
            continue
        edge = freeboard.deck_edges.get(k.side)
        if edge is not None:
            inset = half - edge
            return hull.beam_m - inset, 0.15, -k.side * inset / 2
        inset = 0.5 * height * k.k_v  # half of it: whether that side is bright enough to be included is unknown
        return hull.beam_m - inset, 0.3 * height * k.k_v + 0.5 * height_se * k.k_v, -k.side * inset / 2
    return hull.beam_m, 0.0, 0.0
