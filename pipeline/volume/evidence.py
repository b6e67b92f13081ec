"""The evidence on one call's load: draughts and freeboards, with the hull to read them by (used by ``likelihood``).

Written for a loading; a discharge is treated as one in reverse: she comes with the cargo and leaves in ballast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config import USUAL_STAY_D
from pipeline.ships.retyping import RETYPED
from pipeline.ships.stay_times import StayTimes, stay_times_of
from pipeline.volume.full_draught import AND_DRAUGHT, DEPTH_COLUMNS, FullDraught, listed_full_draught
from pipeline.volume.usual_hull import hull_for_loads

DEPTH_SPREAD = 0.08  # of ln(depth) around the mean of two published lines
FREEBOARD_SD_M = 0.5  # where no error is given

EVIDENCE_COLUMNS = (
    "draught_in_m", "draught_out_m", "freeboard_in_m", "freeboard_in_sd_m", "freeboard_out_m", "freeboard_out_sd_m",
)  # fmt: skip
BY_USUAL_HULL = "_by_usual_hull"  # ends the method of a row that does not state length and beam


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence on the load of one call; None where there is none. Freeboards are (value, standard error)."""

    length_m: float
    beam_m: float
    hull_log_sd: float = 0.0  # error of length times beam
    draught_in_m: float | None = None
    draught_out_m: float | None = None
    freeboard_first_m: tuple[float, float] | None = None
    freeboard_last_m: tuple[float, float] | None = None
    p_same_hull: float = 1.0  # probability that the last freeboard is hers at all
    stay: StayTimes | None = None  # when the looks with a freeboard were; None if unknown
    hull_stated: bool = True  # else length, beam or both are those usual for her deadweight or length
    p_retyped: float = RETYPED  # probability that the second draught was newly typed, before the two are compared
    depth_m: float | None = None  # keel to deck, by identity
    design_draught_m: float | None = None  # summer draught, by identity
    full_draught_in_dwt: bool = False  # one of these has already been used for her deadweight
    length_error_share: float = 0.0  # share of the error of ln(length times beam) that is that of ln(length)

    @property
    def has_freeboard(self) -> bool:
        """Was a freeboard measured?"""
        return self.freeboard_first_m is not None or self.freeboard_last_m is not None

    @property
    def full_draught(self) -> FullDraught | None:
        """Her full draught by identity; None if unknown."""
        return listed_full_draught({name: getattr(self, name) for name in DEPTH_COLUMNS}, self.length_m)

    @property
    def method(self) -> str:
        """Name of the evidence in the liftings table; "" without any."""
        draughts = sum(d is not None for d in (self.draught_in_m, self.draught_out_m))
        sides = sum(f is not None for f in (self.freeboard_first_m, self.freeboard_last_m))
        parts = [("", "draught", "draughts")[draughts], ("", "freeboard", "freeboards")[sides]]
        parts_text = "_and_".join(part for part in parts if part)
        return f"load_from_{parts_text}{'' if self.hull_stated else BY_USUAL_HULL}" if parts_text else ""


def evidence_of(row: Mapping[str, Any]) -> Evidence | None:
    """The evidence in a row of liftings or calls; None without any, or without a hull to read it by.

    Arrival and departure change places where discharges are counted.
    """
    backwards = row.get("counted") == "discharging"
    arrival_end, departure_end = ("out", "in") if backwards else ("in", "out")
    known = {
        name: float(row[name]) for name in EVIDENCE_COLUMNS if row.get(name) is not None and not np.isnan(row[name])
    }
    hull = hull_for_loads(row)
    if hull is None:
        return None

    def freeboard(end: str) -> tuple[float, float] | None:
        value = known.get(f"freeboard_{end}_m")
        return None if value is None else (value, known.get(f"freeboard_{end}_sd_m", FREEBOARD_SD_M))

    def value_or(name: str, default: float) -> float:
        value = row.get(name)
        return default if value is None or np.isnan(value) else float(value)

    found = Evidence(
        length_m=hull.length_m,
        beam_m=hull.beam_m,
        hull_log_sd=hull.log_sd,
        length_error_share=hull.length_error_share,
        hull_stated=hull.stated,
        draught_in_m=known.get(f"draught_{arrival_end}_m"),
        draught_out_m=known.get(f"draught_{departure_end}_m"),
        freeboard_first_m=freeboard(arrival_end),
        freeboard_last_m=freeboard(departure_end),
        p_same_hull=value_or("p_same_hull", 1.0),
        stay=_reversed_stay(stay_times_of(row, USUAL_STAY_D), backwards=backwards),
        p_retyped=value_or("p_retyped", RETYPED),
        full_draught_in_dwt=AND_DRAUGHT in str(row.get("method")).split(";")[0],
        **{name: None if np.isnan(value := value_or(name, np.nan)) else value for name in DEPTH_COLUMNS},
    )
    return found if found.method else None


def _reversed_stay(stay: StayTimes | None, *, backwards: bool) -> StayTimes | None:
    return stay.reversed_in_time() if stay is not None and backwards else stay
