"""Flag radar artefacts among the detections: azimuth and range ambiguities (ghosts), and faint interference.

An azimuth ambiguity lies ``lambda R PRF / (2 V)`` along track from its source (Cumming and Wong 2005, ch. 5; Velotto et
al. 2014 for Sentinel-1), a range ambiguity ``c / (2 PRF)`` in slant range. Sources are other objects and, along track,
bright land. The flag's evidence names the source, its distance and how much brighter it is; nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.candidates import Candidate
from pipeline.detection.radar.blocks import LN_STEP, NOTHING
from pipeline.detection.radar.objects import Blob
from pipeline.detection.radar.survey import Survey
from pipeline.types import RadarView, Scene
from pipeline.units import LIGHT_M_S

if TYPE_CHECKING:
    from pipeline.types import FloatArray

# Tolerance of a ghost's position, beyond half the source's length, where PRF and geometry are known
KNOWN_REACH_M = 80.0
LEARNT_REACH_M = 40.0  # tolerance of the pairs that agree on a shift (our choice: four pixels)
RATIO_DB = (14.0, 45.0)  # source over ghost; Sentinel-1 IW suppresses ambiguities by more than 22 dB, the second more
LAND_RATIO_DB = 20.0  # of land over its ghost, which is smeared
# Without annotation: 5.55 cm, 800 to 965 km, 1452 to 1717 Hz and 7.59 km/s give 4.3 to 6.0 km for Sentinel-1 IW
IW_SHIFT_M = (4300.0, 6000.0)
COLUMN_REACH_M = 40.0  # tolerance across track with that range or a learnt shift (our choice)
FAINT_DB = 20.0  # over the sea: with that range alone, brighter objects are not called ghosts
FAINT_RATIO_DB = (20.0, 26.0)  # of objects and of land over such a ghost
LEAST_VOTES = 4  # a shift is learnt where so many pairs agree on it, three times as many as on any other
STRIPE_OBJECTS = 10  # faint objects in one line
STRIPE_REACH_M = 30.0  # to either side of that line (our choice)
RANGE_RATIO_DB = 22.0  # source over range ghost: Sentinel-1 IW suppresses them by that much at least
RANGE_REACH_M = 300.0  # tolerance of a range ghost's position; it is smeared (our choice)


@dataclass(frozen=True, slots=True, eq=False)
class Shifts:
    """Along-track distances [rows] at which ghosts are looked for, as (from, to), and where they come from."""

    spans: tuple[tuple[float, float], ...]
    exact: bool
    origin: str


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """All objects: middle [pixels], half length [m], and peak level in dB over the scene's usual sea (``power_db``) and
    over the local sea (``contrast_db``). Peaks, because a ghost shows only the brightest part of its source."""

    row: FloatArray
    col: FloatArray
    half_m: FloatArray
    power_db: FloatArray
    contrast_db: FloatArray


def flag_ghosts(
    candidates: Sequence[Candidate], blobs: Sequence[Blob], survey: Survey, scene: Scene
) -> list[Candidate]:
    """The candidates, with flag and evidence on those that may be ambiguities or interference."""
    if not candidates:
        return []
    peaks = Peaks(
        np.array([c.row for c in candidates]),
        np.array([c.col for c in candidates]),
        np.array([c.length_m / 2 for c in candidates]),
        np.array([b.peak_db for b in blobs]),
        np.array([10 * np.log10(b.relative.max()) for b in blobs]),
    )
    out = list(candidates)
    view = scene.radar or RadarView()
    if scene.grid is None:  # rows run along track only in radar geometry, not on a map grid
        learnt = _learn_shift(peaks, scene)
        for n in range(len(out)):
            shifts = shifts_at(view, scene, float(peaks.col[n])) or learnt or _usual_shift(scene)
            out[n] = with_flag(out[n], "azimuth_ghost", _azimuth_source(n, peaks, shifts, survey, scene))
            out[n] = with_flag(out[n], "range_ghost", _range_source(n, peaks, view, scene))
    for n in _faint_stripe_members(peaks, scene):
        out[n] = with_flag(
            out[n], "interference", f"one of {STRIPE_OBJECTS} or more faint objects in one line of the image"
        )
    return out


def shifts_at(view: RadarView, scene: Scene, col: float) -> Shifts | None:
    """First and second azimuth ambiguity at a column, for each sub-swath's PRF; None without annotation."""
    if (
        view.slant_range_m is None
        or view.wavelength_m is None
        or view.satellite_velocity_m_s is None
        or not view.prf_hz
    ):
        return None
    slant = float(np.interp(col, *view.slant_range_m))
    spacing, reach = scene.pixel_spacing_m[0], KNOWN_REACH_M
    shifts = [
        k * view.wavelength_m * slant * prf / (2 * view.satellite_velocity_m_s) for prf in view.prf_hz for k in (1, 2)
    ]
    return Shifts(tuple(((s - reach) / spacing, (s + reach) / spacing) for s in shifts), True, "by the annotation")


def _learn_shift(peaks: Peaks, scene: Scene) -> Shifts | None:
    """The shift learnt from the image: many pairs of a bright and a faint object in one column lie that far apart."""
    spacing_row, spacing_col = scene.pixel_spacing_m
    bright, faint = np.nonzero(
        (peaks.power_db[:, None] - peaks.power_db > RATIO_DB[0])
        & (peaks.power_db[:, None] - peaks.power_db < RATIO_DB[1])
        & (np.abs(peaks.col[:, None] - peaks.col) * spacing_col < COLUMN_REACH_M)
    )
    apart = np.abs(peaks.row[bright] - peaks.row[faint]) * spacing_row
    apart = apart[(apart > IW_SHIFT_M[0]) & (apart < IW_SHIFT_M[1])]
    if len(apart) < LEAST_VOTES:
        return None
    votes = (np.abs(apart[:, None] - apart) < LEARNT_REACH_M).sum(axis=0)
    first = int(votes.argmax())
    others = votes[np.abs(apart - apart[first]) > 3 * LEARNT_REACH_M]
    if votes[first] < LEAST_VOTES or (len(others) and others.max() * 3 > votes[first]):
        return None
    shift = float(np.median(apart[np.abs(apart - apart[first]) < LEARNT_REACH_M]))
    spans = [((k * shift - LEARNT_REACH_M) / spacing_row, (k * shift + LEARNT_REACH_M) / spacing_row) for k in (1, 2)]
    return Shifts(tuple(spans), True, f"on which {int(votes[first])} pairs in the image agree")


def _usual_shift(scene: Scene) -> Shifts:
    spacing = scene.pixel_spacing_m[0]
    return Shifts(((IW_SHIFT_M[0] / spacing, IW_SHIFT_M[1] / spacing),), False, "usual for Sentinel-1")


def _azimuth_source(n: int, peaks: Peaks, shifts: Shifts, survey: Survey, scene: Scene) -> str:
    """Evidence that an object is an azimuth ambiguity, in words; empty where there is none."""
    if not shifts.exact and peaks.contrast_db[n] > FAINT_DB:
        return ""
    spacing_row, spacing_col = scene.pixel_spacing_m
    reach = KNOWN_REACH_M if shifts.exact else COLUMN_REACH_M
    over = peaks.power_db - peaks.power_db[n]
    along = np.abs(peaks.row - peaks.row[n])
    slack = peaks.half_m / spacing_row
    least = RATIO_DB[0] if shifts.exact else FAINT_RATIO_DB[0]
    near = (
        (np.abs(peaks.col - peaks.col[n]) * spacing_col < reach + peaks.half_m) & (over > least) & (over < RATIO_DB[1])
    )
    near &= np.any([(along >= a - slack) & (along <= b + slack) for a, b in shifts.spans], axis=0)
    if near.any():
        source = int(np.flatnonzero(near)[over[near].argmax()])
        return (
            f"{over[source]:.0f} dB below the object at row {peaks.row[source]:.0f}, col {peaks.col[source]:.0f}, "
            f"{along[source] * spacing_row / 1000:.2f} km along track ({shifts.origin})"
        )
    land = _brightest_land(n, peaks, shifts, survey)
    if land - peaks.power_db[n] > (LAND_RATIO_DB if shifts.exact else FAINT_RATIO_DB[1]) and (
        peaks.contrast_db[n] <= FAINT_DB
    ):
        return f"{land - peaks.power_db[n]:.0f} dB below land at an ambiguity's distance along track ({shifts.origin})"
    return ""


def _brightest_land(n: int, peaks: Peaks, shifts: Shifts, survey: Survey) -> float:
    """Brightest block of land at a ghost's distance along track [dB over the usual sea]; -inf if there is none."""
    blocks = survey.blocks
    col = int(np.searchsorted(blocks.col_edges, peaks.col[n], side="right")) - 1
    cols = slice(max(0, col - 1), col + 2)
    dry = survey.land[:, cols] | (blocks.count[:, cols] == 0)
    land = np.where(dry, blocks.brightest_any[:, cols], NOTHING).max(axis=1)
    best = -np.inf
    for near, far in shifts.spans:
        for first, last in ((peaks.row[n] - far, peaks.row[n] - near), (peaks.row[n] + near, peaks.row[n] + far)):
            rows = np.searchsorted(blocks.row_edges, (first, last), side="right") - 1
            if rows[1] < 0 or rows[0] >= len(land):
                continue
            best = max(best, float(land[max(0, rows[0]) : rows[1] + 1].max()))
    return best * LN_STEP * 10 / np.log(10) if best > NOTHING else -np.inf


def _range_source(n: int, peaks: Peaks, view: RadarView, scene: Scene) -> str:
    """Evidence that an object is a range ambiguity: a much brighter one lies c / (2 PRF) nearer or farther."""
    if view.slant_range_m is None or not view.prf_hz or peaks.contrast_db[n] > FAINT_DB:
        return ""
    slant = np.interp(peaks.col, *view.slant_range_m)
    over = peaks.power_db - peaks.power_db[n]
    near = (over > RANGE_RATIO_DB) & (np.abs(peaks.row - peaks.row[n]) * scene.pixel_spacing_m[0] < RANGE_REACH_M)
    apart = np.abs(slant - slant[n])
    near &= np.any([np.abs(apart - LIGHT_M_S / (2 * prf)) < RANGE_REACH_M for prf in view.prf_hz], axis=0)
    if not near.any():
        return ""
    source = int(np.flatnonzero(near)[over[near].argmax()])
    return (
        f"{over[source]:.0f} dB below the object at row {peaks.row[source]:.0f}, col {peaks.col[source]:.0f}, "
        f"{apart[source] / 1000:.1f} km of slant range off (by the annotation)"
    )


def _faint_stripe_members(peaks: Peaks, scene: Scene) -> list[int]:
    """Indices of faint objects in one image line with many others: a foreign radar pulse, not ships."""
    faint = np.flatnonzero(peaks.contrast_db <= FAINT_DB)
    if len(faint) < STRIPE_OBJECTS:
        return []
    reach = STRIPE_REACH_M / scene.pixel_spacing_m[0]
    rows = np.sort(peaks.row[faint])
    count = np.searchsorted(rows, peaks.row[faint] + reach, "right") - np.searchsorted(rows, peaks.row[faint] - reach)
    usual = len(faint) * (2 * reach + 1) / scene.shape[0]
    return [int(i) for i in faint[(count >= STRIPE_OBJECTS) & (count > 5 * usual)]]


def with_flag(candidate: Candidate, name: str, evidence: str) -> Candidate:
    """The candidate, flagged where there is evidence."""
    if not evidence or name in candidate.flags:
        return candidate
    joined_evidence = "; ".join(t for t in (candidate.evidence, f"{name}: {evidence}") if t)
    return replace(candidate, flags=(*candidate.flags, name), evidence=joined_evidence)
