"""Join the fragments of one long hull: a dark deck between a bright bow and a bright house splits a ship in two.

Two objects are joined where they lie in one line with less than ``MOST_GAP_M`` between their ends, the gap is brighter
than the sea, and the shorter one is shorter than ``PIECE_M``. Longer neighbours are left apart: ships moored in line
keep 15 to 30 m between each other, and the sensor's blur fills that gap as well. The joined hull reaches from outer end
to outer end; the pieces stay in the table. Flags: ``joined`` on the hull, with the gap and its level as evidence;
``part_of_hull`` on the pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.detection import screening
from pipeline.detection.candidates import Candidate
from pipeline.detection.radar.objects import Blob
from pipeline.types import PART_OF_HULL

if TYPE_CHECKING:
    from pipeline.config.detection import ScreeningConfig
    from pipeline.detection.radar.cutout import Cutout
    from pipeline.types import FloatArray, Scene

MOST_GAP_M = 40.0  # twice the resolution (our choice)
BRIDGE_DB = 3.0  # over the sea: least level of the darkest point between two pieces
PIECE_M = 75.0  # merchant ships that moor in line with others are seldom shorter (our choice)
LONGEST_M = 420.0  # of both together: ships in service reach 400 m (our choice)
OFF_LINE_DEG = 25.0  # of a piece long enough to have a direction
DIRECTED_M = 60.0  # three resolutions: a shorter piece has no direction of its own (our choice)
OFF_AXIS_M = 25.0  # of the other piece's middle, sideways
STEPS = 9  # points sampled on the line between two middles (our choice)


def join_fragments(
    candidates: Sequence[Candidate], blobs: Sequence[Blob], scene: Scene, config: ScreeningConfig
) -> list[Candidate]:
    """The candidates, with pieces flagged, followed by the joined hulls."""
    out = list(candidates)
    free = [n for n, c in enumerate(out) if screening.is_accepted(c, config)]
    pairs = sorted(_fragment_pairs(out, blobs, free, scene))
    taken: set[int] = set()
    hulls = []
    for gap_m, a, b, bridge_db in pairs:
        if a in taken or b in taken:
            continue
        taken |= {a, b}
        reason = f"joined: of two pieces {gap_m:.0f} m apart, between them {bridge_db:.1f} dB over the sea"
        hulls.append(_joined_hull(out[a], out[b], scene, reason))
        for n in (a, b):
            reason = f"{PART_OF_HULL}: one piece of a hull of {hulls[-1].length_m:.0f} m"
            out[n] = replace(
                out[n], flags=(*out[n].flags, PART_OF_HULL), evidence="; ".join(filter(None, (out[n].evidence, reason)))
            )
    return out + hulls


def _fragment_pairs(
    candidates: Sequence[Candidate], blobs: Sequence[Blob], free: list[int], scene: Scene
) -> list[tuple[float, int, int, float]]:
    """Gap [m], indices of both pieces and the level between them [dB], for every pair that may be one hull."""
    if len(free) < 2:
        return []
    spacing = np.array(scene.pixel_spacing_m)
    middle = np.array([(candidates[n].row, candidates[n].col) for n in free]) * spacing
    half = np.array([candidates[n].length_m / 2 for n in free])
    apart = np.hypot(*np.moveaxis(middle[:, None] - middle[None], 2, 0))
    gap = apart - half[:, None] - half[None]
    short = np.minimum(half[:, None], half[None]) * 2 < PIECE_M
    near = (gap < MOST_GAP_M) & short & (apart + half[:, None] + half[None] < LONGEST_M)
    out = []
    for i, j in zip(*np.nonzero(np.triu(near, 1)), strict=True):
        a, b = candidates[free[i]], candidates[free[j]]
        if not (_is_in_line(a, middle[j] - middle[i]) and _is_in_line(b, middle[i] - middle[j])):
            continue
        bridge_db = _bridge_level_db(blobs[free[i]].cutout, a, b)
        if bridge_db >= BRIDGE_DB:
            out.append((float(gap[i, j]), free[i], free[j], bridge_db))
    return out


def _is_in_line(piece: Candidate, to_other: FloatArray) -> bool:
    """Does the other piece lie ahead or astern of this one?"""
    along = abs(float(np.dot(piece.axis, to_other)))
    across = float(np.sqrt(max(float(to_other @ to_other) - along**2, 0.0)))
    if piece.length_m < DIRECTED_M:
        return True
    return across < OFF_AXIS_M and across < along * np.tan(np.radians(OFF_LINE_DEG))


def _bridge_level_db(cutout: Cutout, a: Candidate, b: Candidate) -> float:
    """Level of the darkest point on the line between two middles [dB over the sea], each the mean of 3 x 3 pixels."""
    line = np.linspace((a.row, a.col), (b.row, b.col), STEPS).T - [[cutout.row0], [cutout.col0]]
    smooth = ndimage.uniform_filter(cutout.joint, 3, mode="nearest")
    level = ndimage.map_coordinates(smooth, line, order=1, mode="constant", cval=0.0)
    return float(10 * np.log10(max(float(level.min()), 1e-3)))


def _joined_hull(a: Candidate, b: Candidate, scene: Scene, evidence: str) -> Candidate:
    """The hull that reaches from the outer end of one piece to that of the other."""
    spacing = np.array(scene.pixel_spacing_m)
    step = np.array([b.row - a.row, b.col - a.col]) * spacing
    apart = float(np.hypot(*step))
    axis = step / apart
    if axis[0] < 0 or (axis[0] == 0 and axis[1] < 0):
        axis = -axis
    sizes = [apart + (p + q) / 2 for p, q in
             ((a.length_lo_m, b.length_lo_m), (a.length_m, b.length_m), (a.length_hi_m, b.length_hi_m))]  # fmt: skip
    longer = max(a, b, key=lambda c: c.length_m)
    grown = sizes[1] / longer.length_m
    beams = [v * grown**0.9 for v in (longer.beam_lo_m, longer.beam_m, longer.beam_hi_m)]  # beam goes as length^0.9
    toward = (step / apart) * (b.length_m - a.length_m) / 4
    middle = (np.array([a.row, a.col]) + np.array([b.row, b.col])) / 2 * spacing + toward
    row, col = middle / spacing
    ahead, abeam = axis * sizes[1] / 2, np.array([-axis[1], axis[0]]) * beams[1] / 2
    corners = np.array([middle + ahead + abeam, middle + ahead - abeam, middle - ahead - abeam, middle - ahead + abeam])
    return replace(
        longer, row=float(row), col=float(col), length_m=sizes[1], length_lo_m=min(sizes[0], sizes[1]),
        length_hi_m=sizes[2], beam_m=beams[1], beam_lo_m=beams[0], beam_hi_m=beams[2],
        axis=(float(axis[0]), float(axis[1])), outline=corners / spacing, n_pixels=a.n_pixels + b.n_pixels,
        score=max(a.score, b.score), tanker_score=screening.tanker_score(sizes[1]),
        flags=(*dict.fromkeys((*a.flags, *b.flags, "joined")),), evidence=evidence,
    )  # fmt: skip
