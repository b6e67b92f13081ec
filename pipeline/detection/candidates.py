"""Result types of the detectors: objects measured in metres and located in pixels, not yet geolocated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.types import FloatArray, FloatImage, Window


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One object of one scene. Sizes in ground metres, intervals 90 %.

    ``axis`` is the long axis as a unit vector (along rows, along columns), in metres, not pixels; where bow and stern
    can be told apart (``axis_points_to_bow``) it points to the bow. ``outline`` has shape (n, 2): rows and columns.
    """

    row: float
    col: float
    length_m: float
    length_lo_m: float
    length_hi_m: float
    beam_m: float
    beam_lo_m: float
    beam_hi_m: float
    axis: tuple[float, float]
    axis_points_to_bow: bool
    outline: FloatArray
    n_pixels: int
    score: float
    tanker_score: float
    contrast_db: float
    method: str
    flags: tuple[str, ...] = ()
    heading_half_deg: float | None = None  # half-width of the axis' 90 % interval
    outline_odds: float | None = None  # evidence for an outline fitted by edges, natural logarithm
    evidence: str = ""  # for each flag, in words
    freeboard_m: float | None = None
    freeboard_lo_m: float | None = None
    freeboard_hi_m: float | None = None
    draught_evidence: str = ""
    boot_topping_m: float | None = None
    lines: tuple[tuple[str, FloatArray], ...] = ()  # (kind, (n, 2) rows and columns): edges a freeboard was read from
    house_position: float | None = None  # share of the length from the stern
    deck_tone: float | None = None
    speed_kn: float | None = None
    speed_lo_kn: float | None = None
    speed_hi_kn: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DetectorResult:
    """The candidates of a scene, and diagnostics of the scene itself.

    ``diagnostics`` may hold sea_sigma0_db, enl, clutter_law, false_alarm_rate, false_alarm_rate_achieved,
    cloud_fraction, zone_covered (zone_id -> share seen), blind_share (of the water, where no ship could be detected),
    notes (lines), unknown (those of them that say what the scene does not show). ``seen_weight`` returns the weight, 0
    to 1, by which each pixel of a window counts as seen; None: every valid pixel counts in full.
    """

    candidates: list[Candidate]
    diagnostics: dict[str, object]
    seen_weight: Callable[[Window], FloatImage] | None = None
