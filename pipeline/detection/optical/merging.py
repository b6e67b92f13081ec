"""Merge detections of the hull network and of contrast into one candidate for each object, with its method."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, special

from pipeline.detection import screening
from pipeline.detection.candidates import Candidate
from pipeline.detection.optical.lookalikes import flag_lookalikes
from pipeline.detection.optical.motion import Motion, estimate_motion
from pipeline.detection.optical.plausible import with_flag
from pipeline.detection.optical.reading import Piece
from pipeline.detection.optical.sentinel2 import NetworkHull, detect_hulls
from pipeline.detection.optical.spectral import ScaledView
from pipeline.quantiles import Z90
from pipeline.types import Scene, Tile

if TYPE_CHECKING:
    from pipeline.detection.optical.water import Levels
    from pipeline.types import BoolImage, FloatArray

# Certainty to probability: a logistic on ports held out of training (tools/hull_network/calibration.py). The slope is
# fitted, the middle is where hulls separate best from the rest; fitting both gives 6.6 and 0.61, which loses ships at
# quays
SCORE_SLOPE, SCORE_MIDDLE = 5.5, 0.55
SIDEWAYS_LOG_ODDS = 1.5  # log-odds against a ship, if she moves across her own axis; our choice
LENGTHS_M = (50.0, 75.0, 120.0, 250.0)  # measured; at these, 5 and 95 % bounds of the true length as shares of it:
LENGTH_LOW = (0.80, 0.70, 0.70, 0.82)  # half the weight on ports held out of training, against labels less the 15 m by
LENGTH_HIGH = (1.75, 1.42, 1.45, 1.32)  # which they are loose, half on simulated ports (calibration.py, size_errors.py)
SPREAD_PX = 3.3  # excess width of the probability map, in quadrature: labels were drawn loose; same source
BEAM_FIT_SE_PX = 1.0  # set on the same simulated ports
# Error of the map's own axis, pixels end to end; set on painted ships (benchmarks.hull_sizes)
MAP_TURN_PX = 0.3
RATIO_LENGTHS_M = (48.0, 62.0, 80.0, 100.0, 125.0, 160.0, 205.0, 350.0)  # at these lengths, length over beam:
USUAL_RATIO = (5.6, 6.2, 6.6, 6.2, 6.7, 6.2, 6.2, 6.0)  # median, and standard deviation of ln, of 12,000 ships
# From the lists behind the deadweight fit (docs/volume.md). The first three are 0.24, 0.22 and 0.21 there, with 0.35
# added in quadrature: short hulls in ports are boats of any build, whose width in 10 m pixels is no measure of beam
# (set on simulated ports, tools/hull_network/size_errors.py, seeds from 200,000 on)
RATIO_SD = (0.42, 0.41, 0.41, 0.19, 0.20, 0.12, 0.11, 0.13)
MOST_ON_LAND = 0.6  # share of a hull on mapped land above which it is land: as for objects found by contrast
TRAINED_LENGTH_M = 45.0  # labels begin at about 50 m
NEAR_PX = 1.5  # margin around a hull within which an object found by contrast is the same one


def network_candidates(
    scene: Scene, levels: Levels, piece: Piece, view: ScaledView, *, threads: int = 1
) -> list[Candidate]:
    """Candidates of the network whose centre lies in the piece's core; ``view`` is the tile as the network sees it."""
    tile, shadow = piece.tile, piece.shadow
    out = []
    for hull in detect_hulls(scene, levels, piece, view, threads):
        rows, cols = hull.rows - tile.window.row0, hull.cols - tile.window.col0
        cloudy = float(piece.cloud[rows, cols].mean()) if len(rows) else 0.0
        new = candidate_from_network(hull, scene, cloudy=cloudy, motion=_motion(hull, scene, tile, levels))
        for name, why in hull.doubts:
            new = with_flag(new, name, why)
        out.append(
            flag_lookalikes(
                new, tile, levels, (rows, cols), scene.pixel_spacing_m, shadow=shadow, by_contrast_only=False
            )
        )
    return out


def _motion(hull: NetworkHull, scene: Scene, tile: Tile, levels: Levels) -> Motion | None:
    """Motion of a hull with water all around; None for a moored one, where a quay's edge would dominate."""
    margin = 5
    window = tile.window
    low = np.array([hull.rows.min(), hull.cols.min()]) - [window.row0, window.col0] - margin
    high = np.array([hull.rows.max(), hull.cols.max()]) - [window.row0, window.col0] + margin + 1
    if low.min() < 0 or high[0] > window.rows or high[1] > window.cols:
        return None
    box = np.s_[low[0] : high[0], low[1] : high[1]]
    inside = np.zeros((high[0] - low[0], high[1] - low[1]), bool)
    inside[hull.rows - window.row0 - low[0], hull.cols - window.col0 - low[1]] = True
    near = ndimage.binary_dilation(inside, iterations=3)
    bands = {name: tile.band(name)[box] - levels.water[tile.bands.index(name)] for name in tile.bands}
    if not all(np.isfinite(b).all() for b in bands.values()):
        return None
    k = tile.bands.index(levels.infrared)
    ring = ndimage.binary_dilation(near) & ~ndimage.binary_dilation(inside, iterations=2)
    level = float(np.median(bands[levels.infrared][inside]))
    if (bands[levels.infrared][ring] > max(0.3 * level, 5 * levels.noise[k])).mean() > 0.1:
        return None
    unit = np.array(hull.rectangle.axis) * scene.pixel_spacing_m
    unit /= np.hypot(*unit)
    return estimate_motion(bands, near.astype(np.float32), (float(unit[0]), float(unit[1])), scene.pixel_spacing_m)


def candidate_from_network(hull: NetworkHull, scene: Scene, *, cloudy: float, motion: Motion | None) -> Candidate:
    """A hull as a candidate: sizes in ground metres with 90 % intervals, score, flags."""
    box, (row_m, col_m) = hull.rectangle, scene.pixel_spacing_m
    along = float(np.hypot(box.axis[0] * row_m, box.axis[1] * col_m))
    across = float(np.hypot(box.axis[1] * row_m, box.axis[0] * col_m))
    axis = (box.axis[0] * row_m / along, box.axis[1] * col_m / along)
    length = box.length_px * along
    shares = _length_shares(length)
    beam, beam_se = _beam(length, box.beam_px * across, across)
    flags, against = [], 0.0
    if cloudy > 0.5:
        flags.append("cloud")
    if hull.on_land > MOST_ON_LAND:
        flags.append("land_leak")
    if motion is not None and motion.off_axis:
        flags.append("drifts_sideways")
        against = SIDEWAYS_LOG_ODDS
    u = np.array([1, 1, -1, -1]) * box.length_px / 2
    v = np.array([1, -1, -1, 1]) * beam / across / 2
    outline = np.column_stack(
        [box.row + u * box.axis[0] - v * box.axis[1], box.col + u * box.axis[1] + v * box.axis[0]]
    )
    if outline.min() < 0.5 or (outline.max(axis=0) > np.array(scene.shape) - 1.5).any():
        flags.append("touches_edge")
    speed = motion.speed_kn if motion is not None else (None, None, None)
    return Candidate(
        row=box.row,
        col=box.col,
        length_m=length,
        length_lo_m=length * shares[0],
        length_hi_m=length * shares[1],
        beam_m=beam,
        beam_lo_m=max(1.0, beam - Z90 * beam_se),
        beam_hi_m=beam + Z90 * beam_se,
        axis=axis,
        axis_points_to_bow=False,
        outline=outline,
        n_pixels=len(hull.rows),
        score=float(special.expit(SCORE_SLOPE * (hull.certainty - SCORE_MIDDLE) - against)),
        tanker_score=screening.tanker_score(length),
        contrast_db=float(10 * np.log10(max(hull.sigmas, 1e-3))),
        method="hull-network",
        flags=tuple(flags),
        heading_half_deg=min(90.0, Z90 * float(np.degrees(np.hypot(box.turn_se_rad, MAP_TURN_PX / box.length_px)))),
        draught_evidence=f"no freeboard: pixels of {np.mean(scene.pixel_spacing_m):.1f} m show no shadow edge",
        speed_lo_kn=speed[0],
        speed_kn=speed[1],
        speed_hi_kn=speed[2],
    )


def _length_shares(length_m: float) -> tuple[float, float]:
    """5 and 95 % bounds of the true length, as shares of the measured one."""
    low, high = (float(np.interp(length_m, LENGTHS_M, shares)) for shares in (LENGTH_LOW, LENGTH_HIGH))
    return low, high


def _beam(length_m: float, fitted_m: float, pixel_m: float) -> tuple[float, float]:
    """Beam and its standard error [m]: weighted mean of the fitted width less the spread and of the usual beam for the
    length. In 10 m pixels the length constrains the beam of a narrow hull better than her width does."""
    spread = SPREAD_PX * pixel_m
    bare = float(np.sqrt(max(fitted_m**2 - spread**2, (0.5 * pixel_m) ** 2)))
    bare_se = BEAM_FIT_SE_PX * pixel_m * fitted_m / bare
    low, high = _length_shares(length_m)
    likely = length_m * float(np.sqrt(low * high))
    usual = likely / float(np.interp(likely, RATIO_LENGTHS_M, USUAL_RATIO))
    length_sd = np.log(high / low) / (2 * Z90)
    usual_se = float(np.hypot(np.interp(likely, RATIO_LENGTHS_M, RATIO_SD), length_sd)) * usual
    weight = bare_se**-2 + usual_se**-2
    return (bare * bare_se**-2 + usual * usual_se**-2) / weight, float(weight**-0.5)


def merge_detections(
    hulls: list[Candidate], by_contrast: list[Candidate], certain_alone: list[bool]
) -> list[Candidate]:
    """One list: hulls of the network, with contrast's agreement in the method, and objects found only by contrast.

    An object by contrast whose centre lies on a hull is the same object. The network saw the others and did not call
    them ships: they are flagged ``not_confirmed``, except where contrast alone suffices (``certain_alone``).
    """
    agreed = np.zeros(len(hulls), bool)
    outlines = np.array([hull.outline for hull in hulls]).reshape(-1, 4, 2)
    middles = np.array([(hull.row, hull.col) for hull in hulls]).reshape(-1, 2)
    unmatched = []
    for candidate, certain in zip(by_contrast, certain_alone, strict=True):
        # The same object: its middle lies in the hull's rectangle, or the hull's middle in its own
        is_same = contains_points(outlines, np.array([[candidate.row, candidate.col]])) | contains_points(
            candidate.outline[None], middles
        )
        agreed |= is_same
        if not is_same.any():
            unmatched.append(candidate if certain else replace(candidate, flags=(*candidate.flags, "not_confirmed")))
    return [*(_with_method(hull, also) for hull, also in zip(hulls, agreed, strict=True)), *unmatched]


def _with_method(hull: Candidate, agreed: bool) -> Candidate:
    """The hull with its method; below the lengths of its training the network alone does not confirm a ship."""
    if agreed:
        return replace(hull, method="hull-network+contrast")
    if hull.length_m < TRAINED_LENGTH_M:
        return replace(hull, flags=(*hull.flags, "not_confirmed"))
    return hull


def contains_points(corners: FloatArray, points: FloatArray) -> BoolImage:
    """Is each point, shape (n, 2), within `NEAR_PX` of its rectangle, given by corners in order, shape (n, 4, 2)?

    One rectangle for all points, or one point for all rectangles, has n = 1.

    >>> box = np.array([[[0.0, 0.0], [0.0, 9.0], [4.0, 9.0], [4.0, 0.0]]])
    >>> contains_points(box, np.array([[5.0, 5.0], [6.0, 5.0], [2.0, 10.4]])).tolist()
    [True, False, True]
    """
    apart = points - corners.mean(axis=1)
    inside = np.ones(len(apart), bool)
    for other in (3, 1):
        half = (corners[:, 0] - corners[:, other]) / 2
        length = np.hypot(half[:, 0], half[:, 1])
        along = np.abs(apart[:, 0] * half[:, 0] + apart[:, 1] * half[:, 1])
        inside &= along / np.maximum(1e-9, length) <= length + NEAR_PX
    return inside
